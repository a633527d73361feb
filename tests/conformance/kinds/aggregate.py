"""Aggregates of events that tie, whose only oracle is their SQL."""

CLICKHOUSE = True

NUMBERS = ["user_id", "price", "order_id"]
COLUMNS = ["user_id", "item_id", "action", "ts", "price", "order_id", "session_id", "channel"]
WIDTHS = ["1s", "7m", "15m", "1h", "6h", "1d", "2d", "1w", "2w", "1mo", "1q", "1y"]
ZONES = ["America/New_York", "Asia/Kolkata", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/Havana"]
RANKS = ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"]
LITERALS = {"user_id": [0, 1, 2, 2.5, -2 ** 63, 2 ** 63 - 1], "item_id": ["a", "b", "zz", ""], "action": ["view", "buy", "u", "V'\\"],
            "ts": ["2024-03-10", "2024-03-10 07", "2024-03-31 22:00:01", 1_710_055_800, "9999-12-31"],
            "price": [5, "9.99", 0.005, "123456789012345678"], "order_id": [1, 3], "session_id": [0, 2], "channel": ["ads", "mail"]}


def literal(rng, column):
    return None if rng.random() < 0.05 else rng.choice(LITERALS[column])


def condition(rng, columns=COLUMNS, depth=0):
    if depth < 2 and rng.random() < 0.3:
        branch = rng.choice(["any", "all", "not"])
        if branch == "not":
            return {"not": condition(rng, columns, depth + 1)}
        return {branch: [condition(rng, columns, depth + 1) for _ in range(rng.choice([0, 1, 2, 2]))]}
    column = rng.choice(columns)
    if rng.random() < 0.1:
        return {"column": column, "is_null": rng.random() < 0.5}
    ops = ["eq", "ne", "lt", "lte", "gt", "gte", "from", "to", "in", "not_in"]
    op = rng.choice(ops + (["contains", "starts_with"] if column in ("item_id", "action", "channel") else []))
    if op in ("in", "not_in"):
        return {"column": column, op: [literal(rng, column) for _ in range(rng.randrange(4))]}
    return {"column": column, op: literal(rng, column)}


def group_key(rng, at):
    column = rng.choice(COLUMNS)
    key = {"column": column}
    if column == "ts" and rng.random() < 0.8:
        key["every"] = rng.choice(WIDTHS)
        if rng.random() < 0.5:
            key["timezone"] = rng.choice(ZONES)
    if rng.random() < 0.2:
        key["null_as"] = {"item_id": "b", "action": "none", "channel": "ads", "ts": "2024-03-10 05:00:01", "price": "1.5"}.get(column, 1)
    if rng.random() < 0.5 or at > 0:
        key["as"] = rng.choice([f"k{at}", f"key {at}"])
    return key if len(key) > 1 else column


def measure(rng):
    fn = rng.choice(["count", "count", "count_distinct", "sum", "avg", "min", "max", "stddev", "var", "median", "quantile",
                     "mode", "first", "last"])
    if fn == "count" and rng.random() < 0.5:
        return {"fn": fn}
    column = rng.choice(NUMBERS if fn in ("sum", "avg", "stddev", "var", "median", "quantile") else COLUMNS)
    measure = {"fn": fn, "column": column}
    if fn == "quantile":
        measure["q"] = rng.choice([0, 0.25, 0.5, 0.9, 1])
    if fn in ("first", "last") and rng.random() < 0.5:
        measure["by"] = rng.choice(["ts", "order_id", "user_id"])
    return measure


def ordering(rng, names, most=2):
    return [rng.choice(["", "-"]) + name for name in rng.sample(names, min(len(names), rng.randrange(most + 1)))]


def question(rng):
    query = {"kind": "aggregate"}
    if rng.random() < 0.6:
        query["where"] = [condition(rng) for _ in range(rng.choice([1, 1, 2]))]
    keys = [group_key(rng, at) for at in range(rng.choice([0, 1, 1, 2, 2, 3]))]
    names = [key if isinstance(key, str) else key.get("as", key["column"]) for key in keys]
    keys = [key for at, key in enumerate(keys) if names[at] not in names[:at]]
    names = list(dict.fromkeys(names))
    # Called as a column, too: whose name an answer's column has is another's business.
    called = [rng.choice([f"m{at}", f"m {at}", ["price", "ts", "user_id"][at]]) for at in range(rng.choice([1, 1, 2, 3]))]
    measures = {name: measure(rng) for name in called if name not in names}
    exact = [name for name, m in measures.items() if m["fn"] not in ("avg", "stddev", "var", "median", "quantile")]
    buckets = [key for key in keys if isinstance(key, dict) and "every" in key]
    if len(buckets) == 1 and measures and rng.random() < 0.5:
        measures["before"] = {"fn": "previous", "of": rng.choice(list(measures)), "offset": rng.choice([0, 1, 1, 2, 5])}
    sums = [name for name in exact if measures[name]["fn"] in ("count", "count_distinct") or measures[name]["fn"] in
            ("sum", "min", "max", "mode") and measures[name]["column"] in NUMBERS]
    if sums and rng.random() < 0.4:
        measures["so_far"] = {"fn": "running_sum", "of": rng.choice(sums), "by": ordering(rng, names + exact)}
        if rng.random() < 0.5:
            measures["so_far"]["within"] = rng.sample(names, min(len(names), 1))
    if keys:
        query["group_by"] = keys
    if measures:
        query["measures"] = measures
    if not keys and not measures:
        query["measures"] = {"n": {"fn": "count"}}
    counts = [name for name, m in measures.items() if m["fn"] in ("count", "count_distinct", "running_sum")]
    if counts and rng.random() < 0.3:
        query["having"] = [{"column": rng.choice(counts), rng.choice(["gt", "ne", "lte"]): rng.choice([-1, 1, 2.5, 2 ** 63])}]
    usable = names + exact + [name for name in ("so_far",) if name in measures]
    if rng.random() < 0.5 and usable:
        fn = rng.choice(RANKS)
        rank = {"fn": fn, "by": ordering(rng, usable), "as": "place"}
        if rng.random() < 0.5:
            rank["within"] = rng.sample(usable, 1)
        if fn == "ntile":
            rank["n"] = rng.choice([1, 2, 3, 100])
        if fn in ("lag", "lead"):
            rank |= {"column": rng.choice(usable), "offset": rng.choice([0, 1, 2])}
        elif rng.random() < 0.4:
            rank["keep"] = rng.choice([0, 1, 2, 3])
        query["rank"] = rank
        usable = usable + ["place"]
    if rng.random() < 0.5:
        query["order_by"] = ordering(rng, usable)
    if rng.random() < 0.3:
        query["limit"] = rng.choice([0, 1, 3, 10])
    return query
