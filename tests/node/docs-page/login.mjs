// The page of the quickstart: logs in, and calls a procedure that needs a session.
import { expand, expect, open, operation, send } from "./person.mjs";

export async function login(browser, origin) {
  const { page, close } = await open(browser, origin, "/docs");
  expect("all procedures are listed", await page.locator(".operation").count(), 6);
  const user = page.locator("#user");
  await user.getByText("Not logged in").waitFor();

  await expand(page, "auth.getProfile");
  const before = await send(page, "auth.getProfile");
  expect("a visitor is refused", before, ({ status, body }) => status === "401 Unauthorized" && body.includes("SESSION_UNAUTHORIZED"));

  await expand(page, "auth.login");
  const body = operation(page, "auth.login").getByLabel("Body");
  await body.fill(JSON.stringify({ email: "alice@example.com", password: "wonderland-1" }));
  const reply = await send(page, "auth.login");
  expect("Alice logs in", reply, ({ status, body }) => status === "200 OK" && JSON.parse(body).user.name === "Alice");
  await user.getByText("alice@example.com").waitFor();

  const after = await send(page, "auth.getProfile");
  expect("Alice is logged in", after, ({ status, body }) => status === "200 OK" && JSON.parse(body).email === "alice@example.com");

  await expand(page, "auth.logout");
  expect("Alice logs out", (await send(page, "auth.logout")).status, "200 OK");
  await user.getByText("Not logged in").waitFor();
  await close();
}
