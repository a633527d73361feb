/** Packed sources: what they are packed with is told by their first bytes. What unpacks them is fetched when they come. */

/** @import { Packing } from "./signatures.js" */
/** @import { Chunks, Meter } from "./source.js" */

import { more } from "./more.js";

/** Set by the build. */
/* global __ZIP__, __ZSTD__ */

/** A source may unpack to that many times its bytes, once it is long: a longer one was made to fill the memory. */
const MOST_RATIO = 250;
/** Bytes for which no ratio is asked. */
const ALWAYS = 2 ** 30;

/** @typedef {{ name: string, bytes: number }} Member */

/** @param {Packing} packing @param {Chunks} packed @param {Meter} meter @returns {Chunks} */
export async function* unpack(packing, packed, meter) {
  const unpacked = packing === "gzip" ? gunzip(packed) : packing === "zstd" ? unzstd(packed) : onlyMember(packed);
  let written = 0;
  for await (const chunk of unpacked) {
    written += chunk.length;
    if (written > Math.max(ALWAYS, MOST_RATIO * meter.read)) throw tooMuch();
    yield chunk;
  }
}

/** The files of data in a zip archive, in its order. @param {Blob} blob @returns {Promise<Member[]>} */
export async function membersOf(blob) {
  return (await entriesOf(blob)).map(({ filename, uncompressedSize }) => ({ name: filename, bytes: uncompressedSize }));
}

/** @param {Blob} blob @param {string} name @param {Meter} meter is told how much of it was unpacked */
export async function memberOf(blob, name, meter) {
  const entry = (await entriesOf(blob)).find(({ filename }) => filename === name);
  if (!entry) throw { code: "BAD_INPUT", message: `the archive has no file ${JSON.stringify(name)}` };
  if (entry.encrypted) throw { code: "BAD_INPUT", message: `${JSON.stringify(name)} is encrypted; unpack it with its password first` };
  meter.total = entry.uncompressedSize;
  const most = Math.max(ALWAYS, MOST_RATIO * entry.compressedSize);
  const counted = new TransformStream({
    transform(/** @type {Uint8Array} */ chunk, controller) {
      meter.read += chunk.length;
      if (meter.read > most) throw tooMuch();
      controller.enqueue(chunk);
    },
  });
  entry.getData(counted.writable, { useWebWorkers: false }).catch(() => counted.writable.abort(damaged("zip"))).catch(() => {}); // told by whoever reads
  return counted.readable;
}

/** @param {Chunks} packed @returns {Chunks} */
async function* gunzip(packed) {
  const stream = toStream(packed).pipeThrough(/** @type {any} */ (new DecompressionStream("gzip")));
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw error instanceof TypeError ? damaged("gzip") : error;
  } finally {
    await reader.cancel().catch(() => {}); // of no interest any more
  }
}

/** @param {Chunks} packed @returns {Chunks} */
async function* unzstd(packed) {
  const { Decompress } = await more(__ZSTD__);
  /** @type {Uint8Array[]} */
  let ready = [];
  const decoder = new Decompress((/** @type {Uint8Array} */ chunk) => void ready.push(chunk));
  const push = (/** @type {Uint8Array} */ chunk, /** @type {boolean} */ isLast) => {
    try {
      decoder.push(chunk, isLast);
    } catch {
      throw damaged("zstd");
    }
  };
  const taken = () => {
    const chunks = ready;
    ready = [];
    return chunks;
  };
  for await (const chunk of packed) {
    push(chunk.slice(), false);
    yield* taken();
  }
  push(new Uint8Array(), true);
  yield* taken();
}

/** Of an archive that comes as a stream: it is held, since its list of files is at its end. @param {Chunks} packed @returns {Chunks} */
async function* onlyMember(packed) {
  /** @type {Blob[]} */
  const parts = [];
  for await (const chunk of packed) parts.push(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (chunk)]));
  const blob = new Blob(parts), members = await membersOf(blob);
  if (members.length > 1) {
    throw { code: "BAD_INPUT", message: `the archive holds ${members.length} files; load it as a file, or unpack the one to be read (${members.map(({ name }) => name).join(", ")})` };
  }
  const reader = (await memberOf(blob, members[0].name, { read: 0 })).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** @param {Blob} blob @returns {Promise<any[]>} */
async function entriesOf(blob) {
  const { BlobReader, ZipReader } = await more(__ZIP__);
  const entries = await new ZipReader(new BlobReader(blob)).getEntries().catch(() => { throw damaged("zip"); });
  if (entries.some((/** @type {any} */ { filename }) => filename === "[Content_Types].xml")) {
    throw { code: "BAD_INPUT", message: "this is an Excel workbook or another office document, not a table of events; save or export it as CSV text in UTF-8" };
  }
  const isData = (/** @type {any} */ { filename, directory }) => !directory && !filename.startsWith("__MACOSX/") && !filename.split("/").pop().startsWith(".");
  const files = entries.filter(isData);
  if (!files.length) throw { code: "BAD_INPUT", message: "the archive holds no file" };
  return files;
}

/** @param {Chunks} chunks */
const toStream = chunks => new ReadableStream({
  async pull(controller) {
    const { done, value } = await chunks.next();
    if (done) controller.close();
    else controller.enqueue(value.slice()); // the next chunk may be written over it
  },
  cancel: () => void chunks.return(),
}, { highWaterMark: 0 });

const tooMuch = () => ({ code: "BAD_INPUT", message: "it unpacks to over 250 times its size, which no file of events does; unpack it first if it is meant" });

/** @param {Packing} packing */
const damaged = packing => ({ code: "BAD_INPUT", message: `the ${packing} file cannot be unpacked to its end: it is damaged, cut off or made of several parts; unpack it first` });
