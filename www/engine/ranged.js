/** Files that say at their end where their columns are: only what is wanted of them is read. */

/** @import { Query } from "../clickfold.js" */
/** @import { WireOptions, WireSource } from "./protocol.js" */

import { coreFor } from "./core.js";
import { discard } from "./errors.js";
import { zoneChanges } from "./zones.js";

/** Bytes from the end that hold most footers. */
const TAIL = 64 << 10;
/** First bytes of such files. */
const SIGNATURES = ["PAR1", "PARE", "ARROW1"];

/** @typedef {{ size: number, read: (from: number, to: number) => Promise<Uint8Array> }} Ranges */

/** A source's ranges, where it is such a file and can be read so. @param {WireSource} source @param {AbortSignal} signal @returns {Promise<Ranges | undefined>} */
export async function rangesOf(source, signal) {
  if ("blob" in source) {
    const { blob, member } = source;
    if (member !== undefined || !isIndexed(new Uint8Array(await blob.slice(0, 6).arrayBuffer().catch(() => new ArrayBuffer(0))))) return undefined;
    return { size: blob.size, read: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()) };
  }
  if ("stream" in source || !/\.(parquet|arrow|feather)$/i.test(new URL(source.url).pathname)) return undefined;
  const fetchRange = (/** @type {string} */ range) => fetch(source.url, { headers: { range: `bytes=${range}` }, signal }).catch(() => undefined);
  const start = await fetchRange("0-5");
  const size = Number(/\/(\d+)$/.exec(start?.headers.get("content-range") ?? "")?.[1]);
  if (start?.status !== 206 || !size || !isIndexed(new Uint8Array(await start.arrayBuffer()))) {
    await start?.body?.cancel().catch(() => {}); // it is read from its beginning to its end
    return undefined;
  }
  const read = async (/** @type {number} */ from, /** @type {number} */ to) => {
    const response = await fetchRange(`${from}-${to - 1}`);
    signal.throwIfAborted();
    if (response?.status !== 206) throw { code: "BAD_INPUT", message: `cannot fetch a range of ${source.url}${response ? `: the server answered ${response.status}` : ""}` };
    return new Uint8Array(await response.arrayBuffer());
  };
  return { size, read };
}

/**
 * @param {Ranges} ranges @param {WireOptions} options @param {Query[] | undefined} queries @param {AbortSignal} signal
 * @param {(rows: number, bytes: number) => Promise<void>} tell
 */
export async function loadRanged({ size, read }, options, queries, signal, tell) {
  const core = /** @type {import("./core.js").CompleteCore} */ (await coreFor(true));
  // Columns that the recipe leaves out at once need not be read.
  const [first] = options.clean ?? [];
  const how = JSON.parse(JSON.stringify({ ...options, ...first?.step === "select" ? { select: first.columns } : {} }));
  let needed = Math.min(TAIL, size), loader;
  while (!loader) {
    const tail = await read(size - needed, size);
    loader = core.RangedLoader.open(tail, size, how, queries, zoneChanges, (/** @type {number} */ n) => { needed = n; });
  }
  try {
    let bytes = needed;
    for (let ranges; (ranges = /** @type {[number, number][] | undefined} */ (loader.nextRanges()));) {
      const pieces = await Promise.all(ranges.map(([from, to]) => read(from, to)));
      signal.throwIfAborted();
      loader.push(pieces);
      bytes += pieces.reduce((sum, piece) => sum + piece.length, 0);
      await tell(loader.rows, bytes);
    }
  } catch (error) {
    discard(loader);
    throw error;
  }
  return loader.finish();
}

/** @param {Uint8Array} start */
const isIndexed = start => SIGNATURES.some(signature => [...signature].every((char, at) => char.charCodeAt(0) === start[at]));
