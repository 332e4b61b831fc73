"""Transactions over two tables under kills: no read ever sees money appear or disappear."""

import itertools
import os
import random
from collections import Counter

import pytest

from bank import (
    ACCOUNTS, BOOKS, BRANCHES, OPENING, SCHEMA, TOTAL, Auditor, MoveLedger, Teller, audit)
from streamhouse import wait_until

TELLERS = 16

AUDITORS = 3

READ_SECONDS = 0.1
"""The longest that one read may take on average before the test calls the bank stuck."""


@pytest.mark.parametrize("reads,kills", [(3000, 2), pytest.param(100_000, 10, marks=[
    pytest.mark.long, pytest.mark.timeout(3600)])])
def test_the_sum_of_all_money_is_the_same_at_every_read(spawn, reads, kills):
    seed = int(os.environ.get("STREAMHOUSE_CRASH_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}; repeat with STREAMHOUSE_CRASH_SEED={seed}")
    server = spawn("--checkpoint-interval-ms", "200")
    server.psql(script=SCHEMA)
    ledger, counter = MoveLedger(), ReadCounter()
    tellers = [Teller(f"{seed}-{i}", server, ledger) for i in range(TELLERS)]
    auditors = [Auditor(f"{seed}-{i}", server, ledger, counter) for i in range(AUDITORS)]
    for load in tellers + auditors:
        load.start()
    dice = random.Random(seed)
    marks = sorted(dice.sample(range(reads // 10, reads * 9 // 10), kills))
    for number, mark in enumerate(marks):
        await_reads(counter, mark, reads, tellers + auditors)
        server.kill9()
        server.restart()
        print(f"kill {number} after {counter.reads} reads, {len(ledger.acknowledged)} moves")
    await_reads(counter, reads, reads, tellers + auditors)
    for load in tellers + auditors:
        load.finish()
    states = len(set().union(*(auditor.states for auditor in auditors)))
    print(f"{counter.reads} reads of {states} states; {len(ledger.acknowledged)} moves "
          f"{dict(ledger.kinds)}, {len(ledger.in_doubt)} in doubt, "
          f"refused {dict(ledger.conflicts)}")
    assert states >= reads / 30, "the auditors saw hardly anything change"
    verify_books(server, ledger)
    server.stop()
    server.restart()
    verify_books(server, ledger)


class ReadCounter:
    """How many reads all auditors together have made."""

    def __init__(self):
        self.numbers = itertools.count(1)
        self.reads = 0

    def __call__(self):
        self.reads = next(self.numbers)


def await_reads(counter, mark, reads, loads):
    """Until so many reads are made, or a load has failed."""
    def reached():
        for load in loads:
            if load.failure:
                raise load.failure
        return counter.reads >= mark
    wait_until(reached, 60 + reads * READ_SECONDS, f"{mark} reads")


def verify_books(server, ledger):
    """At rest: the ledger has what was acknowledged and nothing that was rolled back, and each
    balance and each view is what the ledger says."""
    with server.connect() as connection:
        def read(statement):
            return connection.execute(statement).fetchall()

        moves = {row[0]: row[1:] for row in read("SELECT * FROM ledger")}
        assert read("SELECT count(*) FROM ledger") == [(len(moves),)]
        lost = ledger.acknowledged - moves.keys()
        assert not lost, f"{len(lost)} acknowledged moves are lost, such as {sorted(lost)[:5]}"
        strange = moves.keys() - ledger.acknowledged - ledger.in_doubt
        assert not strange, f"moves that never happened: {sorted(strange)[:5]}"
        balances = {book: dict(read(f"SELECT id, balance FROM {book}")) for book in BOOKS}
        expected = computed_balances(moves.values())
        assert balances == expected
        assert sum(sum(book.values()) for book in balances.values()) == TOTAL
        assert dict(read("SELECT id, checking FROM wealth")) == expected["checking"]
        assert dict(read("SELECT id, savings FROM wealth")) == expected["savings"]
        for book in BOOKS:
            assert sorted(read(f"SELECT * FROM {book}_branches")) == sorted(
                read(f"SELECT id % {BRANCHES}, count(*), sum(balance) FROM {book} GROUP BY 1"))
        assert audit(connection)["saved"][1] == len(moves)


def computed_balances(moves):
    """{table: {account: balance}} of (source, giver, target, taker, amount)."""
    balances = {book: Counter({i: OPENING for i in range(1, ACCOUNTS + 1)}) for book in BOOKS}
    for source, giver, target, taker, amount in moves:
        balances[source][giver] -= amount
        balances[target][taker] += amount
    return {book: dict(found) for book, found in balances.items()}
