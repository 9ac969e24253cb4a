"""Writes tests/sql/subqueries.slt: subqueries in every position over NULLs, duplicates and nothing, with DuckDB's results.

    .tools/venv/bin/python tests/sql/subqueries.py
"""

import itertools

import duckdb
import standard

SETUP = [
    """CREATE TABLE l AS SELECT * FROM (VALUES (1, 10, 'x'), (2, 20, 'x'), (NULL, 30, 'y'), (4, NULL, 'y'), (2, 5, NULL),
    (NULL, NULL, NULL), (7, 1, 'z')) AS v(a, b, g)""",
    """CREATE TABLE r AS SELECT * FROM (VALUES (1, 5, 'x'), (2, NULL, 'y'), (2, 20, 'x'), (NULL, 99, 'x'), (3, 25, 'z'), (4, 45, NULL))
    AS v(a, b, g)""",
    "CREATE TABLE known AS SELECT * FROM r WHERE a IS NOT NULL",
    "CREATE TABLE none AS SELECT * FROM r WHERE b > 1000",
    "CREATE TABLE unknown AS SELECT CAST(NULL AS INTEGER) AS a, CAST(NULL AS INTEGER) AS b, CAST(NULL AS VARCHAR) AS g",
]

TABLES = ["r", "known", "none", "unknown"]
CORRELATIONS = [
    "s.a = l.a", "s.b < l.b", "s.a <> l.a", "(s.a IS NOT DISTINCT FROM l.a)", "s.g = l.g AND s.b > l.b", "s.a + 1 = l.a * 1", "l.b > 10",
    "s.a = l.a OR s.b = l.b", "s.g = l.g AND s.a IN (SELECT i.a FROM r i WHERE i.b > l.b OR i.a = s.a)",
]


def predicates():
    for table in TABLES:
        for negation in ["", "NOT "]:
            yield f"a {negation}IN (SELECT a FROM {table})"
            yield f"2 {negation}IN (SELECT a FROM {table})"
            yield f"NULL {negation}IN (SELECT a FROM {table})"
            yield f"(a, b) {negation}IN (SELECT a, b FROM {table})"
        for op, quantifier in [("=", "ALL"), ("<>", "ANY"), (">", "ALL"), ("<=", "ANY")]:
            yield f"a {op} {quantifier} (SELECT a FROM {table})"
    for correlation, negation in itertools.product(CORRELATIONS, ["", "NOT "]):
        yield f"{negation}EXISTS (SELECT 1 FROM r s WHERE {correlation})"
        yield f"a {negation}IN (SELECT s.a FROM r s WHERE {correlation})"
        yield f"b {negation}IN (SELECT max(s.b) FROM r s WHERE {correlation})"
        yield f"0 {negation}IN (SELECT count(*) FROM r s WHERE {correlation})"
    for correlation in CORRELATIONS[:5]:
        yield f"EXISTS (SELECT count(*) FROM r s WHERE {correlation})"
        yield f"EXISTS (SELECT sum(s.b) FROM r s WHERE {correlation} HAVING count(*) = 0)"
        yield f"EXISTS (SELECT s.g FROM r s WHERE {correlation} GROUP BY s.g HAVING count(*) > 1)"
        yield f"EXISTS (SELECT 1 FROM r s WHERE {correlation} OFFSET 1)"
        yield f"EXISTS (SELECT 1 FROM r s WHERE {correlation} LIMIT 0)"
        yield f"a IN (SELECT s.a FROM r s WHERE {correlation} ORDER BY s.b DESC NULLS LAST LIMIT 1)"
        yield f"b > ALL (SELECT s.b FROM r s WHERE {correlation})"
        yield f"a IN (SELECT s.a FROM r s WHERE {correlation} UNION ALL SELECT s.b FROM known s WHERE s.a = l.a)"
        yield f"a NOT IN (SELECT DISTINCT s.a FROM r s WHERE {correlation})"
        yield f"(SELECT count(*) FROM r s WHERE {correlation}) > 1"
        yield f"(SELECT s.b FROM r s WHERE {correlation} ORDER BY s.b NULLS LAST LIMIT 1) > 5"
        yield f"EXISTS (SELECT 1 FROM known o LEFT JOIN (SELECT * FROM r s WHERE {correlation}) s ON o.a = s.a WHERE s.b IS NULL)"


