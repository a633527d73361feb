// A file's events once more, in the order of their times, at a speed of their own.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { close, openPage } from "./browser.mjs";

after(close);

let page;

before(async () => {
  ({ page } = await openPage());
  await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    window.engine = await open();
    /** A stream, when each of its counters came (in milliseconds from the beginning), and waiting for its status. */
    window.replay = async (file, options = {}, more = {}) => {
      const heard = [], hearing = new Set(), started = performance.now();
      const onStatus = status => {
        heard.push({ at: performance.now() - started, used: status.counters.used, state: status.state, reason: status.reason });
        for (const hear of hearing) hear();
      };
      const dataset = await window.engine.connect({ file, ...options }, { ...more, onStatus });
      const until = holds => new Promise(resolve => {
        const hear = () => holds(dataset.status) && hearing.delete(hear) | resolve(dataset.status);
        hearing.add(hear);
        hear();
      });
      return { dataset, until, heard, started };
    };
  });
});

/** Events so many seconds apart, written from the last to the first. */
const csv = (n, seconds) => "user,item,at\n" + Array.from({ length: n }, (_, i) => `u${(n - 1 - i) % 5},hat,${new Date(Date.UTC(2026, 0, 1) + (n - 1 - i) * seconds * 1000).toISOString()}\n`).join("");

const QUESTIONS = [
  { kind: "aggregate", group_by: ["event"], measures: { n: { fn: "count" }, users: { fn: "count_distinct", column: "user_id" } }, order_by: ["event"] },
  { kind: "aggregate", group_by: [{ column: "timestamp", every: "1d", as: "day" }], measures: { n: { fn: "count" } }, order_by: ["day"] },
  { kind: "funnel", steps: [{ event: "product_view" }, { event: "add_to_cart" }, { event: "checkout" }], within: "24h" },
  { kind: "retention", every: "7d", periods: 4 },
  { kind: "rows", order_by: ["timestamp"] },
];

test("a file as fast as it goes answers as the file does, in the order of time", async () => {
  const { file, stream, inOrder, schemas, status } = await page.evaluate(async ([base64, questions]) => {
    const file = new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], "ecom.csv.gz");
    const loaded = await window.engine.load(file);
    const { dataset, until } = await window.replay(file, { speed: Infinity });
    const status = await until(({ state }) => state === "ended");
    const answers = async of => JSON.stringify(await Promise.all(questions.map(async query => (await of.query(query)).rows())));
    const times = (await dataset.query({ kind: "rows", select: ["timestamp"] })).rows().map(({ timestamp }) => timestamp.getTime());
    const schemas = [loaded, dataset].map(of => of.schema.map(({ name, type, role }) => `${name} ${type} ${role}`));
    return { file: await answers(loaded), stream: await answers(dataset), inOrder: times.every((time, at) => !at || time >= times[at - 1]), schemas, status };
  }, [readFileSync(new URL("../../www/sample/ecom.csv.gz", import.meta.url)).toString("base64"), QUESTIONS]);
  assert.equal(stream, file);
  assert.ok(inOrder);
  assert.deepEqual(schemas[1], schemas[0]);
  assert.equal(status.counters.used, 31_106);
});

test("every type of column comes as the file has it", async () => {
  const row = i => [`2026-01-01T00:00:${String(59 - i % 60).padStart(2, "0")}.${String(i * 7919 % 1_000_000).padStart(6, "0")}Z`, i % 3 ? `${i}.50` : "", i % 2 ? "true" : "false", `0${i}`, `90071992547409${10 + i % 80}`, `c56a4180-65aa-42ec-a945-5fd21dec${String(1000 + i)}`, "", `"a ""quoted"", ${i}"`, i < 90 ? i : `n${i}`];
  const text = "at,price,flag,code,big,id,none,note,mixed\n" + Array.from({ length: 100 }, (_, i) => row(i).join(",") + "\n").join("");
  const [file, stream] = await page.evaluate(async text => {
    const loaded = await window.engine.load(new Blob([text]), { schema: { id: { role: "actor" } }, clean: [{ step: "rename", columns: { note: "said" } }] });
    const { dataset, until } = await window.replay(new Blob([text]), { speed: Infinity }, { schema: { id: { role: "actor" } }, clean: [{ step: "rename", columns: { note: "said" } }] });
    await until(({ state }) => state === "ended");
    return Promise.all([loaded, dataset].map(async of => {
      const rows = (await of.query({ kind: "rows", order_by: ["at"] })).rows().map(row => Object.values(row).map(value => value instanceof Date ? value.toISOString() : String(value)));
      return { rows, schema: of.schema.map(({ name, type, role, nulls, scale }) => ({ name, type, role, nulls, scale })) };
    }));
  }, text);
  // A column without a value travels as one of text.
  assert.deepEqual(stream, { ...file, schema: file.schema.map(field => field.type === "null" ? { ...field, type: "text" } : field) });
  assert.equal(file.rows.length, 100);
});

test("at a speed, no event comes before its time", async () => {
  // After a moment without a core several come at once, as they are due: of three times the one with the most steps counts.
  let steps = 0;
  for (let i = 0; i < 3 && steps <= 5; i++) {
    const { heard, total } = await page.evaluate(async csv => {
      const { dataset, until, heard } = await window.replay(new Blob([csv]), { speed: 20 });
      await until(({ state }) => state === "ended");
      return { heard, total: dataset.rows };
    }, csv(41, 1));
    assert.equal(total, 41);
    // The clock begins after the source was opened; by it the n-th event comes n seconds after the first, which is a twentieth of that by ours.
    const opened = heard.find(({ state }) => state === "open").at;
    for (const { at, used } of heard) assert.ok(!used || at - opened >= (used - 1) * 50 - 1, `${used} events after ${at - opened} ms`);
    steps = new Set(heard.map(({ used }) => used).filter(used => used > 0 && used < 41)).size;
  }
  assert.ok(steps > 5, "they came at once");
});

