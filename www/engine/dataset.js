/** @import { Appended, Dataset, Field, LiveState, LiveTable, Query, Report, WatchOptions } from "../clickfold.js" */
/** @import { Connection, DatasetInfo, FileSource, Join, Joined, Look, Taken, Told, WireLive, WireOptions } from "./protocol.js" */
/** @import { View } from "./watching.js" */

import { Appending } from "./appending.js";
import { ClickfoldError, cancelled, fromPlain } from "./errors.js";
import { checkDate, checkWatch, refuseOthers } from "./options.js";
import { KEPT_REJECTS } from "./protocol.js";
import { toText } from "./rows.js";
import { toFile } from "./sources.js";
import { settle } from "./settle.js";
import { openTable } from "./table.js";
import { Watchers } from "./watching.js";

/** @typedef {Dataset & { readonly shards: { worker: Connection, rows: number }[] }} OpenDataset `shards`: how many rows each worker has */

/**
 * The page's view of a data set in one worker or several, each of which has some of the rows.
 * @param {Connection[]} workers
 * @param {DatasetInfo[]} infos of each worker's rows
 * @param {Report} [loaded] what became of the source's rows, where the workers do not know
 * @returns {OpenDataset}
 */
export function openDataset(workers, infos, loaded) {
  const handles = infos.map(info => info.handle);
  const isShared = workers.length > 1;
  /** @type {ClickfoldError | undefined} */
  let closed;
  let info = join(infos, loaded);
  /** Whether each actor's rows are in one worker. */
  let areActorsWhole = !isShared;
  /** What is sent to the workers, one thing after the other: a change is done before anything else is sent. @type {Promise<unknown>} */
  let sending = Promise.resolve();
  /** Questions under way. @type {Set<Promise<unknown>>} */
  const asking = new Set();
  /** @type {Map<string, AbortController>} */
  const views = new Map();
  const watchers = new Watchers();

  /** @template T @param {() => T | Promise<T>} run @returns {Promise<T>} */
  const inOrder = run => {
    const done = sending.then(run);
    sending = done.catch(() => {}); // told to whoever asked for it
    return done;
  };

  /** The same, behind all rows that came before. @template T @param {() => T | Promise<T>} run @returns {Promise<T>} */
  const afterRows = run => inOrder(() => {
    appending.flush();
    return run();
  });

  /**
   * Sends something to all workers. Where one is lost, no other waits for it any longer.
   * @param {(worker: Connection, at: number, signal: AbortSignal) => Promise<any>} send @param {AbortSignal} [signal]
   */
  const sendAll = (send, signal) => {
    const lost = new AbortController();
    const ended = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
    const sent = Promise.all(workers.map((worker, at) => send(worker, at, ended)));
    sent.catch(error => error.code === "WORKER_LOST" && lost.abort()); // told to whoever waits for it
    return sent;
  };

  /**
   * @param {(handle: number, at: number) => import("./protocol.js").Request} request @param {(at: number) => Transferable[]} [transfer]
   * @param {(infos: DatasetInfo[]) => void} [hear] what else the workers say
   */
  const tellAll = async (request, transfer = () => [], hear) => {
    if (closed) throw closed;
    infos = await sendAll((worker, at, signal) => worker.send(request(handles[at], at), { transfer: transfer(at), signal }));
    hear?.(infos);
    infos = await settle(workers, infos);
    info = join(infos, loaded);
    watchers.poke();
  };

  /** What a stream's rows have changed. @param {Taken} taken */
  const takeIn = ({ rows, live, outcomes, info: whole }) => {
    infos = [whole ?? { ...infos[0], rows, live }];
    if (whole) {
      info = join(infos, loaded);
    } else {
      const report = { ...info.report };
      for (const key of /** @type {const} */ (["read", "used", "rejected", "filtered", "duplicate"])) report[key] += outcomes.reduce((sum, { appended }) => sum + (appended?.[key] ?? 0), 0);
      info = { ...info, rows, report };
    }
    watchers.poke(appending.goesOn);
  };

  /** A question that the worker follows, or that is asked again. @param {Query} query @param {WatchOptions} options @returns {Promise<View>} */
  const follow = async (query, { window, show, movement, onClosed }) => {
    if (isShared && window) throw new ClickfoldError("UNSUPPORTED", "windows are watched where one worker has all rows; open the engine with one worker, or load with \"live\"");
    const [worker] = workers, [handle] = handles;
    const watch = { query, closes: onClosed !== undefined, ...window && { window }, ...show !== undefined && { show }, ...movement !== undefined && { movement } };
    const { view } = isShared ? {} : await afterRows(async () => {
      const followed = await worker.send({ do: "watch", handle, watch });
      if (followed.info) {
        infos = [followed.info];
        info = join(infos, loaded);
      }
      return followed;
    });
    if (view === undefined) return { look: async () => ({ table: live(await ask(query), []), closed: [] }), end: () => {} };
    const read = (/** @type {Look} */ { told, error, closed, live: state, ms }) => {
      infos = [{ ...infos[0], live: state }];
      const table = (/** @type {Told} */ { ipc, windows }) => live({ ipc, ms }, windows);
      return { table: told && table(told), closed: closed.map(table), error: error && fromPlain(error) };
    };
    return {
      number: view, read,
      look: async () => {
        const sent = await inOrder(() => ({ answer: worker.send({ do: "look", handle, view }) }));
        return read(await sent.answer);
      },
      end: () => {
        inOrder(() => worker.send({ do: "unwatch", handle, view })).catch(() => {}); // the data set may be closed, and the view with it
      },
    };
  };

  /** @param {{ ipc: Uint8Array, ms: number }} answer @param {Told["windows"]} windows @returns {LiveTable} */
  const live = ({ ipc, ms }, windows) => ({
    ...openTable({ ipc, stats: { rows_scanned: info.rows, ms } }),
    live: { ...liveState(infos[0].live) ?? { newest: null, watermark: null, late: 0, dropped: 0 }, windows: windows.map(({ start, end, provisional }) => ({ start: new Date(start), end: new Date(end), provisional })) },
  });

  /** Sends rows to be taken in. A stream's need not wait for those before them to be told of. @param {Record<string, unknown>[] | Uint8Array} rows @param {string} [told] @returns {Promise<{ appended: Appended | Promise<Appended> }>} */
  const send = async (rows, told) => {
    const { bytes, format = told } = toText(rows, info.schema.map(field => field.name), info.report.separator, told);
    if (!bytes.length) return { appended: { read: 0, used: 0, rejected: 0, filtered: 0, duplicate: 0, late: 0, last_id: null } };
    if (infos[0].live) {
      const appended = appending.add({ bytes, format });
      appended.catch(() => {}); // told to whoever appends
      return { appended };
    }
    const place = info.rows;
    areActorsWhole = !isShared;
    // The worker with the fewest rows takes them.
    const to = infos.reduce((least, own, at) => own.rows < infos[least].rows ? at : least, 0);
    /** @type {Appended | undefined} */
    let appended;
    await tellAll((handle, at) => ({ do: "append", handle, isShared, place, format, bytes: at === to ? bytes : undefined }), at => at === to ? [bytes.buffer] : [], infos => {
      appended = /** @type {any} */ (infos[to]).appended;
    });
    return { appended: /** @type {Appended} */ (/** @type {unknown} */ (appended)) };
  };

  const appending = new Appending(async batches => {
    const waiting = watchers.waiting();
    /** @type {Look[]} */
    let looks = [];
    try {
      const taken = await workers[0].send({ do: "stream", handle: handles[0], batches, views: waiting.map(({ number }) => number) }, { transfer: batches.map(({ bytes }) => bytes.buffer) });
      looks = taken.looks;
      takeIn(taken);
      return taken.outcomes;
    } finally {
      waiting.forEach(({ settle }, at) => settle(looks[at])); // what was not told is asked for
    }
  });

  /** Each actor's rows to one worker. A data set that is left half-way is lost. */
  const exchange = async () => {
    await tellAll(handle => ({ do: "room", handle }));
    const ports = channels(workers.length);
    try {
      await tellAll((handle, me) => ({ do: "exchange", handle, me, ports: ports[me] }), at => ports[at].filter(port => port !== null));
    } catch (error) {
      closed ??= new ClickfoldError("WORKER_LOST", `rows were lost between two workers: ${/** @type {Error} */ (error).message}; load the data again`);
      throw closed;
    }
    areActorsWhole = true;
  };

  /** @param {import("./protocol.js").Question} question @param {AbortSignal} [signal] @returns {{ answer: Promise<any> }} */
  const put = (question, signal) => {
    if (closed) throw closed;
    const ends = workers.slice(1).map(() => new MessageChannel());
    const from = ends.map(({ port1 }) => port1);
    const answer = sendAll((worker, at, signal) => {
      if (at === 0) return worker.send({ do: "query", handle: handles[0], question, from }, { transfer: from, signal });
      const to = ends[at - 1].port2;
      return worker.send({ do: "state", handle: handles[at], question, to }, { transfer: [to], signal });
    }, signal).then(([first]) => first);
    answer.catch(() => {}); // told to whoever still waits for it
    return { answer };
  };

  /** @param {Query} query @param {AbortSignal} [signal] */
  const ask = async (query, signal) => {
    const first = await unlessAborted(afterRows(() => put({ query, asTheyAre: false }, signal)), signal);
    const answer = await first.answer;
    if (!answer.exchange) return answer;
    const second = await unlessAborted(afterRows(async () => {
      try {
        if (!areActorsWhole) await exchange();
      } catch (error) {
        if (closed || answer.exchange === "must") throw error; // else it is answered without, only slower
      }
      return put({ query, asTheyAre: true }, signal);
    }), signal);
    return second.answer;
  };

  /**
   * Joins another file in all workers. @param {FileSource} source @param {WireOptions} options @param {Join} join
   * @returns {Promise<Joined[]>}
   */
  const joinAll = (source, options, join) => afterRows(async () => {
    /** @type {Joined[]} */
    let found = [];
    try {
      await tellAll(handle => ({ do: "join", handle, source, options, join }), () => [], infos => {
        found = infos.map(info => /** @type {any} */ (info).joined);
      });
    } catch (error) {
      // Any other error may have come to some workers only, which then have other columns than the rest.
      if (isShared && !["BAD_INPUT", "BAD_QUERY", "UNKNOWN_COLUMN"].includes(/** @type {ClickfoldError} */ (error).code)) closed ??= new ClickfoldError("WORKER_LOST", `a file was joined in some workers only: ${/** @type {Error} */ (error).message}; load the data again`);
      throw error;
    }
    return found;
  });

  return {
    get schema() { return info.schema; },
    get rows() { return info.rows; },
    get report() { return info.report; },
    async query(query, { signal, view } = {}) {
      const asked = overtake(views, view, signal, signal => ask(query, signal));
      asking.add(asked);
      const { ipc, ms } = await asked.finally(() => asking.delete(asked));
      return openTable({ ipc, stats: { rows_scanned: info.rows, ms } });
    },
    get live() { return liveState(infos[0].live); },
    append: async (rows, { format: told } = {}) => {
      if (told !== undefined && typeof told !== "string") throw new ClickfoldError("BAD_QUERY", `"format" is the name of one, found ${String(told)}`);
      const sent = await inOrder(() => send(rows, told));
      return sent.appended;
    },
    watch(query, onTable, { every = 250, window, show, movement, onClosed, onError, ...unknown } = {}) {
      refuseOthers(unknown, ["every", "window", "show", "movement", "onClosed", "onError"]);
      checkWatch({ window, show, movement });
      if (!(every >= 0)) throw new ClickfoldError("BAD_QUERY", `"every" must be a number of milliseconds, found ${every}`);
      return watchers.add(() => follow(query, { window, show, movement, onClosed }), { onTable, every, onClosed, onError });
    },
    async advance(time) {
      checkDate(time);
      await afterRows(() => tellAll(handle => ({ do: "advance", handle, time: time.getTime() })));
    },
    async late() {
      const started = performance.now();
      const late = await afterRows(() => workers[0].send({ do: "late", handle: handles[0] }));
      const { ipc } = late ? { ipc: late } : await ask({ kind: "rows", limit: 0 });
      return openTable({ ipc, stats: { rows_scanned: info.rows, ms: performance.now() - started } });
    },
    async join(source, { on, columns, indicator = "is_matched", format, schema, signal, ...unknown }) {
      refuseOthers(unknown, ["on", "columns", "indicator", "format", "schema", "signal"]);
      const [own, to] = typeof on === "string" ? [on, on] : on;
      const file = await toFile(workers[0], source, signal);
      const options = { format, schema };
      const found = await joinAll(file, options, { on: own, to, columns, indicator });
      const [{ columns: names, repeated, used }] = found;
      for (const other of found.slice(1)) other.used.forEach((flag, at) => { used[at] |= flag; });
      const isMatched = names[names.length - 1];
      const [{ keys }] = openTable(await ask({ kind: "aggregate", where: [{ column: isMatched, eq: false }], measures: { keys: { fn: "count_distinct", column: own } } }, signal)).rows();
      const sum = (/** @type {"matched" | "without"} */ of) => found.reduce((sum, joined) => sum + joined[of], 0);
      return {
        columns: names, matched: sum("matched"), without: sum("without"), keysWithout: Number(keys), repeated,
        unused: used.reduce((sum, flag) => sum + (flag ? 0 : 1), 0),
        unusedRows: async () => {
          const started = performance.now();
          const ipc = await afterRows(() => workers[0].send({ do: "unused", handle: handles[0], source: file, options, used }));
          return openTable({ ipc, stats: { rows_scanned: used.length, ms: performance.now() - started } });
        },
      };
    },
    async segment(name, query, { signal } = {}) {
      if (info.schema.some(field => field.name === name)) throw new ClickfoldError("BAD_QUERY", `there is a column ${JSON.stringify(name)} already; call the segment otherwise`);
      const found = openTable(await ask(query, signal));
      const [{ name: key }] = found.columns, field = info.schema.find(field => field.name === key);
      if (!field) throw new ClickfoldError("BAD_QUERY", `a segment is of what a column names, and ${JSON.stringify(key)}, the answer's first column, is none of the data's; ask with "each": "actor"`);
      // A last row of no key: a file of nobody is one, too.
      const columns = [key, `${key} is known`], rows = [...found.rows().map(row => ({ [key]: row[key] })), { [columns[1]]: "no" }];
      const { bytes } = toText([Object.fromEntries(columns.map(name => [name, name])), ...rows], columns, ",");
      const source = { blob: new Blob([bytes]), name, bytes: bytes.length };
      const options = { format: { kind: /** @type {const} */ ("csv"), separator: ",", header: true }, schema: { [key]: { type: field.type === "null" ? /** @type {const} */ ("text") : field.type } } };
      const joined = await joinAll(source, options, { on: key, to: key, columns: [], indicator: name });
      const [column] = joined[0].columns;
      return { column, rows: joined.reduce((sum, { matched }) => sum + matched, 0), values: found.numRows };
    },
    sql: (query, dialect) => inOrder(() => {
      if (closed) throw closed;
      return workers[0].send({ do: "sql", query, schema: info.schema, dialect });
    }),
    setRoles: roles => afterRows(() => {
      areActorsWhole = !isShared;
      return tellAll(handle => ({ do: "roles", handle, roles }));
    }),
    async close() {
      watchers.fail(new ClickfoldError("CLOSED", "the data set is closed; load it again"));
      await Promise.allSettled([afterRows(() => {}), ...asking]);
      const ended = await Promise.allSettled(workers.map((worker, at) => worker.send({ do: "close", handle: handles[at] })));
      for (const end of ended) if (end.status === "rejected") throw end.reason;
    },
    get shards() { return workers.map((worker, at) => ({ worker, rows: infos[at].rows })); },
  };
}

