"""Rows in an order that leaves no tie open, whose only oracle is their SQL."""

from kinds.aggregate import COLUMNS, RANKS, condition, ordering

CLICKHOUSE = True


def question(rng):
    select = rng.sample(COLUMNS, rng.randrange(1, 4))
    query = {"kind": "rows", "select": select}
    if rng.random() < 0.6:
        query["where"] = [condition(rng)]
    order = [rng.choice(["", "-"]) + name for name in select]
    if rng.random() < 0.6:
        fn = rng.choice(RANKS)
        rank = {"fn": fn, "as": "place", "by": ordering(rng, COLUMNS), "within": rng.sample(COLUMNS, rng.choice([0, 0, 1]))}
        if fn in ("row_number", "ntile", "lag", "lead"):
            rank["by"] = order
        if fn == "ntile":
            rank["n"] = rng.choice([1, 2, 3, 100])
        if fn in ("lag", "lead"):
            rank |= {"column": rng.choice(select), "offset": rng.choice([0, 1, 2])}
        elif rng.random() < 0.4:
            rank["keep"] = rng.choice([0, 1, 2, 3])
        query["rank"] = rank
        order = order + [rng.choice(["", "-"]) + "place"]
    rng.shuffle(order)
    query["order_by"] = order
    if rng.random() < 0.3:
        query["limit"] = rng.choice([0, 1, 3, 10])
    return query
