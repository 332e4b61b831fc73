"""What transactions promise beside each other: on Streamhouse and on PostgreSQL."""

import threading
import time

import psycopg
import pytest

from streamhouse import wait_until


@pytest.fixture
def table(connect, name):
    """k int PRIMARY KEY, u int UNIQUE, v int: (1, 1, 10), (2, 2, 20), (3, 3, 30)."""
    connection = connect()
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute(f"CREATE TABLE {name} (k int PRIMARY KEY, u int UNIQUE, v int)")
    connection.execute(f"INSERT INTO {name} SELECT x, x, x * 10 FROM generate_series(1, 3) x")
    return name


class Waiting:
    """A statement on a connection of its own, which waits for another transaction."""

    def __init__(self, connection, statement):
        self.outcome = None
        self.thread = threading.Thread(target=self.run, args=(connection, statement), daemon=True)
        self.thread.start()
        # It does not end as long as nobody lets it; a wrong answer would be here by now.
        self.thread.join(0.3)
        assert self.thread.is_alive(), self.outcome

    def run(self, connection, statement):
        try:
            cursor = connection.execute(statement)
            self.outcome = cursor.fetchall() if cursor.description else cursor.statusmessage
        except psycopg.Error as error:
            self.outcome = error.sqlstate

    def ends(self):
        self.thread.join(20)
        assert not self.thread.is_alive(), "it still waits"
        return self.outcome


@pytest.mark.parametrize("statement", [
    "INSERT INTO {t} VALUES (4, 4, 0) RETURNING 1 / v",
    "UPDATE {t} SET v = 0 WHERE k = 1 RETURNING 1 / v",
    "DELETE FROM {t} RETURNING 1 / (v - 10)",
    "INSERT INTO {t} VALUES (1, 1, 0) ON CONFLICT (k) DO UPDATE SET v = 0 RETURNING 1 / {t}.v"])
def test_nothing_is_done_when_returning_fails(connect, table, statement):
    connection = connect()
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute(statement.format(t=table))
    assert connection.execute(f"SELECT * FROM {table} ORDER BY k").fetchall() == [
        (1, 1, 10), (2, 2, 20), (3, 3, 30)]


@pytest.mark.parametrize("first, second, rows", [
    ("DELETE FROM {t} WHERE k = 1",
     "INSERT INTO {t} VALUES (1, 9, 100) ON CONFLICT DO NOTHING", [(1, 9, 100)]),
    ("UPDATE {t} SET k = 5 WHERE k = 1",
     "INSERT INTO {t} VALUES (1, 9, 100) ON CONFLICT (k) DO NOTHING", [(1, 9, 100), (5, 1, 10)]),
    ("UPDATE {t} SET v = 11 WHERE k = 1",
     "INSERT INTO {t} VALUES (1, 9, 100) ON CONFLICT (k) DO UPDATE SET v = {t}.v + excluded.v "
     "WHERE {t}.v = 11", [(1, 1, 111)]),
    ("DELETE FROM {t} WHERE k = 1",
     "INSERT INTO {t} VALUES (1, 9, 100) ON CONFLICT (k) DO UPDATE SET v = 0 WHERE false",
     [(1, 9, 100)])])
def test_a_conflict_is_with_what_the_other_transaction_leaves(connect, table, first, second, rows):
    one, two = connect(autocommit=False), connect()
    one.execute(first.format(t=table))
    waiting = Waiting(two, second.format(t=table))
    one.commit()
    assert waiting.ends() in ("INSERT 0 1", "INSERT 0 0")
    assert two.execute(f"SELECT * FROM {table} WHERE k IN (1, 5) ORDER BY k").fetchall() == rows


def test_clients_that_insert_the_same_new_key_at_once_never_see_its_constraint(connect, table):
    end, errors = time.monotonic() + 2, []

    def work(connection, action):
        while time.monotonic() < end and not errors:
            key = 1000 + int(time.monotonic() * 200)
            try:
                connection.execute(
                    f"INSERT INTO {table} VALUES ({key}, NULL, 1) ON CONFLICT (k) {action}")
            except psycopg.Error as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(connect(), action))
               for action in ("DO NOTHING", f"DO UPDATE SET v = {table}.v + 1") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_keys_of_different_constraints_do_not_lock_one_another(connect, table):
    one, two = connect(autocommit=False), connect()
    one.execute(f"UPDATE {table} SET v = 0 WHERE k = 2")
    assert two.execute(f"SELECT k FROM {table} WHERE k = 3 FOR UPDATE NOWAIT").fetchall() == [(3,)]
    rows = two.execute(f"SELECT k FROM {table} ORDER BY k FOR UPDATE SKIP LOCKED").fetchall()
    assert rows == [(1,), (3,)]
    one.rollback()


