"""Sessions by DuckDB's window functions, over each actor's rows in the order of time and, among equal times, of the file."""

# The SQL of ClickHouse is run, too.
CLICKHOUSE = True

GAPS = {"1s": 1, "30s": 30, "1m": 60, "30m": 1_800, "2h": 7_200, "1d": 86_400}
CONDITIONS = [({"action": "buy"}, "action = 'buy'"), ({"column": "price", "gte": 10}, "price >= 10"),
              ({"column": "action", "in": ["cart", "buy"]}, "action IN ('cart', 'buy')"), ({"item_id": "a"}, "item_id = 'a'")]
WHERE = [({"column": "action", "ne": "other"}, "action <> 'other'"), ({"column": "price", "is_null": False}, "price IS NOT NULL"),
         ({"column": "item_id", "ne": "b"}, "item_id <> 'b'")]
# The file's columns that a session has a value of.
OTHERS = ["item_id", "price", "order_id", "channel", "action", "session_id"]
KEYS = [("user_id", "user_id"), ("entry", "entry"), ("exit", "exit"), ("channel", "channel"), ("events", "events"),
        ({"column": "started", "every": "1d", "as": "day"}, "date_trunc('day', started)"),
        ({"column": "channel", "null_as": "none", "as": "way"}, "coalesce(channel, 'none')")]
MEASURES = {
    "n": ({"fn": "count"}, "count(*)"),
    "long": ({"fn": "sum", "column": "seconds"}, "sum(seconds)"),
    "middle": ({"fn": "median", "column": "seconds"}, "quantile_cont(seconds, 0.5)"),
    "size": ({"fn": "avg", "column": "events"}, "avg(events)"),
    "bounced": ({"fn": "sum", "column": "bounced"}, "sum(bounced)"),
    "last": ({"fn": "max", "column": "exit"}, "max(exit)"),
    "nth": ({"fn": "max", "column": "session"}, "max(session)"),
    "end": ({"fn": "max", "column": "ended"}, "max(ended)"),
    "channels": ({"fn": "count_distinct", "column": "channel"}, "count(DISTINCT channel)"),
    "money": ({"fn": "sum", "column": "price"}, "sum(price)"),
    "orders": ({"fn": "count", "column": "order_id"}, "count(order_id)"),
    "early": ({"fn": "first", "column": "item_id", "by": "started"}, "arg_min(item_id, (started, item_id)) FILTER (item_id IS NOT NULL)"),
}
CONVERTED = ({"fn": "sum", "column": "converted"}, "sum(converted)")


def question(rng):
    query = {"kind": "sessions"}
    if rng.random() < 0.8:
        query["gap"] = rng.choice(list(GAPS))
    if rng.random() < 0.3:
        query["midnight"] = rng.random() < 0.8
        if rng.random() < 0.6:
            query["timezone"] = rng.choice(["UTC", "America/New_York", "Europe/Berlin"])
    if rng.random() < 0.4:
        query["split_on"] = rng.choice([["channel"], ["item_id"], ["item_id", "channel"], ["action", "order_id", "channel"]])
    if rng.random() < 0.7:
        query["session"] = rng.choice([False, False, False, "session_id", "order_id", "channel"])
    if rng.random() < 0.3:
        query["step"] = rng.choice(["item_id", "channel"])
    if rng.random() < 0.5:
        query["conversion"] = rng.choice([CONDITIONS[0][0], [CONDITIONS[1][0], CONDITIONS[2][0]], CONDITIONS[3][0]])
    if rng.random() < 0.3:
        query["where"] = [rng.choice(WHERE)[0]]
    if rng.random() < 0.1:
        query["actor"] = rng.choice(["order_id", "channel"])
    shape = rng.choice(["summary", "aggregate", "aggregate", "each"])
    if shape == "each":
        query["each"] = "session"
        if rng.random() < 0.4:
            query["having"] = [{"column": "events", "gte": 2}]
        if rng.random() < 0.5:
            query["order_by"] = rng.choice([["-seconds"], ["exit", "-started"], ["-events", "-session"]])
    elif shape == "aggregate":
        keys = [key for key, _ in rng.sample(KEYS, rng.choice([0, 1, 1, 2])) if key != "user_id" or "actor" not in query]
        if keys:
            query["group_by"] = keys
        names = ["n"] + rng.sample(list(MEASURES)[1:], rng.choice([1, 2, 3]))
        query["measures"] = {name: MEASURES[name][0] for name in names}
        if "conversion" in query:
            query["measures"]["converted"] = CONVERTED[0]
        if query.get("group_by"):
            if rng.random() < 0.4:
                query["having"] = [{"column": "n", "gte": 2}]
            if rng.random() < 0.4:
                query["rank"] = {"as": "place", "fn": "rank", "by": ["-n"]}
            elif rng.random() < 0.5:
                query["order_by"] = ["-n"]
    if shape != "summary" and query.get("group_by", query.get("each")) and rng.random() < 0.4:
        query["limit"] = rng.randrange(6)
    return query


