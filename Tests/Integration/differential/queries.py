"""Random queries over tables and views, most of them with joins or aggregates."""

from dataclasses import dataclass

from .aggregates import Aggregates
from .expressions import Expressions
from .kinds import Expr, Kind, Scope, merged
from .schema import Relation
from .sources import Sources
from .subqueries import Subqueries

SHAPES = ["grouped"] * 6 + ["joined"] * 6 + ["sets"] * 3 + [
    "grouping_sets", "ranked", "ranked", "limited", "limited", "distinct", "distinct_on",
    "common"]


@dataclass(frozen=True)
class Query:
    """A query whose columns are called c1, c2, …; `size` is a guess at its number of rows."""

    sql: str
    kinds: tuple
    size: int

    @property
    def names(self):
        return [f"c{n}" for n in range(1, len(self.kinds) + 1)]

    def relation(self, name):
        return Relation(name, tuple(zip(self.names, self.kinds)), self.size)


class Queries:
    """Writes queries; `budget` bounds how many relations one of them reads."""

    def __init__(self, random, relations):
        self.random = random
        self.relations = relations
        self.budget = 0
        self.aliases = 0
        self.expressions = Expressions(random)
        self.aggregates = Aggregates(random, self.expressions)
        self.sources = Sources(self)
        self.subqueries = self.expressions.subqueries = Subqueries(self)

    def top(self):
        """A query for a view, with aliases from r1 on."""
        self.budget = self.random.choice([2, 3, 3, 4, 5, 6])
        self.aliases = 0
        return self.query(2)

    def alias(self):
        self.aliases += 1
        return f"r{self.aliases}"

    def query(self, depth, outer=(), families=None):
        """Any query; with `families`, one whose columns are of these."""
        shapes = [shape for shape in SHAPES if families is None or shape in (
            "grouped", "joined", "limited", "distinct")]
        return getattr(self, self.random.choice(shapes))(depth, outer, families)

    # Shapes

    def joined(self, depth, outer, families):
        """A projection of a selection of a join."""
        source = self.sources.source(depth, outer)
        parts = self.select_list(source.scope, families)
        where, size = self.where(source)
        return self.select(parts, f"FROM {source.sql}{where}", size)

    def distinct(self, depth, outer, families):
        source = self.sources.source(depth, outer)
        parts = self.select_list(source.scope, families, most=3)
        where, size = self.where(source)
        found = self.select(parts, f"FROM {source.sql}{where}", size // 2 + 1, "SELECT DISTINCT")
        return Query(found.sql, tuple(kind.among_equals() for kind in found.kinds), found.size)

    def grouped(self, depth, outer, families):
        source = self.sources.source(depth, outer)
        where, size = self.where(source)
        keys = self.group_keys(source.scope, self.random.choice([0, 1, 1, 1, 2, 2, 3]))
        calls = [self.aggregates.any(source.scope) for _ in range(self.random.randint(1, 4))]
        if families:
            calls += [self.aggregates.any(source.scope, family) for family in families]
        scope = Scope(tuple([grouped_key(key) for key in keys] + calls), tuple(outer))
        if families:
            parts = [self.expressions.of(family, scope, self.random.choice([0, 1]))
                     for family in families]
        else:
            parts = [key for key in scope.items[:len(keys)] if self.random.random() < 0.9]
            parts += [call if self.random.random() < 0.7 else self.expressions.any(scope, 2)
                      for call in calls]
        tail = f" GROUP BY {', '.join(key.sql for key in keys)}" if keys else ""
        if self.random.random() < 0.25:
            tail += f" HAVING {self.expressions.boolean(scope, 2).sql}"
        return self.select(parts, f"FROM {source.sql}{where}{tail}", size // 2 + 1 if keys else 1)

    def grouping_sets(self, depth, outer, _):
        source = self.sources.source(depth, outer)
        where, size = self.where(source)
        keys = self.group_keys(source.scope, self.random.choice([1, 2, 2, 3]))
        if not keys:
            return self.grouped(depth, outer, None)
        texts = [key.sql for key in keys]
        sets = self.random.choice([f"ROLLUP ({', '.join(texts)})", f"CUBE ({', '.join(texts)})",
                                   self.sets_of(texts), self.sets_of(texts)])
        calls = [self.aggregates.any(source.scope) for _ in range(self.random.randint(1, 3))]
        grouping = [Expr(f"grouping({', '.join(texts)})", Kind("integer", 7))]
        parts = [grouped_key(key) for key in keys] + calls
        if self.random.random() < 0.5:
            parts += grouping
        tail = f" GROUP BY {sets}"
        if self.random.random() < 0.2:
            scope = Scope(tuple(parts), tuple(outer))
            tail += f" HAVING {self.expressions.boolean(scope, 1).sql}"
        return self.select(parts, f"FROM {source.sql}{where}{tail}", size * 2)

    def sets_of(self, texts):
        """GROUPING SETS with some sets, the empty one and equal ones among them."""
        chosen = [self.random.sample(texts, self.random.randint(0, len(texts)))
                  for _ in range(self.random.randint(1, 3))]
        missing = [text for text in texts if not any(text in each for each in chosen)]
        chosen += [missing] if missing else []
        return f"GROUPING SETS ({', '.join('(' + ', '.join(each) + ')' for each in chosen)})"

    def sets(self, depth, outer, _):
        """UNION, INTERSECT or EXCEPT of two or three queries."""
        families = [self.random.choice(["number", "number", "text", "boolean", "timestamp"])
                    for _ in range(self.random.choice([1, 1, 2, 2, 3]))]
        found = self.query(depth - 1, outer, families)
        for _ in range(self.random.choice([1, 1, 2])):
            other = self.query(depth - 1, outer, families)
            operator = self.random.choice(["UNION", "UNION ALL", "UNION ALL", "INTERSECT",
                                           "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"])
            kinds = [merged(pair) for pair in zip(found.kinds, other.kinds)]
            if operator != "UNION ALL":
                kinds = [kind.among_equals() for kind in kinds]
            found = Query(f"({found.sql}) {operator} ({other.sql})", tuple(kinds),
                          found.size + other.size)
        return found

    def limited(self, depth, outer, families):
        """The first rows in an order that leaves no choice."""
        inner = self.random.choice([self.joined, self.joined, self.grouped])(
            depth, outer, families)
        offset = f" OFFSET {self.random.randint(1, 3)}" if self.random.random() < 0.25 else ""
        limit = self.random.choice([1, 1, 2, 3, 5])
        return Query(f"{inner.sql} ORDER BY {self.order(inner.names)} LIMIT {limit}{offset}",
                     tuple(kind.among_equals() for kind in inner.kinds), limit)

    def distinct_on(self, depth, outer, _):
        source = self.sources.source(depth, outer)
        parts = self.select_list(source.scope, None)
        where, size = self.where(source)
        found = self.select(parts, f"FROM {source.sql}{where}", size // 2 + 1)
        count = self.random.randint(1, min(2, len(parts)))
        first = self.random.sample(found.names, count)
        rest = [name for name in found.names if name not in first]
        order = ", ".join(filter(None, [self.order(first), self.order(rest)]))
        inner = self.alias()
        return Query(f"SELECT DISTINCT ON ({', '.join(first)}) * FROM ({found.sql}) {inner} "
                     f"ORDER BY {order}",
                     tuple(kind.among_equals() for kind in found.kinds), found.size)

    def ranked(self, depth, outer, _):
        """The first rows of each partition."""
        relation = self.sources.pick(depth, outer)
        alias, inner = self.alias(), self.alias()
        items = relation.items(inner)
        names = [item.sql for item in items]
        function = self.random.choice(["row_number", "row_number", "rank", "dense_rank"])
        order = self.order(names) if function == "row_number" else self.order(
            self.random.sample(names, self.random.randint(1, min(2, len(names)))))
        partition = ""
        if self.random.random() < 0.75:
            chosen = self.random.sample(names, self.random.randint(1, min(2, len(names))))
            partition = f"PARTITION BY {', '.join(chosen)} "
        condition = self.random.choice(["= 1", "<= 1", "<= 2", "<= 3", "< 3", "BETWEEN 2 AND 3",
                                        "IS NOT NULL", "<> 2", "% 2 = 1"])
        ties = function == "row_number"
        parts = [Expr(f"{alias}.{name}", kind.among_equals() if ties else kind)
                 for name, kind in relation.columns]
        if self.random.random() < 0.4:
            parts.append(Expr(f"{alias}.rn", Kind("bigint", 1000)))
        return self.select(parts, f"FROM (SELECT {inner}.*, {function}() OVER ({partition}ORDER BY "
                           f"{order}) AS rn FROM {relation.name} {inner}) {alias} "
                           f"WHERE {alias}.rn {condition}", relation.size // 2 + 1)

    def common(self, depth, outer, _):
        """A query with a WITH, which it may read more than once."""
        name = f"q{self.alias()}"
        defined = self.query(depth - 1, outer)
        known = self.relations
        self.relations = [*known, *[defined.relation(name)] * (len(known) + 1)]
        self.budget = max(self.budget, 2)
        try:
            found = self.query(depth - 1, outer)
        finally:
            self.relations = known
        inner = found.sql
        if inner.startswith("WITH"):
            inner = f"SELECT * FROM ({inner}) {self.alias()}"
        return Query(f"WITH {name} AS ({defined.sql}) {inner}", found.kinds, found.size)

    # Parts

    def select(self, parts, rest, size, word="SELECT"):
        """The query with the given parts as c1, c2, …"""
        if not parts:
            parts = [Expr("1", Kind("integer", 1))]
        written = ", ".join(f"{part.sql} AS c{n}" for n, part in enumerate(parts, 1))
        return Query(f"{word} {written} {rest}", tuple(part.kind for part in parts),
                     max(size, 1))

    def select_list(self, scope, families, most=5):
        depth = self.random.choice([0, 0, 1, 2])
        if families:
            return [self.expressions.of(family, scope, depth) for family in families]
        return [self.expressions.any(scope, self.random.choice([0, 0, 0, depth]))
                for _ in range(self.random.randint(1, most))]

    def where(self, source):
        """A WHERE clause or nothing, and the size after it."""
        conditions = list(source.conditions)
        size = source.size
        if self.random.random() < 0.4:
            conditions.append(self.expressions.boolean(source.scope, 2).sql)
            size = size * 2 // 3
        if self.random.random() < 0.22:
            self.budget = max(self.budget, 1)
            conditions.append(self.subqueries.test(source.scope).sql)
        return f" WHERE {' AND '.join(conditions)}" if conditions else "", size

    def group_keys(self, scope, count):
        """Columns, and now and then what is calculated from them; constants are no keys."""
        found = {}
        for _ in range(count):
            family = self.random.choice([item.kind.family for item in scope.items])
            # PostgreSQL does not know nested conditions again, which it has flattened.
            depth = 0 if family == "boolean" else self.random.choice([0, 0, 0, 1])
            key = self.expressions.of(family, scope.alone(), depth)
            if not key.constant and "SELECT" not in key.sql and any(
                    item.sql in key.sql for item in scope.items):
                found[key.sql] = key
        return list(found.values())

    def order(self, names):
        """All names in some order, each in some direction."""
        return ", ".join(
            name + self.random.choice(["", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"])
            for name in self.random.sample(names, len(names)))


def grouped_key(key):
    """A key as the rest of its query sees it."""
    return Expr(key.sql, key.kind.among_equals(), key.plain)
