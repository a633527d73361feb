/** @import { Dataset, FileFormat, LoadOptions, Reject } from "../clickfold.js" */

import { html, nothing } from "lit";
import { downloadCsv } from "./csv.js";
import { count } from "./format.js";

const SEPARATORS = /** @type {Record<string, string>} */ ({ ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" });

/** @type {[string, string][]} */
const ENCODINGS = [
  ["utf-8", "UTF-8"], ["utf-16le", "UTF-16 (little endian)"], ["utf-16be", "UTF-16 (big endian)"], ["gb18030", "GB18030 or GBK (Chinese)"],
  ["big5", "Big5 (Chinese)"], ["shift_jis", "Shift_JIS (Japanese)"], ["euc-kr", "EUC-KR (Korean)"], ["windows-1252", "Windows-1252 or Latin-1"],
];
/** Names of time zones; some browsers leave UTC out. */
const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter(zone => zone !== "UTC")];
/** @type {Record<string, string>} */
const ORDERS = { dmy: "The day", mdy: "The month" };
/** Formats that are texts. @type {FileFormat[]} */
const TEXTS = ["csv", "ndjson", "json", "blanks", "log"];
/** @type {Record<string, string>} */
const KINDS = { csv: "cells between separators", ndjson: "JSON lines", json: "a JSON document", blanks: "cells between blanks", log: "a web server's log" };

const ROWS = 100; // a thousand rows at once would hold the page up

/** What became of the file's rows, and the rejected ones. */
export class HealthPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  #name = "";
  #shown = ROWS;
  #timezone = "UTC";
  #areZonesShown = false;

  /**
   * @param {() => void} redraw
   * @param {{ reformat: (format: NonNullable<LoadOptions["format"]>) => void, rezone: (timezone: string) => void, order: (column: string, order: "dmy" | "mdy") => void, rows: () => void }} actions `rows` opens them, the others read the file again
   */
  constructor(redraw, actions) {
    this.redraw = redraw;
    this.actions = actions;
  }

  /** @param {Dataset} dataset @param {string} name @param {string} timezone */
  show(dataset, name, timezone) {
    this.#dataset = dataset;
    this.#timezone = timezone;
    this.#name = name;
    this.#shown = ROWS;
  }

  #showMore() {
    this.#shown += ROWS;
    this.redraw();
  }

  #download() {
    const { rejects } = /** @type {Dataset} */ (this.#dataset).report, ofFiles = rejects.some(({ file }) => file !== undefined);
    const row = (/** @type {Reject} */ { file = "", line, byte, reason, text }) => [...ofFiles ? [file] : [], line, byte, reason, text];
    downloadCsv(`${this.#name}-rejects.csv`, [[...ofFiles ? ["file"] : [], "line", "byte", "reason", "row"], ...rejects.map(row)]);
  }

  #zone() {
    const hasTimes = /** @type {Dataset} */ (this.#dataset).schema.some(({ type }) => type === "time");
    if (!hasTimes) return nothing;
    return html`<p class="controls"><label>Times without a zone are of the clocks of
      <select name="zone" @focus=${() => this.#showZones()} @pointerdown=${() => this.#showZones()} @change=${(/** @type {any} */ e) => this.actions.rezone(e.target.value)}>
        ${(this.#areZonesShown ? ZONES : [this.#timezone]).map(zone => html`<option ?selected=${zone === this.#timezone}>${zone}</option>`)}
      </select></label></p>`;
  }

  /** Hundreds of options take longer to draw than all else, and few people look at them. */
  #showZones() {
    if (this.#areZonesShown) return;
    this.#areZonesShown = true;
    this.redraw();
  }

  #questions() {
    const { questions = [] } = /** @type {Dataset} */ (this.#dataset).report;
    return questions.map(({ column, question, choices }) => html`<p class="question">${question}
      ${choices.map(order => html`<button type="button" @click=${() => this.actions.order(column, order)}>${ORDERS[order]}</button> `)}</p>`);
  }

  #encoding() {
    const { format, encoding, pattern = "" } = /** @type {Dataset} */ (this.#dataset).report;
    if (!TEXTS.includes(format)) return nothing;
    const known = ENCODINGS.some(([label]) => label === encoding);
    return html`<p class="controls"><label>It is read as
      <select name="kind" @change=${(/** @type {any} */ e) => this.actions.reformat({ kind: e.target.value, pattern: undefined, separator: undefined })}>
        ${TEXTS.map(kind => html`<option value=${kind} ?selected=${kind === format}>${KINDS[kind]}</option>`)}
      </select></label>
      ${format === "log" ? html`<label>whose lines are <input name="pattern" title="A known log's name, Apache's LogFormat or nginx's log_format" .value=${pattern} @change=${(/** @type {any} */ e) => this.actions.reformat({ kind: "log", pattern: e.target.value })}></label>` : nothing}
      <label>in
      <select name="encoding" @change=${(/** @type {any} */ e) => this.actions.reformat({ encoding: e.target.value })}>
        ${known ? nothing : html`<option selected value=${encoding}>${encoding}</option>`}
        ${ENCODINGS.map(([label, name]) => html`<option value=${label} ?selected=${label === encoding}>${name}</option>`)}
      </select></label></p>`;
  }

  template() {
    if (!this.#dataset) return nothing;
    const { read, used, rejected, filtered, duplicate, rejects, preset, notes = [], left_out = [], quarantined = [] } = this.#dataset.report;
    const unread = rejected - (this.#dataset.report.steps ?? []).reduce((sum, step) => sum + step.rejected, 0);
    const ofFiles = rejects.some(({ file }) => file !== undefined);
    return html`
      <section class="panel" id="health" aria-labelledby="health-title">
        <h2 id="health-title">Data health</h2>
        <p class="equation">
          <span><strong>${count(read)}</strong> rows read</span> =
          <span><button type="button" class="figure" title="Show the rows" @click=${() => this.actions.rows()}><strong>${count(used)}</strong></button> used</span> +
          <span>${rejected ? html`<a href="#rejected"><strong>${count(rejected)}</strong></a>` : html`<strong>0</strong>`} rejected</span> +
          <span><strong>${count(filtered)}</strong> filtered</span> +
          <span><strong>${count(duplicate)}</strong> duplicate</span>
        </p>
        <p class="fine">${describe(this.#dataset.report)}</p>
        ${preset ? html`<p class="fine">The columns are those of ${preset}.</p>` : nothing}
        ${notes.map(note => html`<p class="fine">${note}</p>`)}
        ${left_out.length ? html`<p class="fine">Columns that cannot be read: ${left_out.join(", ")}.</p>` : nothing}
        ${this.#questions()}
        ${this.#encoding()}
        ${this.#zone()}
        ${rejects.length ? html`
        <div class="controls" id="rejected"><h3>Rejected rows</h3><button type="button" @click=${() => this.#download()}>Download rejects</button></div>
        ${unread > rejects.length ? html`<p class="fine">The first ${count(rejects.length)} of ${count(unread)} are kept.</p>` : nothing}
        <div class="scroll" tabindex="0" role="region" aria-label="Rejected rows">
          <table class="rejects">
            <thead><tr>${ofFiles ? html`<th scope="col">file</th>` : nothing}<th scope="col" class="number">line</th><th scope="col" class="number">byte</th><th scope="col">reason</th><th scope="col">row</th></tr></thead>
            <tbody>${rejects.slice(0, this.#shown).map(({ file, line, byte, reason, text }) => html`<tr>
              ${ofFiles ? html`<td>${file}</td>` : nothing}<td class="number">${count(line)}</td><td class="number">${count(byte)}</td><td>${reason}</td><td class="row" title=${text.slice(0, 2000)}><code>${text.slice(0, 300)}</code></td>
            </tr>`)}</tbody>
          </table>
        </div>
        ${rejects.length > this.#shown ? html`<p class="fine">${count(this.#shown)} of ${count(rejects.length)} shown.
          <button type="button" @click=${() => this.#showMore()}>Show more</button></p>` : nothing}` : html`<p>Every row could be read.</p>`}
        ${quarantined.length ? html`
        <h3 id=${rejects.length ? nothing : "rejected"}>Quarantine</h3>
        <div class="scroll" tabindex="0" role="region" aria-label="Rows in quarantine">
          <table class="rejects">
            <thead><tr><th scope="col" class="number">step</th><th scope="col" class="number">row</th><th scope="col">reason</th><th scope="col">values</th></tr></thead>
            <tbody>${quarantined.slice(0, this.#shown).map(({ step, row, reason, columns, values }) => html`<tr>
              <td class="number">${step}</td><td class="number">${count(row)}</td><td>${reason}</td><td class="row"><code>${columns.map((name, at) => `${name}: ${values[at] ?? "–"}`).join(", ").slice(0, 300)}</code></td>
            </tr>`)}</tbody>
          </table>
        </div>` : nothing}
      </section>`;
  }
}

/** How the records are written, in a sentence. @param {import("../clickfold.js").Report} report */
function describe({ format, separator, header, pattern }) {
  switch (format) {
    case "csv": return `Cells are separated by ${SEPARATORS[separator ?? ""] ?? separator}; the first row ${header ? "names the columns" : "is data"}.`;
    case "blanks": return `Cells are separated by blanks; the first row ${header ? "names the columns" : "is data"}.`;
    case "log": return `Each line of the log is a request: ${pattern}.`;
    case "parquet": return "A Parquet file.";
    case "arrow": return "An Arrow file.";
    case "ndjson": return "Each line is a JSON object.";
    case "json": return "A JSON document; each object of its largest array is a row.";
  }
}
