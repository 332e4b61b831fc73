"""The Nexmark streams and queries, and DuckDB as the judge of the answers.

The query texts are those of the benchmark, `bench/nexmark/queries`. Where DuckDB says a thing
differently, `bench/nexmark/duckdb` has its own text of the same query.

What the texts leave open: over sources, bids that tie are told apart by their arrival, the earliest
first (q9, q19), the latest first behind `date_time DESC` (q18). BETWEEN includes both ends (q7). A
session ends where the next row is more than the gap away (q11). Averages are compared as
numeric(20, 6), everything else digit by digit.
"""

import subprocess
from pathlib import Path

import duckdb

from streamhouse import REPOSITORY, clean_environment, require_binary

QUERY_DIRECTORY = REPOSITORY / "bench/nexmark/queries"
DUCKDB_DIRECTORY = REPOSITORY / "bench/nexmark/duckdb"

NAMES = ["q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q11",
         "q15", "q16", "q17", "q18", "q19", "q20", "q21", "q22"]

STREAMS = {
    "person": {"id": "bigint", "name": "text", "email_address": "text", "credit_card": "text",
               "city": "text", "state": "text", "date_time": "timestamp", "extra": "text"},
    "auction": {"id": "bigint", "item_name": "text", "description": "text",
                "initial_bid": "bigint", "reserve": "bigint", "date_time": "timestamp",
                "expires": "timestamp", "seller": "bigint", "category": "bigint",
                "extra": "text"},
    "bid": {"auction": "bigint", "bidder": "bigint", "price": "bigint", "channel": "text",
            "url": "text", "date_time": "timestamp", "extra": "text"},
}

STATED = {"q17": {"av": "numeric(20, 6)"}}
"""Columns whose digits are no matter of the query, and the type that both answers are cast to."""

EXACT_IN_DUCKDB = {
    "avg(price)": "((2000000 * sum(price) + count(price)) // (2 * count(price)))::DECIMAL(31, 0)"
                  " * 0.000001::DECIMAL(7, 6)"}
"""What DuckDB answers with a double, and how it says it exactly, with six digits."""

NULL = r"\N"
"""What stands for NULL in a CSV file, so that an empty string is another thing."""


def columns(stream, streams=None):
    """The column list of a stream's CREATE SOURCE."""
    return ", ".join(f"{name} {kind}" for name, kind in (streams or STREAMS)[stream].items())


def source_ddl(stream, source=None, topic=None):
    """CREATE SOURCE for a stream over a topic, both named after the stream unless told."""
    return (f"CREATE SOURCE {source or stream} ({columns(stream)}) WITH (connector = 'kafka', "
            f"topic = '{topic or stream}') FORMAT PLAIN ENCODE JSON")


def query(name):
    """The text of a query in Streamhouse's dialect, without an end."""
    return (QUERY_DIRECTORY / f"{name}.sql").read_text().strip()


def duckdb_query(name):
    """The text of the same query for DuckDB."""
    own = DUCKDB_DIRECTORY / f"{name}.sql"
    return own.read_text().strip() if own.exists() else query(name)


def generate(directory, count, seed):
    """Writes `<stream>.json` for each stream into a directory: all of the first `count` events."""
    for stream in STREAMS:
        command = [require_binary(), "generate", "nexmark", "--table", stream,
                   "--count", str(count), "--seed", str(seed)]
        with open(Path(directory) / f"{stream}.json", "wb") as file:
            subprocess.run(command, stdout=file, env=clean_environment(), check=True, timeout=300)


def open_duckdb(directory, threads=1, streams=None, relation="VIEW"):
    """A DuckDB database with views (or tables) of the JSON files of a directory, in the order of
    their lines. It sorts NULL as PostgreSQL does."""
    database = duckdb.connect(config={"threads": threads, "default_null_order": "postgres",
                                      "temp_directory": f"{directory}/duckdb"})
    for stream, types in (streams or STREAMS).items():
        spec = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
        database.execute(
            f"CREATE {relation} {stream} AS SELECT * FROM read_json('{directory}/{stream}.json', "
            f"format = 'newline_delimited', columns = {{{spec}}})")
    return database


