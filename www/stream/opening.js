/** The first message becomes a data set: its columns are those of all that follow. */

/** @import { ClickfoldError, ConnectOptions, Dataset } from "../clickfold.js" */
/** @import { Rows } from "./frames.js" */
/** @import { Source, Tools } from "./source.js" */

import { concat, firstLine } from "./frames.js";

const NEWLINE = 10;
const encoder = new TextEncoder();

export class Opening {
  /** A header that came alone. @type {Uint8Array | undefined} */
  #header;

  /** @param {Source} source @param {ConnectOptions} options @param {Pick<Tools, "load">} engine @param {AbortSignal} signal @param {(error: ClickfoldError) => void} onGone is told when a worker has taken the rows with it */
  constructor(source, options, { load }, signal, onGone) {
    this.source = source;
    this.options = options;
    this.engineLoad = load;
    this.signal = signal;
    this.onGone = onGone;
  }

  /**
   * Nothing where it was a header alone. A BAD_INPUT says that it was no event.
   * @param {Rows} rows @returns {Promise<{ dataset: Dataset, header: Uint8Array } | undefined>}
   */
  async load({ bytes, kind }) {
    const { format, schema } = this.options;
    if (kind !== "csv") return this.#load(bytes, { ...format, kind });
    if (format?.header === false && schema) return this.#load(under(named(Object.keys(schema), separatorOf(bytes, Object.keys(schema).length, format.separator)), bytes), { ...format, kind, header: true });
    if (this.#header) {
      const found = await this.#load(under(this.#header, bytes), { ...format, kind, header: true }).catch(unlessNoEvent);
      if (found) return found;
    }
    const found = await this.#load(bytes, { ...format, kind }).catch(error => {
      if (format?.header === false || bytes.indexOf(NEWLINE) !== bytes.lastIndexOf(NEWLINE)) throw error;
      return unlessNoEvent(error);
    });
    if (!found) this.#header = firstLine(bytes);
    return found;
  }

  /** @param {Uint8Array} bytes @param {NonNullable<ConnectOptions["format"]>} format */
  async #load(bytes, { encoding, ...format }) {
    const { lateness, keep, id, ids, schema, clean, timezone } = this.options;
    const dataset = await this.engineLoad(bytes, { format, schema: { ...this.source.schema, ...schema }, clean, timezone, live: { lateness, keep, id, ids }, signal: this.signal }, this.onGone);
    const names = dataset.schema.map(({ name }) => name);
    return { dataset, header: dataset.report.header ? firstLine(bytes) : named(names, format.separator ?? dataset.report.separator ?? ",") };
  }
}

/** @param {any} error */
function unlessNoEvent(error) {
  if (error?.code !== "BAD_INPUT") throw error;
  return undefined;
}

/** @param {Uint8Array} header @param {Uint8Array} rows */
const under = (header, rows) => concat([header, Uint8Array.of(NEWLINE), rows]);

/** A header of the columns' names. @param {string[]} names @param {string} separator */
function named(names, separator) {
  return encoder.encode(names.map(name => /["\r\n]/.test(name) || name.includes(separator) ? `"${name.replaceAll('"', '""')}"` : name).join(separator));
}

/** What cuts a first row into so many cells. @param {Uint8Array} rows @param {number} cells @param {string} [told] */
function separatorOf(rows, cells, told) {
  const row = new TextDecoder().decode(firstLine(rows));
  return told ?? [",", "\t", ";", "|"].find(separator => row.split(separator).length === cells) ?? ",";
}
