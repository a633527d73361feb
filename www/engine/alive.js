/** Whether a worker is still there: one that the browser has ended says nothing of it. */

/** @import { Request } from "./protocol.js" */

/** A worker that works through a stretch hears no ping; none is as long as all that may go unanswered together. */
const PING_MS = 15_000, MOST_UNANSWERED = 8;

/**
 * The worker's side: holds a lock for as long as it lives. Tells whether it could: in a frame without an origin there are none.
 * @param {string} name @returns {Promise<boolean>}
 */
export function hold(name) {
  return new Promise(resolve => {
    navigator.locks.request(name, () => {
      resolve(true);
      return new Promise(() => {});
    }).catch(() => resolve(false));
  });
}

/**
 * The page's side: says when the worker is gone. Until it holds its lock, and where it can hold none, it is pinged: its death
 * is then known after two minutes only.
 */
export class Pulse {
  #unanswered = 0;
  #timer;

  /** @param {(request: Request) => Promise<any>} send @param {() => void} onGone */
  constructor(send, onGone) {
    const lost = () => {}; // whoever waits for an answer is told
    this.#timer = setInterval(() => {
      if (this.#unanswered++ === MOST_UNANSWERED) onGone();
      else send({ do: "ping" }).catch(lost);
    }, PING_MS);
    if (!navigator.locks) return;
    const lock = `clickfold ${crypto.randomUUID()}`;
    send({ do: "hold", lock }).then(isHeld => {
      if (!isHeld) return;
      this.end();
      return navigator.locks.request(lock, onGone); // nobody else gets it before the worker is gone
    }).catch(lost);
  }

  /** The worker has said something. */
  heard() {
    this.#unanswered = 0;
  }

  end() {
    clearInterval(this.#timer);
  }
}
