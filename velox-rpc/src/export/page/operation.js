// Shows an operation: its heading, description, form, responses and reply.

import { curl, requestOf, send } from "./call.js";
import { element, prose } from "./dom.js";
import { bodyField, credentials, parameterFields } from "./form.js";
import { indent } from "./json.js";
import { api, schemaView, typeText } from "./schema.js";

/**
 * Returns the closed operation. Its content is made when it is opened. `sent` is called after each
 * request.
 */
export function operationView(call, operation, sent) {
  const { path, method } = call;
  const name = operation["x-velox-procedure"];
  const mark = (text, kind = "") => element("span", { class: `mark ${kind}` }, text);
  const needs = credentials(operation).map(({ in: place, name, required }) =>
    mark(`${required ? "requires" : "accepts"} ${name} ${place}`, required ? "required" : ""));
  const view = element("details", { class: `operation ${operation.deprecated ? "deprecated" : ""}`, id: name },
    element("summary", {},
      element("span", { class: `method ${method}` }, method.toUpperCase()),
      element("span", { class: "names" }, element("span", { class: "procedure" }, name), " ", element("span", { class: "path" }, path)),
      operation.description ? element("span", { class: "note" }, prose(paragraphs(operation)[0])) : "",
      element("span", { class: "marks" }, operation.deprecated ? mark("deprecated") : "", needs)));
  view.addEventListener("toggle", () => view.open && view.children.length === 1 && view.append(inside(call, operation, sent)));
  return view;
}

const paragraphs = (operation) => (operation.description ?? "").split("\n\n");

function inside(call, operation, sent) {
  // The heading already shows the first paragraph.
  const more = paragraphs(operation).slice(1).map((text) => element("p", { class: "text" }, prose(text)));
  return element("div", { class: "inside" },
    element("div", {}, more, form(call, operation, sent)),
    element("div", {}, element("h3", {}, "Responses"), Object.entries(operation.responses).map(responseView)));
}

function form(call, operation, sent) {
  const parameters = parameterFields(operation);
  const body = bodyField(operation);
  const cookies = credentials(operation).filter((credential) => credential.in === "cookie");
  const sendButton = element("button", { type: "submit" }, "Send");
  const stopButton = element("button", { type: "button", class: "plain", hidden: true }, "Stop");
  const curlButton = element("button", { type: "button", class: "plain" }, "Copy as curl");
  const status = element("output", { class: "outcome" });
  const reply = element("div", { class: "reply" });
  const view = element("form", {},
    parameters.rows.length ? [element("h3", {}, "Parameters"), parameters.rows] : "", body?.rows ?? "",
    cookies.map(({ name }) => element("p", { class: "hint" },
      "Your browser sends the cookie ", element("code", {}, name), " as soon as a procedure has set it.")),
    element("div", { class: "send" }, sendButton, stopButton, curlButton), status, reply);
  const request = () => requestOf(call, parameters.read(), body?.read());

  view.addEventListener("submit", async (event) => {
    event.preventDefault();
    const stop = new AbortController();
    stopButton.onclick = () => stop.abort();
    [sendButton.disabled, stopButton.hidden] = [true, false];
    try {
      await answer(request(), { status, reply, signal: stop.signal });
    } catch (error) {
      status.replaceChildren(element("span", { class: "status failed" }, stop.signal.aborted ? "Stopped" : `No reply: ${error.message ?? error}`));
    }
    [sendButton.disabled, stopButton.hidden] = [false, true];
    sent(call.method);
  });
  curlButton.addEventListener("click", async () => {
    if (!view.reportValidity()) return;
    const command = curl(request(), cookies.filter(({ required }) => required));
    // Browsers allow access to the clipboard only over HTTPS and on localhost.
    const copied = await navigator.clipboard?.writeText(command).then(() => true, () => false);
    status.replaceChildren(copied ? "Copied to the clipboard." : "Copy this command:");
    reply.replaceChildren(element("pre", { tabindex: "0" }, command));
  });
  return view;
}

/** Sends a request and shows the reply. Events appear as they arrive. */
async function answer(request, { status, reply, signal }) {
  const start = performance.now();
  status.replaceChildren(element("span", { class: "dim" }, "Waiting for the reply…"));
  reply.replaceChildren();
  const answer = await send(request, signal);
  const shown = element("pre", { tabindex: "0", "aria-label": "Body of the reply" });
  const headers = [...answer.headers].map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  const heading = `${answer.status} ${answer.statusText}`.trim();
  const tell = (size) => {
    const time = Math.round(performance.now() - start);
    status.replaceChildren(element("span", { class: `status ${answer.ok ? "" : "failed"}` }, heading), " ",
      element("span", { class: "dim" }, `${time} ms, ${size} bytes`),
      element("code", { class: "request" }, `${request.method} ${request.url.replace(location.origin, "")}`));
  };
  reply.append(element("details", { class: "headers" }, element("summary", {}, `Reply headers (${headers.length})`), element("dl", {}, headers)));
  if (answer.headers.get("content-type")?.startsWith("text/event-stream")) {
    tell(0);
    reply.append(shown);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) shown.append(part.value);
    return;
  }
  const bytes = await answer.arrayBuffer();
  tell(bytes.byteLength);
  if (bytes.byteLength === 0) return;
  shown.append(indent(new TextDecoder().decode(bytes)));
  reply.append(shown);
}

function responseView([status, { description, headers, content }]) {
  const schema = Object.values(content ?? {})[0]?.schema;
  const title = [element("span", { class: `status ${/^[123]/.test(status) ? "" : "failed"}` }, status), " ", prose(description), " ",
    schema ? element("span", { class: "type" }, typeText(schema)) : ""];
  const rows = Object.entries(headers ?? {}).map(([name, { $ref }]) => element("li", {},
    element("span", { class: "name" }, name), " ", element("span", { class: "type" }, "header"),
    element("p", {}, prose(api.components.headers[$ref.split("/").pop()].description))));
  const inner = [rows.length ? element("ul", { class: "schema" }, rows) : "", (schema && schemaView(schema)) ?? ""].filter(Boolean);
  return inner.length ? element("details", { class: "response" }, element("summary", {}, title), inner) : element("div", { class: "response" }, title);
}
