import Planner
import Types

/// CREATE SEQUENCE and ALTER SEQUENCE.
extension Session {
    func createSequence(
        _ name: QualifiedName, ifNotExists: Bool, _ options: SequenceOptions, _ text: String
    ) async throws(SQLError) -> StatementResult {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "CREATE SEQUENCE")
            guard let (schema, name) = try newName(name, ifNotExists: ifNotExists, &result) else {
                return result
            }
            var object = CatalogObject(
                oid: database.catalogStore.newOID(), schema: schema, name: name, kind: .sequence,
                columns: [])
            object.options = try SequenceDefinition().with(
                options, type: try type(options, text), isNew: true
            ).options
            if let owner = options.owner { object.ownerOID = try table(owning: owner) }
            await database.metadataDurable(database.catalogStore.add(object))
            return result
        }
    }

    func alterSequence(
        _ name: QualifiedName, ifExists: Bool, _ options: SequenceOptions, _ text: String
    ) async throws(SQLError) -> StatementResult {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "ALTER SEQUENCE")
            guard let old = try altered(.sequence, name, ifExists: ifExists, &result) else {
                return result
            }
            var object = old
            let definition = try SequenceDefinition(of: old).with(
                options, type: try type(options, text), isNew: false)
            object.options = definition.options
            if let owner = options.owner { object.ownerOID = try table(owning: owner) }
            switch options.restart {
            case .value(let value):
                try definition.check(value, "RESTART")
                try database.sequences.set(object, value, isCalled: false)
            case .some(.none): database.sequences.keep(database.sequences.restart(object))
            case nil: try database.sequences.redefine(old, object)
            }
            await database.metadataDurable(database.catalogStore.add(object))
            return result
        }
    }

    private func type(_ options: SequenceOptions, _ text: String) throws(SQLError) -> DataType? {
        guard let name = options.type else { return nil }
        return try Binder(context: context(), text: text).type(name)
    }

    /// The table of OWNED BY table.column; 0 for NONE.
    private func table(owning parts: [String]) throws(SQLError) -> Int32 {
        if parts.isEmpty { return 0 }
        guard let column = parts.last, parts.count > 1 else {
            throw SQLError(
                .syntaxError, "invalid OWNED BY option",
                hint: "Specify OWNED BY table.column or OWNED BY NONE.")
        }
        let table = try context().catalog.resolve(
            QualifiedName(parts: Array(parts.dropLast()), at: 0), position: nil)
        guard table.columns.contains(where: { $0.name == column }) else {
            throw SQLError(
                .undefinedColumn,
                "column \"\(column)\" of relation \"\(table.name)\" does not exist")
        }
        return table.oid
    }
}
