"""Writes tests/sql/coercions.slt: values of different types side by side, and casts to and from text, with DuckDB's results.

    .tools/venv/bin/python tests/sql/coercions.py

Every result is cast to text, so that both engines write it.
"""

import itertools

import duckdb
import standard

SETUP = [
    """CREATE TABLE n AS SELECT CAST(i AS INTEGER) AS i, CAST(l AS BIGINT) AS l, CAST(u AS UBIGINT) AS u, CAST(m AS DECIMAL(10, 2)) AS m,
    CAST(q AS DECIMAL(38, 6)) AS q, CAST(d AS DOUBLE) AS d FROM (VALUES (1, 7, 5, 1.25, 0.04, 1e20), (-2, -29, 18446744073709551615, -0.5, 1.123456, 0.00001),
    (NULL, NULL, NULL, NULL, NULL, NULL), (300, 4, 255, 99.99, -0.06, 2.5), (1, 10, 0, 3.00, 12345.5, 1234567)) AS v(i, l, u, m, q, d)""",
    """CREATE TABLE lists AS SELECT * FROM (VALUES (1, [1, 2, NULL], ['a', 'x,y', NULL, '', 'it''s']), (2, [3], ['null', ' b', 'c=d', '[e]']), (3, NULL, NULL), (4, [], []))
    AS v(id, li, t)""",
    """CREATE TABLE spans AS SELECT * FROM (VALUES (1, INTERVAL '1 day', 'A'), (2, INTERVAL '24 hours', 'b'), (3, INTERVAL '1 hour', 'a'), (4, NULL, 'B'),
    (5, INTERVAL '1 month', 'c'), (6, INTERVAL '25 hours', NULL), (7, INTERVAL '720 hours', 'C')) AS v(id, span, t)""",
]


def numbers():
    for left, right in [("u", "l"), ("l", "u"), ("u", "i"), ("u", "7"), ("7", "u"), ("u", "-2"), ("u", "u"), ("i", "l"), ("l", "l"), ("xor(l, i)", "l"), ("sum(l) OVER ()", "l")]:
        for operation in ["({} & {})", "({} | {})", "xor({}, {})"]:
            yield f"SELECT CAST({operation.format(left, right)} AS VARCHAR) AS x FROM n"
    yield from ("SELECT CAST(~u AS VARCHAR) AS x FROM n", "SELECT CAST(~l AS VARCHAR) AS x, CAST(~i AS VARCHAR) AS y FROM n", "SELECT CAST(~CAST(5 AS UTINYINT) AS VARCHAR) AS x")
    for left, operator, right in itertools.product(["round(m, 1)", "round(q, 1)", "round(q, -1)", "round(m)"], ["<=", "=", "<>", "IS DISTINCT FROM"], ["m", "q", "i", "0.1", "round(q, 2)"]):
        yield f"SELECT CAST({left} {operator} {right} AS VARCHAR) AS x FROM n"
    for function, number in itertools.product(["floor", "ceil", "round"], ["m", "q", "i", "d / 3", "2.25", "-2.25"]):
        yield f"SELECT CAST({function}({number}) AS VARCHAR) AS x FROM n"
    yield "SELECT CAST(floor(m) AS INTEGER) AS x, count(*) FROM n GROUP BY floor(m)"
    yield "SELECT CAST(nullif(u // l, 3) AS VARCHAR) AS x, CAST(u // CAST(i AS SMALLINT) AS VARCHAR) AS y FROM n"
    for left, right in [("sum(l)", "2"), ("sum(l)", "3"), ("sum(u)", "count(*)"), ("sum(l)", "sum(i)"), ("max(l)", "2"), ("sum(m)", "2"), ("7.5", "2")]:
        yield f"SELECT CAST({left} // {right} AS VARCHAR) AS x FROM n"
    yield "SELECT CAST(u // 2 AS VARCHAR) AS x, CAST(l // u AS VARCHAR) AS y FROM n WHERE u > 0"
    for cast, literal in [("q AS DECIMAL(20, 1)", "0.0"), ("m AS DECIMAL(4, 1)", "1.3"), ("q AS DECIMAL(20, 2)", "1.12"), ("q AS INTEGER", "0"), ("m AS INTEGER", "1")]:
        for operator in ["=", "<=", ">", "<>"]:
            yield f"SELECT i, l FROM n WHERE d < 1e6 AND CAST({cast}) {operator} {literal}"
        yield f"SELECT i, l FROM n WHERE d < 1e6 AND CAST({cast}) IN ({literal}, 7)"
    for condition in ["<> 10", "= 10", "IS NULL", "> 5", "NOT IN (1, 2)"]:
        yield f"SELECT i FROM n WHERE TRY_CAST(i AS TINYINT) {condition}"
    for aggregates in ["sum(i), count(DISTINCT l)", "sum(i), min(m), count(DISTINCT u)", "sum(DISTINCT i), sum(i)", "sum(l), count(DISTINCT i)", "max(q), count(DISTINCT d)", "sum(m), count(DISTINCT i)"]:
        yield f"SELECT {aggregates} FROM n"
        yield f"SELECT i % 2 AS k, {aggregates} FROM n GROUP BY k"


