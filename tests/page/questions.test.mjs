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
  const { page, leave } = await browser.visit();
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
  await eventually(() => cells(page, "#question"), [["1 view", "5", "100.0%", "–", "–"], ["2 cart", "2", "40.0%", "40.0%", "1 h"], ["3 buy", "1", "20.0%", "50.0%", "2 h"]]);
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
  await eventually(() => text(page, "#only").catch(() => ""), "Only 3 users who left after view × show all");
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
  const { page, leave } = await browser.visit();
  await mock(page, [{ of: { kind: "retention" }, error: ["BAD_QUERY", "unknown kind \"retention\""] }]);
  await page.reload();
  await load(page, file("few.csv", "user_id,event_time\n1,2024-03-01 10:00:00\n2,2024-03-02 10:00:00\n"));
  assert.equal(await text(page, "#question"), "No column has the role action. Give it to one under Columns.");
  assert.equal(await page.getAttribute("#question a", "href"), "#columns");
  await page.click("#tab-retention");
  await eventually(() => text(page, "#question [role=alert]").catch(() => ""), "Unknown kind \"retention\".");
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
