"""Freshness: from produce() to visible over Postgres, at a steady rate, with linger.ms=0.

One process produces numbered records to one partition and notes when it sent each. Another reads
the count of a view in a loop: the records it sees for the first time in an answer were visible at
the latest when that answer arrived. What a record took is the difference; it includes on average
half an interval between two reads.
"""

import argparse
import multiprocessing
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import measure
import kafka_clients  # from the integration tests
from confluent_kafka import Producer

TICK_SECONDS = 0.0005

WARM_UP_SECONDS = 2
"""Records of the first seconds are sent and not counted."""

SLACK_SECONDS = 30
"""Beyond the planned duration, until the last record must be visible."""

PERCENTILES = [50, 90, 99, 99.9]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[1_000, 10_000],
                        help="records a second, one line of the table each")
    parser.add_argument("--seconds", type=int, default=10, help="of each rate, after warming up")
    parser.add_argument("--read-interval-ms", type=float, default=1.0)
    measure.add_server_arguments(parser)
    return parser.parse_args()


def produce_steadily(server, topic, rate, sent):
    """Sends record n at n / rate seconds after the start, as near as the clock allows; `sent`
    gets the time of each. Runs in a process of its own."""
    producer = Producer({"bootstrap.servers": server.kafka, "linger.ms": 0})
    producer.list_topics(topic, timeout=10)
    begun = time.monotonic()
    number = 0
    while number < len(sent):
        due = min(int((time.monotonic() - begun) * rate) + 1, len(sent))
        while number < due:
            sent[number] = time.monotonic_ns()
            kafka_clients.send(producer, topic, value=b'{"n": %d}' % number)
            number += 1
        producer.poll(0)
        time.sleep(TICK_SECONDS)
    producer.flush(SLACK_SECONDS)


def watch(connection, view, sent, interval, deadline):
    """When each record was first seen, in the clock of `sent`."""
    seen = []
    while len(seen) < len(sent):
        begun = time.monotonic()
        count = connection.execute(f"SELECT n FROM {view}", prepare=True).fetchone()[0]
        seen.extend([time.monotonic_ns()] * (count - len(seen)))
        if begun > deadline:
            raise TimeoutError(f"{len(seen)} of {len(sent)} records are visible")
        time.sleep(max(0.0, interval - (time.monotonic() - begun)))
    return seen


def measure_rate(server, rate, arguments):
    """One line of the table."""
    topic = f"fresh_{rate}"
    count = rate * (WARM_UP_SECONDS + arguments.seconds)
    server.sql(f"CREATE TOPIC {topic} WITH (partitions = 1)")
    server.sql(f"CREATE SOURCE {topic}_s (n bigint) WITH (connector = 'kafka', "
               f"topic = '{topic}') FORMAT PLAIN ENCODE JSON")
    server.sql(f"CREATE MATERIALIZED VIEW {topic}_n AS SELECT count(*) AS n FROM {topic}_s")
    sent = multiprocessing.Array("q", count, lock=False)
    producing = multiprocessing.Process(target=produce_steadily, args=(server, topic, rate, sent))
    cpu, begun = server.cpu_seconds(), time.monotonic()
    producing.start()
    try:
        with server.connect() as connection:
            seen = watch(connection, f"{topic}_n", sent, arguments.read_interval_ms / 1000,
                         begun + WARM_UP_SECONDS + arguments.seconds + SLACK_SECONDS)
    finally:
        producing.terminate()
        producing.join()
    elapsed, cpu = time.monotonic() - begun, server.cpu_seconds() - cpu
    first = rate * WARM_UP_SECONDS
    achieved = (count - first - 1) / (sent[count - 1] - sent[first]) * 1e9
    waits = sorted((seen[n] - sent[n]) / 1e6 for n in range(first, count))
    return [measure.thousands(rate), measure.thousands(achieved),
            *(f"{waits[int(len(waits) * p / 100)]:.2f}" for p in PERCENTILES),
            f"{waits[-1]:.2f}", f"{cpu / elapsed:.2f}"]


def main():
    arguments = parse_arguments()
    measure.print_machine()
    with measure.bench_server(arguments) as (server, _):
        lines = [measure_rate(server, rate, arguments) for rate in arguments.rates]
        print(f"milliseconds from produce() to visible, {arguments.seconds} s each, "
              f"{arguments.workers} workers, a read every {arguments.read_interval_ms} ms")
        measure.print_table(["records/s", "achieved", *(f"p{p:g}" for p in PERCENTILES), "max",
                             "server cores"], lines)


if __name__ == "__main__":
    main()
