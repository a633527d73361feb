"""Conditions on random events, as questions say them and as SQL does; an order and a limit for answers."""

# What questions say, and the same in the SQL of DuckDB and ClickHouse.
CONDITIONS = [
    ({"action": "view"}, "action = 'view'"),
    ({"action": "cart"}, "action = 'cart'"),
    ({"action": "buy"}, "action = 'buy'"),
    ({"column": "action", "in": ["cart", "buy"]}, "action IN ('cart', 'buy')"),
    ({"column": "action", "ne": "view"}, "action <> 'view'"),
    ([{"action": "view"}, {"column": "price", "gte": 5}], "action = 'view' AND price >= 5"),
    ({"action": None}, "action IS NULL"),
    ({}, "TRUE"),
]
FILTERS = [
    ([], "TRUE"),
    ([], "TRUE"),
    ([{"column": "item_id", "ne": "c"}], "item_id <> 'c'"),
    ([{"column": "price", "lt": 12.5}], "price < 12.5"),
    ([{"column": "channel", "is_null": False}, {"column": "user_id", "lte": 3}], "channel IS NOT NULL AND user_id <= 3"),
]
WITHIN = {None: 10 ** 9, "1s": 1, "90s": 90, "10m": 600, "1h": 3_600, "24h": 86_400}


def holds(condition, row):
    """Whether a row fulfils a condition; what compares with null does not."""
    if isinstance(condition, list):
        return all(holds(part, row) for part in condition)
    if "column" not in condition:
        return all(row[name] == value for name, value in condition.items())
    value = row[condition["column"]]
    if "is_null" in condition:
        return (value is None) == condition["is_null"]
    tests = {"in": lambda a, b: a in b, "ne": lambda a, b: a != b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b}
    return value is not None and all(tests[op](value, other) for op, other in condition.items() if op != "column")


def chosen(rows, query, names):
    """The rows that `having`, `order_by` and `limit` leave, of rows in their own order; `having` compares by gte."""
    for condition in query.get("having", []):
        at = names.index(condition["column"])
        rows = [row for row in rows if row[at] is not None and row[at] >= condition["gte"]]
    for by in reversed(query.get("order_by", [])):
        at = names.index(by.removeprefix("-"))
        known, unknown = [row for row in rows if row[at] is not None], [row for row in rows if row[at] is None]
        rows = sorted(known, key=lambda row: row[at], reverse=by.startswith("-")) + unknown
    return rows[:query.get("limit", len(rows))]


def choice(rng, names, numbers):
    """Random keys `having`, `order_by` and `limit` for an answer of these columns, some of them numbers."""
    keys = {}
    if rng.random() < 0.2:
        keys["having"] = [{"column": rng.choice(numbers), "gte": rng.choice([0, 0.4, 2])}]
    if rng.random() < 0.3:
        keys["order_by"] = [rng.choice(["", "-"]) + name for name in rng.sample(names, rng.choice([1, 2]))]
    if rng.random() < 0.2:
        keys["limit"] = rng.randrange(5)
    return keys
