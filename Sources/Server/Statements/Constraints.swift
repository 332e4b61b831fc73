import Planner
import Types

/// ALTER TABLE … ADD UNIQUE, DROP CONSTRAINT.
extension Session {
    /// - Throws: 23505 when the rows are not unique, 42P07 when the constraint's index cannot have its name.
    func addUnique(
        _ name: QualifiedName, _ constraint: UniqueConstraint, _ text: String, ifExists: Bool
    ) async throws(SQLError) -> StatementResult {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "ALTER TABLE")
            guard var table = try constrained(name, ifExists, &result) else { return result }
            let binder = Binder(context: context(), text: text)
            var unique = try binder.bind(constraint, table.columns, table: table.name)
            if constraint.name == nil { unique.name = freeName(table, unique.columns, "key") }
            if database.catalogStore.catalog.isTaken(schema: table.schema, name: unique.name) {
                throw SQLError(.duplicateTable, "relation \"\(unique.name)\" already exists")
            }
            table.uniques.append(unique)
            try await changed(table)
            return result
        }
    }

    /// - Throws: 42704, and 0A000 for the primary key, by which the table's rows are found.
    func dropConstraint(_ name: QualifiedName, _ drop: ConstraintDrop, ifExists: Bool)
        async throws(SQLError) -> StatementResult
    {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "ALTER TABLE")
            guard var table = try constrained(name, ifExists, &result) else { return result }
            if !table.primaryKey.isEmpty, table.primaryKeyName == drop.name {
                throw SQLError.unsupported("dropping a primary key")
            }
            let count = table.uniques.count + table.checks.count
            table.dropConstraint(drop.name)
            if table.uniques.count + table.checks.count == count {
                let error = SQLError(
                    .undefinedObject,
                    "constraint \"\(drop.name)\" of relation \"\(table.name)\" does not exist")
                guard drop.ifExists else { throw error }
                var notice = error
                notice.message += ", skipping"
                result.notices.append(notice)
                return result
            }
            try await changed(table)
            return result
        }
    }

    private func constrained(
        _ name: QualifiedName, _ ifExists: Bool, _ result: inout StatementResult
    ) throws(SQLError) -> CatalogObject? {
        guard let table = try altered(.table, name, ifExists: ifExists, &result) else { return nil }
        guard table.kind == .table, !table.isFed else {
            throw SQLError.unsupported("a constraint of what SQL cannot insert into")
        }
        return table
    }

    private func changed(_ table: CatalogObject) async throws(SQLError) {
        let _: Void = try await database.ask { .changeUniques(table, $0) }
        await database.metadataDurable(database.catalogStore.add(table))
    }
}
