// Uses the full-stack example in two browser contexts, like two people at two computers. Arguments:
// the address of its page, and where to write the picture for the README. Fails at the first
// surprise.
import assert from "node:assert/strict";
import { withBrowser } from "./chromium.mjs";

const [address, picture] = process.argv.slice(2);
const size = { width: 560, height: 640 };
const phone = { width: 320, height: 568 };
const ada = { name: "Ada Lovelace", email: "ada@example.com", password: "notes on the engine" };
const grace = { name: "Grace Hopper", email: "grace@example.com", password: "a bug in relay 70" };

await withBrowser(async (browser) => {
  const first = await open(browser, "light");
  const second = await open(browser, "dark");

  await formsSayWhatIsWrong(first);
  await signUp(first, ada);
  await first.getByText("Add your first item").waitFor();
  await signUp(second, grace);
  await logOutAndIn(first, ada);

  await changesAppearInTheOtherWindow(first, second);
  await changesShowBeforeTheServerAnswers(first);
  await streamsGoOnAfterABreak(first, second);
  await anEndedStreamIsBegunAnew(first);
  await themesAreChosenAndKept(second);
  await everythingFitsOnAPhone(second);
  await takePicture(browser, first, second);
  await loggingOutEverywhereReachesTheOtherWindow(first, second);
});

