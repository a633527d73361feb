"""Abandoned carts, walked through event by event."""

from datetime import timedelta
from decimal import Decimal

from asked import CONDITIONS, FILTERS, WITHIN, choice, chosen

GROUPS = [[], [], ["channel"], [{"column": "ts", "every": "6h", "as": "begun"}],
          [{"column": "ts", "every": "1d", "as": "day"}, {"column": "channel", "null_as": "none", "as": "from"}], ["action", "session_id"]]
VALUES = [None, None, "price", "order_id"]


def names(query):
    if query.get("each"):
        item = query.get("item", "item_id")
        return ["user_id", *([item] if item else []), "at", "value", "bought"]
    keys = [key if isinstance(key, str) else key["as"] for key in query.get("group_by", [])]
    return [*keys, "carts", "abandoned", "rate", "value", "abandoned_value", "open"]


def question(rng):
    query = {"kind": "abandonment", "cart": rng.choice(CONDITIONS)[0], "buy": rng.choice(CONDITIONS)[0], "where": rng.choice(FILTERS)[0]}
    if rng.random() < 0.6:
        query["item"] = rng.choice(["channel", "session_id", False])
    if within := rng.choice(list(WITHIN)):
        query["within"] = within
    if value := rng.choice(VALUES):
        query["value"] = value
    if rng.random() < 0.4:
        query["each"] = "actor"
    else:
        query["group_by"] = rng.choice(GROUPS)
    texts = ["user_id", "item_id", "channel", "session_id", "at", "bought", "begun", "day", "from", "action"]
    return query | choice(rng, names(query), [name for name in names(query) if name not in texts])


def bucket(key, row):
    value = row[key if isinstance(key, str) else key["column"]]
    if isinstance(key, str) or "every" not in key:
        return key["null_as"] if value is None and not isinstance(key, str) else value
    return value.replace(hour=0 if key["every"] == "1d" else value.hour // 6 * 6, minute=0, second=0)


def carts_of(events, within):
    """An actor's carts of one item: the first event, the value and whether it is bought."""
    carts, current = [], None
    for moment in sorted({row["ts"] for row in events}):
        now = [row for row in events if row["ts"] == moment]
        if current and within is not None and moment > current["first"]["ts"] + within:
            current = None
        for row in now:
            if row["is_cart"]:
                if current is None:
                    current = {"first": row, "value": None, "bought": False}
                    carts.append(current)
                current["value"] = current["value"] if row["value"] is None else row["value"]
        if current and any(row["is_buy"] for row in now):
            current["bought"], current = True, None
    return carts


def expected(query, events):
    sql = {str(condition): text for condition, text in CONDITIONS + FILTERS}
    item = query.get("item", "item_id")
    where = f"user_id IS NOT NULL AND ts IS NOT NULL AND {f'{item} IS NOT NULL' if item else 'TRUE'} AND ({sql[str(query['where'])]})"
    columns = ["user_id", "pair", "item_id", "channel", "session_id", "action", "ts", "value", "is_cart", "is_buy"]
    rows = events.duckdb(f"""
        SELECT user_id, {item or 'NULL'}, item_id, channel, session_id, action, ts, {query.get('value', 'price')},
            coalesce({sql[str(query['cart'])]}, FALSE), coalesce({sql[str(query['buy'])]}, FALSE)
        FROM events WHERE {where} ORDER BY rowid""")
    rows = [dict(zip(columns, row)) for row in rows]
    within = timedelta(seconds=WITHIN[query["within"]]) if "within" in query else None
    last = max((row["ts"] for row in rows), default=None)
    carts = []
    for pair in sorted({(row["user_id"], row["pair"]) for row in rows}, key=str):
        carts += carts_of([row for row in rows if (row["user_id"], row["pair"]) == pair], within)
    if query.get("each"):
        answer = [[cart["first"]["user_id"], *([cart["first"]["pair"]] if item else []), cart["first"]["ts"], cart["value"], cart["bought"]]
                  for cart in carts]
        answer.sort(key=lambda row: row[:-2])
        return chosen(answer, query, names(query))
    keys, groups = query.get("group_by", []), {}
    if not keys:
        groups[()] = []
    for cart in carts:
        groups.setdefault(tuple(bucket(key, cart["first"]) for key in keys), []).append(cart)
    answer = []
    for key, own in groups.items():
        abandoned = [cart for cart in own if not cart["bought"]]
        known = any(cart["value"] is not None for cart in own)
        sums = [sum((cart["value"] or Decimal(0) for cart in some), Decimal(0)) if known else None for some in (own, abandoned)]
        n_open = sum(within is not None and cart["first"]["ts"] + within > last for cart in abandoned)
        answer.append([*key, len(own), len(abandoned), len(abandoned) / len(own) if own else None, *sums, n_open])
    # Nulls come last; a key is never compared with one of another type.
    for at in reversed(range(len(keys))):
        answer = sorted((row for row in answer if row[at] is not None), key=lambda row: row[at]) + [row for row in answer if row[at] is None]
    return chosen(answer, query, names(query))
