/** @import { Kind } from "./source.js" */

/** What another window says, or who holds a port's other end. @type {Kind} */
export const postMessage = {
  options: ["origins"],
  make({ postMessage: from, origins }, { ClickfoldError }) {
    if (!Array.isArray(origins) || !origins.every(origin => typeof origin === "string")) {
      throw new ClickfoldError("BAD_QUERY", `"origins" is a list of the origins whose messages are taken, such as ["https://shop.example"]`);
    }
    if (origins.includes("*")) throw new ClickfoldError("BAD_QUERY", `"*" would take messages from everybody; name the origins, such as "https://shop.example"`);
    const wrong = origins.find(origin => origin !== "null" && (!URL.canParse(origin) || new URL(origin).origin !== origin));
    if (wrong !== undefined) throw new ClickfoldError("BAD_QUERY", `${JSON.stringify(wrong)} is no origin; it is written as "https://shop.example", without a path`);
    const isPort = from instanceof MessagePort;
    if (!isPort && typeof from?.postMessage !== "function") throw new ClickfoldError("BAD_QUERY", `"postMessage" is a window or a MessagePort`);
    if (!isPort && !origins.length) throw new ClickfoldError("BAD_QUERY", `"origins" names nobody, so no message would be taken`);
    // Every sandboxed frame has the origin "null": it says something only of one window.
    if (from === window && origins.includes("null")) throw new ClickfoldError("BAD_QUERY", `the origin "null" is that of every sandboxed frame; give the frame's own window as "postMessage"`);
    /** Who holds a port was given it: its messages have no origin. @param {MessageEvent} event */
    const isWanted = ({ source, origin }) => isPort || origins.includes(origin) && (from === window || source === from);
    return {
      canWait: false,
      run: outlet => new Promise(resolve => {
        const ears = /** @type {Window} */ (isPort ? from : window), { signal } = outlet;
        ears.addEventListener("message", event => {
          if (isWanted(event)) outlet.take(event.data);
        }, { signal });
        ears.addEventListener("messageerror", event => {
          if (isWanted(event)) outlet.refuse(0);
        }, { signal });
        if (isPort) from.start();
        signal.addEventListener("abort", () => resolve(), { once: true });
        outlet.opened();
      }),
    };
  },
};
