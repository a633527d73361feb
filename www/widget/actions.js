/** The actions in the data, and the words for them. */

/** @import { Cell, Dataset } from "./clickfold.js" */
/** @import { Words } from "./language.js" */
/** @import { Desk } from "./views.js" */
/** @import { Asked, Answers } from "./watching.js" */

import { byRole } from "../page/state.js";
import { stageOf } from "../more/events/stages.js";
import { people } from "../more/events/words.js";

const MOST_ACTIONS = 100;

/** The question which actions there are, the most frequent first. @param {Dataset} dataset @returns {Record<string, Asked>} */
export function actionsOf(dataset) {
  const action = byRole(dataset, "action");
  return action ? { actions: { query: { kind: "aggregate", group_by: [{ column: action.name, as: "action" }], measures: { n: { fn: "count" } }, order_by: ["-n", "action"], limit: MOST_ACTIONS } } } : {};
}

/** @param {Answers} answers @returns {Cell[]} */
export const actionsIn = answers => answers.get("actions")?.rows().map(row => row.action) ?? [];

/** An action in words: what it is to a shop, where that is known, and as it stands in the data. @param {Dataset} dataset @param {Words} words @param {Cell} action */
export function actionName(dataset, words, action) {
  const stage = stageOf(dataset, action);
  return stage ? words.stages[/** @type {keyof Words["stages"]} */ (stage)] : action === null ? words.none : String(action);
}

/** Whom the actor's column tells apart, in words. @param {Desk} desk */
export const peopleIn = ({ dataset, words }) => words.people[/** @type {keyof Words["people"]} */ (people(dataset)[1])];

/** So many of them. @param {Desk} desk @param {Cell | undefined} n */
export const countedPeople = ({ dataset, words, format }, n) => words.counted[/** @type {keyof Words["counted"]} */ (people(dataset)[1])]({ n: Number(n), text: format.number(n), plurals: format.plurals });
