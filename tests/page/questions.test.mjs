// The questions' tabs: what they ask, how answers look, and what a click on a figure offers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cells, eventually, file, load, start } from "./browser.mjs";
import { mock } from "./mocked.mjs";

const WAYS = { 1: ["view", "cart", "buy"], 2: ["view", "cart"], 3: ["view", "buy"], 4: ["view"], 5: ["view", "buy"] };
const LINES = Object.entries(WAYS).flatMap(([user, way]) => way.map((action, at) => `${user},${user}${at},${["hat", "cap"][user % 2]},${user < 3},${action},${user}.50,2024-03-0${user} 1${at}:00:00`));
const SHOP = file("shop.csv", ["user_id,session_id,item_id,is_loyal,behavior,price,event_time", ...LINES].join("\n") + "\n");
let browser;
before(async () => { browser = await start(); });
after(() => browser?.close());

/** A page on the shop, with the open tab's answer; `answers` stand in for the engine's. */
async function visit(answers = [], { tab = "funnel", chosen = SHOP, ...mocked } = {}) {
  const { page, leave } = await browser.visit({ serviceWorkers: "block" });
  await mock(page, answers, mocked);
  await page.reload();
  await load(page, chosen);
  await page.click(`#tab-${tab}`);
  await answered(page, tab);
  return { page, leave };
}

const answered = (page, tab) => page.waitForSelector(`#question[data-kind=${tab}][aria-busy=false] .answer`);
const asked = (page, kind) => page.evaluate(kind => globalThis.asked.filter(query => query.kind === kind), kind);
const text = async (page, selector) => (await page.innerText(selector)).replace(/\s+/g, " ").trim();
const offered = page => text(page, ".offer strong");

test("a funnel's steps are the shop's, and its figures those of counting; a skipped step is told", async () => {
  const { page, leave } = await visit();
  await eventually(() => cells(page, "#question"), [["1 view", "5", "100.0%", "–", "–", "–"], ["2 cart", "2", "40.0%", "40.0%", "1 h", "1 h"], ["3 buy", "1", "20.0%", "50.0%", "2 h", "2 h"]]);
  assert.equal(await text(page, "#question .question"), "Of 3 users with buy after view, 2 did not go through cart before: the way is another, or not all of it is in the file.");
  await page.click("#question [aria-label='Take step 2 out']");
  await eventually(async () => (await cells(page, "#question")).map(row => row.slice(0, 3)), [["1 view", "5", "100.0%"], ["2 buy", "3", "60.0%"]]);
  await page.click("#question [aria-label='Step 2 earlier']");
  await eventually(async () => (await cells(page, "#question")).map(row => row.slice(0, 3)), [["1 buy", "3", "100.0%"], ["2 view", "0", "0.0%"]]);
  assert.deepEqual(await page.$$eval("#question .chosen-steps select", all => all.map(select => select.value)), ["buy", "view"]);
  await page.selectOption("#question [aria-label='Step 2']", "cart");
  await page.selectOption("#question [aria-label='split by']", "is_loyal");
  await eventually(async () => (await cells(page, "#question")).map(row => row.slice(0, 3)), [["false", "1 buy", "2"], ["false", "2 cart", "0"], ["true", "1 buy", "1"], ["true", "2 cart", "0"]]);
  await leave();
});

test("a click on those who left offers them: to see, alone on the page, as a segment", async () => {
  const dropped = [{ user_id: 2, reached: 2, started: "2024-03-02T10:00:00Z", seconds: 3600 }];
  const { page, leave } = await visit([{ of: { kind: "funnel", each: "actor" }, rows: dropped }], { segmentColumn: "is_chosen" });
  await page.click("#question .lost button >> nth=1");
  assert.equal(await offered(page), "1 user who left after cart");
  await page.click(".offer >> text=Show them");
  await page.waitForSelector("#rows[open] tbody tr");
  assert.deepEqual(await cells(page, "#rows"), [["2", "2", "2024-03-02 10:00:00", "3600"]]);
  await page.click("#rows >> text=Close");
  const steps = ["view", "cart", "buy"].map(eq => ({ column: "behavior", eq }));
  const query = { kind: "funnel", steps, each: "actor", having: [{ column: "reached", eq: 2 }] };
  assert.deepEqual((await asked(page, "funnel")).at(-1), { ...query, limit: 100 });
  await page.click(".offer >> text=Save as segment…");
  await page.fill(".offer input", "undecided");
  await page.click(".offer form button");
  await eventually(() => page.evaluate(() => globalThis.segments), [{ name: "undecided", query }]);
  assert.equal(await page.$("#only"), null);
  await leave();
});

