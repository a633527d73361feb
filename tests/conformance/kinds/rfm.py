"""RFM by DuckDB's window functions, put into segments by pandas."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pandas

CLICKHOUSE = True
CONDITIONS = [({"action": "buy"}, "action = 'buy'"), ([{"action": "buy"}], "action = 'buy'"), ({"item_id": "a"}, "item_id = 'a'"),
              ({"column": "action", "in": ["cart", "buy"]}, "action IN ('cart', 'buy')"),
              ([{"column": "price", "gt": 5}, {"not": {"action": "view"}}], "price > 5 AND NOT action = 'view'")]
DATES = ["2024-03-09 23:30", "2024-03-10", "2024-03-10 02:30:00", "2024-03-10 06:31", "2024-03-10T07:00:00Z", "2024-03-12", "2024-03-31 22:05:00",
         "2024-04-02"]
SEGMENTS = {"Champions": "54 55", "Loyal": "34 35 44 45", "Potential loyalists": "42 43 52 53", "New customers": "51", "Promising": "41",
            "Need attention": "33", "About to sleep": "31 32", "At risk": "13 14 23 24", "Cannot lose them": "15 25", "Hibernating": "21 22",
            "Lost": "11 12"}
ORDER = list(SEGMENTS)
OF_CELL = {cell: name for name, cells in SEGMENTS.items() for cell in cells.split()}


def question(rng):
    query = {"kind": "rfm"}
    if rng.random() < 0.8:
        query["purchase"] = rng.choice(CONDITIONS)[0]
    if rng.random() < 0.2:
        query["where"] = rng.choice([[{"item_id": "a"}], [{"action": "buy"}]])
    if rng.random() < 0.4:
        query["actor"] = rng.choice(["item_id", "price", "session_id", "channel"])
    if rng.random() < 0.6:
        query["order"] = rng.choice(["session_id", "item_id", "ts"])
    if rng.random() < 0.4:
        query["value"] = rng.choice(["order_id", "price"])
    if rng.random() < 0.3:
        query["quantity"] = rng.choice(["session_id", "price"])
    if rng.random() < 0.5:
        query["bins"] = rng.randrange(2, 11)
    if rng.random() < 0.5:
        query["ties"] = rng.choice(["together", "ntile"])
    if rng.random() < 0.3:
        query["timezone"] = rng.choice(["America/New_York", "UTC", "Asia/Kolkata"])
    kind = rng.choice(["segment", "cells", "bins", "actor", "moves", None])
    if kind == "moves":
        first, second = sorted(rng.sample(range(len(DATES)), 2))
        dates = [DATES[first], DATES[second]]
        if instant(dates[0], query) < instant(dates[1], query):
            return {**query, "as_of": dates}
        kind = None
    if rng.random() < 0.5:
        query["as_of"] = rng.choice(DATES)
    if kind == "actor":
        query["each"] = "actor"
        if rng.random() < 0.5:
            query["order_by"] = rng.choice([["-monetary"], ["segment", "-r"], ["frequency", "recency_days"]])
        if rng.random() < 0.3:
            query["having"] = [{"column": "f", "gt": 2}]
        if rng.random() < 0.3:
            query["limit"] = rng.randrange(4)
    elif kind:
        query["group"] = kind
    return query


def instant(text, query):
    moment = datetime.fromisoformat(text)
    zone = ZoneInfo(query.get("timezone", "UTC"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(timezone.utc).replace(tzinfo=None)


def customers(query, events, date):
    """One row for each: actor, recency in days, orders, money, the scores together and as NTILE."""
    condition = next((sql for known, sql in CONDITIONS if known == query.get("purchase")), "true")
    where = next((sql for known, sql in CONDITIONS if [known] == query.get("where")), "true")
    actor, order, value = query.get("actor", "user_id"), query.get("order", "order_id"), query.get("value", "price")
    money = value if "quantity" not in query else f"{value} * {query['quantity']}"
    until = f"TIMESTAMP '{date}'" if date else "(SELECT max(last) FROM totals)"
    before = f"ts < TIMESTAMP '{date}'" if date else "true"
    bins = query.get("bins", 5)

    def together(key):
        return f"""CAST((2 * {bins} * (rank() OVER (ORDER BY {key} NULLS FIRST) - 1) + {bins} * count(*) OVER (PARTITION BY {key})
                        + 2 * n - 1) // (2 * n) AS BIGINT)"""
    keys = ["last", "orders", "money"]
    scores = ", ".join([together(key) for key in keys] + [f"ntile({bins}) OVER (ORDER BY {key} NULLS FIRST, actor)" for key in keys])
    return events.duckdb(f"""
        WITH totals AS (
            SELECT {actor} AS actor, max(ts) AS last, count(DISTINCT {order}) + count(*) FILTER (WHERE {order} IS NULL) AS orders,
                   sum({money}) AS money, count(*) OVER () AS n
            FROM events WHERE {actor} IS NOT NULL AND ts IS NOT NULL AND {condition} AND {where} AND {before} GROUP BY 1)
        SELECT actor, epoch({until} - last) / 86400.0, orders, money, {scores} FROM totals ORDER BY actor""")


def segment(scores, bins):
    r, f, m = (-(-5 * score // bins) for score in scores)
    return OF_CELL[f"{r}{(f + m + 1) // 2}"]


def frame(query, events, date):
    bins, first = query.get("bins", 5), 7 if query.get("ties") == "ntile" else 4
    rows = [[*row[:4], *row[first:first + 3], segment(row[first:first + 3], bins), *row[7:10]] for row in customers(query, events, date)]
    names = ["actor", "days", "orders", "money", "r", "f", "m", "segment", "tile_r", "tile_f", "tile_m"]
    return pandas.DataFrame(rows, columns=names, dtype=object)


def total(values):
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def mean(values):
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def expected(query, events):
    as_of = query.get("as_of")
    if isinstance(as_of, list):
        before, after = (frame(query, events, instant(text, query)) for text in as_of)
        known = dict(zip(before["actor"], before["segment"]))
        moves = pandas.Series([(known.get(actor), to) for actor, to in zip(after["actor"], after["segment"])], dtype=object).value_counts()
        rank = {None: -1, **{name: at for at, name in enumerate(ORDER)}}
        return [[*move, int(n)] for move, n in sorted(moves.items(), key=lambda pair: [rank[name] for name in pair[0]])]
    table = frame(query, events, instant(as_of, query) if as_of else None)
    if query.get("each"):
        rows = table.iloc[:, :8].values.tolist()
        rows = [row for row in rows if "having" not in query or row[5] > 2]
        names = {"recency_days": 1, "frequency": 2, "monetary": 3, "r": 4, "segment": 7}
        for by in reversed(query.get("order_by", [])):
            at = names[by.removeprefix("-")]
            rows.sort(key=lambda row: row[at] if row[at] is not None else 0, reverse=by[0] == "-")
            rows.sort(key=lambda row: row[at] is None)
        return rows[:query.get("limit")]
    group = query.get("group", "segment")
    if group == "bins":
        answer = []
        for score, letter, column in [("recency", "r", "days"), ("frequency", "f", "orders"), ("monetary", "m", "money")]:
            for bin in range(1, query.get("bins", 5) + 1) if len(table) else []:
                members = table[table[letter] == bin]
                known = [float(value) for value in members[column] if value is not None]
                moved = (members[f"tile_{letter}"] != bin).sum()
                answer.append([score, bin, len(members), min(known, default=None), max(known, default=None), int(moved)])
        return answer
    if group == "cells":
        cells = [[r, f, len(rows), total(rows["money"])] for (r, f), rows in table.groupby(["r", "f"])]
        return sorted(cells, reverse=True, key=lambda row: row[:2])
    rows = [(name, table[table["segment"] == name]) for name in ORDER]
    return [[name, len(of), len(of) / len(table), mean(of["days"]), mean(of["orders"]), mean(of["money"]), total(of["money"])]
            for name, of in rows if len(of)]
