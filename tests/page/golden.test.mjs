// Each folder of tests/golden is a file, a question and its answer: here asked through clickfold.js in a browser.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { start } from "./browser.mjs";

const { TimeUnit, Type, tableFromIPC } = await import(pathToFileURL(createRequire(new URL("../../www/package.json", import.meta.url)).resolve("@uwdata/flechette")));
const FOLDER = new URL("../golden/", import.meta.url);
const cases = existsSync(FOLDER) ? readdirSync(FOLDER, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name).sort() : [];

describe("golden answers", { skip: cases.length ? false : "there is no tests/golden" }, () => {
  let browser, visit;
  before(async () => {
    browser = await start();
    visit = await browser.visit();
    await visit.page.evaluate(async () => { globalThis.engine = await (await import(new URL("clickfold.js", document.baseURI))).open(); });
  });
  after(async () => {
    await visit?.leave();
    await browser?.close();
  });
  for (const name of cases) {
    test(name, async () => {
      const read = file => readFileSync(new URL(`${name}/${file}`, FOLDER));
      const ipc = await visit.page.evaluate(async ([bytes, query]) => {
        const dataset = await globalThis.engine.load(Uint8Array.from(atob(bytes), byte => byte.charCodeAt(0)));
        const { ipc } = await dataset.query(query);
        await dataset.close();
        return Array.from(ipc);
      }, [read("events.csv").toString("base64"), JSON.parse(read("query.json"))]);
      assert.equal(csvOf(Uint8Array.from(ipc)), read("expected.csv").toString());
    });
  }
});

/** An answer as `clickfold query --format csv` writes it; every digit from the IPC. */
function csvOf(ipc) {
  const table = tableFromIPC(ipc, { useBigInt: true, useDecimalInt: true });
  const { fields } = table.schema;
  const lines = [fields.map(({ name }) => quote(defuse(name)))];
  for (let row = 0; row < table.numRows; row++) lines.push(fields.map((field, at) => quote(text(table.getChildAt(at), field.type, row))));
  return lines.map(line => line.join(",")).join("\n") + "\n";
}

function text(column, type, row) {
  const value = column.at(row);
  if (value === null || value === undefined) return "";
  switch (type.typeId) {
    case Type.Timestamp: return instant(exact(column, row), type.unit);
    case Type.Decimal: return decimal(value, type.scale);
    case Type.Utf8: return defuse(value);
    default: return String(value);
  }
}

/** The stored integer: `at` would round nanoseconds to a number of milliseconds. */
function exact(column, row) {
  for (const batch of column.data) {
    if (row < batch.length) return batch.values[row];
    row -= batch.length;
  }
}

function instant(count, unit) {
  const digits = { [TimeUnit.SECOND]: 0, [TimeUnit.MILLISECOND]: 3, [TimeUnit.MICROSECOND]: 6, [TimeUnit.NANOSECOND]: 9 }[unit];
  const per = 10n ** BigInt(digits);
  const fraction = ((count % per) + per) % per;
  const seconds = new Date(Number((count - fraction) / per) * 1000).toISOString().slice(0, 19);
  return `${seconds}${digits ? `.${String(fraction).padStart(digits, "0")}` : ""}Z`;
}

function decimal(count, scale) {
  const digits = String(count < 0n ? -count : count).padStart(scale + 1, "0");
  return `${count < 0n ? "-" : ""}${digits.slice(0, digits.length - scale)}${scale ? `.${digits.slice(-scale)}` : ""}`;
}

const defuse = value => /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
const quote = value => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
