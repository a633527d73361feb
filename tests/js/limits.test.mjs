// What the page must take: columns of very many values, many bad rows, a wrong file behind a good one.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { quietest } from "../page/tasks.mjs";
import { browser, close, openPage, server } from "./browser.mjs";

const folder = mkdtempSync(join(tmpdir(), "clickfold-"));
after(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

/** A file on disk: the content of one that is not would pass through the page's main thread. */
function file(name, lines) {
  writeFileSync(join(folder, name), lines.join("\n"), "latin1");
  return join(folder, name);
}
const drawn = page => page.waitForSelector("#timeline .uplot");
const said = (page, pattern) => page.waitForFunction(source => new RegExp(source).test(document.querySelector("[role=status]")?.textContent ?? ""), pattern.source);

test("an action of a hundred thousand kinds is drawn without holding the page up", async () => {
  const lines = ["user_id,event,time"], day = i => `2024-01-${String(1 + (i % 20)).padStart(2, "0")}`;
  for (let i = 0; i < 100_000; i++) lines.push(`${i % 999},kind${i},${day(i)} 10:00:00`);
  for (let i = 0; i < 300; i++) lines.push(`1,${["view", "buy", ""][i % 3]},${day(i)} 11:00:00`);
  const kinds = file("kinds.csv", lines);
  const { longest, page, complaints } = await quietest(browser, openPage, async page => {
    await page.setInputFiles("input[type=file]", kinds);
    await drawn(page);
  });
  assert.ok(longest > 0 && longest <= 50, `a task of ${longest} ms`);
  await page.click("#timeline summary");
  await page.waitForSelector("#timeline details tbody tr");
  const [heads, rows] = await page.$eval("#timeline details table", table => [[...table.tHead.rows[0].cells].map(cell => cell.textContent), [...table.tBodies[0].rows].map(row => [...row.cells].slice(1).map(cell => Number(cell.textContent.replaceAll(",", ""))))]);
  assert.equal(heads.length, 8);
  assert.deepEqual([...heads.slice(1, 4)].sort(), ["(none)", "buy", "view"]);
  assert.equal(heads[7], "99,997 others");
  const sums = heads.slice(1).map((_, i) => rows.reduce((sum, row) => sum + row[i], 0));
  assert.deepEqual(sums, [100, 100, 100, 1, 1, 1, 99_997]);
  assert.deepEqual(complaints, []);
});

test("a thousand rejects are shown by pieces", async () => {
  const lines = ["user_id,event,time", "1,view,2024-01-01 10:00:00"];
  for (let i = 0; i < 1200; i++) lines.push(`broken ${"x".repeat(300)}`);
  for (let i = 0; i < 1200; i++) lines.push("1,view,2024-01-01 10:00:00");
  const rejects = file("rejects.csv", lines);
  const { longest, page } = await quietest(browser, openPage, async page => {
    await page.setInputFiles("input[type=file]", rejects);
    await drawn(page);
  });
  assert.ok(longest > 0 && longest <= 50, `a task of ${longest} ms`);
  assert.match(await page.innerText("#health"), /The first 1,000 of 1,200 are kept\./);
  for (const n of [100, 200]) {
    assert.equal((await page.$$("#health tbody tr")).length, n);
    await page.click("#health >> text=Show more");
  }
});

test("a wrong file, or one that is cancelled, gives back the file that was shown", async () => {
  const { page } = await openPage();
  await page.setInputFiles("input[type=file]", file("good.csv", ["item,event", "hat,view", "cap,view"]));
  await said(page, /2 rows loaded/);
  await page.waitForFunction(() => document.activeElement?.textContent === "good.csv");
  await page.setInputFiles("input[type=file]", file("photo.png", ["\x89PNG\r\n"]));
  await page.waitForSelector("[role=alert]");
  await said(page, /2 rows loaded/);
  assert.match(await page.innerText("[role=alert]"), /^“photo\.png”: /);
  assert.equal(await page.innerText(".file h2"), "good.csv");
  await page.evaluate(() => {
    const watcher = new MutationObserver(() => {
      const button = document.querySelector(".loading button");
      if (!button) return;
      watcher.disconnect();
      button.click();
    });
    watcher.observe(document.body, { childList: true, subtree: true });
  });
  await page.setInputFiles("input[type=file]", file("other.csv", ["item,event", "shoe,view"]));
  await said(page, /2 rows loaded/);
  assert.equal(await page.innerText(".file h2"), "good.csv");
  assert.equal(await page.$("[role=alert]"), null);
});

test("no address brings the server down", async () => {
  const { port } = new URL(server.url);
  const status = path => new Promise((resolve, reject) => request({ port, path, host: "127.0.0.1" }, response => resolve(response.resume().statusCode)).on("error", reject).end());
  for (const path of ["/%", "/%00", "/..%2f..%2fpackage.json", "//", "/missing"]) assert.equal(await status(path), 404, path);
  assert.equal(await status("/"), 200);
});
