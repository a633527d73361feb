// What the questions' answers are drawn by: where the parts of a Sankey diagram lie, and figures as people write them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sankey } from "../../www/more/events/sankey.js";
import { days, duration, figure, money, percent } from "../../www/more/events/words.js";
import { random } from "../page/events.mjs";

const HEIGHT = 400, GAP = 10;

test("nodes are as tall as those who come through, do not overlap, and hold their links", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed), pick = most => Math.floor(next() * most);
    const found = new Map();
    for (let i = 0; i < 30; i++) {
      const step = { from: "abcde"[pick(5)], to: "abcdef"[pick(6)], at: pick(3), n: 1 + pick(100) };
      found.set(`${step.at}${step.from}${step.to}`, step);
    }
    const { nodes, links } = sankey([...found.values()], { height: HEIGHT, gap: GAP });
    const near = (a, b, what) => assert.ok(Math.abs(a - b) < 1e-6, `${what}: ${a} ${b}, seed ${seed}`);
    const [{ n, height }] = nodes;
    for (const node of nodes) {
      near(node.height / node.n, height / n, "one scale");
      const out = links.filter(({ from }) => from === node), into = links.filter(({ to }) => to === node);
      for (const [own, y] of [[out, "y0"], [into, "y1"]]) {
        const sorted = [...own].sort((a, b) => a[y] - b[y]);
        sorted.forEach((link, i) => near(link[y], i ? sorted[i - 1][y] + sorted[i - 1].height : node.y, "links lie side by side"));
        if (sorted.length) assert.ok(sorted.at(-1)[y] + sorted.at(-1).height <= node.y + node.height + 1e-6, `a link leaves its node, seed ${seed}`);
      }
    }
    for (const at of new Set(nodes.map(node => node.at))) {
      const column = nodes.filter(node => node.at === at).sort((a, b) => a.y - b.y);
      column.forEach((node, i) => i && near(node.y, column[i - 1].y + column[i - 1].height + GAP, "a gap"));
      assert.ok(column.at(-1).y + column.at(-1).height <= HEIGHT + 1e-6, `too tall, seed ${seed}`);
    }
  }
});

test("times, shares and money are written as people do", () => {
  const times = [[0, "0 s"], [0.4, "0.4 s"], [59.7, "1 min"], [60, "1 min"], [61, "1 min 1 s"], [3599, "59 min 59 s"], [3599.6, "1 h"], [3600, "1 h"], [12000, "3 h 20 min"], [86399, "1 d"], [90061, "1 d 1 h"], [86400 * 150.2, "150 d"], [null, "–"]];
  for (const [seconds, text] of times) assert.equal(duration(seconds), text, seconds);
  assert.deepEqual([percent(1 / 3), percent(0), percent(null)], ["33.3%", "0.0%", "–"]);
  assert.deepEqual([money(1234.5, 2), money(12345678901234567890n, 0), money(null, 2)], ["1,234.50", "12,345,678,901,234,567,890", "–"]);
  assert.deepEqual([figure(1.23456), figure(12345.6), figure(0.000123456), days(1.25), days(1234.5)], ["1.23", "12,346", "0.000123", "1.3 d", "1,235 d"]);
});
