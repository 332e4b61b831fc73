"""kcat and confluent-kafka against the broker, and what becomes of their records in SQL."""

import json
import random
import re
import threading
from datetime import datetime
from decimal import Decimal

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING, OFFSET_END, KafkaError, KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic

from kafka_clients import DEADLINE, consumer, partitions_of, produce, take, take_topic
from streamhouse import wait_until

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]

EACH_CODEC = pytest.mark.parametrize("codec", CODECS)


@pytest.fixture
def topic(server, name):
    """A topic of one partition with the test's name."""
    server.sql(f"CREATE TOPIC {name} WITH (partitions = 1)")
    return name


@pytest.fixture
def wide_topic(server, name):
    """A topic of four partitions with the test's name."""
    server.sql(f"CREATE TOPIC {name} WITH (partitions = 4)")
    return name


def kcat_lines(server, topic, *arguments):
    """What kcat reads from a topic until its end, by lines."""
    done = server.kcat("-C", "-q", "-t", topic, "-e", *arguments)
    return done.stdout.decode().splitlines()


def numbered(count):
    """Distinct values that compress and do not look alike when two are swapped."""
    return [f'{{"n": {i}, "text": "{"abc" * (i % 7)}"}}'.encode() for i in range(count)]


def values_of(messages):
    return [message.value() for message in messages]


def create_source(server, name, columns, extra=""):
    """A JSON source over the topic of the same name; the name of the source."""
    server.sql(f"CREATE SOURCE {name}_s ({columns}) WITH (connector = 'kafka', "
               f"topic = '{name}'{extra}) FORMAT PLAIN ENCODE JSON")
    return f"{name}_s"


# Topics

def test_a_topic_made_by_sql_is_in_the_metadata(server, name):
    server.sql(f"CREATE TOPIC {name} WITH (partitions = 3)")
    assert f'topic "{name}" with 3 partitions'.encode() in server.kcat("-L", "-t", name).stdout
    assert partitions_of(consumer(server), name) == [0, 1, 2]


def test_a_topic_of_no_stated_size_has_one_partition(server, name):
    server.sql(f"CREATE TOPIC {name}")
    assert partitions_of(consumer(server), name) == [0]


@pytest.fixture
def admin(server):
    return AdminClient({"bootstrap.servers": server.kafka})


def error_code(future):
    """The code with which an admin request failed."""
    with pytest.raises(KafkaException) as caught:
        future.result(DEADLINE)
    return caught.value.args[0].code()


def test_the_admin_client_makes_and_deletes_topics(server, admin, name):
    admin.create_topics([NewTopic(name, 3, 1)])[name].result(DEADLINE)
    assert partitions_of(consumer(server), name) == [0, 1, 2]
    produce(server, name, [b"kept?"])
    admin.delete_topics([name])[name].result(DEADLINE)
    assert name not in admin.list_topics(timeout=10).topics
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(DEADLINE)
    assert take_topic(server, name) == [], "a new topic of an old name is empty"


def test_wrong_admin_requests_have_kafkas_codes(admin, topic):
    twice = admin.create_topics([NewTopic(topic, 1, 1)])[topic]
    assert error_code(twice) == KafkaError.TOPIC_ALREADY_EXISTS
    absent = admin.delete_topics(["no_such_topic"])["no_such_topic"]
    assert error_code(absent) == KafkaError.UNKNOWN_TOPIC_OR_PART
    odd = admin.create_topics([NewTopic("no spaces!", 1, 1)])["no spaces!"]
    assert error_code(odd) == KafkaError.TOPIC_EXCEPTION
    none = admin.create_topics([NewTopic(f"{topic}_0", 0, 1)])[f"{topic}_0"]
    assert error_code(none) == KafkaError.INVALID_PARTITIONS


def test_a_validated_topic_is_not_made(admin, name):
    admin.create_topics([NewTopic(name, 1, 1)], validate_only=True)[name].result(DEADLINE)
    assert name not in admin.list_topics(timeout=10).topics


