/** @import { Query } from "../clickfold.js" */

/**
 * What `describe` says of a column; values are text as the file has them.
 * @typedef {{
 *   rows: number, nulls: number, distinct: number,
 *   min?: string, max?: string, mean?: string, q1?: string, median?: string, q3?: string,
 *   top: { value: string, count: number }[],
 *   bins: { from: string, to: string, count: number }[],
 * }} Profile
 */

/** A query that tells all of the profiles. @type {Query} */
export const DESCRIBE = { kind: "describe", top: 3, bins: 16 };

/** The profiles by column. @param {Record<string, unknown>[]} rows of the answer to `describe` */
export function profilesOf(rows) {
  /** @type {Map<string, Profile>} */
  const profiles = new Map();
  for (const { column, statistic, value, upper, count } of /** @type {{ column: string, statistic: string, value: string, upper: string, count: number }[]} */ (rows)) {
    const profile = profiles.get(column) ?? { rows: 0, nulls: 0, distinct: 0, top: [], bins: [] };
    profiles.set(column, profile);
    switch (statistic) {
      case "rows": case "nulls": case "distinct": profile[statistic] = count; break;
      case "min": case "max": case "mean": case "q1": case "median": case "q3": profile[statistic] = value; break;
      case "top": profile.top.push({ value, count }); break;
      case "bin": profile.bins.push({ from: value, to: upper, count }); break;
    }
  }
  return profiles;
}
