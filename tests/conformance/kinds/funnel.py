"""Funnels by trying every chain of an actor's events, and by ClickHouse's windowFunnel where it has the mode."""

from datetime import datetime, timedelta, timezone

import numpy

CLICKHOUSE = True
ACTIONS = ["view", "cart", "buy"]
MODES = ["default", "default", "strict_order", "strict_deduplication", "strict_increase", "any_order"]
COLUMNS = ["user_id", "item_id", "action", "ts", "price", "order_id", "session_id", "channel"]


def question(rng):
    query = {"kind": "funnel", "steps": [{"action": rng.choice(ACTIONS)} for _ in range(rng.randrange(1, 4))]}
    if rng.random() < 0.5:
        query["steps"] = [{"action": action} for action in ACTIONS[:len(query["steps"])]]
    if rng.random() < 0.7:
        query["within"] = f"{rng.choice([1, 2, 10, 60])}{rng.choice('smmh')}"
    if rng.random() < 0.8:
        query["mode"] = rng.choice(MODES)
    if rng.random() < 0.2:
        query["where"] = [{"column": "item_id", "in": ["a", "b"]}]
    if rng.random() < 0.3:
        query["per"] = rng.choice(["session", "item_id", "channel", "actor"])
    if rng.random() < 0.3:
        query["split_by"] = rng.choice([column for column in ("channel", "order_id") if column != query.get("per")])
        if rng.random() < 0.7:
            query["split_at"] = rng.choice(["first", "last"])
    if rng.random() < 0.3 and len(query["steps"]) > 1:
        after = rng.randrange(1, len(query["steps"]))
        exclusion = {"where": {"action": rng.choice(["other", "cart", "view"])}}
        if rng.random() < 0.6:
            exclusion |= {"after": after, "before": rng.randrange(after + 1, len(query["steps"]) + 1)}
        query["exclude"] = [exclusion]
    if rng.random() < 0.3:
        query["each"] = "actor"
        if rng.random() < 0.5:
            query["having"] = [{"column": "reached", "eq": rng.randrange(1, 4)}]
    return query


def expected(query, events):
    n_steps, found = len(query["steps"]), []
    for actor, value, rows in units(query, events.rows):
        attempt = find(query, rows)
        if attempt and not is_excluded(query, rows, attempt["times"]):
            found.append((actor, value, attempt))
    split = query.get("split_by")
    if query.get("each"):
        return each(query, found)
    if levels := clickhouse_levels(query, events):
        ours = [sum(len(attempt["times"]) > step for _, _, attempt in found) for step in range(n_steps)]
        assert levels == ours, f"windowFunnel says {levels}, every chain {ours}: {query}"
    groups = sorted({attempt["group"] for _, _, attempt in found}, key=lambda value: (value is None, value or 0 if split != "channel" else value or ""))
    rows = []
    for group in groups if split else [None]:
        own = [attempt for _, _, attempt in found if not split or attempt["group"] == group]
        counts = [sum(len(attempt["times"]) > step for attempt in own) for step in range(n_steps)]
        for step, count in enumerate(counts):
            there = [attempt for attempt in own if len(attempt["times"]) > step]
            seconds = [attempt["times"][step] - attempt["times"][0] for attempt in there]
            quantiles = [float(numpy.quantile(seconds, q)) if step and seconds else None for q in (0.5, 0.9)]
            rate = count / counts[0] if counts[0] else None
            previous = count / counts[step - 1] if step and counts[step - 1] else None
            tied = sum(attempt["later"] <= step for attempt in there)
            rows.append(([group] if split else []) + [step + 1, count, rate, previous, *quantiles, tied])
    return rows


def each(query, found):
    rows = []
    for actor, value, attempt in sorted(found, key=lambda unit: (unit[0], unit[1] if unit[1] is not None else "")):
        times = attempt["times"]
        started = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=times[0])
        row = [actor] + ([value] if per_column(query) else []) + ([attempt["group"]] if query.get("split_by") else [])
        row += [len(times), started, times[-1] - times[0] if len(times) > 1 else None]
        if all(len(times) == condition["eq"] for condition in query.get("having", [])):
            rows.append(row)
    return rows


def per_column(query):
    per = query.get("per", "actor")
    return None if per == "actor" else "session_id" if per == "session" else per


