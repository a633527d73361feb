"""Questions in the SQL that Clickfold says, run in the system that it is meant for."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

from files import DIGITS, MICROS

CLICKHOUSE_TYPES = {"int": "Int64", "bool": "Bool", "text": "String", "uuid": "String", "null": "String"}


def duckdb_rows(connection, sql):
    """DuckDB's rows of its table `events`, times as microseconds."""
    def micros(value):
        return round((value - datetime(1970, 1, 1)).total_seconds() * 1_000_000) if isinstance(value, datetime) else value
    return [[micros(value) for value in row] for row in connection.execute(sql).fetchall()]


class ClickHouse:
    """ClickHouse in this process, with the table `events`."""

    def __init__(self):
        from chdb import session
        self.session = session.Session()
        self.session.query("SET date_time_output_format = 'iso'")

    def load(self, file):
        def column_type(column):
            if column.kind == "time":
                return f"DateTime64({DIGITS[column.unit]}, 'UTC')"
            return CLICKHOUSE_TYPES.get(column.kind) or f"Decimal(18, {column.scale})"

        def literal(value, column):
            if value is None:
                return "NULL"
            if column.kind == "time":
                moment = datetime(1970, 1, 1) + timedelta(microseconds=value)
                fraction = f".{moment.microsecond // MICROS[column.unit]:0{DIGITS[column.unit]}}" if column.unit != "s" else ""
                return f"'{moment.year:04}-{moment:%m-%d %H:%M:%S}{fraction}'"
            if column.kind in ("int", "bool"):
                return str(value).lower()
            if column.kind == "decimal":
                return f"'{value:f}'"
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        names = [f"`{column.name}`" for column in file.columns]
        types = ", ".join(f"{name} Nullable({column_type(column)})" for name, column in zip(names, file.columns))
        self.session.query("DROP TABLE IF EXISTS events")
        self.session.query(f"CREATE TABLE events ({types}) ENGINE = Memory")
        rows = ["(" + ", ".join(literal(value, c) for (_, value), c in zip(row, file.columns)) + ")" for row in file.rows]
        for start in range(0, len(rows), 1_000):
            self.session.query(f"INSERT INTO events VALUES {', '.join(rows[start:start + 1_000])}")

    def rows(self, sql):
        """The rows, times as text of ISO 8601."""
        text = self.session.query(sql, "JSONCompactEachRow").bytes().decode()
        return [json.loads(line, parse_float=Decimal) for line in text.split("\n") if line]
