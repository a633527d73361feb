/** The data sets of a page's widgets: two that ask for the same source in the same way share one. */

/** @import { ConnectOptions, Dataset, Engine, LoadOptions, Progress, Source, StreamSource, StreamStatus } from "./clickfold.js" */

import { holdEngine, releaseEngine } from "./engine.js";
import { fromAddress, isStream } from "./sources.js";

/** @typedef {LoadOptions & ConnectOptions} Options */

/** How far the loading is, or how the stream does. @typedef {{ progress?: Progress, status?: StreamStatus }} News */

/**
 * A data set that is held until `release`; one that is of no use any more is not given to others.
 * @typedef {{ dataset: Promise<Dataset>, release: (isBroken?: boolean) => void }} Held
 */

/**
 * @typedef {{
 *   source: string | Source | StreamSource, options: Options, engine: Promise<Engine>, dataset: Promise<Dataset>, abort: AbortController,
 *   listeners: Set<() => void>, news: News, users: number,
 * }} Shared
 */

/** @type {Set<Shared>} */
const all = new Set();

/**
 * @param {string | Source | StreamSource} source a text is an address
 * @param {Options} options
 * @param {(news: News) => void} hear called as long as it is held
 * @returns {Held}
 */
export function hold(source, options, hear) {
  const engine = holdEngine();
  const shared = [...all].find(other => other.engine === engine && other.source === source && isSame(other.options, options)) ?? load(engine, source, options);
  shared.users++;
  const listener = () => hear(shared.news);
  shared.listeners.add(listener);
  let isHeld = true;
  return {
    dataset: shared.dataset,
    release(isBroken = false) {
      if (!isHeld) return;
      isHeld = false;
      shared.listeners.delete(listener);
      shared.users--;
      if (isBroken) all.delete(shared);
      if (!shared.users) free(shared);
      releaseEngine();
    },
  };
}

/** @param {Promise<Engine>} engine @param {string | Source | StreamSource} source @param {Options} options */
function load(engine, source, options) {
  const abort = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, abort.signal]) : abort.signal;
  /** @param {News} news */
  const tell = news => {
    shared.news = news;
    for (const listener of shared.listeners) listener();
  };
  /** @param {Progress} progress */
  const onProgress = progress => {
    options.onProgress?.(progress);
    tell({ progress });
  };
  /** @param {StreamStatus} status */
  const onStatus = status => {
    options.onStatus?.(status);
    tell({ status });
  };
  /** @type {Shared} */
  const shared = {
    source, options, engine, abort, users: 0, listeners: new Set(), news: {},
    dataset: engine.then(engine => {
      const from = typeof source === "string" ? fromAddress(source, document.baseURI) : source;
      return isStream(from) ? engine.connect(from, { ...options, signal, onStatus }) : engine.load(from, { awaitsRows: true, ...options, signal, onProgress });
    }),
  };
  all.add(shared);
  // What failed is not shared: whoever comes next tries anew.
  shared.dataset.catch(() => all.delete(shared));
  return shared;
}

/** @param {Shared} shared */
function free(shared) {
  all.delete(shared);
  shared.abort.abort();
  shared.dataset.then(dataset => dataset.close()).catch(() => {}); // it never was, or its worker is gone with it
}

/** Whether options say the same; those with functions or signals in them only if they are the same. @param {Options} one @param {Options} other */
const isSame = (one, other) => one === other || (isPlain(one) && isPlain(other) && JSON.stringify(one) === JSON.stringify(other));

/** @param {Options} options */
const isPlain = options => Object.values(options).every(value => typeof value !== "function" && !(value instanceof AbortSignal));
