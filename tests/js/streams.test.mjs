// Sources of events in headless Chromium, from real servers on this machine.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { browser, close, server } from "./browser.mjs";

const { WebSocketServer } = createRequire(new URL("../../www/package.json", import.meta.url))("ws");

/** Of the run in which a server is killed again and again. */
const MANY = Number(process.env.CLICKFOLD_STREAM_EVENTS ?? 200_000);

/** An event, as one line of JSON and as cells: they come in order, a tenth of a second after each other. */
const line = i => `{"id":"e${i}","user_id":${(i * 7919) % 997},"item":"item ${(i * i) % 31}","at":"${new Date(1.71e12 + i * 100).toISOString()}","price":${i % 50}.${i % 7}}`;
const cells = i => `e${i},${(i * 7919) % 997},item ${(i * i) % 31},${new Date(1.71e12 + i * 100).toISOString()},${i % 50}.${i % 7}`;
const HEADER = "id,user_id,item,at,price";
const lines = (from, to, of = line) => Array.from({ length: to - from }, (_, i) => of(from + i) + "\n").join("");

let page;
const servers = [];

before(async () => {
  page = await (await browser.newContext()).newPage();
  page.on("pageerror", error => console.error(error));
  await page.goto((await http(servePage)).url);
  await page.evaluate(async site => {
    const { open } = await import(`${site}clickfold.js`);
    window.engine = await open({ workers: 1 });
    const QUERIES = [
      { kind: "aggregate", group_by: ["item"], measures: { n: { fn: "count" }, users: { fn: "count_distinct", column: "user_id" }, total: { fn: "sum", column: "price" } } },
      { kind: "aggregate", group_by: [{ column: "at", every: "1h", as: "hour" }], measures: { n: { fn: "count" } } },
    ];
    window.answers = async dataset => JSON.stringify(await Promise.all(QUERIES.map(async query => (await dataset.query(query)).rows())));
    /** What a file with these texts answers. */
    window.answersOf = async (text, options) => {
      const dataset = await window.engine.load(new TextEncoder().encode(text), options);
      try {
        return await window.answers(dataset);
      } finally {
        await dataset.close();
      }
    };
    window.codeOf = promise => promise.then(() => "no error", error => `${error.code}: ${error.message}`);
    /** Connects, and notes what is told: `until` waits for a status. */
    window.follow = (source, options = {}) => {
      const waiting = new Set(), states = [];
      let status;
      const look = () => {
        for (const { check, resolve } of waiting) if (check(status)) resolve(status);
      };
      const onStatus = told => {
        status = told;
        if (states.at(-1)?.state !== told.state || states.at(-1)?.reason !== told.reason) states.push({ state: told.state, reason: told.reason });
        look();
      };
      const until = check => new Promise(resolve => {
        const waiter = { check, resolve: status => { waiting.delete(waiter); resolve(status); } };
        waiting.add(waiter);
        if (status) look();
      });
      return { live: window.engine.connect(source, { ...options, onStatus }), until, states };
    };
    window.lines = (from, to, of = window.line) => Array.from({ length: to - from }, (_, i) => of(from + i) + "\n").join("");
  }, server.url);
  await page.evaluate(`window.line = ${line}; window.cells = ${cells}`);
});

after(async () => {
  for (const end of servers) await end();
  await close();
});

/** A page of another origin than the engine's files, under a strict policy that allows its sources; and a script for its frames. */
function servePage(request, response) {
  if (request.url === "/frame.js") {
    return response.writeHead(200, { "content-type": "text/javascript" }).end(`onmessage = ({ data }) => parent.postMessage(data, "*"); parent.postMessage("here", "*");`);
  }
  const site = new URL(server.url).origin;
  const policy = `default-src 'self'; script-src 'self' ${site} 'wasm-unsafe-eval'; worker-src blob: ${site}; frame-src 'self'; connect-src ${site} http://127.0.0.1:* ws://127.0.0.1:*`;
  response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy }).end(request.url === "/frame" ? '<script src="/frame.js"></script>' : "<!doctype html><title>streams</title>");
}

/** A WebSocket server that does so with each client. */
async function webSockets(serve, port = 0) {
  const sockets = new WebSocketServer({ port, host: "127.0.0.1", maxPayload: 1 << 28 });
  await new Promise((listening, failed) => sockets.on("listening", listening).on("error", failed));
  sockets.on("connection", serve);
  const end = async () => {
    for (const client of sockets.clients) client.terminate();
    await new Promise(closed => sockets.close(closed));
  };
  servers.push(end);
  return { url: `ws://127.0.0.1:${sockets.address().port}/events`, port: sockets.address().port, end };
}

