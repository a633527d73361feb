/** Milliseconds between two announcements: a screen reader must be able to say anything else. */
const PAUSE = 5_000;

/** Says what is new, at most once in a while; of what comes meanwhile the last is said. */
export class Announcer {
  #say;
  #said = "";
  #next = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pausing;

  /** @param {(text: string) => void} say */
  constructor(say) {
    this.#say = say;
  }

  /** @param {string} text */
  say(text) {
    this.#next = text;
    if (this.#pausing === undefined) this.#now();
  }

  /** What was said is true no more. */
  stop() {
    clearTimeout(this.#pausing);
    this.#pausing = undefined;
    if (this.#said) this.#say("");
    this.#said = "";
  }

  #now() {
    this.#pausing = undefined;
    if (this.#next === this.#said) return;
    this.#said = this.#next;
    this.#say(this.#next);
    this.#pausing = setTimeout(() => this.#now(), PAUSE);
  }
}
