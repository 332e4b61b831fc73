import Types

/// The pg_get_… functions: the statements and clauses that objects were made by.
enum DefinitionFunctions {
    static let all: [SessionFunction] = views + indexes + constraints + expressions + sequences

    private static func object(_ value: Value, _ context: SessionContext) -> CatalogObject? {
        CatalogFunctions.object(value, context)
    }

    private static let views: [SessionFunction] = {
        let byOID = [[DataType.oid], [.oid, .boolean], [.oid, .int4]].map { types in
            SessionFunction("pg_get_viewdef", types, .text) { context, values in
                guard let object = object(values[0], context), !object.text.isEmpty else {
                    return .null
                }
                return .string(DefinitionText.view(object))
            }
        }
        let byName = [[DataType.text], [.text, .boolean]].map { types in
            SessionFunction("pg_get_viewdef", types, .text) { (context, values) throws(SQLError) in
                guard case .text(let bytes) = values[0] else { return .null }
                let oid = try ObjectNames(context).value(bytes, DataType(.regclass))
                return object(oid, context).map { .string(DefinitionText.view($0)) } ?? .null
            }
        }
        return byOID + byName
    }()

    private static let indexes: [SessionFunction] = [
        SessionFunction("pg_get_indexdef", [.oid], .text) { context, values in
            guard let index = object(values[0], context), index.kind == .index else { return .null }
            return .string(DefinitionText.index(index, context.catalog))
        },
        SessionFunction("pg_get_indexdef", [.oid, .int4, .boolean], .text) { context, values in
            guard let index = object(values[0], context), index.kind == .index else { return .null }
            let column = Int(values[1].int ?? 0)
            if column == 0 {
                let isPretty = values[2] == .bool(true)
                return .string(DefinitionText.index(index, context.catalog, isPretty: isPretty))
            }
            guard index.columns.indices.contains(column - 1) else { return .string("") }
            return .string(DefinitionText.identifier(index.columns[column - 1].name))
        },
    ]

    private static let constraints: [SessionFunction] = [[DataType.oid], [.oid, .boolean]].map {
        SessionFunction("pg_get_constraintdef", $0, .text) { context, values in
            let isPretty = values.count == 2 && values[1] == .bool(true)
            for table in context.catalog.userObjects {
                guard let found = table.constraints.first(where: { Int64($0.oid) == values[0].int })
                else { continue }
                return .string(DefinitionText.constraint(found, of: table, isPretty: isPretty))
            }
            return .null
        }
    }

    private static let expressions: [SessionFunction] = {
        var list = [[DataType.text, .oid], [.text, .oid, .boolean]].map { types in
            SessionFunction("pg_get_expr", types, .text) { _, values in
                guard values.count == 3, values[2] == .bool(true) else { return values[0] }
                return .string(withoutParentheses(values[0].string ?? ""))
            }
        }
        // There is nothing that these could be asked of.
        for name in [
            "pg_get_ruledef", "pg_get_triggerdef", "pg_get_partkeydef",
            "pg_get_statisticsobjdef_columns",
        ] {
            list.append(SessionFunction(name, [.oid], .text) { _, _ in .null })
        }
        for name in ["pg_get_ruledef", "pg_get_triggerdef"] {
            list.append(SessionFunction(name, [.oid, .boolean], .text) { _, _ in .null })
        }
        list.append(
            SessionFunction("pg_get_function_arg_default", [.oid, .int4], .text) { _, _ in .null })
        return list
    }()

    /// Without the parentheses around the whole.
    private static func withoutParentheses(_ text: String) -> String {
        guard text.hasPrefix("("), text.hasSuffix(")") else { return text }
        let inner = String(text.dropFirst().dropLast())
        guard (try? Parser.expression(inner)) != nil else { return text }
        return inner
    }

    private static let sequences: [SessionFunction] = [
        SessionFunction("pg_get_serial_sequence", [.text, .text], .text) {
            (context, values) throws(SQLError) in
            guard case .text(let bytes) = values[0], let name = values[1].string else {
                return .null
            }
            let parts = try ObjectNames.parts(String(decoding: bytes, as: UTF8.self))
            let table = try context.catalog.resolve(
                QualifiedName(parts: parts, at: 0), position: nil)
            guard let column = table.columns.first(where: { $0.name == name }) else {
                throw SQLError(
                    .undefinedColumn,
                    "column \"\(name)\" of relation \"\(table.name)\" does not exist")
            }
            let sequence = CatalogColumn.sequenceName(column.defaultText ?? "")
                .flatMap { context.catalog.find(schema: table.schema, name: $0) }
            guard let sequence, sequence.ownerOID == table.oid else { return .null }
            return .string(DefinitionText.name(sequence, context.catalog, always: true))
        }
    ]
}
