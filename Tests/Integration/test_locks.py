"""Rows locked by SELECT … FOR UPDATE, and statements that wait: on Streamhouse and on PostgreSQL."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

ROUNDS = 25
WORKERS = 6
"""PostgreSQL has 20 connections here."""


@pytest.fixture
def table(connect, name):
    """A table of ten rows (id, v = 0, done = false)."""
    connection = connect()
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, v int, done boolean)")
    connection.execute(f"INSERT INTO {name} SELECT x, 0, false FROM generate_series(1, 10) x")
    return name


def test_counters_read_for_update_lose_nothing(connect, table):
    """Without the lock, two would read the same value and one increment would be lost."""
    def work(connection):
        for _ in range(ROUNDS):
            with connection.transaction():
                value = connection.execute(
                    f"SELECT v FROM {table} WHERE id = 3 FOR UPDATE").fetchone()[0]
                connection.execute(f"UPDATE {table} SET v = {value + 1} WHERE id = 3")

    connections = [connect() for _ in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, connections))
    assert connections[0].execute(
        f"SELECT v FROM {table} WHERE id = 3").fetchone() == (ROUNDS * WORKERS,)


@pytest.mark.parametrize("statement", [
    "UPDATE {t} SET done = true, v = v + 1 WHERE id = "
    "(SELECT id FROM {t} WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id",
    "WITH next AS (SELECT id FROM {t} WHERE NOT done ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) "
    "UPDATE {t} SET done = true, v = v + 1 FROM next WHERE {t}.id = next.id RETURNING {t}.id",
], ids=["subquery", "with"])
def test_each_job_of_a_queue_is_taken_once(connect, table, statement):
    setup = connect()
    setup.execute(f"INSERT INTO {table} SELECT x, 0, false FROM generate_series(11, 100) x")
    text = statement.format(t=table)

    def work(connection):
        taken = []
        while True:
            with connection.transaction():
                row = connection.execute(text).fetchone()
            if row:
                taken.append(row[0])
            elif setup_is_done():
                return taken

    counting, guard = connect(), threading.Lock()

    def setup_is_done():
        # A worker that finds nothing may have passed over rows that others are at.
        with guard:
            return counting.execute(
                f"SELECT count(*) FROM {table} WHERE NOT done").fetchone() == (0,)

    with ThreadPoolExecutor(WORKERS) as pool:
        taken = list(pool.map(work, [connect() for _ in range(WORKERS)]))
    assert sorted(sum(taken, [])) == list(range(1, 101))
    assert setup.execute(f"SELECT min(v), max(v) FROM {table}").fetchone() == (1, 1)


def test_locked_rows_are_refused_or_passed_over(connect, table):
    holder, other = connect(), connect()
    holder.execute("BEGIN")
    rows = holder.execute(f"SELECT id FROM {table} WHERE id < 4 ORDER BY id FOR UPDATE").fetchall()
    assert rows == [(1,), (2,), (3,)]
    with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        other.execute(f"SELECT * FROM {table} WHERE id = 2 FOR UPDATE NOWAIT")
    assert str(caught.value) == f'could not obtain lock on row in relation "{table}"'
    skipping = f"SELECT id FROM {table} ORDER BY id LIMIT 2 OFFSET 1 FOR UPDATE SKIP LOCKED"
    assert other.execute(skipping).fetchall() == [(5,), (6,)]
    assert other.execute(f"SELECT id FROM {table} ORDER BY id LIMIT 2").fetchall() == [(1,), (2,)]
    holder.execute("ROLLBACK")
    assert other.execute(skipping).fetchall() == [(2,), (3,)]
    # Outside of a transaction nothing stays locked.
    assert len(holder.execute(f"SELECT * FROM {table} FOR UPDATE NOWAIT").fetchall()) == 10


def test_a_row_that_was_waited_for_is_read_anew(connect, table):
    holder, waiter = connect(), connect()
    holder.execute("BEGIN")
    holder.execute(f"SELECT * FROM {table} WHERE id IN (1, 2, 3) FOR UPDATE")
    result = []
    thread = threading.Thread(target=lambda: result.extend(waiter.execute(
        f"SELECT id, v FROM {table} WHERE id < 4 AND v = 0 ORDER BY id FOR UPDATE")))
    thread.start()
    holder.execute(f"UPDATE {table} SET v = 7 WHERE id = 1")
    holder.execute(f"DELETE FROM {table} WHERE id = 2")
    assert not result
    holder.execute("COMMIT")
    thread.join()
    assert result == [(3, 0)]


@pytest.mark.parametrize("query, rows", [
    ("SELECT id FROM {t} LIMIT 1 OFFSET 9223372036854775807 FOR UPDATE SKIP LOCKED", []),
    ("SELECT a.id, b.id FROM {t} a JOIN {t} b ON b.id = a.id / 6 + 1 ORDER BY a.id LIMIT 2 "
     "FOR UPDATE OF b SKIP LOCKED", [(6, 2), (7, 2)]),
    ("SELECT x FROM {t}_k ORDER BY x LIMIT 1 FOR UPDATE SKIP LOCKED", [(2,)]),
    ("SELECT id FROM {t}_u ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED", [(2,), (3,)]),
    ("SELECT id FROM {t}_u WHERE id = 2 FOR UPDATE NOWAIT", [(2,)]),
])
def test_what_is_passed_over_is_what_another_has(connect, table, query, rows):
    """Row 1 of each table is locked: of {t}_k all rows with 1, {t}_u has NULLs in a unique column."""
    holder = connect()
    for suffix, columns in [("k", "x int"), ("u", "id int PRIMARY KEY, w text UNIQUE")]:
        holder.execute(f"DROP TABLE IF EXISTS {table}_{suffix}")
        holder.execute(f"CREATE TABLE {table}_{suffix} ({columns})")
    holder.execute(f"INSERT INTO {table}_k VALUES (1), (1), (1), (2), (3)")
    holder.execute(f"INSERT INTO {table}_u SELECT x FROM generate_series(1, 5) x")
    holder.execute("BEGIN")
    for name, column in [(table, "id"), (f"{table}_k", "x"), (f"{table}_u", "id")]:
        holder.execute(f"SELECT * FROM {name} WHERE {column} = 1 FOR UPDATE")
    assert connect().execute(query.format(t=table)).fetchall() == rows
    holder.execute("ROLLBACK")


def test_equal_rows_count_one_by_one(connect, table):
    """Within a transaction that has taken rows away, equal rows are kept as one with a count."""
    connection = connect()
    connection.execute(f"DROP TABLE IF EXISTS {table}_d")
    connection.execute(f"CREATE TABLE {table}_d (a int)")
    connection.execute(f"INSERT INTO {table}_d VALUES (1), (1), (1), (2), (3)")
    connection.execute("BEGIN")
    connection.execute(f"DELETE FROM {table}_d WHERE a = 3")
    rows = connection.execute(
        f"SELECT a FROM {table}_d ORDER BY a OFFSET 1 LIMIT 3 FOR UPDATE SKIP LOCKED").fetchall()
    assert rows == [(1,), (1,), (2,)]
    connection.execute("ROLLBACK")


def test_new_rows_without_a_key_lock_nothing(connect, table):
    writer, other = connect(), connect()
    other.execute(f"DROP TABLE IF EXISTS {table}_n")
    other.execute(f"CREATE TABLE {table}_n (u int UNIQUE, b text)")
    other.execute("SET lock_timeout = '2s'")
    writer.execute("BEGIN")
    writer.execute(f"INSERT INTO {table}_n VALUES (NULL, 'x')")
    other.execute(f"INSERT INTO {table}_n VALUES (NULL, 'x')")
    writer.execute("COMMIT")
    assert other.execute(f"SELECT count(*) FROM {table}_n").fetchone() == (2,)


def test_what_failed_keeps_no_locks(connect, table):
    holder, other = connect(), connect()
    nowait = f"SELECT id FROM {table} WHERE id = 1 FOR UPDATE NOWAIT"
    holder.execute("BEGIN")
    holder.execute(f"UPDATE {table} SET v = 1 WHERE id = 1")
    with pytest.raises(psycopg.errors.DivisionByZero):
        holder.execute("SELECT 1 / 0")
    assert other.execute(nowait).fetchall() == [(1,)]
    holder.execute("ROLLBACK")
    # A transaction that can go back to a savepoint goes on with what it had.
    holder.execute("BEGIN")
    holder.execute(f"UPDATE {table} SET v = 1 WHERE id = 1")
    holder.execute("SAVEPOINT here")
    for failing in ["SELECT 1 / 0", "ROLLBACK TO nosuch"]:
        with pytest.raises(psycopg.Error):
            holder.execute(failing)
    with pytest.raises(psycopg.errors.LockNotAvailable):
        other.execute(nowait)
    holder.execute("ROLLBACK TO here")
    holder.execute("COMMIT")
    assert other.execute(f"SELECT v FROM {table} WHERE id = 1").fetchone() == (1,)


def test_copy_of_locked_rows(connect, table):
    with connect().cursor().copy(f"COPY (SELECT id FROM {table} FOR UPDATE) TO STDOUT") as copy:
        assert sorted(int(row[0]) for row in copy.rows()) == list(range(1, 11))


def test_each_table_has_its_own_way_of_waiting(connect, table):
    holder, other = connect(), connect()
    other.execute("SET lock_timeout = '50ms'")
    holder.execute("BEGIN")
    holder.execute(f"SELECT * FROM {table} WHERE id = 2 FOR UPDATE")
    with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        other.execute(f"SELECT 1 FROM {table} a JOIN {table} b ON a.id = 1 AND b.id = 2 "
                      "FOR UPDATE OF a SKIP LOCKED FOR UPDATE OF b")
    assert caught.value.diag.message_primary == "canceling statement due to lock timeout"
    holder.execute("ROLLBACK")


@pytest.mark.parametrize("value, shown", [
    ("1d", "1d"), ("1.5s", "1500ms"), ("120000", "2min"), (" 90 min", "90min"), ("0", "0"),
    ("2147483647", "2147483647ms"), ("1e3", "1s"), ("1 0s", "22023"), ("5us", "0"),
    ("abc", "22023"), ("-5", "22023"), ("2147483648", "22023"), ("1 year", "22023")])
def test_timeouts_have_units(connect, value, shown):
    connection = connect()
    try:
        connection.execute(f"SET lock_timeout = '{value}'")
        assert connection.execute("SHOW lock_timeout").fetchone() == (shown,)
    except psycopg.Error as error:
        assert error.sqlstate == shown


def test_only_the_named_tables_of_a_join_are_locked(connect, table):
    holder, other = connect(), connect()
    other.execute(f"DROP TABLE IF EXISTS {table}_b")
    other.execute(f"CREATE TABLE {table}_b (id int PRIMARY KEY)")
    other.execute(f"INSERT INTO {table}_b VALUES (1), (2)")
    holder.execute("BEGIN")
    holder.execute(f"SELECT b.id FROM {table} a JOIN {table}_b b USING (id) FOR SHARE OF b")
    assert len(other.execute(f"SELECT * FROM {table} FOR UPDATE NOWAIT").fetchall()) == 10
    with pytest.raises(psycopg.errors.LockNotAvailable):
        other.execute(f"UPDATE {table}_b SET id = id + 10 WHERE id IN ("
                      f"SELECT id FROM {table}_b FOR NO KEY UPDATE NOWAIT)")
    holder.execute("COMMIT")


def test_what_is_locked_twice_in_other_orders_is_a_deadlock(connect, table):
    def work(connection, barrier, ids):
        try:
            with connection.transaction():
                connection.execute(f"SELECT * FROM {table} WHERE id = {ids[0]} FOR UPDATE")
                barrier.wait()
                connection.execute(f"SELECT * FROM {table} WHERE id = {ids[1]} FOR UPDATE")
                return "done"
        except psycopg.errors.DeadlockDetected:
            return "deadlock"

    barrier = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(work, [connect(), connect()], [barrier] * 2, [(1, 2), (2, 1)]))
    assert sorted(ends) == ["deadlock", "done"]


@pytest.mark.parametrize("query", [
    "SELECT DISTINCT v FROM {t} FOR UPDATE",
    "SELECT v FROM {t} GROUP BY v FOR UPDATE",
    "SELECT 1 FROM {t} HAVING true FOR UPDATE",
    "SELECT count(*) FROM {t} FOR SHARE",
    "SELECT rank() OVER (ORDER BY v) FROM {t} FOR UPDATE",
    "SELECT v FROM {t} UNION SELECT 1 FOR UPDATE",
    "VALUES (1) FOR UPDATE",
    "SELECT 1 FROM {t} FOR UPDATE OF nosuch",
    "SELECT 1 FROM {t} a FOR KEY SHARE OF {t}",
    "SELECT 1 FROM {t} a LEFT JOIN {t} b ON a.id = b.id FOR UPDATE",
    "SELECT 1 FROM {t} a, generate_series(1, 2) g FOR UPDATE OF g",
    "WITH w AS (SELECT * FROM {t}) SELECT * FROM w FOR UPDATE OF w",
    "SELECT 1 FROM {t} FOR NO UPDATE",
    "(SELECT v FROM {t} FOR UPDATE) UNION SELECT 1",
    "SELECT generate_series(1, 2) FROM {t} FOR UPDATE",
    "SELECT v, id FROM {t} ORDER BY 3 FOR UPDATE",
])
def test_queries_without_rows_of_tables_are_refused(connect, table, query, request):
    expected = {
        "DISTINCT": ("0A000", "FOR UPDATE is not allowed with DISTINCT clause"),
        "GROUP BY": ("0A000", "FOR UPDATE is not allowed with GROUP BY clause"),
        "HAVING": ("0A000", "FOR UPDATE is not allowed with HAVING clause"),
        "count": ("0A000", "FOR SHARE is not allowed with aggregate functions"),
        "rank": ("0A000", "FOR UPDATE is not allowed with window functions"),
        "UNION": ("0A000", "FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT"),
        "VALUES": ("0A000", "FOR UPDATE cannot be applied to VALUES"),
        "nosuch": ("42P01", 'relation "nosuch" in FOR UPDATE clause not found in FROM clause'),
        "KEY SHARE": ("42P01", f'relation "{table}" in FOR KEY SHARE clause not found in '
                               "FROM clause"),
        "LEFT": ("0A000", "FOR UPDATE cannot be applied to the nullable side of an outer join"),
        "OF g": ("0A000", "FOR UPDATE cannot be applied to a function"),
        "OF w": ("0A000", "FOR UPDATE cannot be applied to a WITH query"),
        "generate": ("0A000", "FOR UPDATE is not allowed with set-returning functions in the target "
                              "list"),
        "BY 3": ("42P10", "ORDER BY position 3 is not in select list"),
        "NO UPDATE": ("42601", 'syntax error at or near "UPDATE"'),
    }
    code, message = next(value for key, value in expected.items() if key in query)
    with pytest.raises(psycopg.Error) as caught:
        connect().execute(query.format(t=table))
    assert (caught.value.sqlstate, caught.value.diag.message_primary) == (code, message)


@pytest.mark.parametrize("query, rows", [
    ("SELECT v AS id, id AS v FROM {t} ORDER BY v DESC LIMIT 2 FOR UPDATE", [(0, 10), (0, 9)]),
    ("SELECT *, 'x' FROM {t} AS a (one, two) WHERE one = 1 FOR UPDATE", [(1, 0, False, "x")]),
    ("SELECT FROM {t} WHERE id < 3 FOR UPDATE", [(), ()]),
    ("(SELECT id FROM {t} WHERE id = 5 FOR SHARE)", [(5,)]),
    ("SELECT count(*) FROM (SELECT 1 FROM {t} WHERE id > 3 FOR UPDATE) x", [(7,)]),
    ("SELECT a.id FROM {t} a JOIN {t} b ON a.id = b.id + 8 ORDER BY 1 FOR UPDATE", [(9,), (10,)]),
    ("WITH w AS (SELECT 4 AS n) SELECT id FROM {t}, w WHERE id = n FOR UPDATE", [(4,)]),
    ("SELECT 1 FOR UPDATE", [(1,)]),
    ("SELECT id FROM {t} WHERE id = 2 FOR READ ONLY", [(2,)]),
    ("SELECT id FROM {t} WHERE id = %s FOR UPDATE", [(6,)]),
])
def test_locking_changes_no_answer(connect, table, query, rows):
    parameters = [6] if "%s" in query else None
    assert connect().execute(query.format(t=table), parameters).fetchall() == rows


def test_waiting_ends_with_its_timeout(connect, table):
    holder, waiter = connect(), connect()
    holder.execute("BEGIN")
    holder.execute(f"SELECT * FROM {table} WHERE id = 1 FOR UPDATE")
    locking = f"SELECT * FROM {table} WHERE id = 1 FOR UPDATE"
    waiter.execute("SET lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        waiter.execute(locking)
    assert caught.value.diag.message_primary == "canceling statement due to lock timeout"
    waiter.execute("SET lock_timeout = 0")
    waiter.execute("SET statement_timeout = '50ms'")
    with pytest.raises(psycopg.errors.QueryCanceled) as caught:
        waiter.execute(f"UPDATE {table} SET v = 1 WHERE id = 1")
    assert caught.value.diag.message_primary == "canceling statement due to statement timeout"
    holder.execute("COMMIT")
    assert waiter.execute(locking).fetchall() == [(1, 0, False)]


def test_many_statements_pass_by_one_timeout(server):
    """The timer of the first one goes off while a later one runs, and is set anew for it."""
    with server.connect() as connection:
        connection.execute("SET statement_timeout = '100ms'")
        started = time.monotonic()
        while time.monotonic() < started + 0.5:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT count(*) FROM generate_series(1, 1000000000000)")


def test_a_canceled_view_that_another_reads_goes_on(spawn, name):
    """Where there is more to count than a second's worth, the second view waits for the first."""
    server = spawn("--workers", "1")
    with server.connect() as connection, server.connect() as other:
        connection.execute("CREATE TABLE t (x int)")
        connection.execute("INSERT INTO t SELECT x FROM generate_series(1, 3000) x")
        connection.execute("SET statement_timeout = '300ms'")
        statement = f"""CREATE MATERIALIZED VIEW {name} AS
            SELECT count(*) AS n FROM t a JOIN t b ON a.x <> b.x"""
        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(connection.execute, statement)
            second = f"CREATE MATERIALIZED VIEW {name}_2 AS SELECT n FROM {name}"
            while True:
                try:
                    other.execute(second)
                    break
                except psycopg.errors.UndefinedTable:
                    if made.done():
                        break
                except psycopg.errors.ObjectNotInPrerequisiteState:
                    break
            try:
                made.result()
            except psycopg.errors.QueryCanceled:
                pass
        # However they met, nobody waits for ever and nothing is half there.
        views = other.execute("SELECT matviewname FROM pg_matviews").fetchall()
        for (view,) in views:
            assert other.execute(f"SELECT n FROM {view}").fetchall() == [(3000 * 2999,)]


def test_a_canceled_view_is_not_there(server, name):
    """Of more rows than can be counted within a second, so that it is canceled while it catches up."""
    with server.connect() as connection:
        connection.execute("SET statement_timeout = '1s'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(f"""CREATE MATERIALIZED VIEW {name} AS
                SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b""")
        assert connection.execute(
            "SELECT count(*) FROM pg_class WHERE relname = %s", [name]).fetchone() == (0,)


def test_a_server_stops_while_a_view_catches_up(spawn, name):
    server = spawn()
    server.sql("CREATE TABLE kept (x int)")
    server.sql("INSERT INTO kept VALUES (1)")
    server.sql(f"""CREATE MATERIALIZED VIEW {name} WITH (background = true) AS
        SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b""")
    server.stop()
    assert "view failed" not in server.stderr_tail()
