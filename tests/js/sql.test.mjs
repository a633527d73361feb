// Questions as SQL in headless Chromium: the complete core says them, of data that the first core holds.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, openPage } from "./browser.mjs";

after(close);

test("a data set says its questions as SQL, and which it cannot", async () => {
  const { page } = await openPage();
  const found = await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const engine = await open();
    const data = await engine.load(new Blob(["item,ts,price\na,2024-01-01 00:00:00,1.50\nb,2024-01-02 00:00:00,2.25\n"]));
    const query = { kind: "aggregate", where: [{ column: "price", gt: "1.5" }], group_by: ["item"], measures: { n: { fn: "count" } } };
    const codeOf = promise => promise.then(() => "no error", error => error.code);
    return {
      duckdb: await data.sql(query, "duckdb"),
      clickhouse: await data.sql(query, "clickhouse"),
      codes: [await codeOf(data.sql({ kind: "describe" }, "spark")), await codeOf(data.sql(query, "mysql")), await codeOf(data.sql({ ...query, group_by: ["itme"] }, "spark"))],
    };
  });
  assert.match(found.duckdb, /WHERE \(e\."price" >= CAST\('1\.51' AS DECIMAL\(38, 2\)\)\)/);
  assert.match(found.clickhouse, /WHERE \(e\.`price` >= toDecimal128\('1\.51', 2\)\)/);
  assert.deepEqual(found.codes, ["UNSUPPORTED", "BAD_QUERY", "UNKNOWN_COLUMN"]);
});
