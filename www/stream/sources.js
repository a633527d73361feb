/** The kinds of sources by their names; each has a file of its own. */

/** @import { Kind } from "./source.js" */

/** @type {Map<string, Kind>} */
export const KINDS = new Map(Object.entries({}));
