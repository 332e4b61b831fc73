"""Cost follows change: one row changes under a view, with more and more rows in the view's state.

For each kind of operator and each size of state: a view is made, one-row UPDATEs, INSERTs and
DELETEs are timed from the statement to its acknowledgement, which is given when the view has the
rows, and the view is dropped. The same statements on a table of the same rows that no view reads
are the reference.
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import measure
from kinds import KINDS, SMALL_ROWS, set_up

WARM_UP = 20
"""Changes before those that count."""

FLAT = 2.0
"""The ratio at the largest size may be so many times the one at the smallest, and the kind still
be called flat: larger tables miss more caches."""

def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--changes", type=int, default=300, help="of each statement")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), help="names of views")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="a file whose table is replaced")
    measure.add_server_arguments(parser)
    parser.set_defaults(time_limit=3600)
    return parser.parse_args()


class Changes:
    """One-row statements on a table; each INSERT is taken back by a DELETE."""

    VERBS = ("UPDATE", "INSERT", "DELETE")

    def __init__(self, connection, name, first, rows, size):
        """`first` is the least id of so many rows."""
        self.connection, self.name = connection, name
        self.first, self.rows, self.size = first, rows, size
        self.times = {verb: [] for verb in self.VERBS}

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

    def medians(self):
        """{verb: microseconds}"""
        return {verb: measure.median(times[WARM_UP:]) for verb, times in self.times.items()}


def compare(connection, table, size, arguments):
    """{verb: (microseconds on a table, microseconds on one without views)}; the two take turns, so
    that whatever else the machine does falls on both."""
    name, first, rows = table
    measured = Changes(connection, name, first, rows, size)
    reference = Changes(connection, "plain", size, SMALL_ROWS, size)
    for number in range(WARM_UP + arguments.changes):
        for changes in (measured, reference):
            changes.change(f"{arguments.seed} {number}")
    ours, others = measured.medians(), reference.medians()
    return {verb: (ours[verb], others[verb]) for verb in Changes.VERBS}


def measure_size(arguments, size):
    """{kind: {verb: (microseconds, microseconds of the reference)}} with so many rows of state."""
    results = {}
    with measure.bench_server(arguments) as (server, _), server.connect() as connection:
        set_up(connection, size)
        results[LARGE_TABLE] = compare(connection, ("big", 0, size), size, arguments)
        for kind in arguments.kinds:
            begun = time.monotonic()
            connection.execute(f"CREATE MATERIALIZED VIEW measured AS {KINDS[kind]}")
            made = time.monotonic() - begun
            results[kind] = compare(connection, ("small", size, SMALL_ROWS), size, arguments)
            connection.execute("DROP MATERIALIZED VIEW measured")
            took = ", ".join(f"{verb} {ours:.0f} µs ({other:.0f})"
                             for verb, (ours, other) in results[kind].items())
            print(f"{size}: {kind}: made in {made:.1f} s; {took}", file=sys.stderr, flush=True)
    return results


def table(results):
    """Markdown: ratios to the reference, by kind, statement and size; what is not flat is bold."""
    sizes = [measure.thousands(size) for size in results]
    head = [f"{verb} {size}" for verb in Changes.VERBS for size in sizes]
    lines = [f"| view | {' | '.join(head)} | growth |", f"| --- |{' ---: |' * (len(head) + 1)}"]
    reference = [
        measure.median([kind[verb][1] for kind in found.values()])
        for verb in Changes.VERBS for found in results.values()]
    lines.append(f"| none, microseconds | {' | '.join(f'{took:.0f}' for took in reference)} | |")
    for kind in next(iter(results.values())):
        ratios = {verb: [found[kind][verb][0] / found[kind][verb][1] for found in results.values()]
                  for verb in Changes.VERBS}
        growth = max(found[-1] / found[0] for found in ratios.values())
        cells = [f"{ratio:.1f}" for verb in Changes.VERBS for ratio in ratios[verb]]
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
    print(f"from a one-row statement to its acknowledgement, medians of {arguments.changes}, "
          f"beside the same on a table without views; {arguments.workers} workers")
    text = table(results)
    print(text)
    if arguments.save:
        save(arguments.save, text)


if __name__ == "__main__":
    main()
