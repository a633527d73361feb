/** The kinds of sources by their names; each has a file of its own. */

/** @import { Kind } from "./source.js" */

import { broadcast } from "./broadcast.js";
import { dataLayer } from "./datalayer.js";
import { fetched } from "./fetch.js";
import { nats } from "./nats.js";
import { postMessage } from "./post-message.js";
import { file } from "./replay.js";
import { sse } from "./sse.js";
import { websocket } from "./websocket.js";

/** @type {Map<string, Kind>} */
export const KINDS = new Map(Object.entries({ websocket, sse, fetch: fetched, nats, broadcast, postMessage, dataLayer, file }));
