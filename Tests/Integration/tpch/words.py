"""The words that TPC-H's data are made of, and sentences of them."""

REGIONS = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"]

NATIONS = [
    ("ALGERIA", 0), ("ARGENTINA", 1), ("BRAZIL", 1), ("CANADA", 1), ("EGYPT", 4), ("ETHIOPIA", 0),
    ("FRANCE", 3), ("GERMANY", 3), ("INDIA", 2), ("INDONESIA", 2), ("IRAN", 4), ("IRAQ", 4),
    ("JAPAN", 2), ("JORDAN", 4), ("KENYA", 0), ("MOROCCO", 0), ("MOZAMBIQUE", 0), ("PERU", 1),
    ("CHINA", 2), ("ROMANIA", 3), ("SAUDI ARABIA", 4), ("VIETNAM", 2), ("RUSSIA", 3),
    ("UNITED KINGDOM", 3), ("UNITED STATES", 1),
]
"""Name and region; a nation's key is its place."""

COLOURS = """
    almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished
    chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab
    firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory
    khaki lace lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint
    misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff
    purple red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel
    tan thistle tomato turquoise violet wheat white yellow""".split()

TYPES = [f"{size} {finish} {metal}"
         for size in ["STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"]
         for finish in ["ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"]
         for metal in ["TIN", "NICKEL", "BRASS", "STEEL", "COPPER"]]

CONTAINERS = [f"{size} {kind}" for size in ["SM", "LG", "MED", "JUMBO", "WRAP"]
              for kind in ["CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"]]

SEGMENTS = ["AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"]

PRIORITIES = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"]

INSTRUCTIONS = ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"]

MODES = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"]

NOUNS = """packages requests accounts deposits foxes ideas theodolites pinto-beans instructions
    dependencies excuses platelets asymptotes courts dolphins multipliers""".split()

VERBS = """sleep wake are cajole haggle nag use boost affix detect integrate maintain nod was lose
    sublate solve thrash promise engage""".split()

ADJECTIVES = """special furious sly careful blithe quick fluffy slow quiet ruthless thin close
    dogged daring brave stealthy permanent enticing idle busy regular final ironic even bold
    silent""".split()


def sentence(random, width):
    """Words of which some are special requests, no longer than a column's width."""
    text = " ".join(f"{random.choice(ADJECTIVES)} {random.choice(NOUNS)} {random.choice(VERBS)}"
                    for _ in range(random.randint(1, 3)))
    return text[:width].rstrip()


def sentences(random, width, count=500):
    """A stock of sentences, which is quicker to take from than to make new ones."""
    return [sentence(random, width) for _ in range(count)]
