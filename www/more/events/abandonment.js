/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { bars } from "./bars.js";
import { isAmount } from "./desk.js";
import { Kind } from "./kind.js";
import { actionOf, isAction } from "./stages.js";
import { money, percent } from "./words.js";

const MOST_GROUPS = 200;

/** What was put into a cart and not bought. */
export class Abandonment extends Kind {
  static title = "Carts";
  static needs = /** @type {typeof Kind.needs} */ (["actor", "time", "item", "action"]);

  /** @type {Cell | undefined} */
  #cart;
  /** @type {Cell | undefined} */
  #buy;
  #within = "7d";
  #value = "";
  #group = "";

  begin() {
    const { dataset, actions } = this.desk, price = this.desk.field("price");
    this.#cart = actionOf(dataset, actions, "cart");
    this.#buy = actionOf(dataset, actions, "buy");
    this.#value = price && isAmount(price) ? price.name : "";
  }

  #asked() {
    if (this.#cart === undefined || this.#buy === undefined) return undefined;
    const { dataset } = this.desk;
    return { kind: "abandonment", cart: isAction(dataset, this.#cart), buy: isAction(dataset, this.#buy), ...this.#within ? { within: this.#within } : {}, ...this.#value ? { value: this.#value } : {} };
  }

  query() {
    const asked = this.#asked();
    return asked && { ...asked, ...this.#group ? { group_by: [{ column: this.#group, as: "group" }], order_by: ["-abandoned", "group"], limit: MOST_GROUPS } : {} };
  }

  controls() {
    const { desk } = this;
    return desk.html`<div class="controls">
      ${desk.action("put into the cart by", this.#cart, action => { this.#cart = action; }, "not chosen")}
      ${desk.action("bought by", this.#buy, action => { this.#buy = action; }, "not chosen")}
      ${desk.span("within", this.#within, span => { this.#within = span; }, "any time")}
      ${desk.column("value", this.#value, column => { this.#value = column; }, { fits: isAmount, ...desk.field("price") ? {} : { none: "none" } })}
      ${desk.column("for each", this.#group, column => { this.#group = column; }, { none: "all together", fits: ({ role }) => role === "item" || role === "category" || role === "channel" })}
    </div>
    ${this.#asked() ? desk.nothing : desk.html`<p>Which action puts something into a cart, and which one buys it? Neither word is among the file's usual ones: choose them above.</p>`}`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const { desk } = this, { html, count, nothing } = desk;
    if (this.#group) return bars(desk, "Left in the cart", rows.map(row => ({ name: cell(row.group), value: Number(row.abandoned), text: count(row.abandoned), pick: this.pick(row, "abandoned") })));
    const [all] = rows, digits = desk.digits(this.#value);
    if (!all) return nothing;
    const pick = this.pick(all, "abandoned");
    return html`<dl class="tiles">
      <div><dt>put into the cart</dt><dd>${count(all.carts)}</dd>${this.#value ? html`<dd class="fine">${this.#value} ${money(all.value, digits)}</dd>` : nothing}</div>
      <div><dt>not bought</dt><dd>${pick ? html`<button type="button" class="figure" title=${pick.text} @click=${() => desk.offer(pick)}>${count(all.abandoned)}</button>` : "0"}</dd>${this.#value ? html`<dd class="fine">${this.#value} ${money(all.abandoned_value, digits)}</dd>` : nothing}</div>
      <div><dt>left in the cart</dt><dd>${percent(all.rate)}</dd></div>
      <div><dt>of those still open</dt><dd>${count(all.open)}</dd><dd class="fine">the time to buy them was not over when the file ended</dd></div>
    </dl>`;
  }

  /** @param {Row[]} rows @returns {Shape | undefined} */
  table(rows) {
    if (!this.#group) return undefined;
    const digits = this.desk.digits(this.#value);
    return {
      rows, columns: [
        { name: "group", label: this.#group }, { name: "carts", label: "put into the cart", as: "count" }, { name: "abandoned", label: "not bought", as: "count", pick: true }, { name: "rate", label: "share", as: "rate" },
        { name: "open", label: "still open", as: "count" }, { name: "value", label: this.#value, as: "money", digits }, { name: "abandoned_value", label: `${this.#value} left`, as: "money", digits },
      ],
    };
  }

  /** @param {Row} row @param {string} _column */
  pick(row, _column) {
    const asked = this.#asked(), isItem = this.#group === this.desk.field("item")?.name;
    if (!asked || !Number(row.abandoned) || this.#group && !isItem) return undefined;
    const item = isItem ? [row.group === null ? { column: this.#group, is_null: true } : { column: this.#group, eq: String(row.group) }] : [];
    return { text: `${this.desk.people[1]} who left ${isItem ? cell(row.group) : "something"} in the cart`, query: { ...asked, each: "actor", having: [{ column: "bought", eq: false }, ...item] } };
  }
}
