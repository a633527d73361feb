// What a saved HTML page gives, as the module that the page fetches for it says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dataOf } from "../../www/more/html.js";

const lines = text => dataOf(text)?.csv.trimEnd().split("\n").map(line => line.slice(1, -1).split('","'));

test("the largest table is read, with what its cells span", () => {
  const page = `<!doctype html><nav><table><tr><td>a<td>b</table></nav>
    <table><caption>Sales</caption><thead><tr><th>day</th><th colspan=2>sold <b>and</b>
    returned</th></tr></thead>
    <tbody><tr><td rowspan="2">Monday<td>1<td>"x"<tr><td>2<br>3<td>&lt;script&gt;<tr><td>Tuesday<td><table><tr><td>inner</table></table>`;
  assert.deepEqual(dataOf(page).csv.trimEnd().split("\n"), [
    '"day","sold and returned",""', '"Monday","1","""x"""', '"Monday","2 3","<script>"', '"Tuesday","inner",""',
  ]);
  assert.match(dataOf(page).note, /^The page has one table/);
});

test("of several tables the one with the most cells is read", () => {
  const table = n => `<table>${"<tr><td>1<td>2".repeat(n)}</table>`;
  assert.equal(lines(table(2) + table(5) + table(3)).length, 5);
  assert.match(dataOf(table(2) + table(5)).note, /2 tables; the largest, of 5 lines, was read/);
});

test("products that schema.org describes are a catalogue", () => {
  const products = [
    { "@type": "Product", name: "Hat", sku: "007", brand: { "@type": "Brand", name: "Mill" }, category: "Hats", offers: { price: "12.50", priceCurrency: "EUR", availability: "https://schema.org/InStock" } },
    { "@type": ["Product", "Thing"], name: "Cap\n\"red\"", productID: 8, offers: [{ "@type": "AggregateOffer", lowPrice: 3, priceCurrency: "EUR" }] },
  ];
  const page = `<script type="application/ld+json">{"@graph":[{"@type":"ItemList","itemListElement":[{"item":${JSON.stringify(products[0])}}]}]}</script>
    <script type="application/ld+json">{broken</script><script type="application/ld+json">${JSON.stringify(products[1])}</script>`;
  assert.deepEqual(dataOf(page).csv.trimEnd().split("\n"), [
    '"sku","gtin","name","brand","category","price","currency","availability","url"',
    '"007","","Hat","Mill","Hats","12.50","EUR","InStock",""',
    '"8","","Cap ""red""","","","3","EUR","",""',
  ]);
});

test("a page without data gives nothing, and a hostile one its text", () => {
  assert.equal(dataOf("<p>nothing here"), undefined);
  assert.equal(dataOf("<".repeat(10_000)), undefined);
  assert.equal(dataOf(`<table><tr><td>${"<div>".repeat(50_000)}deep`), undefined);
  assert.equal(lines("<table><tr><td colspan=99999999>a<td>b<tr><td rowspan=99999999>c<td>d</table>").length, 2);
  assert.deepEqual(lines("<table><tr><th>__proto__<th>x<tr><td>=1+1<td>y</table>"), [["__proto__", "x"], ["=1+1", "y"]]);
});
