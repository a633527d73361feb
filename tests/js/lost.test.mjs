// Workers that die: another takes their place, their rows are read again or reported as lost, and the page lives.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, openPage } from "./browser.mjs";

after(close);

const COUNT = { kind: "aggregate", measures: { n: { fn: "count" }, total: { fn: "sum", column: "price" } } };
const USERS = { kind: "aggregate", group_by: ["item"], measures: { users: { fn: "count_distinct", column: "user_id" }, n: { fn: "count" } }, order_by: ["-users", "item"], limit: 10 };
const FUNNEL = { kind: "funnel", steps: [{ action: "view" }, { action: "cart" }], within: "6h" };
const QUERIES = [COUNT, USERS, FUNNEL];

/** Runs in the page before anything else: workers are kept, so that one can be ended behind the engine's back. */
function keepWorkers() {
  window.workers = [];
  window.onPost = () => {};
  const Real = window.Worker;
  window.Worker = class extends Real {
    constructor(...given) {
      super(...given);
      this.asked = [];
      this.isHeld = new Promise(resolve => { this.held = resolve; });
      window.workers.push(this);
    }
    postMessage(request, transfer) {
      this.asked.push(request.do);
      if (request.do === "hold") this.addEventListener("message", ({ data }) => data.id === request.id && this.held());
      if (window.onPost(this, request) !== "kept back") super.postMessage(request, transfer);
    }
    /** As the browser ends a worker, once that would be noticed at once. */
    async vanish() {
      await this.isHeld;
      this.terminate();
    }
    /** As a worker says whose core has trapped. */
    trap(id) {
      this.dispatchEvent(new MessageEvent("message", { data: { id, error: { code: "WORKER_LOST", message: "the engine stopped: unreachable; try again", detail: {} } } }));
    }
  };
}

/** Likewise: engines that tell of their losses, files, and what a data set says. */
function prepare() {
  window.lines = (from, to) => {
    const lines = [];
    for (let i = from; i < to; i++) lines.push(i % 7993 === 7 ? "a row of one cell" : `${(i * 7919) % 20_011},item ${(i * i) % 301},${["view", "cart", "buy"][i % 3]},2024-03-${10 + (i % 3)} 0${i % 10}:15:00,${i % 50}.5`);
    return lines.join("\n") + "\n";
  };
  const header = "user_id,item,action,event_time,price\n";
  window.small = () => new File([header, window.lines(0, 3000)], "small.csv");
  /** Several files, which the workers share. */
  window.large = () => Array.from({ length: 6 }, (_, at) => new File([header, window.lines(4000 * at, 4000 * (at + 1))], `${at}.csv`));
  window.show = async (dataset, queries) => {
    const answers = [];
    for (const query of queries) answers.push(JSON.stringify((await dataset.query(query)).rows()));
    const { schema, rows, report } = dataset;
    return { answers, rows, report, schema: schema.map(({ name, type, role, nulls }) => ({ name, type, role, nulls })) };
  };
  window.codeOf = promise => promise.then(() => "no error", error => `${error.code}: ${error.message}`);
  /** An engine, its workers as they are started, and what it tells of losses. */
  window.engineOf = async (workers, options = {}) => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const from = window.workers.length, losses = [];
    const engine = await open({ workers, ...options, onLost: lost => losses.push(lost) });
    await (await engine.load(window.large())).close(); // all workers are there
    const told = async () => {
      while (!losses.length) await new Promise(resolve => setTimeout(resolve, 5));
      const { worker, error, datasets, rebuilt } = losses.shift();
      return { worker, code: error.code, message: error.message, datasets, rebuilt: await rebuilt };
    };
    if (navigator.locks) await Promise.all(window.workers.slice(from).map(worker => worker.isHeld));
    return { engine, workers: () => window.workers.slice(from), told, losses };
  };
  /** Resolves when a worker is asked for this, with the worker and the request. */
  window.asked = what => new Promise(resolve => {
    window.onPost = (worker, request) => {
      if (request.do !== what) return;
      window.onPost = () => {};
      resolve({ worker, request });
    };
  });
  /** Ends the worker that is asked for this, the `nth` that is, as soon as that is noticed at once. */
  window.endAt = (what, nth = 1) => new Promise(resolve => {
    window.onPost = (worker, request) => {
      if (request.do !== what || --nth) return;
      window.onPost = () => {};
      void worker.vanish().then(() => resolve(worker));
    };
  });
}

