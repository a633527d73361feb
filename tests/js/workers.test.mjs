// Several workers share a file, or several files, and answer as one worker does.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { after, before, test } from "node:test";
import { close, openPage } from "./browser.mjs";

after(close);

const QUERIES = [
  { kind: "aggregate", group_by: ["item"], measures: { n: { fn: "count" } }, rank: { as: "place", fn: "rank", by: ["-n"] }, order_by: ["-n", "item"], limit: 20 },
  { kind: "aggregate", group_by: ["item"], measures: { users: { fn: "count_distinct", column: "user_id" }, total: { fn: "sum", column: "price" }, mean: { fn: "avg", column: "price" } }, order_by: ["-users", "item"], limit: 20 },
  { kind: "aggregate", group_by: [{ column: "event_time", every: "1h", as: "hour", timezone: "America/New_York" }, "action"], measures: { n: { fn: "count" }, first: { fn: "first", column: "item" } } },
  { kind: "aggregate", group_by: ["note"], measures: { median: { fn: "median", column: "price" }, acts: { fn: "count_distinct", column: "action" }, often: { fn: "mode", column: "user_id" } }, order_by: ["-median"], limit: 9 },
  { kind: "aggregate", group_by: [{ column: "event_time", every: "1d", as: "day" }], measures: { n: { fn: "count" }, sum: { fn: "running_sum", of: "n" }, before: { fn: "previous", of: "n" }, p90: { fn: "approx_quantile", column: "price", q: 0.9 } } },
  { kind: "rows", select: ["user_id", "note"], order_by: ["-price"], limit: 30 },
  { kind: "rows", where: [{ column: "note", contains: "quoted" }], limit: 5 },
];

/** Those that can only be asked once each actor's rows are with one worker. */
const OF_ACTORS = [
  { kind: "funnel", steps: [{ action: "view" }, { action: "cart" }, { action: "buy" }], within: "6h", split_by: "note" },
  { kind: "retention", start: { action: "view" }, return: { action: "buy" }, every: "1d", counting: "on_or_after", timezone: "Asia/Shanghai" },
];

/** Runs in the page: a file of quoted newlines, late wider types and rows that are none, and what engines say of it. */
function prepare() {
  window.lines = (from, to) => {
    const lines = [];
    for (let i = from; i < to; i++) {
      const note = i % 3 ? `n${i % 11}` : `"quoted ${i % 7},\nuser_id,item\n1,2 ""x"""`;
      const price = i > 350_000 ? `${i % 50}.${100 + i % 900}` : `${i % 50}.5`;
      lines.push(i % 99_991 === 7 ? "a row of one cell" : `${(i * 7919) % 20_011},item ${(i * i) % 3001},${["view", "cart", "buy"][i % 3]},2024-03-${10 + (i % 3)} 0${i % 10}:15:00,${price},${note}`);
    }
    return lines.join("\n") + "\n";
  };
  window.header = "user_id,item,action,event_time,price,note\n";
  window.show = async (dataset, queries) => {
    const answers = [];
    for (const query of queries) answers.push(JSON.stringify((await dataset.query(query)).rows(), (_, value) => typeof value === "bigint" ? `${value}n` : value));
    const { schema, rows, report } = dataset;
    return { answers, rows, report, schema: schema.map(({ name, type, role, nulls, scale, unit }) => ({ name, type, role, nulls, scale, unit })) };
  };
  window.codeOf = promise => promise.then(() => "no error", error => `${error.code}: ${error.message}`);
}

let page;

before(async () => {
  ({ page } = await openPage());
  await page.evaluate(prepare);
  await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    window.engines = await Promise.all([1, 2, 3].map(workers => open({ workers })));
  });
});

