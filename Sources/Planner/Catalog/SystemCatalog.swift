import Types

/// The relations of pg_catalog, information_schema and streamhouse that clients ask for.
enum SystemCatalog {
    static let relations: [CatalogObject] = [
        relation(
            2615, "pg_namespace",
            [("oid", .oid), ("nspname", .name), ("nspowner", .oid), ("nspacl", .text)]
        ) { catalog in
            catalog.schemas.map { [.int(Int64($0.oid)), .string($0.name), .int(10), .null] }
        },
        relation(1259, "pg_class", classColumns, classRows),
        relation(1249, "pg_attribute", attributeColumns, attributeRows),
        relation(1247, "pg_type", typeColumns, typeRows),
        relation(2601, "pg_am", [("oid", .oid), ("amname", .name), ("amtype", .char)]) { _ in
            [
                [.int(2), .string("heap"), .string("t")],
                [.int(403), .string("btree"), .string("i")],
            ]
        },
        relation(
            2604, "pg_attrdef",
            [("oid", .oid), ("adrelid", .oid), ("adnum", .int2), ("adbin", .text)]
        ) { _ in [] },
        relation(
            3456, "pg_collation", [("oid", .oid), ("collname", .name), ("collnamespace", .oid)]
        ) { _ in [[.int(950), .string("C"), .int(11)]] },
        relation(
            2609, "pg_description",
            [("objoid", .oid), ("classoid", .oid), ("objsubid", .int4), ("description", .text)]
        ) { catalog in descriptionRows(catalog) },
        relation(
            1262, "pg_database",
            [
                ("oid", .oid), ("datname", .name), ("datdba", .oid), ("encoding", .int4),
                ("datallowconn", .boolean), ("datistemplate", .boolean),
            ]
        ) { _ in [[.int(5), .string("streamhouse"), .int(10), .int(6), .bool(true), .bool(false)]]
        },
        relation(
            1260, "pg_roles",
            [("oid", .oid), ("rolname", .name), ("rolsuper", .boolean), ("rolcanlogin", .boolean)]
        ) { _ in [[.int(10), .string("streamhouse"), .bool(true), .bool(true)]] },
        relation(
            11001, "pg_tables",
            [("schemaname", .name), ("tablename", .name), ("tableowner", .name)]
        ) { named($0, .table) },
        relation(
            11002, "pg_views", [("schemaname", .name), ("viewname", .name), ("viewowner", .name)]
        ) { named($0, .view) },
        relation(
            11003, "pg_matviews",
            [("schemaname", .name), ("matviewname", .name), ("matviewowner", .name)]
        ) { named($0, .materializedView) },
        relation(
            11004, "tables",
            [
                ("table_catalog", .name), ("table_schema", .name), ("table_name", .name),
                ("table_type", .text),
            ],
            schema: "information_schema"
        ) { catalog in
            catalog.allObjects.map {
                [
                    .string("streamhouse"), .string($0.schema), .string($0.name),
                    .string($0.kind == .view ? "VIEW" : "BASE TABLE"),
                ]
            }
        },
        relation(
            11005, "columns",
            [
                ("table_catalog", .name), ("table_schema", .name), ("table_name", .name),
                ("column_name", .name), ("ordinal_position", .int4), ("column_default", .text),
                ("is_nullable", .text), ("data_type", .text),
            ], schema: "information_schema", columnRows),
        relation(
            11006, "schemata", [("catalog_name", .name), ("schema_name", .name)],
            schema: "information_schema"
        ) { catalog in catalog.schemas.map { [.string("streamhouse"), .string($0.name)] } },
    ]

