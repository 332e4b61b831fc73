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
from confluent_kafka import KafkaException, Producer, TopicPartition

from kafka_clients import consumer

KEYS = 17

BURST = 10

PAUSE_SECONDS = 0.005
"""Between bursts and transactions: bounds how much a long test has to verify."""

MAXIMUM_OUTSTANDING = 2000
"""Records a producer may hold without an answer, while the server is away for instance."""


STANDING_VIEWS = 3


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
        except BaseException as error:  # raised again by finish()
            self.failure = error

    def finish(self, deadline=60):
        """Waits for the thread to end by itself and raises what it died of."""
        self.stopping.set()
        self.join(deadline)
        assert not self.is_alive(), f"{self.name} is stuck"
        if self.failure:
            raise self.failure


class SessionLoad(Load):
    """A load over one connection, which ends with that connection."""

    def __init__(self, seed, server, ledger):
        super().__init__(seed)
        self.connection = server.connect()
        self.ledger = ledger

    def until_lost(self, work):
        """Whether the connection is still there after the work; an error the server told of is
        no loss of connection and fails the test."""
        try:
            work()
            return True
        except psycopg.OperationalError as error:
            if error.sqlstate is not None:
                raise
            self.connection.close()
            return False


# Records

@dataclass
class RecordLedger:
    """Of all producers of the test, by record id."""

    ids: itertools.count = field(default_factory=itertools.count)
    attempted: dict = field(default_factory=dict)
    acknowledged: dict = field(default_factory=dict)


class RecordWriter:
    """An idempotent producer and its promises; it outlives the threads that drive it."""

    def __init__(self, server, topic, codec, ledger):
        self.topic, self.ledger = topic, ledger
        self.outstanding = self.acknowledgements = 0
        self.refused, self.fatal = [], []
        self.producer = Producer({
            "bootstrap.servers": server.kafka, "enable.idempotence": True, "linger.ms": 2,
            "compression.type": codec, "message.timeout.ms": 300_000, "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 200, "retry.backoff.ms": 20, "log_level": 0,
            "error_cb": lambda error: self.fatal.append(error) if error.fatal() else None})

    def burst(self, dice):
        """Sends a few records, unless too many are unanswered already."""
        self.producer.poll(0)
        if self.outstanding > MAXIMUM_OUTSTANDING:
            return
        for _ in range(dice.randint(1, BURST)):
            number = next(self.ledger.ids)
            row = {"id": number, "k": number % KEYS, "v": dice.randint(-1000, 1000)}
            self.ledger.attempted[number] = (row["k"], row["v"])
            self.outstanding += 1
            self.producer.produce(self.topic, json.dumps(row), key=str(row["k"]),
                                  on_delivery=lambda e, m, n=number: self.note(n, e, m))

    def note(self, number, error, message):
        self.outstanding -= 1
        if error:
            self.refused.append((number, error))
        else:
            self.acknowledgements += 1
            self.ledger.acknowledged[number] = (message.partition(), message.offset())

    def settle(self):
        """Every record gets its answer from the server that is back, and none is a refusal."""
        left = self.producer.flush(60)
        assert left == 0 and self.refused == [], f"{left} unanswered, {self.refused[:3]}"
        assert self.fatal == []

    def abandon(self):
        """Gives up on everything unanswered and leaves it in doubt, as a client's crash would.

        Only while the server is dead: nothing that is still on its way may arrive later.
        """
        assert self.fatal == []
        self.producer.purge()
        self.producer.flush(10)


class RecordLoad(Load):
    """Drives a writer, through the death of the server and on until stopped."""

    def __init__(self, seed, writer):
        super().__init__(seed)
        self.writer = writer
        self.before = writer.acknowledgements

    def step(self):
        self.writer.burst(self.random)
        self.acknowledgements = self.writer.acknowledgements - self.before
        return True


# Rows

@dataclass
class RowLedger:
    """Of all writers of the test: transactions by number, each with its rows."""

    ids: itertools.count = field(default_factory=itertools.count)
    numbers: itertools.count = field(default_factory=itertools.count)
    attempted: dict = field(default_factory=dict)
    acknowledged: set = field(default_factory=set)
    rolled_back: set = field(default_factory=set)


class RowLoad(SessionLoad):
    """A writer of single rows, of several in one statement, and of transactions over two tables.

    Every unit of work writes its rows to `entries` and, if it has several, their number to
    `units`, so that half of one cannot look like another.
    """

    def step(self):
        number = next(self.ledger.numbers)
        count = self.random.choice([1, 1, 2, 3, 5])
        rows = [(next(self.ledger.ids), number) for _ in range(count)]
        rows = [(i, n, i % KEYS, self.random.randint(-1000, 1000)) for i, n in rows]
        self.ledger.attempted[number] = rows
        return self.until_lost(lambda: self.write(number, rows))

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


class CatalogLoad(SessionLoad):
    """Makes views over the rows while they change, and drops most of them again."""

    def step(self):
        return self.until_lost(self.create_and_drop)

    def create_and_drop(self):
        self.create(f"passing_{next(self.ledger.numbers)}")
        standing = sorted(self.ledger.created - self.ledger.drop_attempted)
        for view in standing[:-STANDING_VIEWS]:
            self.drop(view)

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
        self.topic, self.ledger = topic, ledger
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
        offsets = {m.partition(): m.offset() + 1 for m in messages}
        self.ledger.attempted.update(offsets)
        try:
            answers = self.client.commit(
                offsets=[TopicPartition(self.topic, p, o) for p, o in offsets.items()],
                asynchronous=False)
        except KafkaException:
            return
        held = {p.partition: p.offset for p in answers if p.error is None}
        self.ledger.acknowledged.update(held)
        self.acknowledgements += len(held)

    def leave(self):
        self.finish()
        self.client.close()
