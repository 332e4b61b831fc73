"""Random subqueries in expressions: scalar ones, IN, EXISTS and quantified comparisons."""

from .kinds import BOOLEAN, Expr, Scope


class Subqueries:
    """Writes subqueries, many of them correlated, for the expressions of one writer."""

    def __init__(self, queries):
        self.queries = queries
        self.random = queries.random

    def scalar(self, family, scope):
        """A subquery with one column and at most one row, or None."""
        if self.queries.budget <= 0:
            return None
        source, where = self.inner(scope.for_subquery())
        if self.random.random() < 0.7:
            call = self.queries.aggregates.any(Scope(source.scope.items), family)
            return Expr(f"(SELECT {call.sql} FROM {source.sql}{where})", call.kind)
        found = self.queries.expressions.leaf(family, source.scope.alone())
        name = f"{self.queries.alias()}x"
        order = self.random.choice(["", " DESC", " NULLS FIRST"])
        return Expr(f"(SELECT {found.sql} AS {name} FROM {source.sql}{where} "
                    f"ORDER BY {name}{order} LIMIT 1)", found.kind.among_equals())

    def test(self, scope):
        """A condition with a subquery, or None."""
        if self.queries.budget <= 0:
            return None
        write = self.random.choice([self.exists, self.exists, self.among, self.among,
                                    self.row_among, self.quantified, self.among_any])
        return Expr(write(scope), BOOLEAN)

    def lateral(self, around):
        """A query with one to three columns that refers to what is around it."""
        source, where = self.inner(around)
        if self.random.random() < 0.5:
            calls = [self.queries.aggregates.any(Scope(source.scope.items))
                     for _ in range(self.random.randint(1, 2))]
            return self.queries.select(calls, f"FROM {source.sql}{where}", 1)
        parts = self.queries.select_list(Scope(source.scope.items, around), None, most=3)
        found = self.queries.select(parts, f"FROM {source.sql}{where}", source.size // 4)
        if self.random.random() < 0.4:
            return found
        kinds = tuple(kind.among_equals() for kind in found.kinds)
        order = self.queries.order(found.names)
        return type(found)(f"{found.sql} ORDER BY {order} LIMIT {self.random.randint(1, 2)}",
                           kinds, found.size)

    # Conditions

    def exists(self, scope):
        source, where = self.inner(scope.for_subquery(), 0.9)
        word = self.random.choice(["EXISTS", "EXISTS", "NOT EXISTS"])
        tail = ""
        if self.random.random() < 0.15 and source.scope.items:
            key = self.random.choice(source.scope.items).sql
            tail = f" GROUP BY {key} HAVING count(*) > 1"
        what = "1" if tail else self.random.choice(["1", "*"])
        return f"({word} (SELECT {what} FROM {source.sql}{where}{tail}))"

    def among(self, scope):
        one = self.operand(scope)
        word = self.random.choice(["IN", "IN", "NOT IN"])
        return f"({one.sql} {word} ({self.column_of(one.kind.family, scope)}))"

    def among_any(self, scope):
        one = self.operand(scope)
        operator = self.random.choice(["= ANY", "<> ALL", "= SOME"])
        return f"({one.sql} {operator} ({self.column_of(one.kind.family, scope)}))"

    def quantified(self, scope):
        one = self.operand(scope)
        operator = self.random.choice(["<", ">", "<=", ">=", "<>", "="])
        word = self.random.choice(["ANY", "ALL"])
        return f"({one.sql} {operator} {word} ({self.column_of(one.kind.family, scope)}))"

    def row_among(self, scope):
        ours = [self.operand(scope) for _ in range(2)]
        source, where = self.inner(scope.for_subquery(), 0.3)
        theirs = [self.queries.expressions.leaf(one.kind.family, source.scope.alone())
                  for one in ours]
        word = self.random.choice(["IN", "NOT IN"])
        return (f"(({', '.join(one.sql for one in ours)}) {word} "
                f"(SELECT {', '.join(each.sql for each in theirs)} FROM {source.sql}{where}))")

    # Parts

    def operand(self, scope):
        return self.queries.expressions.any(Scope(scope.items, scope.outer), 0)

    def column_of(self, family, scope):
        """A subquery with one column of a family."""
        if self.random.random() < 0.2:
            outer = scope.for_subquery() if self.random.random() < 0.3 else ()
            return self.queries.query(0, outer, [family]).sql
        source, where = self.inner(scope.for_subquery(), 0.4)
        found = self.queries.expressions.of(family, source.scope.alone(), 1)
        return f"SELECT {found.sql} FROM {source.sql}{where}"

    def inner(self, outer, correlated=0.75):
        """A small source and its WHERE, which mostly refers to the outer query."""
        source = self.queries.sources.source(-1, outer, most=self.random.choice([1, 1, 1, 2]))
        conditions = list(source.conditions)
        if outer and self.random.random() < correlated:
            equalities = self.queries.sources.equalities(source.scope, Scope(tuple(outer)))
            conditions += equalities
            if not equalities or self.random.random() < 0.15:
                conditions.append(self.queries.expressions.boolean(
                    Scope(source.scope.items, tuple(outer)), 1).sql)
        elif self.random.random() < 0.5:
            conditions.append(self.queries.expressions.boolean(source.scope.alone(), 1).sql)
        return source, f" WHERE {' AND '.join(conditions)}" if conditions else ""