def test_topics_of_both_makers_are_the_same_kind(server, admin, name):
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(DEADLINE)
    with pytest.raises(Exception, match=name):
        server.sql(f"CREATE TOPIC {name}")


def test_an_unknown_topic_is_an_error_to_a_consumer(server):
    client = consumer(server, **{"topic.metadata.propagation.max.ms": 500})
    client.subscribe(["no_such_topic"])
    error = wait_until(lambda: next(
        (m.error() for m in client.consume(1, 0.2) if m.error()), None), what="an error")
    assert error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC,
                            KafkaError._UNKNOWN_PARTITION)
    client.close()
    shown = server.kcat("-C", "-t", "no_such_topic", "-e", check=False)
    assert b"Unknown topic" in shown.stderr


def test_a_topic_is_made_when_a_producer_first_names_it(server):
    """Kafka's default (auto.create.topics.enable), with one partition."""
    produce(server, "made_at_first_use", [b"kept"])
    assert values_of(take_topic(server, "made_at_first_use")) == [b"kept"]


def test_an_unknown_partition_is_an_error(server, topic):
    producer = Producer({"bootstrap.servers": server.kafka, "message.timeout.ms": 20000,
                         "topic.metadata.propagation.max.ms": 500})
    errors = []
    producer.produce(topic, b"lost", partition=7, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(DEADLINE) == 0
    assert [e.code() for e in errors] == [KafkaError._UNKNOWN_PARTITION]


# Records

@EACH_CODEC
def test_kcat_reads_what_confluent_kafka_wrote(server, topic, codec):
    produce(server, topic, numbered(500), **{"compression.type": codec})
    assert kcat_lines(server, topic) == [value.decode() for value in numbered(500)]


@EACH_CODEC
def test_confluent_kafka_reads_what_kcat_wrote(server, topic, codec):
    server.kcat("-P", "-t", topic, "-X", f"compression.codec={codec}",
                stdin=b"\n".join(numbered(500)) + b"\n")
    assert values_of(take_topic(server, topic)) == numbered(500)


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_each_kind_of_acknowledgement_keeps_every_record(server, topic, acks):
    produce(server, topic, numbered(300), acks=acks)
    client = consumer(server)
    client.assign([TopicPartition(topic, 0, 0)])
    assert values_of(take(client, 300)) == numbered(300)
    client.close()


@EACH_CODEC
def test_an_idempotent_producer_writes_each_record_once(server, wide_topic, codec):
    reports = produce(server, wide_topic, numbered(2000), **{
        "enable.idempotence": True, "compression.type": codec, "linger.ms": 1})
    stored = {(m.partition(), m.offset()): m.value() for m in take_topic(server, wide_topic)}
    assert stored == {(m.partition(), m.offset()): m.value() for m in reports}
    assert sorted(stored.values()) == sorted(numbered(2000))


def test_keys_and_headers_arrive_as_they_were_sent(server, topic):
    headers = [("trace", b"\x00\xff"), ("trace", b"again"), ("empty", b""), ("null", None)]
    produce(server, topic, [{"key": b"k\x001", "value": b"v", "headers": headers}])
    message = take_topic(server, topic)[0]
    assert (message.key(), message.value()) == (b"k\x001", b"v")
    assert message.headers() == headers


def test_kcat_keys_and_headers_arrive(server, topic):
    server.kcat("-P", "-t", topic, "-K", ":", "-H", "origin=kcat", "-H", "n=1",
                stdin=b"a:first\nb:second\n")
    assert [(m.key(), m.value(), m.headers()) for m in take_topic(server, topic)] == [
        (key, value, [("origin", b"kcat"), ("n", b"1")])
        for key, value in [(b"a", b"first"), (b"b", b"second")]]
    lines = kcat_lines(server, topic, "-f", "%k=%s[%h]\\n")
    assert lines == ["a=first[origin=kcat,n=1]", "b=second[origin=kcat,n=1]"]


def test_null_and_empty_are_different_keys_and_values(server, topic):
    pairs = [(None, b"v"), (b"", b"v"), (b"k", None), (b"k", b""), (None, None)]
    produce(server, topic, [{"key": key, "value": value} for key, value in pairs])
    assert [(m.key(), m.value()) for m in take_topic(server, topic)] == pairs
    shown = [json.loads(line) for line in kcat_lines(server, topic, "-J")]
    assert [(row["key"], row["payload"]) for row in shown] == [
        tuple(part if part is None else part.decode() for part in pair) for pair in pairs]


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_messages_of_almost_a_megabyte_fit(server, topic, codec):
    noise = random.Random(1)
    values = [noise.randbytes(900_000) for _ in range(5)] + [bytes(900_000)]
    produce(server, topic, values, **{"compression.type": codec})
    assert values_of(take_topic(server, topic)) == values


def test_a_message_beyond_any_limit_is_refused_and_the_next_is_not(server, topic):
    """Whatever the limit is, it is an answer and not a broken connection or an end of memory."""
    producer = Producer({"bootstrap.servers": server.kafka, "message.max.bytes": 100_000_000,
                         "message.timeout.ms": 20000})
    reports = []
    producer.produce(topic, bytes(80_000_000), on_delivery=lambda e, _: reports.append(e))
    assert producer.flush(DEADLINE) == 0
    assert [e.code() for e in reports] == [KafkaError.MSG_SIZE_TOO_LARGE]
    produce(server, topic, [b"small"])
    assert values_of(take_topic(server, topic)) == [b"small"]


def test_producers_side_by_side_share_a_topic(server, wide_topic):
    """Offsets have no holes, no record is missing or twice, each producer's keep their order."""
    def work(worker):
        values = [f"{worker}:{i}".encode() for i in range(1000)]
        produce(server, wide_topic, values, partition=worker % 4, **{"linger.ms": 1})
    threads = [threading.Thread(target=work, args=[worker], daemon=True) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * DEADLINE)
    messages = take_topic(server, wide_topic)
    for partition in range(4):
        offsets = [m.offset() for m in messages if m.partition() == partition]
        assert offsets == list(range(2000))
    for worker in range(8):
        mine = [m.value() for m in messages if m.value().startswith(b"%d:" % worker)]
        assert mine == [f"{worker}:{i}".encode() for i in range(1000)]


# Offsets and timestamps

def test_consuming_begins_where_it_is_told(server, topic):
    produce(server, topic, numbered(100), **{"linger.ms": 0})
    lines = [value.decode() for value in numbered(100)]
    assert kcat_lines(server, topic, "-o", "beginning") == lines
    assert kcat_lines(server, topic, "-o", "10", "-p", "0") == lines[10:]
    assert kcat_lines(server, topic, "-o", "-5", "-p", "0") == lines[-5:]
    assert kcat_lines(server, topic, "-o", "end", "-p", "0") == []


def test_an_offset_inside_a_batch_is_found(server, topic):
    produce(server, topic, numbered(1000), **{"linger.ms": 50, "compression.type": "lz4"})
    client = consumer(server)
    for offset in (0, 1, 499, 998, 999):
        client.assign([TopicPartition(topic, 0, offset)])
        message = take(client, 1)[0]
        assert (message.offset(), message.value()) == (offset, numbered(1000)[offset])
    client.close()


def test_an_offset_beyond_the_end_is_reset_as_asked(server, topic):
    produce(server, topic, numbered(3))
    client = consumer(server)
    client.assign([TopicPartition(topic, 0, 1000)])
    assert values_of(take(client, 3)) == numbered(3)
    client.close()


def test_watermarks_are_the_first_and_the_next_offset(server, topic):
    client = consumer(server)
    assert client.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 0)
    produce(server, topic, numbered(42))
    assert client.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 42)
    client.close()


