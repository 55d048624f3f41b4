// Checks whether a value fits a schema of a document. Argument: a file with `{ document, schema,
// value }`.
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

const { document, schema, value } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const ajv = new Ajv2020.default({ strict: false, validateFormats: false });
const validate = ajv.compile({ ...schema, components: document.components });
if (!validate(value)) {
  console.error(JSON.stringify({ value, errors: validate.errors }, null, 2));
  process.exit(1);
}
console.log("fits");
