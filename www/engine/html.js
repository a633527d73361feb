/** Saved HTML pages: what reads them is fetched when one comes. */

/** @import { Chunks } from "./source.js" */

import { more } from "./more.js";

/** Set by the build. */
/* global __HTML__ */

/** A longer page is none that a person saved. */
const MOST = 128 << 20;

/** Whether a text begins as HTML does. @param {Uint8Array} start */
export const isHtml = start => /^(?:\ufeff|\s|<!--[^]*?-->)*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body|meta|table|title|div|script)\b/i.test(new TextDecoder().decode(start.subarray(0, 4096)));

/** The page's data as CSV, and a sentence that says what of it that is. @param {Chunks} chunks @returns {Promise<{ csv: Uint8Array, note: string }>} */
export async function readHtml(chunks) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST) throw { code: "BAD_INPUT", message: "the HTML page is longer than 128 MB; save or export its table as CSV text in UTF-8" };
  }
  const { dataOf } = await more(__HTML__);
  const found = dataOf(text + decoder.decode());
  if (!found) throw { code: "BAD_INPUT", message: "this is an HTML page without a table or a description of products; save or export the events as CSV text in UTF-8" };
  return { csv: new TextEncoder().encode(found.csv), note: found.note };
}