def test_timestamps_are_the_producers_and_lead_to_offsets(server, topic):
    base = 1_700_000_000_000
    produce(server, topic, [{"value": b"%d" % i, "timestamp": base + 1000 * i}
                            for i in range(100)], **{"batch.num.messages": 7})
    assert [m.timestamp() for m in take_topic(server, topic)] == [
        (1, base + 1000 * i) for i in range(100)]
    client = consumer(server)

    def offset_at(time):
        found = client.offsets_for_times([TopicPartition(topic, 0, time)], timeout=10)
        return found[0].offset

    assert [offset_at(base + t) for t in (-5000, 0, 1, 41_000, 98_999)] == [0, 0, 1, 41, 99]
    assert offset_at(base + 99_001) == OFFSET_END
    client.close()
    assert kcat_lines(server, topic, "-o", f"s@{base + 90_500}", "-p", "0") == [
        str(i) for i in range(91, 100)]


def test_a_waiting_consumer_is_woken_by_a_record(server, topic):
    """The fetch waits longer at the broker than this test does for its answer."""
    client = consumer(server, **{"fetch.wait.max.ms": 60_000, "socket.timeout.ms": 120_000})
    client.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    assert client.poll(0.5) is None
    produce(server, topic, [b"wake up"])
    assert values_of(take(client, 1, deadline=10)) == [b"wake up"]
    client.close()


