/** @import { Condition, Dataset, Table } from "../clickfold.js" */

import { html, nothing } from "lit";
import { count, exact } from "./format.js";

/** A page of rows is no longer. */
const SHOWN = 100;

/** The rows behind a figure, over the page. */
export class RowsPanel {
  #title = "";
  /** @type {Table | undefined} */
  #table;
  #error = "";
  /** What had the focus before. @type {HTMLElement | null} */
  #before = null;

  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
  }

  /** Opens the rows of a data set that fulfil all conditions. @param {Dataset} dataset @param {string} title @param {Condition[]} where */
  show(dataset, title, where) {
    return this.showTable(title, dataset.query({ kind: "rows", where, limit: SHOWN }, { view: "rows" }));
  }

  /** @param {string} title @param {Promise<Table>} answer */
  async showTable(title, answer) {
    this.#before = /** @type {HTMLElement | null} */ (document.activeElement);
    this.#title = title;
    this.#table = undefined;
    this.#error = "";
    try {
      this.#table = await answer;
    } catch (error) {
      if (/** @type {any} */ (error).code === "CANCELLED") return;
      this.#error = /** @type {Error} */ (error).message;
    }
    this.redraw();
    await Promise.resolve(); // the dialog is drawn
    /** @type {HTMLDialogElement | null} */ (document.querySelector("#rows"))?.showModal();
  }

  #close() {
    /** @type {HTMLDialogElement | null} */ (document.querySelector("#rows"))?.close();
  }

  template() {
    if (!this.#title) return nothing;
    const rows = this.#table?.rows().slice(0, SHOWN) ?? [], columns = this.#table?.columns ?? [];
    return html`
      <dialog id="rows" aria-labelledby="rows-title" @close=${() => this.#before?.focus()} @click=${(/** @type {Event} */ e) => e.target === e.currentTarget && this.#close()}>
        <div class="controls"><h2 id="rows-title">${this.#title}</h2><button type="button" @click=${() => this.#close()}>Close</button></div>
        ${this.#error ? html`<p class="error" role="alert">${this.#error}</p>` : html`
        <p class="fine">${rows.length < SHOWN ? `${count(rows.length)} ${rows.length === 1 ? "row" : "rows"}.` : `The first ${SHOWN} rows.`}</p>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="rows-title">
          <table>
            <thead><tr>${columns.map(({ name, type }) => html`<th scope="col" class=${isNumber(type) ? "number" : ""}>${name}</th>`)}</tr></thead>
            <tbody>${rows.map(row => html`<tr>${columns.map(({ name, type }) => html`<td class=${isNumber(type) ? "number" : ""}>${row[name] === null ? html`<span class="none">–</span>` : exact(row[name])}</td>`)}</tr>`)}</tbody>
          </table>
        </div>`}
      </dialog>`;
  }
}

/** @param {string} type */
const isNumber = type => ["int", "decimal", "float"].includes(type);
