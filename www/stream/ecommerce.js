/** What a page says of its shop in its data layer, as rows: the e-commerce events of Google Analytics 4. */

const EVENTS = new Set([
  "view_item_list", "select_item", "view_item", "add_to_wishlist", "add_to_cart", "remove_from_cart", "view_cart", "begin_checkout",
  "add_shipping_info", "add_payment_info", "purchase", "refund",
]);

/** What the rows' columns are, as a data set is loaded with it. @type {NonNullable<import("../clickfold.js").LoadOptions["schema"]>} */
export const SCHEMA = {
  time: { type: "time", role: "time" }, event: { type: "text", role: "action" }, client_id: { type: "text", role: "actor" }, user_id: { type: "text", role: null },
  item_id: { type: "text", role: "item" }, item_name: { type: "text", role: null }, item_brand: { type: "text", role: null }, item_category: { type: "text", role: "category" },
  price: { role: "price" }, quantity: { role: "quantity" }, currency: { type: "text", role: null }, order_id: { type: "text", role: "order" }, value: { role: null },
};

/** Reads what is pushed, in its order: who somebody is holds for all that comes after. */
export class Ecommerce {
  /** @type {string | null} */
  #client = null;
  /** @type {string | null} */
  #user = null;
  #visitor;

  /** @param {() => string} visitor whom rows are of while the page does not say */
  constructor(visitor) {
    this.#visitor = visitor;
  }

  /**
   * The rows of what was pushed: one for each item, one where there is none, none where it is no such event.
   * @param {unknown} pushed an object as for Google Tag Manager, or the arguments of `gtag`
   * @param {Date} now
   */
  rows(pushed, now) {
    if (typeof pushed !== "object" || pushed === null) return [];
    const { event, layer, shop } = read(pushed);
    this.#client = text(shop.client_id) ?? text(layer.client_id) ?? this.#client;
    this.#user = text(shop.user_id) ?? text(layer.user_id) ?? this.#user;
    if (typeof event !== "string" || !EVENTS.has(event)) return [];
    const shared = {
      time: timeOf(shop.event_timestamp ?? shop.timestamp ?? layer.event_timestamp ?? layer.timestamp, now).toISOString(),
      event, client_id: this.#client ?? this.#visitor(), user_id: this.#user,
    };
    const items = Array.isArray(shop.items) && shop.items.length ? shop.items : [{}];
    return items.map((given, at) => {
      const item = object(given);
      return {
        ...shared,
        item_id: text(item.item_id), item_name: text(item.item_name), item_brand: text(item.item_brand), item_category: text(item.item_category),
        price: amount(item.price), quantity: amount(item.quantity),
        currency: text(item.currency) ?? text(shop.currency) ?? text(layer.currency),
        order_id: text(shop.transaction_id),
        value: at === 0 ? amount(shop.value) : null, // once for the event, so that it adds up
      };
    });
  }
}

/** @param {object} pushed @returns {{ event?: unknown, layer: Fields, shop: Fields }} what is said of the page, and of its shop */
function read(pushed) {
  if (!isArguments(pushed)) {
    const layer = object(pushed);
    return { event: layer.event, layer, shop: object(layer.ecommerce) };
  }
  const [command, first, second] = Array.from(/** @type {ArrayLike<unknown>} */ (pushed));
  if (command === "event") return { event: first, layer: object(second), shop: object(second) };
  const isNamed = command === "set" && typeof first === "string";
  const said = command === "config" ? object(second) : command !== "set" ? {} : isNamed ? { [first]: second } : object(first);
  return { layer: said, shop: {} };
}

/** @typedef {Record<string, unknown>} Fields */

/** @param {object} value */
const isArguments = value => Array.isArray(value) || Object.prototype.toString.call(value) === "[object Arguments]";

/** @param {unknown} value @returns {Fields} */
const object = value => typeof value === "object" && value !== null ? /** @type {Fields} */ (value) : {};

/** @param {unknown} value */
const text = value => typeof value === "string" && value !== "" || Number.isFinite(value) ? String(value) : null;

/** As it stands: digits that the page has written stay the same. @param {unknown} value */
const amount = value => typeof value === "string" && value !== "" || Number.isFinite(value) ? /** @type {string | number} */ (value) : null;

/** Seconds, milliseconds or microseconds since 1970, or text. @param {unknown} value @param {Date} now */
function timeOf(value, now) {
  const number = Number(value);
  const time = value === undefined || value === null || value === "" ? now
    : Number.isNaN(number) ? new Date(String(value))
    : new Date(number >= 1e14 ? number / 1000 : number >= 1e11 ? number : number * 1000);
  return Number.isNaN(time.getTime()) ? now : time;
}
