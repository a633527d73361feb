/** A page that watches a stream with the widget's views. docs/streams.md has what it is for. */

/** @import { Engine, LiveDataset, Role, StreamSource, StreamStatus } from "../clickfold.js" */
/** @import { Kind, Wanted } from "./address.js" */
/** @typedef {import("../widget/element.js").ClickfoldView} Widget */

import { downloadCsv } from "../page/csv.js";
import { count, sentence } from "../page/format.js";
import { parse, policyOf, problemOf, serverOf, write } from "./address.js";
import "./live.css";

const VIEWS = ["live", "kpi", "funnel", "timeline"];
/** Roles that the views ask for, in a visitor's words. @type {[Role, string][]} */
const ROLES = [["time", "When it happened"], ["actor", "Who did it"], ["action", "What was done"], ["item", "With which item"]];
/** A tab that is left open for days is not to run out of memory. */
const KEEP = { rows: 1_000_000 };
/** Says, over the change of address, that it was the visitor who wanted to connect and no link. */
const ASKED = "clickfold-connect";

const form = find("source", HTMLFormElement), kind = find("kind", HTMLSelectElement), at = find("at", HTMLInputElement), speed = find("speed", HTMLSelectElement);
const lateness = find("lateness", HTMLSelectElement), id = find("id", HTMLInputElement), problem = find("problem", HTMLElement);
const section = find("stream", HTMLElement), title = find("stream-title", HTMLElement), state = find("state", HTMLElement), failure = find("failure", HTMLElement);
const length = find("window", HTMLSelectElement), pause = find("pause", HTMLButtonElement), late = find("late", HTMLButtonElement), end = find("stop", HTMLButtonElement), counted = find("counted", HTMLElement);
const meanings = find("meanings", HTMLElement), roles = find("roles", HTMLElement), views = find("views", HTMLElement);

