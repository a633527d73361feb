// What waits to be sent: in memory for a moment, and in localStorage when it could not be.
/** @import { CollectedEvent } from "../collector.js" */
import { keep, read } from "./kept.js";
import { warn } from "./options.js";
import { openSink, toLines } from "./sinks.js";

const KEY = "clickfold-queue";
const BATCH = 20;
const WAIT = 2_000;
const LONGEST_WAIT = 60_000;
const KEPT = 500;
/** Browsers take 64 KiB of what is to be sent after a page is gone. */
const BYTES = 60_000;

export let isOn = false;
/** @type {CollectedEvent[]} */
let queue = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let wait = WAIT;
let isSending = false;

const sink = openSink(flush, events => put(...events));

export const hangUp = () => sink.hangUp?.();

/** Takes up what waits since an earlier page. */
export function turnOn() {
  isOn = true;
  flush();
}

/** Forgets what waits. */
export function turnOff() {
  isOn = false;
  queue = [];
  clearTimeout(timer);
  timer = undefined;
  hangUp();
  keep(KEY);
}

/** @param {CollectedEvent[]} events */
export function put(...events) {
  if (!isOn || !events.length) return;
  queue = [...queue, ...events].slice(-KEPT);
  timer ??= setTimeout(flush, wait);
  if (wait > WAIT) return;
  sink.prepare?.();
  if (queue.length >= BATCH) flush();
}

/** Sends all that waits; what cannot be sent now is kept, and tried again after a longer while. */
export async function flush(isLeaving = false) {
  if (!isOn || isSending && !isLeaving) return;
  clearTimeout(timer);
  timer = undefined;
  isSending = true;
  if (navigator.onLine) {
    queue = [...kept(), ...queue];
    keep(KEY);
  }
  while (queue.length && navigator.onLine) {
    const batch = cut();
    const isGone = await attempt(batch, isLeaving);
    if (!isOn) break;
    if (!isGone) {
      queue = [...batch, ...queue];
      wait = Math.min(wait * 2, LONGEST_WAIT);
      break;
    }
    wait = WAIT;
  }
  isSending = false;
  if (!queue.length) return;
  keep(KEY, [...kept(), ...queue].slice(-KEPT));
  queue = [];
  timer ??= setTimeout(flush, wait);
}

/** @returns {CollectedEvent[]} */
const kept = () => read(KEY) ?? [];

/** Takes a batch from the queue. */
function cut() {
  let n = BATCH;
  while (n > 1 && new Blob([toLines(queue.slice(0, n))]).size > BYTES) n >>= 1;
  return queue.splice(0, n);
}

/** @param {CollectedEvent[]} batch @param {boolean} isLeaving */
async function attempt(batch, isLeaving) {
  try {
    return await sink.send(batch, isLeaving);
  } catch (error) {
    warn(error);
    return false;
  }
}
