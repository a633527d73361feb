"""Random questions about events, whose SQL is run in Spark and compared with Clickfold's own answer.

    python tests/conformance/spark.py --cases 200 [--kind aggregate] [--seed S] --binary target/release/clickfold

Needs pyspark and duckdb, and Java. The questions are those of `events.py`; `--cases` is for each kind.
"""

import importlib
import json
import os
import random
import sys
import tempfile
import time

from pyspark.sql import SparkSession

from events import COLUMNS, QUESTIONS_PER_FILE, Events, arguments, difference, random_events


def open_spark():
    local = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
    settings = local | {"spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "1"}
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def load(spark, path):
    types = ", ".join(f"{name} {'STRING' if kind == 'VARCHAR' else kind}" for name, kind in COLUMNS.items())
    read = spark.read.schema(types).option("header", True).option("timestampFormat", "yyyy-MM-dd HH:mm:ss")
    read.csv(str(path)).createOrReplaceTempView("events")


def problem(spark, query, events, sql):
    got = events.answer(query)
    rows = [list(row) for row in spark.sql(sql).collect()]
    found = difference(rows, got)
    return f"{found}\n{sql}" if found else None


def main():
    os.environ["TZ"] = "UTC"  # Spark gives times by the process's clock
    time.tzset()
    args, names, seed = arguments(__doc__)
    spark, failed = open_spark(), 0
    with tempfile.TemporaryDirectory() as folder:
        events = Events(args.binary, folder)
        for name in names:
            module, bad, unsaid = importlib.import_module(f"kinds.{name}"), 0, 0
            for number in range(args.cases):
                if number % QUESTIONS_PER_FILE == 0:
                    events.load(random_events(random.Random(f"{seed}/{name}/{number}")))
                    load(spark, events.path)
                query = module.question(random.Random(f"{seed}/{name}/{number}/query"))
                sql = events.sql(query, "spark")
                if sql is None:
                    unsaid += 1
                elif found := problem(spark, query, events, sql):
                    bad += 1
                    print(f"\n{name}, case {number} of seed {seed}: {json.dumps(query)}\n{events.path.read_text()}{found}")
            print(f"{name}: {args.cases - bad - unsaid} passed, {bad} failed, {unsaid} not said in SQL (seed {seed})", flush=True)
            failed += bad
    spark.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