let page;

before(async () => {
  ({ page } = await openPage());
  await page.addInitScript(keepWorkers);
  await page.reload();
  await page.evaluate(prepare);
});

test("a worker that is ended while nothing is asked of it is replaced, and its rows are read again, the first and another, twice", async () => {
  const found = await page.evaluate(async queries => {
    const found = [];
    for (const n of [1, 3]) {
      const { engine, workers, told } = await window.engineOf(n);
      const dataset = await engine.load(window.large());
      const before = await window.show(dataset, queries), stages = [];
      for (const victim of n === 1 ? [0, 1] : [0, 2]) {
        await workers()[victim].vanish();
        const { worker, code, datasets, rebuilt } = await told();
        stages.push({ worker, code, isTold: datasets[0] === dataset && datasets.length === 1, isRebuilt: rebuilt[0] === dataset, after: await window.show(dataset, queries) });
      }
      await dataset.close();
      found.push({ n, before, stages, started: workers().length });
      await engine.close();
    }
    return found;
  }, QUERIES);
  for (const { n, before, stages, started } of found) {
    assert.deepEqual([before.rows, before.report.rejected], [23_996, 4]);
    assert.equal(started, n + 2);
    for (const { code, isTold, isRebuilt, after } of stages) {
      assert.deepEqual([code, isTold, isRebuilt], ["WORKER_LOST", true, true]);
      assert.deepEqual(after, before);
    }
  }
  assert.deepEqual(found.map(({ stages }) => stages.map(({ worker }) => worker)), [[0, 0], [0, 2]]);
});

test("a question that is under way when a worker goes is answered after its rows are read again: also during the exchange of rows", async () => {
  const found = await page.evaluate(async queries => {
    const found = {};
    for (const [n, what, nth] of [[1, "query", 1], [3, "query", 1], [3, "state", 1], [3, "state", 2], [3, "room", 2], [3, "exchange", 1], [3, "exchange", 2], [3, "exchange", 3]]) {
      const { engine, told } = await window.engineOf(n);
      const dataset = await engine.load(window.large());
      const ended = window.endAt(what, nth);
      const answers = Promise.all(queries.map(async query => JSON.stringify((await dataset.query(query)).rows())));
      await ended;
      const { rebuilt } = await told();
      found[`${n} workers, ${what} ${nth}`] = [rebuilt.length, ...await answers];
      await engine.close();
    }
    const { engine } = await window.engineOf(1);
    const expected = (await window.show(await engine.load(window.large()), queries)).answers;
    await engine.close();
    return { found, expected };
  }, QUERIES);
  for (const [when, answers] of Object.entries(found.found)) assert.deepEqual(answers, [1, ...found.expected], when);
});

