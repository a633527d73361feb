// The collector on pages of a shop in headless Chromium, with real servers on this machine.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { brotliCompressSync, constants } from "node:zlib";
import { after, test } from "node:test";
import { serve } from "../../www/examples/collector-server/server.mjs";
import { close, dist, server } from "./browser.mjs";
import { openShop, openVisitor } from "./shop.mjs";

after(close);

const COLUMNS = ["id", "time", "event", "visitor", "session", "page", "referrer", "item_id", "item_name", "item_brand", "item_category", "price", "quantity", "currency", "order_id"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ld = value => `<script type="application/ld+json">${typeof value === "string" ? value : JSON.stringify(value)}</script>`;
const HAT = { "@context": "https://schema.org", "@type": "Product", sku: "HAT-1", name: "A hat", brand: { "@type": "Brand", name: "Hatters" }, category: "Hats", offers: { "@type": "Offer", price: "19.95", priceCurrency: "EUR" } };
/** What an event says of an item, without what is null. */
const said = ({ event, id, time, visitor, session, page, referrer, ...item }) => [event, Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null))];
/** The items that were looked at, sorted: beacons may overtake each other. */
const looked = events => events.filter(({ event }) => event === "look").map(({ item_id }) => Number(item_id)).sort((a, b) => a - b);
const flush = page => page.evaluate(() => window.clickfoldCollector.flush());

test("weighs 2 kB at the most", () => {
  const { length } = brotliCompressSync(readFileSync(`${dist}/collector.js`), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  assert.ok(length <= 2_048, `${length} bytes`);
});

test("tells of a page, of the product that it describes, and of what is done with it, once each", async t => {
  const shop = await openShop(t), { page, complaints } = await openVisitor(t);
  shop.pages.set("/hat", { html: ld(HAT) + shop.script({ to: shop.websocket }, `<button data-cf-event="add_to_cart" data-cf-item="HAT-1" data-cf-name="A hat" data-cf-brand="Hatters" data-cf-category="Hats" data-cf-price="19.95" data-cf-quantity="2" data-cf-currency="EUR">Buy</button>`) });
  await page.goto(`${shop.url}/hat?utm=secret#fragment`);
  await page.click("button");
  await page.focus("button");
  await page.keyboard.press("Enter");
  await flush(page);
  const events = await shop.until(4);
  const hat = { item_id: "HAT-1", item_name: "A hat", item_brand: "Hatters", item_category: "Hats", price: 19.95, currency: "EUR" };
  assert.deepEqual(events.map(said), [["page_view", {}], ["view_item", { ...hat, quantity: 1 }], ["add_to_cart", { ...hat, quantity: 2 }], ["add_to_cart", { ...hat, quantity: 2 }]]);
  for (const event of events) {
    assert.deepEqual(Object.keys(event), COLUMNS);
    assert.match(event.id, UUID);
    assert.match(event.visitor, UUID);
    assert.equal(new Date(event.time).toISOString(), event.time);
    assert.deepEqual([event.page, event.session, event.referrer], ["/hat", null, null]);
  }
  assert.equal(new Set(events.map(event => event.id)).size, 4);
  assert.equal(new Set(events.map(event => event.visitor)).size, 1);
  assert.equal(shop.batches[0].by, "websocket");
  assert.ok(shop.batches.every(batch => batch.body.endsWith("\n")));
  assert.deepEqual(complaints, []);
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length), 0);
});

test("an attribute holds for all that is in its element, where nothing in there says otherwise", async t => {
  const shop = await openShop(t), { page } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.websocket }, `<ul data-cf-currency="CNY"><li data-cf-event="select_item" data-cf-item="A" data-cf-price="8"><a href="#"><b>A</b></a> <button data-cf-event="add_to_cart"><i>+</i></button></li></ul><p>nothing</p>`) });
  await page.goto(shop.url);
  await page.click("b");
  await page.evaluate(() => document.querySelector("i").addEventListener("click", event => event.stopPropagation()));
  await page.click("i");
  await page.click("p");
  await flush(page);
  const item = { item_id: "A", price: 8, quantity: 1, currency: "CNY" };
  assert.deepEqual((await shop.until(3)).map(said), [["page_view", {}], ["select_item", item], ["add_to_cart", item]]);
});

