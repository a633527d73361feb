"""Random questions on random dirty files, answered by Clickfold and by DuckDB: the answers must be equal.

    python run.py --binary target/release/clickfold --cases 500 [--seed 7]

The files are small and full of ties. DuckDB gets the same cells as text with the types that the generator knows; the
SQL is written here from the question, by other rules than Clickfold's own. A difference is written to a folder that is
named at the end.
"""

import argparse
import csv
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import duckdb

TEXTS = ["a", "b", "ä", "Zz", "x,y", 'say "hi"', "two\nlines", "007", "long text with many letters", "束"]
COLUMNS = {
    "id": ("BIGINT", ["1", "2", "3", "-7", "2053013555631882655", "2053013555631882656", "70000"]),
    "small": ("BIGINT", ["0", "1", "2", "5", "-1"]),
    "price": ("DECIMAL(38,3)", ["0.5", "1.25", "-3.125", "10", "99999.99", "0.001", "1.250"]),
    "item": ("VARCHAR", TEXTS),
    "action": ("VARCHAR", ["view", "cart", "buy"]),
    "flag": ("BOOLEAN", ["true", "false"]),
    "ts": ("TIMESTAMP", ["2017-11-25 00:00:00", "2017-11-25 09:30:00", "2017-11-26 23:59:59", "2017-12-01 00:00:00", "2018-02-28 12:00:00", "1969-12-31 23:59:59", "2016-02-29 06:00:00"]),
}
# Each column has these first, so that its type is what the generator says.
FIRST = {"id": "2053013555631882655", "small": "1", "price": "0.001", "item": "a", "action": "view", "flag": "true", "ts": "2017-11-25 00:00:00"}
NUMBERS = ["id", "small", "price"]
EVERY = {"15m": "15 minutes", "1h": "1 hour", "6h": "6 hours", "1d": "1 day", "1w": "7 days", "2w": "14 days", "1mo": "1 month", "1q": "3 months", "1y": "12 months"}


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def text(value):
    return "'" + str(value).replace("'", "''") + "'"


