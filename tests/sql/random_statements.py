"""Writes tests/sql/random_*.slt: random statements of the kinds in SQLite's and DuckDB's test suites, with DuckDB's results.

    .tools/venv/bin/python tests/sql/random_statements.py

The kinds are those of sqllogictest's random/expr, random/aggregates, random/groupby, random/select and slt_good, and of DuckDB's subquery,
window and set operation suites; every statement is made here.
"""

import math
import pathlib
import random

import duckdb

TEXT_LIMIT = 220
SETUP = [
    "CREATE TABLE tab0 AS SELECT * FROM (VALUES (97, 1, 99), (15, 81, 47), (87, 21, 10)) AS v(col0, col1, col2)",
    "CREATE TABLE tab1 AS SELECT * FROM (VALUES (51, 14, 96), (85, 5, 59), (91, 47, 68)) AS v(col0, col1, col2)",
    "CREATE TABLE tab2 AS SELECT * FROM (VALUES (64, 77, 40), (75, NULL, 58), (46, 51, 23), (NULL, 0, -7)) AS v(col0, col1, col2)",
    """CREATE TABLE t1 AS SELECT value AS pk, CASE WHEN value % 7 = 3 THEN NULL ELSE 100 + (value * 17) % 30 END AS a, 100 + (value * 23) % 30 AS b,
    CASE WHEN value % 5 = 1 THEN NULL ELSE (value * 11) % 9 END AS c, concat('v', CAST(value % 4 AS VARCHAR)) AS s, value % 3 = 0 AS f FROM range(24) AS r(value)""",
    """CREATE TABLE t2 AS SELECT value AS pk, CASE WHEN value = 2 THEN NULL ELSE 98 + value * 3 END AS a, (value * 5) % 7 AS c,
    CASE WHEN value % 4 = 1 THEN NULL ELSE concat('v', CAST(value % 5 AS VARCHAR)) END AS s FROM range(9) AS r(value)""",
]


