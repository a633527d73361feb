"""The same question in DuckDB's SQL, from the query's JSON and the generator's own types alone."""

from files import MICROS

INTERVALS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months", "y": "years"}
MICROSECONDS = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}
SQL_TYPES = {"int": "BIGINT", "bool": "BOOLEAN", "text": "VARCHAR", "uuid": "VARCHAR", "null": "VARCHAR", "time": "TIMESTAMP"}
COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "from": ">=", "to": "<="}


def name(text):
    return '"' + text.replace('"', '""') + '"'


def string(text):
    return "'" + text.replace("'", "''") + "'"


def load(connection, file):
    """The file as the table `events`, typed cell by cell; `row` is the place in the file."""
    def value(v):
        return "NULL" if v is None else string(str(v).lower() if isinstance(v, bool) else f"{v}")
    columns = ["row INTEGER"] + [f"c{i} VARCHAR" for i in range(len(file.columns))]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cells ({', '.join(columns)})")
    rows = [f"({i}," + ",".join(value(v) for _, v in row) + ")" for i, row in enumerate(file.rows)]
    for start in range(0, len(rows), 2_000):
        connection.execute(f"INSERT INTO cells VALUES {','.join(rows[start:start + 2_000])}")

    def typed(i, column):
        if column.kind == "time":
            return f"make_timestamp(CAST(c{i} AS BIGINT)) AS {name(column.name)}"
        sql_type = SQL_TYPES.get(column.kind) or f"DECIMAL(18,{column.scale})"
        return f"CAST(c{i} AS {sql_type}) AS {name(column.name)}"
    select = ", ".join(typed(i, c) for i, c in enumerate(file.columns))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE events AS SELECT row, {select} FROM cells")


def instant(text):
    """When a written time begins, as SQL, and how long what is written lasts."""
    from datetime import datetime, timezone
    body = text.replace("T", " ")
    lasts = {10: "1 day", 13: "1 hour", 16: "1 minute"}.get(len(body), "1 second")
    body += {10: " 00:00:00", 13: ":00:00", 16: ":00"}.get(len(body), "")
    moment = datetime.fromisoformat(body.replace("Z", "+00:00"))
    moment = moment.replace(tzinfo=moment.tzinfo or timezone.utc)
    delta = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return f"make_timestamp({(delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds})", lasts


def compare(column, op, literal, types):
    """One comparison, in SQL, where null makes it null."""
    left, kind, unit = name(column), *types[column]
    if op in ("in", "not_in"):
        each = [compare(column, "eq", one, types) for one in literal]
        found = "(" + " OR ".join(each) + ")"
        return found if op == "in" else f"(NOT {found})"
    if literal is None:
        return "CAST(NULL AS BOOLEAN)"
    if op == "contains":
        return f"contains({left}, {string(literal)})"
    if op == "starts_with":
        return f"starts_with({left}, {string(literal)})"
    sign = COMPARE[op]
    if kind == "time":
        if not isinstance(literal, str):
            return f"({left} {sign} make_timestamp({literal * MICROS[unit]}))"
        start, lasts = instant(literal)
        return f"({left} < {start} + INTERVAL '{lasts}')" if op == "to" else f"({left} {sign} {start})"
    if kind in ("int", "decimal"):
        return f"(CAST({left} AS DECIMAL(38,6)) {sign} CAST({string(str(literal))} AS DECIMAL(38,6)))"
    if kind == "float":
        return f"({left} {sign} CAST({string(str(literal))} AS DOUBLE))"
    if kind == "bool":
        return f"({left} {sign} CAST({string(str(literal).lower())} AS BOOLEAN))"
    return f"({left} {sign} {string(literal)})"


