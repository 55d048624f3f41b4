// Generates values, the same in every run.

import { LISTS, NUMBERS, ODD, OTHERS } from "./values.mjs";

/** The number of values for each rule, including the listed ones. */
const CASES = 300;

/** mulberry32, a generator with the same numbers in every run. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const seedOf = (name) => [...name].reduce((sum, char) => Math.imul(sum, 31) + char.codePointAt(0), 7);

export const pick = (random, list) => list[Math.floor(random() * list.length)];

function mutated(random, text) {
  const chars = [...text];
  const at = Math.floor(random() * (chars.length + 1));
  switch (Math.floor(random() * 8)) {
    case 0: chars.splice(at, 1); break;
    case 1: chars.splice(at, 0, pick(random, ODD)); break;
    case 2: chars.splice(at, 1, pick(random, ODD)); break;
    case 3: chars.splice(at, 0, chars[at] ?? "x"); break;
    case 4: chars.unshift(pick(random, ODD)); break;
    case 5: chars.push(pick(random, ODD)); break;
    case 6: chars.splice(at, 1, (chars[at] ?? "q").toUpperCase()); break;
    default: chars.splice(at, 2, ...chars.slice(at, at + 2).reverse());
  }
  return chars.join("");
}

/** The seeds, and mutations of them until there are enough. */
export function texts(name, seeds, count = CASES) {
  const random = seeded(seedOf(name));
  const all = new Set(seeds);
  while (all.size < count) {
    let text = pick(random, seeds);
    for (let times = Math.floor(random() * 3); times >= 0; times--) text = mutated(random, text);
    // Unpaired surrogates are a separate case.
    if (!/\p{Surrogate}/u.test(text)) all.add(text);
  }
  return [...all];
}

/** The different results of `count` calls of `make`. */
export function made(name, make, count = 150) {
  const random = seeded(seedOf(`made ${name}`));
  const all = new Set();
  for (let times = 0; times < count; times++) all.add(make(random));
  return [...all];
}

export const between = (random, low, high) => low + Math.floor(random() * (high - low + 1));
export const hex = (random, count) => Array.from({ length: count }, () => between(random, 0, 15).toString(16)).join("");
export const padded = (number, width = 2) => String(number).padStart(width, "0");

export const quoted = (list) => list.map((text) => JSON.stringify(text));

/** Bodies with one field `v`, given as JSON texts, and bodies without it. */
export const bodies = (values) => [
  ...[...new Set([...values, ...OTHERS])].map((text) => `{"v":${text}}`),
  "{}", '{"V":"x"}', '{"w":1}',
];

/** Numbers as JSON texts, because their spelling matters. */
export function numbers(name, seeds, count = CASES) {
  const random = seeded(seedOf(name));
  const all = new Set([...seeds, ...NUMBERS]);
  const digits = () => String(Math.floor(random() * 10 ** Math.ceil(random() * 15)));
  while (all.size < count) {
    const sign = random() < 0.4 ? "-" : "";
    const near = Number(pick(random, seeds)) || 0;
    all.add(pick(random, [
      () => sign + digits(),
      () => `${sign}${digits()}.${digits()}`,
      () => `${sign}${digits().slice(0, 2)}e${Math.floor(random() * 40) - 20}`,
      () => `${sign}${digits().slice(0, 3)}.0`,
      () => `${sign}${digits().slice(0, 3)}E+${Math.floor(random() * 5)}`,
      () => JSON.stringify(near + Math.floor(random() * 20 - 10)),
      () => JSON.stringify(near + (random() - 0.5)),
      () => JSON.stringify(near + (random() < 0.5 ? Number.EPSILON : -Number.EPSILON)),
      () => `${sign}${Math.floor(random() * 300)}`,
      () => `${sign}${(random() * 20).toFixed(Math.ceil(random() * 4))}`,
    ])());
  }
  return [...all];
}

/** Lists of parts, with random lengths and orders. Some lists mostly have the first part, which must be valid. */
export function lists(name, parts, count = CASES) {
  const random = seeded(seedOf(name));
  const all = new Set(LISTS);
  while (all.size < count) {
    const [length, care] = [Math.floor(random() * 6), pick(random, [0, 0.5, 0.9])];
    all.add(`[${Array.from({ length }, () => (random() < care ? parts[0] : pick(random, parts))).join(",")}]`);
  }
  return [...all];
}

/** Objects with random keys and values. No key occurs twice. */
export function objects(name, keys, values, count = CASES) {
  const random = seeded(seedOf(name));
  const all = new Set(["{}"]);
  // The first value of each key must be valid. Half of all objects mostly have these values.
  const value = (key, care) => (random() < care ? values(key)[0] : pick(random, values(key)));
  while (all.size < count) {
    const care = pick(random, [0, 0.3, 0.8, 0.95]);
    const taken = keys.filter(() => random() < (care > 0.5 ? 0.85 : 0.6));
    all.add(`{${taken.map((key) => `${JSON.stringify(key)}:${value(key, care)}`).join(",")}}`);
  }
  return [...all];
}
