/** @import { Appended, ConnectOptions, Dataset, LiveDataset, StreamSource } from "../clickfold.js" */
/** @import { Rows } from "./frames.js" */
/** @import { Outlet, Source, Tools } from "./source.js" */

import { Backoff } from "./backoff.js";
import { headerOf } from "./frames.js";
import { advanceWhenIdle, millisecondsOf } from "./idle.js";
import { Opening } from "./opening.js";
import { Queue } from "./queue.js";
import { Broken } from "./source.js";
import { KINDS } from "./sources.js";
import { Status } from "./status.js";

const MAX_FRAME = 16 << 20;
const BUFFER = 64 << 20;
const OPTIONS = ["format", "schema", "clean", "timezone", "lateness", "keep", "id", "ids", "idle", "maxFrame", "buffer", "onStatus", "signal"];

/**
 * A data set of a source's events. It is there when the first is.
 * @param {StreamSource} given @param {ConnectOptions} options @param {Omit<Tools, "options">} engine
 * @returns {Promise<LiveDataset>}
 */
export async function connect(given, options, engine) {
  check(options, engine);
  const source = open(given, { ...engine, options });
  if (!options.signal?.aborted) engine.prepare();
  return new Stream(source, source.isTyped ? ofTyped(options) : options, engine).start();
}

/** What is left to be said of frames that the source has read itself. @param {ConnectOptions} options @returns {ConnectOptions} */
const ofTyped = ({ format, schema, clean, timezone, ...options }) => ({ ...options, maxFrame: Infinity });

class Stream {
  #ended = new AbortController();
  #backoff = new Backoff();
  /** @type {Dataset | undefined} */
  #dataset;
  #first = /** @type {PromiseWithResolvers<LiveDataset>} */ (Promise.withResolvers());
  /** @type {string | null} */
  #lastId = null;
  /** What each message of delimited rows may begin with. @type {Uint8Array | undefined} */
  #header;
  /** When the connection was opened, and when the last event came. */
  #openedAt = 0;
  #eventAt = 0;

  /** @param {Source} source @param {ConnectOptions} options @param {Omit<Tools, "options">} engine */
  constructor(source, options, engine) {
    const { onStatus, maxFrame = MAX_FRAME, buffer = BUFFER, format } = options;
    this.source = source;
    this.options = options;
    this.engine = engine;
    this.status = new Status(onStatus);
    this.opening = new Opening(source, options, engine, this.#ended.signal, error => this.#fail(error));
    this.queue = new Queue({
      counters: this.status.counters, canWait: source.canWait, buffer, maxFrame, format,
      consume: rows => this.#consume(rows), header: () => this.#header, mayJoin: () => this.#dataset !== undefined,
      onChange: () => this.status.count(), onRefused: reason => { this.status.refused = reason; }, onFail: error => this.#fail(error),
    });
    const { queue } = this, lastId = () => this.#lastId;
    /** @type {Outlet} */
    this.outlet = {
      take: (frame, mark) => queue.take(frame, mark), refuse: bytes => queue.refuse(bytes), opened: () => this.#opened(), maxFrame, signal: this.#ended.signal,
      last: { get id() { return lastId(); }, get mark() { return queue.mark; } },
    };
  }

  start() {
    const { signal } = this.options;
    const cancel = () => this.#end({ cancelled: true });
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel, { signal: this.#ended.signal });
    this.#run();
    return this.#first.promise;
  }

  async #run() {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#openedAt = 0;
      const { used } = this.status.counters;
      try {
        const note = await this.source.run(this.outlet);
        if (!signal.aborted) await this.queue.drained();
        return this.#end({ note: note || undefined });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Broken)) return this.#fail(error);
        this.status.set("reconnecting", error.message);
        const lasted = this.#openedAt && performance.now() - this.#openedAt;
        await this.#backoff.wait(this.status.counters.used > used ? Infinity : lasted, error.wait, signal);
      }
    }
  }

