"""Runs random statements through DuckDB and through ours: main.py ENGINE [SEED] [COUNT]. `scripts/fuzz-sql` calls it."""

import collections
import pathlib
import random
import re
import sys
import tempfile

import by_design
import compare
from engines import DuckDB, Failed, Ours
from expressions import E
from shrink import shrink
from statements import Statements
from tables import Tables

# Statements over the same tables.
PER_TABLES = 50
SHOWN_ROWS = 5
# Differences that are made smaller and shown; more are counted.
SHOWN = 40


class Run:
    def __init__(self, engine: str):
        self.ours, self.duckdb = Ours(engine), DuckDB()
        self.counts = collections.Counter()

    def outcome(self, engine, sql, **options):
        """Rows and no error, or no rows and an error."""
        try:
            return engine.run(sql, **options), None
        except Failed as error:
            return None, error

    def differs(self, select) -> tuple | None:
        """How the engines differ: the word for it and what to show."""
        sql = select.sql()
        theirs, their_error = self.outcome(self.duckdb, sql)
        ours, our_error = self.outcome(self.ours, sql)
        if our_error and our_error.code in ("internal", "panic", "hangs", "crash"):
            return our_error.code, str(our_error)
        if their_error and our_error:
            return None
        if their_error:
            # Where a type of DuckDB's overflows, exact values are right: those of wider types. Where it divides by zero, ours need
            # not have evaluated that.
            E.wide = True
            theirs, still = self.outcome(self.duckdb, select.sql(), wide=True)
            E.wide = False
            if still:
                return None if self.allowed(sql, None, str(still)) else ("accepted", f"DuckDB: {their_error}\n  ours {shown(ours)}")
        elif our_error:
            return None if self.allowed(sql, str(our_error), None) else ("refused: " + kind_of(our_error), f"{our_error.code}: {our_error}\n  DuckDB {shown(theirs)}")
        if compare.same(ours, theirs, select.ordered) or self.allowed(sql, None, None):
            return None
        if (limit := re.search(r" LIMIT (\d+)( OFFSET \d+)?$", sql)) and len(theirs) > int(limit[1]) >= len(ours):
            self.counts["DuckDB 2.0 returns more rows than its LIMIT above some outer joins with an empty table"] += 1
            return None
        return "rows", f"DuckDB {shown(difference(theirs, ours, select.ordered))}\n  ours   {shown(difference(ours, theirs, select.ordered))}"

    def allowed(self, sql, ours, theirs):
        why = by_design.reason(sql, ours, theirs)
        if why:
            self.counts[why] += 1
        return why


def kind_of(error: Failed) -> str:
    return " ".join(str(error).split()[:6])


def difference(rows: list, others: list, ordered: bool) -> list:
    """The rows that the other side has not."""
    if ordered:
        return [row for at, row in enumerate(rows) if at >= len(others) or not compare.same_row(row, others[at])]
    left, missing = list(others), []
    for row in rows:
        at = next((at for at, other in enumerate(left) if compare.same_row(row, other)), None)
        missing.append(row) if at is None else left.pop(at)
    return missing


def shown(rows: list) -> str:
    text = " ; ".join("|".join("NULL" if cell is None else repr(cell) if isinstance(cell, str) else str(cell) for cell in row) for row in rows[:SHOWN_ROWS])
    return f"{len(rows)} rows: {text}"


def main(engine: str, seed: int = 1, count: int = 1000) -> bool:
    run, found = Run(engine), collections.Counter()
    compared = 0
    for round_number in range((count + PER_TABLES - 1) // PER_TABLES):
        rng = random.Random(f"{seed}.{round_number}")
        with tempfile.TemporaryDirectory() as folder:
            tables = Tables(rng, pathlib.Path(folder))
            run.duckdb.reset(tables)
            # Batches of a few rows, and several partitions, find what one batch in one partition hides.
            batch, partitions = rng.choice([(8192, 1), (8192, 1), (7, 1), (16, 3)])
            run.ours.reset([{"reset": True, "batch": batch, "partitions": partitions}, *tables.opening])
            statements = Statements(rng, tables)
            for number in range(min(PER_TABLES, count - round_number * PER_TABLES)):
                select = statements.make()
                compared += 1
                if not (way := run.differs(select)):
                    continue
                found[way[0]] += 1
                if sum(found.values()) <= SHOWN:
                    small = shrink(select, lambda each: (run.differs(each) or [None])[0])
                    kind, text = run.differs(small) or way
                    print(f"DIFFERS seed {seed} round {round_number} statement {number}: {kind}\n  {small.sql()}\n  {text}", flush=True)
    run.ours.close()
    for why, times in run.counts.most_common():
        print(f"by design, {times} times: {why}")
    for kind, times in found.most_common():
        print(f"differs, {times} times: {kind}")
    failed = sum(found.values())
    print(f"test result: {'FAILED' if failed else 'ok'}. {compared - failed} passed; {failed} failed; 0 ignored; seed {seed}")
    return not failed


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(0 if main(arguments[0], *map(int, arguments[1:])) else 1)
