/**
 * The whole wire between a page and its worker. Each request has an `id` and gets one reply of that id; a load
 * also sends progress in between.
 *
 * @import { Appended, ErrorDetail, Field, LiveState, LoadOptions, Progress, Query, Reject, Report, SqlDialect } from "../clickfold.js"
 *
 * @typedef {{ blob: Blob, member?: string, name: string, bytes: number }} FileSource a file, or a `member` of a zip archive, of so many bytes
 * @typedef {FileSource | { stream: ReadableStream<Uint8Array>, totalBytes?: number } | { url: string }} WireSource
 * @typedef {Pick<LoadOptions, "format" | "schema" | "timezone" | "clean" | "live"> & { awaits_rows?: boolean }} WireOptions `clean` has a step at least; `awaits_rows`: a header alone is no error
 * @typedef {{ code: string, message: string, detail: ErrorDetail }} PlainError
 * @typedef {object[]} Types the core's own word for each column's type
 * @typedef {{ handle: number, schema: Field[], types: Types, rows: number, report: Report, live?: WireLive }} DatasetInfo
 * @typedef {Omit<LiveState, "newest" | "watermark"> & { newest: number | null, watermark: number | null }} WireLive times in milliseconds
 * @typedef {{ bytes: Uint8Array, format?: string }} Batch of a stream's rows
 * @typedef {{ appended: Appended, error?: undefined } | { appended?: undefined, error: PlainError }} Outcome of a batch
 * @typedef {{ rows: number, live: WireLive, outcomes: Outcome[], info?: DatasetInfo, looks: Look[] }} Taken what a stream's rows have changed; `info` where more has than their number
 *
 * @typedef {{ query: Query, window?: object, show?: number, movement?: string, closes: boolean }} Watch
 * @typedef {{ ipc: Uint8Array, windows: { start: number, end: number, provisional: boolean }[] }} Told
 * @typedef {{ told?: Told, error?: PlainError, closed: Told[], live: WireLive, ms: number }} Look `error`: why the question is answered no more
 *
 * @typedef {object} Shape what the core found out of a file's first bytes; the rest of it is the core's alone
 * @property {Report["format"]} format
 * @property {number} separator
 * @property {boolean} header
 * @property {boolean} divisible whether a reader can begin in the middle
 * @property {string[]} names
 * @property {object[]} kinds
 * @property {number} first_byte
 * @property {number} first_line
 *
 * @typedef {object} Looked what the first bytes of a file say
 * @property {Shape} shape
 * @property {boolean} isComplete whether the complete core reads it
 * @property {boolean} isSeekable whether its bytes are its text
 * @property {string} encoding
 * @property {string} [note] what the user is to know of how it is read
 * @property {number} held bytes of memory for each of its text's, at the least
 *
 * @typedef {object} PartSummary
 * @property {number} start where the first record began
 * @property {number} end where the last record ended
 * @property {number} lines
 * @property {number} rows
 * @property {number} rejected
 * @property {Reject[]} rejects their lines counted from the part's first
 * @property {string[]} names the columns', which may be more than the shape's
 * @property {Types} types
 * @property {(object | null)[] | null} [read_as] where answers are kept: by which types they read the columns
 *
 * @typedef {{ on: string, to: string, columns?: string[], indicator: string }} Join
 * @typedef {{ columns: string[], matched: number, without: number, repeated: number, used: Uint8Array }} Joined `used`: for each row of the other file, 1 where an event has its key
 *
 * @typedef {object} Question
 * @property {Query} query
 * @property {boolean} asTheyAre the rows are not to be exchanged before
 *
 * @typedef {{ from: number, to: number, exact: boolean }} Range of a file's bytes; `exact`: a record begins at the first
 *
 * @typedef {object} Kept
 * @property {Query[]} [queries] whose answers are kept instead of rows
 * @property {number} place of the first row in the data
 * @property {Types[]} types that parts read before have needed
 *
 * @typedef {{ do: "start", module: WebAssembly.Module, memory: number, warmUp: boolean }
 *   | { do: "ping" }
 *   | { do: "hold", lock: string }
 *   | { do: "prepare" }
 *   | { do: "load", source: WireSource, options: WireOptions, queries?: Query[] }
 *   | { do: "members", blob: Blob }
 *   | { do: "shape", source: FileSource, options: WireOptions, queries?: Query[] }
 *   | { do: "part", source: FileSource, looked: Looked, options: WireOptions, range: Range, share: number, kept: Kept }
 *   | { do: "widest", types: Types[] }
 *   | { do: "assemble", options: WireOptions, shape: Shape, isComplete: boolean, parts: { part: number, firstRow: number }[], types: Types[], alone: boolean, queries?: Query[] }
 *   | { do: "settle", handle: number, types: Types[], names: string[], guess: boolean }
 *   | { do: "cancel", request: number }
 *   | { do: "query", handle: number, question: Question, from: MessagePort[] }
 *   | { do: "state", handle: number, question: Question, to: MessagePort }
 *   | { do: "room", handle: number }
 *   | { do: "exchange", handle: number, me: number, ports: (MessagePort | null)[] }
 *   | { do: "append", handle: number, bytes?: Uint8Array, format?: string, isShared: boolean, place: number }
 *   | { do: "stream", handle: number, batches: Batch[], views: number[] }
 *   | { do: "watch", handle: number, watch: Watch }
 *   | { do: "look", handle: number, view: number }
 *   | { do: "unwatch", handle: number, view: number }
 *   | { do: "advance", handle: number, time: number }
 *   | { do: "late", handle: number }
 *   | { do: "join", handle: number, source: FileSource, options: WireOptions, join: Join }
 *   | { do: "unused", handle: number, source: FileSource, options: WireOptions, used: Uint8Array }
 *   | { do: "sql", query: Query, schema: Field[], dialect: SqlDialect }
 *   | { do: "roles", handle: number, roles: Record<string, string | null> }
 *   | { do: "close", handle: number }} Request
 *
 * @typedef {{ id: number, value: any } | { id: number, error: PlainError }
 *   | { id: number, progress: Progress }} Reply
 */

