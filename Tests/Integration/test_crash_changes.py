"""kill -9 under every statement that changes rows: the tables are what the clients were told, and
each view is its query run ad hoc."""

import os
import random
from collections import Counter

import pytest

from crash_changes import (
    OWNERS, SCHEMA, VIEWS, ChangeLoad, DrawLoad, Model, Tickets, stored_model)
from streamhouse import wait_until
from test_crash import LONGEST_LIFE_SECONDS, LONGEST_RECOVERY_SECONDS, RECOVERY_KILL_CHANCE, pause

DRAWERS = 12

LONGEST_DRAWING_SECONDS = 0.1

TRANSACTIONS_BEFORE_KILL = 20
"""Of each load: a life without changes would show nothing."""


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=[
    pytest.mark.long, pytest.mark.timeout(3600)])])
def test_tables_and_views_are_what_was_acknowledged_after_kills(spawn, kills):
    seed = int(os.environ.get("STREAMHOUSE_CRASH_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}; repeat with STREAMHOUSE_CRASH_SEED={seed}")
    server = spawn("--checkpoint-interval-ms", "200")
    server.psql(script=SCHEMA)
    for name, query in VIEWS.items():
        server.sql(f"CREATE MATERIALIZED VIEW {name} AS {query}")
    trial = Trial(server, seed)
    for number in range(kills):
        trial.round(number)
    server.stop()
    server.restart()
    trial.verify()
    print(f"{trial.acknowledgements} transactions, {trial.doubts} in doubt of which "
          f"{trial.doubts_kept} are there; {dict(trial.kinds)}")


@pytest.mark.parametrize("kills", [40, pytest.param(300, marks=[
    pytest.mark.long, pytest.mark.timeout(3600)])])
def test_a_sequence_gives_no_value_again_after_kills(spawn, kills):
    """Many sessions draw at once: some from what another has only just reserved."""
    seed = int(os.environ.get("STREAMHOUSE_CRASH_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}; repeat with STREAMHOUSE_CRASH_SEED={seed}")
    server, dice, tickets = spawn(), random.Random(seed), Tickets()
    server.psql(script=SCHEMA)
    for number in range(kills):
        loads = [DrawLoad(f"{seed}-{number}-{i}", server, tickets) for i in range(DRAWERS)]
        for load in loads:
            load.start()
        wait_until(lambda loads=loads: all(load.acknowledgements or load.failure
                                           for load in loads), 60, "a value for each session")
        pause(dice.uniform(0, LONGEST_DRAWING_SECONDS))
        server.kill9()
        for load in loads:
            load.finish()
        server.restart()
    print(f"{sum(map(len, tickets.given.values()))} values")


class Trial:
    """One server and what each owner knows of its rows."""

    def __init__(self, server, seed):
        self.server, self.seed = server, seed
        self.dice = random.Random(seed)
        self.tickets = Tickets()
        self.models = [Model() for _ in range(OWNERS)]
        self.acknowledgements = self.doubts = self.doubts_kept = 0
        self.kinds = Counter()

    def round(self, number):
        """Load, a kill at a random instant of it, perhaps one of the recovery, a check."""
        loads = [ChangeLoad(f"{self.seed}-{number}-{owner}", self.server, owner, self.tickets,
                            self.models[owner]) for owner in range(OWNERS)]
        for load in loads:
            load.start()
        self.kill(loads)
        for load in loads:
            load.finish()
        self.server.restart()
        for load in loads:
            self.learn(load)
        self.verify()
        print(f"round {number}: {self.acknowledgements} transactions so far")

    def kill(self, loads):
        """The instant is random, and every load is in the middle of its work by then."""
        wait_until(lambda: all(load.acknowledgements >= TRANSACTIONS_BEFORE_KILL or load.failure
                               for load in loads), 60, "transactions of each load")
        pause(self.dice.uniform(0, LONGEST_LIFE_SECONDS))
        self.server.kill9()
        if self.dice.random() < RECOVERY_KILL_CHANCE:
            self.server.launch()
            pause(self.dice.uniform(0, LONGEST_RECOVERY_SECONDS))
            self.server.kill9()

    def learn(self, load):
        """Whether the transaction in doubt has happened: all of it or nothing."""
        owner = load.owner
        self.models[owner] = load.model
        self.acknowledgements += load.acknowledgements
        self.kinds += load.kinds
        if load.in_doubt is not None and load.in_doubt != load.model:
            self.doubts += 1
            with self.server.connect() as connection:
                if stored_model(connection, owner) == load.in_doubt:
                    self.models[owner] = load.in_doubt
                    self.doubts_kept += 1

    def verify(self):
        """Tables against models, views against their queries, at a moment when nobody writes."""
        with self.server.connect() as connection:
            for owner, model in enumerate(self.models):
                found, expected = stored_model(connection, owner).rows(), model.rows()
                assert found == expected, (
                    f"owner {owner} has besides {found - expected}, lacks {expected - found}")
            for name, query in VIEWS.items():
                found = Counter(connection.execute(f"SELECT * FROM {name}").fetchall())
                expected = Counter(connection.execute(query).fetchall())
                assert found == expected, (
                    f"{name} has besides {found - expected}, lacks {expected - found}")
