// The widget in pages of other people: another origin, a strict policy, frames, and what is left when it goes.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { extname } from "node:path";
import { gunzipSync } from "node:zlib";
import { after, test } from "node:test";
import { axe, cells, counted, dist, launch, launchUnwatched, ranking, serveHost, serveWidget, told, visit } from "./hosts.mjs";

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
  const views = ["top-items", "timeline", "funnel", "retention", "kpi", "live"];
  const { url } = await host({ "/": page(views.map(view => `<clickfold-view id="${view}" view="${view}" src="events.csv"></clickfold-view>`).join(""), script()), "/events.csv": data }, policy(POLICY));
  const { page: tab, faults, requests, context } = await visit(browser, url);
  assert.deepEqual(await ranking(tab, "#top-items"), top);
  await tab.waitForFunction(n => window.told.filter(({ name }) => name === "clickfold-ready").length === n, views.length);
  await tab.locator("#timeline canvas").waitFor();
  const viewers = new Set(events.filter(({ behavior }) => behavior === "pv").map(({ user_id }) => user_id)).size;
  assert.equal(Number((await cells(tab, "#funnel"))[0][1]), viewers);
  assert.equal(await tab.evaluate(() => crossOriginIsolated), false);
  assert.deepEqual([...requests].sort(), [new URL(url).origin, B].sort());
  assert.deepEqual(await tab.evaluate(() => window.told.filter(({ name }) => name !== "clickfold-ready")), []);
  assert.deepEqual(await violations(tab), []);
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

