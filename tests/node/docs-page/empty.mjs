// The page of an application whose procedures have no REST route.

export async function empty(browser, origin) {
  const page = await browser.newPage();
  await page.goto(`${origin}/docs`);
  await page.getByText("This page shows procedures with a REST route, and no procedure has one.").waitFor();
  await page.close();
}
