/** A stream's rows on their way to the worker: what comes while it works is sent together, as a message costs as much as some hundred rows. */

/** @import { Appended } from "../clickfold.js" */
/** @import { Batch, Outcome } from "./protocol.js" */

import { fromPlain } from "./errors.js";

/** So many messages are under way, where nothing else is to go behind the rows: when the worker is done with one, the next is there. */
const MOST_MESSAGES = 2;
/** A message of several batches has no more, so that what it changes is told within a frame of the screen. */
const MOST_BYTES = 256 << 10, MOST_BATCHES = 64;

export class Appending {
  #send;
  /** @type {{ batch: Batch, resolve: (appended: Appended) => void, reject: (error: unknown) => void }[]} */
  #waiting = [];
  #messages = 0;

  /** @param {(batches: Batch[]) => Promise<Outcome[]>} send a message */
  constructor(send) {
    this.#send = send;
  }

  /** Whether another message follows those that are under way. */
  get goesOn() {
    return this.#waiting.length > 0;
  }

  /** @param {Batch} batch @returns {Promise<Appended>} */
  add(batch) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      this.#goOn();
    });
  }

  /** Sends all that waits: the worker has it before whatever is sent next. */
  flush() {
    while (this.goesOn) void this.#sendNext();
  }

  #goOn() {
    if (this.goesOn && this.#messages < MOST_MESSAGES) void this.#sendNext();
  }

  async #sendNext() {
    const sent = this.#take();
    this.#messages++;
    try {
      const outcomes = await this.#send(sent.map(({ batch }) => batch));
      sent.forEach(({ resolve, reject }, at) => {
        const { appended, error } = outcomes[at];
        if (appended) resolve(appended);
        else reject(fromPlain(error));
      });
    } catch (error) {
      for (const { reject } of sent) reject(error);
    }
    this.#messages--;
    this.#goOn();
  }

  /** What the next message has: a batch at least. */
  #take() {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ batch }, at) => at === MOST_BATCHES || ((bytes += batch.bytes.length) > MOST_BYTES && at > 0));
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }
}
