/** @import { Cell } from "../clickfold.js" */

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });

/** A number with its thousands apart. @param {number | bigint} value */
export const count = value => number.format(value);

/** Bytes as a person reads them. @param {number} bytes */
export function size(bytes) {
  const unit = ["B", "kB", "MB", "GB"].find((_, power) => bytes < 1000 ** (power + 1)) ?? "GB";
  const value = bytes / 1000 ** ["B", "kB", "MB", "GB"].indexOf(unit);
  return `${value.toFixed(unit === "B" || value >= 100 ? 0 : 1)} ${unit}`;
}

/** An instant in UTC; without its time of day where `every` makes that 00:00. @param {Date} date @param {string} [every] */
export function instant(date, every = "") {
  const text = date.toISOString();
  if (every.endsWith("mo") || every === "1y") return text.slice(0, 7);
  if (/[dw]$/.test(every)) return text.slice(0, 10);
  return text.slice(0, 16).replace("T", " ");
}

/** A cell as text; ids keep their digits, unpunctuated. @param {Cell} value */
export function cell(value) {
  if (value === null) return "(none)";
  return value instanceof Date ? instant(value) : String(value);
}

/** A cell with all of its digits, as a list of rows shows it. @param {Cell} value */
export const exact = value => value instanceof Date ? value.toISOString().slice(0, 19).replace("T", " ") : String(value);

/** A sentence of the engine as people write one. @param {string} sentence */
export const sentence = sentence => `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${/[.?!…]$/.test(sentence) ? "" : "."}`;
