import { z } from "zod";
import { writeFileSync } from "node:fs";
// schema name -> [zod schema, inputs]
const address = z.object({ city: z.string().min(1), zip: z.string().regex(/^\d{5}$/, "Invalid zip") });
const item = z.object({ qty: z.number().int().min(1).max(255), link: z.string().url().nullish() });
const shape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("circle"), radius: z.number() }),
  z.object({ kind: z.literal("square"), side: z.number().int().min(0).max(255) }),
  z.object({ kind: z.literal("nothing") }),
]);
const tree = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)).optional() });
const cases = {
  User: [z.object({
    userName: z.string().min(1).max(100), email: z.string().email(),
    age: z.number().int().min(0).max(150).nullish(), address: address.nullish(),
    lineItems: z.array(item).max(2).optional(),
  }), [
    {}, [], "x", 7, null, true,
    { userName: "a", email: "a@example.com" },
    { userName: "", email: "nobody", age: 151 },
    { userName: "", email: "", age: -1 },
    { userName: 1, email: null, age: "36", address: [], lineItems: {} },
    { userName: "x".repeat(101), email: "a@example.com", age: 1.5 },
    { userName: "x".repeat(100), email: "a@example.com", age: 150.5 },
    { userName: "a", email: "a@example.com", age: true, address: { city: "", zip: "1234" } },
    { userName: "a", email: "a@example.com", address: { zip: 12345 } },
    { userName: "a", email: "a@example.com", lineItems: [{ qty: 0 }, { qty: 256, link: "no link" }, { qty: "2", link: 5 }, 7, null] },
    { userName: "a", email: "a@example.com", age: null, address: null, lineItems: [{ qty: 1, link: null }], more: { unknown: 1 } },
    { email: 5, userName: {}, age: [], address: "x", lineItems: "x" },
  ]],
  Texts: [z.object({
    exact: z.string().length(2), bare: z.string(), handle: z.string().includes("@"),
    both: z.string().min(5).email(), id: z.string().uuid(), flag: z.boolean(), nothing: z.null(),
  }), [
    {}, { exact: "a", bare: 1, handle: "x", both: "x", id: "x", flag: "true", nothing: 0 },
    { exact: "abc", bare: [], handle: 5, both: 5, id: 5, flag: 0, nothing: "" },
    { exact: "ab", bare: "", handle: "@", both: "a@example.com", id: "9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f", flag: true, nothing: null },
  ]],
  Numbers: [z.object({
    any: z.number(), ratio: z.number().min(0.5).max(1.5), small: z.number().int().min(-128).max(127),
    count: z.number().int().min(0).max(4294967295), tiny: z.number().min(0.0000001),
  }), [
    {}, { any: "1", ratio: 0.25, small: 128, count: -1, tiny: 0 },
    { any: null, ratio: 2, small: -129, count: 4294967296, tiny: "x" },
    { any: {}, ratio: true, small: 0.5, count: 1e20, tiny: [] },
    { any: -1e300, ratio: 1.5, small: -128, count: 4294967295, tiny: 1 },
    { any: 1, ratio: 1, small: 200.5, count: -0.5, tiny: 1 },
  ]],
  Lists: [z.object({
    tags: z.array(z.string()).min(1), exact: z.array(z.number()).length(2),
    pair: z.tuple([z.number(), z.boolean()]), nested: z.array(z.array(z.string().min(1))),
    record: z.record(z.boolean()),
  }), [
    {}, { tags: [], exact: [1], pair: [1], nested: [[""], 3, ["a", 2]], record: { a: true, b: 1, c: null } },
    { tags: [1, "a", null], exact: [1, "2", 3], pair: ["1", 1], nested: "x", record: [] },
    { tags: ["a"], exact: [1, 2], pair: [1, true, 3], nested: [], record: {} },
    { tags: ["a"], exact: [], pair: ["1"], nested: [], record: {} },
    { tags: ["a"], exact: ["1", 2], pair: [1, true], nested: [[]], record: "x" },
  ]],
  Enums: [z.object({
    color: z.enum(["red", "green"]), maybe: z.enum(["red", "green"]).nullish(), shape,
    target: z.union([z.string(), z.array(z.string()), z.object({ to: z.string().email() })]),
  }), [
    {}, { color: "red", maybe: "blue", shape: {}, target: 5 },
    { color: 1, maybe: 1, shape: 7, target: { to: "x" } },
    { color: null, maybe: null, shape: { kind: "oval" }, target: { to: 1 } },
    { color: "red", shape: { kind: "circle" }, target: [1] },
    { color: "green", shape: { kind: "square", side: 300 }, target: ["a"] },
    { color: "green", shape: { kind: "square", side: "a" }, target: "a" },
    { color: [], shape: { kind: 3 }, target: null },
    { color: "green", shape: { kind: "nothing", side: "a" }, target: "a" },
    { color: {}, maybe: true, shape: null, target: true },
  ]],
  Strict: [z.object({ a: z.number(), inner: z.object({ b: z.string() }).strict().nullish() }).strict(), [
    {}, { x: 1 }, { a: "1", x: 1, y: 2 }, { a: 1, inner: { b: 2, c: 3 }, z: 0 }, { a: 1, inner: { b: "" } }, { inner: 5, "": 1 },
  ]],
  Tree: [tree, [
    { name: "a", children: [{ name: "b", children: [{ name: 3 }] }] },
    { name: "a", children: [{ children: {} }, 5] }, { children: null }, { name: "a" },
  ]],
  Reports: [z.array(z.object({ on: z.boolean() })), [
    [], [{ on: true }, { on: 1 }, 3], {}, [[]], null,
  ]],
  Query: [z.object({
    page: z.coerce.number().int().min(1), ratio: z.coerce.number().optional(), ids: z.array(z.coerce.number().int()).optional(),
    name: z.string().min(2).optional(),
  }), [ // origin Text: inputs as they are before coercion
    { page: "x" }, { page: "1", ratio: "y" }, { page: "0", ids: ["1", "z"], name: "a" }, { page: "1.5" }, { page: "3", ids: ["2"] },
  ]],
};
const dotted = (path) => path.reduce((s, p) => typeof p === "number" ? `${s}[${p}]` : s ? `${s}.${p}` : `${p}`, "");
// The value is not repeated: promise I9.
const hidden = (m) => m.replace(/^(Invalid enum value\. Expected .*), received '.*'$/, "$1");
const out = {};
for (const [name, [schema, inputs]] of Object.entries(cases)) {
  out[name] = inputs.map((input) => {
    const r = schema.safeParse(input);
    return { input, issues: r.success ? [] : r.error.issues.map((i) => [dotted(i.path), hidden(i.message)]) };
  });
}
const lines = Object.entries(out).map(([n, v]) => `  ${JSON.stringify(n)}: [\n${v.map((c) => "    " + JSON.stringify(c)).join(",\n")}\n  ]`);
writeFileSync("zod.json", `{\n${lines.join(",\n")}\n}\n`);
