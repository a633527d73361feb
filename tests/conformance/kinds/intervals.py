"""How long it is to the next purchase, by DuckDB's window functions."""

from kinds import some

CLICKHOUSE = True


def question(rng):
    query = {"kind": "intervals"}
    if rng.random() < 0.7:
        query["event"] = some(rng, {"action": "view"}, {"action": "cart"}, {"action": "buy"}, {"column": "price", "gt": 10},
                              [{"action": "view"}, {"column": "price", "gt": 10}])
    if rng.random() < 0.3:
        query["where"] = [{"column": "price", "gt": 10}]
    if rng.random() < 0.5:
        query["order"] = rng.choice(["item_id", "session_id", "order_id", "channel"])
    if rng.random() < 0.5:
        query["most"] = rng.choice([1, 2, 3, 10])
    if rng.random() < 0.2:
        query["actor"] = rng.choice(["item_id", "session_id", "channel"])
    if rng.random() < 0.4:
        query["each"] = "actor"
        if rng.random() < 0.4:
            query["having"] = [rng.choice([{"column": "seconds", "gt": 10}, {"column": "nth", "gte": 2}])]
        if rng.random() < 0.5:
            query["order_by"] = rng.choice([["-seconds"], ["at"], ["nth", "-seconds"]])
        if rng.random() < 0.4:
            query["limit"] = rng.randrange(6)
    return query


def condition(value):
    if isinstance(value, list):
        return " AND ".join(map(condition, value)) or "true"
    if "column" in value:
        [(op, literal)] = [(op, literal) for op, literal in value.items() if op != "column"]
        return f"{value['column']} {'>=' if op == 'gte' else '>'} {literal}"
    [(column, literal)] = value.items()
    return f"{column} = '{literal}'"


def expected(query, events):
    actor, order, most = query.get("actor", "user_id"), query.get("order", "order_id"), query.get("most", 5)
    # An event without an order is one with those of its time.
    purchases = f"""
        WITH bought AS (SELECT {actor} AS actor, ts, {order} AS o FROM events
                        WHERE {actor} IS NOT NULL AND ts IS NOT NULL AND {condition(query.get('event', []))} AND {condition(query.get('where', []))}),
             purchases AS (SELECT actor, min(ts) AS "at" FROM bought WHERE o IS NOT NULL GROUP BY actor, o
                           UNION ALL SELECT DISTINCT actor, ts FROM bought WHERE o IS NULL),
             steps AS (SELECT actor, "at", row_number() OVER w AS nth, epoch(lead("at") OVER w - "at") AS seconds FROM purchases
                       WINDOW w AS (PARTITION BY actor ORDER BY "at"))"""
    if query.get("each"):
        chosen = condition(query.get("having", []))
        by = [f'"{key.lstrip("-")}" {"DESC" if key[0] == "-" else "ASC"} NULLS LAST' for key in query.get("order_by", [])]
        limit = f" LIMIT {query['limit']}" if "limit" in query else ""
        return events.duckdb(f"""{purchases} SELECT actor, nth, "at", seconds FROM steps WHERE nth <= {most} AND {chosen}
            ORDER BY {', '.join(by + ['actor', 'nth'])}{limit}""")
    return events.duckdb(f"""{purchases} SELECT nth, count(*), count(seconds), count(seconds) / count(*)::DOUBLE,
        quantile_cont(seconds, 0.5), quantile_cont(seconds, 0.9) FROM steps WHERE nth <= {most} GROUP BY nth ORDER BY nth""")
