/** The first message becomes a data set: its columns are those of all that follow. */

/** @import { ConnectOptions, Dataset } from "../clickfold.js" */
/** @import { Rows } from "./frames.js" */
/** @import { Source, Tools } from "./source.js" */

import { concat, firstLine } from "./frames.js";

const encoder = new TextEncoder();

export class Opening {
  /** A header that came alone. @type {Uint8Array | undefined} */
  #header;

  /** @param {Source} source @param {ConnectOptions} options @param {Pick<Tools, "load">} engine @param {AbortSignal} signal */
  constructor(source, options, { load }, signal) {
    this.source = source;
    this.options = options;
    this.engineLoad = load;
    this.signal = signal;
  }

  /**
   * Nothing where it was a header alone. A BAD_INPUT says that it was no event.
   * @param {Rows} rows @returns {Promise<{ dataset: Dataset, header: Uint8Array | undefined } | undefined>}
   */
  async load({ bytes, kind }) {
    const { format, schema } = this.options;
    if (kind !== "csv") return this.#load(bytes, { ...format, kind });
    if (format?.header === false && schema) return this.#load(concat([named(Object.keys(schema), bytes, format.separator), bytes]), { ...format, kind, header: true });
    if (this.#header) {
      const found = await this.#load(concat([this.#header, bytes]), { ...format, kind, header: true }).catch(unlessNoEvent);
      if (found) return found;
    }
    const found = await this.#load(bytes, { ...format, kind }).catch(error => {
      if (format?.header === false || firstLine(bytes).length < bytes.length) throw error;
      return unlessNoEvent(error);
    });
    if (!found) this.#header = firstLine(bytes);
    return found;
  }

  /** @param {Uint8Array} bytes @param {NonNullable<ConnectOptions["format"]>} format */
  async #load(bytes, { encoding, ...format }) {
    const { lateness, keep, id, ids, schema, clean, timezone } = this.options;
    const dataset = await this.engineLoad(bytes, { format, schema: { ...this.source.schema, ...schema }, clean, timezone, live: { lateness, keep, id, ids }, signal: this.signal });
    return { dataset, header: dataset.report.header ? firstLine(bytes) : undefined };
  }
}

/** @param {any} error */
function unlessNoEvent(error) {
  if (error?.code !== "BAD_INPUT") throw error;
  return undefined;
}

/** A header of the columns' names, written as the rows are. @param {string[]} names @param {Uint8Array} rows @param {string} [told] */
function named(names, rows, told) {
  const row = new TextDecoder().decode(firstLine(rows));
  const separator = told ?? [",", "\t", ";", "|"].find(separator => row.split(separator).length === names.length) ?? ",";
  return encoder.encode(names.map(name => /["\r\n]/.test(name) || name.includes(separator) ? `"${name.replaceAll('"', '""')}"` : name).join(separator) + "\n");
}
