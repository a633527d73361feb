// The worker in headless Chromium: it is under the page's policy, and hears a cancel while it reads.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { after, test } from "node:test";
import { close, openPage } from "./browser.mjs";

after(close);

/** Runs in the page, which has an engine and the error codes of promises. */
async function withEngine(run, argument) {
  const { page } = await openPage();
  await page.evaluate(async () => {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    window.engine = await open();
    window.codeOf = promise => promise.then(() => "no error", error => `${error.code}: ${error.message}`);
  });
  return page.evaluate(run, argument);
}

test("the page's Content-Security-Policy holds in the worker: no other site is reached", async () => {
  let asked = 0;
  const other = createServer((_, response) => {
    asked++;
    response.writeHead(200, { "access-control-allow-origin": "*" }).end("a,b\n1,2\n");
  });
  await new Promise(listening => other.listen(0, "127.0.0.1", listening));
  try {
    assert.match(await withEngine(url => window.codeOf(window.engine.load(new URL(url))), `http://127.0.0.1:${other.address().port}/events.csv`), /^BAD_INPUT: cannot fetch/);
    assert.equal(asked, 0);
  } finally {
    other.close();
  }
});

test("a cancel is heard while a file is read, not after it", async () => {
  const [whole, cancelled] = await withEngine(async () => {
    const part = new Blob(["2024-01-01 00:00:00,abcdefgh,12345\n".repeat(1_000_000)]);
    const blob = new Blob(["at,item,n\n", ...Array(12).fill(part)]), small = new Blob(["a\n1\n"]);
    const started = performance.now();
    await (await window.engine.load(blob)).close();
    const whole = performance.now() - started;
    // A busy machine only ever lengthens it: the shortest of a few counts.
    let cancelled = Infinity;
    for (let i = 0; i < 5 && cancelled >= whole / 3; i++) {
      const abort = new AbortController();
      let heard = 0;
      const code = await window.codeOf(window.engine.load(blob, { signal: abort.signal, onProgress: () => {
        heard ||= performance.now();
        abort.abort();
      } }));
      if (!code.startsWith("CANCELLED")) throw new Error(code);
      await (await window.engine.load(small)).close(); // answered when the worker is free again
      cancelled = Math.min(cancelled, performance.now() - heard);
    }
    return [whole, cancelled];
  });
  assert.ok(cancelled < whole / 3, `the worker went on for ${cancelled} ms of a load of ${whole} ms`);
});

test("a stream that has stalled is let go when its load is cancelled", async () => {
  const code = await withEngine(async () => {
    const abort = new AbortController();
    let letGo = () => {};
    const isLetGo = new Promise(resolve => { letGo = resolve; });
    const stream = new ReadableStream({ pull: controller => controller.enqueue(new TextEncoder().encode("a,b\n1,2\n")), cancel: letGo }, { highWaterMark: 0 });
    let pieces = 0;
    const slow = stream.pipeThrough(new TransformStream({ transform: (chunk, controller) => pieces++ ? new Promise(() => {}) : controller.enqueue(chunk) }));
    const code = window.codeOf(window.engine.load(slow, { signal: abort.signal, onProgress: () => abort.abort() }));
    await isLetGo;
    return code;
  });
  assert.equal(code, "CANCELLED: cancelled");
});

test("gzip is known however a stream cuts it, and damage is said", async () => {
  const rows = await withEngine(async packed => {
    const bytes = Uint8Array.from(packed);
    const inPieces = bytes => new ReadableStream({
      start: controller => bytes.forEach((_, i) => controller.enqueue(bytes.slice(i, i + 1))),
      pull: controller => controller.close(),
    });
    const dataset = await window.engine.load(inPieces(bytes));
    return [dataset.rows, await window.codeOf(window.engine.load(bytes.slice(0, -9))), await window.codeOf(window.engine.load(inPieces(new Uint8Array())))];
  }, [...gzipSync("a,b\n1,2\n3,4\n")]);
  assert.equal(rows[0], 2);
  assert.match(rows[1], /^BAD_INPUT: the gzip file cannot be unpacked to its end/);
  assert.equal(rows[2], "BAD_INPUT: the file is empty");
});
