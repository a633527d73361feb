// What streams are made of, without a browser: every way to cut a text, and an engine that refuses.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Backoff } from "../../www/stream/backoff.js";
import { EventText } from "../../www/stream/event-text.js";
import { toRows } from "../../www/stream/frames.js";
import { Lines } from "../../www/stream/lines.js";
import { Queue } from "../../www/stream/queue.js";

const bytes = text => new TextEncoder().encode(text), text = bytes => new TextDecoder().decode(bytes);

test("server-sent events are the same however they are cut", () => {
  const stream = "\n: a comment\r\nretry: 250\r\n\r\ndata: one\n\ndata:two\rdata: 2\r\rid: 7\r\nevent: sale\r\ndata\r\n\r\ndata:  three\nid\n\nid: 8\n\ndata: four\nretry: soon\nid: a\0b\n\ndata: never ended";
  const expected = [{ retry: 250 }, { data: "one", id: "0" }, { data: "two\n2", id: "0" }, { data: "", id: "7" }, { data: " three", id: "" }, { data: "four", id: "8" }];
  for (let size = 1; size <= stream.length; size++) {
    const events = new EventText(100, "0"), told = [];
    for (let at = 0; at < stream.length; at += size) told.push(...events.push(stream.slice(at, at + size)));
    assert.deepEqual(told, expected, `in pieces of ${size}`);
  }
});

test("an event that is too large is not kept, and the next one is read", () => {
  const stream = `data: ${"x".repeat(50)}\n\ndata: ${"x".repeat(1000)}\n\n${`data: ${"y".repeat(20)}\n`.repeat(30)}\ndata: z\n\n`;
  for (const size of [1, 7, 64, stream.length]) {
    const events = new EventText(50, ""), told = [];
    for (let at = 0; at < stream.length; at += size) told.push(...events.push(stream.slice(at, at + size)));
    assert.deepEqual(told.map(event => "data" in event ? event.data : "too large"), ["x".repeat(50), "too large", "too large", "z"], `in pieces of ${size}`);
  }
});

test("records are whole however a response is cut, and too large ones are counted once", () => {
  const source = 'a,b\n1,"x\ny"\n\n2,"""\n"""\n' + `3,${"z".repeat(100)}\n` + "4,e\n5,f";
  for (let size = 1; size <= source.length; size++) {
    const refused = [], lines = new Lines(40, true, bytes => refused.push(bytes)), frames = [];
    for (let at = 0; at < source.length; at += size) frames.push(...Array.from(lines.push(bytes(source.slice(at, at + size))), text));
    frames.push(text(lines.end()));
    assert.equal(frames.join(""), source.replace(/3,z+\n/, ""), `in pieces of ${size}`);
    assert.ok(frames.slice(0, -1).every(frame => frame.endsWith("\n") && frame.length <= 40 && frame.split('"').length % 2));
    assert.deepEqual(refused, [103]);
  }
});

test("what a message is written in", () => {
  const cases = [
    ['{"a":1}', "ndjson", '{"a":1}'], ['\n{"a":1}\n{"a":2}\n', "ndjson"], ['{\n"a":1\n}', "json", '[{\n"a":1\n}]'], ['[{"a":1}]\n', "json"], ["a,b", "csv"], ["a\tb\n", "csv"], ["\uFEFFa,b", "csv", "a,b"],
    ["[ ]", "json", ""], [" \n", "ndjson", ""], ["ping", undefined], ['{"a":', undefined], ['[{"a":1}', undefined], ["<p>a,b</p>", undefined], ["a,\0b", undefined], ["x".repeat(101), undefined],
    [bytes('{"a":1}'), "ndjson"], [Uint8Array.of(0xc3, 0x28), undefined], [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5), "arrow"], [bytes("a,b").buffer, "csv"],
    [{ a: 1n, b: new Date(0) }, "ndjson", '{"a":"1","b":"1970-01-01T00:00:00.000Z"}\n'], [[{ a: 1 }, { a: 2 }], "ndjson", '{"a":1}\n{"a":2}\n'], [[], "ndjson", ""], [[1], undefined], [{ a: "x".repeat(100) }, undefined],
  ];
  for (const [frame, kind, expected = frame] of cases) {
    const rows = toRows(frame, 100);
    assert.equal(rows?.kind, kind, String(frame));
    if (typeof expected === "string" && rows) assert.equal(text(rows.bytes), expected);
  }
  assert.equal(text(toRows(Uint8Array.of(0xd6, 0xd0, 0x2c, 0x31), 100, { encoding: "gb18030" }).bytes), "中,1");
  assert.equal(toRows("a,b", 100, { kind: "ndjson" }), undefined);
  assert.equal(toRows("ping", 100, { kind: "csv" }).kind, "csv");
});

test("a message that is no event is refused with what it should be and what it is", () => {
  const { queue, refused, counters } = queueOf({ maxFrame: 100 });
  for (const frame of ["<html>" + "x".repeat(80), Uint8Array.of(0xff, 0xfe, 0), 7, "x,".repeat(60), `{"name":"${"好".repeat(40)}"}`, { name: "x".repeat(100) }]) queue.take(frame);
  queue.refuse(5000);
  const wanted = "a message is JSON objects, cells between separators or Arrow IPC; found";
  assert.deepEqual(refused, [`${wanted} "<html>${"x".repeat(54)}"`, `${wanted} 3 bytes`, `${wanted} number`, ...Array(4).fill("a message has more than the 100 bytes that are read")]);
  assert.equal(counters.invalid_frames, 7);
});

