"""What clients ask of pg_catalog and information_schema, where PostgreSQL's text is not the answer."""

import psycopg
import pytest
from psycopg import errors
from psycopg.types import TypeInfo

SCHEMA = """
    CREATE TABLE items (a int PRIMARY KEY, b text NOT NULL DEFAULT 'x', c int,
                        UNIQUE (b, c), CONSTRAINT positive CHECK (c > 0));
    CREATE INDEX items_c ON items (c);
    CREATE TABLE "Odd Name" (id serial CONSTRAINT odd_key PRIMARY KEY, g int GENERATED ALWAYS AS (id * 2) STORED);
    CREATE VIEW small AS SELECT a FROM items;
    CREATE MATERIALIZED VIEW counted AS SELECT b, count(*) AS n FROM items GROUP BY b;
"""

ITEMS = '''                  Table "public.items"
 Column |  Type   | Collation | Nullable |  Default  
--------+---------+-----------+----------+-----------
 a      | integer |           | not null | 
 b      | text    |           | not null | 'x'::text
 c      | integer |           |          | 
Indexes:
    "items_pkey" PRIMARY KEY, btree (a)
    "items_b_c_key" UNIQUE CONSTRAINT, btree (b, c)
    "items_c" btree (c)
Check constraints:
    "positive" CHECK (c > 0)

'''

ODD_NAME = '''                                Table "public.Odd Name"
 Column |  Type   | Collation | Nullable |                 Default                 
--------+---------+-----------+----------+-----------------------------------------
 id     | integer |           | not null | nextval('"Odd Name_id_seq"'::regclass)
 g      | integer |           |          | generated always as (id * 2) stored
Indexes:
    "odd_key" PRIMARY KEY, btree (id)

'''


@pytest.fixture
def made(fresh):
    fresh.psql(script=SCHEMA)
    return fresh


def words(text):
    """The lines without the blanks that align them."""
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines()
            if not line.startswith("--")]


def test_psql_d_shows_keys_indexes_and_checks(made):
    assert words(made.psql("-c", "\\d items").stdout) == words(ITEMS)
    assert words(made.psql("-c", '\\d "Odd Name"').stdout) == words(ODD_NAME)


def test_psql_di_lists_the_indexes_of_keys(made):
    listed = made.psql("-At", "-c", "\\di").stdout.splitlines()
    assert [line.split("|")[1] for line in listed] == [
        "items_b_c_key", "items_c", "items_pkey", "odd_key"]


def test_a_key_keeps_its_name_and_identifier_over_a_rename_and_a_restart(made):
    question = "SELECT oid, conname, conindid FROM pg_constraint ORDER BY conname"
    before = made.sql(question)
    made.sql("ALTER TABLE items RENAME TO things")
    made.stop()
    made.start()
    assert made.sql(question) == before
    with made.connect() as connection:
        assert connection.execute("SELECT 'items_pkey'::regclass::text").fetchone() == (
            "items_pkey",)
        connection.execute("INSERT INTO things VALUES (1, 'x', 1)")
        with pytest.raises(errors.UniqueViolation) as failure:
            connection.execute("INSERT INTO things VALUES (1, 'y', 1)")
        assert failure.value.diag.constraint_name == "items_pkey"


def test_identifiers_are_names_in_text_and_numbers_in_binary(made):
    with made.connect() as connection:
        (oid,) = connection.execute("SELECT 'items'::regclass::oid").fetchone()
        for binary in (False, True):
            cursor = connection.execute(
                "SELECT oid::regclass, 'int4'::regtype, relnamespace::regnamespace FROM pg_class "
                "WHERE oid = %s::regclass", ["items"], binary=binary)
            assert [column.type_code for column in cursor.description] == [2205, 2206, 4089]
            raw = [cursor.pgresult.get_value(0, column) for column in range(3)]
            assert raw == ([oid.to_bytes(4, "big"), (23).to_bytes(4, "big"),
                            (2200).to_bytes(4, "big")]
                           if binary else [b"items", b"integer", b"public"])


def test_copy_writes_names(made):
    with made.connect() as connection, connection.cursor() as cursor:
        with cursor.copy("COPY (SELECT 'items'::regclass, 'int4'::regtype) TO STDOUT") as copy:
            assert b"".join(copy) == b"items\tinteger\n"


def test_pg_typeof_is_a_constant_of_a_view(made):
    made.sql("CREATE MATERIALIZED VIEW typed AS SELECT a, pg_typeof(b) AS t, pg_typeof(c)::text AS u "
             "FROM items")
    made.sql("INSERT INTO items VALUES (1, 'x', 1)")
    assert made.sql("SELECT a, t::text, u FROM typed") == [(1, "text", "integer")]


def test_a_type_is_found_by_its_name(made):
    with made.connect() as connection:
        info = TypeInfo.fetch(connection, "jsonb")
        assert (info.oid, info.array_oid) == (3802, 3807)
        assert TypeInfo.fetch(connection, "nosuch") is None


def test_set_config_tells_the_client_and_local_ends_with_the_transaction(made):
    with made.connect() as connection:
        def told():
            return connection.info.parameter_status("application_name")

        connection.execute("SELECT set_config('application_name', 'mine', false)")
        assert told() == "mine"
        with connection.transaction():
            connection.execute("SELECT set_config('application_name', 'passing', true)")
            assert told() == "passing"
        assert told() == "mine"
        with pytest.raises(ZeroDivisionError), connection.transaction():
            connection.execute("SET application_name = 'undone'")
            raise ZeroDivisionError
        assert told() == "mine"


def test_sources_are_views_to_information_schema(fresh):
    fresh.sql("CREATE TOPIC events WITH (partitions = 1)")
    fresh.sql("CREATE SOURCE events (id bigint, note varchar(10)) WITH (connector = 'kafka', topic = 'events') "
              "FORMAT PLAIN ENCODE JSON")
    assert fresh.sql("SELECT table_type FROM information_schema.tables WHERE table_name = 'events'") == [
        ("VIEW",)]
    assert fresh.sql("SELECT column_name, data_type, character_maximum_length FROM information_schema.columns "
                     "WHERE table_name = 'events' ORDER BY ordinal_position") == [
        ("id", "bigint", None), ("note", "character varying", 10)]


def test_every_system_relation_can_be_read(made):
    with made.connect() as connection:
        names = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE oid < 13600 AND relkind IN ('r', 'v')").fetchall()
        assert len(names) > 150
        for (name,) in names:
            connection.execute(f"SELECT * FROM {name}").fetchall()


def test_a_user_of_any_name_has_a_role(made):
    with made.connect(user="somebody") as connection:
        assert connection.execute(
            "SELECT rolsuper, pg_get_userbyid(oid) FROM pg_roles WHERE rolname = current_user").fetchone() == (
                True, "somebody")


def test_a_name_cannot_be_cast_within_a_view(made):
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        made.sql("CREATE MATERIALIZED VIEW named AS SELECT b::regclass AS r FROM items")
