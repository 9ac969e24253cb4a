"""Random typed expressions, as trees that can be made smaller."""

import random

# Literals of each kind: plain ones, and one of each that stands for it when an expression is made smaller.
LITERALS = {
    "int": ["0", "1", "-1", "2", "3", "7", "-5", "100", "127", "128", "-129", "32768", "2147483647", "-2147483648", "2147483648", "9007199254740993", "9223372036854775807"],
    "float": ["0.0::DOUBLE", "-0.0::DOUBLE", "0.5::DOUBLE", "-2.25::DOUBLE", "1e10", "'NaN'::DOUBLE", "'inf'::DOUBLE", "'-inf'::DOUBLE", "1e-3"],
    "dec": ["0.0", "1.5", "-2.25", "0.1", "100.00", "12345678901234567.891", "CAST('0.005' AS DECIMAL(9,3))", "CAST(7 AS DECIMAL(18,4))"],
    "text": ["''", "' '", "'a'", "'A'", "'ab'", "'é'", "'日本'", "'%'", "'x''y'", "'10'", "'zz'"],
    "bool": ["true", "false"],
    "date": ["DATE '2024-01-15'", "DATE '2024-02-29'", "DATE '0001-01-01'", "DATE '9999-12-31'", "DATE '1969-12-31'"],
    "ts": ["TIMESTAMP '2024-01-15 10:30:00'", "TIMESTAMP '9999-12-31 00:00:00'", "TIMESTAMP '0001-01-01 00:00:00'", "TIMESTAMP '1969-12-31 23:59:59.999999'"],
    "tstz": ["TIMESTAMPTZ '2024-01-15 10:30:00+00'", "TIMESTAMPTZ '9999-12-31 00:00:00+00'", "TIMESTAMPTZ '2024-01-15 10:30:00+02'"],
    "list": ["[1, 2]", "[NULL, 1]", "[3]"],
    "struct": ["{{'a': 1, 'b': 'x'}}"],
    "time": ["TIME '12:00:00'", "TIME '00:00:00'"],
}
# Templates by the kind they make: `{}` is filled with an expression of the kind named beside.
TEMPLATES = {
    "int": [
        ("({} + {})", "int int"), ("({} - {})", "int int"), ("({} * {})", "int int"), ("(-{})", "int"), ("({} // {})", "int int"), ("({} % {})", "int int"),
        ("abs({})", "int"), ("sign({})", "int"), ("length({})", "text"), ("ascii({})", "text"), ("strpos({}, {})", "text text"), ("CAST({} AS INTEGER)", "bool"),
        ("CAST({} AS BIGINT)", "int"), ("CAST({} AS BIGINT)", "dec"), ("CAST({} AS INTEGER)", "float"), ("TRY_CAST({} AS INTEGER)", "text"),
        ("year({})", "date"), ("month({})", "date"), ("extract(day FROM {})", "ts"), ("extract(hour FROM {})", "ts"), ("dayofyear({})", "date"), ("isodow({})", "date"), ("week({})", "date"),
        ("date_diff('day', {}, {})", "date date"), ("date_diff('hour', {}, {})", "ts ts"), ("({} - {})", "date date"), ("len({})", "list"), ("{}[1]", "list"), ("{}[-1]", "list"),
        ("list_sum({})", "list"), ("{}.a", "struct"), ("({} & {})", "int int"), ("({} | {})", "int int"), ("bit_length({})", "text"), ("list_position({}, {})", "list int"),
    ],
    "float": [
        ("({} + {})", "float float"), ("({} - {})", "float float"), ("({} * {})", "float float"), ("({} / {})", "float float"), ("({} / {})", "int int"), ("({} / {})", "dec dec"),
        ("(-{})", "float"), ("abs({})", "float"), ("floor({})", "float"), ("ceil({})", "float"), ("round({}, 1)", "float"), ("round({})", "float"), ("trunc({})", "float"),
        ("CAST({} AS DOUBLE)", "int"), ("CAST({} AS DOUBLE)", "dec"), ("sqrt(abs({}))", "float"), ("sign({})", "float"), ("({} % {})", "float float"), ("exp(CAST(sign({}) AS DOUBLE))", "int"),
    ],
    "dec": [
        ("({} + {})", "dec dec"), ("({} - {})", "dec dec"), ("({} * {})", "dec dec"), ("(-{})", "dec"), ("abs({})", "dec"), ("({} + {})", "dec int"), ("({} * {})", "dec int"),
        ("CAST({} AS DECIMAL(12,2))", "int"), ("CAST({} AS DECIMAL(20,1))", "dec"), ("round({}, 1)", "dec"), ("floor({})", "dec"), ("ceil({})", "dec"), ("({} % {})", "dec dec"),
    ],
    "text": [
        ("({} || {})", "text text"), ("upper({})", "text"), ("lower({})", "text"), ("substring({}, 2, 1)", "text"), ("substring({}, {}, 2)", "text int"), ("trim({})", "text"), ("left({}, 2)", "text"),
        ("right({}, 1)", "text"), ("left({}, -1)", "text"), ("replace({}, {}, 'z')", "text text"), ("concat({}, {})", "text text"), ("reverse({})", "text"), ("repeat({}, 2)", "text"), ("lpad({}, 4, '*')", "text"),
        ("rpad({}, 3, 'é')", "text"), ("CAST({} AS VARCHAR)", "int"), ("CAST({} AS VARCHAR)", "bool"), ("CAST({} AS VARCHAR)", "date"), ("CAST({} AS VARCHAR)", "dec"), ("strftime({}, '%Y-%m-%d')", "date"),
        ("split_part({}, 'a', 1)", "text"), ("regexp_replace({}, '[a-b]', '#')", "text"), ("regexp_extract({}, '([a-z])', 1)", "text"), ("{}.b", "struct"), ("concat_ws('-', {}, {})", "text text"),
        ("dayname({})", "date"), ("translate({}, 'ab', 'x')", "text"), ("chr(CAST(abs({} % 100) + 40 AS INTEGER))", "int"),
    ],
    "bool": [
        ("({} AND {})", "bool bool"), ("({} OR {})", "bool bool"), ("(NOT {})", "bool"), ("({} AND {})", "bool bool"), ("({} OR {})", "bool bool"),
        ("({} IS TRUE)", "bool"), ("({} IS NOT FALSE)", "bool"), ("({} = {})", "bool bool"), ("({} LIKE {})", "text text"), ("({} LIKE 'a%')", "text"), ("({} NOT LIKE '%b')", "text"), ("({} ILIKE 'A_')", "text"),
        ("starts_with({}, {})", "text text"), ("contains({}, {})", "text text"), ("isnan({})", "float"), ("list_contains({}, {})", "list int"), ("regexp_matches({}, '^[a-z]')", "text"), ("({} IS NOT DISTINCT FROM {})", "bool bool"),
    ],
    "date": [
        ("({} + 1)", "date"), ("({} - 3)", "date"), ("CAST({} AS DATE)", "ts"), ("CAST({} AS DATE)", "tstz"), ("last_day({})", "date"), ("CAST(date_trunc('month', {}) AS DATE)", "date"), ("make_date(2024, 1 + abs({} % 12), 1)", "int"),
    ],
    "ts": [
        ("({} + INTERVAL 1 DAY)", "ts"), ("({} - INTERVAL '90 minutes')", "ts"), ("({} + INTERVAL '1 month')", "ts"), ("date_trunc('hour', {})", "ts"), ("date_trunc('month', {})", "ts"), ("date_trunc('week', {})", "ts"),
        ("CAST({} AS TIMESTAMP)", "date"), ("time_bucket(INTERVAL '15 minutes', {})", "ts"), ("({} + INTERVAL 1 DAY)", "date"),
    ],
    "tstz": [("({} + INTERVAL 1 DAY)", "tstz"), ("date_trunc('day', {})", "tstz")],
    "list": [("list_sort({})", "list"), ("list_sort(list_distinct({}))", "list"), ("list_reverse({})", "list"), ("list_concat({}, {})", "list list"), ("list_transform({}, x -> x + 1)", "list"), ("list_filter({}, x -> x > 1)", "list"), ("{}[2:3]", "list")],
    "struct": [],
    "time": [],
}
CASTS = {"int": "INTEGER", "float": "DOUBLE", "dec": "DECIMAL(9,2)", "text": "VARCHAR", "bool": "BOOLEAN", "date": "DATE", "ts": "TIMESTAMP", "tstz": "TIMESTAMPTZ"}
COMPARED = ["int", "int", "float", "dec", "text", "date", "ts", "tstz"]
VALUES = ["int", "int", "float", "dec", "text", "text", "bool", "date", "ts"]