test("a question whose worker traps is asked once more, then refused; the data set lives, until it happens three times within a minute, and no other is blamed", async () => {
  const found = await page.evaluate(async ([count, users]) => {
    const found = [];
    for (const [n, what] of [[1, "query"], [3, "state"]]) {
      const { engine, told } = await window.engineOf(n);
      const dataset = await engine.load(window.large()), other = await engine.load(window.small());
      const rows = dataset.rows;
      const isPoison = ({ question }) => question?.query.measures?.users && question.query.limit === 10;
      const trapAlways = () => {
        let isTrapped = false; // one of those that work on the question
        window.onPost = (worker, request) => {
          if (request.do !== what || !isPoison(request) || isTrapped) return;
          isTrapped = true;
          setTimeout(() => {
            isTrapped = false;
            worker.trap(request.id);
          });
          return "kept back"; // its answer could come first
        };
      };
      trapAlways();
      const refused = await window.codeOf(dataset.query(users));
      const rebuilt = [(await told()).rebuilt, (await told()).rebuilt].map(rebuilt => rebuilt.includes(dataset));
      const lives = (await dataset.query(count)).rows()[0].n;
      const again = await dataset.query(users).catch(error => ({ code: error.code, message: error.message, detail: error.detail }));
      const isRebuilt = (await told()).rebuilt.includes(dataset);
      window.onPost = () => {};
      const afterwards = await window.codeOf(dataset.query(count));
      await dataset.close();
      const goesOn = (await other.query(count)).rows()[0].n === other.rows;
      found.push({ rows, refused, rebuilt, lives, again, isRebuilt, afterwards, goesOn });
      await engine.close();
    }
    return found;
  }, QUERIES);
  for (const { rows, refused, rebuilt, lives, again, isRebuilt, afterwards, goesOn } of found) {
    assert.match(refused, /^WORKER_LOST: a worker of the engine was lost over this twice; the rows are there again/);
    assert.deepEqual([rebuilt, lives, isRebuilt], [[true, true], rows, false]);
    assert.equal(again.code, "WORKER_LOST");
    assert.match(again.message, /^[\d,]+ of 23,996 rows were lost with a worker of the engine, and cannot be read again: that has happened 3 times within a minute; load the data or connect again$/);
    assert.ok(again.detail.lost.rows > 0 && again.detail.lost.rows <= again.detail.lost.of && again.detail.lost.of === rows, JSON.stringify(again.detail));
    assert.equal(afterwards, `WORKER_LOST: ${again.message}`);
    assert.ok(goesOn, "the other data set answers, in whose worker it was too");
  }
});

test("a load is lost with the worker that reads, by name; the next one is read, and what is in other workers was never away", async () => {
  const found = await page.evaluate(async ([count]) => {
    const { engine, workers, told } = await window.engineOf(3);
    const kept = await engine.load(window.small()), found = [];
    for (const [what, nth] of [["part", 2], ["part", 3], ["settle", 2], ["assemble", 2], ["assemble", 3]]) {
      const ended = window.endAt(what, nth), code = window.codeOf(engine.load([...window.large(), new File(["user_id,item,action,event_time,price\n1,a,b,2024-03-11 00:00:00,0.123\n"], "wider.csv")]));
      const worker = await Promise.race([ended, code]);
      window.onPost = () => {};
      if (typeof worker === "string") continue; // that was not asked of so many
      found.push([what, (await told()).datasets.includes(kept) === (worker === workers()[0]), await code]);
    }
    const loaded = (await engine.load(window.large())).rows;
    const isSmallRead = workers()[0].asked.filter(what => what === "load").length;
    const answered = (await kept.query(count)).rows()[0].n === kept.rows;
    await engine.close();
    const one = await window.engineOf(1);
    const load = window.asked("load"), waiting = window.codeOf(one.engine.load(new ReadableStream({ pull: () => new Promise(() => {}) })));
    (await load).worker.terminate();
    const alone = [await waiting, (await one.engine.load(window.small())).rows];
    await one.engine.close();
    return { found, loaded, isSmallRead, answered, alone };
  }, QUERIES);
  assert.ok(found.found.length >= 3);
  for (const [what, isTold, code] of found.found) assert.deepEqual([isTold, code], [true, "WORKER_LOST: the browser has ended a worker of the engine; try again"], what);
  assert.deepEqual([found.loaded, found.isSmallRead, found.answered], [23_996, 1, true]);
  assert.deepEqual(found.alone, ["WORKER_LOST: the browser has ended a worker of the engine; try again", 2999]);
});

