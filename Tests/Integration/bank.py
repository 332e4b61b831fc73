"""A bank whose money never changes in sum: tellers move it, auditors look, the server dies.

Every move writes one row to `ledger` in its own transaction, so that each balance can be computed
again from the ledger alone, and a move that was half done, done twice or lost shows.
"""

import itertools
import threading
from collections import Counter

import psycopg
from psycopg import sql

from crash_load import Load
from streamhouse import wait_until

ACCOUNTS = 12
"""Few enough that tellers meet at the same rows."""

BRANCHES = 5

OPENING = 1000

BOOKS = ("checking", "savings")

TOTAL = ACCOUNTS * OPENING * len(BOOKS)

RECONNECT_SECONDS = 90

SCHEMA = f"""
    CREATE TABLE checking (id int PRIMARY KEY, balance bigint NOT NULL);
    CREATE TABLE savings (id int PRIMARY KEY, balance bigint NOT NULL);
    CREATE TABLE ledger (move bigint PRIMARY KEY, source text, giver int, target text, taker int,
                         amount bigint NOT NULL);
    BEGIN;
    INSERT INTO checking SELECT i, {OPENING} FROM generate_series(1, {ACCOUNTS}) AS s(i);
    INSERT INTO savings SELECT i, {OPENING} FROM generate_series(1, {ACCOUNTS}) AS s(i);
    COMMIT;
    CREATE MATERIALIZED VIEW checking_branches AS
      SELECT id % {BRANCHES} AS branch, count(*) AS accounts, sum(balance) AS total
      FROM checking GROUP BY id % {BRANCHES};
    CREATE MATERIALIZED VIEW savings_branches AS
      SELECT id % {BRANCHES} AS branch, count(*) AS accounts, sum(balance) AS total
      FROM savings GROUP BY id % {BRANCHES};
    CREATE MATERIALIZED VIEW wealth AS
      SELECT c.id, c.balance AS checking, s.balance AS savings, c.balance + s.balance AS total
      FROM checking c FULL JOIN savings s ON c.id = s.id;
    CREATE MATERIALIZED VIEW saved AS
      SELECT count(*) AS moves,
             coalesce(sum(CASE WHEN target = 'savings' THEN amount ELSE 0 END
                        - CASE WHEN source = 'savings' THEN amount ELSE 0 END), 0) AS net
      FROM ledger;
"""

AUDIT = """
    SELECT 'union', sum(total), sum(accounts) FROM
      (SELECT total, accounts FROM checking_branches
       UNION ALL SELECT total, accounts FROM savings_branches) u
    UNION ALL
    SELECT 'join', sum(c.total + s.total), sum(c.accounts + s.accounts)
      FROM checking_branches c JOIN savings_branches s ON c.branch = s.branch
    UNION ALL SELECT 'wealth', sum(total), 2 * count(total) FROM wealth
    UNION ALL SELECT 'tables', sum(balance), count(*) FROM
      (SELECT balance FROM checking UNION ALL SELECT balance FROM savings) t
    UNION ALL SELECT 'savings', sum(total), 0 FROM savings_branches
    UNION ALL SELECT 'saved', net, moves FROM saved
"""
"""One statement over every view and both tables: all of it is of one epoch."""


def audit(connection):
    """{what was summed: (sum, count)}"""
    rows = connection.execute(AUDIT).fetchall()
    return {what: (int(total), int(count)) for what, total, count in rows}


class MoveLedger:
    """What the tellers were promised, by number of a move; numbers are never used twice."""

    def __init__(self):
        self.numbers = itertools.count(1)
        self.acknowledged, self.rolled_back, self.in_doubt = set(), set(), set()
        self.conflicts = Counter()
        """What a client must answer with a new attempt: refusals by SQLSTATE, and `Outrun`."""
        self.kinds = Counter()
        self.lock = threading.Lock()


class Outrun(Exception):
    """What a move had read was no longer so when it wrote."""