class Maker:
    def __init__(self, seed: str):
        self.rng = random.Random(seed)
        self.aliases = 0

    def pick(self, *choices):
        return self.rng.choice(choices)

    def number(self, columns, depth: int) -> str:
        """An expression of integers, with the chains of signs that SQLite's have."""
        if depth <= 0:
            return self.pick(*columns, str(self.rng.randrange(100)))
        part = lambda: self.number(columns, depth - 1)
        sign = self.pick("", "", "", "- ", "+ ", "- - ", "+ - ", "- ( - ")
        close = " )" if "(" in sign else ""
        made = self.pick(
            lambda: f"{part()} {self.pick('+', '-', '*', '+', '-', '*', '/', '//', '%')} {part()}",
            lambda: f"{part()} {self.pick('+', '-', '*')} {part()}",
            lambda: f"( {part()} {self.pick('+', '-', '*')} {part()} )",
            lambda: part(),
            lambda: f"COALESCE ( {part()}, {part()} )",
            lambda: f"NULLIF ( {part()}, {part()} )",
            lambda: f"ABS ( {part()} )",
            lambda: f"CASE WHEN {self.condition(columns, depth - 1)} THEN {part()} ELSE {part()} END",
            lambda: f"CASE {part()} WHEN {part()} THEN {part()} WHEN {part()} THEN NULL ELSE {part()} END",
            lambda: f"CAST ( {part()} AS {self.pick('INTEGER', 'BIGINT', 'DOUBLE')} )",
            lambda: f"( SELECT {self.pick('min', 'max', 'count', 'sum')} ( {self.pick('a', 'c', 'pk')} ) FROM t2 )",
        )()
        return f"{sign}{made}{close}"

    def condition(self, columns, depth: int) -> str:
        part = lambda: self.number(columns, max(depth - 1, 0))
        negated = lambda: self.pick("", "", "NOT ")
        if depth > 0 and self.rng.random() < 0.45:
            return f"{negated()}( {self.condition(columns, depth - 1)} {self.pick('AND', 'OR')} {self.condition(columns, depth - 1)} )"
        return negated() + self.pick(
            lambda: f"{part()} {self.pick('<', '>', '<=', '>=', '=', '<>')} {part()}",
            lambda: f"{part()} IS {negated()}NULL",
            lambda: f"{part()} {negated()}BETWEEN {part()} AND {part()}",
            lambda: f"{part()} {negated()}IN ( {', '.join(part() for _ in range(self.rng.randrange(1, 4)))} )",
            lambda: f"( {part()} ) IS {negated()}DISTINCT FROM {part()}",
            lambda: f"( NULL ) IS {negated()}NULL",
            lambda: f"{part()} {negated()}IN ( SELECT {self.pick('a', 'c')} FROM t2 )",
        )()

    def table(self) -> tuple[str, list]:
        name = self.pick("tab0", "tab1", "tab2")
        alias = self.pick("", " AS cor0", " cor0")
        columns = ["col0", "col1", "col2"]
        return name + alias, columns + [f"{'cor0' if alias else name}.{column}" for column in columns[:2]]

    def expressions(self):
        source, columns = self.table()
        kind = self.pick("", "", "ALL ", "DISTINCT ")
        items = [f"{self.number(columns, self.pick(1, 2, 3))}{self.pick('', f' AS col{at}', f' col{at}')}" for at in range(self.pick(1, 1, 2))]
        where = self.pick("", "", f" WHERE {self.condition(columns, 2)}")
        return f"SELECT {kind}{', '.join(items)} FROM {source}{where}"

    def aggregates(self):
        source, columns = self.table()
        if self.rng.random() < 0.25:
            source, columns = "tab0 AS cor0 CROSS JOIN tab2 AS cor1", ["cor0.col0", "cor0.col2", "cor1.col0", "cor1.col1"]
        where = self.pick("", "", f" WHERE {self.condition(columns, 1)}")
        return f"SELECT {self.pick('', 'ALL ', 'DISTINCT ')}{', '.join(self.aggregated(columns) for _ in range(self.pick(1, 2, 2)))} FROM {source}{where}"

    def aggregated(self, columns) -> str:
        one = lambda: self.pick("", "- ", "+ ") + self.pick(
            "COUNT ( * )",
            f"COUNT ( {self.pick('', 'ALL ', 'DISTINCT ')}{self.number(columns, 1)} )",
            f"{self.pick('MIN', 'MAX', 'SUM', 'AVG')} ( {self.pick('', 'ALL ', 'DISTINCT ')}{self.number(columns, 1)} )",
            f"SUM ( {self.number(columns, 1)} ) FILTER ( WHERE {self.condition(columns, 1)} )",
        )
        return self.pick(one, one, lambda: f"{one()} {self.pick('+', '-', '*')} {self.pick(str(self.rng.randrange(100)), one())}", lambda: f"COALESCE ( {one()}, {one()} )", lambda: f"NULLIF ( {one()}, {self.rng.randrange(9)} )")()

    def groups(self):
        source, columns = self.pick(self.table, lambda: ("t1", ["a", "c", "pk"]))()
        keys = self.pick([columns[0]], [columns[0], columns[1]], [f"{columns[1]} % 3"], [f"({columns[0]}) > 50", columns[1]], ["s"] if source == "t1" else [columns[2]], ["f", "s"] if source == "t1" else [columns[2]])
        where = self.pick("", f" WHERE {self.condition(columns, 1)}")
        sets = self.pick("{}", "{}", "{}", "ROLLUP ({})", "CUBE ({})", "GROUPING SETS (({}), ())") if len(keys) > 1 or source == "t1" else "{}"
        having = self.pick("", "", f" HAVING {self.pick('count(*) > 1', 'min(' + columns[0] + ') IS NOT NULL', f'NOT sum({columns[1]}) < 60', 'true', f'max({columns[0]}) IN (15, 97, 115)')}")
        items = self.pick(keys, keys, [f"{keys[0]} AS k"], []) + [self.aggregated([columns[0], columns[1]]) for _ in range(self.pick(1, 2))]
        return f"SELECT {self.pick('', 'DISTINCT ')}{', '.join(items)} FROM {source}{where} GROUP BY {sets.format(', '.join(keys))}{having}"

    def selects(self):
        """As slt_good's: rows of one table, with subqueries that count and average."""
        pool = [
            "a", "b", "c", "a + b", "a - b * 2 + c * 3", "abs(b - c)", "(a + b + c) / 3", "CASE WHEN c > (SELECT avg(c) FROM t1) THEN a * 2 ELSE b * 10 END", "(SELECT count(*) FROM t1 AS x WHERE x.b < t1.b)",
            "CASE WHEN a < b - 3 THEN 111 WHEN a <= b THEN 222 WHEN a < b + 3 THEN 333 ELSE 444 END", "CASE a + 1 WHEN b THEN 111 WHEN c THEN 222 ELSE 555 END", "s", "upper(s)", "(SELECT max(t2.s) FROM t2 WHERE t2.c = t1.c)", "f",
        ]
        conditions = ["a > b", "c BETWEEN 2 AND 5", "(a > b - 2 AND a < b + 2)", "c IS NULL", "EXISTS (SELECT 1 FROM t1 AS x WHERE x.b < t1.b - 20)", "a NOT IN (SELECT a FROM t2 WHERE a IS NOT NULL)", "a IN (SELECT a FROM t2)", "s LIKE '%1'", "NOT f", "pk < 6", "b = 110", "coalesce(a, b, c) <> 0", "f OR a > 120", "c NOT IN (1, 2, NULL)", "a NOT IN (SELECT a FROM t2)"]
        items = self.rng.sample(pool, self.pick(1, 2, 3))
        where = f" {self.pick('AND', 'OR')} ".join(self.rng.sample(conditions, self.pick(1, 2, 3)))
        order = f" ORDER BY {', '.join(str(at + 1) for at in self.rng.sample(range(len(items)), len(items)))}{self.pick('', ' DESC', ' NULLS FIRST')}, pk" if self.rng.random() < 0.5 else ""
        return f"SELECT {', '.join(items)} FROM t1 WHERE {where}{order}{self.pick('', ' LIMIT 5', ' LIMIT 3 OFFSET 2') if order else ''}"

    def joined(self):
        join = self.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT OUTER JOIN")
        key = self.pick("x.c = y.c", "x.a = y.a", "x.s = y.s", "x.pk = y.pk", "x.c = y.c AND x.s = y.s")
        extra = "" if join == "FULL JOIN" else self.pick("", "", " AND x.f", " AND y.c > 2", " AND x.b > y.a")
        where = self.pick("", " WHERE x.pk < 8", " WHERE y.pk IS NULL", " WHERE x.pk IS NULL OR y.c = 1", f" WHERE {self.condition(['x.c', 'y.c', 'x.a'], 1)}")
        return f"SELECT {self.pick('x.pk, y.pk', 'count(*), sum(x.a), min(y.s)', 'x.s, count(y.pk)', 'DISTINCT x.c, y.s')} FROM t1 AS x {join} t2 AS y ON {key}{extra}{where}"

    def subqueries(self):
        inner = self.pick("y.c = x.c", "y.a > x.a", "y.s = x.s", "y.pk < x.c", "y.c IS NOT DISTINCT FROM x.c", "true", "y.pk = 99")
        also = self.pick("", "", " AND y.a > 105", " AND y.s IS NOT NULL")
        column = self.pick("a", "c", "pk")
        condition = self.pick(
            lambda: f"x.{column} {self.pick('', 'NOT ')}IN (SELECT y.{column} FROM t2 AS y WHERE {inner}{also})",
            lambda: f"{self.pick('', 'NOT ')}EXISTS (SELECT {self.pick('1', '*', 'y.a')} FROM t2 AS y WHERE {inner}{also})",
            lambda: f"x.{column} {self.pick('=', '<', '>', '<>')} (SELECT {self.pick('max', 'min', 'count', 'sum')}(y.{column}) FROM t2 AS y WHERE {inner}{also})",
            lambda: f"x.{column} {self.pick('= ANY', '> ALL', '< ANY', '<> ALL')} (SELECT y.{column} FROM t2 AS y WHERE {inner}{also})",
            lambda: f"(x.{column}, x.s) {self.pick('', 'NOT ')}IN (SELECT y.{column}, y.s FROM t2 AS y)",
            lambda: f"(SELECT count(*) FROM t2 AS y WHERE {inner}{also}) {self.pick('> 1', '= 0', '< 3')}",
            lambda: f"EXISTS (SELECT count(*) FROM t2 AS y WHERE {inner} HAVING count(*) > 1)",
            lambda: f"x.pk IN (SELECT y.pk FROM t2 AS y WHERE y.c > (SELECT avg(z.c) FROM t2 AS z WHERE {inner.replace('y.', 'z.').replace('x.', 'y.')}))",
        )()
        other = self.pick("", "", " OR x.f", " AND x.pk < 12", " OR x.c IS NULL")
        if self.rng.random() < 0.3:
            return f"SELECT x.pk, {condition} AS r FROM t1 AS x WHERE x.pk < 7"
        return f"SELECT {self.pick('x.pk', 'count(*), min(x.pk)', 'x.pk, x.c')} FROM t1 AS x WHERE {self.pick('', 'NOT ')}({condition}){other}"

    def windows(self):
        partition = self.pick("", "PARTITION BY s ", "PARTITION BY f ", "PARTITION BY c ", "PARTITION BY f, s ")
        order = self.pick("ORDER BY pk", "ORDER BY pk DESC", "ORDER BY a, pk", "ORDER BY c DESC, pk", "ORDER BY b % 5, pk")
        frame = self.pick("", " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", " ROWS UNBOUNDED PRECEDING", " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING")
        if order == "ORDER BY pk" and self.rng.random() < 0.3:
            frame = " RANGE BETWEEN 2 PRECEDING AND CURRENT ROW"
        ranked = self.pick("row_number()", "rank()", "dense_rank()", "ntile(3)", "lag(a)", "lead(a, 2, -1)", "lag(s, 1, 'none')", "percent_rank()", "cume_dist()")
        framed = self.pick("sum(a)", "count(c)", "min(b)", "max(c)", "avg(b)", "first_value(a)", "last_value(s)", "nth_value(a, 2)", "count(*)", "sum(c) FILTER (WHERE f)", "bool_and(f)", "max(s)")
        function = self.pick(f"{ranked} OVER ({partition}{order})", f"{framed} OVER ({partition}{order}{frame})", f"{framed} OVER ({partition}{order}{frame})", f"{framed.split(' FILTER')[0]} OVER ({partition.strip()})" if not framed.startswith(("first", "last", "nth")) else f"{ranked} OVER ({partition}{order})")
        if self.rng.random() < 0.25:
            return f"SELECT count(*), sum(w), min(w), max(w) FROM (SELECT {self.pick('row_number()', 'rank()', 'sum(a)', 'count(c)')} OVER ({partition}{order}) AS w FROM t1) AS q WHERE w > 2"
        return f"SELECT pk, {function} FROM t1 WHERE {self.pick('pk < 8', 'pk > 15', 'f', 'c IS NOT NULL AND pk < 12')}"

    def sets(self):
        def side():
            return self.pick(
                lambda: f"SELECT c, s FROM t1 WHERE {self.pick('pk < 5', 'c > 5', 's = ' + chr(39) + 'v1' + chr(39), 'f', 'false')}",
                lambda: f"SELECT c, s FROM t2{self.pick('', ' WHERE c > 3', ' WHERE s IS NULL')}",
                lambda: f"SELECT {self.rng.randrange(5)}, 'v{self.rng.randrange(5)}'",
                lambda: "SELECT max(c), min(s) FROM t1",
                lambda: "SELECT c, s FROM t1 GROUP BY c, s HAVING count(*) > 1",
                lambda: "SELECT NULL, 'v0'",
            )()
        text = side()
        for _ in range(self.pick(1, 1, 2, 3)):
            text += f" {self.pick('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'UNION')} {side()}"
        return self.pick(text, text, f"SELECT count(*), min(s), sum(c) FROM ({text}) AS q(c, s)", f"{text} ORDER BY 1, 2", f"WITH q(c, s) AS ({text}) SELECT s, count(*) FROM q GROUP BY s", f"SELECT pk FROM t1 WHERE (c, s) IN ({text})")


