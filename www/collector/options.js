/** @import { CollectorOptions } from "../collector.js" */

/** The script's attributes. @type {CollectorOptions} */
export const options = /** @type {HTMLElement | null} */ (document.querySelector("script[data-to]"))?.dataset ?? {};

/** What outlives the page, where the browser lets it. @type {Record<string, string | undefined>} */
export let storage = {};
try {
  storage = localStorage;
} catch {} // denied: it is kept as long as the page is

let isTold = false;

/** Tells the shop's developers, once. @param {unknown} trouble */
export function warn(trouble) {
  isTold ||= (console.warn("Clickfold's collector:", trouble), true);
}