def test_records_and_offsets_survive_a_restart(fresh):
    fresh.sql("CREATE TOPIC kept WITH (partitions = 2)")
    first = produce(fresh, "kept", numbered(500), **{"enable.idempotence": True})
    fresh.stop()
    fresh.restart()
    second = produce(fresh, "kept", numbered(100))
    stored = {(m.partition(), m.offset()): m.value() for m in take_topic(fresh, "kept")}
    assert stored == {(m.partition(), m.offset()): m.value() for m in first + second}
    assert len(stored) == 600


# Groups

def committed(server, group, topic, partitions=1):
    """The offsets a group has committed, None where there is none."""
    client = consumer(server, group)
    found = client.committed([TopicPartition(topic, p) for p in range(partitions)], timeout=10)
    client.close()
    return [p.offset if p.offset >= 0 else None for p in found]


def test_a_group_resumes_where_it_committed(server, topic):
    produce(server, topic, numbered(100))
    first = consumer(server, topic)
    first.subscribe([topic])
    messages = take(first, 30)
    first.commit(messages[-1], asynchronous=False)
    take(first, 10)
    first.close()
    assert committed(server, topic, topic) == [30]
    second = consumer(server, topic)
    second.subscribe([topic])
    assert values_of(take(second, 70)) == numbered(100)[30:]
    second.close()


def test_a_group_resumes_after_the_server_was_restarted(fresh):
    fresh.sql("CREATE TOPIC kept WITH (partitions = 1)")
    produce(fresh, "kept", numbered(100))
    client = consumer(fresh, "readers")
    client.subscribe(["kept"])
    client.commit(take(client, 60)[-1], asynchronous=False)
    client.close()
    for end in (fresh.stop, fresh.kill9):
        end()
        fresh.restart()
        assert committed(fresh, "readers", "kept") == [60]
    client = consumer(fresh, "readers")
    client.subscribe(["kept"])
    assert values_of(take(client, 40)) == numbered(100)[60:]
    client.close()


def test_a_member_lives_through_a_restart_of_the_server(fresh):
    fresh.sql("CREATE TOPIC kept WITH (partitions = 1)")
    client = consumer(fresh, "readers", **{"session.timeout.ms": 6000})
    client.subscribe(["kept"])
    produce(fresh, "kept", numbered(10))
    client.commit(take(client, 10)[-1], asynchronous=False)
    fresh.stop()
    fresh.restart()
    produce(fresh, "kept", [b"after"])
    found = []

    def came():
        found.extend(m.value() for m in client.consume(10, 0.2) if not m.error())
        return b"after" in found

    wait_until(came, what="the record produced after the restart")
    client.close()


