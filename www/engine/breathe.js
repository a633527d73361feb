/** @type {(() => void)[]} */
const waiting = [];
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => waiting.shift()?.();

/** Lets messages be heard: work can come so fast that none gets in between. @returns {Promise<void>} */
export function breathe() {
  return new Promise(resolve => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}
