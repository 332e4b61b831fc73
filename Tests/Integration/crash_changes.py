"""A load of every statement that changes rows, under which a server is killed, and its model.

Each load owns rows by their `owner`, so that it alone knows what they must be. It works on a draft
of its model; the draft becomes the model when the server has acknowledged the transaction. Of the
one transaction that a kill leaves in doubt, both models are kept until the server tells which.
"""

import copy
import threading
from collections import Counter, defaultdict

import psycopg

from crash_load import SessionLoad

KEYS = 6

OWNERS = 3

ROWS = 150
"""About how many rows a load keeps in each table: bounds what there is to verify."""

MOST_TALLIES = 40

SCHEMA = """
    CREATE SEQUENCE tickets;
    CREATE TABLE accounts (id bigint PRIMARY KEY, owner int NOT NULL, k int, v bigint, note text);
    CREATE TABLE items (owner int, k int, v bigint);
    CREATE TABLE visits (id bigint PRIMARY KEY, owner int NOT NULL, k int, at timestamp NOT NULL);
    CREATE TABLE tallies (number bigserial PRIMARY KEY, owner int, k int, n bigint);
""" + "".join(f"CREATE TABLE scratch_{i} (owner int, k int, v bigint);" for i in range(OWNERS))

SCRATCH = " UNION ALL ".join(f"SELECT * FROM scratch_{i}" for i in range(OWNERS))

VIEWS = {
    "beside": """SELECT a.id, a.v AS account_v, i.owner, i.k, i.v AS item_v
        FROM accounts a LEFT JOIN items i ON a.owner = i.owner AND a.k = i.k AND a.v < i.v""",
    "each_side": """SELECT coalesce(t.owner, s.owner) AS owner, coalesce(t.k, s.k) AS k, t.n, s.v
        FROM tallies t FULL JOIN scratch_0 s ON t.owner = s.owner AND t.k = s.k""",
    "kinds": """SELECT k, count(*) AS n, count(DISTINCT v) AS kinds, sum(DISTINCT v) AS total,
        min(v) AS low, max(v) AS high FROM items GROUP BY k""",
    "richest": "SELECT id, v, note FROM accounts ORDER BY v DESC, id LIMIT 10",
    "first_two": """SELECT id, k, v FROM (SELECT id, k, v, row_number() OVER
        (PARTITION BY k ORDER BY v DESC, id) AS place FROM accounts) r WHERE place <= 2""",
    "unscratched": f"SELECT k, v FROM items EXCEPT SELECT k, v FROM ({SCRATCH}) s",
    "left_over": f"SELECT k, v FROM items EXCEPT ALL SELECT k, v FROM ({SCRATCH}) s",
    "sessions": """SELECT k, window_start, window_end, count(*) AS n
        FROM SESSION(visits, at, INTERVAL '20 seconds', k) GROUP BY k, window_start, window_end""",
    "idle": """SELECT id, k FROM accounts a
        WHERE NOT EXISTS (SELECT 1 FROM visits e WHERE e.owner = a.owner AND e.k = a.k)""",
    "summary": """SELECT k.k, k.kinds, b.n, b.total FROM kinds k LEFT JOIN
        (SELECT k, count(*) AS n, sum(item_v - account_v) AS total FROM beside GROUP BY k) b
        ON k.k = b.k""",
}
"""Each is made as a materialized view of its name, and run ad hoc to compare."""

DAY = "timestamp '2024-01-01 00:00:00'"


class Model:
    """The rows of one owner: of tables with a key by key, of others counted."""

    def __init__(self):
        self.accounts, self.visits, self.tallies = {}, {}, {}
        self.items, self.scratch = Counter(), Counter()

    def copy(self):
        return copy.deepcopy(self)

    def __eq__(self, other):
        return self.rows() == other.rows()

    def rows(self):
        """(table, row, copies or values) of every row."""
        return {(name, row, cells) for name, found in vars(self).items()
                for row, cells in found.items() if cells}


def stored_model(connection, owner):
    """What the server has of one owner."""
    def read(statement):
        return connection.execute(statement, [owner]).fetchall()

    found = Model()
    found.accounts = {row[0]: row[1:] for row in read(
        "SELECT id, k, v, note FROM accounts WHERE owner = %s")}
    found.visits = {row[0]: row[1:] for row in read(
        f"SELECT id, k, extract(epoch FROM at - {DAY})::int FROM visits WHERE owner = %s")}
    found.tallies = {row[0]: row[1:] for row in read(
        "SELECT number, k, n FROM tallies WHERE owner = %s")}
    found.items = Counter(read("SELECT k, v FROM items WHERE owner = %s"))
    found.scratch = Counter(read(f"SELECT k, v FROM scratch_{owner} WHERE owner = %s"))
    return found


