/** The kinds of sources by their names; each has a file of its own. */

/** @import { Kind } from "./source.js" */

import { dataLayer } from "./datalayer.js";
import { nats } from "./nats.js";
import { file } from "./replay.js";

/** @type {Map<string, Kind>} */
export const KINDS = new Map(Object.entries({ dataLayer, file, nats }));
