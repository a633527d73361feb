/** @import { Dataset, Reject } from "../clickfold.js" */

import { html, nothing } from "lit";
import { count } from "./format.js";

const SEPARATORS = /** @type {Record<string, string>} */ ({ ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" });

const ROWS = 100; // a thousand rows at once would hold the page up

/** What became of the file's rows, and the rejected ones. */
export class HealthPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  #name = "";
  #shown = ROWS;

  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
  }

  /** @param {Dataset} dataset @param {string} name */
  show(dataset, name) {
    this.#dataset = dataset;
    this.#name = name;
    this.#shown = ROWS;
  }

  #showMore() {
    this.#shown += ROWS;
    this.redraw();
  }

  #download() {
    const { rejects } = /** @type {Dataset} */ (this.#dataset).report;
    const url = URL.createObjectURL(new Blob([toCsv(rejects)], { type: "text/csv" }));
    const link = Object.assign(document.createElement("a"), { href: url, download: `${this.#name}-rejects.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  template() {
    if (!this.#dataset) return nothing;
    const { read, used, rejected, filtered, duplicate, rejects } = this.#dataset.report;
    const ofFiles = rejects.some(({ file }) => file !== undefined);
    return html`
      <section class="panel" id="health" aria-labelledby="health-title">
        <h2 id="health-title">Data health</h2>
        <p class="equation">
          <span><strong>${count(read)}</strong> rows read</span> =
          <span><strong>${count(used)}</strong> used</span> +
          <span><strong>${count(rejected)}</strong> rejected</span> +
          <span><strong>${count(filtered)}</strong> filtered</span> +
          <span><strong>${count(duplicate)}</strong> duplicate</span>
        </p>
        <p class="fine">${describe(this.#dataset.report)}</p>
        ${rejected ? html`
        <div class="controls"><h3>Rejected rows</h3><button type="button" @click=${() => this.#download()}>Download rejects</button></div>
        ${rejected > rejects.length ? html`<p class="fine">The first ${count(rejects.length)} of ${count(rejected)} are kept.</p>` : nothing}
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
      </section>`;
  }
}

/** How the records are written, in a sentence. @param {import("../clickfold.js").Report} report */
function describe({ format, separator, header }) {
  switch (format) {
    case "csv": return `Cells are separated by ${SEPARATORS[separator ?? ""] ?? separator}; the first row ${header ? "names the columns" : "is data"}.`;
    case "blanks": return `Cells are separated by blanks; the first row ${header ? "names the columns" : "is data"}.`;
    case "ndjson": return "Each line is a JSON object.";
    case "json": return "A JSON document; each object of its largest array is a row.";
  }
}

/** Rejects as CSV; text that a spreadsheet would run as a formula gets a `'` before it. @param {Reject[]} rejects */
function toCsv(rejects) {
  const defuse = (/** @type {string} */ text) => /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  const quote = (/** @type {string} */ text) => `"${defuse(text).replaceAll('"', '""')}"`;
  const ofFiles = rejects.some(({ file }) => file !== undefined);
  const row = (/** @type {Reject} */ { file = "", line, byte, reason, text }) => [...ofFiles ? [quote(file)] : [], line, byte, quote(reason), quote(text)];
  return [[...ofFiles ? ["file"] : [], "line", "byte", "reason", "row"], ...rejects.map(row)].map(cells => cells.join(",")).join("\r\n") + "\r\n";
}