test("the dataLayer's e-commerce events are told, of Tag Manager's form and gtag's, before and after", async t => {
  const shop = await openShop(t), { page, complaints } = await openVisitor(t);
  const before = `<script>
    dataLayer = [{ event: "gtm.js" }, { ecommerce: null }, { event: "view_item", ecommerce: { currency: "EUR", value: 5, items: [{ item_id: 7, item_name: "Seven", price: "5.00" }] } }];
    function gtag() { dataLayer.push(arguments); }
    gtag("config", "G-1");
  </script>`;
  shop.pages.set("/", { html: before + shop.script({ to: shop.websocket }) });
  await page.goto(shop.url);
  const pushed = await page.evaluate(() => [
    window.gtag("event", "add_to_cart", { currency: "EUR", items: [{ item_id: "A", price: 2.5, quantity: 3 }, { item_id: "B" }] }),
    window.gtag("event", "scroll", { percent: 90 }),
    window.dataLayer.push({ event: "purchase", ecommerce: { transaction_id: "T-1", value: 12, currency: "EUR", items: [{ item_id: "A", price: 2.5, quantity: 3 }, { item_id: "B", price: 4.5, currency: "USD" }] } }, null, "text", 5, { event: {}, ecommerce: 3 }),
    window.dataLayer.push({ event: "refund", ecommerce: { transaction_id: "T-1", value: 12 } }),
  ]);
  await flush(page);
  assert.deepEqual((await shop.until(7)).map(said), [
    ["page_view", {}],
    ["view_item", { item_id: "7", item_name: "Seven", price: 5, quantity: 1, currency: "EUR" }],
    ["add_to_cart", { item_id: "A", price: 2.5, quantity: 3, currency: "EUR" }],
    ["add_to_cart", { item_id: "B", quantity: 1, currency: "EUR" }],
    ["purchase", { item_id: "A", price: 2.5, quantity: 3, currency: "EUR", order_id: "T-1" }],
    ["purchase", { item_id: "B", price: 4.5, quantity: 1, currency: "USD", order_id: "T-1" }],
    ["refund", { price: 12, order_id: "T-1" }],
  ]);
  assert.equal(pushed[2], 11, "push returns the length, as it did");
  assert.deepEqual(complaints, []);
});

test("a purchase that is told again has the same ids", async t => {
  const shop = await openShop(t), { page } = await openVisitor(t);
  const thanks = `<script>dataLayer = [{ event: "purchase", ecommerce: { transaction_id: "T-1", items: [{ item_id: "A" }, { item_id: "A" }, { item_id: "B" }] } }]</script>`;
  shop.pages.set("/thanks", { html: thanks + shop.script({ to: shop.http }) });
  await page.goto(`${shop.url}/thanks`);
  await flush(page);
  await shop.until(4);
  await page.reload();
  const events = (await (await flush(page), shop.until(8))).filter(({ event }) => event === "purchase").map(({ id }) => id);
  assert.deepEqual(events.slice(0, 3), events.slice(3));
  assert.equal(new Set(events).size, 3);
});

test("products are read from graphs and arrays; several are a list; one that is told twice is viewed once", async t => {
  const shop = await openShop(t), { page, complaints } = await openVisitor(t);
  const pages = {
    "/graph": ld({ "@context": "https://schema.org", "@graph": [{ "@type": "WebPage", name: "x" }, { ...HAT, "@type": ["Product", "Thing"], sku: undefined, productID: "P-1", brand: "Plain", offers: [{ price: 3 }, { price: 4 }] }] }),
    "/array": ld([{ "@type": "Organization" }, { ...HAT, offers: { "@type": "AggregateOffer", lowPrice: 1.5 } }]),
    "/list": ld([HAT, { "@type": "Product", sku: "CAP" }]),
    "/twice": ld(HAT) + `<script>dataLayer = [{ event: "view_item", ecommerce: { items: [{ item_id: "HAT-1" }] } }]</script>`,
  };
  let events = [];
  for (const [at, [path, html]] of Object.entries(pages).entries()) {
    shop.pages.set(path, { html: html + shop.script({ to: shop.http }) });
    await page.goto(shop.url + path);
    await flush(page);
    events = await shop.until([2, 4, 7, 9][at]);
  }
  assert.deepEqual(events.map(({ page, event, item_id, item_brand, price }) => [page, event, item_id, item_brand, price]), [
    ["/graph", "page_view", null, null, null], ["/graph", "view_item", "P-1", "Plain", 3],
    ["/array", "page_view", null, null, null], ["/array", "view_item", "HAT-1", "Hatters", 1.5],
    ["/list", "page_view", null, null, null], ["/list", "view_item_list", "HAT-1", "Hatters", 19.95], ["/list", "view_item_list", "CAP", null, null],
    ["/twice", "page_view", null, null, null], ["/twice", "view_item", "HAT-1", "Hatters", 19.95],
  ]);
  assert.deepEqual(complaints, []);
});

