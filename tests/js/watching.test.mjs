// What a widget's view asks: first what it needs to know, then what follows from that.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Watching } from "../../www/widget/watching.js";

/** A data set that is asked, and answers when the test says so. */
function datasetOf() {
  const asked = new Map();
  const watch = ({ kind }, onTable, { onError }) => {
    asked.set(kind, { answer: onTable, fail: onError });
    return () => asked.delete(kind);
  };
  return { dataset: { watch }, asked, answer: (kind, table) => asked.get(kind).answer(table) };
}

test("what is known goes with each answer, also where it is another and nothing else follows from it", () => {
  const { dataset, asked, answer } = datasetOf(), told = [];
  const plan = scouted => ({ main: { query: { kind: scouted.get("range") === "long" ? "months" : "days" } } });
  const watching = new Watching(dataset, { scout: { range: { query: { kind: "range" } } }, plan }, answers => told.push(Object.fromEntries(answers)), assert.fail);
  assert.deepEqual([...asked.keys()], ["range"]);
  answer("range", "short");
  assert.deepEqual(told, []);
  answer("days", 1);
  answer("range", "shorter");
  assert.deepEqual(told, [{ range: "short", main: 1 }, { range: "shorter", main: 1 }]);
  answer("range", "long");
  assert.deepEqual([told.length, ...asked.keys()], [2, "range", "months"]);
  answer("months", 2);
  assert.deepEqual(told.at(-1), { range: "long", main: 2 });
  watching.stop();
  assert.equal(asked.size, 0);
});

test("it ends with the first failure, which is told once", () => {
  const { dataset, asked } = datasetOf(), failed = [];
  new Watching(dataset, { scout: { range: { query: { kind: "range" } } }, plan: () => ({ main: { query: { kind: "days" } } }) }, () => {}, error => failed.push(error));
  const { fail } = asked.get("range");
  fail("the first");
  fail("the second");
  assert.deepEqual([failed, asked.size], [["the first"], 0]);
});
