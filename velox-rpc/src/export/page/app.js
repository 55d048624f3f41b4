// Shows the OpenAPI document that is served beside the page, and lets people find and call
// operations.

import { root, send } from "./call.js";
import { byId, element, prose } from "./dom.js";
import { asText, parse } from "./json.js";
import { operationView } from "./operation.js";
import { api, show } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** The operations of the document, each with its view and its link in the list at the left. */
const entries = [];

function start(document) {
  show(document);
  const { title, version, description } = api.info;
  byId("title").replaceChildren(title, " ", element("small", {}, version));
  byId("about").replaceChildren(...prose(description ?? ""));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => item[name])) entries.push(entryOf({ path, method }, item[method]));
  }
  const groups = api.tags.map(groupOf);
  const none = element("p", {}, "This page shows procedures with a REST route, and no procedure has one.");
  byId("operations").replaceChildren(...groups.map(({ section }) => section), byId("nothing"), entries.length ? "" : none);
  byId("tags").replaceChildren(element("ul", {}, groups.map(({ item }) => item)));
  byId("filter").addEventListener("input", () => filter(groups));
  byId("clear").addEventListener("click", () => {
    byId("filter").value = "";
    byId("filter").focus();
    filter(groups);
  });
  byId("filter").disabled = false;
  filter(groups);
  window.addEventListener("popstate", follow);
  follow();
  showUser();
}

function entryOf(call, operation) {
  const name = operation["x-velox-procedure"];
  const view = operationView(call, operation, (method) => method !== "get" && showUser());
  const link = element("a", { href: `#${name}` }, element("span", {}, name.slice(operation.tags[0].length + 1)),
    element("span", { class: `method ${call.method}` }, call.method.toUpperCase()));
  view.addEventListener("toggle", () => toggled(name, view));
  const text = [name, call.path, call.method, operation.summary, operation.description].join(" ").toLowerCase();
  return { name, call, tag: operation.tags[0], text, view, link, item: element("li", {}, link) };
}

function groupOf({ name, description }) {
  const members = entries.filter(({ tag }) => tag === name);
  const count = element("span", { class: "count" });
  const item = element("li", {}, element("a", { class: "tag", href: `#tag-${name}` }, element("span", {}, name), count),
    element("ul", {}, members.map(({ item }) => item)));
  const section = element("section", { "aria-labelledby": `tag-${name}` },
    element("h2", { id: `tag-${name}` }, name), description ? element("p", { class: "text" }, prose(description)) : "",
    members.map(({ view }) => view));
  return { members, count, item, section };
}

/** Shows the operations that contain every word of the filter, and their links in the list. */
function filter(groups) {
  const wanted = byId("filter").value.trim();
  const words = wanted.toLowerCase().split(/\s+/);
  let found = 0;
  for (const { members, count, item, section } of groups) {
    for (const { text, view, item } of members) view.hidden = item.hidden = !words.every((word) => text.includes(word));
    const shown = members.filter(({ view }) => !view.hidden).length;
    count.textContent = String(shown);
    item.hidden = section.hidden = shown === 0;
    found += shown;
  }
  byId("found").textContent = wanted ? `${found} of ${entries.length} procedures` : "";
  byId("nothing").hidden = found > 0 || entries.length === 0;
  byId("wanted").textContent = wanted;
}

/** The name of the procedure in the address. */
let current = "";

const named = () => location.hash.slice(1);

/** Updates the address when a procedure is opened or closed. */
function toggled(name, view) {
  if (view.open && named() !== name) history.pushState(null, "", `#${name}`);
  if (!view.open && named() === name) history.pushState(null, "", location.pathname + location.search);
  mark(named());
}

/** Opens the procedure in the address, after a click on a link or on a button of the browser. */
function follow() {
  const [left, wanted] = [current, named()].map((name) => entries.find((entry) => entry.name === name));
  // The address may name a namespace, or the main part of the page.
  if (named() && !wanted) return;
  mark(named());
  if (left && left !== wanted) left.view.open = false;
  if (!wanted) return;
  wanted.view.hidden = wanted.view.parentElement.hidden = false;
  wanted.view.open = true;
  wanted.view.scrollIntoView();
}

function mark(name) {
  current = name;
  for (const entry of entries) {
    if (entry.name === name) entry.link.setAttribute("aria-current", "true");
    else entry.link.removeAttribute("aria-current");
  }
}

/** Calls the procedure that returns the current user, and shows its result. */
async function showUser() {
  const asked = entries.find(({ name }) => name === api["x-velox-current-user"]);
  if (!asked) return;
  let told = ["Not logged in"];
  try {
    const answer = await send({ method: "GET", url: root() + asked.call.path });
    if (answer.ok) told = ["Logged in as ", element("strong", {}, summary(parse(await answer.text())))];
  } catch {
    told = ["Could not find out who is logged in"];
  }
  byId("user").replaceChildren(...told);
}

/** Returns the simple values of a user as text. */
function summary(user) {
  if (user === null || typeof user !== "object") return asText(user);
  const simple = Object.values(user).filter((value) => value !== null && (typeof value !== "object" || JSON.isRawJSON?.(value)));
  return simple.map(asText).join(" · ");
}

fetch(new URL("openapi.json", import.meta.url), { credentials: "same-origin" })
  .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(`${answer.status} ${answer.statusText}`))))
  .then((text) => start(parse(text)))
  .catch((error) => byId("state").replaceChildren(`Could not load openapi.json: ${error.message}`));
