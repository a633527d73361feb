/** Answers that are told again when rows have changed them. */

/** @import { ClickfoldError, LiveTable, WatchOptions } from "../clickfold.js" */

import { ClickfoldError as Failure } from "./errors.js";

/** @typedef {{ table?: LiveTable, closed: LiveTable[] }} Seen what is to be told: nothing as long as there is no window */
/** @typedef {{ look: () => Promise<Seen>, end: () => void }} View a question that is followed */
/** @typedef {{ onTable: (table: LiveTable) => void } & Required<Pick<WatchOptions, "every">> & Pick<WatchOptions, "onClosed" | "onError">} Told */

/** Those who watch a data set. */
export class Watchers {
  /** @type {Set<Watcher>} */
  #all = new Set();

  /** The rows or what they mean have changed. */
  poke() {
    for (const watcher of this.#all) watcher.poke();
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

  /** @param {Told} told */
  constructor(told) {
    this.told = told;
  }

  poke() {
    this.#isStale = true;
    this.#wake();
  }

  stop() {
    this.#isOver = true;
    this.#wake();
  }

  /** @param {ClickfoldError} error */
  fail(error) {
    if (this.#isOver) return;
    this.stop();
    this.#tell(this.told.onError, error);
  }

  /** @param {() => Promise<View>} follow */
  async run(follow) {
    /** @type {View | undefined} */
    let view;
    try {
      view = await follow();
      while (!this.#isOver) {
        this.#isStale = false;
        const began = performance.now();
        const { table, closed } = await view.look();
        if (this.#isOver) break;
        for (const window of closed) this.#tell(this.told.onClosed, window);
        if (table) this.#tell(this.told.onTable, table);
        // An answer that takes long leaves as much time again to what else there is to do.
        const took = performance.now() - began;
        await this.#pause(this.told.every && Math.max(this.told.every - took, took));
        while (!this.#isStale && !this.#isOver) await new Promise(resolve => { this.#wake = () => resolve(undefined); });
      }
    } catch (error) {
      this.fail(error instanceof Failure ? error : new Failure("BAD_STATE", String(error)));
    } finally {
      view?.end();
    }
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
