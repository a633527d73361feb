/**
 * Where the parts of a Sankey diagram lie. Columns of nodes, each as tall as those who come through it; between them links.
 *
 * @typedef {{ key: string, at: number, n: number, y: number, height: number }} Node `at`: its column, from the left
 * @typedef {{ from: Node, to: Node, n: number, y0: number, y1: number, height: number }} Link
 */

/**
 * @param {{ from: string, to: string, at: number, n: number }[]} steps from column `at` to the next
 * @param {{ height: number, gap: number }} room
 * @returns {{ nodes: Node[], links: Link[], columns: number }}
 */
export function sankey(steps, { height, gap }) {
  /** @type {Map<string, Node>[]} */
  const columns = [];
  const node = (/** @type {number} */ at, /** @type {string} */ key) => {
    const column = columns[at] ??= new Map();
    const found = column.get(key) ?? { key, at, n: 0, y: 0, height: 0 };
    column.set(key, found);
    return found;
  };
  const links = steps.map(({ from, to, at, n }) => ({ from: node(at, from), to: node(at + 1, to), n, y0: 0, y1: 0, height: 0 }));
  for (const column of columns) for (const found of column?.values() ?? []) {
    const [out, into] = [links.filter(({ from }) => from === found), links.filter(({ to }) => to === found)].map(side => side.reduce((sum, { n }) => sum + n, 0));
    found.n = Math.max(out, into);
  }
  const sum = (/** @type {Map<string, Node>} */ column) => [...column.values()].reduce((sum, { n }) => sum + n, 0);
  const scale = Math.min(...columns.map(column => Math.max(0, height - gap * (column.size - 1)) / Math.max(1, sum(column))));
  for (const [at, column] of columns.entries()) place(column, at === 0 ? [] : links.filter(({ to }) => to.at === at), { height, gap, scale });
  for (const link of links) link.height = link.n * scale;
  spread(links, "from", "y0", "to");
  spread(links, "to", "y1", "from");
  return { nodes: columns.flatMap(column => [...column.values()]), links, columns: columns.length };
}

/** Puts a column's nodes below each other, each near those that it comes from. @param {Map<string, Node>} column @param {Link[]} into @param {{ height: number, gap: number, scale: number }} room */
function place(column, into, { gap, scale }) {
  /** @param {Node} node */
  const middle = node => {
    const own = into.filter(({ to }) => to === node), n = own.reduce((sum, link) => sum + link.n, 0);
    return n ? own.reduce((sum, { from, n }) => sum + n * (from.y + from.height / 2), 0) / n : Infinity;
  };
  const places = new Map([...column.values()].map(node => [node, middle(node)]));
  const sorted = [...column.values()].sort((a, b) => into.length ? Number(places.get(a)) - Number(places.get(b)) || b.n - a.n : b.n - a.n);
  let y = 0;
  for (const node of sorted) {
    node.y = y;
    node.height = node.n * scale;
    y += node.height + gap;
  }
}

/** Where the links begin or end at their nodes: in the order of the other ends. @param {Link[]} links @param {"from" | "to"} side @param {"y0" | "y1"} y @param {"from" | "to"} other */
function spread(links, side, y, other) {
  /** @type {Map<Node, number>} */
  const filled = new Map();
  for (const link of [...links].sort((a, b) => a[other].y - b[other].y)) {
    const node = link[side], before = filled.get(node) ?? 0;
    link[y] = node.y + before;
    filled.set(node, before + link.height);
  }
}

/** A link as the outline of a band. @param {Link} link @param {number} x0 @param {number} x1 */
export function band({ y0, y1, height }, x0, x1) {
  const middle = (x0 + x1) / 2, thick = Math.max(1, height);
  return `M${x0},${y0} C${middle},${y0} ${middle},${y1} ${x1},${y1} L${x1},${y1 + thick} C${middle},${y1 + thick} ${middle},${y0 + thick} ${x0},${y0 + thick} Z`;
}
