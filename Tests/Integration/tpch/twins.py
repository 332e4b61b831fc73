"""A Streamhouse and a PostgreSQL to which the same is done, and where they differ."""

from collections import Counter
from pathlib import Path

import psycopg

from differential.session import result_of

from . import schema
from .steps import Statement

QUERIES = {path.stem: path.read_text().strip()
           for path in sorted((Path(__file__).parent / "queries").glob("*.sql"))}

SHOWN = 5
"""Rows of a difference in a message."""

DEADLINE = "SET statement_timeout = '120s'"
"""For both; what takes longer is an error like any other."""

SETTINGS = [DEADLINE, "SET join_collapse_limit = 8", "SET from_collapse_limit = 8",
            "SET work_mem = '64MB'"]
"""Of PostgreSQL's session: the means for good plans of queries that read everything."""


class Twins:
    """Both databases with the eight tables; Streamhouse has a view of each query."""

    def __init__(self, server, postgres, queries):
        """`queries` are names of QUERIES."""
        self.queries = {name: QUERIES[name] for name in sorted(queries)}
        self.streamhouse = server.connect()
        self.postgres = psycopg.connect(postgres.conninfo, autocommit=True)
        self.streamhouse.execute(DEADLINE)
        for setting in [*SETTINGS, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]:
            self.postgres.execute(setting)
        for definition in schema.definitions():
            self.streamhouse.execute(definition)
            self.postgres.execute(definition)
        for index in schema.postgres_indexes():
            self.postgres.execute(index)
        self.make_views("early")

    def close(self):
        self.streamhouse.close()
        self.postgres.close()

    def make_views(self, when):
        for name, query in self.queries.items():
            self.streamhouse.execute(f"CREATE MATERIALIZED VIEW {name}_{when} AS {query}")

    def drop_views(self, when):
        for name in self.queries:
            self.streamhouse.execute(f"DROP MATERIALIZED VIEW {name}_{when}")

    def apply(self, step):
        """Does it to both; errors and numbers of rows must be the same."""
        right, ours = run(self.postgres, step), run(self.streamhouse, step)
        assert (ours.state, ours.count) == (right.state, right.count), (
            f"{step}\nPostgreSQL: {right}\nStreamhouse: {ours}")

    def differences(self, when):
        """What is wrong with the views of this moment and with the queries typed as they are; and
        the names of those queries of which PostgreSQL's answer has a value."""
        self.postgres.execute("ANALYZE")
        found, answered = [], set()
        for name, query in self.queries.items():
            right = run(self.postgres, Statement(query))
            assert right.state is None, right
            if any(value is not None for row in right.rows for value in row):
                answered.add(name)
            ways = {f"{name}_{when}": f"SELECT * FROM {name}_{when}", name: query}
            for way, asked in ways.items():
                problem = difference(right, run(self.streamhouse, Statement(asked)))
                if problem:
                    found.append(f"{way}: {problem}")
        return found, answered


def run(connection, step):
    """The Result of a step: all values as the texts that the server sent."""
    with connection.cursor() as cursor:
        try:
            step.run(cursor)
        except psycopg.Error as error:
            if error.pgresult is None:
                raise
            return result_of(error.pgresult)
        return result_of(cursor.pgresult)


def difference(right, ours):
    """None, or what is wrong: an error, names and types of columns, rows with their digits."""
    if ours.state:
        return f"{ours.state} {ours.message}"
    if (right.names, right.types) != (ours.names, ours.types):
        return f"columns {ours.names} {ours.types} instead of {right.names} {right.types}"
    missing = Counter(right.rows) - Counter(ours.rows)
    extra = Counter(ours.rows) - Counter(right.rows)
    if missing or extra:
        return (f"{len(right.rows)} rows, {missing.total()} missing {list(missing)[:SHOWN]}, "
                f"{extra.total()} too many {list(extra)[:SHOWN]}")
    return None
