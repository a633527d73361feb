/** Pieces of a text, cut where its records end. */

import { concat } from "./frames.js";

const NEWLINE = 10, QUOTE = 34;

export class Lines {
  #rest = new Uint8Array();
  /** Bytes so far of a record that is too large. */
  #skipped = 0;

  /** @param {number} limit of a record's bytes @param {boolean} isQuoted whether line ends may stand in quotes @param {(bytes: number) => void} refuse is told of what is too large */
  constructor(limit, isQuoted, refuse) {
    this.limit = limit;
    this.isQuoted = isQuoted;
    this.refuse = refuse;
  }

  /** Whole records, at most so many as the limit allows. @param {Uint8Array} piece @returns {Generator<Uint8Array, void>} */
  *push(piece) {
    const bytes = this.#rest.length ? concat([this.#rest, piece]) : piece;
    let from = 0;
    while (from < bytes.length) {
      if (this.#skipped) {
        from = this.#skip(bytes, from);
        continue;
      }
      const to = Math.min(from + this.limit, bytes.length);
      const end = this.#lastEnd(bytes, from, to);
      if (end > from) {
        yield bytes.slice(from, end);
        from = end;
      } else if (to === bytes.length && to - from < this.limit) break;
      else {
        this.#skipped = to - from;
        from = to;
      }
    }
    this.#rest = bytes.slice(from);
  }

  /** What has no line end behind it. @returns {Uint8Array} */
  end() {
    if (this.#skipped) this.refuse(this.#skipped);
    const rest = this.#rest;
    this.#rest = new Uint8Array();
    this.#skipped = 0;
    return rest;
  }

  /** @param {Uint8Array} bytes @param {number} from */
  #skip(bytes, from) {
    const end = bytes.indexOf(NEWLINE, from);
    this.#skipped += (end < 0 ? bytes.length : end + 1) - from;
    if (end < 0) return bytes.length;
    this.refuse(this.#skipped);
    this.#skipped = 0;
    return end + 1;
  }

  /** Behind the last line end that ends a record; where the records began if there is none. @param {Uint8Array} bytes @param {number} from @param {number} to */
  #lastEnd(bytes, from, to) {
    if (!this.isQuoted) return Math.max(bytes.lastIndexOf(NEWLINE, to - 1) + 1, from);
    let end = from, isInQuotes = false;
    for (let at = from; at < to; at++) {
      if (bytes[at] === QUOTE) isInQuotes = !isInQuotes;
      else if (bytes[at] === NEWLINE && !isInQuotes) end = at + 1;
    }
    return end;
  }
}