test("what cannot be read again is said to be lost, how many rows of how many, and the engine goes on", async () => {
  const found = await page.evaluate(async ([count]) => {
    const { engine, workers, told } = await window.engineOf(3);
    const [streamed, appended, whole] = [await engine.load(window.small().stream()), await engine.load(window.large()), await engine.load(window.small())];
    await appended.append([{ user_id: "1", item: "new", action: "buy", event_time: "2024-03-12 00:00:00", price: "1.5" }]);
    const errorOf = dataset => dataset.query(count).catch(({ code, message, detail }) => ({ code, message, detail }));
    await workers()[2].vanish();
    const second = await told();
    const afterSecond = [second.datasets.length, second.datasets[0] === appended, second.rebuilt.length, await errorOf(appended), (await streamed.query(count)).rows()[0].n];
    await workers()[0].vanish();
    const first = await told();
    const afterFirst = [first.datasets.length, first.rebuilt.length, first.rebuilt[0] === whole, await errorOf(streamed), (await whole.query(count)).rows()[0].n];
    const refused = await window.codeOf(streamed.append([{ item: "x" }]));
    const shown = [streamed.rows, appended.rows, streamed.schema.length];
    await Promise.all([streamed.close(), appended.close(), whole.close()]);
    await engine.close();
    return { afterSecond, afterFirst, refused, shown, closed: await window.codeOf(streamed.query(count)) };
  }, QUERIES);
  const [struck, isAppended, rebuilt, lost, streamed] = found.afterSecond;
  assert.deepEqual([struck, isAppended, rebuilt, streamed], [1, true, 0, 2999]);
  assert.match(lost.message, /^[\d,]+ of 23,997 rows were lost with a worker of the engine, and cannot be read again: rows were appended to them; load the data or connect again$/);
  assert.deepEqual([lost.code, lost.detail.lost.of], ["WORKER_LOST", 23_997]);
  assert.ok(lost.detail.lost.rows > 1000 && lost.detail.lost.rows < 20_000, lost.detail.lost.rows);
  const sentence = "2,999 of 2,999 rows were lost with a worker of the engine, and cannot be read again: their source can be read only once; load the data or connect again";
  assert.deepEqual(found.afterFirst, [2, 1, true, { code: "WORKER_LOST", message: sentence, detail: { lost: { rows: 2999, of: 2999 } } }, 2999]);
  assert.equal(found.refused, `WORKER_LOST: ${sentence}`);
  assert.deepEqual(found.shown, [2999, 23_997, 5]);
  assert.match(found.closed, /^WORKER_LOST/);
});

test("under a load of appends: those before the loss are lost by name, or none was taken and all come after the rows are read again", async () => {
  const found = await page.evaluate(async ([count]) => {
    const found = [];
    for (const n of [1, 3]) {
      const { engine, told } = await window.engineOf(n);
      const row = [{ user_id: "1", item: "new", action: "buy", event_time: "2024-03-12 00:00:00", price: "1.5" }];
      const stream = await engine.load(window.large());
      window.endAt("append", 20 * n);
      const codes = new Set(), appends = [];
      for (let i = 0; i < 40; i++) appends.push(stream.append(row).then(() => "taken", error => (codes.add(error.code), "refused")));
      const ends = await Promise.all(appends);
      await told();
      const firstRefused = ends.indexOf("refused"), isInOrder = ends.every((end, i) => (end === "taken") === (i < firstRefused));
      await stream.close();
      // The loss comes before any was taken.
      const fresh = await engine.load(window.small());
      window.endAt("append");
      await Promise.all([fresh.append(row), fresh.append(row), fresh.append(row)]);
      const { rebuilt } = await told();
      found.push({ isInOrder, firstRefused, codes: [...codes], isRebuilt: rebuilt.includes(fresh), rows: fresh.rows, n: (await fresh.query(count)).rows()[0].n });
      await engine.close();
    }
    return found;
  }, QUERIES);
  for (const { isInOrder, firstRefused, codes, isRebuilt, rows, n } of found) {
    assert.deepEqual([isInOrder, firstRefused > 0, codes, isRebuilt, rows, n], [true, true, ["WORKER_LOST"], true, 3002, 3002]);
  }
});

