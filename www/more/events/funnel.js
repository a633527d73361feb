/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { bars } from "./bars.js";
import { isName } from "./desk.js";
import { Kind } from "./kind.js";
import { skippedOf } from "./skipped.js";
import { isAction, wayToOrder } from "./stages.js";
import { percent } from "./words.js";

/** @type {[string, string][]} */
const MODES = [
  ["default", "anything may come between"], ["strict_order", "no step out of turn"], ["strict_deduplication", "no step twice"],
  ["strict_increase", "no two at one time"], ["any_order", "in any order"],
];
const MOST_STEPS = 32;
/** What no column is called. */
const STEP = "\0step";

/** How many actors get how far on the way to an order. */
export class Funnel extends Kind {
  static title = "Funnel";
  static needs = /** @type {typeof Kind.needs} */ (["actor", "time", "action"]);

  /** @type {Cell[]} */
  #steps = [];
  #within = "";
  #mode = "default";
  #per = "actor";
  #split = "";
  #splitAt = "first";
  /** Who did this in between is left out. @type {Cell | undefined} */
  #exclude;
  /** How many did the last step after the first, whatever came between. */
  #direct = 0;

  begin() {
    this.#steps = wayToOrder(this.desk.dataset, this.desk.actions);
  }

  /** @param {number} step */
  #name(step) {
    return this.#mode === "any_order" ? `${step} of the steps` : this.desk.name(this.#steps[step - 1]);
  }

  /** What is counted. @returns {[string, string]} */
  get #units() {
    return this.#per === "actor" ? this.desk.people : this.#per === "session" ? ["session", "sessions"] : [`pair with ${this.#per}`, `pairs with ${this.#per}`];
  }

  #asked() {
    return {
      steps: this.#steps.map(step => isAction(this.desk.dataset, step)),
      ...this.#within ? { within: this.#within } : {}, ...this.#mode === "default" ? {} : { mode: this.#mode },
      ...this.#per === "actor" ? {} : { per: this.#per },
      ...this.#exclude === undefined || this.#steps.length < 2 ? {} : { exclude: [{ where: isAction(this.desk.dataset, this.#exclude) }] },
    };
  }

  #splitting() {
    return this.#split ? { split_by: this.#split, ...this.#splitAt === "first" ? {} : { split_at: this.#splitAt } } : {};
  }

  query() {
    return this.#steps.length ? { kind: "funnel", ...this.#asked(), ...this.#splitting() } : undefined;
  }

  /** @param {Row[]} rows */
  async more(rows) {
    this.#direct = 0;
    if (this.#split || this.#mode !== "default" || this.#exclude !== undefined || rows.length < 3) return;
    const { steps, ...asked } = this.#asked();
    const direct = await this.desk.shell.ask({ kind: "funnel", ...asked, steps: [steps[0], steps[steps.length - 1]] });
    this.#direct = Number(direct[1].actors);
  }

  controls() {
    const { desk } = this, { html } = desk, steps = this.#steps;
    const swap = (/** @type {number} */ at) => { [steps[at - 1], steps[at]] = [steps[at], steps[at - 1]]; };
    return html`
      <ol class="chosen-steps" aria-label="Steps">${steps.map((step, at) => html`<li>
        ${desk.action(`Step ${at + 1}`, step, action => { if (action !== undefined) steps[at] = action; })}
        ${desk.button("↑", `Step ${at + 1} earlier`, () => swap(at), at === 0)}
        ${desk.button("×", `Take step ${at + 1} out`, () => { steps.splice(at, 1); }, steps.length === 1)}
      </li>`)}<li class="add">${desk.button("Add a step", "Add a step", () => {
        const next = desk.actions.find(action => !steps.includes(action)) ?? desk.actions[0];
        steps.push(next);
      }, steps.length >= MOST_STEPS || !desk.actions.length)}</li></ol>
      <div class="controls">
        ${desk.span("within", this.#within, span => { this.#within = span; }, "any time")}
        ${desk.select("where", MODES, this.#mode, mode => { this.#mode = mode; })}
        ${desk.column("per", this.#per, per => { this.#per = per; }, { names: [["actor", desk.people[0]], ...desk.field("session") ? /** @type {[string, string][]} */ ([["session", "session"]]) : []], fits: ({ role }) => role === "item" || role === "category" || role === "order" })}
        ${desk.action("without those who in between did", this.#exclude, action => { this.#exclude = action; }, "–")}
        ${desk.column("split by", this.#split, column => { this.#split = column; }, { none: "nothing", fits: field => isName(field) && field.role !== "action" && field.role !== "item" })}
        ${this.#split ? desk.select("its value at the", [["first", "first event"], ["last", "last event"]], this.#splitAt, at => { this.#splitAt = at; }) : desk.nothing}
      </div>`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    return this.#split ? this.#splits(rows) : this.#bars(rows);
  }

  /** @param {Row[]} rows */
  #bars(rows) {
    const { html, nothing } = this.desk, most = Math.max(1, Number(rows[0]?.actors ?? 0));
    return html`<ol class="funnel" aria-label="Funnel">${rows.map((row, at) => {
      const n = Number(row.actors), before = at ? Number(rows[at - 1].actors) : n, lost = before - n;
      const [reached, dropped] = [this.pick(row, "actors"), at ? this.#dropped(at, lost) : undefined];
      return html`<li>
        ${at ? html`<p class="lost">${lost && dropped ? html`<button type="button" class="figure" @click=${() => this.desk.offer(dropped)}>${this.desk.count(lost)} left</button> after ${this.#name(at)} (${percent(before ? lost / before : null)})` : html`nobody left after ${this.#name(at)}`}</p>` : nothing}
        <button type="button" class="step" title=${reached?.text ?? ""} .style=${`--share: ${n / most}`} @click=${() => this.desk.offer(reached)}>
          <span class="name">${this.#name(at + 1)}</span> <strong>${this.desk.count(n)}</strong> <span class="rate">${percent(row.rate)}</span>
        </button>
      </li>`;
    })}</ol>${this.#skipped(rows)}`;
  }

  /** Whether a step that many skip makes the funnel look worse than the shop is. @param {Row[]} rows */
  #skipped(rows) {
    const { html, nothing } = this.desk, skipped = skippedOf(this.#direct, Number(rows[rows.length - 1]?.actors ?? 0));
    if (!skipped) return nothing;
    const between = this.#steps.slice(1, -1).map(step => this.desk.name(step)), last = this.#name(rows.length);
    return html`<p class="question">Of ${this.desk.many(this.#direct)} with ${last} after ${this.#name(1)}, ${this.desk.count(skipped)} did not go ${between.length === 1 ? html`through ${between[0]}` : html`through all of ${between.join(", ")}`} before: the way is another, or not all of it is in the file.</p>`;
  }

  /** @param {Row[]} rows */
  #splits(rows) {
    const last = rows.filter(({ step }) => Number(step) === this.#steps.length).sort((a, b) => Number(b.actors) - Number(a.actors));
    return bars(this.desk, `Share that gets to ${this.#name(this.#steps.length)}, for each ${this.#split}`, last.map(row => ({ name: cell(row[this.#split]), value: Number(row.rate), text: percent(row.rate), pick: this.pick(row, "actors") })));
  }

  /** @param {number} step @param {number} n */
  #dropped(step, n) {
    return { n, text: `${this.desk.many(n, this.#units)} ${this.#per === "actor" ? "who" : "that"} left after ${this.#name(step)}`, query: { kind: "funnel", ...this.#asked(), each: "actor", having: [{ column: "reached", eq: step }] } };
  }

  /** @param {Row[]} rows @returns {Shape} */
  table(rows) {
    return {
      rows: rows.map(row => ({ ...row, [STEP]: `${row.step} ${this.#name(Number(row.step))}` })),
      columns: [
        ...this.#split ? [{ name: this.#split, label: this.#split }] : [],
        { name: STEP, label: "step" },
        { name: "actors", label: this.#units[1], as: "count", pick: true },
        { name: "rate", label: "of the first", as: "rate" },
        { name: "rate_from_previous", label: "of the one before", as: "rate" },
        { name: "median_seconds", label: "half of them within", as: "seconds" },
        { name: "p90_seconds", label: "90% within", as: "seconds" },
        ...rows.some(({ tied }) => tied) ? /** @type {Shape["columns"]} */ ([{ name: "tied", label: "only as of one time with the one before", as: "count" }]) : [],
      ],
    };
  }

  /** @param {Row} row @param {string} _column */
  pick(row, _column) {
    const step = Number(row.step), n = Number(row.actors), value = row[this.#split];
    if (!n) return undefined;
    const part = !this.#split ? [] : [value === null ? { column: this.#split, is_null: true } : { column: this.#split, eq: String(value) }];
    return {
      n, text: `${this.desk.many(n, this.#units)} ${this.#per === "actor" ? "who" : "that"} got to ${this.#name(step)}${this.#split ? `, of ${this.#split} ${cell(value)}` : ""}`,
      query: { kind: "funnel", ...this.#asked(), ...this.#splitting(), each: "actor", having: [{ column: "reached", gte: step }, ...part] },
    };
  }
}
