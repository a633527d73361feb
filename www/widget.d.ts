/** `<clickfold-view>`: an answer about a shop's events, in anybody's page. See docs/widget.md. */

import type { Cell, ClickfoldError, ConnectOptions, Dataset, LiveDataset, LoadOptions, Query, Source, StreamSource } from "./clickfold.js";

/*
 * In React 19, which sets properties and hears events of custom elements:
 *
 *   import type { ClickfoldViewProps } from "./widget.js";
 *   declare module "react" {
 *     namespace JSX {
 *       interface IntrinsicElements {
 *         "clickfold-view": React.HTMLAttributes<ClickfoldView> & React.RefAttributes<ClickfoldView> & ClickfoldViewProps;
 *       }
 *     }
 *   }
 *
 * In Vue 3, with `compilerOptions.isCustomElement: tag => tag === "clickfold-view"`, which hears events by `@clickfold-select`:
 *
 *   import type { DefineComponent } from "vue";
 *   import type { ClickfoldViewProps } from "./widget.js";
 *   declare module "vue" {
 *     interface GlobalComponents { "clickfold-view": DefineComponent<ClickfoldViewProps>; }
 *   }
 */

export type View = "top-items" | "timeline" | "funnel" | "retention" | "kpi" | "live";

export interface ClickfoldViewEventMap {
  /** There is a data set, and its first answer is shown. */
  "clickfold-ready": CustomEvent<Dataset | LiveDataset>;
  /** A row, bar or point was chosen, by a click or by Enter: its row in the answer, or of a time line the point's `time`, `n` and each action's events. */
  "clickfold-select": CustomEvent<Record<string, Cell>>;
  /** Something failed; the element says so in its place. */
  "clickfold-error": CustomEvent<ClickfoldError>;
}

export class ClickfoldView extends HTMLElement {
  /** The address of a file, or of a stream: `wss:`, `sse+https:`, `stream+https:`, `broadcast:name`, `datalayer:`. */
  src: string | null;
  /** Instead of an address: what `engine.load` or `engine.connect` takes. */
  source: Source | StreamSource | null;
  /** What `engine.load` or `engine.connect` is told besides. */
  options: Omit<LoadOptions & ConnectOptions, "signal"> | string | null;
  /**
   * A `Dataset` or `LiveDataset` of an engine of the page's own, which the element does not close; else the one that it has loaded.
   * Before there is one, this is what every element has by this name: the map of its `data-` attributes.
   */
  dataset: any;
  /** `top-items`, if not told. */
  view: View | (string & {}) | null;
  /** Any question, instead of a view. */
  query: Query | string | null;
  theme: "auto" | "light" | "dark" | (string & {}) | null;
  /** How long a window of the view `live` is: `1m`, if not told. */
  window: string | null;
  /** The IANA time zone by whose clock times are shown and days begin: UTC, if not told. */
  timezone: string | null;
  /** Instead of the view's own title. */
  heading: string | null;
  /** The title's level, 1 to 6: 2, if not told; 0 or `none` for no visible title. */
  headingLevel: number | string | null;
  /** How many rows a ranking has: 10, if not told. */
  limit: number | string | null;
  /** Rows of the page's own: the first make a data set, with the columns that they have; all others extend it. */
  readonly events: { push(...rows: Record<string, unknown>[]): void };

  addEventListener<K extends keyof ClickfoldViewEventMap>(type: K, listener: (this: ClickfoldView, event: ClickfoldViewEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener<K extends keyof HTMLElementEventMap>(type: K, listener: (this: ClickfoldView, event: HTMLElementEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ClickfoldViewEventMap>(type: K, listener: (this: ClickfoldView, event: ClickfoldViewEventMap[K]) => void, options?: boolean | EventListenerOptions): void;
  removeEventListener<K extends keyof HTMLElementEventMap>(type: K, listener: (this: ClickfoldView, event: HTMLElementEventMap[K]) => void, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

/** What a template may give the element. */
export interface ClickfoldViewProps extends Partial<Pick<ClickfoldView, "src" | "source" | "options" | "dataset" | "view" | "query" | "theme" | "window" | "timezone" | "heading" | "headingLevel" | "limit">> {
  lang?: string;
  "heading-level"?: number | string;
  "onclickfold-ready"?: (event: ClickfoldViewEventMap["clickfold-ready"]) => void;
  "onclickfold-select"?: (event: ClickfoldViewEventMap["clickfold-select"]) => void;
  "onclickfold-error"?: (event: ClickfoldViewEventMap["clickfold-error"]) => void;
}

declare global {
  interface HTMLElementTagNameMap {
    "clickfold-view": ClickfoldView;
  }
  interface GlobalEventHandlersEventMap extends ClickfoldViewEventMap {}
}
