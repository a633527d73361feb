import { html } from "lit";

/** A click anywhere in the drop zone is one on its button. @param {Event} event */
function pressPicker({ target, currentTarget }) {
  if (/** @type {Element} */ (target).closest(".picker")) return;
  /** @type {HTMLElement} */ (/** @type {Element} */ (currentTarget).querySelector("button")).click();
}

/** What is there before a file is: where to drop one, and samples. */
export class EmptyView {
  /** @param {{ choose: (files: File[]) => void, sample: (name: string) => void }} actions */
  constructor(actions) {
    this.actions = actions;
  }

  template() {
    return html`
      <section class="drop" aria-labelledby="drop-title" @click=${pressPicker}>
        <h2 id="drop-title">What sells, and when?</h2>
        <p>Drop your shop's event file here: CSV or JSON with one row or object for each view, cart or order, also packed. Several of one kind are read as one.</p>
        ${this.picker("Choose a file")}
        <p class="fine">It is read by this browser tab and goes nowhere else, online or off.</p>
      </section>
      <section class="samples" aria-labelledby="samples-title">
        <h3 id="samples-title">Or look at a sample</h3>
        <div class="sample-buttons">
          <button type="button" @click=${() => this.actions.sample("otto.csv")}>A real shop's clicks</button>
          <button type="button" @click=${() => this.actions.sample("ecom.csv.gz")}>Half a year of an electronics shop</button>
        </div>
        <p class="fine">862 events of the web shop OTTO (OTTO recommender data set, CC BY 4.0); 31,106 invented events
          (retentioneering, Apache-2.0).</p>
        <p>Events that are still coming? <a href="live.html">Watch a stream</a></p>
      </section>`;
  }

  /** A button that opens the file picker. @param {string} label */
  picker(label) {
    const choose = (/** @type {Event} */ event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      const files = [...input.files ?? []];
      input.value = "";
      if (files.length) this.actions.choose(files);
    };
    const press = (/** @type {Event} */ event) => {
      const button = /** @type {HTMLElement} */ (event.currentTarget);
      /** @type {HTMLInputElement} */ (button.nextElementSibling).click();
    };
    return html`<span class="picker"><button type="button" class="primary" @click=${press}>${label}</button
      ><input type="file" multiple class="unseen" tabindex="-1" aria-hidden="true" accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson,.gz,.zip,.zst,text/*,application/json" @change=${choose}></span>`;
  }
}
