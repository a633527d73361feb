// What a page says of its items: in Google Analytics' words, in attributes, and in JSON-LD.
import { warn } from "./options.js";

const NAMES = "item_id item_name item_brand item_category price quantity currency order_id".split(" ");
/** @param {(name: string) => unknown} of @returns {Record<string, any>} */
const named = of => Object.fromEntries(NAMES.map(name => [name, of(name)]));

/** @param {any} value */
export const text = value => String(value === Object(value) ? "" : value ?? "").slice(0, 200) || null;
/** @param {any} value */
const number = value => /\d/.test(value) && isFinite(value) ? +value : null;

/** The columns of an event that are about its items, once for each. @param {any} [fields] */
export const itemsOf = (fields = {}) => (fields.items?.length ? fields.items : [{ price: fields.value, ...fields }]).map((/** @type {any} */ item) => {
  const all = { currency: fields.currency, order_id: fields.transaction_id ?? fields.order_id, quantity: item?.item_id && 1, ...item };
  return named(name => (/^[pq]/.test(name) ? number : text)(all[name]));
});

/** @typedef {(event: string, fields: object) => unknown} Track */

/** An e-commerce event in the dataLayer: Tag Manager's object, or the arguments of gtag. @param {any} entry @param {Track} track */
export function readEntry(entry, track) {
  const [event, fields] = entry?.[0] === "event" ? [entry[1], entry[2]] : [entry?.event, entry?.ecommerce];
  if (event && (fields?.items ?? fields?.transaction_id)) return track(event, fields);
}

/** An element's attributes, and those of the product that it is in. @param {any} event @param {Track} track */
export function readClick({ target }, track) {
  const product = target.closest?.("[data-cf-item]"), element = target.closest?.("[data-cf-item],[data-cf-event]");
  const told = (/** @type {string} */ name) => element.getAttribute("data-cf-" + name) ?? product?.getAttribute("data-cf-" + name);
  if (element) return track(told("event") ?? "select_item", named(name => told(name.replace(/_id|item_(?!id)/, ""))));
}

/** The products that the page describes, where that is new. @returns {object[]} */
export const newProducts = () => [...document.querySelectorAll("[type$='ld+json']")].flatMap((/** @type {any} */ script) => {
  // What was read of it before is noted on it.
  if (script.clickfold === (script.clickfold = script.text)) return [];
  try {
    return [JSON.parse(script.text)].flat().flatMap(node => node["@graph"] ?? node).filter(node => [node["@type"]].flat().includes("Product")).map(toItem);
  } catch (error) {
    warn(error);
    return [];
  }
});

/** @param {any} product */
function toItem({ sku, productID, name, brand, category, offers }) {
  const offer = [offers].flat()[0];
  return {
    item_id: sku ?? productID, item_name: name, item_brand: brand?.name ?? brand, item_category: category,
    price: offer?.price ?? offer?.lowPrice, currency: offer?.priceCurrency,
  };
}
