import Types

/// What clients ask of the catalogs: names, comments and sizes of objects by identifier.
enum CatalogFunctions {
    static let all: [SessionFunction] =
        visibility + names + comments + functions + sizes + encodings + facts

    static func object(_ value: Value, _ context: SessionContext) -> CatalogObject? {
        value.int.flatMap { context.catalog.relation(Int32(truncatingIfNeeded: $0)) }
    }

    private static func function(_ value: Value) -> FunctionEntry? {
        value.int.flatMap { FunctionCatalog.withOID(Int32(truncatingIfNeeded: $0)) }
    }

    // MARK: - Names

    /// Each with the identifiers that there are of its sort; relations apart.
    private static let visibility: [SessionFunction] = {
        func identifiers(_ rows: [SystemRelation.Row]) -> Set<Int64> {
            Set(rows.compactMap { $0["oid"]?.int })
        }
        let sorts: [(String, Set<Int64>)] = [
            ("type", identifiers(SystemRelation.typeFacts)),
            ("opclass", identifiers(SystemRelation.operatorClasses)),
            ("opfamily", identifiers(SystemRelation.operatorFamilies)),
            ("collation", identifiers(SystemRelation.collations)),
            ("conversion", []), ("operator", []), ("statistics_obj", []), ("ts_config", []),
            ("ts_dict", []), ("ts_parser", []), ("ts_template", []),
        ]
        let list = sorts.map { name, identifiers in
            SessionFunction("pg_\(name)_is_visible", [.oid], .boolean) { _, values in
                values[0].int.map(identifiers.contains) == true ? .bool(true) : .null
            }
        }
        return list + [
            // Of the functions themselves, which must not be asked for while they are listed.
            SessionFunction("pg_function_is_visible", [.oid], .boolean) { _, values in
                let isSupport = values[0].int.map { TypeFacts.supportNames[$0] != nil } ?? false
                return isSupport || function(values[0]) != nil ? .bool(true) : .null
            },
            SessionFunction("pg_table_is_visible", [.oid], .boolean) { context, values in
                object(values[0], context).map { .bool(context.catalog.isVisible($0)) } ?? .null
            },
        ]
    }()

    private static let names: [SessionFunction] = {
        var list = [
            SessionFunction("format_type", [.oid, .int4], .text, strict: false) { _, values in
                formatted(values[0], values[1])
            }
        ]
        let kinds: [(String, DataType.Kind)] = [
            ("to_regclass", .regclass), ("to_regtype", .regtype), ("to_regproc", .regproc),
            ("to_regnamespace", .regnamespace), ("to_regrole", .regrole),
        ]
        for (name, kind) in kinds {
            list.append(
                SessionFunction(name, [.text], DataType(kind)) {
                    (context, values) throws(SQLError) in
                    guard case .text(let bytes) = values[0] else { return .null }
                    let missing: Set<SQLState> = [
                        .undefinedTable, .undefinedObject, .undefinedFunction, .ambiguousFunction,
                        .invalidSchemaName,
                    ]
                    do throws(SQLError) {
                        return try ObjectNames(context).value(bytes, DataType(kind))
                    } catch {
                        guard missing.contains(error.state) else { throw error }
                        return .null
                    }
                })
        }
        return list
    }()

    private static func formatted(_ oid: Value, _ modifier: Value) -> Value {
        guard let oid = oid.int else { return .null }
        if oid == 0 { return .string("-") }
        guard let type = SignatureType.withOID(Int32(truncatingIfNeeded: oid)) else {
            return .string("???")
        }
        guard let modifier = modifier.int, let plain = type.type else { return .string(type.name) }
        let full = DataType(
            plain.kind, modifier: Int32(truncatingIfNeeded: modifier), element: plain.element)
        // Only a type without a modifier, and not one whose modifier nobody knows, is character(1).
        let isBlankPadded = full.modifier < 0 && (full.kind == .bpchar || full.element == .bpchar)
        return .string(
            isBlankPadded ? (full.kind == .array ? "bpchar[]" : "bpchar") : full.name)
    }

    // MARK: - Comments

    private static let comments: [SessionFunction] = [
        SessionFunction("obj_description", [.oid], .text) { context, values in
            comment(values[0], context)
                ?? function(values[0]).map { .string($0.declaration.description) } ?? .null
        },
        SessionFunction("obj_description", [.oid, .name], .text) { context, values in
            switch values[1].string {
            case "pg_proc":
                return function(values[0]).map { .string($0.declaration.description) } ?? .null
            case "pg_class": return comment(values[0], context) ?? .null
            case "pg_namespace":
                let oid = Int32(truncatingIfNeeded: values[0].int ?? 0)
                return Catalog.schemaComments[oid].map { .string($0) } ?? .null
            default: return .null
            }
        },
        // Nothing that belongs to the whole server has a comment.
        SessionFunction("shobj_description", [.oid, .name], .text) { _, _ in .null },
        SessionFunction("col_description", [.oid, .int4], .text) { context, values in
            let column = values[1].int ?? 0
            return column > 0 ? comment(values[0], context, column: column) ?? .null : .null
        },
    ]

    private static func comment(_ oid: Value, _ context: SessionContext, column: Int64 = 0)
        -> Value?
    {
        object(oid, context)?.comments[Int32(truncatingIfNeeded: column)].map { .string($0) }
    }

    // MARK: - Functions

    private static let functions: [SessionFunction] = [
        SessionFunction("pg_get_function_result", [.oid], .text) { _, values in
            function(values[0]).map { .string($0.resultText) } ?? .null
        },
        SessionFunction("pg_get_function_arguments", [.oid], .text) { _, values in
            function(values[0]).map { .string($0.argumentText) } ?? .null
        },
        SessionFunction("pg_get_function_identity_arguments", [.oid], .text) { _, values in
            function(values[0]).map { .string($0.identityText) } ?? .null
        },
        SessionFunction("pg_get_function_sqlbody", [.oid], .text) { _, _ in .null },
    ]

