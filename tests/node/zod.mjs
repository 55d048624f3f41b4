// Records the verdicts of Zod on several hundred values for each rule in the guide
// (velox-session/src/docs/validation.md). Uses Zod 3, or Zod 4 with the argument `4`.
//
// Prints one JSON document. For each rule it has a list of cases `{ input, ok, output, issues:
// [[path, message]] }`. An input is the text of a JSON body, because the spelling of a number
// matters. For a coerced rule it is the text of a query, and the case also has the decoded `texts`.


import { makeDate, makeEmail, makeIp, makeTime, makeUrl, makeUuid } from "./zod/formats.mjs";
import { between, bodies, lists, made, numbers, objects, pick, quoted, texts } from "./zod/generate.mjs";
import * as values from "./zod/values.mjs";

const isZod4 = process.argv[2] === "4";
const { z } = await import(isZod4 ? "zod4" : "zod");

const v = (schema) => z.object({ v: schema });
const text = (name, schema, seeds, more = []) => [v(schema), bodies(quoted([...texts(name, seeds), ...more]))];
const number = (name, schema, seeds) => [v(schema), bodies(numbers(name, seeds))];
const list = (name, schema, parts, more = []) => [v(schema), bodies([...lists(name, parts), ...more])];

const strings = z.array(z.string());
const int = z.number().int();

// ---- Strings ------------------------------------------------------------------------------------

const { WORDS } = values;
const BOUNDARIES = [
  "cat", "a cat", "cats", "écat", "caté", "cat😀", "中cat中", "_cat", "cat٣", "-cat-", "CAT", "cat\n", "",
];

const ofTexts = {
  string: [
    v(z.string()),
    [...bodies(quoted(texts("string", WORDS))), ...values.HALVES, '{"v":"a","v":"b"}', '{"v":1,"v":"b"}'],
  ],
  email: text("email", z.string().email(), values.EMAILS, made("email", makeEmail, 300)),
  url: text("url", z.string().url(), values.URLS, made("url", makeUrl, 300)),
  uuid: text("uuid", z.string().uuid(), values.UUIDS, made("uuid", makeUuid)),
  datetime: text("datetime", z.string().datetime({ offset: true }), values.TIMES, made("datetime", makeTime, 300)),
  date: text("date", z.string().date(), values.DATES, made("date", makeDate)),
  // Zod 4 has two separate rules.
  ip: text("ip", isZod4 ? z.union([z.ipv4(), z.ipv6()]) : z.string().ip(), values.IPS, made("ip", makeIp, 300)),
  textLength: text("textLength", z.string().min(2).max(5), WORDS),
  textMessage: text("textMessage", z.string().min(2, "Not that long").max(5, "Not that long"), WORDS),
  textMin: text("textMin", z.string().min(3), WORDS),
  textMax: text("textMax", z.string().max(3), WORDS),
  textExact: text("textExact", z.string().length(2), WORDS),
  includes: text("includes", z.string().includes("@"), ["@", "a@b", "a", "", "＠", "ａ@", "\0@"]),
  minAndEmail: text("minAndEmail", z.string().min(8).email(), [
    "a@b.co", "ada@example.com", "x", "long enough", "😀😀😀😀", "",
  ]),
  regexDigits: text("regexDigits", z.string().regex(/^\d{5}$/, "Invalid zip"), values.ZIPS),
  regexWord: text("regexWord", z.string().regex(/^\w+$/), values.LETTERS),
  regexAny: text("regexAny", z.string().regex(/^.{2}$/), WORDS),
  regexSpace: text("regexSpace", z.string().regex(/^\S+$/), values.SPACES),
  regexCase: text("regexCase", z.string().regex(/^(straße|kelvin|σ|i)$/i), values.CASED),
  regexBoundary: text("regexBoundary", z.string().regex(/\bcat\b/), BOUNDARIES),
  refine: text("refine", z.string().refine((nick) => !nick.includes(" "), "No spaces"), [
    "a b", "ab", " ", "", "a\u00a0b", "a\u2003b",
  ]),
  refineSilent: text("refineSilent", z.string().refine((nick) => !nick.includes(" ")), ["a b", "ab", " ", ""]),
  trim: text("trim", z.string().trim(), values.TRIMMED),
  toLowerCase: text("toLowerCase", z.string().toLowerCase(), values.MIXED),
  toUpperCase: text("toUpperCase", z.string().toUpperCase(), values.MIXED),
  trimMin: text("trimMin", z.string().trim().min(2).max(5), values.TRIMMED),
  trimLowerEmail: text(
    "trimLowerEmail",
    z.string().trim().toLowerCase().email().refine((email) => email === email.toLowerCase(), "Not in lower case"),
    [" Ada@Example.com ", "ADA@EXAMPLE.COM\n", "\ufeffa@b.co", "A", " ", "a b@c.de"],
  ),
  trimOptional: text("trimOptional", z.string().trim().toUpperCase().min(2).optional(), values.TRIMMED),
  trimList: list("trimList", z.array(z.string().trim()), ['" a "', '"b"', '"\\t"', '""', "1", "null"]),
};