test("those alone are what all of the page counts, until they are let go", async () => {
  const { page, leave } = await visit([], { segmentColumn: "is_loyal" });
  await page.click("#question .lost button >> nth=0");
  await page.click(".offer >> text=Only these");
  await eventually(() => text(page, "#only").catch(() => ""), "Ranking, time line and questions: only 3 users who left after view × show all");
  await eventually(async () => (await cells(page, "#question")).map(row => row[1]), ["2", "2", "1"]);
  await eventually(() => cells(page, "#ranking"), [["1", "cap", "1"], ["1", "hat", "1"]]);
  assert.match(await text(page, "#timeline"), /5 events from/);
  await page.click("#only button");
  await eventually(() => page.$("#only"), null);
  await eventually(async () => (await cells(page, "#question")).map(row => row[1]), ["5", "2", "1"]);
  assert.match(await text(page, "#timeline"), /10 events from/);
  await leave();
});

test("retention is a grid: shares, the mean, unfinished periods marked, cells that open", async () => {
  const week = (cohort, period, actors, size, complete = true) => ({ cohort, period, actors, rate: actors / size, size, complete });
  const [a, b] = ["2024-02-26T00:00:00Z", "2024-03-04T00:00:00Z"];
  const { page, leave } = await visit([{ of: { kind: "retention", mean: "weighted" }, rows: [week(a, 0, 4, 4), week(a, 1, 2, 4), week(b, 0, 2, 2), week(b, 1, 1, 2, false), week(null, 0, 6, 6), week(null, 1, 3, 6)] }], { tab: "retention" });
  assert.deepEqual(await cells(page, "#question"), [["all, weighted", "6", "100.0%", "50.0%"], ["2024-02-26", "4", "100.0%", "50.0%"], ["2024-03-04", "2", "100.0%", "50.0%"]]);
  assert.deepEqual(await page.$$eval("#question [data-open]", all => all.map(cell => cell.title)), ["this period is not over"]);
  await page.selectOption("#question [aria-label=each]", "1w");
  await page.click("#question tbody tr:nth-child(2) .figure >> nth=1");
  assert.equal(await offered(page), "2 users of the week 2024-02-26 who were there 1 week later");
  const bar = page.evaluate(() => new Promise(resolve => { globalThis.answers = []; resolve(); }));
  await bar;
  await page.click(".offer >> text=Show them");
  await eventually(async () => (await asked(page, "retention")).at(-1), { kind: "retention", every: "1w", periods: 8, each: "actor", having: [{ column: "cohort", eq: "2024-02-26T00:00:00.000Z" }, { column: "period", eq: 1 }], limit: 100 });
  await leave();
});

test("what the file lacks is told, and how to give it; an error is a sentence", async () => {
  const { page, leave } = await browser.visit({ serviceWorkers: "block" });
  await mock(page, [{ of: { kind: "retention" }, error: ["BAD_QUERY", "unknown kind \"retention\""] }]);
  await page.reload();
  await load(page, file("few.csv", "user_id,event_time\n1,2024-03-01 10:00:00\n2,2024-03-02 10:00:00\n"));
  assert.equal(await text(page, "#question"), "No column has the role action. Give it to one under Columns.");
  assert.equal(await page.getAttribute("#question a", "href"), "#columns");
  await page.click("#tab-retention");
  await eventually(() => text(page, "#question [role=alert]").catch(() => ""), "Unknown kind \"retention\".");
  await leave();
});

