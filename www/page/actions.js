/** @import { Cell, Field } from "../clickfold.js" */

import { TIANCHI_ACTIONS, cell } from "./format.js";

/** An action as a query names it. @param {Cell} value */
export const actionKey = value => value instanceof Date ? value.toISOString() : String(value);

/** An action's name: where it is coded 1 to 4, with the word that Tianchi's data means by it. @param {Field} field @param {Cell} value */
export function actionName(field, value) {
  const word = field.type === "int" && /^behaviou?r_type$/i.test(field.name) ? TIANCHI_ACTIONS[String(value)] : undefined;
  return word ? `${value} (${word})` : cell(value);
}
