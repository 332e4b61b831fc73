"""Topics that change rows: FORMAT UPSERT, FORMAT DEBEZIUM and tables with a connector."""

import json
import random
from decimal import Decimal

import psycopg
import pytest
from confluent_kafka import Producer

from kafka_clients import DEADLINE, raise_error, send
from streamhouse import wait_until


def produce_pairs(server, topic, pairs, partition=None):
    """Sends (key, value) pairs; str is sent as it is, None as null, anything else as JSON."""
    producer = Producer({"bootstrap.servers": server.kafka})
    place = {} if partition is None else {"partition": partition}
    for key, value in pairs:
        send(producer, topic, key=encoded(key), value=encoded(value), **place,
             on_delivery=lambda error, _: error and raise_error(error))
    assert producer.flush(DEADLINE) == 0, "records were not acknowledged in time"


def encoded(value):
    return value if value is None or isinstance(value, str) else json.dumps(value)


def settles(server, query, expected):
    """Waits until a query has these rows, whatever their order."""
    wanted = sorted(expected, key=repr)
    last = []

    def holds():
        last[:] = [sorted(server.sql(query), key=repr)]
        return last[0] == wanted

    try:
        wait_until(holds, 20)
    except AssertionError:
        assert last[0] == wanted
    return True


@pytest.fixture
def topic(server, name):
    server.sql(f"CREATE TOPIC {name} WITH (partitions = 2)")
    return name


def connector(topic, form, encode="JSON"):
    return f"WITH (connector = 'kafka', topic = '{topic}') FORMAT {form} ENCODE {encode}"


def test_an_upsert_source_keeps_the_newest_row_of_each_key(server, topic):
    server.sql(f"CREATE SOURCE s_{topic} (id int PRIMARY KEY, v text) {connector(topic, 'UPSERT')}")
    server.sql(f"CREATE MATERIALIZED VIEW v_{topic} AS "
               f"SELECT v, count(*) AS n FROM s_{topic} GROUP BY v")
    produce_pairs(server, topic, [
        ({"id": 1}, {"id": 1, "v": "a"}), ({"id": 2}, {"id": 2, "v": "a"}),
        ({"id": 1}, {"id": 1, "v": "b"}), ({"id": 3}, {"id": 3, "v": "b"}),
        ({"id": 3}, None), ({"id": 9}, None)], partition=0)
    settles(server, f"SELECT * FROM s_{topic}", [(1, "b"), (2, "a")])
    settles(server, f"SELECT * FROM v_{topic}", [("a", 1), ("b", 1)])
    with pytest.raises(psycopg.errors.WrongObjectType):
        server.sql(f"INSERT INTO s_{topic} VALUES (7, 'x')")


@pytest.mark.parametrize("key", ["7", {"id": 7}, {"payload": {"id": 7}}])
def test_a_tombstone_names_its_row_in_any_of_the_usual_ways(server, topic, key):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, v text) {connector(topic, 'UPSERT')}")
    produce_pairs(server, topic, [("x", {"id": 7, "v": "a"}), ("y", {"id": 8, "v": "b"})], 0)
    settles(server, f"SELECT * FROM t_{topic}", [(7, "a"), (8, "b")])
    produce_pairs(server, topic, [(key, None)], 0)
    settles(server, f"SELECT * FROM t_{topic}", [(8, "b")])


def test_a_text_key_and_the_key_itself_as_primary_key(server, topic):
    server.sql(f"CREATE TABLE a_{topic} (name text PRIMARY KEY, v int) {connector(topic, 'UPSERT')}")
    server.sql(f"CREATE TABLE k_{topic} (v int, PRIMARY KEY (k)) INCLUDE KEY AS k "
               f"INCLUDE OFFSET AS o INCLUDE PARTITION AS p INCLUDE TIMESTAMP AS ts "
               f"{connector(topic, 'UPSERT')}")
    produce_pairs(server, topic, [("anna", {"name": "anna", "v": 1}),
                                  ("bob \"b\"", {"name": "bob \"b\"", "v": 2}),
                                  ("anna", {"name": "anna", "v": 3}), ("bob \"b\"", None)], 1)
    settles(server, f"SELECT * FROM a_{topic}", [("anna", 3)])
    settles(server, f"SELECT convert_from(k, 'UTF8'), v, o, p, "
            f"ts BETWEEN now() - interval '1 hour' AND now() FROM k_{topic}",
            [("anna", 3, 2, 1, True)])