test("a file answers alike however many workers read it, before and after rows are appended", async () => {
  const [one, ...others] = await page.evaluate(async queries => {
    const text = window.header + window.lines(0, 500_000), file = new File([text], "events.csv");
    const found = [];
    for (const engine of window.engines) {
      const progress = [];
      const dataset = await engine.load(file, { onProgress: told => progress.push(told) });
      const before = await window.show(dataset, queries);
      await dataset.append("70000,late,buy,2024-03-12 09:00:00,7.12345,\n".repeat(3).split("\n").filter(Boolean).map(line => {
        const [user_id, item, action, event_time, price] = line.split(",");
        return { user_id, item, action, event_time, price };
      }));
      const after = await window.show(dataset, queries);
      await dataset.setRoles({ user_id: null, item: "actor" });
      const reassigned = await window.show(dataset, [...queries, { kind: "aggregate", measures: { items: { fn: "count_distinct", column: "item" } } }]);
      const { stats, columns } = await dataset.query(queries[4]);
      const bounds = [stats.exact, columns.map(({ error }) => error ?? null), stats.rows_scanned === dataset.rows, (await dataset.query(queries[0])).stats.exact];
      const memory = dataset.schema.reduce((sum, { bytes }) => sum + bytes, 0);
      await dataset.close();
      found.push({ before, after, reassigned, bounds, size: file.size, memory, last: progress.at(-1), isRising: progress.every((told, i) => !i || told.bytes >= progress[i - 1].bytes) });
    }
    return found;
  }, [...QUERIES, ...OF_ACTORS]);
  assert.equal(one.before.report.rejected, 6);
  assert.equal(one.before.rows, 500_000 - 6);
  assert.equal(one.before.report.bytes, one.size);
  assert.equal(one.after.rows, one.before.rows + 3);
  assert.match(one.before.answers[0], /"place":1/);
  assert.deepEqual(one.bounds, [false, [null, null, null, null, "0.01 relative"], true, true]);
  for (const other of others) {
    for (const stage of ["before", "after", "reassigned"]) assert.deepEqual(other[stage], one[stage], stage);
    assert.deepEqual([other.last, other.bounds], [one.last, one.bounds]);
    assert.ok(other.isRising, "bytes read only ever rise");
  }
});

test("several files are one, packed or not, and say whose row was rejected", async () => {
  const { whole, parts, again } = await page.evaluate(async ([queries, packed]) => {
    const texts = [window.lines(0, 40_000), window.lines(40_000, 99_000), window.lines(99_000, 100_100)];
    const files = [new File([window.header, texts[0]], "a.csv"), new File([window.header.replaceAll(",", ";") + texts[1].replaceAll(",", ";")], "b.csv"), new File([texts[2]], "c.csv")];
    const whole = await window.show(await window.engines[0].load(new Blob([window.header, texts[0], texts[1].replaceAll(",", ";").replaceAll(";", ","), texts[2]])), queries);
    const parts = [];
    for (const engine of window.engines) parts.push(await window.show(await engine.load(files), queries));
    const again = await window.engines[1].load([new File([Uint8Array.from(packed)], "z.csv.gz"), new File(["a,b\n3,4\n"], "y.csv")]);
    return { whole, parts, again: (await again.query({ kind: "rows" })).rows() };
  }, [QUERIES, [...gzipSync("a,b\n1,2\n")]]);
  assert.deepEqual(again, [{ a: 1, b: 2 }, { a: 3, b: 4 }]);
  for (const part of parts) {
    assert.equal(part.rows, whole.rows);
    assert.deepEqual(part.schema, whole.schema);
    // The second file's notes have semicolons within: of the questions about them, the first does not know.
    assert.equal(part.answers[0], whole.answers[0]);
    assert.equal(part.answers[1], whole.answers[1]);
    assert.equal(part.answers[2], whole.answers[2]);
    assert.deepEqual(part.report.rejects.map(({ file }) => file), ["a.csv", "c.csv"]);
    assert.equal(part.report.rejects[0].line, whole.report.rejects[0].line);
    assert.equal(part.report.rejects[1].text, "a row of one cell");
  }
  assert.deepEqual(parts[1], parts[0]);
  assert.deepEqual(parts[2], parts[0]);
});

test("what is wrong with one of several files names it", async () => {
  const [other, picture, empty, header] = await page.evaluate(async () => {
    const [, engine] = window.engines;
    const file = (text, name) => new File([text], name);
    return Promise.all([
      [file("a,b\n1,2\n", "a.csv"), file("c,d\n1,2\n", "c.csv")],
      [file("a,b\n1,2\n", "a.csv"), file("\x89PNG\r\n\x1a\n\0\0\0", "p.png")],
      [file("a,b\n1,2\n", "a.csv"), file("", "e.csv")],
      [file("a,b\n", "a.csv"), file("a,b\n", "b.csv")],
    ].map(files => window.codeOf(engine.load(files))));
  });
  assert.equal(other, "BAD_INPUT: c.csv has no column in common with the files before it (a, b); load those of one kind at a time, or join it by a key");
  assert.match(picture, /^BAD_INPUT: p\.png: this is/);
  assert.equal(empty, "BAD_INPUT: e.csv: the file is empty");
  assert.equal(header, "BAD_INPUT: the file has a header (a, b) but no rows");
});

