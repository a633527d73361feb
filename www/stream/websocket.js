/** @import { Kind } from "./source.js" */

import { addressOf, forbidden } from "./address.js";
import { Broken } from "./source.js";

/** After these codes of the protocol another try would end alike: what is sent is not wanted, or not understood. */
const FINAL = new Set([1002, 1003, 1007, 1008, 1009, 1010]);
/** Servers' own codes follow HTTP's: these of 4400 to 4499 ask to come back. */
const LATER = new Set([4408, 4425, 4429]);
const NORMAL = 1000;

/** @type {Kind} */
export const websocket = {
  options: ["protocols", "hello", "resume"],
  make({ websocket, protocols, hello, resume }, { ClickfoldError }) {
    const url = addressOf(websocket, ClickfoldError);
    url.protocol = url.protocol.replace("http", "ws");
    return {
      canWait: false,
      run: outlet => {
        const { id } = outlet.last;
        const first = id !== null && resume?.(id) || hello;
        return connection(url, protocols, first, outlet);
      },
    };
  },
};

/**
 * @param {URL} url @param {string | string[] | undefined} protocols @param {string | Uint8Array<ArrayBuffer> | undefined} first
 * @param {import("./source.js").Outlet} outlet @returns {Promise<void>}
 */
function connection(url, protocols, first, outlet) {
  const isForbidden = forbidden(url);
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onopen = () => {
      void isForbidden();
      outlet.opened();
      if (first !== undefined) socket.send(first);
    };
    socket.onmessage = ({ data }) => void outlet.take(data);
    socket.onerror = async () => {
      const policy = await isForbidden(); // then Chromium closes nothing
      if (policy) reject(policy);
    };
    socket.onclose = async ({ code, reason }) => {
      if (code === NORMAL) return resolve();
      const policy = await isForbidden();
      const sentence = `the connection to ${url.host} was closed (${code}${reason && `: ${reason}`})`;
      reject(policy ?? (isFinal(code) ? new Error(sentence) : new Broken(sentence)));
    };
    outlet.signal.addEventListener("abort", () => {
      void isForbidden();
      socket.onmessage = socket.onopen = socket.onclose = socket.onerror = null;
      socket.close(NORMAL);
      resolve();
    }, { once: true });
  });
}

/** @param {number} code */
const isFinal = code => FINAL.has(code) || code >= 4400 && code < 4500 && !LATER.has(code);
