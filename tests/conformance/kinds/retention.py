"""Who came back when: looked up actor by actor in Python, with DuckDB's calendar; ClickHouse's `retention` where both mean the same."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from kinds import some

CLICKHOUSE = True
ZONES = ["America/New_York", "America/Sao_Paulo", "Asia/Shanghai", "Europe/Berlin"]
INTERVALS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months", "y": "years"}
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400, "mo": 30 * 86_400, "q": 90 * 86_400, "y": 365 * 86_400}
COLUMNS = ["user_id", "item_id", "action", "ts", "price", "order_id", "session_id", "channel"]


def question(rng):
    query = {"kind": "retention"}
    if rng.random() < 0.2:
        return clickhouse_question(rng)
    is_rolling = rng.random() < 0.3
    if is_rolling:
        query["clock"] = "24h"
    query["every"] = rng.choice((["1h", "6h"] if is_rolling else ["10m", "1h", "6h"]) + ["1d", "1d", "2d", "1w", "1mo", "1q", "1y"])
    if query["every"][-1] not in "mh" and rng.random() < 0.4:
        query["timezone"] = rng.choice(ZONES)
    if rng.random() < 0.4:
        bounds = sorted(rng.sample(range(12), 2 * rng.randrange(1, 4)))
        query["brackets"] = [list(pair) for pair in zip(bounds[::2], bounds[1::2])]
        if rng.random() < 0.3:
            query["brackets"] = [[first, first] for first, _ in query["brackets"]]
    elif rng.random() < 0.8:
        query["periods"] = rng.choice([0, 1, 3, 12, 40])
    for key in ("start", "return"):
        if rng.random() < 0.5:
            query[key] = rng.choice([some(rng), [some(rng), some(rng)]])
    if rng.random() < 0.5:
        query["counting"] = rng.choice(["on", "on_or_after"])
    if rng.random() < 0.3:
        query["cohorts"] = rng.choice(["recurring", "recurring", "first"])
    if rng.random() < 0.2:
        query["where"] = [some(rng)]
    if rng.random() < 0.2:
        query["actor"] = rng.choice(["item_id", "session_id", "channel"])
    if rng.random() < 0.2:
        query["each"] = "actor"
        if rng.random() < 0.4:
            query["having"] = [{"column": "period", "gte": rng.randrange(4)}]
        if rng.random() < 0.5:
            query["order_by"] = rng.choice([["-period"], ["cohort", "-period"], ["-cohort"]])
        if rng.random() < 0.4:
            query["limit"] = rng.randrange(6)
        return query
    if rng.random() < 0.4:
        query["mean"] = rng.choice(["weighted", "simple"])
    if rng.random() < 0.4:
        query["value"] = rng.choice(["price", "price", "order_id"])
        if rng.random() < 0.5:
            query["order"] = rng.choice(["order_id", "item_id", "session_id"])
    return query


def clickhouse_question(rng):
    """Days of the calendar in UTC, where each day's return is one condition of ClickHouse's function."""
    query = {"kind": "retention", "every": "1d", "periods": rng.randrange(6)}
    for key in ("start", "return"):
        if rng.random() < 0.7:
            query[key] = rng.choice([{"action": "view"}, {"action": "buy"}, {"item_id": "a"}])
    return query


def expected(query, events):
    answer = Answer(query, events)
    rows = answer.members() if query.get("each") else answer.rows()
    if is_clickhouse(query):
        check_clickhouse(query, events, rows)
    return rows


def is_clickhouse(query):
    plain = {"kind", "every", "periods", "start", "return"}
    return set(query) <= plain and query["every"] == "1d" and query.get("periods", 7) <= 5 and all(
        len(query.get(key, {})) < 2 and "column" not in query.get(key, {}) and isinstance(query.get(key, {}), dict) for key in ("start", "return"))


def check_clickhouse(query, events, rows):
    """Each cohort's row from `retention(first day, days since …)` of each actor."""
    def condition(key):
        return " AND ".join(f"ifNull({column} = '{value}', false)" for column, value in query.get(key, {}).items()) or "true"
    periods = query["periods"]
    conditions = ", ".join(f"({condition('return')}) AND ts >= first AND dateDiff('day', toDate(first), toDate(ts)) = {n}" for n in range(periods + 1))
    sql = f"""
        WITH starts AS (SELECT user_id, min(ts) AS first FROM events
                        WHERE user_id IS NOT NULL AND ts IS NOT NULL AND ({condition('start')}) GROUP BY user_id),
             came AS (SELECT user_id, toDate(any(first)) AS cohort, retention(1, {conditions}) AS r
                      FROM events JOIN starts USING (user_id) WHERE ts IS NOT NULL GROUP BY user_id)
        SELECT cohort, {', '.join(f'sum(r[{n + 2}])' for n in range(periods + 1))} FROM came GROUP BY cohort ORDER BY cohort"""
    found = defaultdict(dict)
    for cohort, *counts in events.clickhouse(sql):
        found[cohort] = {n: int(count) for n, count in enumerate(counts)}
    ours = {(f"{row[0]:%Y-%m-%d}", row[1]): row[2] for row in rows}
    for key, count in ours.items():
        if found[key[0]].get(key[1]) != count:
            raise AssertionError(f"ClickHouse counts {found[key[0]].get(key[1])} and the oracle {count} for {key}\n{sql}")
    if set(found) != {cohort for cohort, _ in ours}:
        raise AssertionError(f"ClickHouse has other cohorts: {found}")


