/** @import { Dataset, Engine, EngineOptions, LoadOptions, Source } from "../clickfold.js" */
/** @import { DatasetInfo, WireSource } from "./protocol.js" */

import { openDataset } from "./dataset.js";
import { ClickfoldError } from "./errors.js";
import { Connection } from "./protocol.js";

/** Set by the build: the hashed names of the files beside this one, and the version. */
/* global __WORKER__, __WASM__, __VERSION__ */

/** Boots WebAssembly in a worker. @param {EngineOptions} [options] @returns {Promise<Engine>} */
export async function open({ workers = "auto" } = {}) {
  if (workers !== "auto" && !(Number.isInteger(workers) && workers > 0)) {
    throw new ClickfoldError("BAD_QUERY", `"workers" must be "auto" or a whole number above 0, found ${workers}`);
  }
  const { worker, started } = startWorker();
  const connection = new Connection(worker);
  try {
    await connection.send({ do: "start", module: await compile() });
  } catch (error) {
    connection.lose("the engine could not be started");
    throw error;
  } finally {
    started();
  }
  return {
    version: __VERSION__,
    load: (source, options = {}) => load(connection, source, options),
    close: async () => connection.lose("the engine is closed", "CLOSED"),
  };
}

/**
 * Starts the worker from a blob that imports its script. The script may then be of another origin than the page, and the
 * worker is under the page's Content-Security-Policy, which one started from an address of its own would not be.
 */
function startWorker() {
  const source = `import ${JSON.stringify(new URL(__WORKER__, import.meta.url).href)};`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return { worker: new Worker(url, { type: "module" }), started: () => URL.revokeObjectURL(url) };
}

async function compile() {
  const response = await fetchFile(new URL(__WASM__, import.meta.url));
  if (response.headers.get("content-type")?.startsWith("application/wasm")) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** @param {URL} url */
async function fetchFile(url) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new ClickfoldError("WORKER_LOST", `cannot fetch ${url}; serve all files of the folder together`);
  return response;
}

/**
 * @param {Connection} connection
 * @param {Source} source
 * @param {LoadOptions} options
 * @returns {Promise<Dataset>}
 */
async function load(connection, source, { format, schema, timezone = "UTC", onProgress, signal, ...unknown }) {
  const [key] = Object.keys(unknown);
  if (key === "clean") throw new ClickfoldError("UNSUPPORTED", "cleaning steps cannot be applied yet; load without \"clean\"");
  if (key) throw new ClickfoldError("BAD_QUERY", `unknown option ${JSON.stringify(key)}; known are format, schema, timezone, onProgress, signal`);
  if (timezone !== "UTC") throw new ClickfoldError("UNSUPPORTED", "a source's clock is taken as UTC for now; group by local time with \"timezone\" in a query");
  const wire = toWire(source);
  const transfer = "stream" in wire ? [/** @type {Transferable} */ (/** @type {unknown} */ (wire.stream))] : [];
  /** @type {DatasetInfo} */
  const info = await connection.send({ do: "load", source: wire, options: { format, schema } }, { transfer, signal, onProgress });
  return openDataset(connection, info);
}

/** @param {Source} source @returns {WireSource} */
function toWire(source) {
  if (Array.isArray(source)) {
    if (source.length === 1) return toWire(source[0]);
    throw new ClickfoldError("UNSUPPORTED", "several files cannot be loaded as one yet; join them first");
  }
  if (source instanceof Blob) return { blob: source };
  if (source instanceof URL) return { url: source.href };
  if (source instanceof ReadableStream) return { stream: source };
  if (source instanceof Uint8Array) return { blob: new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (source)]) };
  if (source instanceof Response) {
    if (!source.ok || !source.body) throw new ClickfoldError("BAD_INPUT", `the server answered ${source.status} ${source.statusText}`);
    const length = Number(source.headers.get("content-length")) || undefined;
    return { stream: source.body, totalBytes: source.headers.get("content-encoding") ? undefined : length };
  }
  throw new ClickfoldError("BAD_INPUT", "a source is a File, Blob, URL, Response, ReadableStream or Uint8Array");
}
