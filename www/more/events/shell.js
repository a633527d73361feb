/** @import { Condition, Dataset, Query, Role, Table } from "../../clickfold.js" */
/** @import { Drawing } from "./desk.js" */
/** @import { Kind, Pick, Row } from "./kind.js" */

import { sentence } from "../../page/format.js";
import { byRole } from "../../page/state.js";
import { Abandonment } from "./abandonment.js";
import { Attribution } from "./attribution.js";
import { Baskets } from "./baskets.js";
import { Desk } from "./desk.js";
import { Experiment } from "./experiment.js";
import { Funnel } from "./funnel.js";
import { Intervals } from "./intervals.js";
import { Items } from "./items.js";
import { Paths } from "./paths.js";
import { Retention } from "./retention.js";
import { Rfm } from "./rfm.js";
import { Sequence } from "./sequence.js";
import { Sessions } from "./sessions.js";
import { table } from "./table.js";

/**
 * What the page does for the questions. `segment` shows only the actors of a question on all of the page, `keep` saves them as a column.
 * @typedef {{
 *   redraw: () => void, rows: (title: string, answer: Promise<Table>) => void,
 *   segment: (name: string, query: Query) => void, keep: (name: string, query: Query) => void,
 * }} Actions
 */

/**
 * A question's tab: its choices, and its last answer as it is drawn, which stays so while the next one is under way.
 * @typedef {{ key: string, kind: Kind, type: typeof Kind, drawn?: unknown, error: string, isFresh: boolean }} Tab
 */

/** @type {[string, typeof Kind][]} */
const KINDS = [
  ["funnel", Funnel], ["retention", Retention], ["sessions", Sessions], ["paths", Paths], ["rfm", Rfm], ["intervals", Intervals], ["items", Items],
  ["baskets", Baskets], ["abandonment", Abandonment], ["attribution", Attribution], ["experiment", Experiment], ["sequence", Sequence],
];
const MOST_ACTIONS = 100;
/** Rows that a list of those behind a figure shows. */
const SHOWN = 100;
/** With more rows the first question is asked when somebody wants it, not when it is looked at: it puts all of them in another order. */
const AT_ONCE = 3_000_000;
const DAY = 86_400_000;

/** The panel, once it has what it looks like. @param {Drawing} drawing @param {Actions} actions */
export async function openQuestions(drawing, actions) {
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(`../${__EVENTS_STYLE__}`, import.meta.url).href });
  await new Promise((resolve, reject) => {
    style.onload = resolve;
    style.onerror = reject;
    document.head.append(style);
  });
  return new QuestionsPanel(drawing, actions);
}

