// What waits to be sent: in memory for a moment, and in localStorage when it could not be.
import { due } from "./collector.js";
import { options, storage, warn } from "./options.js";

const KEY = "clickfold-queue";
const WAIT = 2_000;

const { to = "" } = options;
const isSocket = /^wss?:/.test(to);

/** Events as lines of JSON. */
let queue = "";
/** @type {any} */
let timer;
let wait = WAIT;
/** @type {any} */
let socket;

export function discard() {
  queue = "";
  delete storage[KEY];
  hangUp();
}

export const hangUp = () => socket?.close();

/** @param {string} lines */
export function put(lines) {
  queue += lines;
  timer ??= setTimeout(due, wait);
  if (queue.split("\n")[20] === "") due();
}

/** Sends all that waits; what cannot be sent now is kept, and tried again after a longer while. */
export function flush() {
  timer = clearTimeout(timer);
  if (isSocket && !(socket?.readyState < 2)) {
    socket = new WebSocket(to);
    socket.onopen = due;
    socket.onerror = () => warn(to);
  }
  queue = (storage[KEY] ?? "") + queue;
  delete storage[KEY];
  while (queue && navigator.onLine) {
    // Browsers take 64 KiB of what is to be sent after a page is gone; a character has three bytes at the most.
    const [batch] = /** @type {RegExpMatchArray} */ (queue.slice(0, 20_000).match(/([^\n]+\n){1,20}/));
    if (!send(batch)) break;
    queue = queue.slice(batch.length);
    wait = WAIT;
  }
  if (!queue) return;
  storage[KEY] = queue.split("\n").slice(-501).join("\n");
  queue = "";
  wait = Math.min(wait * 2, 60_000);
  put("");
}

/** Whether the batch is gone. @param {string} batch */
function send(batch) {
  if (isSocket) {
    if (socket.readyState !== 1) return false;
    socket.send(batch);
    // A broken connection is only noticed after a while: what was sent so shortly before is sent again.
    socket.addEventListener("close", (/** @type {CloseEvent} */ event) => event.wasClean || put(batch), { signal: AbortSignal.timeout(5_000) });
    return true;
  }
  if (!to.startsWith("broadcast:")) return navigator.sendBeacon(to, batch);
  const channel = new BroadcastChannel(to.slice(10));
  for (const line of /** @type {string[]} */ (batch.match(/[^\n]+/g))) channel.postMessage(JSON.parse(line));
  channel.close();
  return true;
}
