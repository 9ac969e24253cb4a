"""Tables with random histories, and what the deltalake package reads of every version of them.

    histories.py FOLDER [SEED] [TABLES]

Each table is a folder with `table/` and `expected.json`: for each version the columns' types, the number of rows and their digest
(as tests/conformance/oracle.py makes it), and the live files with their sizes. Rows are read by pyarrow's Parquet reader, which is
neither Lakeglass's nor delta_kernel's, except where columns are mapped. The same seed writes the same histories."""

import json
import os
import random
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, Field, PostCommitHookProperties, QueryBuilder, WriterProperties, write_deltalake
from deltalake.schema import PrimitiveType

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "conformance"))
from oracle import digest  # noqa: E402

DAY = date(2024, 2, 27)
MOMENT = datetime(1999, 12, 31, 23, 59, 58, 999999, tzinfo=timezone.utc)
TEXTS = ["", "plain", "a b", "a/b", "a=b", "50%", "naïve ☃", "it's", "x:y", "q?z#", "\\", "__HIVE_DEFAULT_PARTITION__ not", "  ", "a+b", "%41"]
OPTIONS = [
    {}, {"delta.checkpointInterval": "3"}, {"delta.checkpointInterval": "2", "delta.dataSkippingNumIndexedCols": "2"},
    {"delta.checkpointInterval": "4", "delta.enableChangeDataFeed": "true"}, {"delta.dataSkippingNumIndexedCols": "0"},
    {"delta.columnMapping.mode": "name", "delta.checkpointInterval": "3"},
]


def some(random_, share, make):
    return None if random_.random() < share else make()


# name -> (type, a random value)
COLUMNS = {
    "number": (pa.int32(), lambda r: r.randrange(-(2**31), 2**31)),
    "small": (pa.int16(), lambda r: r.randrange(-(2**15), 2**15)),
    "text": (pa.string(), lambda r: r.choice(TEXTS) + str(r.randrange(100))),
    "ratio": (pa.float64(), lambda r: r.choice([0.5 * r.randrange(-99, 99), float("inf"), float("nan"), -0.25])),
    "flag": (pa.bool_(), lambda r: r.random() < 0.5),
    "day": (pa.date32(), lambda r: DAY + timedelta(days=r.randrange(-40000, 40000))),
    "moment": (pa.timestamp("us", "UTC"), lambda r: MOMENT + timedelta(microseconds=r.randrange(-(10**16), 10**16))),
    "local": (pa.timestamp("us"), lambda r: MOMENT.replace(tzinfo=None) + timedelta(seconds=r.randrange(10**9))),
    "price": (pa.decimal128(12, 2), lambda r: Decimal(r.randrange(-(10**12) + 1, 10**12)).scaleb(-2)),
    "huge": (pa.decimal128(38, 6), lambda r: Decimal(r.randrange(-(10**27), 10**27)).scaleb(-6)),
    "bytes": (pa.binary(), lambda r: r.randbytes(r.randrange(5))),
    "tags": (pa.list_(pa.string()), lambda r: [some(r, 0.2, lambda: r.choice(TEXTS)) for _ in range(r.randrange(4))]),
    "point": (
        pa.struct([("x", pa.int64()), ("names", pa.list_(pa.string()))]),
        lambda r: {"x": some(r, 0.3, lambda: r.randrange(100)), "names": some(r, 0.3, lambda: ["n"] * r.randrange(3))},
    ),
    "marks": (
        pa.map_(pa.string(), pa.int32()),
        lambda r: [(key, some(r, 0.3, lambda: r.randrange(9))) for key in r.sample("abcd", r.randrange(4))],
    ),
}
PARTITIONS = {
    "p_text": (pa.string(), lambda r: r.choice(TEXTS[1:])),
    "p_number": (pa.int64(), lambda r: r.choice([-(2**63), -1, 0, 7, 2**63 - 1])),
    "p_day": (pa.date32(), lambda r: DAY + timedelta(days=r.randrange(4))),
    "p_flag": (pa.bool_(), lambda r: r.random() < 0.5),
    "p_moment": (pa.timestamp("us", "UTC"), lambda r: MOMENT + timedelta(microseconds=r.choice([0, 1, 10**6, 10**13]))),
    "p_price": (pa.decimal128(9, 3), lambda r: Decimal(r.choice([1, 0, 999_999_999])).scaleb(-3)),
}
ALL = COLUMNS | PARTITIONS


