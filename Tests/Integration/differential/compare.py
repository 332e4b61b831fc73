"""Whether two answers are the same rows, in any order, with what a type allows."""

import math
from collections import Counter
from decimal import Decimal

NUMERIC, DOUBLE = 1700, 701

TOLERANCE = 1e-12
"""Relative; double precisions may be added up in another order."""


def mismatch(expected, actual, images=None):
    """None, or the rows that are missing and those that should not be there.

    Both are Results. Numerics are compared by value; by text in the columns that `images` says,
    which is for a second look at rows that are equal by value.
    """
    types = expected.types
    left = Counter(key(row, types, images) for row in expected.rows)
    right = Counter(key(row, types, images) for row in actual.rows)
    missing, extra = list((left - right).elements()), list((right - left).elements())
    if DOUBLE in types:
        for row in list(missing):
            near = next((other for other in extra if is_near(row, other)), None)
            if near is not None:
                missing.remove(row)
                extra.remove(near)
    return (missing, extra) if missing or extra else None


def key(row, types, images):
    """A row as what compares equal when its values do."""
    return tuple(
        value if value is None
        else number(value) if type_ == DOUBLE
        else quantity(value) if type_ == NUMERIC and not (images and images[place])
        else value
        for place, (value, type_) in enumerate(zip(row, types)))


def number(text):
    """Zero has no sign here, and NaN equals itself."""
    value = float(text)
    return "NaN" if math.isnan(value) else value + 0.0


def quantity(text):
    try:
        value = Decimal(text)
    except ArithmeticError:
        return text
    return text if value.is_nan() else value


def is_near(one, other):
    """Whether rows differ only in double precisions, by less than the tolerance."""
    return len(one) == len(other) and all(
        a == b or (isinstance(a, float) and isinstance(b, float)
                   and math.isclose(a, b, rel_tol=TOLERANCE))
        for a, b in zip(one, other))
