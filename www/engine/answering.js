/** @import { Query } from "../clickfold.js" */
/** @import { Dataset } from "../../target/pkg/clickfold.js" */

import { breathe } from "./breathe.js";
import { toPlain } from "./errors.js";
import { zoneChanges } from "./zones.js";

/** How long a question is worked on before messages are heard. */
const STRETCH_MS = 20;

/** What a worker says when rows must be exchanged before the question. */
export const EXCHANGE = { exchange: true };

/**
 * The answer of this worker's rows and those whose states come from the other workers.
 * @param {Dataset} dataset
 * @param {Query} query
 * @param {MessagePort[]} from
 * @param {AbortSignal} signal
 * @returns {Promise<[any, ...Transferable[]]>}
 */
export async function answerQuery(dataset, query, from, signal) {
  const started = performance.now();
  signal.throwIfAborted();
  if (from.length && dataset.needsExchange(query)) {
    from.forEach(port => port.close());
    return [EXCHANGE];
  }
  const states = from.map(port => receive(port, signal));
  states.forEach(state => state.catch(() => {})); // told when it is awaited
  const asked = dataset.ask(query, zoneChanges);
  try {
    await step(asked, dataset, signal);
    for (const state of states) asked.merge(await state);
    const ipc = asked.finish();
    return [{ ipc, ms: performance.now() - started }, ipc.buffer];
  } finally {
    asked.free();
  }
}

/**
 * Sends another worker what this one's rows say of the question.
 * @param {Dataset} dataset
 * @param {Query} query
 * @param {MessagePort} to
 * @param {AbortSignal} signal
 * @returns {Promise<[any]>}
 */
export async function sendState(dataset, query, to, signal) {
  try {
    signal.throwIfAborted();
    if (dataset.needsExchange(query)) return [EXCHANGE];
    const asked = dataset.ask(query, zoneChanges);
    try {
      await step(asked, dataset, signal);
      const state = asked.state();
      to.postMessage({ state }, [state.buffer]);
    } finally {
      asked.free();
    }
    return [null];
  } catch (error) {
    to.postMessage({ error: toPlain(error) });
    throw error;
  } finally {
    to.close();
  }
}

/** @param {import("../../target/pkg/clickfold.js").Asked} asked @param {Dataset} dataset @param {AbortSignal} signal */
async function step(asked, dataset, signal) {
  for (let since = performance.now(); asked.step(dataset);) {
    if (performance.now() - since < STRETCH_MS) continue;
    await breathe();
    signal.throwIfAborted();
    since = performance.now();
  }
}

/** @param {MessagePort} port @param {AbortSignal} signal @returns {Promise<Uint8Array>} */
function receive(port, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    port.onmessage = ({ data }) => {
      port.close();
      if (data.error) reject(data.error);
      else resolve(data.state);
    };
  });
}

/**
 * Gives the rows of other workers' actors away, and takes those of one's own in, until all have done so.
 * @param {Dataset} dataset
 * @param {number} me
 * @param {(MessagePort | null)[]} ports to each worker, none to this one
 */
export async function exchangeRows(dataset, me, ports) {
  /** @type {unknown} */
  let failed;
  const taken = ports.map(port => port && new Promise(resolve => {
    port.onmessage = ({ data }) => {
      try {
        if (data.rows) dataset.takeIn(data.rows);
      } catch (error) {
        failed ??= error;
      }
      if (data.done) resolve(undefined);
    };
  }));
  const exchange = dataset.exchange(ports.length, me);
  try {
    for (let given; (given = dataset.give(exchange));) {
      for (const { to, rows } of given) ports[to]?.postMessage({ rows }, [rows.buffer]);
      await breathe();
    }
  } finally {
    exchange.free();
    ports.forEach(port => port?.postMessage({ done: true }));
  }
  await Promise.all(taken);
  ports.forEach(port => port?.close());
  if (failed) throw failed;
  dataset.endExchange();
}
