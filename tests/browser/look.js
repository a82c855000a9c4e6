"use strict";
// Opens pages in Chromium and prints what it saw as JSON: node look.js CHROMIUM FOLDER PAGE...
// FOLDER is an empty folder for the profile of the browser; a PAGE is the path of a file.
const fs = require("fs");
const { chromium } = require("playwright-core");
const { pathToFileURL } = require("url");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [400, 1280];
const OPTIONS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

function watch(page, seen) {
  page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.console.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { seen.dialogs += 1; dialog.dismiss(); });
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) seen.requests.push(request.url());
  });
}

const column = (page, place) => page.$$eval(
  "table.sortable tbody tr", (rows, at) => rows.map((row) => row.cells[at].textContent.trim()), place);

async function sorted(page) {
  const heads = await page.$$eval("table.sortable thead th",
    (cells) => cells.map((cell) => cell.textContent.trim()));
  const place = heads.findIndex((head) => head.startsWith("TST"));
  const button = page.locator("table.sortable thead th button").nth(place);
  const result = { before: await column(page, place) };
  await button.click();
  result.up = await column(page, place);
  await button.click();
  result.down = await column(page, place);
  result.said = await page.locator("table.sortable thead th").nth(place).getAttribute("aria-sort");
  return result;
}

async function filtered(page) {
  const shown = () => page.$$eval("table.sortable tbody tr",
    (rows) => rows.filter((row) => row.checkVisibility()).map((row) => row.cells[0].textContent.trim()));
  const result = {};
  await page.fill(".filter input", "s2");
  result.words = await shown();
  result.said = await page.textContent(".filter output");
  await page.fill(".filter input", "");
  await page.selectOption(".filter select", "failed");
  result.status = await shown();
  await page.selectOption(".filter select", "");
  result.all = await shown();
  return result;
}

async function pointedAt(page) {
  if (await page.locator("#epoch").count()) {
    await page.locator(".picture svg").hover();
    return page.textContent("#epoch");
  }
  const line = page.locator(".estimation .subject path").first();
  if (!(await line.count())) return null;
  await line.scrollIntoViewIfNeeded();
  const width = () => line.evaluate((path) => getComputedStyle(path).strokeWidth);
  const before = await width();
  const box = await line.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForTimeout(50);
  const words = await page.locator(".estimation .subject title").first().textContent();
  return { before, after: await width(), words };
}

async function look(browser, file) {
  const seen = { console: [], requests: [], dialogs: 0, wider: {} };
  const address = pathToFileURL(file).href;
  for (const width of WIDTHS) {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    watch(page, seen);
    const began = Date.now();
    await page.goto(address);
    seen.opened_ms = Date.now() - began;
    seen.wider[width] = await page.evaluate(() => document.documentElement.scrollWidth) - width;
    if (width === WIDTHS[1]) {
      seen.anchors = await page.$$eval('a[href^="#"]', (links) => links.map((link) => link.hash)
        .filter((hash) => !document.getElementById(hash.slice(1))));
      seen.pointed_at = await pointedAt(page);
      if (await page.locator("table.sortable").count()) {
        seen.sorted = await sorted(page);
        seen.filtered = await filtered(page);
      }
      seen.text = await page.evaluate(() => document.body.innerText);
    }
    await page.close();
  }
  seen.requests = seen.requests.filter((url) => url !== address);

  const bare = await browser.newContext({ javaScriptEnabled: false });
  const plain = await bare.newPage();
  await plain.goto(address);
  seen.rows_without_script = await plain.locator("table tbody tr:visible").count();
  seen.filter_without_script = await plain.locator(".filter:visible").count();
  await bare.close();

  // axe has to be put into the page, which the policy of the page forbids.
  const open = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 900 } });
  const tested = await open.newPage();
  await tested.goto(address);
  await tested.evaluate(AXE);
  const result = await tested.evaluate(() => axe.run());
  seen.axe = result.violations.map((found) => ({
    impact: found.impact, id: found.id, where: found.nodes.slice(0, 3).map((node) => node.html),
  }));
  await open.close();
  return seen;
}

(async () => {
  const [executablePath, folder, ...files] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath, args: OPTIONS, env: { ...process.env, HOME: folder } });
  const seen = {};
  for (const file of files) seen[file] = await look(browser, file);
  await browser.close();
  console.log(JSON.stringify(seen));
})();
