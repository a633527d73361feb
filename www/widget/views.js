/** The views that there are. */

/** @import { Cell, Dataset, Query } from "./clickfold.js" */
/** @import { TemplateResult } from "lit" */
/** @import { Format, Words } from "./language.js" */
/** @import { Answers, Asking } from "./watching.js" */

import { topItems } from "./views/top-items.js";

/** @typedef {Record<string, Cell>} Row */

/**
 * What a view has at hand.
 * @typedef {{
 *   dataset: Dataset, words: Words, format: Format, limit: number, window: string, timezone: string, query?: Query,
 *   choose: (row: Row) => void,
 * }} Desk
 */

/**
 * `ask` says what it needs to know of the data set, `title` and `template` show the answers; `summary` says them in a sentence.
 * @typedef {{
 *   title: (words: Words) => string,
 *   lines: (limit: number) => number,
 *   ask: (desk: Desk) => Asking,
 *   template: (desk: Desk, answers: Answers) => TemplateResult,
 *   summary: (desk: Desk, answers: Answers) => string,
 * }} View
 */

/** @type {Map<string, View>} */
export const VIEWS = new Map([["top-items", topItems]]);
