"""Exports a result with values of every type in every format, and reads the files back with pyarrow and DuckDB.

    .tools/venv/bin/python tests/export/read_back.py target/debug/lakeglass

Prints `test result:` with how many readings were right, and what was not.
"""

import datetime as dt
import decimal
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

D = decimal.Decimal
UTC = dt.timezone.utc

# Name, an expression, its value, the types of pyarrow and of DuckDB. Of nested types text formats hold JSON.
COLUMNS = [
    ("byte", "CAST(-128 AS TINYINT)", -128, pa.int8(), "TINYINT"),
    ("short", "CAST(32767 AS SMALLINT)", 32767, pa.int16(), "SMALLINT"),
    ("int", "CAST(-2147483648 AS INT)", -(2**31), pa.int32(), "INTEGER"),
    ("long", "9007199254740993", 9007199254740993, pa.int64(), "BIGINT"),
    ("u8", "arrow_cast(255, 'UInt8')", 255, pa.uint8(), "UTINYINT"),
    ("u64", "CAST('18446744073709551615' AS BIGINT UNSIGNED)", 2**64 - 1, pa.uint64(), "UBIGINT"),
    ("float", "CAST(0.1 AS FLOAT)", 0.10000000149011612, pa.float32(), "FLOAT"),
    ("double", "CAST(0.1 AS DOUBLE)", 0.1, pa.float64(), "DOUBLE"),
    ("tiny", "CAST('5e-324' AS DOUBLE)", 5e-324, pa.float64(), "DOUBLE"),
    ("huge", "CAST('-1.7976931348623157e308' AS DOUBLE)", -1.7976931348623157e308, pa.float64(), "DOUBLE"),
    ("price", "CAST('12.50' AS DECIMAL(10,2))", D("12.50"), pa.decimal128(10, 2), "DECIMAL(10,2)"),
    ("wide", "CAST('-1234567890123456789012345678.0001' AS DECIMAL(38,4))", D("-1234567890123456789012345678.0001"), pa.decimal128(38, 4), "DECIMAL(38,4)"),
    ("yes", "TRUE", True, pa.bool_(), "BOOLEAN"),
    ("text", "concat('é𝄞, \"x\"', chr(10), ' b ')", 'é𝄞, "x"\n b ', pa.string(), "VARCHAR"),
    ("empty", "''", "", pa.string(), "VARCHAR"),
    ("bytes", "X'00ff'", b"\x00\xff", pa.binary(), "BLOB"),
    ("day", "DATE '1582-10-14'", dt.date(1582, 10, 14), pa.date32(), "DATE"),
    ("instant", "arrow_cast('2025-09-30T12:00:00.123456Z', 'Timestamp(Microsecond, Some(\"UTC\"))')", dt.datetime(2025, 9, 30, 12, 0, 0, 123456, UTC), pa.timestamp("us", "UTC"), "TIMESTAMPTZ"),
    ("clock", "arrow_cast('0001-01-01T00:00:00.12', 'Timestamp(Microsecond, None)')", dt.datetime(1, 1, 1, 0, 0, 0, 120000), pa.timestamp("us"), "TIMESTAMP"),
    ("time", "arrow_cast('23:59:59.000001', 'Time64(Microsecond)')", dt.time(23, 59, 59, 1), pa.time64("us"), "TIME"),
    ("list", "[1, NULL, 3]", [1, None, 3], pa.list_(pa.int64()), "BIGINT[]"),
    ("struct", "named_struct('a', 1, 'b', 'x')", {"a": 1, "b": "x"}, pa.struct([("a", pa.int64()), ("b", pa.string())]), "STRUCT(a BIGINT, b VARCHAR)"),
    ("map", "map {'k': 1, 'l': NULL}", {"k": 1, "l": None}, pa.map_(pa.string(), pa.int64()), "MAP(VARCHAR, BIGINT)"),
    ("deep", "[named_struct('l', [1, 2], 'd', DATE '2025-09-30'), NULL]", [{"l": [1, 2], "d": dt.date(2025, 9, 30)}, None], pa.list_(pa.struct([("l", pa.list_(pa.int64())), ("d", pa.date32())])), "STRUCT(l BIGINT[], d DATE)[]"),
]
NESTED = {"list", "struct", "map", "deep"}
# The same row as often as takes several batches, with a column that tells them apart; and a row of nulls.
VALUES = ", ".join(f"{expression} AS {name}" for name, expression, *_ in COLUMNS)
ROWS = 20_000
SQL = f"SELECT * FROM (SELECT {VALUES}), (SELECT value AS n FROM generate_series(1, {ROWS})) UNION ALL SELECT {', '.join(['NULL'] * len(COLUMNS))}, 0"
EXPECTED = {name: value for name, _, value, *_ in COLUMNS}
SPECIAL = "SELECT CAST('NaN' AS DOUBLE) AS nan, CAST('Infinity' AS DOUBLE) AS inf, CAST('-Infinity' AS DOUBLE) AS ninf"


def export(binary, sql, format, folder):
    path = Path(folder) / f"result.{format}"
    subprocess.run([binary, "query", "--format", format, "--out", path, sql], check=True)
    return str(path)


def plain(value):
    """One form of what both readers give."""
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(UTC)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, list) and value and all(isinstance(pair, tuple) for pair in value):
        return {key: plain(inner) for key, inner in value}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value


def as_json(value):
    """A nested value as the text formats write it."""
    return json.loads(json.dumps(value, default=str))