class Judge:
    """DuckDB's answers over the JSON files, to compare ours with as multisets of rows."""

    def __init__(self, database, texts, open_columns=None):
        """`texts` are DuckDB's query texts by the names that `compare` is called with.

        `open_columns` names, for a query that takes the first rows of groups by row_number(), the
        columns in which rows may differ that tie. The other columns have one right answer; all of
        them together must be rows of the input that could have been taken.
        """
        self.database = database
        self.open_columns = open_columns or {}
        self.columns = {}
        for name, text in texts.items():
            for inexact, exact in EXACT_IN_DUCKDB.items():
                text = text.replace(inexact, exact)
            self.keep(name, name, text)
            if name in self.open_columns:
                self.keep(name, f"{name}_eligible", text.replace("row_number()", "rank()"))

    def keep(self, name, table, text):
        """Keeps the answer to a query, with its decimals wide enough that no digit of ours is
        rounded away."""
        described = self.database.execute(f"DESCRIBE {text}").fetchall()
        kinds = {column: "DECIMAL(38, 9)" if kind.startswith("DECIMAL") else kind
                 for column, kind, *_ in described}
        items = ", ".join(f"{column}::{kind} AS {column}" for column, kind in kinds.items())
        self.columns[name] = kinds
        self.database.execute(f"CREATE TABLE {table} AS SELECT {items} FROM ({text}\n)")

    def statement(self, name, text):
        """Our query with stated types in place."""
        stated = STATED.get(name, {})
        items = [f"{column}::{stated[column]} AS {column}" if column in stated else column
                 for column in self.columns[name]]
        return f"SELECT {', '.join(items)} FROM ({text}\n) q" if stated else text

    def compare(self, name, csv, what):
        """Fails unless the rows of a CSV file without header, `what`, are those of the query.

        Where ties leave a choice, all answers to a query must have made the same.
        """
        kinds = self.columns[name]
        spec = ", ".join(f"'{column}': '{kind}'" for column, kind in kinds.items())
        self.database.execute(
            f"CREATE OR REPLACE TABLE ours AS SELECT * FROM read_csv('{csv}', header = false, "
            f"auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"nullstr = '{NULL}', columns = {{{spec}}})")
        either = self.open_columns.get(name)
        decided = ", ".join(column for column in kinds if column not in (either or []))
        self.expect_none(what, self.difference(decided, "ours", name))
        if either:
            row = ", ".join(column for column in kinds if column != "rn")
            added = self.difference(row, "ours", f"{name}_eligible")
            self.expect_none(f"{what}, rows that were not to be taken",
                             f"SELECT * FROM ({added}) WHERE surplus > 0")
            self.database.execute(
                f"CREATE TABLE IF NOT EXISTS {name}_chosen AS SELECT * FROM ours")
            self.expect_none(f"{what}, another choice than the first answer's",
                             self.difference("*", "ours", f"{name}_chosen"))

    @staticmethod
    def difference(row, ours, theirs):
        """A query for the rows of which one side has more, and how many more ours has."""
        return (f"SELECT sum(ours) AS surplus, * EXCLUDE (ours) FROM ("
                f"SELECT 1 AS ours, {row} FROM {ours} UNION ALL "
                f"SELECT -1 AS ours, {row} FROM {theirs}) GROUP BY ALL HAVING sum(ours) <> 0")

    def expect_none(self, problem, statement):
        """Fails with the number of rows of a query and the first of them, if there are any."""
        rows = self.database.execute(f"SELECT * FROM ({statement}) ORDER BY ALL").fetchmany(6)
        if rows:
            count = self.database.execute(f"SELECT count(*) FROM ({statement})").fetchone()[0]
            raise AssertionError(
                f"{problem}: {count} rows, such as (ours less DuckDB's, row) {rows}")
