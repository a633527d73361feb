// Who it is, told without a cookie: see docs/collector.md for what that tells and what not.
import { text } from "./items.js";
import { options, storage } from "./options.js";

const KEY = "clickfold-visitor";

/** 128 bits as the text of a UUID, which the engine holds in 16 bytes. @param {Uint8Array} bytes */
const toText = bytes => Array.from(bytes, (byte, at) => (at % 2 || at < 4 || at > 10 ? "" : "-") + (byte + 256).toString(16).slice(1)).join("");

export const newId = () => toText(crypto.getRandomValues(new Uint8Array(16)));

/** The first 128 bits of the SHA-256; empty on pages without https, where browsers have no hash. @param {any[]} parts */
export const hash = async (...parts) => toText(new Uint8Array(/** @type {ArrayBuffer} */ (await crypto.subtle?.digest("SHA-256", new TextEncoder().encode(`${[options.salt, location.host, ...parts]}`))), 0, 16));

let user = text(options.user);
/** Whom and which day `visitor` is of. */
let known = "";
/** @type {any} */
let visitor;

/** Nobody is somebody else than before. @param {unknown} [id] */
export function identify(id) {
  user = text(id);
  if (!user) delete storage[KEY];
}

/** The visitor and the session of an event on a day. @param {string} day */
export async function visitorOn(day) {
  const now = Date.now();
  let [since, id, session = null, seen] = /** @type {any[]} */ (options.store && storage[KEY]?.split(",") || []);
  if (options.store) {
    if (options.store !== "visitor" && since !== day) id = seen = 0;
    id ||= newId();
    // A pause of half an hour ends a visit.
    if (!(now - seen < 1_800_000)) session = newId();
    storage[KEY] = [day, id, session, now].join();
  }
  // It is hashed once: an event as the page goes away cannot wait for it.
  if (known !== (known = [day, user, id].join())) {
    visitor = (user ? options.rawIds != null && user : id) || hash(day, user ?? [navigator.userAgent, navigator.language, screen.width, screen.height]);
  }
  return [await visitor || null, session];
}
