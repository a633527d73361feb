/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { bars } from "./bars.js";
import { isAmount } from "./desk.js";
import { Kind } from "./kind.js";
import { actionOf, isAction } from "./stages.js";
import { figure, money } from "./words.js";

/** @type {[string, string][]} */
const MODELS = [
  ["first", "first touch"], ["last", "last touch"], ["linear", "all touches alike"], ["position", "40% first, 40% last"], ["time_decay", "later ones more"], ["markov", "what would be lost (Markov)"], ["shapley", "fair shares (Shapley)"],
];

/** Which channels the orders came from, by several ways to share them out. */
export class Attribution extends Kind {
  static title = "Channels";
  static needs = /** @type {typeof Kind.needs} */ (["actor", "time", "action", "channel"]);

  /** @type {Cell | undefined} */
  #conversion;
  #lookback = "30d";
  #value = "";
  #model = "linear";

  begin() {
    const price = this.desk.field("price");
    this.#conversion = actionOf(this.desk.dataset, this.desk.actions, "buy") ?? this.desk.actions[0];
    this.#value = price && isAmount(price) ? price.name : "";
  }

  #asked() {
    return {
      kind: "attribution", conversion: isAction(this.desk.dataset, this.#conversion ?? null), ...this.#lookback ? { lookback: this.#lookback } : {}, ...this.#value ? { value: this.#value } : {},
    };
  }

  query() {
    return this.#asked();
  }

  controls() {
    const { desk } = this;
    return desk.html`<div class="controls">
      ${desk.action("orders are", this.#conversion, action => { this.#conversion = action; })}
      ${desk.span("touches up to", this.#lookback, span => { this.#lookback = span; }, "any time")} <span class="fine">before</span>
      ${desk.column("value", this.#value, column => { this.#value = column; }, { none: "orders", fits: isAmount })}
      ${desk.select("drawn", MODELS, this.#model, model => { this.#model = model; })}
    </div>`;
  }

  #of(/** @type {string} */ model) {
    return this.#value ? `${model}_value` : model;
  }

  #text(/** @type {Cell} */ value) {
    return this.#value ? money(value, this.desk.digits(this.#value)) : figure(value);
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const name = this.#of(this.#model), sorted = [...rows].sort((a, b) => Number(b[name]) - Number(a[name]));
    return bars(this.desk, `Credit of each channel: ${this.#model}`, sorted.map(row => ({ name: row.channel === null ? "(no touch)" : cell(row.channel), value: Number(row[name]), text: this.#text(row[name]), pick: ["first", "last"].includes(this.#model) ? this.pick(row, this.#model) : undefined })));
  }

  /** @param {Row[]} rows @returns {Shape} */
  table(rows) {
    const digits = this.desk.digits(this.#value);
    return {
      rows: rows.map(row => ({ ...row, name: row.channel === null ? "(no touch)" : cell(row.channel) })),
      columns: [
        { name: "name", label: "channel" }, { name: "touches", label: "touches", as: "count" }, { name: "journeys", label: "journeys", as: "count" },
        ...MODELS.map(([model, label]) => ({ name: this.#of(model), label, as: this.#value ? /** @type {const} */ ("money") : /** @type {const} */ ("figure"), digits, pick: model === "first" || model === "last" })),
      ],
    };
  }

  /** @param {Row} row @param {string} column */
  pick({ channel }, column) {
    const side = column.replace("_value", "");
    return {
      text: `${this.desk.people[1]} whose order came ${channel === null ? "without a touch" : `from ${cell(channel)} ${side === "last" ? "last" : "first"}`}`,
      query: { ...this.#asked(), each: "actor", having: [channel === null ? { column: side, is_null: true } : { column: side, eq: String(channel) }] },
    };
  }
}
