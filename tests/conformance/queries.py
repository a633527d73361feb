"""Random questions that a file can answer."""

from decimal import Decimal
from files import DAYS, CLOCKS, DIGITS, UUIDS

COMPARE = ["eq", "ne", "lt", "lte", "gt", "gte", "from", "to", "in", "not_in"]
WIDTHS = ["15m", "1h", "6h", "1d", "2d", "1w", "2w", "1mo", "1q", "1y"]
ZONES = ["America/New_York", "Asia/Shanghai", "Europe/Berlin", "Asia/Kolkata",
         "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe"]
RANKS = ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"]


class Output:
    """A column of an answer, or of the file: what it is called and what it holds."""

    def __init__(self, name, kind, scale=0, unit="s", samples=(), orders=True, error=0):
        self.name, self.kind, self.scale, self.unit, self.samples, self.orders = name, kind, scale, unit, samples, orders
        self.error = error


def outputs_of(file):
    return [Output(c.name, c.kind, c.scale, c.unit, [row[i][1] for row in file.rows[:40] if row[i][1] is not None])
            for i, c in enumerate(file.columns)]


def literal(rng, column, op):
    """A literal that a column of that type can be compared with."""
    sample = rng.choice(column.samples) if column.samples and rng.random() < 0.8 else None
    if rng.random() < 0.03:
        return None
    if column.kind == "int":
        v = (sample if sample is not None else rng.randrange(-3, 6)) + rng.choice([0, 0, 0, 1, -1])
        v = min(max(v, -2 ** 63), 2 ** 63 - 1)
        if abs(v) < 10 ** 9 and rng.random() < 0.15:
            return rng.choice([v + 0.5, f"{v}.25"])
        return str(v) if rng.random() < 0.2 else v
    if column.kind == "decimal":
        v = sample if sample is not None else Decimal(rng.randrange(-20, 60)) / 8
        v += rng.choice([Decimal(0), Decimal(0), Decimal("0.005"), Decimal("-0.01")])
        return f"{v:f}" if rng.random() < 0.3 or abs(v) > 10 ** 9 else float(v)
    if column.kind == "float":
        return rng.randrange(-8, 12) / 2
    if column.kind == "bool":
        return rng.choice([True, False, "true", "false"])
    if column.kind == "time":
        if sample is not None and rng.random() < 0.15 and op != "to":
            return sample * 10 ** DIGITS[column.unit] // 1_000_000  # as the column counts
        day, clock = rng.choice(DAYS), rng.choice(CLOCKS)
        return rng.choice([day, day, f"{day} {clock[:2]}", f"{day}T{clock[:5]}", f"{day} {clock}", f"{day}T{clock}Z",
                           f"{day}T{clock}+02:00"] + ([] if op == "to" else [f"{day}T{clock}.500Z"]))
    text = sample if sample is not None else rng.choice(["view", "zz", "b"])
    if op in ("contains", "starts_with"):
        start = 0 if op == "starts_with" else rng.randrange(len(text))
        return text[start:start + rng.randrange(1, 4)]
    return text


def condition(rng, columns, depth=0):
    if depth < 3 and rng.random() < 0.35:
        branch = rng.choice(["any", "all", "not"])
        if branch == "not":
            return {"not": condition(rng, columns, depth + 1)}
        return {branch: [condition(rng, columns, depth + 1) for _ in range(rng.choice([0, 1, 2, 2, 3]))]}
    column = rng.choice(columns)
    if rng.random() < 0.12:
        return {"column": column.name, "is_null": rng.random() < 0.5}
    if rng.random() < 0.15 and column.kind != "float" and column.name not in ("any", "all", "not", "column"):
        return {column.name: literal(rng, column, "eq")}
    found = {"column": column.name}
    for _ in range(rng.choice([1, 1, 1, 2])):
        if column.kind in ("text", "uuid", "null"):
            op = rng.choice(COMPARE + ["contains", "starts_with"])
        elif column.kind == "bool":
            op = rng.choice(["eq", "ne", "in", "not_in"])
        elif column.kind == "float":
            op = rng.choice(["lt", "lte", "gt", "gte"])
        else:
            op = rng.choice(COMPARE)
        many = op in ("in", "not_in")
        found[op] = [literal(rng, column, op) for _ in range(rng.randrange(1, 4))] if many else literal(rng, column, op)
    return found


