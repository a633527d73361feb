// What a page says of its items: in Google Analytics' words, in attributes, and in JSON-LD.

const NAMES = "item_id item_name item_brand item_category price quantity currency order_id".split(" ");
/** @param {(name: string) => unknown} of @returns {Record<string, any>} */
export const named = of => Object.fromEntries(NAMES.map(name => [name, of(name)]));

/** @param {any} value */
export const text = value => String(value === Object(value) ? "" : value ?? "").slice(0, 200) || null;
/** @param {any} value */
const number = value => /\d/.test(value) && isFinite(value) ? +value : null;

/** The columns of an event that are about its items, once for each. @param {any} [fields] */
export function itemsOf(fields) {
  fields = { order_id: fields?.transaction_id, quantity: fields?.items && 1, ...fields };
  return (fields.items?.length ? fields.items : [{ price: fields.price ?? fields.value }])
    .map((/** @type {any} */ item) => named(name => (/^[pq]/.test(name) ? number : text)(item?.[name] ?? fields[name])));
}
