"""Questions about real files, answered by Clickfold and by DuckDB's own CSV reader and SQL, compared row by row.

    python tests/conformance/real.py --binary target/release/clickfold

The files lie in the folder that CLICKFOLD_SHARED names, `../shared` if it names none; without it nothing is asked.
"""

import argparse
import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb

COUNT = {"n": {"fn": "count"}}
PLACE = {"as": "place", "fn": "rank", "by": ["-n"]}
TIANCHI, RETAIL, REES46 = "tianchi_mobile/sample_user_behavior.csv", "online_retail/online_retail_all.csv.gz", "rees46/2019-Oct.csv"

# DuckDB reads every column as text: the casts below are all that it knows of types.
CASES = [
    # How often was each item clicked, and which place does that give it?
    (TIANCHI,
     {"where": [{"behavior_type": 1}], "group_by": ["item_id"], "measures": COUNT, "rank": PLACE},
     """SELECT item_id, count(*) n, rank() OVER (ORDER BY count(*) DESC) FROM events WHERE behavior_type = '1'
        GROUP BY item_id ORDER BY n DESC, CAST(item_id AS BIGINT)"""),
    # Which are the two most frequent kinds of event in each category, by how many users?
    (TIANCHI,
     {"group_by": ["item_category", "behavior_type"],
      "measures": COUNT | {"users": {"fn": "count_distinct", "column": "user_id"}},
      "rank": {"as": "place", "fn": "dense_rank", "within": ["item_category"], "by": ["-n"], "keep": 2}},
     """SELECT item_category, behavior_type, count(*) n, count(DISTINCT user_id),
        dense_rank() OVER (PARTITION BY item_category ORDER BY count(*) DESC) place FROM events
        GROUP BY item_category, behavior_type QUALIFY place <= 2 ORDER BY CAST(item_category AS INT), n DESC, behavior_type"""),
    # How many purchases in each hour?
    (TIANCHI,
     {"where": [{"behavior_type": 4}], "group_by": [{"column": "time", "every": "1h"}], "measures": COUNT},
     """SELECT strftime(strptime(time, '%Y-%m-%d %H'), '%Y-%m-%dT%H:00:00Z') t, count(*) FROM events
        WHERE behavior_type = '4' GROUP BY t ORDER BY t"""),
    # What was sold, at what prices? Some descriptions hold quotes and commas, some are missing.
    (RETAIL,
     {"where": [{"column": "Quantity", "gt": 0}], "group_by": ["StockCode", "Description"],
      "measures": {"lines": {"fn": "count"}, "pieces": {"fn": "sum", "column": "Quantity"},
                   "dearest": {"fn": "max", "column": "UnitPrice"}},
      "order_by": ["-pieces"]},
     """SELECT StockCode, Description, count(*), sum(CAST(Quantity AS INT)) pieces, max(CAST(UnitPrice AS DECIMAL(18, 3)))
        FROM events WHERE CAST(Quantity AS INT) > 0 GROUP BY ALL
        ORDER BY pieces DESC, StockCode NULLS LAST, Description NULLS LAST"""),
    # How many carts and purchases has each brand, and of how many sessions?
    (REES46,
     {"where": [{"column": "event_type", "in": ["cart", "purchase"]}], "group_by": ["brand", "category_id"],
      "measures": COUNT | {"sessions": {"fn": "count_distinct", "column": "user_session"},
                           "turnover": {"fn": "sum", "column": "price"}}},
     """SELECT brand, category_id, count(*), count(DISTINCT user_session), sum(CAST(price AS DECIMAL(18, 2))) FROM events
        WHERE event_type IN ('cart', 'purchase') GROUP BY brand, category_id ORDER BY brand NULLS LAST, CAST(category_id AS BIGINT)"""),
]


def clickfold(binary, path, query):
    done = subprocess.run([binary, "query", json.dumps({"kind": "aggregate"} | query), "-", "--format", "csv"],
                          input=unpacked(path), capture_output=True, check=True)
    return list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))[1:]


def unpacked(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def by_duckdb(path, sql):
    connection = duckdb.connect()
    # A row cut off by the end of the file is a reject of ours; DuckDB leaves it out too.
    connection.execute(f"CREATE VIEW events AS FROM read_csv('{path}', header = true, all_varchar = true, ignore_errors = true)")
    return [["" if value is None else str(value) for value in row] for row in connection.execute(sql).fetchall()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/clickfold")
    args = parser.parse_args()
    folder = Path(os.environ.get("CLICKFOLD_SHARED", "../shared")) / "data"
    if not folder.is_dir():
        print(f"real files: none at {folder}, nothing was asked")
        return 0
    failed = 0
    for name, query, sql in CASES:
        got, expected = clickfold(args.binary, folder / name, query), by_duckdb(folder / name, sql)
        if len(expected) < 10 or got != expected:
            failed += 1
            print(f"{name}: {json.dumps(query)}\n  {len(expected)} rows expected, found {len(got)}")
            for a, b in [pair for pair in zip(expected, got) if pair[0] != pair[1]][:3]:
                print(f"  expected {a}, found {b}")
    print(f"real files: {len(CASES) - failed} questions answered as by DuckDB, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
