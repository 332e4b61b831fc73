"""The Nexmark streams as records of topics: streams that only grow, and rows that change.

Each writes `<stream>.records`, lines of a key, a tab and a value (a row as JSON, or nothing for a
removal), and knows the rows that are there in the end.
"""

import json
import random

import nexmark
from kafka_clients import produce

PARTITIONS = {"person": 1, "auction": 2, "bid": 4}


class Growing:
    """Plain sources. Bids are keyed by their auction, so that those that tie share a partition and
    their arrival is the order of the file."""

    streams = nexmark.STREAMS

    def __init__(self, directory, seed):
        self.directory = directory
        self.rows = {}
        for stream in self.streams:
            with open(directory / f"{stream}.json", "rb") as rows, \
                    open(directory / f"{stream}.records", "wb") as records:
                count = 0
                for count, row in enumerate(rows, 1):
                    records.write(record(row))
                self.rows[stream] = count

    def ddl(self, stream):
        return nexmark.source_ddl(stream)

    def progress(self, stream):
        """The view that tells how far a stream is, and what it has in the end."""
        return f"SELECT count(*) AS n FROM {stream}", self.rows[stream]

    def finish(self, server):
        """Everything has been sent."""

    def judge(self, names):
        texts = {name: of_duckdb for name, (_, of_duckdb) in names.items()}
        database = nexmark.open_duckdb(self.directory, relation="TABLE")
        return nexmark.Judge(database, texts)


TOGETHER = {
    "auction": [["category"], ["date_time"], ["expires"], ["date_time", "expires"], ["seller"],
                ["item_name", "description", "extra"], ["reserve", "initial_bid"]],
    "bid": [["price"], ["date_time"], ["channel", "url"], ["extra"], ["bidder"],
            ["auction", "price", "date_time"], ["auction", "price"],
            ["auction", "bidder", "date_time"]]}
"""What an update takes over from another row; the last three of a bid make ties."""

CAN_BE_MISSING = ["channel", "extra"]

OPEN_COLUMNS = {"q9": ["bidder", "bid_extra"], "q18": ["price", "channel", "url", "extra"],
                "q19": ["id", "bidder", "channel", "url", "date_time", "extra"]}
"""What ties leave open where rows change: content decides, and how is no promise."""


class Changing:
    """Auctions and bids as tables that topics feed by FORMAT UPSERT, a table and a source; persons
    as they are. One auction and one bid in twenty change later, between the other records: some
    at once, some much later; they are updated, deleted, written again, some more than once."""

    streams = {**nexmark.STREAMS, "bid": {"id": "bigint", **nexmark.STREAMS["bid"]}}

    def __init__(self, directory, seed):
        self.directory = directory / "final"
        self.directory.mkdir()
        self.choice = random.Random(seed)
        self.ends = {}
        for stream in self.streams:
            with open(directory / f"{stream}.json", "rb") as file:
                rows = list(file)
            if stream == "bid":
                rows = [b'{"id":%d,%s' % (id, row[1:]) for id, row in enumerate(rows)]
            with open(directory / f"{stream}.records", "wb") as records:
                final = self.write(stream, rows, records)
            self.ends[stream] = self.end_rows(stream, rows)
            with open(self.directory / f"{stream}.json", "wb") as file:
                file.writelines(row for row in final + self.ends[stream] if row)

    def write(self, stream, rows, records):
        """Writes records in order; the rows as they are in the end, None for one that is gone."""
        final = list(rows)
        later = self.plan(len(rows)) if stream in TOGETHER else {}
        for position, row in enumerate(rows):
            records.write(record(row))
            for number in later.get(position, []):
                if final[number] and self.choice.random() < 0.35:
                    final[number] = None
                    records.write(key(rows[number]) + b"\t\n")
                else:
                    final[number] = self.updated(stream, final[number] or rows[number], rows)
                    records.write(record(final[number]))
        return final

    def plan(self, count):
        """Which rows change behind the record at a position."""
        later = {}
        for number in self.choice.sample(range(count), count // 20):
            for _ in range(self.choice.choice([1, 1, 1, 2, 3])):
                end = min(number + 20, count - 1) if self.choice.random() < 0.4 else count - 1
                later.setdefault(self.choice.randint(number, end), []).append(number)
        return later

    def updated(self, stream, row, rows):
        """A row with values from another row, on another day, or without a value."""
        changed, other = json.loads(row), json.loads(self.choice.choice(rows))
        for column in self.choice.choice(TOGETHER[stream]):
            changed[column] = other[column]
        if self.choice.random() < 0.05:
            changed["date_time"] = changed["date_time"].replace("-15 ", "-16 ")
        if self.choice.random() < 0.1:
            changed.pop(self.choice.choice(CAN_BE_MISSING), None)
        return json.dumps(changed, separators=(",", ":")).encode() + b"\n"

    def end_rows(self, stream, rows):
        """A new row for the end of each partition: a table that has them all is up to date."""
        first = int(key(rows[-1])) + 1
        return [json.dumps({**json.loads(self.choice.choice(rows)), "id": first + partition},
                           separators=(",", ":")).encode() + b"\n"
                for partition in range(PARTITIONS[stream])]

    def ddl(self, stream):
        if stream == "person":
            return nexmark.source_ddl(stream)
        kind = {"auction": "TABLE", "bid": "SOURCE"}[stream]
        return (f"CREATE {kind} {stream} ({nexmark.columns(stream, self.streams)}, "
                f"PRIMARY KEY (id)) WITH (connector = 'kafka', topic = '{stream}') "
                f"FORMAT UPSERT ENCODE JSON")

    def progress(self, stream):
        """As of Growing: the rows at the ends."""
        first = int(key(self.ends[stream][0]))
        return f"SELECT count(*) AS n FROM {stream} WHERE id >= {first}", len(self.ends[stream])

    def finish(self, server):
        """Sends the rows at the ends."""
        for stream, rows in self.ends.items():
            for partition, row in enumerate(rows):
                produce(server, stream, [{"key": key(row), "value": row}], partition)

    def judge(self, names):
        """DuckDB's own texts for ties go by arrival; these queries say all that is decided here."""
        texts = {name: ours if name in OPEN_COLUMNS else of_duckdb
                 for name, (ours, of_duckdb) in names.items()}
        database = nexmark.open_duckdb(self.directory, streams=self.streams, relation="TABLE")
        return nexmark.Judge(database, texts, OPEN_COLUMNS)


def key(row):
    """The first field of a row, which is a number."""
    return row[row.index(b":") + 1:row.index(b",")]


def record(row):
    return key(row) + b"\t" + row