class Case:
    def __init__(self, rng):
        self.rng = rng
        self.columns = ["id", "small", "price", "item", "action", "flag", "ts"]
        holes = rng.choice([0, 0.1, 0.4])
        size = rng.choice([1, 2, 5, 20, 60, 200])
        self.rows = [[FIRST[c] for c in self.columns]]
        for _ in range(size):
            self.rows.append([None if rng.random() < holes else rng.choice(COLUMNS[c][1]) for c in self.columns])
        self.inexact = set()
        self.query, self.sql = self.rows_query() if rng.random() < 0.3 else self.aggregate()

    def file(self):
        out = io.StringIO(newline="")
        end = self.rng.choice(["\n", "\r\n"])
        writer = csv.writer(out, lineterminator=end, quoting=self.rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        writer.writerow(self.columns)
        writer.writerows([["" if v is None else v for v in row] for row in self.rows])
        return out.getvalue()

    # ---- conditions

    def literal(self, column, kind):
        value = self.rng.choice(COLUMNS[column][1])
        if kind == "TIMESTAMP":
            value = self.rng.choice([value, value[:10], value[:16]])
            return value, f"TIMESTAMP {text(value if len(value) > 10 else value + ' 00:00:00')}"
        if kind == "VARCHAR":
            return value, text(value)
        if kind == "BOOLEAN":
            return value == "true", value
        if column == "price" or abs(int(value)) > 2**53 or self.rng.random() < 0.3:
            return value, f"{value}::DECIMAL(38,3)"
        return int(value), value

    def condition(self, types, depth=0):
        rng = self.rng
        if depth < 2 and rng.random() < 0.25:
            word = rng.choice(["any", "all", "not"])
            if word == "not":
                inner, sql = self.condition(types, depth + 1)
                return {"not": inner}, f"(NOT {sql})"
            parts = [self.condition(types, depth + 1) for _ in range(rng.randint(0, 3))]
            joined = (" OR " if word == "any" else " AND ").join(sql for _, sql in parts)
            return {word: [c for c, _ in parts]}, f"({joined or ('false' if word == 'any' else 'true')})"
        column = rng.choice([c for c in types if types[c] != "DOUBLE"])
        kind = types[column]
        name = ident(column)
        source = column if column in COLUMNS else {"BIGINT": "small", "DECIMAL(38,3)": "price", "VARCHAR": "item", "BOOLEAN": "flag", "TIMESTAMP": "ts"}[kind]
        choices = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "from", "to", "is_null"]
        if kind == "BOOLEAN":
            choices = ["eq", "ne", "in", "is_null"]
        if kind == "VARCHAR":
            choices += ["contains", "starts_with"]
        op = rng.choice(choices)
        if op == "is_null":
            wanted = rng.random() < 0.5
            return {"column": column, "is_null": wanted}, f"({name} IS {'NULL' if wanted else 'NOT NULL'})"
        if op in ("in", "not_in"):
            literals = [self.literal(source, kind) for _ in range(rng.randint(1, 3))]
            values, sqls = [v for v, _ in literals], [s for _, s in literals]
            if rng.random() < 0.15:
                values, sqls = values + [None], sqls + ["NULL"]
            return {"column": column, op: values}, f"({name} {'NOT ' if op == 'not_in' else ''}IN ({', '.join(sqls)}))"
        value, sql = self.literal(source, kind)
        if op in ("contains", "starts_with"):
            part = value[: rng.randint(1, len(value))]
            return {"column": column, op: part}, f"({op}({name}, {text(part)}))"
        if op == "to" and kind == "TIMESTAMP":
            unit = {10: "1 day", 16: "1 minute", 19: "1 second"}[len(value)]
            return {"column": column, op: value}, f"({name} < {sql} + INTERVAL '{unit}')"
        sign = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "from": ">=", "to": "<="}[op]
        if op == "eq" and rng.random() < 0.2:
            return {column: value}, f"({name} = {sql})"
        return {"column": column, op: value}, f"({name} {sign} {sql})"

    def where(self, types):
        parts = [self.condition(types) for _ in range(self.rng.choice([0, 0, 1, 1, 2]))]
        return [c for c, _ in parts], " AND ".join(s for _, s in parts) or "true"

    # ---- ranks and orders

    def order(self, names, least=0):
        # DuckDB's mean of decimals may miss the last bit, so that equal means differ and order: it is compared, never ordered by.
        names = [name for name in names if name not in self.inexact] or names[:1]
        chosen = self.rng.sample(names, self.rng.randint(least, min(2, len(names))))
        signs = [self.rng.choice(["", "-"]) for _ in chosen]
        return [s + c for s, c in zip(signs, chosen)], [f"{ident(c)} {'DESC' if s else 'ASC'} NULLS LAST" for s, c in zip(signs, chosen)]

    def rank(self, names, ties):
        rng = self.rng
        fn = rng.choice(["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"])
        by, by_sql = self.order(names)
        exact = [name for name in names if name not in self.inexact]
        within = rng.sample(exact, min(len(exact), rng.choice([0, 0, 1])))
        spec = {"fn": fn, "as": "place", "by": by, "within": within}
        call = f"{fn}()"
        if fn == "ntile":
            spec["n"] = rng.randint(1, 4)
            call = f"ntile({spec['n']})"
        if fn in ("lag", "lead"):
            spec["column"], spec["offset"] = rng.choice(names), rng.randint(0, 2)
            call = f"{fn}({ident(spec['column'])}, {spec['offset']})"
        peers = fn in ("rank", "dense_rank", "percent_rank", "cume_dist")
        order = by_sql if peers else by_sql + ties
        over = ("PARTITION BY " + ", ".join(map(ident, within)) + " " if within else "") + ("ORDER BY " + ", ".join(order) if order else "")
        keep = ""
        if fn not in ("lag", "lead") and rng.random() < 0.3:
            spec["keep"] = rng.randint(0, 3)
            keep = f"WHERE place <= {spec['keep']}"
        return spec, f"{call} OVER ({over})", keep, [f"{ident(w)} ASC NULLS LAST" for w in within] + by_sql

    def limit(self, query):
        if self.rng.random() < 0.5:
            query["limit"] = self.rng.choice([0, 1, 3, 10, 300])
            return f" LIMIT {query['limit']}"
        return ""

    # ---- kinds

    def aggregate(self):
        rng = self.rng
        types = {c: COLUMNS[c][0] for c in self.columns}
        conditions, where = self.where(types)
        keys, key_sql, out = [], [], {}
        for at in range(rng.choice([0, 1, 1, 2, 3])):
            column = rng.choice(self.columns)
            name = f"k{at}"
            sql, key = ident(column), {"column": column, "as": name}
            if column == "ts" and rng.random() < 0.8:
                key["every"] = rng.choice(list(EVERY))
                origin = "TIMESTAMP '2000-01-01 00:00:00'" if key["every"] in ("1mo", "1q", "1y") else "TIMESTAMP '2000-01-03 00:00:00'"
                sql = f"time_bucket(INTERVAL '{EVERY[key['every']]}', {sql}, {origin})"
            if column in ("item", "action", "small") and rng.random() < 0.3:
                value = rng.choice(["a", "none"]) if column != "small" else 1
                key["null_as"] = value
                sql = f"coalesce({sql}, {text(value) if column != 'small' else value})"
            keys.append(key)
            key_sql.append(f"{sql} AS {name}")
            out[name] = types[column]
        measures, measure_sql = {}, []
        for at in range(rng.randint(0 if keys else 1, 4)):
            fn = rng.choice(["count", "count", "count_distinct", "sum", "avg", "min", "max"])
            column = rng.choice(NUMBERS if fn in ("sum", "avg") else self.columns)
            if fn == "sum" and column == "id":
                column = "small"  # sums of 64-bit ids are rightly an error
            name, spec = f"m{at}", {"fn": fn}
            if fn == "count" and rng.random() < 0.5:
                sql, kind = "count(*)", "BIGINT"
            else:
                spec["column"] = column
                call = f"count(DISTINCT {ident(column)})" if fn == "count_distinct" else f"{fn}({ident(column)})"
                kind = "BIGINT" if fn.startswith("count") or (fn == "sum" and column == "small") else "DOUBLE" if fn == "avg" else types[column]
                sql = f"{call}::{kind}" if fn == "sum" else call
            measures[name], out[name] = spec, kind
            if fn == "avg":
                self.inexact.add(name)
            measure_sql.append(f"{sql} AS {name}")
        query = {"kind": "aggregate", "where": conditions, "group_by": keys, "measures": measures}
        groups = f" GROUP BY {', '.join(str(i + 1) for i in range(len(keys)))}" if keys else ""
        inner = f"SELECT {', '.join(key_sql + measure_sql)} FROM ev WHERE {where}{groups}"
        names = list(out)
        if rng.random() < 0.3 and any(t != "DOUBLE" for t in out.values()):
            having, having_sql = self.condition(out)
            query["having"] = [having]
            inner = f"SELECT * FROM ({inner}) WHERE {having_sql}"
        ties = [f"{key['as']} ASC NULLS LAST" for key in keys]
        default = []
        keep = ""
        if names and rng.random() < 0.6:
            query["rank"], window, keep, default = self.rank(names, ties)
            inner = f"SELECT *, {window} AS place FROM ({inner})"
            names = names + ["place"]
        order = default
        if rng.random() < 0.5:
            query["order_by"], chosen = self.order(names, 1)
            order = chosen
        order = order + ties
        limit = self.limit(query)
        return query, f"SELECT * FROM ({inner}) {keep}{' ORDER BY ' + ', '.join(order) if order else ''}{limit}"

    def rows_query(self):
        rng = self.rng
        types = {c: COLUMNS[c][0] for c in self.columns}
        conditions, where = self.where(types)
        select = rng.sample(self.columns, rng.randint(1, 4))
        query = {"kind": "rows", "where": conditions, "select": select}
        inner, names, keep = f"SELECT * FROM ev WHERE {where}", list(self.columns), ""
        answer = list(select)
        if rng.random() < 0.6:
            query["rank"], window, keep, _ = self.rank(self.columns, ["n"])
            inner = f"SELECT *, {window} AS place FROM ({inner})"
            names, answer = names + ["place"], answer + ["place"]
        order = []
        if rng.random() < 0.6:
            query["order_by"], order = self.order(names, 1)
        limit = self.limit(query)
        return query, f"SELECT {', '.join(map(ident, answer))} FROM (SELECT * FROM ({inner}) {keep}) ORDER BY {', '.join(order + ['n'])}{limit}"


