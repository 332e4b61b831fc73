"""Rows on which a view's expressions fail: their dead letters, across restarts, names and drops; rows
that would never end; values whose binary form is out of range."""

import struct
import threading

import psycopg
import pytest

from streamhouse import checkpointed, restart, wait_until

SLOW = ("--view-step-seconds", "1", "--checkpoint-interval-ms", "50")


@pytest.fixture
def server(spawn):
    """A server that writes checkpoints all the time."""
    return spawn("--checkpoint-interval-ms", "50")


def letters(server, *names):
    """Source, row and SQLSTATE of the dead letters of these relations."""
    return server.sql(
        "SELECT source, convert_from(raw, 'UTF8'), left(reason, 5) FROM streamhouse.dead_letters "
        "WHERE source = ANY (%s) ORDER BY 1, 2, 3", [list(names)])


def why_failed(server, view):
    """What reading a view that has failed says about the reason."""
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as error:
        server.sql(f"SELECT * FROM {view} LIMIT 1")
    return error.value.diag.message_detail


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_row_fails_after_a_restart_as_before(server, how):
    server.sql("CREATE TABLE tick (n int)")
    server.sql("CREATE TABLE words (id int PRIMARY KEY, s text)")
    server.sql("CREATE MATERIALIZED VIEW days AS SELECT id, s::date AS d FROM words")
    server.sql("INSERT INTO words VALUES (1, '2020-02-13'), (3, 'now')")
    assert letters(server, "days") == [("days", "(3,now)", "0A000")]
    checkpointed(server)
    restart(server, how)
    server.sql("INSERT INTO words VALUES (8, 'now')")
    assert server.sql("SELECT id FROM days") == [(1,)]
    server.sql("DELETE FROM words WHERE id = 3")
    assert letters(server, "days") == [("days", "(8,now)", "0A000")]
    server.sql("DELETE FROM words")
    assert letters(server, "days") == []


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_what_a_failing_pair_leaves_open_is_not_shown(server, how):
    # Whether a row has a match is not known while the condition fails on one of its pairs.
    server.sql("CREATE TABLE tick (n int)")
    server.sql("CREATE TABLE t (id int PRIMARY KEY, a int)")
    server.sql("CREATE TABLE u (id int PRIMARY KEY, b int)")
    for kind in ("left", "full"):
        server.sql(f"CREATE MATERIALIZED VIEW {kind}_pairs AS SELECT t.id AS t, u.id AS u "
                   f"FROM t {kind} JOIN u ON 10 / (t.a + u.b) > 3")

    def rows(kind):
        return server.sql(f"SELECT t, u FROM {kind}_pairs ORDER BY t, u")

    # (2, 8) fails; (1, 7), (1, 8), (2, 7) and (3, 8) hold; 9 has no match.
    server.sql("INSERT INTO t VALUES (1, 1), (2, 0), (3, 2)")
    server.sql("INSERT INTO u VALUES (7, 2), (8, 0), (9, 50)")
    server.sql("UPDATE u SET b = 1 WHERE id = 7")
    assert rows("left") == [(1, 7), (1, 8), (2, 7), (3, 8)]
    server.sql("DELETE FROM u WHERE id = 7")
    assert rows("left") == [(1, 8), (3, 8)]
    assert rows("full") == [(1, 8), (3, 8), (None, 9)]
    assert len(letters(server, "left_pairs", "full_pairs")) == 2
    checkpointed(server)
    restart(server, how)
    server.sql("INSERT INTO t VALUES (4, 100)")
    assert rows("left") == [(1, 8), (3, 8), (4, None)]
    assert rows("full") == [(1, 8), (3, 8), (4, None), (None, 9)]
    server.sql("DELETE FROM u WHERE id = 8")
    assert rows("left") == [(1, None), (2, None), (3, None), (4, None)]
    assert rows("full") == [(1, None), (2, None), (3, None), (4, None), (None, 9)]
    assert letters(server, "left_pairs", "full_pairs") == []


def test_failing_pairs_of_an_outer_join_are_counted_once(server):
    server.sql("CREATE TABLE tick (n int)")
    server.sql("CREATE TABLE t (id int PRIMARY KEY, k int, a int)")
    server.sql("CREATE TABLE u (k int, b int)")
    server.sql("INSERT INTO t VALUES (1, 1, 1), (2, 1, 0), (3, 2, 5)")
    server.sql("INSERT INTO u VALUES (1, 10), (1, 0), (2, 7)")
    for kind in ("left", "full"):
        server.sql(f"CREATE MATERIALIZED VIEW {kind}_pairs AS SELECT t.id, u.b FROM t {kind} JOIN u "
                   "ON t.k = u.k AND 10 / (t.a + u.b) > 0")
    both = ("left_pairs", "full_pairs")
    before = letters(server, *both)
    assert len(before) == 2
    for step in range(2):
        checkpointed(server)
        restart(server, "kill")
        server.sql(f"INSERT INTO t VALUES ({10 + step}, 2, 1)")
        assert letters(server, *both) == before
    server.sql("DELETE FROM t")
    server.sql("DELETE FROM u")
    assert letters(server, *both) == []


