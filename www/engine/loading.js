/** @import { LoadOptions, Progress, Query } from "../clickfold.js" */
/** @import { Request, Shape, WireSource } from "./protocol.js" */

import { LoadedPart, Loader, PartLoader, shapeOf } from "../../target/pkg/clickfold.js";
import { breathe } from "./breathe.js";
import { discard, freed } from "./errors.js";
import { PROGRESS_MS } from "./protocol.js";
import { readChunks, readFrom } from "./source.js";
import { zoneChanges } from "./zones.js";

/** Bytes that tell a file's shape. */
const SAMPLE = 1 << 18;

/** @typedef {(progress: Progress) => void} Tell */
/** @typedef {Pick<LoadOptions, "format" | "schema">} Options */

/**
 * A whole source as a data set, of all rows or of the answers to some queries.
 * @param {WireSource} source @param {Options} options @param {Query[] | undefined} queries @param {AbortSignal} signal @param {Tell} tell
 */
export async function loadWhole(source, options, queries, signal, tell) {
  const loader = new Loader(plain(options), queries, zoneChanges);
  const progress = new Told(loader, tell);
  return finish(loader, async () => {
    for await (const { chunk, readBytes, totalBytes } of readChunks(source, signal)) {
      signal.throwIfAborted();
      loader.push(chunk);
      await progress.tell(readBytes, totalBytes);
    }
    await progress.end();
    signal.throwIfAborted();
  });
}

/**
 * What the first bytes say of a file, and whether its parts can be read by themselves. Nothing where they do not tell.
 * @param {Blob} blob @param {Options} options @param {AbortSignal} signal
 * @returns {Promise<{ shape: Shape, packed: boolean, held: number } | undefined>} `held`: bytes of memory for each of the file's, at the least
 */
export async function readShape(blob, options, signal) {
  const sample = new Uint8Array(SAMPLE);
  let length = 0, packed = false, areAll = true;
  for await (const { chunk, isPacked } of readChunks({ blob }, signal)) {
    packed = isPacked;
    const fits = chunk.subarray(0, SAMPLE - length);
    sample.set(fits, length);
    length += fits.length;
    if (length === SAMPLE) {
      areAll = false;
      break;
    }
  }
  const bytes = sample.subarray(0, length);
  const shape = shapeOf(bytes, areAll, plain(options));
  if (!shape) return undefined;
  const loader = new PartLoader(plain(options), shape, shape.first_byte, length, true, undefined, zoneChanges, 0, []);
  const first = await finish(loader, () => void loader.push(bytes.subarray(shape.first_byte)));
  const held = await freed(first, part => {
    const { end, start } = part.summary();
    return end > start ? part.bytesOfRows / (end - start) : 0;
  });
  return { shape, packed, held };
}

/**
 * The records that begin from one byte of a file on and before another.
 * @param {Extract<Request, { do: "part" }>} part @param {AbortSignal} signal @param {Tell} tell
 * @returns {Promise<LoadedPart>}
 */
export async function loadPart({ blob, packed, options, shape, range: { from, to, exact }, kept: { queries, place, types } }, signal, tell) {
  const loader = new PartLoader(plain(options), shape, from, to, exact, queries, zoneChanges, place, types);
  const progress = new Told(loader, tell);
  return finish(loader, async () => {
    for await (const { chunk, readBytes } of readFrom(blob, packed, loader.firstByte, to, signal)) {
      signal.throwIfAborted();
      const goesOn = loader.push(chunk);
      await progress.tell(readBytes);
      if (!goesOn) break;
    }
    signal.throwIfAborted();
  });
}

/**
 * What a loader becomes once it is fed.
 * @template T
 * @template {{ free(): void, finish(): T }} L
 * @param {L} loader @param {() => void | Promise<void>} feed @returns {Promise<T>}
 */
async function finish(loader, feed) {
  try {
    await feed();
  } catch (error) {
    discard(loader);
    throw error;
  }
  return loader.finish();
}

/** Without what is undefined. @param {Options} options */
const plain = options => JSON.parse(JSON.stringify(options));

/** Says how far a loader is, not too often. */
class Told {
  #at = -Infinity;
  #bytes = 0;
  /** @param {{ rows: number, rejected: number }} loader @param {Tell} tell */
  constructor(loader, tell) {
    this.loader = loader;
    this.send = tell;
  }

  /** @param {number} bytes @param {number} [totalBytes] */
  async tell(bytes, totalBytes) {
    this.#bytes = bytes;
    if (performance.now() - this.#at < PROGRESS_MS) return;
    this.send({ bytes, totalBytes, rows: this.loader.rows, rejected: this.loader.rejected, phase: "reading" });
    await breathe();
    this.#at = performance.now();
  }

  async end() {
    const bytes = this.#bytes;
    this.send({ bytes, totalBytes: bytes, rows: this.loader.rows, rejected: this.loader.rejected, phase: "done" });
    await breathe();
  }
}