def statements():
    positions = [
        "SELECT * FROM l WHERE {}", "SELECT * FROM l WHERE {} OR a = 7", "SELECT * FROM l WHERE NOT ({})", "SELECT * FROM l WHERE ({}) IS NULL",
        "SELECT a, b, {} AS p FROM l", "SELECT count(*) FILTER (WHERE {}) AS n FROM l", "SELECT a, CASE WHEN {} THEN 1 ELSE 0 END AS p FROM l WHERE b > 1",
        "SELECT g, sum(CASE WHEN {} THEN b END) AS n FROM l GROUP BY g",
    ]
    for number, predicate in enumerate(predicates()):
        for position in (positions[number % 8], positions[(number * 3 + 4) % 8], "SELECT a, b, {} AS p FROM l"):
            yield position.format(predicate)
    values = [
        "count(*)", "sum(s.b)", "count(*) + 1", "coalesce(sum(s.b), -1)", "max(s.b) - min(s.b)", "count(DISTINCT s.g)", "sum(s.b + l.b)", "bool_or(s.b > l.b)",
    ]
    for number, (value, correlation) in enumerate(itertools.product(values, CORRELATIONS)):
        yield f"SELECT l.*, (SELECT {value} FROM r s WHERE {correlation}) AS v FROM l"
        if number % 3 == 0:
            yield f"SELECT l.a FROM l WHERE l.b > (SELECT {value.replace('bool_or(s.b > l.b)', 'min(s.b)')} FROM r s WHERE {correlation})"
            yield f"SELECT l.*, v.x FROM l LEFT JOIN LATERAL (SELECT {value} AS x FROM r s WHERE {correlation}) v ON true"
    for correlation in CORRELATIONS:
        yield f"SELECT l.a, v.b FROM l JOIN LATERAL (SELECT s.b FROM r s WHERE {correlation} ORDER BY s.b NULLS LAST LIMIT 2) v ON true"
        yield f"SELECT l.a, v.b FROM l LEFT JOIN LATERAL (SELECT s.b FROM r s WHERE {correlation}) v ON v.b > 5"
    for join in ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]:
        yield f"SELECT l.a, l.b, r.b AS c FROM l {join} r ON l.a = r.a AND r.b IN (SELECT b FROM known)"
        yield f"SELECT l.a, l.b, r.b AS c FROM l {join} r ON l.a = r.a AND NOT EXISTS (SELECT 1 FROM known s WHERE s.b > l.b)"
    yield "SELECT g, count(*) AS n FROM l GROUP BY g HAVING count(*) > (SELECT count(*) FROM none)"
    yield "SELECT g, count(*) AS n FROM l GROUP BY g HAVING g IN (SELECT s.g FROM r s WHERE s.g <= l.g)"
    yield "SELECT g, count(*) AS n FROM l GROUP BY g HAVING EXISTS (SELECT 1 FROM r s WHERE s.g = l.g AND s.b > 20)"
    yield "SELECT a, b FROM l WHERE b IS NOT NULL ORDER BY (SELECT count(*) FROM r s WHERE s.a = l.a), b"
    yield "SELECT a FROM l QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = (SELECT 1) AND a IN (SELECT a FROM r)"
    yield from groupings()
    yield from relations()


def groupings():
    ordered = "(SELECT * FROM l ORDER BY g, a) AS o"
    constant = "(SELECT 'c' AS g, a, b FROM l) AS o"
    union = "(SELECT 'c' AS g, 1 AS a UNION ALL SELECT 'c', 1 ORDER BY g) AS o"
    for source, sets in itertools.product([ordered, constant, union], ["ROLLUP (g, a)", "CUBE (g, a)", "GROUPING SETS ((g), ())", "GROUPING SETS ((g, a), (g), (a))"]):
        keys = "g, a" if "a" in sets.split("(", 1)[1] else "g"
        yield f"SELECT {keys}, count(*) AS n FROM {source} GROUP BY {sets}"
        yield f"SELECT {keys}, grouping(g) AS k, count(DISTINCT a) AS n FROM {source} GROUP BY {sets} ORDER BY {keys.replace(',', ' NULLS LAST,')} NULLS LAST, k, n"
    yield f"SELECT g, sum(b) AS n FROM (SELECT *, row_number() OVER (PARTITION BY g ORDER BY b) AS i FROM l) AS o GROUP BY GROUPING SETS ((g), ()) ORDER BY g NULLS LAST, n"