test("a first row that repeats the first file's names is a header, also where all is text", async () => {
  const found = await page.evaluate(async () => {
    const files = [["item,price\nhat,1\n", "a.csv"], ["item,price\ncap,none\n", "b.csv"], ["shoe,none\nbag,none", "c.csv"]].map(([text, name]) => new File([text], name));
    const [asTold, asIs] = await Promise.all([undefined, { header: false }].map(format => window.engines[1].load(files, { format })));
    return [(await asTold.query({ kind: "rows" })).rows(), asIs.rows];
  });
  assert.deepEqual(found, [[{ item: "hat", price: "1" }, { item: "cap", price: "none" }, { item: "shoe", price: "none" }, { item: "bag", price: "none" }], 6]);
});

test("what reaches far behind a cut is read whole: a quote that nobody closes, lines that end in carriage returns, a cell of 12 MB", async () => {
  const found = await page.evaluate(async () => {
    const row = "12345,item 7,view,2024-03-11 05:15:00\n", header = "user_id,item,action,event_time\n";
    const plain = row.repeat(1_500_000); // 56 MB: three parts or more
    const texts = {
      unclosed: [header, plain.slice(0, 500_000 * row.length), `1,"never closed,view,2024-03-11 05:15:00\n`, plain.slice(0, 1_000_000 * row.length)],
      closedLate: [header, plain.slice(0, 400_000 * row.length), `1,"`, plain.slice(0, 320_000 * row.length), `",view,2024-03-11 05:15:00\n`, plain.slice(0, 700_000 * row.length)],
      oldMac: [(header + plain).replaceAll("\n", "\r")],
    };
    const found = {};
    for (const [name, text] of Object.entries(texts)) {
      const file = new File(text, `${name}.csv`);
      found[name] = await Promise.all(window.engines.map(engine => engine.load(file).then(async dataset => {
        const longest = await dataset.query({ kind: "rows", where: [{ column: "item", contains: "\n" }], select: ["user_id"] });
        const said = [dataset.rows, dataset.report.read, dataset.report.rejected, dataset.report.rejects[0]?.line, longest.numRows];
        await dataset.close();
        return said;
      }, error => `${error.code}: ${error.message}`)));
    }
    return found;
  });
  for (const [name, [one, ...others]] of Object.entries(found)) for (const other of others) assert.deepEqual(other, one, name);
  assert.deepEqual(found.closedLate[0], [1_100_001, 1_100_001, 0, undefined, 1]);
  assert.deepEqual(found.unclosed[0], [1_500_000, 1_500_001, 1, 500_002, 0]);
  assert.deepEqual(found.oldMac[0], [1_500_000, 1_500_000, 0, undefined, 0]);
});

test("answers are kept instead of rows: of a file that memory could not hold, read again where a column turns out wider", async () => {
  const found = await page.evaluate(async queries => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const file = new File([window.header, window.lines(0, 500_000)], "events.csv"), whole = await window.engines[0].load(file);
    const kept = [];
    for (const engine of window.engines) {
      const progress = [];
      const dataset = await engine.load(file, { keep: "answers", queries, onProgress: told => progress.push(told.bytes) });
      const answers = await window.show(dataset, queries);
      // The same question, its keys in another order.
      const turned = (await dataset.query(Object.fromEntries(Object.entries(queries[0]).reverse()))).numRows;
      kept.push({ answers, turned, isRising: progress.every((bytes, i) => !i || bytes >= progress[i - 1]), bytes: dataset.schema.reduce((sum, field) => sum + field.bytes, 0) });
      kept.at(-1).refused = [await window.codeOf(dataset.query({ kind: "rows" })), await window.codeOf(dataset.append([{ item: "x" }]))];
      await dataset.close();
    }
    const expected = await window.show(whole, queries);
    await whole.close();
    const small = await open({ workers: 2, memory: 40e6 });
    const part = new Blob([window.lines(0, 100_000)]), large = new Blob([window.header, ...Array(20).fill(part)]);
    const [, users] = queries, total = { kind: "aggregate", measures: { n: { fn: "count" }, total: { fn: "sum", column: "price" } } };
    const tooLarge = await window.codeOf(small.load(large));
    const folded = await small.load(large, { keep: "answers", queries: [users, total] });
    const ofLarge = [folded.rows, (await folded.query(total)).rows()[0].n, (await folded.query(users)).numRows];
    await small.close();
    const [engine] = window.engines;
    const wrong = await Promise.all([{ keep: "answers" }, { keep: "none" }, { queries }, { keep: "answers", queries: [] }, { keep: "answers", queries: [{ kind: "aggregate", group_by: ["itm"] }] }]
      .map(options => window.codeOf(engine.load(file, options))));
    const stream = await window.codeOf(engine.load(file.stream(), { keep: "answers", queries: [total] }));
    const narrow = await engine.load(file.stream(), { keep: "answers", queries: [queries[0]] });
    return { kept, expected, tooLarge, ofLarge, wrong, stream, ofStream: JSON.stringify((await narrow.query(queries[0])).rows()) };
  }, QUERIES);
  for (const { answers, turned, isRising, refused, bytes } of found.kept) {
    assert.deepEqual(answers, found.expected);
    assert.deepEqual([turned, isRising, bytes < 10_000], [20, true, true]);
    assert.match(refused[0], /^BAD_QUERY: only answers were kept, and not to this question/);
    assert.match(refused[1], /^UNSUPPORTED: rows are appended where rows are kept/);
  }
  assert.match(found.tooLarge, /^OUT_OF_MEMORY: .*keep only answers/);
  assert.deepEqual(found.ofLarge, [2_000_000 - 40, 2_000_000 - 40, 20]);
  assert.deepEqual(found.wrong.map(error => error.split(/[:;]/)[0]), ["BAD_QUERY", "BAD_QUERY", "BAD_QUERY", "BAD_QUERY", "UNKNOWN_COLUMN"]);
  assert.match(found.stream, /^BAD_INPUT: column "price" holds wider values than its first rows told/);
  assert.equal(found.ofStream, found.expected.answers[0]);
});

