"""Random FROM clauses: relations and subqueries, joined in every way."""

from dataclasses import dataclass

from .kinds import Expr, Scope, merged
from .schema import BULK, Relation

MOST_ROWS = 1500
"""A product that may be larger gets an equality."""

MANY_ROWS = 20_000
"""A join by anything but a key of a large table has fewer."""

JOINS = ["JOIN"] * 4 + ["LEFT JOIN"] * 3 + ["RIGHT JOIN"] * 2 + ["FULL JOIN"] * 2 + ["CROSS JOIN"]


@dataclass(frozen=True)
class Source:
    """A FROM clause, what it brings into scope, and conditions that belong into WHERE."""

    sql: str
    scope: Scope
    size: int
    conditions: tuple = ()


class Sources:
    """Writes FROM clauses for the queries of one writer."""

    def __init__(self, queries):
        self.queries = queries
        self.random = queries.random

    def source(self, depth, outer, most=3):
        """One to three items, joined; those of a subquery in an expression are small."""
        count = min(self.random.choice([1, 2, 2, 2, 3]), most)
        first = self.item(depth, outer)
        if count == 2 and self.random.random() < 0.15:
            merged_source = self.joined_using(first, self.item(depth, outer), outer)
            if merged_source:
                return merged_source
        found = first
        for place in range(count - 1):
            if self.queries.budget <= 0:
                break
            if self.random.random() < 0.12 and depth > 0:
                found = self.lateral(found, outer)
            elif self.random.random() < 0.1 and count == 3:
                # Nested to the right.
                other = self.join(self.item(depth, outer), self.item(depth, outer), outer)
                sql = f"({other.sql})" if " JOIN " in other.sql else other.sql
                found = self.join(found, Source(sql, other.scope, other.size), outer)
            else:
                found = self.join(found, self.item(depth, outer), outer, place == count - 2)
        return found

    def item(self, depth, outer):
        """One relation or subquery with an alias."""
        relation = self.pick(depth, outer)
        alias = self.queries.alias()
        return Source(f"{relation.name} {alias}",
                      Scope(tuple(relation.items(alias)), tuple(outer)), relation.size)

    def pick(self, depth, outer):
        """A relation, or a subquery in parentheses as one; it uses up budget."""
        self.queries.budget -= 1
        if depth > 0 and self.queries.budget > 0 and self.random.random() < 0.3:
            # What stands in FROM sees what is around its query, not its neighbours.
            found = self.queries.query(depth - 1, outer if self.random.random() < 0.3 else ())
            if self.random.random() < 0.1:
                return Relation(f"(SELECT * FROM ({found.sql}) {self.queries.alias()})",
                                tuple(zip(found.names, found.kinds)), found.size)
            return found.relation(f"({found.sql})")
        small = [each for each in self.queries.relations if each.size < 100]
        return self.random.choice(small if depth < 0 and small else self.queries.relations)

    # Joins

    def join(self, left, right, outer, is_last=False):
        """Both, or only the left one if there would be too many rows."""
        scope = Scope(left.scope.items + right.scope.items, tuple(outer))
        word = self.random.choice(JOINS)
        product = left.size * right.size
        equalities = self.equalities(left.scope, right.scope)
        if product // 4 > MANY_ROWS:
            keys = [f"{a.sql} = {b.sql}" for a in left.scope.items for b in right.scope.items
                    if a.kind.bound == b.kind.bound == BULK]
            if not keys:
                return left
            equalities, product = [self.random.choice(keys)], left.size * 40
            word = "JOIN" if word == "CROSS JOIN" else word
        if word == "CROSS JOIN" or not equalities:
            if product <= MOST_ROWS and word in ("CROSS JOIN", "JOIN"):
                return Source(f"{left.sql} CROSS JOIN {right.sql}", scope, product)
            if not equalities:
                equalities = ["true"] if product <= MOST_ROWS else ["false"]
                word = "LEFT JOIN" if word in ("FULL JOIN", "CROSS JOIN") else word
            else:
                word = "JOIN"
        if word == "JOIN" and is_last and self.random.random() < 0.3:
            return Source(f"{left.sql}, {right.sql}", scope, product // 4 + 1, tuple(equalities))
        condition = " AND ".join(equalities)
        if word != "FULL JOIN" and product <= MOST_ROWS and self.random.random() < 0.1:
            condition = self.queries.expressions.boolean(scope.alone(), 1).sql
        elif self.random.random() < 0.25:
            condition += f" AND {self.queries.expressions.boolean(scope.alone(), 1).sql}"
        size = product // 4 + 1 + (0 if word == "JOIN" else left.size + right.size)
        return Source(f"{left.sql} {word} {right.sql} ON {condition}", scope, size)

    def equalities(self, left, right):
        """One or two equations between both sides, or none if nothing is comparable."""
        pairs = [(a, b) for a in left.items for b in right.items
                 if a.kind.family == b.kind.family]
        if not pairs:
            return []
        pairs.sort(key=lambda pair: not is_key(pair))
        found = []
        for _ in range(self.random.choice([1, 1, 1, 2])):
            likely = pairs[0] if self.random.random() < 0.3 else self.random.choice(pairs)
            one, other = (item.sql for item in likely)
            if self.random.random() < 0.08 and likely[0].kind.is_integer and (
                    likely[0].kind.bound < 1000):
                one = f"({one} + 1)"
            found.append(f"{one} = {other}")
        return found

    def joined_using(self, left, right, outer):
        """JOIN … USING of the columns that both sides have under one name, or None."""
        def names(source):
            return {item.sql.split(".")[1]: item for item in source.scope.items}

        ours, theirs = names(left), names(right)
        shared = [name for name in ours if name in theirs
                  and ours[name].kind.family == theirs[name].kind.family]
        if not shared:
            return None
        chosen = shared[:1] if self.random.random() < 0.7 else shared[:2]
        word = self.random.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        merged_items = [Expr(name, merged([ours[name].kind, theirs[name].kind]))
                        for name in chosen]
        others = [item for side in (ours, theirs) for name, item in side.items()
                  if name not in chosen]
        return Source(f"{left.sql} {word} {right.sql} USING ({', '.join(chosen)})",
                      Scope(tuple(merged_items + others), tuple(outer)),
                      left.size * right.size // 4 + 1)

    def lateral(self, left, outer):
        """A subquery for each row of what stands before it."""
        around = left.scope.for_subquery()
        found = self.queries.subqueries.lateral(around)
        alias = self.queries.alias()
        items = found.relation(alias).items(alias)
        scope = Scope(left.scope.items + tuple(items), tuple(outer))
        word, condition = self.random.choice([("CROSS JOIN", ""), ("LEFT JOIN", " ON true")])
        return Source(f"{left.sql} {word} LATERAL ({found.sql}) {alias}{condition}", scope,
                      left.size * max(found.size // 4, 1))


def is_key(pair):
    """Whether two columns are those that tables are meant to be joined by."""
    return all(item.sql.endswith((".k", ".id")) for item in pair)
