"""Nexmark by kcat: views made before, during and after the data are DuckDB's batch answers."""

import subprocess
from itertools import islice

import pytest

import nexmark
from nexmark_inputs import PARTITIONS, Changing, Growing
from streamhouse import CLIENT_SECONDS, clean_environment, wait_until

QUERIES = {name: (nexmark.query(name), nexmark.duckdb_query(name)) for name in nexmark.NAMES}


def narrowed(text):
    return text.replace("10 seconds", "500 milliseconds").replace("2 seconds", "100 milliseconds")


# 10,000 events are a second of event time; these have many windows of them.
QUERIES |= {f"{name}_narrow": tuple(narrowed(text) for text in QUERIES[name])
            for name in ["q5", "q7", "q8", "q11"]}

MOMENTS = ["before", "during", "after"]

SLICES = 6
"""Parts of the second half of the events, while each of which some of the views are made."""

SEED = 42

GENERATOR_EVENTS = 20_000

CATCH_UP_SECONDS = 120
"""From the last acknowledgement to the last row in the views; a deadline, not an expectation."""

RECOVERY_SECONDS = 300
"""From the start after a kill to the ready line; as above, and a million events are gigabytes."""

LONG = [pytest.mark.long, pytest.mark.timeout(3600)]

PARTS = 4
"""Into how many runs the queries are cut for a million events: all their views take over 11 GB."""

RUNS = [pytest.param(20_000, list(QUERIES), id="20000")] + [
    pytest.param(1_000_000, list(QUERIES)[part::PARTS], marks=LONG, id=f"1000000-{part}")
    for part in range(PARTS)]


@pytest.mark.parametrize("count, queries", RUNS)
@pytest.mark.parametrize("kind", [Growing, Changing])
def test_views_equal_duckdb_whenever_they_were_made(fresh, tmp_path, kind, count, queries):
    """Half of the records come before the views `during`, which are made while records of all three
    streams arrive."""
    nexmark.generate(tmp_path, count, SEED)
    streams = kind(tmp_path, SEED)
    for stream, partitions in PARTITIONS.items():
        fresh.sql(f"CREATE TOPIC {stream} WITH (partitions = {partitions})")
        fresh.sql(streams.ddl(stream))
        fresh.sql(f"CREATE MATERIALIZED VIEW {stream}_n AS {streams.progress(stream)[0]}")
    slices = cut(tmp_path)

    create_views(fresh, queries, "before")
    finish(start_kcat(fresh, slices[0]))
    for number, arriving in enumerate(slices[1:]):
        producers = start_kcat(fresh, arriving)
        create_views(fresh, queries[number::SLICES], "during")
        finish(producers)
    streams.finish(fresh)
    create_views(fresh, queries, "after")

    judge = streams.judge({query: QUERIES[query] for query in queries})
    wait_for_all(fresh, streams)
    compare(fresh, judge, tmp_path)
    fresh.kill9()
    fresh.launch().await_ready(RECOVERY_SECONDS)
    wait_for_all(fresh, streams)
    compare(fresh, judge, tmp_path)


def create_views(server, queries, moment):
    with server.connect() as connection:
        for query in queries:
            connection.execute(f"CREATE MATERIALIZED VIEW {query}_{moment} AS {QUERIES[query][0]}")


def wait_for_all(server, streams):
    """Waits until every record has reached the views."""
    wanted = {stream: streams.progress(stream)[1] for stream in PARTITIONS}
    wait_until(lambda: {stream: server.sql(f"SELECT n FROM {stream}_n")[0][0]
                        for stream in PARTITIONS} == wanted, CATCH_UP_SECONDS, f"views of {wanted}")


def cut(directory):
    """Half of each stream's records as one file and the rest in as many as there are slices;
    lists of (stream, path), one list for each point in time."""
    parts = [[] for _ in range(SLICES + 1)]
    for stream in PARTITIONS:
        with open(directory / f"{stream}.records", "rb") as whole:
            lines = sum(1 for _ in whole)
            whole.seek(0)
            rest = -(-(lines - lines // 2) // SLICES)
            for number, part in enumerate(parts):
                path = directory / f"{stream}.{number}.records"
                path.write_bytes(b"".join(islice(whole, rest if number else lines // 2)))
                part.append((stream, path))
    return parts


def start_kcat(server, files):
    """One kcat for each file, all at once; they go on after the return."""
    return [subprocess.Popen(["kcat", "-P", "-b", server.kafka, "-t", stream, "-K", "\t", "-Z",
                              "-l", str(path)], env=clean_environment(), stderr=subprocess.PIPE)
            for stream, path in files]


def finish(producers):
    for producer in producers:
        _, errors = producer.communicate(timeout=CLIENT_SECONDS)
        assert producer.returncode == 0, errors


def compare(server, judge, directory):
    """Each view, and each query typed as it is, against DuckDB."""
    for query in judge.columns:
        relations = [f"SELECT * FROM {query}_{moment}" for moment in MOMENTS] + [QUERIES[query][0]]
        files = [directory / f"ours.{number}.csv" for number in range(len(relations))]
        server.psql("--csv", "-t", "-q", "-P", f"null={nexmark.NULL}", script="".join(
            f"\\o {file}\n{judge.statement(query, relation)};\n"
            for file, relation in zip(files, relations, strict=True)))
        for file, relation in zip(files, relations, strict=True):
            judge.compare(query, file, relation)


def test_the_generator_source_has_the_events_of_the_command(fresh, tmp_path):
    """`connector = 'nexmark'` and `streamhouse generate nexmark` are one generator."""
    nexmark.generate(tmp_path, GENERATOR_EVENTS, SEED)
    database = nexmark.open_duckdb(tmp_path)
    for stream in nexmark.STREAMS:
        fresh.sql(f"CREATE SOURCE {stream} ({nexmark.columns(stream)}) WITH ("
                  f"connector = 'nexmark', nexmark.table = '{stream}', nexmark.rate = 1000000, "
                  f"nexmark.count = {GENERATOR_EVENTS}, nexmark.seed = {SEED})")
        fresh.sql(f"CREATE MATERIALIZED VIEW {stream}_v AS SELECT * FROM {stream}")
    for stream in nexmark.STREAMS:
        expected = database.execute(f"SELECT * FROM {stream}").fetchall()
        wait_for_rows(fresh, f"{stream}_v", len(expected))
        assert sorted(fresh.sql(f"SELECT * FROM {stream}_v")) == sorted(expected)


def wait_for_rows(server, view, count):
    """Waits until a view has as many rows as it will ever have, or more."""
    wait_until(lambda: server.sql(f"SELECT count(*) FROM {view}")[0][0] >= count,
               CATCH_UP_SECONDS, f"{count} rows in {view}")
