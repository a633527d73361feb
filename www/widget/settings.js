/** What the attributes and properties of a widget may say. */

/** @import { Query } from "./clickfold.js" */

import { ClickfoldError } from "./clickfold.js";
import { millisecondsOf } from "../stream/idle.js";
import { VIEWS } from "./views.js";
import { isTimezone, zoneOf } from "./zones.js";

export const THEMES = ["auto", "light", "dark"];

/**
 * @typedef {{ view: string, query?: Query, theme: string, window: string, limit: number, headingLevel: number, heading: string, timezone: string, options: object }} Settings
 */

/**
 * The settings, or an error that says which one cannot be. What is null is as it is where nothing is said.
 * @param {{ view: string | null, query: unknown, theme: string | null, window: string | null, limit: unknown, headingLevel: unknown, heading: string | null, timezone: string | null, options: unknown }} given
 * @returns {Settings}
 */
export function settle({ view, query, theme, window, limit, headingLevel, heading, timezone, options }) {
  return {
    view: oneOf("view", view ?? "top-items", [...VIEWS.keys()]),
    query: query === null || query === undefined ? undefined : /** @type {Query} */ (object("query", query)),
    theme: oneOf("theme", theme ?? "auto", THEMES),
    window: fits("window", window ?? "1m", { test: isLength }, `a length of time such as "1m" or "1h"`),
    limit: whole("limit", limit ?? 10, 1, 1000),
    headingLevel: headingLevel === "none" ? 0 : whole("heading-level", headingLevel ?? 2, 0, 6),
    heading: heading ?? "",
    timezone: zoneOf(query) ?? fits("timezone", timezone ?? "UTC", { test: isTimezone }, `an IANA time zone such as "Asia/Shanghai"`),
    options: object("options", options ?? {}),
  };
}

/** @param {string} name @param {string} value @param {string[]} known */
function oneOf(name, value, known) {
  if (!known.includes(value)) throw wrong(name, value, `one of ${known.join(", ")}`, known);
  return value;
}

/** @param {string} name @param {string} value @param {{ test: (value: string) => boolean }} form @param {string} wanted */
function fits(name, value, form, wanted) {
  if (!form.test(value)) throw wrong(name, value, wanted);
  return value;
}

/** @param {string} name @param {unknown} value @param {number} least @param {number} most */
function whole(name, value, least, most) {
  const n = typeof value === "string" && value.trim() ? Number(value) : value;
  if (!(typeof n === "number" && Number.isInteger(n) && n >= least && n <= most)) throw wrong(name, value, `a whole number from ${least} to ${most}`);
  return n;
}

/** @param {string} name @param {unknown} value @returns {object} */
function object(name, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(name, value, typeof value === "string" ? "a JSON object" : "an object");
  return value;
}

/** @param {string} text */
const isLength = text => millisecondsOf(text) !== undefined;

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
