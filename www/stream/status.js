/** @import { StreamCounters, StreamStatus } from "../clickfold.js" */

const EVERY_MS = 100;

/** How a stream is, told at each change of its state, and of its counters at most every 100 ms. */
export class Status {
  /** @type {StreamCounters} */
  counters = { frames: 0, bytes: 0, invalid_frames: 0, dropped_frames: 0, received: 0, used: 0, invalid: 0, filtered: 0, duplicate: 0, late: 0, reconnects: 0 };
  #state = /** @type {StreamStatus["state"]} */ ("connecting");
  /** @type {string | undefined} */
  #reason;
  /** Why the last message that was no event was none. @type {string | undefined} */
  refused;
  #isPaused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #told = -Infinity;

  /** @param {(status: StreamStatus) => void} [onStatus] */
  constructor(onStatus) {
    this.onStatus = onStatus;
    this.#tell();
  }

  get isOver() {
    return this.#state === "ended" || this.#state === "failed";
  }

  get isPaused() {
    return this.#isPaused;
  }

  get isOpen() {
    return this.#state === "open" && !this.#isPaused;
  }

  /** @returns {StreamStatus} */
  get now() {
    const state = this.#isPaused && !this.isOver ? "paused" : this.#state;
    return { state, ...this.#reason === undefined ? {} : { reason: this.#reason }, ...this.refused === undefined ? {} : { refused: this.refused }, counters: { ...this.counters } };
  }

  /** @param {StreamStatus["state"]} state @param {string} [reason] */
  set(state, reason) {
    if (this.isOver || state === this.#state && reason === this.#reason) return;
    this.#state = state;
    this.#reason = reason;
    this.#tell();
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    if (this.isOver || isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#tell();
  }

  /** The counters have changed. */
  count() {
    if (this.onStatus) this.#timer ??= setTimeout(() => this.#tell(), Math.max(0, this.#told + EVERY_MS - performance.now()));
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#told = performance.now();
    const { onStatus, now } = this;
    if (onStatus) queueMicrotask(() => onStatus(now)); // what it throws is the page's own affair
  }
}