test("an app of a single page is as many pages as it has addresses", async t => {
  const shop = await openShop(t), { page } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.websocket }, "<p>Hats</p>") });
  await page.goto(shop.url);
  await page.evaluate(hat => {
    const script = document.body.appendChild(document.createElement("script"));
    script.type = "application/ld+json";
    history.pushState({}, "", "/hat?a=1");
    script.text = hat;
  }, JSON.stringify(HAT));
  await page.evaluate(() => history.replaceState({}, "", "/hat?a=2"));
  await page.click("p");
  await page.evaluate(() => history.pushState({}, "", "/cart"));
  await page.evaluate(() => new Promise(gone => {
    addEventListener("popstate", gone);
    history.back();
  }));
  await flush(page);
  const events = await shop.until(5);
  assert.deepEqual(events.map(({ event, page, item_id }) => [event, page, item_id]), [["page_view", "/", null], ["page_view", "/hat", null], ["view_item", "/hat", "HAT-1"], ["page_view", "/cart", null], ["page_view", "/hat", null]]);
});

test("the page's whole address is told where that is asked for, and where the visitor came from", async t => {
  const shop = await openShop(t), other = await openShop(t), { page } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.http, page: "href" }) });
  other.pages.set("/", { html: `<meta name="referrer" content="unsafe-url"><a href="${shop.url}/?q=1#top">shop</a>` });
  await page.goto(`${other.url}/?secret`);
  await page.click("a");
  await page.waitForURL(`${shop.url}/**`);
  await flush(page);
  await shop.until(1);
  await page.evaluate(() => location.assign("/?q=2"));
  await page.waitForURL("**/?q=2");
  await flush(page);
  assert.deepEqual((await shop.until(2)).map(({ page, referrer }) => [page, referrer]), [[`${shop.url}/?q=1#top`, new URL(other.url).host], [`${shop.url}/?q=2`, null]]);
});

test("twenty events go at once, the rest after two seconds", async t => {
  const shop = await openShop(t), { page } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.http }) });
  await page.addInitScript(() => {
    const soon = window.setTimeout;
    window.waiting = [];
    window.setTimeout = (run, ms, ...rest) => ms >= 2_000 ? -waiting.push({ run, ms }) : soon(run, ms, ...rest);
  });
  await page.goto(shop.url);
  await page.evaluate(() => {
    for (let i = 0; i < 19; i++) window.clickfoldCollector.track("look", { item_id: i });
  });
  await shop.until(20); // though no time goes by
  await page.evaluate(() => window.clickfoldCollector.track("look", { item_id: 19 }));
  await page.waitForFunction(() => waiting.length === 2);
  assert.equal(shop.batches.length, 1);
  assert.deepEqual(await page.evaluate(() => waiting.map(({ ms }) => ms)), [2_000, 2_000]);
  await page.evaluate(() => waiting[1].run());
  const events = await shop.until(21);
  assert.deepEqual(events.map(({ item_id }) => item_id), [null, ...Array.from({ length: 20 }, (_, i) => `${i}`)]);
  assert.deepEqual(shop.batches.map(({ events, type }) => [events.length, type]), [[20, "text/plain;charset=UTF-8"], [1, "text/plain;charset=UTF-8"]]);
});

test("no batch is larger than a browser takes of a page that goes away, whatever its texts; the rest follows", async t => {
  const shop = await openShop(t), { page } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.http }) });
  await page.goto(shop.url);
  await page.evaluate(() => {
    for (let i = 0; i < 44; i++) window.clickfoldCollector.track("look", { item_id: i, item_name: "帽".repeat(300), item_brand: "\u0001".repeat(200), item_category: "帽".repeat(300) });
  });
  const events = await shop.until(45);
  assert.deepEqual(looked(events), Array.from({ length: 44 }, (_, i) => i));
  assert.ok(events.every(({ event, item_name }) => event !== "look" || item_name.length === 200));
  for (const { body, events } of shop.batches) assert.ok(events.length <= 20 && Buffer.byteLength(body) < 65_536);
});

