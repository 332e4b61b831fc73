"""Reads by index are the reads of a scan, whatever has happened to the rows before."""

import random

import psycopg
import pytest


def plan(server, statement):
    return "\n".join(row[0] for row in server.sql(f"EXPLAIN {statement}"))


def test_primary_keys_and_indexes_are_used(server, name):
    server.sql(f"CREATE TABLE {name} (id int PRIMARY KEY, a text, b numeric, c timestamp)")
    server.sql(f"CREATE INDEX ON {name} (a, b)")
    server.sql(f"CREATE MATERIALIZED VIEW {name}_v AS SELECT a, count(*) AS n FROM {name} GROUP BY a")
    server.sql(f"CREATE INDEX {name}_by_n ON {name}_v (n)")
    for condition, columns in [
            ("id = 5", "(id)"), ("id IN (1, 2, 3)", "(id)"), ("5 >= id", "(id)"),
            ("a = 'x' AND b > 1", "(a, b)"), ("a = 'x'", "(a, b)"), ("id BETWEEN 1 AND 5", "(id)")]:
        assert f"by index {columns}" in plan(server, f"SELECT * FROM {name} WHERE {condition}")
    for condition in ["b = 1", "id + 0 = 5", "c = '2024-01-01'", "id = 1 OR a = 'x'"]:
        assert "by index" not in plan(server, f"SELECT * FROM {name} WHERE {condition}")
    assert "by index (n)" in plan(server, f"SELECT * FROM {name}_v WHERE n = 2")
    server.sql(f"DROP INDEX {name}_by_n")
    assert "by index" not in plan(server, f"SELECT * FROM {name}_v WHERE n = 2")


def test_names_and_refusals(server, name):
    server.sql(f"CREATE TABLE {name} (id int, a text)")
    server.sql(f"CREATE INDEX ON {name} (a)")
    server.sql(f"CREATE INDEX ON {name} (a)")
    names = server.sql(f"SELECT relname FROM pg_class WHERE relkind = 'i' AND relname LIKE '{name}%' "
                       "ORDER BY 1")
    assert names == [(f"{name}_a_idx",), (f"{name}_a_idx1",)]
    server.sql(f"CREATE INDEX IF NOT EXISTS {name}_a_idx ON {name} (id)")
    server.sql(f"ALTER INDEX {name}_a_idx RENAME TO {name}_other")
    for statement, state in [
            (f"CREATE INDEX {name}_other ON {name} (id)", "42P07"),
            (f"CREATE INDEX ON {name} (missing)", "42703"), (f"CREATE INDEX ON nothing (a)", "42P01"),
            (f"CREATE INDEX ON {name} (lower(a))", "0A000"),
            (f"CREATE INDEX ON {name} (a) WHERE id > 1", "0A000"),
            (f"SELECT * FROM {name}_other", "42809"), (f"DROP TABLE {name}_other", "42809"),
            (f"DROP INDEX {name}", "42809")]:
        with pytest.raises(psycopg.Error) as caught:
            server.sql(statement)
        assert caught.value.sqlstate == state, statement
    server.sql(f"DROP TABLE {name}")
    left = server.sql(f"SELECT count(*) FROM pg_class WHERE relname LIKE '{name}%'")
    assert left == [(0,)]


