// Sources of events in headless Chromium, from real servers on this machine.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test as run } from "node:test";
import { browser, close, server } from "./browser.mjs";

const { WebSocketServer } = createRequire(new URL("../../www/package.json", import.meta.url))("ws");

/** Of the run in which a server is killed again and again. */
const MANY = Number(process.env.CLICKFOLD_STREAM_EVENTS ?? 200_000);

/** An event, as one line of JSON and as cells: they come in order, a tenth of a second after each other. */
const line = i => `{"id":"e${i}","user_id":${(i * 7919) % 997},"item":"item ${(i * i) % 31}","at":"${new Date(1.71e12 + i * 100).toISOString()}","price":${i % 50}.${i % 7}}`;
const cells = i => `e${i},${(i * 7919) % 997},item ${(i * i) % 31},${new Date(1.71e12 + i * 100).toISOString()},${i % 50}.${i % 7}`;
const HEADER = "id,user_id,item,at,price";
const lines = (from, to, of = line) => Array.from({ length: to - from }, (_, i) => of(from + i) + "\n").join("");

const test = (name, body, timeout = 60_000) => run(name, { timeout }, body);

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

test("what the engine needs for a stream is fetched while its first event is waited for", async () => {
  const own = await (await browser.newContext()).newPage();
  const fetched = own.context().waitForEvent("request", request => /complete-\w+\.wasm$/.test(request.url()));
  const { url } = await webSockets(async client => {
    await fetched;
    client.send(lines(0, 100));
  });
  await own.goto((await http(servePage)).url);
  const rows = await own.evaluate(async ([site, url]) => {
    const { open } = await import(`${site}clickfold.js`);
    const engine = await open({ workers: 1 });
    const { rows } = await engine.connect({ websocket: url });
    await engine.close();
    return rows;
  }, [server.url, url]);
  assert.equal(rows, 100);
  await own.context().close();
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
    const to = Math.min(from + 100, 500);
    for (let i = from; i < to; i++) {
      const [first, ...rest] = JSON.stringify(JSON.parse(line(i)), null, 1).split("\n");
      response.write(`id: ${i}\r\nevent: sale\rdata:${first}\n${rest.map(text => `data: ${text}\n`).join("")}\n`);
    }
    if (to === 500) return response.write("id: 500\ndata: not an event\n\n");
    // A half event is none. What has come when a connection breaks may be lost with it: each other one ends well.
    const isOdd = requests.filter(({ method }) => method === "GET").length % 2;
    response.write(`id: 9999\ndata: ${line(9999)}\n`, () => isOdd ? response.end() : response.socket.end());
  });
  const found = await page.evaluate(async url => {
    const { live, until, states } = window.follow({ sse: url, headers: { "x-shop": "17" } });
    const dataset = await live, status = await until(({ counters }) => counters.used === 500 && counters.invalid_frames === 1);
    const found = { status, states, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, 500)) };
    await dataset.close();
    return found;
  }, url);
  assert.equal(found.answers, found.expected);
  assert.ok(found.status.counters.reconnects >= 4);
  reconciles(found.status, 500, 500);
  const asked = requests.filter(({ method }) => method === "GET");
  assert.equal(asked[0].headers["last-event-id"], undefined);
  assert.ok(Number(asked.at(-1).headers["last-event-id"]) >= 399);
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
    const dataset = await live, { counters } = await until(({ counters: { used, frames } }) => used >= 50 && used === 10 * (frames - 1)); // none waits
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
  ];
  const large = Buffer.alloc(100 << 20, 0x7b);
  const { url } = await webSockets(socket => {
    // All of it before the first event, and all again between events.
    for (const frame of garbage) socket.send(frame);
    socket.send(large);
    for (let i = 0; i < 10; i++) socket.send(line(i));
    socket.send(large, { binary: false });
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
  // A garbage line that waits together with events is told the engine with them; "a;b;c" might be a header before the first event.
  assert.equal(counters.invalid_frames + counters.invalid, 2 * garbage.length + 2 - 1);
  assert.equal(counters.used, 10 + garbage.length);
  reconciles(found.status, counters.frames - counters.invalid_frames, 10 + garbage.length);
  assert.ok(counters.bytes > 2 * large.length);
});

