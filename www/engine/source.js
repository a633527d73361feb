/** @import { WireSource } from "./protocol.js" */

const BUFFER = 1 << 19;

/** Chromium 156 lets a stream that only a BYOB reader holds be collected as garbage, and its reads then never end. */
const held = new Set();

/** Bytes behind a part's end, where its last record mostly ends. */
const BEHIND = 1 << 16;

/**
 * A source's bytes in pieces, unpacked if they are gzip, with how many of its own bytes were read.
 * @param {WireSource} source
 * @param {AbortSignal} signal ends it, also while it waits for bytes
 * @returns {AsyncGenerator<{ chunk: Uint8Array, readBytes: number, totalBytes?: number, isPacked: boolean }>}
 */
export async function* readChunks(source, signal) {
  if ("blob" in source) {
    const isGzip = isGzipStart(new Uint8Array(await source.blob.slice(0, 2).arrayBuffer()));
    yield* isGzip ? readStream(source.blob.stream(), signal, source.blob.size) : readBlob(source.blob);
  } else if ("url" in source) {
    const response = await fetch(source.url, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    if (!response?.ok || !response.body) {
      throw { code: "BAD_INPUT", message: `cannot fetch ${source.url}${response ? `: the server answered ${response.status}` : "; is the address right, and does its server allow this page (CORS)?"}` };
    }
    const length = response.headers.get("content-encoding") ? 0 : Number(response.headers.get("content-length"));
    yield* readStream(response.body, signal, length || undefined);
  } else {
    yield* readStream(source.stream, signal, source.totalBytes);
  }
}

/**
 * A file's bytes, unpacked ones of a packed file, from one byte on until nobody wants more, which mostly is soon behind `to`.
 * @param {Blob} blob @param {boolean} packed @param {number} from @param {number} to @param {AbortSignal} signal
 * @returns {AsyncGenerator<{ chunk: Uint8Array, readBytes: number }>}
 */
export async function* readFrom(blob, packed, from, to, signal) {
  if (packed) {
    let skip = from;
    for await (const { chunk, readBytes } of readChunks({ blob }, signal)) {
      yield { chunk: chunk.subarray(skip), readBytes };
      skip = Math.max(0, skip - chunk.length);
    }
    return;
  }
  const behind = Math.min(Math.max(from, to) + BEHIND, blob.size);
  for (const [at, end] of [[from, behind], [behind, blob.size]]) {
    for await (const { chunk, readBytes } of readBlob(blob.slice(at, end))) yield { chunk, readBytes: at - from + readBytes };
  }
}

/** @param {Uint8Array} bytes */
const isGzipStart = bytes => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Two buffers take turns, one being filled while the other is read: much cheaper than a new one for each piece.
 * A chunk is only good until the next is asked for.
 * @param {Blob} blob
 */
async function* readBlob(blob) {
  const stream = blob.stream();
  held.add(stream);
  const reader = stream.getReader({ mode: "byob" });
  const fill = (/** @type {ArrayBuffer} */ buffer) => reader.read(new Uint8Array(buffer)).catch(() => {
    throw { code: "BAD_INPUT", message: "the file cannot be read any more; it was moved or changed since it was chosen" };
  });
  try {
    let spare = new ArrayBuffer(BUFFER), readBytes = 0;
    let coming = fill(new ArrayBuffer(BUFFER));
    for (;;) {
      const { done, value: chunk } = await coming;
      if (done || !chunk) return;
      coming = fill(spare);
      coming.catch(() => {}); // told when it is awaited
      readBytes += chunk.length;
      yield { chunk, readBytes, totalBytes: blob.size, isPacked: false };
      spare = /** @type {ArrayBuffer} */ (chunk.buffer);
    }
  } finally {
    held.delete(stream);
    await reader.cancel().catch(() => {}); // of no interest any more
  }
}

/** @param {ReadableStream<Uint8Array>} stream @param {AbortSignal} signal @param {number} [totalBytes] */
async function* readStream(stream, signal, totalBytes) {
  const reader = stream.getReader();
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}), { once: true });
  let readBytes = 0;
  const next = async () => {
    const { value } = await reader.read();
    readBytes += value?.length ?? 0;
    return value;
  };
  const start = await readStart(next);
  const whole = new ReadableStream({
    start: controller => controller.enqueue(start),
    async pull(controller) {
      const chunk = await next();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: () => reader.cancel(),
  });
  const isPacked = isGzipStart(start);
  for await (const chunk of isPacked ? unpack(whole) : pull(whole)) yield { chunk, readBytes, totalBytes, isPacked };
}

/** A stream's first chunks, until they tell whether it is gzip. @param {() => Promise<Uint8Array | undefined>} next */
async function readStart(next) {
  let start = await next() ?? new Uint8Array();
  while (start.length < 2) {
    const chunk = await next();
    if (!chunk) break;
    const longer = new Uint8Array(start.length + chunk.length);
    longer.set(start);
    longer.set(chunk, start.length);
    start = longer;
  }
  return start;
}

/** @param {ReadableStream<Uint8Array>} packed */
async function* unpack(packed) {
  try {
    yield* pull(packed.pipeThrough(/** @type {any} */ (new DecompressionStream("gzip"))));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw { code: "BAD_INPUT", message: "the gzip file cannot be unpacked to its end: it is damaged, cut off or made of several parts; unpack it first" };
  }
}

/** @param {ReadableStream<Uint8Array>} stream @returns {AsyncGenerator<Uint8Array>} */
async function* pull(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // of no interest any more
  }
}