def expected(query, events):
    actor = query.get("actor", "user_id")
    make_sessions(query, events, actor)
    if query.get("each"):
        return each(query, events, actor)
    if "measures" in query:
        return aggregate(query, events)
    conversion = ", sum(converted) / nullif(count(*), 0)" if "conversion" in query else ""
    return events.duckdb(f"""
        SELECT count(*), count(DISTINCT actor), sum(bounced) / nullif(count(*), 0), sum(events) / nullif(count(*), 0),
            quantile_cont(seconds::DOUBLE, 0.5), quantile_cont(seconds::DOUBLE, 0.9){conversion} FROM made""")


def make_sessions(query, events, actor):
    """Makes the table of sessions."""
    own = {False: "NULL", None: "session_id"}.get(query.get("session"), query.get("session"))
    where = " AND ".join(sql for condition, sql in WHERE if condition in query.get("where", [])) or "true"
    asked = query.get("conversion", [])
    asked = asked if isinstance(asked, list) else [asked]
    converts = " AND ".join(sql for condition, sql in CONDITIONS if condition in asked) or "true"
    zone = query.get("timezone", "UTC")
    day = f"((ts AT TIME ZONE 'UTC') AT TIME ZONE '{zone}')::DATE" if query.get("midnight") else "0"
    step = query.get("step", "action")
    events.duckdb(f"""
        CREATE OR REPLACE TEMP TABLE stretches AS
        WITH placed AS (
            SELECT *, {actor} AS actor, {own} AS own, {day} AS day, rowid AS place FROM events
            WHERE {actor} IS NOT NULL AND ts IS NOT NULL AND {where}),
        numbered AS (SELECT *, row_number() OVER (PARTITION BY actor ORDER BY ts, place) AS n FROM placed),
        opened AS (
            SELECT *, CASE WHEN own IS NOT NULL THEN 0 WHEN lag(ts) OVER w IS NULL THEN 1
                WHEN epoch(ts) - epoch(lag(ts) OVER w) > {GAPS[query.get('gap', '30m')]} OR lag(day) OVER w <> day THEN 1
                ELSE 0 END AS opens
            FROM numbered WINDOW w AS (PARTITION BY actor, own IS NULL ORDER BY n))
        SELECT *, sum(opens) OVER (PARTITION BY actor, own IS NULL ORDER BY n) AS stretch FROM opened""")
    parts(query, events)
    first = ", ".join(f"first({name} ORDER BY n) FILTER ({name} IS NOT NULL) AS {name}" for name in ["user_id"] + OTHERS)
    events.duckdb(f"""
        CREATE OR REPLACE TEMP TABLE made AS
        WITH grouped AS (
            SELECT actor, min(n) AS first_n, min(ts) AS started, max(ts) AS ended, (epoch(max(ts)) - epoch(min(ts)))::BIGINT AS seconds,
                count(*) AS events, (count(*) = 1)::INT AS bounced, coalesce(max(({converts})::INT), 0) AS converted,
                first({step} ORDER BY n) AS entry, last({step} ORDER BY n) AS exit, {first}
            FROM parts GROUP BY actor, own, stretch, part)
        SELECT *, row_number() OVER (PARTITION BY actor ORDER BY first_n) AS session FROM grouped""")