/** An HTTP server that does so with each request. */
async function http(serve) {
  const requests = [];
  const answering = createServer((request, response) => {
    requests.push(request);
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    response.setHeader("access-control-expose-headers", "retry-after");
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    serve(request, response);
  });
  await new Promise(listening => answering.listen(0, "127.0.0.1", listening));
  servers.push(async () => {
    answering.closeAllConnections();
    await new Promise(closed => answering.close(closed));
  });
  return { url: `http://127.0.0.1:${answering.address().port}/events`, requests };
}

/** Every message and every event is somewhere; `taken` messages were events, and none waits. */
function reconciles({ counters: c }, taken, rows) {
  assert.equal(c.frames, taken + c.invalid_frames + c.dropped_frames, JSON.stringify(c));
  assert.equal(c.received, c.used + c.invalid + c.filtered + c.duplicate, JSON.stringify(c));
  if (rows !== undefined) assert.equal(c.used, rows);
}

test("a WebSocket's messages are rows, whatever they are written in", async () => {
  const heard = [];
  const { url } = await webSockets(socket => socket.on("message", message => {
    heard.push(String(message));
    socket.send(line(0));
    socket.send(Buffer.from(lines(1, 20)));
    socket.send(`[${line(20)},\n${line(21)}]`);
    socket.send(JSON.stringify(JSON.parse(line(22)), null, 2));
    socket.send(cells(23));
    socket.send(`${HEADER}\n${lines(24, 30, cells)}`);
    socket.send("");
    socket.send("[]");
    for (let i = 30; i < 1000; i++) socket.send(line(i));
    socket.close(1000);
  }));
  const found = await page.evaluate(async url => {
    const { live, until, states } = window.follow({ websocket: url, hello: "the shop's events, please" });
    const dataset = await live;
    const status = await until(({ state }) => state === "ended");
    const found = { status, states, rows: dataset.rows, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, 1000)), now: dataset.status.state };
    await dataset.close();
    return found;
  }, url);
  assert.deepEqual(heard, ["the shop's events, please"]);
  assert.equal(found.answers, found.expected);
  assert.deepEqual(found.states.map(({ state }) => state), ["connecting", "open", "ended"]);
  assert.equal(found.now, "ended");
  assert.equal(found.status.counters.invalid_frames + found.status.counters.invalid, 0);
  reconciles(found.status, 978, 1000);
});

test("rows of cells: a header alone, headers again, and names that the schema gives", async () => {
  const { url } = await webSockets((socket, { url }) => {
    const isNamed = url.endsWith("named");
    if (!isNamed) socket.send(HEADER);
    for (let i = 0; i < 50; i++) socket.send(cells(i));
    if (!isNamed) socket.send(HEADER);
    for (let i = 50; i < 100; i++) socket.send(isNamed ? cells(i) : `${HEADER}\r\n${cells(i)}\r\n`);
    socket.close(1000);
  });
  const found = await page.evaluate(async url => {
    const run = async (url, options) => {
      const { live, until } = window.follow({ websocket: url }, options);
      const dataset = await live, status = await until(({ state }) => state === "ended");
      const answers = await window.answers(dataset);
      await dataset.close();
      return { status, answers };
    };
    const schema = { id: { type: "text" }, user_id: { role: "actor" }, item: {}, at: {}, price: {} };
    return [await run(url), await run(url + "/named", { format: { kind: "csv", header: false }, schema }), await window.answersOf(window.lines(0, 100))];
  }, url);
  assert.equal(found[0].answers, found[2]);
  assert.equal(found[1].answers, found[2]);
  reconciles(found[0].status, 102, 100);
  reconciles(found[1].status, 100, 100);
  assert.equal(found[0].status.counters.invalid_frames, 0);
});

test("Arrow frames are rows", async () => {
  const frames = await page.evaluate(async () => {
    const frames = [];
    for (const [from, to] of [[0, 10], [10, 60], [60, 100]]) {
      const dataset = await window.engine.load(new TextEncoder().encode(window.lines(from, to)));
      frames.push([...(await dataset.query({ kind: "rows" })).ipc]);
      await dataset.close();
    }
    return frames;
  });
  const { url } = await webSockets(socket => {
    for (const frame of frames) socket.send(Uint8Array.from(frame));
    socket.close(1000);
  });
  const found = await page.evaluate(async url => {
    const { live, until } = window.follow({ websocket: url });
    const dataset = await live, status = await until(({ state }) => state === "ended");
    const found = { status, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, 100)) };
    await dataset.close();
    return found;
  }, url);
  assert.equal(found.answers, found.expected);
  reconciles(found.status, 3, 100);
});

