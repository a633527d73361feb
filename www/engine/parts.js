/** Files that several workers read: each pulls one part after the other. */

/** @import { LoadOptions, Query, Reject, Report } from "../clickfold.js" */
/** @import { OpenDataset } from "./dataset.js" */
/** @import { Connection, FileSource, Looked, PartSummary, Range, Shape, Types, WireOptions } from "./protocol.js" */
/** @import { Pool } from "./pool.js" */

import { openDataset } from "./dataset.js";
import { ClickfoldError, cancelled } from "./errors.js";
import { KEPT_REJECTS, PROGRESS_MS } from "./protocol.js";
import { settle } from "./settle.js";
import { COLUMNAR } from "./signatures.js";
import { twins } from "./twins.js";

/** A part is so large that what it costs to begin one does not count, and so small that workers end together. */
const LEAST_PART = 16 << 20, MOST_PART = 128 << 20;
/** Parts for each worker, where they are not too small. */
const PARTS_EACH = 4;
/** The core's word for the type of a column without values. */
const NULL = "Null";
/** Files' rows have places in their order: of one file, no more than it has bytes. */
const FILE_PLACES = 2 ** 44;

/**
 * A stretch of a file, and what became of it.
 * @typedef {object} Part
 * @property {number} file
 * @property {Range} range
 * @property {Types[]} types of parts that were read before, where it is read again for them
 * @property {Connection} [reader]
 * @property {PartSummary & { part: number }} [read]
 */

/**
 * The files as one data set, in their order; nothing where one's first bytes do not tell its shape.
 * @param {Pool} pool @param {FileSource[]} sources @param {WireOptions} options
 * @param {Pick<LoadOptions, "queries" | "onProgress" | "signal">} how
 * @returns {Promise<OpenDataset | undefined>}
 */
export async function loadParts(pool, sources, options, { queries, onProgress, signal }) {
  const first = await pool.first();
  const totalBytes = sources.reduce((sum, { bytes }) => sum + bytes, 0), nWorkers = options.clean ? 1 : pool.sizeFor(totalBytes); // a recipe is applied to all rows together
  // Each part holds answers of its own until all are read: the fewer, the less memory.
  const partsEach = queries ? 1 : PARTS_EACH;
  const nParts = sources.reduce((sum, { bytes }) => sum + cut(bytes, 0, nWorkers, partsEach).length, 0);
  pool.some(Math.min(nWorkers, nParts)).forEach(worker => worker.catch(() => {})); // they start while the shape is read; told below
  const files = await look(first, sources, options, queries, signal);
  if (!files || (files.length === 1 && COLUMNAR.includes(files[0].shape.format))) return undefined; // its ranges are read
  const needed = files.reduce((sum, { isSeekable, held }, at) => sum + (isSeekable ? sources[at].bytes * held : 0), 0);
  if (!queries && needed > pool.memory) {
    throw new ClickfoldError("OUT_OF_MEMORY", `the rows need at least ${megabytes(needed)} MB of memory, and ${megabytes(pool.memory)} MB may be used; load fewer rows or columns, keep only answers ("keep": "answers"), or use the command line`);
  }
  const shapes = alike(files.map(file => file.shape), sources);
  // What the complete core reads of one file, it must hold of all.
  const isComplete = files.some(file => file.isComplete);
  const looked = files.map((file, at) => ({ ...file, isComplete, shape: shapes[at] }));
  const parts = looked.flatMap(({ isSeekable, shape }, file) => cut(sources[file].bytes, shape.first_byte, isSeekable && shape.divisible ? nWorkers : 1, partsEach).map(range => ({ file, range, types: [] })));
  const coming = pool.some(Math.min(nWorkers, parts.length));
  const share = queries ? 0 : totalBytes / coming.length;
  const progress = new Progress(totalBytes, onProgress);
  const failure = new AbortController();
  const ended = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  /** @param {Part} part @param {Connection} reader */
  const read = async (part, reader) => {
    const source = sources[part.file], { range, types } = part;
    const kept = { queries, types, place: part.file * FILE_PLACES + range.from };
    part.reader = reader;
    const request = reader.send({ do: "part", source, looked: looked[part.file], options, range, share, kept }, { signal: ended, onProgress: told => progress.tell(part, told) });
    part.read = await request.catch(error => { throw inFile(error, source, sources); });
    progress.tell(part, { rows: part.read?.rows ?? 0, rejected: part.read?.rejected ?? 0, bytes: Math.min(range.to, source.bytes) - range.from });
  };
  /** @param {Part[]} left */
  const readAll = left => all(coming.map(async worker => {
    const reader = await worker;
    for (let part; !ended.aborted && (part = left.shift());) await read(part, reader);
    return reader;
  }), failure);
  try {
    const workers = await readAll([...parts]);
    await mend(parts, read);
    if (queries) await widen(parts, readAll, first);
    return await assemble(parts, workers, options, queries, looked, sources, progress, signal);
  } catch (error) {
    drop(parts);
    throw error;
  }
}

