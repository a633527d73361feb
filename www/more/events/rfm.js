/** @import { Cell } from "../../clickfold.js" */
/** @import { Pick, Row, Shape } from "./kind.js" */

import { isAmount } from "./desk.js";
import { Kind } from "./kind.js";
import { actionOf, isAction } from "./stages.js";
import { days, figure, money, percent } from "./words.js";

const SEGMENTS = ["Champions", "Loyal", "Potential loyalists", "New customers", "Promising", "Need attention", "About to sleep", "At risk", "Cannot lose them", "Hibernating", "Lost"];
/** The segment of each frequency, the highest first, and recency, the longest ago first. */
const MAP = [
  ["Cannot lose them", "Cannot lose them", "Loyal", "Loyal", "Champions"], ["At risk", "At risk", "Loyal", "Loyal", "Champions"],
  ["At risk", "At risk", "Need attention", "Potential loyalists", "Potential loyalists"], ["Lost", "Hibernating", "About to sleep", "Potential loyalists", "Potential loyalists"],
  ["Lost", "Hibernating", "About to sleep", "Promising", "New customers"],
];
/** @type {Record<string, string>} */
const SCORES = { recency: "days since the last order", frequency: "orders", monetary: "money" };

/** Customers by how lately, how often and for how much they buy. */
export class Rfm extends Kind {
  static title = "Customers";

  /** @type {Cell | undefined} */
  #purchase;
  #value = "";
  #bins = 5;
  #ties = "together";
  #show = "segment";
  /** A date at which the segments are compared with those of now. */
  #before = "";
  #asOf = "";
  /** @type {Row[]} */
  #cells = [];

  begin() {
    const { dataset, actions, last } = this.desk, price = this.desk.field("price"), earlier = new Date(last.getTime() - Math.max(1, this.desk.days / 3) * 86_400_000);
    this.#purchase = actionOf(dataset, actions, "buy");
    this.#value = price && isAmount(price) ? price.name : "";
    this.#before = earlier.toISOString().slice(0, 10);
    this.#asOf = new Date(last.getTime() + 86_400_000).toISOString().slice(0, 10);
  }

