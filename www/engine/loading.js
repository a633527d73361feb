/** @import { Field, Progress, Query } from "../clickfold.js" */
/** @import { Looked, Request, WireOptions, WireSource } from "./protocol.js" */
/** @import { Dataset, LoadedPart } from "../../target/pkg/clickfold.js" */

import { breathe } from "./breathe.js";
import { coreFor, isComplete, needsComplete } from "./core.js";
import { discard, freed } from "./errors.js";
import { PROGRESS_MS } from "./protocol.js";
import { rangesOf } from "./ranged.js";
import { COLUMNAR } from "./signatures.js";
import { leave, openSource, readFrom } from "./source.js";
import { zoneChanges } from "./zones.js";

/** Sentences on how the sources of data sets were read. @type {WeakMap<Dataset, string[]>} */
export const notes = new WeakMap();

/** @typedef {(progress: Progress) => void} Tell */

/**
 * A whole source as a data set, of all rows or of the answers to some queries.
 * @param {WireSource} source @param {WireOptions} options @param {Query[] | undefined} queries @param {AbortSignal} signal @param {Tell} tell
 * @param {boolean} [complete] whether the complete core is to hold it in any case
 */
export async function loadWhole(source, options, queries, signal, tell, complete = false) {
  const ranges = await rangesOf(source, signal);
  if (ranges) {
    const read = { rows: 0, rejected: 0 }, progress = new Told(read, tell);
    const core = /** @type {import("./core.js").CompleteCore} */ (await coreFor(true));
    const dataset = await core.loadRanged(ranges, options, queries, zoneChanges, signal, (rows, bytes) => {
      read.rows = rows;
      return progress.tell(bytes, ranges.size);
    });
    await progress.end();
    return dataset;
  }
  const early = new Told({ rows: 0, rejected: 0 }, tell);
  const opened = await openSource(source, options.format?.encoding, signal, ({ read, total }) => early.tell(read, total));
  const { chunks, meter, encoding, note } = opened;
  const core = await coreFor(complete || needsComplete(opened, options, queries));
  const loader = new core.Loader(plain(written(options, encoding)), queries, zoneChanges);
  const progress = new Told(loader, tell);
  const dataset = await finish(loader, async () => {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      loader.push(chunk);
      await progress.tell(meter.read, meter.total);
    }
    await progress.end();
    signal.throwIfAborted();
  });
  if (note) notes.set(dataset, [note]);
  return dataset;
}

/**
 * A source as a data set of the core that holds another.
 * @param {Dataset} beside @param {WireSource} source @param {WireOptions} options @param {AbortSignal} signal
 */
export async function loadBeside(beside, source, options, signal) {
  const isBesideComplete = isComplete(beside);
  const dataset = await loadWhole(source, options, undefined, signal, () => {}, isBesideComplete);
  if (isComplete(dataset) === isBesideComplete) return dataset;
  const schema = Object.fromEntries(dataset.schema().filter((/** @type {Field} */ { type }) => type !== "null").map((/** @type {Field} */ { name, type }) => [name, { type }]));
  const csv = await freed(dataset, held => /** @type {import("../../target/complete/clickfold.js").Dataset} */ (held).toCsv());
  const file = { blob: new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (csv)]), name: "", bytes: csv.length };
  return loadWhole(file, { format: { kind: "csv", separator: ",", header: true }, schema }, undefined, signal, () => {});
}

/**
 * What the first bytes say of a file, and whether its parts can be read by themselves. Nothing where they do not tell.
 * @param {WireSource} source @param {WireOptions} options @param {Query[] | undefined} queries @param {AbortSignal} signal
 * @returns {Promise<Looked | undefined>}
 */
export async function readShape(source, options, queries, signal) {
  const opened = await openSource(source, options.format?.encoding, signal);
  const { start, isAll, isSeekable, encoding, note, chunks } = opened;
  await leave(chunks);
  const isComplete = needsComplete(opened, options, queries);
  const core = await coreFor(isComplete);
  const shape = core.shapeOf(start, isAll, plain(options));
  if (!shape) return undefined;
  if (COLUMNAR.includes(shape.format)) return { shape, isComplete, isSeekable: false, encoding, note, held: 1 };
  const loader = new core.PartLoader(plain(options), shape, shape.first_byte, start.length, true, undefined, zoneChanges, 0, []);
  const first = await finish(loader, () => void loader.push(start.subarray(shape.first_byte)));
  const held = await freed(first, part => {
    const { end, start } = part.summary();
    return end > start ? part.bytesOfRows / (end - start) : 0;
  });
  return { shape, isComplete, isSeekable, encoding, note, held };
}

/**
 * The records that begin from one byte of a file on and before another.
 * @param {Extract<Request, { do: "part" }>} part @param {AbortSignal} signal @param {Tell} tell
 * @returns {Promise<LoadedPart>}
 */
export async function loadPart({ source, looked: { shape, isComplete, isSeekable, encoding }, options, range: { from, to, exact }, share, kept: { queries, place, types } }, signal, tell) {
  const core = await coreFor(isComplete);
  if (share) core.makeRoom(share);
  const loader = new core.PartLoader(plain(options), shape, from, to, exact, queries, zoneChanges, place, types);
  const progress = new Told(loader, tell);
  return finish(loader, async () => {
    const { chunks, meter } = isSeekable ? readFrom(source.blob, loader.firstByte, to) : await openSource(source, encoding, signal);
    let skip = isSeekable ? 0 : loader.firstByte;
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      const goesOn = loader.push(chunk.subarray(skip));
      skip = Math.max(0, skip - chunk.length);
      await progress.tell(meter.read);
      if (!goesOn) break;
    }
    signal.throwIfAborted();
  });
}

/** The options for a source whose encoding was found out. @param {WireOptions} options @param {string} encoding @returns {WireOptions} */
const written = (options, encoding) => ({ ...options, format: { ...options.format, encoding } });

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

/** Without what is undefined. @param {WireOptions} options */
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
