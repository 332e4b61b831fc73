/// Aggregates, window functions, functions that give rows: what SQL can call, and PostgreSQL's identifiers.
extension FunctionSection {
    static let aggregates = FunctionSection(
        "Aggregates",
        [
            .init(
                "array_agg", "all values as an array",
                ["anynonarray -> anyarray": 2335, "anyarray -> anyarray": 4053], kind: .aggregate),
            .init(
                "avg", "the mean",
                [
                    "int2": 2102, "int4": 2101, "int8": 2100, "numeric": 2103, "float4": 2104,
                    "float8": 2105, "interval": 2106,
                ], kind: .aggregate),
            .init(
                "bit_and", "the bits that are 1 in all",
                ["int2": 2236, "int4": 2238, "int8": 2240], kind: .aggregate),
            .init(
                "bit_xor", "the bits that are 1 in an odd number of them",
                ["int2": 6164, "int4": 6165, "int8": 6166], kind: .aggregate),
            .init(
                "bit_or", "the bits that are 1 in any", ["int2": 2237, "int4": 2239, "int8": 2241],
                kind: .aggregate),
            .init("bool_and", "whether all are true", ["bool": 2517], kind: .aggregate),
            .init("bool_or", "whether any is true", ["bool": 2518], kind: .aggregate),
            .init(
                "count", "how many rows there are, or in how many the value is not NULL",
                ["()": 2803, "any -> int8": 2147], kind: .aggregate),
            .init("every", "whether all are true", ["bool": 2519], kind: .aggregate),
            .init(
                "json_agg", "all values as a json array", ["anyelement -> json": 3175],
                kind: .aggregate, volatility: .stable),
            .init(
                "json_object_agg", "all pairs of key and value as a json object",
                ["any any -> json": 3197], kind: .aggregate, volatility: .stable),
            .init(
                "jsonb_agg", "all values as a jsonb array", ["anyelement -> jsonb": 3267],
                kind: .aggregate, volatility: .stable),
            .init(
                "jsonb_object_agg", "all pairs of key and value as a jsonb object",
                ["any any -> jsonb": 3270], kind: .aggregate),
            .init(
                "max", "the largest",
                [
                    "int2": 2117, "int4": 2116, "int8": 2115, "oid": 2118, "float4": 2119,
                    "float8": 2120, "numeric": 2130, "text": 2129, "bpchar": 2244, "date": 2122,
                    "time": 2123, "timestamp": 2126, "timestamptz": 2127, "interval": 2128,
                    "anyarray -> anyarray": 2050,
                ], kind: .aggregate,
                note: "also of uuid and bytea, which PostgreSQL 15 refuses"),
            .init(
                "min", "the smallest",
                [
                    "int2": 2133, "int4": 2132, "int8": 2131, "oid": 2134, "float4": 2135,
                    "float8": 2136, "numeric": 2146, "text": 2145, "bpchar": 2245, "date": 2138,
                    "time": 2139, "timestamp": 2142, "timestamptz": 2143, "interval": 2144,
                    "anyarray -> anyarray": 2051,
                ], kind: .aggregate,
                note: "also of uuid and bytea, which PostgreSQL 15 refuses"),
            .init(
                "stddev", "the same as stddev_samp",
                [
                    "int2": 2156, "int4": 2155, "int8": 2154, "numeric": 2159, "float4": 2157,
                    "float8": 2158,
                ], kind: .aggregate),
            .init(
                "stddev_pop", "the population's standard deviation",
                [
                    "int2": 2726, "int4": 2725, "int8": 2724, "numeric": 2729, "float4": 2727,
                    "float8": 2728,
                ], kind: .aggregate),
            .init(
                "stddev_samp", "the sample's standard deviation",
                [
                    "int2": 2714, "int4": 2713, "int8": 2712, "numeric": 2717, "float4": 2715,
                    "float8": 2716,
                ], kind: .aggregate),
            .init(
                "string_agg", "all texts with a separator between them",
                ["text text": 3538, "bytea bytea": 3545], kind: .aggregate),
            .init(
                "sum", "the sum",
                [
                    "int2": 2109, "int4": 2108, "int8": 2107, "numeric": 2114, "float4": 2110,
                    "float8": 2111, "interval": 2113,
                ], kind: .aggregate),
            .init(
                "var_pop", "the population's variance",
                [
                    "int2": 2720, "int4": 2719, "int8": 2718, "numeric": 2723, "float4": 2721,
                    "float8": 2722,
                ], kind: .aggregate),
            .init(
                "var_samp", "the sample's variance",
                [
                    "int2": 2643, "int4": 2642, "int8": 2641, "numeric": 2646, "float4": 2644,
                    "float8": 2645,
                ], kind: .aggregate),
            .init(
                "variance", "the same as var_samp",
                [
                    "int2": 2150, "int4": 2149, "int8": 2148, "numeric": 2153, "float4": 2151,
                    "float8": 2152,
                ], kind: .aggregate),
            .form(
                "grouping", "GROUPING(expression, …)",
                "which of the expressions the row's grouping set leaves out, a bit for each"),
        ])

