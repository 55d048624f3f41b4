// Starts a Chromium that ends with the program.
import { chromium } from "playwright-core";

// Runs `work` with a browser and returns its result. The program fails after a minute, because
// something must hang.
export async function withBrowser(work) {
  setTimeout(() => {
    throw new Error("the browser was not done within 60 seconds");
  }, 60_000).unref();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}
