import Dataflow
import Planner
import State
import Types
import Wire

/// Schemas, ALTER … RENAME and SET SCHEMA, COMMENT ON, CREATE OR REPLACE VIEW.
extension Session {
    func createSchema(_ name: String, ifNotExists: Bool) async throws(SQLError) -> StatementResult {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "CREATE SCHEMA")
            if database.catalogStore.catalog.hasSchema(name) {
                let error = SQLError(.duplicateSchema, "schema \"\(name)\" already exists")
                guard ifNotExists else { throw error }
                var notice = error
                notice.message += ", skipping"
                result.notices.append(notice)
                return result
            }
            if name.hasPrefix("pg_") {
                throw SQLError(
                    SQLState.external("42939"), "unacceptable schema name \"\(name)\"",
                    detail: "The prefix \"pg_\" is reserved for system schemas.")
            }
            await database.metadataDurable(database.catalogStore.addSchema(name))
            return result
        }
    }

    func dropSchemas(_ statement: Drop, _ text: String) async throws(SQLError) -> StatementResult {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "DROP SCHEMA")
            for name in statement.names.map(\.last) {
                let catalog = database.catalogStore.catalog
                guard catalog.userSchemas[name] != nil || name == "public" else {
                    if catalog.hasSchema(name) {
                        throw SQLError(
                            .dependentObjectsStillExist,
                            "cannot drop schema \(name) because it is required by the database system"
                        )
                    }
                    let message = "schema \"\(name)\" does not exist"
                    guard statement.ifExists else { throw SQLError(.invalidSchemaName, message) }
                    result.notices.append(SQLError(.invalidSchemaName, message + ", skipping"))
                    continue
                }
                let inside = catalog.userObjects.filter { $0.schema == name }
                if !inside.isEmpty, !statement.cascade {
                    let lines = inside.map { "\($0.kindName) \($0.name) depends on schema \(name)" }
                    throw SQLError(
                        .dependentObjectsStillExist,
                        "cannot drop schema \(name) because other objects depend on it",
                        detail: lines.joined(separator: "\n"),
                        hint: "Use DROP ... CASCADE to drop the dependent objects too.")
                }
                let oids = try Session.withDependents(
                    inside, catalog, cascade: true, &result)
                try await remove(oids)
                guard name != "public" else { continue }
                await database.metadataDurable(database.catalogStore.removeSchema(name))
            }
            return result
        }
    }

    // MARK: - ALTER and COMMENT

    /// The relation that is altered; nil when it is missing and may be.
    func altered(
        _ kind: Drop.Kind, _ name: QualifiedName, ifExists: Bool, _ result: inout StatementResult
    ) throws(SQLError) -> CatalogObject? {
        guard let object = context().catalog.find(name.parts) else {
            let message = "relation \"\(name.parts.joined(separator: "."))\" does not exist"
            guard ifExists else { throw SQLError(.undefinedTable, message) }
            result.notices.append(SQLError(.undefinedTable, message + ", skipping"))
            return nil
        }
        // PostgreSQL lets ALTER TABLE rename any relation.
        guard Session.matches(kind, object.kind) || (kind == .table && object.kind != .system)
        else {
            throw SQLError(.wrongObjectType, "\"\(object.name)\" is not a \(kind.rawValue)")
        }
        return object
    }

    private func store(_ object: CatalogObject) async throws(SQLError) {
        let end = database.catalogStore.add(object)
        let _: Void = try await database.ask { .rename(object, $0) }
        await database.metadataDurable(end)
    }

    func rename(_ kind: Drop.Kind, _ name: QualifiedName, to new: String, ifExists: Bool)
        async throws(SQLError) -> StatementResult
    {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "ALTER \(kind.rawValue.uppercased())")
            guard var object = try altered(kind, name, ifExists: ifExists, &result) else {
                return result
            }
            if database.catalogStore.catalog.isTaken(schema: object.schema, name: new) {
                throw SQLError(.duplicateTable, "relation \"\(new)\" already exists")
            }
            let old = object.name
            object.name = new
            if object.isUniqueIndex,
                var table = database.catalogStore.catalog.objects[object.ownerOID]
            {
                table.removeUniqueIndex(old)
                table.addUniqueIndex(new, object.indexed)
                let changed = table
                let _: Void = try await database.ask { .changeUniques(changed, $0) }
                await database.metadataDurable(database.catalogStore.add(changed, object))
            } else {
                try await store(object)
            }
            return result
        }
    }

    func setSchema(_ kind: Drop.Kind, _ name: QualifiedName, to schema: String, ifExists: Bool)
        async throws(SQLError) -> StatementResult
    {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "ALTER \(kind.rawValue.uppercased())")
            guard var object = try altered(kind, name, ifExists: ifExists, &result) else {
                return result
            }
            let catalog = database.catalogStore.catalog
            guard catalog.hasSchema(schema) else {
                throw SQLError(.invalidSchemaName, "schema \"\(schema)\" does not exist")
            }
            if object.schema == schema { return result }
            if catalog.isTaken(schema: schema, name: object.name) {
                throw SQLError(
                    .duplicateTable,
                    "relation \"\(object.name)\" already exists in schema \"\(schema)\"")
            }
            object.schema = schema
            try await store(object)
            return result
        }
    }

    func comment(_ name: QualifiedName, _ column: String?, _ text: String?)
        async throws(SQLError) -> StatementResult
    {
        try await defining { () throws(SQLError) in
            var object = try context().catalog.resolve(name, position: nil)
            var number: Int32 = 0
            if let column {
                guard let index = object.columns.firstIndex(where: { $0.name == column }) else {
                    throw SQLError(
                        .undefinedColumn,
                        "column \"\(column)\" of relation \"\(object.name)\" does not exist")
                }
                number = Int32(index + 1)
            }
            object.comments[number] = text == "" ? nil : text
            try await store(object)
            return StatementResult(tag: "COMMENT")
        }
    }

    /// A column's new name; refused while views read the relation, whose texts have the old one.
    func renameColumn(_ name: QualifiedName, _ column: String, to new: String, at: Int)
        async throws(SQLError) -> StatementResult
    {
        try await defining { () throws(SQLError) in
            let catalog = context().catalog
            var object = try catalog.resolve(name, position: nil)
            guard let index = object.columns.firstIndex(where: { $0.name == column }) else {
                throw SQLError(
                    .undefinedColumn, "column \"\(column)\" does not exist")
            }
            if object.columns.contains(where: { $0.name == new }) {
                throw SQLError(
                    .duplicateColumn,
                    "column \"\(new)\" of relation \"\(object.name)\" already exists")
            }
            let isWritten =
                !object.checks.isEmpty || object.columns.contains { $0.generatedText != nil }
                || object.kind != .table || object.isFed
            guard catalog.dependents(of: object.oid).isEmpty, !isWritten else {
                throw SQLError.unsupported(
                    "renaming a column that views, constraints or generated columns may name")
            }
            object.columns[index].name = new
            try await store(object)
            return StatementResult(tag: "ALTER TABLE")
        }
    }

    // MARK: - CREATE OR REPLACE VIEW

    /// Gives a view that is there another query. - Returns: nil when there is none.
    /// - Throws: 42P16 when columns would change or go.
    func replaceView(_ statement: CreateView, _ text: String) async throws(SQLError)
        -> StatementResult?
    {
        try await defining { () throws(SQLError) -> StatementResult? in
            guard var object = context().catalog.find(statement.name.parts) else { return nil }
            guard object.kind == .view else {
                throw SQLError(.wrongObjectType, "\"\(object.name)\" is not a view")
            }
            let binder = Binder(context: context(), text: text)
            let bound = try binder.bind(statement)
            guard bound.columns.count >= object.columns.count else {
                throw SQLError(.invalidTableDefinition, "cannot drop columns from view")
            }
            for (old, new) in zip(object.columns, bound.columns) {
                guard old.name == new.name else {
                    throw SQLError(
                        .invalidTableDefinition,
                        "cannot change name of view column \"\(old.name)\" to \"\(new.name)\"",
                        hint:
                            "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."
                    )
                }
                guard old.type.base == new.type.base else {
                    throw SQLError(
                        .invalidTableDefinition,
                        "cannot change data type of view column \"\(old.name)\" from "
                            + "\(old.type.name) to \(new.type.name)")
                }
            }
            let readers = database.catalogStore.catalog.dependents(of: object.oid)
            if let reader = readers.first(where: { $0.kind == .materializedView }) {
                throw SQLError.unsupported(
                    "replacing a view that materialized view \"\(reader.name)\" reads")
            }
            if bound.dependsOn.contains(object.oid)
                || readers.contains(where: { reader in
                    bound.dependsOn.contains(reader.oid)
                })
            {
                throw SQLError(
                    .invalidTableDefinition,
                    "infinite recursion detected in rules for relation \"\(object.name)\"")
            }
            object.columns = bound.columns
            object.text = statement.text
            object.dependsOn = bound.dependsOn
            object.options = [:]
            object.pinnedNames = binder.resolvedNames
            await database.metadataDurable(database.catalogStore.add(object))
            return StatementResult(tag: "CREATE VIEW")
        }
    }
}
