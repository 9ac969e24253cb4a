"""Writes www/lakeglass/rehearsal-table.js: the small Delta table that the package rehearses queries on, before a page's first.

What it holds makes the reader do what it does for most tables: several row groups and pages, of which statistics and the page index leave
some; dictionaries and plain values; nulls; zstd. Its rows follow a pattern, so that little of it has to be downloaded.

    python scripts/rehearsal-table.py        with pyarrow and deltalake, as scripts/install python has them
"""

import base64
import io
import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import Schema

ROWS, GROUP, PAGE = 131_072, 65_536, 1 << 16
TARGET = Path(__file__).parent.parent / "www/lakeglass/rehearsal-table.js"
PART = "part-0.parquet"


def table():
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    rows = range(ROWS)
    return pa.table({
        "id": pa.array([row // 256 for row in rows], pa.int64()),
        "line": pa.array([row % 7 for row in rows], pa.int32()),
        "price": pa.array([(row % 64) / 4 for row in rows], pa.float64()),
        "share": pa.array([None if row % 16 == 3 else (row % 8) / 100 for row in rows], pa.float64()),
        "kind": pa.array([("rail", "road", "ship", "air")[row % 4] for row in rows], pa.string()),
        "note": pa.array([None if row % 32 == 5 else f"note {row % 128}" for row in rows], pa.string()),
        "day": pa.array([date(2026, 1, 1) + timedelta(row // 2048) for row in rows], pa.date32()),
        "at": pa.array([start + timedelta(hours=row // 1024) for row in rows], pa.timestamp("us", "UTC")),
    })


def parquet(rows):
    sink = io.BytesIO()
    pq.write_table(
        rows, sink, compression="zstd", compression_level=19, row_group_size=GROUP, data_page_size=PAGE, write_batch_size=1024,
        write_page_index=True, store_schema=False,
        use_dictionary=["line", "price", "share", "kind", "note", "day", "at"],
    )
    return sink.getvalue()


def commit(rows, size):
    add = {
        "path": PART, "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": True,
        "stats": json.dumps({
            "numRecords": ROWS,
            "minValues": {"id": 0, "day": "2026-01-01"}, "maxValues": {"id": rows["id"][-1].as_py(), "day": str(rows["day"][-1])},
            "nullCount": {"id": 0, "day": 0},
        }),
    }
    schema = Schema.from_arrow(rows.schema).to_json()
    metadata = {
        "id": "00000000-0000-0000-0000-000000000000", "format": {"provider": "parquet", "options": {}}, "schemaString": schema,
        "partitionColumns": [], "configuration": {}, "createdTime": 0,
    }
    actions = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}, {"add": add}]
    return "".join(json.dumps(action) + "\n" for action in actions)


def main():
    rows = table()
    file = parquet(rows)
    objects = {"_delta_log/00000000000000000000.json": commit(rows, len(file)).encode(), PART: file}
    lines = [f"  {json.dumps(name)}: {json.dumps(base64.b64encode(bytes).decode())}," for name, bytes in objects.items()]
    text = ["// Written by scripts/rehearsal-table.py.", "", "/** A small Delta table: its objects by their paths, in base64. @type {Record<string, string>} */"]
    TARGET.write_text("\n".join([*text, "export const OBJECTS = {", *lines, "};", ""]))
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, the Parquet file {len(file)}")


if __name__ == "__main__":
    main()
