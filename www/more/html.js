/** A saved HTML page's data: its largest table, or the products that it describes to search engines. */

import { parse } from "parse5";

/** @typedef {{ nodeName: string, tagName?: string, value?: string, attrs?: { name: string, value: string }[], childNodes?: Node[], content?: Node }} Node */

/** Cells that one may span; browsers stop there, too. */
const MOST_SPAN = 1000;
/** Cells of a table, spanned ones among them. */
const MOST_CELLS = 10_000_000;

/** What schema.org calls a product's properties, and where a catalogue has them. @type {[string, (product: any, offer: any) => unknown][]} */
const PRODUCT = [
  ["sku", ({ sku, productID, mpn }) => sku ?? productID ?? mpn],
  ["gtin", ({ gtin, gtin13, gtin12, gtin8, gtin14 }) => gtin ?? gtin13 ?? gtin12 ?? gtin8 ?? gtin14],
  ["name", ({ name }) => name],
  ["brand", ({ brand }) => named(brand)],
  ["category", ({ category }) => named(category)],
  ["price", (_, { price, lowPrice, priceSpecification }) => price ?? lowPrice ?? first(priceSpecification)?.price],
  ["currency", (_, { priceCurrency, priceSpecification }) => priceCurrency ?? first(priceSpecification)?.priceCurrency],
  ["availability", (_, { availability }) => typeof availability === "string" ? availability.replace(/^https?:\/\/schema\.org\//, "") : undefined],
  ["url", ({ url }, offer) => url ?? offer.url],
];

/**
 * The page's data as CSV with a header, and a sentence that says which of it that is; nothing where it has none.
 * @param {string} text @returns {{ csv: string, note: string } | undefined}
 */
export function dataOf(text) {
  const tree = /** @type {Node} */ (/** @type {unknown} */ (parse(text)));
  const nodes = [...walk(tree)];
  const tables = nodes.filter(({ tagName }) => tagName === "table").map(cellsOf).filter(rows => rows.length > 1 && rows[0].length > 1);
  const products = nodes.filter(isLinkedData).flatMap(node => [...productsOf(textOf(node))]);
  const largest = tables.reduce((/** @type {string[][]} */ most, rows) => nCells(rows) > nCells(most) ? rows : most, []);
  if (products.length && products.length >= largest.length - 1) {
    const rows = products.map(product => PRODUCT.map(([, value]) => plain(value(product, first(product.offers) ?? {}))));
    return { csv: toCsv([PRODUCT.map(([name]) => name), ...rows]), note: `The page describes ${products.length} ${products.length === 1 ? "product" : "products"} by schema.org; they were read.` };
  }
  if (!largest.length) return undefined;
  const which = tables.length === 1 ? "The page has one table" : `The page has ${tables.length} tables; the largest, of ${largest.length} lines,`;
  return { csv: toCsv(largest), note: tables.length === 1 ? `${which}; it was read.` : `${which} was read.` };
}

/** @param {Node} node @returns {Generator<Node>} */
function* walk(node) {
  /** @type {Node[]} */
  const left = [node];
  for (let next; (next = left.pop());) { // no recursion: a page may nest as deep as it likes
    yield next;
    left.push(...[...next.childNodes ?? [], ...next.content ? [next.content] : []].reverse());
  }
}

/** A table's cells, line by line; a cell that spans several stands in each line, and in the first of its columns. @param {Node} table */
function cellsOf(table) {
  /** @type {string[][]} */
  const rows = [];
  /** What cells of lines before have left of their spans, by column. @type {Map<number, { text: string, left: number }>} */
  const spans = new Map();
  let total = 0;
  for (const line of linesOf(table)) {
    /** @type {string[]} */
    const row = [];
    const takeSpans = () => {
      for (let span; (span = spans.get(row.length));) {
        if (--span.left === 0) spans.delete(row.length);
        row.push(span.text);
      }
    };
    for (const cell of (line.childNodes ?? []).filter(({ tagName }) => tagName === "td" || tagName === "th")) {
      takeSpans();
      const text = textOf(cell), at = row.length, columns = span(cell, "colspan"), lines = span(cell, "rowspan");
      row.push(text, ...Array(columns - 1).fill(""));
      for (let column = at; lines > 1 && column < row.length; column++) spans.set(column, { text: row[column], left: lines - 1 });
    }
    takeSpans();
    total += row.length;
    if (total > MOST_CELLS) break;
    if (row.length) rows.push(row);
  }
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return width * rows.length > MOST_CELLS ? [] : rows.map(row => [...row, ...Array(width - row.length).fill("")]);
}

/** The lines of a table, those of tables in its cells apart. @param {Node} table @returns {Node[]} */
const linesOf = table => (table.childNodes ?? []).flatMap(child => child.tagName === "tr" ? [child] : ["thead", "tbody", "tfoot"].includes(child.tagName ?? "") ? linesOf(child) : []);

/** @param {Node} cell @param {string} name */
const span = (cell, name) => Math.min(Math.max(1, Number.parseInt(attribute(cell, name) ?? "1", 10) || 1), MOST_SPAN);

/** @param {Node} node @param {string} name */
const attribute = (node, name) => node.attrs?.find(attr => attr.name === name)?.value;

/** @param {Node} node */
function textOf(node) {
  let text = "";
  for (const { nodeName, value } of walk(node)) text += nodeName === "#text" ? value : nodeName === "br" ? " " : "";
  return text.replace(/\s+/g, " ").trim();
}

/** @param {Node} node */
const isLinkedData = node => node.tagName === "script" && attribute(node, "type")?.trim().toLowerCase() === "application/ld+json";

/** All products in a piece of linked data, however deep. @param {string} text */
function* productsOf(text) {
  /** @type {any[]} */
  const left = [];
  try {
    left.push(JSON.parse(text));
  } catch {
    return; // other pieces may be whole
  }
  for (let next; left.length;) {
    next = left.pop();
    if (next === null || typeof next !== "object") continue;
    if ([next["@type"]].flat().some(type => /(^|\/)(Product|ProductGroup|IndividualProduct)$/.test(String(type)))) yield next;
    else left.push(...Object.values(next).reverse());
  }
}

/** @param {unknown} value */
const first = value => Array.isArray(value) ? value[0] : value;
/** @param {any} value */
const named = value => first(value)?.name ?? first(value);
/** @param {unknown} value */
const plain = value => ["string", "number"].includes(typeof value) ? String(value).replace(/\s+/g, " ").trim() : "";
/** @param {string[][]} rows */
const nCells = rows => rows.reduce((sum, row) => sum + row.length, 0);
/** @param {string[][]} rows */
const toCsv = rows => rows.map(row => row.map(cell => `"${cell.replaceAll('"', '""')}"`).join(",") + "\n").join("");
