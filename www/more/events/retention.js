/** @import { Cell } from "../../clickfold.js" */
/** @import { Row } from "./kind.js" */

import { instant } from "../../page/format.js";
import { isAmount } from "./desk.js";
import { Kind } from "./kind.js";
import { isAction } from "./stages.js";
import { money, percent } from "./words.js";

/** @type {[string, string][]} */
const WIDTHS = [["1d", "day"], ["1w", "week"], ["1mo", "month"]];
/** What a cell may say. @type {[string, string][]} */
const FIGURES = [
  ["rate", "share that came back"], ["actors", "how many came back"], ["orders", "orders"], ["value", "value"], ["cumulative_value", "value so far"],
  ["value_per_actor", "value of one so far"], ["average_order", "value of an order"], ["repeat_rate", "share that ordered again"],
];
const RATES = ["rate", "repeat_rate"];

/** Of those who began in a period, who came back so many periods later. */
export class Retention extends Kind {
  static title = "Retention";

  /** @type {Cell | undefined} */
  #start;
  /** @type {Cell | undefined} */
  #return;
  #every = "1w";
  #periods = 8;
  #counting = "on";
  #clock = "calendar";
  #cohorts = "first";
  #value = "";
  #figure = "rate";

  begin() {
    this.#every = this.desk.days <= 21 ? "1d" : this.desk.days <= 250 ? "1w" : "1mo";
  }

  #asked() {
    const { dataset } = this.desk;
    return {
      kind: "retention", every: this.#every, periods: this.#periods,
      ...this.#start === undefined ? {} : { start: isAction(dataset, this.#start) }, ...this.#return === undefined ? {} : { return: isAction(dataset, this.#return) },
      ...this.#counting === "on" ? {} : { counting: this.#counting }, ...this.#clock === "calendar" ? {} : { clock: this.#clock }, ...this.#cohorts === "first" ? {} : { cohorts: this.#cohorts },
    };
  }

  query() {
    return { ...this.#asked(), mean: "weighted", ...this.#value ? { value: this.#value } : {} };
  }

  controls() {
    const { desk } = this, { html } = desk;
    return html`<div class="controls">
      ${desk.action("begin with", this.#start, action => { this.#start = action; }, "any event")}
      ${desk.action("come back with", this.#return, action => { this.#return = action; }, "any event")}
      ${desk.select("each", WIDTHS, this.#every, every => { this.#every = every; })}
      ${desk.number("periods", this.#periods, n => { this.#periods = n; }, [1, 60])}
      ${desk.select("back", [["on", "in that period"], ["on_or_after", "then or later"]], this.#counting, counting => { this.#counting = counting; })}
      ${desk.select("counted by", [["calendar", "the calendar"], ["24h", "24 hours each"]], this.#clock, clock => { this.#clock = clock; })}
      ${desk.select("a cohort has", [["first", `each ${desk.people[0]} once`], ["recurring", "all who were there"]], this.#cohorts, cohorts => { this.#cohorts = cohorts; })}
      ${desk.column("value", this.#value, column => { this.#value = column; this.#figure = column ? "value_per_actor" : "rate"; }, { none: "none", fits: isAmount })}
      ${this.#value ? desk.select("show", FIGURES, this.#figure, figure => { this.#figure = figure; }) : desk.nothing}
    </div>`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const { html, nothing, count } = this.desk;
    const cohorts = [...groups(rows)].sort(([a], [b]) => Number(b === null) - Number(a === null)), last = Math.max(0, ...rows.map(({ period }) => Number(period)));
    if (!cohorts.length) return html`<p>Nobody fits this question.</p>`;
    const most = Math.max(1e-9, ...rows.filter(row => row.cohort !== null && (Number(row.period) > 0 || !RATES.includes(this.#figure))).map(row => Number(row[this.#figure] ?? 0)));
    const periods = Array.from({ length: last + 1 }, (_, period) => period), isOpen = rows.some(({ complete }) => complete === false);
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label="Retention">
        <table class="heat">
          <thead><tr><th scope="col">${WIDTHS.find(([every]) => every === this.#every)?.[1]}</th><th scope="col" class="number">${this.desk.people[1]}</th>${periods.map(period => html`<th scope="col" class="number">${period}</th>`)}</tr></thead>
          <tbody>${cohorts.map(([cohort, cells]) => html`<tr>
            <th scope="row">${cohort === null ? "all, weighted" : instant(/** @type {Date} */ (cohort), this.#every)}</th><td class="number">${count(sizeOf(cells))}</td>
            ${periods.map(period => {
              const cell = cells.find(cell => Number(cell.period) === period);
              return cell ? this.#cell(cell, most) : html`<td></td>`;
            })}
          </tr>`)}</tbody>
        </table>
      </div>
      ${isOpen ? html`<p class="fine">Hatched: the period is not over in this file, so that more may still come back.</p>` : nothing}`;
  }

  /** @param {Row} row @param {number} most */
  #cell(row, most) {
    const { html } = this.desk, value = row[this.#figure], isRate = RATES.includes(this.#figure);
    const text = isRate ? percent(value) : this.#figure === "actors" || this.#figure === "orders" ? this.desk.count(value) : this.#figure === "average_order" || this.#figure === "value_per_actor" ? money(value, 2) : money(value, this.desk.digits(this.#value));
    const share = row.cohort === null || value === null || value === undefined || isRate && Number(row.period) === 0 ? 0 : Math.min(1, Number(value) / most), pick = this.pick(row, "");
    return html`<td class="number" ?data-open=${row.complete === false} .style=${`--share: ${share}`} title=${row.complete === false ? "this period is not over" : ""}>${pick
      ? html`<button type="button" class="figure" title=${pick.text} @click=${() => this.desk.offer(pick)}>${text}</button>` : text}</td>`;
  }

  /** The grid is the table. */
  table() {
    return undefined;
  }

  /** @param {Row} row @param {string} _column */
  pick({ cohort, period, actors }, _column) {
    if (!(cohort instanceof Date) || !Number(actors)) return undefined;
    const name = WIDTHS.find(([every]) => every === this.#every)?.[1], when = instant(cohort, this.#every), n = Number(period);
    const back = n === 0 ? "in it" : `${n} ${name}${n === 1 ? "" : "s"} ${this.#counting === "on" ? "later" : "or more later"}`;
    return {
      n: Number(actors), text: `${this.desk.many(actors)} of the ${name} ${when} who were there ${back}`,
      query: { ...this.#asked(), each: "actor", having: [{ column: "cohort", eq: cohort.toISOString() }, { column: "period", eq: n }] },
    };
  }
}

/** Cells of each cohort, in the order in which they came. @param {Row[]} rows */
function groups(rows) {
  /** @type {Map<number | null, [Cell, Row[]]>} */
  const found = new Map();
  for (const row of rows) {
    const key = row.cohort instanceof Date ? row.cohort.getTime() : null;
    const group = found.get(key);
    if (group) group[1].push(row);
    else found.set(key, [row.cohort, [row]]);
  }
  return found.values();
}

/** How many a cohort has: told, or those of its own period. @param {Row[]} cells */
const sizeOf = cells => cells[0].size ?? cells.find(({ period }) => Number(period) === 0)?.actors;
