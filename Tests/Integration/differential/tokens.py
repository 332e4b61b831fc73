"""SQL text as tokens, and what is left when some of them are taken away."""

import re

TOKEN = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][\w.]*(?:\.\*)?|\d+(?:\.\d+)?|::|<>|<=|>=|\|\||\S")

BEFORE_NOTHING = (",", ")", ".", "::")


def tokens_of(sql):
    return TOKEN.findall(sql)


def text_of(tokens):
    """SQL again, with blanks where they help."""
    text = ""
    for token in tokens:
        tight = token in BEFORE_NOTHING or text.endswith(("(", "::")) or (
            token == "(" and re.search(r"[a-z_]$", text))
        text += token if tight or not text else " " + token
    return text


def smaller(tokens):
    """Variants with fewer tokens, the smallest first: parts left out, groups made simple."""
    pairs = brackets(tokens)
    orders = orderings(tokens)
    kept = {place for start, end in orders for place in range(start, end)}
    for start, end in sorted(parts(tokens), key=lambda part: part[0] - part[1]):
        if spares(tokens, start, end, orders):
            yield tokens[:start] + tokens[end:]
    size = len(tokens) // 2
    while size >= 1:
        for start in range(0, len(tokens) - size + 1, max(size // 6, 1)):
            if is_balanced(tokens[start:start + size]) and spares(
                    tokens, start, start + size, orders):
                yield tokens[:start] + tokens[start + size:]
        size = size * 2 // 3 if size > 6 else size - 1
    for opening, closing in pairs.items():
        if opening in kept:
            continue
        for constant in ("1", "true", "NULL"):
            yield tokens[:opening] + [constant] + tokens[closing + 1:]
        yield tokens[:opening] + tokens[opening + 1:closing] + tokens[closing + 1:]
        for inner, end in pairs.items():
            if opening < inner and end < closing and inner not in kept:
                yield tokens[:opening] + tokens[inner:end + 1] + tokens[closing + 1:]
        # A call or CASE by one of its arguments.
        if opening and re.match(r"[A-Za-z]", tokens[opening - 1]):
            for part in arguments(tokens, opening, closing):
                yield tokens[:opening - 1] + part + tokens[closing + 1:]


def brackets(tokens):
    """The place of each closing bracket by that of its opening one."""
    found, stack = {}, []
    for place, token in enumerate(tokens):
        if token == "(":
            stack.append(place)
        elif token == ")" and stack:
            found[stack.pop()] = place
    return dict(sorted(found.items()))


def is_balanced(tokens):
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if depth < 0:
            return False
    return depth == 0


def arguments(tokens, opening, closing):
    """The parts between commas of a bracket."""
    part, depth = [], 0
    for token in tokens[opening + 1:closing]:
        depth += (token == "(") - (token == ")")
        if token == "," and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    yield part


CLAUSES = {"WITH", "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "JOIN",
           "LEFT", "RIGHT", "FULL", "CROSS", "UNION", "INTERSECT", "EXCEPT", "ON", "AND", "OR", ",",
           "FILTER", "WHEN", "ELSE", "END", "SET", "RETURNING"}


def parts(tokens):
    """Pairs of a start and an end: each clause or list item, and two or three in a row."""
    stack = [[]]
    for place, token in enumerate([*tokens, ")"]):
        if token in CLAUSES and not (token == "JOIN" and tokens[place - 1] in CLAUSES):
            stack[-1].append(place)
        elif token == "(":
            stack.append([place + 1])
        elif token == ")":
            starts = [*(stack.pop() if stack else []), place]
            for count in (3, 2, 1):
                yield from zip(starts, starts[count:])
            # The first item goes with the comma after it.
            yield from ((a + 1, b + 1) for a, b in zip(starts, starts[1:]) if b < len(tokens)
                        and tokens[b] == ",")
            stack = stack or [[]]


def orderings(tokens):
    """Pairs of the start and the end of what stands after ORDER BY."""
    found, depth, open_ones = [], 0, []
    for place, token in enumerate([*tokens, ")"]):
        if token in (")", "LIMIT", "OFFSET") and open_ones and open_ones[-1][1] == depth:
            found.append((open_ones.pop()[0], place))
        depth += (token == "(") - (token == ")")
        if token == "BY" and tokens[place - 1] == "ORDER":
            open_ones.append((place + 1, depth))
    return found


def spares(tokens, start, end, orders):
    """Whether each order is left as it is, or goes as a whole and after its LIMIT.

    With a part of it missing it would leave a choice.
    """
    for first, last in orders:
        if end <= first or last <= start:
            continue
        has_limit = last < len(tokens) and tokens[last] in ("LIMIT", "OFFSET")
        if start > first - 2 or end < last + 2 * has_limit:
            return False
    return True
