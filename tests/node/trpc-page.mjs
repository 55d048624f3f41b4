// Opens a page in Chromium. Its script calls the application with the official tRPC client and by
// REST, with the browser's cookies. Argument: the address of the page. Prints what the page
// learned, as JSON.
import { withBrowser } from "./chromium.mjs";

const [address] = process.argv.slice(2);

const learned = await withBrowser(async (browser) => {
  const page = await browser.newPage();
  await page.goto(address);
  return page.evaluate(run);
});
console.log(JSON.stringify(learned));

// This function runs in the page, whose import map has both clients.
async function run() {
  const { createTRPCClient, httpBatchLink, httpBatchStreamLink } = await import("@trpc/client");
  const { restClient, visitByBoth } = await import("rest");
  const learned = {};
  for (const [name, link] of Object.entries({ httpBatchLink, httpBatchStreamLink })) {
    const client = createTRPCClient({ links: [link({ url: "/trpc" })] });
    const profile = () => client.auth.getProfile.query().catch((error) => error.data.code);
    learned[name] = {
      before: await profile(),
      login: await client.auth.login.mutate({ id: "u1" }),
      together: await Promise.all([profile(), client.shop.slow.query({ word: "slow" })]),
      logout: (await client.auth.logout.mutate()) ?? null,
      after: await profile(),
      both: await visitByBoth(client, restClient("/api")),
    };
  }
  return learned;
}
