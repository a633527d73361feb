"""Attribution: rules of thumb by ChannelAttribution or by hand, the Markov chain as a linear system of its own, Shapley's value over all
orders in which channels may come."""

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from math import factorial
from urllib.parse import parse_qsl, urlsplit

import numpy

from asked import chosen, holds

COLUMNS = ["user_id", "item_id", "action", "ts", "price", "order_id", "session_id", "channel"]
MODELS = ["first", "last", "linear", "position", "time_decay", "markov", "shapley"]
SPANS = {"1s": 1, "5m": 300, "20m": 1_200, "3h": 10_800, "2d": 172_800, "1w": 604_800}
RULES = [
    [{"channel": "a mail", "where": {"channel": "mail"}}, {"channel": None, "where": {"item_id": "a"}},
     {"channel": "rest", "where": [{"column": "channel", "is_null": False}, {"column": "session_id", "gt": 0}]}],
    [{"channel": "all", "where": []}],
    [{"channel": "x", "where": {"item_id": "b"}}, {"channel": "x", "where": {"item_id": "c"}}],
]


def question(rng):
    query = {"kind": "attribution", "conversion": rng.choice([{"action": "buy"}, {"action": "cart"}, [{"action": "buy"}, {"item_id": "a"}],
                                                              {"column": "action", "in": ["buy", "other"]}])}
    source = rng.randrange(6)
    if source == 0:
        query["channel"] = rng.choice(["item_id", "session_id", "order_id"])
    elif source == 1:
        query["rules"] = rng.choice(RULES)
    if rng.random() < 0.5:
        query["value"] = rng.choice(["price", "order_id"])
    if rng.random() < 0.4:
        query["lookback"] = rng.choice(list(SPANS))
    if rng.random() < 0.2:
        query["where"] = [rng.choice([{"column": "item_id", "ne": "b"}, {"column": "price", "gt": 5}])]
    if rng.random() < 0.2:
        query["actor"] = "session_id"
    if rng.random() < 0.25:
        query["each"] = "actor"
        if rng.random() < 0.5:
            query["having"] = [{"column": "touches", "gte": 1}]
        if rng.random() < 0.5:
            query["order_by"] = [rng.choice(["-touches", "last", "-converted_at", "first"])]
        if rng.random() < 0.3:
            query["limit"] = rng.randrange(5)
        return query
    if rng.random() < 0.5:
        query["half_life"] = rng.choice(list(SPANS))
    if rng.random() < 0.4:
        query["models"] = rng.sample(MODELS, rng.randrange(1, 8))
    return query


def channel_of(query, row):
    for rule in query.get("rules", []):
        if holds(rule["where"], row):
            return rule["channel"]
    return None if "rules" in query else row[query.get("channel", "channel")]


def journeys(query, events):
    """Each journey: its actor, when it converted (or never), the conversion's value, and touches of (channel, seconds)."""
    from datetime import datetime
    actor, lookback = query.get("actor", "user_id"), SPANS.get(query.get("lookback"))
    rows = [dict(zip(COLUMNS, row)) for row in events.rows]
    for row in rows:
        row["price"] = None if row["price"] is None else Decimal(row["price"])
        row["ts"] = None if row["ts"] is None else datetime.fromisoformat(row["ts"] + "+00:00")
    rows = [row for row in rows if row[actor] is not None and row["ts"] is not None and holds(query.get("where", []), row)]
    found = []
    for name in sorted({row[actor] for row in rows}):
        touches = []
        for row in sorted((row for row in rows if row[actor] == name), key=lambda row: row["ts"]):
            channel, second = channel_of(query, row), row["ts"].timestamp()
            if channel is not None:
                touches.append((channel, second))
            if holds(query["conversion"], row):
                near = [touch for touch in touches if lookback is None or second - touch[1] <= lookback]
                found.append((name, row["ts"], row.get(query.get("value")), near))
                touches = []
        if touches:
            found.append((name, None, None, touches))
    return found


def heuristics(paths, half_life):
    """Credits of converted paths, each of a weight, by hand; fractions where they are."""
    credits = {model: {} for model in ["first", "last", "linear", "position", "time_decay"]}

    def give(model, channel, share):
        credits[model][channel] = credits[model].get(channel, 0) + share
    for touches, weight in paths:
        n = len(touches)
        give("first", touches[0][0], weight)
        give("last", touches[-1][0], weight)
        ages = [2.0 ** -min((touches[-1][1] - second) / half_life, 1070) for _, second in touches]
        for at, (channel, _) in enumerate(touches):
            give("linear", channel, weight / n)
            ends = (at == 0) + (at == n - 1)
            give("position", channel, weight / n if n < 3 else weight * (Fraction(2, 5) if ends else Fraction(1, 5 * (n - 2))))
            give("time_decay", channel, float(weight) * ages[at] / sum(ages))
    return credits


def markov(paths):
    """The removal effects' shares, by solving the chain again without each channel."""
    channels = sorted({channel for path, _ in paths for channel in path})
    states = ["(start)"] + channels

    def conversion(removed):
        counts = {state: {} for state in states}
        for path, converted in paths:
            way = ["(start)"] + path + ["(conversion)" if converted else "(null)"]
            for here, there in zip(way, way[1:]):
                counts[here][there] = counts[here].get(there, 0) + 1
        matrix, right = numpy.eye(len(states)), numpy.zeros(len(states))
        for at, state in enumerate(states):
            total = sum(counts[state].values())
            for there, count in counts[state].items():
                if state == removed or there in (removed, "(null)"):
                    continue
                if there == "(conversion)":
                    right[at] += count / total
                else:
                    matrix[at, states.index(there)] -= count / total
        return numpy.linalg.solve(matrix, right)[0]
    whole = conversion("nobody")
    effects = {channel: 1 - conversion(channel) / whole if whole > 0 else 0.0 for channel in channels}
    total = sum(effects.values())
    return {channel: effect / total if total > 0 else 0.0 for channel, effect in effects.items()}


