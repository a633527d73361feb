/** @import { Kind } from "./source.js" */

/** What the other tabs of this origin say on a channel. @type {Kind} */
export const broadcast = {
  options: [],
  make({ broadcast: name }, { ClickfoldError }) {
    if (typeof name !== "string" || !name) throw new ClickfoldError("BAD_QUERY", `"broadcast" is the name of a channel, found ${JSON.stringify(name)}`);
    return {
      canWait: false,
      run: outlet => new Promise(resolve => {
        const channel = new BroadcastChannel(name);
        channel.onmessage = ({ data }) => void outlet.take(data);
        channel.onmessageerror = () => outlet.refuse(0);
        outlet.signal.addEventListener("abort", () => {
          channel.close();
          resolve();
        }, { once: true });
        outlet.opened();
      }),
    };
  },
};
