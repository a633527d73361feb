/** @import { Engine, EngineOptions } from "../clickfold.js" */

import { ClickfoldError } from "./errors.js";
import { load } from "./load.js";
import { checkLive } from "./options.js";
import { Pool } from "./pool.js";

/** Set by the build. */
/* global __VERSION__, __STREAM__ */

/** Boots WebAssembly in a worker; others follow when they are needed. @param {EngineOptions} [options] @returns {Promise<Engine>} */
export async function open({ workers = "auto", memory = Infinity, onLost } = {}) {
  if (workers !== "auto" && !(Number.isInteger(workers) && workers > 0)) {
    throw new ClickfoldError("BAD_QUERY", `"workers" must be "auto" or a whole number above 0, found ${workers}`);
  }
  if (!(typeof memory === "number" && memory > 0)) {
    throw new ClickfoldError("BAD_QUERY", `"memory" must be a number of bytes above 0, found ${memory}`);
  }
  const pool = new Pool(workers, memory, onLost);
  await pool.first();
  return {
    version: __VERSION__,
    load: (source, options = {}) => load(pool, source, options),
    connect: async (source, options = {}) => (await streams()).connect(source, options, {
      ClickfoldError, checkLive,
      load: (source, options = {}, onGone = undefined) => load(pool, source, options, { needsRows: true, onGone }),
      prepare: () => void pool.first().then(worker => worker.send({ do: "prepare" })).catch(() => {}), // what fails is told to whoever loads the first event
    }),
    close: async () => pool.end(new ClickfoldError("CLOSED", "the engine is closed")),
  };
}

/** What few pages need, fetched when it is first asked for. @returns {Promise<typeof import("../stream/connect.js")>} */
async function streams() {
  const url = new URL(__STREAM__, import.meta.url).href;
  try {
    return await import(url);
  } catch {
    throw new ClickfoldError("SOURCE_LOST", `cannot fetch ${url}; serve all files of the folder together`);
  }
}
