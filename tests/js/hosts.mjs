// Pages of other people: servers of several origins, and a browser that notes what goes wrong in any page, frame or worker.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serve } from "../../www/serve.mjs";

const require = createRequire(new URL("../../www/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const { WebSocket } = require("ws");
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const dist = fileURLToPath(new URL("../../www/dist", import.meta.url));
export const axe = readFileSync(new URL("../../www/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export const launch = () => chromium.launch({ executablePath: EXECUTABLE, args: ARGS });

/** A browser of its own whose network nobody watches: DevTools that do keep what was fetched in the renderer's memory. */
export async function launchUnwatched() {
  const folder = mkdtempSync(`${tmpdir()}/clickfold-`);
  const child = spawn(EXECUTABLE, [...ARGS, "--headless", "--remote-debugging-port=0", `--user-data-dir=${folder}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = new Promise(resolve => child.once("exit", resolve));
  let address = "";
  for await (const line of createInterface(child.stderr)) {
    address = /^DevTools listening on (.*)/.exec(line)?.[1] ?? "";
    if (address) break;
  }
  child.stderr.resume();
  const socket = new WebSocket(address), waiting = new Map();
  await new Promise(opened => socket.once("open", opened));
  socket.on("message", text => {
    const { id, result, error } = JSON.parse(text), { resolve, reject } = waiting.get(id) ?? {};
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  });
  let next = 0, sessionId;
  const send = (method, params = {}) => new Promise((resolve, reject) => {
    waiting.set(++next, { resolve, reject });
    socket.send(JSON.stringify({ id: next, method, params, ...sessionId && !/^(Target|SystemInfo|Browser)/.test(method) && { sessionId } }));
  });
  const { targetInfos } = await send("Target.getTargets");
  ({ sessionId } = await send("Target.attachToTarget", { targetId: targetInfos.find(({ type }) => type === "page").targetId, flatten: true }));
  const loaded = () => new Promise(resolve => socket.on("message", text => JSON.parse(text).method === "Page.loadEventFired" && resolve(undefined)));
  return {
    send,
    /** @param {string} url */
    async open(url) {
      await send("Page.enable");
      const done = loaded();
      await send("Page.navigate", { url });
      await done;
    },
    /** What an expression becomes in the page. */
    async evaluate(expression) {
      const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    },
    /** MiB that all of its renderers hold. */
    async rss() {
      const { processInfo } = await send("SystemInfo.getProcessInfo");
      const kb = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]));
      return kb.reduce((sum, kb) => sum + kb, 0) / 1024;
    },
    async close() {
      await send("Browser.close");
      await exited;
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** dist/ at an origin that is not the site of 127.0.0.1. @param {Record<string, string>} [headers] */
export async function serveWidget(headers) {
  const { url, close } = await serve(dist, 0, headers);
  return { url: url.replace("127.0.0.1", "localhost"), close };
}

/**
 * A host of its own: `pages` are its paths, each a text, or text, type and headers. Of others, nothing is allowed that `policy` does not say.
 * @param {Record<string, string | { body: string | Buffer, type?: string, headers?: Record<string, string> }>} pages @param {string} [policy]
 */
export async function serveHost(pages, policy) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://x");
    if (pathname === "/favicon.ico") return response.writeHead(204).end();
    const page = pages[pathname];
    if (page === undefined) return response.writeHead(404).end();
    const { body, type = "text/html", headers = {} } = typeof page === "string" ? { body: page } : page;
    response.writeHead(200, { "content-type": type, ...policy && { "content-security-policy": policy }, ...headers }).end(body);
  });
  await new Promise(listening => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}/`, pages, close: () => { server.closeAllConnections(); server.close(); } };
}

/** A visit to a page. `faults` are all complaints of it, its frames and its workers; `requests` are the origins that it asked. */
export async function visit(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 900, height: 800 }, ...options });
  const faults = [], requests = new Set();
  context.on("request", request => /^https?:/.test(request.url()) && requests.add(new URL(request.url()).origin));
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("console", message => ["error", "warning"].includes(message.type()) && faults.push(`console: ${message.text()}`));
  page.on("pageerror", error => faults.push(`thrown: ${error.message}`));
  await page.addInitScript(() => {
    window.told = [];
    for (const name of ["clickfold-ready", "clickfold-select", "clickfold-error"]) {
      addEventListener(name, ({ detail }) => window.told.push({ name, code: detail?.code, message: detail?.message }), true);
    }
    addEventListener("securitypolicyviolation", event => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(url);
  return { page, context, faults, requests };
}

/** What a ranking shows, read off the widget in a page or frame. */
export async function ranking(frame, element = "clickfold-view") {
  await frame.locator(`${element} tbody tr`).first().waitFor();
  return frame.locator(`${element} tbody tr`).evaluateAll(rows => rows.map(row => [row.querySelector("th").textContent.trim(), Number(row.lastElementChild.textContent.replace(/\D/g, ""))]));
}

/** What a table of the page's own question shows: rows of cells as text. */
export async function cells(frame, element = "clickfold-view") {
  await frame.locator(`${element} tbody tr`).first().waitFor();
  return frame.locator(`${element} tbody tr`).evaluateAll(rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim())));
}

/** The first event of a kind that an element of the page or frame has told. */
export async function told(frame, name) {
  await frame.waitForFunction(name => window.told.some(told => told.name === name), name);
  return frame.evaluate(name => window.told.find(told => told.name === name), name);
}

/** Counts values, the most frequent first and of equal ones the least. @param {(string | number)[]} values */
export function counted(values, limit = 10) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, limit).map(([value, n]) => [String(value), n]);
}