test("nonces, Trusted Types and isolated pages have it, too", async () => {
  const isolated = { "cross-origin-embedder-policy": "require-corp", "cross-origin-opener-policy": "same-origin" };
  const nonced = `<script type="module" nonce="n0nce" src="${B}/widget.js"></script>`;
  const cases = [
    [{ ...POLICY, "script-src": `'nonce-n0nce' ${B} 'wasm-unsafe-eval'` }, nonced],
    [{ ...POLICY, "script-src": "'nonce-n0nce' 'strict-dynamic' 'wasm-unsafe-eval'" }, nonced],
    [{ ...POLICY, "require-trusted-types-for": "'script'", "trusted-types": "clickfold lit-html" }, script()],
    [POLICY, script(), isolated],
  ];
  for (const [directives, head, headers] of cases) {
    const { url } = await host({ "/": { body: page(`<clickfold-view src="events.csv"></clickfold-view>`, head), headers }, "/events.csv": data }, policy(directives));
    const { page: tab, faults, context } = await visit(browser, url);
    assert.deepEqual(await ranking(tab), top);
    assert.equal(await tab.evaluate(() => crossOriginIsolated), Boolean(headers));
    assert.deepEqual(faults, []);
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
const framing = (sandbox, options, more = "", connect = "") => ({
  "/": page("", `<script type="module" src="frame-host.js"></script>`),
  "/frame-host.js": { type: "text/javascript", body: `
    import { embed } from "${B}/frame.js";
    const options = ${options}, iframe = document.createElement("iframe");
    iframe.title = "Top items";
    iframe.sandbox = "${sandbox}";
    iframe.src = "${B}/frame.html?origins=https://admin.example," + location.origin + "${connect}";
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
  const { url: named } = await host(framing("allow-scripts", `{ src: "${other}events.csv" }`, "", `&connect=${new URL(other).origin}`), FRAMING);
  const { page: second, faults, context: another } = await visit(browser, named);
  await told(second, "clickfold-ready");
  assert.deepEqual(await ranking(frameOf(second)), top);
  assert.deepEqual(faults, []);
  await another.close();
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

/** Fetched so often: how many engines there are. */
const cores = requests => requests.filter(url => /\/clickfold-\w+\.wasm$/.test(url)).length;

test("several widgets of a page share one engine, and the same file is fetched once", async () => {
  const { url } = await host({ "/": page(`<clickfold-view id="one" src="events.csv"></clickfold-view><clickfold-view id="two" view="funnel" src="events.csv"></clickfold-view><clickfold-view id="three" src="more.csv"></clickfold-view>`, script()), "/events.csv": data, "/more.csv": data }, policy(POLICY));
  const { page: tab, faults, context } = await visit(browser, "about:blank");
  const asked = [];
  context.on("request", request => asked.push(request.url()));
  await tab.goto(url);
  for (const id of ["#one", "#three"]) assert.deepEqual(await ranking(tab, id), top);
  const bought = new Set(events.filter(({ behavior }) => behavior === "pv").map(({ user_id }) => user_id)).size;
  assert.equal(Number((await cells(tab, "#two"))[0][1]), bought);
  assert.equal(tab.workers().length, 1);
  assert.equal(cores(asked), 1);
  assert.equal(asked.filter(address => address.endsWith("/events.csv")).length, 1);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the script from two addresses: the first defines the element, and nothing is thrown", async () => {
  const again = await serveWidget();
  hosts.push(again);
  const second = new URL(again.url).origin;
  const { url } = await host({ "/": page(`<clickfold-view src="events.csv"></clickfold-view>`, script() + script(second)), "/events.csv": data });
  const { page: tab, faults, context } = await visit(browser, url);
  await tab.evaluate(address => import(address), `${second}/widget.js`);
  await tab.evaluate(address => import(address), `${B}/widget.js?again`);
  assert.deepEqual(await ranking(tab), top);
  assert.equal(tab.workers().length, 1);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a page whose style is hostile does not reach into the widget", async () => {
  const css = `
    * { all: unset !important }
    table, tbody, tr, td, th { display: block !important; float: right !important; width: 3px !important }
    button, details, [part], .number, .bar, #title { display: none !important; font-size: 0 !important }
    clickfold-view { visibility: visible }`;
  const hosting = style => ({ "/": page(`<clickfold-view src="events.csv" theme="light"></clickfold-view>`, `${style}${script()}`), "/events.csv": data, "/hostile.css": { body: css, type: "text/css" } });
  const calm = await host(hosting("")), hostile = await host(hosting(`<link rel="stylesheet" href="hostile.css">`), policy(POLICY));
  const layout = async ({ url }) => {
    const { page: tab, faults, context } = await visit(browser, url);
    assert.deepEqual(await ranking(tab), top);
    assert.deepEqual(faults, []);
    const seen = await tab.evaluate(() => {
      const root = document.querySelector("clickfold-view").shadowRoot;
      return [...root.querySelectorAll("table, tr, th, td, .choice, .bar")].map(element => ({ display: getComputedStyle(element).display, isSeen: element.checkVisibility(), isTall: element.getBoundingClientRect().height > 4 }));
    });
    const inLine = await tab.evaluate(() => new Set([...document.querySelector("clickfold-view").shadowRoot.querySelectorAll("tr > :last-child")].map(cell => Math.round(cell.getBoundingClientRect().right))).size);
    await context.close();
    return { seen, inLine };
  };
  assert.deepEqual(await layout(hostile), await layout(calm));
  assert.equal((await layout(hostile)).inLine, 1);
});

test("removed and added again thirty times: its workers end, and nothing of it stays in the page", async t => {
  const { url } = await host({ "/": page(`<div id="place"></div>`, script()), "/events.csv": data }, policy(POLICY));
  const { page: tab, faults, context } = await visit(browser, "about:blank");
  await tab.clock.install(); // the widget keeps an engine some seconds for whoever comes next
  await tab.goto(url);
  const devtools = await context.newCDPSession(tab);
  await devtools.send("Performance.enable");
  const measured = async () => {
    await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const [heap, nodes, listeners] = ["JSHeapUsedSize", "Nodes", "JSEventListeners"].map(wanted => metrics.find(({ name }) => name === wanted).value);
    return { heap, nodes, listeners };
  };
  const cycle = async () => {
    await tab.evaluate(() => {
      const view = document.createElement("clickfold-view");
      view.setAttribute("src", "events.csv");
      document.querySelector("#place").replaceChildren(view);
    });
    assert.deepEqual(await ranking(tab), top);
    assert.equal(tab.workers().length, 1);
    const ended = tab.workers()[0].waitForEvent("close");
    await tab.evaluate(() => document.querySelector("#place").replaceChildren());
    await tab.clock.runFor(6_000);
    await ended;
    assert.equal(tab.workers().length, 0);
  };
  for (let i = 0; i < 5; i++) await cycle();
  const before = await measured();
  for (let i = 0; i < 25; i++) await cycle();
  const after = await measured();
  t.diagnostic(`after 5 and 30 times: ${JSON.stringify(before)} ${JSON.stringify(after)}`);
  assert.ok(after.heap < before.heap + 2 ** 20, "bytes of the page's heap");
  assert.ok(after.nodes < before.nodes + 50, "nodes");
  assert.ok(after.listeners < before.listeners + 20, "listeners");

  // One that is only moved keeps what it shows, and its worker.
  await tab.evaluate(() => document.querySelector("#place").append(Object.assign(document.createElement("clickfold-view"), { src: "events.csv" })));
  await ranking(tab);
  const [worker] = tab.workers();
  for (let i = 0; i < 30; i++) await tab.evaluate(() => document.querySelector("main").append(document.querySelector("clickfold-view")));
  await tab.clock.runFor(6_000);
  assert.deepEqual(await ranking(tab), top);
  assert.deepEqual(tab.workers(), [worker]);
  assert.deepEqual(faults, []);
  await context.close();
});

test("its memory is the machine's again: the renderer does not grow from the tenth to the fortieth time", async t => {
  const { url } = await host({ "/": page(`<div id="place"></div>`, script()), "/events.csv": data });
  const own = await launchUnwatched();
  try {
    await own.open(url);
    await own.evaluate(`customElements.whenDefined("clickfold-view").then(() => {
      const wait = setTimeout, end = Worker.prototype.terminate;
      window.setTimeout = (run, ms, ...rest) => wait(run, ms >= 1000 ? 0 : ms, ...rest); // an engine is kept for whoever comes next: for no time here
      Worker.prototype.terminate = function () {
        end.call(this);
        window.ended();
      };
      window.cycle = async () => {
        const view = document.createElement("clickfold-view"), ready = new Promise(resolve => view.addEventListener("clickfold-ready", resolve));
        view.setAttribute("src", "events.csv");
        document.querySelector("#place").replaceChildren(view);
        await ready;
        const ended = new Promise(resolve => { window.ended = resolve; });
        view.remove();
        await ended;
      };
    })`);
    const after = async n => {
      await own.evaluate(`(async () => { for (let i = 0; i < ${n}; i++) await cycle(); })()`);
      await own.send("HeapProfiler.collectGarbage");
      return own.rss();
    };
    const [first, last] = [await after(10), await after(30)];
    t.diagnostic(`MiB of the renderers after 10 and 40 times: ${first.toFixed(1)} ${last.toFixed(1)}`);
    assert.ok(last < first + 20, `${first} MiB became ${last} MiB`);
  } finally {
    await own.close();
  }
});

const otto = readFileSync(new URL("../../www/sample/otto.csv", import.meta.url), "utf8").trim().split("\n").slice(1).map(line => line.split(","));
const clicked = counted(otto.filter(([, , , type]) => type === "clicks").map(([, aid]) => Number(aid)));
const [columns, ...visits] = gunzipSync(readFileSync(new URL("../../www/sample/ecom.csv.gz", import.meta.url))).toString().trim().split("\n").map(line => line.split(","));
const at = Object.fromEntries(columns.map((name, i) => [name, i]));

/** Channels, their visitors and events, of one platform or of all, as they are shown. */
function channels(platform) {
  const of = visits.filter(row => !platform || row[at.platform] === platform);
  const events = new Map(counted(of.map(row => row[at.acquisition_channel])));
  const visitors = counted([...new Set(of.map(row => `${row[at.acquisition_channel]},${row[at.user_id]}`))].map(pair => pair.split(",")[0]));
  return visitors.map(([channel, n]) => [channel, n.toLocaleString("en"), events.get(channel).toLocaleString("en")]);
}

const dashboard = async tab => {
  assert.deepEqual(await cells(tab, "#channels"), channels());
  const viewed = new Set(visits.filter(row => row[at.event] === "product_view").map(row => row[at.user_id])).size;
  assert.deepEqual((await cells(tab, "#funnel"))[0].slice(0, 2), ["Viewed", String(viewed)]);
  await tab.selectOption("select", "mobile");
  const [first] = channels("mobile");
  await tab.locator("#channels tbody tr", { hasText: first[2] }).waitFor();
  assert.deepEqual(await cells(tab, "#channels"), channels("mobile"));
  await tab.locator("#channels tbody tr").first().click();
  await tab.locator("[role=status]", { hasText: `Chosen: ${first[0]}` }).first().waitFor();
};
const topItems = async tab => assert.deepEqual(await ranking(tab), clicked);

/** Each example, and what is to be seen in it. */
const EXAMPLES = {
  "plain/top-items.html": topItems,
  "plain/query.html": async tab => {
    assert.deepEqual(await cells(tab, "#channels"), channels());
    assert.equal((await cells(tab, "#funnel")).length, 3);
  },
  async "plain/live.html"(tab) {
    const n = () => ranking(tab).then(rows => rows.reduce((sum, [, n]) => sum + n, 0));
    const before = await n();
    assert.ok(before > 0);
    await tab.waitForFunction(n => document.querySelector("clickfold-view").dataset.rows > n, 60);
  },
  async "plain/framed.html"(tab) {
    await told(tab, "clickfold-ready");
    const frame = tab.frames()[1];
    assert.deepEqual(await ranking(frame), clicked);
    // A page's heading and landmark are of the page around it.
    assert.deepEqual(await violations(frame, { "landmark-one-main": { enabled: false }, "page-has-heading-one": { enabled: false } }), []);
    await frame.locator("clickfold-view tbody tr").first().click();
    await tab.locator("output", { hasText: clicked[0][0] }).waitFor();
  },
  "react/": dashboard,
  "vue/": dashboard,
  "django-admin/": topItems,
  "wordpress/": topItems,
};

/** What axe-core finds wrong, in words. */
async function violations(frame, rules = {}) {
  await frame.evaluate(axe);
  // Frames of other origins are asked themselves.
  const found = await frame.evaluate(async rules => (await window.axe.run(document, { iframes: false, rules })).violations, rules);
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

for (const [path, look] of Object.entries(EXAMPLES)) {
  test(`the example ${path} shows the right numbers, in light and dark, and to all`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      const { page: tab, faults, context } = await visit(browser, `${widget.url}examples/${path}`, { colorScheme, locale: "en-US", reducedMotion: "reduce" });
      await look(tab);
      assert.deepEqual(await violations(tab), [], colorScheme);
      assert.deepEqual(await tab.evaluate(() => window.told.filter(({ name }) => name === "clickfold-error")), []);
      assert.deepEqual(faults, []);
      await context.close();
    }
  });
}

test("the list of examples names all of them", async () => {
  const { page: tab, context } = await visit(browser, `${widget.url}examples/`);
  const links = await tab.locator("a").evaluateAll(links => links.map(link => link.getAttribute("href")));
  assert.deepEqual(links.sort(), Object.keys(EXAMPLES).sort());
  assert.deepEqual(await violations(tab), []);
  await context.close();
});
