// A browser on www/dist for the tests beside this file. Whatever a page does wrong behind a test's back fails it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { serve } from "../../www/serve.mjs";

const { chromium } = createRequire(new URL("../../www/package.json", import.meta.url))("playwright-core");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const DIST = fileURLToPath(new URL("../../www/dist", import.meta.url));

/** Serves dist/ and starts a browser; `close` ends both. */
export async function start() {
  const server = await serve(DIST, 0);
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  return {
    url: server.url,
    browser,
    /** A fresh visit, with nothing kept from another. What goes wrong fails `leave`, but for what is expected. */
    visit: options => visit(browser, server.url, options),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

async function visit(browser, url, { path = "", expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const faults = [];
  const { origin } = new URL(url);
  context.on("request", request => {
    if (/^https?:/.test(request.url()) && new URL(request.url()).origin !== origin) faults.push(`asked ${request.url()}`);
  });
  const page = await context.newPage();
  page.on("console", message => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("pageerror", error => faults.push(`thrown: ${error.message}`));
  page.on("dialog", dialog => (faults.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", event => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(url + path);
  return {
    page,
    context,
    /** Ends the visit; it must have been clean. */
    async leave() {
      await context.close();
      assert.deepEqual(faults.filter(fault => !expected.some(pattern => pattern.test(fault))), []);
    },
  };
}

/** A file for a file input. @param {string} name @param {string | Uint8Array} content */
export const file = (name, content) => ({ name, mimeType: "text/csv", buffer: Buffer.from(content) });

/** Gives the page a file and waits until its panels stand. */
export async function load(page, chosen) {
  await page.setInputFiles("input[type=file]", chosen);
  await loaded(page);
}

/** Waits until the panels have their answers. */
export async function loaded(page) {
  await page.waitForSelector("#ranking tbody tr");
  await page.waitForFunction(() => /rows loaded/.test(document.querySelector("[role=status]").textContent));
}

/** A table's body as text, row by row. */
export const cells = (page, selector) =>
  page.$$eval(`${selector} tbody tr`, rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim())));

/** Waits until what is read is what is expected, and says the difference if it never is. What is not there yet may come. */
export async function eventually(read, expected) {
  for (let tries = 0; ; tries++) {
    try {
      return assert.deepEqual(await read(), expected);
    } catch (error) {
      if (tries === 300) throw error;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
}
