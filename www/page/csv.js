/** @import { Cell } from "../clickfold.js" */

/** A cell; text that a spreadsheet would run as a formula gets a `'` before it. @param {Cell} cell */
function field(cell) {
  if (cell === null) return "";
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== "string") return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Gives the visitor rows as a CSV file. @param {string} name @param {Cell[][]} rows */
export function downloadCsv(name, rows) {
  const text = rows.map(cells => cells.map(field).join(",") + "\r\n").join("");
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
