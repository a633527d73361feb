/** @import { ClickfoldError, Dataset, LiveDataset, Source, StreamSource } from "./clickfold.js" */
/** @import { Drawing } from "./charts.js" */
/** @import { Held, News } from "./datasets.js" */
/** @import { Settings } from "./settings.js" */
/** @import { Desk, Row, View } from "./views.js" */
/** @import { Answers } from "./watching.js" */

import { LitElement, html, nothing, unsafeCSS } from "lit";
import { Announcer } from "./announcer.js";
import { Chart } from "./charts.js";
import { moveChoice, settleChoices } from "./choices.js";
import { ClickfoldError as Failure } from "./clickfold.js";
import { hold } from "./datasets.js";
import { Format, languageOf } from "./language.js";
import { PUSHED_FORMAT, Pushed } from "./pushed.js";
import { schemeOf, watchSurroundings } from "./surroundings.js";
import { fromJson, settle } from "./settings.js";
import { missingIn, viewOf } from "./views.js";
import { Watching } from "./watching.js";
import looks from "./widget.css";

/** What another value of asks for, from the least to the most: to say it anew, to ask anew, or another data set. */
const DUE = ["nothing", "say", "ask", "open"], ASKED = ["view", "query", "window", "limit", "timezone"], OPENED = ["source", "src", "options"];
/** @typedef {"say" | "ask" | "open"} Due */
/** Pixels below which there is one bar or card beside another no more. */
const NARROW = 480;

/** Their names, types and meanings. @param {Dataset} dataset */
const columnsOf = ({ schema }) => JSON.stringify(schema.map(({ name, type, role }) => [name, type, role]));

/** `<clickfold-view>`: an answer about a shop's events, kept up to date, in a page of somebody else's. */
export class ClickfoldView extends LitElement {
  static styles = unsafeCSS(looks);
  static properties = {
    src: { reflect: true }, view: { reflect: true }, theme: { reflect: true }, window: { reflect: true }, timezone: { reflect: true }, heading: { reflect: true },
    limit: { reflect: true }, headingLevel: { reflect: true, attribute: "heading-level" },
    query: { converter: fromJson }, options: { converter: fromJson }, source: { attribute: false }, dataset: { attribute: false, noAccessor: true },
  };

  static get observedAttributes() {
    return [...super.observedAttributes, "lang"];
  }

  /** The data set that was given, which is its giver's to close. @type {Dataset | undefined} */
  #given;
  /** The one that was loaded. @type {Held | undefined} */
  #held;
  /** The one that is shown. @type {Dataset | undefined} */
  #shown;
  /** @type {Watching | undefined} */
  #watching;
  /** The last ones that could be. @type {Settings | undefined} */
  #settings;
  /** Whether an attribute or a property is what it cannot be. */
  #isWrong = false;
  /** @type {Desk | undefined} */
  #desk;
  /** @type {Answers | undefined} */
  #answers;
  /** The view that they are of. @type {View | undefined} */
  #answered;
  /** The chart of the view, if it has one, and what is drawn. @type {Chart | undefined} */
  #chart;
  /** @type {{ drawing: Drawing, choose: (at: number) => void } | undefined} */
  #drawing;
  /** What is unfolded. @type {Set<string>} */
  #unfolded = new Set();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;
  /** @type {ClickfoldError | undefined} */
  #error;
  /** @type {News} */
  #news = {};
  /** The stream's state, as it was told last. @type {string | undefined} */
  #state;
  /** Whether it was told that the stream has failed. */
  #isCutOff = false;
  /** Whether rows are read, or a stream is waited for. */
  #isLoading = false;
  /** Whether `clickfold-ready` is still to be told of what is shown. */
  #isNew = false;
  /** What is to be done at the next update. @type {Due | "nothing"} */
  #due = "nothing";
  /** Whether it holds what `disconnectedCallback` frees. */
  #isAlive = false;
  /** @type {(() => void) | undefined} */
  #unwatchSurroundings;
  #announcer = new Announcer(text => { /** @type {HTMLElement} */ (this.renderRoot.querySelector("[role=status]")).textContent = text; });