/** @type {Promise<Engine> | undefined} */
let engine;
/** What is watched; there may be no event yet. @type {{ abort: AbortController, dataset?: LiveDataset } | undefined} */
let running;

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function find(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

const query = () => new URLSearchParams(location.search);
const widgets = () => /** @type {Widget[]} */ ([...views.children]);

/** Puts into the form what the address says. */
function fill() {
  const asked = query(), to = asked.get("to");
  const wanted = to === null ? undefined : parse(to);
  if (wanted) kind.value = wanted.kind;
  if (wanted?.kind === "sample") choose(speed, wanted.at);
  else at.value = wanted?.at ?? "";
  choose(lateness, asked.get("lateness"));
  choose(length, asked.get("window"));
  id.value = asked.get("id") ?? "";
}

/** @param {HTMLSelectElement} select @param {string | null} value one that is not offered changes nothing */
function choose(select, value) {
  if ([...select.options].some(option => option.value === value)) select.value = String(value);
}

/** @returns {Wanted} */
const chosen = () => ({ kind: /** @type {Kind} */ (kind.value), at: kind.value === "sample" ? speed.value : at.value.trim() });

/** The column of the events' ids, where the form asks for it. @param {Wanted} wanted */
const idOf = wanted => wanted.kind === "sample" ? "" : id.value.trim();

/** The form's choice as an address of this page. @param {Wanted} wanted */
function addressOf(wanted) {
  const url = new URL(location.pathname, location.href);
  url.searchParams.set("to", write(wanted));
  url.searchParams.set("window", length.value);
  url.searchParams.set("lateness", lateness.value);
  if (idOf(wanted)) url.searchParams.set("id", idOf(wanted));
  return url;
}

/** Shows the fields of the source that is chosen, and says what a click on "Connect" would do. */
function explain() {
  const wanted = chosen(), isSample = wanted.kind === "sample", isChannel = wanted.kind === "broadcast", server = serverOf(wanted);
  find("place", HTMLElement).hidden = isSample;
  find("pace", HTMLElement).hidden = !isSample;
  find("ids", HTMLElement).hidden = isSample;
  find("at-label", HTMLElement).textContent = isChannel ? "The channel's name" : "Address";
  at.placeholder = isChannel ? "shop" : wanted.kind === "websocket" ? "wss://shop.example/events" : "https://shop.example/events";
  find("where", HTMLElement).textContent = isSample ? "31,106 invented events of an electronics shop (retentioneering, Apache-2.0) come once more, as they came then. They lie on this site."
    : isChannel ? "What other tabs of this site in this browser post to the channel is shown. No server is spoken to."
    : server ? `“Connect” opens a connection to ${server}. The browser then keeps this page from reaching any other server but its own.`
    : "Nothing is connected to before you say so.";
  complain();
}

/** @param {string} [text] nothing, if all is well */
function complain(text = "") {
  problem.hidden = !text;
  problem.textContent = text;
  at.setAttribute("aria-invalid", String(Boolean(text)));
}

/** Connects; where the address says something else, from the page that has the policy for this source. */
function submit() {
  const wanted = chosen(), wrong = problemOf(wanted), url = addressOf(wanted);
  if (wrong) {
    complain(wrong);
    return at.focus();
  }
  if (url.search === location.search) return void connect();
  sessionStorage.setItem(ASKED, url.search);
  location.assign(url);
}

/** The stream that the address names: the page's policy is for that one. */
async function connect() {
  const wanted = parse(query().get("to") ?? ""), wrong = problemOf(wanted);
  if (wrong) return complain(wrong);
  const abort = new AbortController(), { signal } = abort, current = running = /** @type {NonNullable<typeof running>} */ ({ abort });
  open(nameOf(wanted));
  try {
    if (!isLimited()) throw new Error("the page's policy is missing, so it could speak to any server; serve all files of the folder together, and load it again");
    await import(new URL("widget.js", document.baseURI).href);
    const source = await sourceOf(wanted, signal);
    engine ??= start();
    const dataset = await (await engine).connect(source, { lateness: lateness.value, keep: KEEP, ...idOf(wanted) && { id: idOf(wanted) }, signal, onStatus: status => running === current && follow(status) });
    if (running !== current) return await dataset.close();
    current.dataset = dataset;
    follow(dataset.status);
    show(dataset);
  } catch (error) {
    if (running === current) fail(error);
  }
}

const isLimited = () => [...document.querySelectorAll("meta")].some(({ httpEquiv, content }) => httpEquiv === "Content-Security-Policy" && content === policyOf(location.search));

/** @param {Wanted} wanted @param {AbortSignal} signal @returns {Promise<StreamSource>} */
async function sourceOf({ kind, at }, signal) {
  switch (kind) {
    case "websocket": return { websocket: at };
    case "sse": return { sse: at };
    case "fetch": return { fetch: at };
    case "broadcast": return { broadcast: at };
    case "sample": {
      const response = await fetch(new URL(__SAMPLES__["ecom.csv.gz"], document.baseURI), { signal });
      if (!response.ok) throw new Error(`the sample cannot be fetched (${response.status})`);
      return { file: await response.blob(), speed: Number(at) };
    }
  }
}

/** @returns {Promise<Engine>} */
async function start() {
  try {
    const { open } = await import(new URL("clickfold.js", document.baseURI).href);
    return await open({ onLost: (/** @type {import("../clickfold.js").Lost} */ { error }) => running && fail(error) });
  } catch (error) {
    engine = undefined; // the next try is a new one
    throw error;
  }
}

/** @param {Wanted} wanted */
const nameOf = ({ kind, at }) => kind === "sample" ? "The sample shop, replayed" : kind === "broadcast" ? `Channel ${at}` : at;

/** @param {string} name */
function open(name) {
  form.hidden = true;
  section.hidden = false;
  title.textContent = name;
  document.title = `${name} – Clickfold`;
  failure.hidden = true;
  state.textContent = "Connecting …";
  end.textContent = "Stop";
  counted.textContent = "";
  title.focus();
}

/** @param {StreamStatus} status */
function follow({ state: now, reason = "", counters }) {
  const has = running?.dataset !== undefined, isOver = now === "ended" || now === "failed";
  say({
    connecting: "Connecting …", open: has ? "Connected." : "Connected. Waiting for the first event …", paused: "Paused.",
    reconnecting: `There is no connection: ${reason}. It is tried again.`, ended: `The stream has ended${reason && `: ${reason}`}.`, failed: "The stream has failed.",
  }[now]);
  if (now === "failed") complainOf(reason);
  pause.textContent = now === "paused" ? "Resume" : "Pause";
  pause.disabled = !has || isOver;
  if (isOver) end.textContent = "Choose another source";
  late.textContent = counters.late ? `Download late rows (${count(counters.late)})` : "Download late rows";
  late.disabled = !has || !counters.late;
  const { received, frames, invalid, invalid_frames, dropped_frames, duplicate } = counters;
  counted.textContent = `${count(received)} events in ${count(frames)} messages · ${count(duplicate)} duplicate · ${count(invalid + invalid_frames)} invalid · ${count(dropped_frames)} messages dropped`;
}

/** Screen readers are told of a change, and not each time that a count is another. @param {string} text */
function say(text) {
  if (state.textContent !== text) state.textContent = text;
}

/** @param {LiveDataset} dataset */
function show(dataset) {
  views.replaceChildren(...VIEWS.map(view => Object.assign(document.createElement("clickfold-view"), { view, window: length.value, dataset })));
  meanings.hidden = false;
  roles.replaceChildren(...ROLES.map(([role, label]) => roleField(dataset, role, label)));
}

/** Where a visitor says which column it is. @param {LiveDataset} dataset @param {Role} role @param {string} text */
function roleField(dataset, role, text) {
  const field = document.createElement("div"), label = document.createElement("label"), select = document.createElement("select");
  label.textContent = text;
  label.htmlFor = select.id = `role-${role}`;
  select.append(new Option("(no column)", ""), ...dataset.schema.map(({ name }) => new Option(name, name)));
  select.value = dataset.schema.find(field => field.role === role)?.name ?? "";
  select.addEventListener("change", () => setRole(dataset, role, select.value).catch(fail));
  field.append(label, select);
  return field;
}

/** @param {LiveDataset} dataset @param {Role} role @param {string} column */
async function setRole(dataset, role, column) {
  const before = dataset.schema.filter(field => field.role === role && field.name !== column).map(({ name }) => [name, null]);
  await dataset.setRoles(Object.fromEntries([...before, ...column ? [[column, role]] : []]));
  if (running?.dataset !== dataset) return;
  // A column has one role: the one that it had before is nobody's now.
  for (const [other] of ROLES) find(`role-${other}`, HTMLSelectElement).value = dataset.schema.find(field => field.role === other)?.name ?? "";
  for (const view of widgets()) view.dataset = dataset;
}

async function downloadLate() {
  const table = await /** @type {LiveDataset} */ (running?.dataset).late(), names = table.columns.map(({ name }) => name);
  downloadCsv("late.csv", [names, ...table.rows().map(row => names.map(name => row[name]))]);
}

/** @param {unknown} error */
function fail(error) {
  if (!running?.dataset) {
    say("");
    end.textContent = "Choose another source";
  }
  complainOf(/** @type {Error} */ (error).message);
}

/** @param {string} text */
function complainOf(text) {
  failure.textContent = sentence(text);
  failure.hidden = false;
}

function stop() {
  const { abort, dataset } = /** @type {NonNullable<typeof running>} */ (running);
  running = undefined;
  abort.abort();
  dataset?.close().catch(() => {}); // it is of no use any more in any case
  views.replaceChildren();
  section.hidden = meanings.hidden = true;
  form.hidden = false;
  pause.disabled = late.disabled = true;
  document.title = "Watch a stream – Clickfold";
  kind.focus();
}

form.addEventListener("input", explain);
form.addEventListener("submit", event => {
  event.preventDefault();
  submit();
});
length.addEventListener("change", () => {
  history.replaceState(null, "", addressOf(parse(query().get("to") ?? "")));
  for (const view of widgets()) view.window = length.value;
});
pause.addEventListener("click", () => running?.dataset?.status.state === "paused" ? running.dataset.resume() : running?.dataset?.pause());
late.addEventListener("click", () => downloadLate().catch(fail));
end.addEventListener("click", stop);

fill();
explain();
if (sessionStorage.getItem(ASKED) === location.search) void connect();
sessionStorage.removeItem(ASKED);
