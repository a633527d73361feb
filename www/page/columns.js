/** @import { Dataset, Role } from "../clickfold.js" */
/** @import { Told } from "./state.js" */

import { html, nothing } from "lit";
import { cell, count } from "./format.js";

const TYPES = ["text", "int", "decimal", "time", "bool", "uuid"];
/** @type {[Role, string][]} */
const ROLES = [
  ["actor", "actor: who"], ["session", "session: in which visit"], ["item", "item: which product"], ["category", "category: of which kind"],
  ["action", "action: view, cart, buy"], ["time", "time: when"], ["price", "price of one"], ["quantity", "quantity: how many"],
  ["order", "order: in which order"], ["channel", "channel: from where"],
];

/** What each column is and means, guessed, and changed here. */
export class ColumnsPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  /** @type {Told} */
  #told = new Map();
  /** @type {Record<string, string[]>} */
  #samples = {};

  /** @param {{ retype: (column: string, type: string) => void, rerole: (column: string, role: Role | null) => void }} actions */
  constructor(actions) {
    this.actions = actions;
  }

  /** @param {Dataset} dataset @param {Told} told */
  show(dataset, told) {
    if (this.#dataset !== dataset) this.#samples = Object.create(null);
    this.#dataset = dataset;
    this.#told = told;
  }

  /** Fetches each column's first values. */
  async sample() {
    const rows = (await /** @type {Dataset} */ (this.#dataset).query({ kind: "rows", limit: 50 })).rows();
    for (const { name } of /** @type {Dataset} */ (this.#dataset).schema) {
      this.#samples[name] = [...new Set(rows.map(row => row[name]).filter(value => value !== null).map(cell))].slice(0, 3);
    }
  }

  template() {
    const dataset = this.#dataset;
    if (!dataset) return nothing;
    return html`
      <section class="panel" id="columns" aria-labelledby="columns-title">
        <h2 id="columns-title">Columns</h2>
        <p class="fine">Types and roles are guessed from the data. Another role is used at once; another type reads the file again, and rows that do not fit it are rejected.</p>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="columns-title">
          <table>
            <thead><tr><th scope="col">column</th><th scope="col">type</th><th scope="col">role</th><th scope="col" class="number">empty</th><th scope="col">first values</th></tr></thead>
            <tbody>${dataset.schema.map(({ name, type, role, nulls }) => html`<tr>
              <th scope="row">${name}</th>
              <td><select aria-label=${`type of ${name}`} @change=${(/** @type {any} */ e) => this.actions.retype(name, e.target.value)}>
                ${this.#told.get(name)?.type ? html`<option value="">guess</option>` : html`<option value="" selected>${type}${type === "null" ? "" : " (guessed)"}</option>`}
                ${TYPES.map(t => html`<option value=${t} ?selected=${this.#told.get(name)?.type === t}>${t}</option>`)}
              </select></td>
              <td><select aria-label=${`role of ${name}`} @change=${(/** @type {any} */ e) => this.actions.rerole(name, e.target.value || null)}>
                <option value="" ?selected=${!role}>none</option>
                ${ROLES.map(([key, text]) => html`<option value=${key} ?selected=${role === key}>${text}</option>`)}
              </select></td>
              <td class="number">${count(nulls)}</td>
              <td class="values">${(this.#samples[name] ?? []).map(value => html`<code title=${value}>${value}</code> `)}</td>
            </tr>`)}</tbody>
          </table>
        </div>
      </section>`;
  }
}
