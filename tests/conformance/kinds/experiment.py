"""Experiments: who is in which variant in plain Python, the statistics by statsmodels and SciPy."""

import math
from datetime import datetime
from decimal import Decimal

from scipy.stats import chisquare, ttest_ind
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from asked import chosen, holds

COLUMNS = ["user_id", "item_id", "action", "ts", "price", "order_id", "session_id", "channel"]
CONDITIONS = [{"action": "buy"}, {"action": "cart"}, [{"action": "buy"}, {"item_id": "a"}], {"column": "price", "gt": 8}, {}]
VARIANTS = {"channel": ["ads", "mail", "search", "nobody"], "item_id": ["a", "b", "c", "d"], "session_id": ["0", "1", "2", "3", "9"]}


def question(rng):
    variant = rng.choice(list(VARIANTS))
    query = {"kind": "experiment", "variant": variant, "conversion": rng.choice(CONDITIONS)}
    if rng.random() < 0.5:
        query["exposure"] = rng.choice(CONDITIONS)
    if rng.random() < 0.5:
        query["value"] = rng.choice(["price", "order_id"])
    if rng.random() < 0.3:
        query["where"] = [rng.choice([{"column": "item_id", "ne": "b"}, {"column": "price", "gt": 5}])]
    # Many actors of few events: else all have seen several variants.
    query["actor"] = rng.choice(["user_id", "price", "price", "ts", "ts"])
    if rng.random() < 0.25:
        query["each"] = "actor"
        if rng.random() < 0.3:
            query["having"] = [{"column": "variant", "gte": VARIANTS[variant][1]}]
        if rng.random() < 0.5:
            query["order_by"] = [rng.choice(["-exposed_at", "converted", "-variant"])]
        if rng.random() < 0.3:
            query["limit"] = rng.randrange(6)
        return query
    if rng.random() < 0.4:
        query["control"] = rng.choice(VARIANTS[variant])
    if rng.random() < 0.5:
        named = rng.sample(VARIANTS[variant], rng.randrange(1, len(VARIANTS[variant]) + 1))
        query["expected"] = {name: rng.choice([1, 2, 0.25]) for name in named}
    if rng.random() < 0.4:
        query["confidence"] = rng.choice([0.5, 0.8, 0.99])
    if rng.random() < 0.4:
        query["tau"] = rng.choice([0.001, 0.1, 1])
    return query


def units(query, events):
    """Each actor that was exposed: its first variant, when, whether it saw another, whether it converted, and its value."""
    rows = [dict(zip(COLUMNS, row)) for row in events.rows]
    for row in rows:
        row["price"] = None if row["price"] is None else Decimal(row["price"])
        row["ts"] = None if row["ts"] is None else datetime.fromisoformat(row["ts"] + "+00:00")
    actor = query["actor"]
    rows = [row for row in rows if row[actor] is not None and row["ts"] is not None and holds(query.get("where", []), row)]
    found = []
    for name in sorted({row[actor] for row in rows}):
        own = sorted((row for row in rows if row[actor] == name), key=lambda row: row["ts"])
        exposures = [row for row in own if row[query["variant"]] is not None and holds(query.get("exposure", []), row)]
        if exposures:
            first = exposures[0]
            converting = [row for row in own if row["ts"] >= first["ts"] and holds(query["conversion"], row)]
            variants = {row[query["variant"]] for row in exposures}
            value = sum((row[query["value"]] or 0 for row in converting), 0) if "value" in query else 0
            found.append((name, first[query["variant"]], first["ts"], len(variants) > 1, bool(converting), value))
    return found


def spread(values):
    """Whether values differ; the standard deviation of a sample."""
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def compare(query, own, control):
    """lift, z, p, p_sequential; of (converted, value) of actors."""
    n, m = len(own), len(control)
    a, b = sum(converted for converted, _ in own), sum(converted for converted, _ in control)
    if not n or not m:
        return [None] * 4
    lift = a / n / (b / m) - 1 if b else None
    z = p = sequential = None
    if 0 < a + b < n + m:
        z, p = map(float, proportions_ztest([a, b], [n, m]))
    variance = a / n * (1 - a / n) / n + b / m * (1 - b / m) / m
    if variance > 0:
        # As published, with t observations whose mean is the difference: sigma^2 = t * variance.
        t, tau = n + m, query.get("tau", 0.01)
        sigma = t * variance
        exponent = t * t * tau ** 2 * (a / n - b / m) ** 2 / (2 * sigma * (sigma + t * tau ** 2))
        ratio = 0.5 * math.log(sigma / (sigma + t * tau ** 2)) + exponent
        sequential = min(1.0, math.exp(-ratio))
    return [lift, z, p, sequential]


def welch(own, control):
    own, control = [float(value) for _, value in own], [float(value) for _, value in control]
    if len(own) < 2 or len(control) < 2 or len(set(own)) == len(set(control)) == 1:
        return [None, None]
    result = ttest_ind(own, control, equal_var=False)
    return [float(result.statistic), float(result.pvalue)]


def mismatch(query, actors):
    """The chi-square test of the numbers of actors."""
    if not sum(actors.values()):
        return None
    expected = query.get("expected") or {str(name): 1 for name in actors}
    observed = {str(name): count for name, count in actors.items()}
    if any(count and name not in expected for name, count in observed.items()):
        return 0.0
    if len(expected) < 2:
        return None
    counts, shares = [observed.get(name, 0) for name in expected], [share / sum(expected.values()) for share in expected.values()]
    return float(chisquare(counts, [share * sum(counts) for share in shares]).pvalue)


def expected(query, events):
    found = units(query, events)
    if query.get("each"):
        columns = [query["actor"], "variant", "exposed_at", "converted", "value"]
        rows = [[name, variant, at, converted] + ([value] if "value" in query else [])
                for name, variant, at, mixed, converted, value in found if not mixed]
        rows.sort()
        having = [{**condition, "gte": type(rows[0][1])(condition["gte"])} for condition in query.get("having", [])] if rows else []
        return chosen(rows, {**query, "having": having}, columns)
    variants = sorted({variant for _, variant, *_ in found})
    members = {variant: [(converted, value) for _, own, _, mixed, converted, value in found if own == variant and not mixed]
               for variant in variants}
    control = next((variant for variant in variants if str(variant) == query.get("control", str(variants[0]))), None)
    order = [control] if control is not None else []
    order += [variant for variant in variants if variant != control]
    srm = mismatch(query, {variant: len(own) for variant, own in members.items()})
    rows = []
    for variant in order:
        own, is_compared = members[variant], control is not None and variant != control
        n, converted = len(own), sum(converted for converted, _ in own)
        low, high = map(float, proportion_confint(converted, n, 1 - query.get("confidence", 0.95), "wilson")) if n else (None, None)
        row = [variant, n, converted, converted / n if n else None, low, high]
        row += compare(query, own, members[control]) if is_compared else [None] * 4
        if "value" in query:
            values = [float(value) for _, value in own]
            row += [sum(values) / n if n else None, spread(values) if n > 1 else None]
            row += welch(own, members[control]) if is_compared else [None] * 2
        rows.append(row + [srm, sum(own == variant and mixed for _, own, _, mixed, *_ in found)])
    return rows
