"""The Nexmark streams and queries, and DuckDB as the judge of the answers.

The query texts are those of the benchmark, `bench/nexmark/queries`. Where DuckDB says a thing
differently, `bench/nexmark/duckdb` has its own text of the same query.
"""

import subprocess
from pathlib import Path

import duckdb

from streamhouse import REPOSITORY, clean_environment, require_binary

QUERY_DIRECTORY = REPOSITORY / "bench/nexmark/queries"
DUCKDB_DIRECTORY = REPOSITORY / "bench/nexmark/duckdb"

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

APPROXIMATE = {"q17": ["av"]}
"""Columns in which DuckDB answers with a double; the rest of such a row is its key."""

TOLERANCE = 1e-6
"""Averages of at most 1e8 in doubles are better than this by two digits."""


def columns(stream):
    """The column list of a stream's CREATE SOURCE."""
    return ", ".join(f"{name} {kind}" for name, kind in STREAMS[stream].items())


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


def lines_in(path):
    """The number of lines of a file."""
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def open_duckdb(directory, threads=1):
    """A DuckDB database in which the streams are views over the JSON files of a directory."""
    database = duckdb.connect(config={"threads": threads})
    for stream, types in STREAMS.items():
        spec = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
        database.execute(
            f"CREATE VIEW {stream} AS SELECT * FROM read_json('{directory}/{stream}.json', "
            f"format = 'newline_delimited', columns = {{{spec}}})")
    return database


class Judge:
    """DuckDB's answers over the JSON files, to compare ours with as multisets of rows."""

    def __init__(self, directory, texts):
        """`texts` are DuckDB's query texts by the names that `compare` is called with."""
        self.database = open_duckdb(directory)
        for name, text in texts.items():
            self.database.execute(f"CREATE TABLE {name} AS {exactly(self.database, text)}")

    def compare(self, name, csv):
        """Fails unless the rows of a CSV file without header are those of the query."""
        described = self.database.execute(f"DESCRIBE {name}").fetchall()
        spec = ", ".join(f"'{column[0]}': '{column[1]}'" for column in described)
        self.database.execute(
            f"CREATE OR REPLACE TABLE ours AS SELECT * FROM read_csv('{csv}', header = false, "
            f"auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"columns = {{{spec}}})")
        approximate = APPROXIMATE.get(name, [])
        exact = ", ".join(column[0] for column in described if column[0] not in approximate)
        problems = {
            "missing": f"SELECT {exact} FROM {name} EXCEPT ALL SELECT {exact} FROM ours",
            "unexpected": f"SELECT {exact} FROM ours EXCEPT ALL SELECT {exact} FROM {name}",
            **{f"wrong {column}":
               f"SELECT * FROM {name} e JOIN ours o USING ({exact}) "
               f"WHERE (abs(e.{column} - o.{column}) <= {TOLERANCE}) IS NOT TRUE"
               for column in approximate}}
        for problem, statement in problems.items():
            self.expect_none(f"{name}, {problem}", statement)

    def expect_none(self, problem, statement):
        """Fails with the number of rows of a query and the first of them, if there are any."""
        count = self.database.execute(f"SELECT count(*) FROM ({statement})").fetchone()[0]
        if count:
            first = self.database.execute(f"{statement} LIMIT 5").fetchall()
            raise AssertionError(f"{problem}: {count} rows, such as {first}")


def exactly(database, text):
    """A query with its decimals wide enough that no digit of ours is rounded away."""
    described = database.execute(f"DESCRIBE {text}").fetchall()
    items = [f"{column}::DECIMAL(38, 9) AS {column}" if kind.startswith("DECIMAL") else column
             for column, kind, *_ in described]
    return f"SELECT {', '.join(items)} FROM ({text}\n)"
