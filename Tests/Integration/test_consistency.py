"""A read is never older than an acknowledged write, and never between two epochs."""

import subprocess
import threading

import pytest

from kafka_clients import produce
from streamhouse import CLIENT_SECONDS, clean_environment, wait_until

WRITES = 1000

DISTINCT_STATES = 100
"""How many different states of a source under feed a reader must have seen to be believed."""

BURST = 25
"""Records a feeder sends at a time: small, so that there are many states to see."""

RECORDS_AHEAD = 2000
"""How far a feeder may be ahead of what the reader has seen, so that it ends with the reader."""


def test_an_insert_is_in_every_view_when_it_returns(server, connection, name):
    """A thousand times: INSERT on one connection, SELECT from four kinds of view on another."""
    connection.execute(f"CREATE TABLE {name} (id bigint, k bigint, v bigint)")
    connection.execute(f"CREATE MATERIALIZED VIEW {name}_rows AS SELECT id, v FROM {name}")
    connection.execute(f"""CREATE MATERIALIZED VIEW {name}_sums AS
        SELECT k, count(*) AS n, sum(v) AS total, max(id) AS last FROM {name} GROUP BY k""")
    connection.execute(f"""CREATE MATERIALIZED VIEW {name}_all AS
        SELECT sum(n) AS n, sum(total) AS total FROM {name}_sums""")
    connection.execute(f"""CREATE MATERIALIZED VIEW {name}_join AS
        SELECT r.id, r.v, s.n FROM {name}_rows r JOIN {name}_sums s ON r.id = s.last""")
    with server.connect() as reader:
        for i in range(WRITES):
            connection.execute(f"INSERT INTO {name} VALUES (%s, %s, %s)", [i, i % 10, 3 * i])
            expect_write(reader, name, i)


