/** When a broken connection is tried again: ever later, and no two clients at the same time. */

const FIRST_MS = 100;
const LONGEST_MS = 30_000;
/** The other end may ask for so much. */
const MOST_MS = 3_600_000;

export class Backoff {
  /** The next wait is below it. */
  #bound = FIRST_MS;

  /**
   * Resolves when it is time to try again, or the network is back. A connection that lasted longer than there would be waited at the
   * longest begins anew.
   * @param {number} lasted milliseconds; 0 if there was none, without end if it brought events
   * @param {number} least milliseconds that the other end asks for
   * @param {AbortSignal} signal ends the waiting
   */
  async wait(lasted, least, signal) {
    if (lasted > this.#bound) this.#bound = FIRST_MS;
    const wait = Math.min(least, MOST_MS) + Math.random() * this.#bound;
    this.#bound = Math.min(this.#bound * 2, LONGEST_MS);
    await delay(wait, signal, !navigator.onLine);
  }
}

/**
 * Resolves after so many milliseconds, when the signal is aborted, or, if told so, when the network is back.
 * @param {number} ms @param {AbortSignal} signal @param {boolean} [orOnline] @returns {Promise<void>}
 */
export function delay(ms, signal, orOnline = false) {
  return new Promise(resolve => {
    const ended = new AbortController();
    const end = () => {
      clearTimeout(timer);
      ended.abort();
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { signal: ended.signal });
    if (orOnline) addEventListener("online", end, { signal: ended.signal });
  });
}