    /// Relations of things that we do not have yet, with the columns that clients name.
    static let empty: [CatalogObject] = [
        nothing(
            3256, "pg_policy",
            [
                "polname", "polrelid", "polcmd", "polpermissive", "polroles", "polqual",
                "polwithcheck",
            ]),
        nothing(
            3381, "pg_statistic_ext",
            ["oid", "stxrelid", "stxname", "stxnamespace", "stxkind", "stxstattarget", "stxkeys"]),
        nothing(
            6104, "pg_publication",
            [
                "oid", "pubname", "pubowner", "puballtables", "pubinsert", "pubupdate", "pubdelete",
                "pubtruncate", "pubviaroot",
            ]),
        nothing(6106, "pg_publication_rel", ["oid", "prpubid", "prrelid", "prattrs", "prqual"]),
        nothing(6237, "pg_publication_namespace", ["oid", "pnpubid", "pnnspid"]),
        nothing(2611, "pg_inherits", ["inhrelid", "inhparent", "inhseqno", "inhdetachpending"]),
        nothing(
            2620, "pg_trigger",
            [
                "oid", "tgrelid", "tgname", "tgenabled", "tgisinternal", "tgparentid",
                "tgconstraint", "tgdeferrable", "tginitdeferred",
            ]),
        nothing(2618, "pg_rewrite", ["oid", "rulename", "ev_class", "ev_enabled"]),
        nothing(
            2606, "pg_constraint",
            [
                "oid", "conname", "connamespace", "contype", "conrelid", "conindid", "conparentid",
                "confrelid", "conkey", "confkey", "condeferrable", "condeferred", "confupdtype",
                "confdeltype",
            ]),
        nothing(
            2610, "pg_index",
            [
                "indexrelid", "indrelid", "indisprimary", "indisunique", "indisclustered",
                "indisvalid", "indisreplident", "indkey", "indpred", "indexprs", "indoption",
                "indclass", "indnkeyatts", "indnatts", "indimmediate", "indnullsnotdistinct",
            ]),
        nothing(3118, "pg_foreign_table", ["ftrelid", "ftserver", "ftoptions"]),
        nothing(1417, "pg_foreign_server", ["oid", "srvname", "srvowner", "srvfdw"]),
        nothing(3079, "pg_extension", ["oid", "extname", "extversion", "extnamespace"]),
        nothing(3501, "pg_enum", ["oid", "enumtypid", "enumsortorder", "enumlabel"]),
        nothing(3541, "pg_range", ["rngtypid", "rngsubtype", "rngmultitypid"]),
    ]

    private static func nothing(_ oid: Int32, _ name: String, _ columns: [String]) -> CatalogObject
    {
        let types = columns.map { column -> (String, DataType) in
            let isName =
                column.hasSuffix("name") || column.hasSuffix("label") || column.hasSuffix("version")
            let isNumber =
                column == "oid" || column.hasSuffix("id") || column.hasSuffix("parent")
                || column == "ev_class"
                || column.hasSuffix("namespace") || column.hasSuffix("owner")
                || column == "ftserver"
            let isFlag =
                column.hasPrefix("indis") || column.hasPrefix("pub")
                || column.hasPrefix("con") && column.hasSuffix("ed")
            if isName { return (column, .name) }
            if isNumber { return (column, .oid) }
            if column == "inhseqno" { return (column, .int4) }
            return (
                column,
                isFlag || column == "condeferrable" || column == "inhdetachpending"
                    ? .boolean : .text
            )
        }
        var object = relation(oid, name, types) { _ in [] }
        object.isAlwaysEmpty = true
        return object
    }

    private static func descriptionRows(_ catalog: Catalog) -> [[Value]] {
        catalog.userObjects.flatMap { object in
            object.comments.sorted { $0.key < $1.key }.map { number, text -> [Value] in
                [.int(Int64(object.oid)), .int(1259), .int(Int64(number)), .string(text)]
            }
        } + functionDescriptions
    }

    private static func schemaOID(_ name: String, _ catalog: Catalog) -> Int64 {
        Int64(catalog.schemas.first { $0.name == name }?.oid ?? 0)
    }

    static func relation(
        _ oid: Int32, _ name: String, _ columns: [(String, DataType)],
        schema: String = "pg_catalog",
        _ rows: @escaping @Sendable (Catalog) -> [[Value]]
    ) -> CatalogObject {
        var object = CatalogObject(
            oid: oid, schema: schema, name: name, kind: .system,
            columns: columns.map { CatalogColumn($0.0, $0.1) })
        object.systemRows = rows
        return object
    }

    private static func named(_ catalog: Catalog, _ kind: CatalogObject.Kind) -> [[Value]] {
        catalog.userObjects.filter { $0.kind == kind }.map {
            [.string($0.schema), .string($0.name), .string("streamhouse")]
        }
    }

    // MARK: - pg_class

    private static let classColumns: [(String, DataType)] = [
        ("oid", .oid), ("relname", .name), ("relnamespace", .oid), ("reltype", .oid),
        ("reloftype", .oid),
        ("relowner", .oid), ("relam", .oid), ("relfilenode", .oid), ("reltablespace", .oid),
        ("relpages", .int4), ("reltuples", .float8), ("reltoastrelid", .oid),
        ("relhasindex", .boolean),
        ("relisshared", .boolean), ("relpersistence", .char), ("relkind", .char),
        ("relnatts", .int2),
        ("relchecks", .int2), ("relhasrules", .boolean), ("relhastriggers", .boolean),
        ("relhassubclass", .boolean), ("relrowsecurity", .boolean),
        ("relforcerowsecurity", .boolean),
        ("relispopulated", .boolean), ("relreplident", .char), ("relispartition", .boolean),
        ("relacl", .text), ("reloptions", .text), ("relpartbound", .text),
    ]

