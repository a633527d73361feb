/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { Kind } from "./kind.js";
import { isAction, wayToOrder } from "./stages.js";
import { figure, percent } from "./words.js";

const LETTERS = "ABCDEFGHIJ";

/** Who does things in an order that a pattern says. */
export class Sequence extends Kind {
  static title = "Sequence";
  static needs = /** @type {typeof Kind.needs} */ (["actor", "time", "action"]);

  /** @type {Cell[]} */
  #events = [];
  #pattern = "";

  begin() {
    const way = wayToOrder(this.desk.dataset, this.desk.actions);
    this.#events = way.length > 2 ? [way[0], way[way.length - 1]] : way;
    this.#pattern = this.#events.map((_, at) => LETTERS[at]).join(" ... ");
  }

  #asked() {
    return { kind: "sequence", events: Object.fromEntries(this.#events.map((action, at) => [LETTERS[at], isAction(this.desk.dataset, action)])), pattern: this.#pattern };
  }

  query() {
    return this.#pattern.trim() && this.#events.length ? this.#asked() : undefined;
  }

  controls() {
    const { desk } = this, { html } = desk, events = this.#events;
    return html`
      <ol class="chosen-steps" aria-label="Events">${events.map((event, at) => html`<li>
        ${desk.action(LETTERS[at], event, action => { if (action !== undefined) events[at] = action; })}
        ${at === events.length - 1 && at > 0 ? desk.button("×", `Take ${LETTERS[at]} out`, () => { events.pop(); }) : desk.nothing}
      </li>`)}<li>${desk.button("Add an event", "Add an event", () => { events.push(desk.actions.find(action => !events.includes(action)) ?? desk.actions[0]); }, events.length >= LETTERS.length || !desk.actions.length)}</li></ol>
      <div class="controls">${desk.text("pattern", this.#pattern, text => { this.#pattern = text; })}</div>
      <p class="fine">Letters stand for the events above. <code>A B</code>: B is the very next of them; <code>A ... B</code>: others may lie between; <code>A (within 1h) B</code>: B comes an hour later at most;
        <code>A, then not B</code>: no B comes after.</p>`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const { desk } = this, { html, count } = desk, [row] = rows, pick = row && this.pick(row, "matched");
    if (!row) return desk.nothing;
    return html`<dl class="tiles">
      <div><dt>${desk.people[1]} with the pattern</dt><dd>${pick ? html`<button type="button" class="figure" title=${pick.text} @click=${() => desk.offer(pick)}>${count(row.matched)}</button>` : count(row.matched)}</dd><dd class="fine">of ${count(row.actors)}</dd></div>
      <div><dt>share</dt><dd>${percent(row.rate)}</dd></div>
      <div><dt>times</dt><dd>${count(row.matches)}</dd><dd class="fine">${Number(row.matched) ? figure(Number(row.matches) / Number(row.matched)) : "0"} each</dd></div>
    </dl>`;
  }

  /** The figures are all. */
  table() {
    return undefined;
  }

  /** @param {Row} row @param {string} _column */
  pick({ matched }, _column) {
    const n = Number(matched);
    return n ? { n, text: `${this.desk.many(n)} with ${this.#pattern}`, query: { ...this.#asked(), each: "actor", having: [{ column: "matches", gte: 1 }] } } : undefined;
  }
}
