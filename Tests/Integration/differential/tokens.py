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
    kept = ordering(tokens)
    size = len(tokens) // 2
    while size >= 1:
        for start in range(0, len(tokens) - size + 1, max(size // 2, 1)):
            part = range(start, start + size)
            if is_balanced(tokens[start:start + size]) and not kept.intersection(part):
                yield tokens[:start] + tokens[start + size:]
        size = size * 2 // 3 if size > 3 else size - 1
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


def ordering(tokens):
    """Places in an ORDER BY that is no longer total if one of its parts is missing.

    As a whole, with its LIMIT, it can go: the words ORDER and LIMIT are not among them.
    """
    kept, depth, inside = set(), 0, None
    for place, token in enumerate(tokens):
        if inside is not None and depth == inside and token in (")", "LIMIT"):
            inside = None
        depth += (token == "(") - (token == ")")
        if inside is not None:
            kept.add(place)
        if token == "BY" and tokens[place - 1] == "ORDER":
            inside = depth
    return kept
