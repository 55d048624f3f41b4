// Makes a request from an operation and its form, and sends it or writes it as a curl command.

import { api } from "./schema.js";

/**
 * Returns the root URL of the procedures: the first server on the page's origin, or the application
 * that serves the page.
 */
export function root() {
  const document = new URL("openapi.json", import.meta.url);
  const servers = api.servers.map(({ url }) => new URL(url, document));
  const found = servers.find(({ origin }) => origin === location.origin) ?? new URL(window.document.documentElement.dataset.root, document);
  return found.href.replace(/\/$/, "");
}

/**
 * Makes the request of an operation with these values, each `{ place, name, value }`, and this
 * body.
 */
export function requestOf({ path, method }, values, body) {
  const at = (place) => values.filter((value) => value.place === place);
  const target = at("path").reduce((path, { name, value }) => path.replace(`{${name}}`, () => encodeURIComponent(value)), path);
  const query = new URLSearchParams(at("query").map(({ name, value }) => [name, value]));
  const headers = at("header").map(({ name, value }) => [name, value]);
  if (body) headers.push(["content-type", "application/json"]);
  return { method: method.toUpperCase(), url: root() + target + (query.size ? `?${query}` : ""), headers, body: body || undefined };
}

export function send({ method, url, headers, body }, signal) {
  return fetch(url, { method, headers, body, signal, credentials: "same-origin", cache: "no-store" });
}

/**
 * Returns the request as a curl command. The page cannot read the values of cookies, so people fill
 * them in.
 */
export function curl({ method, url, headers, body }, cookies) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [
    `curl ${method === "GET" ? "" : `-X ${method} `}${quoted(url)}`,
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...cookies.map(({ name }) => `-b ${quoted(`${name}=<value>`)}`),
    ...(body ? [`--data-raw ${quoted(body)}`] : []),
  ];
  return lines.join(" \\\n  ");
}
