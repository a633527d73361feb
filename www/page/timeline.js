/** @import { Cell, Condition, Dataset } from "../clickfold.js" */

import { html, nothing } from "lit";
import "uplot/dist/uPlot.min.css";
import { Lines } from "../chart/lines.js";
import { actionKey, actionName } from "./actions.js";
import { count, instant, sentence } from "./format.js";
import { byRole } from "./state.js";

const MOST_LINES = 6;
const ROWS = 500; // a table of ten thousand hours would hold the page up
const HOUR = 3_600_000;
/** @type {[string, string, number][]} */
const WIDTHS = [["1m", "minute", HOUR / 60], ["1h", "hour", HOUR], ["1d", "day", 24 * HOUR], ["1w", "week", 168 * HOUR], ["1mo", "month", 730 * HOUR]];

/** Events over time, one line for each of the file's own actions. */
export class TimelinePanel {
  /** @type {Dataset | undefined} */
  #dataset;
  /** @type {Condition[]} */
  #where = [];
  /** @type {Date[]} */
  #times = [];
  /** @type {{ name: string, values: number[] }[]} */
  #series = [];
  #every = "1d";
  /** @type {[Date, Date] | undefined} */
  #range;
  #error = "";
  #asked = 0;
  #chart = new Lines();
  /** How many rows the table shows; none while it is folded. */
  #shown = 0;

  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
  }

  /** @param {Dataset} dataset @param {Condition[]} where what all of the page is about */
  async show(dataset, where = []) {
    this.#asked++; // what is under way is of the data before
    this.#error = "";
    this.#dataset = dataset;
    this.#where = where;
    this.#series = [];
    this.#range = undefined;
    const time = byRole(dataset, "time");
    if (!time || time.type !== "time") return;
    const [{ from, to }] = (await dataset.query({ kind: "aggregate", where, measures: { from: { fn: "min", column: time.name }, to: { fn: "max", column: time.name } } })).rows();
    if (this.#dataset !== dataset) return; // another file was opened
    if (!(from instanceof Date && to instanceof Date)) return;
    this.#range = [from, to];
    const span = to.getTime() - from.getTime();
    // As fine as leaves some hundred points.
    this.#every = span <= 6 * HOUR ? "1m" : span <= 7 * 24 * HOUR ? "1h" : span <= 200 * 24 * HOUR ? "1d" : span <= 1500 * 24 * HOUR ? "1w" : "1mo";
    await this.#ask();
  }

  async #ask() {
    const dataset = /** @type {Dataset} */ (this.#dataset);
    const asked = ++this.#asked;
    const time = byRole(dataset, "time"), action = byRole(dataset, "action");
    const where = [...this.#where, { column: time?.name, is_null: false }], bucket = { column: time?.name, every: this.#every, as: "time" }, measures = { n: { fn: "count" } };
    try {
      // A column of many values may be called an action: only the lines that are drawn are fetched, and the sum of all.
      const kinds = action ? (await dataset.query({
        kind: "aggregate", where, group_by: [{ column: action.name, as: "action" }], measures, order_by: ["-n", "action"], limit: MOST_LINES + 2,
      })).rows().map(row => row.action) : [];
      const drawn = kinds.length > MOST_LINES + 1 ? kinds.slice(0, MOST_LINES) : kinds;
      const ofDrawn = { any: [
        { column: action?.name, in: drawn.filter(value => value !== null).map(actionKey) },
        ...(drawn.includes(null) ? [{ column: action?.name, is_null: true }] : []),
      ] };
      const [all, each, [{ distinct }]] = (await Promise.all([
        dataset.query({ kind: "aggregate", where, group_by: [bucket], measures, order_by: ["time"] }),
        action ? dataset.query({
          kind: "aggregate", where: [...where, ofDrawn],
          group_by: [bucket, { column: action.name, as: "action" }], measures, order_by: ["time"],
        }) : undefined,
        action ? dataset.query({ kind: "aggregate", where, measures: { distinct: { fn: "count_distinct", column: action.name } } }) : undefined,
      ])).map(answer => answer?.rows() ?? [{}]);
      if (asked !== this.#asked) return; // a newer question is under way
      this.#fill(all, action ? each : [], drawn, Number(distinct ?? 0));
      this.#error = "";
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#error = /** @type {Error} */ (error).message;
    }
    this.redraw();
  }

  /**
   * @param {Record<string, Cell>[]} all events of each bucket
   * @param {Record<string, Cell>[]} each those of each bucket and drawn action
   * @param {Cell[]} drawn
   * @param {number} distinct how many actions there are
   */
  #fill(all, each, drawn, distinct) {
    const action = byRole(/** @type {Dataset} */ (this.#dataset), "action");
    this.#times = this.#buckets(/** @type {Date[]} */ (all.map(row => row.time)));
    const place = new Map(this.#times.map((time, i) => [time.getTime(), i]));
    const line = () => this.#times.map(() => 0);
    const at = (/** @type {Record<string, Cell>} */ row) => /** @type {number} */ (place.get(/** @type {Date} */ (row.time).getTime()));
    const rest = line();
    for (const row of all) rest[at(row)] = Number(row.n);
    if (!action) {
      this.#series = [{ name: "events", values: rest }];
      return;
    }
    const lines = new Map(drawn.map(value => [String(value), { name: actionName(/** @type {Dataset} */ (this.#dataset).report, value), values: line() }]));
    for (const row of each) {
      const n = Number(row.n);
      /** @type {{ values: number[] }} */ (lines.get(String(row.action))).values[at(row)] = n;
      rest[at(row)] -= n;
    }
    this.#series = [...lines.values()];
    const others = distinct - drawn.filter(value => value !== null).length;
    if (rest.some(n => n)) this.#series.push({ name: others > 0 ? `${count(others)} others` : "(none)", values: rest });
  }

  /** All buckets from the first to the last, those without events too. @param {Date[]} found */
  #buckets(found) {
    if (!found.length) return [];
    const [first, last] = [found[0], found[found.length - 1]];
    /** @type {Date[]} */
    const all = [];
    for (let at = new Date(first); at <= last && all.length < 20_000;) {
      all.push(new Date(at));
      if (this.#every === "1mo") at.setUTCMonth(at.getUTCMonth() + 1);
      else at = new Date(at.getTime() + /** @type {any} */ (WIDTHS.find(([every]) => every === this.#every))[2]);
    }
    return all;
  }

  /** @param {number} rows */
  #show(rows) {
    if (rows === this.#shown) return;
    this.#shown = rows;
    this.redraw();
  }

  /** Puts the chart into its place on the page. */
  draw() {
    const place = /** @type {HTMLElement | null} */ (document.querySelector("#timeline .chart"));
    if (place) this.#chart.draw(place, this.#times, this.#series);
    else this.#chart.clear();
  }

  template() {
    const dataset = this.#dataset;
    if (!dataset) return nothing;
    const time = byRole(dataset, "time"), action = byRole(dataset, "action");
    const width = WIDTHS.find(([every]) => every === this.#every)?.[1];
    return html`
      <section class="panel" id="timeline" aria-labelledby="timeline-title">
        <h2 id="timeline-title">Time line</h2>
        ${!time ? html`<p>No column has the role <em>time</em>. Give it to one under <a href="#columns">Columns</a>.</p>`
          : time.type !== "time" ? html`<p>The column <em>${time.name}</em> has the role time but is of type ${time.type}. Choose the type time under <a href="#columns">Columns</a>.</p>`
          : html`
        <div class="controls">
          <label>events per <select name="every" @change=${(/** @type {any} */ e) => { this.#every = e.target.value; this.#ask(); }}>
            ${WIDTHS.map(([every, name, ms]) => {
              const points = this.#range ? (this.#range[1].getTime() - this.#range[0].getTime()) / ms : 0;
              return html`<option value=${every} ?selected=${every === this.#every} ?disabled=${points > 10_000}>${name}</option>`;
            })}
          </select></label>
          ${action ? nothing : html`<span>No column has the role <em>action</em>: all events are one line. <a href="#columns">Columns</a></span>`}
        </div>
        ${this.#error ? html`<p class="error" role="alert">${sentence(this.#error)}</p>` : nothing}
        ${this.#range ? html`<p class="fine">${count(this.#series.reduce((sum, line) => sum + line.values.reduce((a, b) => a + b, 0), 0))} events
          from ${instant(this.#range[0])} to ${instant(this.#range[1])}, by ${time.name}, in UTC.</p>` : html`<p>The column ${time.name} is empty.</p>`}
        <div class="chart"></div>
        <details @toggle=${(/** @type {any} */ e) => this.#show(e.target.open ? Math.max(this.#shown, ROWS) : 0)}>
          <summary>The same as a table</summary>
          <div class="scroll" tabindex="0" role="region" aria-label="Events over time">
            <table>
              <thead><tr><th scope="col">${width} (UTC)</th>${this.#series.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
              <tbody>${this.#times.slice(0, this.#shown).map((at, i) => html`<tr><th scope="row">${instant(at, this.#every)}</th>${this.#series.map(({ values }) => html`<td class="number">${count(values[i])}</td>`)}</tr>`)}</tbody>
            </table>
          </div>
          ${this.#shown && this.#shown < this.#times.length ? html`<p class="fine">The first ${count(this.#shown)} of ${count(this.#times.length)}.
            <button type="button" @click=${() => this.#show(this.#shown + ROWS)}>Show more</button></p>` : nothing}
        </details>`}
      </section>`;
  }
}
