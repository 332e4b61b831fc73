"""Rows like TPC-H's for any scale and seed, as they are needed: tuples of texts.

Keys, ranges and dependencies are the specification's. What its queries look for is more frequent
here, so that each has an answer at a small scale too: see ASKED_NATIONS, ASKED_PARTS, LARGE_ORDER
and COMPLAINT.
"""

from datetime import date, timedelta
from random import Random

from . import words

PER_UNIT = {"supplier": 10_000, "part": 200_000, "customer": 150_000, "orders": 1_500_000}
"""Rows of a table at scale 1."""

FIRST_DAY, LAST_ORDER_DAY = date(1992, 1, 1), date(1998, 8, 2)

DAYS = [(FIRST_DAY + timedelta(days)).isoformat() for days in range(2700)]
"""Dates by their distance to the first one; longer than any line is under way."""

ORDER_DAYS = (LAST_ORDER_DAY - FIRST_DAY).days + 1

TODAY = (date(1995, 6, 17) - FIRST_DAY).days

ASKED_NATIONS = [2, 3, 6, 7, 20]
"""One supplier in three is of one of these."""

ASKED_PARTS = [
    ("Brand#12", "STANDARD PLATED TIN", 3, "SM CASE"),
    ("Brand#23", "ECONOMY ANODIZED STEEL", 7, "MED BOX"),
    ("Brand#34", "LARGE BURNISHED BRASS", 15, "LG BOX"),
]
"""Brand, type, size and container of one part in twelve; their names begin with forest."""

LARGE_ORDER = 200
"""One order in so many has seven lines of at least forty pieces."""

COMPLAINT = 12
"""One supplier in so many has complaints."""


def count(table, scale):
    """How many rows a table of PER_UNIT has."""
    return max(int(PER_UNIT[table] * scale), 1)


def order_key(number):
    """The key of the order of this number, from 0: eight of each 32 keys are in use."""
    return number // 8 * 32 + number % 8 + 1


def money(cents):
    """Hundredths as a decimal with two digits."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def retail_cents(part):
    """The price of a part, which its key determines."""
    return 90_000 + part // 10 % 20_001 + 100 * (part % 1_000)


def supplier_of(part, number, suppliers):
    """The key of one of a part's four suppliers; `number` is 0 to 3."""
    return (part + number * (suppliers // 4 + (part - 1) // suppliers)) % suppliers + 1


def regions(seed):
    random = Random(f"{seed} region")
    for key, name in enumerate(words.REGIONS):
        yield str(key), name, words.sentence(random, 152)


def nations(seed):
    random = Random(f"{seed} nation")
    for key, (name, region) in enumerate(words.NATIONS):
        yield str(key), name, str(region), words.sentence(random, 152)


def phone(random, nation):
    digits = f"{random.randrange(10**10):010}"
    return f"{nation + 10}-{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def address(random):
    return f"{random.randrange(1, 10**6)} {random.choice(words.COLOURS)} street"


def suppliers(scale, seed):
    random = Random(f"{seed} supplier")
    for key in range(1, count("supplier", scale) + 1):
        nation = random.choice(ASKED_NATIONS) if random.random() < 1 / 3 else random.randrange(25)
        comment = words.sentence(random, 60)
        if key % COMPLAINT == 0:
            comment = f"{comment} Customer {random.choice(words.NOUNS)} Complaints"
        yield (str(key), f"Supplier#{key:09}", address(random), str(nation), phone(random, nation),
               money(random.randint(-99_999, 999_999)), comment)


def customers(scale, seed):
    random = Random(f"{seed} customer")
    for key in range(1, count("customer", scale) + 1):
        nation = random.randrange(25)
        yield (str(key), f"Customer#{key:09}", address(random), str(nation),
               phone(random, nation), money(random.randint(-99_999, 999_999)),
               random.choice(words.SEGMENTS), words.sentence(random, 117))


def parts(scale, seed):
    """Each part with its four rows of partsupp."""
    random = Random(f"{seed} part")
    comments = words.sentences(random, 199)
    for key in range(1, count("part", scale) + 1):
        names = random.sample(words.COLOURS, 5)
        maker = random.randint(1, 5)
        brand = f"Brand#{maker}{random.randint(1, 5)}"
        kind, size = random.choice(words.TYPES), random.randint(1, 50)
        container = random.choice(words.CONTAINERS)
        if random.random() < 1 / 12:
            brand, kind, size, container = random.choice(ASKED_PARTS)
            maker, names[0] = brand[-2], "forest"
        part = (str(key), " ".join(names), f"Manufacturer#{maker}", brand, kind, str(size),
                container, money(retail_cents(key)), random.choice(comments)[:23].rstrip())
        yield part, stock(random, key, count("supplier", scale), comments)


def stock(random, part, suppliers, comments):
    """The rows of partsupp of a part; fewer than four if there are not as many suppliers."""
    keys = dict.fromkeys(supplier_of(part, number, suppliers) for number in range(4))
    return [(str(part), str(key), str(random.randint(1, 9_999)),
             money(random.randint(100, 100_000)), random.choice(comments)) for key in keys]


def orders(scale, seed):
    """Each order with its lines. Every third customer has no orders."""
    random = Random(f"{seed} orders")
    comments = words.sentences(random, 79)
    customers, clerks = count("customer", scale), max(int(1_000 * scale), 1)
    for number in range(count("orders", scale)):
        key, day = str(order_key(number)), random.randrange(ORDER_DAYS)
        customer = random.randrange(customers) + 1
        if customer % 3 == 0:
            customer -= 1
        lines, cents, closed = lines_of(random, key, day, number, scale, comments)
        status = "F" if closed == len(lines) else "P" if closed else "O"
        yield (key, str(customer), status, money(cents), DAYS[day],
               random.choice(words.PRIORITIES), f"Clerk#{random.randint(1, clerks):09}", "0",
               random.choice(comments)), lines


def lines_of(random, order, day, number, scale, comments):
    """The lines of an order, the sum of their prices in cents, and how many are shipped."""
    parts, suppliers = count("part", scale), count("supplier", scale)
    is_large = number % LARGE_ORDER == 0
    lines, total, closed = [], 0, 0
    for line in range(1, (7 if is_large else random.randint(1, 7)) + 1):
        part = random.randrange(parts) + 1
        supplier = supplier_of(part, random.randrange(4), suppliers)
        quantity = random.randint(40 if is_large else 1, 50)
        discount, tax = random.randrange(11), random.randrange(9)
        price = quantity * retail_cents(part)
        shipped = day + random.randint(1, 121)
        received = shipped + random.randint(1, 30)
        flag = random.choice("RA") if received <= TODAY else "N"
        total += price * (100 + tax) * (100 - discount)
        closed += shipped <= TODAY
        lines.append((
            order, str(part), str(supplier), str(line), f"{quantity}.00", money(price),
            money(discount), money(tax), flag, "F" if shipped <= TODAY else "O", DAYS[shipped],
            DAYS[day + random.randint(30, 90)], DAYS[received],
            random.choice(words.INSTRUCTIONS), random.choice(words.MODES),
            random.choice(comments)[:44].rstrip()))
    return lines, (total + 5_000) // 10_000, closed
