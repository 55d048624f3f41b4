// REST calls in the style of VeloxTS's client, and a visit that mixes them with tRPC calls. Runs in
// Node and in a page.

// `api.auth.login({ id })` sends the request that the naming convention gives the procedure.
// Supports only what `auth` needs: names with `get` read, and each procedure is at
// `/<namespace>/<name>`, because none is a collection or has its id in the path.
export function restClient(baseUrl, fetch = globalThis.fetch.bind(globalThis)) {
  const call = async (namespace, name, input) => {
    const response = await fetch(`${baseUrl}/${namespace}/${name}`, {
      method: /^get[A-Z]/.test(name) ? "GET" : "POST",
      credentials: "include",
      ...(input && { headers: { "content-type": "application/json" }, body: JSON.stringify(input) }),
    });
    const text = await response.text();
    const reply = text ? JSON.parse(text) : null;
    if (!response.ok) throw Object.assign(new Error(reply.message), { status: response.status, envelope: reply });
    return reply;
  };
  const proxy = (get) => new Proxy({}, { get: (_, key) => get(key) });
  return proxy((namespace) => proxy((name) => (input) => call(namespace, name, input)));
}

// Logs in with one client and out with the other, in one session. Returns what each of them sees.
export async function visitByBoth(trpc, rest) {
  const trpcRefusal = (call) => call.then(() => "answered", (error) => error.data.code);
  const restRefusal = (call) => call.then(() => "answered", ({ status, envelope }) => ({ status, envelope }));
  return {
    inByTrpc: {
      login: await trpc.auth.login.mutate({ id: "u2" }),
      profiles: [await rest.auth.getProfile(), await trpc.auth.getProfile.query()],
      logout: await rest.auth.logout(),
      after: [await restRefusal(rest.auth.getProfile()), await trpcRefusal(trpc.auth.getProfile.query())],
    },
    inByRest: {
      login: await rest.auth.login({ id: "u3" }),
      profiles: [await rest.auth.getProfile(), await trpc.auth.getProfile.query()],
      logout: (await trpc.auth.logout.mutate()) ?? null,
      after: [await restRefusal(rest.auth.getProfile()), await trpcRefusal(trpc.auth.getProfile.query())],
    },
  };
}
