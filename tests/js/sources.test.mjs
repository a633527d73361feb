// Sources of every format, packing and encoding, read by the page's engine as the same rows in CSV are.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { after, before, test } from "node:test";
import { close, openPage, server } from "./browser.mjs";
import { zip } from "./packed.mjs";

after(close);

const NAMES = ["user_id", "item", "action", "event_time"];
/** @param {number} n */
const rows = n => Array.from({ length: n }, (_, i) => [i % 7, `hat ${i % 3}`, "view", `2024-03-10 0${i % 10}:00:00`]);
const csv = n => [NAMES, ...rows(n)].map(cells => cells.join(",") + "\n").join("");
const objects = n => rows(n).map(cells => Object.fromEntries(NAMES.map((name, at) => [name, cells[at]])));
const ndjson = n => objects(n).map(object => JSON.stringify(object) + "\n").join("");
/** The rows 1 to 40 as CSV, packed by zstd 1.5. */
const ZSTD = "KLUv/WRGBLUEAPIIGhaQTQeEFUm90Yr9f/2tSSll0jXKdccSWiSBw/fUuajPQ784wsOuaibif2dvoUQOuNdL414vjcWJG7yrmonG/4Bt2MY58AloIe+raTFJXdCQRR2wGNaO1ixpqcZhLUEUsxpTCjueBUUBT6gR4O//b+A1WgMRNAR84WeE8+3hGxAREBAICBAQEAgIZrKXcZYcEGBXAWF6CqE=";

let page, context;
/** Paths that the page has fetched. */
const fetched = [];

before(async () => {
  ({ page, context } = await openPage());
  context.on("request", request => request.serviceWorker() || fetched.push(request.url().slice(server.url.length)));
  await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    window.engine = await open();
    window.bytesOf = base64 => Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    window.look = async (source, options) => {
      try {
        const dataset = await window.engine.load(source, options);
        const table = await dataset.query({ kind: "rows", select: ["user_id", "item", "action", "event_time"] });
        const found = { schema: dataset.schema.map(({ name, type, role }) => `${name} ${type} ${role}`), rows: table.rows().map(row => Object.values(row).map(v => v instanceof Date ? v.toISOString().slice(0, 19).replace("T", " ") : v)), report: dataset.report };
        await dataset.close();
        return found;
      } catch (error) {
        return `${error.code}: ${error.message}`;
      }
    };
  });
});

/** What the engine makes of files. @param {[string, Uint8Array | string][]} files @param {object} [options] */
const load = (files, options) => page.evaluate(
  ([files, options]) => window.look(files.map(([name, base64]) => new File([window.bytesOf(base64)], name)), options),
  [files.map(([name, content]) => [name, Buffer.from(content).toString("base64")]), options],
);

const SCHEMA = ["user_id int actor", "item text item", "action text action", "event_time time time"];

test("a file of CSV asks for nothing but what a first visit has", async () => {
  fetched.length = 0;
  const found = await load([["events.csv", csv(40)]]);
  assert.deepEqual(found.rows, rows(40));
  assert.deepEqual(fetched, []);
  assert.equal(found.report.encoding, "utf-8");
});

for (const [name, content, format] of [
  ["lines", ndjson(40), "ndjson"],
  ["an array", JSON.stringify(objects(40)), "json"],
  ["a document", JSON.stringify({ page: 1, data: { events: objects(40) } }).replaceAll("user_id", "user_id"), "json"],
]) {
  test(`JSON as ${name} is read as the same rows in CSV are`, async () => {
    const found = await load([["events.json", content]]);
    assert.deepEqual([found.schema, found.rows, found.report.format], [SCHEMA, rows(40), format]);
  });
}

for (const [name, content, n] of [
  ["gzip", gzipSync(csv(5000)), 5000],
  ["zip", zip({ "__MACOSX/._events.csv": "x", "events.csv": csv(5000) }), 5000],
  ["gzip of JSON", gzipSync(ndjson(5000)), 5000],
]) {
  test(`${name} is unpacked`, async () => {
    const found = await load([["events.bin", content]]);
    assert.deepEqual([found.schema, found.rows], [SCHEMA, rows(n)]);
  });
}