test("what a page that goes away has not sent yet goes by a beacon", async t => {
  const shop = await openShop(t), { page } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.http }, `<a href="/next" data-cf-event="select_item" data-cf-item="A">A</a>`) });
  await page.goto(shop.url);
  await page.click("a"); // the next page has no collector, and this one's timers end with it
  const events = await shop.until(2);
  assert.deepEqual(events.map(({ event, page }) => [event, page]), [["page_view", "/"], ["select_item", "/"]]);
});

for (const by of ["http", "websocket"]) {
  test(`what cannot be sent by ${by} waits for the line to come back, the newest 500 events`, async t => {
    const shop = await openShop(t), { page, context } = await openVisitor(t);
    shop.pages.set("/", { html: shop.script({ to: shop[by] }) });
    await page.goto(shop.url);
    await flush(page);
    await shop.until(1);
    await context.setOffline(true);
    await page.evaluate(() => {
      for (let i = 0; i < 510; i++) window.clickfoldCollector.track("look", { item_id: i });
      window.clickfoldCollector.flush();
    });
    await page.waitForFunction(() => localStorage["clickfold-queue"]?.includes(`"item_id":"509"`));
    assert.equal(shop.events().length, 1);
    await context.setOffline(false);
    const events = await shop.until(501);
    assert.deepEqual(looked(events), Array.from({ length: 500 }, (_, i) => i + 10));
    await page.waitForFunction(() => localStorage.length === 0);
  });
}

test("what a page could not send goes out when the shop is next opened", async t => {
  const shop = await openShop(t), { page, context } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.http }) });
  await page.goto(shop.url);
  await flush(page);
  await shop.until(1);
  await context.setOffline(true);
  await page.evaluate(() => window.clickfoldCollector.track("look", { item_id: "A" }));
  await page.goto("about:blank"); // a page that is closed may not be told that it goes
  await context.setOffline(false);
  await (await context.newPage()).goto(shop.url);
  const events = await shop.until(3);
  assert.deepEqual(events.slice(1).map(({ event }) => event).sort(), ["look", "page_view"]);
});

test("a connection that breaks is taken up again, and nothing is lost; what came twice has one id", async t => {
  const shop = await openShop(t), { page, complaints } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.websocket }) });
  await page.goto(shop.url);
  await shop.until(1);
  const isTold = page.waitForEvent("console", message => message.text().startsWith("Clickfold's collector"));
  await shop.close();
  await page.evaluate(() => {
    for (let i = 0; i < 30; i++) window.clickfoldCollector.track("look", { item_id: i });
    window.clickfoldCollector.flush();
  });
  await page.waitForFunction(() => localStorage["clickfold-queue"]?.includes(`"item_id":"29"`));
  await isTold;
  const again = await openShop(t, { port: shop.port });
  await again.until(30);
  const ids = new Set([...shop.events(), ...again.events()].map(({ id }) => id));
  assert.equal(ids.size, 31);
  assert.equal(complaints.filter(text => text.startsWith("Clickfold's collector")).length, 1, "it is told once");
});

test("events are sent to a channel of the browser as objects", async t => {
  const shop = await openShop(t), { page, context, complaints } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: "broadcast:shop" }) });
  const dashboard = await context.newPage();
  await dashboard.goto(`${shop.url}/dashboard`);
  await dashboard.evaluate(() => {
    window.heard = new Promise(resolve => new BroadcastChannel("shop").addEventListener("message", ({ data }) => resolve(data)));
  });
  await page.goto(shop.url);
  await flush(page);
  const event = await dashboard.evaluate(() => window.heard);
  assert.deepEqual([Object.keys(event), event.event], [COLUMNS, "page_view"]);
  assert.deepEqual(complaints, []);
});

