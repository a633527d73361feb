/** @import { Dataset, LoadOptions } from "./clickfold.js" */

import { ClickfoldError } from "./clickfold.js";

/** How the first rows are written. @type {LoadOptions["format"]} */
export const PUSHED_FORMAT = { kind: "csv", separator: ",", quote: '"', header: true };

/** @typedef {Record<string, unknown>} PushedRow */

/** Rows that the page itself pushes: the first ones make a data set, all others extend it. */
export class Pushed {
  #first;
  #failed;
  /** Rows that the data set does not have yet. @type {PushedRow[]} */
  #waiting = [];
  /** Those that make it. @type {Blob | undefined} */
  #file;
  /** @type {Dataset | undefined} */
  #dataset;
  /** Keys that no column has, each told once. @type {Set<string>} */
  #unknown = new Set();

  /** @param {() => void} first called when there are rows and no data set @param {(error: unknown) => void} failed */
  constructor(first, failed) {
    this.#first = first;
    this.#failed = failed;
  }

  /** @param {PushedRow[]} rows */
  push(...rows) {
    this.take(rows);
  }

  /** The same, of more rows than a call has room for. @param {PushedRow[]} rows */
  take(rows) {
    const isAppending = this.#dataset && this.#waiting.length;
    for (const row of rows) {
      try {
        this.#waiting.push(plain(row));
      } catch (error) {
        this.#failed(new ClickfoldError("BAD_INPUT", `a pushed row is left out, since it is no object of values: ${/** @type {Error} */ (error).message}`));
      }
    }
    if (!this.#waiting.length) return;
    if (!this.#dataset) this.#first();
    else if (!isAppending) void this.#append(this.#dataset);
  }

  /** What was pushed up to now, as a file. */
  get source() {
    if (!this.#file && this.#waiting.length) this.#file = toFile(this.#waiting.splice(0));
    return this.#file;
  }

  /** The data set that the source became. @param {Dataset} dataset */
  follow(dataset) {
    this.#dataset = dataset;
    this.#file = undefined;
    void this.#append(dataset);
  }

  /** The data set is gone, and its rows with it. */
  leave() {
    this.#dataset = undefined;
    this.#unknown.clear();
  }

  /** Appends what waits; what comes meanwhile is appended together. @param {Dataset} dataset */
  async #append(dataset) {
    while (this.#dataset === dataset && this.#waiting.length) {
      const rows = this.#waiting.slice();
      try {
        await dataset.append(this.#known(dataset, rows));
      } catch (error) {
        if (this.#dataset === dataset) this.#failed(error);
      }
      if (this.#dataset === dataset) this.#waiting.splice(0, rows.length); // else they are another's first rows
    }
  }

  /** Rows without what no column is for. @param {Dataset} dataset @param {PushedRow[]} rows */
  #known(dataset, rows) {
    const columns = dataset.schema.map(({ name }) => name), known = new Set(columns);
    for (const key of new Set(rows.flatMap(row => Object.keys(row)))) {
      if (known.has(key) || this.#unknown.has(key)) continue;
      this.#unknown.add(key);
      this.#failed(new ClickfoldError("UNKNOWN_COLUMN", `${JSON.stringify(key)} was in none of the first rows and is left out; the data has ${columns.join(", ")}`, { column: key }));
    }
    return rows.map(row => Object.fromEntries(columns.filter(name => Object.hasOwn(row, name)).map(name => [name, row[name]])));
  }
}

/** A row of values: what is an object itself, as its JSON. @param {PushedRow} row @returns {PushedRow} */
function plain(row) {
  if (typeof row !== "object" || row === null) throw new TypeError(`found ${JSON.stringify(row)}`);
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, toValue(value)]));
}

/** Rows as CSV in the columns that any of them has. @param {PushedRow[]} rows */
function toFile(rows) {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))];
  const lines = [columns.map(toCell), ...rows.map(row => columns.map(name => toCell(Object.hasOwn(row, name) ? row[name] : null)))];
  return new Blob(lines.map(cells => cells.join(",") + "\n"), { type: "text/csv" });
}

/** @param {unknown} value */
const toValue = value => typeof value === "object" && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value;

/** @param {unknown} value */
function toCell(value) {
  const text = value instanceof Date ? value.toISOString() : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