def group_key(rng, column, at, file):
    key = {"column": column.name}
    out = Output(column.name, column.kind, column.scale, column.unit, column.samples)
    if column.kind == "time" and rng.random() < 0.8:
        key["every"] = rng.choice(WIDTHS)
        # Left out: hours by a zone's clock where DuckDB, which counts elapsed time from 2000-01-03, is not on that clock:
        # several at once, in old files, and where clocks move by part of an hour, as on Lord Howe Island.
        zone = rng.choice(ZONES)
        by_elapsed_time = key["every"] == "6h" or (key["every"] in ("15m", "1h") and file.old)
        by_elapsed_time |= key["every"] == "1h" and zone in ("Australia/Lord_Howe", "Asia/Kathmandu")
        if rng.random() < 0.4 and not by_elapsed_time:
            key["timezone"] = zone
    if rng.random() < 0.2 and column.kind != "null":
        out.samples = out.samples or [0]
        key["null_as"] = {"int": -3, "decimal": "-5", "bool": False, "text": "view", "uuid": rng.choice(["none", *UUIDS[:2]]),
                          "time": "2017-11-25"}[column.kind]
    if len(key) > 1 or rng.random() < 0.3:
        out.name = f"key {at}" if rng.random() < 0.7 else f"k{at}"
        key["as"] = out.name
        return key, out
    return column.name, out


def measure(rng, columns, at):
    fn = rng.choice(["count", "count", "count_distinct", "sum", "avg", "min", "max", "stddev", "var", "median", "quantile",
                     "first", "last", "trend"])
    name = f"m{at}" if rng.random() < 0.8 else f"m,{at}"
    if fn == "count" and rng.random() < 0.5:
        return name, {"fn": fn}, Output(name, "int")
    # Squares of ids as large as category_id's are beyond exact sums.
    numbers = [c for c in columns if c.kind in ("int", "decimal") and (fn in ("avg", "median", "quantile") or c.name != "category_id")]
    orders = [c for c in columns if c.kind in ("int", "time")]
    if fn == "trend" and (times := [c.name for c in columns if c.kind == "time"]):
        spec = {"fn": fn, "half_life": rng.choice(["1s", "90m", "1h", "1d", "3w", "500w"]), "by": rng.choice(times)}
        if numbers and rng.random() < 0.5:
            spec["column"] = rng.choice(numbers).name
        return name, spec, Output(name, "float", orders=False, error=1e-9)
    fn = "min" if fn == "trend" else fn
    if fn in ("first", "last") and not orders or fn in ("stddev", "var", "median", "quantile") and not numbers:
        fn = "min"
    column = rng.choice(numbers if fn in ("sum", "avg", "stddev", "var", "median", "quantile") else columns)
    spec = {"fn": fn, "column": column.name}
    if fn in ("stddev", "var", "median", "quantile"):
        if fn == "quantile":
            spec["q"] = rng.choice([0, 0.25, 0.5, 0.9, 1])
        return name, spec, Output(name, "float", orders=False)
    if fn in ("first", "last"):
        spec["by"] = rng.choice(orders).name
    if fn in ("count", "count_distinct"):
        return name, spec, Output(name, "int")
    if fn == "avg":
        return name, spec, Output(name, "float", orders=column.name != "category_id")
    return name, spec, Output(name, column.kind, column.scale, column.unit, column.samples)


def derived(rng, keys, measures, at):
    """A measure of one of the measures, or nothing where the keys do not allow it."""
    buckets = [i for i, (key, _) in enumerate(keys) if isinstance(key, dict) and "every" in key]
    if len(buckets) == 1 and rng.random() < 0.6:
        of, _, out = rng.choice(measures)
        spec = {"fn": "previous", "of": of}
        if rng.random() < 0.4:
            spec["offset"] = rng.choice([0, 1, 2, 3, 12])
        return f"d{at}", spec, Output(f"d{at}", out.kind, out.scale, out.unit, out.samples, out.orders, out.error)
    exact = [(name, out) for name, spec, out in measures if out.kind in ("int", "decimal")
             and spec["fn"] in ("count", "count_distinct", "sum", "min", "max") and spec.get("column") != "category_id"]
    if not exact:
        return None
    of, out = rng.choice(exact)
    spec = {"fn": "running_sum", "of": of}
    usable = [o for _, o in keys] + [o for _, _, o in measures]
    if not buckets or rng.random() < 0.6:
        spec["by"] = ordering(rng, usable)
    if rng.random() < 0.5:
        spec["within"] = [name.lstrip("-") for name in ordering(rng, usable)]
    return f"d{at}", spec, Output(f"d{at}", out.kind, out.scale, out.unit)


def ordering(rng, columns, most=2):
    names = [c.name for c in columns if c.orders]
    return [rng.choice(["", "-"]) + name for name in rng.sample(names, min(len(names), rng.randrange(most + 1)))]


