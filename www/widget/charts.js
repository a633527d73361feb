/** The chart of a time line: its script is fetched when one is shown. */

/** @import { Format, Words } from "./language.js" */

import { WIDTHS } from "./ranges.js";

/** @typedef {{ times: Date[], series: { name: string, values: number[] }[], every: string }} Drawing */
/** @typedef {{ format: Format, words: Words, choose: (at: number) => void }} Saying */

const DAY = 86_400;
/** Numbers from which on an axis writes thousands and millions as words. */
const LONG = 1e6;

/** @type {Promise<typeof import("../more/chart.js")> | undefined} */
let coming;

/** @returns {Promise<typeof import("../more/chart.js")>} */
function fetchChart() {
  coming ??= import(new URL(__CHART__, import.meta.url).href);
  coming.catch(() => { coming = undefined; }); // without a network: the next chart tries again
  return coming;
}

/** The chart of one widget. */
export class Chart {
  #root;
  /** @type {import("../chart/lines.js").Lines | undefined} */
  #lines;
  /** How the chart that is there says things. @type {Saying | undefined} */
  #saying;
  /** The width of its buckets. */
  #every = "";
  #asked = 0;

  /** @param {ShadowRoot} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {HTMLElement} place @param {Drawing} drawing @param {Saying} saying */
  async draw(place, { times, series, every }, saying) {
    const asked = ++this.#asked;
    const chart = await fetchChart().catch(() => undefined); // the table says the same, and the sentence
    if (asked !== this.#asked || !place.isConnected) return;
    if (!chart) {
      place.textContent = saying.words.noChart;
      return;
    }
    if (!this.#lines) place.textContent = "";
    this.#wear(chart.looks);
    if (this.#saying?.format !== saying.format || this.#every !== every) this.#start(chart.Lines, saying, every);
    this.#saying = saying;
    this.#lines?.draw(place, times, series);
  }

  clear() {
    this.#asked++;
    this.#lines?.clear();
    this.#lines = this.#saying = undefined;
  }

  /** @param {typeof import("../chart/lines.js").Lines} Lines @param {Saying} saying @param {string} every */
  #start(Lines, saying, every) {
    const { format, words } = saying;
    this.#lines?.clear();
    this.#every = every;
    this.#lines = new Lines({
      axes: {}, time: words.roles.time, all: words.timeline.all, whole: words.timeline.whole, timezone: format.timezone, step: (WIDTHS.get(every) ?? 0) / 1000,
      instant: seconds => format.time(new Date(seconds * 1000), every), number: n => format.number(n), numbers: marks => axisOf(format, marks),
      mark: (seconds, step) => marks(format, new Date(seconds * 1000), step),
      height: width => width < 480 ? 200 : 260, choose: at => this.#saying?.choose(at),
    });
  }

  /** @param {string} looks */
  #wear(looks) {
    if (this.#root.adoptedStyleSheets.some(sheet => WORN.has(sheet))) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(looks);
    WORN.add(sheet);
    this.#root.adoptedStyleSheets = [sheet, ...this.#root.adoptedStyleSheets];
  }
}

/** The chart's stylesheets, among those of a widget. @type {WeakSet<CSSStyleSheet>} */
const WORN = new WeakSet();

/** @param {Format} format @param {Date} date @param {number} step in seconds @returns {[string, string]} */
function marks(format, date, step) {
  if (step < DAY) return [format.date(date, { hour: "2-digit", minute: "2-digit", ...step < 60 ? { second: "2-digit" } : {}, hourCycle: "h23" }), format.date(date, { month: "short", day: "numeric" })];
  if (step < 28 * DAY) return [format.date(date, { month: "short", day: "numeric" }), format.date(date, { year: "numeric" })];
  return [format.date(date, { year: "numeric", month: "short" }), ""];
}

/** @param {Format} format @param {number[]} marks */
function axisOf(format, marks) {
  const isLong = marks.some(mark => Math.abs(mark) >= LONG);
  return marks.map(mark => format.number(mark, { maximumFractionDigits: 9, ...isLong ? { notation: "compact" } : {} }));
}
