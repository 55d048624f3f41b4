// Elements of the page. Text of the document and of replies only ever goes in as text: nothing here makes markup of it.

export const byId = (id) => document.getElementById(id);

/** Makes an element with attributes and children. `undefined` and `false` leave an attribute out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
  return made;
}

let count = 0;

/** Returns an id that no other element of the page has. */
export const freshId = (kind) => `${kind}-${count++}`;