test("nothing is asked before the questions are looked at", async () => {
  const { page, leave } = await browser.visit({ serviceWorkers: "block" });
  await mock(page);
  await page.reload();
  await load(page, SHOP);
  await page.waitForSelector("#questions");
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.deepEqual(await asked(page, "funnel"), []);
  await page.locator("#questions").scrollIntoViewIfNeeded();
  await answered(page, "funnel");
  await leave();
});

test("a tab that is left before its answer came does not keep the next one waiting", async () => {
  const { page, leave } = await visit([{ of: { kind: "sequence" }, rows: [{ actors: 1, matched: 1, rate: 1, matches: 1 }], after: 600 }]);
  for (const next of ["funnel", "attribution"]) {
    await page.click("#tab-sequence");
    await page.click(`#tab-${next}`);
    assert.equal(await page.getAttribute(`#question[data-kind=${next}]`, "aria-busy"), "false");
  }
  await page.click("#tab-sequence");
  await answered(page, "sequence");
  await leave();
});

test("tabs go by the keyboard", async () => {
  const { page, leave } = await visit();
  const selected = () => page.$$eval("#questions [role=tab]", tabs => tabs.filter(tab => tab.ariaSelected === "true").map(tab => [tab.id, tab === document.activeElement, tab.tabIndex]));
  await page.focus("#tab-funnel");
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await selected(), [["tab-retention", true, 0]]);
  await page.keyboard.press("End");
  const [[last]] = await selected();
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await selected(), [["tab-funnel", true, 0]]);
  await page.keyboard.press("ArrowLeft");
  assert.deepEqual(await selected(), [[last, true, 0]]);
  await leave();
});

test("an answer that comes late is not shown in place of a newer one", async () => {
  const step = actors => [{ step: 1, actors, rate: 1, rate_from_previous: null, median_seconds: null }];
  const { page, leave } = await visit([{ of: { kind: "funnel", within: "1h" }, rows: step(111), after: 500 }, { of: { kind: "funnel" }, rows: step(222) }]);
  await page.selectOption("#question [aria-label=within]", "1h");
  await page.selectOption("#question [aria-label=within]", "7d");
  await page.waitForTimeout(800);
  assert.deepEqual((await cells(page, "#question"))[0].slice(1, 2), ["222"]);
  await leave();
});

const VIEW = { column: "behavior", eq: "view" }, CART = { column: "behavior", eq: "cart" }, BUY = { column: "behavior", eq: "buy" };
const HOSTILE = "<img src=x onerror=alert(1)>";
const RFM = { kind: "rfm", purchase: BUY, value: "price" };

