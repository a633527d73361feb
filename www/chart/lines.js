import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const DAY = 86_400;
/** Okabe and Ito's colours, those too pale for white replaced: 3 to 1 on both grounds. Dashes tell the lines apart without colour. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#8f63c9", "#7f7f7f"];
/** Steps of an axis that counts. */
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map(n => n * 10 ** power)).flat();
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [14, 4], [4, 4], [1, 4]];

/**
 * Marks of the time axis, in UTC: what stays the same from one mark to the next is said once, below.
 * @param {number[]} marks @param {number} step Both in seconds.
 */
function timeMarks(marks, step) {
  const texts = marks.map(mark => {
    const text = new Date(mark * 1000).toISOString();
    return step < DAY ? [text.slice(11, 16), text.slice(0, 10)] : step < 28 * DAY ? [text.slice(5, 10), text.slice(0, 4)] : [text.slice(0, 7), ""];
  });
  // A date is longer than the way to the next mark: the first one is not said where the second is another.
  const isNew = (/** @type {number} */ at) => at === 0 ? texts[1]?.[1] === texts[0][1] || texts.length === 1 : texts[at][1] !== texts[at - 1][1];
  return texts.map(([upper, lower], at) => isNew(at) ? `${upper}\n${lower}` : upper);
}

/** Wide charts are taller. @param {number} width */
const sizeFor = width => ({ width: Math.max(200, width), height: width < 500 ? 300 : 430 });

/** Lines over time; draws what it is given and computes nothing. */
export class Lines {
  /** @type {uPlot | undefined} */
  #plot;
  /** @type {unknown} */
  #drawn;
  #resize = new ResizeObserver(([entry]) => this.#plot?.setSize(sizeFor(entry.contentRect.width)));

  constructor() {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot?.redraw(false));
  }


  /**
   * @param {HTMLElement} place
   * @param {Date[]} times
   * @param {{ name: string, values: number[] }[]} series
   */
  draw(place, times, series) {
    if (this.#drawn === series && this.#plot?.root.parentElement === place) return;
    this.clear();
    if (!times.length || !series.length) return;
    this.#drawn = series;
    // Asked at each drawing: a canvas takes colours, not variables, and the scheme may change.
    const text = () => getComputedStyle(place).color, grid = () => getComputedStyle(place).borderTopColor;
    /** @param {string} label */
    const axis = label => ({ label, labelSize: 20, stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } });
    this.#plot = new uPlot({
      ...sizeFor(place.clientWidth),
      tzDate: ts => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"),
      cursor: { drag: { x: true, y: false } },
      axes: [{ ...axis("time (UTC)"), values: (_, marks, __, ___, step) => timeMarks(marks, step) }, { ...axis("events"), size: (_, marks) => widthOf(marks), incrs: WHOLE }],
      scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] } },
      series: [
        { label: "time", value: (_, ts) => ts === null || ts === undefined ? "all" : new Date(ts * 1000).toISOString().slice(0, 16).replace("T", " ") },
        ...series.map(({ name, values }, i) => ({
          label: name, stroke: COLORS[i % COLORS.length], dash: DASHES[i % DASHES.length], width: 2,
          points: { show: times.length < 60 },
          value: (/** @type {uPlot} */ _, /** @type {number | null} */ n) => (n ?? values.reduce((sum, n) => sum + n, 0)).toLocaleString("en"),
        })),
      ],
    }, [times.map(time => time.getTime() / 1000), ...series.map(({ values }) => values)], place);
    this.#resize.observe(place);
  }

  /** Takes the chart off the page. */
  clear() {
    this.#resize.disconnect();
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