test("a stream's batches that wait for a worker that is lost are each told so, and whoever watches is", async () => {
  const found = await page.evaluate(async () => {
    const { engine, told } = await window.engineOf(1);
    const row = [{ user_id: "1", item: "new", action: "buy", event_time: "2024-03-12 00:00:00", price: "1.5" }];
    const stream = await engine.load(window.small(), { live: {} });
    const failed = new Promise(resolve => stream.watch({ kind: "aggregate", measures: { n: { fn: "count" } } }, () => {}, { every: 0, onError: ({ code }) => resolve(code) }));
    await stream.append(row);
    window.endAt("stream", 3);
    const ends = await Promise.all(Array.from({ length: 200 }, () => stream.append(row).then(() => "taken", error => error.code)));
    await told();
    const after = await stream.append(row).catch(error => error.code);
    await stream.close();
    await engine.close();
    return { ends, failed: await failed, after };
  });
  const first = found.ends.indexOf("WORKER_LOST");
  assert.ok(first >= 0 && found.ends.every((end, at) => end === (at < first ? "taken" : "WORKER_LOST")), JSON.stringify(found.ends));
  assert.deepEqual([found.failed, found.after], ["WORKER_LOST", "WORKER_LOST"]);
});

test("roles, joined columns and segments are there again, and so is all else that was chosen", async () => {
  const found = await page.evaluate(async () => {
    const found = [];
    for (const n of [1, 3]) {
      const { engine, workers, told } = await window.engineOf(n);
      const schema = { price: { type: "text" } };
      const dataset = await engine.load(window.large(), { schema });
      schema.price.type = "decimal"; // the engine has its own
      const roles = { user_id: null, item: "actor" };
      await dataset.setRoles(roles);
      roles.item = "order";
      const catalogue = new TextEncoder().encode("item,colour\nitem 0,red\nitem 1,blue\nitem x,green\n");
      const abort = new AbortController();
      const joined = await dataset.join(new Response(catalogue).body, { on: "item", signal: abort.signal });
      await dataset.segment("often", { kind: "aggregate", group_by: ["item"], measures: { n: { fn: "count" } }, order_by: ["-n"], limit: 7 });
      abort.abort();
      const queries = [
        { kind: "aggregate", group_by: ["colour", "often"], measures: { n: { fn: "count" }, items: { fn: "count_distinct", column: "item" } } },
        { kind: "aggregate", measures: { prices: { fn: "count_distinct", column: "price" }, least: { fn: "min", column: "price" } } },
      ];
      const before = await window.show(dataset, queries), unused = (await joined.unusedRows()).rows();
      await workers()[n - 1].vanish();
      const { rebuilt } = await told();
      found.push({ before, after: await window.show(dataset, queries), unused, unusedAfter: (await joined.unusedRows()).rows(), isRebuilt: rebuilt.includes(dataset) });
      await engine.close();
    }
    return found;
  });
  for (const { before, after, unused, unusedAfter, isRebuilt } of found) {
    assert.ok(isRebuilt);
    assert.deepEqual(after, before);
    assert.deepEqual(unused, [{ item: "item x", colour: "green" }]);
    assert.deepEqual(unusedAfter, unused);
    assert.equal(after.schema.find(({ name }) => name === "price").type, "text");
    assert.match(after.answers[0], /"colour":"red","often":(true|false)/);
  }
});

test("answers that were kept instead of rows are made again", async () => {
  const found = await page.evaluate(async queries => {
    const { engine, workers, told } = await window.engineOf(1);
    const kept = await engine.load(window.small(), { keep: "answers", queries: [queries[0]] });
    const before = await window.show(kept, [queries[0]]);
    await workers()[0].vanish();
    const { rebuilt } = await told();
    const after = await window.show(kept, [queries[0]]);
    await engine.close();
    return { isRebuilt: rebuilt.includes(kept), before, after };
  }, QUERIES);
  assert.ok(found.isRebuilt);
  assert.deepEqual(found.after, found.before);
});

