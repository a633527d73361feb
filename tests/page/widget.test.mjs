// The widget in somebody else's page, under a strict policy and from another origin: what it shows, and how it lives there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { eventually } from "./browser.mjs";
import { cells, settled, start } from "./hosted.mjs";

const AXE = readFileSync(new URL("../../www/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const VIEWS = ["top-items", "timeline", "funnel", "retention", "kpi", "live"];
/** Two weeks of a shop with three visitors; the prices are of one piece. */
const SHOP = `time,user,event,item,price,quantity,order,currency
2026-11-01 10:00:00,ann,view_item,hat,10.00,,,EUR
2026-11-01 11:00:00,bob,view_item,cap,5.50,,,EUR
2026-11-02 10:00:00,ann,view_item,hat,10.00,,,EUR
2026-11-02 10:05:00,ann,purchase,hat,10.00,1,o1,EUR
2026-11-08 10:00:00,ann,view_item,cap,5.50,,,EUR
2026-11-09 10:00:00,bob,view_item,hat,10.00,,,EUR
2026-11-09 10:01:00,bob,add_to_cart,hat,10.00,1,,EUR
2026-11-10 10:00:00,cid,view_item,"<b>bag</b>",20.00,,,EUR
2026-11-10 10:01:00,cid,add_to_cart,"<b>bag</b>",20.00,3,,EUR
2026-11-10 10:02:00,cid,purchase,"<b>bag</b>",20.00,3,o2,EUR
2026-11-10 10:02:00,cid,purchase,cap,5.50,1,o2,EUR
2026-11-15 12:00:00,ann,view_item,hat,10.00,,,EUR
`;
const QUERY = JSON.stringify({ kind: "aggregate", group_by: [{ column: "time", every: "1w", as: "week" }], measures: { events: { fn: "count" } }, order_by: ["week"] });
const element = attributes => `<clickfold-view src="/shop.csv" ${attributes}></clickfold-view>`;

let host;
before(async () => {
  host = await start();
  host.files.set("/shop.csv", SHOP);
});
after(() => host?.close());

test("each view has the right numbers", async () => {
  const { page, heard, leave } = await host.visit([...VIEWS.slice(0, 5).map(view => element(`id="${view}" view="${view}"`)), element(`id="query" query='${QUERY}'`)].join(""));
  await settled(page);
  const of = id => cells(page, `#${id}`);
  assert.deepEqual(await of("top-items"), [["1", "hat", "4"], ["2", "cap", "2"], ["3", "<b>bag</b>", "1"]]);
  assert.deepEqual(await of("funnel"), [["Viewed", "3", "100.0%", ""], ["Added to cart", "2", "66.7%", "66.7%"], ["Bought", "1", "33.3%", "50.0%"]]);
  assert.deepEqual((await of("retention"))[0].slice(0, 4).map(text => text.replace(/\s+/g, " ")), ["All, weighted", "3", "100% of 3 users for whom this period is over", "33% of 3 users for whom this period is over"]);
  assert.deepEqual(await of("query"), [["Oct 26, 2026", "2"], ["Nov 2, 2026", "3"], ["Nov 9, 2026", "7"]]);
  // The last event is in the hour up to 15 November, 13:00: seven days are from the 8th, 13:00 on, and the seven before from the 1st, 13:00 on.
  assert.deepEqual(await page.$$eval("#kpi", ([{ shadowRoot }]) => [...shadowRoot.querySelectorAll(".card")].map(card => [...card.querySelectorAll(".label, .figure, .change > [aria-hidden]")].map(part => part.textContent))), [
    ["Events", "7", "▲ +133%"], ["Users", "3", "▲ +200%"], ["Orders", "1", "= 0%"], ["Revenue", "€65.50", "▲ +555%"], ["Conversion rate", "33.3%", "▼ -66.7 pp"],
  ]);
  assert.match(await page.$eval("#timeline", ({ shadowRoot }) => shadowRoot.querySelector(".sentence").textContent), /^12 events from Nov 1, 2026 to Nov 15, 2026\. Most on Nov 10, 2026: 4\.$/);
  await page.waitForFunction(() => document.querySelector("#timeline").shadowRoot.querySelector(".chart canvas"));
  await page.click("#timeline summary");
  await eventually(async () => (await of("timeline")).length, 15);
  assert.deepEqual((await of("timeline"))[5], ["Nov 10, 2026", "1", "2", "1"]);
  assert.deepEqual(await heard("ready"), [12, 12, 12, 12, 12, 12]);
  assert.deepEqual(await heard("error"), []);
  await leave();
});

test("a change is told by what it means: of a share in points, of what was less than nothing by the difference", async () => {
  const week = (day, ...rows) => rows.map(row => `2026-11-${day} ${row}`).join("\n") + "\n";
  const sale = "10:00:00,ann,purchase,";
  const of = (before, now) => `time,user,event,price,currency\n${week("01", "09:00:00,zed,view_item,,EUR")}${week("05", "09:00:00,ann,view_item,,EUR", "09:00:00,bob,view_item,,EUR", "09:00:00,cid,view_item,,EUR", ...before.map(price => `${sale}${price},EUR`))}${week("15", "09:00:00,ann,view_item,,EUR", "09:00:00,bob,view_item,,EUR", ...now.map(price => `${sale}${price},EUR`))}`;
  host.files.set("/better.csv", of(["-4400.00"], ["2800.00"]));
  host.files.set("/worse.csv", of(["-4400.00"], ["-9200.50"]));
  host.files.set("/first.csv", of([], ["57054.80"]));
  host.files.set("/small.csv", of(["30000.0"], ["30001.0"]));
  host.files.set("/loss.csv", of(["276.00"], ["-1428.00"]));
  const names = ["better", "worse", "first", "small", "loss"];
  const { page, leave } = await host.visit(names.map(name => `<clickfold-view src="/${name}.csv" view="kpi" id="${name}"></clickfold-view>`).join(""));
  await settled(page);
  const told = (id, at) => page.$eval(id, ({ shadowRoot }, at) => [...shadowRoot.querySelectorAll(".card")[at].querySelectorAll(".figure, .change > span")].map(part => part.textContent), at);
  const revenues = () => Promise.all(names.map(name => told(`#${name}`, 3)));
  assert.deepEqual(await revenues(), [
    ["€2,800.00", "▲ +€7,200.00", "up by €7,200.00"], ["-€9,200.50", "▼ -€4,800.50", "down by €4,800.50"],
    ["€57,054.80", "▲ +€57,054.80", "up by €57,054.80"], ["€30,001.00", "= 0%", "unchanged"],
    ["-€1,428.00", "▼ -€1,704.00", "down by €1,704.00"],
  ]);
  assert.deepEqual(await told("#better", 4), ["50.0%", "▲ +16.7 pp", "up by 16.7 percentage points"]);
  assert.deepEqual(await told("#first", 2), ["1", "▲ +1", "up by 1"]);
  await page.evaluate(() => { document.documentElement.lang = "zh"; });
  await eventually(() => told("#better", 4), ["50.0%", "▲ +16.7 个百分点", "上升 16.7 个百分点"]);
  await leave();
});

test("amounts of several currencies are not added up; without a second one all are in the first", async () => {
  const of = (...sales) => "time,user,event,price,quantity,order,currency\n2026-11-01 10:00:00,zed,view_item,,,,\n" + sales.map(([day, price, quantity, currency], at) => `2026-11-${day} 10:00:00,ann,purchase,${price},${quantity},o${at},${currency}\n`).join("");
  host.files.set("/two.csv", of(["02", "10.00", 2, "USD"], ["14", "10.00", 2, "eur"], ["14", "5.50", 1, "EUR"], ["15", "1500", 3, "JPY"], ["15", "7.00", 1, ""]));
  host.files.set("/one.csv", of(["14", "10.00", 2, "EUR"], ["15", "7.00", 1, ""]));
  host.files.set("/many.csv", of(...["AUD", "CAD", "CHF", "CNY", "CZK", "DKK", "<i>GBP</i>"].flatMap((currency, at) => Array.from({ length: at === 1 ? 1 : 2 }, () => ["15", "2.00", 1, currency]))));
  host.files.set("/spelled.csv", of(["14", "2.00", 1, "usd"], ["14", "4.00", 1, "USD"], ["15", "8.00", 1, ""]));
  host.files.set("/signs.csv", of(["14", "2.00", 1, "€"], ["15", "2.00", 1, " €"]));
  host.files.set("/numeric.csv", of(["14", "2.00", 1, "840"], ["15", "4.00", 1, "978"]));
  const { page, heard, leave } = await host.visit(["two", "one", "many", "spelled", "signs", "numeric"].map(name => `<clickfold-view src="/${name}.csv" view="kpi" id="${name}"></clickfold-view>`).join(""));
  await settled(page);
  const revenues = id => page.$eval(id, ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".card")].map(card => [...card.querySelectorAll(".label, .figure, .change > [aria-hidden]")].map(part => part.textContent)).filter(([label]) => label.startsWith("Revenue")));
  const fine = id => page.$eval(id, ({ shadowRoot }) => shadowRoot.querySelector(".fine").textContent);
  assert.deepEqual(await revenues("#two"), [
    ["Revenue (EUR)", "€25.50", "▲ +€25.50"], ["Revenue (JPY)", "¥4,500", "▲ +¥4,500"], ["Revenue (USD)", "$0.00", "▼ -100%"], ["Revenue (currency unknown)", "7.00", "▲ +7.00"],
  ]);
  assert.deepEqual(await revenues("#one"), [["Revenue", "€27.00", "▲ +€27.00"]]);
  assert.deepEqual((await revenues("#many")).map(([label, figure]) => [label, figure.replace("\u00a0", " ")]), [
    ["Revenue (<i>GBP</i>)", "4.00"], ["Revenue (AUD)", "A$4.00"], ["Revenue (CHF)", "CHF 4.00"], ["Revenue (CNY)", "CN¥4.00"], ["Revenue (CZK)", "CZK 4.00"], ["Revenue (DKK)", "DKK 4.00"],
  ]);
  assert.equal(await fine("#many"), "Revenue in 1 other currency is not shown.");
  assert.deepEqual(await revenues("#spelled"), [["Revenue", "$14.00", "▲ +$14.00"]]);
  assert.deepEqual(await revenues("#signs"), [["Revenue (€)", "4.00", "▲ +4.00"]]);
  assert.deepEqual(await revenues("#numeric"), [["Revenue (840)", "2.00", "▲ +2.00"], ["Revenue (978)", "4.00", "▲ +4.00"]]);
  await page.click("#two .card:nth-of-type(4)");
  assert.deepEqual((await heard("select")).at(-1), { name: "revenue", value: 25.5, before: 0, currency: "EUR" });
  await leave();
});

