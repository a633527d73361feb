/** The page's own data layer, as Google Tag Manager and gtag have it. */

/** @import { Kind } from "./source.js" */

import { Ecommerce, SCHEMA } from "./ecommerce.js";
import { tap } from "./tap.js";

/** Where a tab keeps who its visitor is, until it is closed. */
const KEY = "clickfold.visitor";

/** @type {Kind} */
export const dataLayer = {
  options: [],
  make(given, { ClickfoldError }) {
    const layer = typeof given.dataLayer === "string" ? named(given.dataLayer) : given.dataLayer;
    if (!Array.isArray(layer)) throw new ClickfoldError("BAD_QUERY", `${JSON.stringify(given.dataLayer)} is no data layer, which is an array or the name of a global one`);
    return {
      canWait: false,
      schema: SCHEMA,
      async run({ take, refuse, opened, signal }) {
        if (signal.aborted) return;
        const shop = new Ecommerce(visitor);
        const end = tap(layer, pushed => {
          try {
            const rows = shop.rows(pushed, new Date());
            if (rows.length) take(rows);
          } catch { // an object of the page's that does not let itself be read
            refuse(0);
          }
        });
        opened();
        await new Promise(resolve => signal.addEventListener("abort", resolve, { once: true }));
        end();
      },
    };
  },
};

/** The page's array of that name, which is made where the page has not come to it yet. @param {string} name */
const named = name => /** @type {any} */ (globalThis)[name] ??= [];

/** Some id that is the same for as long as the tab is open, where the browser lets it be kept. */
let known = "";
function visitor() {
  known ||= kept(() => sessionStorage.getItem(KEY)) || Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
  kept(() => sessionStorage.setItem(KEY, known));
  return known;
}

/** @template T @param {() => T} access @returns {T | undefined} nothing where the page may keep nothing */
function kept(access) {
  try {
    return access();
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
