"""How often the queries and changes of cases used what SQL has."""

import re
from collections import Counter

from .case import Change, Definition

FEATURES = [
    "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "USING", "LATERAL", "WITH", "UNION ALL",
    "UNION", "INTERSECT ALL", "INTERSECT", "EXCEPT ALL", "EXCEPT", "GROUP BY", "HAVING", "ROLLUP",
    "CUBE", "GROUPING SETS", "FILTER", "SELECT DISTINCT ON", "SELECT DISTINCT", "LIMIT", "OFFSET",
    "OVER", "NOT EXISTS", "EXISTS", "NOT IN", "IN", "ANY", "ALL", "SOME", "CASE", "BETWEEN",
    "LIKE", "ILIKE", "IS NULL", "IS TRUE", "IS DISTINCT FROM", "IS NOT DISTINCT FROM",
    "ON CONFLICT DO NOTHING", "DO UPDATE", "RETURNING", "TRUNCATE", "UPDATE", "DELETE", "INSERT",
    "SAVEPOINT", "ROLLBACK TO", "COMMIT", "ROLLBACK"]

PATTERNS = {name: re.compile(rf"\b{name}\b") for name in FEATURES} | {
    "inner JOIN": re.compile(r"(?<!LEFT)(?<!RIGHT)(?<!FULL)(?<!CROSS) JOIN\b"),
    "IN (SELECT": re.compile(r"(?<!NOT) IN \(SELECT"),
    "NOT IN (SELECT": re.compile(r"NOT IN \(SELECT"),
    "scalar subquery": re.compile(r"(?<!EXISTS )(?<!IN )(?<!ANY )(?<!ALL )(?<!SOME )"
                                  r"(?<!FROM )(?<!JOIN )(?<!LATERAL )\(SELECT"),
    "cast": re.compile(r"::"), "aggregate DISTINCT": re.compile(r"\(DISTINCT ")}

FUNCTION = re.compile(r"\b([a-z][a-z_0-9]+)\((DISTINCT )?|\b(COALESCE|NULLIF|GREATEST|LEAST)\(")

OPERATOR = re.compile(r" ([-+*/%~]|\|\||<>|<=|>=|=|<|>) ")

JOIN_OR_AGGREGATE = re.compile(
    r"JOIN|GROUP BY|\b(count|sum|avg|min|max|bool_and|bool_or|every|string_agg)\(|EXISTS|"
    r"\b(IN|ANY|ALL|SOME) \(SELECT|FROM [^()]+, \w+ r\d")


class Coverage:
    """Counts over all cases that it is shown."""

    def __init__(self):
        self.used = Counter()
        self.happened = Counter()
        self.cases = self.queries = self.rich = 0

    def add(self, case, outcome):
        self.cases += 1
        self.happened.update(outcome.counts)
        for step in case.steps:
            if isinstance(step, Definition) and step.kind != "table":
                self.queries += 1
                self.rich += bool(JOIN_OR_AGGREGATE.search(step.sql))
                self.add_text(step.sql)
            elif isinstance(step, Change):
                for sql in step.sqls():
                    self.add_text(sql)

    def add_text(self, sql):
        for name, pattern in PATTERNS.items():
            self.used[name] += len(pattern.findall(sql))
        for name, distinct, upper in FUNCTION.findall(sql):
            self.used[f"{name or upper}({'DISTINCT ' if distinct else ''})"] += 1
        self.used.update(f"operator {found}" for found in OPERATOR.findall(sql))

    def report(self):
        """Lines for people."""
        lines = [f"{self.cases} cases, {self.queries} queries, {self.rich} of them "
                 f"({100 * self.rich // max(self.queries, 1)} %) with a join or aggregate"]
        lines += [f"{count:8} {name}" for name, count in self.happened.most_common()]
        used = "  ".join(f"{name}: {count}" for name, count in sorted(self.used.items()))
        return "\n".join([*lines, used])
