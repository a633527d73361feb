/** Answers that are told again when rows have changed them. */

/** @import { ClickfoldError, LiveTable, WatchOptions } from "../clickfold.js" */
/** @import { Look } from "./protocol.js" */

import { ClickfoldError as Failure } from "./errors.js";

/** @typedef {{ table?: LiveTable, closed: LiveTable[], error?: ClickfoldError }} Seen what is to be told: nothing as long as there is no window */
/** @typedef {{ look: () => Promise<Seen>, end: () => void, number?: number, read?: (look: Look) => Seen }} View a question that is followed; its `number` where the worker follows it */
/** @typedef {{ onTable: (table: LiveTable) => void } & Required<Pick<WatchOptions, "every">> & Pick<WatchOptions, "onClosed" | "onError">} Told */

/** Those who watch a data set. */
export class Watchers {
  /** @type {Set<Watcher>} */
  #all = new Set();

  /** The rows or what they mean have changed. @param {boolean} [willAgain] rows are on their way that will, too: what is told then is enough */
  poke(willAgain) {
    for (const watcher of this.#all) watcher.poke(willAgain);
  }

  /** Those that wait for nothing but other rows: what these change can be told with them. @returns {{ number: number, settle: (look?: Look) => void }[]} */
  waiting() {
    return [...this.#all].flatMap(watcher => watcher.claim() ?? []);
  }

  /** @param {ClickfoldError} error why nothing will be told any more */
  fail(error) {
    for (const watcher of this.#all) watcher.fail(error);
    this.#all.clear();
  }

  /** @param {() => Promise<View>} follow @param {Told} told @returns {() => void} ends it */
  add(follow, told) {
    const watcher = new Watcher(told);
    this.#all.add(watcher);
    void watcher.run(follow).finally(() => this.#all.delete(watcher));
    return () => watcher.stop();
  }
}

class Watcher {
  #isOver = false;
  #isStale = true;
  /** Goes on waiting no longer. */
  #wake = () => {};
  /** While nothing but other rows is waited for: takes what they have changed, or hears that it is to be asked for. @type {((seen?: Seen) => void) | undefined} */
  #settle;
  /** @type {View | undefined} */
  #view;

  /** @param {Told} told */
  constructor(told) {
    this.told = told;
  }

  /** @param {boolean} [willAgain] */
  poke(willAgain) {
    this.#isStale = true;
    if (!willAgain) this.#settle?.();
  }

  /** Has what other rows change told with them, where nothing else is waited for. */
  claim() {
    const settle = this.#settle, { number, read } = this.#view ?? {};
    if (!settle || number === undefined || !read) return undefined;
    this.#settle = undefined;
    return { number, settle: (/** @type {Look | undefined} */ look) => settle(look && read(look)) };
  }

  stop() {
    this.#isOver = true;
    this.#wake();
    this.#settle?.();
  }

  /** @param {ClickfoldError} error */
  fail(error) {
    if (this.#isOver) return;
    this.stop();
    this.#tell(this.told.onError, error);
  }

  /** @param {() => Promise<View>} follow */
  async run(follow) {
    try {
      const view = this.#view = await follow();
      /** @type {Seen | undefined} */
      let given;
      while (!this.#isOver) {
        this.#isStale = false;
        const began = performance.now();
        const { table, closed, error } = given ?? await view.look();
        if (this.#isOver) break;
        for (const window of closed) this.#tell(this.told.onClosed, window);
        if (error) throw error;
        if (table) this.#tell(this.told.onTable, table);
        // An answer that takes long leaves as much time again to what else there is to do.
        const took = Math.max(performance.now() - began, table?.stats.ms ?? 0);
        await this.#pause(this.told.every && Math.max(this.told.every - took, took));
        given = await this.#change();
      }
    } catch (error) {
      this.fail(error instanceof Failure ? error : new Failure("BAD_STATE", String(error)));
    } finally {
      this.#view?.end();
    }
  }

  /** Waits until rows have changed; gives what they have changed, where that was told with them. @returns {Promise<Seen | undefined>} */
  async #change() {
    if (this.#isStale || this.#isOver) return undefined;
    const seen = await new Promise(resolve => { this.#settle = resolve; });
    this.#settle = undefined;
    return seen;
  }

  /** @param {number} ms */
  async #pause(ms) {
    if (ms <= 0) return;
    await new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (!this.#isOver) return;
        clearTimeout(timer);
        resolve(undefined);
      };
    });
    this.#wake = () => {};
  }

  /** What a listener throws is its page's own. @template T @param {((value: T) => void) | undefined} listener @param {T} value */
  #tell(listener, value) {
    try {
      listener?.(value);
    } catch (error) {
      reportError(error);
    }
  }
}
