/** Messages as they come, as bytes that the engine reads: rows of one format each. */

/** @import { FileFormat, LoadOptions } from "../clickfold.js" */
/** @import { Frame } from "./source.js" */

/** @typedef {{ bytes: Uint8Array, kind: FileFormat }} Rows */

const NEWLINE = 10, RETURN = 13, QUOTE = 34;
/** Of messages that do not say by their first byte what they are: between cells. */
const SEPARATORS = /[,;\t|]/;

/** Characters of a message that is no event that are told. */
const SHOWN = 60;

/** What an object becomes an array by. */
const BRACKETS = 2;

const encoder = new TextEncoder();

/**
 * A message's rows; none where it is blank or an empty array. Nothing where it is no event at all, or too large.
 * @param {Frame} frame @param {number} maxFrame bytes @param {LoadOptions["format"]} [format] @returns {Rows | undefined}
 */
export function toRows(frame, maxFrame, format = {}) {
  if (typeof frame === "string") return fromText(frame, maxFrame, format);
  if (frame instanceof ArrayBuffer) return fromBytes(new Uint8Array(frame), maxFrame, format);
  if (ArrayBuffer.isView(frame)) return fromBytes(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), maxFrame, format);
  const bytes = fromObjects(Array.isArray(frame) ? frame : [frame], maxFrame);
  return bytes && { bytes, kind: "ndjson" };
}

/** How many bytes a message has, as far as that is to be known. @param {Frame} frame */
export function sizeOf(frame) {
  if (typeof frame === "string") return frame.length;
  return frame instanceof ArrayBuffer || ArrayBuffer.isView(frame) ? frame.byteLength : 0;
}

/** @param {number} maxFrame */
export const tooLarge = maxFrame => `a message has more than the ${maxFrame} bytes that are read`;

/** Why a message of which `toRows` gives nothing is no event. @param {Frame} frame @param {number} maxFrame */
export function refusalOf(frame, maxFrame) {
  const bytes = sizeOf(frame), text = typeof frame === "string" ? frame : bytes ? "" : toJson(frame) ?? "";
  if (Math.max(bytes, encoder.encode(text).length) > maxFrame) return tooLarge(maxFrame);
  const found = typeof frame === "string" ? JSON.stringify(frame.slice(0, SHOWN)) : bytes ? `${bytes} bytes` : typeof frame;
  return `a message is JSON objects, cells between separators or Arrow IPC; found ${found}`;
}

/** Whether rows may be told the engine together with those of other messages: none of theirs can swallow another's. @param {Rows} rows */
export function isJoinable({ bytes, kind }) {
  if (kind === "ndjson") return true;
  if (kind !== "csv") return false;
  let quotes = 0;
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) quotes++;
  return quotes % 2 === 0;
}

/** Rows of one format, of which only the first keep a header. @param {Rows[]} all @param {Uint8Array} [header] that each message may have */
export function joined(all, header) {
  if (all.length === 1) return all[0];
  const parts = all.flatMap(({ bytes }, at) => {
    const rows = at && header ? bytes.subarray(headerOf(bytes, header)) : bytes;
    return rows.at(-1) === NEWLINE ? [rows] : [rows, Uint8Array.of(NEWLINE)];
  });
  return { bytes: concat(parts), kind: all[0].kind };
}

