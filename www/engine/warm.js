import { Loader } from "../../target/pkg/clickfold.js";

const ROWS = 20_000;

/**
 * Loads and asks a few rows of no meaning, so that the browser has compiled the core's loops well by the time a
 * person has chosen a file: it does that for code that has run a while.
 */
export function warmUp() {
  const lines = ["user_id,item_id,behavior,price,timestamp,event_time"];
  for (let i = 0; i < ROWS; i++) lines.push(`${i % 977},${(i * 7919) % 65537},${["pv", "cart", "buy"][i % 3]},${i % 100}.50,${1511568000 + i},2017-11-25 ${10 + (i % 12)}:00:00`);
  const loader = new Loader({}, undefined, () => undefined);
  loader.push(new TextEncoder().encode(lines.join("\n")));
  const dataset = loader.finish();
  for (let i = 0; i < 3; i++) {
    const asked = dataset.ask({
      kind: "aggregate", where: [{ column: "behavior", eq: "pv" }], group_by: ["item_id"], measures: { n: { fn: "count" } },
      rank: { as: "place", fn: "rank", by: ["-n"] }, order_by: ["-n", "item_id"], limit: 20,
    }, () => undefined);
    while (asked.step(dataset));
    asked.finish();
    asked.free();
  }
  dataset.free();
}
