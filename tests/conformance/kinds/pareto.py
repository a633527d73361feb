"""ABC classes and concentration against fractions of DuckDB's groups."""

from fractions import Fraction

from asked import FILTERS, choice, chosen

CLICKHOUSE = True
BY = ["item_id", "channel", "order_id", "price", "user_id", "ts"]
MEASURES = [({"fn": "count"}, "count(*)"), ({"fn": "count", "column": "price"}, "count(price)"),
            ({"fn": "count_distinct", "column": "user_id"}, "count(DISTINCT user_id)"),
            ({"fn": "sum", "column": "price"}, "sum(price)"), ({"fn": "sum", "column": "user_id"}, "sum(user_id)")]
CLASSES = [["0.8", "0.95"], ["0.5"], [], ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"], ["0.25", "0.75"]]
SUMMARIES = {
    "true": ["class", "groups", "rate", "value", "share", "least", "most"],
    "concentration": ["groups", "total", "gini", "hhi", "top_1", "top_5", "top_10", "top_20", "without"],
}


def names(query):
    groups = [query.get("by", "item_id"), "value", "share", "cumulative", "place", "class"]
    return SUMMARIES.get(str(query.get("summary")).lower(), groups)


def question(rng):
    query = {"kind": "pareto", "where": rng.choice(FILTERS)[0]}
    if rng.random() < 0.7:
        query["by"] = rng.choice(BY)
    if rng.random() < 0.8:
        query["measure"] = rng.choice(MEASURES)[0]
    if rng.random() < 0.6:
        query["classes"] = [float(bound) for bound in rng.choice(CLASSES)]
    if rng.random() < 0.6:
        query["summary"] = rng.choice([False, True, "concentration"])
    numbers = [name for name in names(query)[1:] if name != "class"]
    return query | choice(rng, names(query), numbers)


def expected(query, events):
    by, (measure,) = query.get("by", "item_id"), [sql for asked, sql in MEASURES if asked == query.get("measure", MEASURES[0][0])]
    (where,) = {sql for asked, sql in FILTERS if asked == query["where"]}
    rows = events.duckdb(f"SELECT {by}, {measure} FROM events WHERE {by} IS NOT NULL AND ({where}) GROUP BY ALL")
    groups = sorted([row for row in rows if row[1] is not None and row[1] > 0], key=lambda row: (-row[1], row[0]))
    values = [Fraction(value) for _, value in groups]
    total = sum(values)
    bounds = [Fraction(str(bound)) for bound in query.get("classes", [0.8, 0.95])]

    def class_of(value):
        before = sum(other for other in values if other > value)
        return "ABCDEFGHIJ"[sum(before / total >= bound for bound in bounds)]

    if query.get("summary") is True:
        answer = []
        for letter in "ABCDEFGHIJ"[:len(bounds) + 1]:
            own = [value for value in values if class_of(value) == letter]
            answer.append([letter, len(own), len(own) / len(values) if values else None, float(sum(own)),
                           float(sum(own) / total) if values else None, float(min(own)) if own else None,
                           float(max(own)) if own else None])
    elif query.get("summary") == "concentration":
        tops = [float(sum(values[:-(-len(values) * percent // 100)]) / total) if values else None for percent in [1, 5, 10, 20]]
        gini = sum(abs(a - b) for a in values for b in values) / (2 * len(values) * total) if values else None
        hhi = sum((value / total) ** 2 for value in values) if values else None
        figures = [None if figure is None else float(figure) for figure in [gini, hhi]]
        answer = [[len(values), float(total), *figures, *tops, len(rows) - len(values)]]
    else:
        answer = [[key, float(value), float(value / total), float(sum(values[:at + 1]) / total),
                   1 + sum(other > value for other in values), class_of(value)] for at, ((key, _), value) in enumerate(zip(groups, values))]
    return chosen(answer, query, names(query))
