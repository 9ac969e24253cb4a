"""Writes tests/sql/times.slt: random statements over dates, times and intervals, with DuckDB's results.

    .tools/venv/bin/python tests/sql/times.py

A table holds the dates of real tables beside the ends of the calendar. Every result is cast to text, so that both engines write it.
"""

import pathlib
import random

import duckdb

STATEMENTS = 420
RNG = random.Random("times")
PARTS = """millennium century decade year quarter month week day hour minute second millisecond microsecond dow isodow doy isoyear
yearweek epoch era julian""".split()
UNITS = "millennium century decade year quarter month week day hour minute second millisecond microsecond isoyear".split()
ZONES = ["Europe/Paris", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe", "Asia/Tokyo"]
FORMATS = ["%Y-%m-%d", "%d/%m/%y %H:%M:%S", "%j %a %b %I %p", "%A %B %-d %-m %-H", "%U %W %V %G %u %w", "%f %g", "%c|%x|%X", "%Y%m%dT%H%M%S", "%-I:%M %p %%"]
WIDTHS = ["1 day", "7 days", "15 minutes", "1 month", "3 months", "1 year", "5 hours", "2 weeks", "10 years"]
EDGES = ["0001-01-01", "9999-12-31", "1970-01-01", "1969-12-31", "2000-02-29", "2024-02-29", "1900-02-28", "2024-12-30", "2021-01-03", "1582-10-10", "2262-04-12", "1677-09-21"]


def pick(*choices):
    return RNG.choice(choices)


def day() -> str:
    if RNG.random() < 0.3:
        return pick(*EDGES)
    year = pick(RNG.randint(1, 9999), RNG.randint(1900, 2100), RNG.randint(2019, 2025))
    return f"{year:04}-{RNG.randint(1, 12):02}-{RNG.randint(1, 28):02}"


def clock() -> str:
    hours = f"{RNG.randint(0, 23):02}:{RNG.randint(0, 59):02}:{RNG.randint(0, 59):02}"
    return pick("00:00:00", hours, f"{hours}.{pick(1, 500000, 999999, RNG.randint(0, 999999)):06}")


def interval() -> str:
    unit = lambda: f"{pick(1, -1) * RNG.randint(0, 40)} {pick('year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second')}"
    return f"INTERVAL '{pick(unit(), f'{unit()} {unit()}')}'"


def literal() -> str:
    return pick(f"DATE '{day()}'", f"TIMESTAMP '{day()} {clock()}'", f"TIMESTAMP '{day()}'", f"'{day()}'", f"TIMESTAMPTZ '{day()} {clock()}+00'")


def column() -> str:
    return pick("ts", "tz", "ms", "ns", "day", "ts", "day")


def moment() -> str:
    return pick("ts", "day", f"DATE '{day()}'", f"TIMESTAMP '{day()} {clock()}'")


def comparison() -> str:
    operator = pick("<", "<=", "=", ">=", ">", "<>")
    return pick(
        lambda: f"{column()} {operator} {literal()}",
        lambda: f"{literal()} {operator} {column()}",
        lambda: f"{column()} {operator} {column()}",
        lambda: f"{column()} {pick('', 'NOT ')}BETWEEN {literal()} AND {literal()}",
        lambda: f"{column()} {pick('', 'NOT ')}IN ({literal()}, {literal()})",
        lambda: f"({column()} IS DISTINCT FROM {literal()})",
        lambda: f"CAST(ts AS TIME) {operator} TIME '{clock()}'",
        lambda: f"{interval()} {operator} {interval()}",
        lambda: f"ts - TIMESTAMP '{day()}' {operator} {interval()}",
    )()


def value() -> str:
    format = pick("%Y-%m-%d %H:%M:%S", "%d %B %Y", "%Y/%j", "%m/%d/%Y %I:%M:%S %p", "%H:%M:%S.%f %Y-%m-%d", "%G-W%V-%u")
    return pick(
        lambda: f"date_part('{pick(*PARTS)}', {column()})",
        lambda: f"date_part('{pick('year', 'month', 'day', 'hour', 'second', 'quarter', 'epoch')}', {interval()})",
        lambda: f"date_trunc('{pick(*UNITS)}', {column()})",
        lambda: f"date_diff('{pick(*UNITS)}', {moment()}, {moment()})",
        lambda: f"date_sub('{pick(*UNITS)}', {moment()}, {moment()})",
        lambda: f"age({moment()}, ts)",
        lambda: f"{moment()} {pick('+', '-')} {interval()}",
        lambda: f"{moment()} - ts",
        lambda: f"day {pick('+', '-')} {RNG.randint(-50, 300)}",
        lambda: f"day - DATE '{day()}'",
        lambda: f"{interval()} * {RNG.randint(-9, 9)}",
        lambda: f"{interval()} / {pick(1, 2, 4, 5, 8, 10)}",
        lambda: f"{pick('ts', 'tz')} AT TIME ZONE '{pick(*ZONES)}'",
        lambda: f"strftime({pick('ts', 'tz', 'day')}, '{pick(*FORMATS)}')",
        lambda: f"strptime(strftime(ts, '{format}'), '{format}')",
        lambda: f"last_day({column()})",
        lambda: f"time_bucket(INTERVAL '{pick(*WIDTHS)}', {pick('ts', 'day', 'tz')})",
        lambda: f"{pick('epoch', 'epoch_ms', 'epoch_us')}({column()})",
        lambda: f"{pick('dayname', 'monthname', 'year', 'month', 'week', 'century', 'decade', 'isoyear', 'dayofyear')}({column()})",
        lambda: f"CAST(ts AS TIME) {pick('+', '-')} {interval()}",
        lambda: f"CASE WHEN {comparison()} THEN {pick('ts', 'day')} ELSE {pick('ts', 'day')} END",
        lambda: f"coalesce({pick('ts', 'day')}, {literal()})",
        lambda: f"nullif({pick('ts', 'day')}, {literal()})",
        lambda: f"greatest(ts, {pick('day', 'ts')}, TIMESTAMP '{day()}')",
        lambda: f"CAST({column()} AS {pick('DATE', 'VARCHAR')})",
        lambda: f"TRY_CAST(text AS {pick('DATE', 'TIMESTAMP')})",
    )()


def statement() -> tuple[str, str]:
    """A statement, and the types of its columns."""
    return pick(
        lambda: (f"SELECT id FROM m WHERE {comparison()} ORDER BY id", "I"),
        lambda: (f"SELECT id FROM m WHERE {comparison()} {pick('AND', 'OR')} NOT ({comparison()}) ORDER BY id", "I"),
        lambda: (f"SELECT id, CAST({value()} AS VARCHAR) FROM m ORDER BY id", "IT"),
        lambda: (f"SELECT id, CAST({value()} AS VARCHAR) FROM m ORDER BY id", "IT"),
        lambda: (f"SELECT count(*) FROM m AS a JOIN m AS b ON a.{column()} = b.{column()}", "I"),
        lambda: (f"SELECT CAST({pick('min', 'max')}({column()}) AS VARCHAR), count(*) FROM m WHERE {comparison()}", "TI"),
    )()


def table() -> str:
    rows = []
    stamps = [f"{edge} {clock()}" for edge in EDGES] + [f"{day()} {clock()}" for _ in range(8)]
    for number, stamp in enumerate(stamps):
        near = f"{pick('1970', '2024', '2261')}{stamp[4:]}".replace("02-29", "02-28")
        text = pick(stamp, stamp[:10], stamp[:16], "no time", f" {stamp[:10]}", stamp.replace("-", "/"), stamp.replace(" ", "T") + "Z")
        rows.append(f"({number}, '{stamp}', '{near}.123456789', '{pick(day(), stamp[:10])}', '{text}')" if "." not in near else f"({number}, '{stamp}', '{near}', '{pick(day(), stamp[:10])}', '{text}')")
    rows.append("(99, NULL, NULL, NULL, NULL)")
    columns = "CAST(a AS TIMESTAMP) AS ts, CAST(a AS TIMESTAMPTZ) AS tz, CAST(a[:19] AS TIMESTAMP_MS) AS ms, CAST(b AS TIMESTAMP_NS) AS ns, CAST(c AS DATE) AS day, text"
    columns = columns.replace("a[:19]", "substr(a, 1, 19)")
    return f"CREATE TABLE m AS SELECT id, {columns} FROM (VALUES {', '.join(rows)}) AS v(id, a, b, c, text)"


def main():
    duck = duckdb.connect()
    duck.execute("SET timezone = 'UTC'")
    create = table()
    duck.execute(create)
    out = ["# Made by times.py: the results are DuckDB's.", "", "statement ok", create]
    made = 0
    while made < STATEMENTS:
        sql, types = statement()
        try:
            rows = duck.execute(sql).fetchall()
        except duckdb.Error:
            continue
        shown = lambda cell: "NULL" if cell is None else "(empty)" if cell == "" else str(cell)
        out += ["", f"query {types}", sql, "----"] + [" ".join(shown(cell) for cell in row) for row in rows]
        made += 1
    pathlib.Path(__file__).with_name("times.slt").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
