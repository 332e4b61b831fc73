"""psql, psycopg 3 and bare messages against the Postgres port; PostgreSQL 15 is what is right."""

import itertools
import math
import struct
import threading
import time
from datetime import datetime
from decimal import Decimal

import psycopg
import pytest
from psycopg import errors, pq

import pgwire
from pgwire import SYNC, Wire, bind, describe, execute, kinds, parse
from streamhouse import wait_until

OIDS = {"boolean": 16, "smallint": 21, "integer": 23, "bigint": 20, "double precision": 701,
        "numeric": 1700, "text": 25, "timestamp": 1114}

# Type, value in SQL's text form, value in Python, text form PostgreSQL answers with.
VALUES = [
    ("boolean", "true", True, "t"),
    ("boolean", "off", False, "f"),
    ("smallint", "-32768", -32768, "-32768"),
    ("smallint", "32767", 32767, "32767"),
    ("integer", "-2147483648", -2147483648, "-2147483648"),
    ("integer", " 42 ", 42, "42"),
    ("bigint", "-9223372036854775808", -9223372036854775808, "-9223372036854775808"),
    ("bigint", "9223372036854775807", 9223372036854775807, "9223372036854775807"),
    ("double precision", "0.1", 0.1, "0.1"),
    ("double precision", "1e300", 1e300, "1e+300"),
    ("double precision", "5e-324", 5e-324, "5e-324"),
    ("double precision", "1234567890123456789", 1234567890123456789.0, "1.2345678901234568e+18"),
    ("double precision", "-Infinity", -math.inf, "-Infinity"),
    ("double precision", "100000", 100000.0, "100000"),
    ("numeric", "0", Decimal("0"), "0"),
    ("numeric", "0.10", Decimal("0.10"), "0.10"),
    ("numeric", "-1234567.000000", Decimal("-1234567.000000"), "-1234567.000000"),
    ("numeric", "10000", Decimal("10000"), "10000"),
    ("numeric", "0.00000000000000000001", Decimal("1E-20"), "0.00000000000000000001"),
    ("numeric", "12345678901234567890123456789012345678",
     Decimal("12345678901234567890123456789012345678"), "12345678901234567890123456789012345678"),
    ("text", "", "", ""),
    ("text", "it's \\ \"quoted\"", "it's \\ \"quoted\"", "it's \\ \"quoted\""),
    ("text", "héllo, 世界 🐟\n\t", "héllo, 世界 🐟\n\t", "héllo, 世界 🐟\n\t"),
    ("timestamp", "2024-02-29 23:59:59.999999", datetime(2024, 2, 29, 23, 59, 59, 999999),
     "2024-02-29 23:59:59.999999"),
    ("timestamp", "2015-07-15T00:00:00.100", datetime(2015, 7, 15, 0, 0, 0, 100000),
     "2015-07-15 00:00:00.1"),
    ("timestamp", "1969-12-31 00:00", datetime(1969, 12, 31), "1969-12-31 00:00:00"),
    ("timestamp", "0001-01-01", datetime(1, 1, 1), "0001-01-01 00:00:00"),
]

FORMATS = pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
EACH_VALUE = pytest.mark.parametrize("kind, literal, value, printed", VALUES)

# Statement, SQLSTATE, position of the offending token from 1 (None: PostgreSQL gives none).
ERRORS = [
    ("SELEC 1", "42601", 1),
    ("SELECT 1 +", "42601", 11),
    ("SELECT (1, 2", "42601", 13),
    ("SELECT 'never closed", "42601", 8),
    ("SELECT count(*) FROM errors WHERE", "42601", 34),
    ("SELECT nope FROM errors", "42703", 8),
    ("SELECT e.nope FROM errors e", "42703", 8),
    ("SELECT x FROM nowhere", "42P01", 15),
    ("SELECT nowhere.x FROM errors", "42P01", 8),
    ("SELECT x FROM errors a JOIN errors b ON a.x = b.x", "42702", 8),
    ("SELECT nofunction(1)", "42883", 8),
    ("SELECT true + 1", "42883", 13),
    ("SELECT x, count(*) FROM errors", "42803", 8),
    ("SELECT x FROM errors WHERE count(*) > 1", "42803", 28),
    ("SELECT 1 WHERE 1", "42804", 16),
    ("SELECT 'x'::bigint", "22P02", 8),
    ("SELECT 1 + 'a'", "22P02", 12),
    ("SELECT '2024-13-01'::timestamp", "22008", 8),
    ("SELECT 'yesterweek'::timestamp", "22007", 8),
    ("SELECT true::timestamp", "42846", 12),
    ("SELECT 1::nosuchtype", "42704", 11),
    ("SELECT 1 / 0", "22012", None),
    ("SELECT 9223372036854775807 + 1", "22003", None),
    ("SELECT 40000::smallint", "22003", None),
    ("SELECT 1 LIMIT -1", "2201W", None),
    ("SELECT 'a' ~ '('", "2201B", None),
    ("INSERT INTO errors VALUES (NULL)", "23502", None),
    ("INSERT INTO errors VALUES (1)", "23505", None),
    ("INSERT INTO errors VALUES (2, 3)", "42601", 31),
    ("INSERT INTO errors (nope) VALUES (2)", "42703", 21),
    ("INSERT INTO nowhere VALUES (1)", "42P01", 13),
    ("CREATE TABLE errors (y bigint)", "42P07", None),
    ("CREATE TABLE twice (y bigint, y bigint)", "42701", None),
    ("DROP TABLE nowhere", "42P01", None),
    ("DROP TABLE errors_view", "42809", None),
]


