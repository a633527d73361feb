// Measures the built page beside the tools that its users would otherwise take, and keeps the figures, with those of
// `cargo bench` that are there.
//
//     node benches/peers.mjs [--sizes 1m,10m,rees-1m] [--peers clickfold,clickfold1,handjs,duckdb-eh,…] [--rounds 3] [--timeout 300]
//
// The harness lies in the folder `peers` of what CLICKFOLD_SHARED names. It is copied to where it may install what it
// needs; native DuckDB and Polars run from a Python environment of their own.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { addSessions } from "./sessions.mjs";
import { addStreams } from "./streams.mjs";

const { values: options } = parseArgs({ options: {
  sizes: { type: "string", default: "1m,10m,rees-1m" },
  peers: { type: "string", default: "clickfold,clickfold1,handjs,duckdb-eh,duckdb-coi,perspective,arquero,papaparse" },
  rounds: { type: "string", default: "3" },
  timeout: { type: "string", default: "300" },
} });
const root = join(import.meta.dirname, "..");
const harness = join(process.env.CLICKFOLD_SHARED ?? join(root, "../shared"), "peers");
if (!existsSync(harness)) {
  console.log(`peers: no harness at ${harness}, nothing was measured`);
  process.exit(0);
}
const work = join(process.env.CACHE ?? join(homedir(), ".cache/clickfold"), "peers");
const run = (command, ...args) => execFileSync(command, args, { cwd: work, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 30, encoding: "utf8" });

mkdirSync(work, { recursive: true });
cpSync(harness, work, { recursive: true });
run("chmod", "-R", "u+w", work);
addSessions(work);
addStreams(work);
const lock = readFileSync(join(work, "package-lock.json"), "utf8");
const installed = join(work, "node_modules/.installed");
if (!existsSync(installed) || readFileSync(installed, "utf8") !== lock) {
  run("npm", "ci", "--no-audit", "--no-fund");
  writeFileSync(installed, lock);
}
if (!existsSync(join(work, ".venv/ok"))) {
  run("python3", "-m", "venv", ".venv");
  run(".venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", join(root, "benches/peers.txt"));
  writeFileSync(join(work, ".venv/ok"), "");
}
mkdirSync(join(work, "assets"), { recursive: true });
rmSync(join(work, "assets/clickfold"), { force: true, recursive: true });
symlinkSync(join(root, "www/dist"), join(work, "assets/clickfold"));

// As many workers as there are cores, and one: CPU time is compared by the latter.
const adapter = readFileSync(join(work, "peers/clickfold.mjs"), "utf8");
const alone = adapter.replace("workers: 'auto'", "workers: 1");
if (alone === adapter) throw new Error("peers/clickfold.mjs does not say how many workers it opens");
writeFileSync(join(work, "peers/clickfold1.mjs"), alone);

const sizes = options.sizes.split(",");
const lines = [];
for (const size of sizes) {
  const id = size.includes("-") ? size : `taobao-${size}`;
  if (!existsSync(join(work, `data/${id}.csv`))) run("node", "gen.mjs", size);
  if (!existsSync(join(work, `expected/${id}.json`))) run("node", "run.mjs", "--expect", "--size", size);
  const measure = (...args) => lines.push(...run("node", "run.mjs", "--size", size, "--n", options.rounds, "--warm", "5", "--queries", "q2,q2b,q3,q4,q5,q6,q7", "--timeout", options.timeout, ...args)
    .split("\n").filter(line => line.startsWith("{")).map(line => JSON.parse(line)));
  measure("--peer", options.peers);
  measure("--native", "--peer", "duckdb,polars", "--threads", "1");
  if (size === "1m") measure("--stream", "--peer", "clickfold1,handjs,duckdb-eh,perspective");
}

const wrong = lines.flatMap(({ peer, dataset, checks }) => Object.entries(checks ?? {}).filter(([, found]) => found !== "ok").map(([query, found]) => `${peer} ${dataset} ${query}: ${found}`));
wrong.filter(line => line.startsWith("clickfold")).forEach(line => console.log(`another answer than DuckDB's: ${line}`));
const cpu = line => Object.fromEntries(Object.entries(line.cpuMs ?? {}).map(([query, { median }]) => [query, Math.round(median)]));
const criterion = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "criterion");
const estimates = existsSync(criterion) ? readdirSync(criterion, { recursive: true }).filter(name => name.endsWith("new/estimates.json")) : [];
const native = Object.fromEntries(estimates.map(name => [
  name.replace("/new/estimates.json", ""), JSON.parse(readFileSync(join(criterion, name), "utf8")).median.point_estimate / 1e6,
]));
const record = {
  date: new Date().toISOString().slice(0, 10),
  commit: spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).stdout.trim(),
  machine: `${cpus().length} cores, ${cpus()[0].model.trim()}`,
  rounds: Number(options.rounds),
  criterion_median_ms: native,
  cpu_ms: lines.filter(line => line.kind !== "stream" && line.cpuMs).map(line => ({ data: line.dataset, tool: line.peer, ...cpu(line) })),
  stream: lines.filter(line => line.kind === "stream" && line.eventsPerS).map(line => ({ tool: line.peer, events_per_second: Math.round(line.eventsPerS.median), p99_ms: line.p99ms.median, same: line.same })),
};
mkdirSync(join(root, "benches/record"), { recursive: true });
writeFileSync(join(root, `benches/record/${record.date}.json`), JSON.stringify(record, null, 1) + "\n");

const QUERIES = ["q1", "q2", "q3", "q4", "q5", "q6", "q7"];
console.log("\n| data | tool | Q1 cold | " + QUERIES.slice(1).map(query => query.toUpperCase()).join(" | ") + " |\n|:--|:--|" + "--:|".repeat(QUERIES.length));
for (const { data, tool, ...ms } of record.cpu_ms) {
  const cells = QUERIES.map(query => ms[query] ?? ms[`${query}cold`]).map(value => value === undefined ? "–" : `${value} ms`);
  console.log(`| ${data} | ${tool} | ${cells.join(" | ")} |`);
}
console.log("\n| live top 20 | events a second | p99 of an update |\n|:--|--:|--:|");
for (const { tool, events_per_second, p99_ms } of record.stream) console.log(`| ${tool} | ${events_per_second} | ${p99_ms} ms |`);
process.exit(wrong.some(line => line.startsWith("clickfold")) ? 1 : 0);