  constructor() {
    super();
    /** @type {string | null} */
    this.src = null;
    /** @type {string | null} */
    this.view = null;
    /** @type {string | null} */
    this.theme = null;
    /** @type {string | null} */
    this.window = null;
    /** @type {string | null} */
    this.timezone = null;
    /** @type {string | null} */
    this.heading = null;
    /** @type {number | string | null} */
    this.limit = null;
    /** @type {number | string | null} */
    this.headingLevel = null;
    /** @type {import("./clickfold.js").Query | string | null} */
    this.query = null;
    /** @type {import("./datasets.js").Options | string | null} */
    this.options = null;
    /** @type {Source | StreamSource | null} */
    this.source = null;
    const early = Object.getOwnPropertyDescriptor(this, "events")?.value;
    delete (/** @type {any} */ (this).events);
    this.#pushed = new Pushed(() => this.#pushedFirst(), error => this.#tell(error));
    if (Array.isArray(early)) this.#pushed.take(early);
  }

  /** @type {Pushed} */
  #pushed;

  /** Rows from the page itself. */
  get events() {
    return this.#pushed;
  }

  /**
   * The data set that is shown. Before there is one it is what all elements have by this name, the map of their `data-` attributes, for
   * scripts of the page that look at any element's.
   * @type {any}
   */
  get dataset() {
    return this.#given ?? this.#shown ?? super.dataset;
  }

  set dataset(/** @type {Dataset | null | undefined} */ dataset) {
    this.#given = dataset ?? undefined;
    this.#do("open");
  }

