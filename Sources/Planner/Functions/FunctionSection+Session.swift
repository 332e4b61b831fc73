/// Sequences, the session, what clients ask of the catalogs, casts written as calls: what SQL can call, and PostgreSQL's identifiers.
extension FunctionSection {
    static let sequences = FunctionSection(
        "Sequences",
        [
            .init(
                "currval", "what this session drew last from a sequence", ["regclass": 1575],
                volatility: .volatile),
            .init("lastval", "what this session drew last", ["()": 2559], volatility: .volatile),
            .init(
                "nextval", "draws the next value of a sequence", ["regclass": 1574],
                volatility: .volatile),
            .init(
                "setval", "sets what the next value follows; or is, when the third is false",
                ["regclass int8": 1576, "regclass int8 bool": 1765], volatility: .volatile),
        ])

    static let session = FunctionSection(
        "The session",
        [
            .form("current_catalog", "CURRENT_CATALOG", "the database"),
            .init("current_database", "the database", ["()": 861]),
            .form("current_role", "CURRENT_ROLE", "the user"),
            .init("current_schema", "where new relations go", ["()": 1402]),
            .init(
                "current_setting",
                "the value of a setting; NULL for one that is not there when the second is true",
                ["text": 2077, "text bool": 3294]),
            .init("current_user", "the user", ["()": 745], note: "written CURRENT_USER"),
            .init("pg_backend_pid", "the number of this session", ["()": 2026]),
            .init("pg_is_in_recovery", "always false", ["()": 3810], volatility: .volatile),
            .init("pg_my_temp_schema", "always 0: there are no temporary tables", ["()": 2854]),
            .init("session_user", "the user", ["()": 746], note: "written SESSION_USER"),
            .form("user", "USER", "the user"),
            .init("version", "what server this is", ["()": 89]),
        ])

    static let catalogs = FunctionSection(
        "What clients ask of the catalogs",
        [
            .init("col_description", "the comment on a column", ["oid int4": 1216]),
            .init(
                "format_type", "the name of a type with its modifier", ["oid int4": 1081],
                isStrict: false),
            .init(
                "has_database_privilege", "always true: there are no privileges",
                ["text text": 2254, "oid text -> bool": 2255]),
            .init(
                "has_schema_privilege", "always true: there are no privileges",
                ["text text": 2272, "oid text -> bool": 2273]),
            .init(
                "has_table_privilege", "always true: there are no privileges",
                ["text text": 1926, "oid text -> bool": 1927]),
            .init("obj_description", "the comment on an object", ["oid": 1348, "oid name": 1215]),
            .init("pg_collation_is_visible", "whether it is found without a schema", ["oid": 3815]),
            .init(
                "pg_encoding_to_char", "the name of an encoding", ["int4": 1597],
                note: "always UTF8"),
            .init("pg_function_is_visible", "whether it is found without a schema", ["oid": 2081]),
            .init(
                "pg_get_expr", "an expression of a catalog as text",
                ["pg_node_tree oid -> text": 1716, "pg_node_tree oid bool -> text": 2509],
                volatility: .stable),
            .init(
                "pg_get_function_arguments",
                "the arguments of a function, as its definition writes them", ["oid": 2162]),
            .init(
                "pg_get_function_identity_arguments",
                "the arguments that tell a function from others of its name", ["oid": 2232]),
            .init("pg_get_function_result", "what a function gives", ["oid": 2165]),
            .init(
                "pg_get_function_sqlbody", "always NULL: no function is written in SQL",
                ["oid": 6197]),
            .init("pg_get_userbyid", "the name of a user", ["oid": 1642]),
            .init("pg_get_viewdef", "the query of a view", ["oid": 1641, "oid bool": 2506]),
            .init("pg_opclass_is_visible", "whether it is found without a schema", ["oid": 2083]),
            .init("pg_relation_is_publishable", "always false", ["regclass": 6121]),
            .init(
                "pg_relation_size", "bytes of a relation", ["regclass": 2325],
                volatility: .volatile, note: "always 0"),
            .init("pg_table_is_visible", "whether it is found without a schema", ["oid": 2079]),
            .init(
                "pg_table_size", "bytes of a table", ["regclass": 2997], volatility: .volatile,
                note: "always 0"),
            .init(
                "pg_total_relation_size", "bytes of a table and its indexes", ["regclass": 2286],
                volatility: .volatile, note: "always 0"),
            .init("pg_type_is_visible", "whether it is found without a schema", ["oid": 2080]),
            .init(
                "shobj_description", "the comment on an object of the whole server",
                ["oid name": 1993]),
        ])

    static let casts = FunctionSection(
        "Casts written as calls",
        [
            .init("bool", "the value as boolean", ["jsonb": 3556, "int4": 2557]),
            .init("bpchar", "the value as character", ["name": 408, "char": 860]),
            .init("date", "the value as date", ["timestamptz": 1178, "timestamp": 2029]),
            .init(
                "float4", "the value as real",
                [
                    "int2": 236, "float8": 312, "int4": 318, "int8": 652, "numeric": 1745,
                    "jsonb": 3453,
                ]),
            .init(
                "float8", "the value as double precision",
                [
                    "int2": 235, "float4": 311, "int4": 316, "int8": 482, "numeric": 1746,
                    "jsonb": 2580,
                ]),
            .init(
                "int2", "the value as smallint",
                [
                    "float8": 237, "float4": 238, "int4": 314, "int8": 714, "numeric": 1783,
                    "jsonb": 3450,
                ]),
            .init(
                "int4", "the value as integer",
                [
                    "int2": 313, "float8": 317, "float4": 319, "int8": 480, "numeric": 1744,
                    "jsonb": 3451, "bool": 2558,
                ]),
            .init(
                "int8", "the value as bigint",
                [
                    "int4": 481, "float8": 483, "float4": 653, "int2": 754, "oid": 1288,
                    "numeric": 1779, "jsonb": 3452,
                ]),
            .init("interval", "the value as interval", ["time": 1370]),
            .init("name", "the value as name", ["text": 407, "bpchar": 409, "varchar": 1400]),
            .init(
                "numeric", "the value as numeric",
                [
                    "int4": 1740, "float4": 1742, "float8": 1743, "int8": 1781, "int2": 1782,
                    "jsonb": 3449,
                ]),
            .init("oid", "the value as oid", ["int8": 1287]),
            .init("regclass", "the value as regclass", ["text": 1079]),
            .init(
                "text", "the value as text",
                ["bpchar": 401, "name": 406, "char": 946, "bool": 2971]),
            .init(
                "time", "the value as time",
                ["timestamp": 1316, "interval": 1419, "timestamptz": 2019]),
            .init("timestamp", "the value as timestamp", ["date": 2024, "timestamptz": 2027]),
            .init(
                "timestamptz", "the value as timestamp with time zone",
                ["date": 1174, "timestamp": 2028]),
            .init("varchar", "the value as varchar", ["name": 1401]),
        ])
}
