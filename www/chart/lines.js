import uPlot from "uplot";

const DAY = 86_400;
/** Okabe and Ito's colours, those too pale for white replaced: 3 to 1 on both grounds. Dashes tell the lines apart without colour. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#8f63c9", "#7f7f7f"];
/** Steps of an axis of numbers, written as decimals: uPlot knows by the very number how many digits its multiples have. */
const STEPS = Array.from({ length: 40 }, (_, at) => [1, 2, 5].map(n => Number(`${n}e${at - 9}`))).flat();
/** Those of an axis that counts. */
const WHOLE = STEPS.filter(Number.isInteger);
/** Steps of the time axis, in seconds; uPlot takes those of months and years by the calendar. */
const TIMES = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, ...[1, 2, 4, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650, 7300, 18_250, 36_500].map(days => days * DAY)];
/** Those between weeks, which months do not begin with. */
const WEEKS = [1, 2, 4, 8, 13, 26, 52, 104, 260, 520].map(weeks => weeks * 7 * DAY);
/** As few points as have a mark each, where there is room. */
const FEW = 8;
/** So many weeks have marks at some of them, as months do not begin with weeks; more have those of the calendar. */
const HALF_A_YEAR = 26;
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
  time: "time", all: "all", whole: "Show all", timezone: "Etc/UTC", mark: markInUtc,
  /** Seconds that one point alone is about. */
  step: 60,
  instant: (/** @type {number} */ ts) => new Date(ts * 1000).toISOString().slice(0, 16).replace("T", " "),
  number: (/** @type {number} */ n) => n.toLocaleString("en"),
  /** The axis' numbers. */
  numbers: (/** @type {number[]} */ marks) => marks.map(n => n.toLocaleString("en")),
  /** @returns {number} */
  height: (/** @type {number} */ width) => width < 500 ? 300 : 430,
  choose: /** @type {((at: number) => void) | undefined} */ (undefined),
};

/** Lines over time; draws what it is given and computes nothing. */
export class Lines {
  /** @type {uPlot | undefined} */
  #plot;
  /** @type {Drawn | undefined} */
  #drawn;
  /** Of the lines and their marks, which may get other values without being drawn anew. */
  #kind = "";
  #font = "";
  /** What of the time is looked at, if not all of it. */
  #view = "";
  #resize = new ResizeObserver(([entry]) => this.#fit(entry.contentRect.width));
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

  /** @param {number} width */
  #fit(width) {
    const drawn = this.#drawn;
    if (!drawn || fontOf(drawn.place).text === this.#font) return this.#plot?.setSize(this.#sizeFor(width));
    this.clear();
    this.draw(drawn.place, drawn.times, drawn.series);
  }

