"""Conversion of items against ClickHouse's windowFunnel and the interval of statsmodels."""

from asked import CONDITIONS, FILTERS, WITHIN, choice, chosen
from statsmodels.stats.proportion import proportion_confint

CLICKHOUSE = True
BY = ["item_id", "channel", "order_id", "price"]


def names(query):
    steps = len(query["steps"])
    return [query.get("by", "item_id"), *(f"actors_{step + 1}" for step in range(steps)), "rate", "low", "high"]


def question(rng):
    query = {"kind": "conversion", "steps": [rng.choice(CONDITIONS)[0] for _ in range(rng.choice([2, 3, 3, 4, 6]))],
             "where": rng.choice(FILTERS)[0]}
    if rng.random() < 0.5:
        query["by"] = rng.choice(BY)
    if within := rng.choice(list(WITHIN)):
        query["within"] = within
    if rng.random() < 0.5:
        query["confidence"] = rng.choice([0.5, 0.8, 0.99, 0.999])
    if rng.random() < 0.3:
        query["min_actors"] = rng.randrange(4)
    return query | choice(rng, names(query), names(query)[1:])


def expected(query, events):
    by = query.get("by", "item_id")
    sql = {str(condition): text for condition, text in CONDITIONS + FILTERS}
    steps = ", ".join(f"ifNull({sql[str(step)]}, 0)" for step in query["steps"])
    rows = events.clickhouse(f"""
        SELECT {'toFloat64(item)' if by == 'price' else 'item'}, groupArray(level) FROM (
            SELECT user_id, {by} AS item, windowFunnel({WITHIN[query.get('within')]})(assumeNotNull(ts), {steps}) AS level
            FROM events WHERE user_id IS NOT NULL AND ts IS NOT NULL AND {by} IS NOT NULL AND ({sql[str(query['where'])]})
            GROUP BY user_id, item)
        GROUP BY item""")
    answer = []
    for item, levels in rows:
        reached = [sum(level > step for level in levels) for step in range(len(query["steps"]))]
        if reached[0] >= max(1, query.get("min_actors", 1)):
            low, high = proportion_confint(reached[-1], reached[0], 1 - query.get("confidence", 0.95), "wilson")
            # Rounding puts the bound of none, or of all, a hair's breadth beside 0, or 1.
            low, high = 0.0 if reached[-1] == 0 else low, 1.0 if reached[-1] == reached[0] else high
            answer.append([int(item) if by == "order_id" else item, *reached, reached[-1] / reached[0], low, high])
    answer.sort(key=lambda row: (-row[1], row[0]))
    return chosen(answer, query, names(query))
