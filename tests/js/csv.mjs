// Answers as the golden files have them: CSV with exact decimals, ISO times, nulls empty.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../www/package.json", import.meta.url));
const { Type, tableFromIPC } = require("@uwdata/flechette");

/** @param {Uint8Array} ipc */
export function toCsv(ipc) {
  const table = tableFromIPC(ipc, { useBigInt: true, useDecimalInt: true });
  const fields = table.schema.fields;
  const lines = [fields.map(({ name }) => quote(defuse(name))).join(",")];
  for (let row = 0; row < table.numRows; row++) {
    lines.push(fields.map(({ type }, at) => {
      const value = table.getChildAt(at).at(row);
      if (value === null || value === undefined) return "";
      if (type.typeId === Type.Utf8) return quote(defuse(value));
      if (type.typeId === Type.Decimal) return decimal(BigInt(value), type.scale);
      if (type.typeId === Type.Timestamp) return instant(table.getChildAt(at).data[0].values[row], type.unit);
      return typeof value === "number" ? plain(value) : String(value);
    }).join(","));
  }
  return lines.join("\n") + "\n";
}

const defuse = text => /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
const quote = text => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A float in digits, never with an exponent. @param {number} value */
function plain(value) {
  const [, sign, first, rest = "", exponent] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const digits = first + rest, point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}${point < digits.length ? `.${digits.slice(point)}` : ""}`;
}

function decimal(units, scale) {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const text = scale ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
  return units < 0n ? `-${text}` : text;
}

/** @param {bigint} count of 10^-(3 · unit) seconds */
function instant(count, unit) {
  const per = 10n ** BigInt(3 * unit);
  const seconds = count >= 0n ? count / per : -((-count + per - 1n) / per);
  const fraction = unit ? "." + String(count - seconds * per).padStart(3 * unit, "0") : "";
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 19) + fraction + "Z";
}
