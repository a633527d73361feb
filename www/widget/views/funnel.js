/** How many get how far on the way to an order. */

/** @import { Desk, Row, View } from "../views.js" */
/** @import { Answers } from "../watching.js" */

import { html, nothing } from "lit";
import { skippedOf } from "../../more/events/skipped.js";
import { isAction, wayToOrder } from "../../more/events/stages.js";
import { actionName, actionsIn, actionsOf, countedPeople, peopleIn } from "../actions.js";
import { barred } from "../choices.js";

/** @param {Desk} desk @param {Answers} answers @param {Row} row */
const stepName = ({ dataset, words }, answers, row) => actionName(dataset, words, wayToOrder(dataset, actionsIn(answers))[Number(row.step) - 1]);

/** @param {Answers} answers */
const rowsIn = answers => answers.get("funnel")?.rows() ?? [];

/** That many came to the last step by another way: two answers say so, as soon as both are of the same rows. @param {Desk} desk @param {Answers} answers */
function skipping(desk, answers) {
  const { words, format } = desk, [first, ...between] = rowsIn(answers), last = between.pop();
  const direct = answers.get("direct")?.rows()[1]?.actors ?? 0, skipped = skippedOf(Number(direct), Number(last?.actors));
  if (!last || !skipped || answers.get("direct")?.stats.rows_scanned !== answers.get("funnel")?.stats.rows_scanned) return nothing;
  const name = (/** @type {Row} */ row) => stepName(desk, answers, row);
  return html`<p class="fine">${words.funnel.skipped({ people: countedPeople(desk, Number(direct)), first: name(first), last: name(last), skipped: format.number(skipped), between: between.map(name) })}</p>`;
}

/** @type {View} */
export const funnel = {
  needs: ["actor", "time", "action"],
  title: words => words.funnel.title,
  lines: (_, isNarrow) => isNarrow ? 6 : 5,
  ask: ({ dataset }) => ({
    scout: actionsOf(dataset),
    /** @returns {Record<string, import("../watching.js").Asked>} */
    plan(scouted) {
      const way = wayToOrder(dataset, actionsIn(scouted));
      const funnel = (/** @type {import("../clickfold.js").Cell[]} */ way) => ({ query: { kind: /** @type {const} */ ("funnel"), steps: way.map(action => isAction(dataset, action)) } });
      return { ...way.length ? { funnel: funnel(way) } : {}, ...way.length > 2 ? { direct: funnel([way[0], way[way.length - 1]]) } : {} };
    },
  }),
  template(desk, answers) {
    const { words, format } = desk, rows = rowsIn(answers);
    if (!rows.length) return html`<p class="note">${words.empty}</p>`;
    const most = Math.max(1, Number(rows[0].actors));
    return html`<table class="steps" part="table" aria-labelledby="title">
      <thead><tr><th scope="col">${words.funnel.step}</th><th scope="col" class="number">${peopleIn(desk)}</th><th scope="col" class="number">${words.funnel.ofFirst}</th><th scope="col" class="number wide">${words.funnel.ofBefore}</th></tr></thead>
      <tbody>${rows.map((row, at) => html`<tr part="row" @click=${() => desk.choose(row)}>
        <th scope="row">${barred(stepName(desk, answers, row), Number(row.actors) / most)}</th>
        <td class="number">${format.number(row.actors)}</td>
        <td class="number">${format.percent(row.rate)}</td>
        <td class="number wide">${at ? format.percent(row.rate_from_previous) : nothing}</td>
      </tr>`)}</tbody>
    </table>
    ${rows.length > 1 ? html`<p class="fine" part="summary">${funnel.summary(desk, answers)}</p>` : nothing}
    ${skipping(desk, answers)}`;
  },
  summary(desk, answers) {
    const { words, format } = desk, rows = rowsIn(answers), [first, last] = [rows[0], rows[rows.length - 1]];
    if (!first) return words.empty;
    if (first === last) return words.pair(stepName(desk, answers, first), format.number(first.actors));
    return words.funnel.summary({ people: countedPeople(desk, first.actors), first: stepName(desk, answers, first), last: stepName(desk, answers, last), rate: format.percent(last.rate) });
  },
};