def test_kcat_is_a_member_of_a_group(server, wide_topic):
    produce(server, wide_topic, numbered(200))
    done = server.kcat("-q", "-G", wide_topic, "-e", "-X", "auto.offset.reset=earliest", wide_topic)
    assert sorted(done.stdout.splitlines()) == sorted(numbered(200))
    # A partition that got no record has no offset.
    assert sum(end or 0 for end in committed(server, wide_topic, wide_topic, 4)) == 200
    again = server.kcat("-q", "-G", wide_topic, "-e", "-X", "auto.offset.reset=earliest",
                        wide_topic)
    assert again.stdout == b""


class Member:
    """A group member that takes part in rebalances whenever it is polled."""

    def __init__(self, server, group, topic, **settings):
        self.client = consumer(server, group, **{"session.timeout.ms": 6000,
                                                 "heartbeat.interval.ms": 200, **settings})
        self.values = []
        self.client.subscribe([topic])

    def poll(self):
        self.values += [m.value() for m in self.client.consume(100, 0.05) if not m.error()]
        return {p.partition for p in self.client.assignment()}


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "cooperative-sticky"])
def test_two_members_share_the_partitions_and_one_inherits(server, wide_topic, strategy):
    settings = {"partition.assignment.strategy": strategy}
    one = Member(server, wide_topic, wide_topic, **settings)
    wait_until(lambda: len(one.poll()) == 4, what="the first member alone")
    two = Member(server, wide_topic, wide_topic, **settings)

    def shared():
        first, second = one.poll(), two.poll()
        return len(first) == len(second) == 2 and first | second == {0, 1, 2, 3}

    wait_until(shared, what="two partitions each")
    produce(server, wide_topic, numbered(400))

    def all_read():
        one.poll(), two.poll()
        return len(one.values) + len(two.values) >= 400

    wait_until(all_read, what="every record at one of the two")
    assert sorted(one.values + two.values) == sorted(numbered(400))
    one.client.close()
    wait_until(lambda: len(two.poll()) == 4, what="the second member alone")
    two.client.close()


def test_the_partitions_of_a_silent_member_go_to_another(server, wide_topic):
    """A member that neither polls nor leaves is out after its session timeout."""
    silent = Member(server, wide_topic, wide_topic, **{
        "max.poll.interval.ms": 6000, "session.timeout.ms": 6000})
    wait_until(lambda: len(silent.poll()) == 4, what="the first member alone")
    heir = Member(server, wide_topic, wide_topic)
    wait_until(lambda: len(heir.poll()) == 4, 60, what="all partitions at the heir")
    heir.client.close()
    silent.client.close()


def test_groups_do_not_share_their_offsets(server, topic):
    produce(server, topic, numbered(10))
    for group in ("a", "b"):
        client = consumer(server, f"{topic}_{group}")
        client.subscribe([topic])
        messages = take(client, 10)
        client.commit(messages[4 if group == "a" else 9], asynchronous=False)
        client.close()
    assert committed(server, f"{topic}_a", topic) == [5]
    assert committed(server, f"{topic}_b", topic) == [10]
    assert committed(server, f"{topic}_c", topic) == [None]


def test_only_members_commit_while_there_are_members(server, topic):
    produce(server, topic, numbered(1))
    member = consumer(server, topic)
    member.subscribe([topic])
    message = take(member, 1)[0]
    outsider = consumer(server, topic)
    with pytest.raises(KafkaException) as caught:
        outsider.commit(message, asynchronous=False)
    assert caught.value.args[0].code() == KafkaError.UNKNOWN_MEMBER_ID
    assert committed(server, topic, topic) == [None]
    member.close()
    outsider.commit(message, asynchronous=False)
    outsider.close()
    assert committed(server, topic, topic) == [1]


# Into SQL

