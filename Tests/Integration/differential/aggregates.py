"""Random aggregate calls, whose arguments can be neither out of range nor ambiguous."""

from .kinds import BOOLEAN, QUOTIENT_SCALE, ROWS, TEXT, Expr, Kind

COUNT = Kind("bigint", ROWS)


class Aggregates:
    """Writes aggregate calls with the expressions of one writer."""

    def __init__(self, random, expressions):
        self.random = random
        self.expressions = expressions

    def any(self, scope, family=None):
        """A call of one of the given family, or of any; arguments never refer outward."""
        scope = scope.alone()
        writers = {"number": [self.count, self.count, self.total, self.total, self.mean,
                              self.extreme, self.deviation],
                   "text": [self.extreme, self.joined], "timestamp": [self.extreme],
                   "boolean": [self.conjunction]}
        if family is None:
            family = self.random.choice(["number"] * 4 + [
                item.kind.family for item in scope.items])
        for _ in range(6):
            found = self.random.choice(writers[family])(scope, family)
            if found:
                return Expr(found.sql + self.filter(scope), found.kind)
        if family == "number":
            return Expr("count(*)" + self.filter(scope), COUNT)
        return self.extreme(scope, family) if family != "boolean" else self.conjunction(scope)

    def filter(self, scope):
        if self.random.random() < 0.82:
            return ""
        return f" FILTER (WHERE {self.expressions.boolean(scope, 1).sql})"

    def argument(self, scope, family):
        """Mostly a column, and never a bare literal, whose type an aggregate could not tell."""
        found = self.expressions.of(family, scope, 0 if self.random.random() < 0.7 else 2)
        if found.constant and family == "text":
            return Expr(f"COALESCE(NULL, {found.sql})", found.kind)
        return found

    def count(self, scope, _):
        if self.random.random() < 0.4:
            return Expr("count(*)", COUNT)
        argument = self.expressions.any(scope, 0)
        if argument.constant:
            return None
        return Expr(f"count({self.distinct()}{argument.sql})", COUNT)

    def distinct(self, probability=0.3):
        return "DISTINCT " if self.random.random() < probability else ""

    def of_several_scales(self, scope):
        """A column in which equal numbers have several texts: a sum has the largest scale that is
        there, and another one when it goes. None where there is no such column."""
        found = [item for item in scope.items
                 if item.kind.type == "numeric" and item.kind.image and not item.kind.fixed]
        return self.random.choice(found) if found and self.random.random() < 0.4 else None

    def total(self, scope, family):
        argument = self.of_several_scales(scope) or self.argument(scope, family)
        kind = argument.kind
        if kind.type == "double precision" and not kind.sums_exactly():
            return None
        name = {"smallint": "bigint", "integer": "bigint", "bigint": "numeric"}.get(
            kind.type, kind.type)
        distinct = self.distinct()
        is_float = name == "double precision"
        result = Kind(name, kind.bound * ROWS, kind.scale, finite=kind.finite,
                      image=not is_float and kind.image and (not distinct or kind.fixed),
                      fixed=not is_float and kind.fixed)
        return Expr(f"sum({distinct}{argument.sql})", result) if result.fits() else None

    def mean(self, scope, family):
        argument = self.argument(scope, family)
        kind = argument.kind
        distinct = self.distinct(0.15)
        if kind.type == "double precision":
            if not kind.sums_exactly():
                return None
            return Expr(f"avg({distinct}{argument.sql})", Kind(
                kind.type, kind.bound, exact=False, image=False, fixed=False,
                finite=kind.finite))
        if not kind.has_one_quotient() or (distinct and kind.scale > 10):
            return None
        if not Kind("numeric", kind.bound * ROWS, kind.scale).fits():
            return None
        return Expr(f"avg({distinct}{argument.sql})", Kind(
            "numeric", kind.bound, max(kind.scale, QUOTIENT_SCALE),
            image=kind.image and (not distinct or kind.fixed), fixed=False))

    def deviation(self, scope, family):
        argument = self.argument(scope, family)
        kind = argument.kind
        if kind.type == "double precision" or kind.bound > 10**4 or kind.scale > 4:
            return None
        function = self.random.choice(["var_samp", "var_pop", "stddev", "stddev_pop", "variance"])
        result = Kind("numeric", kind.bound**2 * 2, QUOTIENT_SCALE, image=False, fixed=False)
        return Expr(f"{function}({argument.sql})", result) if result.fits() else None

    def extreme(self, scope, family):
        argument = self.argument(scope, family)
        function = self.random.choice(["min", "max"])
        return Expr(f"{function}({argument.sql})", argument.kind.among_equals())

    def joined(self, scope, _):
        argument = self.argument(scope, "text").sql
        order = argument + self.random.choice(["", "", " DESC", " ASC NULLS FIRST"])
        distinct = self.distinct(0.25)
        return Expr(f"string_agg({distinct}{argument}, ',' ORDER BY {order})", TEXT)

    def conjunction(self, scope, _=None):
        argument = self.argument(scope, "boolean")
        function = self.random.choice(["bool_and", "bool_or", "every"])
        return Expr(f"{function}({argument.sql})", BOOLEAN)