TABLE_NUMBERS = itertools.count()


# psql

def test_psql_prints_what_it_prints_for_postgresql(server):
    shown = server.psql("-c", "SELECT 1 AS one, 'two' AS two, NULL AS three, 0.50 AS half")
    assert shown.stdout == (" one | two | three | half \n"
                            "-----+-----+-------+------\n"
                            "   1 | two |       | 0.50\n"
                            "(1 row)\n\n")


def test_psql_shows_where_an_error_is(server):
    shown = server.psql("-c", "SELECT 1,\n  nope", check=False)
    assert shown.returncode == 1 and shown.stdout == ""
    assert shown.stderr == ('ERROR:  column "nope" does not exist\n'
                            "LINE 2:   nope\n"
                            "          ^\n")


def test_psql_runs_a_script_and_prints_command_tags(server, name):
    script = f"""
        CREATE TABLE {name} (x bigint, y text);
        INSERT INTO {name} VALUES (1, 'a'), (2, 'b');
        BEGIN;
        INSERT INTO {name} SELECT x + 10, y FROM {name};
        COMMIT;
        CREATE VIEW {name}_v AS SELECT x FROM {name};
        CREATE MATERIALIZED VIEW {name}_mv AS SELECT x FROM {name};
        SELECT count(*) FROM {name}_mv;
        DROP MATERIALIZED VIEW {name}_mv;
        DROP TABLE {name} CASCADE;
    """
    lines = server.psql("-At", script=script).stdout.splitlines()
    assert lines[:6] == ["CREATE TABLE", "INSERT 0 2", "BEGIN", "INSERT 0 2", "COMMIT",
                         "CREATE VIEW"]
    assert lines[6] in ("CREATE MATERIALIZED VIEW", "SELECT 4")
    assert lines[7:] == ["4", "DROP MATERIALIZED VIEW", "DROP TABLE"]


@pytest.fixture
def catalogued(fresh):
    """A server with one relation of each kind that psql's \\d commands list."""
    fresh.psql(script="""
        CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, price numeric,
                             at timestamp, ok boolean, s smallint, i integer, d double precision);
        CREATE VIEW cheap AS SELECT id, price FROM orders WHERE price < 10;
        CREATE MATERIALIZED VIEW spent AS
          SELECT customer, sum(price) AS total, count(*) AS n FROM orders GROUP BY customer;
    """)
    return fresh


def listed(server, command):
    """(schema, name, type, owner) lines of a \\d command."""
    return [line.split("|") for line in server.psql("-At", "-c", command).stdout.splitlines()]


def test_psql_d_lists_each_relation(catalogued):
    assert listed(catalogued, "\\d") == [
        ["public", "cheap", "view", "streamhouse"],
        ["public", "orders", "table", "streamhouse"],
        ["public", "spent", "materialized view", "streamhouse"],
    ]


def test_psql_dt_lists_tables_and_dm_materialized_views(catalogued):
    assert listed(catalogued, "\\dt") == [["public", "orders", "table", "streamhouse"]]
    assert listed(catalogued, "\\dm") == [["public", "spent", "materialized view", "streamhouse"]]
    assert listed(catalogued, "\\dv") == [["public", "cheap", "view", "streamhouse"]]


def test_psql_d_of_a_table_shows_its_columns(catalogued):
    shown = catalogued.psql("-c", "\\d orders").stdout
    assert 'Table "public.orders"' in shown
    columns = [[cell.strip() for cell in line.split("|")] for line in shown.splitlines()
               if line.count("|") == 4][1:]
    assert [(c[0], c[1], c[3]) for c in columns] == [
        ("id", "bigint", "not null"), ("customer", "text", "not null"), ("price", "numeric", ""),
        ("at", "timestamp without time zone", ""), ("ok", "boolean", ""), ("s", "smallint", ""),
        ("i", "integer", ""), ("d", "double precision", "")]


def test_psql_d_of_a_materialized_view_shows_its_columns(catalogued):
    shown = catalogued.psql("-c", "\\d spent").stdout
    assert 'Materialized view "public.spent"' in shown
    for column, kind in [("customer", "text"), ("total", "numeric"), ("n", "bigint")]:
        assert any(line.split("|")[0].strip() == column and line.split("|")[1].strip() == kind
                   for line in shown.splitlines() if "|" in line)


def test_psql_d_of_nothing_says_so(catalogued):
    shown = catalogued.psql("-c", "\\d nowhere", check=False)
    assert 'Did not find any relation named "nowhere".' in shown.stderr


def test_psql_d_knows_sources_too(fresh):
    fresh.psql(script="""
        CREATE TOPIC events WITH (partitions = 1);
        CREATE SOURCE events (id bigint, note text)
          WITH (connector = 'kafka', topic = 'events') FORMAT PLAIN ENCODE JSON;
    """)
    assert [row[1] for row in listed(fresh, "\\d")] == ["events"]
    assert "bigint" in fresh.psql("-c", "\\d events").stdout


