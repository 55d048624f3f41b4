// The page of an application mounted below /shop: finds, fills in, sends and copies its operations.
import { execFileSync } from "node:child_process";
import { expand, expect, field, open, operation, send } from "./person.mjs";

export const PATH = "/shop/internal/docs";
const LARGE = "9007199254740993";

export async function shop(browser, origin) {
  const { context, page, close } = await open(browser, origin, PATH);
  await filter(page);
  await address(page);
  await integers(page);
  await severalValues(page);
  await headers(page);
  await tokens(page);
  await failures(page);
  await curl(context, page, origin);
  await events(page);
  await close();
}

async function filter(page) {
  const count = (selector) => page.locator(`${selector}:visible`).count();
  const all = await count(".operation");
  await page.fill("#filter", "orders.Search");
  expect("a procedure is found by its name", await count(".operation"), 1);
  expect("the list follows the filter", [await count("nav a.tag"), await count("nav li li")], ([tags, names]) => tags === 1 && names === 1);
  expect("the count is shown", await page.locator("#found").innerText(), `1 of ${all} procedures`);
  await page.fill("#filter", "get orders id");
  expect("each word counts", await count(".operation"), 1);
  await page.fill("#filter", "zebra");
  await page.locator("#nothing").waitFor();
  expect("nothing is found", await page.locator("#nothing").innerText(), (text) => text.includes("“zebra”"));
  expect("nothing is listed", await count("nav a"), 0);
  await page.getByRole("button", { name: "Clear the filter" }).click();
  expect("everything is shown again", [await count(".operation"), await count("#nothing")], ([shown, nothing]) => shown === all && nothing === 0);
}

async function address(page) {
  const hash = () => page.evaluate(() => location.hash);
  const isOpen = (name) => operation(page, name).evaluate((element) => element.open);
  await expand(page, "orders.getOrder");
  await page.waitForFunction(() => location.hash === "#orders.getOrder");
  await expand(page, "orders.search");
  await page.waitForFunction(() => location.hash === "#orders.search");
  expect("the list marks it", await page.locator("nav a[aria-current]").getAttribute("href"), "#orders.search");
  await page.goBack();
  await page.waitForFunction(() => !document.getElementById("orders.search").open);
  expect("going back opens the first", [await hash(), await isOpen("orders.getOrder")], ([hash, open]) => hash === "#orders.getOrder" && open);
  await page.locator("nav a.tag").first().click();
  expect("a link to a namespace closes nothing", await isOpen("orders.getOrder"), true);
  await page.locator('nav a[href="#orders.search"]').click();
  await page.waitForFunction(() => document.getElementById("orders.search").open);
  await page.reload();
  await operation(page, "orders.search").locator("form").waitFor();
  await operation(page, "orders.search").locator("> summary").click();
  await page.waitForFunction(() => location.hash === "");
}

async function integers(page) {
  await expand(page, "orders.getOrder");
  await field(page, "orders.getOrder", "id*").fill(LARGE);
  const got = await send(page, "orders.getOrder");
  expect("the number is sent unchanged and below the mount", got.line, (line) => line.includes(`GET /shop/api/orders/${LARGE}`));
  expect("the reply is shown unchanged", got.body, (body) => body.includes(`"number": ${LARGE}`) && body.includes('"next": 9007199254740995'));
  await expand(page, "orders.createOrder");
  const inside = await operation(page, "orders.createOrder").locator(".inside").innerText();
  expect("the document's numbers are unchanged", inside, (text) => text.includes("default 9007199254740993"));
  await field(page, "orders.createOrder", "Body").fill('{"number": 18446744073709551615}');
  const shown = await page.evaluate(async () => {
    const { indent } = await import("/shop/internal/docs/json.js");
    return [String.raw`{"a":[],"b":[ 1E400,{"c":"x,{}\"]\\"}],"":-0.10}`, "[1,", `["${"\\n".repeat(1_000_000)}"]`].map(indent);
  });
  const expected = ['{', '  "a": [],', '  "b": [', '    1E400,', '    {', String.raw`      "c": "x,{}\"]\\"`, '    }', '  ],', '  "": -0.10', '}'];
  expect("indenting changes no token", shown[0], expected.join("\n"));
  expect("text that is not JSON is unchanged", shown[1], "[1,");
  expect("a long text can be shown", shown[2].length, 2_000_008);
  expect("a body is sent unchanged", (await send(page, "orders.createOrder")).body, (body) => body.includes('"number": 18446744073709551615'));
}

