/** @import { Dataset, LoadedPart } from "../../target/pkg/clickfold.js" */
/** @import { DatasetInfo, Look, Outcome, Reply, Request, Taken, WireOptions } from "./protocol.js" */

import { joinTypes } from "../../target/pkg/clickfold.js";
import { hold } from "./alive.js";
import { answerQuery, exchangeRows, sendState, stateOf } from "./answering.js";
import { breathe } from "./breathe.js";
import { completeCore, coreFor, isBeyondFirst, isComplete, start } from "./core.js";
import { toPlain } from "./errors.js";
import { joinFile, unusedRows } from "./joining.js";
import { loadPart, loadWhole, notes, readShape } from "./loading.js";
import { ableTo } from "./moving.js";
import { KEPT_REJECTS } from "./protocol.js";
import { membersOf } from "./unpack.js";
import { warmUp, warmUpStreams } from "./warm.js";
import { zoneChanges } from "./zones.js";

/** By the id of the request that made them. @type {Map<number, Dataset>} */
const datasets = new Map();
/** By which options they were loaded, likewise. @type {Map<number, WireOptions>} */
const optionsOf = new Map();
/** What was told of data sets that take a stream's rows: the columns' types, and how many rejected rows, likewise. @type {Map<number, { types: string, rejects: number }>} */
const toldOf = new Map();
/** Whether a stream's events are to come, or have. */
let areExpected = false;
/** Parts of a file that no data set has taken yet, likewise. @type {Map<number, LoadedPart>} */
const parts = new Map();
/** What can be cancelled, by the id of its request. @type {Map<number, AbortController>} */
const running = new Map();
/** What is done with a data set, one thing after the other, by its handle. @type {Map<number, Promise<unknown>>} */
const turns = new Map();

/** @param {Reply} reply @param {Transferable[]} [transfer] */
const post = (reply, transfer = []) => self.postMessage(reply, { transfer });

self.onmessage = async (/** @type {MessageEvent<{ id: number } & Request>} */ { data }) => {
  const { id } = data;
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const [value, ...transfer] = await answer(id, data, abort.signal);
    if (id) post({ id, value }, transfer);
  } catch (error) {
    post({ id, error: toPlain(error) });
  } finally {
    running.delete(id);
  }
};

