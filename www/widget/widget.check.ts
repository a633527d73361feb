// Holds what widget.js exports to what widget.d.ts says; compiled, never shipped.
import * as actual from "./widget.js";
import type * as told from "../widget.js";

type Own = Exclude<keyof told.ClickfoldView, keyof HTMLElement>;
type Told = { [K in Own]: told.ClickfoldView[K] };
export const element: Told = undefined as unknown as actual.ClickfoldView;
