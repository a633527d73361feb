/** Files that say at their end where their columns are: only what is wanted of them is read. */

/** @import { WireSource } from "./protocol.js" */

import { LONGEST, isIndexed } from "./signatures.js";

/** @typedef {{ size: number, read: (from: number, to: number) => Promise<Uint8Array> }} Ranges */

/** A source's ranges, where it is such a file and can be read so. @param {WireSource} source @param {AbortSignal} signal @returns {Promise<Ranges | undefined>} */
export async function rangesOf(source, signal) {
  if ("blob" in source) {
    const { blob, member } = source;
    if (member !== undefined || !isIndexed(new Uint8Array(await blob.slice(0, LONGEST).arrayBuffer().catch(() => new ArrayBuffer(0))))) return undefined;
    return { size: blob.size, read: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()) };
  }
  if ("stream" in source || !/\.(parquet|arrow|feather)$/i.test(new URL(source.url).pathname)) return undefined;
  const fetchRange = (/** @type {string} */ range) => fetch(source.url, { headers: { range: `bytes=${range}` }, signal }).catch(() => undefined);
  const start = await fetchRange(`0-${LONGEST - 1}`);
  const size = Number(/\/(\d+)$/.exec(start?.headers.get("content-range") ?? "")?.[1]);
  if (start?.status !== 206 || !size || !isIndexed(new Uint8Array(await start.arrayBuffer()))) {
    await start?.body?.cancel().catch(() => {}); // it is read from its beginning to its end
    return undefined;
  }
  const read = async (/** @type {number} */ from, /** @type {number} */ to) => {
    const response = await fetchRange(`${from}-${to - 1}`);
    signal.throwIfAborted();
    if (response?.status !== 206) throw { code: "BAD_INPUT", message: `cannot fetch a range of ${source.url}${response ? `: the server answered ${response.status}` : ""}` };
    return new Uint8Array(await response.arrayBuffer());
  };
  return { size, read };
}