/**
 * The files' first bytes; nothing where those of the only file do not tell its shape.
 * @param {Connection} worker @param {FileSource[]} sources @param {WireOptions} options @param {Query[] | undefined} queries @param {AbortSignal} [signal]
 * @returns {Promise<Looked[] | undefined>}
 */
async function look(worker, sources, options, queries, signal) {
  /** @param {FileSource} source @param {WireOptions} how @returns {Promise<Looked | undefined>} */
  const lookAt = (source, how) => worker.send({ do: "shape", source, options: how, queries }, { signal }).catch(error => { throw inFile(error, source, sources); });
  const files = await Promise.all(sources.map(source => lookAt(source, options)));
  if (sources.length === 1) return files[0] && [files[0]];
  const [head] = files;
  return Promise.all(files.map(async (file, at) => {
    if (!file) throw inFile(new ClickfoldError("BAD_INPUT", "its first line does not end within 256 KiB; load it by itself"), sources[at], sources);
    if (!head?.shape.header || file.shape.header || file.shape.format !== "csv" || options.format?.header === false) return file;
    // Where all cells are text, only the first file tells that the first row names the columns.
    const named = await lookAt(sources[at], { ...options, format: { ...options.format, header: true } });
    return named && isEqual(named.shape.names, head.shape.names) ? named : file;
  }));
}

/**
 * Where a file is cut: its rows' bytes in parts of one size.
 * @param {number} size @param {number} firstByte @param {number} nWorkers @param {number} partsEach
 */
function cut(size, firstByte, nWorkers, partsEach) {
  const most = partsEach === 1 ? Infinity : MOST_PART;
  const partBytes = nWorkers === 1 ? Infinity : Math.ceil(Math.min(Math.max(size / (partsEach * nWorkers), LEAST_PART), most));
  const starts = [firstByte];
  while (starts[starts.length - 1] + 1.5 * partBytes < size) starts.push(starts[starts.length - 1] + partBytes);
  return starts.map((from, at) => ({ from, to: starts[at + 1] ?? Infinity, exact: at === 0 }));
}

/**
 * Reads those parts again that began inside a quoted cell: each begins where the one before it ended.
 * @param {Part[]} parts @param {(part: Part, reader: Connection) => Promise<void>} read
 */
async function mend(parts, read) {
  for (const [at, part] of parts.entries()) {
    const before = parts[at - 1];
    const start = before?.file === part.file ? before.read?.end : part.range.from;
    if (start === undefined || part.read?.start === start) continue;
    drop([part]);
    part.range = { ...part.range, from: start, exact: true };
    await read(part, /** @type {Connection} */ (part.reader));
  }
}

/**
 * Reads those parts again whose answers went by narrower types than all parts together need.
 * @param {Part[]} parts @param {(left: Part[]) => Promise<unknown>} readAll @param {Connection} worker
 */