/** A queue to an engine that answers when it is told to, and refuses batches all of whose lines are bad. */
function queueOf(how = {}) {
  const taken = [], failed = [], refused = [], counters = { frames: 0, bytes: 0, invalid_frames: 0, dropped_frames: 0 };
  let answer = () => {};
  const engine = { isSlow: true, fails: undefined };
  const consume = async ({ bytes }) => {
    if (engine.isSlow) await new Promise(resolve => { answer = resolve; });
    if (engine.fails) throw engine.fails;
    const lines = text(bytes).trim().split("\n");
    if (!lines.some(line => line.includes("good"))) throw Object.assign(new Error("no row can be read"), { code: "BAD_INPUT" });
    taken.push(lines.length);
  };
  const queue = new Queue({ counters, canWait: true, buffer: 100, maxFrame: 1000, format: undefined, consume, header: () => undefined, mayJoin: () => true, onChange: () => {}, onRefused: reason => refused.push(reason), onFail: error => failed.push(error), ...how });
  return { queue, taken, failed, refused, counters, engine, answer: () => answer() };
}

test("messages that wait are told together, and one by one if they are refused together", async () => {
  const { queue, taken, refused, counters, engine, answer } = queueOf({ buffer: 10_000 });
  queue.take('{"good":0}');
  for (let i = 0; i < 10; i++) queue.take(`{"bad":${i}}`);
  engine.isSlow = false;
  answer();
  await queue.drained();
  assert.deepEqual(taken, [1]);
  assert.equal(counters.invalid_frames, 10);
  assert.deepEqual(refused, Array(10).fill("no row can be read"));
  engine.isSlow = true;
  queue.take('{"good":1}');
  queue.take('{"bad":1}');
  queue.take('{"good":2}');
  queue.take('[{"good":3}]');
  engine.isSlow = false;
  answer();
  await queue.drained();
  assert.deepEqual(taken, [1, 1, 2, 1]);
  assert.equal(counters.frames, 15);
});

test("who can wait is let go on when there is room, who cannot is dropped", async () => {
  const message = `{"good":"${"x".repeat(50)}"}`;
  const { queue, counters, engine, answer, taken } = queueOf();
  let hasRoom = false;
  await queue.take(message);
  const second = queue.take(message, "mark").then(() => { hasRoom = true; });
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(hasRoom, false);
  assert.equal(queue.mark, "mark");
  engine.isSlow = false;
  answer();
  await second;
  await queue.drained();
  assert.deepEqual([counters.dropped_frames, taken.length], [0, 2]);

  const other = queueOf({ canWait: false });
  for (let i = 0; i < 5; i++) await other.queue.take(message);
  assert.equal(other.counters.dropped_frames, 4);
  other.engine.isSlow = false;
  other.answer();
  await other.queue.drained();
  await other.queue.take(message);
  await other.queue.drained();
  assert.deepEqual([other.counters.frames, other.counters.dropped_frames, other.taken.length], [6, 4, 2]);
});

test("messages that the engine has dealt with are not kept", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc"), { queue, engine } = queueOf({ buffer: 1 << 20, maxFrame: 1 << 20, consume: async () => {} });
  engine.isSlow = false;
  gc();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 100; i++) await queue.take(bytes(`{"good":"${"x".repeat(500_000)}"}`));
  await queue.drained();
  let kept = Infinity;
  for (let i = 0; i < 100 && kept >= 5e6; i++) { // memory is given back beside the program, sooner or later
    await new Promise(resolve => setTimeout(resolve, 20));
    gc();
    kept = process.memoryUsage().arrayBuffers - before;
  }
  assert.ok(kept < 5e6, `${kept} bytes are kept`);
});

test("an engine that is lost ends the queue, and what was on its way is counted", async () => {
  const { queue, counters, engine, answer, failed } = queueOf({ buffer: 10_000, onFail: error => { failed.push(error); queue.stop(); } });
  for (let i = 0; i < 5; i++) queue.take(`{"good":${i}}`);
  engine.fails = Object.assign(new Error("the worker is lost"), { code: "WORKER_LOST" });
  answer();
  await queue.drained();
  queue.take('{"good":5}');
  assert.deepEqual(failed.map(({ code }) => code), ["WORKER_LOST"]);
  assert.deepEqual([counters.frames, counters.dropped_frames], [5, 5]);
});

test("tries come ever later and at random, begin anew after a connection that lasted, and at once when the network is back", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const random = mock.method(Math, "random", () => 0.5);
  const waits = [], network = new EventTarget();
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
  globalThis.addEventListener = (...listener) => network.addEventListener(...listener);
  try {
    const backoff = new Backoff(), { signal } = new AbortController();
    const waitFor = async (lasted, least = 0) => {
      let isOver = false, waited = 0;
      const over = backoff.wait(lasted, least, signal).then(() => { isOver = true; });
      for (; !isOver; waited += 50) {
        mock.timers.tick(50);
        await new Promise(resolve => setImmediate(resolve));
      }
      await over;
      return waited;
    };
    for (let i = 0; i < 11; i++) waits.push(await waitFor(0));
    assert.deepEqual(waits, [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
    assert.equal(await waitFor(20_000), 15_000);
    assert.equal(await waitFor(31_000), 50);
    assert.equal(await waitFor(31_000, 500), 550);
    navigator.onLine = false;
    const waiting = backoff.wait(0, 1e6, signal);
    network.dispatchEvent(new Event("online"));
    await waiting;
    const aborted = new AbortController(), ended = backoff.wait(0, 1e6, aborted.signal);
    aborted.abort();
    await ended;
    await backoff.wait(0, 1e6, aborted.signal);
  } finally {
    mock.timers.reset();
    random.mock.restore();
    delete globalThis.navigator;
    delete globalThis.addEventListener;
  }
});
