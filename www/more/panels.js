/** The panels that the page's first answer does not need. */

export { CleaningPanel } from "./cleaning.js";
export { JoiningPanel } from "./joining.js";
