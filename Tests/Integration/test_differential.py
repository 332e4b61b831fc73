"""Random cases: views, and the same queries by themselves, answer as PostgreSQL does."""

import os
import random

import pytest

from differential.__main__ import reduction
from differential.case import case
from differential.runner import Runner

FIRST = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
"""Of the everyday seeds, which are always the same; the long test draws its own."""

REDUCE_SECONDS = 8


@pytest.fixture
def runner(postgres, tmp_path):
    return Runner(postgres, tmp_path)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 300))
def test_a_random_case_answers_as_postgresql(runner, seed):
    expect_alike(runner, seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_many_random_cases_answer_as_postgresql(runner):
    """Other ones each time; a failure tells its seed."""
    first = random.SystemRandom().randrange(10**6, 10**9)
    for seed in range(first, first + 1000):
        expect_alike(runner, seed)


def expect_alike(runner, seed):
    """No difference, or a failure with a script that shows the worst one."""
    tried = case(seed)
    worst = runner.run(tried).worst()
    if worst:
        pytest.fail(f"seed {seed}: {worst}\n{reduction(runner, tried, worst, REDUCE_SECONDS)}",
                    pytrace=False)
