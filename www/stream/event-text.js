/** The format text/event-stream, as the HTML standard reads it; an id is heard of with the next event that has data. */

/** @typedef {{ data: string, id: string } | { retry: number } | { tooLarge: number }} Told */

const DATA = "data:";

export class EventText {
  #rest = "";
  /** The last piece ended with a carriage return, whose line feed may come yet. */
  #skipsFeed = false;
  #lines = /** @type {string[]} */ ([]);
  /** Characters of the event; beyond the limit it is not kept. */
  #size = 0;
  #id;

  /** @param {number} limit of an event's characters @param {string} id of the event before */
  constructor(limit, id) {
    this.limit = limit;
    this.#id = id;
  }

  /** @param {string} piece @returns {Generator<Told, void>} */
  *push(piece) {
    const text = this.#skipsFeed && piece[0] === "\n" ? piece.slice(1) : piece;
    if (piece) this.#skipsFeed = piece.endsWith("\r");
    let from = 0;
    for (const { 0: end, index } of text.matchAll(/\r\n|\r|\n/g)) {
      const told = this.#line(this.#rest + text.slice(from, index));
      this.#rest = "";
      from = index + end.length;
      if (told) yield told;
    }
    this.#rest += text.slice(from);
    const isTooLarge = this.#size + this.#rest.length > this.limit + DATA.length + 1;
    if (!isTooLarge || this.#rest.length <= this.limit && !this.#rest.startsWith(DATA)) return;
    // The event is not kept, whatever comes of its line.
    this.#size += this.#rest.length;
    this.#lines = [];
    this.#rest = DATA;
  }

  /** @param {string} line @returns {Told | undefined} */
  #line(line) {
    if (!line) return this.#dispatch();
    const [, field, value = ""] = /** @type {RegExpExecArray} */ (/^([^:]*)(?:: ?(.*))?$/s.exec(line));
    if (field === "data") {
      this.#size += value.length + 1;
      if (this.#size <= this.limit + 1) this.#lines.push(value);
    } else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) return { retry: Number(value) };
  }

  /** @returns {Told | undefined} */
  #dispatch() {
    const size = this.#size - 1, data = this.#lines.join("\n");
    this.#lines = [];
    this.#size = 0;
    if (size < 0) return undefined;
    return size > this.limit ? { tooLarge: size } : { data, id: this.#id };
  }
}
