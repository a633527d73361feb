/** @import { Cell, Report } from "../clickfold.js" */

import { cell } from "./format.js";

/** An action as a query names it. @param {Cell} value */
export const actionKey = value => value instanceof Date ? value.toISOString() : String(value);

/** An action's name: with what it means where that is known of its export, and another word. @param {Report} report @param {Cell} value */
export function actionName({ actions = [] }, value) {
  const meaning = actions.find(action => action.value === String(value))?.meaning;
  return meaning && meaning !== value ? `${value} (${meaning})` : cell(value);
}
