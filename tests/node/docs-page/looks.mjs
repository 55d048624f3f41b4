// Checks the page at three widths, in light and dark. Nothing may be wider than the window, and axe
// must find no violation.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expand, expect, field, open, send } from "./person.mjs";
import { PATH } from "./shop.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function looks(browser, origin, folder) {
  for (const width of [1280, 768, 320]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, close } = await open(browser, origin, PATH, { viewport: { width, height: 900 }, colorScheme });
      await expand(page, "orders.search");
      await expand(page, "orders.createOrder");
      await field(page, "orders.createOrder", "Body").fill('{"number": 9007199254740993}');
      await send(page, "orders.createOrder");
      await page.locator("details.headers > summary").click();
      await check(page, width, `at ${width} in ${colorScheme}`);
      await page.screenshot({ path: join(folder, `docs-${width}-${colorScheme}.png`), fullPage: true });
      await close();
    }
  }
}

async function check(page, width, what) {
  expect(`the width, ${what}`, await page.evaluate(() => document.documentElement.scrollWidth), (shown) => shown <= width);
  // The page's CSP blocks added scripts, so the debugger runs this one.
  const violations = await page.evaluate(`${axe}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))`);
  expect(`violations, ${what}`, violations, ({ length }) => length === 0);
}
