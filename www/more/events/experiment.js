/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { bars } from "./bars.js";
import { isAmount, isName } from "./desk.js";
import { Kind } from "./kind.js";
import { actionOf, isAction } from "./stages.js";
import { NONE, percent } from "./words.js";

/** Below this an uneven split is no chance. */
const UNEVEN = 0.001;

/** Whether one variant of the shop does better than another. */
export class Experiment extends Kind {
  static title = "Experiment";
  static needs = /** @type {typeof Kind.needs} */ (["actor", "time", "action"]);

  #variant = "";
  #control = "";
  /** @type {Cell | undefined} */
  #exposure;
  /** @type {Cell | undefined} */
  #conversion;
  #value = "";
  #confidence = "0.95";

  begin() {
    const fits = this.desk.dataset.schema.filter(field => isName(field) && !["action", "item", "category", "channel"].includes(field.role ?? ""));
    this.#variant = fits.find(({ name }) => /variant|experiment|bucket|test|group|treat/i.test(name))?.name ?? "";
    this.#conversion = actionOf(this.desk.dataset, this.desk.actions, "buy") ?? this.desk.actions[0];
  }

  #asked() {
    const { dataset } = this.desk;
    return {
      kind: "experiment", variant: this.#variant, conversion: isAction(dataset, this.#conversion ?? null),
      ...this.#exposure === undefined ? {} : { exposure: isAction(dataset, this.#exposure) }, ...this.#value ? { value: this.#value } : {},
    };
  }

  query() {
    if (!this.#variant) return undefined;
    return { ...this.#asked(), ...this.#control ? { control: this.#control } : {}, ...this.#confidence === "0.95" ? {} : { confidence: Number(this.#confidence) } };
  }

  controls() {
    const { desk } = this;
    return desk.html`<div class="controls">
      ${desk.column("variants are in", this.#variant, column => { this.#variant = column; }, { none: "not chosen", fits: field => isName(field) && field.role !== "action" && field.role !== "item" })}
      ${desk.text("control", this.#control, text => { this.#control = text.trim(); }, { hint: "the first one" })}
      ${desk.action("from", this.#exposure, action => { this.#exposure = action; }, "the first event on")}
      ${desk.action("success is", this.#conversion, action => { this.#conversion = action; })}
      ${desk.column("value", this.#value, column => { this.#value = column; }, { none: "none", fits: isAmount })}
      ${desk.select("sure to", [["0.9", "90%"], ["0.95", "95%"], ["0.99", "99%"]], this.#confidence, confidence => { this.#confidence = confidence; })}
    </div>
    ${this.#variant ? desk.nothing : desk.html`<p>Choose the column that says which variant of the shop somebody saw.</p>`}`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const { desk } = this, { html, nothing, count } = desk, [first] = rows;
    if (!first) return nothing;
    const isUneven = rows.some(({ srm_p: p }) => p !== null && p !== undefined && Number(p) < UNEVEN), mixed = rows.reduce((sum, { mixed }) => sum + Number(mixed ?? 0), 0);
    return html`
      ${isUneven ? html`<p class="error" role="note">The variants are not as large as chance would make them (p ${probability(first.srm_p ?? rows.find(({ srm_p: p }) => p)?.srm_p)}): something shares ${desk.people[1]} out unevenly. Find out what before you trust the result.</p>` : nothing}
      ${bars(desk, "Share with success, with what it may as well be", rows.map(row => ({ name: cell(row.variant), value: Number(row.rate), low: Number(row.low), high: Number(row.high), text: percent(row.rate), pick: this.pick(row, "conversions") })))}
      ${mixed ? html`<p class="fine">${desk.many(mixed)} saw more than one variant and ${mixed === 1 ? "is" : "are"} left out.</p>` : nothing}`;
  }

  /** @param {Row[]} rows @returns {Shape} */
  table(rows) {
    const digits = Math.max(2, this.desk.digits(this.#value));
    return {
      rows: rows.map(row => ({ ...row, change: signed(row.lift), chance: probability(row.p), always: probability(row.p_sequential), value_chance: probability(row.p_value) })),
      columns: [
        { name: "variant", label: "variant" }, { name: "actors", label: this.desk.people[1], as: "count", pick: true }, { name: "conversions", label: "with success", as: "count", pick: true }, { name: "rate", label: "share", as: "rate" },
        { name: "change", label: "against control", as: "written" }, { name: "chance", label: "p", as: "written" }, { name: "always", label: "p, looked at daily", as: "written" },
        ...this.#value ? /** @type {Shape["columns"]} */ ([{ name: "mean", label: `${this.#value} each`, as: "money", digits }, { name: "value_chance", label: "p of it", as: "written" }]) : [],
      ],
    };
  }

  /** @param {Row} row @param {string} column */
  pick({ variant, actors, conversions }, column) {
    const isDone = column === "conversions", n = Number(isDone ? conversions : actors);
    if (!n || variant === null) return undefined;
    return {
      n, text: `${this.desk.many(n)} of variant ${cell(variant)}${isDone ? ` with ${this.desk.name(this.#conversion ?? null)}` : ""}`,
      query: { ...this.#asked(), each: "actor", having: [{ column: "variant", eq: String(variant) }, ...isDone ? [{ column: "converted", eq: true }] : []] },
    };
  }
}

/** A change as people write it. @param {Cell | undefined} lift */
const signed = lift => lift === null || lift === undefined ? NONE : `${Number(lift) > 0 ? "+" : ""}${percent(lift)}`;

/** @param {Cell | undefined} p */
const probability = p => p === null || p === undefined ? NONE : Number(p) < 0.0001 ? "< 0.0001" : Number(p).toFixed(4);