def test_letters_follow_a_views_name_and_go_with_it(server):
    server.sql("CREATE TABLE t (id int PRIMARY KEY, a int)")
    server.sql("CREATE MATERIALIZED VIEW v AS SELECT id, 10 / a AS q FROM t")
    server.sql("CREATE MATERIALIZED VIEW other AS SELECT id, 20 / (a - 7) AS q FROM t")
    server.sql("INSERT INTO t VALUES (1, 0), (2, 7)")
    server.sql("ALTER MATERIALIZED VIEW v RENAME TO w")
    wait_until(lambda: letters(server, "v", "w") == [("w", "(1,0)", "22012")], what="the new name")
    server.sql("DELETE FROM t WHERE id = 1")
    server.sql("INSERT INTO t VALUES (3, 7)")
    assert letters(server, "v", "w") == []
    assert letters(server, "other") == [("other", "(2,7)", "22012"), ("other", "(3,7)", "22012")]
    server.sql("DROP MATERIALIZED VIEW other")
    wait_until(lambda: letters(server, "other") == [], what="no letters")
    server.sql("CREATE MATERIALIZED VIEW other AS SELECT id FROM t")
    assert letters(server, "other") == []


def test_letters_are_there_when_their_view_can_be_read(server):
    server.sql("CREATE TABLE t (id int PRIMARY KEY, a int)")
    server.sql("INSERT INTO t VALUES (1, 0), (2, 1)")
    for number in range(40):
        name = f"v{number}"
        server.sql(f"CREATE MATERIALIZED VIEW {name} AS SELECT id, 10 / a AS q FROM t")
        assert server.sql(f"SELECT (SELECT count(*) FROM {name}), (SELECT count(*) FROM "
                          f"streamhouse.dead_letters WHERE source = '{name}')") == [(1, 1)]


def test_a_row_with_too_long_a_series_is_a_dead_letter(server):
    server.sql("CREATE TABLE t (id int PRIMARY KEY, n bigint)")
    server.sql("CREATE MATERIALIZED VIEW g AS "
               "SELECT id, count(*) AS c FROM t, generate_series(1, n) GROUP BY id")
    server.sql("INSERT INTO t VALUES (1, 3), (2, 1000000000000), (3, 5)")
    assert server.sql("SELECT id, c FROM g ORDER BY id") == [(1, 3), (3, 5)]
    assert letters(server, "g") == [("g", "(1000000000000)", "54000")]
    server.sql("UPDATE t SET n = 2 WHERE id = 2")
    assert server.sql("SELECT id, c FROM g ORDER BY id") == [(1, 3), (2, 2), (3, 5)]
    assert letters(server, "g") == []


def test_a_step_that_takes_too_long_ends_its_view_and_nothing_else(spawn):
    server = spawn(*SLOW)
    server.sql("CREATE TABLE t (id int)")
    server.sql("CREATE MATERIALIZED VIEW pairs AS "
               "SELECT count(*) AS n FROM t a, t b, t c WHERE a.id + b.id + c.id < 0")
    server.sql("CREATE MATERIALIZED VIEW plain AS SELECT count(*) AS n FROM t")
    server.sql("INSERT INTO t SELECT generate_series(1, 100000)")
    assert server.sql("SELECT n FROM plain") == [(100000,)]
    assert "took longer than 1 s" in why_failed(server, "pairs")
    server.sql("DROP MATERIALIZED VIEW pairs")
    server.sql("INSERT INTO t VALUES (1)")
    assert server.sql("SELECT n FROM plain") == [(100001,)]


def test_a_join_that_lets_nothing_pass_ends_too(spawn):
    server = spawn(*SLOW)
    server.sql("CREATE TABLE t (id int)")
    server.sql("CREATE TABLE u (id int)")
    server.sql("INSERT INTO t SELECT generate_series(1, 300000)")
    with pytest.raises(psycopg.errors.QueryCanceled):
        server.sql("SET statement_timeout = '1s'; "
                   "SELECT count(*) FROM t a, t b WHERE a.id + b.id < 0")
    server.sql("CREATE MATERIALIZED VIEW pairs AS SELECT t.id FROM t JOIN u ON t.id + u.id < 0")
    server.sql("INSERT INTO u SELECT generate_series(1, 100000)")
    assert "took longer than 1 s" in why_failed(server, "pairs")


