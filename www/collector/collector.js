// Put on a shop's page, tells what is looked at, put into carts and bought there. See docs/collector.md.
import { itemsOf, named, text } from "./items.js";
import { options, warn } from "./options.js";
import { discard, flush, hangUp, put } from "./outbox.js";
import { hash, identify, newId, visitorOn } from "./visitor.js";

const from = document.referrer.split("/")[2];
const referrer = from !== location.host && from || null;

/** Nothing before the first. @type {string | null | undefined} */
let page;
/** The item that the page was viewed for last: JSON-LD and dataLayer may both tell of it. @type {string | null | undefined} */
let viewed;
let isOn = false;
/** All that has happened, one after the other: who it was takes a moment to hash. @type {Promise<unknown>} */
let done = Promise.resolve();

/**
 * Runs after what came before, while it is on, and after a look at the page, unless that is another by now; what fails here must not
 * fail the shop's page.
 * @template {unknown[]} A @param {(...values: A) => unknown} run @param {boolean} [always] @returns {(...values: A) => void}
 */
const later = (run, always) => (...values) => {
  done = done.then(run === visit ? null : look).catch(warn).then(() => (isOn || always) && run(...values)).catch(warn);
};

/** Tells of the products that the page describes, where that is new. */
function look() {
  const items = [];
  if (isOn) for (const script of /** @type {NodeListOf<any>} */ (document.querySelectorAll("[type$='ld+json']"))) {
    try {
      // What was read of it before is noted on it.
      if (script.clickfold !== (script.clickfold = script.text)) for (const node of [JSON.parse(script.text)].flat().flatMap(node => node["@graph"] ?? node)) if (/\bProduct\b/.test(node["@type"])) {
        const offer = [node.offers].flat()[0];
        items.push({
          item_id: node.sku ?? node.productID, item_name: node.name, item_brand: node.brand?.name ?? node.brand, item_category: node.category,
          price: offer?.price ?? offer?.lowPrice, currency: offer?.priceCurrency,
        });
      }
    } catch (trouble) {
      warn(trouble);
    }
  }
  if (items[0]) return track(items[1] ? "view_item_list" : "view_item", { items });
}

/** @param {string} event @param {object} [fields] */
async function track(event, fields) {
  const time = new Date().toISOString();
  const [visitor, session] = await visitorOn(time.slice(0, 10));
  let at = 0;
  for (const item of itemsOf(fields)) {
    if (event === "view_item" && viewed === (viewed = item.item_id)) continue;
    // A page of thanks that is looked at again tells of the same purchase.
    const id = event === "purchase" && item.order_id && await hash(item.order_id, at++) || newId();
    put(JSON.stringify({ id, time, event: text(event), visitor, session, page, referrer, ...item }) + "\n");
  }
}

/** In an app of a single page each address is a page. */
function visit() {
  const next = text(/** @type {any} */ (location)[options.page ?? "pathname"]);
  if (next === page) return;
  page = next;
  viewed = undefined;
  return track("page_view");
}

export const due = later(flush);

/** An attribute holds for all that is in its element, where nothing in there says otherwise. @param {any} event */
function click({ target }) {
  const told = (/** @type {string} */ name) => target.closest?.(`[data-cf-${name}]`)?.getAttribute("data-cf-" + name);
  const event = told("event");
  if (event) return track(event, { items: [named(name => told(name.replace(/_id|item_(?!id)/, "")))] });
}

/** An e-commerce event in the dataLayer: Tag Manager's object, or the arguments of gtag. */
const read = later((/** @type {any} */ entry) => {
  const [event, fields] = entry?.[0] === "event" ? [entry[1], entry[2]] : [entry?.event, entry?.ecommerce];
  if (event && (fields?.items ?? fields?.transaction_id)) return track(event, fields);
});

/** @type {any} */
let listen = () => {
  /** @type {Record<string, (event: any) => unknown>} */
  const acts = {
    click,
    visibilitychange: flush,
    pagehide() {
      flush();
      hangUp();
      page = undefined; // should it be shown again
    },
    pageshow: visit,
    online: flush,
    popstate: visit,
  };
  for (const event in acts) addEventListener(event, later(acts[event]), true);
  follow(history, "pushState", later(visit));
  follow(history, "replaceState", later(visit));
  const layer = /** @type {any} */ (window).dataLayer ??= [];
  layer.forEach(read);
  follow(layer, "push", (...entries) => entries.forEach(read));
};

/** Does something after each call of a method, which does what it did. @param {any} object @param {string} name @param {(...values: any[]) => unknown} act */
function follow(object, name, act) {
  const before = object[name];
  object[name] = function (/** @type {any[]} */ ...values) {
    act(...values);
    return before.apply(this, values);
  };
}

if (!window.clickfoldCollector) {
  const consent = later((/** @type {boolean} */ isGiven) => {
    if (!isGiven) {
      isOn = false;
      discard();
      identify();
    } else if (!isOn && navigator.doNotTrack !== "1" && !(/** @type {any} */ (navigator).globalPrivacyControl)) {
      isOn = true;
      listen?.();
      listen = null;
      flush();
      return visit();
    }
  }, true);
  window.clickfoldCollector = { track: later(track), consent, identify: later(identify, true), flush: due };
  if (!options.to) warn("data-to");
  else if (options.consent !== "required") consent(true);
}
