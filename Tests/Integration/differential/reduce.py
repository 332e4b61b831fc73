"""Makes a failing case small, as long as it keeps failing in the same way."""

import re
import time
from dataclasses import replace

from .case import Case, Change, Definition, Restart
from .changes import Statement
from .tokens import smaller, text_of, tokens_of


class Reducer:
    """Tries smaller cases with a runner for at most so many seconds."""

    def __init__(self, runner, difference, seconds=60):
        self.runner, self.difference = runner, difference
        self.signature = difference.signature()
        self.end = time.monotonic() + seconds
        self.tried = set()

    def fails(self, case):
        """Whether the case still shows a difference of the kind; each is tried once."""
        if case in self.tried or time.monotonic() > self.end:
            return False
        self.tried.add(case)
        outcome = self.runner.run(case)
        return any(difference.signature() == self.signature for difference in outcome.differences)

    def reduced(self, case):
        """A case from which nothing more can be left out, or time was up."""
        shorter = replace(case, steps=case.steps[:self.difference.step + 1])
        case = shorter if self.fails(shorter) else case
        while time.monotonic() < self.end:
            before = case
            for stage in (self.fewer_steps, self.calmer, self.smaller_changes, self.inlined,
                          self.fewer_columns, self.smaller_queries):
                case = stage(case)
            if case == before:
                break
        return case

    # Stages

    def fewer_steps(self, case):
        """Steps left out, many at a time at first."""
        size = max(len(case.steps) // 2, 1)
        while size >= 1:
            start = 1
            while start < len(case.steps):
                steps = case.steps[:start] + case.steps[start + size:]
                shorter = replace(case, steps=steps)
                if self.fails(shorter):
                    case = shorter
                else:
                    start += size
            size //= 2
        return case

    def calmer(self, case):
        """One worker, and checkpoints rarely."""
        for place, step in enumerate(case.steps):
            if isinstance(step, Restart):
                for other in (replace(step, workers=1, interval=1000), replace(step, workers=1),
                              replace(step, interval=1000)):
                    if other != step:
                        case = self.with_step(case, place, other)
        return case

    def smaller_changes(self, case):
        for place, step in enumerate(case.steps):
            if not isinstance(step, Change):
                continue
            for variant in simpler_changes(step):
                case = self.with_step(case, place, variant, step)
            case = self.fewer_statements(case, place)
            for number in range(len(case.steps[place].statements)):
                case = self.fewer_rows(case, place, number)
                case = self.shorter_tail(case, place, number)
        return case

    def fewer_statements(self, case, place):
        number = 0
        while number < len(case.steps[place].statements):
            step = case.steps[place]
            shorter = replace(step, statements=without(step.statements, number))
            found = self.with_step(case, place, shorter) if shorter.statements else case
            number += found is case
            case = found
        return case

    def fewer_rows(self, case, place, number):
        row = 0
        while row < len(case.steps[place].statements[number].rows):
            step = case.steps[place]
            statement = step.statements[number]
            if len(statement.rows) == 1:
                break
            fewer = replace(statement, rows=without(statement.rows, row))
            found = self.with_statement(case, place, number, fewer)
            row += found is case
            case = found
        return case

    def shorter_tail(self, case, place, number):
        """An INSERT without what follows its rows, an UPDATE with a simpler condition."""
        statement = case.steps[place].statements[number]
        if statement.tail:
            case = self.with_statement(case, place, number, replace(statement, tail=""))
        elif not statement.rows:
            case = self.shorter(case, place, statement.head, lambda step, text: replace(
                step, statements=exchanged(step.statements, number, Statement(text))))
        return case

    def inlined(self, case):
        """A view's query in the place of its name."""
        for view in [step for step in case.steps if isinstance(step, Definition)]:
            if view.kind == "table":
                continue
            name = re.compile(rf"\b{view.name}\b")
            steps = tuple(
                replace(step, sql=name.sub(lambda _, text=view.sql: f"({text})", step.sql),
                        images=())
                if isinstance(step, Definition) and name.search(step.sql) else step
                for step in case.steps if step is not view)
            shorter = replace(case, steps=steps)
            case = shorter if self.fails(shorter) else case
        return case

    def fewer_columns(self, case):
        """Columns of tables left out, with their values."""
        for place, step in enumerate(case.steps):
            if not isinstance(step, Definition) or step.kind != "table":
                continue
            number = len(columns_of(step.sql)) - 1
            while number >= 0 and len(columns_of(case.steps[place].sql)) > 1:
                shorter = without_column(case, place, number)
                if self.fails(shorter):
                    case = shorter
                number -= 1
        return case

    def smaller_queries(self, case):
        for place, step in enumerate(case.steps):
            if isinstance(step, Definition) and step.kind != "table" and (
                    self.signature[0] != "image"):
                case = self.shorter(case, place, step.sql, lambda step, text: replace(
                    step, sql=text, images=()))
        return case

    def shorter(self, case, place, sql, make):
        """Tokens left out of one text of a step, which `make` exchanges."""
        self.runner.prepare([step for step in case.steps[:place] if isinstance(step, Definition)])
        tokens = tokens_of(sql)
        again = True
        while again and time.monotonic() < self.end:
            again = False
            for variant in smaller(tokens):
                text = text_of(variant)
                if not self.runner.accepts(text):
                    continue
                candidate = replaced(case, place, make(case.steps[place], text))
                if self.fails(candidate):
                    tokens, case, again = variant, candidate, True
                    break
        return case

    # Parts

    def with_step(self, case, place, step, instead_of=None):
        """The case with another step, if it fails then, and the step is still the one meant."""
        if instead_of is not None and case.steps[place] != instead_of:
            return case
        other = replaced(case, place, step)
        return other if self.fails(other) else case

    def with_statement(self, case, place, number, statement):
        step = case.steps[place]
        return self.with_step(case, place, replace(
            step, statements=exchanged(step.statements, number, statement)))


def replaced(case, place, step):
    return Case(case.seed, exchanged(case.steps, place, step))


def exchanged(parts, place, part):
    return parts[:place] + (part,) + parts[place + 1:]


def without(parts, place):
    return parts[:place] + parts[place + 1:]


def simpler_changes(step):
    """A transaction as a statement by itself, and one that commits in the place of a rollback."""
    if step.ending and len(step.statements) == 1:
        yield replace(step, ending="")
    if step.ending == "ROLLBACK":
        yield replace(step, ending="COMMIT")


def columns_of(definition):
    """What stands between the commas of CREATE TABLE t (…)."""
    inside = definition[definition.index("(") + 1:-1]
    return re.split(r", (?![^()]*\))", inside)


def without_column(case, place, number):
    """The case without one column or constraint of a table, if its rows have all columns."""
    table = case.steps[place]
    columns = columns_of(table.sql)
    head = table.sql[:table.sql.index("(")]
    steps = list(case.steps)
    steps[place] = replace(table, sql=f"{head}({', '.join(without(columns, number))})")
    for where, step in enumerate(steps):
        if isinstance(step, Change):
            statements = tuple(
                replace(each, rows=tuple(without(row, number) for row in each.rows))
                if each.head == f"INSERT INTO {table.name} VALUES " else each
                for each in step.statements)
            steps[where] = replace(step, statements=statements)
    return replace(case, steps=tuple(steps))
