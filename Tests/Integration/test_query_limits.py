"""What a query may hold, and when it has enough."""

import psycopg
import pytest


def test_a_failed_query_gives_back_its_memory(spawn):
    server = spawn("--query-memory-bytes", str(64 << 20))
    big = "SELECT x, repeat('y', 100) AS y FROM generate_series(1, {}) x"
    with server.connect() as first, server.connect() as second:
        with pytest.raises(psycopg.errors.OutOfMemory) as caught:
            first.execute(big.format(1_000_000))
        assert "--query-memory-bytes" in caught.value.diag.message_hint
        for _ in range(2):
            assert len(second.execute(big.format(300_000)).fetchall()) == 300_000
            with first.cursor().copy(f"COPY ({big.format(300_000)}) TO STDOUT") as copy:
                assert sum(1 for _ in copy) > 0


@pytest.mark.parametrize("query, rows", [
    ("SELECT x FROM generate_series(1, 9223372036854775807) x LIMIT 2", [(1,), (2,)]),
    ("SELECT count(*) FROM (SELECT 1 FROM generate_series(1, 100000) a, "
     "generate_series(1, 100000) b LIMIT 5 OFFSET 2) q", [(5,)]),
    ("SELECT x FROM generate_series(1, 3000000) x ORDER BY x DESC LIMIT 2 OFFSET 1",
     [(2999999,), (2999998,)]),
    ("SELECT x FROM generate_series(1, 1000000000000) x LIMIT 0", []),
    ("(SELECT x FROM generate_series(1, 1000000000000) x LIMIT 1) UNION ALL SELECT 7 ORDER BY 1",
     [(1,), (7,)]),
    ("WITH w AS (SELECT 1 AS a FROM generate_series(1, 2000) INTERSECT ALL "
     "SELECT 1 FROM generate_series(1, 2000)) SELECT 1 FROM w a, w b, w c LIMIT 1", [(1,)]),
])
def test_a_limit_ends_what_feeds_it(server, query, rows):
    with server.connect() as connection:
        connection.execute("SET statement_timeout = '20s'")
        assert connection.execute(query).fetchall() == rows