def test_psql_df_lists_functions_as_postgresql_does(server):
    def functions(command):
        return {tuple(row[1:]) for row in listed(server, command)}

    assert listed(server, "\\df") == []
    assert listed(server, "\\df upper") == [["pg_catalog", "upper", "text", "text", "func"]]
    assert listed(server, "\\df jsonb_set") == [[
        "pg_catalog", "jsonb_set", "jsonb", "jsonb_in jsonb, path text[], replacement jsonb, "
        "create_if_missing boolean DEFAULT true", "func"]]
    assert listed(server, "\\df jsonb_each") == [[
        "pg_catalog", "jsonb_each", "SETOF record",
        "from_json jsonb, OUT key text, OUT value jsonb", "func"]]
    assert functions("\\df length text") == {("length", "integer", "text", "func")}
    assert functions("\\dfw rank") == {("rank", "bigint", "", "window")}
    assert {("sum", "bigint", "integer", "agg"), ("sum", "numeric", "bigint", "agg")} <= functions(
        "\\dfaS")
    assert {name for name, *_ in functions("\\df regexp_*")} >= {"regexp_like", "regexp_replace"}


def test_psql_df_plus_and_da_describe_functions(server):
    (upper,) = listed(server, "\\df+ upper")
    assert upper[:9] == ["pg_catalog", "upper", "text", "text", "func", "immutable", "safe",
                         "streamhouse", "invoker"]
    assert upper[10] == "internal" and upper[12]
    assert ["pg_catalog", "bool_and", "boolean", "boolean"] in [
        row[:4] for row in listed(server, "\\da bool_*")]


def test_every_function_has_a_description(server):
    with server.connect() as connection:
        missing = connection.execute(
            "SELECT p.oid FROM pg_proc p LEFT JOIN pg_description d ON d.objoid = p.oid "
            "AND d.classoid = 1255 WHERE d.description IS NULL").fetchall()
        assert missing == []


def test_vectors_of_oids_are_arrays_counted_from_0_in_binary(server):
    with server.connect() as connection:
        cursor = connection.execute(
            "SELECT proargtypes, proargmodes FROM pg_proc WHERE oid = 3208", binary=True)
        assert [column.type_code for column in cursor.description] == [30, 1002]
        types, modes = cursor.fetchone()
        # One dimension, no NULLs, oid; one element, counted from 0; four bytes.
        assert types == struct.pack("!7i", 1, 0, 26, 1, 0, 4, 3802)
        assert modes == ["i", "o", "o"]


# Connecting

def test_any_user_name_connects(server):
    with server.connect(user="somebody_new") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("somebody_new",)


def test_an_unknown_database_is_refused(server):
    with pytest.raises(psycopg.OperationalError, match='database "nowhere" does not exist'):
        server.connect(dbname="nowhere")


def test_parameters_tell_what_drivers_ask_for(server):
    with server.connect(application_name="a test") as connection:
        status = connection.info.parameter_status
        assert status("server_version").startswith("15")
        assert status("server_encoding") == status("client_encoding") == "UTF8"
        assert status("standard_conforming_strings") == status("integer_datetimes") == "on"
        assert status("DateStyle").startswith("ISO")
        assert status("application_name") == "a test"
        assert connection.info.backend_pid != 0


def test_set_and_show_agree_and_changes_are_reported(connection):
    connection.execute("SET application_name TO 'renamed'")
    assert connection.execute("SHOW application_name").fetchone() == ("renamed",)
    assert connection.info.parameter_status("application_name") == "renamed"
    assert connection.execute("SHOW server_version").fetchone()[0].startswith("15")


def test_ssl_and_gss_are_declined_and_the_connection_goes_on(server):
    with Wire(server, log_in=False) as wire:
        for code in (pgwire.GSSENC_REQUEST, pgwire.SSL_REQUEST):
            wire.send(pgwire.request(code))
            assert wire.receive_bytes(1) == b"N"
        wire.send(pgwire.startup())
        assert wire.greeting()[-1] == (b"Z", b"I")


def test_a_conversation_may_arrive_byte_by_byte(server):
    with Wire(server, log_in=False) as wire:
        wire.drip(pgwire.startup())
        wire.greeting()
        wire.drip(pgwire.query("SELECT 'drip'"))
        messages = wire.receive_until(b"Z")
        assert kinds(messages) == "TDCZ"
        assert pgwire.row_values(messages[1][1]) == [b"drip"]


@pytest.mark.parametrize("garbage", [
    b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x03", b"\x7f\xff\xff\xff\x00\x03\x00\x00",
])
def test_garbage_ends_its_own_connection_only(garbage, server):
    with Wire(server, log_in=False) as wire:
        wire.send(garbage)
        wire.socket.shutdown(1)
        try:
            wire.receive_until(b"E")
        except (EOFError, ConnectionResetError):
            pass
    assert server.sql("SELECT 1") == [(1,)]


# Values

@FORMATS
@EACH_VALUE
def test_each_type_comes_back_in_both_formats(connection, binary, kind, literal, value, printed):
    cursor = connection.cursor(binary=binary)
    quoted = "'" + literal.replace("'", "''") + "'"
    row = cursor.execute(f"SELECT {quoted}::{kind} AS v, NULL::{kind} AS none").fetchone()
    assert row == (value, None) and type(row[0]) is type(value)
    assert [column.type_code for column in cursor.description] == [OIDS[kind]] * 2


@EACH_VALUE
def test_each_type_prints_as_postgresql_prints_it(connection, kind, literal, value, printed):
    assert connection.pgconn.exec_params(
        f"SELECT $1::{kind}".encode(), [literal.encode()]).get_value(0, 0).decode() == printed


