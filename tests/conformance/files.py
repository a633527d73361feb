"""Random small event files: what is written, and what it means by the generator's own knowledge."""

import re
import uuid
from dataclasses import dataclass, field
from decimal import Decimal

MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1}
DIGITS = {"s": 0, "ms": 3, "us": 6}

TEXTS = ["a", "b", "B", "view", "cart", "buy, now", 'say "hi"', "two\nlines", "cr\r\nlf", "ä", "日本", "z\u0301", "007",
         "=1+1", "-x", "@me", "a ", " a", "a;b", "tab\tbed", "x'y", "99999999999999999999", "None", "nan", "1e5", "2017-13-01"]
IDS = [2053013555631882655, 2053013555631882656, 2053013555631882657, 9007199254740993, 9007199254740992,
       9223372036854775807, -9223372036854775807, 1]
# Around days on which clocks change, ends of months, quarters and years.
DAYS = ["2017-11-25", "2017-11-26", "2017-11-27", "2017-12-03", "2017-12-31", "2018-01-01", "2018-02-18", "2018-11-04",
        "2024-02-29", "2024-03-10", "2024-03-11", "2024-03-31", "2024-04-01", "2024-04-06", "2024-10-27", "2024-11-03",
        "2024-11-04"]
CLOCKS = ["00:00:00", "00:30:00", "02:30:00", "03:59:59", "04:00:00", "05:00:00", "06:30:00", "06:59:59", "07:00:00",
          "14:45:00", "15:15:00", "16:00:00", "23:59:59"]
UUIDS = ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "7fffffff-ffff-ffff-ffff-ffffffffffff",
         "80000000-0000-0000-0000-000000000000", "80000000-0000-0000-0000-000000000001", "72d76fde-8bb3-4e00-8c23-a032dfed738c"]
EPOCH_DAYS = 719_163


@dataclass
class Column:
    name: str
    kind: str  # int, decimal, time, bool, uuid, text, null
    scale: int = 0
    unit: str = "s"
    summable: bool = True


@dataclass
class File:
    columns: list[Column]
    rows: list[list]  # of (spelling, value): value is None, int, Decimal, bool, str, or microseconds since 1970
    anchor: int = 0  # the row that fixes every column's type
    separator: str = ","
    line_end: str = "\n"
    quote_all: bool = False
    last_line_end: bool = True
    old: bool = field(default=False)  # has times before 1970

    def text(self):
        def cell(spelling):
            special = any(c in spelling for c in self.separator + '"\n\r')
            return '"' + spelling.replace('"', '""') + '"' if special or self.quote_all else spelling
        lines = [self.separator.join(c.name for c in self.columns)]
        lines += [self.separator.join(cell(spelling) for spelling, _ in row) for row in self.rows]
        return self.line_end.join(lines) + (self.line_end if self.last_line_end else "")

    def settle(self):
        """Scales and units follow the cells that are there."""
        for i, column in enumerate(self.columns):
            spellings = [row[i][0] for row in self.rows if row[i][1] is not None]
            if column.kind == "decimal":
                column.scale = max((len(s.partition(".")[2]) for s in spellings), default=0)
            if column.kind == "time" and not spellings[0].isdigit():
                fraction = max((len(re.match(r"\d*", s.partition(".")[2])[0]) for s in spellings), default=0)
                column.unit = "s" if fraction == 0 else "ms" if fraction <= 3 else "us"
        return self


def days_since_1970(day):
    from datetime import date
    return date.fromisoformat(day).toordinal() - EPOCH_DAYS


def micros_of(day, clock="00:00:00", fraction=""):
    h, m, s = map(int, clock.split(":"))
    seconds = days_since_1970(day) * 86_400 + h * 3_600 + m * 60 + s
    return seconds * 1_000_000 + int((fraction + "000000")[:6])


