// Somebody else's page with widgets in it: of another origin than the widget, and under a strict policy.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { start as startBrowser } from "./browser.mjs";

const policy = origin => `default-src 'self'; script-src 'self' ${origin} 'wasm-unsafe-eval'; connect-src 'self' ${origin}; worker-src blob:; style-src 'self'`;
const STYLE = "body { margin: 12px; font: 16px/1.5 sans-serif; } main { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }";

/** Serves a page's files; `files` may change, `streams` answer as they like, and `asked` tells what was fetched. */
export async function start() {
  const { browser, url, close } = await startBrowser(), origin = new URL(url).origin;
  const files = new Map(), streams = new Map(), asked = [];
  let html = "";
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    if (path === "/") return response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy(origin) }).end(html);
    if (path === "/page.css") return response.writeHead(200, { "content-type": "text/css" }).end(STYLE);
    if (path === "/favicon.ico") return response.writeHead(204).end();
    asked.push(path);
    if (streams.has(path)) return streams.get(path)(response);
    if (!files.has(path)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/csv", "cache-control": "no-store" }).end(files.get(path));
  });
  await new Promise(listening => server.listen(0, "localhost", listening));
  return {
    origin, files, streams, asked,
    /** A visit to the page with `body` in it. What goes wrong behind the test's back fails `leave`, but for what it expects. */
    async visit(body, { lang = "en", expected = [], head = "", ...options } = {}) {
      html = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>Shop</title><link rel="stylesheet" href="page.css">${head}<script type="module" src="${origin}/widget.js"></script></head><body><main><h1>Shop</h1>${body}</main></body></html>`;
      const context = await browser.newContext({ viewport: { width: 900, height: 900 }, ...options }), page = await context.newPage(), faults = [];
      page.on("console", message => ["error", "warning"].includes(message.type()) && faults.push(`console: ${message.text()}`));
      page.on("pageerror", error => faults.push(`thrown: ${error.message}`));
      await page.addInitScript(() => {
        addEventListener("securitypolicyviolation", event => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
        globalThis.heard = [];
        for (const name of ["ready", "select", "error"]) {
          addEventListener(`clickfold-${name}`, ({ target, detail }) => heard.push({ name, id: target.id, detail: name === "ready" ? detail.rows : name === "error" ? `${detail.code}: ${detail.message}` : { ...detail } }));
        }
      });
      await page.goto(`http://localhost:${server.address().port}/`);
      return {
        page, context,
        heard: name => page.evaluate(name => heard.filter(one => one.name === name).map(({ detail }) => detail), name),
        async leave() {
          await context.close();
          assert.deepEqual(faults.filter(fault => !expected.some(pattern => pattern.test(fault))), []);
        },
      };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await close();
    },
  };
}

/** The cells of a widget's table, as they are seen. @param {string} widget */
export const cells = (page, widget = "clickfold-view") => page.$eval(widget, element => [...element.shadowRoot.querySelectorAll("[part=table] tbody tr")].map(row => [...row.cells].map(cell => cell.innerText.trim())));

/** Waits until all widgets have answers or say what is wrong. */
export const settled = page => page.waitForFunction(() => [...document.querySelectorAll("clickfold-view")].every(({ shadowRoot }) => shadowRoot?.querySelector("[part=table] tbody, .chart canvas, .cards li, .failure")));
