/**
 * What connect.js and a source of events agree on.
 *
 * @typedef {string | Uint8Array | ArrayBuffer | object} Frame a message: text, bytes, an event as an object, or an array of those
 *
 * @typedef {object} Outlet where one connection puts what it receives
 * @property {(frame: Frame, mark?: unknown) => Promise<void>} take resolves when there is room for the next; who cannot wait need not.
 *   The mark says, in the source's own words, where the frame was
 * @property {(bytes: number) => void} refuse counts a message that was too large to be read
 * @property {() => void} opened says that the source is reached, though no message has come yet
 * @property {{ readonly id: string | null, readonly mark: unknown }} last what the engine has dealt with: the last event's id, the last frame's mark
 * @property {AbortSignal} signal is aborted when nothing more is wanted; `run` then lets go of all that it holds, and returns
 * @property {number} maxFrame bytes
 *
 * @typedef {object} Source
 * @property {boolean} canWait whether `run` waits for `take`; else its frames are dropped where too many wait
 * @property {(outlet: Outlet) => Promise<string | void>} run one connection. Returns when the source has ended for good, with what is to be
 *   known of it; throws `Broken` where it may be tried again, anything else where that is of no use
 * @property {boolean} [isTyped] whether its frames have been read by the user's `format`, `schema`, `clean` and `timezone` already
 * @property {() => void} [pause]
 * @property {() => void} [resume]
 * @property {(time: Date) => Promise<void>} [seek] is done when all that lies before has been taken
 * @property {import("../clickfold.js").LoadOptions["schema"]} [schema] what is known of the columns when the first frame has come; the user's own goes before
 *
 * @typedef {object} Tools
 * @property {typeof import("../engine/errors.js").ClickfoldError} ClickfoldError the engine's own: this script has no copy of it
 * @property {(source: import("../clickfold.js").Source, options?: import("../clickfold.js").LoadOptions, onGone?: (error: import("../clickfold.js").ClickfoldError) => void) => Promise<import("../clickfold.js").Dataset>} load `onGone` is told when the rows are lost with a worker
 * @property {(live: import("../clickfold.js").LiveOptions) => void} checkLive
 * @property {() => void} prepare has fetched what a stream needs of the engine
 * @property {import("../clickfold.js").ConnectOptions} options
 *
 * @typedef {object} Kind of sources
 * @property {string[]} options what may stand beside its name
 * @property {(given: any, tools: Tools) => Source} make throws a ClickfoldError where what is given is of no use
 */

/** A connection that may be tried again, not sooner than after so many milliseconds. */
export class Broken extends Error {
  /** @param {string} reason @param {number} [wait] */
  constructor(reason, wait = 0) {
    super(reason);
    this.wait = wait;
  }
}
