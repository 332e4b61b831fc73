import Types

/// The relations of pg_catalog and information_schema: which there are, and the rows of those that
/// have any.
enum SystemRelation {
    typealias Row = [String: Value]
    typealias Rows = @Sendable (SystemReading) -> [[Value]]

    static let all: [CatalogObject] =
        relations(tables, "pg_catalog", isView: false)
        + relations(views, "pg_catalog", isView: true)
        + relations(information, "information_schema", isView: true)

    /// Lines of a name with its identifier; behind each, set off, lines of `column:type`.
    private static func relations(_ text: String, _ schema: String, isView: Bool) -> [CatalogObject]
    {
        var list: [CatalogObject] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix(" ") {
                list[list.count - 1].columns += words.compactMap(column)
                continue
            }
            guard words.count == 2, let oid = Int32(words[1]) else { continue }
            var object = CatalogObject(
                oid: oid, schema: schema, name: String(words[0]), kind: .system, columns: [])
            object.isSystemView = isView && !words[0].hasPrefix("sql_")
            list.append(object)
        }
        return list.map { withRows($0, schema) }
    }

    private static func column(_ text: Substring) -> CatalogColumn? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let type = SignatureType.named(parts[1])?.type else { return nil }
        let isKey = parts[0] == "oid" || type.kind == .name && parts[0].hasSuffix("name")
        return CatalogColumn(String(parts[0]), type, isNotNull: isKey)
    }

    private static func withRows(_ object: CatalogObject, _ schema: String) -> CatalogObject {
        var object = object
        let isInformation = schema == "information_schema"
        let fixed = isInformation ? nil : fixedRows[object.name]
        if let fixed {
            object.systemRows = { _ in fixed() }
        } else if let rows = (isInformation ? informationRows : catalogRows)[object.name] {
            let layout = Layout(object)
            object.systemRows = { reading in rows(reading).map(layout.values) }
        } else {
            object.systemRows = { _ in [] }
            object.isAlwaysEmpty = true
        }
        return object
    }

    /// What stands in a column that a row says nothing of.
    struct Layout {
        private let names: [String]
        private let standards: [Value]

        init(_ relation: CatalogObject) {
            names = relation.columns.map(\.name)
            standards = relation.columns.map { column in
                guard !relation.isSystemView else { return .null }
                return switch column.type.kind {
                case .boolean: .bool(false)
                case .char, .name: .string("")
                case .int2, .int4, .int8, .oid, .regproc, .regtype, .regclass: .int(0)
                case .float4, .float8: .double(0)
                default: .null
                }
            }
        }

        func values(_ row: Row) -> [Value] {
            names.indices.map { row[names[$0]] ?? standards[$0] }
        }
    }

    /// Rows that do not depend on what users have made, complete.
    private static let fixedRows: [String: @Sendable () -> [[Value]]] = [
        "pg_proc": { functionRows }, "pg_type": { typeRows },
    ]

    /// Rows of pg_catalog by the names of their columns.
    private static let catalogRows: [String: @Sendable (SystemReading) -> [Row]] = [
        "pg_am": { _ in accessMethods }, "pg_attrdef": attributeDefaults,
        "pg_attribute": attributes, "pg_authid": authorizations,
        "pg_class": classes, "pg_collation": { _ in collations }, "pg_constraint": constraints,
        "pg_database": databases, "pg_depend": dependencies, "pg_description": descriptions,
        "pg_index": indexes, "pg_indexes": indexList, "pg_language": { _ in languages },
        "pg_matviews": materializedViews, "pg_namespace": namespaces,
        "pg_opclass": { _ in operatorClasses }, "pg_opfamily": { _ in operatorFamilies },
        "pg_rewrite": rules, "pg_roles": roles, "pg_sequence": sequences,
        "pg_sequences": sequenceList, "pg_settings": settings, "pg_shadow": users,
        "pg_stat_activity": activity, "pg_stat_all_tables": tableStatistics,
        "pg_stat_user_tables": tableStatistics, "pg_tables": tableList,
        "pg_tablespace": { _ in tablespaces }, "pg_user": users, "pg_views": viewList,
    ]

    // MARK: - Values

    static func oid(_ value: Int32) -> Value { .int(Int64(value)) }

    static func int(_ value: Int) -> Value { .int(Int64(value)) }

    static func vector(_ values: [Int], _ element: DataType.Kind) -> Value {
        .text(ArrayValue(vector: values.map { .int(Int64($0)) }).encoded(element))
    }

    static func array(_ values: [Value], _ element: DataType.Kind) -> Value {
        .text(ArrayValue(values).encoded(element))
    }
}
