// The widget in a frame, for pages that do not run our script: whom it hears, what it reaches, and the page's side of it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { B, browser, close, data, events, host, openData, page, serveClosed, top } from "./embedded.mjs";
import { ranking, told, visit } from "./hosts.mjs";

after(close);

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
    const { url } = await host({ ...framing(sandbox, `{ view: "top-items", src: "events.csv", theme: "light", lang: "en" }`), "/events.csv": openData }, FRAMING);
    const { page: tab, faults, requests, context } = await visit(browser, url);
    await told(tab, "clickfold-ready");
    const frame = frameOf(tab);
    assert.equal(await frame.evaluate(() => origin), sandbox === "allow-scripts" ? "null" : B);
    assert.deepEqual(await ranking(frame), top);
    const height = await frame.evaluate(() => document.documentElement.getBoundingClientRect().height);
    assert.ok(height > 200);
    await tab.waitForFunction(height => document.querySelector("iframe").clientHeight === Math.ceil(height), height);
    assert.equal(await frame.evaluate(() => document.documentElement.scrollHeight), Math.ceil(height));
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
  const { url: other } = await host({ "/events.csv": openData });
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
  const stranger = await host({ "/": page(`<iframe title="Top items" src="${B}/frame.html?origins=https://admin.example,http://127.0.0.1:1"></iframe>`), "/events.csv": openData });
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
    iframe.insertAdjacentHTML("afterend", '<iframe title="Another" src="other.html"></iframe>');`), "/other.html": page("Another"), "/events.csv": openData }, FRAMING);
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
  const closed = await serveClosed();
  const { url } = await host({ ...framing("allow-scripts", `{ lang: "zh-CN" }`), "/events.csv": openData });
  const { page: admin, context: second } = await visit(browser, "about:blank");
  await admin.route(/frame-host\.js/, async route => {
    const response = await route.fetch();
    return route.fulfill({ response, body: (await response.text()).replace(`"${B}/frame.html`, `"${closed.url}frame.html`) });
  });
  await admin.goto(url);
  const error = await told(admin, "clickfold-error");
  assert.equal(error.code, "WORKER_LOST");
  assert.match(error.message, /access-control-allow-origin/);
  assert.equal(await admin.frames().at(-1).innerText("p[lang=zh-CN]"), "无法加载 Clickfold 组件。");
  await second.close();
});
