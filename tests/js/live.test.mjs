// Rows that keep coming, through the page's engine in Chromium.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, openPage } from "./browser.mjs";

/** @type {Awaited<ReturnType<typeof openPage>>} */
let opened;
before(async () => { opened = await openPage(); await opened.page.evaluate(prepare); });
after(close);

/** Runs in the page: an engine, and rows of a shop's day. */
async function prepare() {
  const { open } = await import("./clickfold.js");
  window.engine = await open();
  window.header = "user_id,item_id,action,event_time,price\n";
  window.row = (minute, item, { user = "u1", action = "view", price = "1.50" } = {}) =>
    `${user},${item},${action},${new Date(Date.UTC(2024, 4, 1) + minute * 60_000).toISOString().replace(".000", "")},${price}\n`;
  window.bytes = text => new TextEncoder().encode(text);
  window.ranking = { kind: "aggregate", group_by: ["item_id"], measures: { n: { fn: "count" } }, order_by: ["-n"], limit: 3 };
  /** What a watcher is told: the next table that `is` what is waited for. */
  window.told = (dataset, query, { closes, ...options } = {}) => {
    const tables = [], closed = [], waiting = new Set();
    let failed;
    const wake = () => waiting.forEach(check => check());
    const stop = dataset.watch(query, table => { tables.push(table); wake(); }, {
      every: 0, ...options, onError: error => { failed = error; wake(); }, ...closes && { onClosed: table => { closed.push(table); wake(); } },
    });
    const until = (is, mayFail = false) => new Promise((resolve, reject) => {
      const check = () => {
        if (!is() && (!failed || mayFail)) return;
        waiting.delete(check);
        is() ? resolve() : reject(failed);
      };
      waiting.add(check);
      check();
    });
    return { tables, closed, stop, until, next: async n => { await until(() => tables.length >= n); return tables.at(-1).rows().map(row => ({ ...row })); }, error: async () => { await until(() => failed, true); return { code: failed.code, message: failed.message }; } };
  };
}

test("a question that is watched follows the rows, and is told at most so often", async () => {
  const found = await opened.page.evaluate(async () => {
    const dataset = await engine.load(new Blob([header + row(0, "a") + row(1, "a") + row(1, "b")]));
    const watched = told(dataset, ranking, { every: 50 });
    const first = await watched.next(1);
    const began = performance.now();
    for (let i = 0; i < 20; i++) await dataset.append(bytes(row(2, "c")));
    await watched.until(() => watched.tables.at(-1).rows()[0].n === 20);
    const tables = watched.tables.length, ms = performance.now() - began;
    watched.stop();
    await dataset.append(bytes(row(3, "d")));
    await new Promise(resolve => setTimeout(resolve, 120));
    const after = watched.tables.length;
    await dataset.close();
    return { first, last: watched.tables.at(-1).rows().map(row => ({ ...row })), tables, ms, after, live: dataset.live };
  });
  assert.deepEqual(found.first, [{ item_id: "a", n: 2 }, { item_id: "b", n: 1 }]);
  assert.deepEqual(found.last, [{ item_id: "c", n: 20 }, { item_id: "a", n: 2 }, { item_id: "b", n: 1 }]);
  assert.ok(found.tables <= 2 + found.ms / 50, JSON.stringify(found));
  assert.equal(found.after, found.tables, "a watcher that was stopped is told nothing");
  assert.equal(found.live, undefined);
});

