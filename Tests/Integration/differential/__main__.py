"""Runs cases from a seed on; prints every difference, reduced, and what was covered."""

import argparse
import re
import signal
import sys
import tempfile
import time

from .case import case
from .coverage import Coverage
from .postgres import PostgreSQL
from .reduce import Reducer
from .runner import SEVERITY, Runner
from .script import script


def main():
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reduce", type=int, default=60, metavar="SECONDS",
                        help="for each case that fails; 0 leaves it as it is")
    parser.add_argument("--kinds", default=",".join(SEVERITY),
                        help="the differences that count, of " + ", ".join(SEVERITY))
    parser.add_argument("--most", type=int, default=20, metavar="N",
                        help="failing cases that are reduced")
    parser.add_argument("--without", metavar="PATTERN",
                        help="leaves out queries with a known fault, to find others")
    parser.add_argument("--show", action="store_true", help="print the cases instead")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.cases)
    if arguments.show:
        for seed in seeds:
            print(f"-- seed {seed}\n{script(case(seed, arguments.without))}\n")
        return 0
    # However it is told to end, its servers end with it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))
    postgres = PostgreSQL()
    try:
        with tempfile.TemporaryDirectory(prefix="streamhouse-cases-") as directory:
            return run(Runner(postgres, directory), seeds, arguments)
    finally:
        postgres.stop()


def run(runner, seeds, arguments):
    coverage, failed, begun = Coverage(), 0, time.monotonic()
    wanted = arguments.kinds.split(",")
    for seed in seeds:
        tried = case(seed, arguments.without)
        outcome = runner.run(tried)
        coverage.add(tried, outcome)
        outcome.differences = [each for each in outcome.differences if each.kind in wanted]
        worst = outcome.worst()
        if worst is None:
            continue
        failed += 1
        print(f"== seed {seed}\n{worst}", flush=True)
        if arguments.reduce and failed <= arguments.most:
            print(reduction(runner, tried, worst, arguments.reduce), flush=True)
    print(coverage.report())
    print(f"{len(seeds) - failed} passed, {failed} failed in {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


def reduction(runner, tried, worst, seconds):
    """The reduced script and its difference."""
    small = Reducer(runner, worst, seconds).reduced(tried)
    found = [each for each in runner.run(small).differences
             if each.signature() == worst.signature()]
    difference = found[0] if found else "(not seen again when run once more)"
    return f"-- reduced\n{script(small)}\n{re.sub('^', '-- ', str(difference), flags=re.M)}"


if __name__ == "__main__":
    sys.exit(main())
