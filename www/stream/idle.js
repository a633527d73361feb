/** @import { Dataset } from "../clickfold.js" */

const SECONDS = new Map([["s", 1], ["m", 60], ["h", 3600], ["d", 86_400], ["w", 604_800]]);
/** The clock is moved no more often. */
const EVERY_MS = 1000;

/** The milliseconds of a length of time such as `10s`; nothing for a text that is none. @param {string} text */
export function millisecondsOf(text) {
  const [, count, unit] = /^([1-9]\d*)([smhdw])$/.exec(text) ?? [];
  return count ? Number(count) * 1000 * /** @type {number} */ (SECONDS.get(unit)) : undefined;
}

/**
 * When no event has come for so long, the stream's clock goes on as the wall's does.
 * @param {Dataset} dataset
 * @param {number} idle milliseconds
 * @param {() => number | undefined} quietSince the wall's clock when the last event came; nothing where none can come
 * @param {AbortSignal} signal ends it
 * @param {(error: unknown) => void} onFail
 */
export function advanceWhenIdle(dataset, idle, quietSince, signal, onFail) {
  let isAdvancing = false;
  /** The newest event when it became quiet. */
  let since = /** @type {number | undefined} */ (undefined), newest = /** @type {Date | null | undefined} */ (undefined);
  const look = async () => {
    const quiet = quietSince();
    if (quiet !== since) {
      since = quiet;
      newest = dataset.live?.newest;
    }
    const waited = performance.now() - (quiet ?? Infinity);
    if (!newest || isAdvancing || !(waited >= idle)) return;
    isAdvancing = true;
    try {
      await dataset.advance(new Date(newest.getTime() + waited));
    } catch (error) {
      onFail(error);
    }
    isAdvancing = false;
  };
  const timer = setInterval(look, Math.min(idle, EVERY_MS));
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