def where(condition, types):
    [first, *_] = condition
    if first in ("any", "all"):
        parts = [where(c, types) for c in condition[first]]
        joined = f" {'OR' if first == 'any' else 'AND'} ".join(parts)
        return f"({joined})" if parts else "FALSE" if first == "any" else "TRUE"
    if first == "not":
        return f"(NOT {where(condition['not'], types)})"
    if "column" not in condition:
        [(column, literal)] = condition.items()
        return f"({name(column)} IS NULL)" if literal is None else compare(column, "eq", literal, types)
    column = condition["column"]
    parts = []
    for op, literal in condition.items():
        if op == "is_null":
            parts.append(f"({name(column)} IS {'' if literal else 'NOT '}NULL)")
        elif op != "column":
            parts.append(compare(column, op, literal, types))
    return "(" + " AND ".join(parts) + ")"


def key_sql(key, types):
    if isinstance(key, str):
        return f"{name(key)} AS {name(key)}"
    column = key["column"]
    sql, kind = name(column), types[column][0]
    if "every" in key:
        interval = interval_of(key["every"])
        if "timezone" in key:
            sql = f"time_bucket({interval}, {sql} AT TIME ZONE 'UTC', {string(key['timezone'])}) AT TIME ZONE 'UTC'"
        else:
            sql = f"time_bucket({interval}, {sql})"
    if "null_as" in key:
        literal = key["null_as"]
        other = instant(literal)[0] if kind == "time" else string(str(literal).lower() if kind == "bool" else str(literal))
        sql = f"coalesce({sql}, {other})"
    return f"{sql} AS {name(key.get('as', column))}"


def measure_sql(measure, out, types, scales, conditions):
    column = measure.get("column")
    if measure["fn"] == "trend":
        by = name(measure["by"])
        age = f"((SELECT epoch_us(max({by})) FROM events WHERE {conditions}) - epoch_us({by}))"
        weight = f"CAST({name(column)} AS DOUBLE)" if column else "1"
        return f"fsum({weight} * power(2, -{age} / {MICROSECONDS[measure['half_life'][-1]] * int(measure['half_life'][:-1])})) AS {name(out)}"
    sql = {"count": f"count({name(column) if column else '*'})",
           "count_distinct": f"count(DISTINCT {name(column or '')})"}.get(measure["fn"], f"{measure['fn']}({name(column or '')})")
    if measure["fn"] == "avg":  # one division of exact integers, so that equal means are equal
        units = f"CAST(CAST({name(column)} AS DECIMAL(38,{scales[column]})) * {10 ** scales[column]} AS HUGEINT)"
        sql = f"CAST(sum({units}) AS DOUBLE) / nullif(count({name(column)}) * {10 ** scales[column]}, 0)"
    if measure["fn"] in ("stddev", "var"):  # from exact sums, as DuckDB's own running means lose digits
        units = f"CAST(CAST({name(column)} AS DECIMAL(38,{scales[column]})) * {10 ** scales[column]} AS HUGEINT)"
        n, unit = f"count({name(column)})", float(10 ** scales[column])
        above = f"CAST({n} * sum({units} * {units}) - sum({units}) * sum({units}) AS DOUBLE)"
        variance = f"{above} / nullif({n} * ({n} - 1), 0)"
        sql = f"sqrt({variance}) / {unit}" if measure["fn"] == "stddev" else f"{variance} / ({unit} * {unit})"
    if measure["fn"] in ("median", "quantile"):
        sql = f"quantile_cont(CAST({name(column)} AS DOUBLE), {measure.get('q', 0.5)})"
    if measure["fn"] in ("first", "last"):
        by = name(measure["by"]) + (" DESC" if measure["fn"] == "last" else "")
        known = f"{name(column)} IS NOT NULL AND {name(measure['by'])} IS NOT NULL"
        sql = f"first({name(column)} ORDER BY {by}, {name(column)}) FILTER (WHERE {known})"
    return f"{sql} AS {name(out)}"


def order(specs):
    return [f"{name(s.lstrip('-'))} {'DESC' if s.startswith('-') else 'ASC'} NULLS LAST" for s in specs]


def rank_sql(rank, ties):
    fn, by = rank["fn"], order(rank["by"])
    call = {"ntile": f"ntile({rank.get('n')})"}.get(fn, f"{fn}()")
    if fn in ("lag", "lead"):
        call = f"{fn}({name(rank['column'])}, {rank.get('offset', 1)})"
    if fn in ("row_number", "ntile", "lag", "lead"):
        by = by + ties  # where SQL leaves ties open
    over = (["PARTITION BY " + ", ".join(map(name, rank["within"]))] if rank.get("within") else []) + (
        ["ORDER BY " + ", ".join(by)] if by else [])
    return f"{call} OVER ({' '.join(over)}) AS {name(rank.get('as', fn))}"


