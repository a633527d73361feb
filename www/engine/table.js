/** @import { Cell, Table } from "../clickfold.js" */

import { Type, tableFromIPC } from "@uwdata/flechette";

/** An answer, decoded when its rows are asked for. @param {{ ipc: Uint8Array, stats: Table["stats"] }} answer @returns {Table} */
export function openTable({ ipc, stats }) {
  const table = tableFromIPC(ipc, { useBigInt: true, useDate: true });
  return {
    columns: table.schema.fields.map(({ name, type }) => ({ name, type: typeName(type.typeId) })),
    numRows: table.numRows,
    rows: () => readRows(table),
    ipc,
    stats,
  };
}

/** @param {number} typeId */
const typeName = typeId =>
  ({ [Type.Int]: "int", [Type.Decimal]: "decimal", [Type.Timestamp]: "time", [Type.Utf8]: "text", [Type.Bool]: "bool" })[typeId] ?? "float";

/**
 * Rows as objects without a prototype: a column may be called `__proto__`.
 * @param {ReturnType<typeof tableFromIPC>} table
 * @returns {Record<string, Cell>[]}
 */
export function readRows(table) {
  const rows = Array.from({ length: table.numRows }, () => Object.create(null));
  table.schema.fields.forEach(({ name }, at) => {
    const column = table.getChildAt(at);
    rows.forEach((row, i) => { row[name] = plain(column.at(i)); });
  });
  return rows;
}

/** @param {unknown} value @returns {Cell} */
function plain(value) {
  const isSafe = typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return isSafe ? Number(value) : /** @type {Cell} */ (value ?? null);
}
