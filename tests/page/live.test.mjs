// The page that watches a stream: what it shows, and whom it can reach.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { eventually, start } from "./browser.mjs";

const require = createRequire(new URL("../../www/package.json", import.meta.url));
const { WebSocketServer } = require("ws");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const START = Date.UTC(2026, 10, 1, 10);

let browser;
const ends = [];
before(async () => { browser = await start(); });
after(async () => {
  await Promise.all(ends.map(end => end()));
  await browser?.close();
});

/** A shop's WebSocket, which says `first` to whoever connects; `clients` are all that ever did. */
async function shop(first) {
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" }), clients = [];
  await new Promise(listening => sockets.on("listening", listening));
  sockets.on("connection", client => {
    clients.push(client);
    client.send(linesOf(first));
  });
  ends.push(() => {
    for (const client of sockets.clients) client.terminate();
    return new Promise(closed => sockets.close(closed));
  });
  return { url: `ws://127.0.0.1:${sockets.address().port}/events`, clients, send: events => clients.at(-1).send(linesOf(events)) };
}

/** A server that any page may read; `asked` are the paths that it was asked for. */
async function site(answer) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader("access-control-allow-origin", "*");
    answer(request, response);
  });
  await new Promise(listening => server.listen(0, "127.0.0.1", listening));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise(closed => server.close(closed));
  });
  return { url: `http://127.0.0.1:${server.address().port}`, asked };
}

const linesOf = events => events.map(event => JSON.stringify(event) + "\n").join("");
const event = (number, second, user, action, item) => ({ event_id: `e${number}`, time: new Date(START + second * 1000).toISOString(), user, event: action, item });
/** An hour of a shop, of which five visitors buy. */
const hour = Array.from({ length: 600 }, (_, i) => event(i, i * 5, `u${i % 40}`, i % 40 < 5 && i >= 400 ? "purchase" : i % 3 ? "view_item" : "add_to_cart", `p${(i * i) % 17}`));

/** What leads, counted here. */
function leaders(events, name) {
  const counts = new Map();
  for (const event of events) counts.set(event[name], (counts.get(event[name]) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, 10).map(([what, n]) => [what, String(n)]);
}

const shown = (page, view) => page.$eval(`[view=${view}]`, ({ shadowRoot }) => [...shadowRoot?.querySelectorAll("[part=table] tbody tr") ?? []].map(row => [...row.cells].map(cell => cell.innerText.trim())));
const leading = async page => (await shown(page, "live")).map(([, , what, n]) => [what, n.replaceAll(",", "")]);
const figures = page => page.$eval("[view=kpi]", ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".figure")].map(figure => figure.textContent));
const state = page => page.innerText("#state");
const visit = (to, { search = "&window=1h&lateness=0s", ...options } = {}) => browser.visit({ path: `live.html?to=${encodeURIComponent(to)}${search}`, ...options });
const complete = page => page.waitForFunction(() => {
  const all = [...document.querySelectorAll("clickfold-view")];
  return all.length === 4 && all.every(({ shadowRoot }) => shadowRoot?.querySelector("[part=table] tbody tr, .chart canvas, .cards li"));
});

test("a link fills the form in and says where it leads to; a click connects, and the numbers are those of the events", async () => {
  const { url, clients, send } = await shop(hour);
  const { page, leave } = await visit(url, { search: "&window=1h&lateness=0s&id=event_id" });
  assert.deepEqual(await page.$$eval("#kind, #at, #lateness, #id", fields => fields.map(field => field.value)), ["websocket", url, "0s", "event_id"]);
  assert.match(await page.innerText("#where"), new RegExp(`opens a connection to ${new URL(url).origin}\\.`));
  assert.deepEqual([clients.length, page.workers().length], [0, 0]);
  await page.click("form .primary");
  await complete(page);
  const views = hour.filter(({ event }) => event === "view_item");
  await eventually(() => leading(page), leaders(views, "item"));
  await eventually(() => figures(page), ["600", "40", String(hour.filter(({ event }) => event === "purchase").length), "12.5%"]);
  await eventually(async () => (await shown(page, "funnel")).map(([step, users]) => [step, users]), [["Viewed", "40"], ["Added to cart", "40"], ["Bought", "5"]]);
  assert.match(await page.$eval("[view=timeline]", ({ shadowRoot }) => shadowRoot.querySelector(".sentence").textContent), /^600 events/);
  assert.equal(await state(page), "Connected.");

  await page.click("#pause");
  await eventually(() => state(page), "Paused.");
  send([...Array.from({ length: 300 }, (_, i) => event(1000 + i, 3300 + i % 60, "u1", "view_item", "new, \"blue\"")), hour[0]]);
  await eventually(async () => /^600 events in 2 messages/.test(await page.innerText("#counted")), true);
  assert.deepEqual(await leading(page), leaders(views, "item"));
  await page.click("#pause");
  await eventually(async () => (await leading(page))[0], ["new, \"blue\"", "300"]);
  await eventually(async () => /^901 events in 2 messages · 1 duplicate · 0 invalid/.test(await page.innerText("#counted")), true);
  assert.equal(clients.length, 1);

  await page.selectOption("#window", "5m");
  assert.match(page.url(), /window=5m/);
  const last = hour.filter(({ time, event }) => event === "view_item" && Date.parse(time) >= START + 3300_000);
  await eventually(() => leading(page), [["new, \"blue\"", "300"], ...leaders(last, "item")].slice(0, 10));

  const closed = new Promise(resolve => clients[0].once("close", resolve));
  await page.click("#stop");
  await closed;
  assert.deepEqual([await page.isVisible("#source"), await page.$$eval("clickfold-view", all => all.length)], [true, 0]);
  await leave();
});

