/** @import { Cell, Dataset } from "../../clickfold.js" */

import { byRole } from "../../page/state.js";

const MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
/** What stands where nothing is known. */
export const NONE = "–";

/** @type {[RegExp, string, string][]} */
const PEOPLE = [
  [/custom|client|buyer|member/i, "customer", "customers"], [/visitor/i, "visitor", "visitors"], [/session|visit/i, "session", "sessions"],
];

/** Whom the actor's column tells apart, in words. @param {Dataset} dataset @returns {[string, string]} */
export function people(dataset) {
  const name = byRole(dataset, "actor")?.name ?? "";
  const [, one, many] = PEOPLE.find(([pattern]) => pattern.test(name)) ?? [/./, "user", "users"];
  return [one, many];
}

/** A share of one, with a digit after the point. @param {Cell | undefined} rate */
export const percent = rate => rate === null || rate === undefined ? NONE : `${(100 * Number(rate)).toFixed(1)}%`;

/** Seconds as a person says them: the two largest units. @param {Cell | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const all = Number(seconds), whole = Math.round(all);
  if (all < 10 && all !== whole) return `${all.toFixed(1)} s`;
  if (whole < MINUTE) return `${whole} s`;
  const minutes = Math.round(all / MINUTE), hours = Math.round(all / HOUR);
  return whole < HOUR ? two(whole, MINUTE, "min", "s") : minutes * MINUTE < DAY ? two(minutes, 60, "h", "min") : two(hours, 24, "d", "h");
}

/** @param {number} parts @param {number} per @param {string} large @param {string} small */
function two(parts, per, large, small) {
  const n = Math.floor(parts / per), rest = parts % per;
  return n >= 100 || rest === 0 ? `${n.toLocaleString("en")} ${large}` : `${n} ${large} ${rest} ${small}`;
}

/** Days, with a digit after the point where they are few, and in hours or less where they are none. @param {Cell | undefined} days */
export function days(days) {
  if (days === null || days === undefined) return NONE;
  const n = Number(days);
  return n < 1 ? duration(n * DAY) : `${n.toLocaleString("en", { maximumFractionDigits: n < 100 ? 1 : 0 })} d`;
}

/** An amount with as many digits after the point as its column has. @param {Cell | undefined} amount @param {number} digits */
export const money = (amount, digits) => amount === null || amount === undefined ? NONE
  : new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(typeof amount === "bigint" ? amount : Number(amount));

/** A figure that is no count, to three digits that say something. @param {Cell | undefined} value */
export function figure(value) {
  if (value === null || value === undefined) return NONE;
  const n = Number(value);
  return n.toLocaleString("en", Math.abs(n) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 });
}
