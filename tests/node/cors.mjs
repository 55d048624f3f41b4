// Opens pages in Chromium, one after another. Each calls an API on another origin with the
// browser's cookies. Arguments: the address of the API and those of the pages. Prints what each
// page learned, as JSON.
import { withBrowser } from "./chromium.mjs";

const [api, ...pages] = process.argv.slice(2);

const learned = await withBrowser(async (browser) => {
  const page = await browser.newPage();
  const learned = [];
  for (const address of pages) {
    await page.goto(address);
    learned.push(await page.evaluate(run, api));
  }
  return learned;
});
console.log(JSON.stringify(learned));

// This function runs in the page.
async function run(api) {
  const call = async (path, init) => {
    try {
      const reply = await fetch(api + path, { credentials: "include", ...init });
      const text = await reply.text();
      const body = path.startsWith("/trpc/") ? text : JSON.parse(text);
      return { status: reply.status, body, remaining: reply.headers.get("x-ratelimit-remaining") };
    } catch (error) {
      return { rejected: error.name };
    }
  };
  return {
    before: await call("/api/auth/getProfile"),
    // This request needs no preflight, because it has neither a body nor headers of its own.
    enter: await call("/api/auth/enter", { method: "POST" }),
    login: await call("/api/auth/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "ada" }),
    }),
    after: await call("/api/auth/getProfile"),
    // As `httpBatchStreamLink` calls it.
    streamed: await call("/trpc/auth.getProfile?batch=1&input=%7B%7D", {
      headers: { "content-type": "application/json", "trpc-accept": "application/jsonl", "x-trpc-source": "react" },
    }),
  };
}
