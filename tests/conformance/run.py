"""Random files and questions, answered by Clickfold and by DuckDB, compared exactly.

    python tests/conformance/run.py --cases 500 [--seed S] [--rows N] [--sql SHARE] [--clickhouse] --binary target/release/clickfold

Of a share of the questions, what Clickfold says as SQL is run, too: in DuckDB, and in ClickHouse if that is asked for. Every file serves a few questions; its schema is compared too. A difference is shrunk and kept in a folder that is named.
"""

import argparse
import copy
import csv
import io
import json
import math
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

import oracle
import said
from files import DIGITS, MICROS, random_file
from queries import outputs_of, random_query

QUESTIONS_PER_FILE = 6
csv.field_size_limit(10 ** 8)


def shown(value, out):
    """A DuckDB value as Clickfold's CSV should write it."""
    if value is None:
        return ""
    if out.kind == "bool":
        return str(value).lower()
    if out.kind == "decimal":
        return f"{Decimal(value):.{out.scale}f}"
    if out.kind == "time":
        moment = datetime(1970, 1, 1) + timedelta(microseconds=value)
        fraction = f".{moment.microsecond // MICROS[out.unit]:0{DIGITS[out.unit]}}" if out.unit != "s" else ""
        return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{fraction}Z"
    if out.kind in ("text", "null") and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return str(value)


def same(expected, got, out):
    if out.kind == "float" and expected and got:
        return math.isclose(float(expected), float(got), rel_tol=max(1e-12, out.error), abs_tol=out.error)
    return expected == got


class Session:
    def __init__(self, binary, folder, clickhouse=None):
        self.binary, self.folder = binary, Path(folder)
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("SET TimeZone = 'UTC'")
        self.loaded = None
        self.clickhouse = clickhouse
        self.said = {"duckdb": 0, "clickhouse": 0}

    def clickfold(self, *args):
        done = subprocess.run([self.binary, *map(str, args)], capture_output=True)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def load(self, file):
        if self.loaded is not file:
            (self.folder / "events.csv").write_bytes(file.text().encode())
            oracle.load(self.connection, file)
            if self.clickhouse:
                self.clickhouse.load(file)
            self.loaded = file

    def answers(self, file, query, answer, form="csv"):
        """Clickfold's rows as text (or its error) and DuckDB's."""
        self.load(file)
        sql = oracle.sql_of(query, answer, file)
        header = [shown(out.name, outputs_text) for out in answer]
        expected = [header] + [[shown(v, o) for v, o in zip(row, answer)] for row in self.connection.execute(sql).fetchall()]
        code, out, err = self.clickfold("query", json.dumps(query), self.folder / "events.csv", "--format", form)
        if code != 0:
            return sql, expected, f"exit {code}: {err.strip()}"
        if form == "json":
            return sql, expected, from_json(out, answer, header)
        # A row of one null is an empty line.
        return sql, expected, [row or [""] for row in csv.reader(io.StringIO(out, newline=""), strict=True)]

    def difference(self, file, query, answer, form="csv"):
        """What differs, in a line, or nothing."""
        _, expected, got = self.answers(file, query, answer, form)
        if isinstance(got, str):
            return got
        if len(got) != len(expected):
            return f"{len(expected) - 1} rows expected, found {len(got) - 1}"
        for i, (a, b) in enumerate(zip(expected, got)):
            if len(a) != len(b) or not all(same(x, y, o) if i else x == y for x, y, o in zip(a, b, answer)):
                return f"row {i}: expected {a}, found {b}"
        return None

    def sql_difference(self, file, query, answer):
        """What the rows of the question's SQL differ in from Clickfold's, or nothing."""
        self.load(file)
        code, out, err = self.clickfold("query", json.dumps(query), self.folder / "events.csv", "--format", "csv")
        if code != 0:
            return f"exit {code}: {err.strip()}"
        got = [row or [""] for row in csv.reader(io.StringIO(out, newline=""), strict=True)][1:]
        for dialect in ["duckdb"] + (["clickhouse"] if self.clickhouse else []):
            code, sql, err = self.clickfold("sql", json.dumps(query), self.folder / "events.csv", "--dialect", dialect)
            if code != 0 and "cannot be said in" in err:
                continue
            if code != 0:
                return f"sql: exit {code}: {err.strip()}"
            self.said[dialect] += 1
            if dialect == "duckdb":
                rows = said.duckdb_rows(self.connection, sql)
            else:
                rows = self.clickhouse.rows(sql)
            expected = [[iso(v) if o.kind == "time" and isinstance(v, str) else shown(v, o) for v, o in zip(row, answer)] for row in rows]
            if len(got) != len(expected):
                return f"{dialect}: {len(expected)} rows expected, found {len(got)}\n{sql}"
            for i, (a, b) in enumerate(zip(expected, got)):
                if len(a) != len(b) or not all(map(same, a, b, answer)):
                    return f"{dialect}: row {i}: expected {a}, found {b}\n{sql}"
        return None

    def schema_difference(self, file):
        self.load(file)
        code, out, err = self.clickfold("schema", self.folder / "events.csv", "--format", "json")
        if code != 0:
            return f"exit {code}: {err}"
        for i, (column, got) in enumerate(zip(file.columns, json.loads(out), strict=True)):
            expected = {"name": column.name, "type": column.kind, "nulls": sum(row[i][1] is None for row in file.rows)}
            expected |= {"scale": column.scale} if column.kind == "decimal" else {}
            expected |= {"unit": column.unit} if column.kind == "time" else {}
            got = {key: value for key, value in got.items() if key not in ("role", "bytes")}
            if got != expected:
                return f"schema: expected {expected}, found {got}"
        return None