// Opens a window with a light or a dark system theme. An error in it fails the program.
async function open(browser, colorScheme) {
  const context = await browser.newContext({ viewport: size, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(address);
  return page;
}

async function formsSayWhatIsWrong(page) {
  await page.getByRole("radio", { name: "Log in" }).focus();
  await page.keyboard.press("ArrowRight");
  await fill(page, { name: "", email: "ada", password: "short" });
  await page.keyboard.press("Enter");
  for (const [label, issue] of [
    ["Name", "Enter your name (up to 40 characters)"],
    ["Email", "Enter a valid email address"],
    ["Password", "Use 8 to 200 characters"],
  ]) {
    await page.getByText(issue).waitFor();
    assert.equal(await page.getByLabel(label).getAttribute("aria-invalid"), "true");
  }
}

async function signUp(page, person) {
  await page.getByRole("radio", { name: "Sign up" }).check();
  await fill(page, person);
  await page.getByRole("button", { name: "Create account" }).click();
  await live(page);
}

async function logIn(page, { email, password }) {
  await page.getByRole("radio", { name: "Log in" }).check();
  await fill(page, { email, password });
  await page.getByRole("button", { name: "Log in" }).click();
}

async function logOutAndIn(page, person) {
  // The stream ends before the reply comes. The page must not say that the session has ended.
  const gone = ["requestfinished", "requestfailed"].map((event) =>
    page.waitForEvent(event, { predicate: (request) => request.url().includes("items.changes") }),
  );
  await page.route("**/trpc/auth.logOut*", async (route) => {
    const response = await route.fetch();
    await Promise.any(gone);
    assert.equal(await page.getByText("Your session has ended").count(), 0);
    await route.fulfill({ response });
  });
  await chooseFromMenu(page, "Log out");
  await page.getByText("You have logged out.").waitFor();
  await page.unroute("**/trpc/auth.logOut*");
  await logIn(page, { ...person, password: "a guess" });
  await page.getByText("Incorrect email or password").waitFor();
  await logIn(page, person);
  await live(page);
}

async function changesAppearInTheOtherWindow(here, there) {
  for (const text of ["Book the venue", "Invite everybody", "Order the cake"]) await add(here, text);
  await item(there, "Order the cake").waitFor();
  await there.getByText("Ada Lovelace added “Order the cake”").waitFor();

  await item(there, "Book the venue").check();
  await here.getByRole("checkbox", { name: "Book the venue", checked: true }).waitFor();
  await here.getByText("Grace Hopper completed “Book the venue”").waitFor();
  await here.getByText("1 of 3 completed").waitFor();

  await here.getByRole("button", { name: "Remove Order the cake" }).focus();
  await here.keyboard.press("Enter");
  assert.equal(await here.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Remove Invite everybody");
  await item(there, "Order the cake").waitFor({ state: "detached" });
  await there.getByText("Ada Lovelace removed “Order the cake”").waitFor();
}

async function changesShowBeforeTheServerAnswers(page) {
  let answer;
  const asked = new Promise((resolve) => {
    void page.route("**/trpc/items.add*", (route) => {
      answer = (how) => how(route);
      resolve();
    });
  });
  await add(page, "Find a band");
  await item(page, "Find a band").waitFor();
  await asked;
  await answer((route) => route.abort());
  await page.getByText("Could not reach the server. Check your connection and try again.").waitFor();
  await item(page, "Find a band").waitFor({ state: "detached" });
  await page.unroute("**/trpc/items.add*");

  await add(page, "Find a band");
  await page.getByText("Could not reach the server").waitFor({ state: "detached" });
}

// Both streams break. Both clients reconnect and get the changes that they missed. News only tell
// of changes, not of the first list.
async function streamsGoOnAfterABreak(here, there) {
  await item(there, "Find a band").waitFor();
  await here.request.post(`${address}break`);
  await there.getByText("Connecting…", { exact: true }).waitFor();
  await add(here, "Choose the menu");
  await live(there);
  await item(there, "Choose the menu").waitFor();
  await there.getByText("Ada Lovelace added “Choose the menu”").waitFor();
}

// The server ends the stream for good, and the user reconnects.
async function anEndedStreamIsBegunAnew(page) {
  const body = "event: connected\ndata: {}\n\nevent: return\ndata: \n\n";
  await page.route("**/trpc/items.changes*", (route) => route.fulfill({ contentType: "text/event-stream", body }));
  await page.request.post(`${address}break`);
  await page.getByText("Disconnected", { exact: true }).waitFor();
  await page.getByText("Live updates have stopped.").waitFor();
  await page.unroute("**/trpc/items.changes*");
  await page.getByRole("button", { name: "Reconnect" }).click();
  await live(page);
}

async function themesAreChosenAndKept(page) {
  const isDark = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await isDark();
  await page.getByRole("button", { name: "Switch to light mode" }).click();
  const light = await isDark();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await isDark(), light);
  await page.getByRole("button", { name: "Switch to dark mode" }).click();
  assert.equal(await isDark(), dark);
  await live(page);
}

async function everythingFitsOnAPhone(page) {
  const long = "W".repeat(200);
  await add(page, long);
  await page.setViewportSize(phone);
  assert.equal(await widthOf(page), phone.width);
  await page.getByRole("button", { name: "Account menu for Grace Hopper" }).click();
  const menu = await page.locator("#account").boundingBox();
  assert.ok(menu.x >= 0 && menu.x + menu.width <= phone.width, JSON.stringify(menu));
  await page.keyboard.press("Escape");
  const welcome = await open(page.context().browser(), "light");
  await welcome.setViewportSize(phone);
  assert.equal(await widthOf(welcome), phone.width);
  await welcome.context().close();
  await page.setViewportSize(size);
  await page.getByRole("button", { name: `Remove ${long}` }).click();
}

// Both windows side by side.
async function takePicture(browser, first, second) {
  await add(second, "Hang up the lights");
  await first.getByText("Grace Hopper added “Hang up the lights”").waitFor();
  await item(second, "Invite everybody").check();
  await first.getByText("Grace Hopper completed “Invite everybody”").waitFor();
  await add(first, "Write the speeches");
  await second.getByText("Ada Lovelace added “Write the speeches”").waitFor();
  const windows = [];
  for (const page of [first, second]) {
    await page.mouse.move(0, 0);
    // Waits until everything has faded in.
    await page.waitForFunction(() => document.getAnimations().every((animation) => animation.playState !== "running"));
    windows.push(`data:image/png;base64,${(await page.screenshot()).toString("base64")}`);
  }
  const page = await browser.newPage({ viewport: { width: 1200, height: 704 } });
  await page.setContent(`<!doctype html><style>
    body { display: flex; justify-content: center; align-items: center; gap: 32px; height: 100vh; margin: 0; background: #dfe6df }
    img { width: ${size.width}px; border-radius: 14px; box-shadow: 0 0 0 1px #0002, 0 12px 28px #0003 }
  </style>${windows.map((source) => `<img src="${source}">`).join("")}`);
  await page.screenshot({ path: picture });
  await page.close();
}

// The second window now belongs to the same person. It learns by itself that its session has ended.
async function loggingOutEverywhereReachesTheOtherWindow(here, there) {
  await chooseFromMenu(there, "Log out");
  await logIn(there, ada);
  await live(there);
  await chooseFromMenu(here, "Log out everywhere");
  await here.getByText("You have logged out everywhere.").waitFor();
  await there.getByText("Your session has ended").waitFor();
  assert.equal(await there.getByRole("checkbox").count(), 0);
}

async function fill(page, person) {
  for (const [label, text] of [["Name", person.name], ["Email", person.email], ["Password", person.password]]) {
    if (text !== undefined) await page.getByLabel(label).fill(text);
  }
}

async function chooseFromMenu(page, entry) {
  await page.getByRole("button", { name: "Account menu for" }).click();
  await page.getByRole("button", { name: entry, exact: true }).click();
}

async function add(page, text) {
  await page.getByLabel("New item").fill(text);
  await page.keyboard.press("Enter");
}

function item(page, text) {
  return page.getByRole("checkbox", { name: text });
}

function live(page) {
  return page.getByText("Live", { exact: true }).waitFor();
}

function widthOf(page) {
  return page.evaluate(() => document.documentElement.scrollWidth);
}
