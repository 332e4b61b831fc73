"""Runs a case on both databases and tells every difference."""

import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from streamhouse import StartFailure, Streamhouse

from .case import Change, Definition, Drop, Restart
from .compare import mismatch
from .session import Lost, Session, Stuck

SEVERITY = ["view", "crash", "stuck", "adhoc", "inside", "rows", "count", "state", "types",
            "image", "refused"]
"""Kinds of differences, the worst first.

A view's or a query's rows; the process; a query's rows within a transaction; the rows or number of
rows of a change; its SQLSTATE; names and types of columns; texts of equal numerics; a definition
that PostgreSQL accepts, and that is not refused as unsupported.
"""

UNSUPPORTED, UNDEFINED, DUPLICATE = "0A000", "42P01", "42P07"

PLANS = ["SET enable_hashjoin = off", "SET enable_hashagg = off", "SET enable_mergejoin = off",
         "SET enable_nestloop = off", "SET enable_sort = off"]
"""Under each of these the same query has the same answer, if it has only one."""

MOST_ORDERS = 50
"""In how many orders of its rows a table is tried."""

TOO_MUCH = ("57014", "53200")
"""PostgreSQL's time or memory was not enough."""


@dataclass(frozen=True)
class Difference:
    """What was expected and what came, in `step`; `subject` is a view or a statement."""

    kind: str
    step: int
    subject: str
    expected: str
    actual: str

    def signature(self):
        """What a smaller case must keep: the kind, and the errors if there are any."""
        states = tuple(re.match(r"[0-9A-Z]{5} |done|accepted|", text)[0]
                       for text in (self.expected, self.actual))
        return (self.kind, *states, self.actual if self.kind == "refused" else "")

    def __str__(self):
        return (f"{self.kind}: {self.subject}\n  PostgreSQL: {self.expected}\n"
                f"  Streamhouse: {self.actual}")


@dataclass
class Outcome:
    """Differences, the worst first when sorted, and what happened how often."""

    differences: list = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)

    def worst(self):
        return min(self.differences, key=lambda each: SEVERITY.index(each.kind), default=None)


class Diverged(Exception):
    """The databases hold different rows from here on."""


class Runner:
    """Runs cases one after the other, each on a Streamhouse of its own."""

    def __init__(self, postgres, directory):
        self.postgres = Session(postgres.conninfo)
        self.checker = Session(postgres.conninfo)
        self.directory = Path(directory)
        self.number = 0

    def prepare(self, definitions):
        """Makes these on PostgreSQL alone, for `accepts`."""
        begin_on(self.checker, "prepared")
        for step in definitions:
            self.checker.execute(step.statement(is_postgres=True))

    def accepts(self, statement):
        """Whether a statement is one to PostgreSQL, over what was prepared."""
        return self.checker.execute(f"EXPLAIN {statement}").state is None

    def run(self, case):
        """The Outcome of a case."""
        self.number += 1
        directory = self.directory / f"case-{self.number}"
        run = Run(self.postgres, Streamhouse(directory, case.steps[0].flags()), self.checker)
        try:
            run.all(case.steps)
        finally:
            run.end()
            shutil.rmtree(directory, ignore_errors=True)
        return run.outcome