async function widen(parts, readAll, worker) {
  for (;;) {
    const types = await worker.send({ do: "widest", types: parts.flatMap(({ read }) => read ? [read.types] : []) });
    const narrow = parts.filter(({ read }) => !read?.read_as?.every((own, at) => own === null || JSON.stringify(own) === JSON.stringify(types[at])));
    if (!narrow.length) return;
    drop(narrow);
    for (const part of narrow) {
      part.range = { ...part.range, from: part.read?.start ?? part.range.from, exact: true };
      part.types = [types];
    }
    await readAll(narrow);
  }
}

/**
 * @param {Part[]} parts @param {Connection[]} workers @param {WireOptions} options @param {Query[] | undefined} queries @param {Looked[]} looked
 * @param {FileSource[]} sources @param {Progress} progress @param {AbortSignal} [signal]
 */
async function assemble(parts, workers, options, queries, looked, sources, progress, signal) {
  const read = parts.map(part => /** @type {PartSummary & { part: number }} */ (part.read));
  /** @type {number[]} */
  const firstRows = [];
  let nRows = 0;
  for (const { rows } of read) {
    firstRows.push(nRows);
    nRows += rows;
  }
  const report = reportOf(parts, looked, sources);
  const [{ shape: first, isComplete }] = looked;
  if (!report.read) throw new ClickfoldError("BAD_INPUT", `the file has a header (${first.names.join(", ")}) but no rows`);
  if (!nRows) {
    const [{ line, reason }] = report.rejects;
    throw new ClickfoldError("BAD_INPUT", `no row of the file could be read; the first, on line ${line}: ${reason}`, { line });
  }
  if (signal?.aborted) throw cancelled();
  const names = [...new Set(read.flatMap(part => part.names))];
  // Columns that a part has not are null in it, as those are of no rows.
  const types = read.map(part => part.types.length ? names.map(name => part.types[part.names.indexOf(name)] ?? NULL) : []);
  report.notes = [...report.notes ?? [], ...lacking(parts, names, sources), ...await twins(sources)];
  const shape = { ...first, names };
  const assembled = workers.map(worker => {
    const own = parts.flatMap((part, at) => part.reader === worker ? [{ part: read[at].part, firstRow: firstRows[at] }] : []);
    return worker.send({ do: "assemble", options, shape, isComplete, parts: own, types, alone: workers.length === 1, queries }, { signal });
  });
  parts.forEach(part => { part.read = undefined; }); // the data sets have them
  try {
    const infos = await settle(workers, await all(assembled), { guess: true, signal });
    progress.end(report);
    if (signal?.aborted) throw cancelled();
    return openDataset(workers, infos, report);
  } catch (error) {
    assembled.forEach((info, at) => info.then(({ handle }) => workers[at].send({ do: "close", handle })).catch(() => {})); // lost workers hold nothing
    throw error;
  }
}

/** Which files have not all columns. @param {Part[]} parts @param {string[]} names @param {FileSource[]} sources */
function lacking(parts, names, sources) {
  return sources.flatMap(({ name }, file) => {
    const own = new Set(parts.flatMap(part => part.file === file ? part.read?.names ?? [] : []));
    const missing = names.filter(name => !own.has(name));
    return sources.length > 1 && missing.length ? [`${name} has no ${missing.join(", ")}; there it is empty.`] : [];
  });
}

/** @param {Part[]} parts @param {Looked[]} looked @param {FileSource[]} sources @returns {Report} */
function reportOf(parts, looked, sources) {
  const [{ shape: { format, separator, header }, encoding }] = looked;
  /** @type {Report} */
  const report = { read: 0, used: 0, rejected: 0, filtered: 0, duplicate: 0, bytes: 0, format, encoding, separator: format === "csv" ? String.fromCharCode(separator) : null, header, notes: [...new Set(looked.flatMap(({ note }) => note ?? []))], rejects: [] };
  let lines = 0;
  for (const [at, { file, read }] of parts.entries()) {
    const { rows, rejected, rejects, end, lines: more } = /** @type {PartSummary} */ (read);
    const isFirst = parts[at - 1]?.file !== file, isLast = parts[at + 1]?.file !== file;
    if (isFirst) lines = looked[file].shape.first_line;
    report.read += rows + rejected;
    report.used += rows;
    report.rejected += rejected;
    const named = sources.length > 1 ? { file: sources[file].name } : {};
    report.rejects.push(...rejects.slice(0, KEPT_REJECTS - report.rejects.length).map((/** @type {Reject} */ reject) => ({ ...named, ...reject, line: reject.line + lines })));
    lines += more;
    if (isLast) report.bytes += end;
  }
  return report;
}