def text():
    for number in ["d", "-d", "d / 3", "CAST(d AS FLOAT)", "CAST('-inf' AS FLOAT)", "1e15", "1e16", "0.0001::DOUBLE", "1.5e-300"]:
        yield f"SELECT CAST({number} AS VARCHAR) AS x FROM n"
        yield f"SELECT {number} || '!' AS x, concat({number}, '!') AS y FROM n"
    for value in ["li", "t", "[li, [7]]", "{'a': li, 'b': t}", "{'a': id, 'b c': 'x'}", "[{'a': id}, NULL]", "MAP {'k': id, 'x,y': NULL}", "[1.50, id]", "[1e20::DOUBLE, NULL]", "[DATE '2024-01-01']",
                  "[TIMESTAMP '2024-01-01 10:00:00']", "[INTERVAL '1 day']", "[true, NULL]", "{'a': {'b': [1, NULL]}}", "[TIME '10:00:00']"]:
        yield f"SELECT CAST({value} AS VARCHAR) AS x FROM lists"
    for literal, kind in [("[1, 2]", "INTEGER[]"), ("[1,NULL,3]", "INTEGER[]"), ("[]", "INTEGER[]"), (" [ 1 , 2 ] ", "BIGINT[]"), ("[1.5, 2]", "DOUBLE[]"), ("[1.25]", "DECIMAL(10,1)[]"), ("[a, \"b c\", ''d,e'', NULL]", "VARCHAR[]"),
                          ("[a,,b]", "VARCHAR[]"), ("[[1,2],[3],NULL]", "INTEGER[][]"), ("[2024-01-01, 2024-02-03]", "DATE[]"), ("[true, f]", "BOOLEAN[]"), ("{a: 1, b: x}", "STRUCT(a INTEGER, b VARCHAR)"),
                          ("{\"a\": 1, ''b'': \"x, y\"}", "STRUCT(a INTEGER, b VARCHAR)"), ("{b: z}", "STRUCT(a INTEGER, b VARCHAR)"), ("{}", "STRUCT(a INTEGER)"), ("(1, x)", "STRUCT(a INTEGER, b VARCHAR)"),
                          ("{a: {b: [1, 2]}}", "STRUCT(a STRUCT(b INTEGER[]))"), ("[{a: 1}, {a: 2}]", "STRUCT(a INTEGER)[]")]:
        yield f"SELECT CAST(CAST('{literal}' AS {kind}) AS VARCHAR) AS x"
        yield f"SELECT CAST(TRY_CAST(x AS {kind}) AS VARCHAR) AS x FROM (VALUES ('{literal}'), (NULL), ('no'), ('[x]')) AS v(x)"


def lists():
    for element in ["2", "2.0", "2.5", "CAST(2 AS TINYINT)", "CAST(2 AS UBIGINT)", "2::DOUBLE", "id", "id / 1", "NULL::INTEGER", "list_position([5, 2], 2)"]:
        for function in ["list_contains", "list_position"]:
            yield f"SELECT id, CAST({function}(li, {element}) AS VARCHAR) AS x FROM lists"
    for call in ["list_append(li, 2.5)", "list_prepend(2.5, li)", "list_concat(li, [2.5])", "list_has_any(li, [2.0])", "list_has_all(li, [3.0])", "list_contains([1.5, 2], id)", "li[list_position(li, 2)]",
                 "substring('hello', list_position(li, 2), 2)", "left('hello', list_position(li, 2))"]:
        yield f"SELECT id, CAST({call} AS VARCHAR) AS x FROM lists"
    yield "SELECT list_transform(l, x -> x + 1)[1] AS x FROM (SELECT id % 2 AS k, list(id ORDER BY id) AS l FROM lists GROUP BY k) AS s"
    yield "SELECT len(list_filter(li, id -> id > 1)) AS x FROM (SELECT t, id, li FROM lists) AS s"
    yield "SELECT list_transform(li, x -> x * 2)[1] AS x FROM (SELECT id, li FROM lists ORDER BY id LIMIT 3) AS s"
    yield "SELECT list_transform(li, x -> x * id)[1] AS x, t[1] FROM (SELECT id, t, li FROM lists ORDER BY id LIMIT 3) AS s"


