/** A file's rows once more, in the order of their times and as fast as a clock of its own goes. */

/** @import { Dataset } from "../clickfold.js" */
/** @import { Kind, Outlet, Source, Tools } from "./source.js" */

/** Rows that are sent as one, and bytes of the file that they should not exceed. */
const MOST_ROWS = 8192, MOST_BYTES = 1 << 20;
/** Milliseconds between frames. */
const PAUSE_MS = 50;
/** A timer waits no longer. */
const LONGEST_MS = 2 ** 31 - 1;

/** @type {Kind} */
export const file = {
  options: ["speed"],
  make({ file, speed = 1 }, tools) {
    if (!(file instanceof Blob)) throw new tools.ClickfoldError("BAD_QUERY", `"file" is a File or a Blob`);
    if (!(typeof speed === "number" && speed > 0)) throw new tools.ClickfoldError("BAD_QUERY", `"speed" is a number above 0, such as 60 for a minute a second, or Infinity, found ${JSON.stringify(speed)}`);
    return new Replay(file, speed, tools);
  },
};

/** @implements {Source} */
class Replay {
  canWait = true;
  isTyped = true;
  #file;
  #tools;
  #clock;
  /** What the file's rows are asked of, and the column of their times. @type {Dataset | undefined} */
  #dataset;
  #time = "";
  /** Rows that are sent as one. */
  #most = MOST_ROWS;
  /** All rows that are earlier have been sent. */
  #sent = -Infinity;
  /** The time of the last row. */
  #last = -Infinity;
  /** In how long a time about so many rows come. */
  #span = 1;
  /** The times of the rows that come next, as far as `#until`. @type {number[]} */
  #next = [];
  #until = -Infinity;
  /** Is resolved when the clock was changed. */
  #changed = Promise.withResolvers();
  /** @type {{ to: number, resolve: () => void }[]} */
  #seeking = [];
  #hasEnded = false;

  /** @param {Blob} file @param {number} speed @param {Tools} tools */
  constructor(file, speed, tools) {
    this.#file = file;
    this.#tools = tools;
    this.#clock = new Clock(speed);
  }