/** @param {number} id @param {Request} request @param {AbortSignal} signal @returns {Promise<[any, ...Transferable[]]>} */
async function answer(id, request, signal) {
  const tell = (/** @type {import("../clickfold.js").Progress} */ progress) => post({ id, progress });
  switch (request.do) {
    case "start":
      start(request.module, request.memory);
      if (request.warmUp) setTimeout(warmUp); // after the reply: nobody waits for it
      return [null];
    case "ping":
      return [null];
    case "hold":
      return [await hold(request.lock)];
    case "prepare":
      expectEvents(await completeCore());
      return [null];
    case "load": {
      const dataset = await loadWhole(request.source, request.options, request.queries, signal, tell);
      keep(id, dataset, request.options);
      if (request.options.live && !dataset.rows) expectEvents(await completeCore());
      return [describe(id)];
    }
    case "members":
      return [await membersOf(request.blob)];
    case "shape":
      return [await readShape(request.source, request.options, request.queries, signal)];
    case "part": {
      const part = await loadPart(parts.size ? { ...request, share: 0 } : request, signal, tell);
      parts.set(id, part);
      return [{ part: id, ...part.summary() }];
    }
    case "widest":
      return [joinTypes(request.types)];
    case "assemble": {
      const core = await coreFor(request.isComplete);
      const taken = request.parts.map(({ part }) => /** @type {LoadedPart} */ (parts.get(part)));
      request.parts.forEach(({ part }) => parts.delete(part)); // from here on they belong to the core
      const firstRows = Uint32Array.from(request.parts, ({ firstRow }) => firstRow);
      keep(id, core.Dataset.ofParts(JSON.parse(JSON.stringify(request.options)), request.shape, taken, firstRows, request.types, request.alone, request.queries, zoneChanges), request.options);
      return [describe(id)];
    }
    case "settle":
      return inTurn(request.handle, dataset => {
        dataset.settle(request.types, request.names);
        if (request.guess) dataset.guessRoles();
      });
    case "cancel":
      running.get(request.request)?.abort({ code: "CANCELLED", message: "cancelled" });
      free(request.request); // it may be done, and its page no longer waiting
      return [null];
    case "query":
      return inTurn(request.handle, () => answerQuery(() => datasetFor(request), request.question, request.from, signal));
    case "state":
      return sendState(request.to, () => inTurn(request.handle, async () => {
        signal.throwIfAborted();
        return stateOf(await datasetFor(request), request.question, signal);
      }));
    case "room":
      return inTurn(request.handle, dataset => dataset.makeRoomToExchange());
    case "exchange":
      return inTurn(request.handle, dataset => exchangeRows(dataset, request.me, request.ports, signal));
    case "append":
      return inTurn(request.handle, dataset => {
        if (request.isShared) dataset.mix();
        if (!request.bytes) return;
        if (request.isShared) dataset.goOnAt(request.place);
        const appended = dataset.append(request.bytes, request.format);
        return [{ ...describe(request.handle), appended }];
      });
    case "stream":
      return inTurn(request.handle, dataset => {
        const outcomes = request.batches.map(batch => outcomeOf(dataset, batch));
        const looks = request.views.map(view => lookAt(dataset, view));
        return [{ ...takenBy(request.handle, outcomes), outcomes, looks }, ...looks.flatMap(buffersOf)];
      });
    case "watch":
      return inTurn(request.handle, async before => {
        // Where nothing is known of a stream, the question is asked again, which the core of a first visit can, too.
        if (!request.watch.window && !isComplete(before) && !isBeyondFirst(request.watch.query)) return [{}];
        const dataset = await datasetFor({ handle: request.handle, question: request.watch }, true);
        const view = asLive(dataset).watch(request.watch, zoneChanges);
        return [{ view, info: describe(request.handle) }];
      });
    case "look":
      return inTurn(request.handle, dataset => {
        const look = lookAt(dataset, request.view);
        return [look, ...buffersOf(look)];
      });
    case "unwatch":
      return inTurn(request.handle, dataset => {
        asLive(dataset).unwatch(request.view);
        return [null];
      });
    case "advance":
      return inTurn(request.handle, dataset => {
        if (isComplete(dataset)) asLive(dataset).advance(request.time);
      });
    case "late":
      return inTurn(request.handle, dataset => {
        const ipc = isComplete(dataset) ? asLive(dataset).lateRows() : undefined;
        return [ipc, ...ipc ? [ipc.buffer] : []];
      });
    case "join":
      return inTurn(request.handle, async dataset => {
        const joined = await joinFile(dataset, request, signal);
        return [{ ...describe(request.handle), joined }, joined.used.buffer];
      });
    case "unused":
      return inTurn(request.handle, async dataset => {
        const ipc = await unusedRows(dataset, request, signal);
        return [ipc, ipc.buffer];
      });
    case "sql":
      return [(await completeCore()).sqlOf(request.query, request.schema, request.dialect)];
    case "roles":
      return inTurn(request.handle, dataset => dataset.setRoles(request.roles));
    case "close":
      await turns.get(request.handle); // a question under way is answered first
      free(request.handle);
      return [null];
  }
}

/**
 * Runs when all that was asked of the data set before is done. What gives nothing is answered by the data set's description.
 * @param {number} handle
 * @param {(dataset: Dataset) => any} run
 * @returns {Promise<[any, ...Transferable[]]>}
 */
function inTurn(handle, run) {
  const before = turns.get(handle) ?? Promise.resolve();
  const result = before.then(async () => await run(find(handle)) ?? [describe(handle)]);
  const done = result.catch(() => {}).finally(() => turns.get(handle) === done && turns.delete(handle));
  turns.set(handle, done);
  return result;
}

/** @param {number} handle @param {Dataset} dataset @param {WireOptions} options that it was loaded with */
function keep(handle, dataset, options) {
  datasets.set(handle, dataset);
  optionsOf.set(handle, options);
}

/**
 * The data set in the core that answers the question, or in the complete one.
 * @param {{ handle: number, question: { query: import("../clickfold.js").Query } }} request @param {boolean} [moves]
 */
