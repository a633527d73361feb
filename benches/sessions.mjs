// A seventh question for the harness: sessions of half an hour, in SQL and as Clickfold has it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SQL = `
    q7: \`with e as (select \${ds.user} as u, \${T} as t from ev),
         s as (select u, t, case when t - lag(t) over (partition by u order by t) <= 1800 then 0 else 1 end as starts from e),
         n as (select u, t, sum(starts) over (partition by u order by t rows between unbounded preceding and current row) as n from s),
         g as (select u, n, count(*) as events, max(t) - min(t) as seconds from n group by u, n)
         select count(*) as sessions, count(distinct u) as actors, count(*) filter (where events = 1) / count(*)::DOUBLE as bounces, sum(events)::DOUBLE / count(*) as events,
                quantile_cont(seconds, 0.5)::DOUBLE as median, quantile_cont(seconds, 0.9)::DOUBLE as p90 from g\`,
`;

const OURS = `
  async q7() {
    const [row] = (await dataset.query({ kind: 'sessions', gap: '30m', session: false })).rows();
    const names = { sessions: 'sessions', actors: 'actors', bounces: 'bounce_rate', events: 'events_per_session', median: 'median_seconds', p90: 'p90_seconds' };
    return Object.fromEntries(Object.entries(names).map(([to, from]) => [to, [row[from]]]));
  },
`;

/** Has the harness in that folder ask it of DuckDB and of Clickfold. @param {string} harness */
export function addSessions(harness) {
  const change = (name, from, to) => {
    const file = join(harness, name), text = readFileSync(file, "utf8");
    if (!text.includes(from)) throw new Error(`${name} has no ${JSON.stringify(from)}`);
    writeFileSync(file, text.replace(from, () => to));
  };
  change("lib/sql.mjs", "\n    q6: `", `${SQL}\n    q6: \``);
  change("peers/lib/duckdb.mjs", "'q6']", "'q6', 'q7']");
  change("native.py", '"q5", "q6"]:', '"q5", "q6", "q7"]:');
  change("peers/clickfold.mjs", "\n  async q6() {", `${OURS}\n  async q6() {`);
}