/** Of each tab: what it asks at first, an answer, how that is written, and what a click on a figure (the nth) offers. */
const TABS = [
  { tab: "sessions", asks: { kind: "sessions", conversion: BUY }, answer: [{ sessions: 1234, actors: 900, bounce_rate: 0.25, events_per_session: 3.14159, median_seconds: 12000, p90_seconds: 90061, conversion_rate: 0.05 }],
    says: /sessions 1,234 of 900 users with one event only 25\.0% events each 3\.14 half are longer than 3 h 20 min a tenth are longer than 1 d 1 h with buy 5\.0%/,
    click: 1, offers: "users with a session of one event", by: { kind: "sessions", conversion: BUY, each: "session", having: [{ column: "bounced", eq: 1 }] } },
  { tab: "paths", asks: { kind: "paths", depth: 4, limit: 6 }, answer: [
    { depth: 1, source: "view", target: HOSTILE, actors: 3, rate: 0.6, source_is_rest: false, target_is_rest: false },
    { depth: 1, source: "view", target: null, actors: 1, rate: 0.2, source_is_rest: false, target_is_rest: false },
    { depth: 1, source: "view", target: null, actors: 1, rate: 0.2, source_is_rest: false, target_is_rest: true }],
    rows: [["1", "view", HOSTILE, "3", "60.0%"], ["1", "view", "(ends here)", "1", "20.0%"], ["1", "view", "all others", "1", "20.0%"]],
    press: ".sankey a >> nth=0", offers: "5 users with view at the beginning", by: { kind: "paths", depth: 4, each: "actor", having: [{ column: "depth", eq: 0 }, { column: "value", eq: "view" }] } },
  { tab: "rfm", asks: { ...RFM, group: "segment" }, answer: [{ segment: "At risk", actors: 12, rate: 0.4, recency_days: 31.44, frequency: 1.5, monetary: 1234.5, value: 14814 }],
    also: [{ of: { group: "cells" }, rows: [{ r: 1, f: 4, actors: 12, value: 14814 }] }],
    says: /At risk 12 40\.0% 31\.4 d 1\.5 1,234\.50 14,814\.00/, press: ".rfm .figure", offers: "12 users with recency 1 and frequency 4",
    by: { ...RFM, each: "actor", having: [{ column: "r", eq: 1 }, { column: "f", eq: 4 }] } },
  { tab: "intervals", asks: { kind: "intervals", event: BUY, most: 6 }, answer: [{ nth: 1, actors: 10, again: 4, rate: 0.4, median_seconds: 86400, p90_seconds: null }],
    rows: [["1st", "10", "4", "40.0%", "1 d", "–"]], press: "#question tbody .figure >> nth=1", offers: "4 users with a 1st order and one after it",
    by: { kind: "intervals", event: BUY, most: 6, each: "actor", having: [{ column: "nth", eq: 1 }, { column: "seconds", is_null: false }] } },
  { tab: "items", asks: { kind: "conversion", by: "item_id", steps: [VIEW, BUY], min_actors: 5, order_by: ["-actors_1"], limit: 200 }, answer: [{ item_id: HOSTILE, actors_1: 20, actors_2: 5, rate: 0.25, low: 0.112, high: 0.469 }],
    rows: [[HOSTILE, "20", "5", "25.0%", "11.2%", "46.9%"]], press: "#question tbody .figure >> nth=1", offers: `5 users with view, then buy of ${HOSTILE}`,
    by: { kind: "funnel", steps: [[VIEW, { column: "item_id", eq: HOSTILE }], [BUY, { column: "item_id", eq: HOSTILE }]], each: "actor", having: [{ column: "reached", eq: 2 }] } },
  { tab: "baskets", asks: { kind: "baskets", where: [BUY], item: "item_id", by: "session_id", min_support: 2, rank: "lift", limit: 100 }, answer: [{ item: "hat", other: "cap", baskets: 7, support: 0.1, confidence: 0.5, lift: 2.5, cosine: 0.3333 }],
    rows: [["hat", "cap", "7", "10.0%", "50.0%", "2.5", "0.333"]], press: "#question tbody .figure", offers: "users with hat and cap in one basket",
    by: { kind: "funnel", where: [BUY], steps: [{ column: "item_id", eq: "hat" }, { column: "item_id", eq: "cap" }], mode: "any_order", per: "session_id", each: "actor", having: [{ column: "reached", eq: 2 }] } },
  { tab: "abandonment", asks: { kind: "abandonment", cart: CART, buy: BUY, within: "7d", value: "price" }, answer: [{ carts: 20, abandoned: 15, rate: 0.75, value: 1000, abandoned_value: 750.5, open: 2 }],
    says: /put into the cart 20 price 1,000\.00 not bought 15 price 750\.50 left in the cart 75\.0% of those still open 2/, press: ".tiles .figure", offers: "users who left something in the cart",
    by: { kind: "abandonment", cart: CART, buy: BUY, within: "7d", value: "price", each: "actor", having: [{ column: "bought", eq: false }] } },
  { tab: "attribution", lacks: "No column has the role channel. Give it to one under Columns." },
  { tab: "experiment", lacks: /Choose the column that says which variant of the shop somebody saw\./ },
  { tab: "sequence", asks: { kind: "sequence", events: { A: VIEW, B: BUY }, pattern: "A ... B" }, answer: [{ actors: 10, matched: 4, rate: 0.4, matches: 6 }],
    says: /users with the pattern 4 of 10 share 40\.0% times 6 1\.5 each/, press: ".tiles .figure", offers: "4 users with A ... B",
    by: { kind: "sequence", events: { A: VIEW, B: BUY }, pattern: "A ... B", each: "actor", having: [{ column: "matches", gte: 1 }] } },
];

