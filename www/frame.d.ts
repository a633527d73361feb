/** A widget in a frame of its own: the embedder's side. See docs/embedding.md. */

/** What the frame shows: the widget's attributes of these names. */
export interface FrameView {
  view?: string | null;
  query?: object | string | null;
  /** Relative to the embedding page, where `embed` is told it. The frame fetches it, and its server must allow that (CORS); without cookies where the
   * frame has no origin of its own. */
  src?: string | null;
  /** The data itself, in place of `src`: no server is asked for it. */
  file?: Blob | null;
  theme?: "auto" | "light" | "dark" | null;
  lang?: string | null;
  window?: string | null;
  limit?: number | null;
  timezone?: string | null;
  heading?: string | null;
  "heading-level"?: number | "none" | null;
  options?: object | null;
}

export interface EmbedOptions extends FrameView {
  /** The frame's origin: that of its `src`, or "null" where its `sandbox` says no `allow-same-origin`, if not told. */
  origin?: string;
}

export interface Embedded {
  /** Changes what is told; the rest stays. */
  configure(view: FrameView): void;
  /** Rows for the widget's `events.push`. They wait until the frame is there. */
  push(rows: Record<string, unknown>[]): void;
  /** Ends the listening. Removing the frame ends its workers. */
  close(): void;
}

/**
 * Tells a frame of `frame.html` what to show. The iframe gets the widget's events `clickfold-ready`, `clickfold-select` and
 * `clickfold-error`, and the height that it needs.
 */
export function embed(iframe: HTMLIFrameElement, options: EmbedOptions): Embedded;

/** What an embedder says to the frame. */
export type FrameMessage = { clickfold: 1 } & ({ do: "hello" } | ({ do: "configure" } & FrameView) | { do: "push"; rows: Record<string, unknown>[] });

/** What the frame says to its embedder, with `clickfold: 1`. */
export type FrameEvent =
  | { event: "open" | "ready" }
  | { event: "select"; detail: unknown }
  | { event: "error"; detail: { code: string; message: string; detail: object } }
  | { event: "size"; height: number };
