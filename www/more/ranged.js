/** Files of which only the wanted ranges are read. */

/** @import { Query } from "../clickfold.js" */
/** @import { WireOptions } from "../engine/protocol.js" */
/** @import { Ranges } from "../engine/ranged.js" */

import { RangedLoader } from "../../target/complete/clickfold.js";
import { discard } from "../engine/errors.js";

/** Bytes from the end that hold most footers. */
const TAIL = 64 << 10;

/**
 * @param {Ranges} ranges @param {WireOptions} options @param {Query[] | undefined} queries @param {(name: string) => Float64Array | undefined} zones
 * @param {AbortSignal} signal
 * @param {(rows: number, bytes: number) => Promise<void>} tell
 */
export async function loadRanged({ size, read }, options, queries, zones, signal, tell) {
  // Columns that the recipe leaves out at once need not be read.
  const [first] = options.clean ?? [];
  const how = JSON.parse(JSON.stringify({ ...options, ...first?.step === "select" ? { select: first.columns } : {} }));
  let needed = Math.min(TAIL, size), loader;
  while (!loader) {
    const tail = await read(size - needed, size);
    loader = RangedLoader.open(tail, size, how, queries, zones, (/** @type {number} */ n) => { needed = n; });
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
