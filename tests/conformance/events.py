"""Random questions about what actors do, on random events that tie, answered by Clickfold and by its oracles.

    python tests/conformance/events.py --cases 500 [--kind funnel] [--seed S] --binary target/release/clickfold

Each module of `kinds` asks one kind of question. The answer must be that of the module's own oracle, where it has one, and that of
DuckDB to the question's SQL, where SQL can say it. `--cases` is for each kind.
"""

import argparse
import importlib
import json
import math
import pkgutil
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import duckdb

import kinds

COLUMNS = {"user_id": "BIGINT", "item_id": "VARCHAR", "action": "VARCHAR", "ts": "TIMESTAMP", "price": "DECIMAL(18,2)",
           "order_id": "BIGINT", "session_id": "BIGINT", "channel": "VARCHAR"}
CLICKHOUSE = {"BIGINT": "Nullable(Int64)", "VARCHAR": "Nullable(String)", "TIMESTAMP": "Nullable(DateTime('UTC'))",
              "DECIMAL(18,2)": "Nullable(Decimal(18,2))"}
SCHEMA = {"user_id": ["int", "actor"], "item_id": ["text", "item"], "action": ["text", "action"], "ts": ["time", "time"],
          "price": ["decimal", "price"], "order_id": ["int", "order"], "session_id": ["int", "session"],
          "channel": ["text", "channel"]}
# Around a clock change in New York, and a month's end.
TIMES = [datetime(2024, 3, 9, 23), datetime(2024, 3, 10, 6, 30), datetime(2024, 3, 31, 22)]
QUESTIONS_PER_FILE = 5


def random_events(rng):
    """Rows of few different values each, so that all ties that can be occur; null is None."""
    users, times = rng.randrange(1, 7), rng.choice([3, 12, 200, 100_000])
    base = rng.choice(TIMES)
    nulls = rng.choice([0, 0, 0.1])

    def row(nulls):
        def maybe(value):
            return None if rng.random() < nulls else value
        seconds = rng.choice([1, 60, 600]) * rng.randrange(times)
        moment = datetime.fromtimestamp(base.replace(tzinfo=timezone.utc).timestamp() + seconds, timezone.utc)
        return [maybe(rng.randrange(users)), maybe(rng.choice("abc")), maybe(rng.choice(["view", "view", "cart", "buy", "other"])),
                maybe(f"{moment:%Y-%m-%d %H:%M:%S}"), maybe(f"{rng.randrange(0, 2_000) / 100:.2f}"), maybe(rng.randrange(8)),
                maybe(rng.randrange(4)), maybe(rng.choice(["mail", "ads", "search"]))]
    # The first row has all: a column of nulls alone is of no type.
    return [row(nulls if at else 0) for at in range(rng.choice([1, 3, 8, 20, 60, 150]))]


