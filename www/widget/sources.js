/** What an address or an object says of where rows come from. */

/** @import { Source, StreamSource } from "./clickfold.js" */

import { ClickfoldError } from "./clickfold.js";

/** A stream's addresses: how each begins, and the source that it means. @type {[RegExp, (rest: string, address: string) => StreamSource][]} */
const STREAMS = [
  [/^wss?:/i, (_, address) => ({ websocket: address })],
  [/^sse\+(?=https?:)/i, rest => ({ sse: rest })],
  [/^stream\+(?=https?:)/i, rest => ({ fetch: rest })],
  [/^broadcast:/i, rest => ({ broadcast: rest })],
  [/^datalayer:/i, rest => ({ dataLayer: rest || "dataLayer" })],
];

/** The source that a `src` names. @param {string} src @param {string} base @returns {URL | StreamSource} */
export function fromAddress(src, base) {
  for (const [pattern, source] of STREAMS) {
    if (pattern.test(src)) return source(src.replace(pattern, ""), src);
  }
  try {
    return new URL(src, base);
  } catch {
    throw new ClickfoldError("BAD_INPUT", `"src" is the address of a file or of a stream (ws:, wss:, sse+https:, stream+https:, broadcast:, datalayer:), found ${JSON.stringify(src)}`);
  }
}

/** Whether a source is connected to, not loaded. @param {Source | StreamSource} source @returns {source is StreamSource} */
export function isStream(source) {
  return !(source instanceof Blob || Array.isArray(source) || source instanceof URL || source instanceof Response || source instanceof ReadableStream || source instanceof Uint8Array);
}
