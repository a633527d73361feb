// What the panels show against the same numbers counted a second time, and what editing does to them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { cells, eventually, file, load, loaded, start } from "./browser.mjs";
import { csvOf, lineOf, makeEvents, rankOf } from "./events.mjs";

const EVENTS = makeEvents(4000);
const SHOP = file("shop.csv", csvOf(EVENTS));
const HOUR = 3_600_000;
let browser;
before(async () => { browser = await start(); });
after(() => browser?.close());

const ranking = page => cells(page, "#ranking");
const shown = (rows, digits) => rows.map(([place, name, n]) => [String(place), String(name), n.toLocaleString("en", { maximumFractionDigits: digits ?? 0 })]);

test("every measure and limit of the ranking is what counting gives, ties included", async () => {
  const { page, leave } = await browser.visit();
  await load(page, SHOP);
  const views = EVENTS.filter(event => event.behavior === "view");
  await eventually(() => ranking(page), shown(rankOf(views, "item_id", group => group.length)));
  await page.selectOption("select[name=limit]", "100");
  await eventually(() => ranking(page), shown(rankOf(views, "item_id", group => group.length, 100)));
  await page.selectOption("select[name=action]", { label: "anything" });
  await eventually(() => ranking(page), shown(rankOf(EVENTS, "item_id", group => group.length, 100)));
  await page.selectOption("select[name=measure]", { label: "different user_id" });
  const actors = rankOf(EVENTS, "item_id", group => new Set(group.map(event => event.user_id)).size, 100);
  assert.ok(actors.some(([place], i) => i && place === actors[i - 1][0]), "no ties to show");
  await eventually(() => ranking(page), shown(actors));
  await page.selectOption("select[name=measure]", { label: "sum of price" });
  const cents = group => group.reduce((sum, event) => sum + Math.round(Number(event.price) * 100), 0);
  await eventually(() => ranking(page), shown(rankOf(EVENTS, "item_id", group => cents(group) / 100, 100), 2));
  await page.selectOption("select[name=column]", "behavior");
  await page.selectOption("select[name=measure]", "events");
  await eventually(() => ranking(page), shown(rankOf(EVENTS, "behavior", group => group.length, 100)));
  await leave();
});

test("the time line has every bucket, empty ones as 0", async () => {
  const { page, leave } = await browser.visit();
  await load(page, SHOP);
  await page.click("#timeline summary");
  const read = () => cells(page, "#timeline details");
  const actions = ["view", "cart", "buy"];
  const expected = (width, digits) => lineOf(EVENTS, actions, width).map(([at, ...counts]) =>
    [new Date(at).toISOString().slice(0, digits).replace("T", " "), ...counts.map(n => n.toLocaleString("en"))]);
  const hours = expected(HOUR, 16);
  assert.ok(hours.some(([, ...counts]) => counts.every(n => n === "0")), "no empty hour to show");
  await eventually(read, hours);
  assert.deepEqual(await page.$$eval("#timeline details th[scope=col]", heads => heads.map(head => head.textContent)), ["hour (UTC)", ...actions]);
  await page.selectOption("select[name=every]", "1d");
  await eventually(read, expected(24 * HOUR, 10));
  assert.match(await page.innerText("#timeline"), /4,000 events\s+from 2017-11-25 \d\d:\d\d to 2017-11-27 \d\d:\d\d, by event_time, in UTC\./);
  assert.deepEqual(await page.$$eval("#timeline .u-legend .u-label", labels => labels.map(label => label.textContent).slice(1)), actions);
  await leave();
});

test("a long time line's table grows by pieces", async () => {
  const { page, leave } = await browser.visit();
  await load(page, file("long.csv", "event_time,event\n2010-01-01 00:00:00,view\n2024-01-01 00:00:00,view\n"));
  await page.selectOption("select[name=every]", "1d");
  assert.equal((await cells(page, "#timeline details")).length, 0);
  await page.click("#timeline summary");
  await eventually(async () => (await cells(page, "#timeline details")).length, 500);
  await page.click("text=Show more");
  await eventually(async () => (await cells(page, "#timeline details")).length, 1000);
  await leave();
});

