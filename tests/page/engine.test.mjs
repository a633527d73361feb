// The engine's API, as a page of another origin sees it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { after, before, test } from "node:test";
import { start } from "./browser.mjs";

const COUNT = { kind: "aggregate", measures: { n: { fn: "count" } } };
let browser, visit, host;

before(async () => {
  browser = await start();
  // A page of its own origin that has nothing but the module's address.
  host = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>host</title>"));
  await new Promise(resolve => host.listen(0, "127.0.0.1", resolve));
  visit = await browser.browser.newContext().then(context => context.newPage());
  await visit.goto(`http://127.0.0.1:${host.address().port}/`);
  await visit.evaluate(async url => {
    globalThis.clickfold = await import(`${url}clickfold.js`);
    globalThis.engine = await globalThis.clickfold.open({ workers: "auto" });
    globalThis.bytes = text => new TextEncoder().encode(text);
    /** The error's code, sentence and detail. */
    globalThis.codeOf = async promise => {
      try {
        await promise;
      } catch (error) {
        return { known: error instanceof globalThis.clickfold.ClickfoldError, code: error.code, message: error.message, detail: error.detail };
      }
    };
  }, browser.url);
});

after(async () => {
  await browser?.close();
  host?.closeAllConnections();
  host?.close();
});

const inPage = (run, argument) => visit.evaluate(run, argument);

test("every kind of source gives the same rows, on another origin than the module", async () => {
  const csv = "item,n\nhat,1\ncap,2\nhat,3\n";
  const rows = await inPage(async ([csv, packed, query]) => {
    const bytes = new TextEncoder().encode(csv), gzip = Uint8Array.from(packed);
    const sources = {
      bytes, gzip, blob: new Blob([bytes]), packed: new Blob([gzip]), file: new File([bytes], "a.csv"), list: [new File([bytes], "a.csv")],
      response: new Response(bytes), stream: new Blob([bytes]).stream(), streamPacked: new Blob([gzip]).stream(),
    };
    const found = {};
    for (const [name, source] of Object.entries(sources)) {
      const dataset = await globalThis.engine.load(source);
      found[name] = [dataset.rows, (await dataset.query(query)).rows()[0].n];
      await dataset.close();
    }
    return found;
  }, [csv, [...gzipSync(csv)], COUNT]);
  for (const [name, found] of Object.entries(rows)) assert.deepEqual(found, [3, 3], name);
  assert.equal(Object.keys(rows).length, 9);
});

test("a URL is fetched by the worker", async () => {
  const n = await inPage(async url => {
    const names = await (await fetch(`${url}index.html`)).text().then(text => /page-[0-9a-f]+\.js/.exec(text)[0]);
    const script = await (await fetch(url + names)).text();
    const sample = /otto-[0-9a-f]+\.csv/.exec(script)[0];
    const dataset = await globalThis.engine.load(new URL(url + sample));
    return dataset.rows;
  }, browser.url);
  assert.equal(n, 862);
});

test("append takes objects, CSV and Arrow, and types stay", async () => {
  const found = await inPage(async () => {
    const dataset = await globalThis.engine.load(globalThis.bytes('item,price,at,id\n"a, b",1.50,2024-01-01 00:00:00,9007199254740993\n'));
    await dataset.append([
      { item: 'say "hi"\nthere', price: "2.25", at: new Date(Date.UTC(2024, 0, 2)), id: 9007199254740995n },
      { item: null, price: undefined },
    ]);
    await dataset.append(globalThis.bytes("item,price,at,id\nplain,3.00,2024-01-03 00:00:00,4\n"));
    const answer = await dataset.query({ kind: "rows" });
    await dataset.append(answer.ipc);
    const rows = (await dataset.query({ kind: "rows" })).rows();
    return {
      n: dataset.rows, rejected: dataset.report.rejected, types: dataset.schema.map(({ type }) => type),
      rows: rows.map(({ item, price, at, id }) => [item, price, at && at.toISOString(), id && String(id), typeof id]),
      unknown: await globalThis.codeOf(dataset.append([{ itm: 1 }])),
    };
  });
  const four = [
    ["a, b", 1.5, "2024-01-01T00:00:00.000Z", "9007199254740993", "bigint"],
    ['say "hi"\nthere', 2.25, "2024-01-02T00:00:00.000Z", "9007199254740995", "bigint"],
    [null, null, null, null, "object"],
    ["plain", 3, "2024-01-03T00:00:00.000Z", "4", "number"],
  ];
  assert.equal(found.rejected, 0);
  assert.deepEqual(found.types, ["text", "decimal", "time", "int"]);
  assert.deepEqual(found.rows, [...four, ...four]);
  assert.equal(found.n, 8);
  assert.equal(found.unknown.code, "UNKNOWN_COLUMN");
  assert.equal(found.unknown.detail.column, "itm");
});