test("batches that come while the worker works go to it together, each is told its own outcome, and what is asked next sees them all", async () => {
  const found = await opened.page.evaluate(async () => {
    const { postMessage } = Worker.prototype, messages = [];
    Worker.prototype.postMessage = function (request, transfer) {
      messages.push([request.do, request.batches?.length, request.batches?.reduce((sum, { bytes }) => sum + bytes.length, 0)]);
      return postMessage.call(this, request, transfer);
    };
    const dataset = await engine.load(new Blob([header + row(0, "a")]), { live: {} });
    const watched = told(dataset, ranking);
    await watched.next(1);
    const batch = at => at === 7 ? dataset.append(bytes("x\n"), { format: "xml" }) : dataset.append(bytes(row(at, "b") + (at % 3 ? "" : "torn\n")), { format: "csv" });
    const taken = Array.from({ length: 200 }, (_, at) => batch(at).then(({ read, used, rejected }) => [read, used, rejected].join(), ({ code }) => code));
    const asked = dataset.query(ranking).then(table => table.rows()[0].n);
    taken.push(dataset.append(bytes(row(0, "b")), { format: () => "csv" }).catch(({ code }) => code));
    const outcomes = await Promise.all(taken), n = await asked;
    await watched.until(() => watched.tables.at(-1).rows()[0].n === 199);
    const wide = row(0, "c".repeat(100_000));
    await Promise.all(Array.from({ length: 10 }, () => dataset.append(bytes(wide), { format: "csv" })));
    const left = [dataset.append(bytes(row(0, "d"))), dataset.append(bytes(row(0, "d"))), dataset.append(bytes(row(0, "d")))];
    const { rows, report: { read, used, rejected } } = dataset;
    await dataset.close().finally(() => { Worker.prototype.postMessage = postMessage; });
    return { outcomes, n, rows, report: [read, used, rejected], sent: messages.filter(([what]) => what === "stream").map(([, ...sent]) => sent), order: messages.map(([what]) => what), ends: (await Promise.all(left)).map(({ used }) => used) };
  });
  assert.deepEqual(found.outcomes, Array.from({ length: 200 }, (_, at) => at === 7 ? "BAD_QUERY" : at % 3 ? "1,1,0" : "2,1,1").concat("BAD_QUERY"));
  assert.deepEqual([found.n, found.rows, ...found.report], [199, 210, 277, 210, 67]);
  assert.equal(found.sent.reduce((sum, [batches]) => sum + batches, 0), 213);
  assert.ok(found.sent.length < 20, JSON.stringify(found.sent));
  for (const [batches, bytes] of found.sent) assert.ok(batches <= 64 && (bytes <= 256 << 10 || batches === 1), JSON.stringify(found.sent));
  assert.deepEqual(found.ends, [1, 1, 1], "what was appended before a data set is closed is taken");
  assert.ok(found.order.lastIndexOf("stream") < found.order.indexOf("close"), JSON.stringify(found.order));
});

test("a data set is there, and watched, before its first event", async () => {
  const found = await opened.page.evaluate(async () => {
    const schema = { user_id: { type: "text", role: "actor" }, item_id: { type: "text" }, event_time: { type: "time", role: "time" }, price: { type: "decimal" } };
    const dataset = await engine.load(new Blob([header]), { live: { keep: { time: "16m" } }, schema });
    const all = told(dataset, ranking), windowed = told(dataset, ranking, { window: { size: "10m" } });
    const before = [dataset.rows, await all.next(1), dataset.schema.map(({ name, type }) => `${name} ${type}`)];
    await dataset.append([{ user_id: "u1", item_id: "a", action: "view", event_time: "2024-05-01T00:00:00Z", price: 1.5 }]);
    await dataset.append(bytes(row(1, "b") + row(1, "b")));
    await all.until(() => all.tables.at(-1).rows()[0]?.n === 2);
    await windowed.until(() => windowed.tables.at(-1)?.rows()[0].n === 2);
    const after = [windowed, all].map(({ tables }) => tables.at(-1).rows().map(row => ({ ...row })));
    await dataset.advance(new Date("2024-05-01T00:16:30Z"));
    await all.until(() => all.tables.at(-1).rows().length === 1);
    const passed = [all.tables.at(-1).rows().map(row => ({ ...row })), dataset.rows, dataset.report.used, dataset.live.dropped, dataset.schema.map(({ type }) => type)];
    await dataset.close();
    return { before, after, passed };
  });
  assert.deepEqual(found.before, [0, [], ["user_id text", "item_id text", "action null", "event_time time", "price decimal"]]);
  assert.deepEqual(found.after[0].map(({ item_id, n, provisional }) => [item_id, n, provisional]), [["b", 2, true], ["a", 1, true]]);
  assert.deepEqual(found.after[1], [{ item_id: "b", n: 2 }, { item_id: "a", n: 1 }]);
  assert.deepEqual(found.passed, [[{ item_id: "b", n: 2 }], 2, 3, 1, ["text", "text", "text", "time", "decimal"]]);
});