test("a currency that is first said late, after views that have none, is known from then on", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view view="kpi"></clickfold-view>`);
  const push = (at, event, currency) => page.$eval("clickfold-view", ({ events }, [at, event, currency]) => events.push({ user: `u${at}`, event, item: "hat", price: 10, currency, time: new Date(Date.UTC(2026, 10, 1, 10, at)).toISOString() }), [at, event, currency]);
  const revenue = () => page.$eval("clickfold-view", ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".card")].map(card => card.querySelector(".figure").textContent).slice(3, -1));
  for (let at = 0; at < 3; at++) await push(at, "view_item", null);
  await eventually(() => heard("ready"), [3]);
  await push(3, "purchase", null);
  await eventually(revenue, ["10"]);
  await push(4, "purchase", "EUR");
  await eventually(revenue, ["€20"]);
  await push(5, "purchase", "USD");
  await eventually(revenue, ["€10", "$10", "10"]);
  await page.$eval("clickfold-view", ({ events }) => events.push({ user: "u6", event: "purchase", item: "hat", price: "n/a", currency: "USD", time: "2026-11-01T10:06:00Z" }));
  await eventually(() => page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector(".fine")?.textContent), "Revenue is not shown: “price” has values that are no numbers.");
  assert.deepEqual(await heard("error"), []);
  await leave();
});

test("what is sent back is no order, and where there is nothing but orders there is no conversion", async () => {
  host.files.set("/back.csv", "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n1,hat,2,2026-11-01 10:00:00,5.00,7\nC2,hat,-1,2026-11-01 11:00:00,5.00,7\n3,cap,1,2026-11-01 12:00:00,2.50,8\n");
  const { page, leave } = await host.visit(`<clickfold-view src="/back.csv" view="kpi"></clickfold-view>`);
  await settled(page);
  assert.deepEqual(await page.$eval("clickfold-view", ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".card")].map(card => [...card.querySelectorAll(".label, .figure")].map(part => part.textContent))), [
    ["Events", "1"], ["Customers", "1"], ["Orders", "1"], ["Revenue", "2.50"],
  ]);
  await leave();
});

test("of many cohorts the newest are shown, which is said", async () => {
  const weeks = Array.from({ length: 15 }, (_, week) => `${new Date(Date.UTC(2026, 5, 1 + 7 * week, 10)).toISOString()},u${week},view_item\n`).join("");
  host.files.set("/weeks.csv", `time,user,event\n${weeks}`);
  host.files.set("/day.csv", "time,user,event\n2026-11-01 10:00:00,ann,view_item\n2026-11-01 11:00:00,bob,view_item\n");
  const { page, leave } = await host.visit(["weeks", "day"].map(name => `<clickfold-view src="/${name}.csv" view="retention" id="${name}"></clickfold-view>`).join(""));
  await settled(page);
  const said = (widget, selector) => page.$eval(widget, ({ shadowRoot }, selector) => [...shadowRoot.querySelectorAll(selector)].map(({ textContent }) => textContent), selector);
  assert.equal((await cells(page, "#weeks")).length, 13);
  assert.ok((await said("#weeks", ".fine")).includes("The newest 12 of 15 weeks are shown; all are in the weighted row."));
  assert.deepEqual(await said("#day", ".sentence"), ["2 users so far; the data ends too early to tell who came back."]);
  await leave();
});

test("days begin by the clock of the widget's time zone, or of the question's own", async () => {
  // The last two are late on a day in New York, and by UTC on the next.
  host.files.set("/evenings.csv", "time,user,event,item\n2026-11-02T15:00:00Z,ann,view_item,hat\n2026-11-03T03:00:00Z,bob,view_item,hat\n2026-11-04T03:00:00Z,ann,view_item,cap\n");
  const days = zone => JSON.stringify({ kind: "aggregate", group_by: [{ column: "time", every: "1d", as: "day", ...zone }], measures: { events: { fn: "count" } }, order_by: ["day"] });
  const { page, leave } = await host.visit([
    `id="said" timezone="America/New_York" query='${days()}'`, `id="own" query='${days({ timezone: "America/New_York" })}'`, `id="cohorts" timezone="America/New_York" query='{"kind":"retention","every":"1d","periods":1}'`,
    `id="live" timezone="America/New_York" view="live" window="1d" options='{"live": {}}'`,
  ].map(attributes => `<clickfold-view src="/evenings.csv" ${attributes}></clickfold-view>`).join(""));
  await settled(page);
  for (const widget of ["#said", "#own"]) {
    assert.deepEqual(await cells(page, widget), [["Nov 2, 2026", "2"], ["Nov 3, 2026", "1"]]);
    assert.equal(await page.$eval(widget, ({ shadowRoot }) => shadowRoot.querySelector(".fine").textContent), "Time zone: Eastern Time.");
  }
  assert.deepEqual((await cells(page, "#cohorts")).map(([cohort]) => cohort), ["Nov 2, 2026", "Nov 2, 2026"]);
  assert.match(await page.$eval("#live", ({ shadowRoot }) => shadowRoot.querySelector(".state").textContent.replace(/\s+/g, " ")), /^ ?Nov 3, 2026, 00:00:00 – Nov 4, 2026, 00:00:00 ?provisional ?$/);
  await leave();
});

/** How many lines each text of a widget has that `selector` finds. */
const lines = (page, widget, selector) => page.$eval(widget, ({ shadowRoot }, selector) => [...shadowRoot.querySelectorAll(selector)].map(element => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
}), selector);
const fits = (page, widget, selector) => page.$eval(widget, ({ shadowRoot }, selector) => [...shadowRoot.querySelectorAll(selector)].every(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth), selector);

test("no number breaks, however large it is and however narrow its place", async () => {
  host.files.set("/large.csv", "time,user,event,price,currency\n2026-11-01 10:00:00,ann,purchase,1.00,JPY\n2026-11-08 10:00:00,ann,purchase,-2000000000001.00,JPY\n2026-11-08 11:00:00,ann,purchase,-69135752.00,JPY\n");
  host.files.set("/risen.csv", "time,user,event,price,currency\n2026-11-01 10:00:00,ann,purchase,-12345678.00,EUR\n2026-11-08 10:00:00,ann,purchase,50.00,EUR\n");
  const { page, leave } = await host.visit(["large", "risen"].map(name => `<clickfold-view src="/${name}.csv" view="kpi" id="${name}"></clickfold-view>`).join(""));
  await settled(page);
  for (const width of [240, 300, 400, 600, 900]) {
    await page.setViewportSize({ width, height: 900 });
    for (const widget of ["#large", "#risen"]) {
      assert.deepEqual([await lines(page, widget, ".figure"), await fits(page, widget, ".card, .figure")], [[1, 1, 1, 1, 1], true], `${widget} at ${width}`);
    }
  }
  await leave();
});

test("a Chinese heading is not squeezed to one character a line", async () => {
  const { page, leave } = await host.visit(["top-items", "funnel"].map(view => element(`view="${view}" id="${view}" lang="zh-CN"`)).join(""), { viewport: { width: 280, height: 900 } });
  await settled(page);
  assert.deepEqual([await lines(page, "#top-items", "thead th"), await lines(page, "#funnel", "thead th:not(.wide)")], [[1, 1, 1], [1, 1, 1]]);
  await leave();
});

test("in a page from right to left its languages run from left to right, and a name as its own script does", async () => {
  host.files.set("/names.csv", "item,event\n\"قميص (2026)\",view\n\"قميص (2026)\",view\nhat!,view\n");
  const query = JSON.stringify({ kind: "aggregate", group_by: ["event", "item"], measures: { n: { fn: "count" } }, order_by: ["-n"] });
  const { page, leave } = await host.visit(`<div dir="rtl"><clickfold-view src="/names.csv" id="items"></clickfold-view><clickfold-view src="/names.csv" id="query" query='${query}'></clickfold-view></div>`);
  await settled(page);
  /** Whether the first character of a name stands to the left of its last one. */
  const areForwards = (widget, selector) => page.$eval(widget, ({ shadowRoot }, selector) => [...shadowRoot.querySelectorAll(selector)].map(cell => {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), range = document.createRange();
    let text = texts.nextNode();
    while (!text.data.trim()) text = texts.nextNode();
    const left = at => (range.setStart(text, at), range.setEnd(text, at + 1), range.getBoundingClientRect().left);
    return left(0) < left(text.data.length - 1);
  }), selector);
  assert.deepEqual([await areForwards("#items", "tbody th"), await areForwards("#query", "tbody td:nth-child(2)"), await areForwards("#items", "thead th:first-child")], [[false, true], [false, true], [true]]);
  const [place, item] = await page.$eval("#items", ({ shadowRoot }) => [...shadowRoot.querySelectorAll("thead th")].map(cell => cell.getBoundingClientRect().left));
  assert.ok(place < item);
  await leave();
});

test("of a long name two lines are seen, and all of it where it is pointed at, focused or read aloud", async () => {
  const long = "An office chair that is comfortable, ".repeat(6).trim();
  host.files.set("/long.csv", `item,event\n"${long}",view\n"${long}",view\nhat,view\n`);
  const { page, leave } = await host.visit(`<clickfold-view src="/long.csv"></clickfold-view><button id="behind">behind</button>`, { viewport: { width: 400, height: 900 } });
  await settled(page);
  const heights = () => page.$eval("clickfold-view", ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".name")].map(({ clientHeight }) => clientHeight));
  const [two, one] = await heights();
  assert.equal(two, 2 * one);
  assert.deepEqual(await page.$eval("clickfold-view", ({ shadowRoot }) => [shadowRoot.querySelector(".name").title, shadowRoot.querySelector(".choice").textContent]), [long, long]);
  await page.focus("#behind");
  await page.keyboard.press("Shift+Tab");
  assert.ok((await heights())[0] > 4 * one);
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(await heights(), [two, one]);
  await leave();
});

test("a funnel's steps are what an order needs, and those who skipped one are told of, also as events come", async () => {
  const way = (user, ...events) => events.map((event, at) => `2026-11-0${user} 10:0${at}:00,u${user},${event}\n`).join("");
  host.files.set("/ways.csv", `time,user,event\n${way(1, "view_item", "add_to_wishlist", "add_to_cart", "begin_checkout", "purchase")}${way(2, "view_item", "add_to_cart", "begin_checkout", "purchase")}${way(3, "view_item", "add_to_wishlist", "purchase")}${way(4, "view_item", "add_to_wishlist")}`);
  host.files.set("/one.csv", "time,user,event\n2026-11-01 10:00:00,ann,view_item\n2026-11-01 10:00:00,bob,view_item\n");
  const { page, heard, leave } = await host.visit(`${["en", "zh-CN"].map(lang => `<clickfold-view id="${lang}" lang="${lang}" src="/ways.csv" view="funnel"></clickfold-view>`).join("")}<clickfold-view id="one" src="/one.csv" view="funnel"></clickfold-view>`);
  await settled(page);
  const said = id => page.$eval(id, ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".fine")].map(({ textContent }) => textContent));
  assert.deepEqual(await cells(page, "#en"), [["Viewed", "4", "100.0%", ""], ["Added to cart", "2", "50.0%", "50.0%"], ["Checkout", "2", "50.0%", "100.0%"], ["Bought", "2", "50.0%", "100.0%"]]);
  assert.deepEqual(await said("#en"), ["Of 4 users with “Viewed”, 50.0% got to “Bought”.", "Of 3 users with “Bought” after “Viewed”, 1 did not go through all of “Added to cart”, “Checkout” before: there is another way, or the data does not have all of it."]);
  assert.equal((await said("#zh-CN"))[1], "3 位用户在“浏览”后到达“购买”，其中 1 个未依次经过“加购”、“结算”：可能另有转化路径，或数据不完整。");
  assert.deepEqual([await cells(page, "#one"), await said("#one")], [[["Viewed", "2", "100.0%", ""]], []]);
  assert.equal(await page.$eval("#one", ({ shadowRoot }) => shadowRoot.querySelector("[role=status]").textContent), "Viewed: 2");
  await page.$eval("#en", ({ dataset }) => dataset.append([["view_item"], ["add_to_cart"], ["begin_checkout"], ["purchase"]].map(([event], at) => ({ time: new Date(Date.UTC(2026, 10, 5, 10, at)), user: "u5", event }))));
  await eventually(async () => (await cells(page, "#en")).map(([, n]) => n), ["5", "3", "3", "3"]);
  await eventually(async () => (await said("#en")).length, 1);
  assert.deepEqual(await heard("error"), []);
  await leave();
});

test("nobody is shut out: no violation in any view, theme and language, and nothing is wider than its place", async () => {
  const every = [...VIEWS.map(view => element(`view="${view}" heading="${view}"`)), element(`query='${QUERY}' heading="query"`), `<clickfold-view src="/none.csv" heading="failed"></clickfold-view>`, `<clickfold-view heading="empty"></clickfold-view>`].join("");
  for (const theme of ["light", "dark"]) {
    for (const lang of ["en", "zh-CN"]) {
      const { page, leave } = await host.visit(every.replaceAll("<clickfold-view", `<clickfold-view theme="${theme}" lang="${lang}"`), { expected: [/404/] });
      await page.waitForFunction(() => [...document.querySelectorAll("clickfold-view")].every(({ shadowRoot }) => shadowRoot?.querySelector("[part=table] tbody, .chart canvas, .cards li, .failure, .note") && !shadowRoot.querySelector(".skeleton")));
      await page.evaluate(() => document.querySelectorAll("clickfold-view").forEach(({ shadowRoot }) => shadowRoot.querySelectorAll("summary").forEach(summary => summary.click())));
      await page.waitForFunction(() => document.querySelector("[view=timeline]").shadowRoot.querySelector(".chart canvas") && document.querySelector("[view=timeline]").shadowRoot.querySelector("[part=table] tbody"));
      await page.evaluate(AXE);
      const violations = await page.evaluate(() => globalThis.axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${JSON.stringify(target)} ${failureSummary}`).join("; ")}`)));
      assert.deepEqual(violations, [], `${theme} ${lang}`);
      for (const width of [240, 320, 900]) {
        await page.setViewportSize({ width, height: 900 });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth) <= 0, `${lang} at ${width}`);
      }
      await leave();
    }
  }
});

test("a row is chosen by a click and by Enter; the arrow keys go through the rows, which are one stop of the tab key", async () => {
  const { page, heard, leave } = await host.visit(`${element("")}<button id="behind">behind</button>`);
  await settled(page);
  await page.click("clickfold-view tbody tr:nth-child(2)");
  assert.deepEqual(await heard("select"), [{ what: "cap", value: 2, place: 2 }]);
  await page.focus("h1 + clickfold-view .choice");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.deepEqual((await heard("select")).slice(1).map(({ what }) => what), ["hat", "<b>bag</b>"]);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "behind");
  await leave();
});

test("widgets of one source share one data set and one worker, which end some time after the last has gone", async () => {
  host.asked.length = 0;
  const { page, context, heard, leave } = await host.visit(element("") + element(`view="kpi"`));
  await settled(page);
  assert.equal(host.asked.filter(path => path === "/shop.csv").length, 1);
  assert.equal(page.workers().length, 1);
  await page.evaluate(() => {
    globalThis.moved = document.querySelector("clickfold-view");
    document.querySelector("main").append(moved);
  });
  await page.evaluate(() => new Promise(resolve => setTimeout(resolve, 50)));
  assert.deepEqual([await heard("ready"), host.asked.filter(path => path === "/shop.csv").length], [[12, 12], 1]);
  const ended = new Promise(resolve => page.workers()[0].once("close", resolve));
  await page.evaluate(() => document.querySelectorAll("clickfold-view").forEach(element => element.remove()));
  await ended;
  assert.equal(page.workers().length, 0);
  await page.evaluate(() => document.querySelector("main").append(moved));
  await eventually(() => heard("ready"), [12, 12, 12]);
  assert.equal((await cells(page))[0][1], "hat");
  await leave();
  await context.close();
});

test("a source that fails is told calmly in its place, and read again when that is asked for", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view src="/late.csv"></clickfold-view>`, { expected: [/404/] });
  await settled(page);
  const failure = () => page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector(".failure")?.innerText ?? "");
  assert.match(await failure(), /^These data could not be read\.[^]*Check that the address is right[^]*Try again/);
  assert.match((await heard("error"))[0], /^BAD_INPUT: .*404/);
  host.files.set("/late.csv", SHOP);
  await page.click("clickfold-view [part=retry]");
  await eventually(() => heard("ready"), [12]);
  assert.equal(await failure(), "");
  host.files.delete("/late.csv");
  await leave();
});

