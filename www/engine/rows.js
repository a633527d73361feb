import { tableFromIPC } from "@uwdata/flechette";
import { ClickfoldError } from "./errors.js";
import { readRows } from "./table.js";

/**
 * Rows to append, as text in the data set's columns. Bytes that are no Arrow are such text already.
 * @param {Record<string, unknown>[] | Uint8Array} rows
 * @param {string[]} columns
 * @param {string} separator
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function toCsv(rows, columns, separator) {
  if (rows instanceof Uint8Array) {
    return isArrow(rows) ? toCsv(readRows(tableFromIPC(rows, { useBigInt: true, useDate: true })), columns, separator) : rows.slice();
  }
  const known = new Set(columns);
  const lines = rows.map(row => {
    const unknown = Object.keys(row).find(key => !known.has(key));
    if (unknown !== undefined) {
      throw new ClickfoldError("UNKNOWN_COLUMN", `unknown column ${JSON.stringify(unknown)}; the data has ${columns.join(", ")}`, { column: unknown });
    }
    return columns.map(column => toCell(Object.hasOwn(row, column) ? row[column] : null, separator)).join(separator) + "\n";
  });
  return new TextEncoder().encode(lines.join(""));
}

/** @param {Uint8Array} bytes */
const isArrow = bytes => (bytes[0] === 0xff && bytes[1] === 0xff && bytes[2] === 0xff && bytes[3] === 0xff) || new TextDecoder().decode(bytes.subarray(0, 6)) === "ARROW1";

/** @param {unknown} value @param {string} separator */
function toCell(value, separator) {
  if (value === null || value === undefined) return "";
  const text = value instanceof Date ? value.toISOString() : String(value);
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
