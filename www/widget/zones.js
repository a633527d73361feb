/** By whose clock a question's days begin. */

/** @import { Query } from "./clickfold.js" */

/** The kinds that have days of their own, beside those of their groups. */
const OWN_DAYS = ["retention", "sessions", "rfm"];

/** @param {unknown} timezone */
export function isTimezone(timezone) {
  try {
    return typeof timezone === "string" && Boolean(new Intl.DateTimeFormat("en", { timeZone: timezone }));
  } catch {
    return false;
  }
}

/** The time zone that a question says itself, the first where it says several. @param {unknown} part of it @returns {string | undefined} */
export function zoneOf(part) {
  if (typeof part !== "object" || part === null) return undefined;
  const { timezone } = /** @type {{ timezone?: string }} */ (part);
  return isTimezone(timezone) ? timezone : Object.values(part).map(zoneOf).find(zone => zone !== undefined);
}

/** The question by the clock of a time zone, where it says none itself. @template {Query} Q @param {Q} query @param {string} timezone @returns {Q} */
export function inZone(query, timezone) {
  /** @param {any} part @returns {any} */
  const within = part => {
    if (typeof part !== "object" || part === null) return part;
    if (Array.isArray(part)) return part.map(within);
    const isBucket = "column" in part && "every" in part;
    return { ...isBucket ? { timezone } : {}, ...Object.fromEntries(Object.entries(part).map(([key, value]) => [key, within(value)])) };
  };
  return { ...OWN_DAYS.includes(query.kind) ? { timezone } : {}, ...within(query) };
}
