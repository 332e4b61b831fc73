import Types

/// The has_…_privilege functions: everybody may do everything with what there is.
enum PrivilegeFunctions {
    /// What rights can be about.
    private enum Subject: String, CaseIterable {
        case table, sequence, column, schema, database, function, language, tablespace, type
        case server
        case wrapper = "foreign_data_wrapper"
        case anyColumn = "any_column"

        var privileges: [String] {
            switch self {
            case .table:
                [
                    "select", "insert", "update", "delete", "truncate", "references", "trigger",
                    "rule",
                ]
            case .sequence: ["usage", "select", "update"]
            case .column, .anyColumn: ["select", "insert", "update", "references"]
            case .schema: ["create", "usage"]
            case .database: ["create", "temporary", "temp", "connect"]
            case .function: ["execute"]
            case .tablespace: ["create"]
            case .language, .type, .server, .wrapper: ["usage"]
            }
        }
    }

    static let all: [SessionFunction] = Subject.allCases.flatMap(overloads) + roles

    private static func overloads(_ subject: Subject) -> [SessionFunction] {
        let objects: [[DataType]] =
            subject == .column
            ? [[.text, .text], [.text, .int2], [.oid, .text], [.oid, .int2]] : [[.text], [.oid]]
        let users: [[DataType]] = [[], [.name], [.oid]]
        return users.flatMap { user in
            objects.map { object in
                let types = user + object + [.text]
                return SessionFunction("has_\(subject.rawValue)_privilege", types, .boolean) {
                    (context, values) throws(SQLError) in
                    if !user.isEmpty { try checkRole(values[0], context) }
                    let rest = Array(values.dropFirst(user.count))
                    let isThere = try isThere(subject, rest, context)
                    try checkPrivilege(subject, rest[rest.count - 1].string ?? "")
                    return isThere ? .bool(true) : .null
                }
            }
        }
    }

    private static let roles: [SessionFunction] = {
        let given: [[DataType]] = [
            [.name, .name], [.name, .oid], [.oid, .name], [.oid, .oid], [.name], [.oid],
        ]
        return given.map { types in
            SessionFunction("pg_has_role", types + [.text], .boolean) {
                (context, values) throws(SQLError) in
                for value in values.dropLast() { try checkRole(value, context) }
                return .bool(true)
            }
        }
    }()

    /// - Throws: 42704 for a name that nobody has.
    private static func checkRole(_ value: Value, _ context: SessionContext) throws(SQLError) {
        guard let name = value.string, name != "public" else { return }
        guard SystemReading.roles(context.user).contains(where: { $0.name == name }) else {
            throw SQLError(.undefinedObject, "role \"\(name)\" does not exist")
        }
    }

    /// - Throws: 22023.
    private static func checkPrivilege(_ subject: Subject, _ text: String) throws(SQLError) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: " ").map { $0.lowercased() }
            let name = words.first ?? ""
            let isKnown =
                subject.privileges.contains(name)
                && [[], ["with", "grant", "option"]].contains(Array(words.dropFirst()))
            guard isKnown else {
                let given = part.split(separator: " ").joined(separator: " ")
                throw SQLError(
                    .invalidParameterValue, "unrecognized privilege type: \"\(given)\"")
            }
        }
    }

    /// Whether the object is there, which a name must be. - Throws: 42P01, 3F000, 3D000, 42703.
    private static func isThere(_ subject: Subject, _ values: [Value], _ context: SessionContext)
        throws(SQLError) -> Bool
    {
        switch subject {
        case .table, .sequence, .column, .anyColumn:
            guard let object = try relation(values[0], context) else { return false }
            if subject == .sequence, object.kind != .sequence {
                throw SQLError(.wrongObjectType, "\"\(object.name)\" is not a sequence")
            }
            return subject == .column ? try hasColumn(object, values[1]) : true
        case .schema:
            guard let name = values[0].string else {
                return context.catalog.schemas.contains { Int64($0.oid) == values[0].int }
            }
            guard context.catalog.hasSchema(name) else {
                throw SQLError(.invalidSchemaName, "schema \"\(name)\" does not exist")
            }
            return true
        case .database:
            guard let name = values[0].string else {
                return values[0].int == SystemRelation.databaseOID
            }
            guard name == context.database else {
                throw SQLError(.invalidCatalogName, "database \"\(name)\" does not exist")
            }
            return true
        default: return true
        }
    }

    private static func relation(_ value: Value, _ context: SessionContext) throws(SQLError)
        -> CatalogObject?
    {
        guard let name = value.string else { return CatalogFunctions.object(value, context) }
        return try context.catalog.resolve(
            QualifiedName(parts: try ObjectNames.parts(name), at: 0), position: nil)
    }

    private static func hasColumn(_ object: CatalogObject, _ value: Value) throws(SQLError) -> Bool
    {
        guard let name = value.string else {
            return object.columns.indices.contains(Int(value.int ?? 0) - 1)
        }
        guard object.columns.contains(where: { $0.name == name }) else {
            throw SQLError(
                .undefinedColumn, "column \"\(name)\" of relation \"\(object.name)\" does not exist"
            )
        }
        return true
    }
}