def test_records_that_are_no_rows_are_dead_letters(server, topic):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, v text NOT NULL) "
               f"{connector(topic, 'UPSERT')}")
    produce_pairs(server, topic, [
        ("1", {"id": 1, "v": "a"}), ("2", {"id": 2}), ("3", {"v": "no key"}), (None, None),
        ("x", None), ("4", "{broken"), ("1", {"id": "many"}), ("5", {"id": 5, "v": "e"})], 0)
    settles(server, f"SELECT * FROM t_{topic}", [(1, "a"), (5, "e")])
    reasons = [row[0] for row in server.sql(
        f"SELECT reason FROM streamhouse.dead_letters WHERE topic = '{topic}' ORDER BY \"offset\"")]
    assert len(reasons) == 6 and reasons[0] == 'null value in column "v"', reasons
    assert reasons[1] == 'null value in column "id"' and reasons[2] == "neither key nor value"


def envelope(operation, before, after, wrapped):
    inner = {"before": before, "after": after, "op": operation, "ts_ms": 5, "source": {"a": [1]}}
    return {"schema": {"type": "struct"}, "payload": inner} if wrapped else inner


@pytest.mark.parametrize("wrapped", [False, True])
def test_debezium_changes(server, topic, wrapped):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, v text, price numeric, day date, "
               f"at timestamp, seen timestamptz, clock time) {connector(topic, 'DEBEZIUM')}")
    server.sql(f"CREATE MATERIALIZED VIEW m_{topic} AS SELECT count(*), sum(price) FROM t_{topic}")

    def row(id, v, price="1.50"):
        return {"id": id, "v": v, "price": price, "day": 18628, "at": 1609459200123456,
                "seen": "2021-01-01T00:00:00Z", "clock": 3600000000}
    produce_pairs(server, topic, [
        ({"id": 1}, envelope("r", None, row(1, "a"), wrapped)),
        ({"id": 2}, envelope("c", None, row(2, "b"), wrapped)),
        ({"id": 1}, envelope("u", row(1, "a"), row(1, "c", "2.50"), wrapped)),
        ({"id": 2}, envelope("u", row(2, "b"), row(5, "moved"), wrapped)),
        ({"id": 3}, envelope("c", None, row(3, "x"), wrapped)),
        ({"id": 3}, envelope("d", row(3, "x"), None, wrapped)), ({"id": 3}, None),
        ({"id": 4}, envelope("c", None, row(4, "y"), wrapped)),
        ({"id": 4}, envelope("d", None, None, wrapped)), ({"id": 4}, None)], 0)
    settles(server, f"SELECT id, v, price, day::text, at::text, clock::text FROM t_{topic}",
            [(1, "c", Decimal("2.50"), "2021-01-01", "2021-01-01 00:00:00.123456", "01:00:00"),
             (5, "moved", Decimal("1.50"), "2021-01-01", "2021-01-01 00:00:00.123456", "01:00:00")])
    settles(server, f"SELECT * FROM m_{topic}", [(2, Decimal("4.00"))])
    dead = server.sql(f"SELECT * FROM streamhouse.dead_letters WHERE topic = '{topic}'")
    assert dead == []


@pytest.mark.parametrize("policy, expected", [
    ("", [(1, None, 2), (2, "x", None)]),
    ("ON CONFLICT OVERWRITE", [(1, None, 2), (2, "x", None)]),
    ("ON CONFLICT DO NOTHING", [(1, "a", 1), (2, "x", None)]),
    ("ON CONFLICT DO UPDATE IF NOT NULL", [(1, "b", 2), (2, "x", None)])])
@pytest.mark.parametrize("at_once", [True, False])
def test_policies_of_a_plain_table(server, topic, policy, expected, at_once):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, v text, n int) {policy} "
               f"{connector(topic, 'PLAIN')}")
    records = [(None, {"id": 1, "v": "a", "n": 1}), (None, {"id": 1, "v": "b"}),
               (None, {"id": 1, "n": 2}), (None, {"id": 2, "v": "x"})]
    if at_once:
        produce_pairs(server, topic, records, 0)
    else:
        for end, record in enumerate(records, 1):
            produce_pairs(server, topic, [record], 0)
            wait_until(lambda: offset_of(server, f"t_{topic}", topic) >= end, 20)
    settles(server, f"SELECT * FROM t_{topic}", expected)


def offset_of(server, table, topic):
    """How many records a fed table has taken in from partition 0, by a second table that has them all."""
    log = f"log_{table}"
    server.sql(f"CREATE TABLE IF NOT EXISTS {log} (id int) {connector(topic, 'PLAIN')}")
    return server.sql(f"SELECT count(*) FROM {log}")[0][0]