for (const [name, script] of [
  ["Do Not Track", () => Object.defineProperty(Navigator.prototype, "doNotTrack", { get: () => "1" })],
  ["Global Privacy Control", () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true })],
]) {
  test(`nothing is sent, stored or listened to where the browser says ${name}, whatever the page says`, async t => {
    const shop = await openShop(t), { page, context, complaints } = await openVisitor(t);
    await context.addInitScript(script);
    await context.addInitScript(() => {
      window.listened = [];
      const { addEventListener } = EventTarget.prototype;
      EventTarget.prototype.addEventListener = function (name, ...rest) {
        window.listened.push(name);
        return addEventListener.call(this, name, ...rest);
      };
    });
    shop.pages.set("/", { html: ld(HAT) + shop.script({ to: shop.http, store: "visitor" }) });
    shop.pages.set("/next", { html: "" });
    await page.goto(shop.url);
    const left = await page.evaluate(async () => {
      const { clickfoldCollector: collector, history } = window, { pushState } = history;
      collector.consent(true);
      collector.identify("me");
      collector.track("look", { item_id: "A" });
      collector.flush();
      await new Promise(resolve => setTimeout(resolve)); // all that was asked for runs before
      return { listened: window.listened, stored: localStorage.length + sessionStorage.length, cookie: document.cookie, isWrapped: history.pushState !== History.prototype.pushState || pushState !== history.pushState, layer: typeof window.dataLayer };
    });
    await page.goto(`${shop.url}/next`);
    // A shop that is sent something after all would be sent it before this.
    await page.evaluate(to => fetch(to, { method: "POST", body: `{"event":"last"}` }), shop.http);
    assert.deepEqual(shop.events(), [{ event: "last" }]);
    assert.deepEqual(left, { listened: [], stored: 0, cookie: "", isWrapped: false, layer: "undefined" });
    assert.deepEqual(complaints, []);
  });
}

test("nothing is done before consent where it is required; taken back, it is forgotten who it was and what waits", async t => {
  const shop = await openShop(t), { page, context } = await openVisitor(t);
  shop.pages.set("/", { html: `<script>dataLayer = []</script>` + shop.script({ to: shop.http, consent: "required", store: "day" }) });
  await page.goto(shop.url);
  const stored = () => page.evaluate(() => Object.keys(localStorage).sort());
  await page.evaluate(() => {
    window.clickfoldCollector.track("early");
    window.clickfoldCollector.flush();
  });
  assert.deepEqual([await stored(), shop.events().length], [[], 0]);
  await page.evaluate(() => {
    window.clickfoldCollector.consent(true);
    window.clickfoldCollector.consent(true);
    window.clickfoldCollector.flush();
  });
  assert.deepEqual((await shop.until(1)).map(({ event }) => event), ["page_view"]);
  assert.deepEqual(await stored(), ["clickfold-visitor"]);
  await context.setOffline(true);
  await page.evaluate(() => {
    window.clickfoldCollector.track("look");
    window.clickfoldCollector.flush();
  });
  await page.waitForFunction(() => "clickfold-queue" in localStorage);
  await page.evaluate(() => {
    window.clickfoldCollector.track("unsent");
    window.clickfoldCollector.consent(false);
    window.clickfoldCollector.track("denied");
    window.dataLayer.push({ event: "view_item", ecommerce: { items: [{ item_id: "A" }] } });
    window.clickfoldCollector.flush();
  });
  assert.deepEqual(await stored(), []);
  await context.setOffline(false);
  await page.evaluate(() => {
    window.clickfoldCollector.consent(true);
    window.clickfoldCollector.track("again");
    window.clickfoldCollector.flush();
  });
  const [first, again] = await shop.until(2);
  assert.deepEqual([again.event, shop.events().length], ["again", 2]);
  assert.notEqual(again.visitor, first.visitor);
});

/** The visitor and the session of a page view at a time, on a page with these attributes. */
async function visitorsAt(t, times, attributes, act = () => {}, { fresh = false } = {}) {
  const shop = await openShop(t);
  shop.pages.set("/", { html: shop.script({ to: shop.http, ...attributes }) });
  let visitor = await openVisitor(t);
  for (const [n, time] of times.entries()) {
    if (fresh && n) visitor = await openVisitor(t);
    await visitor.page.clock.setFixedTime(new Date(time));
    await visitor.page.goto(shop.url);
    await visitor.page.evaluate(act);
    await flush(visitor.page);
    await shop.until(n + 1);
  }
  return shop.events();
}
const DAYS = ["2026-03-01T00:10:00Z", "2026-03-01T23:50:00Z", "2026-03-02T00:10:00Z"];

