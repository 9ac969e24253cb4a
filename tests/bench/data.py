"""Writes the benchmark's tables: python data.py FOLDER. What is there already is left alone.

lineitem            5,000,000 rows like TPC-H's at scale 0.83, sorted by order, in 8 appends of one file each; zstd, row groups of
                    122,880 rows (DuckDB's own size). Prices are doubles.
lineitem_snappy     the same rows, with snappy
lineitem_decimal    the same rows, zstd, with TPC-H's decimal(15,2)
lineitem_large      one file of 1 GB, row groups of 1,048,576 rows, zstd
supplier            8,334 rows, one file
events              1,000,000 rows in 400 files: 100 days by 4 appends

Beside the tables, tables.json says which files each version of each table has, and ranges.json what a query has at least to
read: see `needed_ranges`. Seeds are fixed.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema, WriterProperties, write_deltalake
from deltalake.transaction import AddAction, create_table_with_add_actions

ROWS = 5_000_000
FILES = 8
GROUP = 122_880
LARGE_GROUP = 1_048_576
LARGE_BYTES = 1_000_000_000
PARTS, SUPPLIERS = 166_667, 8_334

EPOCH = np.datetime64("1970-01-01")
FIRST_DAY = int((np.datetime64("1992-01-01") - EPOCH).astype(int))
ORDER_DAYS = int((np.datetime64("1998-08-02") - np.datetime64("1992-01-01")).astype(int))
CURRENT_DAY = int((np.datetime64("1995-06-17") - EPOCH).astype(int))

WORDS = (
    "furiously quickly carefully blithely slyly foxes ideas theodolites pinto beans instructions dependencies excuses platelets "
    "asymptotes courts dolphins multipliers sauternes warthogs frets dinos attainments somas braids hockey players sleep wake are "
    "cajole haggle nag use boost affix detect integrate maintain nod was lose sublate solve thrash promise engage hinder print "
    "doze run dazzle snooze unwind kindle play hang believe doubt special pending unusual express final ironic even bold silent "
    "regular about above according across after against along alongside among around at atop before behind beneath beside"
).split()


def words(rng, rows, pool):
    return pa.array(pool).take(pa.array(rng.integers(0, len(pool), rows)))


def comments(rng, rows):
    """Text of two to five words, that does not compress to nothing."""
    parts = [words(rng, rows, WORDS) for _ in range(5)]
    for index, share in ((2, 0.8), (3, 0.6), (4, 0.4)):
        parts[index] = pc.if_else(pa.array(rng.random(rows) < share), parts[index], pa.scalar(None, pa.string()))
    return pc.binary_join_element_wise(*parts, " ", null_handling="skip")


def lineitem(rng, rows, first_order):
    """Rows of whole orders, and the number of the next order."""
    orders = rows // 3
    lines = rng.integers(1, 8, orders)
    ends = np.cumsum(lines)
    orders = int(np.searchsorted(ends, rows)) + 1
    lines = lines[:orders]
    lines[-1] -= ends[orders - 1] - rows
    order = np.repeat(np.arange(first_order, first_order + orders), lines)
    key = (order // 8) * 32 + order % 8 + 1  # eight of every 32 keys are used, as in TPC-H
    line = np.arange(rows) - np.repeat(np.cumsum(lines) - lines, lines) + 1
    ordered = np.repeat(FIRST_DAY + rng.integers(0, ORDER_DAYS, orders), lines)
    shipped = ordered + rng.integers(1, 122, rows)
    received = shipped + rng.integers(1, 31, rows)
    part = rng.integers(1, PARTS + 1, rows)
    quantity = rng.integers(1, 51, rows)
    cents = quantity * (90_000 + (part // 10) % 20_001 + 100 * (part % 1_000))
    returned = np.where(received <= CURRENT_DAY, np.where(rng.random(rows) < 0.5, "R", "A"), "N")
    columns = {
        "l_orderkey": pa.array(key),
        "l_partkey": pa.array(part),
        "l_suppkey": pa.array(rng.integers(1, SUPPLIERS + 1, rows)),
        "l_linenumber": pa.array(line.astype(np.int32)),
        "l_quantity": pa.array(quantity.astype(float)),
        "l_extendedprice": pa.array(cents / 100),
        "l_discount": pa.array(rng.integers(0, 11, rows) / 100),
        "l_tax": pa.array(rng.integers(0, 9, rows) / 100),
        "l_returnflag": pa.array(returned),
        "l_linestatus": pa.array(np.where(shipped > CURRENT_DAY, "O", "F")),
        "l_shipdate": pa.array(shipped.astype(np.int32)).cast(pa.date32()),
        "l_commitdate": pa.array((ordered + rng.integers(30, 91, rows)).astype(np.int32)).cast(pa.date32()),
        "l_receiptdate": pa.array(received.astype(np.int32)).cast(pa.date32()),
        "l_shipinstruct": words(rng, rows, ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"]),
        "l_shipmode": words(rng, rows, ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"]),
        "l_comment": comments(rng, rows),
    }
    return pa.table(columns), first_order + orders


def write_lineitem(folder, name, codec, decimal=False):
    rng = np.random.default_rng(1992)
    properties = WriterProperties(compression=codec, max_row_group_size=GROUP)
    order = 0
    for _ in range(FILES):
        rows, order = lineitem(rng, ROWS // FILES, order)
        if decimal:
            for column in ("l_quantity", "l_extendedprice", "l_discount", "l_tax"):
                index = rows.schema.get_field_index(column)
                rows = rows.set_column(index, column, rows[column].cast(pa.decimal128(15, 2), safe=False))
        write_deltalake(folder / name, rows, mode="append", writer_properties=properties)


def write_large(folder, name):
    (folder / name).mkdir()
    path = folder / name / "part-00000.zstd.parquet"
    rng = np.random.default_rng(1993)
    order, count, writer = 0, 0, None
    while not writer or path.stat().st_size < LARGE_BYTES:
        rows, order = lineitem(rng, LARGE_GROUP, order)
        writer = writer or pq.ParquetWriter(path, rows.schema, compression="zstd", write_page_index=True)
        writer.write_table(rows, row_group_size=LARGE_GROUP)
        count += rows.num_rows
    writer.close()
    statistics = {"numRecords": count, "minValues": {"l_orderkey": 1}, "maxValues": {"l_orderkey": rows["l_orderkey"][-1].as_py()}}
    statistics["nullCount"] = {"l_orderkey": 0}
    status = path.stat()
    add = AddAction(path.name, status.st_size, {}, int(status.st_mtime * 1000), True, json.dumps(statistics))
    create_table_with_add_actions(str(folder / name), Schema.from_arrow(rows.schema), [add], "error", [])


def write_supplier(folder, name):
    rng = np.random.default_rng(1994)
    key = np.arange(1, SUPPLIERS + 1)
    rows = pa.table({
        "s_suppkey": pa.array(key),
        "s_name": pa.array([f"Supplier#{one:09}" for one in key]),
        "s_nationkey": pa.array(rng.integers(0, 25, SUPPLIERS).astype(np.int32)),
        "s_acctbal": pa.array(rng.integers(-99_999, 999_999, SUPPLIERS) / 100),
        "s_comment": comments(rng, SUPPLIERS),
    })
    write_deltalake(folder / name, rows, writer_properties=WriterProperties(compression="ZSTD", max_row_group_size=GROUP))


def write_events(folder, name):
    rng = np.random.default_rng(1995)
    for _ in range(4):
        rows = 250_000
        day = np.sort(rng.integers(0, 100, rows)).astype(np.int32) + 20_000
        batch = pa.table({
            "day": pa.array(day).cast(pa.date32()),
            "at": pa.array(day.astype(np.int64) * 86_400_000_000 + rng.integers(0, 86_400_000_000, rows)).cast(pa.timestamp("us", "UTC")),
            "user_id": pa.array(rng.integers(1, 50_000, rows)),
            "kind": words(rng, rows, ["view", "click", "cart", "buy", "leave"]),
            "amount": pa.array(rng.integers(0, 100_000, rows) / 100),
            "note": comments(rng, rows),
        })
        write_deltalake(folder / name, batch, mode="append", partition_by=["day"], writer_properties=WriterProperties(compression="ZSTD"))


TABLES = {
    "lineitem": lambda folder, name: write_lineitem(folder, name, "ZSTD"),
    "lineitem_snappy": lambda folder, name: write_lineitem(folder, name, "SNAPPY"),
    "lineitem_decimal": lambda folder, name: write_lineitem(folder, name, "ZSTD", decimal=True),
    "lineitem_large": write_large,
    "supplier": write_supplier,
    "events": write_events,
}


def live_files(path):
    """The files of every version of a table, with what a reader needs to know of each."""
    latest = DeltaTable(path).version()
    versions = []
    for version in range(latest + 1):
        actions = pa.table(DeltaTable(path, version=version).get_add_actions(flatten=True)).to_pylist()
        files = []
        for action in actions:
            name = action["path"]
            partition = {key[len("partition."):]: str(value) for key, value in action.items() if key.startswith("partition.")}
            files.append({"path": name, "size": action["size_bytes"], "rows": action["num_records"], "partition": partition})
        versions.append(sorted(files, key=lambda file: file["path"]))
    return versions


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "tables.json"
    known = json.loads(listing.read_text()) if listing.exists() else {}
    for name, write in TABLES.items():
        if name in known:
            continue
        print(f"bench: writing {name}", flush=True)
        shutil.rmtree(folder / name, ignore_errors=True)  # half of a table, from a run that was broken off
        write(folder, name)
        known[name] = live_files(folder / name)
        listing.write_text(json.dumps(known))


main()
