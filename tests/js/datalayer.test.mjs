// What a page says of its shop in its data layer becomes rows, from before and after somebody listens; the page notices nothing.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { close, openPage } from "./browser.mjs";

after(close);

let page;

beforeEach(async () => {
  ({ page } = await openPage());
  await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    window.engine = await open();
    window.dataLayer = [];
    window.gtag = function () { window.dataLayer.push(arguments); };
    /** The rows of a stream once there are so many. */
    window.rowsOf = async (dataset, n) => {
      while (dataset.status.counters.used < n) await new Promise(resolve => { window.hear = resolve; });
      return (await dataset.query({ kind: "rows" })).rows();
    };
    window.connect = (source, options = {}) => window.engine.connect(source, { ...options, onStatus: () => window.hear?.() });
  });
});

const HAT = { item_id: "7", item_name: "Hat, red", item_brand: "Tip", item_category: "hats", price: 12.5, quantity: 2 };
const BAG = { item_id: "b-9", item_name: "=Bag", price: "30.00", quantity: 1 };

test("items of Tag Manager and of gtag are rows, whether pushed before or after", async () => {
  const { rows, schema, sum } = await page.evaluate(async ([hat, bag]) => {
    window.dataLayer.push({ "gtm.start": Date.now(), event: "gtm.js" });
    window.dataLayer.push({ ecommerce: null });
    window.dataLayer.push({ event: "view_item_list", event_timestamp: "2026-03-01T10:00:00.250Z", client_id: "c1", ecommerce: { currency: "EUR", items: [hat, bag] } });
    window.gtag("js", new Date());
    window.gtag("set", { user_id: "u1" });
    window.gtag("event", "add_to_cart", { currency: "EUR", value: 25, event_timestamp: 1772359201000000, items: [hat] });
    const dataset = await window.connect({ dataLayer: "dataLayer" });
    window.dataLayer.push({ event: "scroll" }, { event: "purchase", timestamp: 1772359202, user_id: "u2", ecommerce: { transaction_id: "T1", value: 55, currency: "EUR", items: [hat, bag] } });
    window.gtag("event", "view_cart", { timestamp: 1772359203500 });
    const rows = await window.rowsOf(dataset, 6);
    const sum = (await dataset.query({ kind: "aggregate", where: [{ event: "purchase" }], measures: { value: { fn: "sum", column: "value" }, price: { fn: "sum", column: "price" } } })).rows();
    return { rows: rows.map(row => ({ ...row, time: row.time.toISOString() })), schema: dataset.schema.map(({ name, role }) => [name, role]), sum };
  }, [HAT, BAG]);
  const hat = { item_id: "7", item_name: "Hat, red", item_brand: "Tip", item_category: "hats", price: 12.5, quantity: 2 };
  const bag = { item_id: "b-9", item_name: "=Bag", item_brand: null, item_category: null, price: 30, quantity: 1 };
  const none = { item_id: null, item_name: null, item_brand: null, item_category: null, price: null, quantity: null };
  const of = (time, event, user_id, item, more) => ({ time: `2026-03-01T10:00:0${time}Z`, event, client_id: "c1", user_id, ...item, currency: "EUR", order_id: null, value: null, ...more });
  assert.deepEqual(rows, [
    of("0.250", "view_item_list", null, hat), of("0.250", "view_item_list", null, bag), of("1.000", "add_to_cart", "u1", hat, { value: 25 }),
    of("2.000", "purchase", "u2", hat, { order_id: "T1", value: 55 }), of("2.000", "purchase", "u2", bag, { order_id: "T1" }),
    of("3.500", "view_cart", "u2", none, { currency: null }),
  ]);
  assert.deepEqual(schema.filter(([, role]) => role), [["time", "time"], ["event", "action"], ["client_id", "actor"], ["item_id", "item"], ["item_category", "category"], ["price", "price"], ["quantity", "quantity"], ["order_id", "order"]]);
  assert.deepEqual(sum, [{ value: 55, price: 42.5 }]);
});