test("windows are provisional, then close once; late rows are counted and kept aside", async () => {
  const found = await opened.page.evaluate(async () => {
    const dataset = await engine.load(new Blob([header + row(0, "a") + row(1, "b") + row(1, "a")]), { live: { lateness: "1m" } });
    const watched = told(dataset, ranking, { window: { size: "10m" }, movement: "item_id", closes: true });
    const first = await watched.next(1);
    const live = watched.tables[0].live;
    const appended = await dataset.append(bytes(row(11, "b") + row(12, "b") + row(12, "c")));
    await watched.until(() => watched.closed.length === 1);
    const second = await watched.next(2);
    const late = await dataset.append(bytes(row(3, "late") + row(13, "c")));
    await watched.until(() => watched.tables.at(-1).live.late === 1);
    const lateRows = (await dataset.late()).rows().map(row => row.item_id);
    await dataset.advance(new Date(Date.UTC(2024, 4, 1, 0, 30)));
    await watched.until(() => watched.closed.length === 2);
    const { report, rows } = dataset;
    watched.stop();
    await dataset.close();
    return { first, live, appended, second, late, lateRows, closed: watched.closed.map(table => table.rows().map(row => ({ ...row }))), read: report.read, used: report.used, rows };
  });
  const [start, end] = [new Date(Date.UTC(2024, 4, 1)), new Date(Date.UTC(2024, 4, 1, 0, 10))];
  const window = { window_start: start, window_end: end };
  assert.deepEqual(found.first, [{ ...window, provisional: true, item_id: "a", n: 2, place_before: null, moved: null }, { ...window, provisional: true, item_id: "b", n: 1, place_before: null, moved: null }]);
  assert.deepEqual(found.live, { newest: new Date(Date.UTC(2024, 4, 1, 0, 1)), watermark: start, late: 0, dropped: 0, windows: [{ start, end, provisional: true }] });
  assert.deepEqual(found.appended, { read: 3, used: 3, rejected: 0, filtered: 0, duplicate: 0, late: 0, last_id: null });
  assert.deepEqual(found.second.map(({ item_id, place_before, moved }) => [item_id, place_before, moved]), [["b", 2, 1], ["c", null, null]]);
  assert.deepEqual([found.late.used, found.late.late], [2, 1]);
  assert.deepEqual(found.lateRows, ["late"]);
  assert.deepEqual(found.closed[0].map(({ item_id, n, provisional }) => [item_id, n, provisional]), [["a", 2, false], ["b", 1, false]]);
  assert.deepEqual(found.closed[1].map(({ item_id, n, moved }) => [item_id, n, moved]), [["b", 2, 1], ["c", 2, null]]);
  assert.deepEqual([found.read, found.used, found.rows], [8, 8, 8]);
});

test("rows are kept for as long as was said, and every kind of question follows them", async () => {
  const kinds = [
    { kind: "funnel", steps: [{ action: "view" }, { action: "buy" }], within: "1h" },
    { kind: "retention", every: "1h", periods: 2 }, { kind: "sessions" }, { kind: "describe", columns: ["price"] }, { kind: "rows", limit: 5 },
    { kind: "pareto", measure: { fn: "sum", column: "price" } }, { kind: "rfm", value: "price", purchase: { action: "buy" } },
  ];
  const found = await opened.page.evaluate(async kinds => {
    const dataset = await engine.load(new Blob([header + row(0, "a")]), { live: { keep: { rows: 800 } }, schema: { price: { type: "decimal" } } });
    const watched = kinds.map(query => told(dataset, query));
    for (let batch = 0; batch < 30; batch++) {
      let text = "";
      for (let i = 0; i < 100; i++) text += row(batch, `item ${i % 7}`, { user: `u${(batch * 31 + i * 7) % 40}`, action: i % 3 ? "view" : "buy", price: `${i}.25` });
      await dataset.append(bytes(text));
    }
    const same = [];
    for (const [at, query] of kinds.entries()) {
      const asked = JSON.stringify((await dataset.query(query)).rows());
      await watched[at].until(() => JSON.stringify(watched[at].tables.at(-1)?.rows()) === asked);
      same.push(query.kind);
    }
    const { rows, report, live } = dataset;
    await dataset.close();
    return { same, rows, used: report.used, dropped: live.dropped };
  }, kinds);
  assert.equal(found.same.length, kinds.length);
  assert.ok(found.rows >= 800 && found.rows <= 900, `${found.rows} rows`);
  assert.equal(found.used, found.rows + found.dropped);
  assert.equal(found.used, 3001);
});