test("a download that breaks off is told with its address", async () => {
  let cut;
  host.streams.set("/half.csv", response => {
    cut = () => response.destroy();
    response.writeHead(200, { "content-type": "text/csv", "content-length": 2 * SHOP.length });
    response.write(SHOP);
  });
  const { page, heard, leave } = await host.visit(`<clickfold-view src="/half.csv"></clickfold-view>`, { expected: [/ERR_/, /Failed to load/] });
  await eventually(() => page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector(".note").textContent), "Loading, 50% read");
  cut();
  await settled(page);
  assert.match((await heard("error"))[0], new RegExp(`^BAD_INPUT: cannot fetch http://localhost:\\d+/half\\.csv: the connection broke off after ${SHOP.length} bytes$`));
  host.streams.delete("/half.csv");
  await leave();
});

test("a file that has a header and no rows yet is no error: each view says so calmly, and follows when rows come", async () => {
  host.files.set("/new.csv", SHOP.slice(0, SHOP.indexOf("\n") + 1));
  const { page, heard, leave } = await host.visit([...VIEWS.map(view => `view="${view}"`), `query='${QUERY}'`, ...["live", "funnel"].map(view => `id="${view}" view="${view}" options='{"live": {}}'`)].map(attributes => `<clickfold-view src="/new.csv" ${attributes}></clickfold-view>`).join(""));
  await eventually(() => heard("ready"), Array(9).fill(0));
  const said = () => page.$$eval("clickfold-view", all => all.map(({ shadowRoot }) => [shadowRoot.querySelector(".body").innerText.trim(), shadowRoot.querySelector("[role=status]").textContent, shadowRoot.querySelector("section").ariaBusy]));
  assert.deepEqual(await said(), Array(9).fill(["No data yet.", "No data yet.", "false"]));
  assert.equal(await page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector("#title").textContent), "Top items");
  await page.$eval("#live", ({ dataset }, lines) => dataset.append(new TextEncoder().encode(lines)), SHOP.slice(SHOP.indexOf("\n") + 1));
  await eventually(() => cells(page, "#funnel"), [["Viewed", "3", "100.0%", ""], ["Added to cart", "2", "66.7%", "66.7%"], ["Bought", "1", "33.3%", "50.0%"]]);
  await eventually(async () => (await cells(page, "#live")).map(row => row.slice(2)), [["hat", "1"]]);
  assert.deepEqual(await heard("error"), []);
  await leave();
});

