"""Random scalar expressions that cannot fail, whatever the rows are."""

from dataclasses import replace

from .kinds import BOOLEAN, INTEGER, NUMBERS, QUOTIENT_SCALE, TEXT, TIMESTAMP, Expr, Kind, merged
from .schema import TEXTS, TIMESTAMPS

FAMILIES = ["number", "number", "number", "text", "boolean", "timestamp"]

PATTERNS = ["'a%'", "'%b%'", "'_'", "'%\\%'", "''", "'%'", "'x\\__'", "'__%'"]

EXPRESSIONS = ["'^a'", "'b$'", "'[a-z]+ '", "'.'", "'^(a|zz)'"]

INTERVALS = ["interval '1 day'", "interval '90 minutes'", "interval '1 month'",
             "interval '2 hours 0.5 seconds'"]


class Expressions:
    """Writes expressions over a Scope; `depth` bounds their nesting.

    `subqueries` is set by who can write queries too.
    """

    def __init__(self, random):
        self.random = random
        self.subqueries = None

    def any(self, scope, depth):
        """An expression of a type that the scope makes interesting."""
        families = [item.kind.family for item in scope.items]
        if not families or self.random.random() < 0.1:
            families = FAMILIES
        return self.of(self.random.choice(families), scope, depth)

    def of(self, family, scope, depth):
        """An expression of a family of types: number, text, boolean, timestamp."""
        if depth <= 0 or self.random.random() < 0.25:
            return self.leaf(family, scope)
        if self.subqueries and self.random.random() < 0.06:
            found = self.subqueries.scalar(family, scope)
            if found:
                return found
        for _ in range(4):
            write = self.random.choice(WRITERS[family] + SHARED)
            shared = write in SHARED
            found = write(self, family, scope, depth - 1) if shared else write(
                self, scope, depth - 1)
            if found and found.kind.fits():
                return found
        return self.leaf(family, scope)

    def boolean(self, scope, depth):
        return self.of("boolean", scope, depth)

    # Leaves

    def leaf(self, family, scope):
        column = self.column(scope, lambda kind: kind.family == family)
        if column and self.random.random() < 0.94:
            return column
        if family == "boolean" and scope.items and self.random.random() < 0.9:
            return self.plain_test(self.random.choice(scope.items))
        return self.literal(family)

    def plain_test(self, item):
        """A condition on one column."""
        if self.random.random() < 0.3:
            return Expr(f"({item.sql} {self.random.choice(['IS NULL', 'IS NOT NULL'])})", BOOLEAN)
        operator = self.random.choice(["=", "<>", "<", "<=", ">", ">="])
        return Expr(f"({item.sql} {operator} {self.literal(item.kind.family).sql})", BOOLEAN)

    def column(self, scope, fits):
        """A reference whose kind fits, or None."""
        own = [item for item in scope.items if fits(item.kind)]
        outer = [item for item in scope.outer if fits(item.kind)]
        if outer and (not own or self.random.random() < 0.2):
            return self.random.choice(outer)
        return self.random.choice(own) if own else None

    def literal(self, family):
        choose = self.random.choice
        if family == "number":
            return choose([
                Expr(choose(["0", "1", "2", "3", "7", "(-1)"]), INTEGER, constant=True),
                Expr(choose(["1.0", "2.50", "0.001"]), Kind("numeric", 3, 3, fixed=False),
                     constant=True),
                Expr(choose(["1.5", "(-2)"]) + "::double precision",
                     Kind("double precision", 2, 1), constant=True)])
        if family == "text":
            return Expr(choose(TEXTS) + choose(["", "::text"]), TEXT, constant=True)
        if family == "timestamp":
            return Expr("timestamp " + choose(TIMESTAMPS), TIMESTAMP, constant=True)
        return Expr(choose(["true", "false"]), BOOLEAN, constant=True)

    # Expressions of every family

    def case(self, family, scope, depth):
        arms = [self.of(family, scope, depth) for _ in range(self.random.randint(1, 3))]
        if self.random.random() < 0.25:
            # With an operand.
            operand = self.of("number", scope, depth)
            whens = [f"WHEN {self.literal('number').sql} THEN {arm.sql}" for arm in arms]
            head = f"CASE {operand.sql}"
        else:
            whens = [f"WHEN {self.boolean(scope, depth).sql} THEN {arm.sql}" for arm in arms]
            head = "CASE"
        otherwise = ""
        if self.random.random() < 0.6:
            arms.append(self.of(family, scope, depth))
            otherwise = f" ELSE {arms[-1].sql}"
        return Expr(f"{head} {' '.join(whens)}{otherwise} END", kind_of(arms))

    def coalesce(self, family, scope, depth):
        return self.chosen("COALESCE", family, scope, depth)

    def greatest(self, family, scope, depth):
        found = self.chosen(self.random.choice(["GREATEST", "LEAST"]), family, scope, depth)
        return Expr(found.sql, found.kind.among_equals())

    def chosen(self, function, family, scope, depth):
        parts = [self.of(family, scope, depth) for _ in range(self.random.choice([2, 2, 3]))]
        return Expr(f"{function}({', '.join(part.sql for part in parts)})", kind_of(parts))

    def nullif(self, family, scope, depth):
        one, other = self.of(family, scope, depth), self.of(family, scope, depth)
        if family == "boolean" and self.random.random() < 0.5:
            return None
        kind = one.kind
        if family == "number" and not (kind.is_integer and other.kind.is_integer):
            # The equality decides: that of different types of integers needs no cast.
            kind = kind.as_type(NUMBERS[max(kind.rank, other.kind.rank)])
        return Expr(f"NULLIF({one.sql}, {other.sql})", kind)

    # Numbers

    def arithmetic(self, scope, depth):
        one, other = self.of("number", scope, depth), self.of("number", scope, depth)
        operator = self.random.choice("+-*")
        name = NUMBERS[max(one.kind.rank, other.kind.rank)]
        a, b = one.kind.as_type(name), other.kind.as_type(name)
        product = operator == "*"
        bound = a.bound * b.bound if product else a.bound + b.bound
        scale = a.scale + b.scale if product else max(a.scale, b.scale)
        kind = Kind(name, bound, scale, a.exact and b.exact, a.image and b.image,
                    a.fixed and b.fixed, a.finite and b.finite)
        return Expr(f"({one.sql} {operator} {other.sql})", without_sign_of_zero(kind))

    def quotient(self, scope, depth):
        one = self.of("number", scope, depth)
        divisor, name = self.random.choice(
            [("2", "integer"), ("3", "integer"), ("-7", "integer"), ("0.3", "numeric")])
        name = NUMBERS[max(one.kind.rank, NUMBERS.index(name))]
        a = one.kind.as_type(name)
        sql = f"({one.sql} / {divisor})"
        if a.is_integer:
            return Expr(sql, a)
        if name == "numeric":
            if not a.has_one_quotient():
                return None
            return Expr(sql, Kind(name, a.bound * 4, max(a.scale, QUOTIENT_SCALE), image=a.image,
                                  fixed=False))
        return Expr(sql, Kind(name, a.bound * 4, exact=False, image=False, fixed=False,
                              finite=a.finite))

    def remainder(self, scope, depth):
        one = self.of("number", scope, depth)
        if one.kind.type == "double precision":
            return None
        a = one.kind.as_type(NUMBERS[max(one.kind.rank, 1)])
        if self.random.random() < 0.5:
            return Expr(f"mod({one.sql}, 3)", replace(a, bound=min(a.bound, 3)))
        return Expr(f"({one.sql} % 4)", replace(a, bound=min(a.bound, 4)))

    def unary(self, scope, depth):
        one = self.of("number", scope, depth)
        function = self.random.choice(["-", "abs", "abs", "sign"])
        if function != "sign":
            # The least integer has no opposite in its type.
            kind = replace(one.kind, bound=one.kind.bound + one.kind.is_integer)
            sql = f"(- {one.sql})" if function == "-" else f"abs({one.sql})"
            return Expr(sql, without_sign_of_zero(kind))
        name = "numeric" if one.kind.type == "numeric" else "double precision"
        kind = Kind(name, 1, image=name == "numeric", finite=one.kind.finite)
        return Expr(f"sign({one.sql})", kind)

    def rounding(self, scope, depth):
        one = self.of("number", scope, depth)
        if one.kind.is_integer:
            return None
        function = self.random.choice(["round", "floor", "ceil", "trunc"])
        if one.kind.type == "numeric" and function in ("round", "trunc"):
            places = self.random.choice([0, 1, 2])
            return Expr(f"{function}({one.sql}, {places})",
                        Kind("numeric", one.kind.bound + 1, places))
        kind = replace(one.kind, bound=one.kind.bound + 1, scale=0, exact=True)
        if kind.type == "numeric":
            kind = replace(kind, image=True, fixed=True)
        return Expr(f"{function}({one.sql})", without_sign_of_zero(kind))

    def number_cast(self, scope, depth):
        one = self.random.choice([self.of("number", scope, depth)] * 4 + [
            self.of("boolean", scope, depth)])
        if one.kind.type == "boolean":
            return Expr(f"{one.sql}::integer", Kind("integer", 1))
        to = self.random.choice(NUMBERS + ["numeric(20,3)"])
        kind = one.kind
        if to == "double precision":
            if kind.type == to:
                return None
            return Expr(f"{one.sql}::{to}", kind.as_type(to))
        if kind.type == "double precision" and not (kind.finite and kind.exact
                                                    and kind.scale < 8):
            return None
        if to == "numeric(20,3)":
            return Expr(f"{one.sql}::{to}", Kind("numeric", kind.bound + 1, 3)) if (
                kind.bound < 10**15) else None
        if to == "numeric":
            if kind.type == "double precision":
                # Fifteen digits.
                return Expr(f"{one.sql}::{to}", Kind(to, kind.bound, 8)) if (
                    kind.bound < 10**6) else None
            return Expr(f"{one.sql}::{to}", kind.as_type(to))
        bound = kind.bound if kind.is_integer else kind.bound + 1
        return Expr(f"{one.sql}::{to}", Kind(to, bound))

    def measure(self, scope, depth):
        text = self.of("text", scope, depth)
        if self.random.random() < 0.5:
            return Expr(f"length({text.sql})", Kind("integer", 10**6))
        return Expr(f"strpos({text.sql}, {self.literal('text').sql})", Kind("integer", 10**6))

    def extract(self, scope, depth):
        moment = self.of("timestamp", scope, depth)
        field = self.random.choice(["year", "month", "day", "hour", "dow", "second", "epoch"])
        bound = 10**11 if field == "epoch" else 10**5
        scale = 6 if field in ("second", "epoch") else 0
        return Expr(f"extract({field} FROM {moment.sql})", Kind("numeric", bound, scale))

    # Texts

    def concatenation(self, scope, depth):
        one, other = self.of("text", scope, depth), self.of("text", scope, depth)
        if self.random.random() < 0.3:
            return Expr(f"concat({one.sql}, '-', {other.sql})", TEXT)
        return Expr(f"({one.sql} || {other.sql})", TEXT)

    def text_function(self, scope, depth):
        one = self.of("text", scope, depth).sql
        other = self.literal("text").sql
        # Of letters beyond ASCII, locale C has no upper case.
        return Expr(self.random.choice([
            f"upper(replace({one}, 'é', 'e'))", f"lower({one})", f"substring({one} FROM 1 FOR 2)",
            f"substr({one}, 2)", f"replace({one}, 'a', {other})", f"trim({one})",
            f"left({one}, 2)", f"right({one}, 1)", f"lpad({one}, 4, '*')", f"reverse({one})",
            f"split_part({one}, ' ', 1)", f"rtrim({one}, 'b')", f"repeat({one}, 2)"]), TEXT)

    def text_cast(self, scope, depth):
        one = self.any(scope, depth)
        kind = one.kind
        if not kind.image or (kind.type == "double precision" and not (
                one.plain and kind.fixed)):
            return None
        return Expr(f"{one.sql}::text", TEXT)

    # Timestamps

    def moment(self, scope, depth):
        one = self.of("timestamp", scope, depth).sql
        unit = self.random.choice(["day", "hour", "month", "year", "week"])
        return Expr(self.random.choice([
            f"date_trunc('{unit}', {one})", f"({one} + {self.random.choice(INTERVALS)})",
            f"({one} - {self.random.choice(INTERVALS)})"]), TIMESTAMP)

    # Conditions

    def comparison(self, scope, depth):
        one, other = self.pair(scope, depth)
        operator = self.random.choice(["=", "=", "<>", "<", "<=", ">", ">=",
                                       "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
        return Expr(f"({one.sql} {operator} {other.sql})", BOOLEAN)

    def pair(self, scope, depth):
        """Two expressions that can be compared."""
        one = self.any(scope, depth)
        return one, self.of(one.kind.family, scope, depth)

    def between(self, scope, depth):
        one, low = self.pair(scope, depth)
        high = self.of(one.kind.family, scope, depth)
        words = self.random.choice(["BETWEEN", "BETWEEN", "NOT BETWEEN"])
        return Expr(f"({one.sql} {words} {low.sql} AND {high.sql})", BOOLEAN)

    def among(self, scope, depth):
        one = self.any(scope, depth)
        family = one.kind.family
        others = [self.literal(family).sql for _ in range(self.random.randint(1, 3))]
        if self.random.random() < 0.3:
            others.append(self.of(family, scope, depth).sql)
        if self.random.random() < 0.1:
            others.append("NULL")
        words = self.random.choice(["IN", "IN", "NOT IN"])
        return Expr(f"({one.sql} {words} ({', '.join(others)}))", BOOLEAN)

    def row_comparison(self, scope, depth):
        pairs = [self.pair(scope, depth - 1) for _ in range(2)]
        operator = self.random.choice(["=", "<>", "<", ">="])
        one, other = (", ".join(pair[side].sql for pair in pairs) for side in (0, 1))
        return Expr(f"(({one}) {operator} ({other}))", BOOLEAN)

    def null_test(self, scope, depth):
        words = self.random.choice(["IS NULL", "IS NOT NULL"])
        return Expr(f"({self.any(scope, depth).sql} {words})", BOOLEAN)

    def truth_test(self, scope, depth):
        words = self.random.choice(["IS TRUE", "IS NOT TRUE", "IS FALSE", "IS UNKNOWN"])
        return Expr(f"({self.boolean(scope, depth).sql} {words})", BOOLEAN)

    def pattern(self, scope, depth):
        one = self.of("text", scope, depth).sql
        operator = self.random.choice(["LIKE", "LIKE", "NOT LIKE", "ILIKE", "~"])
        pattern = self.random.choice(EXPRESSIONS if operator == "~" else PATTERNS)
        return Expr(f"({one} {operator} {pattern})", BOOLEAN)

    def connective(self, scope, depth):
        one, other = self.boolean(scope, depth).sql, self.boolean(scope, depth).sql
        operator = self.random.choice(["AND", "OR"])
        return Expr(f"({one} {operator} {other})", BOOLEAN)

    def negation(self, scope, depth):
        return Expr(f"(NOT {self.boolean(scope, depth).sql})", BOOLEAN)

    def age(self, scope, depth):
        one, other = self.of("timestamp", scope, depth), self.of("timestamp", scope, depth)
        return Expr(f"(({one.sql} - {other.sql}) > {self.random.choice(INTERVALS)})", BOOLEAN)

    def subquery_test(self, scope, depth):
        if not self.subqueries or self.random.random() < 0.5:
            return None
        return self.subqueries.test(scope)


SHARED = [Expressions.case, Expressions.coalesce, Expressions.greatest, Expressions.nullif]

WRITERS = {
    "number": [Expressions.arithmetic] * 4 + [
        Expressions.quotient, Expressions.remainder, Expressions.unary, Expressions.rounding,
        Expressions.number_cast, Expressions.number_cast, Expressions.measure,
        Expressions.extract],
    "text": [Expressions.concatenation, Expressions.text_function, Expressions.text_function,
             Expressions.text_cast],
    "timestamp": [Expressions.moment, Expressions.moment],
    "boolean": [Expressions.comparison] * 6 + [Expressions.connective] * 2 + [
        Expressions.between, Expressions.among, Expressions.row_comparison, Expressions.null_test,
        Expressions.null_test, Expressions.truth_test, Expressions.pattern, Expressions.negation,
        Expressions.age, Expressions.subquery_test, Expressions.subquery_test],
}


def kind_of(parts):
    return merged([part.kind for part in parts])


def without_sign_of_zero(kind):
    """The kind of a calculated value: of a double precision, zero may have a sign."""
    if kind.type == "double precision":
        return replace(kind, image=False, fixed=False)
    return kind
