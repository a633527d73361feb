/** @import { Cell, Dataset } from "../../clickfold.js" */

import { byRole } from "../../page/state.js";

/** What a shop's visitors do, in the order in which they do it, and the words for it. @type {[string, RegExp][]} */
const STAGES = [
  ["view", /^(pv|clicks?|views?|detail|(view|click)_(item|content|product|detail)|(product|item|detail)s?_?(views?|viewed|clicks?|page))$/i],
  ["wish", /^fav|wish|^collect/i],
  ["cart", /^add$|^(?!views?_).*(cart|basket)/i],
  ["checkout", /check_?out(?!_completed)|^shipping|^begin_order/i],
  ["buy", /^(buy|bought|order(ed)?|sale|paid)$|purchase|transaction|(order|check_?out)_(completed|placed)|^pay_?(success|done)$/i],
];
const NOT = /remove|delete|error|bug|abandon|fail|cancel|refund/i;

/** What an action is to a shop. @param {Dataset} dataset @param {Cell} action */
export function stageOf(dataset, action) {
  const meaning = (dataset.report.actions ?? []).find(({ value }) => value === String(action))?.meaning;
  const words = [String(action), meaning ?? ""].map(word => word.trim().replace(/[\s-]+/g, "_"));
  return STAGES.find(([, pattern]) => words.some(word => word && pattern.test(word) && !NOT.test(word)))?.[0];
}

/** The most frequent action of a stage. @param {Dataset} dataset @param {Cell[]} actions the most frequent first @param {string} stage */
export const actionOf = (dataset, actions, stage) => actions.find(action => stageOf(dataset, action) === stage);

/** What the way to an order is made of: nobody has to save what they buy. */
const WAY = ["view", "cart", "checkout", "buy"];

/** The actions on the way to an order, or else the most frequent ones. @param {Dataset} dataset @param {Cell[]} actions @returns {Cell[]} */
export function wayToOrder(dataset, actions) {
  const way = WAY.map(stage => actionOf(dataset, actions, stage)).filter(action => action !== undefined);
  return way.length > 1 ? way : actions.slice(0, 3);
}

/** A condition that rows of an action fulfil. @param {Dataset} dataset @param {Cell} action */
export function isAction(dataset, action) {
  const column = byRole(dataset, "action")?.name;
  return action === null ? { column, is_null: true } : { column, eq: action instanceof Date ? action.toISOString() : String(action) };
}