/** @param {WireLive | undefined} live @returns {LiveState | undefined} */
function liveState(live) {
  const date = (/** @type {number | null} */ time) => time === null ? null : new Date(time);
  return live && { ...live, newest: date(live.newest), watermark: date(live.watermark) };
}

/**
 * Runs a question, and cancels the one before it of the same view.
 * @template T
 * @param {Map<string, AbortController>} views
 * @param {string | undefined} view
 * @param {AbortSignal | undefined} signal
 * @param {(signal?: AbortSignal) => Promise<T>} run
 */
async function overtake(views, view, signal, run) {
  if (view === undefined) return run(signal);
  views.get(view)?.abort();
  const abort = new AbortController();
  views.set(view, abort);
  try {
    return await run(signal ? AbortSignal.any([signal, abort.signal]) : abort.signal);
  } finally {
    if (views.get(view) === abort) views.delete(view);
  }
}

/**
 * Waits, but not when nobody waits for it any more.
 * @template T
 * @param {Promise<T>} promise @param {AbortSignal | undefined} signal @returns {Promise<T>}
 */
export async function unlessAborted(promise, signal) {
  if (!signal) return promise;
  const ended = new AbortController();
  const aborted = /** @type {Promise<never>} */ (new Promise((_, reject) => {
    if (signal.aborted) reject(cancelled());
    signal.addEventListener("abort", () => reject(cancelled()), { signal: ended.signal });
  }));
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    ended.abort();
    promise.catch(() => {}); // told to whoever else waits for it
  }
}

