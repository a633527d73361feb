/** The views that there are. */

/** @import { Cell, Dataset, Query, Role } from "./clickfold.js" */
/** @import { TemplateResult } from "lit" */
/** @import { Drawing } from "./charts.js" */
/** @import { Format, Words } from "./language.js" */
/** @import { Answers, Asking } from "./watching.js" */

import { any } from "./views/any.js";
import { funnel } from "./views/funnel.js";
import { kpi } from "./views/kpi.js";
import { live } from "./views/live.js";
import { retention } from "./views/retention.js";
import { timeline } from "./views/timeline.js";
import { topItems } from "./views/top-items.js";

/** @typedef {Record<string, Cell>} Row */

/**
 * What a view has at hand. `memory` lasts as long as the data set is shown.
 * @typedef {{
 *   dataset: Dataset, words: Words, format: Format, limit: number, window: string, timezone: string, query?: Query, memory: Map<string, any>,
 *   choose: (row: Row) => void,
 *   chart: (drawing: Drawing, choose: (at: number) => void) => TemplateResult,
 *   disclosure: (name: string, label: string, content: () => TemplateResult) => TemplateResult,
 * }} Desk
 */

/**
 * `needs` are the roles without which it can say nothing, `lines` how high it will be, about, `ask` says what it has to know of the data
 * set; `template` shows the answers, and `summary` says them in a sentence. One that `isTicking` is shown anew each second.
 * @typedef {{
 *   needs: Role[],
 *   title: (words: Words, dataset: Dataset | undefined) => string,
 *   lines: (limit: number, isNarrow: boolean) => number,
 *   isTicking?: boolean,
 *   ask: (desk: Desk) => Asking,
 *   template: (desk: Desk, answers: Answers) => TemplateResult,
 *   summary: (desk: Desk, answers: Answers) => string,
 * }} View
 */

/** @type {Map<string, View>} */
export const VIEWS = new Map(/** @type {[string, View][]} */ ([["top-items", topItems], ["timeline", timeline], ["funnel", funnel], ["retention", retention], ["kpi", kpi], ["live", live]]));

/** The view of a question, or that of a name. @param {Query | undefined} query @param {string} name */
export const viewOf = (query, name) => query ? any : /** @type {View} */ (VIEWS.get(name));

/** Roles that no column has, or none of a type that can have it. @param {View} view @param {Dataset} dataset */
export const missingIn = ({ needs }, { schema }) => needs.filter(role => !schema.some(field => field.role === role && (role !== "time" || field.type === "time")));
