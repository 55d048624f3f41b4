// Uses the page like a person, by keyboard where that is easy. The page must only send requests to
// its own origin, and the browser must report no error.

export function expect(what, actual, check) {
  if (!(typeof check === "function" ? check(actual) : Object.is(actual, check))) throw new Error(`${what}: ${JSON.stringify(actual)}`);
}

/** Opens a page at this path of the origin, in a browser context of its own. */
export async function open(browser, origin, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", ...options });
  const page = await context.newPage();
  const troubles = [];
  // A 4xx reply that a test expects is logged too, and is not an error of the page.
  const isReply = (text) => /status of 4\d\d/.test(text);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !isReply(message.text()) && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== "data:" && asked !== origin) troubles.push(`it asked ${request.url()}`);
  });
  await page.goto(origin + path);
  await page.locator(".operation").first().waitFor();
  return { context, page, close: async () => {
    expect("the browser reports nothing", troubles, ({ length }) => length === 0);
    await context.close();
  } };
}

export const operation = (page, name) => page.locator(`[id="${name}"]`);

export async function expand(page, name) {
  await operation(page, name).locator("> summary").focus();
  await page.keyboard.press("Enter");
  await operation(page, name).locator("form").waitFor();
}

/** The field of a parameter. */
export const field = (page, name, label) => operation(page, name).getByLabel(label, { exact: true });

/** Sends the form of an open operation and returns the reply. */
export async function send(page, name) {
  const form = operation(page, name).locator("form");
  await form.locator("output").evaluate((element) => element.replaceChildren());
  await form.getByRole("button", { name: "Send" }).focus();
  await page.keyboard.press("Enter");
  await form.locator("output .status").waitFor();
  await form.locator("button[type=submit]:not([disabled])").waitFor();
  const [status, line] = [await form.locator("output .status").innerText(), await form.locator("output").innerText()];
  const body = await form.locator(".reply pre").allInnerTexts();
  return { status, line, body: body[0] ?? "" };
}