test("an engine that cannot be started is started by the next try, for all widgets", async () => {
  const { page, context, heard, leave } = await host.visit("", { expected: [/ERR_FAILED/, /Failed to load/] });
  await context.route(/\.wasm$/, route => route.abort());
  await page.$eval("main", (main, html) => main.insertAdjacentHTML("beforeend", html), element(`id="a"`) + element(`id="b" view="kpi"`));
  await eventually(async () => (await heard("error")).map(error => error.split(":")[0]), ["WORKER_LOST", "WORKER_LOST"]);
  await context.unroute(/\.wasm$/);
  await page.click("#a [part=retry]");
  await eventually(() => heard("ready"), [12]);
  await page.click("#b [part=retry]");
  await eventually(() => heard("ready"), [12, 12]);
  assert.equal(page.workers().length, 1);
  await leave();
});

test("a wrong attribute says what may stand there, and is right again without another load", async () => {
  host.asked.length = 0;
  const { page, heard, leave } = await host.visit(element(`view="topitems"`));
  const set = (name, value) => page.$eval("clickfold-view", (element, [name, value]) => value === null ? element.removeAttribute(name) : element.setAttribute(name, value), [name, value]);
  for (const [name, value, message] of [
    ["view", "topitems", /"view" of <clickfold-view> is one of top-items, timeline, funnel, retention, kpi, live; found "topitems"$/], ["query", "{kind:", /"query" .* a JSON object; found "{kind:"$/],
    ["limit", "many", /"limit" .* a whole number from 1 to 1000/], ["window", "soon", /"window" .* a length of time such as "1m"/], ["timezone", "Mars", /"timezone" .* an IANA time zone/],
    ["theme", "red", /"theme" .* one of auto, light, dark; found "red"$/], ["heading-level", "9", /"heading-level" .* from 0 to 6/],
    ["query", `{"kind": "agregate"}`, /aggregate/], ["view", "funnel", undefined],
  ]) {
    await set(name, value);
    if (!message) break;
    await page.waitForFunction(source => new RegExp(source).test(document.querySelector("clickfold-view").shadowRoot?.querySelector("details")?.textContent ?? ""), message.source);
    assert.match((await heard("error")).at(-1), message);
    await set(name, null);
    await settled(page);
    await eventually(async () => [name, (await cells(page)).length > 1], [name, true]);
  }
  await eventually(async () => (await cells(page)).map(([step]) => step), ["Viewed", "Added to cart", "Bought"]);
  assert.equal(host.asked.length, 1);
  await leave();
});