class Client(Load):
    """A load over a connection that is made again when the server has died."""

    def __init__(self, seed, server):
        super().__init__(seed)
        self.server = server
        self.connection = None

    def step(self):
        try:
            if self.connection is None:
                self.connection = wait_until(self.reach, RECONNECT_SECONDS, "a connection")
            self.work()
        except psycopg.OperationalError as error:
            if error.sqlstate is not None:
                raise
            self.lose()
        return True

    def reach(self):
        try:
            return self.server.connect()
        except psycopg.OperationalError:
            return None

    def lose(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Teller(Client):
    """Moves money, one transaction a move, in all the ways that SQL has for it."""

    RETRIES = 200

    def __init__(self, seed, server, ledger):
        super().__init__(seed, server)
        self.ledger = ledger
        self.ways = [self.plainly, self.within_one_table, self.by_locked_read, self.by_comparison,
                     self.after_a_detour, self.after_an_error, self.by_reopening, self.by_upsert]

    def work(self):
        """One move: committed, or rolled back on purpose, or in doubt if the server dies."""
        way = self.random.choice(self.ways)
        is_kept = self.random.random() > 0.1
        for _ in range(self.RETRIES):
            move = self.drawn_move(way)
            if self.attempted(way, move, is_kept):
                return
        raise AssertionError(f"{way.__name__} was refused {self.RETRIES} times")

    def drawn_move(self, way):
        """(number, source table, giver, target table, taker, amount)"""
        giver, taker = self.random.sample(range(1, ACCOUNTS + 1), 2)
        source, target = self.random.choices(BOOKS, k=2)
        if way == self.within_one_table:
            target = source
        return (next(self.ledger.numbers), source, giver, target, taker,
                self.random.randint(1, 50))

    def attempted(self, way, move, is_kept):
        """False when another transaction was in the way."""
        number = move[0]
        is_committing = False
        try:
            with self.connection.transaction(force_rollback=not is_kept):
                way(move)
                self.enter(move)
                is_committing = True
        except (Outrun, psycopg.errors.DeadlockDetected,
                psycopg.errors.SerializationFailure) as error:
            self.ledger.rolled_back.add(number)
            with self.ledger.lock:
                self.ledger.conflicts[getattr(error, "sqlstate", "outrun")] += 1
            return False
        except psycopg.OperationalError as error:
            if error.sqlstate is None:
                # Before COMMIT was sent, nothing can have happened.
                doubt = is_committing and is_kept
                (self.ledger.in_doubt if doubt else self.ledger.rolled_back).add(number)
            raise
        (self.ledger.acknowledged if is_kept else self.ledger.rolled_back).add(number)
        with self.ledger.lock:
            self.ledger.kinds[way.__name__] += is_kept
        self.acknowledgements += 1
        return True

    def enter(self, move):
        self.connection.execute("INSERT INTO ledger VALUES (%s, %s, %s, %s, %s, %s)", move)

    def add(self, book, account, amount):
        self.changed_one(
            sql.SQL("UPDATE {} SET balance = balance + %s WHERE id = %s"), book, amount, account)

    def changed_one(self, statement, book, *parameters):
        """Runs a statement about one account, which must be there."""
        done = self.connection.execute(statement.format(sql.Identifier(book)), parameters)
        assert done.rowcount == 1, f"{statement} {parameters} changed {done.rowcount} rows"
        return done

    def balance(self, book, account):
        statement = sql.SQL("SELECT balance FROM {} WHERE id = %s").format(sql.Identifier(book))
        (balance,), = self.connection.execute(statement, [account]).fetchall()
        return balance

    # The ways

    def plainly(self, move):
        """Two UPDATEs in a random order, which is what deadlocks are made of."""
        _, source, giver, target, taker, amount = move
        halves = [(source, giver, -amount), (target, taker, amount)]
        self.random.shuffle(halves)
        for half in halves:
            self.add(*half)

    def within_one_table(self, move):
        """Both rows in one UPDATE."""
        _, source, giver, _, taker, amount = move
        statement = sql.SQL("""UPDATE {} SET balance = balance
            + CASE WHEN id = %s THEN %s ELSE %s END WHERE id IN (%s, %s)""")
        done = self.connection.execute(statement.format(sql.Identifier(source)),
                                       [giver, -amount, amount, giver, taker])
        assert done.rowcount == 2

    def by_locked_read(self, move):
        """An UPDATE that changes nothing takes the row; what is read then cannot go stale."""
        _, source, giver, target, taker, amount = move
        for book, account, change in [(source, giver, -amount), (target, taker, amount)]:
            self.add(book, account, 0)
            balance = self.balance(book, account)
            self.changed_one(sql.SQL("UPDATE {} SET balance = %s WHERE id = %s"), book,
                             balance + change, account)
            assert self.balance(book, account) == balance + change, "not my own change"

    def by_comparison(self, move):
        """SELECT, then an UPDATE that only takes the balance that was read."""
        _, source, giver, target, taker, amount = move
        for book, account, change in [(source, giver, -amount), (target, taker, amount)]:
            balance = self.balance(book, account)
            statement = sql.SQL("UPDATE {} SET balance = %s WHERE id = %s AND balance = %s")
            done = self.connection.execute(statement.format(sql.Identifier(book)),
                                           [balance + change, account, balance])
            if done.rowcount == 0:
                raise Outrun

    def after_a_detour(self, move):
        """Half of it goes wrong behind a savepoint, with a ledger row that must never be seen."""
        _, source, giver, target, taker, amount = move
        self.add(source, giver, -amount)
        decoy = next(self.ledger.numbers)
        self.ledger.rolled_back.add(decoy)
        with self.connection.transaction(force_rollback=True):
            self.add(target, taker, 3 * amount)
            self.enter((decoy, *move[1:]))
        self.add(target, taker, amount)

    def after_an_error(self, move):
        """A second ledger row of the same number is refused; a savepoint saves the rest."""
        _, source, giver, target, taker, amount = move
        with self.connection.transaction():
            self.add(source, giver, -amount)
        try:
            with self.connection.transaction():
                self.add(target, taker, 5 * amount)
                self.enter(move)
                self.enter(move)
            raise AssertionError("a key is there twice")
        except psycopg.errors.UniqueViolation:
            pass
        self.add(target, taker, amount)

    def by_reopening(self, move):
        """The giver's account is deleted and inserted again with what is left."""
        _, source, giver, target, taker, amount = move
        (balance,) = self.changed_one(
            sql.SQL("DELETE FROM {} WHERE id = %s RETURNING balance"), source, giver).fetchone()
        self.changed_one(sql.SQL("INSERT INTO {} VALUES (%s, %s)"), source, giver,
                         balance - amount)
        self.add(target, taker, amount)

    def by_upsert(self, move):
        """INSERT … ON CONFLICT DO UPDATE on both sides."""
        _, source, giver, target, taker, amount = move
        for book, account, change in [(source, giver, -amount), (target, taker, amount)]:
            self.changed_one(
                sql.SQL("INSERT INTO {} AS book VALUES (%s, %s) ON CONFLICT (id) "
                        "DO UPDATE SET balance = book.balance + excluded.balance"),
                book, account, change)


class Auditor(Client):
    """Reads everything in one statement, again and again, and believes nothing."""

    def __init__(self, seed, server, ledger, count_read):
        super().__init__(seed, server)
        self.ledger, self.count_read = ledger, count_read
        self.last_moves = 0
        self.states = set()
        """Numbers of moves that were seen: how many states of the bank the reads have met."""

    def work(self):
        promised = len(self.ledger.acknowledged)
        found = audit(self.connection)
        for what in ("union", "join", "wealth", "tables"):
            assert found[what] == (TOTAL, ACCOUNTS * len(BOOKS)), f"{what} of {found}"
        net, moves = found["saved"]
        assert found["savings"][0] == ACCOUNTS * OPENING + net, f"a move is half there: {found}"
        assert moves >= self.last_moves, f"a read went back from {self.last_moves} to {moves}"
        assert moves >= promised, f"{moves} moves are there, {promised} were acknowledged"
        self.last_moves = moves
        self.states.add(moves)
        self.acknowledgements += 1
        self.count_read()
