"""TPC-H's queries as views, while rows come, change and go, are PostgreSQL's answers."""

import os
from random import Random, SystemRandom

import pytest

from tpch.feed import PIECES, feed
from tpch.twins import QUERIES, Twins

SEED = os.environ.get("TPCH_SEED")
"""To see a failure again."""

EVERYDAY_SEED = 3
"""One with which every answer has something in it even at the smallest scale."""

POINTS = 10
"""How often the answers are compared before the end."""


@pytest.fixture
def twins(fresh, postgres):
    """A function that makes Twins for the queries of these names."""
    made = []

    def make(queries):
        made.append(Twins(fresh, postgres, queries))
        return made[-1]

    yield make
    for pair in made:
        pair.close()


def test_views_follow_a_hundred_pieces(twins):
    follow(twins(QUERIES.keys()), 0.003, int(SEED or EVERYDAY_SEED))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_views_follow_a_hundred_large_pieces(twins):
    """Other rows each time; a failure tells their seed."""
    seed = int(SEED or SystemRandom().randrange(10**9))
    follow(twins(QUERIES.keys()), 0.1, seed)


def follow(twins, scale, seed):
    """Views made before the rows, views made after them and the queries by themselves are equal to
    PostgreSQL's answers, digit for digit; each answer has something in it at some time."""
    points = {*Random(f"{seed} points").sample(range(PIECES - 1), POINTS), PIECES - 1}
    print(f"TPCH_SEED={seed}, compared after pieces {sorted(points)}")
    answered = set()
    for number, steps in enumerate(feed(scale, seed)):
        for step in steps:
            twins.apply(step)
        if number in points:
            answered |= expect_alike(twins, "early", f"seed {seed}, piece {number}")
    twins.drop_views("early")
    twins.make_views("late")
    expect_alike(twins, "late", f"seed {seed}, views made after the rows")
    assert answered == twins.queries.keys()


def expect_alike(twins, when, where):
    """No difference; the names of the queries of which the answer has something in it."""
    found, answered = twins.differences(when)
    if found:
        pytest.fail(f"{where}: {len(found)} differences\n" + "\n".join(found), pytrace=False)
    return answered