class E:
    """An expression: a template and what fills it."""

    # Whether literals are written as the widest integers, for the wider tables.
    wide = False

    def __init__(self, kind: str, template: str, *parts):
        self.kind, self.template, self.parts = kind, template, list(parts)

    def sql(self) -> str:
        if E.wide and self.kind == "int" and self.template.lstrip("-").isdigit():
            return f"CAST({self.template} AS HUGEINT)"
        return self.template.format(*(part.sql() for part in self.parts)) if self.parts else self.template.replace("{{", "{").replace("}}", "}")

    def smaller(self):
        """The same with a part in its own place, a literal, or a smaller part."""
        for part in self.parts:
            if isinstance(part, E) and part.kind == self.kind:
                yield part
        if self.parts and self.kind in LITERALS:
            yield E(self.kind, LITERALS[self.kind][0])
        for at, part in enumerate(self.parts):
            for less in part.smaller():
                yield E(self.kind, self.template, *self.parts[:at], less, *self.parts[at + 1 :])


class Expressions:
    """Makes expressions over columns: (name as written, kind)."""

    def __init__(self, rng: random.Random, columns: list, subquery=None):
        self.rng, self.columns, self.subquery = rng, columns, subquery

    def column(self, kind: str):
        fitting = [name for name, each in self.columns if each == kind]
        return E(kind, self.rng.choice(fitting)) if fitting else None

    def leaf(self, kind: str) -> E:
        found = self.column(kind) if self.rng.random() < 0.75 else None
        return found or E(kind, self.rng.choice(LITERALS[kind]) if self.rng.random() < 0.93 or kind in ("list", "struct", "time") else f"NULL::{CASTS[kind]}")

    def make(self, kind: str, depth: int) -> E:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.25 or kind in ("struct", "time"):
            return self.leaf(kind)
        if kind == "bool" and rng.random() < 0.65:
            return self.condition(depth)
        general = rng.random()
        part = lambda each: self.make(each, depth - 1)
        if general < 0.06:
            return E(kind, "CASE WHEN {} THEN {} ELSE {} END", part("bool"), part(kind), part(kind))
        if general < 0.08:
            return E(kind, "CASE WHEN {} THEN {} END", part("bool"), part(kind))
        if general < 0.11:
            return E(kind, "CASE {} WHEN {} THEN {} ELSE {} END", *(part(each) for each in (["int", "int"] if rng.random() < 0.7 else ["float", "float"]) + [kind, kind]))
        if general < 0.16:
            return E(kind, "coalesce({}, {})", part(kind), part(kind))
        if general < 0.19:
            return E(kind, "nullif({}, {})", part(kind), part(kind))
        if general < 0.22 and kind not in ("list", "bool"):
            return E(kind, rng.choice(["greatest({}, {})", "least({}, {})"]), part(kind), part(kind))
        if general < 0.27 and self.subquery and (made := self.subquery.scalar(kind, self.columns)):
            return made
        template, kinds = rng.choice(TEMPLATES[kind])
        return E(kind, template, *(part(each) for each in kinds.split()))

    def condition(self, depth: int) -> E:
        rng = self.rng
        kind = rng.choice(COMPARED)
        part = lambda: self.make(kind, depth - 1)
        chosen = rng.random()
        if chosen < 0.4:
            return E("bool", "({} " + rng.choice(["=", "<>", "<", "<=", ">", ">="]) + " {})", part(), part())
        if chosen < 0.5:
            return E("bool", "({} IS " + rng.choice(["", "NOT "]) + "NULL)", part())
        if chosen < 0.6:
            return E("bool", "({} IS " + rng.choice(["", "NOT "]) + "DISTINCT FROM {})", part(), part())
        if chosen < 0.7:
            return E("bool", "({} " + rng.choice(["", "NOT "]) + "BETWEEN {} AND {})", part(), part(), part())
        if chosen < 0.8:
            values = [self.leaf(kind) for _ in range(rng.randrange(1, 5))]
            return E("bool", "({} " + rng.choice(["", "NOT "]) + "IN (" + ", ".join("{}" for _ in values) + "))", part(), *values)
        if chosen < 0.9 and self.subquery:
            return self.subquery.condition(self, kind, depth)
        return E("bool", "({} " + rng.choice(["=", "<", ">="]) + " {})", self.make("int", depth - 1), self.make(rng.choice(["float", "dec"]), depth - 1))

