// A stream at a steady rate, for as long as is said: how long an update takes, and whether memory stays what it was.
//
//     node benches/steady.mjs [--minutes 10] [--rate 100000] [--batch 1000] [--keep 1m]
//
// Events have ids, come in no strict order of time, and now and then twice; a live top 20 of one-minute windows and one of all rows
// that are kept follow them. An update is the time from a batch's being sent, in another thread, to the table that has its rows in it.
// What other machines on the same host take of the processors meanwhile is told, and how long updates took in the seconds in which they took none.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serve } from "../www/serve.mjs";

const { values: options } = parseArgs({ options: {
  minutes: { type: "string", default: "10" }, rate: { type: "string", default: "100000" }, batch: { type: "string", default: "1000" }, keep: { type: "string", default: "1m" },
} });
const { chromium } = createRequire(new URL("../www/package.json", import.meta.url))("playwright-core");
const server = await serve(fileURLToPath(new URL("../www/dist", import.meta.url)), 0);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"] });
const page = await browser.newPage();
await page.goto(server.url);

/** Runs in a worker: sends so many events a second, in batches, each with the time when it was sent. @param {number} rate @param {number} batch */
function shop(rate, batch) {
  const encoder = new TextEncoder();
  let n = 0, repeated = 0, seed = 1, last = "";
  const random = () => (seed = Math.imul(seed, 1664525) + 1013904223 >>> 0) / 2 ** 32;
  // What is dear to make is made once.
  const bodies = Array.from({ length: 1 << 16 }, (_, at) => `,${Math.floor(200_000 * random())},item ${Math.floor(50_000 * random() ** 3)},${["view", "view", "view", "cart", "buy"][at % 5]},${at % 900}.50,`);
  const line = now => {
    if (last && random() < 0.001) { repeated++; return last; }
    return last = n++ + bodies[n & 0xffff] + (now - Math.floor(random() * 3000)) + "\n";
  };
  const send = behind => {
    const now = Date.now();
    let lines = "";
    for (let i = 0; i < batch; i++) lines += line(now);
    const rows = encoder.encode(lines);
    postMessage({ rows, at: performance.timeOrigin + performance.now(), behind, repeated }, [rows.buffer]);
  };
  onmessage = () => {
    const began = performance.now();
    let sent = 0;
    const tick = () => {
      const due = Math.floor((performance.now() - began) / 1000 * rate / batch);
      for (const behind = due - sent; sent < due; sent++) send(behind);
      setTimeout(tick, 4);
    };
    tick();
  };
  send(0);
}

await page.evaluate(async ({ rate, batch, keep, script }) => {
  const { open } = await import("./clickfold.js");
  const engine = await open({ workers: 1 });
  // Events are written in another thread, as a server would.
  const source = new Worker(URL.createObjectURL(new Blob([`(${script})(${rate}, ${batch})`])));
  const first = new Promise(resolve => { source.onmessage = ({ data }) => resolve(data); });
  const header = "id,user_id,item_id,action,price,event_time\n";
  const dataset = await engine.load(new Blob([header, (await first).rows]), { live: { lateness: "5s", keep: { time: keep }, id: "id", ids: 200_000 } });
  const top = { kind: "aggregate", group_by: ["item_id"], measures: { n: { fn: "count" }, revenue: { fn: "sum", column: "price" } }, order_by: ["-n"], limit: 20 };
  const run = window.run = { updates: [], closed: 0, failed: "", late: 0, behind: 0, repeated: 0 };
  let waiting = [];
  const onError = error => { run.failed = String(error); };
  dataset.watch(top, table => {
    const now = performance.timeOrigin + performance.now();
    run.late = table.live.late;
    const { read } = dataset.report;
    waiting = waiting.filter(({ at, rows }) => { if (rows > read) return true; run.updates.push({ now, ms: now - at }); return false; });
  }, { every: 0, window: { size: "1m" }, movement: "item_id", onClosed: () => run.closed++, onError });
  dataset.watch(top, () => {}, { every: 250, onError });
  run.counts = () => ({ rows: dataset.rows, used: dataset.report.used, duplicate: dataset.report.duplicate, read: dataset.report.read, ...dataset.live });
  let n = batch;
  source.onmessage = ({ data: { rows, at, behind, repeated } }) => {
    run.behind = Math.max(run.behind, behind);
    run.repeated = repeated;
    n += batch;
    waiting.push({ at, rows: n });
    dataset.append(rows, { format: "csv" }).catch(onError);
  };
  source.postMessage("go");
}, { rate: +options.rate, batch: +options.batch, keep: options.keep, script: String(shop) });

/** Resident memory of the browser's renderers, in MiB. */
function renderers() {
  const ps = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n").filter(line => line.includes("--type=renderer"));
  return Math.max(...ps.map(line => {
    try {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${line.trim().split(" ")[0]}/status`, "utf8"))?.[1] ?? 0) / 1024;
    } catch {
      return 0; // it ended meanwhile
    }
  }));
}

/** Seconds of a processor that other machines on the same host had meanwhile. */
const stolen = () => Number(readFileSync("/proc/stat", "utf8").split("\n")[0].split(/ +/)[8]) / 100;

const quantile = (values, q) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
const memory = [], all = [], undisturbed = [];
/** By the second: what others had of the processors by its end. */
const stolenBy = new Map();
const watch = setInterval(() => stolenBy.set(Math.floor(Date.now() / 1000), stolen()), 50);
const isUndisturbed = ({ now }) => {
  const second = Math.floor(now / 1000), before = stolenBy.get(second - 1);
  return before !== undefined && stolenBy.get(second) === before;
};
let taken = stolen();
for (let passed = 0; passed < Number(options.minutes) * 6; passed++) {
  await new Promise(resolve => setTimeout(resolve, 10_000));
  const { updates: told, counts, ...run } = await page.evaluate(() => {
    const { updates, counts, ...rest } = window.run;
    window.run.updates = [];
    return { ...rest, updates, counts: counts() };
  });
  if (run.failed) throw new Error(run.failed);
  memory.push(renderers());
  const updates = told.map(({ ms }) => ms);
  all.push(...updates);
  undisturbed.push(...told.filter(isUndisturbed).map(({ ms }) => ms));
  if (passed % 6 === 5 || passed < 3) console.log(`${(passed + 1) * 10} s: ${counts.used} events used, ${counts.rows} kept, ${run.closed} windows closed, ${run.late} late, ${counts.duplicate} of ${run.repeated} duplicates; update p50 ${quantile(updates, 0.5)?.toFixed(1)}, p99 ${quantile(updates, 0.99)?.toFixed(1)} ms; ${Math.round(memory.at(-1))} MiB; behind by ${run.behind} batches at the most; ${(-taken + (taken = stolen())).toFixed(1)} s of CPU were others'`);
}
clearInterval(watch);
await browser.close();
server.close();
const [early, late] = [memory.slice(Math.floor(memory.length / 4), Math.floor(memory.length / 2)), memory.slice(-Math.ceil(memory.length / 4))].map(part => Math.max(...part));
console.log(`updates: p50 ${quantile(all, 0.5).toFixed(2)}, p99 ${quantile(all, 0.99).toFixed(2)}, longest ${quantile(all, 1).toFixed(1)} ms; in seconds without others (${Math.round(undisturbed.length / all.length * 100)} % of the updates): p99 ${undisturbed.length ? quantile(undisturbed, 0.99).toFixed(2) : "unknown"} ms; memory ${Math.round(early)} MiB in the second quarter, ${Math.round(late)} in the last`);
process.exit(quantile(all, 0.99) <= 16 && late <= early * 1.1 ? 0 : 1);
