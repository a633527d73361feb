/** @import { Question } from "./protocol.js" */
/** @import { Dataset } from "../../target/pkg/clickfold.js" */

import { breathe } from "./breathe.js";
import { freed, toPlain } from "./errors.js";
import { zoneChanges } from "./zones.js";

/** How long a question is worked on before messages are heard. */
const STRETCH_MS = 20;

const UNREADABLE = { code: "WORKER_LOST", message: "another worker sent what cannot be read; load the data again" };

/**
 * What a worker says where each actor's rows should come to one worker before the question, or must.
 * @param {Dataset} dataset @param {Question} question
 */
const exchangeFor = (dataset, { query, asTheyAre }) => {
  const exchange = asTheyAre ? undefined : /** @type {"may" | "must" | undefined} */ (dataset.needsExchange(query));
  return exchange && { exchange };
};

/**
 * The answer of this worker's rows and those whose states come from the other workers.
 * @param {() => Promise<Dataset>} find the data set in the core that answers the question
 * @param {Question} question
 * @param {MessagePort[]} from
 * @param {AbortSignal} signal
 * @returns {Promise<[any, ...Transferable[]]>}
 */
export async function answerQuery(find, question, from, signal) {
  try {
    signal.throwIfAborted();
    const dataset = await find();
    const started = performance.now();
    const exchange = from.length ? exchangeFor(dataset, question) : undefined;
    if (exchange) return [exchange];
    const states = from.map(port => receive(port, signal));
    states.forEach(state => state.catch(() => {})); // told when it is awaited
    const ipc = await freed(dataset.ask(question.query, zoneChanges), async asked => {
      await step(asked, dataset, signal);
      for (const state of states) asked.merge(await state);
      return asked.finish();
    });
    return [{ ipc, ms: performance.now() - started }, ipc.buffer];
  } finally {
    from.forEach(port => port.close());
  }
}

/**
 * What this worker's rows say of the question, or that rows must be exchanged.
 * @param {Dataset} dataset
 * @param {Question} question
 * @param {AbortSignal} signal
 * @returns {Promise<[{ state: Uint8Array } | { exchange: "may" | "must" }]>}
 */
export async function stateOf(dataset, question, signal) {
  signal.throwIfAborted();
  const exchange = exchangeFor(dataset, question);
  if (exchange) return [exchange];
  const state = await freed(dataset.ask(question.query, zoneChanges), async asked => {
    await step(asked, dataset, signal);
    return asked.state();
  });
  return [{ state }];
}

/**
 * Sends another worker the state that it waits for, or why there is none.
 * @param {MessagePort} to
 * @param {() => Promise<any[]>} run gives what `stateOf` does
 * @returns {Promise<[any]>}
 */
export async function sendState(to, run) {
  try {
    const [found] = await run();
    if (!found.state) return [found];
    to.postMessage(found, [found.state.buffer]);
    return [null];
  } catch (error) {
    const told = toPlain(error);
    if (told.code !== "WORKER_LOST") to.postMessage({ error: told }); // else the page ends the question: the other worker is not lost
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
    port.onmessage = ({ data }) => data.error ? reject(data.error) : resolve(data.state);
    port.onmessageerror = () => reject(UNREADABLE);
  });
}

/**
 * Gives the rows of other workers' actors away, and takes those of one's own in, until all have done so.
 * @param {Dataset} dataset
 * @param {number} me
 * @param {(MessagePort | null)[]} ports to each worker, none to this one
 * @param {AbortSignal} signal is aborted where another worker is lost
 */
export async function exchangeRows(dataset, me, ports, signal) {
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
    port.onmessageerror = () => {
      failed ??= UNREADABLE;
      resolve(undefined);
    };
  }));
  try {
    await freed(dataset.exchange(ports.length, me), async exchange => {
      for (let given; (given = dataset.give(exchange));) {
        for (const { to, rows } of given) ports[to]?.postMessage({ rows }, [rows.buffer]);
        await breathe();
        signal.throwIfAborted();
      }
    });
  } finally {
    ports.forEach(port => port?.postMessage({ done: true }));
  }
  const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await Promise.race([Promise.all(taken), aborted]).finally(() => ports.forEach(port => port?.close()));
  if (failed) throw failed;
  dataset.endExchange();
}
