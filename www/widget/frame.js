/** The embedder's side of frame.html: says what the frame shows, and hears what becomes of it. */

/** @import { Embedded, EmbedOptions, FrameMessage } from "../frame.js" */

/** An address of the embedding page's, behind what says that it is a stream. @param {string} src */
function absolute(src) {
  const [, prefix = "", address = src] = /^(sse\+|stream\+|broadcast:|datalayer:)?(.*)$/s.exec(src) ?? [];
  return prefix.endsWith(":") ? src : prefix + (URL.parse(address, document.baseURI)?.href ?? address);
}

/** @param {HTMLIFrameElement} iframe @param {EmbedOptions} options @returns {Embedded} */
export function embed(iframe, { origin = originOf(iframe), ...view }) {
  let isOpen = false;
  /** @type {unknown[]} */
  let waiting = [];
  // Nobody can be addressed by an origin of "null".
  const send = (/** @type {object} */ message, to = origin === "null" ? "*" : origin) => iframe.contentWindow?.postMessage({ clickfold: 1, ...message }, to);
  const configure = () => isOpen && send({ do: "configure", ...view, ...view.src && { src: absolute(view.src) } });
  // The frame may be there already, or still be about to load: whoever is greeted too early hears nothing, and learns nothing.
  const greet = () => {
    isOpen = false;
    send({ do: "hello" }, "*");
  };
  const hear = (/** @type {MessageEvent} */ { source, origin: from, data }) => {
    if (source !== iframe.contentWindow || from !== origin || data?.clickfold !== 1) return;
    const { event, height, detail } = data;
    if (event === "open") {
      isOpen = true;
      configure();
      waiting.splice(0).forEach(rows => send({ do: "push", rows }));
    } else if (event === "size") iframe.style.height = `${height}px`;
    else iframe.dispatchEvent(new CustomEvent(`clickfold-${event}`, { detail }));
  };
  addEventListener("message", hear);
  iframe.addEventListener("load", greet);
  greet();
  return {
    configure(more) {
      Object.assign(view, more);
      configure();
    },
    push: rows => void (isOpen ? send({ do: "push", rows }) : waiting.push(rows)),
    close() {
      removeEventListener("message", hear);
      iframe.removeEventListener("load", greet);
    },
  };
}

/** Whose messages are the frame's. @param {HTMLIFrameElement} iframe */
const originOf = iframe => iframe.hasAttribute("sandbox") && !iframe.sandbox.contains("allow-same-origin") ? "null" : new URL(iframe.src).origin;
