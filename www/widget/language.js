/** Which language a widget speaks, and how that language writes numbers and times. */

/** @import { Cell } from "./clickfold.js" */

import en from "./words/en.js";
import zh from "./words/zh-CN.js";

/** @typedef {typeof en} Words */

/** @type {Map<string, Words>} */
const LANGUAGES = new Map([["en", en], ["zh-CN", zh]]);
/** What stands where nothing is known. */
export const NONE = "–";

/** The language of the nearest element that says one, across shadow roots. @param {Element} element */
function statedBy(element) {
  for (let at = /** @type {Element | null} */ (element); at; at = hostOf(at)) {
    const stated = at.closest("[lang]:not([lang=''], [lang='auto'])");
    if (stated) return stated.getAttribute("lang") ?? "";
  }
  return "";
}

/** @param {Element} element */
function hostOf(element) {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** The words for an element, and their language's tag with the region that was asked for. @param {Element} element */
export function languageOf(element) {
  for (const tag of [statedBy(element), navigator.language]) {
    const name = /^zh\b/i.test(tag) ? "zh-CN" : /^en\b/i.test(tag) ? "en" : undefined;
    if (name) return { words: /** @type {Words} */ (LANGUAGES.get(name)), tag: name === "en" && isTag(tag) ? tag : name };
  }
  return { words: en, tag: "en" };
}

/** @param {string} tag */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** Numbers and times as a language writes them. */
export class Format {
  #numbers = new Map();

  /** @param {string} tag @param {string} timezone */
  constructor(tag, timezone) {
    this.tag = tag;
    this.timezone = timezone;
    this.plurals = new Intl.PluralRules(tag);
  }

  /** @param {Cell | undefined} value @param {Intl.NumberFormatOptions} [options] */
  number(value, options = { maximumFractionDigits: 6 }) {
    if (value === null || value === undefined) return NONE;
    const key = JSON.stringify(options);
    if (!this.#numbers.has(key)) this.#numbers.set(key, new Intl.NumberFormat(this.tag, options));
    return /** @type {string} */ (this.#numbers.get(key).format(typeof value === "bigint" ? value : Number(value)));
  }

  /** A share of one. @param {Cell | undefined} rate @param {number} [digits] */
  percent(rate, digits = 1) {
    return this.number(rate, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  /** How far a number has changed, in percent of what it was. @param {number} change @param {"exceptZero" | "never"} signDisplay */
  change(change, signDisplay) {
    return this.number(change, { style: "percent", maximumFractionDigits: Math.abs(change) < 0.1 ? 1 : 0, signDisplay });
  }

  /** How far a share has changed, in hundredths of the whole. @param {number} change @param {"exceptZero" | "never"} signDisplay */
  points(change, signDisplay) {
    return this.number(change * 100, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay });
  }

  /**
   * An amount; its currency only if one is known. With decimals it has as many as that currency, or else two.
   * @param {Cell | undefined} amount @param {boolean} hasDecimals @param {string} [currency] @param {Intl.NumberFormatOptions} [options]
   */
  money(amount, hasDecimals, currency, options) {
    /** @type {Intl.NumberFormatOptions} */
    const style = currency ? { style: "currency", currency } : hasDecimals ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : {};
    return this.number(amount, { ...style, ...hasDecimals ? {} : { minimumFractionDigits: 0, maximumFractionDigits: 0 }, ...options });
  }

  /** A time, as fine as its bucket. @param {Date} date @param {string} [every] a bucket's width such as `1h` */
  time(date, every = "1m") {
    const unit = /[a-z]+$/.exec(every)?.[0] ?? "m";
    /** @type {Intl.DateTimeFormatOptions} */
    const day = { year: "numeric", month: "short", ...["mo", "q", "y"].includes(unit) ? {} : { day: "numeric" } };
    const clock = { hour: "2-digit", minute: "2-digit", ...unit === "s" ? { second: "2-digit" } : {}, hourCycle: "h23" };
    return this.date(date, /** @type {any} */ (["s", "m", "h"].includes(unit) ? { ...day, ...clock } : day));
  }

  /** The time of day. @param {Date} date */
  clock(date) {
    return this.date(date, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  }

  /** The time zone's name. */
  zone() {
    if (this.timezone === "UTC") return this.timezone;
    const parts = new Intl.DateTimeFormat(this.tag, { timeZone: this.timezone, timeZoneName: "longGeneric" }).formatToParts();
    return parts.find(({ type }) => type === "timeZoneName")?.value ?? this.timezone;
  }

  /** @param {Date} date @param {Intl.DateTimeFormatOptions} options */
  date(date, options) {
    const key = JSON.stringify(options);
    if (!this.#numbers.has(key)) this.#numbers.set(key, new Intl.DateTimeFormat(this.tag, { ...options, timeZone: this.timezone }));
    return /** @type {string} */ (this.#numbers.get(key).format(date));
  }

  /** A name or an id: its digits stay as they are. @param {Cell | undefined} value @param {string} none */
  name(value, none) {
    if (value === null || value === undefined) return none;
    return value instanceof Date ? this.time(value) : String(value);
  }
}
