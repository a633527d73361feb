/** @import { ClickfoldError, Dataset, Engine, Lost, Role } from "../clickfold.js" */
/** @import { State, Wanted } from "./state.js" */

import { html, nothing, render, svg } from "lit";
import "./page.css";
import { ColumnsPanel } from "./columns.js";
import { EmptyView } from "./empty.js";
import { count, sentence, size } from "./format.js";
import { HealthPanel } from "./health.js";
import { RankingPanel } from "./ranking.js";
import { RowsPanel } from "./rows.js";
import { emptyState } from "./state.js";
import { TimelinePanel } from "./timeline.js";

const engineModule = "./clickfold.js";
/** @type {Promise<Engine>} */
let engine = boot();
let state = emptyState();
let isQueued = false;

const ranking = new RankingPanel(redraw);
const timeline = new TimelinePanel(redraw);
/** It comes when the first answers stand. @type {import("../more/cleaning.js").CleaningPanel | undefined} */
let cleaning;
/** Likewise. @type {import("../more/joining.js").JoiningPanel | undefined} */
let joining;
/** Likewise. @type {Awaited<ReturnType<typeof import("../more/events.js").openQuestions>> | undefined} */
let questions;
const rows = new RowsPanel(redraw);
const columns = new ColumnsPanel({ retype, rerole, redraw, fail: failOf, open: (title, where) => void (state.dataset && rows.show(state.dataset, title, where)) });
const health = new HealthPanel(redraw, {
  reformat: change => void again({ format: { ...state.format, ...change } }),
  rezone: timezone => void again({ timezone }),
  order: (column, order) => void retell(column, { order }),
  rows: () => void (state.dataset && rows.show(state.dataset, state.name, [])),
});
const empty = new EmptyView({ choose: openFiles, sample: openSample });

/** @returns {Promise<Engine>} */
async function boot() {
  const { open } = await import(engineModule);
  return open({ onLost });
}

/** Says that rows are read again, or why the file is closed. @param {Lost} lost */
async function onLost({ datasets, rebuilt }) {
  const { dataset, name } = state;
  if (!dataset || !datasets.includes(dataset)) return;
  const stopped = `A part of the engine had stopped, and ${name} `;
  set({ notice: `${stopped}is read again. Questions are answered after that.`, said: "Reading the rows again" });
  const isThere = (await rebuilt).includes(dataset);
  if (state.dataset !== dataset) return;
  if (isThere) set({ notice: `${stopped}was read again: all ${count(dataset.rows)} rows are there.`, said: "All rows are there again" });
  else await dataset.query({ kind: "rows", limit: 1 }).catch(error => failOf(dataset, error)); // it says why
}

function redraw() {
  if (isQueued) return;
  isQueued = true;
  queueMicrotask(() => {
    isQueued = false;
    render(page(), document.body);
    timeline.draw();
  });
}

/** @param {Partial<State>} change */
function set(change) {
  state = { ...state, ...change };
  document.title = state.name ? `${state.name} – Clickfold` : "Clickfold";
  redraw();
}

/** @param {File[]} files */
function openFiles(files) {
  const [{ name }, ...others] = files;
  replace({ name: others.length ? `${name} and ${others.length} more` : name, source: () => files, told: new Map() });
}

/** @param {string} name */
function openSample(name) {
  replace({ name: name.replace(/\.gz$/, ""), source: () => new URL(__SAMPLES__[name], import.meta.url), told: new Map() });
}

/**
 * Reads a file in place of the one that is shown. Where that fails or is cancelled, the one before is read again: both at once
 * could be more than a tab may hold.
 * @param {Wanted} wanted
 */
async function replace(wanted) {
  const before = state;
  if (await load(wanted) || state.view !== "empty") return;
  if (before.view === "loaded" && before.source) await load({ name: before.name, source: before.source, told: before.told, format: before.format, timezone: before.timezone, recipe: before.recipe }, state.error);
}

/**
 * @param {Wanted} wanted
 * @param {string} [error] To be shown meanwhile and after.
 * @returns {Promise<boolean>} Whether it was read.
 */
async function load({ name, source, told, format, timezone, recipe }, error = "") {
  state.abort?.abort();
  state.dataset?.close().catch(() => {}); // it is of no use any more in any case
  const abort = new AbortController();
  set({ ...emptyState(), view: "loading", name, source, told, format, timezone, recipe, abort, error, said: `Reading ${name}` });
  try {
    const schema = Object.fromEntries(told);
    engine = engine.catch(boot); // once more, where that failed
    const dataset = await (await engine).load(await source(), { format, schema, timezone, clean: recipe, signal: abort.signal, onProgress: progress => state.abort === abort && set({ progress }) });
    state.columns = new Set(dataset.schema.map(field => field.name)); // further ones are no file's to be told of
    if (state.abort === abort) await show(dataset);
    else await dataset.close();
    return true;
  } catch (thrown) {
    if (state.abort === abort) fail(thrown);
    return false;
  }
}