@EACH_CODEC
def test_a_view_has_every_record_of_either_client(server, wide_topic, codec):
    source = create_source(server, wide_topic, "n bigint, text text")
    server.sql(f"CREATE MATERIALIZED VIEW {wide_topic}_v AS SELECT count(*) AS rows, "
               f"sum(n) AS total, max(n) AS last FROM {source}")
    produce(server, wide_topic, numbered(1000), **{"compression.type": codec})
    server.kcat("-P", "-t", wide_topic, "-X", f"compression.codec={codec}",
                stdin=b"\n".join(numbered(1000)) + b"\n")
    wait_until(lambda: server.sql(f"SELECT * FROM {wide_topic}_v") == [(2000, 999000, 999)],
               what="the view's totals")


def test_a_view_made_later_begins_with_the_backlog(server, wide_topic):
    produce(server, wide_topic, numbered(5000))
    source = create_source(server, wide_topic, "n bigint")
    server.sql(f"CREATE MATERIALIZED VIEW {wide_topic}_v AS SELECT count(*) AS rows FROM {source}")
    assert server.sql(f"SELECT rows FROM {wide_topic}_v") == [(5000,)], "caught up on return"
    assert server.sql(f"SELECT count(*), sum(n) FROM {source}") == [(5000, 12497500)]


def test_a_source_may_begin_with_the_latest(server, topic):
    produce(server, topic, numbered(10))
    source = create_source(server, topic, "n bigint", ", scan.startup.mode = 'latest'")
    server.sql(f"CREATE MATERIALIZED VIEW {topic}_v AS SELECT n FROM {source}")
    produce(server, topic, [b'{"n": 1000}'])
    wait_until(lambda: server.sql(f"SELECT n FROM {topic}_v") == [(1000,)],
               what="the one record that came later")


def test_a_view_in_the_background_arrives_in_the_end(server, topic):
    produce(server, topic, numbered(1000))
    source = create_source(server, topic, "n bigint")
    server.sql(f"CREATE MATERIALIZED VIEW {topic}_v WITH (background = true) AS "
               f"SELECT count(*) AS rows FROM {source}")
    wait_until(lambda: server.sql(f"SELECT rows FROM {topic}_v") == [(1000,)],
               what="the view's backlog")


JSON_CASES = [
    ('{"b": true, "s": 1, "i": 2, "l": 3, "d": 1.5, "m": 12.50, "t": "x", "at": '
     '"2024-02-29 23:59:59.5"}',
     (True, 1, 2, 3, 1.5, Decimal("12.50"), "x", datetime(2024, 2, 29, 23, 59, 59, 500000))),
    ('{"at": "2015-07-15T00:00:00", "t": "\\u00e9\\n\\"\\ud83d\\udc1f", "b": false}',
     (False, None, None, None, None, None, 'é\n"🐟', datetime(2015, 7, 15))),
    ('{"l": 9223372036854775807, "d": -1e-7, "m": 123456789012345678901234567890.123}',
     (None, None, None, 9223372036854775807, -1e-07,
      Decimal("123456789012345678901234567890.123"), None, None)),
    ('{}', (None,) * 8),
    ('{"b": null, "s": null, "i": null, "l": null, "d": null, "m": null, "t": null, "at": null}',
     (None,) * 8),
    ('  {"unknown": {"l": [1, {"t": "no"}]}, "t": "", "l": 0, "more": [[]]}  ',
     (None, None, None, 0, None, None, "", None)),
]


@pytest.mark.parametrize("text, row", JSON_CASES)
def test_json_becomes_typed_columns(server, name, text, row):
    server.sql(f"CREATE TOPIC {name}")
    source = create_source(server, name, "b boolean, s smallint, i integer, l bigint, "
                           "d double precision, m numeric, t text, at timestamp")
    produce(server, name, [text.encode()])
    wait_until(lambda: server.sql(f"SELECT * FROM {source}") == [row], 10, "the row")


UNDECODABLE = [b"not json", b"", b"{", b"[1]", b'{"n": "abc"}', b'{"n": 99999999999999999999}',
               b'{"n": 1.5}', b'{"n": {"x": 1}}', b'{"n": 1} trailing', b'\xff\xfe{"n": 1}']