def relations():
    lists = "(VALUES (1, [5, 6]), (2, []), (3, NULL), (4, [NULL, 7])) AS t(k, l)"
    yield f"SELECT k, x FROM {lists} CROSS JOIN UNNEST(l) AS u(x)"
    yield f"SELECT k, x FROM {lists}, unnest(l) u(x) WHERE x > 5"
    yield f"SELECT k, x FROM {lists} LEFT JOIN unnest(l) u(x) ON true"
    yield f"SELECT k, x, i FROM {lists} CROSS JOIN unnest(l) WITH ORDINALITY AS u(x, i)"
    yield f"SELECT k, (SELECT sum(x) FROM unnest(l) u(x)) AS n FROM {lists}"
    yield f"SELECT k FROM {lists} WHERE 6 IN (SELECT unnest(l))"
    yield f"SELECT k FROM {lists} WHERE EXISTS (SELECT 1 FROM unnest(l) u(x) WHERE x > k + 2)"
    yield f"SELECT k, count(x) AS n FROM {lists} LEFT JOIN unnest(l) u(x) ON true GROUP BY k"
    yield f"SELECT k, x FROM {lists}, LATERAL (SELECT k + 1 AS x) u"
    yield f"SELECT k, x, y FROM {lists}, unnest(l) u(x), LATERAL (SELECT x + k AS y) v"
    yield f"SELECT k, i FROM {lists}, range(k) r(i)"
    trades = "(VALUES (1, 1), (1, 5), (1, 9), (2, 3), (NULL, 3), (2, NULL)) AS t(k, t)"
    prices = "(VALUES (1, 2, 'x'), (1, 5, 'y'), (1, NULL, 'n'), (2, 4, 'z'), (3, 1, 'w')) AS p(k, t, v)"
    for join, op in itertools.product(["ASOF JOIN", "ASOF LEFT JOIN"], [">=", ">", "<=", "<"]):
        yield f"SELECT t.k, t.t, p.t AS u, p.v FROM {trades} {join} {prices} ON t.k = p.k AND t.t {op} p.t"
    yield f"SELECT t.t, p.v FROM {trades} ASOF JOIN {prices} ON t.t >= p.t WHERE t.t > 2 AND p.v <> 'z'"
    yield f"SELECT * FROM {trades} ASOF LEFT JOIN {prices} USING (k, t)"
    days = "(VALUES (1, DATE '2024-01-01'), (2, DATE '2024-01-02'), (3, DATE '2024-01-05'), (4, DATE '2024-02-01')) AS v(i, d)"
    for unit in ["INTERVAL 1 DAY", "INTERVAL '3 days'", "INTERVAL 1 MONTH"]:
        yield f"SELECT i, sum(i) OVER (ORDER BY d RANGE BETWEEN {unit} PRECEDING AND CURRENT ROW) AS n FROM {days}"
        yield f"SELECT i, count(*) OVER (ORDER BY CAST(d AS TIMESTAMP) RANGE BETWEEN {unit} PRECEDING AND {unit} FOLLOWING) AS n FROM {days}"
    yield "SELECT DISTINCT a, count(*) OVER (PARTITION BY a) AS n FROM l LIMIT 30"
    yield "SELECT count(*) FILTER (WHERE b > 5 IS TRUE) AS n, sum(CAST(b > 5 IS TRUE AS INTEGER)) AS m FROM l".replace("b > 5 IS TRUE", "(b > 5) IS TRUE")


def main():
    standard.write(duckdb.connect(), "subqueries.slt", SETUP, dict.fromkeys(statements()), "subqueries.py")


if __name__ == "__main__":
    main()