/** @param {Dataset} dataset @param {string} [told] what happened to it, if it was not just loaded */
async function show(dataset, told) {
  const said = told ?? `${count(dataset.rows)} rows loaded${dataset.report.rejected ? `, ${count(dataset.report.rejected)} rejected` : ""}`;
  columns.show(dataset, state.told);
  health.show(dataset, state.name, state.timezone ?? "UTC");
  cleaning?.show(dataset, state.name, state.recipe ?? []);
  joining?.show(dataset);
  set({ view: "loaded", dataset, progress: undefined, said });
  await Promise.all([ranking.show(dataset, only()), timeline.show(dataset, only()), columns.sample()]);
  redraw();
  await Promise.all([fetchPanels(), fetchQuestions()]);
  // What had the focus went with the view before: whoever goes by the keyboard goes on from the file's name.
  if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (document.querySelector(".file h2"))?.focus();
}

/** Panels that the first answer does not need. */
async function fetchPanels() {
  if (cleaning && joining) return;
  try {
    const { CleaningPanel, JoiningPanel } = /** @type {typeof import("../more/panels.js")} */ (await import(new URL(__PANELS__, import.meta.url).href));
    const drawing = { html, nothing, count };
    cleaning ??= new CleaningPanel(drawing, { redraw, clean: recipe => void again({ recipe }), fail: error => set({ error }) });
    joining ??= new JoiningPanel(drawing, {
      engine: () => engine, redraw, fail: error => set({ error: /** @type {Error} */ (error).message }),
      changed: () => show(/** @type {Dataset} */ (state.dataset)), rows: (title, answer) => void rows.showTable(title, answer),
    });
  } catch {
    return; // without a network the page is one without them
  }
  if (state.dataset) {
    cleaning.show(state.dataset, state.name, state.recipe ?? []);
    joining.show(state.dataset);
  }
  redraw();
}

/** What is asked of the engine as a whole about ways and customers. */
async function fetchQuestions() {
  try {
    questions ??= await (/** @type {typeof import("../more/events.js")} */ (await import(new URL(__EVENTS__, import.meta.url).href))).openQuestions({ html, svg, nothing, count }, {
      redraw, rows: (title, answer) => void rows.showTable(title, answer), segment: (name, query) => void segment(name, query, true), keep: (name, query) => void segment(name, query, false),
    });
  } catch {
    return; // as above
  }
  if (state.dataset) questions.show(state.dataset, only());
  redraw();
}

/** Makes a column that says who answers a question, and shows nobody else, if wished. @param {string} name @param {import("../clickfold.js").Query} query @param {boolean} isFilter */
async function segment(name, query, isFilter) {
  const dataset = /** @type {Dataset} */ (state.dataset);
  const isFree = (/** @type {string} */ column) => dataset.schema.every(field => field.name !== column);
  let free = name;
  for (let n = 2; isFilter && !isFree(free); n++) free = `${name} (${n})`;
  await narrow(dataset, async () => {
    const { column, rows } = await dataset.segment(free, query);
    return { segment: isFilter ? { name, column } : state.segment, said: isFilter ? `Only ${name}` : `${column} is a column now, true in ${count(rows)} rows` };
  });
}

function clearSegment() {
  void narrow(/** @type {Dataset} */ (state.dataset), async () => ({ segment: undefined, said: "All rows again" }));
}

/** Shows the data anew, of other rows or with other columns, unless another file was opened meanwhile. @param {Dataset} dataset @param {() => Promise<Partial<State>>} change */
async function narrow(dataset, change) {
  try {
    const changed = await change();
    if (state.dataset !== dataset) return;
    state = { ...state, ...changed, error: "" };
    await show(dataset, changed.said);
  } catch (error) {
    if (state.dataset !== dataset) return;
    set({ error: /** @type {Error} */ (error).message });
  }
}

/** The condition that all of the page is about. */
const only = () => state.segment ? [{ column: state.segment.column, eq: true }] : [];

/** @param {unknown} thrown */
function fail(thrown) {
  const error = /** @type {ClickfoldError} */ (thrown);
  if (error.code === "CANCELLED") return set({ ...emptyState(), said: "Cancelled" });
  set({ ...emptyState(), error: state.name ? `“${state.name}”: ${error.message}` : error.message });
}

