/** @import { StreamCounters } from "../clickfold.js" */
/** @import { Rows } from "./frames.js" */
/** @import { Frame } from "./source.js" */

import { isJoinable, joined, refusalOf, sizeOf, tooLarge, toRows } from "./frames.js";

/** Rows of several messages that are told the engine together. */
const JOINED_BYTES = 1 << 20;
/** Messages before the first that waits are forgotten so many at a time. */
const FORGOTTEN = 4096;
/** Stands where a message was, so that its bytes are let go of. */
const TAKEN = /** @type {Rows & { joinable: boolean }} */ ({ kind: "csv", bytes: new Uint8Array(), joinable: false });

/** Messages on their way to the engine, which takes one after the other. */
export class Queue {
  /** @type {(Rows & { joinable: boolean })[]} */
  #waiting = [];
  #from = 0;
  #bytes = 0;
  /** Messages that the engine has been given and has not answered for. */
  #underWay = 0;
  #isBusy = false;
  #isPaused = false;
  #isStopped = false;
  /** Who waits for room, and who for the end of all that waits. */
  #room = new Set();
  #idle = new Set();
  #mark = /** @type {unknown} */ (undefined);

  /**
   * @param {object} how
   * @param {StreamCounters} how.counters
   * @param {boolean} how.canWait whether the source is made to wait; else messages are dropped that there is no room for
   * @param {number} how.buffer bytes that may wait
   * @param {number} how.maxFrame
   * @param {import("../clickfold.js").LoadOptions["format"]} how.format
   * @param {(rows: Rows) => Promise<void>} how.consume a BAD_INPUT says that none of the rows is an event
   * @param {() => Uint8Array | undefined} how.header that messages of cells may have, as far as it is known
   * @param {() => boolean} how.mayJoin whether messages may be told together
   * @param {() => void} how.onChange
   * @param {(reason: string) => void} how.onRefused is told why a message is no event
   * @param {(error: unknown) => void} how.onFail
   */
  constructor(how) {
    this.how = how;
  }

  /** The mark of the last message that was let in. */
  get mark() {
    return this.#mark;
  }

  /** Resolves when there is room for the next. @param {Frame} frame @param {unknown} [mark] @returns {Promise<void>} */
  take(frame, mark) {
    const { counters, canWait, buffer, maxFrame, format, onChange } = this.how;
    if (this.#isStopped) return Promise.resolve();
    const rows = toRows(frame, maxFrame, format);
    counters.frames++;
    counters.bytes += rows?.bytes.length || sizeOf(frame);
    onChange();
    if (!rows) this.#reject(refusalOf(frame, maxFrame));
    else if (!canWait && this.#bytes + rows.bytes.length > buffer) {
      counters.dropped_frames++;
      return Promise.resolve();
    } else if (rows.bytes.length) this.#put(rows);
    this.#mark = mark ?? this.#mark;
    return canWait ? this.#roomFor(buffer) : Promise.resolve();
  }

  /** Counts a message that is too large to be read. @param {number} bytes */
  refuse(bytes) {
    if (this.#isStopped) return;
    this.how.counters.frames++;
    this.how.counters.bytes += bytes;
    this.#reject(tooLarge(this.how.maxFrame));
    this.how.onChange();
  }

  /** @param {string} reason */
  #reject(reason) {
    this.how.counters.invalid_frames++;
    this.how.onRefused(reason);
  }

  pause() {
    this.#isPaused = true;
  }

  resume() {
    this.#isPaused = false;
    this.#drain();
    this.#wake();
  }

  /** Resolves when nothing waits any more. @returns {Promise<void>} */
  drained() {
    return new Promise(resolve => {
      this.#idle.add(resolve);
      this.#wake();
    });
  }

  /** What waits still is dropped. */
  stop() {
    this.#isStopped = true;
    this.how.counters.dropped_frames += this.#waiting.length - this.#from;
    this.#waiting = [];
    this.#from = 0;
    this.#wake();
  }

  /** @param {Rows} rows */
  #put(rows) {
    this.#waiting.push({ ...rows, joinable: isJoinable(rows) });
    this.#bytes += rows.bytes.length;
    this.#drain();
  }

  /** @param {number} buffer @returns {Promise<void>} */
  #roomFor(buffer) {
    if (this.#bytes < buffer && !this.#isPaused) return Promise.resolve();
    return new Promise(resolve => this.#room.add(resolve));
  }

  async #drain() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#from < this.#waiting.length && !this.#isPaused && !this.#isStopped) await this.#hand(this.#next());
    } catch (error) {
      this.how.counters.dropped_frames += this.#underWay;
      this.#underWay = 0;
      this.how.onFail(error);
    }
    this.#isBusy = false;
    this.#wake();
  }

  /** The first that waits, and those behind it that can be told together with it. */
  #next() {
    const first = this.#waiting[this.#from];
    let to = this.#from + 1, bytes = first.bytes.length;
    if (first.joinable && this.how.mayJoin()) {
      for (let next; (next = this.#waiting[to]) && next.joinable && next.kind === first.kind && (bytes += next.bytes.length) <= JOINED_BYTES;) to++;
    }
    const taken = this.#waiting.slice(this.#from, to);
    this.#waiting.fill(TAKEN, this.#from, to);
    this.#from = to;
    this.#underWay = taken.length;
    if (this.#from >= FORGOTTEN) {
      this.#waiting.splice(0, this.#from);
      this.#from = 0;
    }
    return taken;
  }

  /** @param {Rows[]} messages */
  async #hand(messages) {
    try {
      await this.how.consume(joined(messages, this.how.header()));
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== "BAD_INPUT") throw error;
      if (messages.length > 1) {
        for (const message of messages) await this.#hand([message]);
        return;
      }
      this.#reject(/** @type {Error} */ (error).message);
    }
    this.#underWay -= messages.length;
    this.#bytes -= messages.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.how.onChange();
    this.#wake();
  }

  #wake() {
    const { buffer } = this.how;
    if (this.#isStopped || this.#bytes < buffer && !this.#isPaused) empty(this.#room);
    if (this.#isStopped || !this.#isBusy && this.#from === this.#waiting.length) empty(this.#idle);
  }
}

/** Lets all go that wait. @param {Set<() => void>} waiting */
function empty(waiting) {
  for (const resolve of waiting) resolve();
  waiting.clear();
}
