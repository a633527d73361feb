/** @import { CleaningStep, Dataset, Field } from "../clickfold.js" */

/**
 * A step that can be added: what it is called, whether it wants a column, of which types, and what else it asks for.
 * @typedef {{ name: string, label: string, of?: string[], asks?: { name: string, label: string, value?: string, choices?: [string, string][], of?: string[] }[], make: (column: string, asked: Record<string, string>) => CleaningStep | CleaningStep[] }} Offer
 */

/** @type {Offer[]} */
const OFFERS = [
  { name: "trim", label: "Trim blanks around texts", make: () => ({ step: "trim" }) },
  { name: "case", label: "Write in small letters", of: ["text"], make: column => ({ step: "case", columns: [column], to: "lower" }) },
  { name: "replace", label: "Replace a value", of: ["text", "int", "bool"], asks: [{ name: "old", label: "value" }, { name: "new", label: "by" }], make: (column, { old, new: by }) => ({ step: "replace", column, values: { [old]: by } }) },
  {
    name: "impute", label: "Fill empty cells", of: ["text", "int", "decimal", "time", "bool"],
    asks: [{ name: "strategy", label: "with", choices: [["median", "the median"], ["mean", "the mean"], ["most_frequent", "the most frequent"], ["ffill", "the one before"], ["constant", "this value:"]] }, { name: "value", label: "value" }],
    make: (column, { strategy, value }) => ({ step: "impute", column, strategy, indicator: true, ...strategy === "constant" ? { value } : {} }),
  },
  { name: "drop", label: "Leave out rows with an empty cell", of: ["text", "int", "decimal", "time", "bool", "uuid"], make: column => ({ step: "impute", column, strategy: "drop" }) },
  { name: "drop_duplicates", label: "Leave out repeated rows", make: () => ({ step: "drop_duplicates" }) },
  { name: "by", label: "Keep the first row of each value", of: ["text", "int", "uuid", "time"], make: column => ({ step: "drop_duplicates", by: [column] }) },
  {
    name: "filter", label: "Keep only rows where", of: ["text", "int", "decimal", "time", "bool"],
    asks: [{ name: "compare", label: "is", choices: [["eq", "equal to"], ["ne", "not"], ["gte", "at least"], ["lte", "at most"], ["contains", "a text with"]] }, { name: "value", label: "value" }],
    make: (column, { compare, value }) => ({ step: "filter", where: [{ column, [compare]: value }] }),
  },
  { name: "negative", label: "Quarantine negative values", of: ["int", "decimal"], make: column => ({ step: "quarantine", rule: "negative", column }) },
  { name: "outlier", label: "Quarantine outliers", of: ["int", "decimal"], make: column => ({ step: "quarantine", rule: "outlier", column }) },
  { name: "future", label: "Quarantine times after", of: ["time"], asks: [{ name: "after", label: "day", value: new Date().toISOString().slice(0, 10) }], make: (column, { after }) => ({ step: "quarantine", rule: "future", column, after }) },
  { name: "bots", label: "Leave out known bots and crawlers", of: ["text"], make: column => ({ step: "bots", column }) },
  { name: "derive", label: "Compute a column", asks: [{ name: "as", label: "called", value: "revenue" }, { name: "expr", label: "as", value: "price * quantity" }], make: (_, asked) => ({ step: "derive", as: asked.as, expr: asked.expr }) },
  {
    name: "clock", label: "Make one time of the day", of: ["time", "text"], asks: [{ name: "clock", label: "and the hour in", of: ["text", "time"] }, { name: "as", label: "called", value: "date_time" }],
    make: (column, { clock, as }) => [{ step: "derive", as, expr: `concat(${quoted(column)}, ' ', ${quoted(clock)})` }, { step: "cast", columns: [as], to: "time" }],
  },
  { name: "parse", label: "Read times written as", of: ["text", "int"], asks: [{ name: "format", label: "format", value: "%d/%m/%Y %H:%M" }], make: (column, { format }) => ({ step: "parse", column, format }) },
];

/**
 * The recipe: its steps with what they did, and those that can be added. Each change reads the file again. The page fetches
 * the panel once its first answers stand, and gives it what it draws with.
 */
export class CleaningPanel {
  /** @type {Dataset | undefined} */
  #dataset;
  /** @type {CleaningStep[]} */
  #recipe = [];
  #name = "";
  #offer = OFFERS[0];

  /**
   * @param {{ html: typeof import("lit").html, nothing: symbol, count: (n: number) => string }} drawing
   * @param {{ redraw: () => void, clean: (recipe: CleaningStep[]) => void, fail: (sentence: string) => void }} actions
   */
  constructor(drawing, actions) {
    this.drawing = drawing;
    this.actions = actions;
  }

  /** @param {Dataset} dataset @param {string} name @param {CleaningStep[]} recipe */
  show(dataset, name, recipe) {
    this.#dataset = dataset;
    this.#name = name;
    this.#recipe = recipe;
  }

