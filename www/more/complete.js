/** The complete core, and what only it can load. */

export * from "../../target/complete/clickfold.js";
export { default } from "../../target/complete/clickfold.js";
export { loadRanged } from "./ranged.js";
