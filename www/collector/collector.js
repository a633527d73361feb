// Put on a shop's page, tells what is looked at, put into carts and bought there. See docs/collector.md.
import { itemsOf, newProducts, readClick, readEntry, text } from "./items.js";
import { options, warn } from "./options.js";
import { discard, flush, hangUp, put } from "./outbox.js";
import { forget, hash, identify, newId, visitorOn } from "./visitor.js";

const from = document.referrer.split("/")[2];
const referrer = from && from !== location.host ? from : null;

/** @type {string | null} */
let page;
/** Items that the page was viewed for: each once. */
const viewed = new Set();
let isOn = false;
let isListening = false;
/** All that has happened, one after the other: who it was takes a moment to hash. @type {Promise<unknown>} */
let done = Promise.resolve();

/**
 * Runs after what came before, while it is on; what fails here must not fail the shop's page.
 * @template {unknown[]} A @param {(...values: A) => unknown} run @param {boolean} [always] @returns {(...values: A) => void}
 */
const later = (run, always) => (...values) => {
  done = done.then(() => (isOn || always) && run(...values)).catch(warn);
};

/** @param {string} event @param {object} [fields] */
async function record(event, fields) {
  const time = new Date().toISOString();
  const [visitor, session] = await visitorOn(time.slice(0, 10));
  for (const [at, item] of itemsOf(fields).entries()) {
    if (event === "view_item" && item.item_id) {
      if (viewed.has(item.item_id)) continue;
      viewed.add(item.item_id);
    }
    // A page of thanks that is looked at again tells of the same purchase.
    const id = event === "purchase" && item.order_id && await hash(item.order_id, at) || newId();
    put(JSON.stringify({ id, time, event: text(event), visitor, session, page, referrer, ...item }) + "\n", onDue);
  }
}

/** An event, after the products that the page has come to describe before it. @param {string} event @param {object} [fields] */
async function track(event, fields) {
  await look();
  await record(event, fields);
}

async function look() {
  const items = newProducts();
  if (items[0]) await record(items[1] ? "view_item_list" : "view_item", { items });
}

/** In an app of a single page each address is a page. */
async function visit() {
  const next = text((options.page ?? "pathname").split(" ").map(part => /** @type {any} */ (location)[part]).join(""));
  if (next === page) return;
  if (page) await look();
  page = next;
  viewed.clear();
  await record("page_view");
}

async function send() {
  await look();
  flush(onDue);
}

const onDue = later(send);

function listen() {
  /** @type {Record<string, (event: any) => unknown>} */
  const acts = {
    click: event => readClick(event, track),
    visibilitychange: () => document.hidden && send(),
    async pagehide() {
      await send();
      hangUp();
    },
    pageshow(event) {
      if (event.persisted) page = null;
      return visit();
    },
    DOMContentLoaded: look,
    online: send,
    popstate: visit,
  };
  for (const event in acts) addEventListener(event, later(acts[event]), { capture: true, passive: true });
  follow(history, "pushState", visit);
  follow(history, "replaceState", visit);
  const layer = /** @type {any} */ (window)[options.layer ?? "dataLayer"] ??= [];
  const read = async (/** @type {any[]} */ ...entries) => {
    for (const entry of entries) await readEntry(entry, track);
  };
  later(read)(...layer);
  follow(layer, "push", read);
}

/** Does something after each call of a method, which does what it did. @param {any} object @param {string} name @param {(...values: any[]) => unknown} act */
function follow(object, name, act) {
  const before = object[name];
  object[name] = function (/** @type {any[]} */ ...values) {
    later(act)(...values);
    return before.apply(this, values);
  };
}

if (!window.clickfoldCollector) {
  const consent = later((/** @type {boolean} */ isGiven) => {
    if (!isGiven) {
      isOn = false;
      discard();
      forget();
    } else if (!isOn && navigator.doNotTrack !== "1" && !(/** @type {any} */ (navigator).globalPrivacyControl)) {
      isOn = true;
      page = null;
      if (!isListening) listen();
      isListening = true;
      flush(onDue);
      return visit();
    }
  }, true);
  window.clickfoldCollector = { track: later(track), consent, identify: later(identify, true), flush: onDue };
  if (!options.to) warn("data-to is missing");
  else if (options.consent !== "required") consent(true);
}
