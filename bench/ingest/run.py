"""Ingest: JSON records over the Kafka protocol, through a source, into a view of count(*).

The clock runs from the first record a producer sends until the view over the source has counted
the last. The records are Nexmark bids.
"""

import argparse
import itertools
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import measure
import kafka_clients  # from the integration tests, as the two below
import nexmark
from streamhouse import wait_until

VISIBLE_SECONDS = 300

BIDS_IN_FIFTY = 46


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    measure.add_server_arguments(parser)
    measure.add_load_arguments(parser)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--codec", nargs="+", default=["none", "lz4", "zstd"],
                        choices=["none", "gzip", "snappy", "lz4", "zstd"])
    parser.add_argument("--client", default="kcat", choices=["kcat", "confluent-kafka"])
    return parser.parse_args()


def write_records(directory, arguments):
    """A file of exactly as many bids as asked for, one JSON object in a line."""
    nexmark.generate(directory, -(-arguments.events * 50 // BIDS_IN_FIFTY) + 50, arguments.seed)
    path = directory / "records.json"
    with open(directory / "bid.json", "rb") as bids, open(path, "wb") as records:
        records.writelines(itertools.islice(bids, arguments.events))
    return path


def produce(server, client, topic, path, codec):
    """Sends every line and returns when all are acknowledged."""
    if client == "kcat":
        measure.produce_with_kcat(server, topic, path, f"compression.codec={codec}",
                                  "linger.ms=5", "queue.buffering.max.messages=1000000")
        return
    with open(path, "rb") as lines:
        kafka_clients.produce(server, topic, (line[:-1] for line in lines), **{
            "compression.type": codec, "linger.ms": 5})


def run(server, connection, path, codec, name, arguments):
    """(seconds until acknowledged, seconds until counted, CPU seconds of the server)."""
    connection.execute(f"CREATE TOPIC {name} WITH (partitions = {arguments.partitions})")
    connection.execute(nexmark.source_ddl("bid", f"{name}_s", name))
    connection.execute(f"CREATE MATERIALIZED VIEW {name}_n AS SELECT count(*) AS n FROM {name}_s")
    cpu, begun = server.cpu_seconds(), time.monotonic()
    produce(server, arguments.client, name, path, codec)
    acknowledged = time.monotonic() - begun
    wait_until(lambda: connection.execute(f"SELECT n FROM {name}_n").fetchone()[0]
               == arguments.events, VISIBLE_SECONDS, "the count of all records")
    counted = time.monotonic() - begun
    cpu = server.cpu_seconds() - cpu
    connection.execute(f"DROP SOURCE {name}_s CASCADE")
    return acknowledged, counted, cpu


def measure_codec(server, connection, path, codec, arguments):
    """One line of the table."""
    runs = [run(server, connection, path, codec, f"ingest_{codec}_{number}", arguments)
            for number in range(arguments.runs)]
    acknowledged, counted, cpu = (measure.median(values) for values in zip(*runs, strict=True))
    return [codec, f"{acknowledged:.3f}", f"{counted:.3f}",
            measure.thousands(arguments.events / counted),
            f"{path.stat().st_size / 1e6 / counted:.1f}", f"{cpu:.2f}",
            f"{cpu / arguments.events * 1e9:.0f}"]


def main():
    arguments = parse_arguments()
    measure.print_machine()
    with measure.bench_server(arguments) as (server, directory):
        path = write_records(directory, arguments)
        with server.connect() as connection:
            lines = [measure_codec(server, connection, path, codec, arguments)
                     for codec in arguments.codec]
        print(f"{arguments.events:,} records of {path.stat().st_size / arguments.events:.0f} bytes "
              f"by {arguments.client}, {arguments.partitions} partitions, {arguments.workers} "
              f"workers, median of {arguments.runs}")
        measure.print_table(["codec", "acknowledged s", "counted s", "events/s", "MB/s",
                             "server CPU s", "CPU ns/event"], lines)
        print(f"peak resident memory of the server: {server.peak_resident_bytes() / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