@FORMATS
@EACH_VALUE
def test_each_type_goes_in_through_a_table_and_a_view(
        tabled, binary, kind, literal, value, printed):
    """A parameter in either format, a table, a materialized view over it, and back."""
    connection, table = tabled(kind)
    placeholder = "%b" if binary else "%t"
    connection.execute(f"INSERT INTO {table} VALUES ({placeholder}::{kind}), (NULL)", [value])
    cursor = connection.cursor(binary=binary)
    rows = cursor.execute(f"SELECT v FROM {table}_mv").fetchall()
    assert sorted(rows, key=lambda row: row[0] is None) == [(value,), (None,)]


@pytest.fixture
def tabled(connection):
    """A function that makes a table of one column of a type, and a view over it."""
    tables = []

    def make(kind):
        table = f"of_{kind.replace(' ', '_')}_{next(TABLE_NUMBERS)}"
        connection.execute(f"CREATE TABLE {table} (v {kind})")
        connection.execute(f"CREATE MATERIALIZED VIEW {table}_mv AS SELECT v FROM {table}")
        tables.append(table)
        return connection, table

    yield make
    for table in tables:
        connection.execute(f"DROP TABLE {table} CASCADE")


@FORMATS
def test_values_that_equal_nothing_come_back_too(connection, binary):
    cursor = connection.cursor(binary=binary)
    row = cursor.execute("SELECT 'NaN'::double precision, 'NaN'::numeric, '-0'::float8").fetchone()
    assert math.isnan(row[0]) and row[1].is_nan() and math.copysign(1, row[2]) == -1


def test_an_infinite_timestamp_prints(server):
    shown = server.psql("-Atc", "SELECT 'infinity'::timestamp, '-infinity'::timestamp")
    assert shown.stdout == "infinity|-infinity\n"


def test_arithmetic_has_postgresql_result_types(connection):
    cursor = connection.execute("""
        SELECT 1 + 1, 1::smallint + 1::smallint, 1 + 1::bigint, 7 / 2, 7 / 2.0, -7 % 3,
               1.50 * 2, 0.1::float8 + 0.2::float8, 'a' || 1, 10000000000""")
    assert [c.type_code for c in cursor.description] == [
        23, 21, 20, 23, 1700, 23, 1700, 701, 25, 20]
    assert cursor.fetchone() == (2, 2, 2, 3, Decimal("3.5000000000000000"), -1, Decimal("3.00"),
                                 0.1 + 0.2, "a1", 10000000000)


def test_aggregates_have_postgresql_result_types(connection):
    cursor = connection.execute("""
        SELECT count(*), sum(x), sum(x::int), avg(x), min(x), max(x), avg(x::float8)
        FROM generate_series(1, 4) AS g(x)""")
    assert [c.type_code for c in cursor.description] == [20, 20, 20, 1700, 23, 23, 701]
    assert cursor.fetchone() == (4, 10, 10, Decimal("2.5000000000000000"), 1, 4, 2.5)


def test_an_empty_result_still_describes_itself(connection):
    cursor = connection.execute("SELECT 1 AS a, 'x'::text AS b WHERE false")
    assert cursor.fetchall() == [] and cursor.statusmessage == "SELECT 0"
    assert [(c.name, c.type_code) for c in cursor.description] == [("a", 23), ("b", 25)]


def test_a_large_result_arrives_whole(connection):
    rows = connection.execute(
        "SELECT x, repeat('y', 100) FROM generate_series(1, 200000) AS g(x)").fetchall()
    assert len(rows) == 200000 and {len(row[1]) for row in rows} == {100}
    assert sum(row[0] for row in rows) == 200000 * 200001 // 2


def test_a_value_of_many_megabytes_goes_both_ways(connection):
    value = "0123456789abcdef" * (512 * 1024)
    assert connection.execute("SELECT %s::text", [value]).fetchone() == (value,)


# Prepared statements and parameters

@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_a_prepared_statement_runs_again_and_again(connection, name, binary):
    connection.execute(f"CREATE TABLE {name} (id bigint, note text)")
    insert = f"INSERT INTO {name} VALUES (%s, %s)"
    for i in range(20):
        connection.execute(insert, [i, f"note {i}"], prepare=True, binary=binary)
    select = f"SELECT note FROM {name} WHERE id = %s"
    for i in range(20):
        row = connection.execute(select, [i], prepare=True, binary=binary).fetchone()
        assert row == (f"note {i}",)


def test_executemany_inserts_each_row(connection, name):
    connection.execute(f"CREATE TABLE {name} (id bigint, note text)")
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {name} VALUES (%s, %s)",
                           [(i, None if i % 3 == 0 else str(i)) for i in range(300)])
        assert cursor.rowcount == 300
    row = connection.execute(f"SELECT count(*), count(note), sum(id) FROM {name}").fetchone()
    assert row == (300, 200, 299 * 150)


def test_a_prepared_statement_sees_rows_that_came_later(connection, name):
    connection.execute(f"CREATE TABLE {name} (id bigint)")
    for expected in range(5):
        count = f"SELECT count(*) FROM {name}"
        assert connection.execute(count, prepare=True).fetchone() == (expected,)
        connection.execute(f"INSERT INTO {name} VALUES (1)")


