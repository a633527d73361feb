/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { bars } from "./bars.js";
import { Kind } from "./kind.js";
import { actionOf, isAction } from "./stages.js";
import { percent } from "./words.js";

const ENDINGS = ["th", "st", "nd", "rd"];

/** 1st, 2nd, 3rd, 4th. @param {number} n */
const nth = n => `${n}${n % 100 > 10 && n % 100 < 14 ? "th" : ENDINGS[n % 10] ?? "th"}`;

/** Who orders again, and after how long. */
export class Intervals extends Kind {
  static title = "Repeat purchases";

  /** @type {Cell | undefined} */
  #event;
  #most = 6;

  begin() {
    this.#event = actionOf(this.desk.dataset, this.desk.actions, "buy");
  }

  #asked() {
    return { kind: "intervals", ...this.#event === undefined ? {} : { event: isAction(this.desk.dataset, this.#event) }, most: this.#most };
  }

  query() {
    return this.#asked();
  }

  controls() {
    const { desk } = this;
    return desk.html`<div class="controls">
      ${desk.action("orders are", this.#event, action => { this.#event = action; }, "all events")}
      ${desk.number("up to the", this.#most, n => { this.#most = n; }, [1, 50])}
    </div>`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    return bars(this.desk, "Who orders again after which order", rows.map(row => ({ name: `after the ${nth(Number(row.nth))}`, value: Number(row.rate), text: percent(row.rate), pick: this.pick(row, "again") })));
  }

  /** @param {Row[]} rows @returns {Shape} */
  table(rows) {
    return {
      rows: rows.map(row => ({ ...row, name: nth(Number(row.nth)) })),
      columns: [
        { name: "name", label: "order" }, { name: "actors", label: this.desk.people[1], as: "count", pick: true }, { name: "again", label: "ordered again", as: "count", pick: true },
        { name: "rate", label: "share", as: "rate" }, { name: "median_seconds", label: "half of them within", as: "seconds" }, { name: "p90_seconds", label: "90% within", as: "seconds" },
      ],
    };
  }

  /** @param {Row} row @param {string} column */
  pick(row, column) {
    const again = column === "again", n = Number(again ? row.again : row.actors), at = Number(row.nth);
    if (!n) return undefined;
    return {
      n, text: `${this.desk.many(n)} with a ${nth(at)} order${again ? " and one after it" : ""}`,
      query: { ...this.#asked(), each: "actor", having: [{ column: "nth", eq: at }, ...again ? [{ column: "seconds", is_null: false }] : []] },
    };
  }
}
