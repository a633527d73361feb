// A visit to the page: how files come in, how it holds up, and on what screens.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { file, load, loaded, start } from "./browser.mjs";
import { longestTask, quietest } from "./tasks.mjs";

const folder = mkdtempSync(join(tmpdir(), "clickfold-"));
let browser;
before(async () => { browser = await start(); });
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

test("two files dropped are read as one; one is read; dragging is seen", async () => {
  const { page, context, leave } = await browser.visit();
  const [a, b] = ["a.csv", "b.csv"].map(name => join(folder, name));
  for (const path of [a, b]) writeFileSync(path, "item,event\nhat,view\ncap,view\n");
  const cdp = await context.newCDPSession(page);
  const drag = async (files, types) => {
    for (const type of types) await cdp.send("Input.dispatchDragEvent", { type, x: 640, y: 300, data: { items: [], files, dragOperationsMask: 1 } });
  };
  await drag([a], ["dragEnter", "dragOver"]);
  await page.waitForSelector("main[data-dragging]");
  await drag([a, b], ["dragEnter", "dragOver", "drop"]);
  await loaded(page);
  assert.match(await page.innerText(".file"), /a\.csv and 1 more[^]*4 rows/);
  assert.equal(await page.$("main[data-dragging]"), null);
  await drag([a], ["dragEnter", "dragOver", "drop"]);
  await page.waitForFunction(() => /\b2 rows/.test(document.querySelector(".file")?.innerText ?? ""));
  assert.equal(await page.$("[role=alert]"), null);
  await leave();
});

test("a click anywhere in the drop zone opens the picker, once", async () => {
  const { page, leave } = await browser.visit();
  let opened = 0;
  page.on("filechooser", () => opened++);
  for (const [target, times] of [["#drop-title", 1], [".drop .primary", 2]]) {
    const coming = page.waitForEvent("filechooser");
    await page.click(target);
    await coming;
    await page.evaluate(() => new Promise(requestAnimationFrame));
    assert.equal(opened, times);
  }
  await leave();
});

test("hundreds of small files in a row are all read", async () => {
  const { page, leave } = await browser.visit();
  const slow = await page.evaluate(async () => {
    const engine = await (await import(new URL("clickfold.js", document.baseURI))).open();
    for (let i = 0; i < 600; i++) {
      const load = engine.load(new Blob(["a\n1\n"])).then(dataset => dataset.close());
      const late = new Promise(resolve => setTimeout(resolve, 60_000, "late"));
      if (await Promise.race([load, late]) === "late") return i;
    }
  });
  assert.equal(slow, undefined, `load ${slow} never ended`);
  await leave();
});

test("the page opens without a network, whatever its address says behind the ?", async () => {
  const { page, context, leave } = await browser.visit();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await context.setOffline(true);
  await page.goto(`${browser.url}?from=mail`);
  await load(page, file("offline.csv", "item,event\nhat,view\n"));
  await leave();
});

test("nothing runs out of the screen, from 360 pixels on, in the light and in the dark", async () => {
  for (const width of [360, 390, 768, 1280]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, leave } = await browser.visit({ viewport: { width, height: 844 }, colorScheme });
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(await wide() <= 0, `empty at ${width}`);
      await load(page, file("a-file-with-a-very-long-name-that-does-not-break-anywhere-at-all-2024-05-01.csv",
        `product_with_a_long_name,event,event_time\n${"x".repeat(200)},view,2024-05-01 10:00:00\n<b>,view,2024-05-02 10:00:00\nbroken\n`));
      assert.ok(await wide() <= 0, `loaded at ${width}: ${await wide()} pixels too wide`);
      await leave();
    }
  }
});

test("the main thread never works for over 50 ms at a stretch while 40 MB are read", async () => {
  const path = join(folder, "large.csv");
  const lines = ["user_id,item_id,category_id,behavior,timestamp"];
  for (let i = 0; i < 1_150_000; i++) lines.push(`${(i * 7919) % 100003},${(i * 104729) % 1000003},${i % 9439},${["pv", "cart", "buy"][i % 3]},${1511568000 + (i % 700_000)}`);
  writeFileSync(path, lines.join("\n"));
  const { longest, page, leave } = await quietest(browser.browser, browser.visit, async page => {
    // In one look, and from before on: the bar may be gone at the next.
    const shown = page.waitForFunction(() => {
      const bar = document.querySelector("progress");
      return bar && [bar.max, bar.getAttribute("aria-labelledby")];
    });
    await page.setInputFiles("input[type=file]", path);
    assert.deepEqual(await (await shown).jsonValue(), [1, "loading-title"]);
    await loaded(page);
  });
  // A task that has not ended when the tracing does is not in it.
  const busy = await longestTask(browser.browser, page, () => page.evaluate(async () => {
    for (let i = 0, x = 1; i < 4e8; i++) x = (x * 48271) % 2147483647;
    await new Promise(resolve => setTimeout(resolve, 100));
  }));
  assert.ok(busy > 50, `a task that is known to be long was measured as ${busy} ms`);
  assert.ok(longest > 0 && longest <= 50, `a task of ${longest} ms`);
  await leave();
});