    /// pg_class.relkind; a source is shown as a view: it can be read, not written.
    private static func relkind(_ object: CatalogObject) -> String {
        switch object.kind {
        case .table: "r"
        case .source: "v"
        case .view: "v"
        case .materializedView: "m"
        case .sequence: "S"
        case .index: "i"
        case .system: "r"
        }
    }

    @Sendable private static func classRows(_ catalog: Catalog) -> [[Value]] {
        catalog.allObjects.map { object in
            [
                .int(Int64(object.oid)), .string(object.name),
                .int(schemaOID(object.schema, catalog)),
                .int(0),
                .int(0), .int(10),
                .int(object.kind == .table || object.kind == .materializedView ? 2 : 0),
                .int(0), .int(0), .int(0), .double(-1), .int(0), .bool(false), .bool(false),
                .string("p"),
                .string(relkind(object)), .int(Int64(object.columns.count)), .int(0), .bool(false),
                .bool(false), .bool(false), .bool(false), .bool(false), .bool(true), .string("d"),
                .bool(false), .null, .null, .null,
            ]
        }
    }

    // MARK: - pg_attribute

    private static let attributeColumns: [(String, DataType)] = [
        ("attrelid", .oid), ("attname", .name), ("atttypid", .oid), ("attlen", .int2),
        ("attnum", .int2),
        ("atttypmod", .int4), ("attnotnull", .boolean), ("atthasdef", .boolean),
        ("attidentity", .char),
        ("attgenerated", .char), ("attisdropped", .boolean), ("attcollation", .oid),
        ("attstorage", .char),
        ("attcompression", .char), ("attstattarget", .int4), ("attacl", .text),
        ("attfdwoptions", .text),
    ]

    @Sendable private static func attributeRows(_ catalog: Catalog) -> [[Value]] {
        catalog.allObjects.flatMap { object in
            object.columns.enumerated().map { index, column -> [Value] in
                [
                    .int(Int64(object.oid)), .string(column.name), .int(Int64(column.type.oid)),
                    .int(Int64(column.type.wireLength)), .int(Int64(index + 1)),
                    .int(Int64(column.type.modifier)), .bool(column.isNotNull), .bool(false),
                    .string(""),
                    .string(""), .bool(false), .int(column.type.physical == .text ? 100 : 0),
                    .string("p"), .string(""), .int(-1), .null, .null,
                ]
            }
        }
    }

    // MARK: - pg_type

    private static let typeColumns: [(String, DataType)] = [
        ("oid", .oid), ("typname", .name), ("typnamespace", .oid), ("typowner", .oid),
        ("typlen", .int2),
        ("typtype", .char), ("typcategory", .char), ("typnotnull", .boolean), ("typelem", .oid),
        ("typarray", .oid), ("typrelid", .oid), ("typbasetype", .oid), ("typtypmod", .int4),
        ("typcollation", .oid), ("typdelim", .char),
    ]

    @Sendable private static func typeRows(_ catalog: Catalog) -> [[Value]] {
        DataType.all.map { type in
            let category: String =
                switch OverloadResolution.category(type) {
                case .number: "N"
                case .string: "S"
                case .boolean: "B"
                case .time: "D"
                case .span: "T"
                case .other: "U"
                case .array: "A"
                }
            return [
                .int(Int64(type.oid)), .string(type.catalogName), .int(11), .int(10),
                .int(Int64(type.wireLength)), .string("b"), .string(category), .bool(false),
                .int(0),
                .int(0), .int(0), .int(0), .int(-1), .int(type.physical == .text ? 100 : 0),
                .string(","),
            ]
        } + standInTypes
    }

    @Sendable private static func columnRows(_ catalog: Catalog) -> [[Value]] {
        catalog.allObjects.flatMap { object in
            object.columns.enumerated().map { index, column -> [Value] in
                [
                    .string("streamhouse"), .string(object.schema), .string(object.name),
                    .string(column.name), .int(Int64(index + 1)), .null,
                    .string(column.isNotNull ? "NO" : "YES"), .string(column.type.base.name),
                ]
            }
        }
    }
}
