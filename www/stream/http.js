/** @import { Outlet } from "./source.js" */

import { forbidden } from "./address.js";
import { Broken } from "./source.js";

/** Answers that ask to come back, though by their number it is the asking that is wrong. */
const LATER = new Set([408, 425, 429]);

/**
 * Asks a server. Throws `Broken` where it may be asked again.
 * @param {URL} url @param {Record<string, string>} headers @param {Outlet} outlet @returns {Promise<Response>}
 */
export async function ask(url, headers, { signal, opened }) {
  const request = new Request(url, { headers, signal, cache: "no-store" }); // a header that cannot be sent is no broken connection
  const isForbidden = forbidden(url);
  let response;
  try {
    response = await fetch(request);
  } catch (error) {
    throw await isForbidden() ?? new Broken(`${url.host} cannot be reached: is it up, and does it allow this page (CORS)?`);
  }
  void isForbidden();
  if (response.ok) {
    opened();
    return response;
  }
  void response.body?.cancel();
  const { status, statusText } = response;
  const sentence = `${url.host} answered ${status}${statusText && ` ${statusText}`}`;
  throw status >= 500 || LATER.has(status) ? new Broken(sentence, retryAfter(response.headers.get("retry-after"))) : new Error(sentence);
}

/**
 * The pieces of a response. Throws `Broken` where it breaks off.
 * @param {Response} response @param {URL} url @param {AbortSignal} signal @returns {AsyncGenerator<Uint8Array<ArrayBuffer>, void>}
 */
export async function* piecesOf(response, url, signal) {
  const reader = response.body?.getReader();
  if (!reader) return;
  const next = () => reader.read().catch(() => {
    throw new Broken(`the response of ${url.host} broke off`);
  });
  try {
    for (let piece; !(piece = await next()).done && !signal.aborted;) yield piece.value;
  } finally {
    reader.cancel().catch(() => {}); // what has broken off is told already
  }
}

/** Milliseconds. @param {string | null} header */
function retryAfter(header) {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? ms : 0;
}