test("zstd is unpacked", async () => {
  const found = await load([["events.csv.zst", Buffer.from(ZSTD, "base64")]]);
  assert.deepEqual(found.rows, rows(41).slice(1));
});

test("the files of an archive are one data set, and a reject says of which", async () => {
  const found = await load([["months.zip", zip({ "jan.csv": csv(3), "feb.csv": csv(2) + "1,2\n" })]]);
  assert.deepEqual(found.rows, [...rows(3), ...rows(2)]);
  assert.deepEqual(found.report.rejects.map(({ file, line }) => [file, line]), [["feb.csv", 4]]);
});

test("CSV and JSON are united by their columns' names", async () => {
  const found = await load([["a.csv", csv(3)], ["b.json", JSON.stringify(objects(2))]]);
  assert.deepEqual([found.schema, found.rows], [SCHEMA, [...rows(3), ...rows(2)]]);
});

test("a file that has not all columns is said", async () => {
  const found = await load([["a.csv", csv(3)], ["b.csv", "user_id,item,action,event_time,price\n1,hat,buy,2024-03-10 00:00:00,9.50\n"]]);
  assert.deepEqual(found.report.notes, ["a.csv has no price; there it is empty."]);
  assert.deepEqual(found.schema, [...SCHEMA, "price decimal price"]);
});

test("a file that is given twice is noticed", async () => {
  const found = await load([["a.csv", csv(3)], ["b.csv", csv(4)], ["a (1).csv", csv(3)]]);
  assert.deepEqual(found.report.notes, ["a (1).csv and a.csv are of one size, and begin and end alike: if they are the same file, its rows count twice."]);
});

const TEXTS = { gb18030: "帽子", big5: "帽子與鞋", shift_jis: "ぼうし", "euc-kr": "모자가 있다", "utf-16le": "帽子", "windows-1252": "chapeau à pois été" };

test("other encodings than UTF-8 are found out", async () => {
  // The browser only encodes UTF-8: a table of its decoder, backwards.
  const found = await page.evaluate(async texts => {
    const encode = (text, label) => {
      if (label === "utf-16le") return Uint8Array.from([...text].flatMap(c => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]));
      const decoder = new TextDecoder(label), pairs = new Map();
      for (let a = 0x80; a < 0x100; a++) {
        pairs.set(decoder.decode(Uint8Array.of(a)), [a]);
        for (let b = 0x40; b < 0x100; b++) {
          const text = decoder.decode(Uint8Array.of(a, b));
          if ([...text].length === 1 && !pairs.has(text)) pairs.set(text, [a, b]);
        }
      }
      return Uint8Array.from([...text].flatMap(c => c < "\x80" ? [c.charCodeAt(0)] : pairs.get(c)));
    };
    const found = [];
    for (const [label, word] of Object.entries(texts)) {
      const text = "user_id,item,action,event_time\n" + `1,${word},view,2024-03-10 00:00:00\n`.repeat(30);
      const { rows, report } = await window.look(new Blob([encode(text, label)]));
      found.push([report.encoding, rows.length, rows[29]?.[1]]);
    }
    return found;
  }, TEXTS);
  assert.deepEqual(found, Object.entries(TEXTS).map(([label, word]) => [label, 30, word]));
});

test("an encoding that is told is used, and one that is none is refused", async () => {
  const text = Buffer.from("user_id,item,action,event_time\n1,caf\xe9,view,2024-03-10 00:00:00\n", "latin1");
  assert.equal((await load([["a.csv", text]], { format: { encoding: "iso-8859-2" } })).rows[0][1], "café");
  assert.match(await load([["a.csv", text]], { format: { encoding: "klingon" } }), /^BAD_QUERY: unknown encoding "klingon"/);
});

