/** Events over time, a line for each action. */

/** @import { Cell } from "../clickfold.js" */
/** @import { Words } from "../language.js" */
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

/** A line; that of an action says which. @typedef {import("../charts.js").Drawing["series"][number] & { action?: Cell }} Line */
/** @typedef {{ times: Date[], every: string, series: Line[] }} Lines */

/** What was drawn last at each desk: as long as the answers are the same, so is the drawing. @type {WeakMap<Desk, { answers: Answers, lines: Lines }>} */
const drawn = new WeakMap();

/** @param {Desk} desk @param {Answers} answers */
function linesOf(desk, answers) {
  const last = drawn.get(desk);
  if (last?.answers === answers) return last.lines;
  const lines = newLines(desk, answers);
  drawn.set(desk, { answers, lines });
  return lines;
}

/** @param {Desk} desk @param {Answers} answers @returns {Lines} */
function newLines({ dataset, words }, answers) {
  const each = answers.get("each")?.rows() ?? [], rest = answers.get("rest")?.rows() ?? [], every = bucketFor(rangeIn(answers));
  const found = [...each, ...rest].map(row => /** @type {Date} */ (row.time)).sort((a, b) => a.getTime() - b.getTime());
  const times = withGaps(found.filter((time, at) => !at || time > found[at - 1]), every);
  const places = new Map(times.map((time, at) => [time.getTime(), at]));
  /** @param {Row[]} rows */
  const valuesOf = rows => {
    const values = times.map(() => 0);
    for (const { time, n } of rows) values[/** @type {number} */ (places.get(/** @type {Date} */ (time).getTime()))] = Number(n);
    return values;
  };
  if (!byRole(dataset, "action")) return { times, every, series: [{ name: words.timeline.events, values: valuesOf(rest) }] };
  /** @type {Line[]} */
  const series = drawnIn(answers).map(action => ({ name: actionName(dataset, words, action), values: valuesOf(each.filter(row => isSame(row.action, action))), action }));
  if (rest.length) series.push({ name: words.timeline.others, values: valuesOf(rest) });
  return { times, every, series };
}

/** @param {Cell} a @param {Cell} b */
const isSame = (a, b) => (a === null) === (b === null) && actionKey(a) === actionKey(b);

/** Events of all lines at a time. @param {Lines} lines @param {number} at */
const allAt = ({ series }, at) => series.reduce((sum, { values }) => sum + values[at], 0);

/** @param {Desk} desk @param {Answers} answers */
function summaryOf(desk, answers) {
  const { words, format } = desk, lines = linesOf(desk, answers), { times, every } = lines, range = rangeIn(answers);
  if (!times.length || !range) return words.empty;
  const counts = times.map((_, at) => allAt(lines, at)), n = counts.reduce((sum, n) => sum + n, 0), peak = counts.reduce((most, n, at) => n > counts[most] ? at : most, 0);
  const [from, to] = range.map(time => format.time(time, every));
  const within = words.timeline.within[/** @type {keyof Words["timeline"]["within"]} */ (every)];
  return words.timeline.summary({ events: words.events({ n, text: format.number(n), plurals: format.plurals }), from, to, peak: within(format.time(times[peak], every)), most: format.number(counts[peak]) });
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
        const every = bucketFor(rangeIn(scouted)), bucket = { column: time.name, every, timezone, as: "time" };
        /** @param {object[]} where @param {object[]} keys */
        const counted = (where, keys) => ({ query: { kind: "aggregate", where: [{ column: time.name, is_null: false }, ...where], group_by: [bucket, ...keys], measures, order_by: ["time"] } });
        if (!action) return { rest: counted([], []) };
        const drawn = drawnIn(scouted), names = drawn.filter(value => value !== null).map(actionKey), ofNone = (/** @type {boolean} */ are) => are ? [{ column: action.name, is_null: true }] : [];
        const each = counted([{ any: [{ column: action.name, in: names }, ...ofNone(drawn.includes(null))] }], [{ column: action.name, as: "action" }]);
        // Each event is in one of both answers, which come one after the other: a difference of two would be of two times.
        return drawn.length === actionsIn(scouted).length ? { each } : { each, rest: counted([{ any: [{ column: action.name, not_in: names }, ...ofNone(!drawn.includes(null))] }], []) };
      },
    });
  },
  template(desk, answers) {
    const { words, format } = desk, lines = linesOf(desk, answers), { times, series, every } = lines;
    const shown = times.map((time, at) => ({ time, at })).slice(-MOST_ROWS).reverse();
    return html`<p class="sentence" part="summary">${summaryOf(desk, answers)}</p>
      ${desk.chart(lines, at => desk.choose(rowAt(lines, at)))}
      <p class="fine">${words.timeline.clock(words.timeline.intervals[/** @type {keyof Words["timeline"]["intervals"]} */ (every)], format.zone())}</p>
      ${desk.disclosure("table", words.asTable, () => html`<div class="scroll" tabindex="0" role="group" aria-label=${words.asTable}><table part="table">
        <thead><tr><th scope="col">${words.roles.time}</th>${series.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
        <tbody>${shown.map(({ time, at }) => html`<tr part="row" @click=${() => desk.choose(rowAt(lines, at))}><th scope="row">${choice(format.time(time, every))}</th>${series.map(({ values }) => html`<td class="number">${format.number(values[at])}</td>`)}</tr>`)}</tbody>
      </table></div>${times.length > shown.length ? html`<p class="fine">${words.newest(format.number(shown.length))}</p>` : ""}`)}`;
  },
  summary: summaryOf,
};

/** What a point says: its time, how many events there are, and how many of each action, by what the data call it. @param {Lines} lines @param {number} at @returns {Row} */
function rowAt(lines, at) {
  /** @type {Row} */
  const row = Object.create(null);
  for (const { action, values } of lines.series) {
    if (action !== undefined && action !== null) row[String(action)] = values[at];
  }
  return Object.assign(row, { time: lines.times[at], n: allAt(lines, at) });
}
