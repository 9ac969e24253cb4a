"""Random statements, as trees of clauses that can be left out."""

import copy
import dataclasses
import random

from expressions import COMPARED, VALUES, E, Expressions

TABLES = ["t1", "t1", "t2", "t3", "none"]


@dataclasses.dataclass
class Select:
    """One SELECT. `tie` has the columns that make an order total."""

    items: list
    source: str
    tie: list
    joins: list = dataclasses.field(default_factory=list)
    where: E | None = None
    group: list = dataclasses.field(default_factory=list)
    sets: str = ""
    having: E | None = None
    distinct: bool = False
    order: list = dataclasses.field(default_factory=list)
    limit: str = ""
    combined: tuple | None = None
    head: str = ""

    @property
    def ordered(self) -> bool:
        return bool(self.order)

    def sql(self) -> str:
        items = ", ".join(f"{item.sql()} AS c{at}" for at, item in enumerate(self.items))
        text = f"{self.head}SELECT {'DISTINCT ' if self.distinct else ''}{items} FROM {self.source}"
        for kind, table, condition in self.joins:
            text += f" {kind} {table}" + (f" ON {condition.sql()}" if condition else "")
        if self.where:
            text += f" WHERE {self.where.sql()}"
        if self.group:
            keys = ", ".join(key.sql() for key in self.group)
            text += f" GROUP BY {self.sets.format(keys) if self.sets else keys}"
        if self.having:
            text += f" HAVING {self.having.sql()}"
        if self.combined:
            text += f" {self.combined[0]} {self.combined[1].sql()}"
        if self.order:
            text += " ORDER BY " + ", ".join([*self.order, *self.tie])
        return text + self.limit

    def smaller(self):
        """The same with a clause, an item or a part of an expression less."""

        def changed(**fields):
            return dataclasses.replace(copy.copy(self), **fields)

        if self.combined:
            yield changed(combined=None)
            yield self.combined[1]
            for less in self.combined[1].smaller():
                if len(less.items) == len(self.items):
                    yield changed(combined=(self.combined[0], less))
        for name, empty in (("limit", ""), ("distinct", False), ("having", None), ("where", None), ("sets", "")):
            if getattr(self, name):
                yield changed(**{name: empty})
        if self.order:
            yield changed(order=[], limit="")
        if len(self.items) > 1 and not self.combined and not self.group and not self.order:
            for at in range(len(self.items)):
                yield changed(items=self.items[:at] + self.items[at + 1 :])
        if self.group and len(self.items) > len(self.group) and not self.order:
            for at in range(len(self.group), len(self.items)):
                if len(self.items) > 1:
                    yield changed(items=self.items[:at] + self.items[at + 1 :])
        for name in ("where", "having"):
            if expression := getattr(self, name):
                for less in expression.smaller():
                    yield changed(**{name: less})
        for at, item in enumerate(self.items):
            if at >= len(self.group):
                for less in item.smaller():
                    yield changed(items=[*self.items[:at], less, *self.items[at + 1 :]])
        for at, (kind, table, condition) in enumerate(self.joins):
            for less in condition.smaller() if condition else []:
                yield changed(joins=[*self.joins[:at], (kind, table, less), *self.joins[at + 1 :]])


@dataclasses.dataclass
class Around:
    """A query within a clause, written when the whole statement is: its literals may be wider by then."""

    text: str
    query: Select

    def __str__(self) -> str:
        return self.text.format(self.query.sql())


class Subqueries:
    """Subqueries that refer to the columns around them, or do not."""

    def __init__(self, statements):
        self.statements, self.depth = statements, 0

    def inner(self, outer: list):
        """A table under its own name, expressions over it, and a filter, which is correlated half of the time."""
        rng = self.statements.rng
        self.depth += 1
        name = f"s{self.depth}"
        table = rng.choice(["t2", "t2", "t3", "none"])
        columns = self.statements.columns(table, name)
        within = Expressions(rng, columns)
        filters = []
        if rng.random() < 0.5:
            column, kind = rng.choice([each for each in outer if each[1] in ("int", "text")] or outer)
            if own := within.column(kind):
                filters.append(E("bool", "({} " + rng.choice(["=", "=", "=", "<", "IS NOT DISTINCT FROM"]) + " {})", own, E(kind, column)))
        if rng.random() < 0.5:
            filters.append(within.make("bool", 1))
        where = E("where", " WHERE " + " AND ".join("{}" for _ in filters), *filters) if filters else E("where", "")
        return f"{table} AS {name}", within, where

    def scalar(self, kind: str, outer: list):
        if self.depth >= 2 or kind in ("list", "struct", "time"):
            return None
        source, within, where = self.inner(outer)
        rng = self.statements.rng
        made = "(SELECT count(*) FROM " + source + "{})" if kind == "int" and rng.random() < 0.4 else None
        if made:
            result = E(kind, made, where)
        else:
            aggregate = rng.choice(["min", "max"]) if kind != "bool" else rng.choice(["bool_and", "bool_or"])
            result = E(kind, f"(SELECT {aggregate}({{}}) FROM {source}{{}})", within.make(kind, 1), where)
        self.depth -= 1
        return result

    def condition(self, expressions, kind: str, depth: int) -> E:
        if self.depth >= 2:
            return expressions.leaf("bool")
        rng = self.statements.rng
        source, within, where = self.inner(expressions.columns)
        chosen = rng.random()
        negated = rng.choice(["", "NOT "])
        if chosen < 0.4:
            result = E("bool", f"({negated}EXISTS (SELECT 1 FROM {source}{{}}))", where)
        elif chosen < 0.9:
            result = E("bool", f"({{}} {negated}IN (SELECT {{}} FROM {source}{{}}))", expressions.make(kind, depth - 1), within.make(kind, 1), where)
        else:
            compared = rng.choice(["= ANY", "<> ALL", "< ALL", ">= ANY"])
            result = E("bool", f"({{}} {compared} (SELECT {{}} FROM {source}{{}}))", expressions.make(kind, depth - 1), within.leaf(kind), where)
        self.depth -= 1
        return result


