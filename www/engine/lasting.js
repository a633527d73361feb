/** A data set that outlives its workers: rows that one takes with it are read again, where that can be done. */

/** @import { Dataset, Joined } from "../clickfold.js" */
/** @import { Connection } from "./protocol.js" */
/** @import { OpenDataset } from "./dataset.js" */
/** @import { Pool } from "./pool.js" */

import { unlessAborted } from "./dataset.js";
import { ClickfoldError } from "./errors.js";
import { gathered } from "./sources.js";

/** A worker may be lost over a data set so often in so long a time; then the rows are not read again: it may be they that end it. */
const MOST_TIMES = 2, WITHIN_MS = 60_000;

export class Lasting {
  /** What others see, whichever workers have the rows. @type {Dataset} */
  dataset;
  #pool;
  #inner;
  #readAgain;
  #onGone;
  /** Why the rows cannot be had a second time. @type {string | undefined} */
  #once;
  /** What was done to the rows since they were read. @type {((inner: OpenDataset) => Promise<unknown>)[]} */
  #changes = [];
  /** How late it was said to be by a stream's clock. @type {Date | undefined} */
  #clock;
  /** @type {Promise<void> | undefined} */
  #restoring;
  /** What is asked at the moment. */
  #asking = 0;
  /** When a worker was lost while it worked on this data set, newest last. @type {number[]} */
  #times = [];
  /** @type {ClickfoldError | undefined} */
  #gone;
  #closing = new AbortController();
  /** What is watched: begins anew when the rows are there again, or fails. @type {Set<{ pause: () => void, begin: () => void, fail: (error: ClickfoldError) => void }>} */
  #watches = new Set();

  /**
   * @param {Pool} pool @param {OpenDataset} inner
   * @param {((signal: AbortSignal) => Promise<OpenDataset>) | undefined} readAgain where the source can be read twice
   * @param {(error: ClickfoldError) => void} [onGone] is told when the rows are lost for good
   */
  constructor(pool, inner, readAgain, onGone = () => {}) {
    this.#pool = pool;
    this.#inner = inner;
    this.#readAgain = readAgain;
    this.#onGone = onGone;
    this.dataset = this.#open();
    pool.lasting.add(this);
  }

  /** @param {Connection} worker */
  isIn(worker) {
    return this.#inner.shards.some(shard => shard.worker === worker);
  }