  connectedCallback() {
    super.connectedCallback();
    this.#unwatchSurroundings ??= watchSurroundings(this, () => this.#do("say"));
    if (this.#isAlive) return;
    this.#isAlive = true;
    this.#do("open");
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#unwatchSurroundings?.();
    this.#unwatchSurroundings = undefined;
    // An element that is moved is connected again before the task ends.
    setTimeout(() => this.isConnected || this.#free());
  }

  /** @param {string} name @param {string | null} before @param {string | null} value */
  attributeChangedCallback(name, before, value) {
    super.attributeChangedCallback(name, before, value);
    if (name !== "lang" || before === value) return;
    // To a screen reader "auto" is no language: it says the same as none.
    if (value === "auto") this.removeAttribute("lang");
    this.#do("say");
  }

  /** @param {Due} due */
  #do(due) {
    this.#raise(due);
    this.requestUpdate();
  }

  /** @param {Due} due */
  #raise(due) {
    if (DUE.indexOf(due) > DUE.indexOf(this.#due)) this.#due = due;
  }

  /** @param {Map<PropertyKey, unknown>} changed */
  willUpdate(changed) {
    const isAny = (/** @type {string[]} */ names) => names.some(name => changed.has(name));
    if (changed.size) this.#raise(isAny(OPENED) ? "open" : isAny(ASKED) ? "ask" : "say");
    if (!this.#isAlive || this.#due === "nothing" || this.#isWrong && !changed.size) return;
    // What was wrong may be right now.
    if (this.#isWrong) this.#raise("ask");
    try {
      this.#settings = settle(this);
      this.#isWrong = false;
    } catch (error) {
      this.#isWrong = true;
      this.#stopAsking();
      return this.#fail(error);
    }
    const due = this.#due;
    this.#due = "nothing";
    if (due === "open") this.#open();
    else if (due === "ask") this.#ask();
    else if (this.#shown && this.#desk) this.#desk = this.#newDesk(this.#shown, this.#settings);
  }

  updated() {
    settleChoices(this.renderRoot);
    this.#draw();
    if (!this.#isNew || this.#isLoading || this.#error) return;
    this.#isNew = false;
    this.#emit("clickfold-ready", this.#shown);
  }

  /** Has the data set that is to be shown, and asks it. */
  #open() {
    this.#close();
    if (this.#given) return this.#show(this.#given);
    const options = /** @type {import("./datasets.js").Options} */ (/** @type {Settings} */ (this.#settings).options), source = this.source ?? (this.src || this.#pushed.source);
    if (!source) return;
    const given = this.#isPushed ? { ...options, format: PUSHED_FORMAT, live: options.live ?? {} } : options;
    this.#isLoading = true;
    const held = hold(source, given, news => this.#hear(news));
    this.#held = held;
    held.dataset.then(dataset => this.#held === held && this.#show(dataset), error => this.#held === held && this.#fail(error));
  }

  /** @param {News} news */
  #hear(news) {
    const state = news.status?.state;
    this.#news = news;
    // What is counted of a stream that has events is told by the views, at their own pace.
    if (state && state === this.#state && this.#shown) return;
    this.#state = state;
    this.requestUpdate();
    if (news.status?.state !== "failed" || this.#isCutOff || !this.#shown) return;
    this.#isCutOff = true;
    this.#tell(new Failure("SOURCE_LOST", news.status.reason ?? "the stream has ended"));
  }

  /** @param {Dataset} dataset */
  #show(dataset) {
    this.#shown = dataset;
    this.#isNew = true;
    if (this.#isPushed) this.#pushed.follow(dataset);
    this.#ask();
  }

  #ask() {
    this.#stopAsking();
    this.#error = undefined;
    const dataset = this.#shown, settings = this.#settings;
    if (!dataset || !settings) return;
    this.#isLoading = true;
    if (!dataset.report.read) return this.#awaitRows(dataset);
    const view = this.#view, missing = missingIn(view, dataset);
    if (missing.length) {
      return this.#fail(new Failure("UNKNOWN_COLUMN", `this view needs a column with the role ${missing.map(role => role === "time" ? "time and that type" : role).join(", and one with the role ")}; the data has ${dataset.schema.map(({ name, role, type }) => `${name} (${role ? `${role}, ` : ""}${type})`).join(", ")}. Say which with options, such as {"schema": {"${dataset.schema[0]?.name}": {"role": "${missing[0]}"}}}`));
    }
    this.#desk = this.#newDesk(dataset, settings);
    const columns = columnsOf(dataset);
    this.#watching = new Watching(dataset, view.ask(this.#desk), answers => {
      // What is asked depends on what the columns are: the first value of one may come late.
      if (columnsOf(dataset) !== columns) return this.#ask();
      this.#isLoading = false;
      this.#answered = view;
      this.#answers = answers;
      this.#announcer.say(view.summary(/** @type {Desk} */ (this.#desk), answers));
      this.requestUpdate();
    }, error => this.#fail(error));
    this.#ticking = view.isTicking ? setInterval(() => this.requestUpdate(), 1000) : undefined;
    this.requestUpdate();
  }

  /** Says that there are no rows, which tell what their columns are, and asks what is to be shown once there are. @param {Dataset} dataset */
  #awaitRows(dataset) {
    this.#watching = new Watching(dataset, { plan: () => ({ rows: { query: { kind: "aggregate", measures: { n: { fn: "count" } } } } }) }, () => {
      if (dataset.report.read) return this.#ask();
      this.#isLoading = false;
      this.#announcer.say(languageOf(this).words.nothingGiven);
      this.requestUpdate();
    }, error => this.#fail(error));
    this.requestUpdate();
  }

  /** @param {Dataset} dataset @param {Settings} settings @returns {Desk} */
  #newDesk(dataset, settings) {
    const { words, tag } = languageOf(this);
    return {
      ...settings, dataset, words, format: new Format(tag, settings.timezone), memory: this.#desk?.memory ?? new Map(),
      choose: row => this.#emit("clickfold-select", row),
      chart: (drawing, choose) => {
        this.#drawing = { drawing, choose };
        return html`<div class="chart" part="chart"></div>`;
      },
      disclosure: (name, label, content) => html`<details ?open=${this.#unfolded.has(name)} @toggle=${(/** @type {Event} */ event) => this.#unfold(name, /** @type {HTMLDetailsElement} */ (event.target).open)}>
        <summary part="disclosure">${label}</summary>${this.#unfolded.has(name) ? content() : nothing}
      </details>`,
    };
  }

  /** @param {string} name @param {boolean} isOpen */
  #unfold(name, isOpen) {
    if (isOpen === this.#unfolded.has(name)) return;
    if (isOpen) this.#unfolded.add(name);
    else this.#unfolded.delete(name);
    this.requestUpdate();
  }

  /** Puts the chart into its place. */
  #draw() {
    const place = /** @type {HTMLElement | null} */ (this.renderRoot.querySelector(".chart"));
    if (!place || !this.#drawing || !this.#desk) return this.#chart?.clear();
    const { drawing, choose } = this.#drawing, { format, words } = this.#desk;
    this.#chart ??= new Chart(/** @type {ShadowRoot} */ (this.renderRoot));
    void this.#chart.draw(place, drawing, { format, words, choose });
  }

  /** @returns {View} */
  get #view() {
    const { view, query } = /** @type {Settings} */ (this.#settings);
    return viewOf(query, view);
  }

  /** Whether what is shown comes from the page's own rows. */
  get #isPushed() {
    return !this.#given && !this.source && !this.src;
  }

  /** The first rows were pushed: they are a source, unless another is given. */
  #pushedFirst() {
    if (this.#isAlive && this.#isPushed && !this.#held) this.#do("open");
  }

  #close() {
    this.#stopAsking();
    this.#announcer.stop();
    this.#pushed.leave();
    this.#held?.release(this.#error !== undefined || this.#isCutOff);
    this.#held = this.#shown = this.#answers = this.#desk = this.#error = undefined;
    this.#news = {};
    this.#state = undefined;
    this.#isCutOff = this.#isLoading = this.#isNew = false;
  }

  #stopAsking() {
    this.#watching?.stop();
    this.#watching = undefined;
    clearInterval(this.#ticking);
  }

  #free() {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#close();
    this.#chart?.clear();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#isLoading = false;
    this.#error = /** @type {ClickfoldError} */ (error);
    this.#tell(error);
    this.requestUpdate();
  }

  /** @param {unknown} error */
  #tell(error) {
    this.#emit("clickfold-error", error);
  }

  /** @param {string} name @param {unknown} detail */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  render() {
    const { words, tag } = languageOf(this), settings = this.#settings;
    const title = settings?.heading || (settings ? this.#view.title(words, this.#shown) : "Clickfold");
    const level = settings?.headingLevel ?? 2;
    return html`<section part="frame" lang=${tag} dir="ltr" data-scheme=${schemeOf(this, settings?.theme ?? "auto")} aria-label=${level ? nothing : title} aria-labelledby=${level ? "title" : nothing} aria-busy=${this.#isLoading}>
      <div id="title" part="title" role=${level ? "heading" : nothing} aria-level=${level || nothing} ?hidden=${!level}>${title}</div>
      <div class="body" @keydown=${(/** @type {KeyboardEvent} */ event) => moveChoice(event, this.renderRoot)}>${this.#body()}</div>
      <p class="unseen" role="status"></p>
    </section>`;
  }

  #body() {
    const { words } = languageOf(this);
    if (this.#error) return this.#failure(this.#error);
    if (this.#answers && this.#desk && this.#answered === this.#view) return html`${this.#view.template(this.#desk, this.#answers)}${this.#connection()}`;
    if (this.#isLoading) return this.#skeleton();
    return html`<p class="note" part="status">${words.nothingGiven}</p>`;
  }

  #skeleton() {
    const { words, tag } = languageOf(this), { limit, timezone } = /** @type {Settings} */ (this.#settings);
    const { progress: { bytes = 0, totalBytes = 0 } = {}, status } = this.#news;
    const said = status ? status.state === "open" ? words.waiting : words.live.states[status.state] : bytes < totalBytes ? words.loadingShare(new Format(tag, timezone).percent(bytes / totalBytes, 0)) : words.loading;
    return html`<div class="skeleton" part="skeleton"><p class="note" part="status">${said}</p>
      ${this.#trouble()}
      ${Array.from({ length: this.#view.lines(limit, this.offsetWidth < NARROW) }, () => html`<span class="ghost" aria-hidden="true"></span>`)}</div>`;
  }

  /** What keeps the first event of a stream from coming. */
  #trouble() {
    const { words, tag } = languageOf(this), { status } = this.#news;
    const isAway = status?.state === "reconnecting", why = isAway ? status?.reason : status?.refused;
    if (!status || !why) return nothing;
    const format = new Format(tag, /** @type {Settings} */ (this.#settings).timezone), n = status.counters.invalid_frames;
    return html`<p class="fine">${isAway ? words.unreached : words.refused({ n, text: format.number(n), plurals: format.plurals })}</p>${this.#details(why)}`;
  }

  /** A stream that brings nothing any more: what is shown is as of its last event. */
  #connection() {
    const { words } = languageOf(this), status = /** @type {Partial<LiveDataset> | undefined} */ (this.#shown)?.status;
    if (status?.state !== "failed" && status?.state !== "reconnecting") return nothing;
    return html`<div class="cut-off"><span part="status">${words.cutOff[status.state]}</span>${status.state === "failed" && this.#held ? this.#retry() : nothing}</div>`;
  }

  #retry() {
    return html`<button type="button" part="retry" @click=${() => this.#do("open")}>${languageOf(this).words.retry}</button>`;
  }

  /** @param {ClickfoldError} error */
  #failure(error) {
    const { words } = languageOf(this), known = /** @type {Record<string, string[]>} */ (words.errors);
    const [what, toDo] = Object.hasOwn(known, error.code) ? known[error.code] : words.errors.OTHER;
    return html`<div class="failure" part="error">
      <p role="alert"><strong>${what}</strong> ${toDo}</p>
      ${this.#isWrong ? nothing : this.#retry()}
      ${this.#details(error.message)}
    </div>`;
  }

  /** @param {string} sentence of the engine's, which speaks English */
  #details(sentence) {
    return html`<details><summary>${languageOf(this).words.details}</summary><p class="fine" lang="en">${sentence}</p></details>`;
  }
}
