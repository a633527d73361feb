// Questions that the core of a first visit does not answer: the data moves into the complete one, and is the same there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, openPage } from "./browser.mjs";

after(close);

const COUNTS = { kind: "aggregate", group_by: ["item", "action"], measures: { n: { fn: "count" }, users: { fn: "count_distinct", column: "user_id" }, total: { fn: "sum", column: "price" } } };
const ROWS = { kind: "rows", order_by: ["event_time"], limit: 200 };
const FUNNEL = { kind: "funnel", steps: [{ action: "view" }, { action: "cart" }, { action: "buy", item: "item 4" }], within: "6h" };

let page;

before(async () => {
  ({ page } = await openPage());
  await page.evaluate(() => {
    window.file = n => {
      const lines = ["user_id,item,action,event_time,price,note"];
      for (let i = 0; i < n; i++) lines.push(i === 70 ? "a row of one cell" : `${(i * 7919) % 2011},item ${(i * i) % 301},${["view", "cart", "buy"][(i >> 4) % 3]},2024-03-${10 + (i % 3)} 0${i % 10}:15:00,${i % 50}.${i % 7},${i % 3 ? "n" + i % 11 : '"a ""b"",\nc"'}`);
      return new File([lines.join("\n") + "\n"], "events.csv");
    };
    window.told = async dataset => ({ schema: dataset.schema.map(({ bytes, ...field }) => field), rows: dataset.rows, report: dataset.report });
    window.ask = async (dataset, query) => JSON.stringify((await dataset.query(query)).rows());
  });
});

for (const workers of [1, 2, 3]) {
  test(`with ${workers} of the workers, the data is the same before and after`, async () => {
    const [was, is, funnels] = await page.evaluate(async ([workers, COUNTS, ROWS, FUNNEL]) => {
      const { open } = await import(new URL("clickfold.js", document.baseURI).href);
      const engine = await open({ workers });
      const dataset = await engine.load(window.file(200_000), { schema: { note: { role: "channel" } } });
      const look = async () => [await window.told(dataset), await window.ask(dataset, COUNTS), await window.ask(dataset, ROWS)];
      const was = await look();
      const funnels = [await window.ask(dataset, FUNNEL)];
      const is = await look();
      await dataset.append([{ user_id: 5, item: "new", action: "view", event_time: new Date("2024-03-20T10:00:00Z"), price: 2.5, note: "x" }]);
      funnels.push(await window.ask(dataset, FUNNEL));
      // As if all had been loaded where the question is asked.
      const other = await engine.load(window.file(200_000), { schema: { note: { role: "channel" } } });
      funnels.push(await window.ask(other, FUNNEL));
      await engine.close();
      return [was, is, funnels];
    }, [workers, COUNTS, ROWS, FUNNEL]);
    assert.deepEqual(is, was);
    assert.equal(was[0].report.rejects.length, 1);
    assert.equal(funnels[0], funnels[2]);
    const actors = funnels.map(text => JSON.parse(text).map(row => row.actors));
    assert.ok(actors[0][0] > 100 && actors[0][2] > 0 && actors[0][2] < actors[0][0], String(actors));
    assert.ok(actors[1][0] >= actors[0][0]);
  });
}

test("a question that cannot be asked moves nothing, and says what is wrong", async () => {
  const errors = await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const engine = await open({ workers: 1 });
    const dataset = await engine.load(window.file(100));
    const errors = [];
    for (const query of [{ kind: "funel" }, { kind: "funnel", stepps: [] }, {}]) errors.push(await dataset.query(query).catch(error => `${error.code}: ${error.message}`));
    errors.push((await dataset.query({ kind: "aggregate", measures: { n: { fn: "count" } } })).rows()[0].n);
    await engine.close();
    return errors;
  });
  assert.match(errors[0], /^BAD_QUERY: unknown kind "funel"; did you mean "funnel"\?/);
  assert.match(errors[1], /^BAD_QUERY: /);
  assert.match(errors[2], /^BAD_QUERY: a query is an object with a "kind"/);
  assert.equal(errors[3], 99);
});

for (const workers of [1, 2]) {
  test(`a segment is a column that stands in every condition, with ${workers} of the workers`, async () => {
    const found = await page.evaluate(async ([workers, COUNTS]) => {
      const { open } = await import(new URL("clickfold.js", document.baseURI).href);
      const engine = await open({ workers });
      const dataset = await engine.load(window.file(20_000));
      const many = { kind: "aggregate", group_by: ["user_id"], measures: { n: { fn: "count" } }, having: [{ column: "n", gte: 10 }] };
      const named = (await dataset.query(many)).rows();
      const segment = await dataset.segment("often here", many);
      const [row] = (await dataset.query({ kind: "aggregate", where: [{ "often here": true }], measures: { n: { fn: "count" }, users: { fn: "count_distinct", column: "user_id" } } })).rows();
      const groups = (await dataset.query({ kind: "aggregate", group_by: ["often here"], measures: { n: { fn: "count" } } })).rows();
      const nobody = await dataset.segment("nobody", { ...many, having: [{ column: "n", gt: 1e9 }] });
      const texts = await dataset.segment("notes", { kind: "aggregate", group_by: ["note"], measures: { n: { fn: "count" } }, where: [{ column: "note", contains: "," }] });
      const notes = (await dataset.query({ kind: "aggregate", where: [{ notes: true }], group_by: ["note"], measures: { n: { fn: "count" } } })).rows();
      const twice = await dataset.segment("nobody", many).catch(error => `${error.code}: ${error.message}`);
      const none = await dataset.segment("total", { kind: "aggregate", measures: { n: { fn: "count" } } }).catch(error => `${error.code}: ${error.message}`);
      await engine.close();
      return { named: named.length, rows: named.reduce((sum, { n }) => sum + n, 0), segment, row, groups, nobody, texts, notes, twice, none, all: 19_999 };
    }, [workers, COUNTS]);
    const { named, rows, segment, row, groups, nobody, texts, notes, twice, none, all } = found;
    assert.ok(named > 10 && rows < all);
    assert.deepEqual(segment, { column: "often here", rows, values: named });
    assert.deepEqual(row, { n: rows, users: named });
    assert.deepEqual(groups, [{ "often here": false, n: all - rows }, { "often here": true, n: rows }]);
    assert.deepEqual(nobody, { column: "nobody", rows: 0, values: 0 });
    assert.deepEqual(notes, [{ note: 'a "b",\nc', n: texts.rows }]);
    assert.match(twice, /^BAD_QUERY: there is a column "nobody" already/);
    assert.match(none, /^BAD_QUERY: a segment is of what a column names/);
  });
}
