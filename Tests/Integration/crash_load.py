"""The load under which a server is killed; each kind keeps a ledger of what it was promised.

A ledger knows three things about a write: that it was attempted, that it was acknowledged, and,
for rolled back transactions, that it must never be seen. Ids are never used twice, so a write that
happened twice shows.
"""

import itertools
import json
import random
import threading
from dataclasses import dataclass, field

import psycopg
from confluent_kafka import KafkaException, Producer

from kafka_clients import consumer

KEYS = 17

BURST = 10

PAUSE_SECONDS = 0.005
"""Between bursts and transactions: bounds how much a long test has to verify."""

MAXIMUM_OUTSTANDING = 2000
"""Records a producer may hold without an answer, while the server is away for instance."""


class Load(threading.Thread):
    """A thread that works in steps until it is stopped or loses its server."""

    def __init__(self, seed):
        super().__init__(name=f"{type(self).__name__} {seed}", daemon=True)
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.acknowledgements = 0
        self.failure = None

    def run(self):
        try:
            while not self.stopping.wait(PAUSE_SECONDS) and self.step():
                pass
        except BaseException as error:  # noqa: BLE001: raised again by finish()
            self.failure = error

    def finish(self, deadline=60):
        """Waits for the thread to end by itself and raises what it died of."""
        self.stopping.set()
        self.join(deadline)
        assert not self.is_alive(), f"{self.name} is stuck"
        if self.failure:
            raise self.failure


# Records

@dataclass
class RecordLedger:
    """Of all producers of the test, by record id."""

    ids: itertools.count = field(default_factory=itertools.count)
    attempted: dict = field(default_factory=dict)
    acknowledged: dict = field(default_factory=dict)


class RecordLoad(Load):
    """An idempotent producer. `abandon` leaves what is in flight in doubt, as a crash would."""

    def __init__(self, seed, server, topic, ledger):
        super().__init__(seed)
        self.topic, self.ledger = topic, ledger
        self.outstanding = 0
        self.refused = []
        self.producer = Producer({
            "bootstrap.servers": server.kafka, "enable.idempotence": True, "linger.ms": 2,
            "compression.type": self.random.choice(["none", "lz4", "zstd"]),
            "message.timeout.ms": 300_000, "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 200, "retry.backoff.ms": 20, "error_cb": self.note_error,
            "log_level": 0})

    def step(self):
        self.producer.poll(0)
        if self.outstanding > MAXIMUM_OUTSTANDING:
            return True
        for _ in range(self.random.randint(1, BURST)):
            number = next(self.ledger.ids)
            row = {"id": number, "k": number % KEYS, "v": self.random.randint(-1000, 1000)}
            self.ledger.attempted[number] = (row["k"], row["v"])
            self.outstanding += 1
            self.producer.produce(self.topic, json.dumps(row), key=str(row["k"]),
                                  on_delivery=lambda e, m, n=number: self.note(n, e, m))
        return True

    def note(self, number, error, message):
        self.outstanding -= 1
        if error:
            self.refused.append((number, error))
        else:
            self.acknowledgements += 1
            self.ledger.acknowledged[number] = (message.partition(), message.offset())

    def note_error(self, error):
        if error.fatal():
            self.refused.append((None, error))

    def settle(self):
        """Every record gets its answer from the server that is back, and no answer is a no."""
        self.finish()
        left = self.producer.flush(60)
        assert left == 0 and self.refused == [], f"{left} unanswered, {self.refused[:3]}"

    def abandon(self):
        """Gives up on everything unacknowledged."""
        self.finish()
        self.producer.purge()
        self.producer.flush(10)
        fatal = [error for _, error in self.refused if error.fatal()]
        assert fatal == []


# Rows

@dataclass
class RowLedger:
    """Of all writers of the test: transactions by number, each with its rows."""

    ids: itertools.count = field(default_factory=itertools.count)
    numbers: itertools.count = field(default_factory=itertools.count)
    attempted: dict = field(default_factory=dict)
    acknowledged: set = field(default_factory=set)
    rolled_back: set = field(default_factory=set)


