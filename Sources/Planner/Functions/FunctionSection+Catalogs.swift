/// What clients ask of the catalogs and of rights, casts written as calls: what SQL can call, and
/// PostgreSQL's identifiers.
extension FunctionSection {
    static let catalogs = FunctionSection(
        "What clients ask of the catalogs",
        [
            .init("col_description", "the comment on a column", ["oid int4": 1216]),
            .init(
                "format_type", "the name of a type with its modifier", ["oid int4": 1081],
                isStrict: false),
            .init("obj_description", "the comment on an object", ["oid": 1348, "oid name": 1215]),
            .init(
                "pg_char_to_encoding", "the number of an encoding",
                ["name": 1264]),
            .init("pg_collation_is_visible", "whether it is found without a schema", ["oid": 3815]),
            .init(
                "pg_conversion_is_visible", "whether it is found without a schema",
                ["oid": 2093]),
            .init(
                "pg_database_size", "bytes of the database, about",
                ["name": 2168, "oid": 2324], volatility: .volatile),
            .init(
                "pg_encoding_to_char", "the name of an encoding", ["int4": 1597]),
            .init("pg_function_is_visible", "whether it is found without a schema", ["oid": 2081]),
            .init(
                "pg_get_constraintdef", "a constraint, as CREATE TABLE writes it",
                ["oid": 1387, "oid bool": 2508]),
            .init(
                "pg_get_expr", "an expression of a catalog as text",
                ["pg_node_tree oid -> text": 1716, "pg_node_tree oid bool -> text": 2509],
                volatility: .stable),
            .init(
                "pg_get_function_arg_default", "always NULL",
                ["oid int4": 3808]),
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
            .init(
                "pg_get_indexdef", "CREATE INDEX of an index, or one of its columns",
                ["oid": 1643, "oid int4 bool": 2507]),
            .init(
                "pg_get_partkeydef", "always NULL: no table has partitions",
                ["oid": 3352]),
            .init(
                "pg_get_ruledef", "always NULL: there are no rules",
                ["oid": 1573, "oid bool": 2504]),
            .init(
                "pg_get_serial_sequence", "the sequence that a column takes its values from",
                ["text text": 1665]),
            .init(
                "pg_get_statisticsobjdef_columns", "always NULL: there are no statistics objects",
                ["oid": 6174]),
            .init(
                "pg_get_triggerdef", "always NULL: there are no triggers",
                ["oid": 1662, "oid bool": 2730]),
            .init("pg_get_userbyid", "the name of a user", ["oid": 1642]),
            .init(
                "pg_get_viewdef", "the query of a view",
                ["text": 1640, "oid": 1641, "text bool": 2505, "oid bool": 2506, "oid int4": 3159]),
            .init(
                "pg_index_column_has_property", "what an index knows of its column",
                ["regclass int4 text": 638]),
            .init(
                "pg_indexes_size", "bytes of a relation's indexes, about",
                ["regclass": 2998], volatility: .volatile),
            .init(
                "pg_is_other_temp_schema", "always false",
                ["oid": 2855]),
            .init("pg_opclass_is_visible", "whether it is found without a schema", ["oid": 2083]),
            .init(
                "pg_operator_is_visible", "whether it is found without a schema",
                ["oid": 2082]),
            .init(
                "pg_opfamily_is_visible", "whether it is found without a schema",
                ["oid": 3829]),
            .init("pg_relation_is_publishable", "always false", ["regclass": 6121]),
            .init(
                "pg_relation_size", "bytes of a relation, about",
                ["regclass": 2325, "regclass text": 2332], volatility: .volatile),
            .init(
                "pg_stat_get_numscans", "always 0",
                ["oid": 1928]),
            .init(
                "pg_statistics_obj_is_visible", "whether it is found without a schema",
                ["oid": 3403]),
            .init("pg_table_is_visible", "whether it is found without a schema", ["oid": 2079]),
            .init(
                "pg_table_size", "bytes of a table, about", ["regclass": 2997],
                volatility: .volatile),
            .init(
                "pg_tablespace_location", "always empty",
                ["oid": 3778]),
            .init(
                "pg_total_relation_size", "bytes of a table and its indexes, about",
                ["regclass": 2286], volatility: .volatile),
            .init(
                "pg_ts_config_is_visible", "whether it is found without a schema",
                ["oid": 3758]),
            .init(
                "pg_ts_dict_is_visible", "whether it is found without a schema",
                ["oid": 3757]),
            .init(
                "pg_ts_parser_is_visible", "whether it is found without a schema",
                ["oid": 3756]),
            .init(
                "pg_ts_template_is_visible", "whether it is found without a schema",
                ["oid": 3768]),
            .init("pg_type_is_visible", "whether it is found without a schema", ["oid": 2080]),
            .init(
                "pg_typeof", "the type of a value",
                ["any -> regtype": 1619], volatility: .stable, isStrict: false),
            .init(
                "shobj_description", "always NULL: nothing of the whole server has a comment",
                ["oid name": 1993]),
            .init(
                "to_regclass", "the relation of a name; NULL when there is none",
                ["text": 3495]),
            .init(
                "to_regnamespace", "the schema of a name; NULL when there is none",
                ["text": 4086]),
            .init(
                "to_regproc", "the function of a name; NULL when there is none",
                ["text": 3494]),
            .init(
                "to_regrole", "the user of a name; NULL when there is none",
                ["text": 4093]),
            .init(
                "to_regtype", "the type of a name; NULL when there is none",
                ["text": 3493]),
        ])