test("a data set, or the engine, can be closed while rows are read again; questions that wait can be cancelled", async () => {
  const found = await page.evaluate(async ([count]) => {
    const { engine, workers, told } = await window.engineOf(2);
    const dataset = await engine.load(window.large());
    await workers()[1].vanish();
    const part = window.asked("part");
    await part;
    const abort = new AbortController();
    const cancelled = window.codeOf(dataset.query(count, { signal: abort.signal })), waiting = window.codeOf(dataset.query(count));
    abort.abort();
    const first = await Promise.race([cancelled, waiting]);
    await dataset.close();
    const closed = [first, await waiting, (await told()).rebuilt.length];
    const other = await engine.load(window.large());
    await workers()[0].vanish();
    await window.asked("part");
    const asked = window.codeOf(other.query(count));
    await engine.close();
    return { closed, ended: [await asked, await window.codeOf(other.query(count)), await window.codeOf(engine.load(window.small()))] };
  }, QUERIES);
  assert.deepEqual(found.closed, ["CANCELLED: cancelled", "CLOSED: the data set is closed; load it again", 0]);
  assert.deepEqual(found.ended, Array(3).fill("CLOSED: the engine is closed"));
});

test("without locks, a worker is pinged: one that works is not taken for dead, one that is dead is", async () => {
  const found = await page.evaluate(async ([count]) => {
    const locks = Object.getOwnPropertyDescriptor(Navigator.prototype, "locks"), realInterval = window.setInterval;
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined, configurable: true });
    let tick;
    window.setInterval = (run, ms) => ms === 15_000 ? (tick = run, 0) : realInterval(run, ms);
    const { engine, workers, told, losses } = await window.engineOf(1);
    Object.defineProperty(Navigator.prototype, "locks", locks);
    window.setInterval = realInterval;
    const dataset = await engine.load(window.small());
    for (let i = 0; i < 30; i++) {
      tick();
      await dataset.query(count); // answered after the ping
    }
    const alive = losses.length;
    workers()[0].terminate();
    const waiting = dataset.query(count);
    for (let i = 0; i < 9; i++) tick();
    const { message } = await told();
    const found = { alive, message, n: (await waiting).rows()[0].n };
    await engine.close();
    return found;
  }, QUERIES);
  assert.deepEqual(found, { alive: 0, message: "the browser has ended a worker of the engine; try again", n: 2999 });
});

test("what is watched goes on with the rows that were read again, each closed window told once, or is told that they are lost", async () => {
  const found = await page.evaluate(async ([count]) => {
    const { engine, workers, told } = await window.engineOf(3);
    const until = async isTrue => { while (!isTrue()) await new Promise(resolve => setTimeout(resolve, 5)); };
    const shared = await engine.load(window.large()), counts = [];
    const stop = shared.watch(count, table => counts.push(table.rows()[0].n), { every: 0 });
    const text = ["user_id,event_time\n", ...Array.from({ length: 6 }, (_, i) => `1,2024-03-10 0${i}:30:00\n`)];
    const live = await engine.load(new Blob(text), { live: { keep: { time: "1h" } } }), hours = [], errors = [];
    live.watch({ kind: "aggregate", measures: { n: { fn: "count" } } }, () => {}, {
      every: 0, window: { size: "1h" }, onClosed: ({ live: { windows: [{ start }] } }) => hours.push(start.getUTCHours()), onError: error => errors.push(error.code),
    });
    await until(() => counts.length && hours.length === 5);
    await live.advance(new Date("2024-03-10T08:00:00Z"));
    await until(() => hours.length === 6);
    const before = counts.length, kept = [live.rows];
    await workers()[0].vanish();
    const { rebuilt } = await told();
    await until(() => counts.length > before);
    kept.push(live.rows, live.report.used, live.live.dropped);
    const { watermark } = live.live;
    const append = hour => live.append([{ user_id: 1, event_time: `2024-03-10 ${hour}:00:00` }]);
    await append(10);
    await append(12);
    await until(() => hours.length === 7);
    stop();
    // What was appended is nowhere else.
    await workers().at(-1).vanish();
    const lost = await told();
    const found = { counts: [...new Set(counts)], isRebuilt: rebuilt.length, kept, hours, errors, watermark: watermark.toISOString(), lost: [lost.datasets.length, lost.rebuilt[0] === shared], refused: await window.codeOf(append(13)) };
    await engine.close();
    return found;
  }, QUERIES);
  assert.deepEqual([found.counts, found.isRebuilt, found.kept], [[23_996], 2, [0, 0, 6, 6]]);
  assert.deepEqual([found.hours, found.errors, found.watermark], [[0, 1, 2, 3, 4, 5, 10], ["WORKER_LOST"], "2024-03-10T08:00:00.000Z"]);
  assert.deepEqual(found.lost, [2, true]);
  assert.match(found.refused, /^WORKER_LOST: 1 of 1 rows were lost with a worker of the engine, and cannot be read again: rows were appended to them;/);
});