test("server-sent events go on behind the last one when the connection breaks", async () => {
  const { url, requests } = await http((request, response) => {
    const from = Number(request.headers["last-event-id"] ?? -1) + 1;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\nretry: 10\n\n");
    for (let i = from; i < from + 100; i++) {
      const [first, ...rest] = JSON.stringify(JSON.parse(line(i)), null, 1).split("\n");
      response.write(`id: ${i}\r\nevent: sale\rdata:${first}\n${rest.map(text => `data: ${text}\n`).join("")}\n`);
    }
    // A half event is none.
    if (from < 400) return response.write(`id: 9999\ndata: ${line(9999)}\n`, () => from % 200 ? response.end() : response.socket.end());
    response.write("id: 500\ndata: not an event\n\n", () => response.end());
  });
  const found = await page.evaluate(async url => {
    const { live, until, states } = window.follow({ sse: url, headers: { "x-shop": "17" } });
    const dataset = await live, status = await until(({ counters }) => counters.used === 500);
    const found = { status, states, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, 500)) };
    await dataset.close();
    return found;
  }, url);
  assert.equal(found.answers, found.expected);
  assert.equal(found.status.counters.reconnects, 4);
  reconciles(found.status, 500, 500);
  const asked = requests.filter(({ method }) => method === "GET");
  assert.deepEqual(asked.slice(0, 5).map(({ headers }) => headers["last-event-id"]), [undefined, "99", "199", "299", "399"]);
  assert.equal(asked[0].headers["x-shop"], "17");
  assert.match(found.states.find(({ state }) => state === "reconnecting").reason, /broke off|ended its response/);
});

test("a long response is read line by line, quoted line ends and all", async () => {
  const rows = i => cells(i).replace(/item \d+/, item => `"${item}\n, ""large"""`);
  const { url } = await http((request, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    const text = request.url.endsWith("csv") ? `${HEADER}\n${lines(0, 3000, rows)}` : lines(0, 3000).trimEnd();
    let at = 0;
    const more = () => at < text.length ? response.write(text.slice(at, at += 7001), more) : response.end();
    more();
  });
  const found = await page.evaluate(async ([url, texts]) => {
    const found = [];
    for (const [kind, text] of texts) {
      const { live, until } = window.follow({ fetch: `${url}/${kind}` });
      const dataset = await live, status = await until(({ state }) => state === "ended");
      found.push({ status, answers: await window.answers(dataset), expected: await window.answersOf(text) });
      await dataset.close();
    }
    return found;
  }, [url, [["ndjson", lines(0, 3000)], ["csv", `${HEADER}\n${lines(0, 3000, rows)}`]]]);
  for (const { status, answers, expected } of found) {
    assert.equal(answers, expected);
    assert.equal(status.counters.used, 3000);
    assert.equal(status.counters.invalid_frames, 0);
  }
});

test("an address is asked again and again, and its arrays are rows", async () => {
  let asked = 0;
  const { url } = await http((_, response) => {
    const from = asked++ * 10;
    response.writeHead(200, { "content-type": "application/json" }).end(asked === 3 ? "[]" : `[\n${lines(from, from + 10).trim().replaceAll("\n", ",\n")}\n]`);
  });
  const found = await page.evaluate(async url => {
    const { live, until } = window.follow({ fetch: url, poll: 5 });
    const dataset = await live, { counters } = await until(({ counters }) => counters.used >= 50);
    await dataset.close();
    return { counters, state: dataset.status.state };
  }, url);
  assert.ok(asked >= 6);
  assert.equal(found.counters.invalid_frames, 0);
  assert.equal(found.state, "ended");
  reconciles(found, found.counters.used / 10 + 1);
});

test("what other tabs broadcast: objects, lists of them, text and bytes", async () => {
  const found = await page.evaluate(async () => {
    const { live, until } = window.follow({ broadcast: "clickfold test" });
    const channel = new BroadcastChannel("clickfold test"), event = i => JSON.parse(window.line(i));
    await until(({ state }) => state === "open");
    channel.postMessage(event(0));
    const dataset = await live;
    channel.postMessage([event(1), event(2)]);
    channel.postMessage(window.lines(3, 5));
    channel.postMessage(new TextEncoder().encode(window.lines(5, 7)));
    channel.postMessage({ ...event(7), at: new Date(event(7).at), user_id: BigInt(event(7).user_id) });
    const cyclic = {};
    cyclic.self = cyclic;
    for (const garbage of [17, null, undefined, "hello", [1, 2], [null], cyclic, new Date(), true]) channel.postMessage(garbage);
    channel.postMessage(event(8));
    const status = await until(({ counters }) => counters.used === 9);
    const found = { status, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, 9)) };
    await dataset.close();
    channel.postMessage(event(9));
    channel.close();
    return { ...found, after: dataset.status };
  });
  assert.equal(found.answers, found.expected);
  assert.equal(found.status.counters.invalid_frames, 9);
  reconciles(found.status, 6, 9);
  assert.deepEqual(found.after.counters, found.status.counters);
});

