// Describes the schemas of the document for people.

import { element, prose } from "./dom.js";
import { asText } from "./json.js";

/** The document that the page shows. */
export let api = {};

export function show(document) {
  api = document;
}

/** Follows references to a schema. */
export function resolve(schema) {
  for (let hops = 0; schema?.$ref && hops < 16; hops++) {
    schema = schema.$ref.slice(2).split("/").reduce((part, key) => part?.[key], api);
  }
  return schema ?? {};
}

const refName = (schema) => schema?.$ref?.split("/").pop();
const variants = (schema) => schema.anyOf ?? schema.oneOf;

/** Returns the type of a schema: `string[]`, `"user" | "admin"`, `User`. */
export function typeText(schema, hops = 0) {
  if (schema === true || schema === undefined || hops > 4) return "any";
  if (refName(schema)) return resolve(schema).enum ? typeText(resolve(schema)) : refName(schema);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (variants(schema)) return [...new Set(variants(schema).map((part) => typeText(part, hops + 1)))].join(" | ");
  if (schema.allOf) return schema.allOf.map((part) => typeText(part, hops + 1)).join(" & ");
  const grouped = (text) => (text.includes(" ") ? `(${text})` : text);
  const one = (type) => (type === "array" ? `${grouped(typeText(schema.items, hops + 1))}[]` : schema.title ?? type);
  return schema.type ? [].concat(schema.type).map(one).join(" | ") : schema.properties ? "object" : "any";
}

/** Returns the rules of a schema: `1 to 100, default 20`. */
export function rules(schema) {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, format } = schema;
  const range = (low, high, unit) => {
    const counted = unit && ` ${unit}${(high ?? low) === 1 ? "" : "s"}`;
    if (low === undefined && high === undefined) return undefined;
    if (high === undefined) return `at least ${asText(low)}${counted}`;
    return low === undefined ? `at most ${asText(high)}${counted}` : `${asText(low)} to ${asText(high)}${counted}`;
  };
  const found = [
    format,
    range(minimum, maximum, ""),
    range(minLength, maxLength, "character"),
    range(minItems, maxItems, "item"),
    pattern && `matches ${pattern}`,
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ];
  return found.filter(Boolean).join(", ");
}

/** Returns the properties of a schema, including those in `allOf`. */
function properties(schema, hops = 0) {
  const whole = resolve(schema);
  const required = new Set(whole.required ?? []);
  const direct = Object.entries(whole.properties ?? {}).map(([name, part]) => ({ name, part, required: required.has(name) }));
  const parts = hops > 4 ? [] : (whole.allOf ?? []).flatMap((part) => properties(part, hops + 1));
  return direct.concat(parts);
}

/** Returns the properties of a schema as a tree, or `undefined` if it has none. */
export function schemaView(schema, seen = []) {
  const whole = resolve(schema);
  if (seen.includes(whole) || seen.length > 8) return undefined;
  const inner = [...seen, whole];
  if (whole.items) return schemaView(whole.items, inner);
  const choices = (variants(whole) ?? []).map((part) => schemaView(part, inner)).filter(Boolean);
  const rows = properties(whole).map(({ name, part, required }) => {
    const description = part.description ?? resolve(part).description;
    return element("li", {},
      element("span", { class: "name" }, name), required ? element("span", { class: "must", title: "required" }, "*") : "", " ",
      element("span", { class: "type" }, [typeText(part), rules(part)].filter(Boolean).join(", ")),
      description ? element("p", {}, prose(description)) : "", schemaView(part, inner) ?? "");
  });
  if (!rows.length && !choices.length) return undefined;
  return element("div", {}, rows.length ? element("ul", { class: "schema" }, rows) : "", choices);
}

/** Returns an example value of the schema. */
export function example(schema, hops = 0) {
  const whole = resolve(schema);
  const given = whole.examples?.[0] ?? whole.default ?? whole.const ?? whole.enum?.[0];
  if (given !== undefined || hops > 6) return given ?? null;
  if (variants(whole) && !whole.properties) return example(variants(whole)[0], hops + 1);
  if (whole.properties || whole.allOf) {
    const merged = variants(whole) ? example({ ...resolve(variants(whole)[0]) }, hops + 1) : {};
    const needed = properties(whole).filter(({ required }) => required).map(({ name, part }) => [name, example(part, hops + 1)]);
    return { ...Object.fromEntries(needed), ...merged };
  }
  switch ([].concat(whole.type)[0]) {
    case "string": return { email: "name@example.com", "date-time": new Date(0).toISOString(), uuid: crypto.randomUUID?.() }[whole.format] ?? "";
    case "integer": case "number": return whole.minimum ?? 0;
    case "boolean": return false;
    case "array": return whole.prefixItems ? whole.prefixItems.map((item) => example(item, hops + 1)) : [];
    case "object": return {};
    default: return null;
  }
}
