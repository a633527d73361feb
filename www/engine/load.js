/** @import { Dataset, LoadOptions, Source } from "../clickfold.js" */
/** @import { OpenDataset } from "./dataset.js" */
/** @import { WireOptions, WireSource } from "./protocol.js" */
/** @import { Pool } from "./pool.js" */

import { openDataset } from "./dataset.js";
import { ClickfoldError } from "./errors.js";
import { Lasting } from "./lasting.js";
import { checkLoad, refuseOthers } from "./options.js";
import { loadParts } from "./parts.js";
import { toWire, unzipped } from "./sources.js";

/** A smaller file needs no estimate of the memory it takes, and no other worker. */
const SMALL = 16 << 20;

/**
 * @param {Pool} pool
 * @param {Source} source
 * @param {LoadOptions} options
 * @param {{ needsRows?: boolean, onGone?: (error: ClickfoldError) => void }} [how] whether a header alone is an error also where rows are to come; `onGone` is told when a worker has taken the rows with it for good
 * @returns {Promise<Dataset>}
 */
export async function load(pool, source, { format, schema, clean, timezone, keep = "rows", queries, live, awaitsRows = Boolean(live), onProgress, signal, ...unknown }, { needsRows = false, onGone } = {}) {
  refuseOthers(unknown, ["format", "schema", "clean", "timezone", "keep", "queries", "live", "awaitsRows", "onProgress", "signal"]);
  checkLoad({ live, awaitsRows });
  if (keep !== "rows" && keep !== "answers") throw new ClickfoldError("BAD_QUERY", `"keep" is "rows" or "answers", found ${JSON.stringify(keep)}`);
  if (keep === "answers" ? !Array.isArray(queries) : queries !== undefined) {
    throw new ClickfoldError("BAD_QUERY", `"queries" is a list of the questions to answer while reading, with "keep": "answers" and only then`);
  }
  if (clean !== undefined && !Array.isArray(clean)) throw new ClickfoldError("BAD_QUERY", `"clean" is a list of steps, found ${JSON.stringify(clean)}`);
  if (live !== undefined && keep === "answers") throw new ClickfoldError("BAD_QUERY", `a stream's rows are kept as long as "live" says; leave "keep": "answers" out`);
  const options = { format, schema, timezone, ...clean?.length ? { clean } : {}, ...live && { live }, ...awaitsRows && !queries && { awaits_rows: !needsRows } };
  const given = (Array.isArray(source) ? source : [source]).map(toWire);
  if (!given.length) throw new ClickfoldError("BAD_INPUT", "no file was given");
  const sources = (await Promise.all(given.map(async wire => "blob" in wire ? unzipped(await pool.first(), wire, signal) : [wire]))).flat();
  if (live && sources.length > 1) throw new ClickfoldError("UNSUPPORTED", "rows of a stream come behind those of one source; append the others");
  if (sources.length > 1 && sources.some(wire => !("blob" in wire))) throw new ClickfoldError("UNSUPPORTED", "several sources are loaded as one where all are files; fetch the others first");
  const dataset = await open(pool, sources, options, { queries, onProgress, signal });
  const again = structuredClone({ options, queries }); // what was given may be changed meanwhile
  const isRepeatable = sources.every(wire => !("stream" in wire));
  return new Lasting(pool, dataset, isRepeatable ? signal => open(pool, sources, again.options, { queries: again.queries, signal }) : undefined, onGone).dataset;
}

/**
 * @param {Pool} pool
 * @param {WireSource[]} sources
 * @param {WireOptions} options
 * @param {Pick<LoadOptions, "queries" | "onProgress" | "signal">} how
 * @returns {Promise<OpenDataset>}
 */
async function open(pool, sources, options, how) {
  const files = sources.flatMap(wire => "blob" in wire ? [wire] : []);
  // What is not kept may have to be read again, which only parts of files can be.
  const inParts = !options.live && (sources.length > 1 || files.some(({ bytes }) => how.queries || bytes >= SMALL));
  const dataset = inParts && await loadParts(pool, files, options, how);
  return dataset || loadWhole(pool, sources[0], options, how);
}

/**
 * @param {Pool} pool
 * @param {WireSource} source
 * @param {WireOptions} options
 * @param {Pick<LoadOptions, "queries" | "onProgress" | "signal">} how
 */
async function loadWhole(pool, source, options, { queries, onProgress, signal }) {
  const connection = await pool.first();
  const transfer = "stream" in source ? [/** @type {Transferable} */ (/** @type {unknown} */ (source.stream))] : [];
  const info = await connection.send({ do: "load", source, options, queries }, { transfer, signal, onProgress });
  return openDataset([connection], [info]);
}