  /** Has the rows read again; fails where they are lost for good. @param {unknown} error that told of the loss @param {OpenDataset} [inner] that was lost */
  restore(error, inner = this.#inner) {
    if (inner !== this.#inner) return Promise.resolve(); // they are there again
    if (this.#gone) return Promise.reject(this.#gone);
    if (this.#closing.signal.aborted) return Promise.reject(error);
    this.#restoring ??= this.#restore(error).finally(() => { this.#restoring = undefined; });
    return this.#restoring;
  }

  /** @param {unknown} error */
  async #restore(error) {
    if (this.#asking || this.#watches.size) this.#count();
    for (const { pause } of this.#watches) pause();
    await new Promise(resolve => setTimeout(resolve)); // what was answered before is heard first
    const before = this.#inner;
    await before.close().catch(() => {}); // the other workers give their rows up; the lost one has none
    try {
      this.#inner = await this.#read(before);
    } catch (failure) {
      this.#gone = this.#pool.ended ?? this.#lost(before, /** @type {Error} */ (failure).message, error);
      this.#pool.lasting.delete(this);
      for (const { fail } of this.#watches) fail(this.#gone);
      this.#onGone(this.#gone);
      throw this.#gone;
    }
    for (const { begin } of this.#watches) begin();
  }

  /** The rows once more, with all that was done to them. @param {OpenDataset} before @returns {Promise<OpenDataset>} */
  async #read(before) {
    if (!this.#readAgain) throw new Error("their source can be read only once");
    if (this.#once) throw new Error(this.#once);
    if (this.#times.length > MOST_TIMES) throw new Error(`that has happened ${this.#times.length} times within a minute`);
    /** @type {OpenDataset | undefined} */
    let inner;
    try {
      inner = await this.#readAgain(this.#closing.signal);
      if (!isAlike(inner, before)) throw new Error("their source is another now");
      for (const change of this.#changes) await change(inner);
      if (this.#clock) await inner.advance(this.#clock);
      this.#closing.signal.throwIfAborted();
      return inner;
    } catch (error) {
      await inner?.close().catch(() => {}); // as above
      if (/** @type {any} */ (error).code !== "WORKER_LOST") throw error;
      this.#count();
      return this.#read(before);
    }
  }

  #count() {
    const now = performance.now();
    this.#times = [...this.#times.filter(time => now - time < WITHIN_MS), now];
  }

  /** @param {OpenDataset} before @param {string} why @param {unknown} cause */
  #lost({ shards, rows }, why, cause) {
    if (this.#closing.signal.aborted) return new ClickfoldError("CLOSED", "the data set is closed; load it again");
    const lost = shards.reduce((sum, { worker, rows }) => sum + (worker.lost ? rows : 0), 0) || rows;
    const [some, all] = [lost, rows].map(n => n.toLocaleString("en"));
    const error = new ClickfoldError("WORKER_LOST", `${some} of ${all} rows were lost with a worker of the engine, and cannot be read again: ${why}; load the data or connect again`, { lost: { rows: lost, of: rows } });
    return Object.assign(error, { cause });
  }

  /**
   * Asks now, or when the rows are there again; once more, where a worker is lost over it.
   * @template T
   * @param {(inner: OpenDataset) => Promise<T>} run @param {AbortSignal} [signal] @param {number} [tries] @returns {Promise<T>}
   */
  async #ask(run, signal, tries = 2) {
    if (this.#restoring) await unlessAborted(this.#restoring, signal);
    if (this.#gone) throw this.#gone;
    const inner = this.#inner;
    this.#asking++;
    try {
      return await run(inner);
    } catch (error) {
      if (/** @type {any} */ (error).code !== "WORKER_LOST") throw error;
      await unlessAborted(this.restore(error, inner), signal);
      if (tries > 1) return this.#ask(run, signal, tries - 1);
      throw Object.assign(new ClickfoldError("WORKER_LOST", "a worker of the engine was lost over this twice; the rows are there again: ask otherwise, or of fewer rows or columns"), { cause: error });
    } finally {
      this.#asking--;
    }
  }

  /**
   * Does something to the rows, and again to those that are read again.
   * @template G, T
   * @param {G} given @param {(inner: OpenDataset, given: G, signal?: AbortSignal) => Promise<T>} run @param {AbortSignal} [signal] @returns {Promise<T>}
   */
  async #change(given, run, signal) {
    const done = await this.#ask(inner => run(inner, given, signal), signal);
    const kept = structuredClone(given); // whoever gave it may change it
    this.#changes.push(inner => run(inner, kept));
    return done;
  }

  /** @returns {Dataset} */
  #open() {
    const inner = () => this.#inner;
    return {
      get schema() { return inner().schema; },
      get rows() { return inner().rows; },
      get report() { return inner().report; },
      get live() { return inner().live; },
      query: (query, options = {}) => this.#ask(inner => inner.query(query, options), options.signal),
      watch: (...given) => this.#watch(...given),
      late: () => this.#ask(inner => inner.late()),
      advance: async time => {
        await this.#ask(inner => inner.advance(time));
        if (!this.#clock || time > this.#clock) this.#clock = new Date(time);
      },
      append: async (rows, options) => {
        const appended = await this.#ask(inner => inner.append(rows, options));
        this.#once = "rows were appended to them";
        return appended;
      },
      join: async (source, { signal, ...options }) => {
        const { blob } = await gathered(source, signal);
        /** @type {Joined | undefined} */
        let latest;
        const joined = await this.#change(options, async (inner, options, signal) => latest = await inner.join(blob, { ...options, signal }), signal);
        return { ...joined, unusedRows: () => this.#ask(() => (latest ?? joined).unusedRows()) };
      },
      segment: (name, query, { signal } = {}) => this.#change(query, (inner, query, signal) => inner.segment(name, query, { signal }), signal),
      sql: (query, dialect) => this.#ask(inner => inner.sql(query, dialect)),
      setRoles: roles => this.#change(roles, (inner, roles) => inner.setRoles(roles)),
      close: () => this.#close(),
    };
  }

  /** @type {Dataset["watch"]} */
  #watch(query, onTable, options = {}) {
    let stop = () => {}, toldUntil = -Infinity;
    const watch = {
      pause: () => stop(),
      begin: () => {
        const inner = this.#inner;
        stop = inner.watch(query, onTable, {
          ...options,
          ...options.onClosed && { onClosed: table => {
            const end = Math.max(...table.live.windows.map(({ end }) => end.getTime()));
            if (end <= toldUntil) return; // it was told of the rows that were lost
            toldUntil = end;
            options.onClosed?.(table);
          } },
          onError: error => {
            if (error.code === "WORKER_LOST") this.restore(error, inner).catch(watch.fail);
            else watch.fail(error);
          },
        });
      },
      fail: (/** @type {ClickfoldError} */ error) => {
        if (this.#watches.delete(watch)) options.onError?.(error);
      },
    };
    watch.begin();
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
      stop();
    };
  }

  async #close() {
    this.#pool.lasting.delete(this);
    this.#closing.abort();
    await this.#restoring?.catch(() => {}); // it ends with the data set
    if (this.#gone) return;
    await this.#inner.close().catch(error => {
      if (error.code !== "WORKER_LOST") throw error; // a lost worker has nothing to be freed
    });
  }
}

/** Whether a source that was read again is what it was. @param {OpenDataset} now @param {OpenDataset} before */
const isAlike = ({ report: now }, { report: before }) => now.used === before.used && now.read === before.read && now.bytes === before.bytes;
