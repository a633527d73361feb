/** Whether a worker is still there: one that the browser has ended says nothing of it. */

/** A worker that works through a stretch hears no ping; none is as long as all that may go unanswered together. */
const PING_MS = 15_000, MOST_UNANSWERED = 8;

/**
 * The worker's side: holds a lock for as long as it lives. Tells whether it could; a page without an origin, or without
 * encryption, has no locks.
 * @param {string | undefined} name @returns {Promise<boolean>}
 */
export function hold(name) {
  return new Promise(resolve => {
    if (!name || !navigator.locks) return resolve(false); // a frame without an origin has them, and its worker has not
    navigator.locks.request(name, () => {
      resolve(true);
      return new Promise(() => {});
    }).catch(() => resolve(false));
  });
}

/**
 * The page's side: says once when the worker is gone. Until it holds its lock, and where it can hold none, it is pinged: its death
 * is then known after two minutes only.
 */
export class Pulse {
  /** The lock that the worker is to hold. */
  lock = navigator.locks ? `clickfold ${crypto.randomUUID()}` : undefined;
  #unanswered = 0;
  #timer;

  /** @param {() => void} ping @param {() => void} onGone */
  constructor(ping, onGone) {
    this.onGone = onGone;
    this.#timer = setInterval(() => {
      if (this.#unanswered++ === MOST_UNANSWERED) onGone();
      else ping();
    }, PING_MS);
  }

  /** The worker has said something. */
  heard() {
    this.#unanswered = 0;
  }

  /** The worker has its lock, which nobody else gets before it is gone. */
  held() {
    this.end();
    navigator.locks.request(/** @type {string} */ (this.lock), this.onGone).catch(() => {}); // the page itself is going
  }

  end() {
    clearInterval(this.#timer);
  }
}
