/** The stream that the page's address names, `?to=`, as the widget's `src` is written, and the one server that it comes from. */

/** @typedef {"websocket" | "sse" | "fetch" | "broadcast" | "sample"} Kind */
/** `at` is an address, a channel's name or a speed. @typedef {{ kind: Kind, at: string }} Wanted */

/** @type {Map<Kind, string>} */
const PREFIXES = new Map([["sse", "sse+"], ["fetch", "stream+"], ["broadcast", "broadcast:"], ["sample", "sample:"], ["websocket", ""]]);
export const SPEEDS = ["1", "600", "Infinity"];
/** Of a host that a policy can name; a `*` in it would allow others. */
const HOST = /^[a-z0-9._-]+$/;

/** @param {string} to @returns {Wanted} */
export function parse(to) {
  for (const [kind, prefix] of PREFIXES) if (to.startsWith(prefix)) return { kind, at: to.slice(prefix.length) };
  throw new Error("a text begins with nothing");
}

/** @param {Wanted} wanted */
export const write = ({ kind, at }) => `${PREFIXES.get(kind)}${at}`;

/** What is wrong with it and what to do, in a sentence; nothing where it is right. @param {Wanted} wanted @returns {string | undefined} */
export function problemOf({ kind, at }) {
  if (kind === "sample") return SPEEDS.includes(at) ? undefined : "Choose a speed.";
  if (kind === "broadcast") return at ? undefined : "Write the channel's name: the one that the other tab posts to.";
  const [secure, plain, example] = kind === "websocket" ? ["wss:", "ws:", "wss://shop.example/events"] : ["https:", "http:", "https://shop.example/events"];
  if (!at) return `Write the stream's address, such as ${example}.`;
  const url = URL.parse(at);
  if (!url?.host) return `This is not a whole address; write it from the beginning, such as ${example}.`;
  const { protocol, hostname, username, password } = url;
  if (protocol !== secure && protocol !== plain) return `The address of this kind of source begins with ${secure}// and not with ${protocol}; correct it, or choose another source.`;
  if (username || password) return "Leave the name and the password out of the address: a browser does not send them.";
  if (!HOST.test(hostname)) return `The page cannot be limited to the host ${hostname}; name it by letters, digits, points and hyphens.`;
  if (location.protocol === "https:" && protocol === plain && !isHere(hostname)) return `This page came over an encrypted connection, from which a browser opens no plain one; use ${secure}//.`;
  return undefined;
}

/** @param {string} hostname */
const isHere = hostname => hostname === "127.0.0.1" || hostname === "localhost" || hostname.endsWith(".localhost");

/** The only server, beside its own, that the page may speak to, if any. @param {Wanted} wanted */
export function serverOf(wanted) {
  if (wanted.kind === "sample" || wanted.kind === "broadcast" || problemOf(wanted)) return undefined;
  const { protocol, host } = new URL(wanted.at);
  return `${protocol}//${host}`;
}

/** The policy of a page with that in its address. @param {string} search */
export function policyOf(search) {
  const server = serverOf(parse(new URLSearchParams(search).get("to") ?? ""));
  return `connect-src 'self'${server ? ` ${server}` : ""}`;
}
