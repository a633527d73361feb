// The harness's live top 20 as Clickfold has it: of all rows that have come, and of windows of event time beside it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OURS = `
  async stream(d, first, batches, done, { flood }) {
    ds = d;
    const names = ['user_id', 'item_id', 'category_id', 'behavior', 'timestamp'], encoder = new TextEncoder();
    const csv = b => encoder.encode(b.item_id.reduce((lines, _, i) => lines + names.map(name => b[name][i]).join() + '\\n', ''));
    const header = encoder.encode(names.join() + '\\n'), data = batches.map(csv), start = first ? csv(first) : data.shift();
    // What was read last is of the first days: rows come in no order of time.
    const live = { lateness: '30d' };
    await (await engine.load(new Blob([header, start]), { live })).close(); // the core is there
    const t0 = performance.now();
    dataset = await engine.load(new Blob([header, start]), { live, schema: { item_id: { role: 'item' }, timestamp: { role: 'time' } } });
    const query = { kind: 'aggregate', group_by: [{ column: 'item_id', as: 'item' }], measures: { n: { fn: 'count' } }, rank: { as: 'rk', fn: 'rank', by: ['-n'] }, order_by: ['-n', 'item'], limit: 20 };
    let shown = () => {}, told = 0;
    const table = of => got => { latest[of] = got.rows(); told++; shown(); };
    const next = n => new Promise(resolve => { shown = () => { if (told >= n) resolve(); }; shown(); });
    dataset.watch(query, table('all'), { every: 0 });
    dataset.watch(query, table('window'), { every: 0, window: { size: '1h' }, movement: 'item' });
    await next(2);
    if (!first) done(performance.now() - t0);
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