def test_a_unique_index_holds_after_a_crash(fresh):
    server = fresh
    server.sql("CREATE TABLE u (id int PRIMARY KEY, a int, b text)")
    # Before the index, values were there twice: the log that is read again has them.
    server.sql("INSERT INTO u VALUES (1, 1, 'x'), (2, 1, 'y'), (3, NULL, 'z'), (4, NULL, 'z')")
    with pytest.raises(psycopg.errors.UniqueViolation, match="could not create unique index"):
        server.sql("CREATE UNIQUE INDEX u_a ON u (a)")
    server.sql("UPDATE u SET a = 2 WHERE id = 2")
    server.sql("CREATE UNIQUE INDEX u_a ON u (a)")
    server.sql("CREATE UNIQUE INDEX u_gone ON u (a, b)")
    server.sql("DROP INDEX u_gone")
    server.sql("ALTER INDEX u_a RENAME TO u_named")
    for _ in range(2):
        for statement in ["INSERT INTO u VALUES (9, 1, 'q')", "UPDATE u SET a = 1 WHERE id = 2"]:
            with pytest.raises(psycopg.errors.UniqueViolation, match="u_named"):
                server.sql(statement)
        server.sql("INSERT INTO u VALUES (5, 1, 'new') ON CONFLICT (a) DO UPDATE SET b = excluded.b")
        assert server.sql("SELECT id, a, b FROM u ORDER BY id") == [
            (1, 1, "new"), (2, 2, "y"), (3, None, "z"), (4, None, "z")]
        server.kill9()
        server.restart()
    server.sql("DROP INDEX u_named")
    server.sql("INSERT INTO u VALUES (9, 1, 'q')")


CONDITIONS = [
    ("k = {0}", "k + 0 = {0}"), ("k IN ({0}, {1}, {0})", "k + 0 IN ({0}, {1})"),
    ("k >= {0} AND k < {1}", "k + 0 >= {0} AND k + 0 < {1}"),
    ("t = 't{2}'", "t || '' = 't{2}'"), ("t > 't{2}'", "t || '' > 't{2}'"),
    ("t = 't{2}' AND n <= {3}", "t || '' = 't{2}' AND n + 0 <= {3}"),
    ("t IN ('t{2}', 't1') AND n = {3}", "t || '' IN ('t{2}', 't1') AND n + 0 = {3}"),
    ("n > {3}", "n + 0 > {3}"), ("n = {3}.00", "n + 0 = {3}"), ("k < {0} AND k < {1}",
                                                               "k + 0 < {0} AND k + 0 < {1}")]


def test_reads_by_index_equal_scans_under_changes(spawn):
    seed = random.randrange(2**31)
    print("seed", seed)
    choice = random.Random(seed)
    server = spawn()
    server.sql("CREATE TABLE r (k int PRIMARY KEY, t varchar, n numeric)")
    server.sql("CREATE INDEX ON r (t, n)")
    server.sql("CREATE INDEX ON r (n)")
    server.sql("CREATE MATERIALIZED VIEW v AS SELECT k, t, n FROM r WHERE k % 3 <> 0")
    server.sql("CREATE INDEX ON v (t, n)")
    server.sql("CREATE INDEX ON v (k)")
    server.sql("INSERT INTO r SELECT g, 't' || g % 50, g % 97 FROM generate_series(1, 20000) g")
    for round in range(12):
        first = choice.randrange(20000)
        for statement in choice.sample([
                f"UPDATE r SET n = n + 1 WHERE k BETWEEN {first} AND {first + 3000}",
                f"DELETE FROM r WHERE k BETWEEN {first} AND {first + choice.choice([3, 9000])}",
                f"UPDATE r SET t = NULL, n = NULL WHERE k = {first}",
                f"INSERT INTO r SELECT g, 't' || g % 60, 5.0 FROM generate_series({first}, "
                f"{first + 500}) g ON CONFLICT (k) DO UPDATE SET n = excluded.n"], 2):
            server.sql(statement)
        with server.connect(autocommit=False) as connection:
            if round % 2:
                connection.execute(f"DELETE FROM r WHERE k BETWEEN {first} AND {first + 20}")
                connection.execute(f"INSERT INTO r VALUES ({-round}, 't{round}', {round})")
            for indexed, scanned in CONDITIONS:
                numbers = [choice.randrange(20000), choice.randrange(20000), choice.randrange(61),
                           choice.randrange(98)]
                for relation in ["r", "v"]:
                    got, wanted = (sorted(connection.execute(
                        f"SELECT * FROM {relation} WHERE {text.format(*numbers)}").fetchall(), key=repr)
                        for text in (indexed, scanned))
                    assert got == wanted, (relation, indexed.format(*numbers))
        if round == 6:
            server.kill9()
            server.restart()