/** @param {Uint8Array[]} parts */
export function concat(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The first line without its end. @param {Uint8Array} bytes */
export function firstLine(bytes) {
  const end = bytes.indexOf(NEWLINE);
  return bytes.slice(0, end < 0 ? bytes.length : bytes[end - 1] === RETURN ? end - 1 : end);
}

/** How many bytes of a message are its header, with the line's end. @param {Uint8Array} bytes @param {Uint8Array} header */
export function headerOf(bytes, header) {
  if (bytes.length < header.length || !header.every((byte, at) => bytes[at] === byte)) return 0;
  const end = header.length + (bytes[header.length] === RETURN ? 1 : 0);
  return end >= bytes.length ? bytes.length : bytes[end] === NEWLINE ? end + 1 : 0;
}

/** @param {unknown[]} objects @param {number} maxFrame */
function fromObjects(objects, maxFrame) {
  let text = "";
  for (const object of objects) {
    const line = toJson(object);
    if (!line?.startsWith("{")) return undefined;
    text += line + "\n";
    if (text.length > maxFrame) return undefined;
  }
  const bytes = encoder.encode(text);
  return bytes.length > maxFrame ? undefined : bytes;
}

/** @param {unknown} value @returns {string | undefined} */
function toJson(value) {
  try {
    return JSON.stringify(value, (_, value) => typeof value === "bigint" ? String(value) : value);
  } catch { // it has no JSON, as what holds itself
    return undefined;
  }
}

/** @param {Uint8Array} bytes @param {number} maxFrame @param {NonNullable<LoadOptions["format"]>} format @returns {Rows | undefined} */
function fromBytes(bytes, maxFrame, format) {
  if (bytes.length > maxFrame) return undefined;
  if (format.kind === "arrow" || format.kind === "parquet") return { bytes, kind: format.kind };
  if (!format.kind && isArrow(bytes)) return { bytes, kind: "arrow" };
  const decoder = new TextDecoder(format.encoding, { fatal: true, ignoreBOM: true });
  let text;
  try {
    text = decoder.decode(bytes);
  } catch { // it is no text
    return undefined;
  }
  const found = find(text, format);
  return found && { bytes: found.text === text && decoder.encoding === "utf-8" ? bytes : encoder.encode(found.text), kind: found.kind };
}

/** @param {string} text @param {number} maxFrame @param {NonNullable<LoadOptions["format"]>} format @returns {Rows | undefined} */
function fromText(text, maxFrame, format) {
  if (text.length > maxFrame) return undefined;
  const found = find(text, format);
  const bytes = found && encoder.encode(found.text);
  return bytes && bytes.length <= maxFrame + BRACKETS ? { bytes, kind: found.kind } : undefined;
}

/** @typedef {{ text: string, kind: FileFormat }} Found */

/** @param {string} text @param {NonNullable<LoadOptions["format"]>} format @returns {Found | undefined} */
function find(text, { kind, separator }) {
  if (text[0] === "\uFEFF") return find(text.slice(1), { kind, separator });
  const start = text.search(/\S/);
  if (start < 0) return { text: "", kind: kind ?? "ndjson" };
  if (text.includes("\0")) return undefined;
  if (kind && kind !== "ndjson" && kind !== "json") return { text, kind };
  if (text[start] === "{" || text[start] === "[") return findJson(text, start);
  if (kind || text[start] === "<") return undefined;
  const line = text.slice(0, text.indexOf("\n", start) + 1 || undefined);
  return (separator ? line.includes(separator) : SEPARATORS.test(line)) ? { text, kind: "csv" } : undefined;
}

/** Objects on a line each, or an array; an object on several lines is made one. @param {string} text @param {number} start @returns {Found | undefined} */
function findJson(text, start) {
  const last = text.trimEnd().at(-1);
  if (text[start] === "[") return last === "]" ? { text: /^\s*\[\s*\]\s*$/.test(text) ? "" : text, kind: "json" } : undefined;
  const end = text.indexOf("\n", start), line = text.slice(start, end < 0 ? undefined : end);
  if (line.trimEnd().endsWith("}")) return { text, kind: "ndjson" };
  return end >= 0 && last === "}" ? { text: `[${text}]`, kind: "json" } : undefined;
}

/** @param {Uint8Array} bytes */
const isArrow = bytes => bytes.length > 8 && (bytes[0] === 0xff && bytes[1] === 0xff && bytes[2] === 0xff && bytes[3] === 0xff || String.fromCharCode(...bytes.subarray(0, 6)) === "ARROW1");
