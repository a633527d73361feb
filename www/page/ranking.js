/** @import { Cell, Condition, Dataset, Field } from "../clickfold.js" */

import { html, nothing } from "lit";
import { actionKey, actionName } from "./actions.js";
import { cell, count, sentence } from "./format.js";
import { byRole } from "./state.js";

const ALL = "\0all";
const MOST_ACTIONS = 100;

/** A choice of the action list. @param {Cell} value */
const key = value => value === null ? ALL : actionKey(value);

/** The most viewed, carted, bought: groups of one column, ranked by a measure. */
export class RankingPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  /** @type {Condition[]} */
  #where = [];
  /** @type {Record<string, Cell>[]} */
  #rows = [];
  /** @type {Cell[]} */
  #actions = [];
  #column = "";
  /** Whether a person chose the column; else it is the best there is. */
  #isChosen = false;
  #action = ALL;
  #measure = "events";
  #limit = 20;
  #error = "";
  #asked = 0;

  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
  }

  /** @param {Dataset} dataset @param {Condition[]} where what all of the page is about */
  async show(dataset, where = []) {
    const action = byRole(dataset, "action");
    const best = ["item", "category", "action"].map(role => byRole(dataset, /** @type {any} */ (role))).find(Boolean)
      ?? dataset.schema.find(field => field.type === "text") ?? dataset.schema[0];
    const isNew = this.#dataset !== dataset;
    this.#asked++; // what is under way is of the data before
    this.#error = "";
    if (isNew) {
      this.#rows = [];
      this.#isChosen = false;
      this.#measure = "events";
    }
    if (!this.#isChosen) this.#column = best?.name ?? "";
    this.#dataset = dataset;
    this.#where = where;
    const before = this.#actions;
    this.#actions = [];
    if (action) {
      const answer = await dataset.query({ kind: "aggregate", where, group_by: [{ column: action.name, as: "action" }], measures: { n: { fn: "count" } }, order_by: ["-n"], limit: MOST_ACTIONS });
      if (this.#dataset !== dataset) return; // another file was opened
      this.#actions = answer.rows().map(row => row.action);
      // The first action is what most events are: views, in a shop.
      const isSame = !isNew && String(before) === String(this.#actions);
      if (!isSame) this.#action = this.#column !== action.name && this.#actions.length ? key(this.#actions[0]) : ALL;
    } else {
      this.#action = ALL;
    }
    if (!this.#measures().some(([key]) => key === this.#measure)) this.#measure = "events";
    await this.#ask();
  }

  /** What can be ranked by: `[key, label, measure]`. @returns {[string, string, object][]} */
  #measures() {
    if (!this.#dataset) return [];
    const of = (/** @type {any} */ role) => byRole(/** @type {Dataset} */ (this.#dataset), role);
    const isNumber = (/** @type {Field | undefined} */ field) => field && (field.type === "int" || field.type === "decimal");
    /** @type {[string, string, object][]} */
    const measures = [["events", "events", { fn: "count" }]];
    const actor = of("actor"), session = of("session"), price = of("price"), quantity = of("quantity");
    if (actor) measures.push(["actors", `different ${actor.name}`, { fn: "count_distinct", column: actor.name }]);
    if (session) measures.push(["sessions", `different ${session.name}`, { fn: "count_distinct", column: session.name }]);
    if (isNumber(quantity)) measures.push(["quantity", `sum of ${quantity?.name}`, { fn: "sum", column: quantity?.name }]);
    if (isNumber(price)) measures.push(["price", `sum of ${price?.name}`, { fn: "sum", column: price?.name }]);
    return measures;
  }

  async #ask() {
    const dataset = /** @type {Dataset} */ (this.#dataset);
    const asked = ++this.#asked;
    const action = byRole(dataset, "action");
    const measure = this.#measures().find(([key]) => key === this.#measure)?.[2];
    const where = action && this.#action !== ALL ? [...this.#where, { column: action.name, eq: this.#action }] : this.#where;
    try {
      const answer = await dataset.query({
        kind: "aggregate", where, group_by: [{ column: this.#column, as: "what" }], measures: { value: measure },
        rank: { as: "place", fn: "rank", by: ["-value"] }, order_by: ["-value", "what"], limit: this.#limit,
      }, { view: "ranking" });
      if (asked !== this.#asked) return; // a newer question is under way
      this.#rows = answer.rows();
      this.#error = "";
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#error = /** @type {Error} */ (error).message;
    }
    this.redraw();
  }

  /** @param {() => void} change */
  #choose(change) {
    change();
    this.#ask();
  }

  template() {
    const dataset = this.#dataset;
    if (!dataset) return nothing;
    const measures = this.#measures();
    const label = measures.find(([key]) => key === this.#measure)?.[1] ?? "events";
    const most = Math.max(1, ...this.#rows.map(row => Number(row.value)));
    const tied = this.#rows.some((row, i) => i > 0 && row.place === this.#rows[i - 1].place);
    const action = byRole(dataset, "action");
    return html`
      <section class="panel" id="ranking" aria-labelledby="ranking-title">
        <h2 id="ranking-title">Ranking</h2>
        <div class="controls">
          <label>of <select name="column" .value=${this.#column} @change=${(/** @type {any} */ e) => this.#choose(() => { this.#column = e.target.value; this.#isChosen = true; })}>
            ${dataset.schema.map(({ name }) => html`<option value=${name} ?selected=${name === this.#column}>${name}</option>`)}
          </select></label>
          ${action ? html`<label>where ${action.name} is <select name="action" @change=${(/** @type {any} */ e) => this.#choose(() => { this.#action = e.target.value; })}>
            <option value=${ALL} ?selected=${this.#action === ALL}>anything</option>
            ${this.#actions.filter(value => value !== null).map(value => html`<option value=${key(value)} ?selected=${key(value) === this.#action}>${actionName(dataset.report, value)}</option>`)}
          </select></label>` : nothing}
          <label>by <select name="measure" @change=${(/** @type {any} */ e) => this.#choose(() => { this.#measure = e.target.value; })}>
            ${measures.map(([key, text]) => html`<option value=${key} ?selected=${key === this.#measure}>${text}</option>`)}
          </select></label>
          <label>first <select name="limit" @change=${(/** @type {any} */ e) => this.#choose(() => { this.#limit = Number(e.target.value); })}>
            ${[20, 50, 100].map(n => html`<option value=${n} ?selected=${n === this.#limit}>${n}</option>`)}
          </select></label>
        </div>
        ${this.#error ? html`<p class="error" role="alert">${sentence(this.#error)}</p>` : nothing}
        <div class="scroll" tabindex="0" role="region" aria-labelledby="ranking-title">
          <table class="ranking">
            <thead><tr><th scope="col" class="number">place</th><th scope="col">${this.#column}</th><th scope="col" class="number">${label}</th></tr></thead>
            <tbody>${this.#rows.map(row => html`<tr>
              <td class="number place">${row.place}</td>
              <td class="what" title=${cell(row.what)}>${cell(row.what)}</td>
              <td class="number value"><span class="bar" .style=${`--share: ${Math.max(0, Number(row.value)) / most}`}></span><span>${row.value === null ? "–" : count(/** @type {number} */ (row.value))}</span></td>
            </tr>`)}</tbody>
          </table>
        </div>
        ${tied ? html`<p class="fine">Equal values share their place; the next place counts them all.</p>` : nothing}
      </section>`;
  }
}
