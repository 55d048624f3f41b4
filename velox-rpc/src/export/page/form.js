// Makes the form of an operation: its parameters, the headers that it demands, and its body.

import { element, freshId, prose } from "./dom.js";
import { asText } from "./json.js";
import { api, example, resolve, rules, schemaView, typeText } from "./schema.js";

/** Returns the cookies and headers that authenticate a caller of the operation. */
export function credentials(operation) {
  const requirements = operation.security ?? [];
  const names = [...new Set(requirements.flatMap((requirement) => Object.keys(requirement)))];
  return names.map((name) => ({
    ...api.components.securitySchemes[name],
    required: requirements.every((requirement) => name in requirement),
  }));
}

/**
 * Returns the rows of the form and `read`, which returns the values as `{ place, name, value }`.
 */
export function parameterFields(operation) {
  const parameters = (operation.parameters ?? []).map((parameter) => field(parameter));
  const headers = credentials(operation).filter((credential) => credential.in === "header").map(credentialField);
  const fields = [...parameters, ...headers];
  return { rows: fields.map(({ row }) => row), read: () => fields.flatMap(({ read }) => read()) };
}

/** Returns the label, the schema and the editor of the body, or `undefined` if there is none. */
export function bodyField(operation) {
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  if (!schema) return undefined;
  const text = JSON.stringify(example(schema), null, 2) ?? "";
  const id = freshId("body");
  const rows = String(Math.min(16, text.split("\n").length + 1));
  const area = element("textarea", { id, rows, spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  area.value = text;
  const heading = element("h3", {}, element("label", { for: id }, "Body"), " ", element("span", { class: "type" }, typeText(schema)));
  return { rows: [heading, schemaView(schema) ?? "", area], read: () => area.value.trim() };
}

function field({ name, in: place, required, description, schema }) {
  const whole = resolve(schema);
  const id = freshId("field");
  const about = (how) => [typeText(schema), rules(schema), place, how].filter(Boolean).join(", ");
  const one = (value) => ({ place, name, value });
  const { control, values, how } = controlOf(whole, { id, required });
  const read = whole.type === "object"
    ? () => values().map((line) => ({ place, name: line.split("=", 1)[0].trim(), value: line.replace(/^[^=]*=?/, "").trim() }))
    : () => values().map(one);
  return { row: row(name, { id, control, required, hint: about(how), description }), read };
}

/** Makes the control for a schema: a choice, several choices, lines, or a text. */
function controlOf(schema, { id, required }) {
  const choices = (of) => of.enum ?? (of.type === "boolean" ? [true, false] : undefined);
  if (schema.type === "array" && choices(resolve(schema.items))) {
    const boxes = choices(resolve(schema.items)).map((value) => element("input", { type: "checkbox", value: asText(value) }));
    const labels = boxes.map((box) => element("label", { class: "choice" }, box, ` ${box.value}`));
    const control = element("div", { id, role: "group", class: "choices" }, labels);
    return { control, values: () => boxes.filter((box) => box.checked).map((box) => box.value) };
  }
  const how = { array: "one value a line", object: "any keys, one name=value a line" }[schema.type];
  if (how) {
    const control = element("textarea", { id, required, rows: "2", spellcheck: "false", autocomplete: "off" });
    return { control, how, values: () => control.value.split("\n").map((line) => line.trim()).filter(Boolean) };
  }
  const control = choices(schema) ? select(choices(schema), { id, required }) : input(schema, { id, required });
  return { control, values: () => (control.value === "" ? [] : [control.value]) };
}

function select(choices, attributes) {
  const options = choices.map((value) => element("option", { value: asText(value) }, asText(value)));
  return element("select", attributes, attributes.required ? "" : element("option", { value: "" }, "—"), options);
}

function input(schema, attributes) {
  const isNumber = schema.type === "integer" || schema.type === "number";
  const placeholder = schema.default === undefined || schema.default === null ? undefined : asText(schema.default);
  const plain = { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" };
  return element("input", { ...attributes, ...plain, placeholder, inputmode: isNumber ? "decimal" : undefined });
}

function row(name, { id, control, required, hint, description }) {
  const label = [element("span", { class: "name" }, name), required ? element("span", { class: "must", title: "required" }, "*") : ""];
  const isGroup = control.getAttribute("role") === "group";
  control.setAttribute("aria-describedby", `${id}-hint`);
  if (isGroup) control.setAttribute("aria-labelledby", `${id}-label`);
  return element("div", { class: "field" },
    element(isGroup ? "span" : "label", isGroup ? { id: `${id}-label` } : { for: id }, label), control,
    element("div", { class: "hint", id: `${id}-hint` }, description ? element("p", {}, prose(description)) : "", hint));
}

/**
 * The values of the authentication headers. They are filled in once and used for all operations.
 */
const secrets = new Map();

function credentialField({ name, required, description }) {
  const id = freshId("field");
  // It may stay empty, so that people can see how the server refuses the call.
  const control = input({}, { id, "data-credential": name });
  control.value = secrets.get(name) ?? "";
  control.addEventListener("input", () => {
    secrets.set(name, control.value);
    for (const other of document.querySelectorAll("[data-credential]")) {
      if (other.dataset.credential === name) other.value = control.value;
    }
  });
  const hint = `header, filled in once for all procedures that ${required ? "require" : "accept"} it`;
  const read = () => (control.value === "" ? [] : [{ place: "header", name, value: control.value }]);
  return { row: row(name, { id, control, required, hint, description }), read };
}
