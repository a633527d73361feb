/**
 * What runs in frame.html: one widget for a page that does not run our script itself. It listens to its embedder alone, if that is of an
 * origin that the frame's address names (`?origins=`), and answers only there. docs/embedding.md has the messages. No module, so that it
 * is there to say what is wrong where its server sends no CORS headers.
 */

/** @import { FrameEvent, FrameMessage, FrameView } from "../frame.js" */

export {};

const ATTRIBUTES = /** @type {const} */ (["view", "query", "src", "theme", "lang", "window", "limit", "timezone", "heading", "heading-level", "options"]);
/** Of a host that a policy can name; a `*` in it would allow others, a `;` would begin another directive. */
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/;
const origins = namedOrigins("origins");
/** The embedder's origin, once it has been heard. */
let embedder = "";
/** @typedef {import("./element.js").ClickfoldView} Widget */
/** @type {Promise<Widget> | undefined} */
let widget;

restrict();
addEventListener("message", ({ data, source, origin }) => {
  if (source !== parent || !origins.includes(origin) || data?.clickfold !== 1) return;
  embedder = origin;
  obey(data).catch(error => tell({ event: "error", detail: plain(error) }));
});
if (!origins.length) {
  say("This frame shows nothing: its address names no page that it may listen to (?origins=https://admin.example).");
}

/** @param {FrameMessage} message */
async function obey({ clickfold, ...message }) {
  switch (message.do) {
    case "hello":
      return tell({ event: "open" });
    case "configure": {
      const { do: _, ...view } = message;
      return configure(view);
    }
    case "push":
      if (!widget) throw { code: "BAD_QUERY", message: "the frame is told what to show before rows are pushed" };
      return (await widget).events.take(message.rows);
    default:
      throw { code: "BAD_QUERY", message: `a frame is told to hello, configure or push, found ${JSON.stringify(/** @type {{ do: unknown }} */ (message).do)}` };
  }
}

/** What is not told stays as it is; null takes it away. @param {FrameView} view */
async function configure({ file, ...view }) {
  const unknown = Object.keys(view).find(key => !ATTRIBUTES.some(name => name === key));
  if (unknown !== undefined) throw { code: "BAD_QUERY", message: `unknown key ${JSON.stringify(unknown)}; a frame knows ${ATTRIBUTES.join(", ")}, file` };
  widget ??= start(view.lang);
  const element = await widget;
  for (const name of ATTRIBUTES) {
    if (!Object.hasOwn(view, name)) continue;
    const value = view[name], text = typeof value === "object" && value ? JSON.stringify(value) : value;
    if (text === null || text === undefined) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(text)) element.setAttribute(name, String(text));
  }
  if (file !== undefined) element.source = file;
  document.documentElement.style.colorScheme = element.getAttribute("theme")?.replace("auto", "light dark") ?? "light dark";
  if (!element.isConnected) document.body.replaceChildren(element);
}

/** @param {FrameView["lang"]} lang of the view */
async function start(lang) {
  try {
    await import(new URL("widget.js", document.baseURI).href);
  } catch {
    widget = undefined; // the next message tries again
    // Its own words are in what was not fetched.
    if (/^zh\b/i.test(lang && lang !== "auto" ? lang : navigator.language)) say("无法加载 Clickfold 组件。", "zh-CN");
    else say("Clickfold's widget cannot be fetched.");
    throw { code: "WORKER_LOST", message: "the frame cannot fetch widget.js; serve all files of the folder together, to frames without an origin of their own with access-control-allow-origin: *" };
  }
  const element = /** @type {Widget} */ (document.createElement("clickfold-view"));
  element.addEventListener("clickfold-ready", () => tell({ event: "ready" }));
  element.addEventListener("clickfold-select", event => tell({ event: "select", detail: /** @type {CustomEvent} */ (event).detail }));
  element.addEventListener("clickfold-error", event => tell({ event: "error", detail: plain(/** @type {CustomEvent} */ (event).detail) }));
  new ResizeObserver(() => tell({ event: "size", height: Math.ceil(document.documentElement.getBoundingClientRect().height) })).observe(document.body);
  return element;
}

/** @param {FrameEvent} event */
const tell = event => parent.postMessage({ clickfold: 1, ...event }, embedder);

/** An error as it crosses between windows. @param {any} error */
const plain = ({ code = "BAD_INPUT", message, detail = {} }) => ({ code, message, detail });

/** @param {string} sentence @param {string} [lang] */
function say(sentence, lang = "en") {
  const paragraph = document.createElement("p");
  paragraph.lang = lang;
  paragraph.textContent = sentence;
  document.body.replaceChildren(paragraph);
}

/** Origins that a parameter of the frame's address names. @param {string} parameter */
function namedOrigins(parameter) {
  return new URLSearchParams(location.search).getAll(parameter).flatMap(list => list.split(",")).map(text => URL.parse(text)).flatMap(url => url && url.origin !== "null" && HOST.test(url.hostname) ? [url.origin] : []);
}

/**
 * What the frame is given reaches its embedder, its own server, and what its address names (`?connect=`), nobody else. The policy names our
 * server, as a frame without an origin of its own has no 'self'.
 */
function restrict() {
  const here = new URL(document.baseURI).origin;
  const meta = document.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = `default-src 'none'; script-src ${here} 'wasm-unsafe-eval'; style-src ${here}; connect-src ${[here, ...origins, ...namedOrigins("connect")].join(" ")}; worker-src blob:; base-uri 'none'; form-action 'none'`;
  document.head.append(meta);
}
