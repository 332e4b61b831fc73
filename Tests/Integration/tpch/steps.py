"""What is done to both databases, one after the other."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """SQL without parameters."""

    sql: str

    def run(self, cursor):
        cursor.execute(self.sql)

    def __str__(self):
        return self.sql[:500]


@dataclass(frozen=True)
class Copy:
    """Rows of texts by COPY FROM STDIN; none of them has a tab or a backslash."""

    table: str
    rows: list

    def run(self, cursor):
        with cursor.copy(f"COPY {self.table} FROM STDIN") as copy:
            copy.write("".join("\t".join(row) + "\n" for row in self.rows))

    def __str__(self):
        return f"COPY {self.table} of {len(self.rows)} rows"


def insert(table, rows):
    """A Statement with these rows; none of their texts has a quote."""
    values = ", ".join("('" + "', '".join(row) + "')" for row in rows)
    return Statement(f"INSERT INTO {table} VALUES {values}")
