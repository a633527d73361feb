// Events from a NATS server, read by the page over a WebSocket: with JetStream they are replayed, and none is lost or comes twice.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, close, server } from "./browser.mjs";
import { startNats } from "./natsserver.mjs";

const USERS = `
  authorization {
    users: [
      { user: "shop", password: "s3cret" }
      { user: "page", password: "reads", permissions: {
        publish: ["$JS.API.STREAM.INFO.SHOP", "$JS.API.CONSUMER.CREATE.SHOP.>", "$JS.API.CONSUMER.INFO.SHOP.*", "$JS.API.CONSUMER.MSG.NEXT.SHOP.*"]
        subscribe: ["shop.>", "_INBOX.>"]
      } }
    ]
  }`;
const SHOP = { user: "shop", pass: "s3cret" }, PAGE = { user: "page", pass: "reads" };

let nats, client, page;

before(async () => {
  nats = await startNats(USERS);
  client = await nats.client({ ...SHOP, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  await client.manager.streams.add({ name: "SHOP", subjects: ["shop.>"], duplicate_window: 120e9 });
  page = await openPage();
});

after(async () => {
  await client.connection.close();
  await nats.close();
  await close();
});

/** An empty page of another origin than the engine's, which may connect anywhere. */
async function openPage() {
  const page = await (await browser.newContext()).newPage();
  const other = server.url.replace("127.0.0.1", "localhost");
  await page.route(other + "empty", route => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>another site</title>" }));
  await page.goto(other + "empty");
  await page.evaluate(async url => {
    const { open } = await import(url);
    window.engine = await open();
    /** The data set of a stream and what becomes of it, and its status once it holds. */
    window.connect = async (source, options = {}) => {
      const heard = new Set();
      const states = [];
      const dataset = await window.engine.connect(source, { ...options, onStatus: status => {
        states.push(status.reason ? `${status.state}: ${status.reason}` : status.state);
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
  const between = await new Promise(resolve => setTimeout(() => resolve(Date.now()), 5));
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