/** Likewise, where it comes of a file that may be shown no more: then it is told already, or of no use. @param {Dataset} dataset @param {unknown} thrown */
function failOf(dataset, thrown) {
  if (state.dataset === dataset) fail(thrown);
}

/** @param {string} column @param {string} type */
async function retype(column, type) {
  await retell(column, { type: type || undefined });
}

/** Reads the file again, of which something was told of a column. @param {string} column @param {object} change */
async function retell(column, change) {
  await again({ told: new Map(state.told).set(column, { ...state.told.get(column), ...change }) });
}

/** Reads the file again, of which something else was told. @param {Partial<Wanted>} change */
async function again(change) {
  const { name, source, told, format, timezone, recipe } = state;
  if (source) await replace({ name, source, told, format, timezone, recipe, ...change });
}

/** @param {string} column @param {Role | null} role */
async function rerole(column, role) {
  const { dataset, told } = state, before = told.get(column);
  if (!dataset) return;
  // At once: the file may be read again before the role is there.
  if (state.columns.has(column)) told.set(column, { ...before, role });
  const said = told.get(column);
  try {
    await dataset.setRoles({ [column]: role }).catch(error => {
      if (told.get(column) === said && before) told.set(column, before);
      else if (told.get(column) === said) told.delete(column);
      throw error;
    });
    if (state.dataset === dataset) await show(dataset);
  } catch (error) {
    if (state.dataset === dataset) set({ error: /** @type {Error} */ (error).message });
  }
}

const page = () => html`
  <header class="top">
    <h1><span class="mark" aria-hidden="true"></span>Clickfold</h1>
    <p class="promise">Computed in this tab. Nothing is uploaded.</p>
  </header>
  <main ?data-dragging=${state.dragging}>
    ${state.error ? html`<p class="error" role="alert">${sentence(state.error)}</p>` : nothing}
    ${state.notice ? html`<p class="question" id="lost">${state.notice}</p>` : nothing}
    ${state.view === "empty" ? empty.template() : state.view === "loading" ? loading() : loaded()}
  </main>
  <p class="unseen" role="status" aria-live="polite">${state.said}</p>`;

function loading() {
  const { bytes = 0, totalBytes, rows = 0, rejected = 0 } = state.progress ?? {};
  const share = totalBytes ? Math.min(1, bytes / totalBytes) : 0;
  return html`
    <section class="panel loading" aria-labelledby="loading-title">
      <h2 id="loading-title">Reading ${state.name}</h2>
      <progress aria-labelledby="loading-title" max="1" value=${totalBytes ? share : nothing}></progress>
      <p class="figures"><strong>${count(rows)}</strong> rows · ${size(bytes)}${totalBytes ? ` of ${size(totalBytes)}` : ""}${rejected ? ` · ${count(rejected)} rejected` : ""}</p>
      <button type="button" @click=${() => state.abort?.abort()}>Cancel</button>
    </section>`;
}

function loaded() {
  const dataset = /** @type {Dataset} */ (state.dataset);
  const { rejected, bytes } = dataset.report;
  return html`
    <section class="file" aria-label="The file">
      <div>
        <h2 tabindex="-1">${state.name}</h2>
        <p>${count(dataset.rows)} rows · ${size(bytes)}${rejected ? html` · <a href="#health">${count(rejected)} rejected</a>` : ""}</p>
      </div>
      ${empty.picker("Open another file")}
    </section>
    ${state.segment ? html`<p class="question" id="only">Ranking, time line and questions: only ${state.segment.name} <button type="button" class="figure" @click=${clearSegment}>× show all</button></p>` : nothing}
    <div class="panels">
      ${ranking.template()}
      <div class="stack">
        ${timeline.template()}
        ${health.template()}
      </div>
    </div>
    ${questions?.dataset === dataset ? questions.template() : nothing}
    ${columns.template()}
    ${cleaning?.template() ?? nothing}
    ${joining?.template() ?? nothing}
    ${rows.template()}`;
}

addEventListener("dragover", event => {
  event.preventDefault();
  if (!state.dragging) set({ dragging: true });
});
addEventListener("dragleave", event => event.relatedTarget ?? set({ dragging: false }));
addEventListener("drop", event => {
  event.preventDefault();
  set({ dragging: false });
  const files = [...event.dataTransfer?.files ?? []];
  if (files.length) openFiles(files);
});

engine.catch(fail);
redraw();
if ("serviceWorker" in navigator) navigator.serviceWorker.register(new URL("sw.js", import.meta.url), { scope: "./" }).catch(() => {}); // only the offline copy is lost
