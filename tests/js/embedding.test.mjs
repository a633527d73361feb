// The widget in pages of other people: another origin, a strict policy, frames, and what is left when it goes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { after, test } from "node:test";
import { axe, cells, counted, launch, ranking, serveHost, serveWidget, told, visit } from "./hosts.mjs";

const widget = await serveWidget();
const B = new URL(widget.url).origin;
const browser = await launch();
const hosts = [];
after(async () => {
  await browser.close();
  for (const host of [widget, ...hosts]) host.close();
});

// Events from a generator of random numbers that is the same everywhere; few items are many of them.
let seed = 42;
const random = n => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % n;
const events = Array.from({ length: 5_000 }, (_, i) => ({
  user_id: random(400), item_id: 1_000 + Math.min(random(60), random(60)), behavior: ["pv", "pv", "pv", "cart", "buy"][random(5)], timestamp: 1_700_000_000 + i * 7,
}));
const csv = ["user_id,item_id,behavior,timestamp", ...events.map(event => Object.values(event).join(","))].join("\n") + "\n";
const top = counted(events.filter(({ behavior }) => behavior === "pv").map(({ item_id }) => item_id));

/** The policy that docs/embedding.md names for the page of another origin. */
const POLICY = {
  "default-src": "'self'", "script-src": `'self' ${B} 'wasm-unsafe-eval'`, "connect-src": `'self' ${B}`, "worker-src": "blob:", "style-src": "'self'", "img-src": "'self'",
};
const policy = directives => Object.entries(directives).map(([name, value]) => `${name} ${value}`).join("; ");

const page = (body, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Admin</title>${head}</head><body><main><h1>Admin</h1>${body}</main></body></html>`;
const script = (at = B) => `<script type="module" src="${at}/widget.js"></script>`;
const data = { body: csv, type: "text/csv" };
const open = { ...data, headers: { "access-control-allow-origin": "*" } };

async function host(pages, csp) {
  const host = await serveHost(pages, csp);
  hosts.push(host);
  return host;
}

test("of another origin, under a strict policy and without further headers: right numbers and no complaint", async () => {
  const { url } = await host({ "/": page(`<clickfold-view view="top-items" src="events.csv"></clickfold-view>`, script()), "/events.csv": data }, policy(POLICY));
  const { page: tab, faults, requests, context } = await visit(browser, url);
  assert.deepEqual(await ranking(tab), top);
  assert.equal(await tab.evaluate(() => crossOriginIsolated), false);
  assert.deepEqual([...requests].sort(), [new URL(url).origin, B].sort());
  assert.deepEqual(faults, []);
  await context.close();
});

test("rows that the page pushes are counted, and the complete core comes from the other origin, too", async () => {
  const { url } = await host({ "/": page(`<clickfold-view></clickfold-view>`, script()), "/events.csv": data }, policy(POLICY));
  const { page: tab, faults, context } = await visit(browser, url);
  await tab.waitForFunction(() => customElements.get("clickfold-view"));
  await tab.evaluate(rows => document.querySelector("clickfold-view").events.push(...rows), events);
  assert.deepEqual(await ranking(tab), top);
  const rows = await tab.evaluate(async () => {
    const { dataset } = document.querySelector("clickfold-view");
    return (await dataset.query({ kind: "funnel", steps: [{ behavior: "pv" }, { behavior: "buy" }], within: "1h" })).numRows;
  });
  assert.equal(rows, 2);
  assert.deepEqual(faults, []);
  await context.close();
});

test("each source of the policy is needed: without it the widget says so, and the page lives", async () => {
  const without = {
    "connect-src": [`'self'`, /cannot fetch/], "worker-src": ["'none'", /./], "script-src": [`'self' ${B}`, /./],
  };
  for (const [directive, [value, message]] of Object.entries(without)) {
    const { url } = await host({ "/": page(`<clickfold-view view="top-items" src="events.csv"></clickfold-view>`, script()), "/events.csv": data }, policy({ ...POLICY, [directive]: value }));
    const { page: tab, context } = await visit(browser, url);
    const error = await told(tab, "clickfold-error");
    assert.equal(error.code, "WORKER_LOST", directive);
    assert.match(error.message, message, directive);
    await tab.locator("clickfold-view [role=alert]").waitFor();
    assert.equal(await tab.textContent("h1"), "Admin");
    await context.close();
  }
});
