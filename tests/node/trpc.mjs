// Calls an application with the official tRPC client, through each of its links, and by REST, with
// cookies. Arguments: the addresses of the tRPC path and of the REST prefix. Prints the results as
// JSON.
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, splitLink, TRPCClientError } from "@trpc/client";
import { restClient, visitByBoth } from "./rest.mjs";

const [url, restUrl] = process.argv.slice(2);

// Only reached if something hangs.
setTimeout(() => {
  throw new Error("the calls were not done within 60 seconds");
}, 60_000).unref();

// Keeps cookies as a browser does for one application, and counts the requests.
function browser() {
  const cookies = new Map();
  let requests = 0;
  const fetchWithCookies = async (target, init = {}) => {
    requests += 1;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(target, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split("; ");
      const [name, value] = pair.split(/=(.*)/s);
      if (attributes.includes("Max-Age=0")) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  return { fetch: fetchWithCookies, requests: () => requests };
}

const links = {
  httpLink: (options) => httpLink(options),
  httpBatchLink: (options) => httpBatchLink(options),
  httpBatchStreamLink: (options) => httpBatchStreamLink(options),
  splitLink: (options) =>
    splitLink({ condition: (operation) => operation.type === "query", true: httpBatchStreamLink(options), false: httpLink(options) }),
};

// The result of a call, or the client's view of its error.
async function outcome(call) {
  try {
    return { data: (await call) ?? null };
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    const { code, httpStatus, path, tag, issues } = error.data ?? {};
    return { message: error.message, code, httpStatus, path, tag, issues };
  }
}

const learned = {};
for (const [name, link] of Object.entries(links)) {
  const visitor = browser();
  const client = createTRPCClient({ links: [link({ url, fetch: visitor.fetch })] });
  learned[name] = {
    before: await outcome(client.auth.getProfile.query()),
    wrong: await outcome(client.auth.login.mutate({ id: "" })),
    login: await outcome(client.auth.login.mutate({ id: "u1" })),
    profile: await outcome(client.auth.getProfile.query()),
    together: await Promise.all([
      outcome(client.auth.getProfile.query()),
      outcome(client.shop.slow.query({ word: "slow" })),
      outcome(client.shop.nothing.query()),
      outcome(client.shop.nope.query()),
      outcome(client.shop.fails.query()),
    ]),
    logout: await outcome(client.auth.logout.mutate()),
    after: await outcome(client.auth.getProfile.query()),
    requests: visitor.requests(),
    both: await visitByBoth(client, restClient(restUrl, visitor.fetch)),
  };
}
console.log(JSON.stringify(learned));
