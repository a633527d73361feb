import uPlot from "uplot";

const DAY = 86_400;
/** Okabe and Ito's colours, those too pale for white replaced: 3 to 1 on both grounds. Dashes tell the lines apart without colour. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#8f63c9", "#7f7f7f"];
/** Steps of an axis that counts. */
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map(n => n * 10 ** power)).flat();
/** Those of the marks in the legend, as far as borders can be like the lines. */
const BORDERS = ["solid", "dashed", "dotted", "double", "solid", "dashed", "dotted"];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [14, 4], [4, 4], [1, 4]];

/** A mark of the time axis, in UTC, and what is said below it where it is new. @param {number} mark @param {number} step Both in seconds. @returns {[string, string]} */
function markInUtc(mark, step) {
  const text = new Date(mark * 1000).toISOString();
  return step < DAY ? [text.slice(11, 16), text.slice(0, 10)] : step < 28 * DAY ? [text.slice(5, 10), text.slice(0, 4)] : [text.slice(0, 7), ""];
}

/**
 * Marks of the time axis: what stays the same from one mark to the next is said once, below.
 * @param {number[]} marks @param {number} step Both in seconds. @param {typeof markInUtc} write
 */
function timeMarks(marks, step, write) {
  const texts = marks.map(mark => write(mark, step));
  // A date is longer than the way to the next mark: the first one is not said where the second is another.
  const isNew = (/** @type {number} */ at) => at === 0 ? texts[1]?.[1] === texts[0][1] || texts.length === 1 : texts[at][1] !== texts[at - 1][1];
  return texts.map(([upper, lower], at) => isNew(at) ? `${upper}\n${lower}` : upper);
}

/** How a chart says things: in English and UTC, if not told. `choose` is called with the place of the time that was clicked. */
const IN_ENGLISH = {
  axes: /** @type {{ time?: string, events?: string }} */ ({ time: "time (UTC)", events: "events" }),
  time: "time", all: "all", timezone: "Etc/UTC", mark: markInUtc,
  instant: (/** @type {number} */ ts) => new Date(ts * 1000).toISOString().slice(0, 16).replace("T", " "),
  number: (/** @type {number} */ n) => n.toLocaleString("en"),
  /** @returns {number} */
  height: (/** @type {number} */ width) => width < 500 ? 300 : 430,
  choose: /** @type {((at: number) => void) | undefined} */ (undefined),
};

/** Lines over time; draws what it is given and computes nothing. */
export class Lines {
  /** @type {uPlot | undefined} */
  #plot;
  /** @type {unknown} */
  #drawn;
  /** Of the lines, which may get other values without being drawn anew. */
  #names = "";
  #resize = new ResizeObserver(([entry]) => this.#plot?.setSize(this.#sizeFor(entry.contentRect.width)));
  #isDark = matchMedia("(prefers-color-scheme: dark)");
  #redraw = () => this.#plot?.redraw(false);
  #say;

  /** @param {Partial<typeof IN_ENGLISH>} [say] */
  constructor(say) {
    this.#say = { ...IN_ENGLISH, ...say };
  }

  /** Wide charts may be taller. @param {number} width */
  #sizeFor(width) {
    return { width: Math.max(200, width), height: this.#say.height(width) };
  }

  /**
   * @param {HTMLElement} place
   * @param {Date[]} times
   * @param {{ name: string, values: number[] }[]} series
   */
  draw(place, times, series) {
    if (this.#drawn === series && this.#plot?.root.parentElement === place) return;
    /** @type {uPlot.AlignedData} */
    const data = [times.map(time => time.getTime() / 1000), ...series.map(({ values }) => values)];
    const names = series.map(({ name }) => name).join("\0");
    if (times.length && this.#names === names && this.#plot?.root.parentElement === place) {
      this.#drawn = series;
      return this.#plot.setData(data);
    }
    this.clear();
    if (!times.length || !series.length) return;
    this.#drawn = series;
    this.#names = names;
    // Asked at each drawing: a canvas takes colours, not variables, and the scheme may change.
    const text = () => getComputedStyle(place).color, grid = () => getComputedStyle(place).borderTopColor;
    const { axes, time, all, timezone, mark, instant, number, choose } = this.#say;
    const font = `12px ${getComputedStyle(place).fontFamily}`;
    /** @param {string} [label] */
    const axis = label => ({ ...label === undefined ? {} : { label, labelSize: 20 }, font, stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } });
    this.#plot = new uPlot({
      ...this.#sizeFor(place.clientWidth),
      tzDate: ts => uPlot.tzDate(new Date(ts * 1000), timezone),
      legend: { markers: { dash: (_, at) => BORDERS[(at - 1) % BORDERS.length] } },
      cursor: { drag: { x: true, y: false } },
      axes: [{ ...axis(axes.time), values: (_, marks, __, ___, step) => timeMarks(marks, step, mark) }, { ...axis(axes.events), size: (_, marks) => widthOf(marks), incrs: WHOLE }],
      scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] } },
      series: [
        { label: time, value: (_, ts) => ts === null || ts === undefined ? all : instant(ts) },
        ...series.map(({ name }, i) => ({
          label: name, stroke: COLORS[i % COLORS.length], dash: DASHES[i % DASHES.length], width: 2,
          points: { show: (/** @type {uPlot} */ { data, width }) => data[0].length < Math.min(60, width / 10) },
          value: (/** @type {uPlot} */ { data }, /** @type {number | null} */ n, /** @type {number} */ at) => number(n ?? /** @type {number[]} */ (data[at]).reduce((sum, n) => sum + n, 0)),
        })),
      ],
    }, data, place);
    if (choose) {
      const plot = this.#plot;
      plot.over.addEventListener("click", () => typeof plot.cursor.idx === "number" && choose(plot.cursor.idx));
    }
    this.#resize.observe(place);
    this.#isDark.addEventListener("change", this.#redraw);
  }

  /** Takes the chart off the page. */
  clear() {
    this.#resize.disconnect();
    this.#isDark.removeEventListener("change", this.#redraw);
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#drawn = undefined;
  }
}

/** Room for the longest of an axis' numbers, its ticks and its title, in pixels. @param {string[] | null} marks */
function widthOf(marks) {
  const digits = Math.max(0, ...(marks ?? []).map(mark => String(mark).length));
  return Math.max(64, 36 + 7 * digits);
}
