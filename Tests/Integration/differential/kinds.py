"""What is known of an expression's values, so that only what cannot fail is written."""

from dataclasses import dataclass, replace

NUMBERS = ["smallint", "integer", "bigint", "numeric", "double precision"]
"""From narrow to wide: an operation on two of them has the type of the wider."""

GREATEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}

ROWS = 10**5
"""More rows than any query of a case has; sums are bounded with it."""

DIGITS = 300
"""Of a numeric: far beyond the 38 that fit a cell of Streamhouse, far below PostgreSQL's limits."""

QUOTIENT_SCALE = 24
"""At least the decimals of PostgreSQL's numeric quotients of moderate numbers."""


@dataclass(frozen=True)
class Kind:
    """A type and more.

    - bound: the greatest magnitude of a number
    - scale: the most decimals of a numeric, the most fractional bits of a double precision
    - exact: sums do not depend on the order (of double precisions)
    - image: the text of a value is determined by the rows it comes from
    - fixed: equal values have equal texts
    - finite: never NaN or infinite
    """

    type: str
    bound: int = 0
    scale: int = 0
    exact: bool = True
    image: bool = True
    fixed: bool = True
    finite: bool = True

    @property
    def family(self):
        return "number" if self.type in NUMBERS else self.type

    @property
    def is_integer(self):
        return self.type in GREATEST

    @property
    def rank(self):
        return NUMBERS.index(self.type)

    def fits(self):
        """Whether values up to the bound exist in the type."""
        if self.is_integer:
            # The least value is one further from zero than the greatest.
            return self.bound <= GREATEST[self.type] + 1
        if self.type == "numeric":
            return len(str(self.bound)) + self.scale <= DIGITS
        return True

    def among_equals(self):
        """The kind of one value chosen from equal ones."""
        return replace(self, image=self.image and self.fixed)

    def as_type(self, name):
        """The kind after a cast to a wider or the same type of number."""
        if name == self.type:
            return self
        if name == "double precision":
            exact = self.scale == 0 and self.bound < 2**53
            return Kind(name, self.bound, 0, exact and self.exact, image=self.is_integer)
        return replace(self, type=name)

    def has_one_quotient(self):
        """Whether equal numerics have equal quotients: many decimals are kept by a division."""
        return self.image or self.scale <= 10

    def sums_exactly(self):
        """Whether a sum of double precisions does not depend on their order."""
        return self.exact and self.bound * 2**self.scale * ROWS < 2**53


BOOLEAN = Kind("boolean")
TEXT = Kind("text")
TIMESTAMP = Kind("timestamp")
INTEGER = Kind("integer", 10)


def merged(kinds):
    """The kind of a value that comes from one of several expressions of one family."""
    first = kinds[0]
    if first.family != "number":
        return first
    name = NUMBERS[max(kind.rank for kind in kinds)]
    kinds = [kind.as_type(name) for kind in kinds]
    scales = {kind.scale for kind in kinds}
    return Kind(
        name, max(kind.bound for kind in kinds), max(scales),
        exact=all(kind.exact for kind in kinds), image=all(kind.image for kind in kinds),
        fixed=all(kind.fixed for kind in kinds) and len(scales) == 1,
        finite=all(kind.finite for kind in kinds))


@dataclass(frozen=True)
class Expr:
    """SQL text in which operators stand in parentheses, and its kind.

    `plain` is a bare reference to a column; `constant` has no reference at all.
    """

    sql: str
    kind: Kind
    plain: bool = False
    constant: bool = False


@dataclass(frozen=True)
class Scope:
    """What an expression may refer to: its own level, and those around it."""

    items: tuple
    outer: tuple = ()

    def alone(self):
        return Scope(self.items)

    def for_subquery(self):
        """What a subquery may refer to outside itself."""
        return tuple(item for item in self.items + self.outer if item.plain)
