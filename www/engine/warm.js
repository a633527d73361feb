/** @import { CompleteCore } from "./core.js" */

import { Loader } from "../../target/pkg/clickfold.js";
import { freed } from "./errors.js";

const ROWS = 20_000;
const BATCHES = 200;
const BATCH_ROWS = 1000;
const ranking = {
  kind: "aggregate", group_by: ["item_id"], measures: { n: { fn: "count" } },
  rank: { as: "place", fn: "rank", by: ["-n"] }, order_by: ["-n", "item_id"], limit: 20,
};

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
    const asked = dataset.ask({ ...ranking, where: [{ column: "behavior", eq: "pv" }] }, () => undefined);
    while (asked.step(dataset));
    asked.finish();
    asked.free();
  }
  dataset.free();
}

/**
 * The same for rows that keep coming, as cells and as objects, in the core that takes them: a day's batch at a time, until the worker has other work.
 * @param {CompleteCore} core @param {() => Promise<boolean>} giveWay lets messages be heard; whether there is other work now
 */
export async function warmUpStreams({ Loader }, giveWay) {
  const names = ["user_id", "item_id", "behavior", "event_time"], encoder = new TextEncoder();
  const rows = Array.from({ length: BATCH_ROWS }, (_, i) => [i % 97, (i * 7919) % 6553, ["pv", "cart", "buy"][i % 3], `DAY ${10 + i % 12}:${10 + i % 50}:00`]);
  const cells = rows.join("\n"), objects = rows.map(row => JSON.stringify(Object.fromEntries(row.map((cell, at) => [names[at], cell])))).join("\n");
  const loader = new Loader({ live: { lateness: "12h", keep: { rows: BATCH_ROWS * 4 } } }, undefined, () => undefined);
  loader.push(encoder.encode(`${names}\n1,1,pv,2017-11-25 10:00:00\n`));
  await freed(loader.finish(), async dataset => {
    const views = [{ query: ranking, closes: false }, { query: ranking, window: { size: "1h" }, movement: "item_id", closes: true }].map(view => dataset.watch(view, () => undefined));
    for (let i = 0; i < BATCHES && !await giveWay(); i++) {
      const areCells = i % 4 > 0, day = new Date(Date.UTC(2017, 10, 25 + i)).toISOString().slice(0, 10);
      dataset.append(encoder.encode((areCells ? cells : objects).replaceAll("DAY", day) + "\n"), areCells ? "csv" : "ndjson");
      for (const view of views) {
        dataset.closed(view);
        dataset.look(view);
      }
    }
  });
}
