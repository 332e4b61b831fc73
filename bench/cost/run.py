"""Cost follows change: one row changes under a view, with more and more rows in the view's state.

For each kind of operator and each size of state: a view is made, one-row UPDATEs, INSERTs and
DELETEs are timed from the statement to its acknowledgement, which is given when the view has the
rows, and so is the server's CPU time; then the view is dropped. The same statements on a table of
the same rows that no view reads are the reference.
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import measure
from kinds import KINDS, SMALL_ROWS, set_up

VERBS = ("UPDATE", "INSERT", "DELETE")

CPU = "CPU"

FIGURES = (*VERBS, CPU)

TURN = 10
"""Changes of each statement on one table before it is the other's turn."""

WARM_UP = 20
"""Changes before those that count."""

FLAT = 2.0
"""The ratio of CPU times at the largest size may be so many times the one at the smallest, and the
kind still be called flat: larger tables miss more caches. What is small beside the statement itself
does not show."""

LARGE_TABLE = "none, statement on the large table"
"""The kind of no view at all: what it costs to find one row among many."""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--changes", type=int, default=300, help="of each statement")
    parser.add_argument("--kind-seconds", type=int, default=20,
                        help="after which a kind has had enough changes")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), help="names of views")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="a file whose table is replaced")
    measure.add_server_arguments(parser)
    parser.set_defaults(time_limit=3600)
    return parser.parse_args()


class Changes:
    """One-row statements on a table; each INSERT is taken back by a DELETE."""

    def __init__(self, connection, name, first, rows, size):
        """`first` is the least id of so many rows."""
        self.connection, self.name = connection, name
        self.first, self.rows, self.size = first, rows, size
        self.times = {verb: [] for verb in VERBS}
        self.cpu = 0.0
        """Microseconds of the server for all of them."""

    def change(self, seed):
        """One of each; a seed says what."""
        dice = random.Random(seed)
        old, new = self.first + dice.randrange(self.rows), 10**9 + dice.randrange(10**9)
        self.time("UPDATE", f"UPDATE {self.name} SET v = %s WHERE id = %s",
                  dice.randrange(1009), old)
        self.time("INSERT", f"INSERT INTO {self.name} VALUES (%s, %s, %s, 'new', "
                  "timestamp '2024-01-01' + %s * interval '1 second', ARRAY[1, 2])", new,
                  dice.randrange(self.size // 10), dice.randrange(1009), dice.randrange(self.size))
        self.time("DELETE", f"DELETE FROM {self.name} WHERE id = %s", new)

    def time(self, verb, statement, *parameters):
        """Notes the microseconds from the statement to its acknowledgement."""
        begun = time.perf_counter()
        done = self.connection.execute(statement, parameters, prepare=True)
        taken = time.perf_counter() - begun
        assert done.rowcount == 1, f"{statement} {parameters} changed {done.rowcount} rows"
        self.times[verb].append(taken * 1e6)

    def figures(self):
        """{verb: median microseconds}, and the server's CPU microseconds of a statement."""
        found = {verb: measure.median(times[min(WARM_UP, len(times) // 2):])
                 for verb, times in self.times.items()}
        return {**found, CPU: self.cpu / sum(map(len, self.times.values()))}


def cpu_microseconds(server):
    """What all threads of a server have used; finer than the ticks of `cpu_seconds`."""
    tasks = Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e3


def compare(server, connection, table, size, arguments):
    """{what: (figure on a table, figure on one without views)}; the two take turns, so that
    whatever else the machine does falls on both."""
    end = time.monotonic() + arguments.kind_seconds
    name, first, rows = table
    measured = Changes(connection, name, first, rows, size)
    reference = Changes(connection, "plain", size, SMALL_ROWS, size)
    for first in range(0, WARM_UP + arguments.changes, TURN):
        for changes in (measured, reference):
            before = cpu_microseconds(server)
            for number in range(first, first + TURN):
                changes.change(f"{arguments.seed} {number}")
            changes.cpu += cpu_microseconds(server) - before
        if time.monotonic() > end:
            break
    ours, others = measured.figures(), reference.figures()
    return {what: (ours[what], others[what]) for what in FIGURES}


def measure_size(arguments, size):
    """{kind: {verb: (microseconds, microseconds of the reference)}} with so many rows of state."""
    results = {}
    with measure.bench_server(arguments) as (server, _), server.connect() as connection:
        set_up(connection, size)
        results[LARGE_TABLE] = compare(server, connection, ("big", 0, size), size, arguments)
        report(f"{size}: {LARGE_TABLE}", results[LARGE_TABLE])
        for kind in arguments.kinds:
            begun = time.monotonic()
            connection.execute(f"CREATE MATERIALIZED VIEW measured AS {KINDS[kind]}")
            made = time.monotonic() - begun
            table = ("small", size, SMALL_ROWS)
            results[kind] = compare(server, connection, table, size, arguments)
            connection.execute("DROP MATERIALIZED VIEW measured")
            report(f"{size}: {kind}: made in {made:.1f} s", results[kind])
    return results


def report(what, result):
    """A line on the way, in microseconds."""
    took = ", ".join(f"{figure} {ours:.0f} µs ({other:.0f})"
                     for figure, (ours, other) in result.items())
    print(f"{what}; {took}", file=sys.stderr, flush=True)


def markdown(results):
    """A table: ratios to the reference, by kind, figure and size; what is not flat is bold."""
    sizes = [measure.thousands(size) for size in results]
    head = [f"{figure} {size}" for figure in FIGURES for size in sizes]
    lines = [f"| view | {' | '.join(head)} | growth |",
             f"| --- |{' ---: |' * (len(head) + 1)}"]
    reference = [
        measure.median([kind[figure][1] for kind in found.values()])
        for figure in FIGURES for found in results.values()]
    lines.append(f"| none, microseconds | {' | '.join(f'{took:.0f}' for took in reference)} | |")
    for kind in next(iter(results.values())):
        ratios = {figure: [found[kind][figure][0] / found[kind][figure][1]
                           for found in results.values()] for figure in FIGURES}
        growth = ratios[CPU][-1] / ratios[CPU][0]
        cells = [f"{ratio:.1f}" for figure in FIGURES for ratio in ratios[figure]]
        shown = f"**{growth:.1f}**" if growth > FLAT else f"{growth:.1f}"
        lines.append(f"| {kind} | {' | '.join(cells)} | {shown} |")
    return "\n".join(lines)


def save(path, text):
    """Puts the table in the place of the first one in a document."""
    lines = path.read_text().splitlines()
    rows = [place for place, line in enumerate(lines) if line.startswith("|")]
    end = next((i for i in range(rows[0], len(lines)) if not lines[i].startswith("|")), len(lines))
    path.write_text("\n".join([*lines[:rows[0]], *text.splitlines(), *lines[end:]]) + "\n")


def main():
    arguments = parse_arguments()
    measure.print_machine()
    results = {size: measure_size(arguments, size) for size in arguments.sizes}
    print(f"from a one-row statement to its acknowledgement, medians of {arguments.changes}, and "
          "the server's CPU time of a statement, as ratios to the same on a table without views; "
          f"{arguments.workers} workers")
    text = markdown(results)
    print(text)
    if arguments.save:
        save(arguments.save, text)


if __name__ == "__main__":
    main()