test("the page says that a file is read again, and goes on; also where that cannot be done", async () => {
  const { page, complaints } = await openPage();
  await page.addInitScript(keepWorkers);
  await page.reload();
  await page.waitForSelector(".drop");
  const rows = Array.from({ length: 200 }, (_, i) => `${i % 9},${["view", "buy"][i % 2]},item ${i % 7},2024-01-0${1 + i % 9} 10:00:00`);
  const file = (name, lines) => ({ name, mimeType: "text/csv", buffer: Buffer.from(["user_id,event,item,time", ...lines].join("\n")) });
  const said = pattern => page.waitForFunction(source => new RegExp(source).test(document.querySelector("[role=status]")?.textContent ?? ""), pattern.source);
  await page.setInputFiles("input[type=file]", file("shop.csv", rows));
  await said(/200 rows loaded/);
  await page.waitForSelector("#questions"); // all is fetched, all is asked
  const ranking = () => page.$$eval("#ranking tbody tr", rows => rows.map(row => row.textContent));
  const before = await ranking();
  await page.evaluate(() => window.workers[0].vanish());
  await page.waitForFunction(() => /^A part of the engine had stopped, and shop.csv was read again: all 200 rows are there.$/.test(document.querySelector("#lost")?.textContent ?? ""));
  assert.deepEqual(await ranking(), before);
  await page.selectOption("select[aria-label='role of item']", "category");
  await page.waitForFunction(() => document.querySelector("select[aria-label='role of item']")?.value === "category");
  await page.evaluate(async () => {
    window.onPost = (worker, request) => request.do === "load" && worker.trap(request.id);
    await window.workers.at(-1).vanish();
    // The panels ask, and hear that the rows are lost.
    for (const name of ["limit", "every"]) document.querySelector(`select[name=${name}]`).dispatchEvent(new Event("change"));
  });
  const sentence = "“shop.csv”: 200 of 200 rows were lost with a worker of the engine, and cannot be read again: that has happened 3 times within a minute; load the data or connect again.";
  await page.waitForFunction(sentence => document.querySelector("main > [role=alert]")?.textContent === sentence, sentence);
  await page.evaluate(() => {
    window.onPost = () => {};
    window.told = new Set();
    new MutationObserver(() => {
      if (document.querySelector(".file h2")?.textContent !== "other.csv") return;
      for (const { textContent } of document.querySelectorAll("[role=alert], #lost")) window.told.add(textContent);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.setInputFiles("input[type=file]", file("other.csv", rows.slice(5)));
  await said(/195 rows loaded/);
  await page.waitForSelector("#questions");
  assert.deepEqual(await page.evaluate(() => [...window.told]), []);
  assert.deepEqual(complaints, []);
});