def test_a_step_that_holds_too_much_ends_its_view_and_nothing_else(spawn):
    server = spawn("--view-memory-bytes", "100000000")
    server.sql("CREATE TABLE t (id int)")
    server.sql("CREATE MATERIALIZED VIEW pairs AS SELECT a.id AS x, b.id AS y FROM t a, t b")
    server.sql("CREATE MATERIALIZED VIEW plain AS SELECT count(*) AS n FROM t")
    server.sql("INSERT INTO t SELECT generate_series(1, 50000)")
    assert server.sql("SELECT n FROM plain") == [(50000,)]
    assert "more than 100000000 bytes" in why_failed(server, "pairs")


def test_a_view_can_be_dropped_while_it_is_at_work(spawn):
    server = spawn()
    server.sql("CREATE TABLE t (id int)")
    server.sql("CREATE MATERIALIZED VIEW endless AS "
               "SELECT count(*) AS n FROM t, generate_series(1, 9000000) AS g WHERE g + id < 0")
    writer = threading.Thread(
        target=server.sql, args=["INSERT INTO t SELECT generate_series(1, 10000)"], daemon=True)
    writer.start()
    wait_until(lambda: server.cpu_seconds() > 2, what="the view at work")
    server.sql("DROP MATERIALIZED VIEW endless")
    writer.join(60)
    assert server.sql("SELECT count(*) FROM t") == [(10000,)]


def test_hop_windows_stay_within_the_range_of_timestamps(server):
    server.sql("CREATE TABLE t (id int PRIMARY KEY, at timestamp)")
    server.sql("CREATE MATERIALIZED VIEW wide AS SELECT id, window_start FROM "
               "HOP(t, at, INTERVAL '50000000 days', INTERVAL '100000000 days')")
    server.sql("CREATE MATERIALIZED VIEW late AS SELECT id, window_end FROM SESSION(t, at, INTERVAL '5 s')")
    server.sql("INSERT INTO t VALUES (1, '2024-01-01'), (2, '294276-12-31 23:59:58')")
    assert server.sql("SELECT id FROM late") == [(1,)]
    assert letters(server, "late")[0][2] == "22008"
    assert {row[2] for row in letters(server, "wide")} == {"22008"}
    assert server.sql("SELECT count(*) FROM wide") == [(0,)]
    with pytest.raises(psycopg.errors.DatetimeFieldOverflow):
        server.sql("SELECT * FROM HOP(t, at, INTERVAL '106751991 days', INTERVAL '106751991 days')")


@pytest.mark.parametrize("oid, value", [
    (1114, struct.pack("!q", -2**63 + 1)), (1184, struct.pack("!q", 2**63 - 2)),
    (1083, struct.pack("!q", -1)), (1083, struct.pack("!q", 86_400_000_001)),
    (1082, struct.pack("!i", 2_145_031_949)), (1082, struct.pack("!i", -2_451_546))])
def test_binary_times_out_of_range_are_errors(server, oid, value):
    with server.connect() as connection:
        answer = connection.pgconn.exec_params(b"SELECT $1", [value], [oid], [1])
        assert answer.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"22008"


def test_a_row_whose_subquery_fails_is_a_dead_letter_and_not_in_the_view(server):
    server.sql("CREATE TABLE t (id int PRIMARY KEY, k int, a int)")
    server.sql("CREATE TABLE u (k int, b int)")
    views = {
        "several": "SELECT id, (SELECT b FROM u WHERE u.k = t.k) AS x FROM t",
        "quotient": "SELECT id, (SELECT 10 / t.a) AS x FROM t",
        "total": "SELECT id, coalesce((SELECT 10 / sum(b) FROM u WHERE u.k = t.k), -1) AS x FROM t",
        "guarded": "SELECT id, CASE WHEN a <> 0 THEN (SELECT 10 / t.a) END AS x FROM t"}
    for name, query in views.items():
        server.sql(f"CREATE MATERIALIZED VIEW {name} AS {query}")
    server.sql("INSERT INTO t VALUES (1, 1, 1), (2, 2, 0), (3, 3, 5), (4, 4, 2)")
    server.sql("INSERT INTO u VALUES (1, 10), (2, 1), (2, 2), (4, 0)")
    expected = {"several": [(1, 10), (3, None), (4, 0)], "quotient": [(1, 10), (3, 2), (4, 5)],
                "total": [(1, 1), (2, 3), (3, -1)],
                "guarded": [(1, 10), (2, None), (3, 2), (4, 5)]}
    for name, rows in expected.items():
        assert server.sql(f"SELECT * FROM {name} ORDER BY id") == rows
    found = [(name, code) for name, _, code in letters(server, *views)]
    assert found == [("quotient", "22012"), ("several", "21000"), ("total", "22012")]
    server.sql("DELETE FROM u WHERE b IN (0, 2)")
    server.sql("UPDATE t SET a = 1 WHERE a = 0")
    assert letters(server, *views) == []
    for name, query in views.items():
        assert server.sql(f"SELECT * FROM {name} ORDER BY id") == server.sql(f"{query} ORDER BY id")
