// What the page tells of each column, and the rows that each figure opens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cells, eventually, file, load, start } from "./browser.mjs";

const LINES = ["user,item,price,when", "1,hat,9.50,2024-03-01 10:00:00", "2,<b>cap</b>,9.75,2024-03-02 10:00:00", "1,hat,,2024-03-03 10:00:00", "3,=1+1,100.00,2024-03-04 10:00:00"];
let browser;
before(async () => { browser = await start(); });
after(() => browser?.close());

const columns = async page => Object.fromEntries((await cells(page, "#columns")).map(([name, , , nulls, distinct, range]) => [name, [nulls, distinct, range.replace(/\s+/g, " ")]]));

test("each column's figures are there, and each opens the rows behind it", async () => {
  const { page, leave } = await browser.visit();
  await load(page, file("shop.csv", LINES.join("\n") + "\n"));
  await eventually(() => columns(page), {
    user: ["0", "3", "1 – 3"],
    item: ["0", "3", "<b>cap</b> – hat"],
    price: ["1", "3", "9.50 – 100.00 middle 9.75"],
    when: ["0", "4", "2024-03-01 10:00 – 2024-03-04 10:00"],
  });
  const open = async selector => {
    await page.click(selector);
    await page.waitForSelector("#rows[open]");
    const found = [await page.textContent("#rows h2"), await cells(page, "#rows")];
    await page.click("#rows >> text=Close");
    return found;
  };
  assert.deepEqual(await open("#columns tr:has(th:text-is('price')) td.number .figure"), ["price is empty", [["1", "hat", "–", "2024-03-03 10:00:00"]]]);
  assert.deepEqual(await open("#columns tr:has(th:text-is('item')) .range .figure >> nth=0"), ["item is <b>cap</b>", [["2", "<b>cap</b>", "9.75", "2024-03-02 10:00:00"]]]);
  assert.deepEqual(await open("#columns tr:has(th:text-is('price')) .histogram button >> nth=-1"), ["price from 94.40 to 100.00", [["3", "=1+1", "100", "2024-03-04 10:00:00"]]]);
  await page.click("#columns tr:has(th:text-is('when')) .range .figure >> nth=1");
  await page.waitForSelector("#rows[open]");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#rows:not([open])", { state: "attached" });
  await page.click("#health .equation .figure");
  await page.waitForSelector("#rows[open] tbody tr");
  assert.equal((await cells(page, "#rows")).length, 4);
  await page.click("#rows >> text=Close");
  await leave();
});

test("a file of JSON, and one in another encoding, which can be told", async () => {
  const { page, leave } = await browser.visit();
  await load(page, file("shop.json", JSON.stringify([{ user: 1, item: "hat", when: "2024-03-01 10:00:00" }, { user: 2, item: "cap", when: "2024-03-01 11:00:00" }])));
  assert.match(await page.innerText("#health"), /A JSON document; each object of its largest array is a row\./);
  const latin = Buffer.from("user,item,when\n" + "1,caf\xe9 \xe0 la carte,2024-03-01 10:00:00\n".repeat(20), "latin1");
  await load(page, file("latin.csv", latin));
  assert.equal(await page.inputValue("#health select[name=encoding]"), "windows-1252");
  await eventually(async () => (await cells(page, "#ranking"))[0][1], "café à la carte");
  await page.selectOption("#health select[name=encoding]", "shift_jis");
  await eventually(() => page.inputValue("#health select[name=encoding]").catch(() => ""), "shift_jis");
  await eventually(async () => (await cells(page, "#ranking"))[0][1] !== "café à la carte", true);
  await leave();
});
