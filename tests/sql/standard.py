"""Writes tests/sql/standard.slt and group_by.slt: statements of standard SQL, with DuckDB's results.

    .tools/venv/bin/pip install duckdb==2.0.0
    .tools/venv/bin/python tests/sql/standard.py
"""

import datetime
import decimal
import itertools
import pathlib
import re

import duckdb

SETUP = [
    """CREATE TABLE t AS SELECT value AS id, value % 7 AS grp, CASE WHEN value % 11 = 0 THEN NULL ELSE (value * 37) % 101 END AS val,
    CAST(value AS DOUBLE) * 0.25 AS price, concat('n', CAST(value % 13 AS VARCHAR)) AS name,
    DATE '2024-01-01' + CAST(value AS INTEGER) AS day, value % 3 = 0 AS flag FROM range(200) AS r(value)""",
    """CREATE TABLE u AS SELECT value AS key, CASE WHEN value = 4 THEN NULL ELSE concat('label ', CAST(value AS VARCHAR)) END AS label,
    CAST(value AS DOUBLE) / 4 AS weight FROM range(2, 10) AS r(value)""",
    "CREATE TABLE none AS SELECT id, val, name FROM t WHERE id < 0",
]


def families():
    filters = [
        "id < 50", "val IS NULL", "val > 50 AND flag", "name IN ('n1', 'n5', NULL)", "name LIKE 'n1%'", "day BETWEEN DATE '2024-02-01' AND DATE '2024-03-01'",
        "NOT flag OR val < 10", "price * 2 > id / 4.0", "grp = 3 AND val IS NOT NULL", "id NOT IN (1, 2, 3)", "val IS DISTINCT FROM 37", "false",
    ]
    aggregates = [
        "count(*)", "count(val)", "count(DISTINCT val)", "sum(val)", "min(val), max(val)", "avg(val)", "min(name), max(name)", "min(day), max(day)",
        "sum(price)", "bool_and(flag), bool_or(flag)", "stddev(price)", "var_pop(price)", "median(price)", "corr(price, CAST(id AS DOUBLE))",
        "sum(CASE WHEN flag THEN 1 ELSE 0 END)", "count(*) FILTER (WHERE flag)", "max(val) - min(val)", "sum(DISTINCT grp)",
    ]
    for aggregate, condition in itertools.product(aggregates, filters):
        yield f"SELECT {aggregate} FROM t WHERE {condition}"
    for aggregate, key in itertools.product(aggregates[:12], ["grp", "flag", "name", "grp, flag", "id % 4", "CASE WHEN val > 50 THEN 'big' ELSE 'small' END"]):
        yield f"SELECT {key}, {aggregate} FROM t GROUP BY {key}"
    for having in ["count(*) > 15", "sum(val) > 1500", "min(name) = 'n0'", "avg(val) BETWEEN 45 AND 55"]:
        yield f"SELECT grp, count(*) FROM t GROUP BY grp HAVING {having}"
    for sets in ["ROLLUP (grp, flag)", "CUBE (grp, flag)", "GROUPING SETS ((grp), (flag), ())"]:
        yield f"SELECT grp, flag, count(*), sum(val) FROM t GROUP BY {sets}"
    scalars = [
        "upper(name)", "lower(upper(name))", "length(name)", "substring(name, 2, 1)", "replace(name, 'n', 'xy')", "concat(name, '-', CAST(id AS VARCHAR))",
        "lpad(name, 5, '.')", "rpad(name, 4, '*')", "reverse(name)", "repeat(name, 2)", "position('1' IN name)", "starts_with(name, 'n1')", "trim(concat(' ', name, ' '))",
        "left(name, 1)", "right(name, 1)", "split_part(name, 'n', 2)", "ascii(name)", "name || '!'", "coalesce(val, -1)", "nullif(grp, 3)", "greatest(grp, 4)", "least(grp, 4)",
        "abs(id - 100)", "id % 7", "-id", "round(price, 1)", "floor(price)", "ceil(price)", "sqrt(price)", "power(grp, 2)", "exp(0)", "ln(price + 1)", "sin(price)",
        "CAST(id AS VARCHAR)", "CAST(id AS DOUBLE) / 3", "CAST(name AS VARCHAR) = 'n3'", "TRY_CAST(name AS INTEGER)", "CAST('12' AS INTEGER) + id",
        "extract(year FROM day)", "extract(month FROM day)", "extract(day FROM day)", "extract(quarter FROM day)", "extract(doy FROM day)", "extract(isodow FROM day)", "date_trunc('month', CAST(day AS TIMESTAMP))",
        "day + INTERVAL '1' DAY > DATE '2024-02-01'", "day - DATE '2024-01-01'", "CASE WHEN flag THEN name END", "CASE grp WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END",
        "val IS NULL", "val BETWEEN 10 AND 40", "name LIKE '%2'", "name NOT LIKE 'n1%'", "NOT flag", "flag AND val > 20", "flag OR val > 20", "id & 3", "id | 8", "id << 1",
        "regexp_replace(name, '[0-9]+', '#')", "translate(name, 'n', 'm')", "md5(name)", "CAST(flag AS VARCHAR)", "val % 10", "length(name) * 2", "upper(left(name, 1))", "floor(price / 3)", "price > 10 AND flag",
    ]
    for scalar in scalars:
        yield f"SELECT id, {scalar} FROM t WHERE id IN (0, 1, 2, 11, 37, 64, 100)"
        yield f"SELECT count(*), count(DISTINCT x) FROM (SELECT {scalar} AS x FROM t) AS s"
    joins = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]
    for join, condition in itertools.product(joins, ["grp = key", "grp = key AND flag", "grp = key AND label IS NOT NULL", "grp + 1 = key AND id < 100", "grp = key AND price > weight"]):
        yield f"SELECT count(*), count(id), count(key), sum(val), count(label) FROM t {join} u ON {condition}"
        yield f"SELECT id, key, label FROM t {join} u ON {condition} WHERE (id IS NULL OR id < 6) AND (key IS NULL OR key < 8)"
    for join in joins:
        yield f"SELECT key, count(*), count(label), count(val) FROM (SELECT grp AS key, val FROM t WHERE id < 20) AS a {join} u USING (key) GROUP BY key"
        yield f"SELECT * FROM (SELECT grp AS key, max(val) AS top FROM t GROUP BY grp) AS a NATURAL {join} u"
    yield "SELECT count(*) FROM t CROSS JOIN u"
    yield "SELECT count(*) FROM t a JOIN t b ON a.grp = b.grp AND a.id < b.id"
    yield "SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.id = b.id * b.id WHERE a.id < 30"
    windows = ["row_number()", "rank()", "dense_rank()", "lag(val)", "lead(val, 2, -1)", "first_value(name)", "last_value(id)", "sum(val)", "count(*)", "avg(price)", "ntile(4)", "percent_rank()", "nth_value(id, 2)"]
    for function, frame in itertools.product(windows, ["ORDER BY id", "PARTITION BY grp ORDER BY id", "PARTITION BY flag ORDER BY val NULLS FIRST, id"]):
        yield f"SELECT id, {function} OVER ({frame}) FROM t WHERE id < 25"
    for frame in ["ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", "RANGE BETWEEN 5 PRECEDING AND 5 FOLLOWING", "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"]:
        for function in ["sum(val)", "count(val)", "min(price)", "max(id)"]:
            yield f"SELECT id, {function} OVER (PARTITION BY flag ORDER BY id {frame}) FROM t WHERE id < 20"
    for operation in ["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]:
        yield f"SELECT grp FROM t {operation} SELECT key FROM u"
        yield f"SELECT grp, flag FROM t WHERE id < 20 {operation} SELECT key, key > 5 FROM u"
        yield f"SELECT count(*) FROM (SELECT name FROM t {operation} SELECT label FROM u) AS s"
        yield f"SELECT id FROM none {operation} SELECT key FROM u"
    for order, limit in itertools.product(["id", "val DESC NULLS LAST, id", "val NULLS FIRST, id DESC", "name, id", "day DESC", "flag, price DESC", "id % 5, id"], ["LIMIT 5", "LIMIT 3 OFFSET 2", "LIMIT 0", "OFFSET 195"]):
        yield f"SELECT id, val, name FROM t ORDER BY {order} {limit}"
    for aggregate in aggregates[:10]:
        column = aggregate.replace("price", "id").replace("day", "name").replace("flag", "id < 0")
        yield f"SELECT {column} FROM none"
    yield "WITH a AS (SELECT grp, sum(val) AS s FROM t GROUP BY grp), b AS (SELECT max(s) AS m FROM a) SELECT grp FROM a, b WHERE s = m"
    yield "WITH RECURSIVE r(n, f) AS (SELECT 1, 1 UNION ALL SELECT n + 1, f * (n + 1) FROM r WHERE n < 10) SELECT n, f FROM r"
    yield "SELECT count(*) FROM t WHERE grp IN (SELECT key FROM u) AND EXISTS (SELECT 1 FROM u WHERE key = t.grp)"
    yield "SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE key = t.grp)"
    yield "SELECT id FROM t WHERE val = (SELECT max(val) FROM t)"
    yield "SELECT id FROM t WHERE val > ALL (SELECT b.val FROM t b WHERE b.id < 3 AND b.val IS NOT NULL) AND id < 10"
    yield "SELECT id FROM t WHERE val > ALL (SELECT val FROM t WHERE id < 3 AND val IS NOT NULL) AND id < 10"
    yield "SELECT id FROM t WHERE val > ANY (SELECT val FROM t WHERE id IN (20, 30)) AND id < 10"
    yield "SELECT id FROM t a WHERE val > (SELECT avg(val) FROM t b WHERE b.grp = a.grp) AND id < 40"
    yield "SELECT DISTINCT grp, flag FROM t WHERE id < 30"
    yield "SELECT x.a + y.b FROM (VALUES (1), (2)) AS x(a), (VALUES (10), (20)) AS y(b)"


GROUPED = [
    """CREATE TABLE g AS SELECT value AS id, CASE WHEN value % 11 = 0 THEN NULL ELSE (value * 37) % 61 - 30 END AS num,
    CASE value % 6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'short' WHEN 3 THEN 'twelve bytes' WHEN 4 THEN concat('thirteen byte', CAST(value % 4 AS VARCHAR))
    ELSE concat('thirteen bytes, and then ', CAST(value % 7 AS VARCHAR)) END AS word, DATE '2024-01-01' + CAST(value % 5 AS INTEGER) AS day,
    CASE WHEN value % 4 = 0 THEN NULL ELSE value % 3 = 0 END AS flag, CAST(value % 9 AS DECIMAL(10, 2)) AS amount FROM range(3000) AS r(value)""",
    "CREATE TABLE empty AS SELECT * FROM g WHERE id < 0",
]


def groupings():
    aggregates = [
        "count(*)", "count(num), sum(num)", "avg(num), sum(amount)", "min(word), max(word)", "min(day), max(id)", "count(*) FILTER (WHERE flag)",
        "sum(id) FILTER (WHERE num > 0)", "count(DISTINCT num)", "bool_and(flag)", "sum(CASE WHEN flag THEN amount END)", "median(num)",
    ]
    keys = ["num", "word", "day", "flag", "word, flag", "num, word", "day, flag, word", "flag, day, num, word", "id % 7, word", "concat(word, '!')", "CAST(num AS SMALLINT), day", "date_trunc('month', CAST(day AS TIMESTAMP))"]
    for number, key in enumerate(keys):
        for aggregate in aggregates[number % 2 :: 2]:
            yield f"SELECT {key}, {aggregate} FROM g WHERE id < {150 if key.count(',') < 2 else 40} GROUP BY {key}"
        yield f"SELECT DISTINCT {key} FROM g WHERE id < 40"
        yield f"SELECT {key}, count(*) FROM empty GROUP BY {key}"
        yield f"SELECT count(*), sum(n) FROM (SELECT {key}, count(*) AS n FROM g GROUP BY {key}) AS s"
    yield "SELECT count(*), sum(n) FROM (SELECT id, word, count(*) AS n FROM g GROUP BY id, word) AS s"
    yield "SELECT count(*), max(n) FROM (SELECT concat('a text of its own: ', CAST(id AS VARCHAR)) AS x, count(*) AS n FROM g GROUP BY x) AS s"
    yield "SELECT word, sum(n) AS m FROM (SELECT word, flag, count(*) AS n FROM g GROUP BY word, flag) AS s GROUP BY word HAVING sum(n) > 100"
    yield "SELECT num, count(*) AS n FROM g GROUP BY num ORDER BY n DESC, num LIMIT 5"
    yield "SELECT num, max(id) AS n FROM g GROUP BY num ORDER BY n DESC LIMIT 5"
    yield "SELECT a.word, b.n FROM (SELECT DISTINCT word FROM g) AS a JOIN (SELECT word, count(*) AS n FROM g GROUP BY word) AS b ON a.word = b.word"
    yield "SELECT id FROM g WHERE id IN (SELECT max(id) FROM g GROUP BY day, flag)"
    for sets in ["ROLLUP (flag, day)", "CUBE (word, flag)", "GROUPING SETS ((word), (flag, day), ())"]:
        yield f"SELECT {sets.split('(', 1)[1].strip('()').replace('(', '').replace(')', '').rstrip(', ')}, count(*), sum(num) FROM g GROUP BY {sets}"


def text(value):
    """A value as tests/integration/sql_logic.rs writes it."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case float():
            mantissa, exponent = f"{value:.5e}".split("e")
            return f"{mantissa}e{int(exponent)}"
        case datetime.datetime():
            return value.isoformat()
        case decimal.Decimal() | int() | datetime.date():
            return str(value)
        case "":
            return "(empty)"
        case str():
            return value
    raise TypeError(f"no form for {value!r}")


def kind(value):
    return "R" if isinstance(value, float) else "I" if isinstance(value, int) and not isinstance(value, bool) else "T"


def outermost(sql):
    """A statement without what is in parentheses."""
    while (shorter := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = shorter
    return sql


def write(connection, name, setup, statements, maker="standard.py"):
    out = [f"# Made by {maker}: the results are DuckDB's.\n"]
    for sql in setup:
        connection.execute(sql)
        out.append("statement ok\n" + " ".join(sql.split()) + "\n")
    for sql in statements:
        rows = connection.execute(sql).fetchall()
        width = len(connection.description)
        texts = [[text(value) for value in row] for row in rows]
        sorts = "nosort" if " ORDER BY " in outermost(sql) else "rowsort"
        types = "".join(next((kind(row[i]) for row in rows if row[i] is not None), "T") for i in range(width))
        out.append(f"query {types} {sorts}\n{sql}\n----\n" + "".join(" ".join(row) + "\n" for row in (texts if sorts == "nosort" else sorted(texts))))
    (pathlib.Path(__file__).parent / name).write_text("\n".join(out))
    print(name, len(out) - 1, "statements")


def main():
    connection = duckdb.connect()
    write(connection, "standard.slt", SETUP, families())
    write(connection, "group_by.slt", GROUPED, groupings())


if __name__ == "__main__":
    main()