test("without storage, a visitor is the same all day, as is another with the same browser, and another the next day", async t => {
  const [a, b, c] = await visitorsAt(t, DAYS, {}, undefined, { fresh: true });
  assert.equal(a.visitor, b.visitor);
  assert.notEqual(b.visitor, c.visitor);
  assert.deepEqual([a.session, b.session, c.session], [null, null, null]);
});

test("a visitor that is kept for the day has a session, and is another the next day and in another browser", async t => {
  const times = ["2026-03-01T23:00:00Z", "2026-03-01T23:29:00Z", "2026-03-01T23:59:30Z", "2026-03-02T00:01:00Z"];
  const [a, b, c, d] = await visitorsAt(t, times, { store: "day" });
  assert.match(a.visitor, UUID);
  assert.ok(a.visitor === b.visitor && b.visitor === c.visitor && c.visitor !== d.visitor);
  assert.ok(a.session === b.session && b.session !== c.session && c.session !== d.session);
  const [e, f] = await visitorsAt(t, times.slice(0, 2), { store: "day" }, undefined, { fresh: true });
  assert.notEqual(e.visitor, f.visitor);
});

test("a visitor that is kept for good stays the same", async t => {
  const [a, b, c] = await visitorsAt(t, [...DAYS.slice(0, 2), "2027-01-01T00:00:00Z"], { store: "visitor" });
  assert.ok(a.visitor === b.visitor && b.visitor === c.visitor && b.session !== c.session);
});

test("a user whom the page names is sent as a hash that is the same in all browsers of the day, and another the next", async t => {
  const events = await visitorsAt(t, DAYS, { user: "ann@shop.example" }, undefined, { fresh: true });
  const [a, b, c] = events.map(({ visitor }) => visitor);
  assert.match(a, UUID);
  assert.ok(a === b && b !== c);
  assert.ok(!JSON.stringify(events).includes("ann"));
  const salted = await visitorsAt(t, DAYS.slice(0, 1), { user: "ann@shop.example", salt: "of the day" });
  assert.notEqual(salted[0].visitor, a);
  const raw = await visitorsAt(t, DAYS.slice(0, 1), { user: "ann@shop.example", "raw-ids": "" });
  assert.equal(raw[0].visitor, "ann@shop.example");
});

test("who logs in is somebody else than before, and so is who logs out", async t => {
  const shop = await openShop(t), { page } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({ to: shop.http, store: "visitor" }) });
  await page.goto(shop.url);
  await page.evaluate(() => {
    const { clickfoldCollector: collector } = window;
    collector.identify(42);
    collector.track("login");
    collector.identify("42");
    collector.track("look");
    collector.identify(null);
    collector.track("logout");
    collector.flush();
  });
  const [before, login, look, after] = (await shop.until(4)).map(({ visitor }) => visitor);
  assert.equal(login, look);
  assert.equal(new Set([before, login, after]).size, 3);
});

test("where storage is denied, what waits is kept in memory, and so is who it is", async t => {
  const shop = await openShop(t), { page, context, complaints } = await openVisitor(t);
  await context.addInitScript(() => Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("denied", "SecurityError"); } }));
  shop.pages.set("/", { html: shop.script({ to: shop.http, store: "day" }) });
  await page.goto(shop.url);
  await context.setOffline(true);
  await page.evaluate(() => {
    window.clickfoldCollector.track("look");
    window.clickfoldCollector.flush();
  });
  await context.setOffline(false);
  const events = await shop.until(2);
  assert.deepEqual(events.map(({ event }) => event), ["page_view", "look"]);
  assert.equal(new Set(events.map(({ visitor }) => visitor)).size, 1);
  assert.deepEqual(complaints, []);
});

test("on a page without https nobody is named, as browsers have no hash there, and all else is told", async t => {
  const { page, complaints } = await openVisitor(t);
  const html = `<!doctype html><link rel="icon" href="data:,"><script>heard = new Promise(resolve => new BroadcastChannel("shop").onmessage = ({ data }) => resolve(data))</script><script src="/collector.js" data-to="broadcast:shop" data-user="ann"></script>`;
  await page.route("http://shop.example/**", route => route.fulfill(route.request().url().endsWith("collector.js") ? { path: `${dist}/collector.js` } : { contentType: "text/html", body: html }));
  await page.goto("http://shop.example/");
  assert.equal(await page.evaluate(() => window.isSecureContext), false);
  await flush(page);
  const { visitor, event, id } = await page.evaluate(() => window.heard);
  assert.deepEqual([visitor, event], [null, "page_view"]);
  assert.match(id, UUID);
  assert.deepEqual(complaints, []);
});

