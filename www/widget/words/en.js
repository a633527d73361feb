/** All that a widget says, in English. */

/** @param {Intl.PluralRules} plurals @param {number} n @param {string} one @param {string} other */
const some = (plurals, n, one, other) => plurals.select(n) === "one" ? one : other;

/** @typedef {{ n: number, text: string, plurals: Intl.PluralRules }} Counted How many, as it is written, and the language's rules. */

export default {
  loading: "Loading…",
  loadingShare: (/** @type {string} */ share) => `Loading, ${share} read`,
  waiting: "Waiting for the first event…",
  nothingGiven: "No data yet.",
  empty: "There is nothing to show for these events.",
  none: "(none)",
  retry: "Try again",
  details: "Details",
  updated: "Updated.",
  rows: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "row", "rows")}`,
  events: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "event", "events")}`,

  /** What a column is to a shop. */
  roles: {
    actor: "Visitor", session: "Session", item: "Item", category: "Category", action: "Event", time: "Time", price: "Price", quantity: "Quantity", order: "Order", channel: "Channel",
  },
  /** What an action is to a shop. */
  stages: { view: "Viewed", wish: "Saved", cart: "Added to cart", checkout: "Checkout", buy: "Bought" },

  topItems: {
    title: "Top items",
    titleOf: (/** @type {string} */ what) => `Top ${what.toLowerCase()}`,
    place: "No.",
    events: "Events",
    eventsOf: (/** @type {string} */ action) => `Events: ${action}`,
    summary: (/** @type {string} */ first, /** @type {string} */ n) => `First: ${first} with ${n}.`,
  },

  /** What went wrong, and what to do, by the error's code. */
  errors: {
    BAD_INPUT: ["These data could not be read.", "Check that the address is right and that its server allows this page to read it."],
    BAD_QUERY: ["This view is not set up correctly.", "Whoever looks after this page finds the reason in the details."],
    UNKNOWN_COLUMN: ["A column that this view needs is not in the data.", "Whoever looks after this page finds its name in the details."],
    OUT_OF_MEMORY: ["These data are too large for this browser tab.", "Close other tabs, or ask for a shorter time."],
    WORKER_LOST: ["The calculation was interrupted.", "Try again; the data will be read anew."],
    UNSUPPORTED: ["These data are of a kind that cannot be shown here.", "Whoever looks after this page finds the reason in the details."],
    OTHER: ["Something went wrong.", "Try again, or tell whoever looks after this page."],
  },
};