def test_undecodable_records_become_dead_letters_and_the_source_goes_on(server, wide_topic):
    source = create_source(server, wide_topic, "n bigint")
    server.sql(f"CREATE MATERIALIZED VIEW {wide_topic}_v AS "
               f"SELECT count(*) AS rows, sum(n) AS total FROM {source}")
    before = dead_letters_counted(server)
    mixed = [value for i, bad in enumerate(UNDECODABLE) for value in (b'{"n": %d}' % i, bad)]
    reports = produce(server, wide_topic, mixed)
    produce(server, wide_topic, [b'{"n": 1000}'])
    wait_until(lambda: server.sql(f"SELECT * FROM {wide_topic}_v") == [(11, 1045)],
               what="the decodable rows")
    expected = sorted((m.partition(), m.offset(), m.value() or b"") for m in reports
                      if m.value() in UNDECODABLE)
    assert wait_until(lambda: dead_letters(server, wide_topic, len(UNDECODABLE)),
                      what="the dead letters") == expected
    assert dead_letters_counted(server) - before == len(UNDECODABLE)


def dead_letters(server, topic, count):
    """(partition, offset, raw bytes) of a topic's dead letters once there are `count`."""
    rows = server.sql('SELECT source, partition, "offset", raw, reason '
                      "FROM streamhouse.dead_letters WHERE topic = %s", [topic])
    assert all(row[0].removeprefix("public.") == f"{topic}_s" and row[4] for row in rows)
    found = sorted((row[1], row[2], as_bytes(row[3])) for row in rows)
    return found if len(found) >= count else None


def as_bytes(raw):
    """Raw bytes, whether their column is bytea or text."""
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else bytes(raw)


def dead_letters_counted(server):
    """The sum of all metrics samples that count dead letters."""
    samples = re.findall(r"^\w*dead_letters?\w*(?:\{.*\})? (\S+)$", server.http("/metrics")[2],
                         re.MULTILINE)
    return sum(map(float, samples))


def test_dead_letters_survive_a_restart_once(fresh):
    fresh.sql("CREATE TOPIC events WITH (partitions = 1)")
    source = create_source(fresh, "events", "n bigint")
    fresh.sql(f"CREATE MATERIALIZED VIEW totals AS SELECT sum(n) AS total FROM {source}")
    produce(fresh, "events", [b'{"n": 1}', b"bad", b'{"n": 2}'])
    wait_until(lambda: dead_letters(fresh, "events", 1), what="the dead letter")
    for end in (fresh.stop, fresh.kill9):
        end()
        fresh.restart()
        wait_until(lambda: fresh.sql("SELECT total FROM totals") == [(3,)], what="the total")
        assert dead_letters(fresh, "events", 1) == [(0, 1, b"bad")]


def test_a_topic_that_is_read_is_not_deleted(server, admin, topic):
    """Its records are the only copy of what the source's readers have not kept yet."""
    source = create_source(server, topic, "n bigint")
    server.sql(f"CREATE MATERIALIZED VIEW {topic}_v AS SELECT count(*) AS rows FROM {source}")
    produce(server, topic, numbered(100))
    with pytest.raises(KafkaException) as error:
        admin.delete_topics([topic])[topic].result(DEADLINE)
    assert error.value.args[0].code() == KafkaError.POLICY_VIOLATION
    wait_until(lambda: server.sql(f"SELECT rows FROM {topic}_v") == [(100,)], what="all records")
    server.sql(f"DROP SOURCE {source} CASCADE")
    admin.delete_topics([topic])[topic].result(DEADLINE)
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(DEADLINE)
    create_source(server, topic, "n bigint")
    produce(server, topic, [b'{"n": 1000}', b'{"n": 1000}'])
    # The new topic's records are not taken for old ones.
    wait_until(lambda: server.sql(f"SELECT count(*), sum(n) FROM {source}") == [(2, 2000)],
               what="the new topic's two")