def holds(condition, row):
    """Whether a condition holds; None where that is not known."""
    if isinstance(condition, list):
        return all(holds(one, row) for one in condition)
    if "not" in condition:
        inner = holds(condition["not"], row)
        return None if inner is None else not inner
    if "column" not in condition:
        [(column, value)] = condition.items()
        return None if row[column] is None else row[column] == value
    value = row[condition["column"]]
    if value is None:
        return None
    return value in condition["in"] if "in" in condition else Decimal(value) > condition["gt"]


class Answer:
    def __init__(self, query, events):
        self.query = query
        self.every = query["every"] if "every" in query else "1d"
        digits = self.every.rstrip("smhdwoqy")
        self.count, self.unit = int(digits), self.every[len(digits):]
        self.is_rolling = query.get("clock") == "24h"
        self.brackets = [tuple(pair) for pair in query.get("brackets", [])] or [(n, n) for n in range(query.get("periods", 7) + 1)]
        self.actor = query.get("actor", "user_id")
        rows = [dict(zip(COLUMNS, row)) for row in events.rows]
        rows = [row for row in rows if all(holds(condition, row) for condition in query.get("where", []))]
        rows = [row for row in rows if row[self.actor] is not None and row["ts"] is not None]
        for row in rows:
            row["at"] = datetime.fromisoformat(row["ts"])
        self.places = self.of_calendar(events, {row["at"] for row in rows})
        self.last = max((row["at"] for row in rows), default=None)
        self.cohorts = defaultdict(list)
        of_actor = defaultdict(list)
        for row in rows:
            of_actor[row[self.actor]].append(row)
        for actor, own in of_actor.items():
            own.sort(key=lambda row: row["at"])
            firsts = {}
            for row in own:
                if holds(query.get("start", []), row) and (not firsts or query.get("cohorts") == "recurring"):
                    firsts.setdefault(self.places[row["at"]], row["at"])
            for place, first in firsts.items():
                returns = [row for row in own if row["at"] >= first and holds(query.get("return", []), row)]
                self.cohorts[place].append((actor, first, returns))

    def of_calendar(self, events, instants):
        """Of each instant when its bucket begins, and which it is in the calendar, by DuckDB."""
        if not instants:
            return {}
        zone = self.query.get("timezone", "UTC")
        interval = f"INTERVAL '{3 * self.count} months'" if self.unit == "q" else f"INTERVAL '{self.count} {INTERVALS[self.unit]}'"
        at = f"(t AT TIME ZONE 'UTC' AT TIME ZONE '{zone}')"
        start = f"time_bucket({interval}, {at})"
        place = {"d": f"date_diff('day', DATE '2000-01-03', {start}::DATE)", "w": f"date_diff('day', DATE '2000-01-03', {start}::DATE)"}
        months = f"date_diff('month', DATE '2000-01-01', {start}::DATE)"
        seconds = f"epoch({start})::BIGINT"
        place = place.get(self.unit, seconds if self.unit in "smh" else months)
        width = self.count * {"s": 1, "m": 60, "h": 3_600, "d": 1, "w": 7, "mo": 1, "q": 3, "y": 12}[self.unit]
        values = ", ".join(f"(TIMESTAMP '{moment}')" for moment in instants)
        sql = f"SELECT t, {start} AT TIME ZONE '{zone}' AT TIME ZONE 'UTC', {place} // {width} FROM (VALUES {values}) v(t)"
        return {row[0]: (row[1], row[2]) for row in events.duckdb(sql)}

    def width(self):
        return timedelta(seconds=self.count * SECONDS[self.unit])

    def period(self, place, first, at):
        if self.is_rolling:
            return (at - first.replace(minute=0, second=0)) // self.width()
        return self.places[at][1] - place[1]

    def counted(self, place, member):
        """The brackets in which a member of a cohort is counted."""
        periods = [self.period(place, member[1], row["at"]) for row in member[2]]
        if self.query.get("counting") == "on_or_after":
            return [pair for pair in self.brackets if any(period >= pair[0] for period in periods)]
        return [pair for pair in self.brackets if any(pair[0] <= period <= pair[1] for period in periods)]

    def progress(self, place, pair):
        if not self.is_rolling:
            now = self.places[self.last][1] - place[1]
            return pair[0] <= now, pair[1] < now
        hours = [first.replace(minute=0, second=0) for _, first, _ in self.cohorts[place]]
        return min(hours) + pair[0] * self.width() <= self.last, max(hours) + (pair[1] + 1) * self.width() <= self.last

    def orders(self, rows):
        column = self.query.get("order", "order_id")
        return len({row[column] for row in rows if row[column] is not None}) + sum(row[column] is None for row in rows)

    def rows(self):
        lines = []
        for place in sorted(self.cohorts):
            members = self.cohorts[place]
            for pair in self.brackets:
                has_begun, is_complete = self.progress(place, pair)
                if not has_begun:
                    continue
                line = {"cohort": place[0], "pair": pair, "complete": is_complete, "size": len(members),
                        "actors": sum(pair in self.counted(place, member) for member in members)}
                for key in ("orders", "value", "cumulative", "repeaters"):
                    line[key] = 0
                for member in members if "value" in self.query else []:
                    period = {id(row): self.period(place, member[1], row["at"]) for row in member[2]}
                    inside = [row for row in member[2] if pair[0] <= period[id(row)] <= pair[1]]
                    so_far = [row for row in member[2] if period[id(row)] <= pair[1]]
                    line["orders"] += self.orders(inside)
                    line["value"] += sum(Decimal(row[self.query["value"]] or 0) for row in inside)
                    line["cumulative"] += sum(Decimal(row[self.query["value"]] or 0) for row in so_far)
                    line["repeaters"] += self.orders(so_far) >= 2
                lines.append(line)
        means = []
        for pair in self.brackets if "mean" in self.query else []:
            if of := [line for line in lines if line["pair"] == pair and line["complete"]]:
                means.append((pair, of))
        return [self.shown(line, self.rates(line)) for line in lines] + [self.mean(pair, of) for pair, of in means]

    def rates(self, line):
        average = line["value"] / line["orders"] if line["orders"] else None
        return [line["actors"] / line["size"], line["cumulative"] / line["size"], average, line["repeaters"] / line["size"]]

    def mean(self, pair, of):
        line = {"cohort": None, "pair": pair, "complete": True}
        for key in ("size", "actors", "orders", "value", "cumulative", "repeaters"):
            line[key] = sum(one[key] for one in of)
        if self.query["mean"] == "weighted":
            return self.shown(line, self.rates(line))
        columns = [[rate for rate in column if rate is not None] for column in zip(*map(self.rates, of))]
        return self.shown({**dict.fromkeys(line), "pair": pair, "complete": True},
                          [sum(map(float, column)) / len(column) if column else None for column in columns])

    def shown(self, line, rates):
        row = [line["cohort"], line["pair"][0]] + ([line["pair"][1]] if "brackets" in self.query else [])
        row += [line["actors"], rates[0], line["size"], line["complete"]]
        return row + ([line["orders"], line["value"], line["cumulative"], *rates[1:]] if "value" in self.query else [])

    def members(self):
        rows = []
        for place, members in self.cohorts.items():
            rows += [[member[0], place[0], pair[0]] for member in members for pair in self.counted(place, member)]
        rows = [row for row in rows if all(row[2] >= condition["gte"] for condition in self.query.get("having", []))]
        rows.sort()
        for by in reversed(self.query.get("order_by", [])):
            rows.sort(key=lambda row: row[{"cohort": 1, "period": 2}[by.lstrip("-")]], reverse=by.startswith("-"))
        return rows[:self.query.get("limit", len(rows))]