async function severalValues(page) {
  await expand(page, "orders.search");
  await field(page, "orders.search", "paid").check();
  await field(page, "orders.search", "sent").check();
  await field(page, "orders.search", "words").fill("red, green\nblue");
  const { body } = await send(page, "orders.search");
  const expected = { states: ["paid", "sent"], words: ["red, green", "blue"] };
  expect("every value arrives", JSON.stringify(JSON.parse(body)), JSON.stringify(expected));
  await expand(page, "orders.anyKeys");
  await field(page, "orders.anyKeys", "fields").fill("a=1\nb=x=y");
  expect("every key arrives", JSON.stringify(JSON.parse((await send(page, "orders.anyKeys")).body)), '{"a":"1","b":"x=y"}');
}

async function headers(page) {
  await expand(page, "orders.report");
  expect("without a key the call is refused", (await send(page, "orders.report")).status, "401 Unauthorized");
  await field(page, "orders.report", "x-api-key*").fill("key-123");
  expect("with it the call succeeds", (await send(page, "orders.report")).status, "200 OK");
  await expand(page, "orders.audit");
  expect("the key is filled in everywhere", await field(page, "orders.audit", "x-api-key*").inputValue(), "key-123");
  await field(page, "orders.audit", "x-api-key*").fill("another");
  expect("a changed key is changed everywhere", await field(page, "orders.report", "x-api-key*").inputValue(), "another");
  await field(page, "orders.audit", "x-api-key*").fill("key-123");
  await operation(page, "orders.report").locator("details.headers > summary").click();
  const told = await operation(page, "orders.report").locator("details.headers dl").innerText();
  expect("headers of the reply are shown", told, (text) => text.includes("x-ratelimit-remaining"));
}

async function tokens(page) {
  await expand(page, "forms.submit");
  expect("without a token the call is refused", (await send(page, "forms.submit")).body, (body) => body.includes("CSRF_MISSING_COOKIE"));
  await expand(page, "forms.getToken");
  const token = JSON.parse((await send(page, "forms.getToken")).body);
  const header = field(page, "forms.submit", "x-csrf-token*");
  const hint = await page.locator(`#${await header.getAttribute("aria-describedby")}`).innerHTML();
  expect("the page says where else a token can be, with code as code", hint, (text) => text.includes("<code>_csrf</code>"));
  await header.fill(token);
  expect("with it the call succeeds", (await send(page, "forms.submit")).status, "200 OK");
}

/** The page says that it waits, and why no reply came. */
async function failures(page) {
  await page.evaluate(() => {
    const { fetch } = window;
    window.fetch = () => new Promise((_, reject) => {
      window.breakOff = () => {
        window.fetch = fetch;
        reject(new TypeError("the network is down"));
      };
    });
  });
  const form = operation(page, "orders.report").locator("form");
  await form.getByRole("button", { name: "Send" }).click();
  await form.locator("output").getByText("Waiting for the reply").waitFor();
  await page.evaluate(() => window.breakOff());
  await form.locator("output").getByText("No reply: the network is down").waitFor();
}

async function curl(context, page, origin) {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const copy = async (name) => {
    await operation(page, name).getByRole("button", { name: "Copy as curl" }).click();
    await operation(page, name).locator("output").getByText("Copied").waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const run = (command) => execFileSync("sh", ["-c", `${command} --silent --max-time 10`], { encoding: "utf8" });
  await field(page, "orders.createOrder", "Body").fill(`{"number": ${LARGE}, "note": "it's"}`);
  expect("a body", run(await copy("orders.createOrder")), (body) => body.includes(`"number":${LARGE}`) && body.includes("it's"));
  expect("several values", run(await copy("orders.search")), '{"states":["paid","sent"],"words":["red, green","blue"]}');
  expect("a header", run(await copy("orders.report")), '"a report"');
  const named = await copy("forms.submit");
  expect("a token", named, (text) => text.includes("-H 'x-csrf-token: "));
}

async function events(page) {
  await expand(page, "orders.changes");
  const form = operation(page, "orders.changes").locator("form");
  await form.getByRole("button", { name: "Send" }).click();
  await form.locator("pre").getByText("a change").waitFor();
  await form.getByRole("button", { name: "Stop" }).click();
  await form.locator("output").getByText("Stopped").waitFor();
}
