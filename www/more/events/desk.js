/** @import { Cell, Dataset, Field, Query, Role } from "../../clickfold.js" */
/** @import { Pick, Row } from "./kind.js" */

import { actionKey, actionName } from "../../page/actions.js";
import { byRole } from "../../page/state.js";
import { people } from "./words.js";

/** What the page lends its panels to draw with. @typedef {{ html: typeof import("lit").html, svg: typeof import("lit").svg, nothing: symbol, count: (n: number | bigint) => string }} Drawing */

/** @type {[string, string][]} */
const SPANS = [["", "ever"], ["30m", "30 minutes"], ["1h", "an hour"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"], ["90d", "90 days"]];

/** What each kind of question has at hand: the data, what draws, and its choices' fields. */
export class Desk {
  /** The file's own actions, the most frequent first. @type {Cell[]} */
  actions = [];
  /** From the first event to the last, in days. */
  days = 30;
  /** When the last event was. */
  last = new Date(0);

  /**
   * @param {Drawing} drawing @param {Dataset} dataset
   * @param {{ changed: () => void, offer: (pick: Pick | undefined) => void, ask: (query: Query) => Promise<Row[]> }} shell
   */
  constructor(drawing, dataset, shell) {
    this.html = drawing.html;
    this.svg = drawing.svg;
    this.nothing = drawing.nothing;
    this.count = (/** @type {Cell | undefined} */ n) => n === null || n === undefined ? "–" : drawing.count(/** @type {number} */ (n));
    this.dataset = dataset;
    this.shell = shell;
    this.people = people(dataset);
  }

  /** @param {Role} role @returns {Field | undefined} */
  field(role) {
    return byRole(this.dataset, role);
  }

  /** Digits after the point of a column's amounts. @param {string} column */
  digits(column) {
    return this.dataset.schema.find(({ name }) => name === column)?.scale ?? 0;
  }

  /** @param {Cell | undefined} n @param {[string, string]} [of] */
  many(n, [one, many] = this.people) {
    return `${this.count(n)} ${Number(n) === 1 ? one : many}`;
  }

  /** @param {Cell} action */
  name(action) {
    return actionName(this.dataset.report, action);
  }

  /** Offers what can be done with those whom a click chose. @param {Pick | undefined} pick */
  offer(pick) {
    this.shell.offer(pick);
  }

  /** A list to choose from. @param {string} label @param {[string, string][]} options @param {string} chosen @param {(key: string) => void} choose */
  select(label, options, chosen, choose) {
    return this.html`<label>${label} <select aria-label=${label} @change=${(/** @type {any} */ e) => this.#set(() => choose(e.target.value))}>
      ${options.map(([key, text]) => this.html`<option value=${key} .selected=${key === chosen}>${text}</option>`)}
    </select></label>`;
  }

  /** One of the file's actions; `none` says what choosing none of them means. @param {string} label @param {Cell | undefined} chosen @param {(action: Cell | undefined) => void} choose @param {string} [none] */
  action(label, chosen, choose, none) {
    if (!this.actions.length) return this.nothing;
    const key = (/** @type {Cell} */ action) => actionKey(action), of = (/** @type {string} */ wanted) => this.actions.find(action => key(action) === wanted);
    /** @type {[string, string][]} */
    const options = [...none === undefined ? [] : /** @type {[string, string][]} */ ([["\0", none]]), ...this.actions.map(action => /** @type {[string, string]} */ ([key(action), this.name(action)]))];
    return this.select(label, options, chosen === undefined ? "\0" : key(chosen), wanted => choose(of(wanted)));
  }

  /** One of the file's columns. @param {string} label @param {string} chosen @param {(column: string) => void} choose @param {{ none?: string, fits?: (field: Field) => boolean, names?: [string, string][] }} [of] */
  column(label, chosen, choose, { none, fits = () => true, names = [] } = {}) {
    const fields = this.dataset.schema.filter(fits).map(({ name }) => /** @type {[string, string]} */ ([name, name]));
    return this.select(label, [...none === undefined ? [] : /** @type {[string, string][]} */ ([["", none]]), ...names, ...fields], chosen, choose);
  }

  /** A time span. @param {string} label @param {string} chosen @param {(span: string) => void} choose @param {string} [none] */
  span(label, chosen, choose, none = "ever") {
    return this.select(label, SPANS.map(([key, text]) => [key, key ? text : none]), chosen, choose);
  }

  /** A whole number. @param {string} label @param {number} value @param {(n: number) => void} choose @param {[number, number]} bounds */
  number(label, value, choose, [least, most]) {
    return this.text(label, String(value), text => {
      const n = Math.round(Number(text));
      if (text.trim() && Number.isFinite(n)) choose(Math.min(most, Math.max(least, n)));
    }, { short: true });
  }

  /** @param {string} label @param {string} value @param {(text: string) => void} choose @param {{ short?: boolean, hint?: string }} [look] */
  text(label, value, choose, { short = false, hint } = {}) {
    return this.html`<label>${label} <input class=${short ? "short" : ""} aria-label=${label} inputmode=${short ? "numeric" : "text"} placeholder=${hint ?? ""} .value=${value} @change=${(/** @type {any} */ e) => this.#set(() => choose(e.target.value))}></label>`;
  }

  /** @param {string} label @param {boolean} isOn @param {(isOn: boolean) => void} choose */
  check(label, isOn, choose) {
    return this.html`<label><input type="checkbox" .checked=${isOn} @change=${(/** @type {any} */ e) => this.#set(() => choose(e.target.checked))}> ${label}</label>`;
  }

  /** @param {string} text @param {string} label @param {() => void} press @param {boolean} [isOff] */
  button(text, label, press, isOff = false) {
    return this.html`<button type="button" class="small" aria-label=${label} title=${label} ?disabled=${isOff} @click=${() => this.#set(press)}>${text}</button>`;
  }

  /** @param {() => void} change */
  #set(change) {
    change();
    this.shell.changed();
  }
}

/** Whether a column's values may be amounts. @param {Field} field */
export const isAmount = ({ type, role }) => (type === "int" || type === "decimal") && (role === null || role === "price" || role === "quantity");

/** Whether a column's values are few and have names, as far as its type tells. @param {Field} field */
export const isName = ({ type, role }) => (type === "text" || type === "bool" || type === "int") && !["actor", "session", "order", "price", "quantity"].includes(role ?? "");
