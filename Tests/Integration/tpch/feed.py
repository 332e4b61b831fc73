"""A stream of pieces: rows for all eight tables, changes to the rows before them."""

from itertools import islice
from random import Random

from . import rows
from .changes import Changes
from .steps import Copy, Statement, insert

PIECES = 100

SMALL_PIECES = 10
"""Nations and regions are there after so many; until then rows wait for them."""

CHANGES = (3, 7)
"""The fewest and most changes after the rows of a piece."""

INSERT_ROWS = 500
"""Of one INSERT."""


def feed(scale, seed):
    """A list of steps for each piece."""
    random = Random(f"{seed} feed")
    changes = Changes(scale, seed)
    for number, tables in enumerate(pieces(scale, seed)):
        steps = [step for table in random.sample(sorted(tables), len(tables))
                 for step in arrival(random, table, tables[table])]
        changes.grow((number + 1) / PIECES)
        steps += [changes.draw() for _ in range(random.randint(*CHANGES))]
        if random.random() < 0.3:
            steps = [Statement("BEGIN"), *steps, Statement("COMMIT")]
        if random.random() < 0.1:
            steps += [Statement("BEGIN"), changes.draw(), changes.draw(), Statement("ROLLBACK")]
        yield steps


def pieces(scale, seed):
    """For each piece the rows of each table in it."""
    region, nation = rows.regions(seed), rows.nations(seed)
    supplier, customer = rows.suppliers(scale, seed), rows.customers(scale, seed)
    part, order = rows.parts(scale, seed), rows.orders(scale, seed)
    for number in range(PIECES):
        stocked = list(islice(part, share("part", scale, number)))
        ordered = list(islice(order, share("orders", scale, number)))
        yield {
            "region": list(islice(region, 1 if number < SMALL_PIECES else 0)),
            "nation": list(islice(nation, 3 if number < SMALL_PIECES else 0)),
            "supplier": list(islice(supplier, share("supplier", scale, number))),
            "customer": list(islice(customer, share("customer", scale, number))),
            "part": [row for row, _ in stocked],
            "partsupp": [row for _, stock in stocked for row in stock],
            "orders": [row for row, _ in ordered],
            "lineitem": [row for _, lines in ordered for row in lines],
        }


def share(table, scale, number):
    """How many rows of a table are in a piece."""
    total = rows.count(table, scale)
    return total * (number + 1) // PIECES - total * number // PIECES


def arrival(random, table, added):
    """The steps by which rows come into a table, if there are any."""
    if random.random() < 0.3:
        return [insert(table, added[start:start + INSERT_ROWS])
                for start in range(0, len(added), INSERT_ROWS)]
    return [Copy(table, added)] if added else []
