// Bundles the page and the engine into dist/, which any static host can serve from any path.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { buildExamples } from "./examples/build.mjs";

const at = path => new URL(path, import.meta.url).pathname;
const dist = at("dist/");
const version = /^version = "(.+)"$/m.exec(readFileSync(at("../Cargo.toml"), "utf8"))[1];

/** Writes an asset under a name that changes with its content; what a first visit does not need into the folder `more`. */
function put(name, content, folder = "") {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const file = folder + name.replace(/(\.[^.]+)$/, `-${hash}$1`);
  writeFileSync(dist + file, content);
  return file;
}

async function bundle(entry, { define = {}, external = [], alias = {}, loader = {}, format = "esm" } = {}) {
  const result = await build({
    entryPoints: [at(entry)], bundle: true, minify: true, format, target: "es2022", write: false, external, alias, loader,
    define: Object.fromEntries(Object.entries({ __VERSION__: version, ...define }).map(([k, v]) => [k, JSON.stringify(v)])),
    logLevel: "warning", legalComments: "none", outdir: dist, tsconfigRaw: {},
  });
  return Object.fromEntries(result.outputFiles.map(file => [file.path.split(".").pop(), file.text]));
}

rmSync(dist, { recursive: true, force: true });
for (const folder of ["more", "live"]) mkdirSync(dist + folder, { recursive: true });

const wasm = put("clickfold.wasm", readFileSync(at("../target/pkg/clickfold_bg.wasm")));
const more = {
  __COMPLETE_WASM__: put("complete.wasm", readFileSync(at("../target/complete/clickfold_bg.wasm")), "more/"),
  __COMPLETE__: put("complete.js", (await bundle("more/complete.js")).js, "more/"),
  __HTML__: put("html.js", (await bundle("more/html.js")).js, "more/"),
  __ZIP__: put("zip.js", (await bundle("more/zip.js")).js, "more/"),
  __ZSTD__: put("zstd.js", (await bundle("more/zstd.js")).js, "more/"),
};
const worker = put("worker.js", (await bundle("engine/worker.js", { define: more })).js);
// Its keys' signatures are left out: a page logs in with a password or a token.
const nats = put("nats.js", (await bundle("more/nats.js", { alias: { tweetnacl: at("more/unsigned.js") } })).js, "more/");
const stream = put("stream.js", (await bundle("stream/connect.js", { define: { __NATS__: nats.replace("more/", "./") } })).js, "more/");
writeFileSync(dist + "clickfold.js", (await bundle("engine/clickfold.js", { define: { __WORKER__: worker, __WASM__: wasm, __STREAM__: stream } })).js);
// A shop's pages load it by this name, as a classic script.
writeFileSync(dist + "collector.js", (await bundle("collector/collector.js", { format: "iife" })).js);
for (const types of ["clickfold.d.ts", "collector.d.ts", "frame.d.ts", "widget.d.ts"]) cpSync(at(types), dist + types);

// For other people's pages: it imports clickfold.js beside it, and has its looks in it as text.
const chart = put("chart.js", (await bundle("more/chart.js", { loader: { ".css": "text" } })).js, "more/");
const widget = await bundle("widget/widget.js", { define: { __CHART__: chart }, external: ["./clickfold.js"], loader: { ".css": "text" } });
writeFileSync(dist + "widget.js", widget.js);

const samples = Object.fromEntries(readdirSync(at("sample")).filter(name => name !== "SOURCE.txt").map(name => [name, put(name, readFileSync(at("sample/" + name)))]));
cpSync(at("sample/SOURCE.txt"), dist + "SAMPLES.txt");
const panels = put("panels.js", (await bundle("more/panels.js")).js, "more/");
const style = put("events.css", (await bundle("more/events.js")).css, "more/");
const events = put("events.js", (await bundle("more/events.js", { define: { __EVENTS_STYLE__: style } })).js, "more/");
const page = await bundle("page/page.js", { define: { __SAMPLES__: samples, __PANELS__: panels, __EVENTS__: events }, external: ["./clickfold.js"] });
const script = put("page.js", page.js);
const looks = put("page.css", page.css);
writeFileSync(dist + "index.html", readFileSync(at("page/index.html"), "utf8").replace("page.js", script).replace("page.css", looks));

// The files of each visit, for the service worker to keep.
const files = [...readdirSync(dist).filter(name => !["more", "live", "collector.js", "widget.js"].includes(name) && !/\.(d\.ts|txt)$/.test(name)), panels, events, style];
const cache = createHash("sha256").update(files.map(file => readFileSync(dist + file)).join("")).digest("hex").slice(0, 10);
writeFileSync(dist + "sw.js", (await bundle("page/sw.js", { define: { __FILES__: ["./", ...files], __CACHE__: `clickfold-${cache}` } })).js);

// For pages that do not run our script.
const framed = put("framed.js", (await bundle("widget/framed.js", { format: "iife" })).js, "more/");
const frameLooks = put("frame.css", readFileSync(at("widget/frame.css")), "more/");
writeFileSync(dist + "frame.html", readFileSync(at("widget/frame.html"), "utf8").replace("framed.js", framed).replace("frame.css", frameLooks));
writeFileSync(dist + "frame.js", (await bundle("widget/frame.js")).js);

// The page that watches a stream.
const policy = put("policy.js", (await bundle("live/policy.js", { format: "iife" })).js, "live/");
const live = await bundle("live/live.js", { define: { __SAMPLES__: samples } });
const [liveScript, liveLooks] = [put("live.js", live.js, "live/"), put("live.css", live.css, "live/")];
writeFileSync(dist + "live.html", readFileSync(at("live/live.html"), "utf8").replace('"policy.js"', `"${policy}"`).replace('"live.js"', `"${liveScript}"`).replace('"live.css"', `"${liveLooks}"`).replace('"page.css"', `"${looks}"`));
await buildExamples(dist);
