// The widget in pages of other people: another origin, a strict policy, and what is left when it goes.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { extname } from "node:path";
import { after, test } from "node:test";
import { B, browser, close, data, events, host, page, policy, POLICY, script, serveClosed, servers, top, violations } from "./embedded.mjs";
import { cells, dist, launchUnwatched, ranking, serveWidget, told, visit } from "./hosts.mjs";

after(close);

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
  const closed = await serveClosed();
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
  servers.push(again);
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
    /** The least of a few looks: a worker that was ended takes a moment to be gone. */
    const settled = async n => {
      let least = await after(n);
      for (let i = 0; i < 10; i++) {
        await new Promise(resolve => setTimeout(resolve, 200));
        least = Math.min(least, await after(0));
      }
      return least;
    };
    const [first, last] = [await settled(10), await settled(30)];
    t.diagnostic(`MiB of the renderers after 10 and 40 times: ${first.toFixed(1)} ${last.toFixed(1)}`);
    assert.ok(last < first + 20, `${first} MiB became ${last} MiB`);
  } finally {
    await own.close();
  }
});