test("a paused stream takes nothing, and goes on where it was", async () => {
  let client;
  const { url } = await webSockets(socket => {
    client = socket;
    socket.send(lines(0, 10));
  });
  await page.evaluate(async url => {
    window.paused = window.follow({ websocket: url }, { buffer: 20_000, maxFrame: 5_000 });
    window.dataset = await window.paused.live;
    window.dataset.pause();
  }, url);
  for (let i = 10; i < 400; i++) client.send(line(i));
  client.send(lines(1000, 1100));
  const found = await page.evaluate(async () => {
    const { until, states } = window.paused, { dataset } = window;
    const waiting = await until(({ counters }) => counters.frames === 392);
    const rows = dataset.rows;
    dataset.resume();
    const status = await until(({ counters }) => counters.used + counters.dropped_frames === 400);
    const ids = (await dataset.query({ kind: "rows", select: ["id"] })).rows().map(({ id }) => id);
    await dataset.close();
    return { waiting, rows, status, ids, states: states.map(({ state }) => state) };
  });
  assert.equal(found.rows, 10);
  assert.equal(found.waiting.state, "paused");
  assert.equal(found.waiting.counters.invalid_frames, 1);
  const { used, dropped_frames: dropped } = found.status.counters;
  assert.ok(dropped > 150 && dropped < 250, `${dropped} were dropped`);
  assert.deepEqual(found.ids, Array.from({ length: used }, (_, i) => `e${i}`));
  assert.deepEqual(found.states, ["connecting", "open", "paused", "open", "ended"]);
  reconciles(found.status, 1 + used - 10, used);
});