def time_cell(rng, style):
    day = "1969-12-31" if style["old"] and rng.random() < 0.2 else rng.choice(DAYS)
    if style["name"] == "day":
        return (day.replace("-", "/") if style["slash"] else day), micros_of(day)
    clock = rng.choice(CLOCKS) if rng.random() < 0.8 else f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
    if style["name"] == "epoch":
        per = {"s": 1, "ms": 1_000, "us": 1_000_000}[style["unit"]]
        fraction = f"{rng.choice([0, 0, 1, per - 1]):0{DIGITS[style['unit']]}}" if per > 1 else ""
        micros = micros_of(day, clock, fraction)
        return str(micros // MICROS[style["unit"]]), micros
    if style["name"] == "mixed" and rng.random() < 0.3:
        return day, micros_of(day)
    fraction = "".join(rng.choice("059") for _ in range(rng.choice([0, style["digits"]])))
    zone, minutes = rng.choice(style["zones"])
    spelling = day + style["between"] + clock + ("." + fraction if fraction else "") + zone
    return spelling, micros_of(day, clock, fraction) - minutes * 60_000_000


def random_file(rng, n_rows=None):
    """A file in which one row, somewhere, has a value in every column."""
    style = {"name": rng.choice(["day", "clock", "clock", "mixed", "epoch", "epoch"]), "unit": rng.choice(["s", "ms", "us"]),
             "digits": rng.choice([0, 0, 3, 6, 1]), "between": rng.choice([" ", "T"]), "slash": rng.random() < 0.2,
             "old": rng.random() < 0.2,
             "zones": rng.choice([[("", 0)], [("Z", 0)], [(" UTC", 0)], [("+02:00", 120), ("-05:30", -330), ("Z", 0)]])}
    if style["name"] == "epoch":
        style["old"] = False
    texts = rng.sample(TEXTS, rng.randrange(2, 9)) + ["view"]
    wide = rng.random() < 0.1
    many = rng.random() < 0.2  # of the values that are few otherwise

    def cell(kind):
        if kind == "user":
            v = rng.choice([1, 2, 3, -3, 0, 70_000, 2 ** 31, -129]) if not many else rng.randrange(-1_000, 100_000)
            return str(v), v
        if kind == "qty":
            v = rng.randrange(-3, 4)
            return str(v), v
        if kind == "category_id":
            v = rng.choice(IDS)
            return str(v), v
        if kind in ("price", "tax"):
            digits = rng.choice([0, 1, 2, 2, 3 if kind == "tax" else 2])
            whole = rng.choice([0, 0, 1, 2, 5, 10 ** 12 if wide else 7])
            sign = "-" if rng.random() < 0.2 else ""
            fraction = "".join(rng.choice("0059") for _ in range(digits))
            text = sign + str(whole) + ("." + fraction if fraction else "")
            if sign and not Decimal(text):
                text = text[1:]  # there is no minus zero among exact numbers
            return text, Decimal(text)
        if kind in ("item", "action"):
            v = rng.choice(texts if kind == "item" else ["view", "cart", "buy", "fav"])
            if kind == "item" and many:
                v += f" {rng.randrange(10_000)}"
            return v, v
        if kind == "visit":
            v = str(uuid.UUID(int=rng.getrandbits(128))) if many and rng.random() < 0.5 else rng.choice(UUIDS)
            return v, v
        if kind == "paid":
            v = rng.random() < 0.5
            return str(v).lower(), v
        if kind == "void":
            return "", None
        return time_cell(rng, style)

    kinds = {"user": "int", "qty": "int", "category_id": "int", "price": "decimal", "tax": "decimal", "item": "text",
             "action": "text", "visit": "uuid", "paid": "bool", "void": "null", "timestamp": "time"}
    names = ["user"] + rng.sample([k for k in kinds if k not in ("user", "timestamp")], rng.randrange(2, 8))
    names += ["timestamp"] if rng.random() < 0.8 else []
    rng.shuffle(names)
    columns = [Column(n, kinds[n], summable=n != "category_id", unit=style["unit"]) for n in names]
    n_rows = n_rows or (rng.choice([1, 2, 5, 12, 30, 30, 60]) if rng.random() < 0.98 else 5_000)
    nulls = rng.choice([0, 0.1, 0.3, 0.6])
    null = rng.choice(["", "", "", "NULL", "null", "\\N"])

    def row(full):
        cells = []
        for name in names:
            c = cell(name)
            while full and name in ("price", "tax") and "." not in c[0]:
                c = cell(name)
            if full and name == "item":
                c = ("view", "view")
            cells.append(c if full or rng.random() >= nulls else (null, None))
        return cells

    rows = [row(False) for _ in range(n_rows)]
    anchor = rng.randrange(n_rows)
    rows[anchor] = row(True)
    if rng.random() < 0.3:
        rows += [rng.choice(rows) for _ in range(n_rows // 2)]
    return File(columns, rows, anchor, rng.choice([",", ",", ",", ";", "\t", "|"]), rng.choice(["\n", "\n", "\r\n"]),
                rng.random() < 0.1, rng.random() < 0.8, style["old"]).settle()