@pytest.mark.parametrize("how", ["ROLLBACK TO s", "SELECT 1 / 0"])
def test_what_a_savepoint_takes_back_is_not_locked_any_more(connect, table, how):
    one, two = connect(), connect()
    one.execute("BEGIN")
    one.execute("SAVEPOINT s")
    one.execute(f"INSERT INTO {table} VALUES (9, 9, 9)")
    one.execute(f"UPDATE {table} SET v = 0 WHERE k = 1")
    waiting = Waiting(two, f"UPDATE {table} SET v = v + 1 WHERE k = 1")
    try:
        one.execute(how)
    except psycopg.errors.DivisionByZero:
        pass
    assert waiting.ends() == "UPDATE 1"
    assert two.execute(f"INSERT INTO {table} VALUES (9, 9, 1)").statusmessage == "INSERT 0 1"
    one.execute("ROLLBACK")


def test_and_chain_goes_on_in_a_transaction(connect, table):
    connection = connect()
    for end, value in (("ROLLBACK", 10), ("COMMIT", 5)):
        connection.execute("BEGIN")
        connection.execute(f"UPDATE {table} SET v = 5 WHERE k = 1")
        connection.execute(f"{end} AND CHAIN")
        connection.execute(f"UPDATE {table} SET v = 7 WHERE k = 1")
        connection.execute("ROLLBACK")
        rows = connection.execute(f"SELECT v FROM {table} WHERE k = 1").fetchall()
        assert rows == [(value,)]


@pytest.mark.parametrize("begin", [
    "BEGIN READ ONLY", "BEGIN; SET TRANSACTION READ ONLY",
    "SET default_transaction_read_only = on; BEGIN",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; BEGIN"])
def test_a_read_only_transaction_changes_nothing(connect, table, begin):
    connection = connect()
    for statement in begin.split("; "):
        connection.execute(statement)
    assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (3,)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute(f"UPDATE {table} SET v = 0")
    connection.execute("ROLLBACK")
    connection.execute("BEGIN READ ONLY")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            copy.write("9\t9\t9\n")
    connection.execute("ROLLBACK")


def test_repeatable_read_sees_one_state_and_loses_no_update(connect, table):
    one, two = connect(), connect()
    one.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    total = f"SELECT sum(v), count(*) FROM {table}"
    assert one.execute(total).fetchone() == (60, 3)
    two.execute(f"UPDATE {table} SET v = v + 1")
    two.execute(f"INSERT INTO {table} VALUES (4, 4, 4)")
    assert one.execute(total).fetchone() == (60, 3)
    one.execute(f"INSERT INTO {table} VALUES (7, 7, 100)")
    assert one.execute(total).fetchone() == (160, 4)
    with pytest.raises(psycopg.errors.SerializationFailure):
        one.execute(f"UPDATE {table} SET v = 0 WHERE k = 1")
    one.execute("ROLLBACK")
    one.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    one.execute(f"SELECT v FROM {table}")
    two.execute(f"UPDATE {table} SET v = v + 1 WHERE k = 2")
    assert one.execute(f"SELECT v FROM {table} WHERE k = 1 FOR UPDATE").fetchone() == (11,)
    with pytest.raises(psycopg.errors.SerializationFailure):
        one.execute(f"SELECT v FROM {table} WHERE k = 2 FOR UPDATE")
    one.execute("ROLLBACK")
    assert one.execute(total).fetchone() == (68, 4)


def test_truncate_restarts_sequences_with_its_transaction(connect, name):
    connection = connect()
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute(f"CREATE TABLE {name} (id serial PRIMARY KEY, v int)")

    def add():
        return connection.execute(f"INSERT INTO {name} (v) VALUES (0) RETURNING id").fetchone()[0]

    assert [add() for _ in range(3)] == [1, 2, 3]
    connection.execute("BEGIN")
    connection.execute(f"TRUNCATE {name} RESTART IDENTITY")
    assert add() == 1
    connection.execute("ROLLBACK")
    assert add() == 4
    connection.execute("BEGIN")
    connection.execute("SAVEPOINT s")
    connection.execute(f"TRUNCATE {name} RESTART IDENTITY")
    connection.execute("ROLLBACK TO s")
    assert add() == 5
    connection.execute(f"TRUNCATE {name} RESTART IDENTITY")
    assert add() == 1
    connection.execute("COMMIT")
    assert add() == 2


def test_who_waits_longest_goes_first(connect, table):
    holder = connect(autocommit=False)
    holder.execute(f"UPDATE {table} SET v = 0 WHERE k = 1")
    waiting = [Waiting(connect(), f"UPDATE {table} SET v = v * 10 + {n} WHERE k = 1")
               for n in (1, 2)]
    holder.commit()
    for each in waiting:
        assert each.ends() == "UPDATE 1"
    wait_until(lambda: holder.execute(f"SELECT v FROM {table} WHERE k = 1").fetchone() == (12,))
    holder.rollback()
