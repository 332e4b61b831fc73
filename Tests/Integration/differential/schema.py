"""Random tables: few columns with few distinct values each, so that rows meet."""

from dataclasses import dataclass, replace

from .kinds import Expr, Kind

BULK = 90_001
"""The bound of the keys of a large table, by which it can be joined with itself."""

BULK_ROWS = 2_600
"""More than the server gives to a single worker at once."""

INTEGERS = ["0", "1", "2", "3", "-1", "7"]

TEXTS = ["'a'", "'b'", "'B'", "'ab'", "''", "'a b'", "'x_y'", "'10%'", "'zz'", "'é'", "'it''s'"]

TIMESTAMPS = [f"'{text}'" for text in (
    "2024-01-01 00:00:00", "2024-01-01 12:30:00", "2024-02-29 23:59:59.999999",
    "1999-12-31 23:59:59.5", "2024-03-31 06:00:00")]


@dataclass(frozen=True)
class Column:
    """A column: the literals it may hold, without NULL, and the kind of all of them."""

    name: str
    declared: str
    kind: Kind
    domain: tuple
    required: bool = False


@dataclass(frozen=True)
class Relation:
    """A table or view as queries see it; `size` is a guess at its number of rows."""

    name: str
    columns: tuple
    """Pairs of a name and a Kind."""
    size: int

    def items(self, alias):
        return [Expr(f"{alias}.{name}", kind, plain=True) for name, kind in self.columns]


@dataclass(frozen=True)
class Table:
    """A table; `key` has the names of its primary key, if it has one."""

    name: str
    columns: tuple
    key: tuple = ()
    unique: tuple = ()
    checks: tuple = ()
    size: int = 14

    def definition(self):
        parts = [f"{c.name} {c.declared}{' NOT NULL' if c.required else ''}" for c in self.columns]
        if self.key:
            parts.append(f"PRIMARY KEY ({', '.join(self.key)})")
        if self.unique:
            parts.append(f"UNIQUE ({', '.join(self.unique)})")
        parts += self.checks
        return f"CREATE TABLE {self.name} ({', '.join(parts)})"

    def relation(self):
        return Relation(self.name, tuple((c.name, c.kind) for c in self.columns), self.size)

    def column(self, name):
        return next(column for column in self.columns if column.name == name)


def tables(random):
    """Two to four tables."""
    return [table(random, f"t{n}") for n in range(1, random.choice([2, 2, 3, 3, 4]) + 1)]


def large_table(random, name):
    """One that gets thousands of rows at once."""
    columns = [Column("k", "integer", Kind("integer", BULK), tuple(map(str, range(40, 60))))]
    columns += [value_column(random, letter) for letter in "abc"]
    if random.random() < 0.5:
        return Table(name, tuple(columns), size=BULK_ROWS)
    ids = Column("id", "integer", Kind("integer", BULK), tuple(map(str, range(1, 60))))
    return Table(name, (ids, *columns), ("id",), size=BULK_ROWS)


def table(random, name):
    columns = [key_column(random, "k")]
    for letter in "abcd"[:random.randint(1, 4)]:
        columns.append(value_column(random, letter))
    if random.random() < 0.5:
        ids = Column("id", "integer", Kind("integer", 2000), tuple(map(str, range(1, 15))))
        return Table(name, (ids, *columns), ("id",))
    if random.random() < 0.35:
        wide = [Column(c.name, c.declared, c.kind, c.domain) for c in columns]
        return Table(name, tuple(wide), tuple(c.name for c in wide[:random.randint(1, 2)]))
    if random.random() < 0.15:
        return Table(name, tuple(columns), unique=(columns[-1].name,))
    checks = ()
    if random.random() < 0.1:
        checks = (f"CHECK ({columns[-1].name} <> {random.choice(columns[-1].domain)})",)
    return Table(name, tuple(columns), checks=checks)


