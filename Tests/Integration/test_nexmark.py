"""Nexmark by kcat: views made before, during and after the data are DuckDB's batch answers."""

import subprocess
from itertools import islice

import pytest

import nexmark
from streamhouse import CLIENT_SECONDS, clean_environment, wait_until

QUERIES = {name: (nexmark.query(name), nexmark.duckdb_query(name))
           for name in ["q1", "q2", "q3", "q4", "q7", "q17"]}

# 100,000 events are ten seconds of event time and one window of q7, so here are more of them.
QUERIES["q7_narrow"] = tuple(text.replace("10 seconds", "1 second") for text in QUERIES["q7"])

PARTITIONS = {"person": 1, "auction": 2, "bid": 4}

SEED = 42

GENERATOR_EVENTS = 20_000

CATCH_UP_SECONDS = 120
"""From the last acknowledgement to the last row in the views; a deadline, not an expectation."""


@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=[
    pytest.mark.long, pytest.mark.timeout(1800)])])
def test_views_equal_duckdb_whenever_they_were_made(fresh, tmp_path, count):
    """Half of the events come before the views `during`, the rest in a slice for each of them,
    so that each is made while records of all three streams arrive."""
    nexmark.generate(tmp_path, count, SEED)
    shares = {stream: nexmark.lines_in(tmp_path / f"{stream}.json") for stream in nexmark.STREAMS}
    assert shares == {"person": count // 50, "auction": 3 * count // 50, "bid": 46 * count // 50}
    create_streams(fresh)
    slices = cut(tmp_path, shares)

    for query in QUERIES:
        create_view(fresh, query, "before")
    finish(start_kcat(fresh, slices[0]))
    for query, arriving in zip(QUERIES, slices[1:], strict=True):
        producers = start_kcat(fresh, arriving)
        create_view(fresh, query, "during")
        finish(producers)
    for query in QUERIES:
        create_view(fresh, query, "after")

    wait_until(lambda: counted(fresh) == shares, CATCH_UP_SECONDS, f"views of {shares}")
    judge = nexmark.Judge(tmp_path, {name: text for name, (_, text) in QUERIES.items()})
    compare(fresh, judge, tmp_path, ["before", "during", "after"])
    fresh.kill9()
    fresh.restart()
    wait_until(lambda: counted(fresh) == shares, CATCH_UP_SECONDS, f"views of {shares}")
    compare(fresh, judge, tmp_path, ["before", "during", "after"])


def create_streams(server):
    """Topics, sources, and a count of each source to see how far it is."""
    for stream, partitions in PARTITIONS.items():
        server.sql(f"CREATE TOPIC {stream} WITH (partitions = {partitions})")
        server.sql(nexmark.source_ddl(stream))
        server.sql(f"CREATE MATERIALIZED VIEW {stream}_n AS SELECT count(*) AS n FROM {stream}")


def create_view(server, query, when):
    server.sql(f"CREATE MATERIALIZED VIEW {query}_{when} AS {QUERIES[query][0]}")


def counted(server):
    """How many rows of each stream have reached the views."""
    return {stream: server.sql(f"SELECT n FROM {stream}_n")[0][0] for stream in PARTITIONS}


def cut(directory, shares):
    """Half of each stream's lines as one file and the rest in as many as there are queries;
    lists of (stream, path), one list for each point in time."""
    slices = [[] for _ in range(len(QUERIES) + 1)]
    for stream, lines in shares.items():
        rest = -(-(lines - lines // 2) // len(QUERIES))
        with open(directory / f"{stream}.json", "rb") as whole:
            for number, part in enumerate(slices):
                path = directory / f"{stream}.{number}.json"
                path.write_bytes(b"".join(islice(whole, rest if number else lines // 2)))
                part.append((stream, path))
    return slices


def start_kcat(server, files):
    """One kcat for each file, all at once; they go on after the return."""
    return [subprocess.Popen(["kcat", "-P", "-b", server.kafka, "-t", stream, "-l", str(path)],
                             env=clean_environment(), stderr=subprocess.PIPE)
            for stream, path in files]


def finish(producers):
    for producer in producers:
        _, errors = producer.communicate(timeout=CLIENT_SECONDS)
        assert producer.returncode == 0, errors


def compare(server, judge, directory, moments):
    """Each view, and each query typed as it is, against DuckDB."""
    for query in QUERIES:
        for statement in [f"SELECT * FROM {query}_{moment}" for moment in moments] + [
                QUERIES[query][0]]:
            csv = directory / "ours.csv"
            server.psql("--csv", "-t", "-q", "-o", csv, "-c", statement)
            judge.compare(query, csv)


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