test("late rows are counted and downloaded, and none of them is a formula", async () => {
  const { url, send } = await shop(hour);
  const { page, leave } = await visit(url);
  await page.click("form .primary");
  await complete(page);
  assert.ok(await page.isDisabled("#late"));
  send([event(2000, 3601, "u1", "view_item", "p1")]);
  await eventually(async () => /^601 events/.test(await page.innerText("#counted")), true);
  send([event(2001, 60, "=cmd()", "view_item", "a \"b\"; c"), event(2002, 3602, "u2", "view_item", "p2")]);
  await page.waitForSelector("text=Download late rows (1)");
  const download = page.waitForEvent("download");
  await page.click("#late");
  assert.equal(readFileSync(await (await download).path(), "utf8"), `event_id,time,user,event,item\r\ne2001,2026-11-01T10:01:00.000Z,'=cmd(),view_item,"a ""b""; c"\r\n`);
  await leave();
});

test("the page reaches its own server and the one that was chosen, and no other: by no request, worker, socket or redirection", async () => {
  const third = await site((_, response) => response.end("reached"));
  const chosen = await site(({ url }, response) => url === "/on" ? response.writeHead(302, { location: `${third.url}/redirected` }).end() : response.end("here"));
  const { page, leave } = await browser.visit({ expected: [/asked|policy|Content Security Policy/] });
  // Our service worker answers for the page, and has another policy.
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  const get = (address, at = "page") => page.evaluate(async ([address, at]) => {
    if (at === "page") return fetch(address).then(response => response.text(), () => "refused");
    const url = URL.createObjectURL(new Blob([`fetch(${JSON.stringify(address)}).then(response => response.text(), () => "refused").then(text => postMessage(text))`]));
    return new Promise(resolve => { new Worker(url).onmessage = ({ data }) => resolve(data); });
  }, [address, at]);
  const go = to => page.goto(`${browser.url}live.html?to=${encodeURIComponent(to)}`);
  await go(`sse+${chosen.url}/events`);
  assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null));
  assert.deepEqual([await get(`${chosen.url}/`), await get(`${chosen.url}/`, "worker")], ["here", "here"]);
  assert.deepEqual([await get(`${third.url}/`), await get(`${third.url}/`, "worker"), await get(`${chosen.url}/on`)], ["refused", "refused", "refused"]);
  assert.deepEqual(await page.evaluate(address => new Promise(resolve => { new WebSocket(address).onerror = () => resolve("refused"); }), third.url.replace("http", "ws")), "refused");
  for (const to of ["wss://*/", "wss://*:*/", "sse+https://*.example/", `sse+https://a;b/`, `${third.url}/`, "", "sample:600", "broadcast:shop"]) {
    await go(to);
    assert.equal(await page.$eval("meta[content^=connect-src]", meta => meta.content), "connect-src 'self'", to);
    assert.equal(await get(`${third.url}/`), "refused", to);
  }
  assert.deepEqual(third.asked, []);
  await leave();
});

