/** The items that most happens to: viewed, in a shop. */

/** @import { Cell, Dataset, Field, Role } from "../clickfold.js" */
/** @import { Desk, View } from "../views.js" */
/** @import { Answers } from "../watching.js" */

import { html } from "lit";
import { byRole } from "../../page/state.js";
import { isAction } from "../../more/events/stages.js";
import { actionName, actionsIn, actionsOf } from "../actions.js";
import { choice } from "../choices.js";

/** What a ranking is of, the best first. @type {Role[]} */
const RANKED = ["item", "category", "action"];

/** @param {Dataset} dataset @returns {Field} */
const rankedIn = dataset => RANKED.map(role => byRole(dataset, role)).find(field => field !== undefined) ?? dataset.schema.find(({ type }) => type === "text") ?? dataset.schema[0];

/** The action that the ranking counts: what most events are; of actions themselves, all. @param {Dataset} dataset @param {Answers} answers @returns {Cell | undefined} */
const countedIn = (dataset, answers) => rankedIn(dataset).role === "action" ? undefined : actionsIn(answers)[0];

/** @param {Desk} desk */
function nameOfRanked({ dataset, words }) {
  const { role, name } = rankedIn(dataset);
  return role ? words.roles[role] : name;
}

/** @param {Desk} desk @param {Answers} answers */
function nameOfCounted({ dataset, words }, answers) {
  const action = countedIn(dataset, answers);
  return action === undefined ? words.topItems.events : words.topItems.eventsOf(actionName(dataset, words, action));
}

/** @type {View} */
export const topItems = {
  title: words => words.topItems.title,
  lines: limit => limit + 1,
  ask: ({ dataset, limit }) => ({
    scout: actionsOf(dataset),
    plan(scouted) {
      const counted = countedIn(dataset, scouted);
      return { ranking: { query: {
        kind: "aggregate", where: counted === undefined ? [] : [isAction(dataset, counted)],
        group_by: [{ column: rankedIn(dataset).name, as: "what" }], measures: { value: { fn: "count" } },
        rank: { as: "place", fn: "rank", by: ["-value"] }, order_by: ["-value", "what"], limit,
      } } };
    },
  }),
  template(desk, answers) {
    const { words, format } = desk, rows = answers.get("ranking")?.rows() ?? [];
    const most = Math.max(1, ...rows.map(row => Number(row.value)));
    return html`<table class="ranking" part="table" aria-labelledby="title">
      <thead><tr><th scope="col" class="number place">${words.topItems.place}</th><th scope="col">${nameOfRanked(desk)}</th><th scope="col" class="number">${nameOfCounted(desk, answers)}</th></tr></thead>
      <tbody>${rows.map(row => html`<tr part="row" @click=${() => desk.choose(row)}>
        <td class="number place">${format.number(row.place)}</td>
        <th scope="row"><div class="barred">${choice(format.name(row.what, words.none))}<span class="track" aria-hidden="true"><span class="bar" part="bar" .style=${`--share: ${Number(row.value) / most}`}></span></span></div></th>
        <td class="number">${format.number(row.value)}</td>
      </tr>`)}</tbody>
    </table>`;
  },
  summary({ words, format }, answers) {
    const first = answers.get("ranking")?.rows()[0];
    return first ? words.topItems.summary(format.name(first.what, words.none), format.number(first.value)) : words.empty;
  },
};
