/** The actions in the data, and the words for them. */

/** @import { Cell, Dataset } from "./clickfold.js" */
/** @import { Words } from "./language.js" */
/** @import { Asked, Answers } from "./watching.js" */

import { byRole } from "../page/state.js";
import { stageOf } from "../more/events/stages.js";

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