class RowLoad(Load):
    """A writer of single rows, of several in one statement, and of transactions over two tables.

    Every unit of work writes its rows to `entries` and, if it has several, their number to
    `units`, so that half of one cannot look like another.
    """

    def __init__(self, seed, server, ledger):
        super().__init__(seed)
        self.connection = server.connect()
        self.ledger = ledger

    def step(self):
        number = next(self.ledger.numbers)
        count = self.random.choice([1, 1, 2, 3, 5])
        rows = [(next(self.ledger.ids), number) for _ in range(count)]
        rows = [(i, n, i % KEYS, self.random.randint(-1000, 1000)) for i, n in rows]
        self.ledger.attempted[number] = rows
        try:
            self.write(number, rows)
        except psycopg.OperationalError:
            self.connection.close()
            return False
        return True

    def write(self, number, rows):
        if len(rows) == 1:
            self.insert(rows)
        elif self.random.random() < 0.15:
            self.ledger.rolled_back.add(number)
            with self.connection.transaction(force_rollback=True):
                self.insert_unit(number, rows)
            return
        else:
            with self.connection.transaction():
                self.insert_unit(number, rows)
        self.ledger.acknowledged.add(number)
        self.acknowledgements += 1

    def insert_unit(self, number, rows):
        """Row by row or in one statement, around the row that tells their number."""
        half = self.random.randint(0, len(rows))
        for row in rows[:half]:
            self.insert([row])
        self.connection.execute("INSERT INTO units VALUES (%s, %s)", [number, len(rows)])
        if rows[half:]:
            self.insert(rows[half:])

    def insert(self, rows):
        values = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
        self.connection.execute(f"INSERT INTO entries VALUES {values}",
                                [value for row in rows for value in row])


# Catalog

@dataclass
class CatalogLedger:
    """Of all views made and dropped on the way, by name."""

    numbers: itertools.count = field(default_factory=itertools.count)
    attempted: set = field(default_factory=set)
    created: set = field(default_factory=set)
    drop_attempted: set = field(default_factory=set)
    dropped: set = field(default_factory=set)


class CatalogLoad(Load):
    """Makes views over the rows while they change, and drops them again: three stay at a time."""

    def __init__(self, seed, server, ledger):
        super().__init__(seed)
        self.connection = server.connect()
        self.ledger = ledger

    def step(self):
        try:
            self.create(f"passing_{next(self.ledger.numbers)}")
            standing = sorted(self.ledger.created - self.ledger.drop_attempted)
            for view in standing[:-3]:
                self.drop(view)
        except psycopg.OperationalError:
            self.connection.close()
            return False
        return True

    def create(self, view):
        self.ledger.attempted.add(view)
        self.connection.execute(f"""CREATE MATERIALIZED VIEW {view} AS
            SELECT k, count(*) AS n, sum(v) AS total FROM entries GROUP BY k""")
        self.ledger.created.add(view)
        self.acknowledgements += 1

    def drop(self, view):
        self.ledger.drop_attempted.add(view)
        self.connection.execute(f"DROP MATERIALIZED VIEW {view}")
        self.ledger.dropped.add(view)


# Groups

@dataclass
class CommitLedger:
    """Of one group, by partition: the last offset it tried to commit, and the last that held."""

    attempted: dict = field(default_factory=dict)
    acknowledged: dict = field(default_factory=dict)
    resumed: dict = field(default_factory=dict)
    """What a new member must read first, by partition."""


class GroupLoad(Load):
    """A member that commits after each batch it reads and checks where its reading began."""

    def __init__(self, seed, server, topic, group, ledger):
        super().__init__(seed)
        self.ledger = ledger
        self.begun = set()
        self.client = consumer(server, group, **{
            "session.timeout.ms": 6000, "heartbeat.interval.ms": 200,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 0})
        self.client.subscribe([topic])

    def step(self):
        messages = [m for m in self.client.consume(200, 0.05) if not m.error()]
        for message in messages:
            self.check_beginning(message)
        if messages:
            self.commit(messages)
        return True

    def check_beginning(self, message):
        """The first record of each partition is the one at the group's commit."""
        partition = message.partition()
        if partition not in self.begun:
            self.begun.add(partition)
            expected = self.ledger.resumed.get(partition, 0)
            assert message.offset() == expected, (
                f"partition {partition} resumed at {message.offset()}, committed {expected}")

    def commit(self, messages):
        offsets = {}
        for message in messages:
            offsets[message.partition()] = message.offset() + 1
        self.ledger.attempted.update(offsets)
        try:
            self.client.commit(messages[-1], asynchronous=False) if len(offsets) == 1 else (
                self.client.commit(asynchronous=False))
        except KafkaException:
            return
        self.ledger.acknowledged.update(offsets)
        self.acknowledgements += 1

    def leave(self):
        self.finish()
        self.client.close()
