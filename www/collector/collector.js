// Put on a shop's page, tells what is looked at, put into carts and bought there. See docs/collector.md.
/** @import { CollectedFields } from "../collector.js" */
import { clicked, eventOf, itemsOf, newProducts } from "./items.js";
import { options, safely, warn } from "./options.js";
import { flush, hangUp, isOn, put, turnOff, turnOn } from "./outbox.js";
import { forget, hash, identify, newId, visitorAt } from "./visitor.js";

const { to, consent, page: parts = "", layer: layerName = "dataLayer" } = options;
const from = document.referrer.split("/")[2];
const referrer = from && from !== location.host ? from : null;

/** @type {string | undefined} */
let page;
/** Items whose page this is: each is viewed once. */
const viewed = new Set();
/** Until all that was told is in the queue: who it was takes a moment to hash. */
let told = Promise.resolve();
let isListening = false;

/** @param {string} event @param {CollectedFields} [fields] */
function record(event, fields) {
  if (!isOn) return;
  const time = new Date().toISOString();
  const { visitor, session } = visitorAt(time);
  for (const [at, item] of itemsOf(fields).entries()) {
    if (event === "view_item" && item.item_id) {
      if (viewed.has(item.item_id)) continue;
      viewed.add(item.item_id);
    }
    // A page of thanks that is looked at again tells of the same purchase.
    const id = event === "purchase" && item.order_id ? hash(item.order_id, at) : null;
    const on = /** @type {string} */ (page);
    told = Promise.all([told, id, visitor]).then(safely(([, id, visitor]) => put({ id: id ?? newId(), time, event, visitor, session, page: on, referrer, ...item })), warn);
  }
}

/** An event, after the products that the page has come to describe before it. @param {string} event @param {CollectedFields} [fields] */
function track(event, fields) {
  look();
  record(event, fields);
}

function look() {
  const items = isOn ? newProducts() : [];
  if (items.length) record(items.length > 1 ? "view_item_list" : "view_item", { items });
}

/** A page of its own by its address, in an app of a single page, too. */
function visit() {
  const { pathname, search, hash } = location;
  const next = pathname + (parts.includes("query") ? search : "") + (parts.includes("hash") ? hash : "");
  if (!isOn || next === page) return;
  if (page) look();
  page = next;
  viewed.clear();
  record("page_view");
}

/** @param {boolean} isGoing whether the page may be gone for good */
function send(isGoing) {
  look();
  told.then(() => flush(isGoing));
}

function start() {
  if (isOn) return;
  turnOn();
  page = undefined;
  visit();
  if (!isListening) listen();
}

function listen() {
  isListening = true;
  const on = (/** @type {EventTarget} */ target, /** @type {string} */ event, /** @type {(event: any) => void} */ act) =>
    target.addEventListener(event, safely(act), { capture: true, passive: true });
  on(document, "click", event => take(clicked(event)));
  on(document, "visibilitychange", () => document.visibilityState === "hidden" && send(true));
  on(window, "pagehide", () => {
    send(true);
    told.then(hangUp);
  });
  on(window, "pageshow", event => {
    if (!event.persisted) return;
    page = undefined;
    visit();
  });
  on(document, "DOMContentLoaded", look);
  on(window, "online", () => send(false));
  on(window, "popstate", visit);
  follow(history, "pushState", visit);
  follow(history, "replaceState", visit);
  const layer = /** @type {any} */ (window)[layerName] ??= [];
  const read = (/** @type {any[]} */ ...entries) => entries.forEach(entry => take(eventOf(entry)));
  read(...layer);
  follow(layer, "push", read);
}

/** @param {[string, CollectedFields] | undefined} event */
const take = event => event && track(...event);

/** Does something after each call of a method, which does what it did. @param {any} object @param {string} name @param {(...values: any[]) => void} act */
function follow(object, name, act) {
  const before = object[name];
  object[name] = function (/** @type {any[]} */ ...values) {
    const result = before.apply(this, values);
    safely(act)(...values);
    return result;
  };
}

/** Whoever tells the browser not to be followed is not. */
const isForbidden = () => navigator.doNotTrack === "1" || /** @type {any} */ (navigator).globalPrivacyControl;

const begin = safely(() => {
  if (!to) throw "the script has no data-to, which says where events go";
  if (!isForbidden()) start();
});

if (!(window.clickfoldCollector && "track" in window.clickfoldCollector)) {
  window.clickfoldCollector = {
    track: safely(track),
    consent: safely(isGiven => {
      if (isGiven) return begin();
      turnOff();
      forget();
    }),
    identify: safely(identify),
    flush: safely(() => send(false)),
  };
  if (consent !== "required") begin();
}
