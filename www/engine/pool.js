/** The workers of an engine: the first is there from the beginning, the others when they are first needed. */

/** @import { EngineOptions } from "../clickfold.js" */
/** @import { Lasting } from "./lasting.js" */

import { ClickfoldError } from "./errors.js";
import { Connection } from "./protocol.js";

/** Set by the build: the hashed names of the files beside this one. */
/* global __WORKER__, __WASM__ */

/** More of them ask for more memory than they save time. */
const MOST = 8;
/** Below that many bytes, starting another worker costs more than it saves. */
const SHARED_BYTES = 64 << 20;
/** WebAssembly reaches no further. */
const MOST_MEMORY = 2 ** 32;

export class Pool {
  /** By their places; that of a lost one is free. @type {(Promise<Connection> | undefined)[]} */
  #started = [];
  /** @type {Set<Connection>} */
  #all = new Set();
  /** Why there are no workers any more. @type {ClickfoldError | undefined} */
  ended;
  /** The data sets that are open. @type {Set<Lasting>} */
  lasting = new Set();
  #module;
  #onLost;
  /** How many there may be. */
  size;

  /** Bytes that all of them may hold. */
  memory;
  /** Files of fewer bytes are one worker's, unless so many were asked for. */
  #sharesFrom;

  /** @param {"auto" | number} workers @param {number} memory @param {EngineOptions["onLost"]} [onLost] */
  constructor(workers, memory, onLost) {
    this.#onLost = onLost;
    this.size = workers === "auto" ? Math.min(navigator.hardwareConcurrency || 1, MOST) : workers;
    this.#sharesFrom = workers === "auto" ? SHARED_BYTES : 0;
    this.memory = Math.min(memory, this.size * MOST_MEMORY);
    this.#module = compile();
    this.#module.catch(() => {}); // told by whoever starts a worker
  }

  /** The first worker. */
  first() {
    return this.#worker(0);
  }

  /** How many workers share files of so many bytes. @param {number} nBytes */
  sizeFor(nBytes) {
    return nBytes < this.#sharesFrom ? 1 : this.size;
  }

  /** So many workers, each as soon as it is there. @param {number} n */
  some(n) {
    return Array.from({ length: n }, (_, at) => this.#worker(at));
  }

  /** Ends all workers. @param {ClickfoldError} error */
  end(error) {
    this.ended = error;
    for (const connection of this.#all) connection.end(error);
  }

  /** @param {number} at */
  #worker(at) {
    return this.#started[at] ??= this.#start(at);
  }

  /** @param {number} at */
  async #start(at) {
    if (this.ended) throw this.ended;
    const { worker, started } = startWorker();
    let isStarted = false;
    const connection = new Connection(worker, error => {
      if (this.#take(at, connection, error) && isStarted) this.#tell(at, connection, error);
    });
    this.#all.add(connection);
    try {
      await connection.send({ do: "start", module: await this.#module, memory: this.memory / this.size, warmUp: at === 0 });
      isStarted = true;
    } catch (error) {
      this.#take(at, connection, /** @type {ClickfoldError} */ (error));
      throw error;
    } finally {
      started();
    }
    return connection;
  }

  /** Takes a worker out: the next to be asked of its place is a new one. @param {number} at @param {Connection} connection @param {ClickfoldError} error */
  #take(at, connection, error) {
    if (!this.#all.delete(connection)) return false;
    connection.end(error);
    this.#started[at] = undefined;
    return !this.ended;
  }

  /** Tells the data sets that had rows there, and whoever opened the engine. @param {number} at @param {Connection} connection @param {ClickfoldError} error */
  #tell(at, connection, error) {
    const struck = [...this.lasting].filter(each => each.isIn(connection));
    const rebuilt = Promise.all(struck.map(each => each.restore(error).then(() => [each.dataset], () => []))); // those know why not
    const told = { worker: at, error, datasets: struck.map(each => each.dataset), rebuilt: rebuilt.then(all => all.flat()) };
    if (this.#onLost) queueMicrotask(() => this.#onLost?.(told));
  }
}

/**
 * Starts a worker from a blob that imports its script. The script may then be of another origin than the page, and the
 * worker is under the page's Content-Security-Policy, which one started from an address of its own would not be. What is imported
 * statically would have to be allowed by `worker-src`, too, not only by `script-src`. In a frame without an origin of its own, Chromium starts
 * no module from a blob.
 */
function startWorker() {
  const source = `const early = [], keep = event => early.push(event);
addEventListener("message", keep);
import(${JSON.stringify(new URL(__WORKER__, import.meta.url).href)}).then(() => {
  removeEventListener("message", keep);
  for (const { data, ports } of early) dispatchEvent(new MessageEvent("message", { data, ports }));
}, error => setTimeout(() => { throw error; }));`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return { worker: new Worker(trusted(url), { type: self.origin === "null" ? "classic" : "module" }), started: () => URL.revokeObjectURL(url) };
}

/** @type {{ createScriptURL(url: string): string } | undefined} */
let policy;

/** The address of a script as pages want it that require Trusted Types. @param {string} url of a blob of ours */
function trusted(url) {
  const { trustedTypes } = /** @type {{ trustedTypes?: { createPolicy(name: string, rules: object): typeof policy } }} */ (globalThis);
  try {
    policy ??= trustedTypes?.createPolicy("clickfold", { createScriptURL: (/** @type {string} */ url) => url });
  } catch (error) {
    throw new ClickfoldError("WORKER_LOST", `the engine cannot be started: ${/** @type {Error} */ (error).message}; a Content-Security-Policy must allow clickfold in trusted-types, once for each copy of the script`);
  }
  return policy?.createScriptURL(url) ?? url;
}

async function compile() {
  const response = await fetchFile(new URL(__WASM__, import.meta.url));
  try {
    if (response.headers.get("content-type")?.startsWith("application/wasm")) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw new ClickfoldError("WORKER_LOST", `the engine cannot be compiled: ${/** @type {Error} */ (error).message}; a Content-Security-Policy must allow 'wasm-unsafe-eval' in script-src`);
  }
}

/** @param {URL} url */
async function fetchFile(url) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new ClickfoldError("WORKER_LOST", `cannot fetch ${url}; serve all files of the folder together, to pages of other origins with CORS headers; a Content-Security-Policy must allow them in connect-src`);
  return response;
}