/** A port from each to each other. @param {number} n @returns {(MessagePort | null)[][]} */
function channels(n) {
  /** @type {(MessagePort | null)[][]} */
  const ports = Array.from({ length: n }, () => Array(n).fill(null));
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < a; b++) {
      const { port1, port2 } = new MessageChannel();
      ports[a][b] = port1;
      ports[b][a] = port2;
    }
  }
  return ports;
}

/** What the workers say of their rows, as of one data set. @param {DatasetInfo[]} infos @param {Report} [loaded] */
function join(infos, loaded) {
  const reports = [...loaded ? [loaded] : [], ...infos.map(info => info.report)];
  const sum = (/** @type {"read" | "used" | "rejected" | "filtered" | "duplicate" | "bytes"} */ key) => reports.reduce((sum, report) => sum + report[key], 0);
  const schema = infos[0].schema.map((field, at) => ({
    ...field,
    nulls: infos.reduce((sum, info) => sum + info.schema[at].nulls, 0),
    bytes: infos.reduce((sum, info) => sum + info.schema[at].bytes, 0),
  }));
  // A recipe is applied by the one worker that has all rows; what is known of the columns' names, each worker says.
  const { steps = [], quarantined = [] } = reports.find(report => report.steps?.length) ?? {};
  const cleaned = steps.length ? { steps, quarantined } : {};
  const report = {
    ...reports[reports.length - 1], ...reports[0], ...cleaned, notes: [...new Set(reports.flatMap(report => report.notes ?? []))], read: sum("read"), rejected: sum("rejected"), filtered: sum("filtered"), duplicate: sum("duplicate"),
    used: sum("read") - sum("rejected") - sum("filtered") - sum("duplicate"),
    bytes: sum("bytes"), rejects: reports.flatMap(report => report.rejects).slice(0, KEPT_REJECTS),
  };
  return { schema: /** @type {Field[]} */ (schema), rows: infos.reduce((sum, info) => sum + info.rows, 0), report };
}