// ---- Numbers and booleans -----------------------------------------------------------------------

const ofNumbers = {
  number: number("number", z.number(), ["0", "1", "100"]),
  integer: number("integer", int, ["0", "1", "9007199254740991"]),
  byte: number("byte", int.min(0).max(255), ["0", "255"]),
  signed: number("signed", int.min(-2147483648).max(2147483647), ["0", "2147483647", "-2147483648"]),
  integerRange: number("integerRange", int.min(1).max(150), ["1", "150"]),
  range: number("range", z.number().min(0.5).max(1.5), ["0.5", "1.5", "1"]),
  exclusive: number("exclusive", z.number().gt(0).lt(10), ["0", "10", "5"]),
  tinyAndLarge: number("tinyAndLarge", z.number().min(1e-7).max(1e21), ["0", "0.0000001", "1e21"]),
  multipleOfFive: number("multipleOfFive", int.multipleOf(5), ["5", "10", "0", "12"]),
  multipleOfCent: number("multipleOfCent", z.number().multipleOf(0.01), ["0.01", "0.07", "1.15", "19.99", "1.005"]),
  boolean: [
    v(z.boolean()),
    bodies(["true", "false", ...quoted(texts("boolean", values.BOOLS, 200)), ...numbers("boolean", ["0", "1"], 150)]),
  ],
};

// ---- Missing values -----------------------------------------------------------------------------

const ofMissing = {
  optional: text("optional", z.string().min(2).optional(), WORDS),
  nullable: text("nullable", z.string().min(2).nullable(), WORDS),
  nullish: text("nullish", z.string().min(2).nullish(), WORDS),
  defaultNumber: number("defaultNumber", int.min(1).max(4294967295).default(1), ["1", "4294967295"]),
  defaultList: list("defaultList", strings.max(3).default([]), values.SCALARS),
};

// ---- Lists and objects --------------------------------------------------------------------------

/** A set is sent as a list, and the schema makes a set of it. It is printed as a list, sorted as Rust does. */
const set = strings.transform((all) => new Set(all));
const sorted = (schema) => schema.transform((all) => [...all].sort((a, b) => Buffer.compare(...[a, b].map(utf8))));
const utf8 = (word) => Buffer.from(word, "utf8");

const address = z.object({ city: z.string().min(1), zip: z.string().length(5) });
const ADDRESSES = [
  '{"city":"X","zip":"12345"}', '{"city":"","zip":"1"}', '{"city":1}', "{}", "[]", "null", '"x"', '{"zip":"12345"}',
  '{"city":"X","zip":"12345","more":1}', '{"zip":[],"city":{}}', '["X","12345"]',
];

const user = z.object({
  name: z.string().min(1).max(5),
  emailAddress: z.string().email(),
  age: int.min(0).max(150).optional(),
  role: z.string().default("user"),
  tags: strings.max(3).default([]),
  address: address.optional(),
  lines: z.array(z.object({ qty: int.min(1).max(255) })).default([]),
});
const USERS = {
  name: ['"Ada"', '""', '"Ada Lovelace"', ...values.SCALARS],
  emailAddress: ['"a@b.co"', '"nobody"', '""', "1", "null"],
  age: ["1", "36", "151", "-1", "1.5", '"36"', "150.5"],
  role: ['"admin"', '""', "1", "null"],
  tags: ["[]", '["a"]', '["a","b","c","d"]', "[1,null]", '"a"', "{}", '["a",2,"c",4]'],
  address: ADDRESSES,
  lines: [
    "[]", '[{"qty":1}]', '[{"qty":0},{"qty":256},{"qty":"1"},{},[],7,null,{"qty":1.5}]', "{}", '[{"qty":1},{"qty":0}]',
    "[[1]]",
  ],
  unknown: values.SCALARS,
};