class History:
    """One table, while it is written."""

    def __init__(self, url, seed):
        self.url = url
        self.random = random.Random(seed)
        self.columns = self.random.sample(sorted(COLUMNS), self.random.randrange(2, 7))
        self.partitions = self.random.sample(sorted(PARTITIONS), self.random.choice([0, 0, 1, 1, 2]))
        self.next = 0
        # No checkpoint and no cleanup but those that the history asks for, and the table's interval.
        self.hooks = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)

    def rows(self, count=None, ids=None):
        names = self.columns + self.partitions
        if ids is None:
            count = self.random.choice([0, 1, 2, 5, 20, 60]) if count is None else count
            ids = range(self.next, self.next + count)
            self.next += count
        rows = [
            {"id": i} | {name: some(self.random, 0.15, lambda: ALL[name][1](self.random)) for name in names} for i in ids
        ]
        return pa.Table.from_pylist(rows, schema=pa.schema([("id", pa.int64())] + [(name, ALL[name][0]) for name in names]))

    def write(self, rows, **options):
        if self.mapped:  # which deltalake does not write with an evolving schema
            options.pop("schema_mode", None)
        compression = self.random.choice(["SNAPPY", "ZSTD", "UNCOMPRESSED", "GZIP"])
        writer = WriterProperties(compression=compression, max_row_group_size=self.random.choice([None, 7]))
        write_deltalake(
            self.url, rows, writer_properties=writer, post_commithook_properties=self.hooks,
            target_file_size=self.random.choice([None, None, 600]), **options,
        )

    def create(self):
        options = dict(self.random.choice(OPTIONS))
        self.mapped = "delta.columnMapping.mode" in options
        self.write(self.rows(), mode="error", partition_by=self.partitions or None, configuration=options)

    def table(self):
        return DeltaTable(self.url)

    def ids(self):
        low = self.random.randrange(max(self.next, 1))
        return low, low + self.random.randrange(1, 15)

    def some_rows(self):
        low, high = self.ids()
        choices = [f"id >= {low} AND id < {high}", f"id % {self.random.randrange(2, 6)} = 0"]
        if "p_flag" in self.partitions:
            choices.append("p_flag = true")
        if "p_number" in self.partitions:
            choices.append("p_number = 7")
        return self.random.choice(choices)

    # What may happen in a version.

    def append(self):
        self.write(self.rows(), mode="append", schema_mode="merge")

    def append_with_a_new_column(self):
        left = [name for name in sorted(COLUMNS) if name not in self.columns]
        self.columns = self.columns + self.random.sample(left, min(len(left), 1))
        self.write(self.rows(), mode="append", schema_mode="merge")

    def append_without_a_column(self):
        rows = self.rows()
        self.write(rows.drop_columns([self.random.choice(self.columns)]), mode="append", schema_mode="merge")

    def add_column(self):
        name = f"added_{self.table().version()}"
        self.table().alter.add_columns([Field(name, PrimitiveType(self.random.choice(["long", "string", "double"])), nullable=True)])

    def overwrite(self):
        self.write(self.rows(), mode="overwrite", schema_mode="merge")

    def overwrite_schema(self):
        self.columns = self.random.sample(sorted(COLUMNS), self.random.randrange(2, 7))
        self.write(self.rows(), mode="overwrite", schema_mode="overwrite", partition_by=self.partitions or None)

    def replace_where(self):
        low, high = self.ids()
        self.write(self.rows(ids=range(low, high)), mode="overwrite", predicate=f"id >= {low} AND id < {high}", schema_mode="merge")

    def delete(self):
        self.table().delete(self.some_rows(), post_commithook_properties=self.hooks)

    def delete_all(self):
        self.table().delete(post_commithook_properties=self.hooks)

    def update(self):
        name = self.random.choice(["number", "text", "flag"])
        value = {"number": "id * 3", "text": "'updated'", "flag": "NULL"}[name]
        if name in self.columns:
            self.table().update({name: value}, predicate=self.some_rows(), post_commithook_properties=self.hooks)

    def merge(self):
        low, high = self.ids()
        source = self.rows(ids=range(low, high + 3))
        merger = self.table().merge(source, "t.id = s.id", source_alias="s", target_alias="t", post_commithook_properties=self.hooks)
        if self.random.random() < 0.7:
            merger = merger.when_matched_update_all()
        else:
            merger = merger.when_matched_delete()
        if self.random.random() < 0.7:
            merger = merger.when_not_matched_insert_all()
        merger.execute()

    def compact(self):
        self.table().optimize.compact(post_commithook_properties=self.hooks)

    def z_order(self):
        self.table().optimize.z_order(["id"], post_commithook_properties=self.hooks)

    def restore(self):
        version = self.table().version()
        self.table().restore(self.random.randrange(version + 1), protocol_downgrade_allowed=True)
        names = [field.name for field in self.table().schema().fields]
        self.columns = [name for name in names if name in COLUMNS]

    def checkpoint(self):
        self.table().create_checkpoint()

    def compact_log(self):
        version = self.table().version()
        if version > 2:
            self.table().compact_logs(self.random.randrange(version - 1), version)

    def set_properties(self):
        self.table().alter.set_table_properties({"delta.checkpointInterval": self.random.choice(["2", "5", "10"])})


