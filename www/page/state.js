/** @import { Dataset, Engine, Field, Progress, Role, Source } from "../clickfold.js" */

/**
 * What the page shows. Panels keep their own choices; this is what they share.
 * @typedef {{
 *   view: "empty" | "loading" | "loaded",
 *   error?: string,
 *   said: string,
 *   dragging: boolean,
 *   name: string,
 *   source?: () => Promise<Source> | Source,
 *   progress?: Progress,
 *   abort?: AbortController,
 *   dataset?: Dataset,
 *   types: Record<string, string>,
 *   samples: Record<string, string[]>,
 * }} State
 */

/** @returns {State} */
export const emptyState = () => ({ view: "empty", said: "", dragging: false, name: "", types: {}, samples: {} });

/** The column that plays a role. @param {Dataset} dataset @param {Role} role @returns {Field | undefined} */
export const byRole = (dataset, role) => dataset.schema.find(field => field.role === role);
