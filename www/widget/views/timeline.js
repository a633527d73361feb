/** Events over time, a line for each action. */

/** @import { Cell } from "../clickfold.js" */
/** @import { Desk, Row, View } from "../views.js" */
/** @import { Answers } from "../watching.js" */

import { html } from "lit";
import { actionKey } from "../../page/actions.js";
import { byRole } from "../../page/state.js";
import { actionName, actionsIn, actionsOf } from "../actions.js";
import { choice } from "../choices.js";
import { bucketFor, rangeIn, rangeOf, timeOf, withGaps } from "../ranges.js";

const MOST_LINES = 5;
/** A table of ten thousand hours would hold the page up. */
const MOST_ROWS = 200;

/** The actions that have lines of their own. @param {Answers} answers */
const drawnIn = answers => {
  const actions = actionsIn(answers);
  return actions.length > MOST_LINES + 1 ? actions.slice(0, MOST_LINES) : actions;
};

/** @typedef {import("../charts.js").Drawing} Drawing */

/** What was drawn last at each desk: as long as the answers are the same, so is the drawing. @type {WeakMap<Desk, { answers: Answers, lines: Drawing }>} */
const drawn = new WeakMap();

/** @param {Desk} desk @param {Answers} answers */
function linesOf(desk, answers) {
  const last = drawn.get(desk);
  if (last?.answers === answers) return last.lines;
  const lines = newLines(desk, answers);
  drawn.set(desk, { answers, lines });
  return lines;
}

/** @param {Desk} desk @param {Answers} answers @returns {Drawing} */
function newLines({ dataset, words }, answers) {
  const all = answers.get("all")?.rows() ?? [], each = answers.get("each")?.rows() ?? [], every = bucketFor(rangeIn(answers));
  const times = withGaps(/** @type {Date[]} */ (all.map(row => row.time)), every);
  const places = new Map(times.map((time, at) => [time.getTime(), at]));
  const at = (/** @type {Row} */ row) => /** @type {number} */ (places.get(/** @type {Date} */ (row.time).getTime()));
  const line = () => times.map(() => 0), rest = line();
  for (const row of all) rest[at(row)] = Number(row.n);
  if (!byRole(dataset, "action")) return { times, every, series: [{ name: words.timeline.events, values: rest }] };
  /** @type {Map<string, { name: string, values: number[] }>} */
  const lines = new Map(drawnIn(answers).map(action => [String(action), { name: actionName(dataset, words, action), values: line() }]));
  for (const row of each) {
    const values = lines.get(String(row.action))?.values;
    // The two questions are answered one after the other: what is new may be in one alone.
    if (!values || at(row) === undefined) continue;
    values[at(row)] = Number(row.n);
    rest[at(row)] = Math.max(0, rest[at(row)] - Number(row.n));
  }
  const series = [...lines.values()];
  if (rest.some(n => n)) series.push({ name: words.timeline.others, values: rest });
  return { times, every, series };
}

/** @param {Desk} desk @param {Answers} answers */
function summaryOf({ words, format }, answers) {
  const rows = answers.get("all")?.rows() ?? [], every = bucketFor(rangeIn(answers));
  if (!rows.length) return words.empty;
  const n = rows.reduce((sum, row) => sum + Number(row.n), 0), most = rows.reduce((most, row) => Number(row.n) > Number(most.n) ? row : most);
  const time = (/** @type {Cell} */ cell) => format.time(/** @type {Date} */ (cell), every);
  return words.timeline.summary({ events: words.events({ n, text: format.number(n), plurals: format.plurals }), from: time(rows[0].time), to: time(rows[rows.length - 1].time), peak: time(most.time), most: format.number(most.n) });
}

/** @type {View} */
export const timeline = {
  needs: ["time"],
  title: words => words.timeline.title,
  lines: () => 11,
  ask({ dataset, timezone }) {
    const time = timeOf(dataset), action = byRole(dataset, "action"), measures = { n: { fn: "count" } };
    return /** @type {import("../watching.js").Asking} */ ({
      scout: { ...actionsOf(dataset), ...rangeOf(dataset) },
      plan(scouted) {
        const where = [{ column: time.name, is_null: false }], bucket = { column: time.name, every: bucketFor(rangeIn(scouted)), timezone, as: "time" };
        const all = { query: { kind: "aggregate", where, group_by: [bucket], measures, order_by: ["time"] } };
        if (!action) return { all };
        const drawn = drawnIn(scouted);
        const ofDrawn = { any: [{ column: action.name, in: drawn.filter(value => value !== null).map(actionKey) }, ...drawn.includes(null) ? [{ column: action.name, is_null: true }] : []] };
        return { all, each: { query: { kind: "aggregate", where: [...where, ofDrawn], group_by: [bucket, { column: action.name, as: "action" }], measures, order_by: ["time"] } } };
      },
    });
  },
  template(desk, answers) {
    const { words, format } = desk, lines = linesOf(desk, answers), { times, series, every } = lines;
    const shown = times.map((time, at) => ({ time, at })).slice(-MOST_ROWS).reverse();
    return html`<p class="sentence" part="summary">${summaryOf(desk, answers)}</p>
      ${desk.chart(lines, at => desk.choose(rowAt(lines, at)))}
      ${desk.disclosure("table", words.asTable, () => html`<div class="scroll" tabindex="0" role="group" aria-label=${words.asTable}><table part="table">
        <thead><tr><th scope="col">${words.roles.time}</th>${series.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
        <tbody>${shown.map(({ time, at }) => html`<tr part="row" @click=${() => desk.choose(rowAt(lines, at))}><th scope="row">${choice(format.time(time, every))}</th>${series.map(({ values }) => html`<td class="number">${format.number(values[at])}</td>`)}</tr>`)}</tbody>
      </table></div>${times.length > shown.length ? html`<p class="fine">${words.newest(format.number(shown.length))}</p>` : ""}`)}`;
  },
  summary: summaryOf,
};

/** What a point says: its time, and the number of each line there. @param {Drawing} lines @param {number} at @returns {Row} */
function rowAt({ times, series }, at) {
  const row = Object.create(null);
  row.time = times[at];
  for (const { name, values } of series) row[name] = values[at];
  return row;
}