  #asked() {
    const quantity = this.desk.field("quantity"), price = this.desk.field("price");
    return {
      kind: "rfm", ...this.#purchase === undefined ? {} : { purchase: isAction(this.desk.dataset, this.#purchase) },
      ...this.#value ? { value: this.#value, ...quantity && isAmount(quantity) && this.#value === price?.name ? { quantity: quantity.name } : {} } : {},
      ...this.#bins === 5 ? {} : { bins: this.#bins }, ...this.#ties === "together" ? {} : { ties: this.#ties },
    };
  }

  query() {
    if (this.#show === "moves") return { ...this.#asked(), as_of: [this.#before, this.#asOf] };
    return { ...this.#asked(), group: this.#show };
  }

  async more() {
    this.#cells = this.#show === "segment" ? await this.desk.shell.ask({ ...this.#asked(), group: "cells" }) : [];
  }

  controls() {
    const { desk } = this, { html, nothing } = desk;
    return html`<div class="controls">
      ${desk.select("show", [["segment", "segments"], ["bins", "bounds of the scores"], ["moves", "how they moved"]], this.#show, show => { this.#show = show; })}
      ${this.#show === "moves" ? html`${desk.text("from", this.#before, date => { this.#before = date; })} ${desk.text("to", this.#asOf, date => { this.#asOf = date; })}` : nothing}
      ${desk.action("orders are", this.#purchase, action => { this.#purchase = action; }, "all events")}
      ${desk.column("money", this.#value, column => { this.#value = column; }, { fits: isAmount, ...desk.field("price") ? {} : { none: "none" } })}
      ${desk.number("scores from 1 to", this.#bins, n => { this.#bins = n; }, [2, 10])}
      ${desk.select("equal ones", [["together", "share a score"], ["ntile", "fill equal bins"]], this.#ties, ties => { this.#ties = ties; })}
    </div>`;
  }

  /** @param {Row[]} rows */
  chart(rows) {
    if (this.#show === "segment") return rows.length ? this.#map() : this.desk.nothing;
    return this.#show === "moves" ? this.#moves(rows) : this.desk.nothing;
  }

  /** Customers by recency, to the right, and frequency, upwards. */
  #map() {
    const { html, count } = this.desk, scores = Array.from({ length: this.#bins }, (_, at) => at + 1), all = this.#cells.reduce((sum, { actors }) => sum + Number(actors), 0);
    const fifth = (/** @type {number} */ score) => Math.ceil(5 * score / this.#bins);
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label="Customers by recency and frequency">
        <table class="rfm">
          <thead><tr><th scope="col"><span class="unseen">frequency</span></th>${scores.map(r => html`<th scope="col">${r === 1 ? "1: long ago" : r === this.#bins ? `${r}: lately` : r}</th>`)}</tr></thead>
          <tbody>${scores.toReversed().map(f => html`<tr><th scope="row">${f === 1 ? "1: rarely" : f === this.#bins ? `${f}: often` : f}</th>${scores.map(r => {
            const segment = MAP[5 - fifth(f)][fifth(r) - 1], cell = this.#cells.find(cell => Number(cell.r) === r && Number(cell.f) === f), n = Number(cell?.actors ?? 0);
            const pick = cell && this.#those(`recency ${r} and frequency ${f}`, n, [{ column: "r", eq: r }, { column: "f", eq: f }]);
            return html`<td data-segment=${SEGMENTS.indexOf(segment)} .style=${`--share: ${all ? Math.sqrt(n / all) : 0}`}><span class="fine">${segment}</span>
              ${pick ? html`<button type="button" class="figure" title=${pick.text} @click=${() => this.desk.offer(pick)}>${count(n)}</button>` : html`<span>0</span>`} <span class="fine">${n ? percent(n / all) : ""}</span></td>`;
          })}</tr>`)}</tbody>
        </table>
      </div>
      <p class="fine">Named after recency and frequency alone; money moves some to the segment above or below, as the table counts them.</p>`;
  }

  /** From which segment to which. @param {Row[]} rows */
  #moves(rows) {
    const { html, count } = this.desk, names = [...new Set(rows.flatMap(({ from, to }) => [from, to]))].filter(name => name !== null).sort((a, b) => SEGMENTS.indexOf(String(a)) - SEGMENTS.indexOf(String(b)));
    const most = Math.max(1, ...rows.map(({ actors }) => Number(actors)));
    return html`<div class="scroll" tabindex="0" role="region" aria-label="From which segment to which">
      <table class="heat"><thead><tr><th scope="col">${this.#before} → ${this.#asOf}</th>${names.map(name => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
      <tbody>${[null, ...names].map(from => html`<tr><th scope="row">${from ?? "not yet a customer"}</th>${names.map(to => {
        const n = Number(rows.find(row => row.from === from && row.to === to)?.actors ?? 0), share = n / most;
        return html`<td class="number" .style=${`--share: ${share}`}>${n ? count(n) : ""}</td>`;
      })}</tr>`)}</tbody></table></div>`;
  }

  /** @param {string} how @param {number} n @param {object[]} having @returns {Pick} */
  #those(how, n, having) {
    return { n, text: `${this.desk.many(n)} with ${how}`, query: { ...this.#asked(), each: "actor", having } };
  }

  /** @param {Row[]} rows @returns {Shape | undefined} */
  table(rows) {
    const { people: [, people] } = this.desk, digits = this.desk.digits(this.#value);
    if (this.#show === "moves") return rows.length ? undefined : { columns: [], rows };
    if (this.#show === "bins") return {
      rows: rows.map(row => ({ ...row, what: SCORES[String(row.score)] ?? row.score, from: this.#bound(row, row.least), to: this.#bound(row, row.most) })),
      columns: [
        { name: "what", label: "score of" }, { name: "bin", label: "score", as: "count" }, { name: "actors", label: people, as: "count", pick: true },
        { name: "from", label: "from", as: "written" }, { name: "to", label: "to", as: "written" }, { name: "moved", label: "in another one if bins were equal", as: "count" },
      ],
    };
    return {
      rows, columns: [
        { name: "segment", label: "segment" }, { name: "actors", label: people, as: "count", pick: true }, { name: "rate", label: "share", as: "rate" }, { name: "recency_days", label: "last order ago", as: "days" },
        { name: "frequency", label: "orders each", as: "figure" }, { name: "monetary", label: "money each", as: "money", digits: Math.max(2, digits) }, { name: "value", label: "money together", as: "money", digits },
      ],
    };
  }

  /** @param {Row} row @param {Cell} value */
  #bound({ score }, value) {
    return score === "recency" ? days(value) : score === "frequency" ? figure(value) : money(value, this.desk.digits(this.#value));
  }

  /** @param {Row} row @param {string} _column */
  pick({ segment, score, bin, actors }, _column) {
    const n = Number(actors);
    if (!n) return undefined;
    if (score !== undefined) return this.#those(`score ${bin} of ${SCORES[String(score)]}`, n, [{ column: String(score)[0], eq: Number(bin) }]);
    return { n, text: `${this.desk.many(n)} in the segment ${segment}`, query: { ...this.#asked(), each: "actor", having: [{ column: "segment", eq: String(segment) }] } };
  }
}
