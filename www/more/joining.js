/** @import { Dataset, Engine, Field, Joined, Table } from "../clickfold.js" */

/** A second file, and the columns that hold the key in both. @typedef {{ file: File, on: [string, string] }} Wish */

/** Brings a second file's columns in: a catalogue of items, a list of customers. */
export class JoiningPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  /** The file that is chosen, and its columns. @type {{ file: File, fields: Field[] } | undefined} */
  #second;
  /** What was joined, newest last. @type {{ wish: Wish, joined: Joined }[]} */
  #done = [];
  #isBusy = false;

  /**
   * @param {{ html: typeof import("lit").html, nothing: symbol, count: (n: number) => string }} drawing
   * @param {{
   *   engine: () => Promise<Engine>, redraw: () => void, fail: (error: unknown) => void, changed: () => Promise<void>,
   *   rows: (title: string, answer: Promise<Table>) => void,
   * }} actions
   */
  constructor(drawing, actions) {
    this.drawing = drawing;
    this.actions = actions;
  }

  /** @param {Dataset} dataset */
  show(dataset) {
    if (this.#dataset === dataset) return;
    this.#dataset = dataset;
    this.#second = undefined;
    this.#done = [];
  }

  /** @param {Event} event */
  async #choose(event) {
    const input = /** @type {HTMLInputElement} */ (event.target), [file] = input.files ?? [];
    input.value = "";
    if (!file) return;
    await this.#busy(async () => {
      const second = await (await this.actions.engine()).load(file);
      this.#second = { file, fields: second.schema };
      await second.close();
    });
  }

  /** @param {Event} event */
  #join(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target)), dataset = this.#dataset, second = this.#second;
    if (!dataset || !second) return;
    const on = /** @type {[string, string]} */ ([String(form.get("own")), String(form.get("other"))]);
    void this.#busy(async () => {
      const joined = await dataset.join(second.file, { on });
      this.#done.push({ wish: { file: second.file, on }, joined });
      this.#second = undefined;
      await this.actions.changed();
    });
  }

  /** @param {() => Promise<void>} run */
  async #busy(run) {
    this.#isBusy = true;
    this.actions.redraw();
    try {
      await run();
    } catch (error) {
      this.actions.fail(error);
    }
    this.#isBusy = false;
    this.actions.redraw();
  }

  /** The keys that are most likely meant: columns of one name, or else that of the items. @param {Field[]} fields @returns {[string, string]} */
  #guess(fields) {
    const own = /** @type {Dataset} */ (this.#dataset).schema;
    const same = fields.find(({ name }) => own.some(field => field.name === name));
    return same ? [same.name, same.name] : [(own.find(({ role }) => role === "item") ?? own[0]).name, (fields.find(({ role }) => role === "item") ?? fields[0]).name];
  }

  template() {
    const { html, nothing } = this.drawing, dataset = this.#dataset;
    if (!dataset) return nothing;
    const second = this.#second, [own, other] = second ? this.#guess(second.fields) : ["", ""];
    /** @param {Field[]} fields @param {string} chosen */
    const options = (fields, chosen) => fields.map(({ name }) => html`<option ?selected=${name === chosen}>${name}</option>`);
    return html`
      <section class="panel" id="joining" aria-labelledby="joining-title">
        <h2 id="joining-title">Second file</h2>
        <p class="fine">A catalogue of items, or a list of customers: its columns are put beside the rows with the same key.</p>
        ${this.#done.map(({ wish, joined }) => this.#told(wish, joined))}
        ${second ? html`<form class="controls" @submit=${(/** @type {Event} */ e) => this.#join(e)}>
          <label>${second.file.name}, where <select name="other">${options(second.fields, other)}</select></label>
          <label>is <select name="own">${options(dataset.schema, own)}</select></label>
          <button type="submit" ?disabled=${this.#isBusy}>Bring its columns in</button>
        </form>` : nothing}
        <p class="controls"><span class="picker"><button type="button" ?disabled=${this.#isBusy} @click=${(/** @type {any} */ e) => e.currentTarget.nextElementSibling.click()}>${this.#isBusy ? "Reading…" : "Choose a second file"}</button
          ><input type="file" class="unseen" tabindex="-1" aria-hidden="true" @change=${(/** @type {Event} */ e) => this.#choose(e)}></span></p>
      </section>`;
  }

  /** @param {Wish} wish @param {Joined} joined */
  #told({ file, on: [own] }, { columns, matched, without, keysWithout, repeated, unused, unusedRows }) {
    const { html, nothing, count } = this.drawing, dataset = /** @type {Dataset} */ (this.#dataset);
    const isMatched = columns[columns.length - 1];
    const unmatched = () => this.actions.rows(`rows whose ${own} is not in ${file.name}`, dataset.query({ kind: "rows", where: [{ column: isMatched, eq: false }], limit: 100 }));
    const rest = () => this.actions.rows(`rows of ${file.name} that no event has`, unusedRows());
    const figure = (/** @type {number} */ n, /** @type {() => void} */ open) => n ? html`<button type="button" class="figure" @click=${open}>${count(n)}</button>` : "0";
    return html`<p><strong>${file.name}</strong> brought in ${columns.slice(0, -1).join(", ") || "no column"}: ${count(matched)} rows have their key in it,
      ${figure(without, unmatched)} have not (${count(keysWithout)} different); ${figure(unused, rest)} of its rows are of no event${repeated ? html`, ${count(repeated)} repeat a key` : nothing}.</p>`;
  }
}
