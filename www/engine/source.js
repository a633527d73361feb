/** @import { WireSource } from "./protocol.js" */

const BUFFER = 1 << 20;

/** Chromium 156 lets a stream that only a BYOB reader holds be collected as garbage, and its reads then never end. */
const held = new Set();

/**
 * A source's bytes in pieces, unpacked if they are gzip, with how many of its own bytes were read.
 * @param {WireSource} source
 * @returns {AsyncGenerator<{ chunk: Uint8Array, readBytes: number, totalBytes?: number }>}
 */
export async function* readChunks(source) {
  if ("blob" in source) {
    const isGzip = isGzipStart(new Uint8Array(await source.blob.slice(0, 2).arrayBuffer()));
    yield* isGzip ? readStream(source.blob.stream(), source.blob.size) : readBlob(source.blob);
  } else if ("url" in source) {
    const response = await fetch(source.url).catch(() => undefined);
    if (!response?.ok || !response.body) {
      throw { code: "BAD_INPUT", message: `cannot fetch ${source.url}${response ? `: the server answered ${response.status}` : "; is the address right, and does its server allow this page (CORS)?"}` };
    }
    const length = response.headers.get("content-encoding") ? 0 : Number(response.headers.get("content-length"));
    yield* readStream(response.body, length || undefined);
  } else {
    yield* readStream(source.stream, source.totalBytes);
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
      yield { chunk, readBytes, totalBytes: blob.size };
      spare = /** @type {ArrayBuffer} */ (chunk.buffer);
    }
  } finally {
    held.delete(stream);
    await reader.cancel().catch(() => {}); // of no interest any more
  }
}

/** @param {ReadableStream<Uint8Array>} stream @param {number} [totalBytes] */
async function* readStream(stream, totalBytes) {
  let readBytes = 0;
  /** @type {AsyncGenerator<Uint8Array>} */
  const pieces = pull(stream.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      readBytes += chunk.length;
      controller.enqueue(chunk);
    },
  })));
  const first = await pieces.next();
  if (first.done) return;
  const whole = async function* () {
    yield first.value;
    yield* pieces;
  };
  const unpacked = isGzipStart(first.value) ? pull(toStream(whole()).pipeThrough(/** @type {any} */ (new DecompressionStream("gzip")))) : whole();
  for await (const chunk of unpacked) yield { chunk, readBytes, totalBytes };
}

/** @param {ReadableStream<Uint8Array>} stream */
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

/** @param {AsyncGenerator<Uint8Array>} pieces @returns {ReadableStream<Uint8Array>} */
function toStream(pieces) {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() { await pieces.return(undefined); },
  });
}