test("a view that the data cannot answer says which column it needs", async () => {
  host.files.set("/plain.csv", "item,n\nhat,1\ncap,2\n");
  const { page, heard, leave } = await host.visit(`<clickfold-view src="/plain.csv" view="funnel"></clickfold-view>`);
  await settled(page);
  assert.match((await heard("error"))[0], /^UNKNOWN_COLUMN: this view needs a column with the role actor, .*; the data has item \(item, text\), n \(int\)\./);
  await leave();
});

test("nothing is new on the live board as long as there is no window before", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view view="live"></clickfold-view>`);
  await page.waitForFunction(() => customElements.get("clickfold-view"));
  const push = rows => page.$eval("clickfold-view", (element, rows) => element.events.push(...rows.map(([second, item]) => ({ time: new Date(Date.UTC(2026, 10, 1, 10, 0, second)), event: "view", item }))), rows);
  await push([[0, "hat"], [1, "hat"], [2, "cap"]]);
  await eventually(() => heard("ready"), [3]);
  assert.deepEqual(await cells(page), [["1", "", "hat", "2"], ["2", "", "cap", "1"]]);
  await push([[61, "bag"]]);
  await eventually(() => cells(page), [["1", "new", "bag", "1"]]);
  await leave();
});

test("retention says of how many its mean is", async () => {
  const day = (n, ...users) => users.map(user => `2026-11-0${n} 10:00:00,${user}\n`).join("");
  host.files.set("/cohorts.csv", `time,user\n${day(1, "ann", "bob")}${day(2, "ann", "cid")}${day(3, "cid", "dan", "eve")}${day(4, "fay")}`);
  const { page, leave } = await host.visit(`<clickfold-view src="/cohorts.csv" view="retention"></clickfold-view>`);
  await settled(page);
  const all = () => page.$eval("clickfold-view", ({ shadowRoot }) => [...shadowRoot.querySelectorAll("tbody tr:first-child .shaded")].map(({ textContent, title }) => [textContent, title]));
  // The last day is not over: two days later is over for those of the first day alone, a day later for those of the second, too.
  assert.deepEqual(await all(), [
    ["100% of 5 users for whom this period is over", "of 5 users for whom this period is over"],
    ["67% of 3 users for whom this period is over", "of 3 users for whom this period is over"],
    ["0% of 2 users for whom this period is over", "of 2 users for whom this period is over"],
  ]);
  assert.match(await page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector("section").innerText), /“All, weighted” counts in each period only those for whom it is over\./);
  await leave();
});

test("the ranking is called after what it is of", async () => {
  host.files.set("/actions.csv", "time,user,event\n2026-11-01 10:00:00,ann,home\n2026-11-01 10:01:00,ann,search\n2026-11-01 10:02:00,bob,home\n");
  host.files.set("/colours.csv", "colour\nred\nred\nblue\n");
  const { page, leave } = await host.visit(`${element("")}<clickfold-view src="/actions.csv"></clickfold-view><clickfold-view src="/colours.csv"></clickfold-view>`);
  await settled(page);
  const titles = () => page.$$eval("clickfold-view", all => all.map(({ shadowRoot }) => shadowRoot.querySelector("#title").textContent));
  assert.deepEqual(await titles(), ["Top items", "Most frequent events", "Most frequent: colour"]);
  await page.evaluate(() => { document.documentElement.lang = "zh"; });
  await eventually(titles, ["热门商品", "热门行为", "colour 排行"]);
  await leave();
});

test("one is told of in the singular", async () => {
  host.files.set("/alone.csv", "time,user,event,item\n2026-11-01 10:00:00,ann,view_item,hat\n2026-11-01 10:01:00,ann,purchase,hat\n");
  const { page, leave } = await host.visit(`<clickfold-view src="/alone.csv" view="funnel"></clickfold-view>`);
  await settled(page);
  const said = () => page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector("[part=summary]").textContent);
  assert.equal(await said(), "Of 1 user with “Viewed”, 100.0% got to “Bought”.");
  await page.evaluate(() => { document.documentElement.lang = "zh"; });
  await eventually(said, "1 位用户有“浏览”行为，其中 100.0% 最终到达“购买”。");
  const { default: en } = await import("../../www/widget/words/en.js");
  const rate = n => en.live.rate({ n, text: String(n), plurals: new Intl.PluralRules("en") });
  assert.deepEqual([rate(1), rate(0.5), rate(12)], ["1 event/s", "0.5 events/s", "12 events/s"]);
  await leave();
});

test("where colours are forced, lines are fainter than what they part", async () => {
  const { page, leave } = await host.visit(element(`id="items"`) + element(`id="timeline" view="timeline"`), { forcedColors: "active", colorScheme: "dark" });
  await settled(page);
  const colour = (widget, selector, name) => page.$eval(widget, ({ shadowRoot }, [selector, name]) => getComputedStyle(shadowRoot.querySelector(selector))[name], [selector, name]);
  const [text, ground] = ["rgb(255, 255, 255)", "rgb(0, 0, 0)"];
  assert.deepEqual([await colour("#items", "tbody td", "color"), await colour("#items", "section", "backgroundColor"), await colour("#items", "section", "borderTopColor")], [text, ground, text]);
  for (const line of [await colour("#items", "tbody td", "borderBottomColor"), await colour("#timeline", ".chart", "borderTopColor")]) assert.match(line, /^color\(srgb 0\.35 0\.35 0\.35\)$/);
  await leave();
});

test("rows that the page pushes make a data set and extend it; the live board follows them", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view view="live"></clickfold-view>`, { head: "" });
  const push = rows => page.$eval("clickfold-view", (element, rows) => element.events.push(...rows.map(([second, item, more]) => ({ time: new Date(Date.UTC(2026, 10, 1, 10, 0, second)), user: "ann", event: "view", item, ...more }))), rows);
  await page.waitForFunction(() => customElements.get("clickfold-view"));
  await push([[0, "hat"], [1, "hat"], [2, "cap"]]);
  await eventually(() => heard("ready"), [3]);
  await push([[61, "cap"], [62, "cap"], [63, "hat"], [64, "bag, \"blue\""]]);
  await eventually(async () => (await cells(page)).map(row => row.map(text => text.replace(/\s+/g, " "))), [["1", "▲1 up 1 place", "cap", "2"], ["2", "new", "bag, \"blue\"", "1"], ["3", "▼2 down 2 places", "hat", "1"]]);
  const text = () => page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector("section").innerText.replace(/\s+/g, " "));
  assert.match(await text(), /Nov 1, 2026, 10:01:00 – 10:02:00 provisional/);
  await push([[3, "late"]]);
  await eventually(async () => /Complete up to 10:01:04 Late 1/.test(await text()), true);
  await push([[65, "hat", { colour: "red" }], [66, "hat"]]);
  await eventually(async () => (await cells(page))[0].slice(2), ["hat", "3"]);
  assert.deepEqual(await heard("error"), [`UNKNOWN_COLUMN: "colour" was in none of the first rows and is left out; the data has time, user, event, item`]);
  await leave();
});

