/** Options that cannot be meant: what the core would not read is not left out in silence. */

import { ClickfoldError } from "./errors.js";

/** @typedef {"text" | "count" | "object" | "flag"} Kind */

/** What each kind must be, and whether a value is. @type {Record<Kind, [string, (value: any) => boolean]>} */
const KINDS = {
  text: ["a string", value => typeof value === "string"],
  count: ["a whole number above 0", value => Number.isSafeInteger(value) && value > 0],
  object: ["an object", value => typeof value === "object" && value !== null && !Array.isArray(value)],
  flag: ["true or false", value => typeof value === "boolean"],
};

/** @type {Record<string, Kind>} */
const LIVE = { lateness: "text", keep: "object", id: "text", ids: "count" };
/** @type {Record<string, Kind>} */
const KEEP = { rows: "count", time: "text" };
/** @type {Record<string, Kind>} */
const WINDOW = { size: "text", hop: "text", timezone: "text", gap: "text", by: "text" };
/** @type {Record<string, Kind>} */
const WATCH = { window: "object", show: "count", movement: "text" };

/** @param {unknown} value */
const shown = value => typeof value === "string" ? JSON.stringify(value) : typeof value === "object" && value !== null ? `an ${Array.isArray(value) ? "array" : "object"}` : String(value);

/** @param {string} key @param {unknown} value @param {Kind} kind */
function checkKind(key, value, kind) {
  const [is, isOne] = KINDS[kind];
  if (value !== undefined && !isOne(value)) throw new ClickfoldError("BAD_QUERY", `"${key}" must be ${is}, found ${shown(value)}`);
}

/** @param {string} name @param {string} key */
const within = (name, key) => name ? `${name}.${key}` : key;

/** @param {string} name @param {object | undefined} options @param {Record<string, Kind>} kinds of those that are known */
function check(name, options = {}, kinds) {
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, key)) refuse(key, ` of "${name}"`, Object.keys(kinds));
    checkKind(within(name, key), value, kinds[key]);
  }
}

/** @param {string | undefined} key none: nothing is refused @param {string} of @param {string[]} known */
function refuse(key, of, known) {
  if (key !== undefined) throw new ClickfoldError("BAD_QUERY", `unknown option ${JSON.stringify(key)}${of}; known are ${known.join(", ")}`);
}

/** @param {object} unknown what is left of the options @param {string[]} known */
export const refuseOthers = (unknown, known) => refuse(Object.keys(unknown)[0], "", known);

/** @param {{ live?: any, awaitsRows?: any }} options */
export function checkLoad({ live, awaitsRows }) {
  checkKind("live", live, "object");
  checkKind("awaitsRows", awaitsRows, "flag");
  checkLive(live, "live");
}

/** @param {any} live @param {string} [name] as the options are called; none: they stand among others */
export function checkLive(live, name = "") {
  check(name, live, LIVE);
  check(within(name, "keep"), live?.keep, KEEP);
}

/** @param {unknown} time of whatever window it is */
export function checkDate(time) {
  const isDate = Object.prototype.toString.call(time) === "[object Date]";
  if (!isDate || Number.isNaN(/** @type {Date} */ (time).getTime())) throw new ClickfoldError("BAD_QUERY", `how late it is must be a Date, found ${isDate ? "an invalid one" : shown(time)}`);
}

/** @param {{ window?: any, show?: any, movement?: any }} options */
export function checkWatch(options) {
  check("", options, WATCH);
  check("window", options.window, WINDOW);
}
