/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { bars } from "./bars.js";
import { isAmount } from "./desk.js";
import { Kind } from "./kind.js";
import { actionOf, isAction, wayToOrder } from "./stages.js";
import { figure, percent } from "./words.js";

const MOST_ITEMS = 200;

/** Which items convert, and how few of them make most of the sales. */
export class Items extends Kind {
  static title = "Items";
  static needs = /** @type {typeof Kind.needs} */ (["actor", "time", "item"]);

  #show = "conversion";
  #by = "";
  /** @type {Cell | undefined} */
  #first;
  /** @type {Cell | undefined} */
  #last;
  #within = "";
  #least = 5;
  #sort = "-actors_1";
  /** @type {Cell | undefined} */
  #of;
  #measure = "";
  /** @type {Row | undefined} */
  #concentration;
  /** @type {Row[]} */
  #classes = [];

  begin() {
    const { dataset, actions } = this.desk, way = wayToOrder(dataset, actions);
    this.#by = this.desk.field("item")?.name ?? "";
    this.#first = way[0];
    this.#last = way[way.length - 1];
    this.#of = actionOf(dataset, actions, "buy");
    if (!actions.length) this.#show = "pareto";
  }

  query() {
    if (this.#show === "conversion") {
      if (this.#first === undefined || this.#last === undefined) return undefined;
      return {
        kind: "conversion", by: this.#by, steps: [this.#first, this.#last].map(action => isAction(this.desk.dataset, action)), ...this.#within ? { within: this.#within } : {},
        min_actors: this.#least, order_by: [this.#sort], limit: MOST_ITEMS,
      };
    }
    return { ...this.#pareto(), limit: MOST_ITEMS };
  }

  #pareto() {
    return {
      kind: "pareto", by: this.#by, ...this.#of === undefined ? {} : { where: [isAction(this.desk.dataset, this.#of)] },
      ...this.#measure ? { measure: { fn: "sum", column: this.#measure } } : {},
    };
  }

  async more() {
    this.#concentration = undefined;
    if (this.#show !== "pareto") return;
    this.#classes = await this.desk.shell.ask({ ...this.#pareto(), summary: true });
    [this.#concentration] = await this.desk.shell.ask({ ...this.#pareto(), summary: "concentration" });
  }

  controls() {
    const { desk } = this, { html, nothing } = desk, isConversion = this.#show === "conversion";
    return html`<div class="controls">
      ${desk.select("show", [...desk.actions.length ? /** @type {[string, string][]} */ ([["conversion", "which convert"]]) : [], ["pareto", "which make most of it"]], this.#show, show => { this.#show = show; })}
      ${desk.column("for each", this.#by, column => { this.#by = column; }, { fits: ({ role }) => role === "item" || role === "category" || role === "channel" })}
      ${isConversion ? html`
      ${desk.action("from", this.#first, action => { this.#first = action; })} ${desk.action("to", this.#last, action => { this.#last = action; })}
      ${desk.span("within", this.#within, span => { this.#within = span; }, "any time")}
      ${desk.number(`at least so many ${desk.people[1]}`, this.#least, n => { this.#least = n; }, [1, 1_000_000])}
      ${desk.select("first those", [["-actors_1", "that most began with"], ["-low", "that surely convert well"], ["rate", "that convert worst"]], this.#sort, sort => { this.#sort = sort; })}`
      : html`${desk.action("of", this.#of, action => { this.#of = action; }, "all events")} ${desk.column("by", this.#measure, column => { this.#measure = column; }, { none: "events", fits: isAmount })}`}
    </div>`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const { html, nothing, count } = this.desk;
    if (this.#show === "conversion") return bars(this.desk, "Share that converts, with what it may as well be", rows.map(row => ({
      name: cell(row[this.#by]), value: Number(row.rate), low: Number(row.low), high: Number(row.high), text: percent(row.rate), pick: this.pick(row, "actors_2"),
    })));
    const all = this.#concentration;
    return html`
      ${this.#classes.length ? html`<dl class="tiles">${this.#classes.map(row => html`<div><dt>class ${row.class}: ${count(row.groups)} (${percent(row.rate)})</dt><dd>${percent(row.share)}</dd><dd class="fine">of all ${this.#measure || "events"}</dd></div>`)}</dl>` : nothing}
      ${this.#curve(rows)}
      ${all ? html`<p class="fine">Of ${count(all.groups)} the first hundredth has ${percent(all.top_1)}, the first tenth ${percent(all.top_10)}, the first fifth ${percent(all.top_20)}. Gini ${figure(all.gini)} (0: all alike, 1: one has all)${Number(all.without) ? html`; ${count(all.without)} are without` : nothing}.</p>` : nothing}`;
  }

  /** How much the first so many have together. @param {Row[]} rows */
  #curve(rows) {
    const { svg, html, nothing } = this.desk, points = rows.filter(({ cumulative }) => cumulative !== null), [width, height] = [600, 180];
    if (points.length < 3) return nothing;
    const all = Math.max(Number(this.#concentration?.groups ?? 0), points.length);
    const x = (/** @type {number} */ place) => 4 + place / all * (width - 8), y = (/** @type {number} */ share) => height - 4 - share * (height - 22);
    const path = [`M${x(0)},${y(0)}`, ...points.map(({ cumulative }, at) => `L${x(at + 1)},${y(Number(cumulative))}`)].join(" ");
    return html`<svg class="curve" viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`The first ${points.length} of ${all} have ${percent(points[points.length - 1].cumulative)} together`}>
      ${[0, 0.5, 0.8, 1].map(share => svg`<line x1="4" x2=${width - 4} y1=${y(share)} y2=${y(share)}></line><text x=${width - 6} y=${y(share) - 3} text-anchor="end">${100 * share}%</text>`)}
      <path d=${path}></path></svg>`;
  }

  /** @param {Row[]} rows @returns {Shape} */
  table(rows) {
    const name = { name: this.#by, label: this.#by, pick: true }, { people: [, people] } = this.desk;
    if (this.#show === "conversion") return {
      rows, columns: [
        name, { name: "actors_1", label: `${people} with ${this.desk.name(this.#first ?? null)}`, as: "count" }, { name: "actors_2", label: `then ${this.desk.name(this.#last ?? null)}`, as: "count", pick: true },
        { name: "rate", label: "share", as: "rate" }, { name: "low", label: "may be", as: "rate" }, { name: "high", label: "to", as: "rate" },
      ],
    };
    return {
      rows, columns: [
        { name: "place", label: "place", as: "count" }, name, { name: "value", label: this.#measure || "events", as: "money", digits: this.desk.digits(this.#measure) },
        { name: "share", label: "share", as: "rate" }, { name: "cumulative", label: "up to here", as: "rate" }, { name: "class", label: "class" },
      ],
    };
  }

  /** @param {Row} row @param {string} column */
  pick(row, column) {
    const value = row[this.#by], item = value === null ? { column: this.#by, is_null: true } : { column: this.#by, eq: value instanceof Date ? value.toISOString() : String(value) };
    const { dataset } = this.desk, [first, last] = [this.#first, this.#last];
    if (this.#show === "conversion" && first !== undefined && last !== undefined && column === "actors_2") {
      const n = Number(row.actors_2), steps = [first, last].map(action => [isAction(dataset, action), item]);
      return n ? { n, text: `${this.desk.many(n)} with ${this.desk.name(first)}, then ${this.desk.name(last)} of ${cell(value)}`, query: { kind: "funnel", steps, ...this.#within ? { within: this.#within } : {}, each: "actor", having: [{ column: "reached", eq: 2 }] } } : undefined;
    }
    const of = this.#show === "conversion" ? first : this.#of;
    return { text: `${this.desk.people[1]} with ${of === undefined ? "" : `${this.desk.name(of)} of `}${cell(value)}`, query: { kind: "funnel", steps: [of === undefined ? [item] : [isAction(dataset, of), item]], each: "actor" } };
  }
}
