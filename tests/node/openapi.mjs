// Checks a file: it must be a valid OpenAPI 3.1 document by the official meta-schema, all its
// references must resolve, and all its schemas must be valid JSON Schema 2020-12.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020.js";

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const fail = (reason) => {
  console.error(typeof reason === "string" ? reason : JSON.stringify(reason, null, 2));
  process.exit(1);
};

const validator = new Validator();
const result = await validator.validate(structuredClone(document));
if (!result.valid) fail(result.errors);
if (validator.version !== "3.1") fail(`version ${validator.version}`);

const ajv = new Ajv2020.default({ strict: false, validateFormats: false });
let count = 0;
const look = (value, key) => {
  if (value === null || typeof value !== "object") return;
  if (typeof value.$ref === "string") {
    const target = value.$ref.replace(/^#\//, "").split("/").reduce((part, name) => part?.[name], document);
    if (target === undefined) fail(`${value.$ref} leads nowhere`);
  }
  const schemas = key === "schema" ? [value] : key === "schemas" ? Object.values(value) : [];
  for (const schema of schemas) {
    count += 1;
    if (!ajv.validateSchema(schema)) fail({ schema, errors: ajv.errors });
  }
  for (const [name, member] of Object.entries(value)) look(member, name);
};
look(document, "");
if (count === 0) fail("no schema was looked at");
console.log("valid");