for (const by of ["http", "websocket"]) {
  test(`works by ${by} under a policy that allows it the shop's scripts and one address`, async t => {
    const shop = await openShop(t), { page, complaints } = await openVisitor(t);
    shop.pages.set("/", { html: ld(HAT) + shop.script({ to: shop[by] }), headers: { "content-security-policy": `default-src 'self'; img-src data:; connect-src ${shop[by]}` } });
    await page.goto(shop.url);
    await flush(page);
    assert.deepEqual((await shop.until(2)).map(({ event }) => event), ["page_view", "view_item"]);
    assert.deepEqual(complaints, []);
  });
}

test("nothing is thrown into the page, whatever it says; what is wrong is told once", async t => {
  const shop = await openShop(t), { page, complaints } = await openVisitor(t);
  shop.pages.set("/", { html: ld("{broken") + ld("[1, null") + shop.script({ to: shop.http }) + shop.script({ to: shop.http }) });
  await page.goto(shop.url);
  await page.evaluate(() => {
    const { clickfoldCollector: collector, dataLayer } = window;
    const hostile = { get event() { throw new Error("hostile"); } };
    dataLayer.push(hostile);
    collector.track("odd", { item_id: { toString() { throw new Error("hostile"); } }, price: "free", quantity: Infinity, item_name: "", __proto__: null });
    collector.track("none", null);
    collector.identify(Symbol("s"));
    collector.flush();
  });
  const events = await shop.until(3);
  assert.deepEqual(events.map(said), [["page_view", {}], ["odd", {}], ["none", {}]]);
  assert.deepEqual(complaints.map(text => text.slice(0, 22)), ["Clickfold's collector:"]);
});

test("without an address it says what is missing", async t => {
  const shop = await openShop(t), { page, complaints } = await openVisitor(t);
  shop.pages.set("/", { html: shop.script({}) });
  await page.goto(shop.url);
  await page.evaluate(() => window.clickfoldCollector.track("look"));
  assert.deepEqual(complaints, ["Clickfold's collector: data-to"]);
});

/** A shop's page on which a hat is looked at, put into the cart and bought. */
const SALE = ld(HAT) + `<button data-cf-event="add_to_cart" data-cf-item="HAT-1" data-cf-price="19.95" data-cf-quantity="2">Buy</button>
  <script>dataLayer = []; function buy() { dataLayer.push({ event: "purchase", ecommerce: { transaction_id: "T-1", currency: "EUR", items: [{ item_id: "HAT-1", item_category: "Hats", price: 19.95, quantity: 2 }] } }); }</script>`;

async function sell(page, url) {
  await page.goto(url);
  await page.click("button");
  await page.evaluate(() => window.buy());
  await flush(page);
}

/** A dashboard's page with an engine. */
async function openDashboard(page, url) {
  await page.goto(url);
  await page.evaluate(async site => {
    const { open } = await import(`${site}clickfold.js`);
    window.engine = await open({ workers: 1 });
    /** The roles of columns that the first event may have nothing in. */
    window.schema = { session: { role: "session" }, referrer: { role: "channel" }, item_id: { role: "item" }, item_category: { role: "category" }, price: { role: "price" }, quantity: { role: "quantity" }, order_id: { role: "order" } };
    window.rolesOf = dataset => Object.fromEntries(dataset.schema.filter(field => field.role).map(field => [field.role, field.name]));
    window.funnel = dataset => dataset.query({ kind: "funnel", steps: [{ event: "view_item" }, { event: "add_to_cart" }, { event: "purchase" }] });
  }, server.url);
}
const ROLES = { time: "time", action: "event", actor: "visitor", session: "session", item: "item_id", category: "item_category", price: "price", quantity: "quantity", order: "order_id" };

