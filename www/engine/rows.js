import { tableFromIPC } from "@uwdata/flechette";
import { ClickfoldError } from "./errors.js";
import { EXACTLY, readRows } from "./table.js";

/**
 * Rows to append, as text: cells for delimited data, else a JSON object on each line. Bytes that are no Arrow are text in
 * the data's own format already.
 * @param {Record<string, unknown>[] | Uint8Array} rows
 * @param {string[]} columns
 * @param {string | null} separator of delimited data
 * @param {string} [told] how bytes are written, where that is known
 * @returns {{ bytes: Uint8Array<ArrayBuffer>, format?: string }}
 */
export function toText(rows, columns, separator, told) {
  if (rows instanceof Uint8Array) {
    return told === undefined && isArrow(rows) ? toText(readArrow(rows), columns, separator) : { bytes: rows.slice() };
  }
  if (!Array.isArray(rows)) throw new ClickfoldError("BAD_INPUT", `rows are a list of objects, or bytes; found ${typeof rows === "string" ? "text: encode it with a TextEncoder" : typeof rows}`);
  const known = new Set(columns);
  for (const [at, row] of rows.entries()) {
    if (typeof row !== "object" || row === null) throw new ClickfoldError("BAD_INPUT", `row ${at + 1} of ${rows.length} is no object, but ${typeof row === "object" ? "null" : typeof row}`);
    const unknown = Object.keys(row).find(key => !known.has(key));
    if (unknown !== undefined) {
      throw new ClickfoldError("UNKNOWN_COLUMN", `unknown column ${JSON.stringify(unknown)}; the data has ${columns.join(", ")}`, { column: unknown });
    }
  }
  const lines = separator === null
    ? rows.map(row => JSON.stringify(row, (_, value) => typeof value === "bigint" ? String(value) : value))
    : rows.map(row => columns.map(column => toCell(Object.hasOwn(row, column) ? row[column] : null, separator)).join(separator));
  const bytes = new TextEncoder().encode(lines.map(line => line + "\n").join(""));
  return { bytes, format: separator === null ? "ndjson" : "csv" };
}

/** @param {Uint8Array} bytes */
function readArrow(bytes) {
  try {
    return readRows(tableFromIPC(bytes, EXACTLY));
  } catch (error) {
    throw new ClickfoldError("BAD_INPUT", `the Arrow rows cannot be read: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {Uint8Array} bytes */
const isArrow = bytes => (bytes[0] === 0xff && bytes[1] === 0xff && bytes[2] === 0xff && bytes[3] === 0xff) || new TextDecoder().decode(bytes.subarray(0, 6)) === "ARROW1";

/** @param {unknown} value @param {string} separator */
function toCell(value, separator) {
  if (value === null || value === undefined) return "";
  const text = value instanceof Date ? value.toISOString() : String(value);
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