    static let privileges = FunctionSection(
        "Rights",
        [
            .init(
                "has_any_column_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 3024,
                    "name oid text": 3025,
                    "oid text text": 3026,
                    "oid oid text": 3027,
                    "text text": 3028,
                    "oid text": 3029,
                ]),
            .init(
                "has_column_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text text": 3012,
                    "name text int2 text": 3013,
                    "name oid text text": 3014,
                    "name oid int2 text": 3015,
                    "oid text text text": 3016,
                    "oid text int2 text": 3017,
                    "oid oid text text": 3018,
                    "oid oid int2 text": 3019,
                    "text text text": 3020,
                    "text int2 text": 3021,
                    "oid text text": 3022,
                    "oid int2 text": 3023,
                ]),
            .init(
                "has_database_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 2250,
                    "name oid text": 2251,
                    "oid text text": 2252,
                    "oid oid text": 2253,
                    "text text": 2254,
                    "oid text": 2255,
                ]),
            .init(
                "has_foreign_data_wrapper_privilege",
                "whether a user may: everybody may do everything",
                [
                    "name text text": 3000,
                    "name oid text": 3001,
                    "oid text text": 3002,
                    "oid oid text": 3003,
                    "text text": 3004,
                    "oid text": 3005,
                ]),
            .init(
                "has_function_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 2256,
                    "name oid text": 2257,
                    "oid text text": 2258,
                    "oid oid text": 2259,
                    "text text": 2260,
                    "oid text": 2261,
                ]),
            .init(
                "has_language_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 2262,
                    "name oid text": 2263,
                    "oid text text": 2264,
                    "oid oid text": 2265,
                    "text text": 2266,
                    "oid text": 2267,
                ]),
            .init(
                "has_schema_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 2268,
                    "name oid text": 2269,
                    "oid text text": 2270,
                    "oid oid text": 2271,
                    "text text": 2272,
                    "oid text": 2273,
                ]),
            .init(
                "has_sequence_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 2181,
                    "name oid text": 2182,
                    "oid text text": 2183,
                    "oid oid text": 2184,
                    "text text": 2185,
                    "oid text": 2186,
                ]),
            .init(
                "has_server_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 3006,
                    "name oid text": 3007,
                    "oid text text": 3008,
                    "oid oid text": 3009,
                    "text text": 3010,
                    "oid text": 3011,
                ]),
            .init(
                "has_table_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 1922,
                    "name oid text": 1923,
                    "oid text text": 1924,
                    "oid oid text": 1925,
                    "text text": 1926,
                    "oid text": 1927,
                ]),
            .init(
                "has_tablespace_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 2390,
                    "name oid text": 2391,
                    "oid text text": 2392,
                    "oid oid text": 2393,
                    "text text": 2394,
                    "oid text": 2395,
                ]),
            .init(
                "has_type_privilege", "whether a user may: everybody may do everything",
                [
                    "name text text": 3138,
                    "name oid text": 3139,
                    "oid text text": 3140,
                    "oid oid text": 3141,
                    "text text": 3142,
                    "oid text": 3143,
                ]),
            .init(
                "pg_has_role", "whether a user may: everybody may do everything",
                [
                    "name name text": 2705,
                    "name oid text": 2706,
                    "oid name text": 2707,
                    "oid oid text": 2708,
                    "name text": 2709,
                    "oid text": 2710,
                ]),
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