@pytest.mark.parametrize("statement, parameters, columns", [
    ("SELECT * FROM {t} WHERE id = $1 AND note = $2", [20, 25], [20, 25, 1700, 1114]),
    ("SELECT $1::int + 1, $2 || 'x', $3::float8", [23, 25, 701], [23, 25, 701]),
    ("SELECT id + $1 FROM {t} WHERE price > $2 AND at < $3", [20, 1700, 1114], [20]),
    ("SELECT id FROM {t} WHERE note LIKE $1 AND id IN ($2, $3)", [25, 20, 20], [20]),
    ("SELECT id FROM {t} WHERE id BETWEEN $1 AND $2 LIMIT $3", [20, 20, 20], [20]),
    ("INSERT INTO {t} VALUES ($1, $2, $3, $4)", [20, 25, 1700, 1114], []),
    ("INSERT INTO {t} (price, id) SELECT $1, $2", [1700, 20], []),
    ("SELECT CASE WHEN $1 THEN $2 ELSE 1 END", [16, 23], [23]),
    ("SELECT coalesce($1, 2.5)", [1700], [1700]),
])
def test_parameter_types_are_inferred(connection, name, statement, parameters, columns):
    connection.execute(f"CREATE TABLE {name} (id bigint, note text, price numeric, at timestamp)")
    libpq = connection.pgconn
    done = libpq.prepare(b"inferred", statement.format(t=name).encode())
    assert done.status == pq.ExecStatus.COMMAND_OK, done.error_message
    described = libpq.describe_prepared(b"inferred")
    assert [described.param_type(i) for i in range(described.nparams)] == parameters
    assert [described.ftype(i) for i in range(described.nfields)] == columns


def test_a_parameter_of_no_type_is_text(connection):
    """As in PostgreSQL: what nothing gives a type by the end is text."""
    libpq = connection.pgconn
    assert libpq.prepare(b"vague", b"SELECT $1").status == pq.ExecStatus.COMMAND_OK
    assert libpq.describe_prepared(b"vague").param_type(0) == 25


@pytest.mark.parametrize("messages, state", [
    ([parse("SELECT 1", "taken"), parse("SELECT 2", "taken")], "42P05"),
    ([bind(statement="unknown")], "26000"),
    ([execute("unknown")], "34000"),
    ([parse("SELECT $1::int"), bind(values=[])], "08P01"),
    ([parse("SELECT $1::int"), bind(values=[b"x"])], "22P02"),
    ([parse("SELECT $1::int"), bind(values=[b"\1"], formats=[1])], "08P01"),
    ([parse("SELECT $1::int"), bind(values=[b"\0\0\0\0\1"], formats=[1])], "22P03"),
    ([parse("SELECT 1; SELECT 2")], "42601"),
], ids=["duplicate name", "unknown statement", "unknown portal", "missing value", "bad text",
        "short binary", "long binary", "two statements"])
def test_wrong_uses_of_the_extended_protocol_have_their_codes(server, messages, state):
    with Wire(server) as wire:
        wire.send(*messages, SYNC)
        answers = wire.receive_until(b"Z")
        found = [pgwire.fields(body) for kind, body in answers if kind == b"E"]
        assert [error["C"] for error in found] == [state]
        wire.send(pgwire.query("SELECT 1"))
        assert kinds(wire.receive_until(b"Z")) == "TDCZ"


# Messages that libpq does not send

def test_a_row_limit_suspends_a_portal_and_execute_goes_on(server):
    with Wire(server) as wire:
        wire.send(parse("SELECT x FROM generate_series(1, 5) AS g(x)"), bind(),
                  describe(b"P"), execute(limit=2), execute(limit=2), execute(limit=2), SYNC)
        messages = wire.receive_until(b"Z")
        assert kinds(messages) == "12T" + "DDs" + "DDs" + "DC" + "Z"
        rows = [int(pgwire.row_values(body)[0]) for kind, body in messages if kind == b"D"]
        assert rows == [1, 2, 3, 4, 5]


def test_a_row_limit_that_is_met_exactly_suspends_the_portal(server):
    # Nobody looks whether a row comes behind the last one that was asked for.
    with Wire(server) as wire:
        wire.send(parse("SELECT g FROM generate_series(1, 4) AS g"), bind(), execute(limit=2),
                  execute(limit=2), execute(limit=2), SYNC)
        assert kinds(wire.receive_until(b"Z")) == "12" + "DDs" + "DDs" + "C" + "Z"


def test_two_named_portals_are_read_in_turns(server):
    with Wire(server) as wire:
        series = "SELECT x FROM generate_series($1::int, $1::int + 2) AS g(x)"
        wire.send(parse(series, "s"), bind("a", "s", [b"10"]), bind("b", "s", [b"20"]),
                  execute("a", 1), execute("b", 1), execute("a", 0), execute("b", 0),
                  pgwire.close(b"P", "a"), pgwire.close(b"S", "s"), SYNC)
        messages = wire.receive_until(b"Z")
        assert kinds(messages) == "122" + "Ds" + "Ds" + "DDC" + "DDC" + "33" + "Z"
        rows = [int(pgwire.row_values(body)[0]) for kind, body in messages if kind == b"D"]
        assert rows == [10, 20, 11, 12, 21, 22]