test("it stands still while paused, and goes on where it was", async () => {
  const { before, during, after } = await page.evaluate(async ([csv, end]) => {
    const { dataset, until } = await window.replay(new Blob([csv]), { speed: 20 });
    await until(({ counters }) => counters.used >= 3);
    dataset.pause();
    await dataset.query({ kind: "describe" });
    const before = dataset.rows;
    await new Promise(resolve => setTimeout(resolve, 400)); // what must not happen has no event
    const during = dataset.rows;
    dataset.resume();
    await until(({ counters }) => counters.used > during);
    await dataset.seek(new Date(end));
    await until(({ state }) => state === "ended");
    return { before, during, after: dataset.rows };
  }, [csv(600, 1), Date.UTC(2027, 0, 1)]);
  assert.ok(before < 600, `${before}`);
  assert.ok(during <= before + 1, `${before} ${during}`);
  assert.equal(after, 600);
});

test("a seek forwards brings what lies between at once, one back brings nothing twice", async () => {
  const { forwards, back, ended } = await page.evaluate(async csv => {
    const { dataset, until } = await window.replay(new Blob([csv]), { speed: 1 });
    const rows = async () => (await dataset.query({ kind: "rows", select: ["at"] })).rows().map(({ at }) => at.toISOString());
    await dataset.seek(new Date("2026-01-01T06:00:00Z"));
    const forwards = await rows();
    await dataset.seek(new Date("2026-01-01T01:00:00Z"));
    const back = await rows();
    await dataset.seek(new Date("2027-01-01T00:00:00Z"));
    await until(({ state }) => state === "ended");
    return { forwards, back, ended: await rows() };
  }, csv(24, 3600));
  const hours = n => Array.from({ length: n }, (_, i) => new Date(Date.UTC(2026, 0, 1, i)).toISOString());
  assert.deepEqual([forwards, back, ended], [hours(7), hours(7), hours(24)]);
});

test("rows without a time never come, and are told; a file without times is refused in a sentence", async () => {
  const [reason, rows, refused] = await page.evaluate(async () => {
    const { dataset, until } = await window.replay(new Blob(["user,at\na,2026-01-01T00:00:02Z\nb,\nc,2026-01-01T00:00:01Z\n"]), { speed: Infinity });
    const { reason } = await until(({ state }) => state === "ended");
    const rows = (await dataset.query({ kind: "rows", select: ["user"] })).rows().map(({ user }) => user);
    const refused = await window.replay(new Blob(["user,item\na,hat\n"])).then(() => "no error", error => `${error.code}: ${error.message}`);
    return [reason, rows, refused];
  });
  assert.equal(reason, "1 row has no time, and was not replayed");
  assert.deepEqual(rows, ["c", "a"]);
  assert.match(refused, /^BAD_INPUT: no column of the file is the time/);
});

test("while it is paused, a seek sets the clock alone", async () => {
  const { paused, resumed } = await page.evaluate(async csv => {
    const { dataset, until } = await window.replay(new Blob([csv]), { speed: 1 });
    dataset.pause();
    await dataset.seek(new Date("2026-01-01T06:00:00Z"));
    const paused = dataset.rows;
    dataset.resume();
    await until(({ counters }) => counters.used >= 7);
    const resumed = dataset.rows;
    await dataset.close();
    return { paused, resumed };
  }, csv(24, 3600));
  assert.deepEqual([paused, resumed], [1, 7]);
});

test("windows that have closed stay closed when it is sought back, and rows that were let go do not come again", async () => {
  const { closed, rows, dropped } = await page.evaluate(async csv => {
    const { dataset } = await window.replay(new Blob([csv]), { speed: 1 }, { keep: { time: "3h" } });
    const closed = [];
    let hear = () => {};
    const stop = dataset.watch({ kind: "aggregate", measures: { n: { fn: "count" } } }, () => {}, { window: { size: "2h" }, every: 1, onClosed: ({ live }) => {
      closed.push(live.windows[0].start.toISOString().slice(11, 13));
      hear();
    } });
    const isClosed = async n => {
      while (closed.length < n) await new Promise(resolve => { hear = resolve; });
    };
    await dataset.seek(new Date("2026-01-01T08:00:00Z"));
    await isClosed(4);
    await dataset.seek(new Date("2026-01-01T01:00:00Z"));
    await dataset.seek(new Date("2026-01-01T12:00:00Z"));
    await isClosed(6);
    stop();
    const rows = (await dataset.query({ kind: "rows", select: ["at"] })).rows().length, { dropped } = dataset.live;
    await dataset.close();
    return { closed, rows, dropped };
  }, csv(24, 3600));
  assert.deepEqual(closed, ["00", "02", "04", "06", "08", "10"]);
  assert.equal(rows + dropped, 13);
  assert.ok(dropped > 0);
});

test("more rows of one time than are sent at a time are sent together", async () => {
  const rows = await page.evaluate(async text => {
    const { dataset, until } = await window.replay(new Blob([text]), { speed: Infinity });
    await until(({ state }) => state === "ended");
    return (await dataset.query({ kind: "aggregate", group_by: ["at"], measures: { n: { fn: "count" } }, order_by: ["at"] })).rows().map(({ at, n }) => [at.toISOString().slice(17, 19), n]);
  }, "user,at\n" + "a,2026-01-01T00:00:07Z\n".repeat(20_000) + "b,2026-01-01T00:00:03Z\nb,2027-01-01T00:00:09Z\n");
  assert.deepEqual(rows, [["03", 1], ["07", 20_000], ["09", 1]]);
});
