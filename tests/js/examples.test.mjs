// The examples, opened, counted after, and asked by axe-core.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { after, test } from "node:test";
import { browser, close, violations, widget } from "./embedded.mjs";
import { cells, counted, ranking, told, visit } from "./hosts.mjs";

after(close);

const otto = readFileSync(new URL("../../www/sample/otto.csv", import.meta.url), "utf8").trim().split("\n").slice(1).map(line => line.split(","));
const clicked = counted(otto.filter(([, , , type]) => type === "clicks").map(([, aid]) => Number(aid)));
const [columns, ...visits] = gunzipSync(readFileSync(new URL("../../www/sample/ecom.csv.gz", import.meta.url))).toString().trim().split("\n").map(line => line.split(","));
const at = Object.fromEntries(columns.map((name, i) => [name, i]));

/** Channels, their visitors and events, of one platform or of all, as they are shown. */
function channels(platform) {
  const of = visits.filter(row => !platform || row[at.platform] === platform);
  const events = new Map(counted(of.map(row => row[at.acquisition_channel])));
  const visitors = counted([...new Set(of.map(row => `${row[at.acquisition_channel]},${row[at.user_id]}`))].map(pair => pair.split(",")[0]));
  return visitors.map(([channel, n]) => [channel, n.toLocaleString("en"), events.get(channel).toLocaleString("en")]);
}

const dashboard = async tab => {
  assert.deepEqual(await cells(tab, "#channels"), channels());
  const viewed = new Set(visits.filter(row => row[at.event] === "product_view").map(row => row[at.user_id])).size;
  assert.deepEqual((await cells(tab, "#funnel"))[0].slice(0, 2), ["Viewed", String(viewed)]);
  await tab.selectOption("select", "mobile");
  const [first] = channels("mobile");
  await tab.locator("#channels tbody tr", { hasText: first[2] }).waitFor();
  assert.deepEqual(await cells(tab, "#channels"), channels("mobile"));
  await tab.locator("#channels tbody tr").first().click();
  await tab.locator("[role=status]", { hasText: `Chosen: ${first[0]}` }).first().waitFor();
};
const topItems = async tab => assert.deepEqual(await ranking(tab), clicked);

/** Each example, and what is to be seen in it. */
const EXAMPLES = {
  "plain/top-items.html": topItems,
  "plain/query.html": async tab => {
    assert.deepEqual(await cells(tab, "#channels"), channels());
    assert.equal((await cells(tab, "#funnel")).length, 3);
  },
  async "plain/live.html"(tab) {
    const n = () => ranking(tab).then(rows => rows.reduce((sum, [, n]) => sum + n, 0));
    const before = await n();
    assert.ok(before > 0);
    await tab.waitForFunction(n => document.querySelector("clickfold-view").dataset.rows > n, 60);
  },
  async "plain/framed.html"(tab) {
    await told(tab, "clickfold-ready");
    const frame = tab.frames()[1];
    assert.deepEqual(await ranking(frame), clicked);
    // A page's heading and landmark are of the page around it.
    assert.deepEqual(await violations(frame, { "landmark-one-main": { enabled: false }, "page-has-heading-one": { enabled: false } }), []);
    await frame.locator("clickfold-view tbody tr").first().click();
    await tab.locator("output", { hasText: clicked[0][0] }).waitFor();
  },
  "react/": dashboard,
  "vue/": dashboard,
  "django-admin/": topItems,
  "wordpress/": topItems,
};

for (const [path, look] of Object.entries(EXAMPLES)) {
  test(`the example ${path} shows the right numbers, in light and dark, and to all`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      const { page: tab, faults, context } = await visit(browser, `${widget.url}examples/${path}`, { colorScheme, locale: "en-US", reducedMotion: "reduce" });
      await look(tab);
      assert.deepEqual(await violations(tab), [], colorScheme);
      assert.deepEqual(await tab.evaluate(() => window.told.filter(({ name }) => name === "clickfold-error")), []);
      assert.deepEqual(faults, []);
      await context.close();
    }
  });
}

test("the list of examples names all of them", async () => {
  const { page: tab, context } = await visit(browser, `${widget.url}examples/`);
  const links = await tab.locator("a").evaluateAll(links => links.map(link => link.getAttribute("href")));
  assert.deepEqual(links.sort(), Object.keys(EXAMPLES).sort());
  assert.deepEqual(await violations(tab), []);
  await context.close();
});