test("a source that can wait is made to: little is read of a response while the engine takes nothing", async () => {
  // More than the machine itself holds of a connection.
  const total = 160 << 20;
  let sent = 0, isStalled;
  const stalled = new Promise(resolve => { isStalled = resolve; });
  const { url } = await http((_, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    const piece = lines(0, 500);
    let timer;
    const more = () => {
      clearTimeout(timer);
      while (sent < total) {
        sent += piece.length;
        if (response.write(piece)) continue;
        timer = setTimeout(isStalled, 1000);
        return response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  const readBefore = await page.evaluate(async url => {
    window.paused = window.follow({ fetch: url }, { buffer: 1 << 20, keep: { rows: 10_000 } });
    window.dataset = await window.paused.live;
    window.dataset.pause();
    return window.dataset.status.counters.bytes;
  }, url);
  await stalled;
  const whilePaused = sent;
  const found = await page.evaluate(async () => {
    const { dataset } = window, before = dataset.status.counters.bytes;
    dataset.resume();
    const status = await window.paused.until(({ state }) => state === "ended");
    await dataset.close();
    return { before, status };
  });
  assert.ok(whilePaused < total, `the server could send ${whilePaused} bytes`);
  assert.ok(found.before - readBefore < 3 << 20, `${readBefore} bytes were read before the pause, then ${found.before}`);
  assert.equal(found.status.counters.bytes, sent);
  assert.equal(found.status.counters.dropped_frames, 0);
  reconciles(found.status, found.status.counters.frames, sent / lines(0, 500).length * 500);
});

test("a signal ends a stream, before the first event and after it", async () => {
  const { url } = await http((request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(request.url.endsWith("silent") ? ": nothing yet\n\n" : `data: ${line(0)}\n\n`);
  });
  const found = await page.evaluate(async url => {
    const codes = [];
    const abort = new AbortController(), silent = window.follow({ sse: url + "/silent" }, { signal: abort.signal });
    await silent.until(({ state }) => state === "open");
    abort.abort();
    codes.push(await window.codeOf(silent.live), await window.codeOf(window.engine.connect({ sse: url }, { signal: abort.signal })));
    const after = new AbortController(), told = window.follow({ sse: url }, { signal: after.signal });
    const dataset = await told.live;
    after.abort();
    const answers = await window.answers(dataset), status = dataset.status;
    await dataset.close();
    return { codes, status, answers, expected: await window.answersOf(window.lines(0, 1)) };
  }, url);
  assert.deepEqual(found.codes, ["CANCELLED: cancelled", "CANCELLED: cancelled"]);
  assert.equal(found.status.state, "ended");
  assert.equal(found.status.reason, "cancelled");
  assert.equal(found.answers, found.expected);
});

test("what a server answers says whether it is asked again", async () => {
  let asked = 0;
  const { url } = await http((request, response) => {
    asked++;
    if (request.url.endsWith("gone")) return response.writeHead(404).end("no such events");
    if (request.url.endsWith("page")) return response.writeHead(200, { "content-type": "text/html" }).end("<p>Log in");
    if (request.url.endsWith("empty")) return response.writeHead(200).end("\n");
    if (asked <= 2) return response.writeHead(503, asked === 1 ? { "retry-after": "1" } : {}).end("later");
    response.writeHead(200).end(lines(0, 5));
  });
  const found = await page.evaluate(async url => {
    const started = performance.now(), { live, until, states } = window.follow({ fetch: url });
    const dataset = await live, waited = performance.now() - started;
    const status = await until(({ state }) => state === "ended");
    await dataset.close();
    const gone = window.follow({ fetch: url + "/gone" }), codes = [await window.codeOf(gone.live)];
    await gone.until(({ state }) => state === "failed");
    for (const source of [{ sse: url + "/gone" }, { sse: url + "/page" }, { fetch: url + "/empty" }]) codes.push(await window.codeOf(window.engine.connect(source)));
    return { status, waited, states, codes, gone: gone.states };
  }, url);
  assert.deepEqual(found.states.map(({ state }) => state), ["connecting", "reconnecting", "open", "ended"]);
  assert.match(found.states[1].reason, /answered 503 Service Unavailable/);
  assert.ok(found.waited >= 1000, `it waited ${found.waited} ms`);
  reconciles(found.status, 1, 5);
  assert.match(found.codes[0], /^SOURCE_LOST: .* answered 404 Not Found/);
  assert.match(found.codes[1], /^SOURCE_LOST: .* answered 404/);
  assert.match(found.codes[2], /^SOURCE_LOST: .* answered with text\/html instead of text\/event-stream/);
  assert.equal(found.codes[3], "BAD_INPUT: the stream ended before an event came");
  assert.match(found.gone.at(-1).reason, /404/);
});

test("codes by which a WebSocket is closed say whether it is opened again", async () => {
  const { url } = await webSockets((socket, { url }) => {
    const code = Number(url.split("/").at(-1));
    socket.close(code, code === 4401 ? "log in" : "");
  });
  const found = await page.evaluate(async url => {
    const found = {};
    for (const code of [1008, 1003, 4401, 1001, 1011, 4000, 4429]) {
      const abort = new AbortController(), { live, until } = window.follow({ websocket: `${url}/${code}` }, { signal: abort.signal });
      const outcome = window.codeOf(live);
      const { state, reason } = await until(({ state }) => state === "reconnecting" || state === "failed");
      abort.abort();
      await outcome;
      found[code] = `${state}: ${reason}`;
    }
    return found;
  }, url);
  for (const code of [1008, 1003, 4401]) assert.match(found[code], new RegExp(`^failed: .*${code}`));
  for (const code of [1001, 1011, 4000, 4429]) assert.match(found[code], new RegExp(`^reconnecting: .*${code}`));
  assert.match(found[4401], /log in/);
});

test("a source that the page's policy forbids is said to be so, and not asked again", async () => {
  const codes = await page.evaluate(async () => {
    const codes = [];
    for (const source of [{ websocket: "wss://shop.example/events" }, { sse: "https://shop.example/events" }, { fetch: "https://shop.example/events" }]) {
      codes.push(await window.codeOf(window.engine.connect(source)));
    }
    return codes;
  });
  const protocols = ["wss", "https", "https"];
  codes.forEach((code, at) => assert.match(code, new RegExp(`^SOURCE_LOST: the page's Content-Security-Policy does not allow ${protocols[at]}://shop.example; add that to its connect-src`)));
});

test("wrong options and sources are said at once", async () => {
  const codes = await page.evaluate(async () => {
    const codes = [];
    for (const [source, options] of [
      [{}], [undefined], [{ websocket: "ws://127.0.0.1", sse: "/x" }], [{ websocket: "ws://127.0.0.1", helo: "" }], [{ websocket: "ftp://127.0.0.1" }], [{ fetch: "http://" }], [{ fetch: "/x", poll: -1 }],
      [{ broadcast: "" }], [{ broadcast: "x" }, { bufer: 1 }], [{ broadcast: "x" }, { buffer: 0 }], [{ broadcast: "x" }, { idle: "soon" }], [{ broadcast: "x" }, { format: { encoding: "klingon" } }],
      [{ broadcast: "x" }, { lateness: 10 }], [{ broadcast: "x" }, { keep: { row: 5 } }],
    ]) codes.push(await window.codeOf(window.engine.connect(source, options)));
    return codes;
  });
  codes.forEach(code => assert.match(code, /^BAD_QUERY: /));
  assert.match(codes[3], /unknown option "helo" of websocket; known are protocols, hello, resume/);
  assert.deepEqual(codes.slice(-2), ['BAD_QUERY: "lateness" must be a string, found 10', 'BAD_QUERY: unknown option "row" of "keep"; known are rows, time']);
});

test("a stream whose engine is closed fails, and says why", async () => {
  let client;
  const { url } = await webSockets(socket => {
    client = socket;
    socket.send(line(0));
  });
  await page.evaluate(async url => {
    const { open } = await import(performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/clickfold.js")).name);
    const engine = await open({ workers: 1 }), other = window.engine;
    window.engine = engine;
    window.lost = window.follow({ websocket: url });
    window.engine = other;
    await window.lost.live;
    await engine.close();
  }, url);
  client.send(line(1));
  const status = await page.evaluate(() => window.lost.until(({ state }) => state === "failed"));
  assert.match(status.reason, /the engine is closed/);
  reconciles(status, 1, 1);
});

test("an event that came before is dropped by its id", async () => {
  const { url } = await webSockets(socket => {
    socket.send(lines(0, 100));
    socket.send(lines(50, 150));
    socket.send(line(3));
    socket.close(1000);
  });
  const found = await page.evaluate(async url => {
    const { live, until } = window.follow({ websocket: url }, { id: "id" });
    const dataset = await live, status = await until(({ state }) => state === "ended");
    const found = { status, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, 150)), rows: dataset.rows };
    await dataset.close();
    return found;
  }, url);
  assert.equal(found.answers, found.expected);
  assert.equal(found.status.counters.duplicate, 51);
  reconciles(found.status, 3, 150);
});

test("when no event comes for so long, the stream's clock goes on with the wall's", async () => {
  const { url } = await webSockets(socket => socket.send(lines(0, 10)));
  const [newest, later] = await page.evaluate(async url => {
    const { live } = window.follow({ websocket: url }, { idle: "1s" });
    const dataset = await live, newest = dataset.live.newest.getTime();
    const later = await new Promise(resolve => {
      const stop = dataset.watch({ kind: "aggregate", measures: { n: { fn: "count" } } }, () => {}, { window: { size: "1s" }, every: 10, onClosed: ({ live }) => {
        if (live.watermark.getTime() <= newest) return;
        stop();
        resolve(live.watermark.getTime());
      } });
    });
    await dataset.close();
    return [newest, later];
  }, url);
  assert.ok(later >= newest + 1000 && later < newest + 60_000, `${later - newest} ms later`);
});

test(`a server that is killed 20 times during ${MANY} events loses none`, async () => {
  const KILLS = 20, OVERLAP = 1000, FRAME = 50;
  let sockets, kills = 0, again;
  const heard = [];
  const serveFrom = socket => socket.on("message", async message => {
    const { after } = JSON.parse(String(message));
    heard.push(after);
    let at = Math.max(0, after + 1 - OVERLAP);
    const until = kills < KILLS ? Math.floor(MANY * (kills + 1) / (KILLS + 1)) : MANY;
    while (at < until && socket.readyState === socket.OPEN) {
      const to = Math.min(at + FRAME, until);
      await new Promise(sent => socket.send(lines(at, to), sent));
      at = to;
    }
    if (socket.readyState !== socket.OPEN) return;
    if (until === MANY) return socket.close(1000);
    kills++;
    await sockets.end();
    again = webSockets(serveFrom, sockets.port);
    sockets = await again;
  });
  sockets = await webSockets(serveFrom);
  const found = await page.evaluate(async ([url, n]) => {
    const source = { websocket: url, hello: `{"after":-1}`, resume: id => JSON.stringify({ after: Number(id.slice(1)) }) };
    const started = performance.now(), { live, until } = window.follow(source, { id: "id", buffer: 256 << 20 });
    const dataset = await live, status = await until(({ state }) => state === "ended" || state === "failed");
    const took = performance.now() - started;
    const found = { took, status, rows: dataset.rows, report: dataset.report, answers: await window.answers(dataset), expected: await window.answersOf(window.lines(0, n)) };
    await dataset.close();
    return found;
  }, [sockets.url, MANY]);
  assert.equal(kills, KILLS);
  assert.equal(found.status.state, "ended", found.status.reason);
  assert.equal(found.answers, found.expected);
  const { counters } = found.status;
  assert.ok(counters.reconnects >= KILLS);
  assert.ok(counters.duplicate > 0);
  assert.equal(counters.dropped_frames + counters.invalid_frames + counters.invalid, 0);
  reconciles(found.status, counters.frames, MANY);
  assert.deepEqual([found.report.read, found.report.used, found.report.duplicate], [counters.received, counters.used, counters.duplicate]);
  assert.equal(found.rows, MANY);
  console.log(`# ${MANY} events, ${counters.duplicate} duplicates, ${counters.reconnects} reconnections in ${Math.round(found.took)} ms`);
}, 300_000);