  /**
   * @param {HTMLElement} place
   * @param {Date[]} times
   * @param {Line[]} series
   */
  draw(place, times, series) {
    const isHere = this.#plot?.root.parentElement === place;
    if (isHere && this.#drawn?.series === series) return;
    /** @type {uPlot.AlignedData} */
    const data = [times.map(time => time.getTime() / 1000), ...series.map(({ values }) => values)];
    const step = stepOf(data[0]) || this.#say.step, areWeeks = isOfWeeks(step) && data[0].length <= HALF_A_YEAR, hasOwnMarks = data[0].length <= FEW || areWeeks;
    const kind = [hasOwnMarks, step, ...series.map(({ name }) => name)].join("\0");
    if (times.length && isHere && this.#kind === kind) {
      this.#drawn = { place, times, series };
      return this.#renew(/** @type {uPlot} */ (this.#plot), data);
    }
    const plot = isHere ? this.#plot : undefined, hidden = new Set(plot?.series.filter(({ show }) => show === false).map(({ label }) => label));
    const looked = plot && this.#view ? { min: Number(plot.scales.x.min), max: Number(plot.scales.x.max) } : undefined;
    this.clear();
    if (!times.length || !series.length) return;
    this.#drawn = { place, times, series };
    this.#kind = kind;
    // Asked at each drawing: a canvas takes colours, not variables, and the scheme may change.
    const text = () => getComputedStyle(place).color, grid = () => getComputedStyle(place).borderTopColor;
    const { axes, time, timezone, mark, number, numbers, choose } = this.#say;
    const { text: font, size: em } = fontOf(place);
    this.#font = font;
    /** @param {string} [label] */
    const axis = label => ({ ...label === undefined ? {} : { label, labelSize: 1.7 * em, labelFont: `bold ${font}` }, font, stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } });
    this.#plot = new uPlot({
      ...this.#sizeFor(place.clientWidth),
      tzDate: ts => uPlot.tzDate(new Date(ts * 1000), timezone),
      padding: [null, 3 * em, null, null],
      legend: { markers: { dash: (_, at) => BORDERS[(at - 1) % BORDERS.length] } },
      // Where a click chooses, two are no way back.
      cursor: { drag: { x: true, y: false }, ...choose ? { bind: { dblclick: () => null } } : {} },
      axes: [{
        ...axis(axes.time), size: 4.2 * em, space: 6 * em, incrs: (areWeeks ? WEEKS : TIMES).filter(n => n >= 0.9 * step),
        values: (_, marks, __, ___, step) => timeMarks(marks, step, mark), ...hasOwnMarks ? { splits: marksAtPoints } : {},
      }, {
        ...axis(axes.events), size: (_, marks) => widthOf(marks, em) + (axes.events ? 1.7 * em : 0), space: 2.5 * em,
        incrs: ({ data: [, ...lines] }) => lines.every(values => /** @type {number[]} */ (values).every(Number.isInteger)) ? WHOLE : STEPS, values: (_, marks) => numbers(marks),
      }],
      scales: { x: { range: ({ data: [times] }, min, max) => times.length === 1 ? [times[0] - step, times[0] + step] : [min, max] }, y: { range: (_, min, max) => withZero(min, max) } },
      series: [
        { label: time, value: (plot, ts) => this.#timeOf(plot, ts) },
        ...series.map(({ name }, i) => ({
          label: name, show: !hidden.has(name), stroke: COLORS[i % COLORS.length], dash: DASHES[i % DASHES.length], width: 2,
          points: { show: (/** @type {uPlot} */ { data, width }) => data[0].length < Math.min(60, width / 10) },
          value: (/** @type {uPlot} */ plot, /** @type {number | null} */ n, /** @type {number} */ at) => number(n ?? inView(plot, at).reduce((sum, n) => sum + n, 0)),
        })),
      ],
      hooks: { ready: [plot => this.#furnish(plot)], setSeries: [pressed], setScale: [(plot, name) => name === "x" && this.#look(plot)] },
    }, data, place);
    if (looked && looked.min < data[0][data[0].length - 1] && looked.max > data[0][0]) this.#plot.setScale("x", looked);
    if (choose) {
      const plot = this.#plot;
      plot.over.addEventListener("click", ({ detail }) => detail < 2 && typeof plot.cursor.idx === "number" && choose(plot.cursor.idx));
    }
    this.#resize.observe(place);
    this.#isDark.addEventListener("change", this.#redraw);
  }

  /** Other values in the same lines; who looks at a part of them goes on doing so. @param {uPlot} plot @param {uPlot.AlignedData} data */
  #renew(plot, data) {
    const { min, max } = plot.scales.x, [times] = data;
    const isPart = this.#view !== "" && Number(min) < times[times.length - 1] && Number(max) > times[0];
    plot.setData(data, !isPart);
    if (isPart) plot.setScale("x", { min: Number(min), max: Number(max) });
  }