def test_describe_answers_before_any_value_is_bound(server):
    with Wire(server) as wire:
        wire.send(parse("SELECT $1::bigint AS a, 'x'::text AS b", "s"), describe(b"S", "s"),
                  parse("SET application_name TO 'x'", "n"), describe(b"S", "n"), pgwire.FLUSH)
        messages = wire.receive_until(b"n")
        assert kinds(messages) == "1tT1tn"
        assert struct.unpack("!hi", messages[1][1]) == (1, 20)


def test_flush_brings_answers_without_ending_the_transaction(server):
    with Wire(server) as wire:
        wire.send(parse("SELECT 1"), bind(), execute(), pgwire.FLUSH)
        assert kinds(wire.receive_until(b"C")) == "12DC"
        wire.send(SYNC)
        assert wire.receive() == (b"Z", b"I")


def test_after_an_error_everything_is_skipped_until_sync(server, name):
    server.sql(f"CREATE TABLE {name} (x bigint)")
    with Wire(server) as wire:
        insert = parse(f"INSERT INTO {name} VALUES (1)")
        wire.send(insert, bind(), execute(), parse("SELECT 1 / 0"), bind(), execute(),
                  insert, bind(), execute(), SYNC)
        assert kinds(wire.receive_until(b"Z")) in ("12C12EZ", "12CEZ", "12C1EZ")
        wire.send(insert, bind(), execute(), SYNC)
        assert kinds(wire.receive_until(b"Z")) == "12CZ"
    assert server.sql(f"SELECT count(*) FROM {name}") == [(1,)], "the failed batch left no row"


def test_an_empty_query_has_its_own_answer(server):
    with Wire(server) as wire:
        wire.send(pgwire.query("  -- nothing\n"))
        assert kinds(wire.receive_until(b"Z")) == "IZ"
        wire.send(parse(""), bind(), describe(b"P"), execute(), SYNC)
        assert kinds(wire.receive_until(b"Z")) == "12nIZ"


def test_result_formats_may_differ_by_column(server):
    with Wire(server) as wire:
        wire.send(parse("SELECT 258::int, 258::int, true"), bind(result_formats=[1, 0, 1]),
                  execute(), SYNC)
        rows = [body for kind, body in wire.receive_until(b"Z") if kind == b"D"]
        assert pgwire.row_values(rows[0]) == [b"\0\0\1\2", b"258", b"\1"]


def test_a_client_that_vanishes_in_a_transaction_leaves_nothing(server, name):
    server.sql(f"CREATE TABLE {name} (x bigint)")
    with Wire(server) as wire:
        wire.send(pgwire.query("BEGIN"), pgwire.query(f"INSERT INTO {name} VALUES (1)"))
        wire.receive_until(b"Z")
        assert wire.receive_until(b"Z")[-1] == (b"Z", b"T")
    server.sql(f"INSERT INTO {name} VALUES (2)")
    assert server.sql(f"SELECT x FROM {name}") == [(2,)]


# Errors

@pytest.fixture
def erring(server):
    """A connection to a server that has the relations that ERRORS speaks of."""
    with server.connect() as connection:
        connection.execute("CREATE TABLE errors (x bigint PRIMARY KEY)")
        connection.execute("INSERT INTO errors VALUES (1)")
        connection.execute("CREATE VIEW errors_view AS SELECT x FROM errors")
        yield connection
        connection.execute("DROP TABLE errors CASCADE")


@pytest.mark.parametrize("statement, state, position", ERRORS)
def test_errors_have_postgresql_codes_and_positions(erring, statement, state, position):
    with pytest.raises(psycopg.Error) as caught:
        erring.execute(statement)
    found = caught.value.diag
    assert found.sqlstate == state and found.severity == "ERROR"
    assert found.statement_position == (None if position is None else str(position))
    assert found.message_primary and not found.message_primary.endswith(".")
    assert erring.execute("SELECT 1").fetchone() == (1,), "the session goes on"


def test_what_is_not_yet_there_is_refused_by_name(connection):
    with pytest.raises(errors.FeatureNotSupported) as caught:
        connection.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert "FUNCTION" in caught.value.diag.message_primary.upper()


def test_what_a_view_needs_is_dropped_by_cascade_only(connection, name):
    connection.execute(f"CREATE TABLE {name} (x bigint)")
    connection.execute(f"CREATE MATERIALIZED VIEW {name}_a AS SELECT x FROM {name}")
    connection.execute(f"CREATE MATERIALIZED VIEW {name}_b AS SELECT x FROM {name}_a")
    with pytest.raises(errors.DependentObjectsStillExist) as caught:
        connection.execute(f"DROP TABLE {name}")
    assert f"{name}_a" in caught.value.diag.message_detail
    assert "CASCADE" in caught.value.diag.message_hint
    connection.execute(f"DROP TABLE {name} CASCADE")
    with pytest.raises(errors.UndefinedTable):
        connection.execute(f"SELECT x FROM {name}_b")


# Transactions

def test_rows_are_visible_after_commit_and_not_before(server, connection, name):
    connection.execute(f"CREATE TABLE {name} (x bigint)")
    connection.execute(f"CREATE MATERIALIZED VIEW {name}_n AS SELECT count(*) AS n FROM {name}")
    with server.connect(autocommit=False) as writer:
        for i in range(3):
            writer.execute(f"INSERT INTO {name} VALUES (%s)", [i])
            assert connection.execute(f"SELECT n FROM {name}_n").fetchone() == (0,)
        writer.commit()
        assert connection.execute(f"SELECT n FROM {name}_n").fetchone() == (3,)
        assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (3,)


