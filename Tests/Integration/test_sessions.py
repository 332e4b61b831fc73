"""What lasts as long as a connection: settings and what clients are told of them, DISCARD, and the end of
sessions that wait too long."""

import select

import psycopg
import pytest

import pgwire
from pgwire import Wire, kinds


def select_within(connection, seconds):
    """Whether the server says something by itself within this time."""
    return bool(select.select([connection.fileno()], [], [], seconds)[0])


def test_settings_that_changed_are_told_before_ready(server):
    with Wire(server) as wire:
        wire.send(pgwire.query("SET application_name = 'a'; SET timezone = 'Asia/Tokyo'; "
                               "SET application_name = 'b'"))
        messages = wire.receive_until(b"Z")
        assert kinds(messages) == "CCCSSZ"
        assert {body for kind, body in messages if kind == b"S"} == {
            b"application_name\0b\0", b"TimeZone\0Asia/Tokyo\0"}
        wire.send(pgwire.query("BEGIN; SET LOCAL application_name = 'c'"))
        assert (b"S", b"application_name\0c\0") in wire.receive_until(b"Z")
        wire.send(pgwire.query("SAVEPOINT s; SET application_name = 'd'; ROLLBACK TO s"))
        assert "S" not in kinds(wire.receive_until(b"Z"))
        wire.send(pgwire.query("ROLLBACK"))
        assert (b"S", b"application_name\0b\0") in wire.receive_until(b"Z")
        wire.send(pgwire.query("DISCARD ALL"))
        assert [body for kind, body in wire.receive_until(b"Z") if kind in b"SC"] == [
            b"DISCARD ALL\0", b"application_name\0\0", b"TimeZone\0UTC\0"]


def test_discard(server):
    server.sql("CREATE SEQUENCE numbers")
    with server.connect(autocommit=True) as connection:
        connection.execute("SELECT nextval('numbers')")
        connection.execute("PREPARE p AS SELECT 1")
        with pytest.raises(psycopg.errors.ActiveSqlTransaction):
            with connection.transaction():
                connection.execute("DISCARD ALL")
        for kind, shown in (("PLANS", "PLANS"), ("TEMP", "TEMP"), ("TEMPORARY", "TEMP")):
            assert connection.execute(f"DISCARD {kind}").statusmessage == f"DISCARD {shown}"
        assert connection.execute("SELECT lastval()").fetchone() == (1,)
        assert connection.execute("EXECUTE p").fetchone() == (1,)
        connection.execute("DISCARD SEQUENCES")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            connection.execute("SELECT lastval()")
        connection.execute("DISCARD ALL")
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            connection.execute("EXECUTE p")
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("DISCARD EVERYTHING")


@pytest.mark.parametrize("setting, begin, code", [
    ("idle_in_transaction_session_timeout", "BEGIN; SELECT id FROM waits FOR UPDATE", "25P03"),
    ("idle_in_transaction_session_timeout", "BEGIN; SELECT 1 / 0", "25P03"),
    ("idle_session_timeout", "SELECT 1", "57P05")])
def test_a_session_that_waits_too_long_is_ended(server, setting, begin, code):
    server.sql("CREATE TABLE IF NOT EXISTS waits (id int PRIMARY KEY)")
    server.sql("INSERT INTO waits VALUES (1) ON CONFLICT DO NOTHING")
    with Wire(server) as wire:
        wire.send(pgwire.query(f"SET {setting} = '200ms'"))
        wire.receive_until(b"Z")
        wire.send(pgwire.query(begin))
        wire.receive_until(b"Z")
        kind, body = wire.receive()
        assert kind == b"E"
        found = pgwire.fields(body)
        assert (found["S"], found["C"]) == ("FATAL", code)
        with pytest.raises(EOFError):
            wire.receive()
    # Its locks are gone, and so are its settings.
    assert server.sql("UPDATE waits SET id = id RETURNING id") == [(1,)]
    assert server.sql(f"SHOW {setting}") == [("0",)]


def test_a_session_in_a_transaction_is_not_idle(server):
    with server.connect(autocommit=True) as connection:
        connection.execute("SET idle_session_timeout = '300ms'")
        connection.execute("SET idle_in_transaction_session_timeout = '1 h'")
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("1h",)
        with connection.transaction():
            connection.execute("SELECT 1")
            assert not select_within(connection, 0.6)
            connection.execute("SELECT 1")
