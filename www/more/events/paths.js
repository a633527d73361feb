/** @import { Cell } from "../../clickfold.js" */
/** @import { Pick, Row, Shape } from "./kind.js" */

import { cell } from "../../page/format.js";
import { isName } from "./desk.js";
import { Kind } from "./kind.js";
import { band, sankey } from "./sankey.js";
import { actionOf, isAction } from "./stages.js";

const HEIGHT = 420, NODE = 14, GAP = 14, MARGIN = 12, LABEL = 150;
/** The least and the most from one column to the next. */
const COLUMN = [180, 330];
const ENDS = "\0ends", REST = "\0rest";

/** What actors do one after the other. */
export class Paths extends Kind {
  static title = "Paths";
  static needs = /** @type {typeof Kind.needs} */ (["actor", "time", "action"]);

  #way = "all";
  /** @type {Cell | undefined} */
  #at;
  #step = "";
  #depth = 4;
  #limit = 6;
  #within = "";
  #loops = "fold";

  begin() {
    this.#at = actionOf(this.desk.dataset, this.desk.actions, "buy") ?? this.desk.actions[0];
    this.#step = this.desk.field("action")?.name ?? "";
  }

  #asked() {
    const at = this.#at === undefined || this.#way === "all" ? {} : { [this.#way]: isAction(this.desk.dataset, this.#at) };
    return {
      kind: "paths", ...at, ...this.#step === this.desk.field("action")?.name ? {} : { step: this.#step }, depth: this.#depth,
      ...this.#within ? { within: this.#within } : {}, ...this.#loops === "fold" ? {} : { loops: this.#loops },
    };
  }

  query() {
    return { ...this.#asked(), limit: this.#limit };
  }

  controls() {
    const { desk } = this, { html, nothing } = desk;
    return html`<div class="controls">
      ${desk.select("ways", [["all", "from the first event on"], ["from", "that follow"], ["to", "that lead to"]], this.#way, way => { this.#way = way; })}
      ${this.#way === "all" ? nothing : desk.action("event", this.#at, action => { this.#at = action; })}
      ${desk.column("through", this.#step, column => { this.#step = column; }, { fits: isName })}
      ${desk.number("steps", this.#depth, n => { this.#depth = n; }, [1, 10])}
      ${desk.number("most frequent", this.#limit, n => { this.#limit = n; }, [2, 20])}
      ${desk.span("pauses up to", this.#within, span => { this.#within = span; }, "any")}
      ${desk.check("count repetitions", this.#loops === "keep", isOn => { this.#loops = isOn ? "keep" : "fold"; })}
    </div>`;
  }

  /** Only an action has a meaning. @param {Cell} value */
  #value(value) {
    return this.#step === this.desk.field("action")?.name ? this.desk.name(value) : cell(value);
  }

  /** What one end of a step is called. @param {Cell} value @param {Cell} isRest */
  #name(value, isRest) {
    return value !== null ? this.#value(value) : isRest ? "all others" : this.#way === "to" ? "(begins here)" : "(ends here)";
  }

  /** @param {Row[]} rows */
  chart(rows) {
    const { html, svg, nothing, count, people: [, people] } = this.desk, isBack = this.#way === "to", last = Math.max(0, ...rows.map(({ depth }) => Number(depth)));
    if (!last) return nothing;
    const key = (/** @type {Cell} */ value, /** @type {Cell} */ isRest) => value !== null ? `=${value}` : isRest ? REST : ENDS;
    const names = new Map(), values = new Map();
    for (const row of rows) for (const side of ["source", "target"]) {
      names.set(key(row[side], row[`${side}_is_rest`]), this.#name(row[side], row[`${side}_is_rest`]));
      values.set(key(row[side], row[`${side}_is_rest`]), row[side]);
    }
    const steps = rows.map(row => ({ from: key(row.source, row.source_is_rest), to: key(row.target, row.target_is_rest), at: isBack ? last - Number(row.depth) : Number(row.depth) - 1, n: Number(row.actors) }));
    const { nodes, links, columns } = sankey(steps, { height: HEIGHT, gap: GAP });
    const room = (document.querySelector("#question")?.clientWidth ?? 0) - 2 * MARGIN - NODE - LABEL;
    const column = Math.min(COLUMN[1], Math.max(COLUMN[0], room / (columns - 1))), x = (/** @type {number} */ at) => MARGIN + at * column;
    const width = x(columns - 1) + NODE + LABEL + MARGIN;
    const bottom = Math.max(HEIGHT, ...nodes.map(({ y, height }) => y + height)) + 28;
    return html`<div class="scroll sankey" tabindex="0" role="region" aria-label="Paths, drawn">
      <svg width=${width} height=${bottom} viewBox=${`0 -14 ${width} ${bottom}`} role="group" aria-label=${`What ${people} do one after the other; the table below says the same`}>
        ${links.map(link => svg`<path class=${link.to.key === ENDS || link.from.key === ENDS ? "band end" : "band"} d=${band(link, x(link.from.at) + NODE, x(link.to.at))}><title>${names.get(link.from.key)} → ${names.get(link.to.key)}: ${count(link.n)} ${people}</title></path>`)}
        ${nodes.map(node => {
          const name = names.get(node.key), pick = node.key.startsWith("=") ? this.#those(isBack ? last - node.at : node.at, values.get(node.key), node.n) : undefined;
          const open = () => this.desk.offer(pick);
          const press = (/** @type {KeyboardEvent} */ event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            open();
          };
          const drawn = svg`<rect class=${pick ? "node" : "node end"} x=${x(node.at)} y=${node.y} width=${NODE} height=${Math.max(2, node.height)} rx="2"></rect>
            <text x=${x(node.at) + NODE + 6} y=${node.y + node.height / 2} dy="0.35em"><tspan>${short(name)}</tspan> <tspan class="n">${count(node.n)}</tspan><title>${name}</title></text>`;
          return pick ? svg`<a role="button" tabindex="0" aria-label=${pick.text} @click=${open} @keydown=${press}>${drawn}</a>` : drawn;
        })}
      </svg></div>`;
  }

  /** Those who are somewhere on their way. @param {number} depth @param {Cell} value @param {number} n @returns {Pick} */
  #those(depth, value, n) {
    const where = depth === 0 ? this.#way === "to" ? "at the end" : "at the beginning" : `${depth} step${depth === 1 ? "" : "s"} ${this.#way === "to" ? "before the end" : "after the beginning"}`;
    return {
      n, text: `${this.desk.many(n)} with ${this.#value(value)} ${where}`,
      query: { ...this.#asked(), each: "actor", having: [{ column: "depth", eq: depth }, { column: "value", eq: String(value) }] },
    };
  }

  /** @param {Row[]} rows @returns {Shape} */
  table(rows) {
    const { desk } = this;
    return {
      rows: rows.map(row => ({ ...row, from: this.#name(row.source, row.source_is_rest), to: this.#name(row.target, row.target_is_rest) })),
      columns: [
        { name: "depth", label: "step", as: "count" }, { name: "from", label: "from" }, { name: "to", label: "to" },
        { name: "actors", label: desk.people[1], as: "count" }, { name: "rate", label: this.#way === "to" ? "of those who come to it" : "of those who were there", as: "rate" },
      ],
    };
  }
}

/** A name that fits beside its node. @param {string} name */
const short = name => name.length > 15 ? `${name.slice(0, 14)}…` : name;
