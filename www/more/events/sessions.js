/** @import { Cell } from "../../clickfold.js" */
/** @import { Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { bars } from "./bars.js";
import { isName } from "./desk.js";
import { Kind } from "./kind.js";
import { actionOf, isAction } from "./stages.js";
import { duration, figure, percent } from "./words.js";

/** @type {[string, string][]} */
const GAPS = [["5m", "5 minutes"], ["15m", "15 minutes"], ["30m", "30 minutes"], ["1h", "an hour"], ["4h", "4 hours"], ["24h", "24 hours"]];
const MOST_GROUPS = 50;
const MEASURES = {
  sessions: { fn: "count" }, bounce_rate: { fn: "avg", column: "bounced" }, events_per_session: { fn: "avg", column: "events" },
  median_seconds: { fn: "median", column: "seconds" },
};

/** Visits: how many, how long, and how many of them end at once. */
export class Sessions extends Kind {
  static title = "Sessions";

  #isOwn = true;
  #gap = "30m";
  #midnight = false;
  #group = "";
  /** @type {Cell | undefined} */
  #conversion;

  begin() {
    this.#conversion = actionOf(this.desk.dataset, this.desk.actions, "buy");
  }

  #asked() {
    const own = this.desk.field("session");
    return {
      kind: "sessions", ...own && this.#isOwn ? {} : { gap: this.#gap, ...own ? { session: false } : {} }, ...this.#midnight ? { midnight: true } : {},
      ...this.#conversion === undefined ? {} : { conversion: isAction(this.desk.dataset, this.#conversion) },
    };
  }

  query() {
    if (!this.#group) return this.#asked();
    const measures = { ...MEASURES, ...this.#conversion === undefined ? {} : { conversion_rate: { fn: "avg", column: "converted" } } };
    return { ...this.#asked(), group_by: [{ column: this.#group, as: "group" }], measures, order_by: ["-sessions", "group"], limit: MOST_GROUPS };
  }

  controls() {
    const { desk } = this, { html, nothing } = desk, own = desk.field("session");
    /** @type {[string, string][]} */
    const steps = desk.field("action") ? [["entry", "how they begin"], ["exit", "how they end"]] : [];
    return html`<div class="controls">
      ${own ? desk.select("sessions are", [["own", `those of ${own.name}`], ["gap", "split by pauses"]], this.#isOwn ? "own" : "gap", key => { this.#isOwn = key === "own"; }) : nothing}
      ${own && this.#isOwn ? nothing : html`${desk.select("pause of more than", GAPS, this.#gap, gap => { this.#gap = gap; })} ${desk.check("a new one at midnight (UTC)", this.#midnight, isOn => { this.#midnight = isOn; })}`}
      ${desk.action("with success at", this.#conversion, action => { this.#conversion = action; }, "nothing")}
      ${desk.column("for each", this.#group, column => { this.#group = column; }, { none: "all together", names: steps, fits: field => isName(field) && field.role !== "action" })}
    </div>`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const { desk } = this, { html } = desk;
    if (this.#group) return bars(desk, `Sessions for each ${this.#group}`, rows.map(row => ({ name: cell(row.group), value: Number(row.sessions), text: desk.count(row.sessions), pick: this.pick(row, "sessions") })));
    const [all] = rows;
    if (!all) return desk.nothing;
    /** @type {[string, string, string][]} */
    const figures = [
      ["sessions", desk.count(all.sessions), `of ${desk.many(all.actors)}`], ["bounce_rate", percent(all.bounce_rate), "with one event only"], ["events_per_session", figure(all.events_per_session), "events each"],
      ["median_seconds", duration(all.median_seconds), "half are longer than"], ["p90_seconds", duration(all.p90_seconds), "a tenth are longer than"],
      ...all.conversion_rate === undefined ? [] : /** @type {[string, string, string][]} */ ([["conversion_rate", percent(all.conversion_rate), `with ${desk.name(/** @type {Cell} */ (this.#conversion))}`]]),
    ];
    return html`<dl class="tiles">${figures.map(([name, text, what]) => {
      const pick = this.pick(all, name);
      return html`<div><dt>${name === "sessions" ? "sessions" : what}</dt><dd>${pick ? html`<button type="button" class="figure" title=${pick.text} @click=${() => desk.offer(pick)}>${text}</button>` : text}</dd>${name === "sessions" ? html`<dd class="fine">${what}</dd>` : desk.nothing}</div>`;
    })}</dl>`;
  }

  /** @param {Row[]} rows @returns {Shape | undefined} */
  table(rows) {
    if (!this.#group) return undefined;
    return {
      rows, columns: [
        { name: "group", label: this.#group }, { name: "sessions", label: "sessions", as: "count", pick: true }, { name: "bounce_rate", label: "one event only", as: "rate", pick: true },
        { name: "conversion_rate", label: "success", as: "rate", pick: true }, { name: "events_per_session", label: "events each", as: "figure" }, { name: "median_seconds", label: "half are longer than", as: "seconds" },
      ],
    };
  }

  /** @param {Row} row @param {string} column */
  pick({ group, sessions }, column) {
    const { people: [, people] } = this.desk, isStep = this.#group === "entry" || this.#group === "exit";
    // The list of sessions has no further columns of the file: those of a group can only be told by how they begin or end.
    if (this.#group && !isStep || !Number(sessions)) return undefined;
    const of = { bounce_rate: [{ column: "bounced", eq: 1 }, "of one event"], conversion_rate: [{ column: "converted", eq: 1 }, "with success"] }[column];
    if (!of && column !== "sessions") return undefined;
    const which = this.#group ? [group === null ? { column: this.#group, is_null: true } : { column: this.#group, eq: String(group) }] : [];
    const how = this.#group ? ` that ${this.#group === "entry" ? "begins" : "ends"} with ${this.desk.name(group)}` : "";
    return { text: `${people} with a session${of ? ` ${of[1]}` : ""}${how}`, query: { ...this.#asked(), each: "session", having: [...which, ...of ? [of[0]] : []] } };
  }
}
