/** @import { ErrorDetail } from "../clickfold.js" */
/** @import { PlainError } from "./protocol.js" */

/** Every failure of the engine: a stable code, a sentence that says what to do, and where it happened. */
export class ClickfoldError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {ErrorDetail} [detail]
   */
  constructor(code, message, detail = {}) {
    super(message);
    this.name = "ClickfoldError";
    this.code = code;
    this.detail = detail;
  }
}

/**
 * The error as it crosses the wire. After `WORKER_LOST` the core is of no use any more.
 * @param {unknown} thrown @returns {PlainError}
 */
export function toPlain(thrown) {
  if (thrown instanceof RangeError || (thrown instanceof WebAssembly.RuntimeError && /memory/i.test(thrown.message))) {
    return { code: "WORKER_LOST", message: "the tab's memory is full; load fewer columns or rows, or use the command line", detail: {} };
  }
  if (thrown instanceof WebAssembly.RuntimeError) {
    return { code: "WORKER_LOST", message: `the engine stopped: ${thrown.message}; try again`, detail: {} };
  }
  const { code = "BAD_INPUT", message = String(thrown), detail = {} } = /** @type {any} */ (thrown) ?? {};
  return typeof code === "string" ? { code, message, detail } : { code: "BAD_INPUT", message, detail: {} };
}

/** The error that crossed the wire. @param {PlainError} error */
export const fromPlain = ({ code, message, detail }) => new ClickfoldError(code, message, detail);

/** The error that a caller waits for when its signal is aborted. */
export const cancelled = () => new ClickfoldError("CANCELLED", "cancelled");

/**
 * Frees what the core made, once it is done with. What a trapped core holds cannot be freed; then the trap is what is told.
 * @template T
 * @template {{ free(): void }} H
 * @param {H} held @param {(held: H) => T | Promise<T>} run @returns {Promise<T>}
 */
export async function freed(held, run) {
  let result;
  try {
    result = await run(held);
  } catch (error) {
    discard(held);
    throw error;
  }
  held.free();
  return result;
}

/** Frees what is of no use after an error, which is told, and not what freeing may throw. @param {{ free(): void }} held */
export function discard(held) {
  try {
    held.free();
  } catch {} // the core is lost, and the error says so
}
