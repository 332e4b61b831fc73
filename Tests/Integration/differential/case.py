"""A case: the steps that a seed stands for."""

import re
from dataclasses import dataclass, replace
from random import Random

from . import schema
from .changes import Changes, Statement
from .queries import Queries


@dataclass(frozen=True)
class Definition:
    """CREATE TABLE, or of a view whose `images` say which columns' texts are determined."""

    kind: str
    """table, view or materialized."""
    name: str
    sql: str
    """The statement of a table, the query of a view."""
    images: tuple = ()

    def statement(self, is_postgres=False):
        """PostgreSQL's own materialized views do not follow their tables; plain ones do."""
        if self.kind == "table":
            return self.sql
        word = "MATERIALIZED VIEW" if self.kind == "materialized" and not is_postgres else "VIEW"
        return f"CREATE {word} {self.name} AS {self.sql}"


@dataclass(frozen=True)
class Drop:
    """DROP of a view, which fails if another reads it and `tail` is not CASCADE."""

    kind: str
    name: str
    tail: str = ""

    def statement(self, is_postgres=False):
        word = "MATERIALIZED VIEW" if self.kind == "materialized" and not is_postgres else "VIEW"
        return f"DROP {word} {self.name}{self.tail}"


@dataclass(frozen=True)
class Change:
    """Statements in a transaction that ends with COMMIT or ROLLBACK; a single one stands alone."""

    statements: tuple
    ending: str = ""

    def sqls(self):
        inside = [statement.sql() for statement in self.statements]
        return ["BEGIN", *inside, self.ending] if self.ending else inside


@dataclass(frozen=True)
class Restart:
    """The end of the process, with -9 or as an operator would, and a start with other flags."""

    is_kill: bool
    workers: int
    interval: int
    """Between checkpoints, in milliseconds."""

    def flags(self):
        return ["--workers", self.workers, "--checkpoint-interval-ms", self.interval]


@dataclass(frozen=True)
class Case:
    """The first step is a Restart, with which the server begins."""

    seed: int
    steps: tuple


def case(seed, without=None):
    """The case of a seed; with `without`, its views are those that this pattern is not found in."""
    random = Random(seed)
    is_large = random.random() < 0.08
    tables = schema.tables(random)
    if is_large:
        tables = [tables[0], schema.large_table(random, "t2")]
    queries = Queries(random, [table.relation() for table in tables])
    steps = [restart(random), *(Definition("table", t.name, t.definition()) for t in tables)]
    views = random.randint(2, 3) if is_large else random.randint(3, 10)
    early = random.randint(0, views)
    made = [0]

    def define(count):
        for _ in range(count):
            made[0] += 1
            steps.append(view(random, queries, f"v{made[0]}", without))

    define(early)
    changes = Changes(random, tables)
    for table in tables:
        if random.random() < 0.8:
            steps.append(Change((changes.insert(table, random.randint(4, 10)),)))
    if is_large:
        steps.append(Change((changes.bulk(tables[1]),)))
    count = random.randint(3, 5) if is_large else random.randint(5, 20)
    churned = random.randrange(count) if is_large and random.random() < 0.6 else None
    if churned is not None:
        # Each worker clears its own state: what is gone has to be in one place.
        steps[0] = replace(steps[0], workers=1)
    late = sorted(random.choice([random.randrange(count), count]) for _ in range(views - early))
    for place in range(count + 1):
        define(late.count(place))
        if place == churned:
            steps += [*churned_views(tables[1].name),
                      *(Change((statement,)) for statement in changes.churn(tables[1]))]
        steps.append(change(random, changes))
        if random.random() < 0.1:
            steps.append(restart(random))
        if random.random() < 0.04:
            steps += dropped(random, steps)
    return Case(seed, tuple(steps))


def view(random, queries, name, without):
    """A view over tables and the views before it, which later queries may read."""
    kind = "view" if random.random() < 0.12 else "materialized"
    found = queries.top()
    while without and re.search(without, found.sql):
        found = queries.top()
    queries.relations.append(found.relation(name))
    return Definition(kind, name, found.sql, tuple(kind.image for kind in found.kinds))


def churned_views(table):
    """Views that keep the rows of a large table: an outer join, and its first rows."""
    padded = (f"SELECT r1.k AS c1, r2.k AS c2 FROM {table} r1 LEFT JOIN "
              f"(SELECT * FROM {table} WHERE k % 3 = 0) r2 ON r1.k = r2.k")
    ranked = f"SELECT k AS c1 FROM {table} ORDER BY k DESC NULLS LAST LIMIT 5"
    return [Definition("materialized", name, sql, (True,) * sql.count(" AS c"))
            for name, sql in (("w1", padded), ("w2", ranked))]


def dropped(random, steps):
    """A view is dropped, and sometimes made again under the same name."""
    views = [step for step in steps if isinstance(step, Definition) and step.kind != "table"]
    if not views:
        return []
    chosen = random.choice([views[-1], random.choice(views)])
    drop = Drop(chosen.kind, chosen.name, random.choice(["", "", "", " CASCADE"]))
    return [drop, chosen] if random.random() < 0.5 else [drop]


def change(random, changes):
    if random.random() < 0.65:
        return Change((changes.any(),))
    statements = [changes.any() for _ in range(random.randint(1, 5))]
    if random.random() < 0.3:
        first, last = sorted(random.randint(0, len(statements)) for _ in range(2))
        ending = random.choice(["ROLLBACK TO SAVEPOINT s", "ROLLBACK TO SAVEPOINT s",
                                "RELEASE SAVEPOINT s"])
        statements = [*statements[:first], Statement("SAVEPOINT s"), *statements[first:last],
                      Statement(ending), *statements[last:]]
    return Change(tuple(statements), random.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))


def restart(random):
    return Restart(random.random() < 0.8, random.randint(1, 5),
                   random.choice([1, 1, 5, 20, 100, 1000]))