class Statements:
    def __init__(self, rng: random.Random, tables):
        self.rng, self.tables = rng, tables

    def columns(self, table: str, alias: str) -> list:
        return [(f"{alias}.{column}", kind) for column, kind in self.tables.kinds[table].items()]

    def make(self) -> Select:
        rng = self.rng
        select = rng.choice([self.plain, self.plain, self.plain, self.grouped, self.grouped, self.windows, self.set_operation, self.derived])()
        return select

    def source(self, tables=TABLES):
        """A table, or two or three joined, with the columns that are there."""
        rng = self.rng
        table = rng.choice(tables)
        columns, tie, joins = self.columns(table, "x"), ["x.id"], []
        for alias in "yz"[: rng.choice([0, 0, 0, 1, 1, 2])]:
            other = rng.choice(["t2", "t2", "t3", "none"])
            own = self.columns(other, alias)
            kind = rng.choice(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"] if alias == "y" else ["JOIN", "LEFT JOIN"])
            condition = None
            if kind != "CROSS JOIN":
                key = rng.choice(["k", "k", "n", "t", "d", "day"])
                left = rng.choice([name for name, _ in columns if name.endswith("." + key)])
                condition = E("bool", f"({left} = {alias}.{key})")
                if rng.random() < 0.3 and kind != "FULL JOIN":
                    condition = E("bool", "({} AND {})", condition, Expressions(rng, columns + own).make("bool", 1))
            joins.append((kind, f"{other} AS {alias}", condition))
            columns, tie = columns + own, tie + [f"{alias}.id"]
        return f"{table} AS x", joins, columns, tie

    def select(self, items=None, tables=TABLES) -> tuple:
        rng = self.rng
        source, joins, columns, tie = self.source(tables)
        expressions = Expressions(rng, columns, Subqueries(self) if not joins or rng.random() < 0.3 else None)
        where = expressions.make("bool", rng.choice([1, 2, 2, 3])) if rng.random() < 0.7 else None
        return Select([], source, tie, joins=joins, where=where), expressions

    def plain(self) -> Select:
        rng = self.rng
        select, expressions = self.select()
        kinds = [rng.choice(VALUES) for _ in range(rng.randrange(1, 4))]
        select.items = [expressions.make(kind, rng.choice([1, 2, 3])) for kind in kinds]
        if rng.random() < 0.15:
            select.distinct = True
        elif rng.random() < 0.4:
            direction = lambda: rng.choice(["", " DESC", " ASC", " NULLS FIRST", " DESC NULLS LAST"])
            select.order = [f"c{at}{direction()}" for at in range(rng.randrange(1, len(kinds) + 1))]
            select.limit = rng.choice(["", " LIMIT 5", " LIMIT 3 OFFSET 2", " LIMIT 0"])
        return select

    def aggregate(self, expressions: Expressions, tie: list) -> E:
        rng = self.rng
        part = lambda kind: expressions.make(kind, rng.choice([0, 0, 1, 2]))
        any_kind = rng.choice(COMPARED)
        order = ", ".join(tie)
        made = rng.choice(
            [
                lambda: E("int", "count(*)"),
                lambda: E("int", "count({})", part(any_kind)),
                lambda: E("int", "count(DISTINCT {})", part(any_kind)),
                lambda: E("int", "sum({})", part("int")),
                lambda: E("int", "sum(DISTINCT {})", part("int")),
                lambda: E("dec", "sum({})", part("dec")),
                lambda: E("float", "sum({})", expressions.leaf("float")),
                lambda: E("float", "avg({})", part("int")),
                lambda: E("float", "avg({})", part("dec")),
                lambda: E(any_kind, "min({})", part(any_kind)),
                lambda: E(any_kind, "max({})", part(any_kind)),
                lambda: E(any_kind, "min({})", part(any_kind)),
                lambda: E("bool", "bool_and({})", part("bool")),
                lambda: E("bool", "bool_or({})", part("bool")),
                lambda: E("text", f"string_agg({{}}, ',' ORDER BY {order})", part("text")),
                lambda: E("list", f"list({{}} ORDER BY {order})", part("int")),
                lambda: E("float", "median({})", expressions.column("int") or part("int")),
                lambda: E("float", "stddev_samp({})", E("int", "x.n")),
                lambda: E("text", "arg_max({}, {})", part("text"), E("int", "x.id")) if len(tie) == 1 else E("int", "count(*)"),
                lambda: E("int", f"first({{}} ORDER BY {order})", part("int")),
            ]
        )()
        if rng.random() < 0.2 and "ORDER BY" not in made.template:
            made = E(made.kind, "{} FILTER (WHERE {})", made, expressions.make("bool", 1))
        return made

    def grouped(self) -> Select:
        rng = self.rng
        select, expressions = self.select()
        expressions.subquery = None
        keys = [expressions.make(rng.choice(["int", "text", "bool", "float", "date", "int"]), rng.choice([0, 0, 0, 1])) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3]))]
        keys = [key if expressions.columns and any(name in key.sql() for name, _ in expressions.columns) else E("int", "x.k") for key in keys]
        select.group = keys
        select.items = [*keys, *(self.aggregate(expressions, select.tie) for _ in range(rng.randrange(1, 4)))]
        if len({key.sql() for key in keys}) == len(keys) > 1 and rng.random() < 0.35:
            select.sets = rng.choice(["ROLLUP ({})", "CUBE ({})"])
        if keys and rng.random() < 0.25:
            select.having = E("bool", rng.choice(["(count(*) > {})", "(count(*) <= {})", "(min(x.n) < {})"]), E("int", rng.choice(["1", "2", "5"])))
        if keys and not select.sets and rng.random() < 0.2:
            select.order, select.tie = [f"c{at}" for at in range(len(keys))], []
        return select

    def windows(self) -> Select:
        rng = self.rng
        select, expressions = self.select(tables=["t1", "t2", "t3"])
        expressions.subquery = None
        part = lambda kind: expressions.make(kind, rng.choice([0, 0, 1]))
        select.items = [E("int", name) for name in select.tie]
        for _ in range(rng.randrange(1, 3)):
            partition = E("partition", "PARTITION BY {} ", part(rng.choice(["int", "text", "bool", "float", "date"]))) if rng.random() < 0.6 else E("partition", "")
            first = part(rng.choice(COMPARED))
            order = f"ORDER BY {{}}{rng.choice(['', ' DESC', ' NULLS FIRST'])}, {', '.join(select.tie)}"
            frame = rng.choice(["", "", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", " ROWS BETWEEN CURRENT ROW AND 3 FOLLOWING"])
            any_kind = rng.choice(COMPARED)
            name, parts = rng.choice(
                [("row_number()", []), ("rank()", []), ("dense_rank()", []), ("ntile(3)", []), ("percent_rank()", []), ("cume_dist()", []), ("lag({})", [any_kind]), ("lead({}, 2)", [any_kind]), ("first_value({})", [any_kind]),
                 ("last_value({})", [any_kind]), ("nth_value({}, 2)", [any_kind]), ("sum({})", ["int"]), ("sum({})", ["dec"]), ("count({})", [any_kind]), ("count(*)", []), ("min({})", [any_kind]), ("max({})", [any_kind]), ("avg({})", ["int"]), ("bool_or({})", ["bool"])]
            )
            takes_frame = not name.startswith(("row", "rank", "dense", "ntile", "percent", "cume", "lag", "lead"))
            select.items.append(E("any", f"{name} OVER ({{}}{order}{frame if takes_frame else ''})", *(part(kind) for kind in parts), partition, first))
        if rng.random() < 0.3:
            select.order, select.limit = [f"c{len(select.items) - 1}"], rng.choice(["", " LIMIT 7"])
        return select

    def set_operation(self) -> Select:
        rng = self.rng
        kinds = [rng.choice(VALUES) for _ in range(rng.randrange(1, 3))]
        sides = []
        for _ in range(2):
            select, expressions = self.select()
            select.items = [expressions.make(kind, rng.choice([0, 0, 1])) for kind in kinds]
            sides.append(select)
        sides[0].combined = (rng.choice(["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]), sides[1])
        return sides[0]

    def derived(self) -> Select:
        """A query over a query: in FROM, or by WITH."""
        rng = self.rng
        inner = rng.choice([self.plain, self.grouped, self.set_operation])()
        columns = [(f"x.c{at}", item.kind) for at, item in enumerate(inner.items)]
        expressions = Expressions(rng, columns)
        kinds = [kind for _, kind in columns]
        items = [expressions.make(rng.choice(kinds + ["int", "text"]), rng.choice([1, 2])) for _ in range(rng.randrange(1, 3))]
        where = expressions.make("bool", 2) if rng.random() < 0.7 else None
        if rng.random() < 0.5:
            return Select(items, "q AS x", [], where=where, head=Around("WITH q AS ({}) ", inner))
        return Select(items, Around("({}) AS x", inner), [], where=where)
