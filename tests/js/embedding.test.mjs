// The widget in pages of other people: another origin, a strict policy, frames, and what is left when it goes.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { extname } from "node:path";
import { gunzipSync } from "node:zlib";
import { after, test } from "node:test";
import { axe, cells, counted, dist, launch, ranking, serveHost, serveWidget, told, visit } from "./hosts.mjs";

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

test("the least policy that works is that of docs/embedding.md; rows that the page pushes need no more, nor does the complete core", async () => {
  const least = { "default-src": "'none'", "script-src": `${B} 'wasm-unsafe-eval'`, "connect-src": B, "worker-src": "blob:" };
  const { url } = await host({ "/": page("<clickfold-view></clickfold-view>", script()) }, policy(least));
  const { page: tab, faults, context } = await visit(browser, url);
  await tab.waitForFunction(() => customElements.get("clickfold-view"));
  await tab.evaluate(rows => document.querySelector("clickfold-view").events.push(...rows), events);
  assert.deepEqual(await ranking(tab), top);
  const steps = await tab.evaluate(async () => {
    const { dataset } = document.querySelector("clickfold-view");
    return (await dataset.query({ kind: "funnel", steps: [{ behavior: "pv" }, { behavior: "buy" }], within: "1h" })).numRows;
  });
  assert.equal(steps, 2);
  assert.deepEqual(faults, []);
  await context.close();
});

test("each source of the policy is needed: without it the widget says which, and the page lives", async () => {
  for (const [directive, value, missing] of [["connect-src", "'self'", /in connect-src/], ["worker-src", "'none'", /blob: in worker-src/], ["script-src", `'self' ${B}`, /'wasm-unsafe-eval' in script-src/]]) {
    const { url } = await host({ "/": page(`<clickfold-view src="events.csv"></clickfold-view>`, script()), "/events.csv": data }, policy({ ...POLICY, [directive]: value }));
    const { page: tab, context } = await visit(browser, url);
    const error = await told(tab, "clickfold-error");
    assert.equal(error.code, "WORKER_LOST", directive);
    assert.match(error.message, missing);
    await tab.locator("clickfold-view [role=alert]").waitFor();
    assert.equal(await tab.textContent("h1"), "Admin");
    await context.close();
  }
});

test("a server without CORS headers: what is missing is told, and the page lives", async () => {
  // A browser then gives the page not even the script; what stands in the element stays.
  const closed = await serveWidget({});
  hosts.push(closed);
  const { url } = await host({ "/": page(`<clickfold-view src="events.csv">No figures here.</clickfold-view>`, script(new URL(closed.url).origin)), "/events.csv": data });
  const { page: tab, faults, context } = await visit(browser, url);
  assert.equal(await tab.innerText("clickfold-view"), "No figures here.");
  assert.match(faults.join(), /has been blocked by CORS policy/);
  await context.close();

  // Scripts that are allowed, and a core or data that are not.
  const types = { js: "text/javascript", wasm: "application/wasm" };
  const files = readdirSync(dist).filter(name => /\.(js|wasm)$/.test(name)).map(name => ["/" + name, {
    body: readFileSync(`${dist}/${name}`), type: types[extname(name).slice(1)], headers: name.endsWith(".js") ? { "access-control-allow-origin": "*" } : {},
  }]);
  const half = await host(Object.fromEntries(files));
  const cases = [
    [new URL(half.url).origin.replace("127.0.0.1", "localhost"), "events.csv", "WORKER_LOST", /cannot fetch .*\.wasm; .*CORS/],
    [B, `${closed.url}examples/data/otto.csv`, "BAD_INPUT", /cannot fetch .*otto\.csv; .*\(CORS\)/],
  ];
  for (const [at, src, code, message] of cases) {
    const { url } = await host({ "/": page(`<clickfold-view src="${src}"></clickfold-view>`, script(at)), "/events.csv": data });
    const { page: tab, context } = await visit(browser, url);
    const error = await told(tab, "clickfold-error");
    assert.equal(error.code, code);
    assert.match(error.message, message);
    await tab.locator("clickfold-view [role=alert]").waitFor();
    assert.equal(await tab.textContent("h1"), "Admin");
    await context.close();
  }
});

