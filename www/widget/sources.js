/** What an address or an object says of where rows come from. */

/** @import { Source, StreamSource } from "./clickfold.js" */

import { ClickfoldError } from "./clickfold.js";

/** A stream's addresses: how each begins, and the source that the rest means. @type {[RegExp, (rest: string, whole: string, base: string) => StreamSource][]} */
const STREAMS = [
  [/^wss?:/i, (_, whole) => ({ websocket: whole })],
  [/^sse\+/i, (rest, _, base) => ({ sse: new URL(rest, base) })],
  [/^stream\+/i, (rest, _, base) => ({ fetch: new URL(rest, base) })],
  [/^broadcast:/i, rest => ({ broadcast: rest })],
  [/^datalayer:/i, rest => ({ dataLayer: rest || "dataLayer" })],
];

/** The source that a `src` names. @param {string} src @param {string} base @returns {URL | StreamSource} */
export function fromAddress(src, base) {
  try {
    const [pattern, source] = STREAMS.find(([pattern]) => pattern.test(src)) ?? [];
    return pattern && source ? source(src.replace(pattern, ""), src, base) : new URL(src, base);
  } catch {
    throw new ClickfoldError("BAD_INPUT", `"src" is the address of a file or of a stream (wss:, sse+https:, stream+https:, broadcast:, datalayer:), found ${JSON.stringify(src)}`);
  }
}

/** Whether a source is connected to, not loaded. @param {Source | StreamSource} source @returns {source is StreamSource} */
export function isStream(source) {
  return !(source instanceof Blob || Array.isArray(source) || source instanceof URL || source instanceof Response || source instanceof ReadableStream || source instanceof Uint8Array);
}
