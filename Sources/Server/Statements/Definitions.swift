import Connectors
import Dataflow
import Platform
import Planner
import State
import Synchronization
import Types
import Wire

extension Session {
    /// Runs a definition while no other one does.
    func defining<Result: Sendable>(_ body: () async throws(SQLError) -> Result)
        async throws(SQLError)
        -> Result
    {
        await database.definitions.acquire()
        defer { database.definitions.release() }
        return try await body()
    }

    /// The schema and name of a new relation. - Throws: 42P07, 3F000; nil when it exists and may.
    func newName(_ name: QualifiedName, ifNotExists: Bool, _ result: inout StatementResult)
        throws(SQLError)
        -> (schema: String, name: String)?
    {
        let catalog = context().catalog
        let given = name.parts.count > 1 ? name.parts[name.parts.count - 2] : nil
        guard let schema = given ?? catalog.currentSchema else {
            throw SQLError(
                .invalidSchemaName, "no schema has been selected to create in",
                hint: "SET search_path to a schema that there is.")
        }
        guard catalog.hasSchema(schema) else {
            throw SQLError(.invalidSchemaName, "schema \"\(schema)\" does not exist")
        }
        guard schema == "public" || catalog.userSchemas[schema] != nil else {
            throw SQLError(
                .insufficientPrivilege, "permission denied to create \"\(schema).\(name.last)\"",
                detail: "System catalog modifications are currently disallowed.")
        }
        if database.catalogStore.catalog.isTaken(schema: schema, name: name.last) {
            let error = SQLError(.duplicateTable, "relation \"\(name.last)\" already exists")
            guard ifNotExists else { throw error }
            var notice = error
            notice.message += ", skipping"
            result.notices.append(notice)
            return nil
        }
        return (schema, name.last)
    }

    func createTopic(_ statement: CreateTopic) async throws(SQLError) -> StatementResult {
        var partitions: Int32 = 1
        for option in statement.options {
            guard option.name == "partitions", let count = Int32(option.value), count >= 1,
                count <= 10_000
            else {
                throw SQLError(
                    .invalidParameterValue, "invalid topic option \(option.name) = \(option.value)",
                    hint: "The option partitions takes 1 to 10000.", position: option.at)
            }
            partitions = count
        }
        var result = StatementResult(tag: "CREATE TOPIC")
        guard TopicStore.isValidName(statement.name.last) else {
            throw SQLError(.invalidParameterValue, "invalid topic name \"\(statement.name.last)\"")
        }
        guard let end = database.topics.create(statement.name.last, partitions: partitions) else {
            let error = SQLError(.duplicateTable, "topic \"\(statement.name.last)\" already exists")
            guard statement.ifNotExists else { throw error }
            result.notices.append(error)
            return result
        }
        await database.metadataDurable(end)
        return result
    }

    func createView(_ statement: CreateView, _ text: String) async throws(SQLError)
        -> StatementResult
    {
        if statement.orReplace {
            if statement.isMaterialized {
                throw SQLError(
                    .syntaxError, "syntax error at or near \"MATERIALIZED\"",
                    hint: "OR REPLACE is for plain views.")
            }
            if let replaced = try await replaceView(statement, text) { return replaced }
        }
        let waits = try Session.waits(statement)
        // Not the statement's own token: others may read the view by then.
        let abort = CancelToken()
        let (result, pending) = try await defining {
            () throws(SQLError) -> (StatementResult, CatalogObject?) in
            var result = StatementResult(
                tag: statement.isMaterialized ? "CREATE MATERIALIZED VIEW" : "CREATE VIEW")
            guard
                let (schema, name) = try newName(
                    statement.name, ifNotExists: statement.ifNotExists, &result)
            else { return (result, nil) }
            let binder = Binder(context: context(), text: text)
            let bound = try binder.bind(statement)
            var object = CatalogObject(
                oid: database.catalogStore.newOID(), schema: schema, name: name,
                kind: statement.isMaterialized ? .materializedView : .view, columns: bound.columns)
            object.text = statement.text
            // What the text means depends on it; a plain view takes its reader's.
            let text = settings.changedTextSettings
            if statement.isMaterialized, !text.isEmpty {
                object.options.merge(text) { _, new in new }
            }
            object.dependsOn = bound.dependsOn
            object.pinnedNames = binder.resolvedNames
            let created = object
            if statement.isMaterialized {
                // The plan that it has after a restart: its state has to fit.
                let plan = try database.plan(of: created)
                let _: Void = try await database.ask { .addView(created, plan, cancel: abort, $0) }
            }
            await database.metadataDurable(database.catalogStore.add(created))
            return (result, statement.isMaterialized ? created : nil)
        }
        // Others may define things while this view catches up.
        if let pending, waits {
            try await awaitReadable(pending, abort)
        }
        return result
    }

    /// Waits until a new view has caught up. A statement that is canceled leaves no view behind.
    private func awaitReadable(_ view: CatalogObject, _ abort: CancelToken) async throws(SQLError) {
        try await cancelable { (token) throws(SQLError) in
            do throws(SQLError) {
                let _: Void = try await self.database.ask(token) {
                    .awaitReadable([view.oid], $0)
                }
            } catch {
                if token.isCanceled { try await self.abandon(view, abort) }
                throw error
            }
        }
    }

