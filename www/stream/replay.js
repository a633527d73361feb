/** A file's rows once more, in the order of their times and as fast as a clock of its own goes. */

/** @import { Dataset, Source } from "../clickfold.js" */

import { ClickfoldError } from "../engine/errors.js";

/** Rows that are sent as one, and bytes of the file that they should not exceed. */
const MOST_ROWS = 8192, MOST_BYTES = 1 << 20;
/** Milliseconds between frames. */
const PAUSE_MS = 50;
/** A timer waits no longer. */
const LONGEST_MS = 2 ** 31 - 1;

export class Replay {
  #dataset;
  #time;
  #clock;
  #most;
  /** All rows that are earlier have been sent. */
  #sent = -Infinity;
  /** Of the rows that come next, the times, up to `#until`. @type {number[]} */
  #next = [];
  #until = -Infinity;
  #changed = Promise.withResolvers();
  #isClosed = false;
  /** @type {{ to: number, resolve: () => void }[]} */
  #seeking = [];
  /** Rows that have no time: they never come. */
  timeless;

  /** @param {Dataset} dataset @param {string} time its column @param {number} timeless @param {number} speed */
  constructor(dataset, time, timeless, speed) {
    this.#dataset = dataset;
    this.#time = time;
    this.#clock = new Clock(speed);
    this.#most = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_BYTES / (dataset.report.bytes / dataset.rows))));
    this.timeless = timeless;
  }

  /** @param {(source: Source) => Promise<Dataset>} load @param {Source} source @param {number} speed */
  static async open(load, source, speed) {
    const dataset = await load(source);
    try {
      const time = dataset.schema.find(({ role }) => role === "time");
      if (!time) throw new ClickfoldError("BAD_INPUT", `no column of the file is the time of its events; say which by "schema", such as { "at": { "role": "time" } }`, { candidates: dataset.schema.map(({ name }) => name) });
      if (time.type !== "time") throw new ClickfoldError("BAD_INPUT", `the file's column ${JSON.stringify(time.name)} is of type ${time.type}, and a replay needs times`, { column: time.name });
      if (time.nulls === dataset.rows) throw new ClickfoldError("BAD_INPUT", `no row of the file has a time in ${JSON.stringify(time.name)}`, { column: time.name });
      return new Replay(dataset, time.name, time.nulls, speed);
    } catch (error) {
      await dataset.close();
      throw error;
    }
  }

  /** What the frames' columns are: those of the file, whatever the first rows look like. */
  get schema() {
    return Object.fromEntries(this.#dataset.schema.map(({ name, type, role }) => [name, type === "null" ? { role } : { type, role }]));
  }

  /** Arrow, each frame when its rows' time has come. @returns {AsyncGenerator<Uint8Array>} */
  async* frames() {
    for (let last = -Infinity; await this.#lookAhead(); last = performance.now()) {
      const [first] = this.#next;
      this.#clock.start(first);
      if (!await this.#isTime(first, last + PAUSE_MS)) return;
      const to = Math.min(Math.floor(this.#clock.now()) + 1, this.#until);
      const { ipc } = await this.#dataset.query({ kind: "rows", where: this.#from(this.#sent, to), order_by: [this.#time] });
      yield ipc;
      this.#sent = to;
      this.#next = this.#next.filter(time => time >= to);
    }
  }

  pause() {
    this.#clock.pause();
    this.#change();
  }

  resume() {
    this.#clock.resume();
    this.#change();
  }

  /** Is done when all that lies before has been taken. @param {Date} time */
  seek(time) {
    const to = time.getTime();
    if (Number.isNaN(to)) return Promise.reject(new ClickfoldError("BAD_QUERY", "a replay goes to a time, and that Date is none"));
    this.#clock.set(to);
    const done = /** @type {Promise<void>} */ (new Promise(resolve => this.#seeking.push({ to, resolve })));
    this.#change();
    return done;
  }

  async close() {
    this.#isClosed = true;
    this.#change();
    this.#settle(Infinity);
    await this.#dataset.close();
  }

  /** Learns the times of the rows that come next; false where there are none. */
  async #lookAhead() {
    if (!this.#next.length && this.#sent < Infinity && !this.#isClosed) {
      const { rows } = await this.#dataset.query({ kind: "rows", select: [this.#time], where: this.#from(this.#sent), order_by: [this.#time], limit: this.#most });
      const times = rows().map(row => /** @type {Date} */ (row[this.#time]).getTime());
      const last = times[times.length - 1];
      // Of the last time there may be more rows.
      this.#until = times.length < this.#most ? Infinity : times[0] === last ? last + 1 : last;
      this.#next = times.filter(time => time < this.#until);
    }
    this.#settle(this.#next[0] ?? Infinity);
    return this.#next.length > 0 && !this.#isClosed;
  }

  /** Waits for a time by the replay's clock, and one by the machine's. @param {number} time @param {number} earliest @returns {Promise<boolean>} false: it was closed */
  async #isTime(time, earliest) {
    for (;;) {
      this.#settle(time);
      if (this.#isClosed) return false;
      const wait = Math.max(this.#clock.until(time), this.#clock.isEndless ? 0 : earliest - performance.now());
      if (wait <= 0) return true;
      const { promise } = this.#changed;
      let timer;
      await Promise.race([promise, new Promise(resolve => { timer = setTimeout(resolve, Math.min(wait, LONGEST_MS)); })]);
      clearTimeout(timer);
    }
  }

  /** The condition on the rows' times. @param {number} from @param {number} [to] */
  #from(from, to = Infinity) {
    const text = (/** @type {number} */ time) => new Date(time).toISOString();
    return [{ column: this.#time, is_null: false, ...from > -Infinity ? { gte: text(from) } : {}, ...to < Infinity ? { lt: text(to) } : {} }];
  }

  #change() {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }

  /** Seeks are done whose time lies before that of the row that comes next. @param {number} next */
  #settle(next) {
    this.#seeking = this.#seeking.filter(({ to, resolve }) => {
      if (to < next) resolve();
      return to >= next;
    });
  }
}

/** The time of a replay's events, which goes on so many times faster than the machine's, and can be stopped and set. */
class Clock {
  #speed;
  #at = -Infinity;
  /** When it was `#at`; nothing while it stands. @type {number | undefined} */
  #since = performance.now();

  /** @param {number} speed */
  constructor(speed) {
    this.#speed = speed;
  }

  get isEndless() {
    return this.#speed === Infinity;
  }

  now() {
    if (this.#since === undefined) return this.#at;
    return this.isEndless ? Infinity : this.#at + (performance.now() - this.#since) * this.#speed;
  }

  /** Milliseconds until it is that time. @param {number} time */
  until(time) {
    if (this.now() >= time) return 0;
    return this.#since === undefined ? Infinity : (time - this.now()) / this.#speed;
  }

  /** Begins, if it has not. @param {number} time */
  start(time) {
    if (this.#at === -Infinity) this.set(time);
  }

  /** @param {number} time */
  set(time) {
    this.#at = time;
    if (this.#since !== undefined) this.#since = performance.now();
  }

  pause() {
    if (!this.isEndless) this.#at = this.now();
    this.#since = undefined;
  }

  resume() {
    this.#since ??= performance.now();
  }
}
