/** @import { Desk } from "./desk.js" */
/** @import { Column, Kind, Row } from "./kind.js" */

import { cell } from "../../page/format.js";
import { days, duration, figure, money, percent } from "./words.js";

/** So many rows are drawn at once. */
const SHOWN = 200;

/** A kind's answer as a table. @param {Desk} desk @param {Kind} kind @param {Row[]} answer @param {string} label */
export function table(desk, kind, answer, label) {
  const { html, nothing } = desk, shape = kind.table(answer);
  if (!shape) return nothing;
  const [first] = shape.rows, columns = shape.columns.filter(({ name }) => first && name in first);
  if (!columns.length) return html`<p>Nobody and nothing fits this question.</p>`;
  const isNumber = (/** @type {Column} */ { as = "text" }) => as !== "text" && as !== "time";
  const shown = (/** @type {Column} */ column, /** @type {Row} */ row) => {
    const text = written(desk, column, row), pick = column.pick ? kind.pick(row, column.name) : undefined;
    return pick ? html`<button type="button" class="figure" title=${pick.text} @click=${() => desk.offer(pick)}>${text}</button>` : text;
  };
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${label}>
      <table>
        <thead><tr>${columns.map(column => html`<th scope="col" class=${isNumber(column) ? "number" : ""}>${column.label}</th>`)}</tr></thead>
        <tbody>${shape.rows.slice(0, SHOWN).map(row => html`<tr>${columns.map((column, at) => at === 0 && !isNumber(column)
          ? html`<th scope="row">${shown(column, row)}</th>` : html`<td class=${isNumber(column) ? "number" : ""}>${shown(column, row)}</td>`)}</tr>`)}</tbody>
      </table>
    </div>
    ${shape.rows.length > SHOWN ? html`<p class="fine">The first ${SHOWN} of ${desk.count(shape.rows.length)} rows.</p>` : nothing}`;
}

/** A value as its column writes it. @param {Desk} desk @param {Column} column @param {Row} row */
function written(desk, { name, as = "text", digits = 0 }, row) {
  const value = row[name];
  switch (as) {
    case "count": return desk.count(value);
    case "rate": return percent(value);
    case "seconds": return duration(value);
    case "days": return days(value);
    case "money": return money(value, digits);
    case "figure": return figure(value);
    default: return cell(value);
  }
}
