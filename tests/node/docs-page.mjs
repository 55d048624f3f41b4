// Opens the pages at /docs of three programs in Chromium and uses them as a person would. Arguments:
// the address of the quickstart, the address of an application mounted below /shop, the address of
// one without REST routes, and a folder for screenshots.
import { withBrowser } from "./chromium.mjs";
import { empty } from "./docs-page/empty.mjs";
import { login } from "./docs-page/login.mjs";
import { looks } from "./docs-page/looks.mjs";
import { shop } from "./docs-page/shop.mjs";

const [quickstart, mounted, routeless, folder] = process.argv.slice(2);

await withBrowser(async (browser) => {
  await login(browser, quickstart);
  await shop(browser, mounted);
  await empty(browser, routeless);
  await looks(browser, mounted, folder);
});
console.log("all of it");