  /** @param {Event} event */
  #add(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const asked = Object.fromEntries([...form].map(([key, value]) => [key, String(value)]));
    this.actions.clean([...this.#recipe, ...[this.#offer.make(asked.column ?? "", asked)].flat()]);
  }

  #save() {
    const url = URL.createObjectURL(new Blob([JSON.stringify(this.#recipe, null, 2) + "\n"], { type: "application/json" }));
    Object.assign(document.createElement("a"), { href: url, download: `${this.#name}-recipe.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  /** @param {Event} event */
  async #open(event) {
    const input = /** @type {HTMLInputElement} */ (event.target), [file] = input.files ?? [];
    input.value = "";
    if (!file) return;
    try {
      const recipe = JSON.parse(await file.text());
      if (!Array.isArray(recipe)) throw new Error("it is no list of steps");
      this.actions.clean(recipe);
    } catch (error) {
      this.actions.fail(`“${file.name}” is no recipe: ${/** @type {Error} */ (error).message}`);
    }
  }

  template() {
    const { html, nothing, count } = this.drawing, dataset = this.#dataset;
    if (!dataset) return nothing;
    const { steps = [] } = dataset.report, { of, asks = [] } = this.#offer;
    const columnsOf = (/** @type {string[] | undefined} */ of) => dataset.schema.filter((/** @type {Field} */ { type }) => of?.includes(type)), columns = columnsOf(of);
    return html`
      <section class="panel" id="cleaning" aria-labelledby="cleaning-title">
        <h2 id="cleaning-title">Cleaning</h2>
        <p class="fine">Steps are applied to all rows in this order. Each change reads the file again; the recipe can be saved, and opened on the next export.</p>
        ${steps.length ? html`<ol class="steps">${steps.map((step, at) => html`<li>
          <span>${sentenceOf(this.#recipe[at])}</span> <span class="fine">${outcome(step, count)}${step.note ? ` – ${step.note}` : ""}</span>
          <button type="button" aria-label=${`Take step ${at + 1} out: ${sentenceOf(this.#recipe[at])}`} @click=${() => this.actions.clean(this.#recipe.filter((_, other) => other !== at))}>Take out</button>
        </li>`)}</ol>` : html`<p>No step yet: all rows are used as they were read.</p>`}
        <form class="controls" @submit=${(/** @type {Event} */ e) => this.#add(e)}>
          <label>Add <select name="step" @change=${(/** @type {any} */ e) => {
            this.#offer = OFFERS.find(({ name }) => name === e.target.value) ?? OFFERS[0];
            this.actions.redraw();
          }}>${OFFERS.map(({ name, label }) => html`<option value=${name} ?selected=${name === this.#offer.name}>${label}</option>`)}</select></label>
          ${of ? html`<label>in <select name="column" required>${columns.map(({ name }) => html`<option>${name}</option>`)}</select></label>` : nothing}
          ${asks.map(({ name, label, value = "", choices, of }) => html`<label>${label} ${of
            ? html`<select name=${name}>${columnsOf(of).map(({ name }) => html`<option>${name}</option>`)}</select>` : choices
            ? html`<select name=${name}>${choices.map(([key, text]) => html`<option value=${key}>${text}</option>`)}</select>`
            : html`<input name=${name} .value=${value}>`}</label>`)}
          <button type="submit" ?disabled=${of && !columns.length}>Add</button>
        </form>
        <p class="controls">
          ${this.#recipe.length ? html`<button type="button" @click=${() => this.actions.clean(this.#recipe.slice(0, -1))}>Undo last step</button>
          <button type="button" @click=${() => this.#save()}>Save recipe</button>` : nothing}
          <span class="picker"><button type="button" @click=${(/** @type {any} */ e) => e.currentTarget.nextElementSibling.click()}>Open recipe</button
          ><input type="file" class="unseen" tabindex="-1" aria-hidden="true" accept=".json,application/json" @change=${(/** @type {Event} */ e) => this.#open(e)}></span>
        </p>
      </section>`;
  }
}

/** A column's name as an expression has it. @param {string} name */
const quoted = name => `"${name.replaceAll('"', '""')}"`;

/** A step as a person reads it. @param {CleaningStep | undefined} step */
function sentenceOf(step) {
  if (!step) return "";
  const { step: name, ...rest } = step;
  const told = Object.entries(rest).map(([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [name.replaceAll("_", " "), ...told].join(", ");
}

/** @param {import("../clickfold.js").StepReport} step @param {(n: number) => string} count */
function outcome({ filtered, duplicate, rejected, changed }, count) {
  const parts = [[changed, "values changed"], [filtered, "rows left out"], [duplicate, "repeated rows left out"], [rejected, "rows in quarantine"]];
  return parts.filter(([n]) => n).map(([n, what]) => `${count(/** @type {number} */ (n))} ${what}`).join(", ") || "nothing to do";
}
