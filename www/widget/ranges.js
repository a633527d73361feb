/** From when to when the events are, and what follows from that. */

/** @import { Dataset, Field } from "./clickfold.js" */
/** @import { Answers, Asked } from "./watching.js" */

import { byRole } from "../page/state.js";

export const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
/** Milliseconds of a bucket's width; of a month, about. @type {Map<string, number>} */
export const WIDTHS = new Map([["10s", 10_000], ["1m", MINUTE], ["1h", HOUR], ["1d", DAY], ["1w", 7 * DAY], ["1mo", 30.4 * DAY]]);

/** @param {Dataset} dataset */
export const timeOf = dataset => /** @type {Field} */ (byRole(dataset, "time"));

/** The question from when to when. @param {Dataset} dataset @returns {Record<string, Asked>} */
export function rangeOf(dataset) {
  const { name } = timeOf(dataset);
  return { range: { query: { kind: "aggregate", measures: { from: { fn: "min", column: name }, to: { fn: "max", column: name } } } } };
}

/** @param {Answers} answers @returns {[Date, Date] | undefined} nothing of no events */
export function rangeIn(answers) {
  const [{ from, to } = { from: null, to: null }] = answers.get("range")?.rows() ?? [];
  return from instanceof Date && to instanceof Date ? [from, to] : undefined;
}

/** As fine a bucket as leaves some hundred of them. @param {[Date, Date] | undefined} range */
export function bucketFor(range) {
  const span = range ? range[1].getTime() - range[0].getTime() : 0;
  return span <= 10 * MINUTE ? "10s" : span <= 6 * HOUR ? "1m" : span <= 7 * DAY ? "1h" : span <= 200 * DAY ? "1d" : span <= 1500 * DAY ? "1w" : "1mo";
}

/** All buckets from the first to the last, those without events too. @param {Date[]} found ascending @param {string} every */
export function withGaps(found, every) {
  const width = /** @type {number} */ (WIDTHS.get(every));
  /** @type {Date[]} */
  const all = [];
  for (const time of found) {
    for (let last = all.at(-1); last && time.getTime() - last.getTime() >= 1.5 * width && all.length < 20_000; last = all.at(-1)) {
      const next = new Date(last);
      if (every === "1mo") next.setUTCMonth(next.getUTCMonth() + 1);
      else next.setTime(last.getTime() + width);
      all.push(next);
    }
    all.push(time);
  }
  return all;
}
