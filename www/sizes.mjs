// The weight of a first visit, as a server that compresses sends it; fails above the limits. What comes later is told beside it.
import { readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const LIMITS = { core: 350_000, all: 600_000, widget: 100_000, collector: 2_048 };
const dist = new URL("dist/", import.meta.url).pathname;
const weigh = name => brotliCompressSync(readFileSync(dist + name), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;

/** For other people's pages. */
const isEmbedded = name => /^(widget|frame)\./.test(name);

const list = folder => readdirSync(dist + folder).filter(name => /\.(html|css|js|wasm)$/.test(name)).map(name => ({ name: folder + name, bytes: weigh(folder + name) })).sort((a, b) => b.bytes - a.bytes);
const sum = of => of.reduce((sum, { bytes }) => sum + bytes, 0);
const embedded = list("").filter(({ name }) => isEmbedded(name));
const sizes = list("").filter(({ name }) => name !== "collector.js" && !isEmbedded(name));
const collector = weigh("collector.js"), all = sum(sizes);
/** What a page with a widget fetches, but for the core and the charts. */
const widget = sum([...embedded.filter(({ name }) => name === "widget.js"), ...sizes.filter(({ name }) => /^(clickfold|worker-.*)\.js$/.test(name))]);
const core = sizes.find(({ name }) => name.endsWith(".wasm")).bytes;
for (const { name, bytes } of [...list("more/"), ...embedded, ...sizes]) console.log(`${String(bytes).padStart(8)}  ${name}`);
console.log(`${String(all).padStart(8)}  all bytes to the first answer, brotli (limit ${LIMITS.all}); the core ${core} (limit ${LIMITS.core})`);
console.log(`${String(widget).padStart(8)}  all scripts of a widget (limit ${LIMITS.widget})`);
console.log(`${String(collector).padStart(8)}  collector.js, which is for a shop's pages (limit ${LIMITS.collector})`);
if (core > LIMITS.core || all > LIMITS.all || widget > LIMITS.widget || collector > LIMITS.collector) {
  console.error("too heavy");
  process.exit(1);
}
