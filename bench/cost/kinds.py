"""The views whose upkeep is measured, one for each kind of operator.

`r` has the rows of `big` (as many as the state is to have) and of `small`, in which the changes
are made: a statement on `small` costs the same however much state there is, so that what grows is
the view's. `plain` is `small` without a view. `other` has as many rows as `big`. A value of g has
about ten rows on each side.
"""

R = "(SELECT * FROM big UNION ALL SELECT * FROM small)"

KINDS = {
    "filter, map": f"SELECT id, v * 2 AS w, s || '!' AS t FROM {R} r WHERE v > 10",
    "inner join": f"""SELECT r.id, o.id AS other, r.v + o.v AS v
        FROM {R} r JOIN other o ON r.g = o.g""",
    "left join": f"SELECT r.id, o.id AS other, o.v FROM {R} r LEFT JOIN other o ON r.g = o.g",
    "full join": f"SELECT r.id, o.id AS other, o.v FROM {R} r FULL JOIN other o ON r.g = o.g",
    "semi (IN)": f"SELECT id, v FROM other o WHERE g IN (SELECT g FROM {R} r WHERE v > 500)",
    "anti (NOT EXISTS)": f"""SELECT id, v FROM other o
        WHERE NOT EXISTS (SELECT 1 FROM {R} r WHERE r.g = o.g AND r.v > 500)""",
    "non-equi join, 10 ranges": f"""SELECT r.id, b.name FROM {R} r
        JOIN ranges b ON r.v >= b.low AND r.v < b.high""",
    "sum, count": f"SELECT g, sum(v) AS total, count(*) AS n FROM {R} r GROUP BY g",
    "sum, count, one group": f"SELECT sum(v) AS total, count(*) AS n FROM {R} r",
    "min, max": f"SELECT g, min(v) AS low, max(v) AS high FROM {R} r GROUP BY g",
    "min, max, one group": f"SELECT min(v) AS low, max(v) AS high FROM {R} r",
    "count distinct": f"SELECT g, count(DISTINCT v) AS n FROM {R} r GROUP BY g",
    "count distinct, one group": f"SELECT count(DISTINCT id) AS n FROM {R} r",
    "string_agg ORDER BY": f"""SELECT g, string_agg(s, ',' ORDER BY v, id) AS t
        FROM {R} r GROUP BY g""",
    "DISTINCT": f"SELECT DISTINCT g, v FROM {R} r",
    "UNION": f"SELECT g, v FROM {R} r UNION SELECT g, v FROM other",
    "EXCEPT": f"SELECT g, v FROM {R} r EXCEPT SELECT g, v FROM other WHERE v > 500",
    "INTERSECT": f"SELECT g, v FROM {R} r INTERSECT SELECT g, v FROM other",
    "top-N, one group": f"SELECT id, v FROM {R} r ORDER BY v DESC, id LIMIT 10",
    "row_number <= 3": f"""SELECT id, g, v FROM (SELECT id, g, v,
        row_number() OVER (PARTITION BY g ORDER BY v DESC, id) AS n FROM {R} r) x WHERE n <= 3""",
    "row_number": f"""SELECT id, g,
        row_number() OVER (PARTITION BY g ORDER BY v DESC, id) AS n FROM {R} r""",
    "rank": f"SELECT id, g, rank() OVER (PARTITION BY g ORDER BY v) AS n FROM {R} r",
    "SESSION": """SELECT g, window_start, window_end, count(*) AS n
        FROM SESSION(visits, at, INTERVAL '5 seconds', g) GROUP BY g, window_start, window_end""",
    "SESSION, one key": """SELECT window_start, window_end, count(*) AS n
        FROM SESSION(visits, at, INTERVAL '0.5 seconds') GROUP BY window_start, window_end""",
    "HOP": """SELECT window_start, count(*) AS n, sum(v) AS total
        FROM HOP(visits, at, INTERVAL '2 seconds', INTERVAL '10 seconds') GROUP BY window_start""",
    "TUMBLE": """SELECT window_start, count(*) AS n, sum(v) AS total
        FROM TUMBLE(visits, at, INTERVAL '10 seconds') GROUP BY window_start""",
    "scalar subquery, correlated": """SELECT o.id,
        (SELECT sum(r.v) FROM visits r WHERE r.g = o.g) AS total FROM other o""",
    "UNNEST": f"SELECT id, x FROM {R} r, unnest(r.list) AS u(x)",
}
"""`visits` is the view `SELECT * FROM r`, for what wants a name."""

COLUMNS = "(id bigint PRIMARY KEY, g bigint, v bigint, s text, at timestamp, list bigint[])"

SMALL_ROWS = 1000


def filling(table, rows, size):
    """An INSERT of the rows of some ids, in any group, with times among those of `big`."""
    return f"""INSERT INTO {table} SELECT i, i * 7919 % {size // 10}, i * 31 % 1009,
        's' || i % 1000, timestamp '2024-01-01' + i % {size} * interval '1 second',
        ARRAY[i, i + 1] FROM generate_series({rows.start}::bigint, {rows.stop - 1}) AS n(i)"""


def set_up(connection, size):
    """The tables for a state of `size` rows."""
    small = range(size, size + SMALL_ROWS)
    for table, rows in [("big", range(size)), ("other", range(size)),
                        ("small", small), ("plain", small)]:
        connection.execute(f"CREATE TABLE {table} {COLUMNS}")
        connection.execute(filling(table, rows, size))
    connection.execute(f"CREATE VIEW visits AS SELECT * FROM {R} r")
    connection.execute("CREATE TABLE ranges (low bigint, high bigint, name text)")
    connection.execute("INSERT INTO ranges SELECT i * 100, i * 100 + 110, 'range ' || i "
                       "FROM generate_series(0, 9) AS n(i)")