def expect_write(reader, name, i):
    """Each view shows rows 0 to i: row i has key i % 10 and value 3 * i."""
    def read(statement):
        return reader.execute(statement).fetchall()

    per_key = i // 10 + 1
    assert read(f"SELECT v FROM {name}_rows WHERE id = {i}") == [(3 * i,)]
    assert read(f"SELECT n, last FROM {name}_sums WHERE k = {i % 10}") == [(per_key, i)]
    assert read(f"SELECT n, total FROM {name}_all") == [(i + 1, 3 * i * (i + 1) // 2)]
    assert read(f"SELECT n FROM {name}_join WHERE id = {i}") == [(per_key,)]


def test_writers_side_by_side_each_read_their_own_writes(server, name):
    server.sql(f"CREATE TABLE {name} (w bigint, i bigint)")
    server.sql(f"""CREATE MATERIALIZED VIEW {name}_v AS
        SELECT w, count(*) AS n, max(i) AS last FROM {name} GROUP BY w""")

    def work(worker):
        with server.connect() as writer, server.connect() as reader:
            for i in range(200):
                writer.execute(f"INSERT INTO {name} VALUES (%s, %s)", [worker, i])
                row = reader.execute(f"SELECT n, last FROM {name}_v WHERE w = {worker}").fetchone()
                assert row == (i + 1, i)

    run_together([lambda worker=worker: work(worker) for worker in range(8)])


def test_a_transaction_over_two_tables_is_seen_whole(server, name):
    """Each transaction adds the same to both tables; no statement ever sees a difference."""
    for table in ("a", "b"):
        server.sql(f"CREATE TABLE {name}_{table} (k bigint, v bigint)")
        server.sql(f"""CREATE MATERIALIZED VIEW {name}_{table}_v AS
            SELECT k, sum(v) AS total, count(*) AS n FROM {name}_{table} GROUP BY k""")
    written = threading.Event()

    def write():
        try:
            with server.connect() as writer:
                for i in range(300):
                    with writer.transaction():
                        for table in ("a", "b"):
                            writer.execute(f"INSERT INTO {name}_{table} VALUES (%s, %s)", [1, i])
        finally:
            written.set()

    def read():
        statement = f"""SELECT a.n, b.n, a.total, b.total
            FROM {name}_a_v a JOIN {name}_b_v b ON a.k = b.k"""
        with server.connect() as reader:
            while True:
                last = written.is_set()
                for a_n, b_n, a_total, b_total in reader.execute(statement).fetchall():
                    assert (a_n, a_total) == (b_n, b_total)
                if last:
                    return

    run_together([write, read, read])
    assert server.sql(f"SELECT n FROM {name}_a_v") == [(300,)]


def run_together(tasks):
    """Runs callables in threads and raises the first failure once all have ended."""
    failures = []

    def guarded(task):
        try:
            task()
        except BaseException as error:  # raised again below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=[task], daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CLIENT_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "a thread is stuck"
    if failures:
        raise failures[0]


class Feeder(threading.Thread):
    """Feeds a topic in small bursts until told to stop; `count` records are in at the end."""

    def __init__(self, server, topic):
        super().__init__(daemon=True)
        self.server, self.topic = server, topic
        self.changed = threading.Condition()
        self.count = self.seen = 0
        self.stopped = False
        self.failure = None

    def run(self):
        try:
            while self.may_go_on():
                self.feed([b'{"n": %d}' % i for i in range(self.count, self.count + BURST)])
                self.count += BURST
            self.close()
        except BaseException as error:  # raised again by stop()
            self.failure = error

    def may_go_on(self):
        """Waits for the reader to come near; False once stopped."""
        with self.changed:
            self.changed.wait_for(
                lambda: self.stopped or self.count - self.seen < RECORDS_AHEAD, CLIENT_SECONDS)
            return not self.stopped

    def note_seen(self, count):
        with self.changed:
            self.seen = count
            self.changed.notify()

    def stop(self):
        with self.changed:
            self.stopped = True
            self.changed.notify()
        self.join(CLIENT_SECONDS)
        assert not self.is_alive(), "the feeder is stuck"
        if self.failure:
            raise self.failure


class ConfluentFeeder(Feeder):
    """Each burst is acknowledged before the next."""

    def feed(self, burst):
        produce(self.server, self.topic, burst, **{"linger.ms": 0})

    def close(self):
        pass


class KcatFeeder(Feeder):
    """One kcat reads the bursts from a pipe; closing the pipe makes it flush and end."""

    def __init__(self, server, topic):
        super().__init__(server, topic)
        command = ["kcat", "-P", "-b", server.kafka, "-t", topic, "-X", "linger.ms=1"]
        self.kcat = subprocess.Popen(command, stdin=subprocess.PIPE, env=clean_environment())

    def feed(self, burst):
        self.kcat.stdin.write(b"\n".join(burst) + b"\n")
        self.kcat.stdin.flush()

    def close(self):
        self.kcat.stdin.close()
        assert self.kcat.wait(CLIENT_SECONDS) == 0


@pytest.mark.parametrize("feeder_class", [ConfluentFeeder, KcatFeeder])
def test_two_views_over_one_source_never_disagree(server, name, feeder_class):
    """One aggregates everything, one by key; a statement that reads both sees one epoch of both,
    while records keep coming, and a later read never goes back."""
    server.sql(f"CREATE TOPIC {name} WITH (partitions = 4)")
    server.sql(f"CREATE SOURCE {name}_s (n bigint) WITH (connector = 'kafka', topic = '{name}') "
               "FORMAT PLAIN ENCODE JSON")
    server.sql(f"""CREATE MATERIALIZED VIEW {name}_whole AS
        SELECT 1 AS one, count(*) AS n, sum(n) AS total, max(n) AS top FROM {name}_s""")
    server.sql(f"""CREATE MATERIALIZED VIEW {name}_keys AS
        SELECT n % 7 AS k, count(*) AS n, sum(n) AS total, max(n) AS top
        FROM {name}_s GROUP BY n % 7""")
    feeder = feeder_class(server, name)
    feeder.start()
    with server.connect() as first, server.connect() as second:
        watch = Watch(name, [first, second], feeder)
        try:
            wait_until(lambda: watch.look() and len(watch.states) >= DISTINCT_STATES,
                       CLIENT_SECONDS, "enough different states")
        finally:
            feeder.stop()
        wait_until(lambda: watch.look() == feeder.count, what="every record in both views")


class Watch:
    """Reads both views in one statement, over two connections in turns."""

    def __init__(self, name, readers, feeder):
        self.readers, self.feeder = readers, feeder
        self.states, self.last = set(), 0
        self.statement = f"""
            SELECT w.n, w.total, w.top, k.n, k.total, k.top FROM {name}_whole w
            JOIN (SELECT 1 AS one, sum(n) AS n, sum(total) AS total, max(top) AS top
                  FROM {name}_keys) k ON w.one = k.one"""

    def look(self):
        """Reads ten times on each connection; the views must agree and never go back.

        Returns the last count.
        """
        for reader in self.readers * 10:
            n, *whole, keys_n, keys_total, keys_top = reader.execute(self.statement).fetchone()
            assert [n, *whole] == [keys_n or 0, keys_total, keys_top]
            assert n >= self.last, "a read went back"
            self.last = n
            self.states.add(n)
        self.feeder.note_seen(self.last)
        return self.last