async function datasetFor({ handle, question: { query } }, moves = false) {
  const before = find(handle), { rows } = before;
  const { dataset, isMoved } = await ableTo(before, query, optionsOf.get(handle) ?? {}, moves).catch(error => {
    if (before.rows === rows) throw error;
    free(handle);
    throw { code: "WORKER_LOST", message: `rows were lost on their way into the whole engine: ${error.message}; load the data again` };
  });
  if (!isMoved) return dataset;
  notes.set(dataset, notes.get(before) ?? []);
  datasets.set(handle, dataset);
  before.free();
  return dataset;
}

/** @param {number} handle */
function find(handle) {
  const dataset = datasets.get(handle);
  if (!dataset) throw { code: "CLOSED", message: "the data set is closed; load it again" };
  return dataset;
}

/** @param {number} handle */
function free(handle) {
  for (const held of [datasets, parts]) {
    held.get(handle)?.free();
    held.delete(handle);
  }
  optionsOf.delete(handle);
  toldOf.delete(handle);
}

/** @param {number} handle @returns {DatasetInfo} */
function describe(handle) {
  const dataset = find(handle);
  const report = dataset.report();
  report.notes = [...notes.get(dataset) ?? [], ...report.notes];
  const live = isComplete(dataset) ? asLive(dataset).live() : undefined;
  return { handle, schema: dataset.schema(), types: dataset.types(), rows: dataset.rows, report, live };
}

/** Uses the time until the first events come, once. @param {import("./core.js").CompleteCore} core */
function expectEvents(core) {
  if (areExpected) return;
  areExpected = true;
  const giveWay = async () => {
    await breathe();
    return running.size > 0 || [...datasets.values()].some(dataset => isComplete(dataset) && asLive(dataset).rows > 0 && asLive(dataset).live());
  };
  setTimeout(() => warmUpStreams(core, giveWay).catch(() => {})); // after the reply: nobody waits for it
}

/** @param {Dataset} dataset of the complete core */
const asLive = dataset => /** @type {import("../../target/complete/clickfold.js").Dataset} */ (dataset);

/** What a question that is followed is answered by now: windows that have closed are told of even if it is answered no more. @param {Dataset} dataset @param {number} view @returns {Look} */
function lookAt(dataset, view) {
  const started = performance.now(), live = asLive(dataset);
  /** @type {Pick<Look, "told" | "error">} */
  const found = {};
  const closed = /** @type {import("./protocol.js").Told[]} */ (live.closed(view));
  try {
    found.told = live.look(view);
  } catch (error) {
    found.error = toPlain(error);
  }
  return { ...found, closed, live: live.live(), ms: performance.now() - started };
}

/** @param {Look} look @returns {Transferable[]} */
const buffersOf = ({ told, closed }) => [...closed, ...told ? [told] : []].map(({ ipc }) => ipc.buffer);

/** A batch that is refused keeps none from coming after it. @param {Dataset} dataset @param {import("./protocol.js").Batch} batch @returns {Outcome} */
function outcomeOf(dataset, { bytes, format }) {
  try {
    return { appended: dataset.append(bytes, format) };
  } catch (error) {
    const plain = toPlain(error);
    if (plain.code === "WORKER_LOST") throw error;
    return { error: plain };
  }
}

/** What a stream's rows have changed: as a rule no more than counts. @param {number} handle @param {Outcome[]} outcomes @returns {Pick<Taken, "rows" | "live" | "info">} */
function takenBy(handle, outcomes) {
  const dataset = asLive(find(handle)), before = toldOf.get(handle) ?? { types: "", rejects: 0 };
  const rejected = outcomes.reduce((sum, { appended }) => sum + (appended?.rejected ?? 0), 0);
  const now = { types: JSON.stringify(dataset.types()), rejects: Math.min(before.rejects + rejected, KEPT_REJECTS) };
  toldOf.set(handle, now);
  const isOther = now.types !== before.types || now.rejects !== before.rejects;
  return { rows: dataset.rows, live: dataset.live(), info: isOther ? describe(handle) : undefined };
}
