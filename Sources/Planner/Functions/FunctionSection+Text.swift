/// Conditional expressions, text, bytes, patterns, uUID: what SQL can call, and PostgreSQL's identifiers.
extension FunctionSection {
    static let conditional = FunctionSection(
        "Conditional expressions",
        [
            .form("coalesce", "COALESCE(value, …)", "the first value that is not NULL"),
            .form("nullif", "NULLIF(value, value)", "NULL where both are equal, else the first"),
            .form("greatest", "GREATEST(value, …)", "the largest of those that are not NULL"),
            .form("least", "LEAST(value, …)", "the smallest of those that are not NULL"),
            .init(
                "num_nonnulls", "how many arguments are not NULL", ["*any -> int4": 440],
                isStrict: false),
            .init(
                "num_nulls", "how many arguments are NULL", ["*any -> int4": 438], isStrict: false),
        ])

    static let text = FunctionSection(
        "Text",
        [
            .init("ascii", "code point of the first character", ["text": 1620]),
            .init("bit_length", "how many bits it has", ["text": 1811, "bytea": 1810]),
            .init(
                "btrim", "without the given characters (blanks) at both ends",
                ["text": 885, "text text": 884]),
            .init("char_length", "how many characters it has", ["text": 1381]),
            .init("character_length", "how many characters it has", ["text": 1369]),
            .init("chr", "the character of a code point", ["int4": 1621]),
            .init(
                "concat", "the texts of all arguments, NULLs left out, one behind the other",
                ["*any -> text": 3058], volatility: .stable, isStrict: false),
            .init(
                "concat_ws",
                "the texts of the arguments, NULLs left out, with the first one between them",
                ["text *any -> text": 3059], volatility: .stable, isStrict: false),
            .init(
                "format", "the first with its %s, %I and %L replaced by the others, in order",
                ["text": 3540, "text *any -> text": 3539], volatility: .stable, isStrict: false),
            .init(
                "initcap",
                "each word with its first letter in upper case and the others in lower case",
                ["text": 872], note: "letters beyond ASCII keep their case, as in the collation C"),
            .init(
                "left", "the first characters; all but the last when the number is negative",
                ["text int4": 3060]),
            .init(
                "length", "how many characters it has; of bytea, how many bytes",
                ["text": 1317, "bytea": 2010]),
            .init(
                "lower", "letters in lower case", ["text": 870],
                note: "letters beyond ASCII keep their case, as in the collation C"),
            .init(
                "lpad", "filled up to a length with blanks or the given text in front",
                ["text int4": 879, "text int4 text": 873]),
            .init(
                "ltrim", "without the given characters (blanks) at the start",
                ["text": 881, "text text": 875]),
            .init("md5", "MD5, in hexadecimal", ["text": 2311, "bytea": 2321]),
            .init("octet_length", "how many bytes it has", ["text": 1374, "bytea": 720]),
            .init(
                "overlay", "with the part from a place on replaced by another text",
                ["text text int4": 1405, "text text int4 int4": 1404],
                note: "also OVERLAY(text PLACING text FROM start FOR count)"),
            .init(
                "position", "where the second stands in the first, counted from 1; 0 when nowhere",
                ["text text": 849], note: "written POSITION(part IN text)"),
            .init(
                "parse_ident",
                "the parts of a name with dots; what is behind it may be anything when the second is false",
                ["str:text strict:bool=true": 1268]),
            .init(
                "pg_size_bytes", "the bytes of a size with a unit", ["text": 3334]),
            .init(
                "pg_size_pretty", "a number of bytes with a unit",
                ["int8": 2288, "numeric": 3166]),
            .init("quote_ident", "quoted as an identifier where it has to be", ["text": 1282]),
            .init(
                "quote_literal", "quoted as a literal", ["text": 1283]),
            .init(
                "quote_literal", "its text quoted as a literal", ["anyelement -> text": 1285],
                volatility: .stable),
            .init(
                "quote_nullable", "quoted as a literal, NULL as the word NULL",
                ["text": 1289], isStrict: false),
            .init(
                "quote_nullable", "its text quoted as a literal, NULL as the word NULL",
                ["anyelement -> text": 1290], volatility: .stable, isStrict: false),
            .init("repeat", "as many times one behind the other", ["text int4": 1622]),
            .init(
                "replace", "with each occurrence of the second replaced by the third",
                ["text text text": 2087]),
            .init("reverse", "characters in reverse order", ["text": 3062]),
            .init(
                "right", "the last characters; all but the first when the number is negative",
                ["text int4": 3061]),
            .init(
                "rpad", "filled up to a length with blanks or the given text behind",
                ["text int4": 880, "text int4 text": 874]),
            .init(
                "rtrim", "without the given characters (blanks) at the end",
                ["text": 882, "text text": 876]),
            .init(
                "split_part",
                "the part of a number between separators; from the end when the number is negative",
                ["text text int4": 2088]),
            .init("starts_with", "whether it starts with the second", ["text text": 3696]),
            .init(
                "string_to_array",
                "the parts between separators; those equal to the third are NULL",
                ["text text": 394, "text text text": 376]),
            .init(
                "strpos", "where the second stands in the first, counted from 1; 0 when nowhere",
                ["text text": 868]),
            .init(
                "substr", "the part from a place on, of a length",
                ["text int4": 883, "text int4 int4": 877]),
            .init(
                "substring", "the part from a place on, of a length; or what matches a pattern",
                [
                    "text int4": 937, "text int4 int4": 936, "text text": 2073,
                    "text text text": 2074,
                ],
                note:
                    "also SUBSTRING(text FROM start FOR count), FROM pattern and SIMILAR pattern ESCAPE character"
            ),
            .init("to_hex", "in hexadecimal", ["int4": 2089, "int8": 2090]),
            .init(
                "translate",
                "each character of the second replaced by the one at its place in the third",
                ["text text text": 878]),
            .form(
                "trim", "TRIM([BOTH | LEADING | TRAILING] [characters FROM] text)",
                "without the given characters (blanks) at both ends, the start or the end"),
            .init(
                "unistr",
                "with the characters that \\XXXX, \\+XXXXXX, \\uXXXX and \\UXXXXXXXX stand for",
                ["text": 6198]),
            .init(
                "upper", "letters in upper case", ["text": 871],
                note: "letters beyond ASCII keep their case, as in the collation C"),
        ])

