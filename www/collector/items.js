// What a page says of its items: in Google Analytics' words, in attributes, and in JSON-LD.
/** @import { CollectedFields } from "../collector.js" */
import { warn } from "./options.js";

/** @param {unknown} value */
const text = value => value == null || value === "" || typeof value === "object" ? null : [...String(value)].slice(0, 200).join("");
/** @param {any} value */
const number = value => /\d/.test(value) && isFinite(value) ? +value : null;

/** The columns of an event that are about its items, once for each. @param {CollectedFields} [fields] */
export const itemsOf = (fields = {}) => (Array.isArray(fields.items) && fields.items.length ? fields.items : [fields]).map((/** @type {any} */ item) => {
  item = { ...item };
  const item_id = text(item.item_id);
  return {
    item_id, item_name: text(item.item_name), item_brand: text(item.item_brand), item_category: text(item.item_category),
    price: number(item.price ?? item.value), quantity: number(item.quantity) ?? (item_id && 1),
    currency: text(item.currency ?? fields.currency), order_id: text(fields.transaction_id ?? fields.order_id),
  };
});

/** An e-commerce event in the dataLayer: Tag Manager's object, or the arguments of gtag. @param {any} entry @returns {[string, CollectedFields] | undefined} */
export function eventOf(entry) {
  const [name, fields] = entry?.[0] === "event" ? [entry[1], entry[2]] : [entry?.event, entry?.ecommerce];
  if (typeof name === "string" && (fields?.items ?? fields?.transaction_id)) return [name, fields];
}

/** An element's attributes, and those of the product that it is in. @param {Event} event @returns {[string, CollectedFields] | undefined} */
export function clicked(event) {
  const marked = event.composedPath().map(element => /** @type {HTMLElement} */ (element).dataset ?? {}).filter(data => data.cfEvent ?? data.cfItem);
  if (!marked.length) return;
  const data = { ...marked.find(data => data.cfItem), ...marked[0] };
  return [marked[0].cfEvent ?? "select_item", {
    item_id: data.cfItem, item_name: data.cfName, item_brand: data.cfBrand, item_category: data.cfCategory,
    price: data.cfPrice, quantity: data.cfQuantity, currency: data.cfCurrency, order_id: data.cfOrder,
  }];
}

/** What was read of which script already. @type {WeakMap<Element, string>} */
const seen = new WeakMap();

/** The products that the page describes, where that is new. @returns {object[]} */
export const newProducts = () => document.readyState === "loading" ? [] : [...document.querySelectorAll("script[type='application/ld+json']")].flatMap(script => {
  const json = script.textContent ?? "";
  if (seen.get(script) === json) return [];
  seen.set(script, json);
  try {
    return [JSON.parse(json)].flat().flatMap(node => [node, node?.["@graph"]].flat()).filter(node => [node?.["@type"]].flat().includes("Product")).map(toItem);
  } catch (error) {
    warn(error);
    return [];
  }
});

/** @param {any} product */
function toItem({ sku, productID, name, brand, category, offers }) {
  const offer = [offers].flat()[0];
  return {
    item_id: sku ?? productID, item_name: name, item_brand: brand?.name ?? brand, item_category: [category].flat()[0],
    price: offer?.price ?? offer?.lowPrice, currency: offer?.priceCurrency,
  };
}
