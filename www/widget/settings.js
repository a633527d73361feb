/** What the attributes and properties of a widget may say. */

/** @import { Query } from "./clickfold.js" */

import { ClickfoldError } from "./clickfold.js";
import { VIEWS } from "./views.js";

export const THEMES = ["auto", "light", "dark"];
const LENGTH = /^[1-9]\d*(s|m|h|d|w)$/;

/**
 * @typedef {{ view: string, query?: Query, theme: string, window: string, limit: number, headingLevel: number, heading: string, timezone: string, options: object }} Settings
 */

/**
 * The settings, or an error that says which one cannot be.
 * @param {{ view: string | null, query: unknown, theme: string, window: string, limit: unknown, headingLevel: unknown, heading: string | null, timezone: string, options: unknown }} given
 * @returns {Settings}
 */
export function settle({ view, query, theme, window, limit, headingLevel, heading, timezone, options }) {
  return {
    view: oneOf("view", view ?? "top-items", [...VIEWS.keys()]),
    query: query === null || query === undefined ? undefined : /** @type {Query} */ (object("query", query)),
    theme: oneOf("theme", theme, THEMES),
    window: fits("window", window, LENGTH.test(window), `a length of time such as "1m" or "1h"`),
    limit: whole("limit", limit, 1, 1000),
    headingLevel: headingLevel === "none" ? 0 : whole("heading-level", headingLevel, 0, 6),
    heading: heading ?? "",
    timezone: fits("timezone", timezone, isTimezone(timezone), `an IANA time zone such as "Asia/Shanghai"`),
    options: object("options", options ?? {}),
  };
}

/** @param {string} name @param {string} value @param {string[]} known */
function oneOf(name, value, known) {
  if (!known.includes(value)) throw wrong(name, value, `one of ${known.join(", ")}`, known);
  return value;
}

/** @template T @param {string} name @param {T} value @param {boolean} isRight @param {string} wanted */
function fits(name, value, isRight, wanted) {
  if (!isRight) throw wrong(name, value, wanted);
  return value;
}

/** @param {string} name @param {unknown} value @param {number} least @param {number} most */
function whole(name, value, least, most) {
  const n = typeof value === "string" && value.trim() ? Number(value) : value;
  return /** @type {number} */ (fits(name, n, Number.isInteger(n) && Number(n) >= least && Number(n) <= most, `a whole number from ${least} to ${most}`));
}

/** @param {string} name @param {unknown} value @returns {object} */
function object(name, value) {
  if (typeof value === "string") throw wrong(name, value, "a JSON object");
  return fits(name, /** @type {object} */ (value), typeof value === "object" && !Array.isArray(value), "an object");
}

/** @param {string} timezone */
function isTimezone(timezone) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: timezone }));
  } catch {
    return false;
  }
}

/** @param {string} name @param {unknown} value @param {string} wanted @param {string[]} [candidates] */
function wrong(name, value, wanted, candidates) {
  const found = typeof value === "string" ? JSON.stringify(value) : String(value);
  return new ClickfoldError("BAD_QUERY", `"${name}" of <clickfold-view> is ${wanted}; found ${found}`, candidates ? { candidates } : {});
}

/** JSON in an attribute; what is none stays text, and is told when it is used. @param {string | null} text */
export function fromJson(text) {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
