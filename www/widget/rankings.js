/** What a ranking is of, and what it counts. */

/** @import { Cell, Dataset, Field, Query, Role } from "./clickfold.js" */
/** @import { Words } from "./language.js" */
/** @import { Desk } from "./views.js" */
/** @import { Answers } from "./watching.js" */

import { byRole } from "../page/state.js";
import { isAction } from "../more/events/stages.js";
import { actionName, actionsIn } from "./actions.js";

/** The best first. @type {Role[]} */
const RANKED = ["item", "category", "action"];

/** @param {Dataset} dataset @returns {Field} */
const rankedIn = dataset => RANKED.map(role => byRole(dataset, role)).find(field => field !== undefined) ?? dataset.schema.find(({ type }) => type === "text") ?? dataset.schema[0];

/** What a ranking is called: as long as there is no data, one of items. @param {Words} words @param {Dataset | undefined} dataset */
export function titleOfRanked({ topItems: { titles, ranked } }, dataset) {
  const field = dataset?.report.read ? rankedIn(dataset) : undefined;
  if (!field) return titles.item;
  return field.role && Object.hasOwn(titles, field.role) ? titles[/** @type {keyof typeof titles} */ (field.role)] : ranked(field.name);
}

/** The action that is counted: what most events are; of actions themselves, all. @param {Dataset} dataset @param {Answers} answers @returns {Cell | undefined} */
export const countedIn = (dataset, answers) => rankedIn(dataset).role === "action" ? undefined : actionsIn(answers)[0];

/** @param {Desk} desk */
export function nameOfRanked({ dataset, words }) {
  const { role, name } = rankedIn(dataset);
  return role && RANKED.includes(role) ? words.roles[role] : name;
}

/** @param {Desk} desk @param {Answers} answers */
export function nameOfCounted({ dataset, words }, answers) {
  const action = countedIn(dataset, answers);
  return action === undefined ? words.topItems.events : actionName(dataset, words, action);
}

/** @param {Dataset} dataset @param {Cell | undefined} counted @param {number} limit @param {"rank" | "row_number"} [fn] whether equal ones share their place @returns {Query} */
export const rankingOf = (dataset, counted, limit, fn = "rank") => ({
  kind: "aggregate", where: counted === undefined ? [] : [isAction(dataset, counted)],
  group_by: [{ column: rankedIn(dataset).name, as: "what" }], measures: { value: { fn: "count" } },
  rank: { as: "place", fn, by: ["-value"] }, order_by: ["-value", "what"], limit,
});