def shapley(sets):
    """What each channel adds to those before it, over all their orders; a coalition is worth the paths that need no other."""
    channels = sorted(set().union(*[channels for channels, _ in sets])) if sets else []

    def worth(coalition):
        return sum((weight for need, weight in sets if need <= coalition), Fraction(0))
    if len(channels) > 6:
        # Too many orders: by coalitions, with the same weights.
        from itertools import combinations
        n = len(channels)
        return {c: sum(Fraction(factorial(k) * factorial(n - k - 1), factorial(n)) * (worth(set(s) | {c}) - worth(set(s)))
                       for k in range(n) for s in combinations([o for o in channels if o != c], k)) for c in channels}
    values = {channel: Fraction(0) for channel in channels}
    for order in permutations(channels):
        for at, channel in enumerate(order):
            values[channel] += worth(set(order[:at + 1])) - worth(set(order[:at]))
    return {channel: value / factorial(len(channels)) for channel, value in values.items()}


def check_heuristics(paths, credits):
    """ChannelAttribution's own first, last and linear touch must be ours."""
    import pandas
    from ChannelAttribution import heuristic_models
    counts = {}
    for touches, _ in paths:
        path = " > ".join(str(channel) for channel, _ in touches)
        counts[path] = counts.get(path, 0) + 1
    frame = pandas.DataFrame({"path": list(counts), "conversions": list(counts.values())})
    result = heuristic_models(frame, "path", "conversions", flg_pro=False)
    for _, row in result.iterrows():
        for model, column in [("first", "first_touch"), ("last", "last_touch"), ("linear", "linear_touch")]:
            mine = {str(channel): share for channel, share in credits[model].items()}
            assert abs(float(mine.get(str(row["channel_name"]), 0)) - row[column]) < 1e-6, (model, row, mine)


def check_markov(journeys, shares, total):
    """ChannelAttribution simulates: its credits are only near."""
    import pandas
    from ChannelAttribution import markov_model
    paths = {}
    for _, at, _, touches in journeys:
        if touches:
            counts = paths.setdefault(" > ".join(str(channel) for channel, _ in touches), [0, 0])
            counts[0 if at else 1] += 1
    frame = pandas.DataFrame([[path, *counts] for path, counts in paths.items()], columns=["path", "conversions", "lost"])
    result = markov_model(frame, "path", "conversions", var_null="lost", verbose=False, flg_pro=False, seed=7)
    for _, row in result.iterrows():
        share = {str(channel): share for channel, share in shares.items()}[str(row["channel_name"])]
        assert abs(share * total - row["total_conversions"]) <= 0.1 * total, (row, share, total)


def expected(query, events):
    found = journeys(query, events)
    if query.get("each"):
        rows = []
        for name, at, value, touches in found:
            if at is not None:
                ends = [touches[0][0], touches[-1][0]] if touches else [None, None]
                rows.append([name, at, len(touches), *ends] + ([value] if "value" in query else []))
        columns = ["actor", "converted_at", "touches", "first", "last", "value"]
        rows.sort(key=lambda row: [(value is None, 0 if value is None else value) for value in row])
        return chosen(rows, query, columns)
    converted = [journey for journey in found if journey[1] is not None]
    touched = [journey for journey in converted if journey[3]]
    shares = markov([([channel for channel, _ in touches], at is not None) for _, at, _, touches in found if touches])
    half_life = SPANS.get(query.get("half_life"), 604_800)

    def credits(weight):
        paths = [(touches, weight(value)) for _, _, value, touches in touched]
        all_credits = heuristics(paths, half_life)
        total = sum(share for _, share in paths)
        all_credits["markov"] = {channel: float(share) * float(total) for channel, share in shares.items()}
        all_credits["shapley"] = shapley([({channel for channel, _ in touches}, share) for touches, share in paths])
        return all_credits
    counted = credits(lambda value: Fraction(1))
    if touched and len(touched) % 5 == 0:
        check_heuristics([(touches, 1) for *_, touches in touched], counted)
    if len(touched) > 20 and len(touched) % 7 == 0:
        check_markov(found, shares, len(touched))
    tables = [counted] + ([credits(lambda value: Fraction(value or 0))] if "value" in query else [])
    models = [model for model in MODELS if model in query.get("models", MODELS)]

    def linear(channel):
        """As the answer adds it, for its order: by lengths of journeys, ascending."""
        lengths = {}
        for *_, touches in touched:
            lengths[len(touches)] = lengths.get(len(touches), 0) + sum(c == channel for c, _ in touches)
        return sum(lengths[n] / n for n in sorted(lengths))
    rows = []
    for channel in {channel for *_, touches in found for channel, _ in touches}:
        row = [channel, sum(c == channel for *_, touches in found for c, _ in touches),
               sum(any(c == channel for c, _ in touches) for *_, touches in found)]
        row += [float(table[model].get(channel, 0)) for table in tables for model in models]
        rows.append((-linear(channel), False, channel, row))
    lost = [value for _, _, value, touches in converted if not touches]
    if lost:
        row = [None, 0, len(lost)] + len(models) * [float(len(lost))]
        row += len(models) * [float(sum((value or 0) for value in lost))] if "value" in query else []
        rows.append((-len(lost), True, 0, row))
    return [row for *_, row in sorted(rows, key=lambda row: row[:3])]