def units(query, rows):
    """The events of each actor, or pair, as (seconds, row), in the order of time, then of the file."""
    column, found = per_column(query), {}
    for row in rows:
        row = dict(zip(COLUMNS, row))
        if row["user_id"] is None or row["ts"] is None or "where" in query and row["item_id"] not in ("a", "b"):
            continue
        if column and row[column] is None:
            continue
        moment = datetime.strptime(row["ts"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
        key = (row["user_id"], row[column] if column else None)
        found.setdefault(key, []).append((int(moment.timestamp()), row))
    return [(actor, value, sorted(rows, key=lambda event: event[0])) for (actor, value), rows in found.items()]


def window(query):
    if "within" not in query:
        return float("inf")
    return int(query["within"][:-1]) * {"s": 1, "m": 60, "h": 3600}[query["within"][-1]]


def find(query, rows):
    mode = query.get("mode", "default")
    steps = [step["action"] for step in query["steps"]]
    events = [(time, {at for at, action in enumerate(steps) if row["action"] == action}, row) for time, row in rows]
    first = [row for _, own, row in events if (own if mode == "any_order" else 0 in own)]
    if not first:
        return None
    if mode == "any_order":
        times, last = any_order(events, window(query))
        later = len(any_order(merged(events), window(query))[0])
    else:
        times = in_order(events, mode, mode == "strict_increase", window(query), len(steps))
        later = len(in_order(events, mode, True, window(query), len(steps)))
        last = next(row for time, own, row in events if time == times[-1] and len(times) - 1 in own)
    split = query.get("split_by")
    source = last if query.get("split_at") == "last" else first[0]
    return {"times": times, "later": later, "group": source[split] if split else None}


def merged(events):
    """The events of each time as one that can be any of their steps."""
    times = sorted({time for time, own, _ in events if own})
    return [(time, set().union(*(own for at, own, _ in events if at == time)), None) for time in times]


def any_order(events, within):
    best, last = [], None
    events = [event for event in events if event[1]]
    for start, _, _ in events:
        reached, sets = [], {frozenset()}
        for time, own, row in events:
            if start <= time <= start + within:
                # All sets of steps that the events so far can be.
                sets |= {done | {step} for done in sets for step in own - done}
                if max(map(len, sets)) > len(reached):
                    reached.append((time, row))
        if len(reached) > len(best):
            best, last = reached, reached[-1][1]
    return [time for time, _ in best], last


def in_order(events, mode, is_increasing, within, n_steps):
    entries = sorted(((time, step) for time, own, _ in events for step in own or [-1]), key=lambda entry: entry)
    if mode in ("strict_order", "strict_deduplication"):
        for n, (_, step) in enumerate(entries):
            level = len(longest(entries[:n], is_increasing, within, n_steps))
            if mode == "strict_order" and level > 0 and (step < 0 or level < step) or mode == "strict_deduplication" and 0 < step < level:
                return longest(entries[:n], is_increasing, within, n_steps)
    return longest(entries, is_increasing, within, n_steps)


def longest(entries, is_increasing, within, n_steps):
    """The times of the longest chain, of those the least ones: of all chains that a prefix of the entries has, for each length and start
    the least is enough to go on with."""
    chains = [[] for _ in range(n_steps + 1)]
    for time, step in entries:
        if step == 0:
            chains[1].append((time,))
        elif step > 0:
            for chain in chains[step]:
                if time - chain[0] <= within and not (is_increasing and time == chain[-1]):
                    chains[step + 1].append(chain + (time,))
            chains[step + 1] = sorted(set(chains[step + 1]))
    return list(min(next(filter(None, reversed(chains)), [()])))


def is_excluded(query, rows, times):
    for exclusion in query.get("exclude", []):
        after, before = exclusion.get("after", 1), exclusion.get("before", len(query["steps"]))
        if len(times) < after:
            continue
        for time, row in rows:
            ends = time < times[before - 1] if len(times) >= before else time <= times[0] + window(query)
            if row["action"] == exclusion["where"]["action"] and time > times[after - 1] and ends:
                return True
    return False


def clickhouse_levels(query, events):
    """How many reach each step by windowFunnel. Its strict_increase finds too few where steps tie, of one event or of several:
    it is asked where none do. It has no exclusions and no order but that of the steps."""
    mode = query.get("mode", "default")
    all_times = [[time for time, _ in rows] for _, _, rows in units(query, events.rows)]
    ties = len({step["action"] for step in query["steps"]}) < len(query["steps"]) or any(len(set(times)) < len(times) for times in all_times)
    if mode == "any_order" or query.get("exclude") or mode == "strict_increase" and ties:
        return None
    column = per_column(query)
    keys = f"user_id, {column}" if column else "user_id"
    nulls = "user_id IS NOT NULL AND ts IS NOT NULL" + (f" AND {column} IS NOT NULL" if column else "")
    if "where" in query:
        nulls += " AND item_id IN ('a', 'b')"
    steps = ", ".join(f"ifNull(action = '{step['action']}', false)" for step in query["steps"])
    seconds = int(min(window(query), 10 ** 9))
    function = f"windowFunnel({seconds}" + ("" if mode == "default" else f", '{mode}'") + ")"
    levels = f"SELECT {function}(assumeNotNull(ts), {steps}) AS level FROM events WHERE {nulls} GROUP BY {keys}"
    counts = ", ".join(f"toInt32(countIf(level >= {step + 1}))" for step in range(len(query["steps"])))
    return events.clickhouse(f"SELECT {counts} FROM ({levels})")[0]