test("a question during appends that widen a column waits for no more than what was asked before it", async () => {
  const found = await page.evaluate(async () => {
    const dataset = await window.engines[2].load(new File([window.header, window.lines(0, 300_000)], "events.csv"));
    const users = { kind: "aggregate", measures: { users: { fn: "count_distinct", column: "user_id" }, n: { fn: "count" }, total: { fn: "sum", column: "price" } } };
    const [before] = (await dataset.query({ ...users, measures: { total: users.measures.total, n: users.measures.n } })).rows();
    const row = digits => [{ user_id: "99999", item: "new", action: "buy", event_time: "2024-03-12 00:00:00", price: `1.${"0".repeat(digits)}1` }];
    const asked = [], ends = [];
    for (let i = 1; i <= 8; i++) {
      dataset.append(row(i)).then(() => ends.push(`append ${i}`));
      asked.push(dataset.query(users).then(table => (ends.push(`query ${i}`), table.rows()[0])));
    }
    const answers = await Promise.all(asked);
    await dataset.close();
    return { before, answers, ends };
  });
  const total = i => found.before.total + Array.from({ length: i }, (_, at) => 1 + 10 ** -(at + 2)).reduce((sum, price) => sum + price, 0);
  found.answers.forEach(({ users, n, total: sum }, at) => {
    assert.deepEqual([users, n], [20_012, found.before.n + at + 1]);
    assert.ok(Math.abs(sum - total(at + 1)) < 1e-3, `${sum} after ${at + 1} appends`);
  });
  assert.ok(found.ends.indexOf("query 1") < found.ends.indexOf("append 8"), `${found.ends}`);
});

test("loads that are cancelled or fail leave nothing in memory", async () => {
  const found = await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const engine = await open({ workers: 2, memory: 140e6 });
    const text = window.lines(0, 400_000), file = new File([window.header, text], "events.csv");
    const ends = new Set();
    for (let i = 0; i < 24; i++) {
      const abort = new AbortController(), at = (i % 11) / 10;
      const loading = window.codeOf(engine.load(file, { signal: abort.signal, onProgress: ({ bytes, totalBytes }) => bytes >= at * totalBytes && abort.abort() }));
      ends.add((await loading).split(":")[0]);
      const broken = [file, new File([window.header, text, "\0".repeat(9)], "b.csv"), new File(["\x89PNG\r\n\x1a\n\0\0"], "p.png")];
      if (i % 6 === 0) ends.add(await window.codeOf(engine.load(broken)));
    }
    const dataset = await engine.load(file);
    const rows = dataset.rows;
    await engine.close();
    return { ends: [...ends].sort(), rows };
  });
  assert.equal(found.rows, 400_000 - 5);
  assert.match(found.ends[0], /^BAD_INPUT: p\.png/);
  assert.deepEqual(found.ends.slice(1), ["CANCELLED"]);
});