def wrong(rows, text):
    """What differs from the expected; `text`: how nested values and binaries came: as they are, or as JSON and hexadecimal."""
    found = []
    if sorted(row["n"] for row in rows) != list(range(ROWS + 1)):
        found.append("the rows are not those that were written")
    for row in rows[:2] + rows[-3:]:
        for name, expected in EXPECTED.items():
            value = plain(row[name])
            if row["n"] == 0:
                expected = None
            elif name in NESTED and text == "csv":
                value, expected = json.loads(value), as_json(expected)
            elif name == "bytes" and text:
                expected = expected.hex()
            if value != expected:
                found.append(f"{name}: {value!r}, not {expected!r}")
    return found


def with_pyarrow(format, path):
    if format == "parquet":
        return pa.parquet.read_table(path)
    if format == "arrow":
        return pa.ipc.open_file(path).read_all()
    types = {name: pa.string() if name == "bytes" or (format == "csv" and name in NESTED) else kind for name, _, _, kind, _ in COLUMNS}
    types["n"] = pa.int64()
    if format == "csv":
        # Without the last row's nulls in quotes an empty text is one.
        convert = pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False)
        return pa.csv.read_csv(path, parse_options=pa.csv.ParseOptions(newlines_in_values=True), convert_options=convert)
    # pyarrow makes no maps, dates or times of JSON: they are read as what they are written as.
    for name in ("map", "day", "time", "deep"):
        del types[name]
    return pa.json.read_json(path, parse_options=pa.json.ParseOptions(explicit_schema=pa.schema(types)))


def with_duckdb(format, path):
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    types = {name: "VARCHAR" if name == "bytes" or (format == "csv" and name in NESTED) else kind for name, *_, kind in COLUMNS}
    types["n"] = "BIGINT"
    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in types.items()) + "}"
    if format == "arrow":
        exported = pa.ipc.open_file(path).read_all()
        source = "exported"
    else:
        source = {
            "parquet": f"read_parquet('{path}')",
            "csv": f"read_csv('{path}', columns = {columns}, header = true, nullstr = '', allow_quoted_nulls = false, quote = '\"', escape = '\"', delim = ',')",
            "jsonl": f"read_json('{path}', columns = {columns}, format = 'newline_delimited')",
        }[format]
    # An instant as a number: Python's DuckDB makes a datetime of one with a package more.
    found = database.sql(f"SELECT * REPLACE (epoch_us(instant) AS instant) FROM {source}")
    rows = [dict(zip(found.columns, row)) for row in found.fetchall()]
    for row in rows:
        if row["instant"] is not None:
            row["instant"] = dt.datetime.fromtimestamp(0, UTC) + dt.timedelta(microseconds=row["instant"])
    return rows


def pyarrow_json(rows):
    """pyarrow reads maps as structs, and dates and times as text or timestamps, out of JSON."""
    for row in rows:
        if row["n"]:
            row["day"] = dt.date.fromisoformat(str(row["day"])[:10])
            row["time"] = dt.time.fromisoformat(row["time"])
            row["deep"] = [inner and {**inner, "d": dt.date.fromisoformat(str(inner["d"])[:10])} for inner in row["deep"]]
    return rows


def main(binary):
    passed, failures = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for format in ("csv", "jsonl", "arrow", "parquet"):
            path = export(binary, SQL, format, folder)
            text = format if format in ("csv", "jsonl") else None
            readings = {
                "pyarrow": lambda: (lambda rows: pyarrow_json(rows) if format == "jsonl" else rows)(with_pyarrow(format, path).to_pylist()),
                "DuckDB": lambda: with_duckdb(format, path),
            }
            for reader, read in readings.items():
                try:
                    found = wrong(read(), text)
                except Exception as error:  # noqa: BLE001: whatever a reader says of the file
                    found = [repr(error)]
                passed += not found
                failures += [f"{format} read by {reader}: {what}" for what in found[:5]]
            special = export(binary, SPECIAL, format, folder)
            source = {"csv": f"read_csv('{special}', all_varchar = true)", "jsonl": f"read_json('{special}', columns = {{'nan': 'DOUBLE', 'inf': 'DOUBLE', 'ninf': 'DOUBLE'}})", "parquet": f"read_parquet('{special}')"}
            if format == "arrow":
                row = tuple(pa.ipc.open_file(special).read_all().to_pylist()[0].values())
            else:
                row = duckdb.sql(f"SELECT nan::DOUBLE, inf::DOUBLE, ninf::DOUBLE FROM {source[format]}").fetchall()[0]
            right = math.isnan(row[0]) and row[1:] == (math.inf, -math.inf)
            passed += right
            failures += [] if right else [f"{format}: {row}"]
        kinds = with_types(export(binary, SQL, "parquet", folder))
        passed += not kinds
        failures += kinds
    for failure in failures:
        print(failure)
    print(f"test result: {'FAILED' if failures else 'ok'}. {passed} passed; {len(failures)} failed; 0 ignored")
    return 1 if failures else 0


def with_types(path):
    """A Parquet file's types, as both readers see them."""
    schema = pa.parquet.read_schema(path)
    types = dict(duckdb.sql(f"SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet('{path}'))").fetchall())
    found = []
    for name, _, _, kind, theirs in COLUMNS:
        if schema.field(name).type != kind:
            found.append(f"parquet, {name}: {schema.field(name).type}, not {kind}")
        if types[name] != {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}.get(theirs, theirs):
            found.append(f"parquet in DuckDB, {name}: {types[name]}, not {theirs}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