test("decimals are the numbers nearest to them", async () => {
  const texts = ["6.94", "-1.36", "0.07", "90071992547409.93", "123456789012345678901234567890.12", "0.00", ""];
  const found = await inPage(async texts => {
    const dataset = await globalThis.engine.load(globalThis.bytes(`price,n\n${texts.map((text, n) => `${text},${n}`).join("\n")}\n`));
    const rows = (await dataset.query({ kind: "rows" })).rows().map(({ price }) => price);
    const cents = await globalThis.engine.load(globalThis.bytes(`c\n${Array.from({ length: 6000 }, (_, i) => ((i - 3000) / 100).toFixed(2)).join("\n")}\n`));
    const wrong = (await cents.query({ kind: "rows" })).rows().filter(({ c }, i) => c !== (i - 3000) / 100);
    return { rows, wrong, type: dataset.schema[0].type };
  }, texts);
  assert.equal(found.type, "decimal");
  assert.deepEqual(found.rows, [...texts.slice(0, -1).map(Number), null]);
  assert.deepEqual(found.wrong, []);
});

test("a column called __proto__ is one like any other", async () => {
  const found = await inPage(async () => {
    const dataset = await globalThis.engine.load(globalThis.bytes("__proto__,constructor\nx,1\ny,2\n"));
    await dataset.append([Object.fromEntries([["__proto__", "z"], ["constructor", 3]])]);
    const rows = (await dataset.query({ kind: "rows" })).rows();
    return [rows.map(row => [row["__proto__"], row.constructor, Object.hasOwn(row, "__proto__")]), {}.polluted, Object.keys(rows[0])];
  });
  assert.deepEqual(found[0], [["x", 1, true], ["y", 2, true], ["z", 3, true]]);
  assert.deepEqual(found[2], ["__proto__", "constructor"]);
});

test("a load is cancelled between pieces, and the engine goes on", async () => {
  const found = await inPage(async query => {
    const line = "2024-01-01 00:00:00,abcdefgh,12345\n";
    const blob = new Blob(["at,item,n\n", ...Array.from({ length: 60 }, () => line.repeat(30_000))]);
    const abort = new AbortController();
    const seen = [];
    const error = await globalThis.codeOf(globalThis.engine.load(blob, {
      signal: abort.signal, onProgress: progress => { seen.push(progress); abort.abort(); },
    }));
    const early = await globalThis.codeOf(globalThis.engine.load(blob, { signal: AbortSignal.abort() }));
    const dataset = await globalThis.engine.load(globalThis.bytes("a\n1\n"));
    const query1 = new AbortController();
    const pending = globalThis.codeOf(dataset.query(query, { signal: query1.signal }));
    query1.abort();
    return { error, early, first: seen[0], size: blob.size, queried: await pending, n: (await dataset.query(query)).rows()[0].n };
  }, COUNT);
  assert.equal(found.error.code, "CANCELLED");
  assert.equal(found.early.code, "CANCELLED");
  assert.equal(found.queried.code, "CANCELLED");
  assert.equal(found.n, 1);
  assert.equal(found.first.phase, "reading");
  assert.equal(found.first.totalBytes, found.size);
  assert.ok(found.first.bytes > 0 && found.first.bytes < found.size, `${found.first.bytes} of ${found.size} bytes`);
});

test("progress comes at most every 50 ms and ends with done", async () => {
  const { gaps, last, size } = await inPage(async () => {
    const blob = new Blob(["at,item,n\n", ..."x".repeat(40).split("").map(() => "2024-01-01 00:00:00,abcdefgh,12345\n".repeat(20_000))]);
    const seen = [];
    await globalThis.engine.load(blob, { onProgress: progress => seen.push({ ...progress, now: performance.now() }) });
    const reading = seen.filter(({ phase }) => phase === "reading");
    return { gaps: reading.length, last: seen.at(-1), size: blob.size };
  });
  assert.ok(gaps >= 1);
  assert.equal(last.phase, "done");
  assert.equal(last.bytes, size);
  assert.equal(last.rows, 800_000);
});