const STRICT = [
  '{"a":1,"A":1,"constructor":1,"toString":1}', '{"a":1,"p":1,"q":2,"r":3,"s":4,"t":5,"u":6}',
  `{"a":1,"${"y".repeat(65)}":1}`,
];
const RECORDS = [
  ...[..."x😀"].flatMap((char) => [40, 65].map((length) => `{"${char.repeat(length)}":1}`)),
  '{"__proto__":true}', '{"__proto__":1,"a":true}', '{"b":1,"2":1,"1":1}', '{"b":true,"2":true,"1":true}',
];
const PAIRS = (random) => `[${pick(random, values.NUMBERS)},${pick(random, values.NUMBERS)}]`;
const TUPLES = [
  ...lists("tuple", ["1", "2.5", "-0", '"a"', "true", "null", "[]", "1e3", '"1"']), ...made("tuple", PAIRS, 100),
];

const ofComposed = {
  array: list("array", strings, ['"a"', '"b"', '"c"', '""', ...values.SCALARS], [`[${Array(150).fill("1")}]`]),
  arrayLength: list("arrayLength", strings.min(1).max(3), ['"a"', '"b"', '""', "1"]),
  arrayExact: list("arrayExact", strings.length(2), ['"a"', '"b"', '""', "1"]),
  set: list("set", sorted(set), ['"a"', '"b"', '"c"', '"é"', '"e\u0301"', '"😀"', '"\uffff"', "1", "null"]),
  setLength: list("setLength", sorted(set.pipe(z.set(z.string()).min(1).max(2))), ['"a"', '"b"', '"c"', '"d"', "1"]),
  tuple: [v(z.tuple([z.number(), z.number()])), bodies(TUPLES)],
  record: [
    v(z.record(z.string(), z.boolean())),
    bodies([...objects("record", values.KEYS, () => ["true", "false", "null", "1", '"true"', "[]", "{}"]), ...RECORDS]),
  ],
  object: [user, [...objects("object", Object.keys(USERS), (key) => USERS[key]), ...values.WHOLE]],
  strict: [
    z.object({ a: z.number(), inner: address.strict().optional() }).strict(),
    [
      ...objects("strict", ["a", "inner", "x", "", "__proto__"], (key) =>
        key === "inner" ? ADDRESSES : ["1", '"1"', "null"]),
      ...objects("strict", ["a", "inner"], (key) => (key === "a" ? ["1", "1.5", "null"] : ADDRESSES), 20),
      ...STRICT, ...values.WHOLE,
    ],
  ],
  merge: [
    z.object({ id: z.string() }).merge(address),
    [...objects("merge", ["id", "city", "zip", "x"], () => ['"12345"', '"a"', ...values.SCALARS]), ...values.WHOLE],
  ],
};

// ---- Enums and unions ---------------------------------------------------------------------------

const COLORS = texts("enum", [
  "red", "darkGreen", "Red", "RED", "darkgreen", "dark_green", "DarkGreen", "dark-green", "blue", "", " red", "réd",
]);
const COLOR_OBJECTS = ['{"red":null}', '{"red":1}', '{"red":[]}', '["red"]', '{"darkGreen":null}'];

const target = z.union([z.string(), strings, z.object({ to: z.string().email() }), int]);
const TARGETS = [
  ...values.SCALARS, ...lists("union", values.SCALARS, 150),
  ...objects("union", ["to", "x"], () => ['"a@b.co"', '"nobody"', '""', ...values.SCALARS], 150),
];

