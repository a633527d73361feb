/**
 * Clickfold's collector: sends a shop's page views, product clicks, carts and purchases to where they are asked about.
 *
 * It starts by itself: `<script src="collector.js" data-to="wss://…"></script>`. Where it is imported into a bundle, the attributes are
 * those of the bundle's script. See docs/collector.md.
 */
export interface Collector {
  /** Sends an event, once for each of its items; nothing before consent, where that is required. */
  track(event: string, fields?: CollectedFields): void;
  /** `true` starts, where `data-consent="required"` is set; `false` stops, and forgets what waits and all ids. */
  consent(given: boolean): void;
  /** Says who it is from now on, such as a customer's number: sent as a hash that is another each day. `null` is nobody, and forgets who it was. */
  identify(user: string | number | null): void;
  /** Sends what waits, at once. */
  flush(): void;
}

/** What an event is about, named as in Google Analytics 4. Other fields are not sent. */
export interface CollectedItem {
  item_id?: string | number | null;
  item_name?: string | null;
  item_brand?: string | null;
  item_category?: string | null;
  price?: string | number | null;
  quantity?: string | number | null;
  currency?: string | null;
}

export interface CollectedFields extends CollectedItem {
  order_id?: string | number | null;
  /** Another name of `order_id`. */
  transaction_id?: string | number | null;
  /** The price, where there is no other. */
  value?: string | number | null;
  items?: CollectedItem[];
}

/** One event about one item, as it is sent: all keys are in each, and null where nothing is known. */
export interface CollectedEvent {
  id: string;
  time: string;
  event: string;
  visitor: string | null;
  session: string | null;
  page: string;
  referrer: string | null;
  item_id: string | null;
  item_name: string | null;
  item_brand: string | null;
  item_category: string | null;
  price: number | null;
  quantity: number | null;
  currency: string | null;
  order_id: string | null;
}

/** The script's `data-` attributes, as its `dataset` has them. */
export interface CollectorOptions {
  /** `wss://…`, `https://…` or `broadcast:NAME`. */
  to?: string;
  consent?: "required" | string;
  store?: "day" | "visitor" | string;
  page?: "pathname" | "href" | string;
  user?: string;
  rawIds?: string;
  salt?: string;
}

declare global {
  interface Window {
    clickfoldCollector?: Collector;
  }
}