WEIGHTS = {
    "append": 6, "append_with_a_new_column": 2, "append_without_a_column": 2, "add_column": 1, "overwrite": 1, "overwrite_schema": 1,
    "replace_where": 2, "delete": 4, "delete_all": 0.3, "update": 3, "merge": 4, "compact": 1.5, "z_order": 0.7, "restore": 1.5,
    "checkpoint": 2, "compact_log": 0.7, "set_properties": 0.7,
}


def described(url, version):
    table = DeltaTable(url, version=version)
    if table.metadata().configuration.get("delta.columnMapping.mode"):
        # pyarrow looks for the logical names.
        query = QueryBuilder()
        query.register("t", table)
        content = pa.table(query.execute("SELECT * FROM t").read_all())
        plain = [field.with_type(pa.binary()) if field.type == pa.binary_view() else field for field in content.schema]
        content = content.cast(pa.schema(plain))
    else:
        content = table.to_pyarrow_table()
    schema = {field["name"]: field["type"] for field in json.loads(table.schema().to_json())["fields"]}
    actions = pa.table(table.get_add_actions())
    paths = [unquote(path) for path in actions["path"].to_pylist()]
    files = sorted(zip(paths, actions["size_bytes"].to_pylist()))
    return {"rowCount": content.num_rows, "digest": digest(content), "schema": schema, "files": files}


def main():
    folder, seed, tables = Path(sys.argv[1]), int((sys.argv[2:] or [1])[0]), int((sys.argv[3:] or [40])[0])
    refused = {}
    for number in range(tables):
        root = folder / f"{number:03}"
        url = str(root / "table")
        Path(url).mkdir(parents=True)
        history = History(url, seed * 100_003 + number)
        history.create()
        done = ["create"]
        for step in history.random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=history.random.randrange(4, 16)):
            columns = history.columns
            try:
                getattr(history, step)()
                done.append(step)
            except Exception as error:  # what deltalake itself will not write
                history.columns = columns
                refused.setdefault(f"{step}: {str(error).splitlines()[0][:150]}", []).append(number)
        versions = {str(version): described(url, version) for version in range(history.table().version() + 1)}
        content = {"steps": done, "partitions": history.partitions, "versions": versions}
        (root / "expected.json").write_text(json.dumps(content), encoding="utf-8")
    for reason, numbers in refused.items():
        print(f"not written ({len(numbers)}): {reason}", file=sys.stderr)
    sys.stdout.flush()
    os._exit(0)  # deltalake's threads abort the interpreter at times when they outlive it


if __name__ == "__main__":
    main()
