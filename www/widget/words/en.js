/** All that a widget says, in English. */

/** @param {Intl.PluralRules} plurals @param {number} n @param {string} one @param {string} other */
const some = (plurals, n, one, other) => plurals.select(n) === "one" ? one : other;

/** @typedef {{ n: number, text: string, plurals: Intl.PluralRules }} Counted How many, as it is written, and the language's rules. */

export default {
  loading: "Loading…",
  loadingShare: (/** @type {string} */ share) => `Loading, ${share} read`,
  waiting: "Waiting for the first event…",
  unreached: "There is no connection; it is being tried again.",
  refused: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "message that came was", "messages that came were")} not understood.`,
  nothingGiven: "No data yet.",
  empty: "There is nothing to show for these events.",
  none: "(none)",
  retry: "Try again",
  details: "Details",
  yes: "yes",
  no: "no",
  comma: ", ",
  pair: (/** @type {string} */ name, /** @type {string} */ value) => `${name}: ${value}`,
  asTable: "Show as table",
  newest: (/** @type {string} */ n) => `The newest ${n} are shown.`,
  first: (/** @type {string} */ n, /** @type {string} */ all) => `The first ${n} of ${all} rows are shown.`,
  noChart: "The chart could not be fetched. The table below says the same.",
  /** A stream that brings nothing at the moment. */
  cutOff: { reconnecting: "The connection was lost and is being taken up again. What is shown is as of the last event.", failed: "The connection was lost. What is shown is as of the last event." },
  zone: (/** @type {string} */ name) => `Time zone: ${name}.`,
  rows: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "row", "rows")}`,
  events: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "event", "events")}`,

  /** What a column is to a shop. */
  roles: {
    actor: "Visitor", session: "Session", item: "Item", category: "Category", action: "Event", time: "Time", price: "Price", quantity: "Quantity", order: "Order", channel: "Channel",
  },
  /** Whom an actor's column tells apart. */
  people: { customers: "Customers", visitors: "Visitors", sessions: "Sessions", users: "Users" },
  /** So many of them. */
  counted: {
    customers: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "customer", "customers")}`,
    visitors: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "visitor", "visitors")}`,
    sessions: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "session", "sessions")}`,
    users: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "user", "users")}`,
  },
  /** What an action is to a shop. */
  stages: { view: "Viewed", wish: "Saved", cart: "Added to cart", checkout: "Checkout", buy: "Bought" },

  topItems: {
    titles: { item: "Top items", category: "Top categories", action: "Most frequent events" },
    ranked: (/** @type {string} */ column) => `Most frequent: ${column}`,
    place: "No.",
    events: "Events",
    summary: (/** @type {string} */ first, /** @type {string} */ n) => `First: ${first} with ${n}.`,
  },

  timeline: {
    title: "Events over time",
    events: "Events",
    others: "Others",
    all: "All",
    whole: "Show all",
    summary: (/** @type {{ events: string, from: string, to: string, peak: string, most: string }} */ { events, from, to, peak, most }) => `${events} from ${from} to ${to}. Most ${peak}: ${most}.`,
    /** A bucket of time, by its width and its first moment. */
    within: {
      "10s": (/** @type {string} */ from) => `in the 10 seconds from ${from}`, "1m": (/** @type {string} */ from) => `in the minute from ${from}`, "1h": (/** @type {string} */ from) => `in the hour from ${from}`,
      "1d": (/** @type {string} */ day) => `on ${day}`, "1w": (/** @type {string} */ from) => `in the week from ${from}`, "1mo": (/** @type {string} */ month) => `in ${month}`,
    },
    clock: (/** @type {string} */ width, /** @type {string} */ zone) => `Interval: ${width}. Time zone: ${zone}.`,
    intervals: { "10s": "10 seconds", "1m": "1 minute", "1h": "1 hour", "1d": "1 day", "1w": "1 week", "1mo": "1 month" },
  },
  funnel: {
    title: "From view to order",
    step: "Step",
    ofFirst: "Of the first",
    ofBefore: "Of the one before",
    summary: (/** @type {{ people: string, first: string, last: string, rate: string }} */ { people, first, last, rate }) => `Of ${people} with “${first}”, ${rate} got to “${last}”.`,
    skipped: (/** @type {{ people: string, first: string, last: string, skipped: string, between: string[] }} */ { people, first, last, skipped, between }) => `Of ${people} with “${last}” after “${first}”, ${skipped} did not go through ${between.length > 1 ? "all of " : ""}${between.map(step => `“${step}”`).join(", ")} before: there is another way, or the data does not have all of it.`,
  },
  retention: {
    title: "Who comes back",
    all: "All, weighted",
    base: (/** @type {string} */ people) => `of ${people} for whom this period is over`,
    bases: "“All, weighted” counts in each period only those for whom it is over.",
    open: "This period is not over yet.",
    early: (/** @type {string} */ people) => `${people} so far; the data ends too early to tell who came back.`,
    newest: {
      "1d": (/** @type {string} */ n, /** @type {string} */ all) => `The newest ${n} of ${all} days are shown; all are in the weighted row.`,
      "1w": (/** @type {string} */ n, /** @type {string} */ all) => `The newest ${n} of ${all} weeks are shown; all are in the weighted row.`,
      "1mo": (/** @type {string} */ n, /** @type {string} */ all) => `The newest ${n} of ${all} months are shown; all are in the weighted row.`,
    },
    first: { "1d": "First day", "1w": "First week", "1mo": "First month" },
    later: {
      "1d": (/** @type {Counted} */ { n, text, plurals }) => n ? `${text} ${some(plurals, n, "day", "days")} later` : "on the same day",
      "1w": (/** @type {Counted} */ { n, text, plurals }) => n ? `${text} ${some(plurals, n, "week", "weeks")} later` : "in the same week",
      "1mo": (/** @type {Counted} */ { n, text, plurals }) => n ? `${text} ${some(plurals, n, "month", "months")} later` : "in the same month",
    },
    summary: {
      "1d": (/** @type {string} */ rate) => `${rate} came back on the day after their first.`,
      "1w": (/** @type {string} */ rate) => `${rate} came back in the week after their first.`,
      "1mo": (/** @type {string} */ rate) => `${rate} came back in the month after their first.`,
    },
  },
  kpi: {
    title: "Key figures",
    events: "Events",
    orders: "Orders",
    purchases: "Purchases",
    revenue: "Revenue",
    revenueIn: (/** @type {string} */ currency) => `Revenue (${currency || "currency unknown"})`,
    noNumbers: (/** @type {string} */ column) => `Revenue is not shown: “${column}” has values that are no numbers.`,
    omitted: (/** @type {Counted} */ { n, text, plurals }) => `Revenue in ${text} ${some(plurals, n, "other currency", "other currencies")} is not shown.`,
    conversion: "Conversion rate",
    up: (/** @type {string} */ by) => `up by ${by}`,
    down: (/** @type {string} */ by) => `down by ${by}`,
    same: (/** @type {string} */ _) => "unchanged",
    points: (/** @type {string} */ n) => `${n} pp`,
    saidPoints: (/** @type {string} */ n) => `${n} percentage points`,
    period: {
      days: (/** @type {Counted} */ { n, text, plurals }) => n === 1 ? "The last 24 hours of the data, compared with the 24 hours before." : `The last ${text} ${some(plurals, n, "day", "days")} of the data, compared with the ${text} before.`,
      hours: (/** @type {Counted} */ { n, text, plurals }) => n === 1 ? "The last hour of the data, compared with the hour before." : `The last ${text} ${some(plurals, n, "hour", "hours")} of the data, compared with the ${text} before.`,
    },
  },
  live: {
    title: "Right now",
    moved: "Change of place",
    isNew: "new",
    stayed: "same place",
    up: (/** @type {Counted} */ { n, text, plurals }) => `up ${text} ${some(plurals, n, "place", "places")}`,
    down: (/** @type {Counted} */ { n, text, plurals }) => `down ${text} ${some(plurals, n, "place", "places")}`,
    leads: (/** @type {string} */ first) => `In the lead: ${first}.`,
    nothing: (/** @type {string} */ counted) => `No entries for “${counted}” in this window.`,
    provisional: "provisional",
    closed: "final",
    rate: (/** @type {Counted} */ { n, text, plurals }) => `${text} ${some(plurals, n, "event", "events")}/s`,
    watermark: "Complete up to",
    late: "Late",
    duplicate: "Duplicate",
    invalid: "Invalid",
    states: { connecting: "connecting", open: "connected", reconnecting: "reconnecting", paused: "paused", ended: "ended", failed: "failed" },
  },
  any: { title: "Answer" },

  /** What went wrong, and what to do, by the error's code. */
  errors: {
    BAD_INPUT: ["These data could not be read.", "Check that the address is right and that its server allows this page to read it."],
    BAD_QUERY: ["This view is not set up correctly.", "Whoever looks after this page finds the reason in the details."],
    UNKNOWN_COLUMN: ["A column that this view needs is not in the data.", "Whoever looks after this page finds its name in the details."],
    OUT_OF_MEMORY: ["These data are too large for this browser tab.", "Close other tabs, or ask for a shorter time."],
    WORKER_LOST: ["The calculation was interrupted.", "Try again; the data will be read anew."],
    UNSUPPORTED: ["These data are of a kind that cannot be shown here.", "Whoever looks after this page finds the reason in the details."],
    SOURCE_LOST: ["The connection to these data was lost.", "Try again, and check that their server can be reached."],
    OTHER: ["Something went wrong.", "Try again, or tell whoever looks after this page."],
  },
};
