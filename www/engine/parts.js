/** Files that several workers read: each pulls one part after the other. */

/** @import { Dataset, LoadOptions, Reject, Report } from "../clickfold.js" */
/** @import { Connection, DatasetInfo, PartSummary, Shape, WireOptions } from "./protocol.js" */
/** @import { Pool } from "./pool.js" */

import { openDataset } from "./dataset.js";
import { ClickfoldError } from "./errors.js";
import { settle } from "./settle.js";

/** A part is so large that what it costs to begin one does not count, and so small that workers end together. */
const LEAST_PART = 16 << 20, MOST_PART = 128 << 20;
/** Parts for each worker, where they are not too small. */
const PARTS_EACH = 4;
const PROGRESS_MS = 50;
const KEPT_REJECTS = 1000;

/**
 * A stretch of a file, and what became of it.
 * @typedef {object} Part
 * @property {number} file
 * @property {{ from: number, to: number, exact: boolean }} range
 * @property {Connection} [reader]
 * @property {PartSummary & { part: number }} [read]
 */

/**
 * The files as one data set, in their order; nothing where one's first bytes do not tell its shape.
 * @param {Pool} pool @param {Blob[]} blobs @param {WireOptions} options
 * @param {Pick<LoadOptions, "onProgress" | "signal">} how
 * @returns {Promise<Dataset | undefined>}
 */
export async function loadParts(pool, blobs, options, { onProgress, signal }) {
  const first = await pool.first();
  const totalBytes = blobs.reduce((sum, blob) => sum + blob.size, 0), nWorkers = pool.sizeFor(totalBytes);
  const nParts = blobs.reduce((sum, blob) => sum + cut(blob.size, 0, nWorkers).length, 0);
  pool.some(Math.min(nWorkers, nParts)).forEach(worker => worker.catch(() => {})); // they start while the shape is read; told below
  const files = await Promise.all(blobs.map(async blob => {
    const told = await first.send({ do: "shape", blob, options }, { signal }).catch(error => { throw inFile(error, blob, blobs); });
    return told && { blob, .../** @type {{ shape: Shape, packed: boolean, held: number }} */ (told) };
  }));
  if (files.some(file => !file)) {
    if (files.length === 1) return undefined;
    throw inFile(new ClickfoldError("BAD_INPUT", "its first line does not end within 256 KiB; load it by itself"), blobs[files.indexOf(undefined)], blobs);
  }
  const needed = files.reduce((sum, { blob, packed, held }) => sum + (packed ? 0 : blob.size * held), 0);
  if (needed > pool.memory) {
    throw new ClickfoldError("OUT_OF_MEMORY", `the rows need at least ${megabytes(needed)} MB of memory, and ${megabytes(pool.memory)} MB may be used; load fewer rows or columns, or use the command line`);
  }
  const shapes = alike(files.map(file => file.shape), blobs);
  const parts = files.flatMap(({ blob, packed, shape }, file) => cut(blob.size, shape.first_byte, packed ? 1 : nWorkers).map(range => ({ file, range })));
  const coming = pool.some(Math.min(nWorkers, parts.length));
  const share = totalBytes / coming.length;
  const progress = new Progress(totalBytes, onProgress);
  /** @param {Part} part @param {Connection} reader @param {Part["range"]} range */
  const read = async (part, reader, range) => {
    const { blob, packed } = files[part.file];
    part.reader = reader;
    const request = reader.send({ do: "part", blob, packed, options, shape: shapes[part.file], range, share }, { signal, onProgress: told => progress.tell(part, told) });
    part.read = await request.catch(error => { throw inFile(error, blob, blobs); });
    progress.tell(part, { rows: part.read?.rows ?? 0, rejected: part.read?.rejected ?? 0, bytes: Math.min(range.to, blob.size) - range.from });
  };
  try {
    const left = [.../** @type {Part[]} */ (parts)];
    const workers = await all(coming.map(async worker => {
      const reader = await worker;
      for (let part; (part = left.shift());) await read(part, reader, part.range);
      return reader;
    }));
    await mend(parts, read);
    return await assemble(parts, workers, options, shapes, blobs, progress);
  } catch (error) {
    drop(parts);
    throw error;
  }
}

/**
 * Where a file is cut: its rows' bytes in parts of one size.
 * @param {number} size @param {number} firstByte @param {number} nWorkers
 */
function cut(size, firstByte, nWorkers) {
  const partBytes = nWorkers === 1 ? Infinity : Math.ceil(Math.min(Math.max(size / (PARTS_EACH * nWorkers), LEAST_PART), MOST_PART));
  const starts = [firstByte];
  while (starts[starts.length - 1] + 1.5 * partBytes < size) starts.push(starts[starts.length - 1] + partBytes);
  return starts.map((from, at) => ({ from, to: starts[at + 1] ?? Infinity, exact: at === 0 }));
}

/**
 * Reads those parts again that began inside a quoted cell: each begins where the one before it ended.
 * @param {Part[]} parts @param {(part: Part, reader: Connection, range: Part["range"]) => Promise<void>} read
 */
async function mend(parts, read) {
  for (const [at, part] of parts.entries()) {
    const before = parts[at - 1];
    const start = before?.file === part.file ? before.read?.end : part.range.from;
    if (start === undefined || part.read?.start === start) continue;
    drop([part]);
    await read(part, /** @type {Connection} */ (part.reader), { ...part.range, from: start, exact: true });
  }
}

/**
 * @param {Part[]} parts @param {Connection[]} workers @param {WireOptions} options @param {Shape[]} shapes @param {Blob[]} blobs
 * @param {Progress} progress
 */
