/** A source's text: its bytes, unpacked and in UTF-8, whatever it was packed with and written in. */

/** @import { WireSource } from "./protocol.js" */

import { encodingOf, transcode } from "./encoding.js";
import { isHtml, readHtml } from "./html.js";
import { packingOf } from "./signatures.js";
import { memberOf, unpack } from "./unpack.js";

const BUFFER = 1 << 19;

/** Chromium 156 lets a stream that only a BYOB reader holds be collected as garbage, and its reads then never end. */
const held = new Set();

/** Bytes behind a part's end, where its last record mostly ends. */
const BEHIND = 1 << 16;

/** Bytes that tell what a source is. */
export const SAMPLE = 1 << 18;

/**
 * How many of a source's own bytes were read, and how many there are, where that is known.
 * @typedef {{ read: number, total?: number }} Meter
 * @typedef {AsyncGenerator<Uint8Array, void, void>} Chunks each is only good until the next is asked for
 *
 * @typedef {object} Opened
 * @property {Chunks} chunks
 * @property {Uint8Array} start the first bytes of them, at most `SAMPLE`, or all
 * @property {boolean} isAll
 * @property {boolean} isSeekable whether the chunks are the file's own bytes
 * @property {string} encoding the label of the one that it was written in
 * @property {string} [note] what the user is to know of how it was read
 * @property {Meter} meter
 */

/**
 * @param {WireSource} source
 * @param {string | undefined} encoding if it is told
 * @param {AbortSignal} signal ends it, also while it waits for bytes
 * @param {(meter: Meter) => Promise<void>} [heard] is told while it waits for the first ones
 * @returns {Promise<Opened>}
 */
export async function openSource(source, encoding, signal, heard = async () => {}) {
  /** @type {Meter} */
  const meter = { read: 0 };
  const first = await open(source, meter, signal);
  let begun = await peek(first, () => heard(meter));
  try {
    const packing = packingOf(begun.start);
    if (packing) begun = await peek(unpack(packing, begun.chunks, meter));
    const label = await encodingOf(encoding, begun.start, begun.isAll);
    const isUtf8 = label === "utf-8";
    if (!isUtf8) begun = await peek(transcode(begun.chunks, label));
    const html = isHtml(begun.start) ? await readHtml(begun.chunks) : undefined;
    if (html) begun = await peek(one(html.csv));
    return { ...begun, isSeekable: "blob" in source && source.member === undefined && !packing && isUtf8 && !html, encoding: label, note: html?.note, meter };
  } catch (error) {
    await leave(begun.chunks);
    throw error;
  }
}

/** Ends the reading of chunks that nobody wants. @param {Chunks} chunks */
export async function leave(chunks) {
  for await (const _ of chunks) break; // a generator that has not begun would not end what it reads from
}

/**
 * A file's own bytes from one on until nobody wants more, which mostly is soon behind `to`.
 * @param {Blob} blob @param {number} from @param {number} to
 * @returns {{ chunks: Chunks, meter: Meter }}
 */
export function readFrom(blob, from, to) {
  const meter = { read: 0 };
  const behind = Math.min(Math.max(from, to) + BEHIND, blob.size);
  const chunks = (async function* () {
    for (const [at, end] of [[from, behind], [behind, blob.size]]) yield* readBlob(blob.slice(at, end), meter);
  })();
  return { chunks, meter };
}

/** @param {Uint8Array} bytes @returns {Chunks} */
async function* one(bytes) {
  yield bytes;
}

/** @param {WireSource} source @param {Meter} meter @param {AbortSignal} signal @returns {Promise<Chunks>} */
async function open(source, meter, signal) {
  if ("blob" in source) {
    const { blob, member } = source;
    if (member !== undefined) return readStream(await memberOf(blob, member, meter), { read: 0 }, signal);
    meter.total = blob.size;
    return readBlob(blob, meter);
  }
  if ("stream" in source) {
    meter.total = source.totalBytes;
    return readStream(source.stream, meter, signal);
  }
  const response = await fetch(source.url, { signal }).catch(() => undefined);
  signal.throwIfAborted();
  if (!response?.ok || !response.body) {
    throw { code: "BAD_INPUT", message: `cannot fetch ${source.url}${response ? `: the server answered ${response.status}` : "; is the address right, and does its server allow this page (CORS)?"}` };
  }
  meter.total = response.headers.get("content-encoding") ? undefined : Number(response.headers.get("content-length")) || undefined;
  return readStream(response.body, meter, signal, () => ({ code: "BAD_INPUT", message: `cannot fetch ${source.url}: the connection broke off after ${meter.read} bytes` }));
}

/** The first bytes of some chunks, and all of them again. @param {Chunks} chunks @param {() => Promise<void>} [heard] after each chunk @returns {Promise<Pick<Opened, "chunks" | "start" | "isAll">>} */
async function peek(chunks, heard) {
  const bytes = new Uint8Array(SAMPLE);
  let length = 0, isAll = false;
  /** @type {Uint8Array} */
  let rest = new Uint8Array();
  while (length < SAMPLE && !isAll) {
    const { done, value } = await chunks.next();
    if (done) {
      isAll = true;
    } else {
      const fits = value.subarray(0, SAMPLE - length);
      bytes.set(fits, length);
      length += fits.length;
      rest = value.subarray(fits.length);
      await heard?.();
    }
  }
  const start = bytes.subarray(0, length);
  return { start, isAll, chunks: again(start, rest, chunks) };
}

/** @param {Uint8Array} start @param {Uint8Array} rest @param {Chunks} chunks @returns {Chunks} */
async function* again(start, rest, chunks) {
  try {
    if (start.length) yield start;
    if (rest.length) yield rest;
    yield* chunks;
  } finally {
    await chunks.return(); // where nobody wanted so much
  }
}

/**
 * Two buffers take turns, one being filled while the other is read: much cheaper than a new one for each piece.
 * @param {Blob} blob @param {Meter} meter @returns {Chunks}
 */
async function* readBlob(blob, meter) {
  const stream = blob.stream();
  held.add(stream);
  const reader = stream.getReader({ mode: "byob" });
  const fill = (/** @type {ArrayBuffer} */ buffer) => reader.read(new Uint8Array(buffer)).catch(() => {
    throw { code: "BAD_INPUT", message: "the file cannot be read any more; it was moved or changed since it was chosen" };
  });
  try {
    let spare = new ArrayBuffer(BUFFER);
    let coming = fill(new ArrayBuffer(BUFFER));
    for (;;) {
      const { done, value: chunk } = await coming;
      if (done || !chunk) return;
      coming = fill(spare);
      coming.catch(() => {}); // told when it is awaited
      meter.read += chunk.length;
      yield chunk;
      spare = /** @type {ArrayBuffer} */ (chunk.buffer);
    }
  } finally {
    held.delete(stream);
    await reader.cancel().catch(() => {}); // of no interest any more
  }
}

/** @param {ReadableStream<Uint8Array>} stream @param {Meter} meter @param {AbortSignal} signal @param {(error: unknown) => unknown} [broken] what is told where it breaks off @returns {Chunks} */
async function* readStream(stream, meter, signal, broken = error => error) {
  const reader = stream.getReader();
  const read = () => reader.read().catch(error => {
    signal.throwIfAborted();
    throw broken(error);
  });
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}), { once: true });
  try {
    for (;;) {
      const { done, value } = await read();
      if (done) return;
      meter.read += value.length;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // of no interest any more
  }
}