test("an event that comes twice counts once", async () => {
  const found = await opened.page.evaluate(async () => {
    const text = '{"id":"e1","time":"2024-05-01T00:00:00Z","item_id":"a"}\n{"id":"e2","time":"2024-05-01T00:00:01Z","item_id":"b"}\n{"id":"e1","time":"2024-05-01T00:00:00Z","item_id":"a"}\n';
    const dataset = await engine.load(new Blob([text]), { live: { id: "id" } });
    const first = [dataset.rows, dataset.report.duplicate];
    const appended = await dataset.append(bytes('{"id":"e2","time":"2024-05-01T00:00:01Z","item_id":"b"}\n{"id":"e3","time":"2024-05-01T00:00:02Z","item_id":"c"}\n'), { format: "ndjson" });
    const { read, used, duplicate } = dataset.report;
    await dataset.close();
    return { first, appended, report: { read, used, duplicate } };
  });
  assert.deepEqual(found.first, [2, 1]);
  assert.deepEqual(found.appended, { read: 2, used: 1, rejected: 0, filtered: 0, duplicate: 1, late: 0, last_id: "e3" });
  assert.deepEqual(found.report, { read: 5, used: 3, duplicate: 2 });
});

test("what cannot be watched says so, and nobody else is the worse for it", async () => {
  const found = await opened.page.evaluate(async () => {
    const dataset = await engine.load(new Blob([header + row(0, "a")]), { live: {} });
    const good = told(dataset, ranking);
    await good.next(1);
    const errors = [
      await told(dataset, { kind: "aggregate", group_by: ["itm_id"], measures: { n: { fn: "count" } } }).error(),
      await told(dataset, ranking, { window: { size: "1h", hop: "7m" } }).error(),
      await told(dataset, ranking, { movement: "item_id" }).error(),
    ];
    const summed = told(dataset, { kind: "aggregate", measures: { total: { fn: "sum", column: "price" } } });
    await summed.next(1);
    await dataset.append(bytes(row(1, "b", { price: "n/a" })));
    errors.push(await summed.error());
    const after = await good.next(2);
    let thrown;
    try { dataset.watch(ranking, () => {}, { evry: 1 }); } catch (error) { thrown = error.message; }
    await dataset.close();
    errors.push(await good.error());
    return { errors, after, thrown };
  });
  assert.deepEqual(found.errors.map(({ code }) => code), ["UNKNOWN_COLUMN", "BAD_QUERY", "BAD_QUERY", "BAD_QUERY", "CLOSED"]);
  assert.deepEqual(found.after, [{ item_id: "a", n: 1 }, { item_id: "b", n: 1 }]);
  assert.match(found.thrown, /evry/);
});

test("what cannot be meant is refused by name, and nothing is left out in silence", async () => {
  const found = await opened.page.evaluate(async () => {
    const messageOf = async run => {
      try { await run(); } catch (error) { return `${error.code}: ${error.message}`; }
      return "none";
    };
    const dataset = await engine.load(new Blob([header + row(0, "a")]), { live: {} });
    const load = live => () => engine.load(new Blob([header]), { live });
    const watch = options => () => dataset.watch(ranking, () => {}, options)();
    const messages = [];
    for (const run of [
      load({ latness: "5s" }), load({ lateness: 10 }), load({ keep: { row: 5 } }), load({ keep: { rows: -1 } }), load({ keep: 5 }), load({ ids: 1.5 }), load("yes"),
      watch({ window: { size: "1m", step: "10s" } }), watch({ window: "1m" }), watch({ window: { size: 60 } }), watch({ show: 1.5 }), watch({ movement: 1 }),
      () => dataset.advance("2024-01-01"), () => dataset.advance(new Date(NaN)),
      () => dataset.append({ item_id: "a" }), () => dataset.append("1,a"), () => dataset.append([{ item_id: "a" }, null]),
    ]) messages.push(await messageOf(run));
    const { rows, report: { read } } = dataset;
    await dataset.close();
    return { messages, rows, read };
  });
  assert.deepEqual([found.rows, found.read], [1, 1]);
  const expected = [
    'BAD_QUERY: unknown option "latness" of "live"; known are lateness, keep, id, ids', 'BAD_QUERY: "live.lateness" must be a string, found 10',
    'BAD_QUERY: unknown option "row" of "live.keep"; known are rows, time', 'BAD_QUERY: "live.keep.rows" must be a whole number above 0, found -1',
    'BAD_QUERY: "live.keep" must be an object, found 5', 'BAD_QUERY: "live.ids" must be a whole number above 0, found 1.5', 'BAD_QUERY: "live" must be an object, found "yes"',
    'BAD_QUERY: unknown option "step" of "window"; known are size, hop, timezone, gap, by', 'BAD_QUERY: "window" must be an object, found "1m"',
    'BAD_QUERY: "window.size" must be a string, found 60', 'BAD_QUERY: "show" must be a whole number above 0, found 1.5', 'BAD_QUERY: "movement" must be a string, found 1',
    'BAD_QUERY: how late it is must be a Date, found "2024-01-01"', "BAD_QUERY: how late it is must be a Date, found an invalid one",
    "BAD_INPUT: rows are a list of objects, or bytes; found object", "BAD_INPUT: rows are a list of objects, or bytes; found text: encode it with a TextEncoder",
    "BAD_INPUT: row 2 of 2 is no object, but null",
  ];
  assert.deepEqual(found.messages, expected);
});