class Tickets:
    """Every value that any session was given by a sequence, of all loads and lives."""

    def __init__(self):
        self.lock = threading.Lock()
        self.given = defaultdict(set)

    def take(self, sequence, value):
        with self.lock:
            assert value not in self.given[sequence], f"{sequence} gave {value} twice"
            self.given[sequence].add(value)


class Undone(Exception):
    """Leaves a transaction or a savepoint without what was done in it."""


class ChangeLoad(SessionLoad):
    """Transactions of one to five statements, some rolled back whole or to a savepoint.

    Every action changes the draft before it sends what commits, so that the draft is right when
    no answer comes. One with several statements is a transaction, or a savepoint of one.
    """

    def __init__(self, seed, server, owner, tickets, model):
        super().__init__(seed, server, None)
        self.owner, self.tickets = owner, tickets
        self.model = model
        self.in_doubt = None
        """The model after the transaction whose COMMIT has no answer."""
        self.draft = None
        self.kinds = Counter()
        self.actions = [
            self.insert_accounts, self.update_accounts, self.update_some, self.move_account,
            self.delete_accounts, self.delete_using, self.upsert, self.upsert_nothing,
            self.copy_items, self.copy_items, self.update_items, self.delete_items,
            self.visit, self.shift_visits, self.delete_visits, self.truncate, self.fill_scratch,
            self.draw, self.tally, self.update_from]

    def step(self):
        return self.until_lost(self.transact)

    def transact(self):
        """One transaction, or one statement that commits by itself."""
        self.draft = self.model.copy()
        if self.random.random() < 0.4:
            self.in_doubt = self.draft
            self.act()
            self.acknowledge()
            return
        try:
            with self.connection.transaction():
                for _ in range(self.random.randint(1, 5)):
                    self.act_in_transaction()
                if self.random.random() < 0.15:
                    raise Undone
                self.in_doubt = self.draft
            self.acknowledge()
        except Undone:
            pass

    def acknowledge(self):
        self.model, self.in_doubt = self.draft, None
        self.acknowledgements += 1

    def act_in_transaction(self):
        """A statement, or some behind a savepoint, which may be undone or end in an error."""
        if self.random.random() > 0.3:
            self.act()
            return
        before = self.draft.copy()
        try:
            with self.connection.transaction():
                for _ in range(self.random.randint(1, 3)):
                    self.act()
                fate = self.random.random()
                if fate < 0.4:
                    raise Undone
                if fate < 0.6:
                    self.connection.execute("SELECT 1 / (%s - %s)", [self.owner, self.owner])
        except (Undone, psycopg.errors.DivisionByZero):
            self.draft = before
            if self.connection.closed:
                # psycopg passes over a rollback, and over a later commit, of a lost connection.
                raise psycopg.OperationalError("lost") from None

    def act(self):
        action = self.random.choice(self.actions)
        action()
        self.kinds[action.__name__] += 1

    # What the actions are made of

    def change(self, count, statement, *parameters):
        """Runs a statement that must change so many rows."""
        done = self.connection.execute(statement, parameters)
        assert done.rowcount == count, (
            f"{statement} {parameters}: {done.rowcount} rows, {count} expected")
        return done

    def number(self):
        """The number of a row of a table with a key: one of the owner's, which may be taken."""
        return self.owner * 1000 + self.random.randint(0, 2 * ROWS)

    def value(self):
        return self.random.randint(-40, 40)

    def key(self):
        return self.random.randrange(KEYS)

    def new_accounts(self, is_new):
        """Some rows of different keys; with `is_new` of keys that are free."""
        count = self.random.choice([1, 1, 2, 5])
        rows = {self.number(): (self.key(), self.value(), self.random.choice("abc"))
                for _ in range(count)}
        if is_new:
            rows = {n: row for n, row in rows.items() if n not in self.draft.accounts}
        return rows

    def values_of(self, rows):
        """The VALUES of accounts and their parameters."""
        text = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
        return text, [cell for n, (k, v, note) in rows.items()
                      for cell in (n, self.owner, k, v, note)]

    # Accounts

    def insert_accounts(self):
        if rows := self.new_accounts(is_new=True):
            text, parameters = self.values_of(rows)
            self.draft.accounts.update(rows)
            self.change(len(rows), f"INSERT INTO accounts VALUES {text}", *parameters)

    def upsert(self):
        rows = self.new_accounts(is_new=False)
        text, parameters = self.values_of(rows)
        for n, (k, v, note) in rows.items():
            old = self.draft.accounts.get(n)
            self.draft.accounts[n] = (old[0], old[1] + v, note) if old else (k, v, note)
        self.change(len(rows), f"""INSERT INTO accounts AS a VALUES {text} ON CONFLICT (id)
            DO UPDATE SET v = a.v + excluded.v, note = excluded.note""", *parameters)

    def upsert_nothing(self):
        rows = self.new_accounts(is_new=False)
        free = {n: row for n, row in rows.items() if n not in self.draft.accounts}
        text, parameters = self.values_of(rows)
        self.draft.accounts.update(free)
        self.change(len(free), f"INSERT INTO accounts VALUES {text} ON CONFLICT DO NOTHING",
                    *parameters)

    def update_accounts(self):
        """All of a key."""
        key, amount = self.key(), self.value()
        hit = {n: (k, v + amount, note) for n, (k, v, note) in self.draft.accounts.items()
               if k == key}
        self.draft.accounts.update(hit)
        self.change(len(hit), "UPDATE accounts SET v = v + %s WHERE owner = %s AND k = %s",
                    amount, self.owner, key)

    def update_some(self):
        """By value, with what is new read from what was old."""
        least = self.value()
        hit = {n: (k, -v // 2 if v % 2 == 0 else -v, "u")
               for n, (k, v, note) in self.draft.accounts.items() if v > least}
        self.draft.accounts.update(hit)
        done = self.change(len(hit), """UPDATE accounts SET note = 'u',
            v = CASE WHEN v %% 2 = 0 THEN (-v) / 2 ELSE -v END
            WHERE owner = %s AND v > %s RETURNING id, v""", self.owner, least)
        assert dict(done.fetchall()) == {n: row[1] for n, row in hit.items()}

    def move_account(self):
        """An UPDATE of the key."""
        new = self.number()
        if self.draft.accounts and new not in self.draft.accounts:
            old = self.random.choice(sorted(self.draft.accounts))
            self.draft.accounts[new] = self.draft.accounts.pop(old)
            self.change(1, "UPDATE accounts SET id = %s WHERE id = %s", new, old)

    def delete_accounts(self):
        """Of the least, so that there are never too many for long."""
        least = self.random.randint(-60, 60) if len(self.draft.accounts) > ROWS else -50
        gone = [n for n, (k, v, note) in self.draft.accounts.items() if v < least]
        for n in gone:
            del self.draft.accounts[n]
        self.change(len(gone), "DELETE FROM accounts WHERE owner = %s AND v < %s",
                    self.owner, least)

    def delete_using(self):
        """Accounts of a key that have an item of their value."""
        key = self.key()
        gone = [n for n, (k, v, note) in self.draft.accounts.items()
                if k == key and self.draft.items[k, v] > 0]
        for n in gone:
            del self.draft.accounts[n]
        self.change(len(gone), """DELETE FROM accounts a USING items i WHERE a.owner = %s
            AND a.k = %s AND i.owner = a.owner AND i.k = a.k AND i.v = a.v""", self.owner, key)

    def update_from(self):
        """Accounts take the number of items of their key."""
        counts = Counter()
        for (k, _), n in self.draft.items.items():
            counts[k] += n
        hit = {n: (k, counts[k], note) for n, (k, v, note) in self.draft.accounts.items()
               if counts[k] > 0 and v < 0}
        self.draft.accounts.update(hit)
        self.change(len(hit), """UPDATE accounts a SET v = c.n FROM
            (SELECT k, count(*) AS n FROM items WHERE owner = %s GROUP BY k) c
            WHERE a.k = c.k AND a.owner = %s AND a.v < 0""", self.owner, self.owner)

    # Items: no key, and copies

    def copy_items(self):
        rows = [(self.key(), self.value()) for _ in range(self.random.choice([1, 3, 20]))]
        self.draft.items.update(rows)
        with self.connection.cursor() as cursor:
            with cursor.copy("COPY items (owner, k, v) FROM STDIN") as lines:
                for row in rows:
                    lines.write_row((self.owner, *row))
            assert cursor.rowcount == len(rows)

    def update_items(self):
        """Copies of one row are updated alike."""
        key, amount = self.key(), self.random.randint(1, 3)
        hit = Counter({row: n for row, n in self.draft.items.items() if row[0] == key})
        self.draft.items -= hit
        for (k, v), n in hit.items():
            # SQL's remainder has the sign of what is divided.
            moved = v + amount
            self.draft.items[k, abs(moved) % 40 * (1 if moved > 0 else -1)] += n
        self.change(hit.total(), "UPDATE items SET v = (v + %s) %% 40 WHERE owner = %s AND k = %s",
                    amount, self.owner, key)

    def delete_items(self):
        middle, reach = self.value(), 10 if self.draft.items.total() > ROWS else 1
        gone = Counter({(k, v): n for (k, v), n in self.draft.items.items()
                        if abs(v - middle) <= reach})
        self.draft.items -= gone
        self.change(gone.total(), "DELETE FROM items WHERE owner = %s AND abs(v - %s) <= %s",
                    self.owner, middle, reach)

    # Visits: what sessions are made of

    def visit(self):
        number, key, second = self.number(), self.key(), self.random.randint(0, 2000)
        if number not in self.draft.visits:
            self.draft.visits[number] = (key, second)
            self.change(1, f"INSERT INTO visits VALUES (%s, %s, %s, {DAY} + %s * interval '1 s')",
                        number, self.owner, key, second)

    def shift_visits(self):
        """Sessions part and merge."""
        key, seconds = self.key(), self.random.randint(-30, 30)
        hit = {n: (k, at + seconds) for n, (k, at) in self.draft.visits.items()
               if k == key and n % 3 == 0}
        self.draft.visits.update(hit)
        self.change(len(hit), """UPDATE visits SET at = at + %s * interval '1 second'
            WHERE owner = %s AND k = %s AND id %% 3 = 0""", seconds, self.owner, key)

    def delete_visits(self):
        rest = self.random.randrange(10)
        gone = [n for n in self.draft.visits if n % 10 == rest]
        for n in gone:
            del self.draft.visits[n]
        self.change(len(gone), "DELETE FROM visits WHERE owner = %s AND id %% 10 = %s",
                    self.owner, rest)

    # Scratch: a table of one owner, which TRUNCATE empties

    def truncate(self):
        self.draft.scratch = Counter()
        self.connection.execute(f"TRUNCATE scratch_{self.owner}")

    def fill_scratch(self):
        """INSERT … SELECT from another table, as it is in this transaction."""
        key = self.key()
        rows = Counter({row: n for row, n in self.draft.items.items() if row[0] == key})
        with self.connection.transaction():
            if self.draft.scratch.total() > ROWS:
                self.truncate()
            self.change(rows.total(), f"""INSERT INTO scratch_{self.owner}
                SELECT owner, k, v FROM items WHERE owner = %s AND k = %s""", self.owner, key)
            # Before the COMMIT that may have no answer.
            self.draft.scratch += rows

    # Sequences

    def draw(self):
        (value,) = self.connection.execute("SELECT nextval('tickets')").fetchone()
        self.tickets.take("tickets", value)

    def tally(self):
        """A serial column: the value is the row's key, and given once whatever becomes of it."""
        key, count = self.key(), len(self.draft.accounts)
        with self.connection.transaction():
            (value,) = self.change(1, """INSERT INTO tallies (owner, k, n) VALUES (%s, %s, %s)
                RETURNING number""", self.owner, key, count).fetchone()
            self.tickets.take("tallies", value)
            self.draft.tallies[value] = (key, count)
            if len(self.draft.tallies) > MOST_TALLIES:
                oldest = min(self.draft.tallies)
                self.change(1, "DELETE FROM tallies WHERE number = %s", oldest)
                del self.draft.tallies[oldest]


class DrawLoad(SessionLoad):
    """Draws from a sequence, with changes of other sessions on their way to the disk.

    One value a statement: a second one may wait for the disk, and the first with it.
    """

    DRAWS = 40

    def __init__(self, seed, server, tickets):
        super().__init__(seed, server, None)
        self.tickets = tickets

    def step(self):
        return self.until_lost(self.draw)

    def draw(self):
        for _ in range(self.DRAWS):
            if self.random.random() < 0.3:
                self.connection.execute("INSERT INTO tallies (n) VALUES (1)")
            (value,) = self.connection.execute("SELECT nextval('tickets')").fetchone()
            self.tickets.take("tickets", value)
            self.acknowledgements += 1