test("of a Parquet file on a server that knows ranges, only some are fetched", async () => {
  const file = readFileSync(new URL("../../fuzz/seeds/parquet/alltypes_plain.snappy.parquet", import.meta.url));
  const asked = [];
  const server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    asked.push(range?.[0]);
    const [from, to] = range ? [Number(range[1]), Number(range[2]) + 1] : [0, file.length];
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "range", "access-control-expose-headers": "content-range" };
    response.writeHead(range ? 206 : 200, range ? { ...headers, "content-range": `bytes ${from}-${to - 1}/${file.length}` } : headers).end(request.method === "OPTIONS" ? "" : file.subarray(from, to));
  });
  await new Promise(listening => server.listen(0, "127.0.0.1", listening));
  try {
    const rows = await inPage(async url => {
      const dataset = await globalThis.engine.load(new URL(url));
      return (await dataset.query({ kind: "rows", select: ["id", "date_string_col"] })).rows();
    }, `http://127.0.0.1:${server.address().port}/all.parquet`);
    assert.deepEqual(rows, [{ id: 6, date_string_col: "04/01/09" }, { id: 7, date_string_col: "04/01/09" }]);
    assert.ok(asked.length >= 3 && asked.every(range => range), JSON.stringify(asked));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("errors have codes and sentences", async () => {
  const found = await inPage(async url => {
    const { engine, codeOf, bytes, clickfold } = globalThis;
    const dataset = await engine.load(bytes("item_id,behavior\n1,pv\n"));
    const used = new Response("a\n1\n");
    await used.text();
    const closed = await engine.load(bytes("a\n1\n"));
    await closed.close();
    const other = await clickfold.open();
    const lost = await other.load(bytes("a\n1\n"));
    await other.close();
    return {
      UNKNOWN_COLUMN: [await codeOf(dataset.query({ kind: "aggregate", group_by: ["item"], measures: { n: { fn: "count" } } }))],
      BAD_QUERY: [
        await codeOf(dataset.query({ kind: "aggregate", grop_by: [] })), await codeOf(dataset.query(undefined)),
        await codeOf(dataset.query({ kind: "rows", limit: () => 1 })), await codeOf(engine.load(bytes("a\n1\n"), { nonsense: 1 })),
        await codeOf(clickfold.open({ workers: 0 })), await codeOf(engine.load(bytes("a\n1\n"), { clean: {} })),
        await codeOf(engine.load(bytes("a\n1\n"), { timezone: "Europe/Pariss" })), await codeOf(engine.load(bytes("a\n1\n"), { clean: [{ step: "trimm" }] })),
      ],
      BAD_INPUT: [
        await codeOf(engine.load(new Uint8Array())), await codeOf(engine.load(bytes("a,b\n"))), await codeOf(engine.load("text")),
        await codeOf(engine.load(new URL(`${url}missing.csv`))), await codeOf(engine.load(used)),
        await codeOf(engine.load(new Blob([Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3)]))),
      ],
      UNSUPPORTED: [
        await codeOf(engine.load([new File(["a"], "a"), new URL(url)])), await codeOf(dataset.sql({ kind: "describe" }, "duckdb")),
      ],
      CLOSED: [await codeOf(closed.query({ kind: "rows" })), await codeOf(lost.query({ kind: "rows" }))],
    };
  }, browser.url);
  for (const [code, errors] of Object.entries(found)) {
    for (const [at, error] of errors.entries()) {
      assert.ok(error?.known, `${code} ${at}: ${JSON.stringify(error)}`);
      assert.equal(error.code, code, `${at}: ${error.message}`);
      assert.ok(error.message.length > 8 && !/\n|at .*:\d+|object Object/.test(error.message), error.message);
    }
  }
  assert.deepEqual(found.UNKNOWN_COLUMN[0].detail.candidates?.[0], "item_id");
});

test("a worker that dies takes what waits with it, by name, and another takes its place", async () => {
  const found = await inPage(async () => {
    const { clickfold, codeOf, bytes } = globalThis;
    const workers = [];
    const Real = globalThis.Worker;
    let asked = () => {};
    globalThis.Worker = class extends Real {
      constructor(...given) {
        super(...given);
        workers.push(this);
      }
      postMessage(...given) {
        super.postMessage(...given);
        asked();
      }
    };
    const engine = await clickfold.open();
    globalThis.Worker = Real;
    const dataset = await engine.load(bytes("a\n1\n"));
    const isAsked = new Promise(resolve => { asked = resolve; });
    const waiting = codeOf(engine.load(new ReadableStream({ pull: () => new Promise(() => {}) })));
    await isAsked;
    workers[0].dispatchEvent(new ErrorEvent("error", { message: "gone" }));
    return [await waiting, (await dataset.query({ kind: "rows" })).rows(), (await engine.load(bytes("a\n1\n"))).rows];
  });
  assert.equal(found[0].code, "WORKER_LOST");
  assert.deepEqual(found.slice(1), [[{ a: 1 }], 1]);
});

test("local days have 23 or 25 hours where clocks change", async () => {
  const rows = await inPage(async () => {
    const hours = Array.from({ length: 72 }, (_, i) => new Date(Date.UTC(2024, 2, 29, 23) + i * 3_600_000).toISOString());
    const dataset = await globalThis.engine.load(globalThis.bytes(`at\n${hours.join("\n")}\n`));
    const answer = await dataset.query({ kind: "aggregate", group_by: [{ column: "at", every: "1d", timezone: "Europe/Berlin", as: "day" }], measures: { n: { fn: "count" } }, order_by: ["day"] });
    return answer.rows().map(({ day, n }) => [day.toISOString(), n]);
  });
  assert.deepEqual(rows, [["2024-03-29T23:00:00.000Z", 24], ["2024-03-30T23:00:00.000Z", 23], ["2024-03-31T22:00:00.000Z", 24], ["2024-04-01T22:00:00.000Z", 1]]);
});