test("a stream of JSON is read, packed or not", async () => {
  for (const bytes of [Buffer.from(ndjson(3000)), gzipSync(ndjson(3000)), zip({ "a.ndjson": ndjson(3000) })]) {
    const found = await page.evaluate(base64 => {
      const bytes = window.bytesOf(base64);
      let at = 0;
      const stream = new ReadableStream({ pull: c => at < bytes.length ? c.enqueue(bytes.slice(at, at += 777)) : c.close() });
      return window.look(stream);
    }, bytes.toString("base64"));
    assert.deepEqual(found.rows, rows(3000));
  }
});

test("what cannot be unpacked is said in a sentence", async () => {
  const packed = gzipSync(csv(5000));
  assert.match(await load([["cut.gz", packed.subarray(0, packed.length / 2)]]), /^BAD_INPUT: the gzip file cannot be unpacked to its end/);
  assert.match(await load([["cut.zip", zip({ "a.csv": csv(10) }).subarray(0, 60)]]), /^BAD_INPUT: the zip file cannot be unpacked/);
  assert.match(await load([["book.xlsx", zip({ "[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>" })]]), /^BAD_INPUT: this is an Excel workbook/);
  assert.match(await load([["empty.zip", zip({ ".hidden": "x" })]]), /^BAD_INPUT: the archive holds no file/);
  assert.match(await load([["bad.zst", Buffer.from(ZSTD, "base64").subarray(0, 90)]]), /^BAD_INPUT/);
});

test("several workers read one file of JSON lines as one does", async () => {
  const [one, three] = await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const line = i => JSON.stringify({ user_id: i % 997, item: `hat ${i % 31}`, note: "a \"quoted\"\n line", ...i > 250_000 ? { price: `${i % 50}.25` } : {} }) + "\n";
    const file = new Blob([Array.from({ length: 300_000 }, (_, i) => line(i)).join("") + "{broken\n"]);
    const found = [];
    for (const workers of [1, 3]) {
      const engine = await open({ workers });
      const dataset = await engine.load(file);
      const ask = async query => JSON.stringify((await dataset.query(query)).rows());
      found.push([dataset.rows, dataset.report, dataset.schema.map(({ name, type, nulls }) => [name, type, nulls]),
        await ask({ kind: "aggregate", group_by: ["item"], measures: { n: { fn: "count" }, users: { fn: "count_distinct", column: "user_id" }, sum: { fn: "sum", column: "price" } }, order_by: ["item"] })]);
      await engine.close();
    }
    return found;
  });
  assert.deepEqual(three, one);
  assert.equal(one[0], 300_000);
  assert.equal(one[1].rejects[0].line, 300_001);
});

test("another file's columns are brought in by a key, in one worker or several, and what does not match is told", async () => {
  const catalogue = JSON.stringify([
    { sku: "hat 0", price: 12.5, label: "=first" }, { sku: "hat 1", price: 8, label: null }, { sku: "hat 0", price: 1, label: "again" }, { sku: "bag", price: 30, label: "never" },
  ]);
  const found = await page.evaluate(async ([csv, catalogue]) => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const found = [];
    for (const workers of [1, 3]) {
      const engine = await open({ workers });
      const dataset = await engine.load(new Blob([csv]));
      const { unusedRows, ...joined } = await dataset.join(new File([catalogue], "items.json"), { on: ["item", "sku"] });
      const ask = async query => (await dataset.query(query)).rows();
      found.push([joined, (await unusedRows()).rows(), dataset.schema.map(({ name, type, role, nulls }) => [name, type, role, nulls]),
        await ask({ kind: "aggregate", group_by: ["item", "label"], measures: { n: { fn: "count" }, total: { fn: "sum", column: "price" } }, order_by: ["item"] })]);
      await engine.close();
    }
    return found;
  }, [csv(2_000_000).replaceAll("hat 2", "hat"), catalogue]);
  assert.deepEqual(found[1], found[0]);
  const [joined, unused, schema, totals] = found[0];
  const n = i => Math.ceil((2_000_000 - i) / 3);
  assert.deepEqual(joined, { columns: ["price", "label", "is_matched"], matched: n(0) + n(1), without: n(2), keysWithout: 1, repeated: 1, unused: 2 });
  assert.deepEqual(unused.map(({ sku, label }) => [sku, label]), [["hat 0", "again"], ["bag", "never"]]);
  assert.deepEqual(schema.slice(4), [["price", "decimal", "price", n(2)], ["label", "text", null, n(2) + n(1)], ["is_matched", "bool", null, 0]]);
  assert.deepEqual(totals, [{ item: "hat", label: null, n: n(2), total: null }, { item: "hat 0", label: "=first", n: n(0), total: n(0) * 12.5 }, { item: "hat 1", label: null, n: n(1), total: n(1) * 8 }]);
});

