"""Random changes to tables: what applications write, and some of it wrong."""

from dataclasses import dataclass

from .expressions import Expressions
from .kinds import Scope
from .schema import BULK, BULK_ROWS, row

CLEARED_ROWS = 8_192
"""A worker clears the state of an operator of rows that are gone when there are more of them."""


@dataclass(frozen=True)
class Statement:
    """One statement; the rows of an INSERT stand apart, so that some can be left out."""

    head: str
    rows: tuple = ()
    tail: str = ""

    def sql(self):
        rows = ", ".join(f"({', '.join(values)})" for values in self.rows)
        return self.head + rows + self.tail


class Changes:
    """Writes statements for a set of tables; `relations` may be read in conditions."""

    def __init__(self, random, tables):
        self.random = random
        self.tables = tables
        self.expressions = Expressions(random)
        self.inserted = {}
        """Rows of tables without a key, by the table's name."""

    def any(self):
        """One statement."""
        table = self.random.choice(self.tables)
        write = self.random.choice(
            [self.insert] * 7 + [self.update] * 5 + [self.delete] * 4 + [
                self.upsert, self.upsert, self.update_key, self.insert_selected,
                self.delete_all, self.fault])
        return write(table)

    # Insertions

    def insert(self, table, count=None):
        count = count or self.random.choice([1, 1, 2, 3, 4, 6])
        columns = table.columns
        if self.random.random() < 0.1:
            needed = [c for c in columns if c.required or c.name in table.key]
            free = [c for c in columns if c not in needed]
            columns = needed + self.random.sample(free, self.random.randint(0, len(free)))
            columns = columns or [table.columns[0]]
        places = [table.columns.index(column) for column in columns]
        names = f" ({', '.join(column.name for column in columns)})" if (
            list(columns) != list(table.columns)) else ""
        rows = [row(self.random, table) for _ in range(count)]
        if not table.key + table.unique:
            rows += self.again(table, rows)
        return Statement(f"INSERT INTO {table.name}{names} VALUES ",
                         tuple(tuple(each[place] for place in places) for each in rows),
                         self.returning(table))

    def again(self, table, rows):
        """Rows that may be there already: then only how often they are there changes."""
        known = self.inserted.setdefault(table.name, [])
        known += rows
        if self.random.random() < 0.6:
            return []
        return [self.random.choice(known[-8:]) for _ in range(self.random.choice([1, 1, 2]))]

    def bulk(self, table):
        """Thousands of rows, in which each column goes through its domain at a pace of its own."""
        values = []
        for pace, column in zip((7, 11, 13, 5, 17), table.columns):
            if column.kind.bound == BULK:
                values.append("g.n" if column.name == "id" else "g.n % 997")
                continue
            kind = column.kind.type
            arms = " ".join(f"WHEN {n} THEN CAST({value} AS {kind})"
                            for n, value in enumerate(column.domain))
            otherwise = f" ELSE CAST({column.domain[0]} AS {kind})" if column.required else ""
            values.append(f"CASE g.n % {pace} {arms}{otherwise} END")
        return Statement(f"INSERT INTO {table.name} SELECT {', '.join(values)} "
                         f"FROM generate_series(1000, {1000 + BULK_ROWS}) AS g(n)")

    def churn(self, table):
        """Statements that each change all of thousands of rows. Before the last one the server has
        cleared its state of those that are gone."""
        return [Statement(f"UPDATE {table.name} SET k = k + 1000")
                for _ in range(CLEARED_ROWS // BULK_ROWS + 2)]

    def upsert(self, table):
        """Of tables without a key, only DO NOTHING without a target."""
        plain = self.insert(table, self.random.randint(1, 4))
        target = table.key or table.unique
        if not target or self.random.random() < 0.25:
            return Statement(plain.head, plain.rows, " ON CONFLICT DO NOTHING" + plain.tail)
        conflict = f" ON CONFLICT ({', '.join(target)})"
        free = [column for column in table.columns if column.name not in target]
        if not free or self.random.random() < 0.2:
            return Statement(plain.head, plain.rows, f"{conflict} DO NOTHING{plain.tail}")
        parts = []
        for column in self.random.sample(free, self.random.randint(1, min(2, len(free)))):
            value = self.random.choice([
                f"EXCLUDED.{column.name}", f"EXCLUDED.{column.name}",
                f"COALESCE({table.name}.{column.name}, EXCLUDED.{column.name})",
                self.random.choice(column.domain)])
            parts.append(f"{column.name} = {value}")
        condition = ""
        if self.random.random() < 0.25:
            name = self.random.choice(free).name
            condition = f" WHERE {table.name}.{name} IS DISTINCT FROM EXCLUDED.{name}"
        return Statement(plain.head, plain.rows,
                         f"{conflict} DO UPDATE SET {', '.join(parts)}{condition}{plain.tail}")

    def insert_selected(self, table):
        """A few rows of another query, each given a place of its own where there is a key."""
        other = self.random.choice(self.tables)
        scope = Scope(tuple(other.relation().items("s")))
        values = []
        for column in table.columns:
            found = self.expressions.column(
                scope, lambda kind, wanted=column.kind: kind == wanted and kind.fixed)
            is_free = not column.required and column.name not in table.key + table.unique
            values.append(found.sql if found and is_free else self.random.choice(column.domain))
        return Statement(
            f"INSERT INTO {table.name} SELECT DISTINCT {', '.join(values)} FROM {other.name} s "
            f"WHERE {self.condition(other, 's')} ORDER BY "
            f"{', '.join(str(n) for n in range(1, len(values) + 1))} LIMIT 4")

    # Updates and deletions

    def update(self, table):
        free = [c for c in table.columns if c.name not in table.key + table.unique]
        if not free:
            return self.insert(table)
        other = self.random.choice(self.tables)
        if self.random.random() < 0.15 and other.key == ("id",) and other is not table and (
                table.column("k").kind.family == "number"):
            # At most one row of the other table for each.
            column = self.random.choice(free)
            return Statement(
                f"UPDATE {table.name} SET {column.name} = {self.random.choice(column.domain)} "
                f"FROM {other.name} s WHERE s.id = {table.name}.k AND "
                f"{self.condition(other, 's')}{self.returning(table)}")
        chosen = self.random.sample(free, self.random.randint(1, min(2, len(free))))
        parts = [f"{column.name} = {self.new_value(table, column)}" for column in chosen]
        where = self.where(table)
        wide = [column.name for column in chosen if column.kind.bound == BULK]
        if wide:
            # Thousands of rows of one key, joined to themselves, are more pairs than anybody waits for.
            first = self.random.randint(0, 60)
            where = f" WHERE {wide[0]} BETWEEN {first} AND {first + 9}"
        return Statement(f"UPDATE {table.name} SET {', '.join(parts)}{where}"
                         f"{self.returning(table)}")

    def new_value(self, table, column):
        """Something that keeps to what the column's kind promises."""
        choose = self.random.choice
        scope = Scope(tuple(table.relation().items(table.name)))
        if not column.required and self.random.random() < 0.1:
            return choose(["NULL", "DEFAULT"])
        if self.random.random() < 0.3 and not column.required:
            return self.looked_up(table, column) or choose(column.domain)
        if self.random.random() < 0.4 and not column.required:
            kind = column.kind
            if kind.is_integer and kind.bound <= 100:
                return f"({column.name} + 1) % 7"
            if kind.type == "text":
                return f"left({self.expressions.of('text', scope, 2).sql}, 3)"
            if kind.type == "boolean":
                return self.expressions.boolean(scope, 2).sql
            if kind.type == "timestamp":
                return f"date_trunc('day', {column.name})"
        return choose(column.domain)

    def looked_up(self, table, column):
        """The greatest value of another table's column of the same kind, or None."""
        pairs = [(other, each) for other in self.tables for each in other.columns
                 if each.kind == column.kind and each.kind.fixed and other is not table
                 and each.kind.family != "boolean"]
        if not pairs:
            return None
        other, each = self.random.choice(pairs)
        same = ""
        if self.random.random() < 0.7 and can_join(other, table):
            same = f" WHERE s.k = {table.name}.k"
        return f"(SELECT max(s.{each.name}) FROM {other.name} s{same})"

    def update_key(self, table):
        """Moves rows to other keys; none that moves can meet another that does."""
        if table.key != ("id",):
            return self.update(table)
        return Statement(self.random.choice([
            f"UPDATE {table.name} SET id = id + 1000 WHERE id < 1000 AND {self.condition(table)}",
            f"UPDATE {table.name} SET id = id - 1000 "
            f"WHERE id BETWEEN 1000 AND 1999 AND {self.condition(table)}",
            f"UPDATE {table.name} SET id = {self.random.randint(1, 14)} "
            f"WHERE id = {self.random.randint(1, 14)}"]))

    def delete(self, table):
        if self.random.random() < 0.2:
            other = self.random.choice(self.tables)
            if other is not table and can_join(other, table):
                return Statement(self.random.choice([
                    f"DELETE FROM {table.name} USING {other.name} s WHERE s.k = {table.name}.k "
                    f"AND {self.condition(other, 's')}",
                    f"DELETE FROM {table.name} WHERE k IN (SELECT s.k FROM {other.name} s WHERE "
                    f"{self.condition(other, 's')})"]))
        return Statement(f"DELETE FROM {table.name} WHERE {self.condition(table)}"
                         f"{self.returning(table)}")

    def delete_all(self, table):
        return Statement(self.random.choice([f"DELETE FROM {table.name}",
                                             f"TRUNCATE {table.name}"]))

    # Parts

    def where(self, table):
        return f" WHERE {self.condition(table)}" if self.random.random() < 0.85 else ""

    def condition(self, table, alias=None):
        """Mostly one that few rows meet."""
        alias = alias or table.name
        column = self.random.choice(table.columns)
        draw = self.random.random()
        if draw < 0.55:
            return f"{alias}.{column.name} = {self.random.choice(column.domain)}"
        if draw < 0.7 and column.kind.family == "number":
            return f"{alias}.{column.name} > {self.random.choice(column.domain)}"
        if draw < 0.8:
            return f"{alias}.{column.name} IS NULL"
        return self.expressions.boolean(Scope(tuple(table.relation().items(alias))), 2).sql

    def returning(self, table):
        if self.random.random() < 0.9:
            return ""
        return " RETURNING " + self.random.choice([
            "*", f"{table.columns[0].name}", f"{table.columns[-1].name} AS last, 1 AS one"])

    def fault(self, table):
        """A statement that mostly fails, for one reason."""
        column = self.random.choice(table.columns)
        values = list(row(self.random, table))
        place = table.columns.index(column)
        bad = {"smallint": "40000", "integer": "3000000000", "bigint": "'x'",
               "numeric(8,2)": "1234567.891", "numeric": "'1.0.0'", "boolean": "'maybe'",
               "double precision": "'1e400'", "timestamp": "'2024-02-30'", "text": "NULL"}
        values[place] = bad[column.declared.split(" DEFAULT")[0]]
        if column.kind.family == "number" and self.random.random() < 0.3:
            return Statement(f"UPDATE {table.name} SET {column.name} = 1 / ({column.name} - "
                             f"{column.name})")
        if self.random.random() < 0.3:
            return Statement(f"UPDATE {table.name} SET {column.name} = NULL")
        if self.random.random() < 0.2:
            return Statement(f"INSERT INTO {table.name} (nowhere) VALUES (1)")
        return Statement(f"INSERT INTO {table.name} VALUES ", (tuple(values),))


def can_join(one, other):
    return one.column("k").kind.family == other.column("k").kind.family
