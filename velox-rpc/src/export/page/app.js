"use strict";
// Shows an OpenAPI document, and lets a person call what it describes. Text of the document and of replies is only ever put in as
// text: nothing here makes markup of it.
{
  const source = document.currentScript.dataset.document;
  const METHODS = ["get", "post", "put", "patch", "delete"];
  const byId = (id) => document.getElementById(id);
  let api = {};

  /** An element with attributes and children. `undefined` and `false` leave an attribute out. */
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
    return made;
  }

  function resolve(schema) {
    for (let hops = 0; schema && schema.$ref && hops < 16; hops++) {
      schema = schema.$ref.slice(2).split("/").reduce((part, key) => part?.[key], api);
    }
    return schema ?? {};
  }

  // What a schema says.

  const refName = (schema) => schema?.$ref?.split("/").pop();
  const variants = (schema) => schema.anyOf ?? schema.oneOf;

  const grouped = (text) => (text.includes(" ") ? `(${text})` : text);

  /** A schema in a few words: `integer, 1 to 100, default 20`. */
  function typeText(schema, hops = 0) {
    if (schema === true || schema === undefined || hops > 4) return "any";
    if (refName(schema)) return resolve(schema).enum ? typeText(resolve(schema)) : refName(schema);
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    if (variants(schema)) return [...new Set(variants(schema).map((part) => typeText(part, hops + 1)))].join(" | ");
    if (schema.allOf) return schema.allOf.map((part) => typeText(part, hops + 1)).join(" & ");
    const one = (type) => (type === "array" ? `${grouped(typeText(schema.items, hops + 1))}[]` : schema.title ?? type);
    return schema.type ? [].concat(schema.type).map(one).join(" | ") : schema.properties ? "object" : "any";
  }

  function rules(schema) {
    const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, format } = schema;
    const range = (low, high, unit) => {
      const counted = unit && ` ${unit}${(high ?? low) === 1 ? "" : "s"}`;
      if (low === undefined && high === undefined) return undefined;
      if (high === undefined) return `at least ${low}${counted}`;
      return low === undefined ? `at most ${high}${counted}` : `${low} to ${high}${counted}`;
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

  /** The properties of a schema, those of its parts among them. */
  function properties(schema, hops = 0) {
    const whole = resolve(schema);
    const required = new Set(whole.required ?? []);
    const own = Object.entries(whole.properties ?? {}).map(([name, part]) => ({ name, part, required: required.has(name) }));
    const parts = hops > 4 ? [] : (whole.allOf ?? []).flatMap((part) => properties(part, hops + 1));
    return own.concat(parts);
  }

  function schemaView(schema, seen = []) {
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
        description ? element("p", {}, description) : "", schemaView(part, inner) ?? "");
    });
    if (!rows.length && !choices.length) return undefined;
    return element("div", {}, rows.length ? element("ul", { class: "schema" }, rows) : "", choices);
  }

  /** A value that a person can begin with. */
  function example(schema, hops = 0) {
    const whole = resolve(schema);
    const given = whole.examples?.[0] ?? whole.default ?? whole.const ?? whole.enum?.[0];
    if (given !== undefined || hops > 6) return given ?? null;
    if (variants(whole) && !whole.properties) return example(variants(whole)[0], hops + 1);
    if (whole.properties || whole.allOf) {
      const merged = variants(whole) ? example({ ...resolve(variants(whole)[0]) }, hops + 1) : {};
      const own = properties(whole).filter(({ required }) => required).map(({ name, part }) => [name, example(part, hops + 1)]);
      return { ...Object.fromEntries(own), ...merged };
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

  // What an operation demands.

  function credentials(operation) {
    const requirements = operation.security ?? [];
    const names = [...new Set(requirements.flatMap((requirement) => Object.keys(requirement)))];
    return names.map((name) => ({
      ...(api.components?.securitySchemes?.[name] ?? { in: "header", name }),
      required: requirements.every((requirement) => name in requirement),
    }));
  }

  function marks(operation) {
    return credentials(operation).map((credential) => element("span", { class: `mark ${credential.required ? "required" : ""}` },
      `${credential.in} ${credential.name}${credential.required ? "" : " (optional)"}`));
  }

  // Forms.

  let count = 0;

  function control(schema, id, required) {
    const whole = resolve(schema);
    const choices = whole.enum ?? (whole.type === "boolean" ? [true, false] : undefined);
    if (choices) {
      const options = choices.map((value) => element("option", { value: String(value) }, String(value)));
      return element("select", { id, required }, required ? "" : element("option", { value: "" }, "—"), options);
    }
    const numeric = whole.type === "integer" || whole.type === "number";
    const placeholder = whole.default === undefined || whole.default === null ? undefined : String(whole.default);
    return element("input", { id, required, placeholder, type: "text", inputmode: numeric ? "decimal" : undefined, autocomplete: "off", spellcheck: "false" });
  }

  function field(name, schema, { required = false, description, place }) {
    const id = `field-${count++}`;
    const input = control(schema, id, required);
    const { type } = resolve(schema);
    const hint = [typeText(schema), rules(schema), place, { array: "separated by commas", object: "a JSON object, whose members are sent each by itself" }[type]].filter(Boolean).join(", ");
    const row = element("div", { class: "field" },
      element("label", { for: id }, element("span", { class: "name" }, name), required ? element("span", { class: "must", title: "required" }, "*") : ""),
      input, element("div", { class: "hint", id: `${id}-hint` }, hint, description ? ` — ${description}` : ""));
    input.setAttribute("aria-describedby", `${id}-hint`);
    return { row, name, value: () => input.value, type };
  }

  function inside(path, method, operation) {
    const view = element("div", { class: "inside" });
    // A single sentence stands in the heading already.
    if (operation.description && operation.description !== `${operation.summary}.` && operation.description !== operation.summary) view.append(element("p", { class: "text" }, operation.description));
    const fields = (operation.parameters ?? []).map((parameter) => ({
      in: parameter.in, ...field(parameter.name, parameter.schema, { ...parameter, place: parameter.in }),
    }));
    for (const credential of credentials(operation).filter((credential) => credential.in === "header")) {
      fields.push({ in: "header", ...field(credential.name, { type: "string" }, { required: credential.required, place: "header" }) });
    }
    const form = element("form", {}, fields.length ? element("h3", {}, "Parameters") : "", fields.map(({ row }) => row));
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    let body;
    if (schema) {
      const text = JSON.stringify(example(schema), null, 2) ?? "";
      const id = `body-${count++}`;
      body = element("textarea", { id, rows: String(Math.min(16, text.split("\n").length + 1)), spellcheck: "false", autocomplete: "off" });
      body.value = text;
      form.append(element("h3", {}, element("label", { for: id }, "Body")), schemaView(schema) ?? "", body);
    }
    const cookies = credentials(operation).filter((credential) => credential.in === "cookie");
    const button = element("button", { type: "submit" }, "Send");
    const hint = cookies.map(({ name }) => `The browser sends the cookie ${name} by itself, once a call has set it.`).join(" ");
    const reply = element("output", { class: "reply", "aria-live": "polite" });
    form.append(element("div", { class: "send" }, button, element("span", { class: "dim" }, hint)), reply);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        reply.replaceChildren(...await call(path, method, fields, body));
      } catch (error) {
        reply.replaceChildren(element("span", { class: "status failed" }, String(error.message ?? error)));
      }
      button.disabled = false;
    });
    view.append(form, element("h3", {}, "Responses"), ...Object.entries(operation.responses ?? {}).map(response));
    return view;
  }

  function response([status, { description, content }]) {
    const schema = content?.["application/json"]?.schema;
    const title = [element("span", { class: `status ${/^[123]/.test(status) ? "" : "failed"}` }, status), ` ${description} `,
      schema ? element("span", { class: "type" }, typeText(schema)) : ""];
    const inner = schema && schemaView(schema);
    return inner ? element("details", { class: "response" }, element("summary", {}, title), inner) : element("div", { class: "response" }, title);
  }

  async function call(path, method, fields, body) {
    const query = new URLSearchParams();
    const headers = new Headers();
    let target = path;
    for (const given of fields) {
      const value = given.value();
      if (given.in === "path") target = target.replace(`{${given.name}}`, encodeURIComponent(value));
      else if (value === "") continue;
      else if (given.in === "header") headers.set(given.name, value);
      else if (given.type === "object") Object.entries(JSON.parse(value)).forEach(([name, item]) => query.append(name, item));
      else for (const item of given.type === "array" ? value.split(",") : [value]) query.append(given.name, item.trim());
    }
    const server = (api.servers?.[0]?.url ?? "").replace(/\/$/, "");
    const url = server + target + (query.size ? `?${query}` : "");
    const request = { method: method.toUpperCase(), headers, credentials: "same-origin", cache: "no-store" };
    if (body && body.value.trim() !== "") {
      headers.set("content-type", "application/json");
      request.body = body.value;
    }
    const start = performance.now();
    const answer = await fetch(url, request);
    let text = await answer.text();
    const time = Math.round(performance.now() - start);
    try {
      text = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // No JSON: shown as it is.
    }
    const heading = `${answer.status} ${answer.statusText}`.trim();
    return [element("span", { class: `status ${answer.ok ? "" : "failed"}` }, heading),
      element("span", { class: "dim" }, ` ${time} ms, ${request.method} ${url}`), text ? element("pre", { tabindex: "0" }, text) : ""];
  }

  // The page.

  function operationView(path, method, operation) {
    const view = element("details", { class: `operation ${operation.deprecated ? "deprecated" : ""}`, id: operation.operationId },
      element("summary", {}, element("span", { class: `method ${method}` }, method.toUpperCase()), element("span", { class: "path" }, path),
        element("span", { class: "note" }, operation.summary ?? ""), operation.deprecated ? element("span", { class: "mark" }, "deprecated") : "",
        marks(operation)));
    view.addEventListener("toggle", () => view.open && view.children.length === 1 && view.append(inside(path, method, operation)));
    view.dataset.text = [path, method, operation.operationId, operation.summary, operation.description].join(" ").toLowerCase();
    return view;
  }

  function show() {
    const { title, version, description } = api.info;
    byId("title").replaceChildren(title, element("small", {}, version));
    byId("about").textContent = description ?? "";
    const groups = new Map(api.tags.map(({ name }) => [name, []]));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of METHODS.filter((name) => item[name])) {
        const [tag] = item[method].tags;
        groups.get(tag).push(operationView(path, method, item[method]));
      }
    }
    const sections = [...groups].map(([tag, views]) => element("section", { "aria-labelledby": `tag-${tag}` },
      element("h2", { id: `tag-${tag}` }, tag), views));
    byId("operations").replaceChildren(...sections);
    const links = [...groups].map(([tag, views]) => element("li", {},
      element("a", { href: `#tag-${tag}` }, tag, element("span", {}, String(views.length)))));
    byId("tags").replaceChildren(element("ul", {}, links));
    byId("filter").addEventListener("input", (event) => filter(event.target.value.trim().toLowerCase(), sections));
    window.addEventListener("hashchange", open);
    open();
  }

  function filter(text, sections) {
    for (const section of sections) {
      const views = [...section.querySelectorAll(".operation")];
      for (const view of views) view.hidden = !view.dataset.text.includes(text);
      section.hidden = views.every((view) => view.hidden);
    }
  }

  /** Opens the procedure that the address names. */
  function open() {
    const wanted = byId(decodeURIComponent(location.hash.slice(1)));
    if (wanted?.matches(".operation")) {
      wanted.open = true;
      wanted.scrollIntoView();
    }
  }

  fetch(source, { credentials: "same-origin" })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`${answer.status} ${answer.statusText}`))))
    .then((document) => { api = document; show(); })
    .catch((error) => { byId("state").textContent = `${source} could not be shown: ${error.message}`; });
}