def parts(query, events):
    """Cuts stretches where a column has another value; several columns forget theirs at each other's cuts, row by row."""
    columns = query.get("split_on", [])
    if len(columns) < 2:
        column = columns[0] if columns else "NULL"
        events.duckdb(f"""
            CREATE OR REPLACE TEMP TABLE parts AS
            WITH changed AS (
                SELECT *, (own IS NULL AND {column} <> lag({column} IGNORE NULLS) OVER (
                    PARTITION BY actor, own IS NULL, stretch ORDER BY n)) IS TRUE AS changes FROM stretches)
            SELECT *, sum(changes::INT) OVER (PARTITION BY actor, own IS NULL, stretch ORDER BY n) AS part FROM changed""")
        return
    part_of, key, part, last = {}, None, 0, None
    rows = events.duckdb(f"SELECT place, actor, stretch, {', '.join(columns)} FROM stretches WHERE own IS NULL ORDER BY actor, n")
    for place, actor, stretch, *values in rows:
        if (actor, stretch) != key:
            key, part, last = (actor, stretch), 0, [None] * len(columns)
        if any(a is not None and b is not None and a != b for a, b in zip(last, values)):
            part, last = part + 1, [None] * len(columns)
        last = [a if b is None else b for a, b in zip(last, values)]
        part_of[place] = part
    pairs = ", ".join(f"({place}, {part})" for place, part in part_of.items()) or "(-1, 0)"
    events.duckdb(f"""
        CREATE OR REPLACE TEMP TABLE parts AS
        SELECT s.*, coalesce(p.part, 0) AS part FROM stretches s LEFT JOIN (VALUES {pairs}) AS p(place, part) ON s.place = p.place""")


def each(query, events, actor):
    converted = ["converted"] if "conversion" in query else []
    columns = ["actor", "session", "started", "ended", "seconds", "events", "bounced", *converted, "entry", "exit"]
    return events.duckdb(f"SELECT {', '.join(columns)} FROM made WHERE {having(query, 'events')} "
                         f"ORDER BY {order(query.get('order_by', []) + ['actor', 'session'])} {limit(query)}")


def aggregate(query, events):
    keys = [(f"key{at}", sql) for at, asked in enumerate(query.get("group_by", [])) for key, sql in KEYS if key == asked]
    measures = [(name, CONVERTED[1] if name == "converted" else MEASURES[name][1]) for name in query["measures"]]
    columns = ", ".join(f"{sql} AS {name}" for name, sql in keys + measures)
    names = [name for name, _ in keys]
    groups = f"SELECT {columns} FROM made" + (" GROUP BY ALL" if keys else "")
    by = query.get("order_by", query.get("rank", {}).get("by", []))
    rank = ", rank() OVER (ORDER BY n DESC) AS place" if "rank" in query else ""
    ordering = f"ORDER BY {order(by + names)}" if by + names else ""
    return events.duckdb(f"SELECT *{rank} FROM (FROM ({groups}) WHERE {having(query, 'n')}) {ordering} {limit(query)}")


def having(query, column):
    return f"{column} >= 2" if "having" in query else "true"


def order(names):
    return ", ".join(f"{name.lstrip('-')} {'DESC' if name.startswith('-') else 'ASC'} NULLS LAST" for name in names)


def limit(query):
    return f"LIMIT {query['limit']}" if "limit" in query else ""