def test_a_table_without_a_key_takes_every_record_and_statements_too(server, topic):
    server.sql(f"CREATE TABLE t_{topic} (v int) {connector(topic, 'PLAIN')}")
    produce_pairs(server, topic, [(None, {"v": 1}), (None, {"v": 1})])
    settles(server, f"SELECT v FROM t_{topic}", [(1,), (1,)])
    server.sql(f"INSERT INTO t_{topic} VALUES (2)")
    server.sql(f"DELETE FROM t_{topic} WHERE v = 1")
    settles(server, f"SELECT v FROM t_{topic}", [(2,)])


def test_what_makes_no_sense_is_refused(server, topic):
    for columns, form, state in [
            ("id int", "UPSERT", "42P16"), ("id int", "DEBEZIUM", "42P16"),
            ("id int PRIMARY KEY, v int DEFAULT 1", "UPSERT", "0A000"),
            ("id int PRIMARY KEY, CHECK (id > 0)", "PLAIN", "0A000"),
            ("id int", "AVRO", "0A000")]:
        with pytest.raises(psycopg.Error) as caught:
            server.sql(f"CREATE TABLE bad_{topic} ({columns}) {connector(topic, form)}")
        assert caught.value.sqlstate == state, (columns, form)
    for statement, state in [
            (f"CREATE TABLE bad_{topic} (id int) WITH (fillfactor = 70)", "22023"),
            (f"CREATE TABLE bad_{topic} (id int) ON CONFLICT OVERWRITE", "0A000"),
            (f"CREATE SOURCE bad_{topic} (id int PRIMARY KEY) {connector(topic, 'PLAIN')}", "0A000"),
            (f"CREATE TABLE bad_{topic} (id int PRIMARY KEY) ON CONFLICT DO NOTHING "
             f"{connector(topic, 'UPSERT')}", "42P16"),
            (f"CREATE SOURCE bad_{topic} (id int) INCLUDE HEADER {connector(topic, 'PLAIN')}",
             "0A000"),
            (f"CREATE SOURCE bad_{topic} (id int, WATERMARK FOR id AS id) "
             f"{connector(topic, 'PLAIN')}", "42804")]:
        with pytest.raises(psycopg.Error) as caught:
            server.sql(statement)
        assert caught.value.sqlstate == state, statement


def test_watermarks_of_each_partition(spawn):
    server = spawn()
    server.sql("CREATE TOPIC w WITH (partitions = 2)")
    server.sql("CREATE SOURCE s (id int, at timestamp, "
               "WATERMARK FOR at AS at - INTERVAL '5 seconds') " + connector("w", "PLAIN"))
    server.sql("CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM s")
    produce_pairs(server, "w", [(None, {"id": 1, "at": "2024-01-01T00:00:30"}),
                                (None, {"id": 2, "at": "2024-01-01T00:00:10"})], 0)
    produce_pairs(server, "w", [(None, {"id": 3, "at": "2024-01-01T00:01:00"}),
                                (None, {"id": 4})], 1)
    query = "SELECT source, right(split, 2), watermark::text FROM streamhouse.watermarks"
    expected = [("s", "/0", "2024-01-01 00:00:25"), ("s", "/1", "2024-01-01 00:00:55")]
    settles(server, query, expected)
    server.kill9()
    server.restart()
    settles(server, query, expected)
    server.sql("DROP SOURCE s CASCADE")
    settles(server, query, [])


def test_upserts_with_kills_equal_a_model(spawn):
    """Random rows, key moves between partitions left out, and a view; killed and started anew."""
    seed = random.randrange(2**31)
    print("seed", seed)
    choice = random.Random(seed)
    server = spawn()
    server.sql("CREATE TOPIC up WITH (partitions = 2)")
    server.sql("CREATE TABLE t (id int PRIMARY KEY, g int, v numeric) " + connector("up", "UPSERT"))
    server.sql("CREATE MATERIALIZED VIEW m AS SELECT g, count(*), sum(v) FROM t GROUP BY g")
    model = {}
    for _ in range(6):
        batches = {0: [], 1: []}
        for _ in range(choice.randrange(1, 400)):
            id = choice.randrange(60)
            if choice.random() < 0.25:
                model.pop(id, None)
                batches[id % 2].append(({"id": id}, None))
            else:
                model[id] = (choice.randrange(4), Decimal(choice.randrange(10000)).scaleb(-2))
                batches[id % 2].append(({"id": id}, {"id": id, "g": model[id][0],
                                                     "v": str(model[id][1])}))
        for partition, pairs in batches.items():
            produce_pairs(server, "up", pairs, partition)
        if choice.random() < 0.6:
            server.kill9()
            server.restart()
        settles(server, "SELECT id, g, v FROM t", [(id, g, v) for id, (g, v) in model.items()])
        groups = {}
        for g, v in model.values():
            count, total = groups.get(g, (0, Decimal("0.00")))
            groups[g] = (count + 1, total + v)
        settles(server, "SELECT * FROM m", [(g, n, s) for g, (n, s) in groups.items()])


