// The weight of a first visit, as a server that compresses sends it; fails above the limits. What comes later is told beside it.
import { readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const LIMITS = { core: 350_000, all: 600_000, widget: 100_000 };
const dist = new URL("dist/", import.meta.url).pathname;
const weigh = name => brotliCompressSync(readFileSync(dist + name), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;

const list = folder => readdirSync(dist + folder).filter(name => /\.(html|css|js|wasm)$/.test(name)).map(name => ({ name: folder + name, bytes: weigh(folder + name) })).sort((a, b) => b.bytes - a.bytes);
const sizes = list("");
const sum = of => of.reduce((sum, { bytes }) => sum + bytes, 0);
const all = sum(sizes.filter(({ name }) => name !== "widget.js"));
const widget = sum(sizes.filter(({ name }) => /^(widget|clickfold|worker-.*)\.js$/.test(name)));
const core = sizes.find(({ name }) => name.endsWith(".wasm")).bytes;
for (const { name, bytes } of [...list("more/"), ...sizes]) console.log(`${String(bytes).padStart(8)}  ${name}`);
console.log(`${String(all).padStart(8)}  all bytes to the first answer, brotli (limit ${LIMITS.all}); the core ${core} (limit ${LIMITS.core})`);
console.log(`${String(widget).padStart(8)}  all scripts of the widget, brotli (limit ${LIMITS.widget})`);
if (core > LIMITS.core || all > LIMITS.all || widget > LIMITS.widget) {
  console.error("too heavy");
  process.exit(1);
}