def interval_of(every, times=1):
    digits = every.rstrip("smhdwoqy")
    n, unit = int(digits) * times, every[len(digits):]
    return f"INTERVAL '{3 * n} months'" if unit == "q" else f"INTERVAL '{n} {INTERVALS[unit]}'"


def previous_sql(out, measure, inner, base, keys, names):
    """The rows with what a measure was some steps of the time key earlier, by a join of the rows with themselves."""
    at = next(i for i, key in enumerate(keys) if isinstance(key, dict) and "every" in key)
    every, zone, time = keys[at]["every"], keys[at].get("timezone", "UTC"), f"t.{name(names[at])}"
    back = interval_of(every, measure.get("offset", 1))
    earlier = f"{time} - {back}"
    if every[-1] not in "smh":
        local = f"date_trunc('day', {time} AT TIME ZONE 'UTC' AT TIME ZONE {string(zone)})"
        earlier = f"({local} - {back}) AT TIME ZONE {string(zone)} AT TIME ZONE 'UTC'"
        start = f"time_bucket({interval_of(every)}, {time} AT TIME ZONE 'UTC', {string(zone)}) AT TIME ZONE 'UTC'"
        earlier = f"CASE WHEN {time} = {start} THEN {earlier} END"
    same = [f"p.{name(n)} IS NOT DISTINCT FROM t.{name(n)}" for i, n in enumerate(names) if i != at]
    on = " AND ".join([f"p.{name(names[at])} = {earlier}", *same])
    return f"SELECT t.*, p.{name(measure['of'])} AS {name(out)} FROM ({inner}) t LEFT JOIN ({base}) p ON {on}"


def running_sql(out, measure, inner, keys, names):
    buckets = [n for key, n in zip(keys, names) if isinstance(key, dict) and "every" in key]
    by = measure.get("by", buckets[:1])
    within = measure.get("within", [n for n in names if n not in [b.lstrip("-") for b in by]])
    ordered = order(by) + order(names)
    over = (["PARTITION BY " + ", ".join(map(name, within))] if within else []) + (
        ["ORDER BY " + ", ".join(ordered)] if ordered else [])
    frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    return f"SELECT *, sum({name(measure['of'])}) OVER ({' '.join(over)} {frame}) AS {name(out)} FROM ({inner})"


