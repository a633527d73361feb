"""Paths by DuckDB's window functions: each actor's values numbered from where the path begins, and joined with the next."""

WITHIN = {"1s": 1, "30s": 30, "10m": 600, "2h": 7_200, "1d": 86_400}
ANCHORS = [({"action": "buy"}, "action = 'buy'"), ({"action": "view"}, "action = 'view'"),
           ([{"column": "price", "gte": 10}, {"column": "action", "ne": "other"}], "price >= 10 AND action <> 'other'"),
           ({"item_id": "a"}, "item_id = 'a'")]
WHERE = [({"column": "action", "ne": "other"}, "action <> 'other'"), ({"column": "price", "is_null": False}, "price IS NOT NULL")]


def question(rng):
    query = {"kind": "paths"}
    if rng.random() < 0.7:
        query[rng.choice(["from", "to"])] = rng.choice(ANCHORS)[0]
    if rng.random() < 0.6:
        query["step"] = rng.choice(["item_id", "channel", "session_id", "order_id"])
    if rng.random() < 0.7:
        query["depth"] = rng.choice([1, 2, 3, 8, 20])
    if rng.random() < 0.5:
        query["within"] = rng.choice(list(WITHIN))
    if rng.random() < 0.5:
        query["loops"] = rng.choice(["fold", "keep"])
    if rng.random() < 0.3:
        query["where"] = [rng.choice(WHERE)[0]]
    if rng.random() < 0.1:
        query["actor"] = rng.choice(["order_id", "channel"])
    if rng.random() < 0.3:
        query["each"] = "actor"
        if rng.random() < 0.4:
            query["having"] = [{"column": "depth", "gte": 1}]
        if rng.random() < 0.4:
            query["order_by"] = rng.choice([["-value"], ["depth", "value"]])
    if rng.random() < 0.6:
        query["limit"] = rng.randrange(5)
    return query


def expected(query, events):
    actor, step, depth = query.get("actor", "user_id"), query.get("step", "action"), query.get("depth", 4)
    backward = "to" in query
    asked = query.get("to", query.get("from"))
    anchor = next((sql for condition, sql in ANCHORS if condition == asked), "true")
    where = " AND ".join(sql for condition, sql in WHERE if condition in query.get("where", [])) or "true"
    direction = "DESC" if backward else "ASC"
    within = WITHIN.get(query.get("within"), 10 ** 12)
    keeps = query.get("loops") == "keep"
    folds = "" if keeps else "QUALIFY value IS DISTINCT FROM lag(value) OVER (PARTITION BY actor ORDER BY n)"
    events.duckdb(f"""
        CREATE OR REPLACE TEMP TABLE nodes AS
        WITH numbered AS (
            SELECT {actor} AS actor, {step} AS value, ts, ({anchor}) IS TRUE AS is_anchor,
                row_number() OVER (PARTITION BY {actor} ORDER BY ts {direction}, rowid {direction}) AS n
            FROM events WHERE {actor} IS NOT NULL AND ts IS NOT NULL AND {step} IS NOT NULL AND {where}),
        begun AS (
            SELECT * FROM numbered QUALIFY n >= min(CASE WHEN is_anchor THEN n END) OVER (PARTITION BY actor)),
        paused AS (
            SELECT *, abs(epoch(ts) - epoch(lag(ts) OVER (PARTITION BY actor ORDER BY n))) > {within} AS pause FROM begun),
        connected AS (
            SELECT * FROM paused QUALIFY coalesce(sum(pause::INT) OVER (PARTITION BY actor ORDER BY n), 0) = 0),
        folded AS (SELECT * FROM connected {folds})
        SELECT actor, value, row_number() OVER (PARTITION BY actor ORDER BY n) - 1 AS depth FROM folded
        QUALIFY row_number() OVER (PARTITION BY actor ORDER BY n) <= {depth + 1}""")
    if "each" in query:
        names = query.get("order_by", []) + ["actor", "depth"]
        order = ", ".join(f"{name.lstrip('-')} {'DESC' if name.startswith('-') else 'ASC'} NULLS LAST" for name in names)
        return events.duckdb(f"""
            SELECT actor, depth, value FROM nodes WHERE {'depth >= 1' if 'having' in query else 'true'} ORDER BY {order}
            {f'LIMIT {query["limit"]}' if 'limit' in query else ''}""")
    source, target = ("far", "near") if backward else ("near", "far")
    return events.duckdb(f"""
        WITH ranked AS (
            SELECT depth, value, row_number() OVER (PARTITION BY depth ORDER BY count(*) DESC, value) AS place
            FROM nodes GROUP BY depth, value),
        shown AS (
            SELECT actor, depth, place > {query.get('limit', 20)} AS is_rest, CASE WHEN is_rest THEN NULL ELSE nodes.value END AS value
            FROM nodes JOIN ranked USING (depth, value)),
        steps AS (
            SELECT a.depth + 1 AS depth, a.value AS near, a.is_rest AS near_is_rest, b.value AS far,
                coalesce(b.is_rest, false) AS far_is_rest, count(*) AS actors
            FROM shown a LEFT JOIN shown b ON a.actor = b.actor AND b.depth = a.depth + 1
            WHERE a.depth < {depth} GROUP BY ALL)
        SELECT depth, {source} AS source, {target} AS target, actors,
            actors / sum(actors) OVER (PARTITION BY depth, near, near_is_rest), {source}_is_rest, {target}_is_rest
        FROM steps
        ORDER BY depth, actors DESC, source NULLS LAST, target NULLS LAST, {source}_is_rest, {target}_is_rest""")
