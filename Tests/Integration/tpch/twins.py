"""A Streamhouse and a PostgreSQL to which the same is done, and where they differ."""

from collections import Counter
from pathlib import Path

import psycopg

from differential.session import result_of

from . import schema

QUERIES = {path.stem: path.read_text().strip()
           for path in sorted((Path(__file__).parent / "queries").glob("*.sql"))}

SHOWN = 5
"""Rows of a difference in a message."""

SETTINGS = ["SET statement_timeout = '120s'", "SET join_collapse_limit = 8",
            "SET from_collapse_limit = 8", "SET work_mem = '64MB'"]
"""Of PostgreSQL's session: time for a query that reads everything, and good plans for it."""


class Twins:
    """Both databases with the eight tables; Streamhouse has a view of each query."""

    def __init__(self, server, postgres):
        self.streamhouse = server.connect()
        self.postgres = psycopg.connect(postgres.conninfo, autocommit=True)
        for setting in SETTINGS:
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
        for name, query in QUERIES.items():
            self.streamhouse.execute(f"CREATE MATERIALIZED VIEW {name}_{when} AS {query}")

    def apply(self, step):
        """Does it to both; errors and numbers of rows must be the same."""
        right, ours = run(self.postgres, step), run(self.streamhouse, step)
        assert (ours.state, ours.count) == (right.state, right.count), (
            f"{step}\nPostgreSQL: {right}\nStreamhouse: {ours}")

    def differences(self, moments):
        """What is wrong with the views of these moments and with the queries typed as they are;
        and the names of those queries of which PostgreSQL's answer has a value."""
        self.postgres.execute("ANALYZE")
        found, answered = [], set()
        for name, query in QUERIES.items():
            right = answer(self.postgres, query)
            if any(value is not None for row in right.rows for value in row):
                answered.add(name)
            for asked in [*(f"SELECT * FROM {name}_{when}" for when in moments), query]:
                problem = difference(right, answer(self.streamhouse, asked))
                if problem:
                    found.append(f"{name}, {asked[:30]}…: {problem}")
        return found, answered


def run(connection, step):
    """The Result of a step."""
    with connection.cursor() as cursor:
        try:
            step.run(cursor)
        except psycopg.Error as error:
            if error.pgresult is None:
                raise
            return result_of(error.pgresult)
        return result_of(cursor.pgresult)


def answer(connection, query):
    """The Result of a query: all values as the texts that the server sent."""
    with connection.cursor() as cursor:
        return result_of(cursor.execute(query).pgresult)


def difference(right, ours):
    """None, or what is not the same: names and types of columns, rows with their digits."""
    if (right.names, right.types) != (ours.names, ours.types):
        return f"columns {ours.names} {ours.types} instead of {right.names} {right.types}"
    missing = Counter(right.rows) - Counter(ours.rows)
    extra = Counter(ours.rows) - Counter(right.rows)
    if missing or extra:
        return (f"{len(right.rows)} rows, {missing.total()} missing {list(missing)[:SHOWN]}, "
                f"{extra.total()} too many {list(extra)[:SHOWN]}")
    return None