def rank(rng, columns):
    fn = rng.choice(RANKS)
    spec = {"fn": fn, "by": ordering(rng, columns) or ordering(rng, columns)}
    if rng.random() < 0.7:
        spec["as"] = "place"
    if rng.random() < 0.5:
        spec["within"] = [name.lstrip("-") for name in ordering(rng, columns)]
    if fn == "ntile":
        spec["n"] = rng.choice([1, 2, 3, 4, 100])
    kind, column = "int", None
    if fn in ("lag", "lead"):
        column = rng.choice(columns)
        spec["column"] = column.name
        if rng.random() < 0.6:
            spec["offset"] = rng.choice([0, 1, 2, 3])
    elif rng.random() < 0.4:
        spec["keep"] = rng.choice([0, 1, 1, 2, 3])
    if fn in ("percent_rank", "cume_dist"):
        kind = "float"
    name = spec.get("as", fn)
    if column is not None:
        return spec, Output(name, column.kind, column.scale, column.unit, orders=column.orders, error=column.error)
    return spec, Output(name, kind)


def retention(rng, columns):
    """A question who came back, and the columns of its answer; nothing where no column is a time or none an actor."""
    times = [c for c in columns if c.kind == "time"]
    actors = [c for c in columns if c not in times[:1]]
    if not times or not actors:
        return None
    time = times[0]
    query = {"kind": "retention", "actor": rng.choice(actors).name, "time": time.name}
    for key in ("start", "return"):
        if rng.random() < 0.5:
            conditions = [condition(rng, columns, 2) for _ in range(rng.choice([1, 1, 2]))]
            query[key] = conditions[0] if len(conditions) == 1 else conditions
    if rng.random() < 0.8:
        query["every"] = rng.choice(WIDTHS)
    if rng.random() < 0.5 and query.get("every", "1d")[-1] not in "mh":
        query["timezone"] = rng.choice(ZONES)
    if rng.random() < 0.7:
        query["periods"] = rng.choice([0, 1, 3, 12, 40])
    if rng.random() < 0.6:
        query["counting"] = rng.choice(["on", "on_or_after"])
    return query, [Output("cohort", "time", unit=time.unit), Output("period", "int"), Output("actors", "int"), Output("rate", "float"),
                   Output("size", "int"), Output("complete", "bool")]


def random_query(rng, file):
    """A question and the columns of its answer."""
    columns = outputs_of(file)
    if rng.random() < 0.1 and (asked := retention(rng, columns)):
        if rng.random() < 0.4:
            asked[0]["where"] = [condition(rng, columns)]
        return asked
    query = {"kind": "aggregate"} if rng.random() < 0.7 else {"kind": "rows"}
    if rng.random() < 0.6:
        query["where"] = [condition(rng, columns) for _ in range(rng.choice([1, 1, 2]))]
    if query["kind"] == "rows":
        answer = columns
        if rng.random() < 0.6:
            answer = rng.sample(columns, rng.randrange(1, len(columns) + 1))
            query["select"] = [c.name for c in answer]
        sortable = columns
    else:
        keyed = rng.sample(columns, rng.choice([0, 1, 1, 1, 2, 2, 3]) if len(columns) > 2 else 1)
        times = [c for c in columns if c.kind == "time"]
        if times and rng.random() < 0.3:
            keyed.append(times[0])
        keys = [group_key(rng, c, i, file) for i, c in enumerate(keyed)]
        names = [out.name for _, out in keys]
        keys = [k for i, k in enumerate(keys) if k[1].name not in names[:i]]
        answer = [out for _, out in keys]
        if keys:
            query["group_by"] = [key for key, _ in keys]
        measures = [measure(rng, columns, i) for i in range(rng.choice([0, 1, 1, 2, 3]) if keys else rng.randrange(1, 5))]
        if measures and rng.random() < 0.4:
            more = [derived(rng, keys, measures, i) for i in range(rng.randrange(1, 3))]
            measures += filter(None, more)
            rng.shuffle(measures)
        if measures:
            query["measures"] = {name: spec for name, spec, _ in measures}
            answer = answer + [out for _, _, out in measures]
        if rng.random() < 0.25 and (usable := [c for c in answer if c.orders]):
            query["having"] = [condition(rng, usable, 1)]
        sortable = answer
    if rng.random() < 0.55:
        query["rank"], ranked = rank(rng, sortable)
        answer = answer + [ranked]
        sortable = sortable + [ranked]
    if rng.random() < 0.5:
        query["order_by"] = ordering(rng, sortable)
    if rng.random() < 0.3:
        query["limit"] = rng.choice([0, 1, 2, 3, 10, 1000])
    return query, answer