def key_column(random, name):
    """One that other tables' columns of this kind are joined with."""
    declared = random.choice(["smallint", "integer", "integer", "bigint", "numeric", "text"])
    if declared == "text":
        return Column(name, declared, Kind("text"), tuple(random.sample(TEXTS, 4)))
    if declared == "numeric":
        return numeric(random, name)
    return Column(name, declared, Kind(declared, 7), tuple(random.sample(INTEGERS, 4)))


def with_default(random, column):
    """Now and then with a DEFAULT."""
    if random.random() > 0.1:
        return column
    declared = f"{column.declared} DEFAULT {random.choice(column.domain)}"
    return replace(column, declared=declared)


def value_column(random, name):
    make = random.choice([boolean, integer, integer, wide_integer, double, double, numeric,
                          numeric, decimal, text, text, timestamp])
    if make is numeric and random.random() < 0.1:
        make = wide_numeric
    column = make(random, name)
    if random.random() < 0.12:
        column = replace(column, required=True)
    return with_default(random, column)


def boolean(_, name):
    return Column(name, "boolean", Kind("boolean"), ("true", "false"))


def integer(random, name):
    declared = random.choice(["smallint", "integer", "bigint"])
    return Column(name, declared, Kind(declared, 100),
                  tuple(random.sample(INTEGERS + ["100", "-42"], random.randint(3, 6))))


def wide_integer(random, name):
    """One that reaches to the ends of its type."""
    declared = random.choice(["smallint", "integer", "bigint"])
    end = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}[declared]
    return Column(name, declared, Kind(declared, end, exact=end < 2**53),
                  ("0", "1", str(end - 1), str(-end), str(end - 2)))


def double(random, name):
    """Multiples of 1/8, whose sums are exact, and in some columns what is not finite."""
    domain = random.sample(["0", "1", "1.5", "-2.25", "0.125", "1000", "3"], 4)
    kind = Kind("double precision", 1000, 3)
    if random.random() < 0.2:
        domain += random.sample(["'NaN'", "'Infinity'", "'-Infinity'"], 2)
        kind = Kind("double precision", 1000, 3, finite=False)
    elif random.random() < 0.15:
        domain += ["'-0'"]
        kind = Kind("double precision", 1000, 3, fixed=False)
    return Column(name, "double precision", kind, tuple(domain))


def numeric(random, name):
    """Without a fixed scale: some values are equal and have different texts."""
    domain = random.sample(["0", "1", "1.0", "1.00", "2", "2.0", "2.50", "2.5", "-1.250", "10.1",
                            "1000", "0.001"], random.randint(4, 8))
    return Column(name, "numeric", Kind("numeric", 1000, 3, fixed=False), tuple(domain))


def wide_numeric(random, name):
    """Some of its values have more digits than fit 128 bits, in front or behind."""
    domain = random.sample(["0", "1", "1.0", "-2.5", "1e44", "-1e44", "1.0e44", f"{10**44}.00",
                            "99999999999999999999999999999999999999",
                            "-170141183460469231731687303715884105727",
                            "1e-42", "1.5e-42", "123456789012345678901234567890.12345678901234567"],
                           random.randint(4, 8))
    return Column(name, "numeric", Kind("numeric", 10**44, 43, fixed=False), tuple(domain))


def decimal(random, name):
    """With a fixed scale."""
    domain = random.sample(["0", "1", "1.5", "2.25", "-3.75", "99.99", "0.1"], 4)
    return Column(name, "numeric(8,2)", Kind("numeric", 1000, 2), tuple(domain))


def text(random, name):
    return Column(name, "text", Kind("text"), tuple(random.sample(TEXTS, random.randint(3, 6))))


def timestamp(random, name):
    return Column(name, "timestamp", Kind("timestamp"), tuple(random.sample(TIMESTAMPS, 4)))


def row(random, table):
    """The literals of a new row."""
    values = []
    for column in table.columns:
        is_free = not (column.required or column.name in table.key)
        values.append("NULL" if is_free and random.random() < 0.15
                      else random.choice(column.domain))
    return tuple(values)