test("the source's clock and the order of its dates are told, alike however many workers read it", async () => {
  const found = await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const line = (i, last) => `${i % 997},${1 + i % 12}/${1 + i % (last ? 28 : 12)}/2024 ${i % 12}:30,2024-07-01 00:00:00`;
    const file = last => new Blob(["user_id,day,at\n", Array.from({ length: 700_000 }, (_, i) => line(i, last && i > 600_000)).join("\n")]);
    const found = [];
    for (const workers of [1, 3]) {
      const engine = await open({ workers });
      for (const [last, options] of [[true, {}], [false, {}], [false, { schema: { day: { order: "dmy" } }, timezone: "Asia/Shanghai" }]]) {
        const dataset = await engine.load(file(last), options);
        const [first] = (await dataset.query({ kind: "rows", limit: 1, order_by: ["user_id", "day"] })).rows();
        found.push([dataset.schema.map(({ name, type }) => `${name} ${type}`), dataset.report.questions, String(first.day instanceof Date ? first.day.toISOString() : first.day), first.at.toISOString()]);
        await dataset.close();
      }
      await engine.close();
    }
    return found;
  });
  assert.deepEqual(found.slice(3), found.slice(0, 3));
  const [decided, asked, told] = found;
  assert.deepEqual(decided.slice(0, 2), [["user_id int", "day time", "at time"], []]);
  assert.deepEqual([asked[0][1], asked[1][0].choices, asked[3]], ["day text", ["dmy", "mdy"], "2024-07-01T00:00:00.000Z"]);
  assert.deepEqual([told[0][1], told[1], told[2], told[3]], ["day time", [], "2023-12-31T16:30:00.000Z", "2024-06-30T16:00:00.000Z"]);
});

test("Parquet and Arrow are read, packed or not, and only the columns that a recipe selects at once", async () => {
  const parquet = readFileSync(new URL("../../fuzz/seeds/parquet/alltypes_plain.snappy.parquet", import.meta.url));
  const look = source => page.evaluate(async ([kind, value]) => {
    const dataset = await window.engine.load(new Blob([window.bytesOf(value)]), kind === "select" ? { clean: [{ step: "select", columns: ["id", "date_string_col"] }] } : {});
    const table = await dataset.query({ kind: "rows" });
    return { schema: dataset.schema.map(({ name, type }) => `${name} ${type}`), rows: table.rows().map(row => [row.id, row.date_string_col, row.double_col]), report: dataset.report, ipc: btoa(String.fromCharCode(...table.ipc)) };
  }, source);
  const whole = await look(["whole", parquet.toString("base64")]);
  assert.deepEqual(whole.schema.slice(0, 3), ["id int", "bool_col bool", "tinyint_col int"]);
  assert.deepEqual([whole.rows, whole.report.format], [[[6, "04/01/09", 0], [7, "04/01/09", 10.1]], "parquet"]);
  const packed = await look(["packed", gzipSync(parquet).toString("base64")]);
  assert.deepEqual(packed.rows, whole.rows);
  const selected = await look(["select", parquet.toString("base64")]);
  assert.deepEqual(selected.schema, ["id int", "date_string_col text"]);
  const again = await look(["arrow", whole.ipc]);
  assert.deepEqual([again.rows, again.report.format], [whole.rows, "arrow"]);
});
