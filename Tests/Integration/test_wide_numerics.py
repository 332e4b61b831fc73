"""Numerics of more than 38 digits have memory of their own, which has a limit."""

import psycopg
import pytest

ROOM = 20_000
"""Bytes: a few hundred wide numbers."""


@pytest.fixture
def small(spawn):
    """A server with room for few wide numerics."""
    return spawn("--wide-numeric-bytes", str(ROOM))


def test_a_wide_number_without_room_is_an_error_and_nothing_else_suffers(small):
    small.sql("CREATE TABLE numbers (n int PRIMARY KEY, wide numeric)")
    small.sql("CREATE MATERIALIZED VIEW products AS SELECT n, n * 10::numeric ^ 40 AS p FROM numbers")
    with pytest.raises(psycopg.errors.OutOfMemory) as error:
        small.sql("INSERT INTO numbers SELECT i, 10::numeric ^ 50 + i FROM generate_series(1, 1000) i")
    assert "--wide-numeric-bytes" in error.value.diag.message_hint
    assert small.sql("SELECT count(*) FROM numbers") == [(0,)]
    small.sql("INSERT INTO numbers VALUES (1, 7)")
    assert small.sql("SELECT wide + 0.5 FROM numbers") == small.sql("SELECT 7.5")


def test_variances_and_averages_of_long_sums_take_no_room_for_what_lies_between(small):
    """The square of a sum of squares is wide; what is computed with it is not."""
    small.sql("CREATE TABLE readings (n int PRIMARY KEY, x bigint)")
    small.sql("CREATE MATERIALIZED VIEW spread AS "
              "SELECT count(*) AS n, round(stddev(x)) AS s, round(avg(x)) AS a FROM readings")
    large = 9 * 10**18
    with small.connect() as connection:
        for n in range(600):
            connection.execute("INSERT INTO readings VALUES (%s, %s)", (n, large - n))
    assert small.sql("SELECT n, s, a FROM spread") == [(600, 173, large - 299)]
    assert small.sql("SELECT count(*) FROM streamhouse.dead_letters") == [(0,)]
