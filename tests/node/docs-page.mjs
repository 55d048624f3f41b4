// Opens the page of a running quickstart in Chromium, and does what a person would: logs in, calls a protected procedure.
// Arguments: the program's address, and a folder for screenshots.
import { join } from "node:path";
import { withBrowser } from "./chromium.mjs";

const [address, folder] = process.argv.slice(2);
const expect = (what, actual, check) => {
  if (!check(actual)) throw new Error(`${what}: ${JSON.stringify(actual)}`);
};

await withBrowser(async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, colorScheme: "light" });
  const page = await context.newPage();
  const troubles = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== address) troubles.push(`it asked ${request.url()}`);
  });

  await page.goto(`${address}/docs`);
  await page.waitForSelector(".operation");
  expect("all procedures are there", await page.locator(".operation").count(), (count) => count === 6);

  // By the keyboard alone: a procedure is opened where it has the focus.
  const open = async (id) => {
    await page.locator(`[id="${id}"] > summary`).focus();
    await page.keyboard.press("Enter");
    await page.locator(`[id="${id}"] form`).waitFor();
  };
  const send = async (id) => {
    const reply = page.locator(`[id="${id}"] output`);
    await reply.evaluate((element) => element.replaceChildren());
    await page.locator(`[id="${id}"] button`).focus();
    await page.keyboard.press("Enter");
    await reply.locator(".status").waitFor();
    return { status: await reply.locator(".status").innerText(), body: await reply.locator("pre").innerText() };
  };

  await open("auth_getProfile");
  const before = await send("auth_getProfile");
  expect("a stranger is refused", before, ({ status, body }) => status === "401 Unauthorized" && body.includes("SESSION_UNAUTHORIZED"));
  troubles.splice(0, troubles.length, ...troubles.filter((text) => !text.includes("401")));

  await open("auth_login");
  await page.locator('[id="auth_login"] textarea').fill(JSON.stringify({ email: "alice@example.com", password: "wonderland-1" }));
  const login = await send("auth_login");
  expect("Alice logs in", login, ({ status, body }) => status === "200 OK" && JSON.parse(body).user.name === "Alice");

  const after = await send("auth_getProfile");
  expect("Alice is known", after, ({ status, body }) => status === "200 OK" && JSON.parse(body).email === "alice@example.com");
  await page.screenshot({ path: join(folder, "docs-page.png"), fullPage: true });

  await page.fill("#filter", "getflash");
  expect("the filter hides what does not fit", await page.locator(".operation:visible").count(), (count) => count === 1);
  await page.fill("#filter", "");
  await page.goto(`${address}/docs#auth_logout`);
  await page.reload();
  await page.locator('[id="auth_logout"] form').waitFor();

  const dark = await browser.newContext({ viewport: { width: 420, height: 900 }, colorScheme: "dark" });
  const small = await dark.newPage();
  await small.goto(`${address}/docs#auth_login`);
  await small.locator('[id="auth_login"] form').waitFor();
  const width = await small.evaluate(() => document.documentElement.scrollWidth);
  expect("a narrow page is not wider than its window", width, (width) => width <= 420);
  await small.screenshot({ path: join(folder, "docs-page-dark.png"), fullPage: true });

  expect("the browser reports nothing", troubles, ({ length }) => length === 0);
  console.log(after.body);
});