async function assemble(parts, workers, options, shapes, blobs, progress) {
  const read = parts.map(part => /** @type {PartSummary & { part: number }} */ (part.read));
  /** @type {number[]} */
  const firstRows = [];
  let nRows = 0;
  for (const { rows } of read) {
    firstRows.push(nRows);
    nRows += rows;
  }
  const report = reportOf(parts, shapes, blobs);
  if (!report.read) throw new ClickfoldError("BAD_INPUT", `the file has a header (${shapes[0].names.join(", ")}) but no rows`);
  if (!nRows) {
    const [{ line, reason }] = report.rejects;
    throw new ClickfoldError("BAD_INPUT", `no row of the file could be read; the first, on line ${line}: ${reason}`, { line });
  }
  const types = read.map(part => part.types);
  const infos = await all(workers.map(worker => {
    const own = parts.flatMap((part, at) => part.reader === worker ? [{ part: read[at].part, firstRow: firstRows[at] }] : []);
    return worker.send({ do: "assemble", options, shape: shapes[0], parts: own, types, alone: workers.length === 1 });
  }));
  parts.forEach(part => { part.read = undefined; }); // the data sets have them
  progress.end(report);
  return openDataset(workers, await settle(workers, infos), report);
}

/** @param {Part[]} parts @param {Shape[]} shapes @param {Blob[]} blobs @returns {Report} */
function reportOf(parts, shapes, blobs) {
  /** @type {Report} */
  const report = { read: 0, used: 0, rejected: 0, filtered: 0, duplicate: 0, bytes: 0, separator: String.fromCharCode(shapes[0].separator), header: shapes[0].header, rejects: [] };
  let lines = 0;
  for (const [at, { file, read }] of parts.entries()) {
    const { rows, rejected, rejects, end, lines: more } = /** @type {PartSummary} */ (read);
    const isFirst = parts[at - 1]?.file !== file, isLast = parts[at + 1]?.file !== file;
    if (isFirst) lines = shapes[file].first_line;
    report.read += rows + rejected;
    report.used += rows;
    report.rejected += rejected;
    const named = blobs.length > 1 ? { file: nameOf(blobs[file], file) } : {};
    report.rejects.push(...rejects.slice(0, KEPT_REJECTS - report.rejects.length).map((/** @type {Reject} */ reject) => ({ ...named, ...reject, line: reject.line + lines })));
    lines += more;
    if (isLast) report.bytes += end;
  }
  return report;
}

/** The files' shapes, their columns named and begun as the first file's. @param {Shape[]} shapes @param {Blob[]} blobs */
function alike(shapes, blobs) {
  const [{ names, kinds }] = shapes;
  return shapes.map((shape, at) => {
    const isNameless = !shape.header && shape.names.length === names.length;
    if (!isNameless && JSON.stringify(shape.names) !== JSON.stringify(names)) {
      const [first, other] = [nameOf(blobs[0], 0), nameOf(blobs[at], at)];
      throw new ClickfoldError("BAD_INPUT", `the files have different columns: ${first} has ${names.join(", ")}; ${other} has ${shape.names.join(", ")}; load those of one kind at a time`);
    }
    return { ...shape, names, kinds };
  });
}

/** @param {number} bytes */
const megabytes = bytes => Math.ceil(bytes / 1e6).toLocaleString("en");

/** @param {Blob} blob @param {number} at */
const nameOf = (blob, at) => blob instanceof File ? blob.name : `file ${at + 1}`;

/** The error, naming the file where there are several. @param {any} error @param {Blob} blob @param {Blob[]} blobs */
function inFile(error, blob, blobs) {
  if (blobs.length === 1 || !(error instanceof ClickfoldError) || error.code !== "BAD_INPUT") return error;
  return new ClickfoldError(error.code, `${nameOf(blob, blobs.indexOf(blob))}: ${error.message}`, error.detail);
}

/** Frees what workers hold of parts that are of no use. @param {Part[]} parts */
function drop(parts) {
  for (const { reader, read } of parts) {
    if (read) reader?.send({ do: "close", handle: read.part }).catch(() => {}); // lost workers hold nothing
  }
}

/**
 * All results, or the first error once nothing is under way any more.
 * @template T @param {Promise<T>[]} promises @returns {Promise<T[]>}
 */
async function all(promises) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** How far all parts are together. */
class Progress {
  /** @type {Map<Part, { bytes: number, rows: number, rejected: number }>} */
  #parts = new Map();
  #at = -Infinity;

  /** @param {number} totalBytes @param {LoadOptions["onProgress"]} onProgress */
  constructor(totalBytes, onProgress) {
    this.totalBytes = totalBytes;
    this.onProgress = onProgress;
  }

  /** @param {Part} part @param {{ bytes: number, rows: number, rejected: number }} told */
  tell(part, told) {
    this.#parts.set(part, told);
    if (performance.now() - this.#at < PROGRESS_MS) return;
    this.#at = performance.now();
    const sum = { bytes: 0, rows: 0, rejected: 0 };
    for (const { bytes, rows, rejected } of this.#parts.values()) {
      sum.bytes += bytes;
      sum.rows += rows;
      sum.rejected += rejected;
    }
    this.onProgress?.({ ...sum, bytes: Math.min(sum.bytes, this.totalBytes), totalBytes: this.totalBytes, phase: "reading" });
  }

  /** @param {Report} report */
  end({ used, rejected }) {
    this.onProgress?.({ bytes: this.totalBytes, totalBytes: this.totalBytes, rows: used, rejected, phase: "done" });
  }
}
