"""tests/conformance/kernel.json: what the deltalake package reads from the tables of delta-kernel-rs, which come without expected
rows. For each version the columns' types, the number of rows and a digest of them; the rows themselves stay where they are.

A row's digest is the 64-bit FNV-1a of its JSON in the spelling of tests/fixtures/README.md (keys sorted, no spaces); a version's
is the sum of its rows' modulo 2^64, in hexadecimal, so that order does not matter. tests/conformance/spell.rs does the same."""

import json
import os
import sys
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fixtures" / "write"))
from expected import spell  # noqa: E402
from variant import to_json  # noqa: E402

TABLES = Path(os.environ.get("LAKEGLASS_CONFORMANCE", HERE.parents[1] / ".." / "shared" / "conformance" / "delta")) / "kernel"


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def as_read(value, kind):
    """A value and its type, with the variants in it, which deltalake leaves as they are stored, as text."""
    if pa.types.is_struct(kind) and {field.name for field in kind} == {"metadata", "value"}:
        return value and to_json(value), pa.string()
    if pa.types.is_struct(kind):
        parts = {field.name: as_read(value and value[field.name], field.type) for field in kind}
        return value and {name: part for name, (part, _) in parts.items()}, pa.struct([(n, t) for n, (_, t) in parts.items()])
    if pa.types.is_map(kind):
        item = as_read(None, kind.item_type)[1]
        return value and [(key, as_read(i, kind.item_type)[0]) for key, i in value], pa.map_(kind.key_type, item)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        item = as_read(None, kind.value_type)[1]
        return value and [as_read(i, kind.value_type)[0] for i in value], pa.list_(item)
    return value, kind


def digest(content):
    total = 0
    for row in content.to_pylist():
        spelt = {field.name: spell(*as_read(row[field.name], field.type)) for field in content.schema}
        text = json.dumps(spelt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        total = (total + fnv1a(text.encode())) & 0xFFFFFFFFFFFFFFFF
    return f"{total:016x}"


def read(folder, version):
    table = DeltaTable(str(folder), version=version)
    query = QueryBuilder()
    query.register("t", table)
    content = pa.table(query.execute("SELECT * FROM t").read_all())
    schema = {field["name"]: field["type"] for field in json.loads(table.schema().to_json())["fields"]}
    return {"rowCount": content.num_rows, "digest": digest(content), "schema": schema}


def main():
    tables = {}
    for folder in sorted(TABLES.iterdir()):
        latest = DeltaTable(str(folder)).version()
        tables[folder.name] = {str(version): read(folder, version) for version in range(latest + 1)}
    (HERE / "kernel.json").write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # deltalake's threads abort the interpreter at times when they outlive it


if __name__ == "__main__":
    main()
