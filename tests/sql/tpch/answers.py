"""DuckDB's answers to TPC-H's 22 queries, as tests/sql/tpch/answers-<scale>.tsv: the same rows as tests/integration/tpch.rs has,
from the same generator (tpchgen, in Python and in Rust).

    .tools/venv/bin/pip install duckdb==2.0.0 tpchgen-cli==4.0.0
    .tools/venv/bin/python tests/sql/tpch/answers.py 0.01 0.1
"""

import pathlib
import subprocess
import sys
import tempfile

import duckdb

HERE = pathlib.Path(__file__).parent
TABLES = "customer lineitem nation orders part partsupp region supplier".split()


def queries():
    """The queries by their names."""
    name, found = None, {}
    for line in (HERE / "queries.sql").read_text().splitlines():
        if line.startswith("-- q"):
            name = line[3:]
            found[name] = ""
        elif name:
            found[name] += line + "\n"
    return found


def text(value):
    return "null" if value is None else str(value)


def answers(scale):
    connection = duckdb.connect()
    with tempfile.TemporaryDirectory() as folder:
        tool = pathlib.Path(sys.executable).with_name("tpchgen-cli")
        subprocess.run([tool, "parquet", "-s", scale, "--output-dir", folder], check=True, capture_output=True)
        for table in TABLES:
            file = next(pathlib.Path(folder).rglob(f"{table}*.parquet"))
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM '{file}'")
    lines = []
    for name, sql in queries().items():
        for row in connection.execute(sql).fetchall():
            lines.append("\t".join([name, *map(text, row)]))
    (HERE / f"answers-{scale}.tsv").write_text("\n".join(lines) + "\n")


for wanted in sys.argv[1:]:
    answers(wanted)
