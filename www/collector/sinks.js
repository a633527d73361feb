// The ways out of the page. Each takes a batch, and says whether it is gone.
/** @import { CollectedEvent } from "../collector.js" */
import { options, warn } from "./options.js";

/** A broken connection is only noticed after a while: what was sent so shortly before is sent again. */
const DOUBTFUL = 5_000;

/**
 * @typedef {object} Sink
 * @property {(batch: CollectedEvent[], isLeaving: boolean) => boolean | Promise<boolean>} send
 * @property {() => void} [prepare] when an event has come that will be sent soon
 * @property {() => void} [hangUp]
 */

/** Events as lines of JSON. @param {CollectedEvent[]} batch */
export const toLines = batch => batch.map(event => JSON.stringify(event) + "\n").join("");

/** @param {() => void} onOpen @param {(events: CollectedEvent[]) => void} onLost @returns {Sink} */
export function openSink(onOpen, onLost) {
  const { to = "" } = options;
  if (/^wss?:/.test(to)) return socketTo(to, onOpen, onLost);
  return to.startsWith("broadcast:") ? channelTo(to.slice(10)) : addressAt(to);
}

/** @param {string} to @param {() => void} onOpen @param {(events: CollectedEvent[]) => void} onLost @returns {Sink} */
function socketTo(to, onOpen, onLost) {
  /** @type {WebSocket | undefined} */
  let socket;
  /** @type {CollectedEvent[]} */
  let last = [];
  let sentAt = 0;
  const prepare = () => {
    if (socket) return;
    socket = new WebSocket(to);
    socket.onopen = () => onOpen();
    socket.onclose = () => {
      socket = undefined;
      warn(`no connection to ${to}; events wait until there is one`);
      const lost = Date.now() - sentAt < DOUBTFUL ? last : [];
      last = [];
      onLost(lost);
    };
  };
  return {
    prepare,
    send(batch) {
      prepare();
      if (socket?.readyState !== 1) return false;
      socket.send(toLines(batch));
      last = Date.now() - sentAt < DOUBTFUL ? [...last, ...batch] : batch;
      sentAt = Date.now();
      return true;
    },
    hangUp() {
      if (socket) socket.onclose = null;
      socket?.close();
      socket = undefined;
    },
  };
}

/** @param {string} name @returns {Sink} */
function channelTo(name) {
  /** @type {BroadcastChannel | undefined} */
  let channel;
  return {
    send(batch) {
      channel ??= new BroadcastChannel(name);
      for (const event of batch) channel.postMessage(event);
      return true;
    },
  };
}

/** @param {string} to @returns {Sink} */
const addressAt = to => ({
  async send(batch, isLeaving) {
    const body = toLines(batch);
    if (isLeaving && navigator.sendBeacon) return navigator.sendBeacon(to, body);
    const { ok, type, status } = await fetch(to, { method: "POST", mode: "no-cors", credentials: "omit", keepalive: true, body });
    if (ok || type === "opaque") return true;
    throw `${to} answers ${status}; events wait until it takes them`;
  },
});
