#!/usr/bin/env python3
"""Writes precedence.tsv: pairs of operators without parentheses, where DuckDB puts them, and its result.

Usage: python3 tests/sql/precedence.py > tests/sql/precedence.tsv (needs the package `duckdb`).

A line is an expression, a tab, the same with DuckDB's parentheses, a tab, and its value for each of ROWS as text (nothing where
DuckDB refuses the types). Of the types that the operands may have, those are taken for which the two ways to put parentheses
differ, if there are any.
"""
import itertools
import json
import sys
import duckdb

ROWS = """(VALUES (1, 2, 3, 5, 'a', 'ab', '2', true, false, true), (2, 7, 2, NULL, 'ab', 'a', '7', false, true, true),
(3, -2, 5, 1, 'b', '%', '1', NULL, false, false), (4, 6, -1, 4, NULL, 'ab', '6', true, NULL, false),
(5, 0, 1, 0, '1', '1', '0', false, false, NULL)) v(id, i, j, k, s, t, u, p, q, r)"""
OPERANDS = ["ijk", "stu", "pqr"]
BINARY = ["+", "-", "*", "/", "//", "%", "**", "^", "||", "&", "|", "<<", ">>", "=", "==", "<>", "!=", "<", ">", "<=", ">=", "LIKE",
          "NOT LIKE", "ILIKE", "GLOB", "NOT GLOB", "SIMILAR TO", "~", "!~", "~~", "!~~", "^@", "IS DISTINCT FROM",
          "IS NOT DISTINCT FROM", "AND", "OR", "->>"]
PREFIX = ["-", "+", "~", "NOT"]
SUFFIX = ["IS NULL", "IS NOT NULL", "ISNULL", "NOTNULL", "NOT NULL", "IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "::int",
          "::text", "::boolean", "BETWEEN 1 AND 4", "NOT BETWEEN 1 AND 4", "IN (1, 2, 7)", "NOT IN (1, 2)", "IN ('a', 'b')",
          "IN [1, 2]", "NOT IN [1, 2]", "BETWEEN 'a' AND 'b'", "IN (true)", "AT TIME ZONE 'UTC'"]

con = duckdb.connect()
con.execute("CREATE TABLE v AS SELECT * FROM " + ROWS)


def value(expression):
    try:
        rows = con.execute(f"SELECT CAST(({expression}) AS VARCHAR) FROM v ORDER BY id").fetchall()
    except duckdb.Error:
        return None
    return "|".join("NULL" if row[0] is None else row[0] for row in rows)


def tree(expression):
    parsed = json.loads(con.execute("SELECT json_serialize_sql(?)", [f"SELECT {expression}"]).fetchone()[0])
    return None if parsed["error"] else bare(parsed["statements"][0])


def bare(node):
    if isinstance(node, dict):
        return {key: bare(part) for key, part in node.items() if not key.startswith("query_location")}
    return [bare(part) for part in node] if isinstance(node, list) else node


def pair(plain, *ways):
    """One expression as a template of operands A, B, C, and the ways to put parentheses into it."""
    names = [name for name in "ABC" if name in plain]
    best = None
    for kinds in itertools.product(OPERANDS, repeat=len(names)):
        put = {name: kind[place] for place, (name, kind) in enumerate(zip(names, kinds))}

        def fill(template):
            return "".join(put.get(letter, letter) for letter in template)
        parsed = tree(fill(plain))
        if parsed is None:
            return
        same = [way for way in ways if tree(fill(way)) == parsed]
        if not same:
            print("neither way:", plain, file=sys.stderr)
            return
        result = value(fill(plain))
        others = [value(fill(way)) for way in ways if way not in same]
        rank = (result is not None, sum(other != result for other in others), -(result or "").count("NULL"))
        if best is None or rank > best[0]:
            best = (rank, fill(plain), fill(same[0]), result)
    print("\t".join([best[1], best[2], best[3] or ""]), flush=True)


# Letters of operators are kept apart from operands by lower case.
def op(text):
    return text.lower()


def behind(operand, suffix):
    return operand + ("" if suffix.startswith("::") else " ") + op(suffix)


for first, second in itertools.product(map(op, BINARY), repeat=2):
    pair(f"A {first} B {second} C", f"(A {first} B) {second} C", f"A {first} (B {second} C)")
for before, operator in itertools.product(map(op, PREFIX), map(op, BINARY)):
    pair(f"{before} A {operator} B", f"({before} A) {operator} B", f"{before} (A {operator} B)")
    pair(f"A {operator} {before} B", f"A {operator} ({before} B)")
for operator, suffix in itertools.product(map(op, BINARY), SUFFIX):
    pair(behind(f"A {operator} B", suffix), behind(f"(A {operator} B)", suffix), f"A {operator} ({behind('B', suffix)})")
    if not suffix.startswith("::"):
        pair(f"{behind('A', suffix)} {operator} B", f"({behind('A', suffix)}) {operator} B",
             *[f"A {part[0]} and ({part[1]} {operator} B)" for part in [op(suffix).split(" and ")] if len(part) > 1],
             *[f"A {part[0]} ([{part[1]} {operator} B)" for part in [op(suffix).split("[")] if len(part) > 1])
for before, suffix in itertools.product(map(op, PREFIX), SUFFIX):
    pair(f"{before} {behind('A', suffix)}", behind(f"({before} A)", suffix), f"{before} ({behind('A', suffix)})")
for first, second in itertools.product(SUFFIX, repeat=2):
    pair(behind(behind("A", first), second), behind(f"({behind('A', first)})", second))
for first, second in itertools.product(map(op, PREFIX), repeat=2):
    pair(f"{first} {second} A", f"{first} ({second} A)")
for before, operator in itertools.product(map(op, PREFIX), ["+", "**", "and", "||", "<<"]):
    pair(f"A {operator} {before} B {operator} C", f"(A {operator} ({before} B)) {operator} C",
         f"A {operator} ({before} B {operator} C)")
