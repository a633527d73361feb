// Recipes on the page: each step does what the same counted by hand does, and can be taken out, saved and opened.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { cells, eventually, file, load, start } from "./browser.mjs";

const LINES = [
  "user_id,item_id,behavior,price,event_time",
  "1,hat,view,9.50,2024-03-01 10:00:00", "2, cap ,view,,2024-03-02 10:00:00", "1,hat,view,9.50,2024-03-01 10:00:00",
  "3,bag,buy,-4.00,2024-03-04 10:00:00", "4,cap,view,10.50,2024-03-04 11:00:00", "5,cap,view",
];
const SHOP = file("shop.csv", LINES.join("\n") + "\n");
let browser;
before(async () => { browser = await start(); });
after(() => browser?.close());

const equation = page => page.$$eval("#health .equation strong", all => all.map(strong => Number(strong.textContent)));
const steps = page => page.$$eval("#cleaning li", all => all.map(li => [...li.querySelectorAll("span")].map(span => span.textContent.trim())));

/** Adds a step by the form. */
async function add(page, step, fields = {}, nSteps = 1) {
  const before = (await steps(page)).length;
  await page.selectOption("#cleaning select[name=step]", step);
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`#cleaning [name=${name}]`);
    if (await field.evaluate(element => element.tagName) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
  await page.click("#cleaning button[type=submit]");
  await eventually(async () => (await steps(page)).length, before + nSteps);
}

test("steps are applied in their order, told, taken out, saved and opened", async () => {
  const { page, leave } = await browser.visit({ acceptDownloads: true });
  await load(page, SHOP);
  await eventually(() => equation(page), [6, 5, 1, 0, 0]);
  await add(page, "trim");
  await add(page, "drop_duplicates");
  await add(page, "negative", { column: "price" });
  await add(page, "impute", { column: "price", strategy: "median" });
  await add(page, "derive", { as: "double", expr: "price * 2" });
  assert.deepEqual((await steps(page)).map(([, told]) => told.split(" – ")[0]), ["1 values changed", "1 repeated rows left out", "1 rows in quarantine", "1 values changed", "3 values changed"]);
  await eventually(() => equation(page), [6, 3, 2, 0, 1]);
  assert.match(await page.innerText("#health [aria-label='Rows in quarantine']"), /column price is negative: -4\.00/);
  await eventually(async () => (await cells(page, "#columns")).map(([name, , , , , range]) => [name, range.replace(/\s+/g, " ")]).filter(([name]) => ["price", "double"].includes(name)), [["price", "9.50 – 10.50 middle 10"], ["double", "19.00 – 21.00 middle 20"]]);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Save recipe")]);
  const saved = readFileSync(await download.path(), "utf8");
  assert.deepEqual(JSON.parse(saved).map(({ step }) => step), ["trim", "drop_duplicates", "quarantine", "impute", "derive"]);
  await page.click("#cleaning [aria-label^='Take step 3 out']");
  await eventually(() => equation(page), [6, 4, 1, 0, 1]);
  await page.click("text=Undo last step");
  await eventually(async () => (await steps(page)).length, 3);
  await load(page, SHOP);
  await eventually(async () => (await steps(page)).length, 0);
  await page.setInputFiles("#cleaning input[type=file]", { name: "recipe.json", mimeType: "application/json", buffer: Buffer.from(saved) });
  await eventually(() => equation(page), [6, 3, 2, 0, 1]);
  await leave();
});

test("a recipe that does not fit is said, and the file stays as it was", async () => {
  const { page, leave } = await browser.visit();
  await load(page, SHOP);
  const open = text => page.setInputFiles("#cleaning input[type=file]", { name: "recipe.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await open("{}");
  await eventually(() => page.innerText("[role=alert]"), "“recipe.json” is no recipe: it is no list of steps.");
  await open('[{"step":"filter","where":[{"column":"prise","gte":0}]}]');
  await eventually(async () => /step 1 of the recipe, filter: unknown column "prise"/.test(await page.innerText("[role=alert]")), true);
  await eventually(() => equation(page), [6, 5, 1, 0, 0]);
  await leave();
});

test("a known export says so, and what its codes mean", async () => {
  const { page, leave } = await browser.visit();
  const lines = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 5},${1 + i % 4},,${i % 3},2014-12-0${1 + i % 9} 0${i % 10}`);
  await load(page, file("tianchi.csv", ["user_id,item_id,behavior_type,user_geohash,item_category,time", ...lines].join("\n")));
  assert.match(await page.innerText("#health"), /The columns are those of Tianchi mobile user behavior\./);
  assert.deepEqual(await page.$$eval("select[name=action] option", all => all.map(option => option.textContent)), ["anything", "1 (view)", "2 (favorite)", "3 (cart)", "4 (buy)"]);
  await leave();
});

test("a second file's columns are brought in, and what does not match opens", async () => {
  const { page, leave } = await browser.visit();
  await load(page, SHOP);
  await page.waitForSelector("#joining");
  await page.setInputFiles("#joining input[type=file]", file("items.csv", "item_id,label,cost\nhat,Hat,5.00\nbag,Bag,7.50\nshoe,Shoe,9.00\n"));
  await page.click("#joining button[type=submit]");
  await eventually(async () => (await page.innerText("#joining p:has(strong)")).replace(/\s+/g, " "),
    "items.csv brought in label, cost: 3 rows have their key in it, 2 have not (2 different); 1 of its rows are of no event.");
  const open = async at => {
    await page.click(`#joining .figure >> nth=${at}`);
    await page.waitForSelector("#rows[open] tbody tr");
    const found = await cells(page, "#rows");
    await page.click("#rows >> text=Close");
    return found;
  };
  assert.deepEqual((await open(0)).map(row => row[1]), ["cap", "cap"]);
  assert.deepEqual(await open(1), [["shoe", "Shoe", "9"]]);
  await eventually(async () => (await cells(page, "#columns")).map(([name]) => name).slice(-3), ["label", "cost", "is_matched"]);
  await leave();
});

test("a day and an hour in two columns become one time", async () => {
  const { page, leave } = await browser.visit();
  await load(page, file("split.csv", "user,item,date,time\n1,hat,2024-03-01,10:05:03\n2,cap,2024-03-02,23:59:59\n"));
  assert.match(await page.innerText("#health"), /what "time" says of the hour is text/);
  await add(page, "clock", { column: "date", clock: "time", as: "moment" }, 2);
  await eventually(async () => (await cells(page, "#columns")).filter(([name]) => name === "moment").map(([, , , , , range]) => range.replace(/\s+/g, " ")), ["2024-03-01 10:05 – 2024-03-02 23:59"]);
  await leave();
});
