/** @import { Cell, Dataset } from "../clickfold.js" */

import { html, nothing } from "lit";
import { Lines } from "../chart/lines.js";
import { actionName } from "./actions.js";
import { count, instant, sentence } from "./format.js";
import { byRole, isFatal } from "./state.js";

const MOST_LINES = 6;
const ROWS = 500; // a table of ten thousand hours would hold the page up
const HOUR = 3_600_000;
/** @type {[string, string, number][]} */
const WIDTHS = [["1h", "hour", HOUR], ["1d", "day", 24 * HOUR], ["1w", "week", 168 * HOUR], ["1mo", "month", 730 * HOUR]];

/** Events over time, one line for each of the file's own actions. */
export class TimelinePanel {
  /** @type {Dataset | undefined} */
  #dataset;
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

  /** @param {() => void} redraw @param {(error: unknown) => void} fail */
  constructor(redraw, fail) {
    this.redraw = redraw;
    this.fail = fail;
  }

  /** @param {Dataset} dataset */
  async show(dataset) {
    this.#dataset = dataset;
    this.#series = [];
    this.#range = undefined;
    const time = byRole(dataset, "time");
    if (!time || time.type !== "time") return;
    const [{ from, to }] = (await dataset.query({ kind: "aggregate", measures: { from: { fn: "min", column: time.name }, to: { fn: "max", column: time.name } } })).rows();
    if (!(from instanceof Date && to instanceof Date)) return;
    this.#range = [from, to];
    const span = to.getTime() - from.getTime();
    // As fine as leaves some hundred points.
    this.#every = span <= 7 * 24 * HOUR ? "1h" : span <= 200 * 24 * HOUR ? "1d" : span <= 1500 * 24 * HOUR ? "1w" : "1mo";
    await this.#ask();
  }

  async #ask() {
    const dataset = /** @type {Dataset} */ (this.#dataset);
    const asked = ++this.#asked;
    const time = byRole(dataset, "time"), action = byRole(dataset, "action");
    try {
      const answer = await dataset.query({
        kind: "aggregate", where: [{ column: time?.name, is_null: false }],
        group_by: [{ column: time?.name, every: this.#every, as: "time" }, ...(action ? [{ column: action.name, as: "action" }] : [])],
        measures: { n: { fn: "count" } }, order_by: ["time"],
      });
      if (asked !== this.#asked) return; // a newer question is under way
      this.#fill(answer.rows());
      this.#error = "";
    } catch (error) {
      if (isFatal(error)) return this.fail(error);
      this.#error = /** @type {Error} */ (error).message;
    }
    this.redraw();
  }

  /** @param {Record<string, Cell>[]} rows */
  #fill(rows) {
    const action = byRole(/** @type {Dataset} */ (this.#dataset), "action");
    this.#times = this.#buckets(/** @type {Date[]} */ (rows.map(row => row.time)));
    const place = new Map(this.#times.map((time, i) => [time.getTime(), i]));
    /** @type {Map<string, { values: number[], total: number }>} */
    const lines = new Map();
    for (const row of rows) {
      const name = action ? actionName(action, row.action) : "events";
      const line = lines.get(name) ?? { values: this.#times.map(() => 0), total: 0 };
      line.values[/** @type {number} */ (place.get(/** @type {Date} */ (row.time).getTime()))] += Number(row.n);
      line.total += Number(row.n);
      lines.set(name, line);
    }
    const sorted = [...lines].sort(([a, x], [b, y]) => y.total - x.total || (a < b ? -1 : 1));
    const shown = sorted.slice(0, sorted.length > MOST_LINES + 1 ? MOST_LINES : undefined);
    this.#series = shown.map(([name, { values }]) => ({ name, values }));
    const others = sorted.slice(shown.length);
    if (others.length) {
      const values = this.#times.map((_, i) => others.reduce((sum, [, line]) => sum + line.values[i], 0));
      this.#series.push({ name: `${others.length} others`, values });
    }
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
