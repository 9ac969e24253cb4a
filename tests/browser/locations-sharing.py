"""Reads the tests' sharing server with the official client, in both formats. Prints one JSON document."""

import json
import sys

import delta_sharing

profile = sys.argv[1]
client = delta_sharing.SharingClient(profile)
tables = sorted(f"{t.share}.{t.schema}.{t.name}" for t in client.list_all_tables())
trade, feed = f"{profile}#lake.main.trade", f"{profile}#lake.main.feed"


def aggregate(frame):
    return [len(frame), int(frame["month"].sum())]


def changes(frame):
    counts = frame.groupby(["_commit_version", "_change_type"]).size()
    return [f"{version}|{kind}|{count}" for (version, kind), count in sorted(counts.items())]


print(json.dumps({
    "shares": [share.name for share in client.list_shares()],
    "tables": tables,
    "version": delta_sharing.get_table_version(trade),
    "parquet": aggregate(delta_sharing.load_as_pandas(trade, version=2, use_delta_format=False)),
    "delta": aggregate(delta_sharing.load_as_pandas(trade, version=2, use_delta_format=True)),
    "auto": aggregate(delta_sharing.load_as_pandas(trade, version=2)),
    "changes": changes(delta_sharing.load_table_changes_as_pandas(feed, starting_version=0, ending_version=4)),
}))