test("a role that moves takes the ranking and its filter along", async () => {
  const { page, leave } = await browser.visit();
  const lines = ["kind,product,other,when", ...Array.from({ length: 60 }, (_, i) => `${["view", "buy"][i % 2]},p${i % 7},${["a", "b", "c"][i % 3]},2024-05-01 10:00:${10 + (i % 40)}`)];
  await load(page, file("roles.csv", lines.join("\n")));
  await page.selectOption("[aria-label='role of kind']", "action");
  await eventually(() => page.$$eval("select[name=action] option", all => all.map(option => option.textContent)), ["anything", "buy", "view"]);
  await page.selectOption("[aria-label='role of kind']", "");
  await page.selectOption("[aria-label='role of other']", "action");
  await eventually(() => page.$$eval("select[name=action] option", all => all.map(option => option.textContent)), ["anything", "a", "b", "c"]);
  await eventually(async () => (await ranking(page)).reduce((sum, row) => sum + Number(row[2]), 0), 20);
  await page.selectOption("[aria-label='role of product']", "");
  await page.selectOption("[aria-label='role of kind']", "item");
  await eventually(() => page.inputValue("select[name=column]"), "kind");
  await page.selectOption("[aria-label='role of when']", "");
  await eventually(() => page.$eval("#timeline", panel => /No column has the role time/.test(panel.textContent)), true);
  assert.equal(await page.getAttribute("#timeline a", "href"), "#columns");
  await leave();
});

test("another type reads the file again and keeps the roles; one that fits nothing gives the file back", async () => {
  const { page, leave } = await browser.visit();
  await load(page, SHOP);
  await page.selectOption("[aria-label='role of item_id']", "category");
  await eventually(() => page.inputValue("[aria-label='role of item_id']"), "category");
  await page.selectOption("[aria-label='type of item_id']", "text");
  await eventually(() => page.$eval("[aria-label='type of item_id']", select => select.selectedOptions[0].textContent), "text");
  await loaded(page);
  assert.equal(await page.inputValue("[aria-label='role of item_id']"), "category");
  await page.selectOption("[aria-label='type of behavior']", "int");
  await page.waitForSelector("[role=alert]");
  await loaded(page);
  assert.match(await page.innerText("[role=alert]"), /no row of the file could be read; .*behavior: expected int, found "\w+"\.$/);
  assert.equal(await page.$eval("[aria-label='type of item_id']", select => select.selectedOptions[0].textContent), "text");
  await eventually(() => page.$eval("[aria-label='type of behavior']", select => select.selectedOptions[0].textContent), "text (guessed)");
  await leave();
});

test("a column called __proto__ can be given a role and a type", async () => {
  const { page, leave } = await browser.visit();
  await load(page, file("proto.csv", "__proto__,event\n1,view\n2,view\n1,view\n"));
  await page.selectOption("[aria-label='role of __proto__']", "item");
  await page.selectOption("[aria-label='type of __proto__']", "text");
  await eventually(() => page.$eval("[aria-label='type of __proto__']", select => select.selectedOptions[0].textContent), "text");
  await eventually(() => ranking(page), [["1", "1", "2"], ["2", "2", "1"]]);
  await leave();
});

test("rejects are counted, shown whole and downloaded without formulas", async () => {
  const { page, leave } = await browser.visit({ acceptDownloads: true });
  const hostile = ['=cmd()|"x"', "<img src=x onerror=alert(1)>", "+1", "@sum"];
  await load(page, file("bad.csv", ["item,event,n", "a,view,1", ...hostile, "b,buy,2"].join("\n")));
  assert.match(await page.innerText("#health .equation"), /6 rows read\s*=\s*2 used\s*\+\s*4 rejected/);
  const rows = await cells(page, "#health");
  assert.deepEqual(rows.map(row => [row[0], row[3]]), hostile.map((text, i) => [String(i + 3), text]));
  assert.equal(await page.$("main img"), null);
  const coming = page.waitForEvent("download");
  await page.click("text=Download rejects");
  const text = readFileSync(await (await coming).path(), "utf8");
  assert.deepEqual(text.split("\r\n").slice(1, 5).map(line => line.replace(/^\d+,\d+,"[^"]*",/, "")),
    [`"'=cmd()|""x"""`, "<img src=x onerror=alert(1)>", "'+1", "'@sum"]);
  await leave();
});

test("every action of the sample can be chosen; all but six are one line", async () => {
  const { page, leave } = await browser.visit();
  await page.click("text=Half a year of an electronics shop");
  await loaded(page);
  assert.equal((await page.$$("select[name=action] option")).length, 20);
  const lines = () => page.$$eval("#timeline details th[scope=col]", heads => heads.slice(1).map(head => head.textContent));
  await eventually(lines, ["product_view", "catalog", "search", "home", "filter_results", "add_to_cart", "13 others"]);
  assert.match(await page.title(), /^ecom\.csv – Clickfold$/);
  await leave();
});
