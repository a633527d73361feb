/** Another file's columns beside those of the events. */

/** @import { Join, WireOptions, FileSource } from "./protocol.js" */
/** @import { Dataset } from "../../target/pkg/clickfold.js" */

import { freed } from "./errors.js";
import { loadBeside } from "./loading.js";
import { zoneChanges } from "./zones.js";

/** Rows of the other file that are shown. */
const SHOWN = 1000;

/**
 * @param {Dataset} dataset @param {{ source: FileSource, options: WireOptions, join: Join }} request @param {AbortSignal} signal
 * @returns {Promise<import("./protocol.js").Joined>}
 */
export async function joinFile(dataset, { source, options, join }, signal) {
  const { on, to, columns, indicator } = join;
  return freed(await loadBeside(dataset, source, options, signal), other => freed(dataset.join(other, on, to, columns, indicator), joined => {
    const { columns, matched, repeated, used } = joined;
    return { columns, matched, without: dataset.rows - matched, repeated, used };
  }));
}

/**
 * The first rows of the other file that no event has the key of, as an Arrow IPC stream.
 * @param {Dataset} dataset @param {{ source: FileSource, options: WireOptions, used: Uint8Array }} request @param {AbortSignal} signal
 */
export async function unusedRows(dataset, { source, options, used }, signal) {
  return freed(await loadBeside(dataset, source, options, signal), other => {
    const select = other.schema().map((/** @type {{ name: string }} */ { name }) => name);
    const query = { kind: "rows", select, where: [{ column: other.mark("used", used), eq: false }], limit: SHOWN };
    return freed(other.ask(query, zoneChanges), asked => {
      while (asked.step(other));
      return asked.finish();
    });
  });
}
