// A person at the page, who uses the keyboard where that is easy. The page may reach nothing but its origin, and report nothing.

export function expect(what, actual, check) {
  if (!(typeof check === "function" ? check(actual) : Object.is(actual, check))) throw new Error(`${what}: ${JSON.stringify(actual)}`);
}

/** A page of a browser of its own, at this address below the origin. */
export async function open(browser, origin, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", ...options });
  const page = await context.newPage();
  const troubles = [];
  // A refusal that was asked for is no trouble of the page.
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

/** Opens an operation. */
export async function expand(page, name) {
  await operation(page, name).locator("> summary").focus();
  await page.keyboard.press("Enter");
  await operation(page, name).locator("form").waitFor();
}

/** The field of a parameter. */
export const field = (page, name, label) => operation(page, name).getByLabel(label, { exact: true });

/** Sends what the form of an open operation has, and returns the reply. */
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
