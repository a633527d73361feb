/** @import { CleaningStep, Dataset, Engine, Field, LoadOptions, Progress, Role, Source } from "../clickfold.js" */

/**
 * What the page shows. Panels keep their own choices; this is what they share.
 * @typedef {{
 *   view: "empty" | "loading" | "loaded",
 *   error?: string,
 *   notice?: string,
 *   said: string,
 *   dragging: boolean,
 *   name: string,
 *   source?: () => Promise<Source> | Source,
 *   progress?: Progress,
 *   abort?: AbortController,
 *   dataset?: Dataset,
 *   told: Told,
 *   columns: Set<string>,
 *   format?: LoadOptions["format"],
 *   timezone?: string,
 *   recipe?: CleaningStep[],
 *   segment?: { name: string, column: string },
 * }} State
 */

/**
 * What is to be read, and what the person said of it.
 * @typedef {{ name: string, source: () => Promise<Source> | Source, told: Told, format?: LoadOptions["format"], timezone?: string, recipe?: CleaningStep[] }} Wanted
 */

/**
 * What the person said of the columns, to be said again when the file is read again.
 * @typedef {Map<string, { type?: any, role?: Role | null, order?: "dmy" | "mdy" }>} Told
 */

/** @returns {State} */
export const emptyState = () => ({ view: "empty", notice: "", said: "", dragging: false, name: "", dataset: undefined, segment: undefined, told: new Map(), columns: new Set() });

/** The column that plays a role. @param {Dataset} dataset @param {Role} role @returns {Field | undefined} */
export const byRole = (dataset, role) => dataset.schema.find(field => field.role === role);