const shape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("circle"), radius: z.number() }),
  z.object({ kind: z.literal("square"), side: z.number(), label: z.string().optional() }),
  z.object({ kind: z.literal("dot") }),
]);
const KINDS = [
  '"square"', '"circle"', '"dot"', '"circle"', '"oval"', '"Circle"', '""', "1", "null", "[]", '["circle"]', "{}", "true",
];
const SHAPES = {
  kind: KINDS,
  radius: ["1.5", ...values.SCALARS],
  side: ["1.5", ...values.SCALARS],
  label: values.SCALARS,
  x: values.SCALARS,
};
const SHAPES_AND_OTHERS = [
  ...objects("discriminatedUnion", Object.keys(SHAPES), (key) => SHAPES[key]),
  '{"kind":"square","side":1,"label":null}', '{"kind":"square","side":"1","label":null}', '["circle",1]', '"circle"',
];

const ofChoices = {
  enum: [v(z.enum(["red", "darkGreen"])), bodies([...quoted(COLORS), ...COLOR_OBJECTS])],
  union: [v(target), bodies(TARGETS)],
  discriminatedUnion: [v(shape), bodies(SHAPES_AND_OTHERS)],
  any: [v(z.any()), bodies([...values.SCALARS, ...TUPLES, ...quoted(texts("any", WORDS, 100))])],
};

// ---- Query strings, which are coerced -----------------------------------------------------------

const { COERCED, BOOLS } = values;
const one = (name, schema, seeds, more = []) => [v(schema), [...more, ...texts(name, seeds).map((text) => [text])]];
const several = (random) => JSON.stringify(Array.from({ length: between(random, 1, 4) }, () => pick(random, COERCED)));
const coerced = z.coerce.number().int();
const MISSING = [[]];

const ofQueries = {
  coerceNumber: one("coerceNumber", z.coerce.number(), COERCED),
  coerceInteger: one("coerceInteger", coerced.min(1).max(4294967295), COERCED),
  coerceDefault: one("coerceDefault", coerced.min(1).max(4294967295).default(1), COERCED, MISSING),
  coerceOptional: one("coerceOptional", z.coerce.number().min(0.5).optional(), COERCED, MISSING),
  coerceBoolean: one("coerceBoolean", z.coerce.boolean(), BOOLS),
  coerceBooleanOptional: one("coerceBooleanOptional", z.coerce.boolean().optional(), BOOLS, MISSING),
  coerceString: one("coerceString", z.coerce.string().min(2), [...WORDS, ...COERCED]),
  coerceList: [
    v(z.array(coerced.min(-2147483648).max(2147483647)).max(3)),
    made("coerceList", several, 300).map((all) => JSON.parse(all)),
  ],
  // The query has no string at all, or several for one number.
  coerceMissing: [v(z.coerce.number()), [[], ["1", "2"], ["1", "1"], ["", ""], ["a", "b"]]],
};

// ---- Output -------------------------------------------------------------------------------------

/** A path as velox writes it: `lines[1].qty`. */
function dotted(path) {
  return path.reduce((all, step) => {
    if (typeof step === "number") return `${all}[${step}]`;
    return all === "" ? step : `${all}.${step}`;
  }, "");
}

/** velox never repeats a value of the caller. */
const hidden = (message) => message.replace(/^(Invalid enum value\. Expected .*), received '[^]*'$/, "$1");

function judged(schema, input, value) {
  const result = schema.safeParse(value);
  const issues = result.success ? [] : result.error.issues;
  return {
    input,
    ok: result.success,
    output: result.data,
    issues: issues.map((issue) => [dotted(issue.path), hidden(issue.message)]),
  };
}

const printed = {};
for (const [rule, [schema, inputs]] of Object.entries({
  ...ofTexts, ...ofNumbers, ...ofMissing, ...ofComposed, ...ofChoices,
})) {
  printed[rule] = [...new Set(inputs)].map((input) => judged(schema, input, JSON.parse(input)));
}
for (const [rule, [schema, inputs]] of Object.entries(ofQueries)) {
  printed[rule] = inputs.map((all) => {
    const query = all.map((text) => `v=${encodeURIComponent(text)}`).join("&");
    const value = rule === "coerceList" || all.length > 1 ? all : all[0];
    return { ...judged(schema, query, all.length > 0 ? { v: value } : {}), texts: all };
  });
}
// UTF-8 cannot express half a surrogate pair.
const whole = (_, value) => (typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value);
process.stdout.write(JSON.stringify(printed, whole));
