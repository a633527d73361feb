export { ClickfoldError } from "./errors.js";
export { open } from "./engine.js";
