"""Random tables: the values that readers and engines get wrong, in every type, written as Delta tables and as Parquet files."""

import datetime as dt
import decimal
import random
import struct

import deltalake
import numpy
import pyarrow as pa
import pyarrow.parquet as pq

UTC = dt.timezone.utc
# A NaN with the sign bit, as x86 makes of 0/0.
NEGATIVE_NAN = struct.unpack("<d", struct.pack("<Q", 0xFFF8000000000000))[0]
FLOATS = [float("nan"), NEGATIVE_NAN, 0.0, -0.0, float("inf"), float("-inf")]
TEXTS = ["", " ", "a", "A", "ab", "abc", "b", "é", "日本", "😀", "%", "_", "a_b", "NULL", "10", "-3", "x'y", "0"]
DAYS = [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1970, 1, 1), dt.date(1969, 12, 31), dt.date(2024, 2, 29), dt.date(2024, 12, 30)]

# Column names by Arrow type (a decimal of 38 digits would be cut by DuckDB where it meets one of another scale), and the kind of expression that each is. `id` is unique, `k` joins, `n` is small.
COLUMNS = {
    "id": (pa.int32(), "int"),
    "k": (pa.int32(), "int"),
    "n": (pa.int64(), "int"),
    "h": (pa.int8(), "int"),
    "w": (pa.int16(), "int"),
    "i": (pa.int32(), "int"),
    "l": (pa.int64(), "int"),
    "f": (pa.float32(), "float"),
    "d": (pa.float64(), "float"),
    "m": (pa.decimal128(9, 2), "dec"),
    "q": (pa.decimal128(26, 6), "dec"),
    "t": (pa.string(), "text"),
    "b": (pa.bool_(), "bool"),
    "day": (pa.date32(), "date"),
    "ts": (pa.timestamp("us", "UTC"), "tstz"),
    "tn": (pa.timestamp("us"), "ts"),
    "li": (pa.list_(pa.int64()), "list"),
    "st": (pa.struct([("a", pa.int64()), ("b", pa.string())]), "struct"),
}
# Types that Delta has not.
UNSIGNED = {"u": (pa.uint8(), "int"), "v": (pa.uint64(), "int"), "tm": (pa.time64("us"), "time")}


def value(rng: random.Random, name: str, row: int):
    """A value of a column; one in seven is null, except of `id`."""
    if name == "id":
        return row
    if rng.random() < 0.14:
        return None
    moment = lambda: dt.datetime(2024, 1, 1) + dt.timedelta(seconds=rng.choice([0, 1, 3600, 86399, 86400 * rng.randrange(90), rng.randrange(10**7)]), microseconds=rng.choice([0, 0, 1, 999999]))
    match name:
        case "k":
            return rng.randrange(-1, 6)
        case "n":
            return rng.randrange(-50, 51)
        case "h" | "w" | "i" | "l":
            bits = {"h": 8, "w": 16, "i": 32, "l": 64}[name]
            return rng.choice([0, 1, -1, 5, rng.randrange(-100, 100), 2 ** (bits - 1) - 1, -(2 ** (bits - 1))])
        case "u" | "v":
            return rng.choice([0, 1, 200, 2 ** (8 if name == "u" else 64) - 1])
        case "f" | "d":
            return rng.choice([*FLOATS, *(rng.randrange(-40, 41) * 0.25 for _ in range(6))])
        case "m":
            return decimal.Decimal(rng.choice([0, 1, -1, 9999999, -9999999, rng.randrange(-1000, 1000)]) * 100 + rng.randrange(100)).scaleb(-2).max(decimal.Decimal("-9999999.99"))
        case "q":
            return decimal.Decimal(rng.choice([0, 1, -250000, 12345678901234567891000, -12345678901234567891234, rng.randrange(-(10**9), 10**9)])).scaleb(-6)
        case "t":
            return rng.choice(TEXTS)
        case "b":
            return rng.random() < 0.5
        case "day":
            return rng.choice([*DAYS, dt.date(2024, 1, 1) + dt.timedelta(rng.randrange(60))])
        case "ts" | "tn":
            sentinels = [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(1969, 12, 31, 23, 59, 59, 999999)]
            chosen = rng.choice(sentinels) if rng.random() < 0.2 else moment()
            return chosen.replace(tzinfo=UTC) if name == "ts" else chosen
        case "tm":
            return rng.choice([dt.time(0), dt.time(12, 34, 56, 789012), dt.time(23, 59, 59, 999999)])
        case "li":
            return [rng.choice([None, 1, 2, 3, -1]) for _ in range(rng.randrange(4))]
        case "st":
            return {"a": rng.choice([None, 1, 2]), "b": rng.choice([None, "x", ""])}
    raise ValueError(name)


def column(values: list, kind: pa.DataType) -> pa.Array:
    if not pa.types.is_floating(kind):
        return pa.array(values, kind)
    # pyarrow makes every NaN one; numpy keeps the bits.
    width = numpy.float32 if kind == pa.float32() else numpy.float64
    mask = numpy.array([value is None for value in values], dtype=bool)
    return pa.array(numpy.array([0.0 if value is None else value for value in values], dtype=width), kind, mask=mask, from_pandas=False)


def table(rng: random.Random, rows: int, columns: dict) -> pa.Table:
    made = {name: column([value(rng, name, row) for row in range(rows)], kind) for name, (kind, _) in columns.items()}
    return pa.table(made)


class Tables:
    """Three tables and an empty one, in a folder: name -> (Arrow table, how the engine opens it)."""

    def __init__(self, rng: random.Random, folder):
        self.data, self.opening, self.kinds = {}, [], {}
        plain = dict(COLUMNS)
        for name, rows in (("t1", rng.choice([30, 60, 120])), ("t2", rng.choice([8, 20])), ("none", 0)):
            self.add(name, table(rng, rows, plain), plain)
            self.delta(rng, name, folder / name)
        columns = {**{name: COLUMNS[name] for name in ("id", "k", "n", "t", "d", "day", "tn")}, **UNSIGNED}
        self.add("t3", table(rng, 15, columns), columns)
        path = folder / "t3.parquet"
        pq.write_table(self.data["t3"], path, row_group_size=6)
        self.opening.append({"sql": f"CREATE VIEW t3 AS SELECT * FROM read_parquet('{path}')"})

    def add(self, name, data, columns):
        self.data[name] = data
        self.kinds[name] = {column: kind for column, (_, kind) in columns.items()}

    def delta(self, rng, name, folder):
        """One to three files, partitioned in one table of three: half files of rows in the order of their ids, with bounds."""
        data = self.data[name]
        partitions = ["k"] if rng.random() < 0.33 and data.num_rows else None
        cuts = sorted({0, data.num_rows, *(rng.randrange(data.num_rows + 1) for _ in range(2))})
        for start, end in zip(cuts, cuts[1:]) if data.num_rows else [(0, 0)]:
            deltalake.write_deltalake(str(folder), data.slice(start, end - start), mode="append", partition_by=partitions)
        self.opening.append({"table": name, "folder": str(folder)})