test("a stream is followed, and told of when it is cut off and when it is there again", async () => {
  const responses = [];
  let isBack = Promise.resolve(), letBack;
  host.streams.set("/stream", async response => {
    await isBack;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    responses.push(response);
  });
  const { page, heard, leave } = await host.visit(`<clickfold-view src="sse+/stream" view="live" id="live"></clickfold-view><clickfold-view src="sse+/stream" id="items"></clickfold-view>`, { expected: [/ERR_/, /Failed to load/] });
  const text = () => page.$eval("#live", ({ shadowRoot }) => shadowRoot.querySelector("section").innerText);
  await eventually(async () => /Waiting for the first event/.test(await text()), true);
  const send = (...items) => responses.at(-1).write(items.map(item => `data: ${JSON.stringify({ time: "2026-11-01T10:00:00Z", event: "view", item })}\n\n`).join(""));
  send("hat", "hat", "cap");
  await eventually(() => cells(page, "#items"), [["1", "hat", "2"], ["2", "cap", "1"]]);
  await eventually(async () => /connected/.test(await text()), true);
  assert.equal(responses.length, 1);
  isBack = new Promise(resolve => { letBack = resolve; });
  responses[0].destroy();
  await eventually(() => page.$eval("#items", ({ shadowRoot }) => /being taken up again/.test(shadowRoot.textContent)), true);
  letBack();
  await eventually(() => responses.length, 2);
  send("cap", "cap");
  await eventually(() => cells(page, "#items"), [["1", "cap", "3"], ["2", "hat", "2"]]);
  await eventually(() => page.$eval("#items", ({ shadowRoot }) => /being taken up again/.test(shadowRoot.textContent)), false);
  assert.deepEqual(await heard("error"), []);
  host.streams.delete("/stream");
  await leave();
});

test("while the first event is waited for, what keeps it away is told: messages that are none, and a server that is not reached", async () => {
  let isReached = false, letIn;
  host.streams.set("/waits", response => {
    if (!isReached) return response.writeHead(503).end();
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    letIn = response;
  });
  const { page, heard, leave } = await host.visit(`<clickfold-view src="sse+/waits" view="live"></clickfold-view>`, { expected: [/503/] });
  const said = () => page.$eval("clickfold-view", ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".skeleton p")].map(({ textContent }) => textContent));
  await eventually(async () => (await said())[1], "There is no connection; it is being tried again.");
  assert.match((await said())[2], /^localhost:\d+ answered 503 /);
  isReached = true;
  await eventually(said, ["Waiting for the first event…"]);
  letIn.write("data: hello\n\ndata: <b>bye</b>\n\n");
  await eventually(said, ["Waiting for the first event…", "2 messages that came were not understood.", `a message is JSON objects, cells between separators or Arrow IPC; found "<b>bye</b>"`]);
  letIn.write(`data: {"time": "2026-11-01T10:00:00Z", "event": "view", "item": "hat"}\n\n`);
  await eventually(async () => (await cells(page)).map(row => row[2]), ["hat"]);
  assert.deepEqual(await heard("error"), []);
  host.streams.delete("/waits");
  await leave();
});

test("a window without what is counted says so, and one of a stream that is over is provisional no more", async () => {
  const lines = (...events) => events.map(([minute, event, item]) => `data: ${JSON.stringify({ time: `2026-11-01T10:0${minute}:00Z`, event, item })}\n\n`).join("");
  let end;
  const over = new Promise(resolve => { end = resolve; });
  for (const [path, code] of [["/ended", 204], ["/failed", 404]]) {
    let isFirst = true;
    host.streams.set(path, async response => {
      if (!isFirst) return response.writeHead(code).end();
      isFirst = false;
      response.writeHead(200, { "content-type": "text/event-stream" }).write(lines([0, "view", "hat"], [1, "view", "cap"]));
      await over;
      response.end();
    });
  }
  host.files.set("/quiet.csv", "time,event,item\n2026-11-01 10:00:00,view,hat\n2026-11-01 10:00:01,view,hat\n2026-11-01 10:05:00,purchase,hat\n");
  const { page, heard, leave } = await host.visit(`${["ended", "failed"].map(id => `<clickfold-view id="${id}" src="sse+/${id}" view="live"></clickfold-view>`).join("")}<clickfold-view id="quiet" src="/quiet.csv" view="live" options='{"live": {}}'></clickfold-view>`, { expected: [/404/] });
  const tags = id => page.$eval(id, ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".state .tag")].map(({ textContent }) => textContent));
  await eventually(async () => (await heard("ready")).sort(), [2, 2, 3]);
  assert.deepEqual([await tags("#ended"), await tags("#failed")], [["connected", "provisional"], ["connected", "provisional"]]);
  assert.deepEqual(await page.$eval("#quiet", ({ shadowRoot }) => [shadowRoot.querySelector(".note").textContent, shadowRoot.querySelector("[role=status]").textContent]), Array(2).fill("No entries for “Viewed” in this window."));
  end();
  await eventually(() => tags("#ended"), ["ended", "final"]);
  await eventually(() => tags("#failed"), ["failed"]);
  ["/ended", "/failed"].forEach(path => host.streams.delete(path));
  await leave();
});

test("what was said of rows is taken back when they are gone", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view view="live"></clickfold-view>`);
  await page.waitForFunction(() => customElements.get("clickfold-view"));
  await page.evaluate(() => {
    globalThis.view = document.querySelector("clickfold-view");
    view.events.push({ time: new Date(Date.UTC(2026, 10, 1)), event: "view", item: "hat" });
  });
  const said = () => page.evaluate(() => [".note", "[role=status]"].map(part => view.shadowRoot.querySelector(part)?.textContent));
  await eventually(said, [undefined, "In the lead: hat."]);
  await page.evaluate(() => view.remove());
  await eventually(async () => (await said())[1], "");
  await page.evaluate(() => document.querySelector("main").append(view));
  await eventually(said, ["No data yet.", ""]);
  assert.deepEqual(await heard("error"), []);
  await leave();
});

test("rows that were pushed before the script came are not lost", async () => {
  const { page, heard, leave } = await host.visit("");
  await page.evaluate(() => {
    const early = document.createElement("clickfold-view-early");
    early.remove();
    const element = document.createElement("template");
    element.innerHTML = "<clickfold-view></clickfold-view>";
    const view = element.content.firstChild; // not upgraded in a template
    view.events = [{ item: "hat" }, { item: "hat" }];
    document.querySelector("main").append(view);
  });
  await eventually(() => heard("ready"), [2]);
  assert.deepEqual(await cells(page), [["1", "hat", "2"]]);
  await leave();
});

test("a data set of the page's own is shown, followed when rows are appended, and left open", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view data-note="7"></clickfold-view>`);
  await page.waitForFunction(() => customElements.get("clickfold-view"));
  assert.equal(await page.$eval("clickfold-view", element => element.dataset.note), "7");
  await page.evaluate(async origin => {
    const { open } = await import(`${origin}/clickfold.js`);
    globalThis.own = await (await open()).load(new Blob(["item,event\nhat,view\n"]));
    document.querySelector("clickfold-view").dataset = own;
  }, host.origin);
  await eventually(() => heard("ready"), [1]);
  await page.evaluate(() => own.append([{ item: "cap", event: "view" }, { item: "cap", event: "view" }]));
  await eventually(() => cells(page), [["1", "cap", "2"], ["2", "hat", "1"]]);
  assert.ok(await page.$eval("clickfold-view", element => element.dataset === own));
  await page.$eval("clickfold-view", element => element.remove());
  await page.evaluate(() => new Promise(resolve => setTimeout(resolve, 50)));
  assert.equal(await page.evaluate(async () => (await own.query({ kind: "aggregate", measures: { n: { fn: "count" } } })).rows()[0].n), 3);
  await leave();
});

