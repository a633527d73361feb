// The harness's live top 20 as Clickfold has it: of all rows that have come, and of windows of event time beside it. As with other tools, the
// table, what looks at it and the rows as they are sent are there when the clock starts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OURS = `
  async stream(d, first, batches, done, { flood }) {
    ds = d;
    const names = ['user_id', 'item_id', 'category_id', 'behavior', 'timestamp'], encoder = new TextEncoder();
    const csv = (b, from = 0, to = b.item_id.length) => encoder.encode(Array.from(b.item_id.slice(from, to), (_, i) => names.map(name => b[name][from + i]).join() + '\\n').join(''));
    // Without a row there is no window that could be looked at.
    const start = first ? csv(first) : csv(batches[0], 0, 1), data = batches.map((b, i) => csv(b, first || i ? 0 : 1));
    // What was read last is of the first days: rows come in no order of time.
    dataset = await engine.load(new Blob([names.join() + '\\n', start]), { live: { lateness: '30d' }, schema: { item_id: { role: 'item' }, timestamp: { role: 'time' } } });
    const query = { kind: 'aggregate', group_by: [{ column: 'item_id', as: 'item' }], measures: { n: { fn: 'count' } }, rank: { as: 'rk', fn: 'rank', by: ['-n'] }, order_by: ['-n', 'item'], limit: 20 };
    let shown = () => {}, told = 0;
    const table = of => got => { latest[of] = got.rows(); told++; shown(); };
    const next = n => new Promise(resolve => { shown = () => { if (told >= n) resolve(); }; shown(); });
    dataset.watch(query, table('all'), { every: 0 });
    dataset.watch(query, table('window'), { every: 0, window: { size: '1h' }, movement: 'item' });
    await next(2);
    const t0 = performance.now();
    if (flood) { await Promise.all(data.map(async b => { const t = performance.now(); await dataset.append(b, { format: 'csv' }); done(performance.now() - t); })); return t0; }
    for (const b of data) { const t = performance.now(); told = 0; await dataset.append(b, { format: 'csv' }); await next(2); done(performance.now() - t); }
    return t0;
  },
  async streamTop() {
    const rows = (await dataset.query({ kind: 'aggregate', group_by: [{ column: 'item_id', as: 'item' }], measures: { n: { fn: 'count' } }, rank: { as: 'rk', fn: 'rank', by: ['-n'] }, order_by: ['-n', 'item'], limit: 20 })).rows();
    // What came last may not be told yet where batches were not awaited.
    for (let tries = 0; JSON.stringify(rows) !== JSON.stringify(latest.all) && tries < 100; tries++) await new Promise(resolve => setTimeout(resolve, 10));
    const seen = latest.all;
    if (JSON.stringify(rows) !== JSON.stringify(seen)) throw new Error('what was watched is not what is asked');
    return { item: seen.map(r => r.item), n: seen.map(r => r.n), rk: seen.map(r => r.rk) };
  },
`;

/** Has the harness in that folder stream to Clickfold. @param {string} harness */
export function addStreams(harness) {
  const file = join(harness, "peers/clickfold.mjs"), text = readFileSync(file, "utf8");
  const changed = text.replace("let engine, dataset, ds;", "let engine, dataset, ds;\nconst latest = {};").replace("\n  async q2() {", () => `${OURS}\n  async q2() {`);
  if (changed.length < text.length + OURS.length) throw new Error("peers/clickfold.mjs has not what a stream is put beside");
  writeFileSync(file, changed);
}