def iso(text):
    """A time as ClickHouse writes it, as Clickfold does."""
    return text if text.endswith("Z") else text.replace(" ", "T") + "Z"


outputs_text = type("Text", (), {"kind": "text"})


def from_json(text, answer, header):
    def cell(value, out):
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        return shown(value, outputs_text) if out.kind in ("text", "uuid", "null") else str(value)
    rows = json.loads(text, parse_int=str, parse_float=str)
    return [header] + [[cell(row[o.name], o) for o in answer] for row in rows]


def smaller(file, query, answer):
    """Smaller cases to try, the boldest first."""
    for key in ("limit", "order_by", "having", "where"):
        if key in query:
            yield file, {k: v for k, v in query.items() if k != key}, answer
    for key in ("where", "having"):
        for i in range(len(query.get(key, []))):
            if len(query[key]) > 1:
                yield file, query | {key: query[key][:i] + query[key][i + 1:]}, answer
            condition = query[key][i]
            for inner in [condition["not"]] if "not" in condition else condition.get("any", condition.get("all", [])):
                yield file, query | {key: query[key][:i] + [inner] + query[key][i + 1:]}, answer
    if "rank" in query and query["rank"].get("as", query["rank"]["fn"]) not in str(query.get("order_by")):
        yield file, {k: v for k, v in query.items() if k != "rank"}, answer[:-1]
    for name in query.get("measures", {}):
        rest = {k: v for k, v in query["measures"].items() if k != name}
        if any(measure.get("of") == name for measure in rest.values()):
            continue
        yield file, query | {"measures": rest}, [o for o in answer if o.name != name]
    n = len(file.rows)
    size = n // 2
    while size >= 1:
        for start in range(0, n, size):
            if start <= file.anchor < start + size:
                continue
            cut = copy.copy(file)
            cut.columns = copy.deepcopy(file.columns)
            cut.rows = file.rows[:start] + file.rows[start + size:]
            cut.anchor = file.anchor if file.anchor < start else file.anchor - size
            yield cut.settle(), query, refit(answer, file, cut)
        size //= 2


def refit(answer, before, after):
    """The answer's columns with the scales and units of the smaller file; a changed type is not followed."""
    if [(c.scale, c.unit) for c in before.columns] == [(c.scale, c.unit) for c in after.columns]:
        return answer
    return None


def shrink(difference, file, query, answer, tries=300):
    refused = (difference(file, query, answer) or "").startswith("exit")
    found = True
    while found and tries > 0:
        found = False
        for case in smaller(file, query, answer):
            tries -= 1
            if tries <= 0 or case[2] is None:
                continue
            try:
                problem = difference(*case)
            except (duckdb.Error, RuntimeError):
                continue  # cut so far that it means nothing
            if problem and problem.startswith("exit") == refused:
                file, query, answer = case
                found = True
                break
    return file, query, answer


def report(session, number, seed, file, query, answer, form, problem, difference=None):
    print(f"\ncase {number} of seed {seed}: {problem}")
    if query is not None:
        file, query, answer = shrink(difference, file, query, answer)
    folder = Path(tempfile.mkdtemp(prefix=f"conformance-{seed}-{number}-"))
    (folder / "events.csv").write_bytes(file.text().encode())
    if query is not None:
        sql, expected, got = session.answers(file, query, answer, form)
        (folder / "query.json").write_text(json.dumps(query, ensure_ascii=False, indent=1) + "\n")
        (folder / "query.sql").write_text(sql + "\n")
        for name, rows in [("expected.csv", expected), ("got.csv", [[got]] if isinstance(got, str) else got)]:
            with open(folder / name, "w", newline="") as out:
                csv.writer(out, lineterminator="\n").writerows(rows)
        print(json.dumps(query, ensure_ascii=False))
        print(f"smaller: {difference(file, query, answer)}")
    print(f"kept in {folder}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rows", type=int, default=None, help="rows in each file, instead of a few")
    parser.add_argument("--sql", type=float, default=0.25, help="the share of the questions whose SQL is run, too")
    parser.add_argument("--clickhouse", action="store_true", help="run it in ClickHouse, too")
    parser.add_argument("--binary", default="target/release/clickfold")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(10 ** 9)
    print(f"conformance: seed {seed}", flush=True)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        session = Session(args.binary, folder, said.ClickHouse() if args.clickhouse else None)
        for number in range(args.cases):
            if number % QUESTIONS_PER_FILE == 0:
                file = random_file(random.Random(f"{seed}/{number}"), args.rows)
                if problem := session.schema_difference(file):
                    failed += 1
                    report(session, number, seed, file, None, None, None, problem)
            rng = random.Random(f"{seed}/{number}/query")
            query, answer = random_query(rng, file)
            form = "json" if rng.random() < 0.1 else "csv"
            def asked(file, query, answer):
                return session.difference(file, query, answer, form)
            differences = [asked] + ([session.sql_difference] if rng.random() < args.sql else [])
            for difference in differences:
                if problem := difference(file, query, answer):
                    failed += 1
                    report(session, number, seed, file, query, answer, form, problem, difference)
                    break
            else:
                passed += 1
    print(f"conformance: {passed} passed, {failed} failed; questions as SQL: {session.said}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
