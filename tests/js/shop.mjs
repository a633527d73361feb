// A shop whose pages have the collector, and a server that notes what it is sent.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { browser, dist } from "./browser.mjs";

const { WebSocketServer } = createRequire(new URL("../../www/package.json", import.meta.url))("ws");

/** A shop on a port of its own; it closes with the test. @param {import("node:test").TestContext} t */
export async function openShop(t, { port = 0 } = {}) {
  /** Path → what is on the page. @type {Map<string, { html: string, headers?: Record<string, string> }>} */
  const pages = new Map();
  /** What came, each message or request: `{ by, type, body, events }`. @type {any[]} */
  const batches = [];
  const waiting = new Set();
  const note = batch => {
    batches.push({ ...batch, events: batch.body.trim().split("\n").map(line => JSON.parse(line)) });
    for (const look of waiting) look();
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://shop");
    if (request.method === "POST") {
      let body = "";
      request.setEncoding("utf8").on("data", part => body += part).on("end", () => {
        note({ by: "http", type: request.headers["content-type"], body });
        response.writeHead(204).end();
      });
      return;
    }
    if (pathname === "/collector.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(`${dist}/collector.js`));
    const { html, headers } = pages.get(pathname) ?? { html: "" };
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers }).end(`<!doctype html><title>Shop</title><link rel="icon" href="data:,">${html}`);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", socket => socket.on("message", data => note({ by: "websocket", body: String(data) })));
  await new Promise(listening => server.listen(port, "127.0.0.1", listening));
  const close = () => {
    sockets.clients.forEach(socket => socket.terminate());
    server.closeAllConnections();
    return new Promise(closed => server.close(closed));
  };
  t.after(close);
  const host = `127.0.0.1:${server.address().port}`;
  const events = () => batches.flatMap(batch => batch.events);
  return {
    pages, batches, sockets, events, close, port: server.address().port,
    url: `http://${host}`, websocket: `ws://${host}/collect`, http: `http://${host}/collect`,
    script: (attributes, more = "") => `<script src="/collector.js" ${Object.entries(attributes).map(([name, value]) => `data-${name}="${value}"`).join(" ")}></script>${more}`,
    /** What came, once there are so many. @param {number} n */
    until: n => new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${events().length} of ${n} events came`)), 60_000);
      const look = () => {
        if (events().length < n) return;
        clearTimeout(late);
        waiting.delete(look);
        resolve(events());
      };
      waiting.add(look);
      look();
    }),
  };
}

/** A browser of its own that notes every complaint. @param {import("node:test").TestContext} t */
export async function openVisitor(t, options = {}) {
  const context = await browser.newContext(options);
  t.after(() => context.close());
  const complaints = [];
  context.on("page", page => {
    page.on("console", message => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    page.on("pageerror", error => complaints.push(String(error)));
  });
  return { context, complaints, page: await context.newPage() };
}
