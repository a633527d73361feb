// Holds what clickfold.js exports to what clickfold.d.ts says; compiled, never shipped.
import * as actual from "./clickfold.js";
import type * as told from "../clickfold.js";

export const open: typeof told.open = actual.open;
export const error: typeof told.ClickfoldError = actual.ClickfoldError;
