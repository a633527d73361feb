/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { Kind } from "./kind.js";
import { actionOf, isAction } from "./stages.js";

/** @type {[string, string][]} */
const RANKS = [["lift", "that belong together most (lift)"], ["baskets", "that are most often together"], ["confidence", "that surely come with the other"], ["cosine", "that are alike (cosine)"]];
const MOST_PAIRS = 100;

/** What is bought together. */
export class Baskets extends Kind {
  static title = "Baskets";
  static needs = /** @type {typeof Kind.needs} */ (["item"]);

  /** @type {Cell | undefined} */
  #of;
  #item = "";
  #by = "";
  #support = 2;
  #rank = "lift";
  #for = "";

  begin() {
    this.#of = actionOf(this.desk.dataset, this.desk.actions, "buy");
    this.#item = this.desk.field("item")?.name ?? "";
    this.#by = (this.desk.field("order") ?? this.desk.field("session") ?? this.desk.field("actor"))?.name ?? "";
  }

  #where() {
    return this.#of === undefined ? {} : { where: [isAction(this.desk.dataset, this.#of)] };
  }

  query() {
    if (!this.#by) return undefined;
    return { kind: "baskets", ...this.#where(), item: this.#item, by: this.#by, min_support: this.#support, rank: this.#rank, limit: MOST_PAIRS, ...this.#for ? { for: this.#for } : {} };
  }

  controls() {
    const { desk } = this;
    return desk.html`<div class="controls">
      ${desk.action("baskets of", this.#of, action => { this.#of = action; }, "all events")}
      ${desk.column("one for each", this.#by, column => { this.#by = column; }, { fits: ({ role }) => role === "order" || role === "session" || role === "actor" })}
      ${desk.column("of each", this.#item, column => { this.#item = column; }, { fits: ({ role }) => role === "item" || role === "category" })}
      ${desk.number("at least in", this.#support, n => { this.#support = n; }, [1, 1_000_000])}
      ${desk.select("first pairs", RANKS, this.#rank, rank => { this.#rank = rank; })}
      ${desk.text("only with", this.#for, text => { this.#for = text.trim(); }, { hint: "any item" })}
    </div>`;
  }

  /** @param {Row[]} rows @returns {Shape} */
  table(rows) {
    return {
      rows, columns: [
        { name: "item", label: `with this ${this.#item}` }, { name: "other", label: "goes this" }, { name: "baskets", label: "baskets with both", as: "count", pick: true },
        { name: "support", label: "of all baskets", as: "rate" }, { name: "confidence", label: "of those with the first", as: "rate" },
        { name: "lift", label: "times as often as by chance", as: "figure" }, { name: "cosine", label: "cosine", as: "figure" },
      ],
    };
  }

  /** @param {Row} row @param {string} _column */
  pick({ item, other }, _column) {
    const { desk } = this, by = desk.dataset.schema.find(({ name }) => name === this.#by);
    if (!desk.field("actor") || !desk.field("time")) return undefined;
    const steps = [item, other].map(value => ({ column: this.#item, eq: value instanceof Date ? value.toISOString() : String(value) }));
    return {
      text: `${desk.people[1]} with ${cell(item)} and ${cell(other)} in one basket`,
      query: { kind: "funnel", ...this.#where(), steps, mode: "any_order", ...by?.role === "actor" ? {} : { per: this.#by }, each: "actor", having: [{ column: "reached", eq: 2 }] },
    };
  }
}