class Events:
    """One file of events, and what asks it."""

    def __init__(self, binary, folder):
        self.binary, self.path = binary, Path(folder) / "events.csv"
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("SET TimeZone = 'UTC'")
        self.session = None
        self.rows = []

    def load(self, rows):
        self.rows = rows
        lines = [",".join(COLUMNS)] + [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
        self.path.write_text("\n".join(lines) + "\n")
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE events ({', '.join(f'{c} {t}' for c, t in COLUMNS.items())})")
        if rows:
            self.connection.executemany(f"INSERT INTO events VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        self.is_in_clickhouse = False

    def duckdb(self, sql):
        """The rows that DuckDB answers, as lists."""
        return [list(row) for row in self.connection.execute(sql).fetchall()]

    def clickhouse(self, sql):
        """The rows that ClickHouse answers, as lists of what their JSON is."""
        if self.session is None:
            from chdb import session
            self.session = session.Session()
            self.session.query("SET date_time_output_format = 'iso'")
        if not self.is_in_clickhouse:
            columns = ", ".join(f"{name} {CLICKHOUSE[kind]}" for name, kind in COLUMNS.items())
            self.session.query("DROP TABLE IF EXISTS events")
            self.session.query(f"CREATE TABLE events ({columns}) ENGINE = Memory")
            if self.rows:
                values = ", ".join("(" + ", ".join("NULL" if c is None else repr(c) for c in row) + ")" for row in self.rows)
                self.session.query(f"INSERT INTO events VALUES {values}")
            self.is_in_clickhouse = True
        text = self.session.query(sql, "JSONCompactEachRow").bytes().decode()
        return [json.loads(line) for line in text.splitlines()]

    def clickfold(self, *args):
        schema = {name: {"type": kind, "role": role} for name, (kind, role) in SCHEMA.items()}
        command = [self.binary, *args, str(self.path), "--schema", json.dumps(schema)]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr.strip()

    def answer(self, query):
        """Clickfold's rows, as lists; a text where it refuses."""
        code, out, err = self.clickfold("query", json.dumps(query), "--format", "json")
        return [list(row.values()) for row in json.loads(out, parse_float=Decimal)] if code == 0 else f"exit {code}: {err}"

    def sql(self, query, dialect):
        """The question in SQL; nothing where it cannot say it."""
        code, out, err = self.clickfold("sql", "--dialect", dialect, json.dumps(query))
        if code != 0 and "cannot be said in" not in err:
            raise AssertionError(f"sql: exit {code}: {err}")
        return out if code == 0 else None


def same(expected, got):
    if isinstance(expected, datetime):
        expected = f"{expected:%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(expected, bool) or isinstance(got, bool) or expected is None or got is None:
        return expected == got
    if isinstance(expected, (int, float, Decimal)) and isinstance(got, (int, float, Decimal)):
        return math.isclose(float(expected), float(got), rel_tol=1e-9, abs_tol=1e-12)
    return expected == got


def difference(expected, got):
    """What differs, in a line, or nothing."""
    if isinstance(got, str):
        return got
    if len(got) != len(expected):
        return f"{len(expected)} rows expected, found {len(got)}: {expected} and {got}"
    for i, (a, b) in enumerate(zip(expected, got)):
        if len(a) != len(b) or not all(map(same, a, b)):
            return f"row {i}: expected {a}, found {b}"
    return None


def run(system, rows_of, sql, got):
    """What the SQL's rows differ in, with the SQL, or nothing."""
    try:
        found = difference(rows_of(sql), got)
    except (duckdb.Error, RuntimeError) as error:
        found = str(error)
    return f"{system}: {found}\n{sql}" if found else None


def problem(module, query, events):
    got = events.answer(query)
    if hasattr(module, "expected") and (found := difference(module.expected(query, events), got)):
        return f"the oracle: {found}"
    sql = events.sql(query, "duckdb")
    if sql is None:
        return None if hasattr(module, "expected") else "there is neither an oracle nor SQL"
    if found := run("DuckDB", events.duckdb, sql, got):
        return found
    if getattr(module, "CLICKHOUSE", False) and (sql := events.sql(query, "clickhouse")):
        return run("ClickHouse", events.clickhouse, sql, got)
    return None


def smaller(module, rows, query, events):
    """As few rows as still differ."""
    size = len(rows) // 2
    while size >= 1:
        for start in range(0, len(rows), size):
            cut = rows[:start] + rows[start + size:]
            events.load(cut)
            if cut and problem(module, query, events):
                rows = cut
                break
        else:
            size //= 2
    events.load(rows)
    return rows


def arguments(description):
    """What is to be asked: the arguments, the kinds, and the seed."""
    names = [module.name for module in pkgutil.iter_modules(kinds.__path__)]
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--kind", action="append", choices=names)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--binary", default="target/release/clickfold")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(10 ** 9)
    return args, args.kind or names, seed


def main():
    args, names, seed = arguments(__doc__)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        events = Events(args.binary, folder)
        for name in names:
            module, bad = importlib.import_module(f"kinds.{name}"), 0
            for number in range(args.cases):
                if number % QUESTIONS_PER_FILE == 0:
                    rows = random_events(random.Random(f"{seed}/{name}/{number}"))
                    events.load(rows)
                query = module.question(random.Random(f"{seed}/{name}/{number}/query"))
                if problem(module, query, events):
                    bad += 1
                    smaller(module, rows, query, events)
                    print(f"\n{name}, case {number} of seed {seed}: {json.dumps(query)}\n{events.path.read_text()}{problem(module, query, events)}")
                    events.load(rows)
            print(f"{name}: {args.cases - bad} passed, {bad} failed (seed {seed})", flush=True)
            failed += bad
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