  #opened() {
    if (this.status.now.state === "reconnecting") this.status.counters.reconnects++;
    this.#openedAt = performance.now();
    this.status.set("open");
  }

  /** @param {Rows} rows */
  async #consume(rows) {
    if (rows.kind === "csv" && this.#header && headerOf(rows.bytes, this.#header) === rows.bytes.length) return; // said again by a new connection
    if (this.#dataset) return this.#count(await this.#dataset.append(rows.bytes, rows.kind === "arrow" ? {} : { format: rows.kind }));
    const opened = await this.opening.load(rows);
    if (!opened) return; // a header alone: its rows come
    const { dataset, header } = opened;
    this.#dataset = dataset;
    this.#header = header;
    const { read, used, rejected, filtered, duplicate } = dataset.report;
    this.#count({ read, used, rejected, filtered, duplicate, late: dataset.live?.late ?? 0, last_id: null });
    const idle = this.options.idle && millisecondsOf(this.options.idle);
    if (idle) advanceWhenIdle(dataset, idle, () => this.status.isOpen ? Math.max(this.#eventAt, this.#openedAt) : undefined, this.#ended.signal, error => this.#fail(error));
    this.#first.resolve(this.#liveDataset(dataset));
  }

  /** @param {Appended} told */
  #count({ read, used, rejected, filtered, duplicate, late, last_id }) {
    const { counters } = this.status;
    counters.received += read;
    counters.used += used;
    counters.invalid += rejected;
    counters.filtered += filtered;
    counters.duplicate += duplicate;
    counters.late += late;
    this.#lastId = last_id ?? this.#lastId;
    this.#eventAt = performance.now();
    this.status.count();
  }

  /** @param {Dataset} dataset @returns {LiveDataset} */
  #liveDataset(dataset) {
    const { status, queue, source } = this, { ClickfoldError } = this.engine;
    const own = {
      get status() { return status.now; },
      pause: () => {
        queue.pause();
        source.pause?.();
        status.pause(true);
      },
      resume: () => {
        status.pause(false);
        source.resume?.();
        queue.resume();
      },
      seek: async (/** @type {Date} */ time) => {
        if (!source.seek) throw new ClickfoldError("UNSUPPORTED", "this source goes on by itself; a file can be sought in");
        await source.seek(time);
        if (!status.isPaused) await queue.drained();
      },
      close: async () => {
        this.#end();
        await dataset.close();
      },
    };
    return Object.defineProperties(/** @type {any} */ ({}), { ...Object.getOwnPropertyDescriptors(dataset), ...Object.getOwnPropertyDescriptors(own) });
  }

  /** @param {{ note?: string, cancelled?: boolean }} [how] */
  #end({ note, cancelled = false } = {}) {
    this.#stop();
    this.status.set("ended", cancelled ? "cancelled" : note);
    const { ClickfoldError } = this.engine;
    this.#first.reject(cancelled ? new ClickfoldError("CANCELLED", "cancelled") : new ClickfoldError("BAD_INPUT", "the stream ended before an event came"));
  }

  /** @param {unknown} error */
  #fail(error) {
    const { ClickfoldError } = this.engine;
    const told = error instanceof ClickfoldError ? error : new ClickfoldError("SOURCE_LOST", /** @type {Error} */ (error).message);
    this.#stop();
    this.status.set("failed", told.message);
    this.#first.reject(told);
  }

  #stop() {
    this.#ended.abort();
    this.queue.stop();
  }
}

/** @param {StreamSource} given @param {Tools} tools @returns {Source} */
function open(given, tools) {
  const { ClickfoldError } = tools;
  const names = Object.keys(given ?? {}).filter(key => KINDS.has(key));
  if (names.length !== 1) throw new ClickfoldError("BAD_QUERY", `a source is an object with one of ${[...KINDS.keys()].join(", ")}; found ${JSON.stringify(Object.keys(given ?? {}))}`);
  const [name] = names, kind = /** @type {import("./source.js").Kind} */ (KINDS.get(name));
  const unknown = Object.keys(given).find(key => key !== name && !kind.options.includes(key));
  if (unknown !== undefined) throw new ClickfoldError("BAD_QUERY", `unknown option ${JSON.stringify(unknown)} of ${name}; known are ${kind.options.join(", ") || "none"}`);
  return kind.make(given, tools);
}

/** @param {ConnectOptions} options @param {Omit<Tools, "options">} engine */
function check(options, { ClickfoldError, checkLive }) {
  const unknown = Object.keys(options).find(key => !OPTIONS.includes(key));
  if (unknown !== undefined) throw new ClickfoldError("BAD_QUERY", `unknown option ${JSON.stringify(unknown)}; known are ${OPTIONS.join(", ")}`);
  for (const key of /** @type {const} */ (["maxFrame", "buffer"])) {
    const bytes = options[key];
    if (bytes !== undefined && !(bytes > 0)) throw new ClickfoldError("BAD_QUERY", `${JSON.stringify(key)} is a number of bytes above 0, found ${JSON.stringify(bytes)}`);
  }
  const { lateness, keep, id, ids } = options;
  checkLive({ lateness, keep, id, ids });
  if (!isEncoding(options.format?.encoding)) throw new ClickfoldError("BAD_QUERY", `"encoding" is what browsers call a text encoding, such as "gb18030", found ${JSON.stringify(options.format?.encoding)}`);
  if (options.idle !== undefined && millisecondsOf(options.idle) === undefined) throw new ClickfoldError("BAD_QUERY", `"idle" is a length of time such as "10s" or "5m", found ${JSON.stringify(options.idle)}`);
}

/** @param {string | undefined} name */
function isEncoding(name) {
  try {
    return Boolean(new TextDecoder(name));
  } catch {
    return false;
  }
}