class Run:
    """One case under way."""

    def __init__(self, postgres, server, checker):
        self.postgres, self.server, self.checker = postgres, server, checker
        self.session = None
        self.outcome = Outcome()
        self.views = []
        self.wrong = set()
        """Pairs of a kind and the name of a view about which it need not be said again."""
        self.step = 0

    def all(self, steps):
        begin_on(self.postgres)
        done = "start"
        try:
            self.server.start()
            self.connect()
            for self.step, step in enumerate(steps[1:], 1):
                done = "restart" if isinstance(step, Restart) else str(step)
                self.perform(step)
                self.verify()
        except Diverged:
            pass
        except Stuck as error:
            self.differ("stuck", done, "an answer", str(error))
        except (Lost, StartFailure, AssertionError, OSError) as error:
            self.differ("crash", done, "a running server",
                        f"{error}\n{self.server.stderr_tail()[-3000:]}")

    def end(self):
        if self.session:
            self.session.close()
        self.server.discard()

    def connect(self):
        if self.session:
            self.session.close()
        self.session = Session(f"host={self.server.host} port={self.server.pg_port} "
                               "user=streamhouse dbname=streamhouse connect_timeout=10")

    def differ(self, kind, subject, expected, actual):
        self.outcome.differences.append(
            Difference(kind, self.step, subject, str(expected), str(actual)))

    # Steps

    def perform(self, step):
        if isinstance(step, Restart):
            self.restart(step)
        elif isinstance(step, Definition):
            self.define(step)
        elif isinstance(step, Drop):
            self.drop(step)
        elif isinstance(step, Change):
            self.change(step)

    def restart(self, step):
        self.outcome.counts["kill -9" if step.is_kill else "stop"] += 1
        if step.is_kill:
            self.server.kill9()
        else:
            self.session.close()
            self.session = None
            self.server.stop()
        self.server.arguments = [str(flag) for flag in step.flags()]
        # Other cases run beside this one: while it was down, its ports may have become another's.
        self.server.forget_ports()
        self.server.restart()
        self.connect()

    def define(self, step):
        ours = self.session.execute(step.statement())
        right = self.postgres.execute(step.statement(is_postgres=True))
        self.outcome.counts[f"{step.kind} definitions"] += 1
        if right.state is None and ours.state is None:
            if step.kind != "table":
                self.views.append(step)
                self.compare_columns(step)
            return
        word = "TABLE" if step.kind == "table" else "VIEW"
        if right.state is None:
            self.postgres.execute(f"DROP {word} {step.name}")
            if ours.state == UNSUPPORTED:
                self.outcome.counts[f"refused: {ours.message}"] += 1
            elif not self.reads_wrong(step, "refused"):
                self.differ("refused", step.statement(), "accepted",
                            f"{ours.state} {ours.message}")
            self.wrong.add(("refused", step.name))
        elif ours.state is None:
            materialized = "MATERIALIZED " if step.kind == "materialized" else ""
            self.session.execute(f"DROP {materialized}{word} {step.name}")
            if right.state != UNSUPPORTED:
                self.differ("state", step.statement(), f"{right.state} {right.message}",
                            "accepted")
        if right.state is not None and right.state not in (UNDEFINED, DUPLICATE):
            self.outcome.counts[f"definitions PostgreSQL refuses: {right.message}"] += 1
            if ours.state not in (None, right.state, UNSUPPORTED) and (
                    right.state != UNSUPPORTED):
                self.differ("state", step.statement(), f"{right.state} {right.message}",
                            f"{ours.state} {ours.message}")

    def drop(self, step):
        """Both refuse it, or both no longer have the view and, with CASCADE, its readers."""
        if self.wrong:
            # Where definitions differ, so do dependents.
            return
        right = self.postgres.execute(step.statement(is_postgres=True))
        ours = self.session.execute(step.statement())
        self.outcome.counts[f"drops: {right.state or 'done'}"] += 1
        if right.state != ours.state:
            self.differ("state", step.statement(), f"{right.state or 'done'} {right.message}",
                        f"{ours.state or 'done'} {ours.message}")
            raise Diverged
        for view in list(self.views):
            right = self.postgres.execute(f"SELECT * FROM {view.name}")
            if right.state == UNDEFINED:
                self.views.remove(view)
                ours = self.session.execute(f"SELECT * FROM {view.name}")
                if ours.state != UNDEFINED:
                    self.differ("state", f"{step.statement()}; SELECT * FROM {view.name}",
                                UNDEFINED, f"{ours.state or 'done'} {ours.message}")
                    raise Diverged

    def compare_columns(self, step):
        """Names and types of a view's columns, and of the query by itself."""
        right = self.postgres.execute(f"SELECT * FROM {step.name} LIMIT 0")
        for sql in (f"SELECT * FROM {step.name}", step.sql):
            ours = self.session.execute(sql)
            if ours.state is None and (ours.names, ours.types) != (right.names, right.types):
                self.differ("types", sql, list(zip(right.names, right.types)),
                            list(zip(ours.names, ours.types)))
                return

    def change(self, step):
        done = []
        for sql in step.sqls():
            right = self.postgres.execute(sql)
            ours = self.session.execute(sql)
            self.outcome.counts[f"statements: {right.state or 'done'}"] += 1
            if right.state != ours.state:
                if ours.state and right.state and self.fails_otherwise(sql, ours.state, done):
                    continue
                self.differ("state", sql, f"{right.state or 'done'} {right.message}",
                            f"{ours.state or 'done'} {ours.message}")
                raise Diverged
            done.append(sql)
            if right.count != ours.count:
                self.differ("count", sql, right.count, ours.count)
                raise Diverged
            if right.types and mismatch(right, ours):
                self.differ("rows", sql, right.rows, ours.rows)
            if step.ending and sql not in (step.ending, "BEGIN") and right.state is None:
                self.look_inside()

    def fails_otherwise(self, sql, state, before):
        """Whether PostgreSQL has this error too when the rows of the table lie in another order: the
        first row that fails decides, and tables have no order. `before` is what the transaction has
        done; it is done again, which must not be seen in a sequence."""
        found = re.match(r"(?:UPDATE|DELETE FROM|INSERT INTO)\s+(\w+)", sql)
        if not found or self.checker.execute(
                "SELECT FROM pg_sequences WHERE schemaname = 'differential'").rows:
            return False
        table = found[1]
        plain = self.checker.execute(
            f"SELECT attname FROM pg_attribute WHERE attrelid = 'differential.{table}'::regclass"
            " AND attnum > 0 AND attgenerated = '' AND attidentity = '' LIMIT 1").rows[0][0]

        def again(statements):
            for each in ("ROLLBACK", *statements):
                self.postgres.execute(each)

        again(before or ["BEGIN"])
        count = int(self.postgres.execute(f"SELECT count(*) FROM {table}").rows[0][0])
        states = set()
        for _ in range(min(count, MOST_ORDERS)):
            # What is written anew lies behind all the others.
            self.postgres.execute(f"UPDATE {table} SET {plain} = {plain} "
                                  f"WHERE ctid = (SELECT min(ctid) FROM {table})")
            self.postgres.execute("SAVEPOINT tried")
            states.add(self.postgres.execute(sql).state)
            self.postgres.execute("ROLLBACK TO tried")
        again([*before, sql] if before else [])
        if state in states:
            self.outcome.counts["errors that depend on the order of rows"] += 1
        return state in states

    def look_inside(self):
        """Within a transaction a query over tables sees what the transaction has written."""
        for step in self.views[-2:]:
            if re.search(r"\bv\d", step.sql) or self.reads_wrong(step, "adhoc"):
                continue
            self.postgres.execute("SAVEPOINT inside")
            right = self.postgres.execute(step.sql)
            self.postgres.execute("ROLLBACK TO inside")
            if right.state is not None:
                continue
            ours = self.session.execute(step.sql)
            self.outcome.counts["answers inside"] += 1
            found = None if ours.state else mismatch(right, ours)
            if (ours.state or found) and not self.is_ambiguous(step, None):
                self.wrong.add(("adhoc", step.name))
                self.differ("inside", step.sql, *(
                    describe(found, right, ours) if found
                    else (f"{len(right.rows)} rows", f"{ours.state} {ours.message}")))
                if ours.state:
                    raise Diverged

    # Answers

    def verify(self):
        """Every view, and its query by itself, answers as PostgreSQL does."""
        for step in list(self.views):
            right = self.postgres.execute(f"SELECT * FROM {step.name}")
            if right.state is not None:
                self.outcome.counts[
                    "answers PostgreSQL does not give: "
                    f"{'' if right.state in TOO_MUCH else step.sql} {right.message}"] += 1
                self.views.remove(step)
                continue
            self.compare("view", step, right, f"SELECT * FROM {step.name}")
            self.compare("adhoc", step, right, step.sql)

    def compare(self, kind, step, right, sql):
        if self.reads_wrong(step, kind):
            return
        ours = self.session.execute(sql)
        self.outcome.counts[f"{kind} answers"] += 1
        self.outcome.counts["answers with rows"] += bool(right.rows)
        if ours.state is not None:
            self.note(kind, step, f"{len(right.rows)} rows", f"{ours.state} {ours.message}")
            return
        if len(ours.types) != len(right.types):
            return
        found = mismatch(right, ours)
        if found:
            if self.is_ambiguous(step, None):
                return
            self.note(kind, step, *describe(found, right, ours))
        elif any(step.images) and len(step.images) == len(right.types):
            found = mismatch(right, ours, step.images)
            if found and ("image", step.name) not in self.wrong and not self.is_ambiguous(
                    step, step.images):
                self.wrong.add(("image", step.name))
                self.differ("image", f"{kind} {step.name} AS {step.sql}",
                            *describe(found, right, ours))

    def note(self, kind, step, expected, actual):
        self.wrong.add((kind, step.name))
        self.differ(kind, f"{step.name} AS {step.sql}", expected, actual)

    def reads_wrong(self, step, kind):
        """Whether something is known of the view, or of one that it reads."""
        names = {name for known, name in self.wrong if known in ("view", "refused")}
        return (kind, step.name) in self.wrong or any(
            re.search(rf"\b{name}\b", step.sql) for name in names)

    def is_ambiguous(self, step, images):
        """Whether PostgreSQL's answer depends on its plan, which says nothing about anyone."""
        right = self.postgres.execute(f"SELECT * FROM {step.name}")
        for setting in PLANS:
            self.postgres.execute(setting)
            other = self.postgres.execute(f"SELECT * FROM {step.name}")
            self.postgres.execute(setting.replace("= off", "= on"))
            if other.state is None and mismatch(right, other, images):
                self.outcome.counts[f"ambiguous: {step.sql}"] += 1
                self.views.remove(step) if step in self.views else None
                return True
        return False


def begin_on(postgres, schema="differential"):
    """An empty schema for a case."""
    for sql in ("ROLLBACK", f"DROP SCHEMA IF EXISTS {schema} CASCADE", f"CREATE SCHEMA {schema}",
                f"SET search_path = {schema}"):
        postgres.execute(sql)


def describe(found, right, ours):
    """Two texts: what is missing, and what is too much; whole answers if they are short."""
    missing, extra = found
    if len(right.rows) <= 6 and len(ours.rows) <= 6:
        return shown(right.rows), shown(ours.rows)
    return f"has also {shown(missing)}", f"has also {shown(extra)}"


def shown(rows):
    texts = sorted("(" + ", ".join("NULL" if value is None else str(value) for value in row) + ")"
                   for row in rows)
    return f"{len(texts)} rows: " + " ".join(texts[:12])
