/**
 * The whole wire between a page and its worker. Each request has an `id` and gets one reply of that id; a load
 * also sends progress in between.
 *
 * @import { ErrorDetail, Field, LoadOptions, Progress, Query, Report } from "../clickfold.js"
 *
 * @typedef {{ blob: Blob } | { stream: ReadableStream<Uint8Array>, totalBytes?: number } | { url: string }} WireSource
 * @typedef {{ handle: number, schema: Field[], rows: number, report: Report }} DatasetInfo
 *
 * @typedef {{ do: "start", module: WebAssembly.Module }
 *   | { do: "load", source: WireSource, options: Pick<LoadOptions, "format" | "schema"> }
 *   | { do: "cancel", request: number }
 *   | { do: "query", handle: number, query: Query }
 *   | { do: "append", handle: number, bytes: Uint8Array }
 *   | { do: "roles", handle: number, roles: Record<string, string | null> }
 *   | { do: "close", handle: number }} Request
 *
 * @typedef {{ id: number, value: any } | { id: number, error: { code: string, message: string, detail: ErrorDetail } }
 *   | { id: number, progress: Progress }} Reply
 */

import { ClickfoldError, cancelled } from "./errors.js";

/** The page's end: requests out, replies in. */
export class Connection {
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void, onProgress?: (p: Progress) => void }>} */
  #waiting = new Map();
  #next = 1;
  /** @type {Error | undefined} */
  #lost;

  /** @param {Worker} worker */
  constructor(worker) {
    this.worker = worker;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = event => this.lose(`the worker failed: ${event.message ?? "it could not be started"}`);
    worker.onmessageerror = () => this.lose("the worker sent what cannot be read");
  }

  /**
   * @param {Request} request
   * @param {{ transfer?: Transferable[], signal?: AbortSignal, onProgress?: (p: Progress) => void }} [options]
   * @returns {Promise<any>}
   */
  send(request, { transfer = [], signal, onProgress } = {}) {
    if (this.#lost) return Promise.reject(this.#lost);
    if (signal?.aborted) return Promise.reject(cancelled());
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(id);
        this.worker.postMessage({ id: 0, do: "cancel", request: id });
        reject(cancelled());
      };
      const done = () => signal?.removeEventListener("abort", abort);
      this.#waiting.set(id, {
        resolve: value => (done(), resolve(value)),
        reject: error => (done(), reject(error)),
        onProgress,
      });
      signal?.addEventListener("abort", abort);
      try {
        this.worker.postMessage({ id, ...request }, transfer);
      } catch (error) { // DataCloneError: a function in a query, a stream that somebody else reads
        this.#waiting.delete(id);
        done();
        const what = request.do === "load" ? "the source or its options" : `the ${request.do}`;
        reject(new ClickfoldError(request.do === "load" ? "BAD_INPUT" : "BAD_QUERY", `${what} cannot be sent to the worker: ${/** @type {Error} */ (error).message}`));
      }
    });
  }

  /** Ends the worker: all that waits, and all that will be asked, fails. @param {string} why @param {string} [code] */
  lose(why, code = "WORKER_LOST") {
    this.#lost ??= new ClickfoldError(code, why);
    this.worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
  }

  /** @param {Reply} reply */
  #receive(reply) {
    const waiting = this.#waiting.get(reply.id);
    if ("progress" in reply) return waiting?.onProgress?.(reply.progress);
    this.#waiting.delete(reply.id);
    if ("value" in reply) {
      // A load that was done before its cancelling arrived: nobody will ever close what it made.
      if (!waiting && reply.value?.handle) this.worker.postMessage({ id: 0, do: "close", handle: reply.value.handle });
      return waiting?.resolve(reply.value);
    }
    const { code, message, detail } = reply.error;
    waiting?.reject(new ClickfoldError(code, message, detail));
    if (code === "WORKER_LOST" || code === "OUT_OF_MEMORY") this.lose(message, code);
  }
}