  /** The time of what the legend says. @param {uPlot} plot @param {number | null | undefined} ts */
  #timeOf(plot, ts) {
    const { all, instant } = this.#say;
    if (ts !== null && ts !== undefined) return instant(ts);
    if (!isPart(plot)) return all;
    const { min, max } = plot.scales.x, times = inView(plot, 0);
    return [times[0] ?? min, times[times.length - 1] ?? max].map(instant).join(" – ");
  }

  /** What the keyboard reaches, and a reader reads: buttons in the legend and a way back, but no canvas. @param {uPlot} plot */
  #furnish(plot) {
    plot.root.querySelector(".u-wrap")?.setAttribute("aria-hidden", "true");
    for (const head of [...plot.root.querySelectorAll(".u-series th")].slice(1)) {
      const button = newButton("u-shown");
      button.append(...head.childNodes);
      head.append(button);
    }
    pressed(plot);
    const back = newButton("u-whole");
    back.textContent = this.#say.whole;
    back.hidden = true;
    back.addEventListener("click", () => {
      plot.root.querySelector(/** @type {"button"} */ (".u-shown"))?.focus(); // this one goes
      plot.setScale("x", { min: plot.data[0][0], max: plot.data[0][plot.data[0].length - 1] });
    });
    plot.root.append(back);
  }

  /** @param {uPlot} plot */
  #look(plot) {
    const view = isPart(plot) ? `${plot.scales.x.min} ${plot.scales.x.max}` : "";
    if (view === this.#view) return;
    this.#view = view;
    const back = plot.root.querySelector(".u-whole");
    if (back instanceof HTMLElement) back.hidden = !view;
    plot.setLegend({ idxs: plot.series.map(() => null) });
  }

  /** Takes the chart off the page. */
  clear() {
    this.#resize.disconnect();
    this.#isDark.removeEventListener("change", this.#redraw);
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#drawn = undefined;
    this.#view = "";
  }
}

/** @typedef {{ name: string, values: number[] }} Line */
/** @typedef {{ place: HTMLElement, times: Date[], series: Line[] }} Drawn */

/** The font of the axes, in whole pixels: uPlot reads no others. @param {HTMLElement} place */
function fontOf(place) {
  const { fontSize, fontFamily } = getComputedStyle(place), size = Math.round(0.75 * parseFloat(fontSize));
  return { text: `${size}px ${fontFamily}`, size };
}

/** The shortest time between two points, in seconds. @param {ArrayLike<number>} times */
function stepOf(times) {
  let step = Infinity;
  for (let at = 1; at < times.length; at++) step = Math.min(step, times[at] - times[at - 1]);
  return Number.isFinite(step) ? step : 0;
}

/** Whether it is a week, or one with an hour less or more. @param {number} step */
const isOfWeeks = step => Math.round(step / DAY) === 7;

/** The points that have a mark. @param {uPlot} plot @param {number} _ @param {number} min @param {number} max @param {number} step */
function marksAtPoints({ data: [times] }, _, min, max, step) {
  /** @type {number[]} */
  const marks = [], slack = Math.min(0.1 * step, DAY / 2);
  for (const time of times) {
    if (time >= min && time <= max && (!marks.length || time - marks[marks.length - 1] >= step - slack)) marks.push(time);
  }
  return marks;
}

/** From the least to the greatest, and some room; without values, from 0 to 1. @param {number | null} min @param {number | null} max @returns {[number, number]} */
const withZero = (min, max) => min || max ? [Math.min(0, 1.05 * Number(min)), Math.max(0, 1.05 * Number(max))] : [0, 1];

/** Whether less than all of the time is looked at. @param {uPlot} plot */
function isPart({ data: [times], scales: { x } }) {
  return times.length > 1 && typeof x.min === "number" && typeof x.max === "number" && (x.min > times[0] || x.max < times[times.length - 1]);
}

/** What is seen of a line's values, or of the times. @param {uPlot} plot @param {number} at @returns {number[]} */
function inView(plot, at) {
  const values = /** @type {number[]} */ (plot.data[at]), { min, max } = plot.scales.x;
  return isPart(plot) ? values.filter((_, i) => plot.data[0][i] >= Number(min) && plot.data[0][i] <= Number(max)) : values;
}

/** @param {string} name */
function newButton(name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = name;
  return button;
}

/** Says of each line whether it is shown. @param {uPlot} plot */
function pressed({ root, series }) {
  root.querySelectorAll(".u-shown").forEach((button, at) => button.setAttribute("aria-pressed", String(series[at + 1].show !== false)));
}

/** Room for the longest of an axis' numbers, and its ticks, in pixels. @param {string[] | null} marks @param {number} em */
function widthOf(marks, em) {
  const digits = Math.max(0, ...(marks ?? []).map(mark => String(mark).replace(/[^ -~]/g, "  ").length));
  return Math.max(3.6 * em, (1.5 + 0.6 * digits) * em);
}