    static let bytes = FunctionSection(
        "Bytes",
        [
            .init("bit_count", "how many bits are 1", ["bytea": 6163]),
            .init("btrim", "without the given bytes at both ends", ["bytea bytea": 2015]),
            .init(
                "convert_from", "text of bytes in an encoding", ["bytea name -> text": 1714],
                volatility: .stable, note: "UTF8 only"),
            .init(
                "convert_to", "bytes of text in an encoding", ["text name -> bytea": 1717],
                volatility: .stable, note: "UTF8 only"),
            .init("decode", "bytes of text: hex, base64 or escape", ["text text": 1947]),
            .init("encode", "bytes as text: hex, base64 or escape", ["bytea text": 1946]),
            .init("get_bit", "the bit of a number", ["bytea int8": 723]),
            .init("get_byte", "the byte of a number", ["bytea int4": 721]),
            .init(
                "length", "how many characters bytes have in an encoding",
                ["bytea name -> int4": 1713], volatility: .stable, note: "UTF8 only"),
            .init("ltrim", "without the given bytes at the start", ["bytea bytea": 6195]),
            .init(
                "overlay", "with the part from a place on replaced by other bytes",
                ["bytea bytea int4": 752, "bytea bytea int4 int4": 749]),
            .init(
                "position", "where the second stands in the first, counted from 1; 0 when nowhere",
                ["bytea bytea -> int4": 2014]),
            .init(
                "reverse", "bytes in reverse order", ["bytea": 15000],
                note: "PostgreSQL 15 has none of bytea"),
            .init("rtrim", "without the given bytes at the end", ["bytea bytea": 6196]),
            .init("set_bit", "with the bit of a number set", ["bytea int8 int4": 724]),
            .init("set_byte", "with the byte of a number set", ["bytea int4 int4": 722]),
            .init("sha224", "SHA-224", ["bytea": 3419]),
            .init("sha256", "SHA-256", ["bytea": 3420]),
            .init("sha384", "SHA-384", ["bytea": 3421]),
            .init("sha512", "SHA-512", ["bytea": 3422]),
            .init(
                "strpos", "where the second stands in the first, counted from 1; 0 when nowhere",
                ["bytea bytea": 15001], note: "in PostgreSQL 15, POSITION alone takes bytea"),
            .init(
                "substr", "the part from a place on, of a length",
                ["bytea int4": 2086, "bytea int4 int4": 2085]),
            .init(
                "substring", "the part from a place on, of a length",
                ["bytea int4": 2013, "bytea int4 int4": 2012]),
        ])

    static let patterns = FunctionSection(
        "Patterns",
        [
            .init(
                "like_escape",
                "a LIKE pattern with another escape character as one with the backslash",
                ["text text": 1637, "bytea bytea": 2009]),
            .init(
                "regexp_count", "how many matches there are; from a place on, with options",
                ["text text": 6254, "text text int4": 6255, "text text int4 text": 6256]),
            .init(
                "regexp_instr",
                "where a match is; from a place on, the n-th one, its start or end, with options, of a group",
                [
                    "text text": 6257, "text text int4": 6258, "text text int4 int4": 6259,
                    "text text int4 int4 int4": 6260, "text text int4 int4 int4 text": 6261,
                    "text text int4 int4 int4 text int4": 6262,
                ]),
            .init(
                "regexp_like", "whether there is a match; with options",
                ["text text": 6263, "text text text": 6264]),
            .init(
                "regexp_match", "the groups of the first match, or the match; with options",
                ["text text": 3396, "text text text": 3397]),
            .init(
                "regexp_replace",
                "with the first match replaced; with options (g: all), from a place on, the n-th one",
                [
                    "text text text": 2284, "text text text text": 2285,
                    "text text text int4": 6253, "text text text int4 int4": 6252,
                    "text text text int4 int4 text": 6251,
                ]),
            .init(
                "regexp_split_to_array", "the parts between matches; with options",
                ["text text": 2767, "text text text": 2768]),
            .init(
                "regexp_substr",
                "the match; from a place on, the n-th one, with options, of a group",
                [
                    "text text": 6265, "text text int4": 6266, "text text int4 int4": 6267,
                    "text text int4 int4 text": 6268, "text text int4 int4 text int4": 6269,
                ]),
            .init(
                "similar_escape",
                "a SIMILAR TO pattern as a regular expression; a NULL escape is the backslash",
                ["text text": 1623], isStrict: false),
            .init(
                "similar_to_escape", "a SIMILAR TO pattern as a regular expression",
                ["text": 1987, "text text": 1986]),
        ])

    static let uuid = FunctionSection(
        "UUID",
        [
            .init("gen_random_uuid", "a random UUID", ["()": 3432])
        ])
}