test("the sample is replayed: the last day's numbers are those of the file", async () => {
  const lines = gunzipSync(readFileSync(new URL("../../www/sample/ecom.csv.gz", import.meta.url))).toString().trim().split("\n").slice(1).map(line => line.split(","));
  const events = lines.map(([, , event, timestamp]) => ({ event, day: timestamp.slice(0, 10) })), last = events.map(({ day }) => day).sort().at(-1);
  const { page, leave } = await browser.visit();
  await page.click("text=Watch a stream");
  await page.waitForSelector("#where:not(:empty)");
  await page.selectOption("#kind", "websocket");
  await page.fill("#id", "of_another_source");
  await page.selectOption("#kind", "sample");
  await page.selectOption("#speed", "Infinity");
  await page.click("form .primary");
  await complete(page);
  await page.selectOption("#window", "1d");
  await eventually(() => state(page), "The stream has ended.");
  await eventually(() => leading(page), leaders(events.filter(({ day }) => day === last), "event"));
  assert.match(await page.innerText("#counted"), new RegExp(`^${events.length.toLocaleString("en")} events`));
  assert.match(page.url(), /\?to=sample%3AInfinity&window=1d&lateness=10s$/);
  // A page that is loaded again, or whose address is passed on, waits to be told.
  await page.reload();
  await eventually(async () => [await page.isVisible("#source"), await page.inputValue("#speed"), await page.inputValue("#window"), page.workers().length], [true, "Infinity", "1d", 0]);
  await page.selectOption("#speed", "600");
  await page.click("form .primary");
  await complete(page);
  assert.equal(await state(page), "Connected.");
  await page.click("#stop");
  await page.click("text=Open a file instead");
  await page.waitForSelector(".drop");
  await leave();
});

test("a channel of the same site is listened to, and the columns can be told", async () => {
  const { page, context, leave } = await browser.visit({ path: "live.html" });
  await page.selectOption("#kind", "broadcast");
  await page.fill("#at", "shop");
  await page.click("form .primary");
  await eventually(() => state(page), "Connected. Waiting for the first event …");
  const other = await context.newPage();
  await other.goto(browser.url);
  await other.evaluate(start => {
    globalThis.channel = new BroadcastChannel("shop");
    channel.postMessage(Array.from({ length: 30 }, (_, i) => ({ when: new Date(start + i * 1000).toISOString(), a: `x${i % 3}`, b: i % 2 ? "view" : "cart" })));
  }, START);
  await page.waitForSelector("clickfold-view");
  await page.click("#meanings summary");
  for (const [role, column] of [["actor", "a"], ["action", "b"]]) {
    await page.selectOption(`#role-${role}`, column);
    await eventually(() => page.inputValue(`#role-${role}`), column);
  }
  await page.selectOption("#role-item", "");
  await eventually(async () => (await shown(page, "funnel")).map(([step, users]) => [step, users]), [["Viewed", "3"], ["Added to cart", "3"]]);
  await eventually(() => leading(page), [["cart", "15"], ["view", "15"]]);
  await leave();
});

test("what is wrong with an address is said beside it, and what fails is told", async () => {
  const broken = await site((_, response) => response.writeHead(403).end());
  const { page, leave } = await browser.visit({ path: "live.html", expected: [/asked/, /403/] });
  for (const [kind, at, message] of [
    ["websocket", "", /such as wss:\/\/shop\.example/], ["websocket", "shop.example", /not a whole address/], ["websocket", "https://shop.example", /begins with wss:/],
    ["sse", "wss://shop.example", /begins with https:/], ["fetch", "https://me:secret@shop.example", /name and the password/], ["websocket", "wss://*/", /cannot be limited to the host/], ["broadcast", " ", /channel's name/],
  ]) {
    await page.selectOption("#kind", kind);
    await page.fill("#at", at);
    await page.click("form .primary");
    assert.match(await page.innerText("#problem"), message);
    assert.deepEqual(await page.evaluate(() => [document.activeElement.id, document.activeElement.ariaInvalid]), ["at", "true"]);
  }
  await page.selectOption("#kind", "sse");
  await page.fill("#at", `${broken.url}/events`);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#failure:not([hidden])");
  assert.match(await page.innerText("#failure"), /403/);
  await page.click("text=Choose another source");
  assert.equal(await page.inputValue("#at"), `${broken.url}/events`);
  await leave();
});

test("nobody is shut out, in the light and in the dark, and nothing is wider than 360 pixels", async () => {
  const { url } = await shop(hour);
  for (const colorScheme of ["light", "dark"]) {
    const { page, leave } = await visit(`${url}?${"x".repeat(200)}`, { colorScheme, viewport: { width: 360, height: 800 } });
    const check = async when => {
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth) <= 0, `${when}, ${colorScheme}`);
      await page.evaluate(AXE);
      assert.deepEqual(await page.evaluate(() => globalThis.axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => JSON.stringify(target)).join("; ")}`))), [], `${when}, ${colorScheme}`);
    };
    await check("form");
    await page.click("form .primary");
    await complete(page);
    await page.click("#meanings summary");
    await check("stream");
    await page.setViewportSize({ width: 1200, height: 900 });
    await check("wide");
    await leave();
  }
});

test("a first visit keeps nothing of it", async () => {
  const { page, leave } = await browser.visit();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await page.click("text=Watch a stream");
  await page.waitForSelector("#where:not(:empty)");
  const kept = await page.evaluate(async () => (await Promise.all((await caches.keys()).map(async name => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat());
  assert.ok(kept.length > 5);
  assert.deepEqual(kept.filter(path => /live/.test(path)), []);
  await leave();
});