def text(value) -> str:
    """A value as tests/integration/sql_logic.rs writes it."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case float():
            mantissa, exponent = f"{value:.5e}".split("e")
            return f"{mantissa}e{int(exponent)}"
    return str(value) or "(empty)"


def kind(value) -> str:
    return "R" if isinstance(value, float) else "I" if isinstance(value, int) and not isinstance(value, bool) else "T"


def record(connection, sql: str) -> str | None:
    """A statement with its rows; nothing for one that fails, or has much to say."""
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error:
        return None
    if any(isinstance(value, float) and not math.isfinite(value) for row in rows for value in row):
        return None
    texts = [[text(value) for value in row] for row in rows]
    ordered = " ORDER BY " in sql and " OVER " not in sql
    if sum(len(each) for row in texts for each in row) > TEXT_LIMIT:
        return None
    types = "".join(next((kind(row[at]) for row in rows if row[at] is not None), "T") for at in range(len(connection.description)))
    return f"query {types} {'nosort' if ordered else 'rowsort'}\n{sql}\n----\n" + "".join(" ".join(row) + "\n" for row in (texts if ordered else sorted(texts)))


FILES = {"expressions": 220, "aggregates": 160, "groups": 160, "selects": 140, "joined": 80, "subqueries": 180, "windows": 140, "sets": 120}


def main():
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    for sql in SETUP:
        connection.execute(sql)
    for name, count in FILES.items():
        maker, records, seen = Maker(name), [], set()
        while len(records) < count:
            sql = getattr(maker, name)()
            if sql not in seen and (made := record(connection, sql)):
                records.append(made)
            seen.add(sql)
        setup = [f"statement ok\n{' '.join(sql.split())}\n" for sql in SETUP]
        path = pathlib.Path(__file__).parent / f"random_{name}.slt"
        path.write_text("\n".join(["# Made by random_statements.py: the results are DuckDB's.\n", *setup, *records]))
        print(path.name, len(records), "statements")


main()