test("the engine knows by itself what the columns of such events are", async t => {
  const shop = await openShop(t), { page, context } = await openVisitor(t);
  shop.pages.set("/hat", { html: SALE + shop.script({ to: shop.websocket, store: "day" }) });
  await sell(page, `${shop.url}/hat`);
  await shop.until(4);
  const dashboard = await context.newPage();
  await openDashboard(dashboard, `${shop.url}/dashboard`);
  const found = await dashboard.evaluate(async text => {
    const dataset = await window.engine.load(new Blob([text]));
    return { roles: window.rolesOf(dataset), steps: (await window.funnel(dataset)).rows().map(({ actors }) => actors), rejected: dataset.report.rejected };
  }, shop.batches.map(({ body }) => body).join(""));
  assert.deepEqual(found, { roles: ROLES, steps: [1, 1, 1], rejected: 0 });
});

test("a dashboard in another tab follows a shop's page by a channel", async t => {
  const shop = await openShop(t), { page, context } = await openVisitor(t);
  shop.pages.set("/hat", { html: SALE + shop.script({ to: "broadcast:shop", store: "day" }) });
  const dashboard = await context.newPage();
  await openDashboard(dashboard, `${shop.url}/dashboard`);
  await dashboard.evaluate(() => new Promise(listening => {
    window.rows = new Promise(resolve => {
      window.dataset = window.engine.connect({ broadcast: "shop" }, { id: "id", schema: window.schema, onStatus: ({ state, counters }) => {
        if (state === "open") listening();
        if (counters.used === 4) resolve(counters);
      } });
    });
  }));
  await sell(page, `${shop.url}/hat`);
  const found = await dashboard.evaluate(async () => {
    const { received, invalid } = await window.rows, dataset = await window.dataset;
    return { received, invalid, roles: window.rolesOf(dataset), steps: (await window.funnel(dataset)).rows().map(({ actors }) => actors) };
  });
  assert.deepEqual(found, { received: 4, invalid: 0, roles: { ...ROLES, channel: "referrer" }, steps: [1, 1, 1] });
});

for (const by of ["WebSocket", "POST"]) {
  test(`the example's server keeps what comes by ${by}, and passes it on to dashboards, of which nothing but events`, async t => {
    const folder = mkdtempSync(`${tmpdir()}/clickfold-collector-`);
    const receiver = await serve(0, `${folder}/events.ndjson`);
    t.after(() => {
      receiver.close();
      rmSync(folder, { recursive: true });
    });
    const shop = await openShop(t), { page, context, complaints } = await openVisitor(t), host = `127.0.0.1:${receiver.port}`;
    shop.pages.set("/hat", { html: SALE + shop.script({ to: by === "POST" ? `http://${host}/collect` : `ws://${host}/collect`, store: "day" }) });
    const dashboard = await context.newPage();
    await openDashboard(dashboard, `${shop.url}/dashboard`);
    await dashboard.evaluate(host => {
      window.counted = [{ sse: `http://${host}/live` }, { websocket: `ws://${host}/live` }].map(source => new Promise(resolve => {
        let isOpen = () => {};
        const opened = new Promise(resolve => { isOpen = resolve; });
        const dataset = window.engine.connect(source, { id: "id", schema: window.schema, onStatus: ({ state, counters }) => {
          if (state === "open") isOpen();
          if (counters.used === 4) resolve({ counters, dataset });
        } });
        (window.opened ??= []).push(opened);
      }));
      return Promise.all(window.opened);
    }, host);
    const junk = await fetch(`http://${host}/collect`, { method: "POST", body: `junk\n{"no":"event"}\nnull\n` });
    assert.equal(junk.status, 204);
    await sell(page, `${shop.url}/hat`);
    const found = await dashboard.evaluate(() => Promise.all(window.counted.map(async counted => {
      const { counters, dataset } = await counted;
      return [counters.received, counters.invalid_frames, (await window.funnel(await dataset)).rows().map(({ actors }) => actors)];
    })));
    assert.deepEqual(found, [[4, 0, [1, 1, 1]], [4, 0, [1, 1, 1]]]);
    const kept = readFileSync(`${folder}/events.ndjson`, "utf8").trim().split("\n").map(line => JSON.parse(line).event);
    assert.deepEqual(kept.sort(), ["add_to_cart", "page_view", "purchase", "view_item"]);
    assert.deepEqual(complaints, []);
  });
}
