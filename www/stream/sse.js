/** @import { Kind, Outlet } from "./source.js" */

import { addressOf } from "./address.js";
import { EventText } from "./event-text.js";
import { ask, piecesOf } from "./http.js";
import { Broken } from "./source.js";

/** Says that nothing more will come. */
const NO_CONTENT = 204;

/** @type {Kind} */
export const sse = {
  options: ["headers"],
  make({ sse, headers = {} }, { ClickfoldError }) {
    const url = addressOf(sse, ClickfoldError, "https");
    /** Milliseconds that the server wants to be waited for. */
    let retry = 0;
    return {
      canWait: true,
      async run(outlet) {
        try {
          await read(url, headers, outlet, ms => { retry = ms; });
        } catch (error) {
          throw error instanceof Broken ? new Broken(error.message, Math.max(error.wait, retry)) : error;
        }
      },
    };
  },
};

/** @param {URL} url @param {Record<string, string>} headers @param {Outlet} outlet @param {(ms: number) => void} onRetry */
async function read(url, headers, outlet, onRetry) {
  const { last: { mark }, signal, maxFrame } = outlet;
  const response = await ask(url, { accept: "text/event-stream", ...headers, ...typeof mark === "string" && mark ? { "last-event-id": toHeader(mark) } : {} }, outlet);
  if (response.status === NO_CONTENT) return;
  const type = response.headers.get("content-type");
  if (!type?.startsWith("text/event-stream")) throw new Error(`${url.host} answered with ${type ?? "no content type"} instead of text/event-stream`);
  const text = new EventText(maxFrame, /** @type {string} */ (mark ?? "")), decoder = new TextDecoder();
  for await (const piece of piecesOf(response, url, signal)) {
    for (const event of text.push(decoder.decode(piece, { stream: true }))) {
      if ("retry" in event) onRetry(event.retry);
      else if ("tooLarge" in event) outlet.refuse(event.tooLarge);
      else await outlet.take(event.data, event.id);
      if (signal.aborted) return;
    }
  }
  if (!signal.aborted) throw new Broken(`${url.host} ended its response`);
}

/** An id's UTF-8 bytes, each as the character that a header takes for it. @param {string} id */
const toHeader = id => String.fromCharCode(...new TextEncoder().encode(id));
