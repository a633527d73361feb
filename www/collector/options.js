/** @import { CollectorOptions } from "../collector.js" */

/** The attributes of the script itself; a module does not know its own, and a bundle has none. @type {CollectorOptions} */
export const options = [document.currentScript, window.clickfoldCollector, document.querySelector("script[data-to]")]
  .map((/** @type {any} */ place) => place?.dataset ?? place).find(found => found?.to) ?? {};

let isTold = false;

/** Tells the shop's developers what is wrong, once. @param {unknown} why */
export function warn(why) {
  if (!isTold) console.warn("Clickfold's collector:", why);
  isTold = true;
}

/**
 * What fails here must not fail the shop's page. @template {unknown[]} A @param {(...values: A) => unknown} run @returns {(...values: A) => void}
 */
export const safely = run => (...values) => {
  try {
    run(...values);
  } catch (error) {
    warn(error);
  }
};
