"""kill -9 under load: what was acknowledged is there once, what was not at most once, and whole."""

import json
import os
import random
import threading
from collections import Counter, defaultdict

import psycopg
import pytest

from crash_load import (
    CatalogLedger, CatalogLoad, CommitLedger, GroupLoad, RecordLedger, RecordLoad, RecordWriter,
    RowLedger, RowLoad)
from kafka_clients import TopicPartition, consumer, take_topic
from streamhouse import wait_until

PARTITIONS = 3

LONGEST_LIFE_SECONDS = 1.5
"""From the moment all loads are under way to the kill: several checkpoints of 200 ms."""

RECOVERY_KILL_CHANCE = 0.3
"""How often the server is killed a second time, while it recovers."""

LONGEST_RECOVERY_SECONDS = 0.3

CATCH_UP_SECONDS = 60

SCHEMA = f"""
    CREATE TOPIC events WITH (partitions = {PARTITIONS});
    CREATE SOURCE event (id bigint, k bigint, v bigint)
      WITH (connector = 'kafka', topic = 'events') FORMAT PLAIN ENCODE JSON;
    CREATE TABLE entries (id bigint, unit bigint, k bigint, v bigint);
    CREATE TABLE units (unit bigint, rows bigint);
    CREATE MATERIALIZED VIEW event_totals AS
      SELECT k, count(*) AS n, sum(v) AS total FROM event GROUP BY k;
    CREATE MATERIALIZED VIEW entry_totals AS
      SELECT k, count(*) AS n, sum(v) AS total, min(v) AS low, max(v) AS high
      FROM entries GROUP BY k;
    CREATE MATERIALIZED VIEW pairs AS
      SELECT e.id, e.v AS event_v, t.v AS entry_v FROM event e JOIN entries t ON e.id = t.id;
    CREATE MATERIALIZED VIEW summary AS
      SELECT e.k, e.n AS events, t.n AS entries, e.total + t.total AS total
      FROM event_totals e JOIN entry_totals t ON e.k = t.k;
"""


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=[
    pytest.mark.long, pytest.mark.timeout(3600)])])