test("it speaks the language of what is around it", async () => {
  const { page, leave } = await host.visit(`<div lang="zh-Hans">${element(`lang="auto"`)}</div>`, { lang: "en" });
  await settled(page);
  const said = () => page.$eval("clickfold-view", ({ shadowRoot, lang }) => [shadowRoot.querySelector("#title").textContent, shadowRoot.querySelector("section").lang, lang]);
  assert.deepEqual(await said(), ["热门商品", "zh-CN", ""]);
  await page.evaluate(() => document.querySelector("div").removeAttribute("lang"));
  await eventually(said, ["Top items", "en", ""]);
  await page.evaluate(() => { document.documentElement.lang = "zh"; });
  await eventually(said, ["热门商品", "zh-CN", ""]);
  await page.$eval("clickfold-view", element => { element.lang = "en"; });
  await eventually(said, ["Top items", "en", "en"]);
  await leave();
});

test("it is light or dark as it is told, as the page is, or as the person likes", async () => {
  const { page, leave } = await host.visit(element(""), { colorScheme: "dark" });
  await settled(page);
  const ground = () => page.$eval("clickfold-view", ({ shadowRoot }) => getComputedStyle(shadowRoot.querySelector("section")).backgroundColor);
  const [light, dark] = ["rgb(255, 255, 255)", "rgb(28, 32, 39)"];
  assert.equal(await ground(), dark);
  await page.evaluate(() => { document.documentElement.style.colorScheme = "light"; });
  await eventually(ground, light);
  await page.$eval("clickfold-view", element => { element.theme = "dark"; });
  await eventually(ground, dark);
  assert.equal(await page.$eval("clickfold-view", element => element.getAttribute("theme")), "dark");
  await page.evaluate(() => document.querySelector("clickfold-view").style.setProperty("--clickfold-surface", "rgb(1, 2, 3)"));
  assert.equal(await ground(), "rgb(1, 2, 3)");
  await leave();
});

test("a screen reader is told of changes at most once in five seconds", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view></clickfold-view>`);
  await page.clock.install();
  await page.waitForFunction(() => customElements.get("clickfold-view"));
  // The page's time goes by with looks at it, however slow this machine is.
  await page.clock.pauseAt(Date.now() + 60_000);
  const soon = (read, expected) => eventually(() => page.clock.runFor(25).then(read), expected);
  const said = () => page.evaluate(() => said);
  await page.evaluate(() => {
    globalThis.said = [];
    globalThis.view = document.querySelector("clickfold-view");
    view.events.push({ item: "hat" });
  });
  await soon(() => heard("ready"), [1]);
  await page.evaluate(() => new MutationObserver(() => said.push(view.shadowRoot.querySelector("[role=status]").textContent)).observe(view.shadowRoot.querySelector("[role=status]"), { childList: true, characterData: true, subtree: true }));
  for (const n of [2, 3, 4]) {
    await page.evaluate(() => view.events.push({ item: "hat" }));
    await soon(async () => (await cells(page))[0][2], String(n));
  }
  assert.deepEqual(await said(), []);
  await page.clock.fastForward(5_000);
  await eventually(said, ["First: hat with 4."]);
  await leave();
});

/** Puts widgets into a page that tells what is written on their charts; to be called before there is a chart. */
async function charted(page, html) {
  await page.evaluate(html => {
    globalThis.written = new Map();
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
      written.set(this.canvas, [...written.get(this.canvas) ?? [], text]);
      return fillText.call(this, text, ...at);
    };
    document.querySelector("main").insertAdjacentHTML("beforeend", html);
  }, html);
  return id => page.$eval(`#${id}`, ({ shadowRoot }) => [...new Set(written.get(shadowRoot.querySelector("canvas")) ?? [])]);
}
const legend = (page, selector = "clickfold-view") => page.$eval(selector, ({ shadowRoot }) => [...shadowRoot.querySelectorAll(".u-series")].map(row => [...row.cells].map(cell => cell.textContent).join(": ")));
const sums = every => JSON.stringify({ kind: "aggregate", group_by: [{ column: "time", every, as: "t" }], measures: { revenue: { fn: "sum", column: "price" } }, order_by: ["t"] });

test("a chart's axes reach from the least to the greatest, 0 included, and say so at any size; marks are where points are", async () => {
  const day = at => new Date(Date.UTC(2026, 10, 2 + at)).toISOString();
  host.files.set("/loss.csv", `time,user,event,price\n${[300, -20, -1200].map((price, week) => `${day(7 * week)},ann,purchase,${price}`).join("\n")}\n`);
  host.files.set("/great.csv", `time,user,event,price\n${[1e15, 2e14, 5e14].map((price, at) => `${day(at)},ann,purchase,${price}`).join("\n")}\n`);
  host.files.set("/small.csv", `time,user,event,price\n${["0.001", "0.02", "0.015"].map((price, at) => `${day(at)},ann,purchase,${price}`).join("\n")}\n`);
  host.files.set("/once.csv", "time,user,event\n2026-11-01 10:00:00,ann,purchase\n");
  const { page, leave } = await host.visit("");
  const marks = await charted(page, [["loss", "1w"], ["great", "1d"], ["small", "1d"]].map(([name, every]) => `<clickfold-view id="${name}" src="/${name}.csv" query='${sums(every)}'></clickfold-view>`).join("") + `<clickfold-view id="once" src="/once.csv" view="timeline"></clickfold-view>`);
  await eventually(() => marks("loss"), ["Nov 2", "2026", "Nov 9", "Nov 16", "-1,000", "-500", "0"]);
  await eventually(() => marks("great"), ["Nov 2", "2026", "Nov 3", "Nov 4", "0", "200T", "400T", "600T", "800T", "1000T"]);
  await eventually(() => marks("small"), ["Nov 2", "2026", "Nov 3", "Nov 4", "0", "0.005", "0.01", "0.015", "0.02"]);
  await eventually(() => marks("once"), ["10:00:00", "Nov 1", "0", "1"]);
  await leave();
});

test("a chart's text grows with the page's", async () => {
  const { page, leave } = await host.visit(element(`view="timeline"`));
  const font = () => page.$eval("clickfold-view", ({ shadowRoot }) => parseFloat(shadowRoot.querySelector(".chart canvas").getContext("2d").font) / devicePixelRatio);
  await eventually(font, 12);
  for (const [size, expected] of [["32px", 24], ["14px", 11]]) {
    await page.evaluate(size => { document.body.style.fontSize = size; }, size);
    await eventually(font, expected);
  }
  await leave();
});