def retention_sql(query, types):
    """One row for each cohort and period: who started, in which bucket, and the buckets of the events since then."""
    def fulfils(conditions):
        conditions = conditions if isinstance(conditions, list) else [conditions] if conditions else []
        return "coalesce(" + (" AND ".join(where(c, types) for c in conditions) or "TRUE") + ", FALSE)"
    every, zone, periods = query.get("every", "1d"), query.get("timezone"), query.get("periods", 7)
    interval = interval_of(every)
    def bucket(time):
        if zone:
            return f"time_bucket({interval}, {time} AT TIME ZONE 'UTC', {string(zone)}) AT TIME ZONE 'UTC'"
        return f"time_bucket({interval}, {time})"
    def steps(start, end):
        digits = every.rstrip("smhdwoqy")
        n, unit = int(digits), every[len(digits):]
        if unit in ("s", "m", "h"):
            return f"(epoch({end}) - epoch({start}))::BIGINT // {n * {'s': 1, 'm': 60, 'h': 3_600}[unit]}"
        day = [f"CAST({t} AT TIME ZONE 'UTC' AT TIME ZONE {string(zone or 'UTC')} AS DATE)" for t in (start, end)]
        part, width = {"d": ("day", 1), "w": ("day", 7), "mo": ("month", 1), "q": ("month", 3), "y": ("month", 12)}[unit]
        return f"date_diff('{part}', {', '.join(day)}) // {n * width}"
    conditions = " AND ".join(where(c, types) for c in query.get("where", [])) or "TRUE"
    actor, time = name(query["actor"]), name(query["time"])
    counted = "r.n >= p.n" if query.get("counting") == "on_or_after" else "r.n = p.n"
    return f"""
        WITH e AS (SELECT {actor} AS a, {time} AS t, {fulfils(query.get("start"))} AS s, {fulfils(query.get("return"))} AS r
                   FROM events WHERE {conditions} AND {actor} IS NOT NULL AND {time} IS NOT NULL),
             f AS (SELECT a, min(t) AS first, {bucket("min(t)")} AS cohort FROM e WHERE s GROUP BY a),
             r AS (SELECT f.a, cohort, {steps("cohort", bucket("t"))} AS n FROM e JOIN f ON e.a = f.a WHERE r AND t >= first),
             c AS (SELECT cohort, count(*) AS size FROM f GROUP BY cohort),
             p AS (SELECT cohort, size, unnest(range({periods + 1})) AS n FROM c),
             l AS (SELECT {bucket("max(t)")} AS last FROM e),
             h AS (SELECT p.*, n < {steps("cohort", "last")} AS complete FROM p, l WHERE n <= greatest({steps("cohort", "last")}, 0)),
             k AS (SELECT p.cohort, p.n, count(DISTINCT r.a) AS actors FROM h p JOIN r ON r.cohort = p.cohort AND {counted} GROUP BY 1, 2)
        SELECT epoch_us(h.cohort), h.n, coalesce(k.actors, 0), coalesce(k.actors, 0) / CAST(h.size AS DOUBLE), h.size, h.complete
        FROM h LEFT JOIN k ON k.cohort = h.cohort AND k.n = h.n ORDER BY h.cohort, h.n"""


def sql_of(query, answer, file):
    types = {c.name: (c.kind, c.unit) for c in file.columns}
    if query["kind"] == "retention":
        return retention_sql(query, types)
    scales = {c.name: c.scale for c in file.columns}
    conditions = " AND ".join(where(c, types) for c in query.get("where", [])) or "TRUE"
    rank = query.get("rank")
    if query["kind"] == "rows":
        inner, ties = f"SELECT * FROM events WHERE {conditions}", ["row ASC"]
        by = ties
    else:
        keys = [key_sql(key, types) for key in query.get("group_by", [])]
        key_names = [out.name for out in answer[:len(keys)]]
        measures = [measure_sql(m, out, types, scales, conditions) for out, m in query.get("measures", {}).items() if "of" not in m]
        grouped = f" GROUP BY {', '.join(str(i + 1) for i in range(len(keys)))}" if keys else ""
        inner = f"SELECT {', '.join(keys + measures)} FROM events WHERE {conditions}{grouped}"
        base = inner
        for out, m in query.get("measures", {}).items():
            if m["fn"] == "previous":
                inner = previous_sql(out, m, inner, base, query["group_by"], key_names)
            elif m["fn"] == "running_sum":
                inner = running_sql(out, m, inner, query.get("group_by", []), key_names)
        types = {out.name: (out.kind, out.unit) for out in answer}
        having = " AND ".join(where(c, types) for c in query.get("having", []))
        inner = f"SELECT * FROM ({inner}) WHERE {having}" if having else inner
        ties = order(key_names)
        by = (order(rank.get("within", [])) + order(rank["by"]) if rank else []) + ties
    if query.get("order_by"):
        by = order(query["order_by"]) + ties
    if rank:
        inner = f"SELECT *, {rank_sql(rank, ties)} FROM ({inner})"
        if "keep" in rank:
            inner = f"SELECT * FROM ({inner}) WHERE {name(rank.get('as', rank['fn']))} <= {rank['keep']}"
    shown = ", ".join(f"epoch_us({name(o.name)})" if o.kind == "time" else name(o.name) for o in answer)
    ordered = f" ORDER BY {', '.join(by)}" if by else ""
    limit = f" LIMIT {query['limit']}" if "limit" in query else ""
    return f"SELECT {shown} FROM ({inner}){ordered}{limit}"
