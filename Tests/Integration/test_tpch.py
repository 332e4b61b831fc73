"""TPC-H's queries as views, while rows come, change and go, are PostgreSQL's answers."""

import os
from random import Random, SystemRandom

import pytest

from differential.postgres import PostgreSQL
from tpch.feed import PIECES, feed
from tpch.twins import QUERIES, Twins

SEED = os.environ.get("TPCH_SEED")
"""To see a failure again."""

POINTS = 10
"""How often the answers are compared before the end."""


@pytest.fixture
def twins(fresh):
    postgres = PostgreSQL()
    pair = Twins(fresh, postgres)
    yield pair
    pair.close()
    postgres.stop()


@pytest.mark.parametrize("scale", [0.005, pytest.param(0.1, marks=[
    pytest.mark.long, pytest.mark.timeout(3600)])])
def test_views_follow_a_hundred_pieces(twins, scale):
    """A view made before the rows, one made after them and the query by itself are equal to
    PostgreSQL's answer, digit for digit; in the end each answer has something in it."""
    assert len(QUERIES) == 22
    seed = int(SEED) if SEED else SystemRandom().randrange(10**9) if scale > 0.01 else 1
    points = {*Random(f"{seed} points").sample(range(PIECES - 1), POINTS)}
    print(f"TPCH_SEED={seed}, compared after pieces {sorted(points)}")
    for number, steps in enumerate(feed(scale, seed)):
        for step in steps:
            twins.apply(step)
        if number in points:
            expect_alike(twins, ["early"], f"seed {seed}, piece {number}")
    twins.make_views("late")
    answered = expect_alike(twins, ["early", "late"], f"seed {seed}, the end")
    assert answered == set(QUERIES)


def expect_alike(twins, moments, where):
    """No difference; the names of the queries of which the answer has something in it."""
    found, answered = twins.differences(moments)
    if found:
        pytest.fail(f"{where}: {len(found)} differences\n" + "\n".join(found), pytrace=False)
    return answered
