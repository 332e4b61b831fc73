import Types

/// What clients ask of the catalogs: names, texts, comments and rights of objects by identifier.
enum CatalogFunctions {
    static let all: [SessionFunction] = visibility + definitions + comments + functions + facts

    private static func object(_ value: Value, _ context: SessionContext) -> CatalogObject? {
        value.int.flatMap { context.catalog.objects[Int32(truncatingIfNeeded: $0)] }
    }

    private static func function(_ value: Value) -> FunctionEntry? {
        value.int.flatMap { FunctionCatalog.withOID(Int32(truncatingIfNeeded: $0)) }
    }

    private static let visibility: [SessionFunction] = ["table", "type", "opclass", "collation"].map
    {
        SessionFunction("pg_\($0)_is_visible", [.oid], .boolean) { context, values in
            guard let object = object(values[0], context) else { return .bool(true) }
            return .bool(context.catalog.find([object.name])?.oid == object.oid)
        }
    }

    private static let definitions: [SessionFunction] = {
        var list: [SessionFunction] = [
            SessionFunction("format_type", [.oid, .int4], .text, strict: false) { _, values in
                guard let oid = values[0].int else { return .null }
                guard let type = SignatureType.withOID(Int32(truncatingIfNeeded: oid)) else {
                    return .string("???")
                }
                guard let modifier = values[1].int, let plain = type.type else {
                    return .string(type.name)
                }
                let full = DataType(
                    plain.kind, modifier: Int32(truncatingIfNeeded: modifier),
                    element: plain.element)
                return .string(full.name)
            }
        ]
        for types: [DataType] in [[.oid], [.oid, .boolean]] {
            list.append(
                SessionFunction("pg_get_viewdef", types, .text) { context, values in
                    guard let object = object(values[0], context) else { return .null }
                    return .string(" " + object.text + ";")
                })
        }
        for types: [DataType] in [[.text, .oid], [.text, .oid, .boolean]] {
            list.append(SessionFunction("pg_get_expr", types, .text) { _, values in values[0] })
        }
        return list
    }()

    private static let comments: [SessionFunction] = [
        SessionFunction("obj_description", [.oid], .text) { context, values in
            comment(values[0], context) ?? .null
        },
        SessionFunction("obj_description", [.oid, .name], .text) { context, values in
            guard values[1].string == "pg_proc" else {
                return comment(values[0], context) ?? .null
            }
            return function(values[0]).map { .string($0.declaration.description) } ?? .null
        },
        SessionFunction("shobj_description", [.oid, .name], .text) { context, values in
            comment(values[0], context) ?? .null
        },
        SessionFunction("col_description", [.oid, .int4], .text) { context, values in
            comment(values[0], context, column: values[1].int ?? 0) ?? .null
        },
    ]

    private static func comment(_ oid: Value, _ context: SessionContext, column: Int64 = 0)
        -> Value?
    {
        object(oid, context)?.comments[Int32(truncatingIfNeeded: column)].map { .string($0) }
    }

    private static let functions: [SessionFunction] = [
        SessionFunction("pg_function_is_visible", [.oid], .boolean) { _, values in
            function(values[0]).map { _ in .bool(true) } ?? .null
        },
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

    private static let facts: [SessionFunction] = {
        var list: [SessionFunction] = [
            SessionFunction("pg_get_userbyid", [.oid], .name) { _, _ in .string("streamhouse") },
            SessionFunction("pg_encoding_to_char", [.int4], .name) { _, _ in .string("UTF8") },
            SessionFunction("pg_relation_is_publishable", [DataType(.regclass)], .boolean) { _, _ in
                .bool(false)
            },
        ]
        for name in ["pg_table_size", "pg_total_relation_size", "pg_relation_size"] {
            list.append(SessionFunction(name, [DataType(.regclass)], .int8) { _, _ in .int(0) })
        }
        for name in ["has_table_privilege", "has_schema_privilege", "has_database_privilege"] {
            list.append(SessionFunction(name, [.text, .text], .boolean) { _, _ in .bool(true) })
        }
        return list
    }()
}