test("a part of the time line is looked at: the legend is about it, rows that come leave it so, and a button leads back", async () => {
  const { page, heard, leave } = await host.visit(`<clickfold-view view="timeline"></clickfold-view>`);
  await page.waitForFunction(() => customElements.get("clickfold-view"));
  const push = seconds => page.$eval("clickfold-view", (element, seconds) => element.events.push(...seconds.map(second => ({ time: new Date(Date.UTC(2026, 10, 1, 10, 0, second)), user: "ann", event: "view" }))), seconds);
  await push([5, 15, 25, 35, 45, 46, 47, 55, 65, 75, 85, 99]);
  await eventually(() => legend(page), ["Time: All", "Viewed: 12"]);
  const back = page.locator(".u-whole"), { x, y, width } = await page.locator(".u-over").boundingBox();
  assert.equal(await back.isVisible(), false);
  await page.mouse.move(x + 0.4 * width, y + 50);
  await page.mouse.down();
  await page.mouse.move(x + 0.6 * width, y + 60, { steps: 4 });
  await page.mouse.up();
  await page.mouse.move(0, 0);
  const part = ["Time: Nov 1, 2026, 10:00:40 – Nov 1, 2026, 10:00:50", "Viewed: 4"];
  await eventually(() => legend(page), part);
  await push([95, 96]);
  await eventually(() => page.$eval("clickfold-view", ({ shadowRoot }) => /^14 events/.test(shadowRoot.querySelector(".sentence").textContent)), true);
  await eventually(() => legend(page), part);
  await page.mouse.dblclick(x + 0.25 * width, y + 50);
  assert.deepEqual(await heard("select"), [{ view: 3, time: new Date("2026-11-01T10:00:40Z"), n: 3 }]);
  await page.mouse.move(0, 0);
  await eventually(() => legend(page), part);
  await back.click();
  await eventually(() => legend(page), ["Time: All", "Viewed: 14"]);
  assert.equal(await back.isVisible(), false);
  await leave();
});

test("lines are shown and hidden by the keyboard", async () => {
  const { page, leave } = await host.visit(element(`view="timeline"`));
  const pressed = () => page.$$eval("clickfold-view", ([{ shadowRoot }]) => [...shadowRoot.querySelectorAll(".u-legend button")].map(button => [button.textContent, button.getAttribute("aria-pressed")]));
  await eventually(pressed, [["Viewed", "true"], ["Bought", "true"], ["Added to cart", "true"]]);
  await page.focus(".u-legend button");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await eventually(pressed, [["Viewed", "true"], ["Bought", "false"], ["Added to cart", "true"]]);
  await page.evaluate(AXE);
  assert.deepEqual(await page.evaluate(() => globalThis.axe.run(document).then(({ violations }) => violations.map(({ id }) => id))), []);
  assert.deepEqual(await page.$$eval("clickfold-view", ([{ shadowRoot }]) => [...shadowRoot.querySelectorAll(".u-off > *")].map(part => getComputedStyle(part).opacity)), ["1", "1"]);
  await leave();
});

test("a point of the time line is told by what the data call it, in any language", async () => {
  const { page, heard, leave } = await host.visit(element(`view="timeline" lang="zh-CN"`));
  await eventually(() => heard("ready"), [12]);
  await page.click("clickfold-view summary");
  await page.click("clickfold-view tbody tr:nth-child(6)");
  assert.deepEqual(await heard("select"), [{ view_item: 1, purchase: 2, add_to_cart: 1, time: new Date("2026-11-10T00:00:00Z"), n: 4 }]);
  await leave();
});

test("a time line says from which event to which it is, how long its steps are, and by which clock", async () => {
  host.files.set("/seconds.csv", "time,user,event\n2026-11-01 05:34:31,ann,view\n2026-11-01 05:34:39,ann,view\n2026-11-01 05:34:45,ann,view\n");
  const seconds = attributes => `<clickfold-view src="/seconds.csv" view="timeline" ${attributes}></clickfold-view>`;
  const { page, leave } = await host.visit(seconds("") + seconds(`lang="zh-CN" timezone="Asia/Shanghai"`) + element(`query='${QUERY.replace("1w", "1h")}'`));
  await settled(page);
  const said = await page.$$eval("clickfold-view", all => all.map(({ shadowRoot }) => [...shadowRoot.querySelectorAll(".sentence, .fine")].map(part => part.textContent)));
  assert.deepEqual(said, [
    ["3 events from Nov 1, 2026, 05:34:31 to Nov 1, 2026, 05:34:45. Most in the 10 seconds from Nov 1, 2026, 05:34:30: 2.", "Interval: 10 seconds. Time zone: UTC."],
    ["2026年11月1日 13:34:31 至 2026年11月1日 13:34:45，共 3 条事件；峰值出现在 2026年11月1日 13:34:30 起的 10 秒内，为 2。", "统计粒度：10 秒；时区：中国标准时间。"],
    ["Time zone: UTC."],
  ]);
  await leave();
});

test("what has no line of its own is in one of others, an action that is none, too", async () => {
  host.files.set("/many.csv", `time,user,event\n${["a", "a", "a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "", "g"].map(action => `2026-11-01 10:00:00,ann,${action}`).join("\n")}\n`);
  const { page, leave } = await host.visit(`<clickfold-view src="/many.csv" view="timeline"></clickfold-view>`);
  await eventually(() => legend(page), ["Time: All", "a: 3", "b: 2", "c: 2", "d: 2", "e: 2", "Others: 3"]);
  await leave();
});

test("a time line shows answers that belong together: an event that is counted already, but in no line yet, is none of others", async () => {
  const { page, leave } = await host.visit("<clickfold-view view=\"timeline\"></clickfold-view>");
  await page.waitForFunction(() => customElements.get("clickfold-view"));
  await page.evaluate(async origin => {
    const { open } = await import(`${origin}/clickfold.js`), day = "2026-11-01T10:00:00Z";
    globalThis.own = await (await open()).load(new Blob([`time,user,event\n${day},ann,view\n${day},ann,view\n${day},bob,cart\n`]));
    const watch = own.watch.bind(own);
    globalThis.asked = [];
    own.watch = (query, heard, options) => {
      // The lines' answer is held back from its second on; all others come as they do.
      const one = { isOfLines: query.group_by?.length === 2, answers: 0, held: () => {} };
      asked.push(one);
      return watch(query, answer => {
        one.answers++;
        if (one.isOfLines && one.answers > 1) one.held = () => heard(answer);
        else heard(answer);
      }, options);
    };
    document.querySelector("clickfold-view").dataset = own;
  }, host.origin);
  const said = async () => [...await legend(page), await page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector(".sentence").textContent.split(" ")[0])];
  await eventually(said, ["Time: All", "Viewed: 2", "Added to cart: 1", "3"]);
  await page.evaluate(() => own.append([{ time: "2026-11-01T10:00:00Z", user: "bob", event: "view" }]));
  await page.waitForFunction(() => asked.every(({ answers }) => answers === 2));
  await page.$eval("clickfold-view", element => element.updateComplete);
  assert.deepEqual(await said(), ["Time: All", "Viewed: 2", "Added to cart: 1", "3"]);
  await page.evaluate(() => asked.forEach(({ held }) => held()));
  await eventually(said, ["Time: All", "Viewed: 3", "Added to cart: 1", "4"]);
  await leave();
});

test("both languages say the same things", async () => {
  const [en, zh] = await Promise.all(["en", "zh-CN"].map(async name => (await import(`../../www/widget/words/${name}.js`)).default));
  const keys = (words, path = "") => Object.entries(words).flatMap(([key, value]) => typeof value === "object" && !Array.isArray(value) ? keys(value, `${path}${key}.`) : [`${path}${key}`]).sort();
  assert.deepEqual(keys(zh), keys(en));
});

test("a chart whose script cannot be fetched leaves the table and the sentence, and says so", async () => {
  const { page, context, heard, leave } = await host.visit("", { expected: [/ERR_FAILED/, /Failed to load/] });
  await context.route(/chart-.*\.js$/, route => route.abort());
  await page.$eval("main", (main, html) => main.insertAdjacentHTML("beforeend", html), element(`view="timeline"`));
  await eventually(() => heard("ready"), [12]);
  await eventually(() => page.$eval("clickfold-view", ({ shadowRoot }) => shadowRoot.querySelector(".chart").textContent), "The chart could not be fetched. The table below says the same.");
  await page.click("clickfold-view summary");
  await eventually(async () => (await cells(page)).length, 15);
  assert.deepEqual(await heard("error"), []);
  await leave();
});
