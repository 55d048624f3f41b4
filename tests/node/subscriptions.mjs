// Subscribes with the official tRPC client. Arguments: the address of the tRPC path, and the visit
// to make. Prints the events as JSON.
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { EventSource } from "eventsource";

const [url, visit] = process.argv.slice(2);

// Only reached if something hangs.
setTimeout(() => {
  throw new Error("the subscriptions were not done within 60 seconds");
}, 60_000).unref();

// Keeps the cookie of a visitor as a browser does.
let cookie;
const withCookie = async (target, init = {}) => {
  const response = await fetch(target, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } });
  for (const line of response.headers.getSetCookie()) cookie = line.split(";")[0];
  return response;
};

const client = createTRPCClient({
  links: [
    splitLink({
      condition: (operation) => operation.type === "subscription",
      true: httpSubscriptionLink({ url, EventSource, eventSourceOptions: { fetch: withCookie } }),
      false: httpLink({ url, fetch: withCookie }),
    }),
  ],
});

// Returns everything that a subscription reports, in order. `act` may end it.
function told(procedure, input, act = () => {}) {
  return new Promise((resolve) => {
    const events = [];
    let ended = false;
    const tell = (event) => {
      if (ended) return;
      events.push(event);
      act(event, end, events);
    };
    const subscription = procedure.subscribe(input, {
      onStarted: () => tell("started"),
      onData: (data) => tell({ data }),
      onConnectionStateChange: ({ state, error }) => state === "connecting" && error && tell("connecting"),
      onError: (error) => tell({ error: error.data?.code ?? error.message }) ?? resolve(events),
      onComplete: () => tell("complete") ?? resolve(events),
    });
    const end = () => {
      ended = true;
      subscription.unsubscribe();
      resolve(events);
    };
  });
}

const visits = {
  async ends() {
    return {
      count: await told(client.live.count, { to: 3 }),
      tracked: await told(client.live.after, { to: 2 }),
      fails: await told(client.live.fails),
      refused: await told(client.live.refused),
      invalid: await told(client.live.count, { to: 0 }),
    };
  },
  // The reply ends without a `return` event. The client reconnects and sends the id of the last
  // event in the header.
  async resumes() {
    return told(client.live.pages, {}, (event, end, events) => events.filter(({ data }) => data).length === 4 && end());
  },
  // The server falls silent. The client reconnects by itself and sends the id in its input.
  async silent() {
    return told(client.live.silent, {}, (event, end, events) => events.filter(({ data }) => data).length === 2 && end());
  },
  // The client leaves, and then asks the server whether it has noticed.
  async leaves() {
    await told(client.live.never, undefined, (event, end) => event === "started" && end());
    for (;;) {
      if (await client.live.left.query()) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
};
console.log(JSON.stringify(await visits[visit]()));