/**
 * The files' shapes: columns of one name begin as one kind, and a file that does not name its own has those of the first.
 * @param {Shape[]} shapes @param {FileSource[]} sources
 */
function alike(shapes, sources) {
  const [first] = shapes;
  /** @type {Map<string, object>} */
  const kinds = new Map();
  return shapes.map((shape, at) => {
    const isNameless = shape.format === "csv" && !shape.header;
    if (isNameless && at > 0 && shape.names.length !== first.names.length) {
      throw new ClickfoldError("BAD_INPUT", `${sources[at].name} does not name its columns, and has ${shape.names.length} where ${sources[0].name} has ${first.names.length}: ${first.names.join(", ")}; load those of one kind at a time`);
    }
    const names = isNameless ? first.names : shape.names;
    if (names.length && kinds.size && !names.some(name => kinds.has(name))) {
      throw new ClickfoldError("BAD_INPUT", `${sources[at].name} has no column in common with the files before it (${[...kinds.keys()].join(", ")}); load those of one kind at a time, or join it by a key`);
    }
    names.forEach((name, column) => kinds.has(name) || kinds.set(name, shape.kinds[column]));
    return { ...shape, names, kinds: names.map(name => /** @type {object} */ (kinds.get(name))) };
  });
}

/** @param {number} bytes */
const megabytes = bytes => Math.ceil(bytes / 1e6).toLocaleString("en");

/** The error, naming the file where there are several. @param {any} error @param {FileSource} source @param {FileSource[]} sources */
function inFile(error, source, sources) {
  if (sources.length === 1 || !(error instanceof ClickfoldError) || error.code !== "BAD_INPUT") return error;
  return new ClickfoldError(error.code, `${source.name}: ${error.message}`, error.detail);
}

/** Frees what workers hold of parts that are of no use. @param {Part[]} parts */
function drop(parts) {
  for (const { reader, read } of parts) {
    if (read) reader?.send({ do: "close", handle: read.part }).catch(() => {}); // lost workers hold nothing
  }
}

/**
 * All results, or the first error once nothing is under way any more.
 * @template T @param {Promise<T>[]} promises @param {AbortController} [failure] is told of the first error, and ends the others
 * @returns {Promise<T[]>}
 */
async function all(promises, failure = new AbortController()) {
  promises.forEach(promise => promise.catch(error => failure.abort(error)));
  await Promise.allSettled(promises);
  if (failure.signal.aborted) throw failure.signal.reason;
  return Promise.all(promises);
}

/** @param {string[]} a @param {string[]} b */
const isEqual = (a, b) => a.length === b.length && a.every((text, at) => text === b[at]);

/** How far all parts are together. */
class Progress {
  /** @type {Map<Part, { bytes: number, rows: number, rejected: number }>} */
  #parts = new Map();
  #at = -Infinity;
  /** A part that is read again begins anew. */
  #bytes = 0;

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
    this.#bytes = Math.max(this.#bytes, Math.min(sum.bytes, this.totalBytes));
    this.onProgress?.({ ...sum, bytes: this.#bytes, totalBytes: this.totalBytes, phase: "reading" });
  }

  /** @param {Report} report */
  end({ used, rejected }) {
    this.onProgress?.({ bytes: this.totalBytes, totalBytes: this.totalBytes, rows: used, rejected, phase: "done" });
  }
}