    /// Drops a view that nobody waits for; one that others have begun to read goes on.
    private func abandon(_ view: CatalogObject, _ abort: CancelToken) async throws(SQLError) {
        func isUsed() -> Bool {
            database.catalogStore.catalog.userObjects.contains { $0.dependsOn.contains(view.oid) }
        }
        if isUsed() { return }
        // First of all: whoever defines something now may wait for the engine, and the engine for this.
        abort.cancel(.request)
        try await defining { () throws(SQLError) in
            if database.catalogStore.catalog.objects[view.oid] == nil || isUsed() { return }
            try await remove([view.oid])
        }
    }

    private static func waits(_ statement: CreateView) throws(SQLError) -> Bool {
        var waits = true
        for option in statement.options {
            guard option.name == "background",
                let value = TextEncoding.parseBool(Array(option.value.utf8))
            else {
                throw SQLError(
                    .invalidParameterValue, "unrecognized view option \"\(option.name)\"",
                    hint: "The option background takes true or false.", position: option.at)
            }
            waits = !value
        }
        return waits
    }

    // MARK: - DROP

    func drop(_ statement: Drop, _ text: String) async throws(SQLError) -> StatementResult {
        if statement.kind == .topic { return try await dropTopics(statement) }
        if statement.kind == .schema { return try await dropSchemas(statement, text) }
        return try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "DROP \(statement.kind.rawValue.uppercased())")
            let catalog = context().catalog
            var targets: [CatalogObject] = []
            for name in statement.names {
                guard let object = catalog.find(name.parts) else {
                    let message =
                        "\(statement.kind.rawValue) \"\(name.parts.joined(separator: "."))\" does not exist"
                    guard statement.ifExists else {
                        throw SQLError(
                            statement.kind == .index ? .undefinedObject : .undefinedTable, message)
                    }
                    result.notices.append(SQLError(.undefinedTable, message + ", skipping"))
                    continue
                }
                guard Session.matches(statement.kind, object.kind) else {
                    throw SQLError(
                        .wrongObjectType, "\"\(object.name)\" is not a \(statement.kind.rawValue)",
                        hint:
                            "Use DROP \(object.kindName.uppercased()) to remove a \(object.kindName)."
                    )
                }
                targets.append(object)
            }
            let oids = try Session.withDependents(
                targets, catalog, cascade: statement.cascade, &result)
            try await remove(oids)
            return result
        }
    }

    /// Takes relations out of the catalog and the engine, with the sequences that go with them.
    func remove(_ relations: [Int32]) async throws(SQLError) {
        let catalog = database.catalogStore.catalog
        var oids = relations
        if oids.isEmpty { return }
        let owned = catalog.userObjects.filter {
            ($0.kind == .sequence || $0.kind == .index) && oids.contains($0.ownerOID)
        }
        oids += owned.map(\.oid).filter { !oids.contains($0) }
        for oid in oids where catalog.objects[oid]?.kind == .sequence {
            database.sequences.remove(oid)
        }
        let dropped = oids
        let released = released(by: dropped, catalog)
        for table in released {
            let _: Void = try await database.ask { .changeUniques(table, $0) }
        }
        let end = database.catalogStore.remove(dropped, changed: released)
        database.readers.withLock { readers in for oid in dropped { readers[oid] = nil } }
        database.indexes.forget(dropped)
        for oid in oids {
            guard let index = catalog.objects[oid], index.kind == .index else { continue }
            database.indexes.forget(index.ownerOID, index.indexed)
        }
        // The engine may be at work on one of them, and would answer only behind it.
        database.engine.published.endSteps(of: dropped)
        let _: Void = try await database.ask { .drop(dropped, $0) }
        await database.metadataDurable(end)
    }

    static func matches(_ kind: Drop.Kind, _ object: CatalogObject.Kind) -> Bool {
        switch (kind, object) {
        case (.table, .table), (.source, .source), (.view, .view), (.sequence, .sequence),
            (.materializedView, .materializedView), (.index, .index):
            true
        default: false
        }
    }

    static func withDependents(
        _ targets: [CatalogObject], _ catalog: Catalog, cascade: Bool,
        _ result: inout StatementResult
    ) throws(SQLError) -> [Int32] {
        var oids = targets.map(\.oid)
        for target in targets {
            let dependents = catalog.dependents(of: target.oid).filter { !oids.contains($0.oid) }
            if dependents.isEmpty { continue }
            guard cascade else {
                let lines = dependents.map {
                    "\($0.kindName) \($0.name) depends on \(target.kindName) \(target.name)"
                }
                throw SQLError(
                    .dependentObjectsStillExist,
                    "cannot drop \(target.kindName) \(target.name) because other objects depend on it",
                    detail: lines.joined(separator: "\n"),
                    hint: "Use DROP ... CASCADE to drop the dependent objects too.")
            }
            for dependent in dependents {
                oids.append(dependent.oid)
                result.notices.append(
                    SQLError(
                        .successfulCompletion,
                        "drop cascades to \(dependent.kindName) \(dependent.name)"))
            }
        }
        return oids
    }

    private func dropTopics(_ statement: Drop) async throws(SQLError) -> StatementResult {
        var result = StatementResult(tag: "DROP TOPIC")
        for name in statement.names {
            if let reader = database.reader(ofTopic: name.last) {
                throw SQLError(
                    .dependentObjectsStillExist,
                    "cannot drop topic \(name.last) because other objects depend on it",
                    detail: "source \(reader.name) depends on topic \(name.last)",
                    hint: "Drop the source first.")
            }
            guard let end = database.topics.delete(name.last) else {
                let message = "topic \"\(name.last)\" does not exist"
                guard statement.ifExists else { throw SQLError(.undefinedObject, message) }
                result.notices.append(SQLError(.undefinedObject, message + ", skipping"))
                continue
            }
            await database.metadataDurable(end)
        }
        return result
    }
}
