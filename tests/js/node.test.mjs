// The golden cases in WebAssembly on Node, by the core's own door.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as complete from "../../target/complete/clickfold.js";
import * as first from "../../target/pkg/clickfold.js";
import { openTable } from "../../www/engine/table.js";
import { warmUpStreams } from "../../www/engine/warm.js";
import { zoneChanges } from "../../www/engine/zones.js";
import { toCsv } from "./csv.mjs";
import { cases } from "./golden.mjs";

for (const [core, name] of [[first, "pkg"], [complete, "complete"]]) {
  core.initSync({ module: new WebAssembly.Module(readFileSync(new URL(`../../target/${name}/clickfold_bg.wasm`, import.meta.url))) });
}
const { Loader } = first;

/** The answer as an Arrow IPC stream. */
function ask(dataset, query) {
  const asked = dataset.ask(query, zoneChanges);
  while (asked.step(dataset));
  return asked.finish();
}

test("there are golden cases", () => assert.ok(cases.length >= 35));

for (const { name, events, query, expected } of cases) {
  test(`golden: ${name}`, () => {
    const { Loader } = first.isKnownKind(query.kind) ? first : complete;
    for (const chunk of [1, 7, 1 << 20]) {
      const loader = new Loader({});
      for (let at = 0; at < events.length; at += chunk) loader.push(events.subarray(at, at + chunk));
      const dataset = loader.finish();
      assert.equal(toCsv(ask(dataset, query)), expected);
      dataset.free();
    }
  });
}

test("integers are numbers up to 2^53 - 1 and BigInts beyond, both ways", () => {
  const safe = 2n ** 53n - 1n;
  const ints = [0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n, -(2n ** 32n), safe, -safe, safe + 1n, -safe - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
  const loader = new Loader({});
  loader.push(new TextEncoder().encode(`id,__proto__,gap\n${ints.map((int, i) => `${int},${i},${i % 2 ? int : ""}`).join("\n")}\n`));
  const rows = openTable({ ipc: ask(loader.finish(), { kind: "rows" }), stats: {} }).rows();
  const cell = int => (int >= -safe && int <= safe ? Number(int) : int);
  assert.deepEqual(rows.map(row => row.id), ints.map(cell));
  assert.deepEqual(rows.map(row => row.gap), ints.map((int, i) => (i % 2 ? cell(int) : null)));
  assert.deepEqual(rows.map(row => Object.keys(row)), ints.map(() => ["id", "__proto__", "gap"]));
  assert.ok(rows.every(row => !("toString" in row)));
});

test("errors are plain objects with a code, a sentence and candidates", () => {
  const loader = new Loader({});
  loader.push(new TextEncoder().encode("user_id,item\n1,a\n"));
  const dataset = loader.finish();
  assert.throws(() => ask(dataset, { kind: "aggregate", group_by: ["user"] }), error => {
    assert.deepEqual(error, { code: "UNKNOWN_COLUMN", message: 'unknown column "user"; did you mean "user_id"?', detail: { column: "user", candidates: ["user_id"] } });
    return true;
  });
});

test("time zones are the browser's", () => {
  const changes = zoneChanges("America/New_York");
  const at = changes.indexOf(Date.UTC(2024, 2, 10, 7) / 1000);
  assert.equal(changes[at + 1], -14_400);
  assert.deepEqual([...zoneChanges("Asia/Kolkata")].slice(-1), [19_800]);
  assert.equal(zoneChanges("Mars/Olympus"), undefined);
});

test("made-up events are taken and told as real ones are, until those come, and leave nothing behind", async () => {
  const appended = [];
  let held = 0;
  class Loader extends complete.Loader {
    finish() {
      const dataset = super.finish(), append = dataset.append.bind(dataset), free = dataset.free.bind(dataset);
      held++;
      return Object.assign(dataset, {
        append: (bytes, format) => appended.push({ format, ...append(bytes, format) }),
        free: () => {
          free();
          held--;
        },
      });
    }
  }
  await warmUpStreams({ ...complete, Loader }, async () => false);
  assert.equal(appended.length, 200);
  assert.ok(appended.every(({ format, read, used, late }, at) => format === (at % 4 ? "csv" : "ndjson") && read === 1000 && used === 1000 && late === 0), JSON.stringify(appended[0]));
  await warmUpStreams({ ...complete, Loader }, async () => appended.length >= 203);
  assert.deepEqual([appended.length, held], [203, 0]);
});