    static let windows = FunctionSection(
        "Window functions",
        [
            .init("dense_rank", "the rank without gaps", ["() -> int8": 3102], kind: .window),
            .init(
                "rank", "the rank: rows that tie have the first one's number", ["() -> int8": 3101],
                kind: .window),
            .init(
                "row_number", "the number of the row in its partition", ["() -> int8": 3100],
                kind: .window),
        ])

    static let rows = FunctionSection(
        "Functions that give rows",
        [
            .init(
                "generate_series", "the numbers or times from the first to the second, by steps",
                [
                    "int4 int4 -> setof int4": 1067, "int4 int4 int4 -> setof int4": 1066,
                    "int8 int8 -> setof int8": 1069, "int8 int8 int8 -> setof int8": 1068,
                    "numeric numeric -> setof numeric": 3260,
                    "numeric numeric numeric -> setof numeric": 3259,
                    "timestamp timestamp interval -> setof timestamp": 938,
                    "timestamptz timestamptz interval -> setof timestamptz": 939,
                ]),
            .init(
                "generate_subscripts", "the subscripts of a dimension; in reverse",
                ["anyarray int4 -> setof int4": 1192, "anyarray int4 bool -> setof int4": 1191]),
            .init(
                "json_array_elements", "the elements of an array",
                ["from_json:json -> setof json(value:json)": 3955]),
            .init(
                "json_array_elements_text", "the elements of an array, as text",
                ["from_json:json -> setof text(value:text)": 3969]),
            .init(
                "json_each", "the members of an object",
                ["from_json:json -> setof record(key:text,value:json)": 3958]),
            .init(
                "json_each_text", "the members of an object, as text",
                ["from_json:json -> setof record(key:text,value:text)": 3959]),
            .init("json_object_keys", "the keys of an object", ["json -> setof text": 3957]),
            .init(
                "jsonb_array_elements", "the elements of an array",
                ["from_json:jsonb -> setof jsonb(value:jsonb)": 3219]),
            .init(
                "jsonb_array_elements_text", "the elements of an array, as text",
                ["from_json:jsonb -> setof text(value:text)": 3465]),
            .init(
                "jsonb_each", "the members of an object",
                ["from_json:jsonb -> setof record(key:text,value:jsonb)": 3208]),
            .init(
                "jsonb_each_text", "the members of an object, as text",
                ["from_json:jsonb -> setof record(key:text,value:text)": 3932]),
            .init("jsonb_object_keys", "the keys of an object", ["jsonb -> setof text": 3931]),
            .init(
                "regexp_matches",
                "the groups of the first match; of every match, with the option g",
                ["text text -> setof _text": 2763, "text text text -> setof _text": 2764]),
            .init(
                "regexp_split_to_table", "the parts between matches; with options",
                ["text text -> setof text": 2765, "text text text -> setof text": 2766]),
            .init(
                "string_to_table",
                "the parts between separators; those equal to the third are NULL",
                ["text text -> setof text": 6160, "text text text -> setof text": 6161],
                isStrict: false),
            .init(
                "unnest", "the elements of arrays, side by side",
                ["anyarray -> setof anyelement": 2331]),
            .form(
                "hop", "HOP(relation, time column, slide, size)",
                "the rows of a relation in every window of a size that starts each slide"),
            .form(
                "session", "SESSION(relation, time column, gap, key, …)",
                "the rows of a relation in windows that end where nothing comes for the gap"),
            .form(
                "tumble", "TUMBLE(relation, time column, size)",
                "the rows of a relation in windows of a size"),
        ])
}
