// Checks an OpenAPI document by the recommended rules of Redocly. Prints a line for each error and
// warning.
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { readFileSync } from "node:fs";

// Most services are not published, so they have no license to name.
const config = await createConfig({ extends: ["recommended"], rules: { "info-license": "off" } });
const problems = await lintFromString({ source: readFileSync(process.argv[2], "utf8"), config });
for (const { severity, ruleId, location, message } of problems) console.log(severity, ruleId, location[0].pointer, message);
