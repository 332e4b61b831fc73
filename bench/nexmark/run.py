"""Nexmark: from pre-loaded topics to a caught-up view, beside DuckDB in the same run.

For each query, a view is made over topics that hold all events already, and the clock runs until
CREATE MATERIALIZED VIEW returns, which it does when the view has caught up. DuckDB, with one
thread, makes a table of the same query from the same events as JSON files. Rates count all events,
whichever streams a query reads.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import measure
import nexmark  # from the integration tests

QUERIES = ["q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q11", "q15", "q16", "q17", "q18",
           "q19", "q20", "q21", "q22"]

VIEW_SECONDS = 300


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    measure.add_server_arguments(parser)
    measure.add_load_arguments(parser)
    parser.add_argument("--queries", nargs="+", default=QUERIES, choices=QUERIES, metavar="q")
    parser.add_argument("--partitions", type=int, default=4, help="of each topic")
    return parser.parse_args()


def load_topics(server, directory, arguments):
    """Generates the events, produces them with kcat and makes the sources."""
    nexmark.generate(directory, arguments.events, arguments.seed)
    begun = time.monotonic()
    for stream in nexmark.STREAMS:
        server.sql(f"CREATE TOPIC {stream} WITH (partitions = {arguments.partitions})")
        measure.produce_with_kcat(server, stream, directory / f"{stream}.json")
        server.sql(nexmark.source_ddl(stream))
    print(f"{arguments.events:,} events in topics after {time.monotonic() - begun:.1f} s")


def run_streamhouse(server, connection, query):
    """(seconds, CPU seconds of the server, rows) of one view, which is dropped afterwards."""
    cpu, begun = server.cpu_seconds(), time.monotonic()
    with measure.interrupted_after(VIEW_SECONDS, connection.cancel):
        connection.execute(f"CREATE MATERIALIZED VIEW measured AS {nexmark.query(query)}")
    seconds, cpu = time.monotonic() - begun, server.cpu_seconds() - cpu
    rows = connection.execute("SELECT count(*) FROM measured").fetchone()[0]
    connection.execute("DROP MATERIALIZED VIEW measured")
    return seconds, cpu, rows


def run_duckdb(database, query):
    """(seconds, rows) of one table."""
    begun = time.monotonic()
    with measure.interrupted_after(VIEW_SECONDS, database.interrupt):
        database.execute(f"CREATE OR REPLACE TABLE measured AS {nexmark.duckdb_query(query)}")
    seconds = time.monotonic() - begun
    return seconds, database.execute("SELECT count(*) FROM measured").fetchone()[0]


def measure_query(server, connection, database, query, arguments):
    """One line of the table: medians of alternating runs."""
    ours, theirs = [], []
    for _ in range(arguments.runs):
        ours.append(run_streamhouse(server, connection, query))
        theirs.append(run_duckdb(database, query))
    seconds, cpu = (measure.median(run[i] for run in ours) for i in range(2))
    duckdb_seconds = measure.median(run[0] for run in theirs)
    rows = {run[-1] for run in ours + theirs}
    return [query, measure.thousands(rows.pop()) if len(rows) == 1 else f"WRONG {sorted(rows)}",
            f"{seconds:.3f}", measure.thousands(arguments.events / seconds), f"{cpu:.2f}",
            f"{duckdb_seconds:.3f}", measure.thousands(arguments.events / duckdb_seconds),
            f"{duckdb_seconds / seconds:.2f}"]


def main():
    arguments = parse_arguments()
    measure.print_machine()
    with measure.bench_server(arguments) as (server, directory):
        load_topics(server, directory, arguments)
        database = nexmark.open_duckdb(directory, threads=1)
        with server.connect() as connection:
            lines = [measure_query(server, connection, database, query, arguments)
                     for query in arguments.queries]
        print(f"{arguments.workers} workers, DuckDB 1 thread, median of {arguments.runs}; "
              "ratio above 1: Streamhouse is the faster")
        measure.print_table(["query", "rows", "seconds", "events/s", "CPU s", "DuckDB s",
                             "events/s", "ratio"], lines)
        print(f"peak resident memory of the server: {server.peak_resident_bytes() / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