  /** Those of the file, whatever the first rows look like. */
  get schema() {
    return Object.fromEntries((this.#dataset?.schema ?? []).map(({ name, type, role }) => [name, type === "null" ? { role } : { type, role }]));
  }

  /** @param {Outlet} outlet */
  async run({ take, opened, signal }) {
    const { format, schema, clean, timezone } = this.#tools.options;
    const dataset = this.#dataset = await this.#tools.load(this.#file, { format, schema, clean, timezone, signal });
    const wake = () => this.#change();
    signal.addEventListener("abort", wake);
    try {
      this.#check(dataset);
      await this.#measure(dataset, signal);
      opened();
      for (let earliest = 0; await this.#lookAhead(dataset, signal); earliest = this.#clock.isEndless ? 0 : performance.now() + PAUSE_MS) {
        const [first] = this.#next;
        this.#clock.start(first);
        await this.#wait(first, earliest, signal);
        if (signal.aborted) return;
        const to = Math.min(Math.floor(this.#clock.now()) + 1, this.#until);
        const { ipc } = await dataset.query({ kind: "rows", where: this.#between(this.#sent, to), order_by: [this.#time] }, { signal });
        await take(ipc);
        this.#sent = to;
        this.#next = this.#next.filter(time => time >= to);
      }
      return noteOf(dataset.schema.find(({ name }) => name === this.#time)?.nulls);
    } finally {
      signal.removeEventListener("abort", wake);
      this.#hasEnded = true;
      this.#settle(Infinity);
      await dataset.close();
    }
  }

  pause() {
    this.#clock.pause();
    this.#settle(Infinity);
    this.#change();
  }

  resume() {
    this.#clock.resume();
    this.#change();
  }

  /** What lies between comes at once, or when a pause has ended. @param {Date} time */
  async seek(time) {
    const to = time.getTime();
    if (Number.isNaN(to)) throw new this.#tools.ClickfoldError("BAD_QUERY", "a replay goes to a time, and that Date is none");
    this.#clock.set(to);
    this.#change();
    if (this.#hasEnded || this.#clock.isPaused) return;
    await /** @type {Promise<void>} */ (new Promise(resolve => this.#seeking.push({ to, resolve })));
  }

  /** @param {Dataset} dataset */
  #check({ schema, rows, report }) {
    const { ClickfoldError } = this.#tools;
    const time = schema.find(({ role }) => role === "time");
    if (!time) throw new ClickfoldError("BAD_INPUT", `no column of the file is the time of its events; say which by "schema", such as { "at": { "role": "time" } }`, { candidates: schema.map(({ name }) => name) });
    const { name, type, nulls } = time;
    if (type !== "time") throw new ClickfoldError("BAD_INPUT", `the file's column ${JSON.stringify(name)} is of type ${type}, and a replay needs times`, { column: name });
    if (nulls === rows) throw new ClickfoldError("BAD_INPUT", `no row of the file has a time in ${JSON.stringify(name)}`, { column: name });
    this.#time = name;
    this.#most = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_BYTES * rows / report.bytes)));
  }

  /** Learns when the first and the last row come. @param {Dataset} dataset @param {AbortSignal} signal */
  async #measure(dataset, signal) {
    const column = this.#time;
    const table = await dataset.query({ kind: "aggregate", measures: { first: { fn: "min", column }, last: { fn: "max", column } } }, { signal });
    const [{ first, last }] = /** @type {Record<string, Date>[]} */ (table.rows());
    this.#sent = first.getTime() - 1;
    this.#last = last.getTime();
    this.#span = Math.ceil((this.#last - this.#sent) * Math.min(1, this.#most / dataset.rows));
  }

  /** Learns the times of the rows that come next; false where there are none. @param {Dataset} dataset @param {AbortSignal} signal */
  async #lookAhead(dataset, signal) {
    while (!this.#next.length && this.#sent <= this.#last) {
      const to = Math.min(this.#sent + this.#span, this.#last + 1);
      const table = await dataset.query({ kind: "rows", select: [this.#time], where: this.#between(this.#sent, to), order_by: [this.#time], limit: this.#most }, { signal });
      const times = table.rows().map(row => /** @type {Date} */ (row[this.#time]).getTime());
      const last = times[times.length - 1], isCut = times.length === this.#most;
      // Of the last time there may be more rows.
      this.#until = !isCut ? to : times[0] === last ? last + 1 : last;
      this.#next = times.filter(time => time < this.#until);
      this.#span = isCut ? this.#until - this.#sent : times.length < this.#most / 2 ? this.#span * 2 : this.#span;
      if (!times.length) this.#sent = to;
    }
    return this.#next.length > 0;
  }

  /** Waits for a time by the replay's clock, and one by the machine's. @param {number} time @param {number} earliest @param {AbortSignal} signal */
  async #wait(time, earliest, signal) {
    for (;;) {
      this.#settle(time);
      const { promise } = this.#changed, wait = Math.max(this.#clock.until(time), earliest - performance.now());
      if (wait <= 0 || signal.aborted) return;
      let timer;
      await Promise.race([promise, new Promise(resolve => { timer = setTimeout(resolve, Math.min(wait, LONGEST_MS)); })]);
      clearTimeout(timer);
    }
  }

  /** The condition on the rows' times. @param {number} from @param {number} to */
  #between(from, to) {
    return [{ column: this.#time, gte: new Date(from).toISOString(), lt: new Date(to).toISOString() }];
  }

  #change() {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }

  /** Seeks are done whose time lies before that of the row that is sent next. @param {number} next */
  #settle(next) {
    this.#seeking = this.#seeking.filter(({ to, resolve }) => {
      if (to < next) resolve();
      return to >= next;
    });
  }
}

/** @param {number | undefined} timeless rows */
const noteOf = timeless => timeless ? `${timeless} ${timeless === 1 ? "row has no time, and was" : "rows have no time, and were"} not replayed` : undefined;

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

  get isPaused() {
    return this.#since === undefined;
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
