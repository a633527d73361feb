/** @import { Cell, Table } from "../clickfold.js" */

import { Type, tableFromIPC } from "@uwdata/flechette";

/** How values come out of Arrow: integers and decimals as they are. */
export const EXACTLY = { useBigInt: true, useDate: true, useDecimalInt: true };

/**
 * An answer, decoded when its rows are asked for.
 * @param {{ ipc: Uint8Array, stats: Omit<Table["stats"], "exact"> }} answer @returns {Table}
 */
export function openTable({ ipc, stats }) {
  const table = tableFromIPC(ipc, EXACTLY);
  const columns = table.schema.fields.map(({ name, type, metadata }) => {
    const error = metadata?.get("error");
    return { name, type: typeName(type.typeId), ...error === undefined ? {} : { error } };
  });
  return {
    columns,
    numRows: table.numRows,
    rows: () => readRows(table),
    ipc,
    stats: { ...stats, exact: columns.every(column => !("error" in column)) },
  };
}

/** @param {number} typeId */
const typeName = typeId =>
  ({ [Type.Int]: "int", [Type.Decimal]: "decimal", [Type.Timestamp]: "time", [Type.Utf8]: "text", [Type.Bool]: "bool" })[typeId] ?? "float";

/** What rows inherit: nothing. An object of its own, since one that has no prototype at all is made five times slower. */
const nothing = Object.freeze(Object.create(null));

/**
 * Rows as objects that inherit nothing: a column may be called `__proto__`.
 * @param {ReturnType<typeof tableFromIPC>} table
 * @returns {Record<string, Cell>[]}
 */
export function readRows(table) {
  /** @type {Record<string, Cell>[]} */
  const rows = [];
  for (let i = 0; i < table.numRows; i++) rows.push(Object.create(nothing));
  table.schema.fields.forEach(({ name }, at) => {
    const column = table.getChildAt(at);
    const values = integers(column), type = "dictionary" in column.type ? column.type.dictionary : column.type, read = type.typeId === Type.Decimal ? decimalOf(type) : plain;
    for (let i = 0; i < rows.length; i++) rows[i][name] = values ? values[i] : read(column.at(i));
  });
  return rows;
}

/**
 * The values of a whole column of 64-bit integers without nulls, read as halves: a BigInt each costs more than all else.
 * @param {import("@uwdata/flechette").Column<any>} column
 * @returns {Cell[] | undefined}
 */
function integers({ data }) {
  const [batch] = data;
  if (data.length !== 1 || batch.nullCount > 0 || batch.type.typeId !== Type.Int || !(batch.values instanceof BigInt64Array)) return undefined;
  const { values, length } = batch;
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * length);
  /** @type {Cell[]} */
  const cells = [];
  for (let i = 0; i < length; i++) {
    const low = halves[2 * i] >>> 0, high = halves[2 * i + 1];
    const isSafe = high >= -0x200000 && high < 0x200000 && (high !== -0x200000 || low !== 0);
    cells.push(isSafe ? high * 2 ** 32 + low : values[i]);
  }
  return cells;
}

/** The numbers nearest to a column's decimals. @param {{ scale: number }} type @returns {(digits: bigint | number | null) => Cell} */
function decimalOf({ scale }) {
  const ten = Number(`1e${scale}`), isExact = scale >= 0 && scale <= 22; // powers of ten beyond are none of a float's numbers
  return digits => {
    if (digits === null) return null;
    const whole = Number(digits);
    return isExact && Number.isSafeInteger(whole) ? whole / ten : Number(`${digits}e${-scale}`);
  };
}

/** @param {unknown} value @returns {Cell} */
function plain(value) {
  const isSafe = typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return isSafe ? Number(value) : /** @type {Cell} */ (value ?? null);
}
