// A shop's events, and pages of other people that have a widget about them: what the tests of embedding share.
import { axe, counted, launch, serveHost, serveWidget } from "./hosts.mjs";

export const widget = await serveWidget();
/** The widget's origin, which is another than that of any page but its own examples. */
export const B = new URL(widget.url).origin;
export const browser = await launch();
/** What is to be closed. @type {{ close(): void }[]} */
export const servers = [widget];

export async function close() {
  await browser.close();
  for (const server of servers) server.close();
}

// Events from a generator of random numbers that is the same everywhere; few items are many of them.
let seed = 42;
const random = n => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % n;
export const events = Array.from({ length: 5_000 }, (_, i) => ({
  user_id: random(400), item_id: 1_000 + Math.min(random(60), random(60)), behavior: ["pv", "pv", "pv", "cart", "buy"][random(5)], timestamp: 1_700_000_000 + i * 7,
}));
const csv = ["user_id,item_id,behavior,timestamp", ...events.map(event => Object.values(event).join(","))].join("\n") + "\n";
/** The ten items that are viewed most. */
export const top = counted(events.filter(({ behavior }) => behavior === "pv").map(({ item_id }) => item_id));
/** The events as a file of a page's own, and as one that other pages may read. */
export const data = { body: csv, type: "text/csv" };
export const openData = { ...data, headers: { "access-control-allow-origin": "*" } };

export const page = (body, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Admin</title>${head}</head><body><main><h1>Admin</h1>${body}</main></body></html>`;
export const script = (at = B) => `<script type="module" src="${at}/widget.js"></script>`;

/** The policy that docs/embedding.md names for the page of another origin. */
export const POLICY = {
  "default-src": "'self'", "script-src": `'self' ${B} 'wasm-unsafe-eval'`, "connect-src": `'self' ${B}`, "worker-src": "blob:", "style-src": "'self'", "img-src": "'self'",
};
export const policy = directives => Object.entries(directives).map(([name, value]) => `${name} ${value}`).join("; ");

/** A page of somebody else's, until the tests end. */
export async function host(pages, csp) {
  const host = await serveHost(pages, csp);
  servers.push(host);
  return host;
}

/** dist/ from a server that lets no other page read it. */
export async function serveClosed() {
  const closed = await serveWidget({});
  servers.push(closed);
  return closed;
}

/** What axe-core finds wrong, in words. */
export async function violations(frame, rules = {}) {
  await frame.evaluate(axe);
  // Frames of other origins are asked themselves.
  const found = await frame.evaluate(async rules => (await window.axe.run(document, { iframes: false, preload: false, rules })).violations, rules);
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}
