/** @import { Progress } from "../clickfold.js" */
/** @import { DatasetInfo, Reply, Request, WireSource } from "./protocol.js" */

import { Dataset, Loader, initSync } from "../../target/pkg/clickfold.js";
import { toPlain } from "./errors.js";
import { readChunks } from "./source.js";
import { warmUp } from "./warm.js";
import { zoneChanges } from "./zones.js";

const PROGRESS_MS = 50;

/** By the id of the load that made them. @type {Map<number, Dataset>} */
const datasets = new Map();
/** @type {Map<number, AbortController>} */
const loads = new Map();

/** @param {Reply} reply @param {Transferable[]} [transfer] */
const post = (reply, transfer = []) => self.postMessage(reply, { transfer });

self.onmessage = async (/** @type {MessageEvent<{ id: number } & Request>} */ { data }) => {
  const { id } = data;
  try {
    const [value, ...transfer] = await answer(id, data);
    if (id) post({ id, value }, transfer);
  } catch (error) {
    post({ id, error: toPlain(error) });
  }
};

/** @param {number} id @param {Request} request @returns {Promise<[any, ...Transferable[]]>} */
async function answer(id, request) {
  switch (request.do) {
    case "start":
      initSync({ module: request.module });
      setTimeout(warmUp); // after the reply: nobody waits for it
      return [null];
    case "load":
      return [await load(id, request.source, request.options)];
    case "cancel":
      loads.get(request.request)?.abort();
      free(request.request); // the load may be done, and its page no longer waiting
      return [null];
    case "query": {
      const started = performance.now();
      const dataset = find(request.handle);
      const ipc = dataset.query(request.query, zoneChanges);
      const stats = { rows_scanned: dataset.rows, ms: performance.now() - started, exact: true };
      return [{ ipc, stats }, ipc.buffer];
    }
    case "append":
      find(request.handle).append(request.bytes);
      return [describe(request.handle)];
    case "roles":
      find(request.handle).setRoles(request.roles);
      return [describe(request.handle)];
    case "close":
      free(request.handle);
      return [null];
  }
}

/** @param {number} handle */
function find(handle) {
  const dataset = datasets.get(handle);
  if (!dataset) throw { code: "CLOSED", message: "the data set is closed; load it again" };
  return dataset;
}

/** @param {number} handle */
function free(handle) {
  datasets.get(handle)?.free();
  datasets.delete(handle);
}

/** @param {number} handle @returns {DatasetInfo} */
function describe(handle) {
  const dataset = find(handle);
  return { handle, schema: dataset.schema(), rows: dataset.rows, report: dataset.report() };
}

/** @param {number} id @param {WireSource} source @param {object} options */
async function load(id, source, options) {
  const loader = new Loader(JSON.parse(JSON.stringify(options)));
  const abort = new AbortController(), { signal } = abort;
  loads.set(id, abort);
  let finished = false, bytes = 0, told = -Infinity;
  /** @param {Progress["phase"]} phase @param {number} [totalBytes] */
  const tell = (phase, totalBytes) => post({ id, progress: { bytes, totalBytes, rows: loader.rows, rejected: loader.rejected, phase } });
  try {
    for await (const { chunk, readBytes, totalBytes } of readChunks(source, signal)) {
      signal.throwIfAborted();
      loader.push(chunk);
      bytes = readBytes;
      if (performance.now() - told >= PROGRESS_MS) {
        tell("reading", totalBytes);
        await breathe();
        told = performance.now();
      }
    }
    tell("done", bytes);
    await breathe();
    signal.throwIfAborted();
    finished = true; // from here on the loader belongs to the core
    datasets.set(id, loader.finish());
    return describe(id);
  } finally {
    loads.delete(id);
    if (!finished) loader.free();
  }
}

/** @type {(() => void)[]} */
const waiting = [];
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => waiting.shift()?.();

/** Lets a cancel be heard: pieces of a file can come so fast that no message gets in between. @returns {Promise<void>} */
function breathe() {
  return new Promise(resolve => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}
