/** Any question: its answer as a table, and as a chart where it is one of numbers over time. */

/** @import { Table } from "../clickfold.js" */
/** @import { Desk, View } from "../views.js" */

import { html, nothing } from "lit";
import { choice } from "../choices.js";
import { WIDTHS } from "../ranges.js";
import { inZone } from "../zones.js";

const MOST_ROWS = 200, MOST_LINES = 6;

/** @typedef {{ group_by?: (string | { column: string, as?: string, every?: string })[], every?: string }} Grouped */

/** @param {Desk} desk */
function keysIn({ query }) {
  const keys = /** @type {Grouped | undefined} */ (query)?.group_by;
  return (Array.isArray(keys) ? keys : []).map(key => typeof key === "string" ? { column: key } : key);
}

/** Columns of numbers, which are written as such; ids are names, though they may be of digits alone. @param {Desk} desk @param {Table} table */
function numbersIn(desk, { columns }) {
  const names = new Set([...keysIn(desk).map(({ column, as }) => as ?? column), ...desk.dataset.schema.filter(({ role }) => role && !["price", "quantity"].includes(role)).map(({ name }) => name)]);
  return columns.filter(({ name, type }) => ["int", "decimal", "float"].includes(type) && !names.has(name)).map(({ name }) => name);
}

/** The width of the bucket that a column of times was asked with. @param {Desk} desk @param {string} name */
function everyOf(desk, name) {
  const key = keysIn(desk).find(({ column, as, every }) => every && (as ?? column) === name);
  return key?.every ?? /** @type {Grouped | undefined} */ (desk.query)?.every ?? "1s";
}

/** @type {View} */
export const any = {
  needs: [],
  title: words => words.any.title,
  lines: limit => limit,
  ask: ({ query, timezone }) => ({ plan: () => ({ answer: { query: inZone(/** @type {import("../clickfold.js").Query} */ (query), timezone) } }) }),
  template(desk, answers) {
    const { words, format } = desk, table = answers.get("answer"), rows = table?.rows() ?? [];
    if (!table || !rows.length) return html`<p class="note">${words.empty}</p>`;
    const numbers = new Set(numbersIn(desk, table));
    /** @param {import("../views.js").Row} row @param {string} name */
    const text = (row, name) => {
      const value = row[name];
      if (value instanceof Date) return format.time(value, everyOf(desk, name));
      if (typeof value === "boolean") return value ? words.yes : words.no;
      if (!numbers.has(name)) return format.name(value, words.none);
      return desk.query?.kind !== "aggregate" && /^rate|_rate$/.test(name) ? format.percent(value) : format.number(value, { maximumFractionDigits: table.columns.find(column => column.name === name)?.type === "float" ? 2 : 6 });
    };
    const [first, ...others] = table.columns;
    return html`${chartOf(desk, table, rows, [...numbers])}
    <div class="scroll" tabindex="0" role="group" aria-labelledby="title"><table part="table" aria-labelledby="title">
      <thead><tr>${table.columns.map(({ name }) => html`<th scope="col" class=${numbers.has(name) ? "number" : nothing}>${name}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, MOST_ROWS).map(row => html`<tr part="row" @click=${() => desk.choose(row)}>
        <th scope="row" class=${numbers.has(first.name) ? "number" : nothing}>${choice(text(row, first.name))}</th>${others.map(({ name }) => html`<td class=${numbers.has(name) ? "number" : nothing}>${text(row, name)}</td>`)}
      </tr>`)}</tbody>
    </table></div>
    ${table.columns.some(({ type }) => type === "time") ? html`<p class="fine">${words.zone(format.zone())}</p>` : nothing}
    ${rows.length > MOST_ROWS ? html`<p class="fine">${words.first(format.number(MOST_ROWS), format.number(rows.length))}</p>` : nothing}`;
  },
  summary({ words, format }, answers) {
    const n = answers.get("answer")?.numRows ?? 0;
    return words.rows({ n, text: format.number(n), plurals: format.plurals });
  },
};

/** @param {Desk} desk @param {Table} table @param {import("../views.js").Row[]} rows @param {string[]} numbers */
function chartOf(desk, { columns: [first, ...others] }, rows, numbers) {
  const times = rows.map(row => row[first.name]), every = everyOf(desk, first.name);
  // One row a time, in their order: with further keys there would be several lines in one.
  const isSeries = first.type === "time" && numbers.length && numbers.length === others.length && rows.length > 1 && times.every((time, at) => time instanceof Date && (!at || time > /** @type {Date} */ (times[at - 1])));
  if (!isSeries) return nothing;
  const series = numbers.slice(0, MOST_LINES).map(name => ({ name, values: rows.map(row => Number(row[name] ?? 0)) }));
  return desk.chart({ times: /** @type {Date[]} */ (times), series, every: WIDTHS.has(every) ? every : "1m" }, at => desk.choose(rows[at]));
}