def test_json_columns_keep_what_the_record_has(server, topic):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, j jsonb, s json) "
               f"{connector(topic, 'PLAIN')}")
    good = ['"5"', '"true"', '"{\\"a\\":1}"', '5', 'null', '{"a": [1, "x"]}', '"abc"',
            '12345678901234567890123']
    bad = ['[1,,2]', 'nul', '{"a" 1}', '{"x": 1e}', '{"a": "\\u0000"}']
    values = [(i, text) for i, text in enumerate(good)] + [(100 + i, text) for i, text in enumerate(bad)]
    produce_pairs(server, topic, [
        (None, f'{{"id": {i}, "j": {text}, "s": {text}}}') for i, text in values], 0)
    settles(server, f"SELECT id, j::text, s::text FROM t_{topic}", [
        (i, None if text == "null" else text, None if text == "null" else text)
        for i, text in enumerate(good)])
    settles(server, f"SELECT count(*) FROM streamhouse.dead_letters WHERE topic = '{topic}'",
            [(len(bad),)])


def test_fields_that_nobody_wants_must_be_json_too(server, topic):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY) {connector(topic, 'PLAIN')}")
    bad = ["nul", "[1,,2]", '{"a" 1}', "01", "tru", '"\\x"']
    produce_pairs(server, topic, [
        (None, f'{{"id": {i}, "x": {text}, "t": 1}}') for i, text in enumerate(bad)] + [
        (None, '{"id": 50, "x": {"a": [1, -2.5e3, "b", null, true, 1e999]}}')], 0)
    settles(server, f"SELECT id FROM t_{topic}", [(50,)])
    settles(server, f"SELECT count(*) FROM streamhouse.dead_letters WHERE topic = '{topic}'",
            [(len(bad),)])


def test_of_the_row_before_only_the_key_counts(server, topic):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, n numeric) "
               f"{connector(topic, 'DEBEZIUM')}")
    gone = "__debezium_unavailable_value"
    produce_pairs(server, topic, [
        ({"id": 1}, envelope("c", None, {"id": 1, "n": "1"}, False)),
        ({"id": 3}, envelope("c", None, {"id": 3, "n": "3"}, False)),
        ({"id": 4}, envelope("c", None, {"id": 4, "n": "4"}, False)),
        ({"id": 2}, envelope("u", {"id": 1, "n": gone}, {"id": 2, "n": "2"}, False)),
        ({"id": 3}, envelope("d", {"id": 3, "n": gone}, None, False)),
        ({"id": 4}, envelope("d", {"n": "4"}, None, False))], 0)
    settles(server, f"SELECT id, n FROM t_{topic}", [(2, Decimal(2))])
    assert server.sql(
        f"SELECT count(*) FROM streamhouse.dead_letters WHERE topic = '{topic}'") == [(0,)]


def test_numbers_that_are_no_times_are_dead_letters(server, topic):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, d date, c time) "
               f"{connector(topic, 'DEBEZIUM')}")
    bad = [("d", -2**63), ("d", 2**63 - 1), ("d", 99999999999), ("c", -1), ("c", 86400000001)]
    produce_pairs(server, topic, [
        (None, json.dumps({"op": "c", "after": {"id": i, name: number}}))
        for i, (name, number) in enumerate(bad)] + [
        (None, json.dumps({"op": "c", "after": {"id": 50, "d": 19000, "c": 86400000000}}))], 0)
    settles(server, f"SELECT id, d::text, c::text FROM t_{topic}", [(50, "2022-01-08", "24:00:00")])
    settles(server, f"SELECT count(*) FROM streamhouse.dead_letters WHERE topic = '{topic}'",
            [(len(bad),)])


@pytest.mark.parametrize("option", ["scan.startup.offsets", "scan.startup.topic", "watermark"])
def test_internal_options_are_refused(server, topic, option):
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        server.sql(f"CREATE TABLE t_{topic} (id int) WITH (connector = 'kafka', topic = '{topic}', "
                   f"{option} = '9223372036854775807') FORMAT PLAIN ENCODE JSON")


def test_columns_that_name_fields_keep_their_names(server, topic):
    server.sql(f"CREATE TABLE t_{topic} (id int PRIMARY KEY, v int) {connector(topic, 'PLAIN')}")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        server.sql(f"ALTER TABLE t_{topic} RENAME COLUMN v TO w")
