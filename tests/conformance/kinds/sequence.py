"""Sequences by ClickHouse's sequenceMatch and sequenceCount, and by trying every way, which has what ClickHouse has not: the order of the
data among events of one time, and events that must not follow."""

from datetime import datetime, timezone

EVENTS = {"view": {"action": "view"}, "cart": {"action": "cart"}, "buy": {"action": "buy"}, "a": {"item_id": "a"}}
COLUMNS = ["user_id", "item_id", "action", "ts", "price", "order_id", "session_id", "channel"]
SIGNS = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "==": lambda a, b: a == b, ">=": lambda a, b: a >= b, ">": lambda a, b: a > b}
WORDS = {"<=": "within", ">=": "after"}
LENGTHS = {"1s": 1, "2m": 120, "30m": 1_800, "1h": 3_600, "1d": 86_400}


def question(rng):
    names = rng.sample(list(EVENTS), rng.randrange(1, 5))
    query = {"kind": "sequence", "events": {name: EVENTS[name] for name in names}}
    symbols, items = rng.random() < 0.7, []
    for at in range(rng.randrange(1, 5)):
        name = "." if symbols and rng.random() < 0.15 else rng.choice(names)
        gap = rng.choice(["next", "any", "time"]) if at else "any"
        sign = rng.choice(list(SIGNS) if symbols else list(WORDS))
        items.append([name, gap, sign, rng.choice(list(LENGTHS))])
    pattern = ""
    for at, (name, gap, sign, length) in enumerate(items):
        if symbols:
            seconds = LENGTHS[length]
            pattern += {"next": "", "any": ".*" if at else "", "time": f"(?t{sign}{seconds})"}[gap]
            pattern += "." if name == "." else f"(?{names.index(name) + 1})"
        else:
            pattern += {"next": rng.choice([" ", ", then "]), "any": " ... ", "time": f" ({WORDS[sign]} {length}) "}[gap] if at else ""
            pattern += name
    query["pattern"] = pattern
    if not pattern.startswith("(?") and symbols:
        return question(rng)
    if not symbols and rng.random() < 0.5:
        query["pattern"] += rng.choice([" not ", ", then not ", f" (within {rng.choice(list(LENGTHS))}) not "]) + rng.choice(names)
    if rng.random() < 0.4:
        query["each"] = "actor"
        if rng.random() < 0.5:
            query["having"] = [{"column": "matches", "gt": 0}]
            query["order_by"] = ["-matches"]
    if rng.random() < 0.2:
        query["where"] = [{"column": "channel", "ne": "mail"}]
    return query


def expected(query, events):
    names = list(query["events"])
    items, never = read(query["pattern"], names)
    found, ties = {}, False
    for actor, rows in actors(query, events.rows).items():
        own = [(time, [row[column] == value for name in names for column, value in EVENTS[name].items()]) for time, row in rows]
        own = [event for event in own if any(event[1])]
        if own:
            found[actor] = count(items, never, own)
            ties |= len({time for time, _ in own}) < len(own)
    if not ties and never is None:
        theirs = clickhouse(query, events, names)
        assert theirs == found, f"ClickHouse says {theirs}, every way {found}: {query}"
    if query.get("each"):
        rows = [[actor, matches] for actor, matches in sorted(found.items()) if "having" not in query or matches > 0]
        return sorted(rows, key=lambda row: -row[1]) if "order_by" in query else rows
    matched = sum(matches > 0 for matches in found.values())
    return [[len(found), matched, matched / len(found) if found else None, sum(found.values())]]


def actors(query, rows):
    found = {}
    for row in rows:
        row = dict(zip(COLUMNS, row))
        if row["user_id"] is not None and row["ts"] is not None and not ("where" in query and row["channel"] in (None, "mail")):
            moment = datetime.strptime(row["ts"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
            found.setdefault(row["user_id"], []).append((int(moment.timestamp()), row))
    return {actor: sorted(rows, key=lambda event: event[0]) for actor, rows in found.items()}


def read(pattern, names):
    """Each event as its name's place or nothing, whether it is the next, and how the seconds before it compare."""
    text = pattern
    for at, name in enumerate(names):
        text = text.replace(f"(?{at + 1})", f" {name} ")
    text = text.replace("(?t", " (t ").replace(".*", " ... ") if "(?" in pattern else text.replace(",", " ").replace("then", " ")
    for sign in ("(", ")"):
        text = text.replace(sign, f" {sign} ")
    words, items, never, is_next, compare, is_never = iter(text.split()), [], None, True, None, False
    for word in words:
        if word in "()":
            continue
        if word == "...":
            is_next = False
        elif word in ("within", "after"):
            is_next, compare = False, ("<=" if word == "within" else ">=", LENGTHS[next(words)])
        elif word == "t":
            time = next(words)
            sign = next(sign for sign in ("<=", ">=", "==", "<", ">") if time.startswith(sign))
            is_next, compare = False, (sign, int(time[len(sign):]))
        elif word == "not":
            is_never = True
        elif is_never:
            never = (names.index(word), compare[1] if compare else None)
        else:
            for name in "." * len(word) if set(word) == {"."} else [word]:
                items.append((None if name == "." else names.index(name), is_next, compare))
                is_next, compare = True, None
    return items, never


def count(items, never, events):
    def is_followed(end):
        if never is None:
            return False
        event, seconds = never
        return any(own[event] and (seconds is None or time - events[end][0] <= seconds) for time, own in events[end + 1:])

    def ends(n, start, end):
        event, is_next, compare = items[n - 1]
        if event is not None and not events[end][1][event]:
            return False
        before = [at for at in range(start, end) if not (is_next and at + 1 != end)]
        if compare:
            before = [at for at in before if SIGNS[compare[0]](events[end][0] - events[at][0], compare[1])]
        return n == 1 or any(ends(n - 1, start, at) for at in before)

    matches, start = 0, 0
    for end in range(len(events)):
        if not is_followed(end) and ends(len(items), start, end):
            matches, start = matches + 1, end + 1
    return matches


def clickhouse(query, events, names):
    """Each actor's matches by ClickHouse. Where events of an actor tie, its order is not said: then it is not asked."""
    pattern = query["pattern"]
    if not pattern.startswith("(?"):
        items, _ = read(pattern, names)
        gap = [("" if is_next else f"(?t{compare[0]}{compare[1]})" if compare else ".*") for _, is_next, compare in items]
        pattern = "".join(("" if at == 0 else gap[at]) + f"(?{event + 1})" for at, (event, _, _) in enumerate(items))
    tests = [f"ifNull({column} = '{value}', false)" for name in names for column, value in EVENTS[name].items()]
    conditions = ", ".join([*tests, "false"])  # it needs two at least
    where = "user_id IS NOT NULL AND ts IS NOT NULL" + (" AND channel != 'mail'" if "where" in query else "")
    rows = events.clickhouse(
        f"SELECT toInt32(user_id), toInt32(sequenceCount('{pattern}')(assumeNotNull(ts), {conditions})), "
        f"toInt32(sequenceMatch('{pattern}')(assumeNotNull(ts), {conditions})) "
        f"FROM events WHERE {where} AND ({' OR '.join(tests)}) GROUP BY user_id")
    for actor, matches, is_match in rows:
        assert is_match == (matches > 0), f"sequenceMatch says {is_match}, sequenceCount {matches}: {pattern}"
    return {actor: matches for actor, matches, _ in rows}
