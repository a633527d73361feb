// Events from a NATS server, read by the page over a WebSocket: with JetStream they are replayed, and none is lost or comes twice.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { browser, close, openPage as openStrictPage, server } from "./browser.mjs";
import { startNats } from "./natsserver.mjs";

const USERS = `
  authorization {
    users: [
      { user: "shop", password: "s3cret" }
      { user: "page", password: "reads", permissions: {
        publish: ["$JS.API.STREAM.INFO.SHOP", "$JS.API.CONSUMER.CREATE.SHOP.>", "$JS.API.CONSUMER.INFO.SHOP.*", "$JS.API.CONSUMER.MSG.NEXT.SHOP.*"]
        subscribe: ["shop.>", "_INBOX.>"]
      } }
      { user: "ear", password: "hears", permissions: { publish: { deny: ">" }, subscribe: ["shop.>", "_INBOX.>"] } }
    ]
  }`;
const SHOP = { user: "shop", pass: "s3cret" }, PAGE = { user: "page", pass: "reads" };

/** Another site than the engine's. */
const other = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>another site</title>"));

let nats, client, page;

before(async () => {
  nats = await startNats(USERS);
  client = await nats.client({ ...SHOP, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  await client.manager.streams.add({ name: "SHOP", subjects: ["shop.>"], duplicate_window: 120e9 });
  await new Promise(listening => other.listen(0, "127.0.0.1", listening));
  page = await openPage();
});

after(async () => {
  await client.connection.close();
  await nats.close();
  await close();
  other.close();
});

/** A page of another origin than the engine's. */
async function openPage() {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${other.address().port}/`);
  await page.evaluate(async url => {
    const { open } = await import(url);
    window.engine = await open();
    /** The data set of a stream and what becomes of it, and its status once it holds. */
    window.connect = async (source, options = {}, onOpen = () => {}) => {
      const heard = new Set();
      const states = [];
      const dataset = await window.engine.connect(source, { ...options, onStatus: status => {
        states.push(status.reason ? `${status.state}: ${status.reason}` : status.state);
        if (status.state === "open" && states.filter(state => state === "open").length === 1) onOpen();
        for (const hear of heard) hear();
      } });
      const until = holds => new Promise(resolve => {
        const hear = () => {
          if (!holds(dataset.status)) return;
          heard.delete(hear);
          resolve(dataset.status);
        };
        heard.add(hear);
        hear();
      });
      return { dataset, until, states };
    };
    window.errorOf = promise => promise.then(() => "no error", error => `${error.code}: ${error.message}`);
  }, server.url + "clickfold.js");
  return page;
}

/** What the page says by calling a function of that name. @param {string} name */
async function signal(name) {
  let give;
  const given = new Promise(resolve => { give = resolve; });
  await page.exposeFunction(name, () => give());
  return { given };
}

const event = i => ({ id: `e${i}`, user_id: `u${i % 97}`, item_id: i % 31, action: i % 5 ? "view" : "buy", at: new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString() });
const publish = (from, to, subject = "shop.events") => Promise.all(Array.from({ length: to - from }, (_, k) => client.jetstream.publish(subject, JSON.stringify(event(from + k)), { msgID: `e${from + k}` })));
const last = async () => (await client.manager.streams.info("SHOP")).state.last_seq;
const numbers = (from, to) => Array.from({ length: to - from }, (_, k) => `e${from + k}`);

/** The ids that a stream gives until there are so many. @param {object} source @param {number} n @param {object} [options] */
const idsOf = (source, n, options) => page.evaluate(async ([source, n, options]) => {
  if (source.since) source.from = new Date(source.since);
  delete source.since;
  const { dataset, until } = await window.connect(source, options);
  const status = await until(({ counters }) => counters.used >= n);
  const ids = (await dataset.query({ kind: "rows", select: ["id"] })).rows().map(({ id }) => id);
  await dataset.close();
  return { ids, status };
}, [{ nats: nats.url, subject: "shop.>", ...PAGE, ...source }, n, options]);

test("a stream is replayed from its beginning, from a number and from a time", async () => {
  await publish(0, 100);
  const stored = Date.now(), between = stored + 2;
  while (Date.now() < between) await client.connection.flush();
  await publish(100, 150);
  assert.deepEqual((await idsOf({ stream: "SHOP", from: "all" }, 150)).ids, numbers(0, 150));
  assert.deepEqual((await idsOf({ stream: "SHOP", from: 31 }, 120)).ids, numbers(30, 150));
  assert.deepEqual((await idsOf({ stream: "SHOP", since: between }, 50)).ids, numbers(100, 150));
});

test("what is published twice under one id is stored and taken once", async () => {
  const again = await publish(140, 150);
  assert.ok(again.every(({ duplicate }) => duplicate));
  const { ids } = await idsOf({ stream: "SHOP", from: "all" }, 150);
  assert.deepEqual(ids, numbers(0, 150));
});

test("a server that is killed and started again four times loses nothing, and gives nothing twice", async () => {
  const n = 4000, first = await last() + 1;
  const reading = page.evaluate(async ([source, n]) => {
    const { dataset, until, states } = await window.connect(source);
    await until(({ counters }) => counters.used === n || dataset.status.state === "failed");
    const ids = (await dataset.query({ kind: "rows", select: ["id"] })).rows().map(({ id }) => id);
    const { counters } = dataset.status;
    await dataset.close();
    return { ids, counters, states };
  }, [{ nats: nats.url, subject: "shop.>", stream: "SHOP", from: first, ...PAGE }, n]);
  for (let at = 1000; at < 1000 + n; at += 200) {
    if (at % 1000 === 200) {
      await nats.kill();
      await nats.start();
    }
    // Published again until the server says that it has it: the id keeps it from being stored twice.
    for (let left = Array.from({ length: 200 }, (_, k) => at + k); left.length;) {
      const told = await Promise.allSettled(left.map(k => client.jetstream.publish("shop.events", JSON.stringify(event(k)), { msgID: `e${k}`, timeout: 1000 })));
      left = left.filter((_, k) => told[k].status === "rejected");
    }
  }
  const { ids, counters, states } = await reading;
  assert.deepEqual(ids.sort(), numbers(1000, 1000 + n).sort());
  assert.ok(counters.reconnects >= 1 && counters.reconnects <= 8, `${counters.reconnects} reconnects`);
  assert.equal(counters.received, counters.used);
  assert.ok(states.some(state => state.startsWith("reconnecting: the connection to the NATS server at ws://127.0.0.1:")), states.join("\n"));
});

test("who begins with what is new hears nothing older, also after a connection that was lost before the first message", async () => {
  const opened = await signal("isNew");
  const reading = page.evaluate(async source => {
    const { dataset, until } = await window.connect(source, {}, () => window.isNew());
    const { counters } = await until(({ counters }) => counters.used >= 5);
    const ids = (await dataset.query({ kind: "rows", select: ["id"] })).rows().map(({ id }) => id);
    await dataset.close();
    return { ids, counters };
  }, { nats: nats.url, subject: "shop.>", stream: "SHOP", ...PAGE });
  await opened.given;
  await nats.kill();
  await nats.start();
  while (client.connection.isClosed() || !(await client.connection.flush().then(() => true, () => false)));
  await publish(60_000, 60_005);
  const { ids, counters } = await reading;
  assert.deepEqual(ids, numbers(60_000, 60_005));
  assert.equal(counters.frames, 5);
});

test("a stream that was made anew is noticed", async () => {
  await client.manager.streams.add({ name: "SHOES", subjects: ["shoes"] });
  const put = i => client.jetstream.publish("shoes", JSON.stringify(event(i)));
  await put(1);
  await put(2);
  const read = await signal("hasRead");
  const failing = page.evaluate(async source => {
    const { until } = await window.connect(source, {}, () => {});
    await until(({ counters }) => counters.used === 2);
    window.hasRead();
    return (await until(({ state }) => state === "failed")).reason;
  }, { nats: nats.url, subject: "shoes", stream: "SHOES", from: "all", ...SHOP });
  await read.given;
  await client.manager.streams.delete("SHOES");
  await client.manager.streams.add({ name: "SHOES", subjects: ["shoes"] });
  await put(3);
  assert.match(await failing, /^the stream "SHOES" has begun anew: its last message is number [01], and number 2 was there before; connect again$/);
});

test("20,000 events arrive in a time that is told", async t => {
  const first = await last() + 1;
  for (let k = 10_000; k < 29_999; k++) client.connection.publish("shop.events", JSON.stringify(event(k)));
  await publish(29_999, 30_000); // it is stored once all before it are
  const { ms, sum } = await page.evaluate(async source => {
    const started = performance.now();
    const { dataset, until } = await window.connect(source);
    await until(({ counters }) => counters.used === 20_000);
    const ms = performance.now() - started;
    const [{ n, ids }] = (await dataset.query({ kind: "aggregate", measures: { n: { fn: "count" }, ids: { fn: "count_distinct", column: "id" } } })).rows();
    await dataset.close();
    return { ms, sum: [n, ids] };
  }, { nats: nats.url, subject: "shop.>", stream: "SHOP", from: first, ...PAGE });
  assert.deepEqual(sum, [20_000, 20_000]);
  t.diagnostic(`20,000 events in ${Math.round(ms)} ms: ${Math.round(20_000_000 / ms)} a second`);
});

test("a stream is fetched no faster than the engine takes it, and not while it is paused", async () => {
  const first = await last() + 1;
  await publish(40_000, 42_000);
  const { paused, later, ids, counters } = await page.evaluate(async source => {
    const { dataset, until } = await window.connect(source, { buffer: 20_000 });
    dataset.pause();
    const paused = dataset.status.counters;
    await new Promise(resolve => setTimeout(resolve, 300)); // what must not happen has no event
    const later = dataset.status.counters;
    dataset.resume();
    const { counters } = await until(({ counters }) => counters.used === 2000);
    const ids = (await dataset.query({ kind: "rows", select: ["id"] })).rows().map(({ id }) => id);
    await dataset.close();
    return { paused, later, ids, counters };
  }, { nats: nats.url, subject: "shop.>", stream: "SHOP", from: first, ...PAGE });
  assert.ok(paused.bytes < 21_000, `${paused.bytes}`);
  assert.ok(later.frames <= paused.frames + 1, `${paused.frames} and then ${later.frames}`);
  assert.deepEqual(ids, numbers(40_000, 42_000));
  assert.equal(counters.dropped_frames, 0);
});

test("a stream that is closed leaves no connection behind", async () => {
  const names = async () => (await (await fetch(`${nats.monitor}/connz`)).json()).connections.map(({ name }) => name).filter(name => name === "clickfold").length;
  const first = await last() + 1;
  await publish(50_000, 50_001);
  await page.evaluate(async source => {
    window.left = [await window.connect(source), await window.connect({ ...source, stream: "SHOP", from: 1 })];
  }, { nats: nats.url, subject: "shop.>", ...PAGE, stream: "SHOP", from: first });
  // Those of before take a moment to be gone.
  for (let tries = 0; await names() !== 2; tries++) {
    assert.ok(tries < 100, `${await names()} connections`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  await page.evaluate(() => Promise.all(window.left.map(({ dataset }) => dataset.close())));
  while (await names());
});

test("without a stream, messages come as they are published: of several events, or in other formats", async () => {
  const opened = await signal("isOpen");
  const reading = page.evaluate(async source => {
    const { dataset, until } = await window.connect(source, {}, () => window.isOpen());
    const { counters } = await until(({ counters }) => counters.used === 5);
    const ids = (await dataset.query({ kind: "rows", select: ["id"] })).rows().map(({ id }) => id);
    await dataset.close();
    return { ids, counters };
  }, { nats: nats.url, subject: "shop.live.*", ...PAGE });
  await opened.given;
  const send = text => client.connection.publish("shop.live.a", text);
  send(JSON.stringify(event(1)));
  send([event(2), event(3)].map(event => JSON.stringify(event) + "\n").join(""));
  send("\x00garbage");
  send(JSON.stringify([event(4), event(5)]));
  const { ids, counters } = await reading;
  assert.deepEqual(ids, numbers(1, 6));
  assert.deepEqual([counters.frames, counters.invalid_frames, counters.received], [4, 1, 5]);
});

test("an MQTT client's messages reach the page by the same server", async () => {
  const id = "e77000", first = await last() + 1;
  await nats.mqtt({ ...SHOP }, "shop/tills/7", JSON.stringify(event(77_000)));
  const { ids } = await idsOf({ stream: "SHOP", from: first, subject: "shop.tills.*" }, 1);
  assert.deepEqual(ids, [id]);
});

test("what goes wrong is said in a sentence", async () => {
  const errorOf = source => page.evaluate(async source => {
    const reasons = [];
    const abort = new AbortController();
    const coming = window.engine.connect(source, { signal: abort.signal, onStatus: ({ state, reason }) => {
      if (state !== "reconnecting") return;
      reasons.push(reason);
      abort.abort();
    } });
    return [await window.errorOf(coming), ...reasons].pop();
  }, { nats: nats.url, subject: "shop.>", ...PAGE, ...source });
  assert.match(await errorOf({ pass: "guessed" }), /^SOURCE_LOST: the NATS server at ws:\S+ does not let this page in .*password/);
  assert.match(await errorOf({ stream: "HATS", user: "shop", pass: "s3cret" }), /^SOURCE_LOST: .* has no stream "HATS"$/);
  assert.match(await errorOf({ stream: "SHOP", subject: "office.>" }), /^SOURCE_LOST: the stream "SHOP" takes no messages of the subject "office.>"$/);
  assert.match(await errorOf({ subject: "office.>" }), /^SOURCE_LOST: the NATS server at \S+ does not let this user subscribe to office.>/);
  assert.match(await errorOf({ stream: "SHOP", user: "ear", pass: "hears" }), /^SOURCE_LOST: the NATS server at \S+ does not let this user publish to \$JS.API.STREAM.INFO.SHOP; docs/);
  assert.match(await errorOf({ nats: "ws://127.0.0.1:9" }), /^the NATS server at ws:\/\/127.0.0.1:9 is not reached; is that its websocket listener/);
  const refused = [await errorOf({ nats: ["ws://ear:s3cret@127.0.0.1:9/?token=s3cret"] }), await errorOf({ nats: ["wss://a.example", "nats://ear:s3cret@127.0.0.1:9/?token=s3cret"] }), await errorOf({ pass: 53 })];
  assert.match(refused[0], /^the NATS server at ws:\/\/127.0.0.1:9 is not reached/);
  assert.match(refused[1], /^BAD_QUERY: "nats" is .*, found "nats:\/\/127.0.0.1:9\/"$/);
  assert.equal(refused[2], `BAD_QUERY: "pass" is a text, found a value of type number`);
  assert.match(await errorOf({ nats: "nats://127.0.0.1:4222" }), /^BAD_QUERY: "nats" is the address of a server's WebSocket listener/);
  assert.match(await errorOf({ from: "all" }), /^BAD_QUERY: "from" needs a "stream"/);
  assert.match(await errorOf({ stream: "SHOP", from: 0 }), /^BAD_QUERY: "from" is "new", "all", a message's number from 1 on, or a Date, found 0$/);
});

test("a page whose policy forbids the server is told so", async () => {
  const { page, context } = await openStrictPage();
  const error = await page.evaluate(async nats => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    const engine = await open();
    return engine.connect({ nats, subject: "shop.>" }).then(() => "no error", error => `${error.code}: ${error.message}`);
  }, nats.url);
  await context.close();
  assert.equal(error, `SOURCE_LOST: the page's Content-Security-Policy does not allow ${nats.url}; add that to its connect-src`);
});
