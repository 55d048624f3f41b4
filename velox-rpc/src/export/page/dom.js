// Makes the elements of the page. Text from the document and from replies is never parsed as HTML.

export const byId = (id) => document.getElementById(id);

/** Makes an element with attributes and children. `undefined` and `false` omit an attribute. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
  return made;
}

/** Returns a text of the document with its code spans, such as `name`, as elements. */
export const prose = (text) => text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? element("code", {}, part) : part));

let count = 0;

/** Returns an id that no other element of the page has. */
export const freshId = (kind) => `${kind}-${count++}`;
