"""Views after a restart from a checkpoint: as they were, or made anew where their text or plan is another."""

import psycopg
import pytest

from streamhouse import checkpointed, restart


@pytest.fixture
def server(spawn):
    """A server that writes checkpoints all the time."""
    return spawn("--checkpoint-interval-ms", "50")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def rewrite_log(path, old, new):
    """Puts bytes in the place of others of the same length in the frames of a log's segment
    (docs/formats/log.md). Returns in how many frames."""
    content = bytearray(path.read_bytes())
    position, lsn, changed = 32, int.from_bytes(content[8:16], "big"), 0
    while position + 8 <= len(content):
        size = int.from_bytes(content[position:position + 4], "big")
        if size == 0:
            break
        payload = bytes(content[position + 8:position + 8 + size])
        mask = lsn * (0x9E3779B9 >> 7) & 0xFFFFFFFF
        check = int.from_bytes(content[position + 4:position + 8], "big")
        assert check == crc32c(payload) ^ mask
        if old in payload:
            changed += 1
            payload = payload.replace(old, new)
            content[position + 4:position + 8] = (crc32c(payload) ^ mask).to_bytes(4, "big")
            content[position + 8:position + 8 + size] = payload
        position += 8 + size
        lsn += 8 + size
    path.write_bytes(bytes(content))
    return changed


def test_a_view_whose_text_is_refused_holds_up_nobody(server):
    # An older build may have taken what this one refuses.
    server.sql("CREATE TABLE tick (n int)")
    server.sql("CREATE TABLE t (id int PRIMARY KEY, s text)")
    server.sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    server.sql("CREATE MATERIALIZED VIEW big AS SELECT id, upper(s) AS u FROM t")
    server.sql("CREATE MATERIALIZED VIEW biggest AS SELECT max(u) AS u FROM big")
    server.sql("CREATE MATERIALIZED VIEW small AS SELECT id, lower(s) AS l FROM t")
    checkpointed(server)
    server.stop()
    logs = list((server.data_directory / "log/metadata").glob("*.seg"))
    assert sum(rewrite_log(log, b"upper(s)", b"uqqer(s)") for log in logs) > 0
    server.restart()
    server.sql("INSERT INTO t VALUES (3, 'c')")
    assert server.sql("SELECT l FROM small ORDER BY id") == [("a",), ("b",), ("c",)]
    for name in ("big", "biggest"):
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            server.sql(f"SELECT * FROM {name}")
    checkpointed(server)
    server.kill9()
    for log in logs:
        rewrite_log(log, b"uqqer(s)", b"upper(s)")
    server.restart()
    assert server.sql("SELECT u FROM big ORDER BY id") == [("A",), ("B",), ("C",)]
    assert server.sql("SELECT u FROM biggest") == [("C",)]
    server.stop()
    for log in logs:
        rewrite_log(log, b"upper(s)", b"uqqer(s)")
    server.restart()
    server.sql("DROP MATERIALIZED VIEW big CASCADE")
    server.sql("CREATE MATERIALIZED VIEW big AS SELECT id, upper(s) AS u FROM t")
    assert server.sql("SELECT max(u) FROM big") == [("C",)]


def test_a_restart_makes_no_view_anew(server):
    server.sql("CREATE TABLE tick (n int)")
    server.sql("CREATE TABLE t (id int PRIMARY KEY, s text, at timestamptz)")
    server.sql("SET timezone = 'asia/tokyo'")
    with server.connect(autocommit=True) as connection:
        connection.execute("SET timezone = 'Asia/Tokyo'; SET datestyle = 'DMY'; "
                           "SET extra_float_digits = 0")
        connection.execute("CREATE MATERIALIZED VIEW days AS SELECT at::text AS day, count(*) AS n "
                           "FROM t WHERE at > '01.02.2020 00:00' GROUP BY 1")
    server.sql("CREATE MATERIALIZED VIEW pairs AS SELECT a.id AS a, b.id AS b FROM t a LEFT JOIN t b "
               "ON lower(a.s) = lower(b.s) AND a.id < b.id")
    server.sql("CREATE MATERIALIZED VIEW named (one, other) AS SELECT max(id), lower(s) FROM t GROUP BY 2")
    server.sql("INSERT INTO t VALUES (1, 'x', '2020-02-10 12:00+00'), (2, 'X', '2020-02-10 12:00+00')")

    def rows():
        return [server.sql(f"SELECT * FROM {name} ORDER BY 1, 2")
                for name in ("days", "pairs", "named")]

    before = rows()
    assert before == [[("2020-02-10 21:00:00+09", 2)], [(1, 2), (2, None)], [(2, "x")]]
    for how in ("stop", "kill"):
        checkpointed(server)
        restart(server, how)
        assert rows() == before
    server.sql("UPDATE t SET s = 'y' WHERE id = 2")
    assert rows() == [before[0], [(1, None), (2, None)], [(1, "x"), (2, "y")]]
    assert "made anew" not in server.stderr_tail()


def test_state_of_another_plan_is_made_anew(server):
    # As after an upgrade: the text gives another plan than the one that its state was written for.
    server.sql("CREATE TABLE tick (n int)")
    server.sql("CREATE TABLE t (id int PRIMARY KEY, k int)")
    server.sql("INSERT INTO t VALUES (1, 1), (2, 1), (3, 2)")
    server.sql("CREATE MATERIALIZED VIEW v AS SELECT sum(id) AS n FROM t GROUP BY k")
    server.sql("CREATE MATERIALIZED VIEW w AS SELECT sum(n) AS n FROM v")
    assert server.sql("SELECT n FROM w") == [(6,)]
    checkpointed(server)
    server.stop()
    logs = list((server.data_directory / "log/metadata").glob("*.seg"))
    assert sum(rewrite_log(log, b"sum(id)", b"sum(k )") for log in logs) > 0
    for _ in range(2):
        server.restart()
        assert server.sql("SELECT n FROM v ORDER BY 1") == [(2,), (2,)]
        assert server.sql("SELECT n FROM w") == [(4,)]
        checkpointed(server)
        server.kill9()
    server.restart()
    server.sql("DELETE FROM t WHERE id = 3")
    assert server.sql("SELECT n FROM v") == [(2,)]
    assert server.sql("SELECT n FROM w") == [(2,)]


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_views_say_the_schemas_of_their_day(server, how):
    # Their texts are read again at every start, when the relations may have moved.
    server.sql("CREATE TABLE tick (n int)")
    server.sql("CREATE TABLE t (id int PRIMARY KEY, v int)")
    server.sql("CREATE SCHEMA s")
    server.sql("INSERT INTO t VALUES (1, 10), (2, 20)")
    server.sql("CREATE VIEW plain AS SELECT public.t.id FROM public.t WHERE public.t.v > 10")
    server.sql("CREATE MATERIALIZED VIEW kept AS SELECT public.t.id, t.v FROM t")
    server.sql("CREATE MATERIALIZED VIEW written AS SELECT public.t.* FROM public.t")
    server.sql("ALTER TABLE t SET SCHEMA s")
    server.sql("CREATE MATERIALIZED VIEW behind AS SELECT s.t.id FROM s.t")
    checkpointed(server)
    restart(server, how)
    server.sql("INSERT INTO s.t VALUES (3, 30)")
    assert sorted(server.sql("SELECT * FROM plain")) == [(2,), (3,)]
    for name in ("kept", "written"):
        assert sorted(server.sql(f"SELECT * FROM {name}")) == [(1, 10), (2, 20), (3, 30)]
    assert sorted(server.sql("SELECT * FROM behind")) == [(1,), (2,), (3,)]