def test_rolled_back_rows_never_appear(server, connection, name):
    connection.execute(f"CREATE TABLE {name} (x bigint)")
    connection.execute(f"CREATE MATERIALIZED VIEW {name}_mv AS SELECT x FROM {name}")
    with server.connect(autocommit=False) as writer:
        writer.execute(f"INSERT INTO {name} VALUES (1)")
        writer.rollback()
        writer.execute(f"INSERT INTO {name} VALUES (2)")
        writer.commit()
    assert connection.execute(f"SELECT x FROM {name}_mv").fetchall() == [(2,)]


def test_a_transaction_spans_tables(server, connection, name):
    for table in ("a", "b"):
        connection.execute(f"CREATE TABLE {name}_{table} (x bigint)")
    connection.execute(f"""CREATE MATERIALIZED VIEW {name}_both AS
        SELECT a.x FROM {name}_a a JOIN {name}_b b ON a.x = b.x""")
    with connection.transaction():
        connection.execute(f"INSERT INTO {name}_a VALUES (1), (2)")
        connection.execute(f"INSERT INTO {name}_b VALUES (2), (3)")
        with server.connect() as reader:
            assert reader.execute(f"SELECT x FROM {name}_both").fetchall() == []
    assert connection.execute(f"SELECT x FROM {name}_both").fetchall() == [(2,)]


def test_a_failed_transaction_refuses_all_but_its_end(server, name):
    server.sql(f"CREATE TABLE {name} (x bigint)")
    with server.connect(autocommit=False) as writer:
        writer.execute(f"INSERT INTO {name} VALUES (1)")
        with pytest.raises(errors.DivisionByZero):
            writer.execute("SELECT 1 / 0")
        assert writer.info.transaction_status == pq.TransactionStatus.INERROR
        with pytest.raises(errors.InFailedSqlTransaction):
            writer.execute("SELECT 1")
        assert writer.execute("COMMIT").statusmessage == "ROLLBACK"
        assert writer.info.transaction_status == pq.TransactionStatus.IDLE
    assert server.sql(f"SELECT count(*) FROM {name}") == [(0,)]


def test_misplaced_transaction_statements_only_warn(connection):
    notices = []
    connection.add_notice_handler(lambda diagnostic: notices.append(diagnostic.sqlstate))
    connection.execute("COMMIT")
    connection.execute("BEGIN")
    connection.execute("BEGIN")
    connection.execute("ROLLBACK")
    connection.execute("ROLLBACK")
    assert notices == ["25P01", "25001", "25P01"]


def test_several_statements_in_one_query_are_one_transaction(connection, name):
    connection.execute(f"CREATE TABLE {name} (x bigint)")
    with pytest.raises(errors.DivisionByZero):
        connection.execute(f"INSERT INTO {name} VALUES (1); SELECT 1 / 0; SELECT 2")
    assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
    cursor = connection.execute(f"INSERT INTO {name} VALUES (1), (2); SELECT 3 AS three; SELECT 4")
    tags = [cursor.statusmessage]
    while cursor.nextset():
        tags.append(cursor.statusmessage)
    assert tags == ["INSERT 0 2", "SELECT 1", "SELECT 1"]
    assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (2,)


def test_a_commit_inside_a_query_of_several_statements_holds(connection, name):
    connection.execute(f"CREATE TABLE {name} (x bigint)")
    with pytest.raises(errors.DivisionByZero):
        connection.execute(f"BEGIN; INSERT INTO {name} VALUES (1); COMMIT;"
                           f"INSERT INTO {name} VALUES (2); SELECT 1 / 0")
    assert connection.execute(f"SELECT x FROM {name}").fetchall() == [(1,)]


# Pipelines

def test_a_pipeline_runs_many_statements_at_once(connection, name):
    connection.execute(f"CREATE TABLE {name} (x bigint)")
    with connection.pipeline():
        for i in range(500):
            connection.execute(f"INSERT INTO {name} VALUES (%s)", [i])
        total = connection.execute(f"SELECT sum(x) FROM {name}")
        assert total.fetchone() == (499 * 250,)


def test_an_error_aborts_a_pipeline_up_to_its_sync(connection, name):
    connection.execute(f"CREATE TABLE {name} (x bigint)")
    with connection.pipeline() as pipeline:
        # The error may be there before the statement behind it is sent.
        with pytest.raises(errors.DivisionByZero):
            connection.execute("SELECT 1 / 0")
            connection.execute(f"INSERT INTO {name} VALUES (1)")
            pipeline.sync()
        pipeline.sync()
        connection.execute(f"INSERT INTO {name} VALUES (2)")
        pipeline.sync()
    assert connection.execute(f"SELECT x FROM {name}").fetchall() == [(2,)]


# Cancelling

def test_cancel_ends_a_running_query_and_spares_its_session(connection):
    """Asked again until it works, because a request may come before the query has begun."""
    libpq = connection.pgconn
    libpq.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")

    def ended():
        connection.cancel()
        libpq.consume_input()
        return not libpq.is_busy()

    wait_until(ended, what="the end of the query")
    error = libpq.get_result().error_field(pq.DiagnosticField.SQLSTATE)
    assert (error, libpq.get_result()) == (b"57014", None)
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_cancel_request_with_a_wrong_key_does_nothing(server):
    with Wire(server) as wire, Wire(server, log_in=False) as other:
        process, secret = wire.key
        other.send(pgwire.request(pgwire.CANCEL_REQUEST, struct.pack("!iI", process,
                                                                      (secret ^ 1) & 0xFFFFFFFF)))
        assert other.is_closed_by_server()
        wire.send(pgwire.query("SELECT count(*) FROM generate_series(1, 1000)"))
        assert kinds(wire.receive_until(b"Z")) == "TDCZ"


