// Calls an application with the official tRPC client and superjson, through each of its links.
// Argument: the address of the tRPC path. Prints the result of each call as JSON. Values that JSON
// does not have are written as { class, value }.
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { EventSource } from "eventsource";
import superjson from "superjson";

const [url] = process.argv.slice(2);

// Only reached if something hangs.
setTimeout(() => {
  throw new Error("the calls were not done within 60 seconds");
}, 60_000).unref();

const links = { httpLink, httpBatchLink, httpBatchStreamLink };

function told(value) {
  if (value === undefined) return { class: "undefined" };
  if (typeof value === "bigint") return { class: "bigint", value: String(value) };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { class: "number", value: Object.is(value, -0) ? "-0" : String(value) };
  if (value instanceof Date) return { class: "Date", value: value.toISOString() };
  if (value instanceof Set) return { class: "Set", value: [...value].map(told) };
  if (value instanceof Map) return { class: "Map", value: [...value].map((pair) => pair.map(told)) };
  if (Array.isArray(value)) return value.map(told);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, told(member)]));
  return value;
}

async function outcome(call) {
  try {
    return { data: told(await call) };
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    const { code, issues } = error.data ?? {};
    return { message: error.message, code, issues };
  }
}

const date = new Date("2024-02-29T12:30:00.250Z");
const order = {
  id: 9007199254740993n,
  total: -170141183460469231731687303715884105728n,
  count: 7,
  at: date,
  cancelled: undefined,
  tags: new Set(["new", "red"]),
  days: new Set([date]),
  stock: new Map([[7, { at: date, left: 2n ** 64n - 1n }]]),
  notes: { "a.b": date, "c\\d": date },
  pairs: new Map([["x", date]]),
  ratio: -0,
};

const learned = {};
for (const [name, link] of Object.entries(links)) {
  const client = createTRPCClient({
    links: [
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink({ url, EventSource, transformer: superjson }),
        false: link({ url, transformer: superjson }),
      }),
    ],
  });
  const events = (procedure, input, act = () => {}) =>
    new Promise((resolve) => {
      const came = [];
      const subscription = procedure.subscribe(input, {
        onData: (data) => {
          came.push(told(data));
          if (act(came)) resolve(came) ?? subscription.unsubscribe();
        },
        onError: (error) => resolve([...came, { code: error.data?.code, message: error.message }]),
        onComplete: () => resolve([...came, "complete"]),
      });
    });
  learned[name] = {
    order: await outcome(client.shop.order.mutate(order)),
    again: await outcome(client.shop.again.query(order)),
    together: await Promise.all([
      outcome(client.shop.nothing.query()),
      outcome(client.shop.now.query()),
      outcome(client.shop.fails.query()),
      outcome(client.shop.nope.query()),
      outcome(client.shop.plain.query({ a: [1, "x", null] })),
      outcome(client.shop.place.query()),
      outcome(client.shop.place.query(null)),
    ]),
    regexp: await outcome(client.shop.plain.query({ a: [/x/] })),
    notANumber: await outcome(client.shop.order.mutate({ ...order, ratio: NaN })),
    tooLarge: await outcome(client.shop.order.mutate({ ...order, id: 2n ** 64n })),
    lossless: await outcome(client.shop.nonFinite.query([NaN, Infinity, -Infinity, -0, 1.5])),
    ticks: await events(client.shop.ticks, { from: date }),
    after: await events(client.shop.after, undefined),
    failing: await events(client.shop.failing, undefined),
  };
}
console.log(JSON.stringify(learned));
