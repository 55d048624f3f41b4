// Opens a page in Chromium whose script calls the application by the stock client of tRPC, with the browser's own cookies. Argument: the
// address of the page. It prints what the page learned, as JSON.
import { chromium } from "playwright-core";

const [address] = process.argv.slice(2);

// Reached only by what hangs. Chromium ends with this process.
setTimeout(() => {
  throw new Error("the page was not done within 60 seconds");
}, 60_000).unref();

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
});
try {
  const page = await browser.newPage();
  await page.goto(address);
  console.log(JSON.stringify(await page.evaluate(run)));
} finally {
  await browser.close();
}

// This function runs in the page, whose import map knows the client.
async function run() {
  const { createTRPCClient, httpBatchLink, httpBatchStreamLink } = await import("@trpc/client");
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
    };
  }
  return learned;
}