def test_many_sessions_work_side_by_side(server, name):
    server.sql(f"CREATE TABLE {name} (worker bigint, x bigint)")
    failures = []

    def work(worker):
        try:
            with server.connect() as connection:
                for i in range(50):
                    connection.execute(f"INSERT INTO {name} VALUES (%s, %s)", [worker, i])
                    count = connection.execute(
                        f"SELECT count(*) FROM {name} WHERE worker = %s", [worker]).fetchone()
                    assert count == (i + 1,)
        except BaseException as error:  # reported by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=[worker], daemon=True)
               for worker in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert server.sql(f"SELECT count(*) FROM {name}") == [(800,)]


@pytest.mark.parametrize("series", [
    "1, 9223372036854775807", "1.0, 9223372036854775807",
    "timestamp '2000-01-01', 'infinity', '1 microsecond'",
    "timestamptz '2000-01-01', 'infinity', '1 microsecond'"])
def test_a_series_without_end_ends_with_its_statement(connection, series):
    connection.execute("SET statement_timeout = '300ms'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(f"SELECT count(*) FROM generate_series({series})")
    assert connection.execute("SELECT 1").fetchone() == (1,)


# --- errors of the protocol


def state(body):
    return pgwire.fields(body)["C"]


def test_an_error_of_the_extended_protocol_is_told_at_a_flush(server):
    with Wire(server) as wire:
        wire.send(parse("SELECT 1"), parse("selec"), pgwire.message(b"H"))
        answers = wire.receive_until(b"E")
        assert kinds(answers) == "1E" and state(answers[-1][1]) == "42601"
        wire.send(SYNC)
        assert kinds(wire.receive_until(b"Z")) == "Z"


@pytest.mark.parametrize("message, expected", [
    (pgwire.message(b"Q", b"SELECT '\xff'\0"), "22021"),
    (pgwire.message(b"Q", b"SELECT 1"), "08P01"),
    (pgwire.message(b"F", b"\0\0\0\0"), "0A000")])
def test_a_malformed_message_does_not_end_the_connection(server, message, expected):
    with Wire(server) as wire:
        wire.send(message)
        answers = wire.receive_until(b"Z")
        assert kinds(answers) == "EZ" and state(answers[0][1]) == expected
        wire.send(pgwire.message(b"P", b"\0SELECT '\xff'\0\0\0"), execute(), SYNC)
        answers = wire.receive_until(b"Z")
        assert kinds(answers) == "EZ" and state(answers[0][1]) == "22021"
        wire.send(pgwire.query("SELECT 1"))
        assert kinds(wire.receive_until(b"Z")) == "TDCZ"


@pytest.mark.parametrize("format, value", [
    (0, b"\xff"), (0, b"\xed\xa0\x80"), (1, b"a\0b"), (1, b"\xff"), (1, b"\xed\xa0\x80")])
def test_a_parameter_is_a_text_or_an_error(server, format, value):
    with server.connect() as connection:
        for oid in (25, 1043, 1042, 114):
            answer = connection.pgconn.exec_params(b"SELECT $1", [value], [oid], [format])
            assert answer.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"22021"


def test_an_error_of_copied_data_is_told_at_once(server, name):
    server.sql(f"CREATE TABLE {name} (n int)")
    with Wire(server) as wire:
        wire.send(pgwire.query(f"COPY {name} FROM STDIN"))
        wire.receive_until(b"G")
        wire.send(pgwire.message(b"d", b"x\n"))
        answers = wire.receive_until(b"Z")
        assert kinds(answers) == "EZ" and state(answers[0][1]) == "22P02"
        # What was on its way is passed over.
        wire.send(pgwire.message(b"d", b"1\n"), pgwire.message(b"c"), pgwire.query("SELECT 1"))
        assert kinds(wire.receive_until(b"Z")) == "TDCZ"


def test_a_copy_can_be_canceled(server, name):
    server.sql(f"CREATE TABLE {name} (n int)")
    with server.connect() as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                copy.write("1\n")
                connection.cancel()
                time.sleep(0.2)
                copy.write("2\n")
        assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)


@pytest.mark.parametrize("setting, value", [
    ("client_encoding", "latin1"), ("timezone", "nowhere"), ("extra_float_digits", "99")])
def test_a_setting_that_is_none_ends_the_start(server, setting, value):
    with Wire(server, log_in=False) as wire:
        wire.send(pgwire.startup(**{setting: value}))
        kind, body = wire.receive()
        assert kind == b"E" and state(body) == "22023"


@pytest.mark.parametrize("number", ["1e23", "5e22", "9007199254740993", "1e22", "2e-308", "4.35"])
def test_floats_are_printed_as_postgresql_prints_them(server, postgres, number):
    query = f"SELECT {number}::float8::text, (-{number}::float8)::text, float4 '8.0483936e+07'::text"
    with psycopg.connect(postgres.conninfo, autocommit=True) as other:
        assert server.sql(query) == other.execute(query).fetchall()
