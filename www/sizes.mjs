// The weight of a first visit, as a server that compresses sends it; fails above the limits. What comes later is told beside it.
import { readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const dist = new URL("dist/", import.meta.url).pathname;
const weigh = name => brotliCompressSync(readFileSync(dist + name), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;
const list = folder => readdirSync(dist + folder).filter(name => /\.(html|css|js|wasm)$/.test(name)).map(name => ({ name: folder + name, bytes: weigh(folder + name) })).sort((a, b) => b.bytes - a.bytes);
const sum = of => of.reduce((sum, { bytes }) => sum + bytes, 0);

const sizes = list(""), files = pattern => sizes.filter(({ name }) => pattern.test(name));
const limits = [
  ["all bytes to the first answer", sum(sizes.filter(({ name }) => !/^(widget|frame|collector|live)\./.test(name))), 600_000],
  ["the core", sum(files(/\.wasm$/)), 350_000],
  ["all scripts of the widget", sum(files(/^(widget|clickfold|worker-.*)\.js$/)), 100_000],
  ["frame.js, for pages with a frame of ours", sum(files(/^frame\.js$/)), 1_024],
  ["collector.js, for a shop's pages", sum(files(/^collector\.js$/)), 2_048],
];
for (const { name, bytes } of [...list("more/"), ...list("live/"), ...sizes]) console.log(`${String(bytes).padStart(8)}  ${name}`);
for (const [what, bytes, limit] of limits) console.log(`${String(bytes).padStart(8)}  ${what}, brotli (limit ${limit})`);
if (limits.some(([, bytes, limit]) => bytes > limit)) {
  console.error("too heavy");
  process.exit(1);
}