def branches():
    for other in ["1", "2.5", "i", "m", "d"]:
        yield f"SELECT CAST(x AS DOUBLE) AS x FROM (SELECT true AS x UNION ALL SELECT {other} FROM n) AS s"
        yield f"SELECT CAST(CASE WHEN i > 0 THEN i > 1 ELSE {other} END AS DOUBLE) AS x FROM n"
    yield "SELECT x FROM (SELECT i > 1 AS x FROM n UNION ALL SELECT t FROM spans) AS s"


def spans():
    yield "SELECT count(*) AS x FROM spans GROUP BY span"
    yield "SELECT count(*) AS x, max(id) FROM spans GROUP BY span, id > 2"
    yield "SELECT count(*) AS x FROM (SELECT DISTINCT span FROM spans) AS s"
    yield "SELECT count(*) AS x FROM (SELECT span FROM spans UNION SELECT INTERVAL '60 minutes') AS s"
    yield "SELECT count(DISTINCT span) AS x, count(span) FROM spans"
    yield "SELECT CAST(min(span) AS VARCHAR) AS x, CAST(max(span) FILTER (WHERE id < 7 AND id <> 5) AS VARCHAR) FROM spans"
    yield "SELECT id % 2 AS k, CAST(min(span) AS VARCHAR) AS x FROM spans GROUP BY k"
    yield "SELECT id, count(*) OVER (PARTITION BY span) AS x FROM spans"
    yield "SELECT id, rank() OVER (ORDER BY span) AS x FROM spans"
    yield "SELECT span > INTERVAL '2 hours' AS x, count(*) FROM spans GROUP BY span, span > INTERVAL '2 hours' HAVING count(*) > 1"


def clauses():
    for condition in ["t COLLATE NOCASE = 'a'", "t COLLATE NOCASE <> 'A'", "'B' = t COLLATE NOCASE", "t COLLATE NOCASE IN ('A', 'C')", "t COLLATE NOCASE BETWEEN 'a' AND 'B'", "t COLLATE \"C\" = 'a'", "t < 'b' COLLATE NOCASE"]:
        yield f"SELECT id FROM spans WHERE {condition}"
    yield "SELECT t FROM spans ORDER BY t COLLATE NOCASE DESC NULLS LAST, id"
    yield "SELECT count(*) AS x, sum(i) FROM n GROUP BY ()"
    yield "SELECT count(*) AS x, sum(i) FROM n WHERE i > 1000 GROUP BY ()"
    yield "SELECT i, count(*) AS x FROM n GROUP BY i, ()"
    for sets in ["ROLLUP ((i, l))", "ROLLUP ((i, l), m)", "CUBE ((i, l), m)", "ROLLUP (i, (l, m))", "ROLLUP ((i, l), i)"]:
        yield f"SELECT i, l, m, count(*) AS x FROM n GROUP BY {sets if 'm' in sets else sets + ', m'}"


def known(statements):
    """Those that DuckDB takes."""
    connection = connect()
    for sql in SETUP:
        connection.execute(sql)
    for sql in dict.fromkeys(statements):
        try:
            connection.execute(sql).fetchall()
            yield sql
        except duckdb.Error as error:
            print(f"left out: {sql}\n  {str(error).splitlines()[0]}")


def connect():
    return duckdb.connect(config={"lambda_syntax": "ENABLE_SINGLE_ARROW"})


def main():
    statements = itertools.chain(numbers(), text(), lists(), branches(), spans(), clauses())
    standard.write(connect(), "coercions.slt", SETUP, known(statements), "coercions.py")


if __name__ == "__main__":
    main()