def duckdb_answer(connection, case):
    connection.execute("CREATE OR REPLACE TABLE ev (n BIGINT, " + ", ".join(f"{ident(c)} {COLUMNS[c][0]}" for c in case.columns) + ")")
    connection.executemany(
        "INSERT INTO ev VALUES (?, " + ", ".join("?" for _ in case.columns) + ")",
        [[at] + row for at, row in enumerate(case.rows)],
    )
    cursor = connection.execute(case.sql)
    return [[shown(v) for v in row] for row in cursor.fetchall()]


def shown(value):
    """A cell in the form that JSON answers have."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat() + "Z"
    return float(value) if value.__class__.__name__ != "Decimal" else value


def same(a, b):
    if a is None or b is None or isinstance(a, (bool, str)) or isinstance(b, (bool, str)):
        return type(a) is type(b) and a == b
    if isinstance(b, float) and isinstance(a, (int, float)):
        return abs(a - b) <= 1e-12 * max(1, abs(a), abs(b))
    return a == b


def clickfold_answer(binary, file, query):
    done = subprocess.run([binary, "query", json.dumps(query), "-", "--format", "json"], input=file.encode(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode().strip() or f"exit code {done.returncode}")
    from decimal import Decimal

    rows = json.loads(done.stdout, parse_float=lambda s: Number(s, Decimal(s)))
    return [list(row.values()) for row in rows]


class Number:
    """A JSON number with a point: equal to a decimal to the last digit, to a float nearly."""

    def __init__(self, written, exact):
        self.written, self.exact = written, exact

    def __eq__(self, other):
        if isinstance(other, float):
            return abs(float(self.written) - other) <= 1e-12 * max(1, abs(other))
        return self.exact == other

    def __repr__(self):
        return self.written


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", default="target/release/clickfold")
    options.add_argument("--cases", type=int, default=500)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options = options.parse_args()
    print(f"seed {options.seed}, DuckDB {duckdb.__version__}", flush=True)
    connection = duckdb.connect(config={"threads": 1})
    failed = 0
    for number in range(options.cases):
        case = Case(random.Random(f"{options.seed}/{number}"))
        file = case.file()
        try:
            expected = duckdb_answer(connection, case)
            got = clickfold_answer(options.binary, file, case.query)
            good = len(got) == len(expected) and all(len(a) == len(b) and all(map(same, a, b)) for a, b in zip(got, expected))
        except (RuntimeError, duckdb.Error) as error:
            good, expected, got = False, "", f"{type(error).__name__}: {error}"
        if not good:
            failed += 1
            folder = pathlib.Path(tempfile.mkdtemp(prefix=f"clickfold-case-{number}-"))
            (folder / "events.csv").write_text(file, newline="")
            (folder / "query.json").write_text(json.dumps(case.query, indent=1))
            (folder / "query.sql").write_text(case.sql)
            (folder / "answers.txt").write_text(f"DuckDB\n{expected}\n\nClickfold\n{got}\n")
            if failed <= 5:
                print(f"case {number} differs: {folder}\n  {json.dumps(case.query)}\n  {case.sql}\n  {str(got)[:300]}", flush=True)
    print(f"conformance: {options.cases - failed} passed, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
