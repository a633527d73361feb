/** How many get how far on the way to an order. */

/** @import { Desk, Row, View } from "../views.js" */
/** @import { Answers } from "../watching.js" */

import { html, nothing } from "lit";
import { isAction, wayToOrder } from "../../more/events/stages.js";
import { actionName, actionsIn, actionsOf, countedPeople, peopleIn } from "../actions.js";
import { barred } from "../choices.js";

/** @param {Desk} desk @param {Answers} answers @param {Row} row */
const stepName = ({ dataset, words }, answers, row) => actionName(dataset, words, wayToOrder(dataset, actionsIn(answers))[Number(row.step) - 1]);

/** @param {Answers} answers */
const rowsIn = answers => answers.get("funnel")?.rows() ?? [];

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
      return way.length ? { funnel: { query: { kind: "funnel", steps: way.map(action => isAction(dataset, action)) } } } : {};
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
    <p class="fine" part="summary">${funnel.summary(desk, answers)}</p>`;
  },
  summary(desk, answers) {
    const { words, format } = desk, rows = rowsIn(answers), [first, last] = [rows[0], rows[rows.length - 1]];
    if (!first || first === last) return words.empty;
    return words.funnel.summary({ people: countedPeople(desk, first.actors), first: stepName(desk, answers, first), last: stepName(desk, answers, last), rate: format.percent(last.rate) });
  },
};
