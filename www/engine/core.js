/** A worker's cores: that of a first visit, which reads CSV, and the complete one, fetched when a source needs it. */

/** @import { Query } from "../clickfold.js" */
/** @import { WireOptions } from "./protocol.js" */
/** @import { Opened } from "./source.js" */

import * as first from "../../target/pkg/clickfold.js";

/** Set by the build: the hashed names of the complete core and its script. */
/* global __COMPLETE__, __COMPLETE_WASM__ */

/** @typedef {typeof import("../../target/pkg/clickfold.js")} Core */
/** @typedef {typeof import("../more/complete.js")} CompleteCore */

/** Bytes that both may hold. */
let memory = Infinity;
/** @type {Promise<CompleteCore> | undefined} */
let coming;
/** @type {CompleteCore | undefined} */
let complete;

/** @param {WebAssembly.Module} module @param {number} bytes that this worker may hold */
export function start(module, bytes) {
  first.initSync({ module });
  memory = bytes;
}

/** Bytes that the complete core may hold, with what the first one holds. */
export const bytesForComplete = () => memory - first.bytesHeld();

/** The core for a source that `needs` the complete one or does not. @param {boolean} needs @returns {Promise<Core>} */
export async function coreFor(needs) {
  const core = needs ? await completeCore() : first;
  core.setBudget(memory - ((needs ? first : complete)?.bytesHeld() ?? 0));
  return core;
}

/** Whether a data set is the complete core's. @param {import("../../target/pkg/clickfold.js").Dataset} dataset */
export const isComplete = dataset => !(dataset instanceof first.Dataset);

/** Whether the core of a first visit does not answer that kind of question. @param {Query} query */
export const isBeyondFirst = query => typeof query?.kind === "string" && !first.isKnownKind(query.kind);

/** Whether the core of a first visit does not do for a source. @param {Opened} opened @param {WireOptions} options @param {Query[]} [queries] that are answered while it is read */
export function needsComplete({ start, isAll }, { format: { kind, pattern, separator } = {}, clean, live }, queries = []) {
  return queries.some(isBeyondFirst) || clean !== undefined || live !== undefined || pattern !== undefined || !(kind === "csv" || (kind === undefined && (separator !== undefined || first.isPlainCsv(start, isAll))));
}

/** @returns {Promise<CompleteCore>} */
export async function completeCore() {
  coming ??= fetchCore();
  try {
    return complete = await coming;
  } catch (error) {
    coming = undefined; // the next source tries again
    throw error;
  }
}

/** @returns {Promise<CompleteCore>} */
async function fetchCore() {
  const at = (/** @type {string} */ name) => new URL(name, import.meta.url).href;
  try {
    const core = await import(at(__COMPLETE__));
    await core.default({ module_or_path: at(__COMPLETE_WASM__) });
    return core;
  } catch (error) {
    throw { code: "BAD_INPUT", message: `this needs more of the engine, which cannot be fetched: ${/** @type {Error} */ (error).message}; is there a network?` };
  }
}