test("a shared load is cancelled, a closed engine answers no more, and the newer question of a view overtakes the older", async () => {
  const found = await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const engine = await open({ workers: 2 });
    const text = window.header + window.lines(0, 500_000), file = new File([text], "events.csv");
    const abort = new AbortController();
    const cancelled = await window.codeOf(engine.load(file, { signal: abort.signal, onProgress: () => abort.abort() }));
    const dataset = await engine.load(file);
    const query = { kind: "aggregate", group_by: ["item"], measures: { users: { fn: "count_distinct", column: "user_id" } }, limit: 1 };
    const older = window.codeOf(dataset.query(query, { view: "top" })), other = dataset.query(query, { view: "else" });
    const newer = await dataset.query(query, { view: "top" });
    const overtaken = [await older, (await other).numRows, newer.numRows];
    const wrong = await window.codeOf(dataset.query({ kind: "aggregate", group_by: ["itm"] }));
    const afterwards = (await dataset.query(query)).rows()[0].users;
    // Nothing is awaited: appends come in their order, and the question after them sees both, types widened by all.
    const row = price => [{ user_id: 1, item: "odd", action: "buy", event_time: "2024-03-12 00:00:00", price }];
    const odd = { where: [{ item: "odd" }], kind: "aggregate", measures: { n: { fn: "count" }, total: { fn: "sum", column: "price" } } };
    const [, , appended, places] = await Promise.all([
      dataset.append(row("0.00001")), dataset.append(row("1")), dataset.query(odd), dataset.query({ kind: "rows", where: [{ item: "odd" }], select: ["price"] }),
    ]);
    const inOrder = [appended.rows()[0], places.rows().map(row => row.price)];
    const [last] = await Promise.all([dataset.query(query), dataset.close()]);
    const closing = [last.numRows, await window.codeOf(dataset.query(query))];
    await engine.close();
    return { inOrder, closing, cancelled, overtaken, wrong, afterwards, closed: await window.codeOf(dataset.query(query)) };
  });
  assert.equal(found.cancelled, "CANCELLED: cancelled");
  assert.deepEqual(found.inOrder, [{ n: 2, total: 1.00001 }, [0.00001, 1]]);
  assert.deepEqual(found.closing, [1, "CLOSED: the data set is closed; load it again"]);
  assert.deepEqual(found.overtaken, ["CANCELLED: cancelled", 1, 1]);
  assert.equal(found.wrong, 'UNKNOWN_COLUMN: unknown column "itm"; did you mean "item"?');
  assert.ok(found.afterwards > 0);
  assert.equal(found.closed, "CLOSED: the engine is closed");
});

test("what needs more memory than may be used says so, and what is loaded still answers", async () => {
  const found = await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const refused = await window.codeOf(open({ memory: 0 }));
    const found = [];
    for (const workers of [1, 2]) {
      const engine = await open({ workers, memory: workers * 40e6 });
      const part = new Blob([window.lines(0, 100_000).replaceAll('"', "")]);
      const kept = await engine.load(new Blob([window.header, part]), { schema: { user_id: { role: "actor" } } });
      const large = new Blob([window.header, ...Array(120).fill(part)]);
      const estimated = await window.codeOf(engine.load(large));
      const streamed = await window.codeOf(engine.load(large.stream()));
      // As many rows as there is room for, and none to put them in another order.
      const full = await engine.load(new Blob([window.header, ...Array(workers === 1 ? 12 : 24).fill(part)]));
      const question = { kind: "aggregate", group_by: ["item"], measures: { users: { fn: "count_distinct", column: "user_id" } }, limit: 1 };
      const arranged = await window.codeOf(full.query(question));
      const counted = (await full.query({ kind: "aggregate", measures: { n: { fn: "count" } } })).rows()[0].n - full.rows;
      const asked = (await kept.query(question)).numRows;
      await engine.close();
      found.push({ estimated, streamed, arranged, counted, asked });
    }
    return { refused, found };
  });
  assert.equal(found.refused, 'BAD_QUERY: "memory" must be a number of bytes above 0, found 0');
  for (const { estimated, streamed, arranged, counted, asked } of found.found) {
    assert.match(estimated, /^OUT_OF_MEMORY: the rows need at least \d+ MB of memory, and \d+ MB may be used; load fewer rows/);
    assert.match(streamed, /^OUT_OF_MEMORY: the file needs \d+ MB of memory, and of the \d+ MB that a worker may use \d+ MB are taken; load fewer/);
    assert.match(arranged, /^OUT_OF_MEMORY: putting the rows in the order of their actors needs/);
    assert.deepEqual([counted, asked], [0, 1]);
  }
});
