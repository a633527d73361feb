/** @import { Condition, Dataset, Field, Role } from "../clickfold.js" */
/** @import { Profile } from "./profile.js" */
/** @import { Told } from "./state.js" */

import { html, nothing } from "lit";
import { cell, count } from "./format.js";
import { DESCRIBE, profilesOf } from "./profile.js";

const TYPES = ["text", "int", "decimal", "time", "bool", "uuid"];
/** @type {[Role, string][]} */
const ROLES = [
  ["actor", "actor: who"], ["session", "session: in which visit"], ["item", "item: which product"], ["category", "category: of which kind"],
  ["action", "action: view, cart, buy"], ["time", "time: when"], ["price", "price of one"], ["quantity", "quantity: how many"],
  ["order", "order: in which order"], ["channel", "channel: from where"],
];

/** Of more rows the profile is told when it is asked for. */
const AT_ONCE = 3_000_000;

/** What each column is, means and holds; what is guessed of it is changed here. */
export class ColumnsPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  /** @type {Told} */
  #told = new Map();
  /** @type {Map<string, string[]>} */
  #samples = new Map();
  /** @type {Map<string, Profile>} */
  #profiles = new Map();

  /**
   * @param {{
   *   retype: (column: string, type: string) => void, rerole: (column: string, role: Role | null) => void,
   *   open: (title: string, where: Condition[]) => void, redraw: () => void, fail: (dataset: Dataset, error: unknown) => void,
   * }} actions
   */
  constructor(actions) {
    this.actions = actions;
  }

  /** @param {Dataset} dataset @param {Told} told */
  show(dataset, told) {
    if (this.#dataset !== dataset) {
      this.#samples = new Map();
      this.#profiles = new Map();
    }
    this.#dataset = dataset;
    this.#told = told;
  }

  /** Fetches each column's first values, and what they are like. */
  async sample() {
    const dataset = /** @type {Dataset} */ (this.#dataset);
    const rows = (await dataset.query({ kind: "rows", limit: 50 })).rows();
    for (const { name } of dataset.schema) {
      this.#samples.set(name, [...new Set(rows.map(row => row[name]).filter(value => value !== null).map(cell))].slice(0, 3));
    }
    if (dataset.rows <= AT_ONCE) await this.#profile();
  }

  async #profile() {
    const dataset = /** @type {Dataset} */ (this.#dataset);
    try {
      const profiles = profilesOf((await dataset.query(DESCRIBE, { view: "profile" })).rows());
      if (this.#dataset !== dataset) return;
      this.#profiles = profiles;
      this.actions.redraw();
    } catch (error) {
      if (/** @type {any} */ (error).code !== "CANCELLED") this.actions.fail(dataset, error);
    }
  }

  /** A figure that opens the rows behind it. @param {string} text @param {string} title @param {Condition} condition */
  #figure(text, title, condition) {
    return html`<button type="button" class="figure" title=${`Show the rows: ${title}`} @click=${() => this.actions.open(title, [condition])}>${text}</button>`;
  }

  /** @param {Field} field */
  #values({ name, type, role }) {
    const profile = this.#profiles.get(name);
    if (!profile) return html`<td class="different"></td><td></td><td class="values">${(this.#samples.get(name) ?? []).map(value => html`<code title=${value}>${value}</code> `)}</td>`;
    const { distinct, min, max, mean, median, q1, q3, top, bins } = profile;
    const isName = /** @type {(string | null)[]} */ (["actor", "session", "item", "category", "order"]).includes(role) || /id$/i.test(name);
    const middle = median === undefined || isName ? nothing : html`<span class="fine" title=${`quartiles ${q1} and ${q3}, mean ${mean}`}>middle ${short(median)}</span>`;
    const most = Math.max(1, ...bins.map(bin => bin.count));
    return html`
      <td class="number different">${count(distinct)}</td>
      <td class="range">${min === undefined ? nothing : html`${this.#figure(short(min), `${name} is ${min}`, { column: name, eq: min })} – ${this.#figure(short(max ?? ""), `${name} is ${max}`, { column: name, eq: max })} ${middle}`}</td>
      <td class="values">${bins.length > 1 ? html`<span class="histogram" role="group" aria-label=${`how the values of ${name} lie`}>${bins.map(({ from, to, count: n }, at) => html`<button type="button"
        title=${`${from} to ${to}: ${count(n)} rows`} aria-label=${`${from} to ${to}: ${count(n)} rows`} .style=${`--share: ${n / most}`}
        @click=${() => this.actions.open(`${name} from ${from} to ${to}`, [{ column: name, gte: from, [at === bins.length - 1 ? "lte" : "lt"]: to }])}></button>`)}</span>`
        : top.map(({ value, count: n }) => html`<span class="frequent">${this.#figure(short(value), `${name} is ${value}`, { column: name, eq: value })} ${count(n)}</span> `)}
        ${type === "int" && bins.length > 1 && distinct <= 20 ? html`<span class="fine">${top.map(({ value, count: n }) => `${value}: ${count(n)}`).join(", ")}</span>` : nothing}</td>`;
  }

  template() {
    const dataset = this.#dataset;
    if (!dataset) return nothing;
    return html`
      <section class="panel" id="columns" aria-labelledby="columns-title">
        <h2 id="columns-title">Columns</h2>
        <p class="fine">Types and roles are guessed from the data. Another role is used at once; another type reads the file again, and rows that do not fit it are rejected. Figures open the rows behind them.</p>
        ${this.#profiles.size || dataset.rows <= AT_ONCE ? nothing : html`<p><button type="button" @click=${() => this.#profile()}>Describe all values</button></p>`}
        <div class="scroll" tabindex="0" role="region" aria-labelledby="columns-title">
          <table>
            <thead><tr><th scope="col">column</th><th scope="col">type</th><th scope="col">role</th><th scope="col" class="number">empty</th><th scope="col" class="number">different</th><th scope="col">least – greatest</th><th scope="col">${this.#profiles.size ? "values" : "first values"}</th></tr></thead>
            <tbody>${dataset.schema.map(({ name, type, role, nulls, ...field }) => html`<tr>
              <th scope="row">${name}</th>
              <td><select aria-label=${`type of ${name}`} @change=${(/** @type {any} */ e) => this.actions.retype(name, e.target.value)}>
                ${this.#told.get(name)?.type ? html`<option value="">guess</option>` : html`<option value="" selected>${type}${type === "null" ? "" : " (guessed)"}</option>`}
                ${TYPES.map(t => html`<option value=${t} ?selected=${this.#told.get(name)?.type === t}>${t}</option>`)}
              </select></td>
              <td><select aria-label=${`role of ${name}`} @change=${(/** @type {any} */ e) => this.actions.rerole(name, e.target.value || null)}>
                <option value="" ?selected=${!role}>none</option>
                ${ROLES.map(([key, text]) => html`<option value=${key} ?selected=${role === key}>${text}</option>`)}
              </select></td>
              <td class="number">${nulls ? this.#figure(count(nulls), `${name} is empty`, { column: name, is_null: true }) : "0"}</td>
              ${this.#values({ name, type, role, nulls, ...field })}
            </tr>`)}</tbody>
          </table>
        </div>
      </section>`;
  }
}

/** A value that does not fill the table; times without what is 0 of them. @param {string} text */
function short(text) {
  const time = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?Z$/.exec(text);
  if (time) return time[2] === "00:00" && /^:?0*$/.test(time[3]?.replace(/[:.]/g, "") ?? "") ? time[1] : `${time[1]} ${time[2]}`;
  return text.length > 20 ? `${text.slice(0, 19)}…` : text;
}