test("who does not say who they are is one visitor for as long as the tab is open, and is now", async () => {
  const { rows, from, to, later } = await page.evaluate(async () => {
    const from = Date.now();
    window.gtag("event", "view_item", { items: [{ item_id: "7" }] });
    const dataset = await window.connect({ dataLayer: window.dataLayer });
    window.gtag("event", "view_item", { timestamp: "once upon a time", items: [{ item_id: "8" }] });
    const rows = await window.rowsOf(dataset, 2);
    await dataset.close();
    const again = await window.connect({ dataLayer: window.dataLayer });
    const later = await window.rowsOf(again, 2);
    return { rows: rows.map(row => ({ ...row, time: row.time.getTime() })), from, to: Date.now(), later: later.map(({ client_id }) => client_id) };
  });
  assert.ok(rows.every(({ time }) => time >= from && time <= to));
  assert.match(rows[0].client_id, /^[0-9a-f]{32}$/);
  assert.deepEqual([rows[1].client_id, ...later], Array(3).fill(rows[0].client_id));
});

test("the page's array is as it was when the stream is closed, also beneath another's push", async () => {
  const found = await page.evaluate(async () => {
    const item = { items: [{ item_id: "7" }] };
    window.gtag("event", "view_item", item);
    const dataset = await window.connect({ dataLayer: "dataLayer" });
    const pushed = window.dataLayer.push("a", "b");
    await dataset.close();
    const isAsBefore = !Object.hasOwn(window.dataLayer, "push");
    const again = await window.connect({ dataLayer: "dataLayer" });
    const ours = window.dataLayer.push, seen = [];
    window.dataLayer.push = (...more) => (seen.push(...more), ours(...more));
    window.dataLayer.push("c");
    await again.close();
    window.dataLayer.push("d");
    const isTheirs = window.dataLayer.push !== ours;
    return { pushed, isAsBefore, isTheirs, seen, layer: window.dataLayer.slice(1) };
  });
  assert.deepEqual(found, { pushed: 3, isAsBefore: true, isTheirs: true, seen: ["c", "d"], layer: ["a", "b", "c", "d"] });
});

test("what is no event, or cannot be read, harms neither the page nor the stream", async () => {
  const { rows, invalid, threw } = await page.evaluate(async () => {
    const bad = { event: "view_item", get ecommerce() { throw new Error("mine"); } };
    const around = {};
    around.around = around;
    window.dataLayer.push(null, 7, "text", () => {}, around, { event: { toString: null } }, { event: "view_item", ecommerce: "x" }, { event: "purchase", ecommerce: { value: NaN, transaction_id: {}, items: [null, { item_id: {}, price: [], quantity: "" }] } });
    const dataset = await window.connect({ dataLayer: "dataLayer" });
    let threw = false;
    try {
      window.dataLayer.push(bad);
    } catch {
      threw = true;
    }
    window.gtag("event", "view_item", { items: [{ item_id: "__proto__", item_name: "<img src=x onerror=alert(1)>" }] });
    const rows = await window.rowsOf(dataset, 4);
    return { rows: rows.map(({ event, item_id, item_name, price, quantity, order_id, value }) => [event, item_id, item_name, price, quantity, order_id, value]), invalid: dataset.status.counters.invalid_frames, threw };
  });
  const nothing = Array(6).fill(null);
  assert.deepEqual(rows, [["view_item", ...nothing], ["purchase", ...nothing], ["purchase", ...nothing], ["view_item", "__proto__", "<img src=x onerror=alert(1)>", null, null, null, null]]);
  assert.deepEqual([invalid, threw], [1, false]);
});

test("a global that is no array is refused in a sentence, and one that is not there yet is made", async () => {
  const [refused, made] = await page.evaluate(async () => {
    window.taken = "by another";
    const refused = await window.connect({ dataLayer: "taken" }).then(() => "no error", error => `${error.code}: ${error.message}`);
    const coming = window.engine.connect({ dataLayer: "later" }, { onStatus: ({ state }) => state === "open" && !window.later.length && window.later.push({ event: "view_item", ecommerce: { items: [{ item_id: "7" }] } }) });
    return [refused, (await coming).rows];
  });
  assert.match(refused, /^BAD_QUERY: "taken" is no data layer/);
  assert.equal(made, 1);
});