/** A page that runs frame.js alone, and what it does with it. */
const framing = (sandbox, options, more = "") => ({
  "/": page("", `<script type="module" src="frame-host.js"></script>`),
  "/frame-host.js": { type: "text/javascript", body: `
    import { embed } from "${B}/frame.js";
    const options = ${options}, iframe = document.createElement("iframe");
    iframe.title = "Top items";
    iframe.sandbox = "${sandbox}";
    iframe.src = "${B}/frame.html?origins=" + location.origin;
    document.querySelector("main").append(iframe);
    window.embedded = embed(iframe, options);${more}
  ` },
});
const FRAMING = `default-src 'self'; script-src 'self' ${B}; frame-src 'self' ${B}`;
/** The frame of the widget's origin. */
const frameOf = tab => tab.frames().find(frame => frame.url().startsWith(B));

for (const sandbox of ["allow-scripts", "allow-scripts allow-same-origin"]) {
  test(`in a frame with sandbox="${sandbox}": right numbers, its height, and what is chosen`, async () => {
    const { url } = await host({ ...framing(sandbox, `{ view: "top-items", src: "events.csv", theme: "light", lang: "en" }`), "/events.csv": open }, FRAMING);
    const { page: tab, faults, requests, context } = await visit(browser, url);
    await told(tab, "clickfold-ready");
    const frame = frameOf(tab);
    assert.equal(await frame.evaluate(() => origin), sandbox === "allow-scripts" ? "null" : B);
    assert.deepEqual(await ranking(frame), top);
    await tab.waitForFunction(() => document.querySelector("iframe").clientHeight > 200);
    const heights = [await tab.evaluate(() => document.querySelector("iframe").clientHeight), await frame.evaluate(() => document.documentElement.scrollHeight)];
    assert.equal(heights[0], heights[1]);
    await tab.evaluate(() => document.querySelector("iframe").addEventListener("clickfold-select", ({ detail }) => { window.chosen = detail; }));
    await frame.locator("clickfold-view tbody tr").nth(1).click();
    await tab.waitForFunction(() => window.chosen);
    assert.equal(String((await tab.evaluate(() => window.chosen)).what), top[1][0]);
    assert.deepEqual([...requests].sort(), [new URL(url).origin, B].sort());
    assert.deepEqual(faults, []);
    await context.close();
  });

  test(`a frame with sandbox="${sandbox}" shows a file and rows that it is handed, without asking any server for them`, async () => {
    const pages = framing(sandbox, `{ file: await (await fetch("events.csv")).blob(), limit: 3 }`);
    const { url } = await host({ ...pages, "/events.csv": data }, FRAMING);
    const { page: tab, faults, context } = await visit(browser, url);
    await told(tab, "clickfold-ready");
    assert.deepEqual(await ranking(frameOf(tab)), top.slice(0, 3));
    await tab.evaluate(rows => {
      window.embedded.configure({ file: null, limit: 10 });
      window.embedded.push(rows);
    }, events);
    await frameOf(tab).locator("clickfold-view tbody tr").nth(9).waitFor();
    assert.deepEqual(await ranking(frameOf(tab)), top);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("a frame says what it cannot do, and what reaches it is what its address names", async () => {
  const { url } = await host({ ...framing("allow-scripts", `{ src: "events.csv", limit: 0 }`), "/events.csv": data }, FRAMING);
  const { page: tab, context } = await visit(browser, url);
  assert.match((await told(tab, "clickfold-error")).message, /"limit" of <clickfold-view>/);
  const next = (message, name = "clickfold-error") => tab.evaluate(([message, name]) => new Promise(resolve => {
    document.querySelector("iframe").addEventListener(name, ({ detail }) => resolve(detail), { once: true });
    document.querySelector("iframe").contentWindow.postMessage({ clickfold: 1, ...message }, "*");
  }), [message, name]);
  assert.match((await next({ do: "configure", limit: 10 })).message, /cannot fetch .*events\.csv.*CORS/); // its server allows no other origin
  assert.match((await next({ do: "configure", colour: "red" })).message, /unknown key "colour"/);
  assert.match((await next({ do: "dance" })).message, /found "dance"/);
  // A server that allows it, but that nobody named.
  const { url: other } = await host({ "/events.csv": open });
  assert.match((await next({ do: "configure", src: `${other}events.csv` })).message, /cannot fetch/);
  await context.close();
});

test("a frame hears and answers its embedder alone, and only if its address names that", async () => {
  const stranger = await host({ "/": page(`<iframe title="Top items" src="${B}/frame.html?origins=https://admin.example,http://127.0.0.1:1"></iframe>`), "/events.csv": open });
  const { page: tab, faults, context } = await visit(browser, stranger.url);
  const frame = frameOf(tab);
  const answers = () => tab.evaluate(() => {
    const iframe = document.querySelector("iframe"), heard = [];
    return new Promise(resolve => {
      addEventListener("message", ({ data }) => data === "fence" ? resolve(heard) : heard.push(data));
      for (const message of [{ do: "hello" }, { do: "configure", src: new URL("events.csv", location.href).href }, { do: "push", rows: [{ a: 1 }] }]) iframe.contentWindow.postMessage({ clickfold: 1, ...message }, "*");
      iframe.contentWindow.postMessage("fence", "*");
    });
  });
  // What the frame answered came before the fence that it sends back.
  const fence = frame => frame.evaluate(() => addEventListener("message", ({ data, source }) => data === "fence" && source.postMessage("fence", "*")));
  await fence(frame);
  assert.deepEqual(await answers(), []);
  assert.equal(await frame.locator("clickfold-view").count(), 0);
  assert.deepEqual(faults, []);
  await context.close();

  // A frame beside it, of the embedder's own origin, is not the embedder; and what others send is not taken for the frame's.
  const { url } = await host({ ...framing("allow-scripts", `{ src: "events.csv" }`, `
    iframe.insertAdjacentHTML("afterend", '<iframe title="Another" src="other.html"></iframe>');`), "/other.html": page("Another"), "/events.csv": open }, FRAMING);
  const { page: admin, context: second } = await visit(browser, url);
  await told(admin, "clickfold-ready");
  const [widget, other] = [frameOf(admin), admin.frames().find(frame => frame.url().endsWith("other.html"))];
  await fence(widget);
  const heard = await other.evaluate(() => new Promise(resolve => {
    const heard = [], target = parent.frames[0];
    addEventListener("message", ({ data }) => data === "fence" ? resolve(heard) : heard.push(data));
    parent.postMessage({ clickfold: 1, event: "select", detail: "forged" }, "*");
    target.postMessage({ clickfold: 1, do: "configure", limit: 1 }, "*");
    target.postMessage("fence", "*");
  }));
  assert.deepEqual(heard, []);
  assert.equal((await ranking(widget)).length, 10);
  assert.deepEqual(await admin.evaluate(() => window.told.filter(({ name }) => name !== "clickfold-ready")), []);
  await second.close();
});

test("a frame whose address names nobody says so, and one without CORS headers names them", async () => {
  const { page: tab, context } = await visit(browser, `${B}/frame.html`);
  assert.match(await tab.innerText("p"), /names no page/);
  await context.close();
  const closed = await serveWidget({});
  hosts.push(closed);
  const { url } = await host({ ...framing("allow-scripts", "{}"), "/events.csv": open });
  const { page: admin, context: second } = await visit(browser, "about:blank");
  await admin.route(/frame-host\.js/, async route => {
    const response = await route.fetch();
    return route.fulfill({ response, body: (await response.text()).replace(`"${B}/frame.html`, `"${closed.url}frame.html`) });
  });
  await admin.goto(url);
  const error = await told(admin, "clickfold-error");
  assert.equal(error.code, "WORKER_LOST");
  assert.match(error.message, /access-control-allow-origin/);
  await second.close();
});
