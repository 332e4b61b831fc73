"""Groups over sliding windows by panes are those over the windows' rows themselves.

A DISTINCT aggregate beside the others keeps the planner from using panes: that is the reference.
"""

import random

import pytest

SUMS = ("count(*) AS n, count(v) AS nv, sum(v) AS s, avg(v) AS a, min(v) AS lo, max(v) AS hi, "
        "sum(d) AS sd, avg(d) AS ad, bool_or(v > 5) AS b, count(*) FILTER (WHERE v > 3) AS f")


@pytest.mark.parametrize("slide, size", [(1, 7), (2, 3), (5, 20), (4, 6), (10, 10), (10, 5)])
def test_panes_equal_rows(spawn, slide, size):
    seed = random.randrange(2**31)
    print("seed", seed)
    choice = random.Random(seed)
    server = spawn()
    server.sql("CREATE TABLE t (id int PRIMARY KEY, k int, v int, d numeric, at timestamp)")
    hop = f"HOP(t, at, INTERVAL '{slide} seconds', INTERVAL '{size} seconds')"
    groups = "FROM {} GROUP BY k, window_start, window_end".format(hop)
    views = {
        "panes": f"SELECT k, window_start, window_end, {SUMS} {groups}",
        "plain": f"SELECT k, window_start, window_end, {SUMS}, count(DISTINCT id) AS x {groups}"}
    for name, query in views.items():
        server.sql(f"CREATE MATERIALIZED VIEW {name} AS {query}")
    plans = {name: server.sql(f"EXPLAIN {query}") for name, query in views.items()}
    assert ("pane_start@" in str(plans["panes"])) == (size > slide)
    assert "pane_start@" not in str(plans["plain"])
    compared = 0
    for turn in range(6):
        for number in range(choice.randrange(1, 5)):
            changes = [
                f"INSERT INTO t SELECT g, g % 3, nullif(g % 11, 4), (g % 13) / 4.0, "
                f"CASE WHEN g % 17 = 0 THEN NULL WHEN g % 19 = 0 THEN 'infinity' ELSE "
                f"timestamp '2024-01-01' + (g * 7 % 100) * interval '0.5 seconds' END "
                f"FROM generate_series({choice.randrange(60)}, {choice.randrange(60, 160)}) g "
                f"ON CONFLICT (id) DO UPDATE SET v = excluded.v + 1, at = t.at + interval '1 s'",
                f"DELETE FROM t WHERE id % {choice.randrange(2, 6)} = 1",
                f"UPDATE t SET k = k + 1, d = -d WHERE id % {choice.randrange(2, 9)} = 0"]
            # There are rows from the first change on.
            server.sql(choice.choice(changes) if turn or number else changes[0])
        rows = {name: sorted(server.sql(f"SELECT * FROM {name}"), key=repr) for name in views}
        assert rows["panes"] == sorted((row[:-1] for row in rows["plain"]), key=repr)
        ad_hoc = sorted(server.sql(views["panes"]), key=repr)
        assert ad_hoc == rows["panes"]
        compared += len(ad_hoc)
    assert compared, "nothing was compared"
