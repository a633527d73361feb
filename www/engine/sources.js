/** What is given to be loaded, as the workers take it. */

/** @import { Source } from "../clickfold.js" */
/** @import { Connection, FileSource, WireSource } from "./protocol.js" */

import { ClickfoldError } from "./errors.js";
import { LONGEST, packingOf } from "./signatures.js";

/** @param {Source} source @param {number} [at] among several @returns {WireSource} */
export function toWire(source, at = 0) {
  if (source instanceof Blob) return { blob: source, name: source instanceof File ? source.name : `file ${at + 1}`, bytes: source.size };
  if (source instanceof URL) return { url: source.href };
  if (source instanceof ReadableStream) return { stream: source };
  if (source instanceof Uint8Array) return toWire(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (source)]), at);
  if (source instanceof Response) {
    if (!source.ok || !source.body) throw new ClickfoldError("BAD_INPUT", `the server answered ${source.status} ${source.statusText}`);
    const length = Number(source.headers.get("content-length")) || undefined;
    return { stream: source.body, totalBytes: source.headers.get("content-encoding") ? undefined : length };
  }
  throw new ClickfoldError("BAD_INPUT", "a source is a File, Blob, URL, Response, ReadableStream or Uint8Array");
}

/** A source as one file, which several workers may read. @param {Connection} worker @param {Source} source @param {AbortSignal} [signal] @returns {Promise<FileSource>} */
export async function toFile(worker, source, signal) {
  const [file, ...others] = await unzipped(worker, await gathered(source, signal), signal);
  if (others.length) throw new ClickfoldError("BAD_INPUT", `one file is joined at a time, and the archive holds ${others.length + 1}; unpack the one to be read`);
  return file;
}

/** A file, or those in it. @param {Connection} worker @param {FileSource} file @param {AbortSignal} [signal] @returns {Promise<FileSource[]>} */
export async function unzipped(worker, file, signal) {
  const start = new Uint8Array(await file.blob.slice(0, LONGEST).arrayBuffer().catch(() => []));
  if (packingOf(start) !== "zip") return [file];
  /** @type {{ name: string, bytes: number }[]} */
  const members = await worker.send({ do: "members", blob: file.blob }, { signal });
  return members.map(({ name, bytes }) => ({ blob: file.blob, member: name, name, bytes }));
}

/** A source whose bytes can be read again and again. @param {Source} source @param {AbortSignal} [signal] @returns {Promise<FileSource>} */
export async function gathered(source, signal) {
  if (Array.isArray(source)) {
    if (source.length !== 1) throw new ClickfoldError("BAD_INPUT", `one file is joined at a time, found ${source.length}`);
    return gathered(source[0], signal);
  }
  const given = source instanceof URL ? await fetched(source, signal) : source;
  const wire = toWire(given);
  if ("blob" in wire) return wire;
  return /** @type {FileSource} */ (toWire(await new Response("stream" in wire ? wire.stream : null).blob()));
}

/** @param {URL} url @param {AbortSignal} [signal] */
async function fetched(url, signal) {
  const response = await fetch(url, { signal }).catch(() => undefined);
  signal?.throwIfAborted();
  if (!response) throw new ClickfoldError("BAD_INPUT", `cannot fetch ${url.href}; is the address right, and does its server allow this page (CORS)?`);
  return response;
}