test("a column's width is told before its rows come, and a question is followed over those that are gone", async () => {
  const found = await opened.page.evaluate(async () => {
    const schema = { event_time: { type: "time", role: "time", unit: "ms" }, price: { type: "decimal", scale: 3 } };
    const dataset = await engine.load(new Blob([header]), { live: { keep: { rows: 1 } }, schema });
    const summed = told(dataset, { kind: "aggregate", measures: { total: { fn: "sum", column: "price" } } }, { window: { size: "1h" } });
    for (let minute = 0; minute < 30; minute++) await dataset.append(bytes(row(minute, "a", { price: "2" })));
    await dataset.append(bytes(row(30.0001, "a", { price: "0.125" })));
    await summed.until(() => summed.tables.at(-1)?.rows()[0].total === 60.125);
    const types = dataset.schema.map(({ type, scale, unit }) => [type, scale ?? unit]), { dropped } = dataset.live;
    await dataset.close();
    return { types, dropped };
  });
  assert.deepEqual(found.types.slice(3), [["time", "ms"], ["decimal", 3]]);
  assert.ok(found.dropped > 20, String(found.dropped));
});

test("rows may be appended as soon as a question is watched; the clock of a plain file may be set", async () => {
  const found = await opened.page.evaluate(async () => {
    const plain = await engine.load(new Blob([header + row(0, "a")]));
    await plain.advance(new Date(Date.UTC(2024, 4, 1, 1)));
    const watched = told(plain, ranking, { window: { size: "10m" } });
    const appended = await plain.append(bytes(row(1, "b")));
    await watched.until(() => watched.tables.at(-1)?.rows().length === 2);
    const { rows, report: { used } } = plain;
    await plain.close();
    return { appended, rows, used };
  });
  assert.equal(found.appended.used, 1);
  assert.deepEqual([found.rows, found.used], [2, 2]);
});

test("windows that have closed are told of even if the question is answered no more", async () => {
  const found = await opened.page.evaluate(async () => {
    const dataset = await engine.load(new Blob([header + row(0, "a")]), { live: {} });
    const query = { kind: "aggregate", measures: { total: { fn: "sum", column: "price" } } };
    const watched = told(dataset, query, { every: 200, window: { size: "10m" }, closes: true });
    await watched.next(1);
    await dataset.append(bytes(row(20, "b")));
    await dataset.append(bytes(row(21, "c", { price: "n/a" })));
    const error = await watched.error();
    await dataset.close();
    return { error, closed: watched.closed.map(table => Number(table.rows()[0].total)) };
  });
  assert.equal(found.error.code, "BAD_QUERY");
  assert.deepEqual(found.closed, [1.5]);
});

test("several workers are asked again, and say where windows are not to be had", async () => {
  const found = await opened.page.evaluate(async () => {
    const { open } = await import("./clickfold.js");
    const engine = await open({ workers: 2 });
    let text = header;
    for (let i = 0; i < 40_000; i++) text += row(i % 500, `item ${i % 13}`, { user: `u${i % 99}` });
    const half = new Blob([text]);
    const dataset = await engine.load([new File([half], "a.csv"), new File([half], "b.csv")]);
    const watched = told(dataset, ranking);
    const first = await watched.next(1);
    await dataset.append(bytes(row(1, "item 12").repeat(9)));
    await watched.until(() => watched.tables.at(-1).rows()[0].item_id === "item 12");
    const error = await told(dataset, ranking, { window: { size: "1h" } }).error();
    await engine.close();
    return { first, last: watched.tables.at(-1).rows()[0].n, error };
  });
  assert.equal(found.first[0].n, 6154);
  assert.equal(found.last, 6161 + 0);
  assert.equal(found.error.code, "UNSUPPORTED");
  assert.deepEqual(opened.complaints, []);
});
