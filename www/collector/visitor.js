// Who it is, told without a cookie: see docs/collector.md for what that tells and what not.
import { keep, read } from "./kept.js";
import { options } from "./options.js";

const KEY = "clickfold-visitor";
const SESSION_GAP = 30 * 60_000;

/** 128 bits as the text of a UUID, which the engine holds in 16 bytes. @param {ArrayLike<number>} bytes */
const toText = bytes => Array.from(bytes, byte => (byte + 256).toString(16).slice(1)).join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

export const newId = () => toText(crypto.getRandomValues(new Uint8Array(16)));

/** The first 128 bits of the SHA-256; null on pages without https, where browsers have no hash. @param {unknown[]} parts */
export const hash = async (...parts) => crypto.subtle
  ? toText(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify([options.salt, location.host, parts]))), 0, 16))
  : null;

let user = options.user;
/** Whom and which day `visitor` is of. */
let known = "";
/** @type {Promise<string | null>} */
let visitor = Promise.resolve(null);

/** @param {unknown} id */
export function identify(id) {
  user = String(id ?? "");
}

export function forget() {
  user = "";
  keep(KEY);
}

/** The visitor and the session of an event at `time`. @param {string} time @returns {{ visitor: Promise<string | null>, session: string | null }} */
export function visitorAt(time) {
  const day = time.slice(0, 10);
  const kept = options.store ? keptAt(Date.parse(time), day) : null;
  const who = [day, user, kept?.id].join();
  if (who !== known) visitor = user ? options.rawIds == null ? hash(day, user) : Promise.resolve(user)
    : kept ? Promise.resolve(kept.id)
    : hash(day, navigator.userAgent, navigator.language, screen.width, screen.height, new Date().getTimezoneOffset());
  known = who;
  return { visitor, session: kept?.session ?? null };
}

/** A random id for the day, or for good, and one of the visit: a pause of half an hour ends it. @param {number} now @param {string} day */
function keptAt(now, day) {
  const old = read(KEY) ?? {};
  const isSame = old.id && (options.store === "visitor" || old.day === day);
  const kept = { day, seen: now, id: isSame ? old.id : newId(), session: isSame && now - old.seen < SESSION_GAP ? old.session : newId() };
  keep(KEY, kept);
  return kept;
}
