/** @import { Kind, Outlet } from "./source.js" */

import { addressOf } from "./address.js";
import { delay } from "./backoff.js";
import { concat } from "./frames.js";
import { ask, piecesOf } from "./http.js";
import { Lines } from "./lines.js";

/** @type {Kind} */
export const fetched = {
  options: ["headers", "poll"],
  make({ fetch: address, headers = {}, poll }, { ClickfoldError, options: { format } }) {
    const url = addressOf(address, ClickfoldError, "https");
    if (poll !== undefined && !(poll >= 0)) throw new ClickfoldError("BAD_QUERY", `"poll" is a number of milliseconds, found ${JSON.stringify(poll)}`);
    return {
      canWait: true,
      async run(outlet) {
        do {
          await read(await ask(url, headers, outlet), url, format?.kind, outlet);
          if (poll !== undefined) await delay(poll, outlet.signal);
        } while (poll !== undefined && !outlet.signal.aborted);
      },
    };
  },
};

/** @param {Response} response @param {URL} url @param {string | undefined} told @param {Outlet} outlet */
async function read(response, url, told, outlet) {
  const { signal, maxFrame } = outlet;
  /** @type {{ push(piece: Uint8Array): Iterable<Uint8Array>, end(): Uint8Array } | undefined} */
  let records;
  for await (const piece of piecesOf(response, url, signal)) {
    const kind = records ? undefined : told ?? kindOf(piece, response.headers.get("content-type"));
    if (kind) records = recordsOf(kind, maxFrame, outlet.refuse);
    for (const frame of records?.push(piece) ?? []) {
      await outlet.take(frame);
      if (signal.aborted) return;
    }
  }
  const rest = records?.end();
  if (rest?.length && !signal.aborted) await outlet.take(rest);
}

/** @param {string} kind @param {number} limit @param {(bytes: number) => void} refuse */
const recordsOf = (kind, limit, refuse) => kind === "json" || kind === "arrow" || kind === "parquet" ? new Whole(limit, refuse) : new Lines(limit, kind === "csv", refuse);

/** What a response's first bytes are the beginning of; nothing where they are blank. @param {Uint8Array} piece @param {string | null} type */
function kindOf(piece, type) {
  if (piece[0] === 0xff || piece[0] === 0x41 && new TextDecoder().decode(piece.subarray(0, 6)) === "ARROW1") return "arrow";
  if (type && /^application\/json\b/.test(type)) return "json";
  if (type && /ndjson|jsonl|json-seq/.test(type)) return "ndjson";
  const first = new TextDecoder().decode(piece.subarray(0, 64)).trimStart()[0];
  return first && (first === "[" ? "json" : first === "{" ? "ndjson" : "csv");
}

/** A response that cannot be cut. */
class Whole {
  /** @type {Uint8Array[]} */
  #pieces = [];
  #bytes = 0;

  /** @param {number} limit bytes @param {(bytes: number) => void} refuse */
  constructor(limit, refuse) {
    this.limit = limit;
    this.refuse = refuse;
  }

  /** @param {Uint8Array} piece @returns {Uint8Array[]} */
  push(piece) {
    this.#bytes += piece.length;
    if (this.#bytes > this.limit) this.#pieces = [];
    else this.#pieces.push(piece);
    return [];
  }

  end() {
    if (this.#bytes > this.limit) this.refuse(this.#bytes);
    return concat(this.#pieces);
  }
}
