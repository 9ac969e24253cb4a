"""The two engines: DuckDB, and ours behind a pipe."""

import datetime as dt
import decimal
import json
import re
import subprocess
import sys
import types
import zoneinfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc


class Zone(zoneinfo.ZoneInfo):
    """What DuckDB asks of pytz to make times with a zone."""

    def localize(self, moment):
        return moment.replace(tzinfo=self)


sys.modules["pytz"] = types.ModuleType("pytz")
sys.modules["pytz"].timezone, sys.modules["pytz"].utc = Zone, Zone("UTC")

WIDE = {"TINYINT": "HUGEINT", "SMALLINT": "HUGEINT", "INTEGER": "HUGEINT", "BIGINT": "HUGEINT", "UTINYINT": "HUGEINT", "UBIGINT": "HUGEINT", "FLOAT": "DOUBLE"}

# Python has no year 10000 and none before 1: such a time comes as a text.
FAR = re.compile(r"(\d{4,})(-\d\d-\d\d)( \(BC\))?( [0-9:.]+)?([+]00)?")


class Failed(Exception):
    """A statement's error, with its code where the engine has one."""

    def __init__(self, message: str, code: str = ""):
        super().__init__(message)
        self.code = code


class Ours:
    def __init__(self, program: str):
        self.program, self.process = program, None

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def reset(self, opening: list):
        """A new process with these tables."""
        self.close()
        self.opening = opening
        self.process = subprocess.Popen([self.program, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for each in self.opening:
            self.ask(each)

    def ask(self, request: dict) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed("the process ended", "crash")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"], answer["code"])
        return answer

    def run(self, sql: str) -> list:
        try:
            return [[decoded(cell) for cell in row] for row in self.ask({"sql": sql})["rows"]]
        except (Failed, BrokenPipeError) as error:
            if isinstance(error, Failed) and error.code != "crash":
                raise
            self.reset(self.opening)
            raise Failed("the process ended", "crash") from error


def decoded(cell):
    if isinstance(cell, dict):
        return float(cell["f"])
    # A text may be such a time's.
    return [decoded(each) for each in cell] if isinstance(cell, list) else plain(cell)


class DuckDB:
    """Beside the tables, the same of wider types: where a type of DuckDB's overflows, an engine that widens is right with these values."""

    def reset(self, tables):
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA wide; SET threads = 1; SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
        for name, arrow_table in tables.data.items():
            self.connection.register("arrow_table", with_one_zero(arrow_table))
            self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow_table")
            self.connection.unregister("arrow_table")
            types = self.connection.execute(f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{name}' AND table_schema = 'main' ORDER BY ordinal_position").fetchall()
            wide = [f"CAST({column} AS {WIDE[kind]}) AS {column}" if kind in WIDE and column != "id" else column for column, kind in types]
            self.connection.execute(f"CREATE TABLE wide.{name} AS SELECT {', '.join(wide)} FROM main.{name}")

    def run(self, sql: str, wide: bool = False) -> list:
        """The rows; `wide` over the wider tables, where what cannot be computed is NULL."""
        try:
            self.connection.execute(f"SET error_on_division_by_zero = {'false' if wide else 'true'}")
            self.connection.execute(f"SET schema = '{'wide' if wide else 'main'}'")
            return [[plain(cell) for cell in row] for row in self.connection.execute(sql).fetchall()]
        except (duckdb.Error, ValueError, OverflowError, UnicodeDecodeError) as error:
            raise Failed(str(error), type(error).__name__) from error


def with_one_zero(table: pa.Table) -> pa.Table:
    """As our scan makes them: the sign of an infinity that a zero divides to is that of 0.0."""
    for at, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(at, field, pc.add(table.column(at), pa.scalar(0.0, field.type)))
    return table


def plain(cell):
    """A value as ours writes it: exact ones as one text each, floats as they are, lists and structs as lists."""
    match cell:
        case str() if (far := FAR.fullmatch(cell)) and (far[3] or len(far[1]) > 4):
            year = 1 - int(far[1]) if far[3] else int(far[1])
            return f"{year:0{5 if year < 0 else 4}}{far[2]}{far[4] or ''}".removesuffix(" 00:00:00")
        case None | float() | str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case decimal.Decimal():
            text = format(cell, "f")
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return "0" if text == "-0" else text
        case dt.datetime():
            cell = cell.astimezone(dt.timezone.utc).replace(tzinfo=None) if cell.tzinfo else cell
            text = f"{cell.year:04}-{cell.month:02}-{cell.day:02} {cell.time().isoformat()}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return text.removesuffix(" 00:00:00")
        case dt.date():
            return f"{cell.year:04}-{cell.month:02}-{cell.day:02}"
        case dt.time():
            text = cell.isoformat()
            return text.rstrip("0").rstrip(".") if "." in text else text
        case list() | tuple():
            return [plain(each) for each in cell]
        case dict():
            return [plain(each) for each in cell.values()]
        case bytes():
            return cell.hex()
    return str(cell)