test("messages of other windows are taken from the origins that are named, and no others", async () => {
  const found = await page.evaluate(async () => {
    const codes = [];
    for (const source of [
      { postMessage: window, origins: ["*"] }, { postMessage: window, origins: ["https://shop.example/path"] }, { postMessage: window, origins: [] },
      { postMessage: window, origins: ["null"] }, { postMessage: {}, origins: [location.origin] }, { postMessage: window },
    ]) codes.push(await window.codeOf(window.engine.connect(source)));
    const frame = async sandbox => {
      const frame = document.createElement("iframe");
      if (sandbox !== undefined) frame.setAttribute("sandbox", sandbox);
      frame.src = "/frame";
      const said = new Promise(resolve => addEventListener("message", function hear({ source, data }) {
        if (source !== frame.contentWindow || data !== "here") return;
        removeEventListener("message", hear);
        resolve();
      }));
      document.body.append(frame);
      await said;
      return frame.contentWindow;
    };
    const own = await frame(), boxed = await frame("allow-scripts");
    const followed = window.follow({ postMessage: window, origins: [location.origin] });
    const boxedFollowed = window.follow({ postMessage: boxed, origins: ["null"] });
    const { port1, port2 } = new MessageChannel();
    const portFollowed = window.follow({ postMessage: port1, origins: [] });
    for (const { until } of [followed, boxedFollowed, portFollowed]) await until(({ state }) => state === "open");
    for (let i = 0; i < 5; i++) {
      boxed.postMessage(window.line(100 + i), "*");
      own.postMessage(window.line(i), "*");
      port2.postMessage(window.line(i));
    }
    const rows = [];
    for (const { live, until } of [followed, boxedFollowed, portFollowed]) {
      const dataset = await live, { counters } = await until(({ counters }) => counters.used === 5);
      rows.push([(await dataset.query({ kind: "rows", select: ["id"], order_by: ["id"] })).rows().map(({ id }) => id).join(" "), counters.frames]);
      await dataset.close();
    }
    return { codes, rows };
  });
  const codes = ['"\\*" would take messages from everybody', "is no origin", "names nobody", 'the origin "null" is that of every', "is a window or a MessagePort", "is a list of the origins"];
  codes.forEach((text, at) => assert.match(found.codes[at], new RegExp(`^BAD_QUERY: .*${text}`)));
  assert.deepEqual(found.rows, [["e0 e1 e2 e3 e4", 5], ["e100 e101 e102 e103 e104", 5], ["e0 e1 e2 e3 e4", 5]]);
});

test("garbage is counted, and takes no event with it", async () => {
  const noise = Buffer.from(Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) % 256));
  const garbage = [
    noise, "<!doctype html><table><tr><td>1<td>2</table>", "ping", `[${line(1)},{"id":"e2","us`, `{"id":"e3","user_`, "[1,2,3]", "{}}", "\0\0\0", "{nonsense}",
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0x10, 0, 0, 0, 1, 2, 3, 4]), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), "a;b;c", "null", '"text"', "[".repeat(100_000), "[".repeat(1000) + "]".repeat(1000),
    Buffer.alloc(100 << 20, 0x7b), "x".repeat(100 << 20),
  ];
  const { url } = await webSockets(socket => {
    // All of it before the first event, and all again between events.
    for (const frame of garbage) socket.send(frame);
    for (let i = 0; i < 10; i++) socket.send(line(i));
    for (const frame of garbage) {
      socket.send(frame);
      socket.send(line(10 + garbage.indexOf(frame)));
    }
    socket.close(1000);
  });
  const found = await page.evaluate(async ([url, n]) => {
    const { live, until } = window.follow({ websocket: url });
    const dataset = await live, status = await until(({ state }) => state === "ended");
    const found = { status, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, n)) };
    await dataset.close();
    return found;
  }, [url, 10 + garbage.length]);
  assert.equal(found.answers, found.expected);
  const { counters } = found.status;
  // A garbage line that waits together with events is told the engine with them.
  assert.equal(counters.invalid_frames + counters.invalid, 2 * garbage.length);
  assert.equal(counters.used, 10 + garbage.length);
  reconciles(found.status, counters.frames - counters.invalid_frames, 10 + garbage.length);
  assert.ok(counters.bytes > 400 << 20);
});