def test_nothing_is_lost_or_doubled_by_kills_at_random_instants(spawn, kills):
    seed = int(os.environ.get("STREAMHOUSE_CRASH_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}; repeat with STREAMHOUSE_CRASH_SEED={seed}")
    server = spawn("--checkpoint-interval-ms", "200")
    server.psql(script=SCHEMA)
    trial = Trial(server, seed)
    for number in range(kills):
        trial.round(number)
    server.stop()
    server.restart()
    trial.verify()


class Trial:
    """One server, its ledgers and one producer that lives through all its deaths."""

    def __init__(self, server, seed):
        self.server, self.seed = server, seed
        self.dice = random.Random(seed)
        self.records, self.rows = RecordLedger(), RowLedger()
        self.catalog, self.commits = CatalogLedger(), CommitLedger()
        self.survivor = RecordWriter(server, "events", "lz4", self.records)

    def round(self, number):
        """Load, a kill at a random instant of it, recovery under the load that is left, a check."""
        name = f"{self.seed}-{number}"
        mortal = RecordWriter(self.server, "events", self.dice.choice(["none", "gzip", "zstd"]),
                              self.records)
        doomed = RecordLoad(f"{name}-mortal", mortal)
        member = GroupLoad(name, self.server, "events", "readers", self.commits)
        loads = [RecordLoad(f"{name}-survivor", self.survivor), member,
                 *(RowLoad(f"{name}-{i}", self.server, self.rows) for i in range(2)),
                 CatalogLoad(name, self.server, self.catalog)]
        for load in [doomed, *loads]:
            load.start()
        self.kill([doomed, *loads])
        doomed.finish()
        mortal.abandon()
        self.server.restart()
        for load in loads:
            load.finish()
        self.survivor.settle()
        member.leave()
        self.verify()
        print(f"round {number}: {len(self.records.acknowledged)} records and "
              f"{len(self.rows.acknowledged)} units acknowledged so far")

    def kill(self, loads):
        """The instant is random, and every load is in the middle of its work by then."""
        wait_until(lambda: all(load.acknowledgements or load.failure for load in loads), 60,
                   "an acknowledgement for each kind of load")
        pause(self.dice.uniform(0, LONGEST_LIFE_SECONDS))
        self.server.kill9()
        if self.dice.random() < RECOVERY_KILL_CHANCE:
            self.server.launch()
            pause(self.dice.uniform(0, LONGEST_RECOVERY_SECONDS))
            self.server.kill9()

    def verify(self):
        """Everything the ledgers say, at a moment when nobody writes."""
        events = verify_records(self.server, self.records)
        entries = verify_rows(self.server, self.rows)
        verify_views(self.server, events, entries)
        verify_catalog(self.server, self.catalog, entries)
        verify_commits(self.server, self.commits)


def pause(seconds):
    """Lets a stretch of time pass that was drawn at random: what the test is about, not a wait."""
    threading.Event().wait(seconds)


def verify_records(server, ledger):
    """Returns the topic's rows as {id: (k, v)}."""
    stored, places, next_offset = {}, {}, Counter()
    for message in take_topic(server, "events"):
        row = json.loads(message.value())
        assert message.offset() == next_offset[message.partition()], "a hole in the offsets"
        next_offset[message.partition()] += 1
        assert row["id"] not in stored, f"record {row['id']} is there twice"
        stored[row["id"]] = (row["k"], row["v"])
        places[row["id"]] = (message.partition(), message.offset())
    lost = ledger.acknowledged.keys() - stored.keys()
    assert not lost, f"{len(lost)} acknowledged records are lost, such as {sorted(lost)[:5]}"
    moved = [number for number, (partition, offset) in ledger.acknowledged.items()
             if offset >= 0 and places[number] != (partition, offset)]
    assert not moved, f"{len(moved)} records are not where their acknowledgement said"
    assert all(ledger.attempted[number] == row for number, row in stored.items())
    return stored


def verify_rows(server, ledger):
    """Returns the table's rows as {id: (k, v)}."""
    with server.connect() as connection:
        rows = connection.execute("SELECT id, unit, k, v FROM entries").fetchall()
        counts = connection.execute("SELECT unit, rows FROM units").fetchall()
    ids = Counter(row[0] for row in rows)
    doubled = [number for number, times in ids.items() if times > 1]
    assert not doubled, f"{len(doubled)} rows are there more than once, such as {doubled[:5]}"
    stored = defaultdict(list)
    for row in rows:
        stored[row[1]].append(row)
    lost = ledger.acknowledged - stored.keys()
    assert not lost, f"{len(lost)} acknowledged units are lost, such as {sorted(lost)[:5]}"
    assert not ledger.rolled_back & stored.keys(), "rows of a rolled back transaction"
    torn = [unit for unit, found in stored.items()
            if sorted(found) != sorted(ledger.attempted[unit])]
    assert not torn, f"{len(torn)} units are not whole, such as {torn[:5]}"
    whole = Counter({(unit, len(found)): 1 for unit, found in stored.items() if len(found) > 1})
    assert Counter(counts) == whole, "the two tables of a transaction disagree"
    return {row[0]: (row[2], row[3]) for row in rows}


def totals(rows):
    """{k: (count, sum, least, greatest)} of {id: (k, v)}."""
    by_key = defaultdict(list)
    for key, value in rows.values():
        by_key[key].append(value)
    return {k: (len(v), sum(v), min(v), max(v)) for k, v in by_key.items()}


def verify_views(server, events, entries):
    """Each view is what its definition says of the rows, once the source is as far as the topic."""
    with server.connect() as connection:
        def read(statement):
            return sorted(connection.execute(statement).fetchall())

        assert read("SELECT * FROM entry_totals") == sorted(
            (k, *values) for k, values in totals(entries).items())
        expected = sorted((k, *values[:2]) for k, values in totals(events).items())
        wait_until(lambda: read("SELECT * FROM event_totals") == expected, CATCH_UP_SECONDS,
                   "event_totals as recomputed from the topic")
        assert read("SELECT k, count(*), sum(v) FROM event GROUP BY k") == expected
        assert read("SELECT * FROM pairs") == sorted(
            (number, events[number][1], entries[number][1])
            for number in events.keys() & entries.keys())
        event_totals, entry_totals = totals(events), totals(entries)
        assert read("SELECT * FROM summary") == sorted(
            (k, event_totals[k][0], entry_totals[k][0], event_totals[k][1] + entry_totals[k][1])
            for k in event_totals.keys() & entry_totals.keys())


def verify_catalog(server, ledger, entries):
    """A view whose creation was acknowledged is there and right; a dropped one is not; one in
    doubt is either there and right or not there at all."""
    expected = sorted((k, *values[:2]) for k, values in totals(entries).items())
    with server.connect() as connection:
        for view in ledger.attempted - ledger.dropped:
            try:
                found = sorted(connection.execute(f"SELECT * FROM {view}").fetchall())
                assert found == expected, f"{view} is wrong"
            except psycopg.errors.UndefinedTable:
                assert view not in ledger.created or view in ledger.drop_attempted
                ledger.dropped.add(view)
        for view in list(ledger.dropped)[-10:]:
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute(f"SELECT * FROM {view}")


def verify_commits(server, ledger):
    """The group is at its last acknowledged commit, or at one that was under way."""
    client = consumer(server, "readers")
    found = client.committed([TopicPartition("events", p) for p in range(PARTITIONS)], timeout=30)
    client.close()
    for place in found:
        least = ledger.acknowledged.get(place.partition, 0)
        most = ledger.attempted.get(place.partition, 0)
        assert least <= max(place.offset, 0) <= most, (
            f"partition {place.partition} at {place.offset}, not from {least} to {most}")
        ledger.resumed[place.partition] = max(place.offset, 0)