test("every tab asks its question, writes the answer, and offers those behind its figures", async () => {
  const answers = TABS.flatMap(({ asks, answer, also = [] }) => asks ? [...also.map(({ of, rows }) => ({ of: { kind: asks.kind, ...of }, rows })), { of: { kind: asks.kind, each: null }, rows: answer }, { of: { kind: asks.kind, each: asks.kind === "sessions" ? "session" : "actor" }, rows: [] }] : []);
  const { page, leave } = await visit(answers);
  for (const { tab, asks, rows, says, lacks, click = 0, press = `#question .answer .figure >> nth=${click}`, offers, by } of TABS) {
    await page.click(`#tab-${tab}`);
    if (lacks) {
      await eventually(async () => typeof lacks === "string" ? await text(page, "#question") === lacks : lacks.test(await text(page, "#question")), true);
      continue;
    }
    await answered(page, tab);
    const all = (await page.evaluate(() => globalThis.asked)).filter(query => query.kind === asks.kind);
    assert.deepEqual(all.find(({ group }) => group === asks.group), asks, tab);
    if (rows) assert.deepEqual(await cells(page, "#question"), rows, tab);
    if (says) assert.match(await text(page, "#question .answer"), says);
    await page.locator(press).first().focus();
    await page.keyboard.press("Enter");
    assert.equal(await offered(page), offers);
    await page.click(".offer >> text=Show them");
    await page.waitForSelector("#rows[open]");
    await page.click("#rows >> text=Close");
    assert.deepEqual(await page.evaluate(() => globalThis.asked.at(-1)), { ...by, limit: 100 }, tab);
  }
  assert.equal(await page.$("#questions img"), null);
  await leave();
});

test("what moves on the page stays as it was until the answer is there", async () => {
  const row = { segment: "Lost", actors: 1, rate: 1, recency_days: 1, frequency: 1, monetary: 1, value: 1 };
  const { page, leave } = await visit([
    { of: { kind: "rfm", group: "segment" }, rows: [row] }, { of: { kind: "rfm", group: "cells" }, rows: [] },
    { of: { kind: "rfm", group: null }, rows: [{ from: null, to: "Lost", actors: 1 }, { from: "Lost", to: "Champions", actors: 3 }], isHeld: true },
  ], { tab: "rfm" });
  await page.selectOption("#question [aria-label=show]", "moves");
  assert.equal((await cells(page, "#question table:last-child")).at(-1)[0], "Lost");
  assert.equal(await page.getAttribute("#question", "aria-busy"), "true");
  await page.waitForFunction(() => globalThis.letGo);
  await page.evaluate(() => globalThis.letGo());
  await answered(page, "rfm");
  assert.deepEqual(await cells(page, "#question"), [["not yet a customer", "", "1"], ["Champions", "", ""], ["Lost", "3", ""]]);
  await leave();
});

test("no tab runs out of a narrow screen, in the light and in the dark", async () => {
  const answers = TABS.flatMap(({ asks, answer, also = [] }) => asks ? [...also.map(({ of, rows }) => ({ of: { kind: asks.kind, ...of }, rows })), { of: { kind: asks.kind }, rows: answer }] : []);
  for (const colorScheme of ["light", "dark"]) {
    const { page, leave } = await browser.visit({ serviceWorkers: "block", viewport: { width: 360, height: 800 }, colorScheme });
    await mock(page, [{ of: { kind: "retention" }, rows: Array.from({ length: 60 }, (_, period) => ({ cohort: "2024-03-01T00:00:00Z", period, actors: 5, rate: 0.5, size: 10, complete: true })) }, ...answers]);
    await page.reload();
    await load(page, SHOP);
    for (const id of await page.$$eval("#questions [role=tab]", tabs => tabs.map(({ id }) => id))) {
      await page.click(`#${id}`);
      await page.waitForFunction(() => document.querySelector("#question").getAttribute("aria-busy") === "false");
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${id} is too wide`);
    }
    await leave();
  }
});
