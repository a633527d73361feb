/** Texts in other encodings than UTF-8. */

/** @import { Chunks } from "./source.js" */

import { completeCore } from "./core.js";
import { isColumnar } from "./signatures.js";

/**
 * The label of the encoding that a text is written in: as told, or as its first bytes speak for.
 * @param {string | undefined} told @param {Uint8Array} start @param {boolean} isAll
 */
export async function encodingOf(told, start, isAll) {
  if (told !== undefined) return canonical(told);
  if (isUtf8(start) || isColumnar(start)) return "utf-8";
  return (await completeCore()).guessEncoding(start, isAll);
}

/** @param {Chunks} chunks @param {string} label @returns {Chunks} */
export async function* transcode(chunks, label) {
  const decoder = new TextDecoder(label), encoder = new TextEncoder();
  for await (const chunk of chunks) yield encoder.encode(decoder.decode(chunk, { stream: true }));
  yield encoder.encode(decoder.decode());
}

/** @param {string} label */
function canonical(label) {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    throw { code: "BAD_QUERY", message: `unknown encoding ${JSON.stringify(label)}; write a label such as utf-8, gb18030, big5 or shift_jis` };
  }
}

/** Whether bytes are valid, and no UTF-16 of ASCII. @param {Uint8Array} bytes */
function isUtf8(bytes) {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