/** Questions about ways, visits and customers: a tab each, of which the open one alone asks the engine. */
class QuestionsPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  /** @type {Condition[]} */
  #where = [];
  /** The columns' names, types and roles, by which the choices were made. */
  #columns = "";
  /** @type {Tab[]} */
  #tabs = [];
  #open = 0;
  #asked = 0;
  #isBusy = false;
  /** Whether somebody wants answers, where they take long. */
  #isWanted = false;
  /** @type {Promise<void> | undefined} */
  #prepared;
  /** Whether the first choices are made. */
  #isReady = false;
  /** @type {Pick | undefined} */
  #pick;
  #isNaming = false;
  /** @type {Desk | undefined} */
  #desk;
  /** Asks once the panel is looked at: what is asked may need another core, and the rows in another order. */
  #seen = new IntersectionObserver(entries => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    this.#seen.disconnect();
    void this.#ask();
  });

  /** @param {Drawing} drawing @param {Actions} actions */
  constructor(drawing, actions) {
    this.drawing = drawing;
    this.actions = actions;
  }

  /** What the questions are about. */
  get dataset() {
    return this.#dataset;
  }

  /** @param {Dataset} dataset @param {Condition[]} [where] what all of the page is about */
  show(dataset, where = []) {
    const columns = JSON.stringify(dataset.schema.map(({ name, type, role }) => [name, type, role]).filter(([, type, role]) => role || type !== "bool"));
    if (this.#dataset !== dataset || this.#columns !== columns) {
      if (this.#dataset !== dataset) this.#isWanted = false;
      const desk = new Desk(this.drawing, dataset, { changed: () => void this.#ask(), offer: pick => this.#offer(pick), ask: query => this.#answer(query, "questions beside") });
      this.#desk = desk;
      this.#tabs = KINDS.map(([key, type]) => ({ key, type, kind: new type(desk), error: "", isFresh: false }));
      this.#prepared = undefined;
      this.#isReady = false;
    }
    this.#dataset = dataset;
    this.#columns = columns;
    this.#where = where;
    this.#pick = undefined;
    for (const tab of this.#tabs) tab.isFresh = false;
    this.#seen.disconnect();
    if (this.#isWanted) void this.#ask();
    else if (dataset.rows <= AT_ONCE) requestAnimationFrame(() => document.querySelectorAll("#questions").forEach(panel => this.#seen.observe(panel)));
  }

  /** @param {number} at */
  #choose(at) {
    this.#open = at;
    this.#pick = undefined;
    if (!this.#tabs[at].isFresh) return void this.#ask();
    this.#rest();
  }

  /** Waits for no answer. */
  #rest() {
    this.#asked++;
    this.#isBusy = false;
    this.actions.redraw();
  }

  /** Asks the open tab's question. */
  async #ask() {
    const tab = this.#tabs[this.#open], asked = ++this.#asked;
    this.#pick = undefined;
    this.#isWanted = true;
    if (this.#missing(tab.type).length) return this.#rest();
    this.#isBusy = true;
    this.actions.redraw();
    try {
      await (this.#prepared ??= this.#prepare());
      if (asked !== this.#asked) return; // a newer question is under way
      const query = tab.kind.query();
      const rows = query ? await this.#answer(query, "questions") : [];
      if (asked !== this.#asked) return;
      if (query) await tab.kind.more(rows);
      if (asked !== this.#asked) return;
      Object.assign(tab, { drawn: query && this.#drawn(tab, rows), error: "", isFresh: true });
    } catch (error) {
      if (asked !== this.#asked) return;
      if (!this.#isReady) this.#prepared = undefined;
      Object.assign(tab, { drawn: undefined, error: /** @type {Error} */ (error).message, isFresh: false });
    }
    this.#isBusy = false;
    this.actions.redraw();
  }

  /** What the choices are made of: the file's actions, and how long it goes on. */
  async #prepare() {
    const dataset = /** @type {Dataset} */ (this.#dataset), desk = /** @type {Desk} */ (this.#desk), tabs = this.#tabs;
    const action = desk.field("action"), time = desk.field("time");
    /** @type {Row[][]} */
    const [actions, [span]] = await Promise.all([
      action ? dataset.query({ kind: "aggregate", group_by: [{ column: action.name, as: "action" }], measures: { n: { fn: "count" } }, order_by: ["-n", "action"], limit: MOST_ACTIONS }).then(answer => answer.rows()) : [],
      time?.type === "time" ? dataset.query({ kind: "aggregate", measures: { from: { fn: "min", column: time.name }, to: { fn: "max", column: time.name } } }).then(answer => answer.rows()) : [{}],
    ]);
    desk.actions = actions.map(row => row.action);
    if (span.from instanceof Date && span.to instanceof Date) {
      desk.days = (span.to.getTime() - span.from.getTime()) / DAY;
      desk.last = span.to;
    }
    for (const { kind } of tabs) kind.begin();
    if (this.#desk === desk) this.#isReady = true;
  }

  /** @param {Query} query @returns {Query} */
  #narrowed(query) {
    return this.#where.length ? { ...query, where: [...this.#where, .../** @type {Condition[]} */ (query.where ?? [])] } : query;
  }

  /** @param {Query} query @param {string} view */
  async #answer(query, view) {
    return (await /** @type {Dataset} */ (this.#dataset).query(this.#narrowed(query), { view })).rows();
  }

  /** @param {Pick | undefined} pick */
  #offer(pick) {
    this.#pick = pick;
    this.#isNaming = false;
    this.actions.redraw();
  }

  /** @param {Pick} pick */
  #rows({ text, query }) {
    this.actions.rows(text, /** @type {Dataset} */ (this.#dataset).query({ ...this.#narrowed(query), limit: SHOWN }, { view: "rows" }));
  }

  /** @param {Event} event @param {Pick} pick */
  #keep(event, { query }) {
    event.preventDefault();
    const name = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("name")).trim();
    if (name) this.actions.keep(name, this.#narrowed(query));
  }

  /** Roles that no column has, or one of a type that cannot play them. @param {typeof Kind} type @returns {Role[]} */
  #missing(type) {
    return type.needs.filter(role => {
      const field = byRole(/** @type {Dataset} */ (this.#dataset), role);
      return !field || role === "time" && field.type !== "time";
    });
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const last = this.#tabs.length - 1, tabs = [.../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll("button")];
    const at = tabs.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    tabs[to].focus();
    this.#choose(to);
  }

  template() {
    const { html } = this.drawing, tab = this.#tabs[this.#open];
    if (!this.#dataset) return this.drawing.nothing;
    return html`
      <section class="panel" id="questions" aria-labelledby="questions-title">
        <h2 id="questions-title">Questions</h2>
        <div role="tablist" aria-labelledby="questions-title" @keydown=${(/** @type {KeyboardEvent} */ e) => this.#move(e)}>${this.#tabs.map(({ key, type }, at) => html`<button type="button" role="tab"
          id=${`tab-${key}`} aria-controls="question" aria-selected=${at === this.#open} tabindex=${at === this.#open ? 0 : -1} @click=${() => this.#choose(at)}>${type.title}</button>`)}</div>
        <div role="tabpanel" id="question" data-kind=${tab.key} aria-labelledby=${`tab-${tab.key}`} aria-busy=${this.#isBusy}>${this.#question(tab)}</div>
      </section>`;
  }

  /** @param {Tab} tab */
  #question({ type, kind, drawn, error }) {
    const { html, nothing } = this.drawing, missing = this.#missing(type), desk = /** @type {Desk} */ (this.#desk);
    if (missing.length) return missing.map(role => this.#lacking(role));
    if (!this.#isWanted) return html`<p>Questions about whole ${desk.people[1]} put the rows in their order first, once.</p><p><button type="button" @click=${() => this.#choose(this.#open)}>Ask</button></p>`;
    if (!this.#isReady && !error) return html`<p class="fine">Counting…</p>`;
    return html`
      ${this.#isReady ? kind.controls() : nothing}
      ${error ? html`<p class="error" role="alert">${sentence(error)}</p>` : nothing}
      ${this.#pick ? this.#bar(this.#pick) : nothing}
      ${drawn ?? nothing}`;
  }

  /** @param {Tab} tab @param {Row[]} rows */
  #drawn({ type, kind }, rows) {
    return this.drawing.html`<div class="answer">${kind.chart(rows)}${table(/** @type {Desk} */ (this.#desk), kind, rows, type.title)}</div>`;
  }

  /** @param {Role} role */
  #lacking(role) {
    const { html } = this.drawing, field = byRole(/** @type {Dataset} */ (this.#dataset), role);
    return field
      ? html`<p>The column <em>${field.name}</em> has the role ${role} but is of type ${field.type}. Choose the type ${role} under <a href="#columns">Columns</a>.</p>`
      : html`<p>No column has the role <em>${role}</em>. Give it to one under <a href="#columns">Columns</a>.</p>`;
  }

  /** What can be done with those whom a click chose. @param {Pick} pick */
  #bar(pick) {
    const { html, nothing } = this.drawing;
    return html`<div class="offer" role="group" aria-label="Those chosen">
      <strong>${pick.text}</strong>
      <button type="button" @click=${() => this.#rows(pick)}>Show them</button>
      <button type="button" @click=${() => this.actions.segment(pick.text, this.#narrowed(pick.query))}>Only these</button>
      <button type="button" aria-expanded=${this.#isNaming} @click=${() => { this.#isNaming = !this.#isNaming; this.actions.redraw(); }}>Save as segment…</button>
      <button type="button" class="small" aria-label="Close" @click=${() => this.#offer(undefined)}>×</button>
      ${this.#isNaming ? html`<form @submit=${(/** @type {Event} */ e) => this.#keep(e, pick)}><label>called <input name="name" required></label> <button type="submit">Save</button></form>` : nothing}
    </div>`;
  }
}