import { Pulse } from "./alive.js";
import { ClickfoldError, cancelled, fromPlain } from "./errors.js";

/** Progress is told no more often. */
export const PROGRESS_MS = 50;
/** Rejected rows that are kept whole. */
export const KEPT_REJECTS = 1000;

/** The page's end: requests out, replies in. */
export class Connection {
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void, onProgress?: (p: Progress) => void }>} */
  #waiting = new Map();
  #next = 1;
  #pulse;
  /** Why the worker is of no use any more. @type {ClickfoldError | undefined} */
  lost;

  /** @param {Worker} worker @param {(error: ClickfoldError) => void} onLost is to call `end` */
  constructor(worker, onLost) {
    this.worker = worker;
    this.onLost = onLost;
    const lose = (/** @type {string} */ why) => onLost(new ClickfoldError("WORKER_LOST", why));
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = event => lose(`a worker of the engine failed: ${event.message ?? "it could not be started; a Content-Security-Policy must allow blob: in worker-src, and its script in script-src"}; try again`);
    worker.onmessageerror = () => lose("a worker of the engine sent what cannot be read; try again");
    this.#pulse = new Pulse(request => this.send(request), () => lose("the browser has ended a worker of the engine; try again"));
  }

  /**
   * @param {Request} request
   * @param {{ transfer?: Transferable[], signal?: AbortSignal, onProgress?: (p: Progress) => void }} [options]
   * @returns {Promise<any>}
   */
  send(request, { transfer = [], signal, onProgress } = {}) {
    if (this.lost) return Promise.reject(this.lost);
    if (signal?.aborted) return Promise.reject(cancelled());
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(id);
        this.worker.postMessage({ id: 0, do: "cancel", request: id });
        reject(cancelled());
      };
      const done = () => signal?.removeEventListener("abort", abort);
      this.#waiting.set(id, {
        resolve: value => (done(), resolve(value)),
        reject: error => (done(), reject(error)),
        onProgress,
      });
      signal?.addEventListener("abort", abort);
      try {
        this.worker.postMessage({ id, ...request }, transfer);
      } catch (error) { // DataCloneError: a function in a query, a stream that somebody else reads
        this.#waiting.delete(id);
        done();
        const isSource = ["load", "members", "shape", "part"].includes(request.do);
        const what = isSource ? "the source or its options" : `the ${request.do}`;
        reject(new ClickfoldError(isSource ? "BAD_INPUT" : "BAD_QUERY", `${what} cannot be sent to the worker: ${/** @type {Error} */ (error).message}`));
      }
    });
  }

  /** Ends the worker: all that waits, and all that will be asked, fails. @param {ClickfoldError} error */
  end(error) {
    this.lost ??= error;
    this.#pulse.end();
    this.worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.lost);
    this.#waiting.clear();
  }

  /** @param {Reply} reply */
  #receive(reply) {
    this.#pulse.heard();
    const waiting = this.#waiting.get(reply.id);
    if ("progress" in reply) return waiting?.onProgress?.(reply.progress);
    this.#waiting.delete(reply.id);
    if ("value" in reply) {
      // A load that was done before its cancelling arrived: nobody will ever close what it made.
      const made = reply.value?.handle ?? reply.value?.part;
      if (!waiting && made) this.worker.postMessage({ id: 0, do: "close", handle: made });
      return waiting?.resolve(reply.value);
    }
    const error = fromPlain(reply.error);
    waiting?.reject(error);
    if (error.code === "WORKER_LOST") this.onLost(error);
  }
}