    // MARK: - Sizes

    private static let regclass = DataType(.regclass)

    /// What the relation itself takes; nil when there is none such.
    private static func size(_ value: Value, _ context: SessionContext) -> Int64? {
        guard let object = object(value, context) else { return nil }
        if object.kind == .index {
            let rows = context.rowCount(object.ownerOID) ?? 0
            return RelationSize.bytes(of: object, rows: rows)
        }
        return RelationSize.bytes(of: object, rows: context.rowCount(object.oid) ?? 0)
    }

    private static func indexSize(_ value: Value, _ context: SessionContext) -> Int64 {
        let indexes = context.catalog.userRelations.filter {
            $0.kind == .index && Int64($0.ownerOID) == value.int
        }
        return indexes.reduce(0) { $0 + (size(.int(Int64($1.oid)), context) ?? 0) }
    }

    private static func databaseSize(_ context: SessionContext) -> Value {
        .int(
            context.catalog.userRelations.reduce(0) {
                $0 + (size(.int(Int64($1.oid)), context) ?? 0)
            })
    }

    private static let sizes: [SessionFunction] = [
        SessionFunction("pg_relation_size", [regclass], .int8) { context, values in
            size(values[0], context).map { .int($0) } ?? .null
        },
        SessionFunction("pg_relation_size", [regclass, .text], .int8) {
            (context, values) throws(SQLError) in
            let fork = values[1].string ?? ""
            guard ["main", "fsm", "vm", "init"].contains(fork) else {
                throw SQLError(
                    .invalidParameterValue, "invalid fork name",
                    hint: "Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
            }
            guard let size = size(values[0], context) else { return .null }
            return .int(fork == "main" ? size : 0)
        },
        SessionFunction("pg_table_size", [regclass], .int8) { context, values in
            size(values[0], context).map { .int($0) } ?? .null
        },
        SessionFunction("pg_indexes_size", [regclass], .int8) { context, values in
            size(values[0], context).map { _ in .int(indexSize(values[0], context)) } ?? .null
        },
        SessionFunction("pg_total_relation_size", [regclass], .int8) { context, values in
            size(values[0], context).map { .int($0 + indexSize(values[0], context)) } ?? .null
        },
        SessionFunction("pg_database_size", [.name], .int8) {
            (context, values) throws(SQLError) in
            let name = values[0].string ?? ""
            guard name == context.database else {
                throw SQLError(.invalidCatalogName, "database \"\(name)\" does not exist")
            }
            return databaseSize(context)
        },
        SessionFunction("pg_database_size", [.oid], .int8) { context, values in
            values[0].int == SystemRelation.databaseOID ? databaseSize(context) : .null
        },
        SessionFunction("pg_stat_get_numscans", [.oid], .int8) { _, _ in .int(0) },
        SessionFunction("pg_tablespace_location", [.oid], .text) { _, _ in .string("") },
    ]

    // MARK: - Encodings

    /// PostgreSQL's encodings by their numbers.
    private static let encodingNames =
        """
        SQL_ASCII EUC_JP EUC_CN EUC_KR EUC_TW EUC_JIS_2004 UTF8 MULE_INTERNAL LATIN1 LATIN2 LATIN3 \
        LATIN4 LATIN5 LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 WIN1256 WIN1258 WIN866 WIN874 KOI8R \
        WIN1251 WIN1252 ISO_8859_5 ISO_8859_6 ISO_8859_7 ISO_8859_8 WIN1250 WIN1253 WIN1254 \
        WIN1255 WIN1257 KOI8U SJIS BIG5 GBK UHC GB18030 JOHAB SHIFT_JIS_2004
        """
        .split(separator: " ").map(String.init)

    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }

    private static let encodings: [SessionFunction] = [
        SessionFunction("pg_encoding_to_char", [.int4], .name) { _, values in
            let number = Int(values[0].int ?? -1)
            return .string(encodingNames.indices.contains(number) ? encodingNames[number] : "")
        },
        SessionFunction("pg_char_to_encoding", [.name], .int4) { _, values in
            let name = plain(values[0].string ?? "")
            let wanted = name == "unicode" ? "utf8" : name
            return .int(Int64(encodingNames.firstIndex { plain($0) == wanted } ?? -1))
        },
    ]

    // MARK: - Facts

    private static let facts: [SessionFunction] = [
        SessionFunction("pg_get_userbyid", [.oid], .name) { context, values in
            let oid = values[0].int ?? 0
            let role = SystemReading.roles(context.user).first { $0.oid == oid }
            return .string(role?.name ?? "unknown (OID=\(oid))")
        },
        SessionFunction("pg_relation_is_publishable", [regclass], .boolean) { context, values in
            object(values[0], context).map { .bool($0.kind == .table) } ?? .null
        },
        SessionFunction("pg_is_other_temp_schema", [.oid], .boolean) { _, _ in .bool(false) },
        SessionFunction("pg_index_column_has_property", [regclass, .int4, .text], .boolean) {
            context, values in
            guard let index = object(values[0], context), index.kind == .index,
                let column = values[1].int, (1...index.columns.count).contains(Int(column))
            else { return .null }
            let has = [
                "asc", "nulls_last", "orderable", "returnable", "search_array", "search_nulls",
            ]
            let hasNot = ["desc", "nulls_first", "distance_orderable"]
            let property = (values[2].string ?? "").lowercased()
            return has.contains(property)
                ? .bool(true) : (hasNot.contains(property) ? .bool(false) : .null)
        },
    ]
}
