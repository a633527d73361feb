/** @import { ClickfoldError, Dataset, Engine, Role, Source } from "../clickfold.js" */
/** @import { State } from "./state.js" */

import { html, nothing, render } from "lit";
import "./page.css";
import { ColumnsPanel } from "./columns.js";
import { EmptyView } from "./empty.js";
import { count, sentence, size } from "./format.js";
import { HealthPanel } from "./health.js";
import { RankingPanel } from "./ranking.js";
import { emptyState } from "./state.js";
import { TimelinePanel } from "./timeline.js";

const engineModule = "./clickfold.js";
/** @type {Promise<Engine>} */
let engine = boot();
let state = emptyState();
let isQueued = false;

const ranking = new RankingPanel(redraw);
const timeline = new TimelinePanel(redraw);
const columns = new ColumnsPanel({ retype, rerole });
const health = new HealthPanel();
const empty = new EmptyView({ choose: openFile, sample: openSample });

async function boot() {
  const { open } = await import(engineModule);
  return open();
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

/** @param {File} file */
function openFile(file) {
  load(file.name, () => file);
}

/** @param {string} name */
function openSample(name) {
  load(name.replace(/\.gz$/, ""), () => new URL(__SAMPLES__[name], import.meta.url));
}

/**
 * @param {string} name
 * @param {() => Source} source
 * @param {Record<string, string>} [types]
 */
async function load(name, source, types = {}) {
  state.abort?.abort();
  state.dataset?.close().catch(() => {}); // the worker may be gone; a new one is started below
  const abort = new AbortController();
  set({ ...emptyState(), view: "loading", name, source, types, abort, said: `Reading ${name}` });
  try {
    const schema = Object.fromEntries(Object.entries(types).map(([column, type]) => [column, { type: /** @type {any} */ (type) }]));
    const dataset = await (await engine).load(source(), { schema, signal: abort.signal, onProgress: progress => state.abort === abort && set({ progress }) });
    if (state.abort !== abort) return dataset.close();
    await show(dataset);
  } catch (error) {
    if (state.abort === abort) fail(error);
  }
}

/** @param {Dataset} dataset */
async function show(dataset) {
  const said = `${count(dataset.rows)} rows loaded${dataset.report.rejected ? `, ${count(dataset.report.rejected)} rejected` : ""}`;
  columns.show(dataset, state.types);
  health.show(dataset, state.name);
  set({ view: "loaded", dataset, progress: undefined, said });
  await Promise.all([ranking.show(dataset), timeline.show(dataset), columns.sample()]);
  redraw();
}

/** @param {unknown} thrown */
function fail(thrown) {
  const error = /** @type {ClickfoldError} */ (thrown);
  if (error.code === "WORKER_LOST" || error.code === "OUT_OF_MEMORY") engine = boot();
  if (error.code === "CANCELLED") return set({ ...emptyState(), said: "Cancelled" });
  set({ ...emptyState(), error: `${state.name}: ${error.message}` });
}

/** @param {string} column @param {string} type */
function retype(column, type) {
  const types = { ...state.types };
  if (type) types[column] = type;
  else delete types[column];
  if (state.source) load(state.name, /** @type {() => Source} */ (state.source), types);
}

/** @param {string} column @param {Role | null} role */
async function rerole(column, role) {
  if (!state.dataset) return;
  try {
    await state.dataset.setRoles({ [column]: role });
    await show(state.dataset);
  } catch (error) {
    fail(error);
  }
}

const page = () => html`
  <header class="top">
    <h1><span class="mark" aria-hidden="true"></span>Clickfold</h1>
    <p class="promise">Computed in this tab. Nothing is uploaded.</p>
  </header>
  <main ?data-dragging=${state.dragging}>
    ${state.error ? html`<p class="error" role="alert">${sentence(state.error)}</p>` : nothing}
    ${state.view === "empty" ? empty.template() : state.view === "loading" ? loading() : loaded()}
  </main>
  <p class="unseen" role="status" aria-live="polite">${state.said}</p>`;

function loading() {
  const { bytes = 0, totalBytes, rows = 0, rejected = 0 } = state.progress ?? {};
  const share = totalBytes ? Math.min(1, bytes / totalBytes) : 0;
  return html`
    <section class="panel loading" aria-labelledby="loading-title">
      <h2 id="loading-title">Reading ${state.name}</h2>
      <progress aria-labelledby="loading-title" max="1" .value=${share}></progress>
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
        <h2>${state.name}</h2>
        <p>${count(dataset.rows)} rows · ${size(bytes)}${rejected ? html` · <a href="#health">${count(rejected)} rejected</a>` : ""}</p>
      </div>
      ${empty.picker("Open another file")}
    </section>
    <div class="panels">
      ${ranking.template()}
      ${timeline.template()}
    </div>
    ${columns.template()}
    ${health.template()}`;
}

addEventListener("dragover", event => {
  event.preventDefault();
  if (!state.dragging) set({ dragging: true });
});
addEventListener("dragleave", event => event.relatedTarget ?? set({ dragging: false }));
addEventListener("drop", event => {
  event.preventDefault();
  set({ dragging: false });
  const [file] = event.dataTransfer?.files ?? [];
  if (file) openFile(file);
});

engine.catch(fail);
redraw();
if ("serviceWorker" in navigator) navigator.serviceWorker.register(new URL("sw.js", import.meta.url), { scope: "./" }).catch(() => {}); // only the offline copy is lost
