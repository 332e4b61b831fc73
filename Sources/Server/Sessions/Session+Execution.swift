import Connectors
import Dataflow
import Platform
import Planner
import State
import Synchronization
import Types
import Wire

extension Session {
    /// Carries out one statement, and takes over what set_config() has set in it.
    func execute(_ statement: Statement, text: String, parameters: Parameters)
        async throws(SQLError)
        -> StatementResult
    {
        try checkNotFailed(statement)
        try checkWritable(statement)
        _ = requestedSettings.take()
        let result = try await cancelable { (_) throws(SQLError) in
            var result = try await self.carryOut(statement, text: text, parameters: parameters)
            if result.memory == nil { result.memory = self.memory }
            return result
        }
        for request in requestedSettings.take() {
            try set(request.name, request.value, isLocal: request.isLocal)
        }
        return result
    }

    /// One line a statement; the work is elsewhere.
    private func carryOut(_ statement: Statement, text: String, parameters: Parameters)
        async throws(SQLError)
        -> StatementResult
    {
        switch statement {
        case .query(let query): return try await select(query, text, parameters)
        case .insert(let insert): return try await self.insert(insert, text, parameters)
        case .update, .delete: return try await change(statement, text, parameters)
        case .truncate(let names, let restarts, _): return try await truncate(names, restarts, text)
        case .savepoint(let name): return try savepoint(name)
        case .releaseSavepoint(let name): return try releaseSavepoint(name)
        case .rollbackTo(let name): return try rollbackTo(name)
        case .createTable(let table): return try await createTable(table, text, parameters)
        case .createSchema(let name, let ifNotExists):
            return try await createSchema(name, ifNotExists: ifNotExists)
        case .rename(let kind, let name, let new, let ifExists):
            return try await rename(kind, name, to: new, ifExists: ifExists)
        case .addUnique(let table, let constraint, let ifExists):
            return try await addUnique(table, constraint, text, ifExists: ifExists)
        case .dropConstraint(let table, let drop, let ifExists):
            return try await dropConstraint(table, drop, ifExists: ifExists)
        case .renameColumn(let name, let column, let new, let at):
            return try await renameColumn(name, column, to: new, at: at)
        case .setSchema(let kind, let name, let schema, let ifExists):
            return try await setSchema(kind, name, to: schema, ifExists: ifExists)
        case .comment(let name, let column, let text):
            return try await comment(name, column, text)
        case .createIndex(let index): return try await createIndex(index)
        case .createSequence(let name, let ifNotExists, let options):
            return try await createSequence(name, ifNotExists: ifNotExists, options, text)
        case .alterSequence(let name, let ifExists, let options):
            return try await alterSequence(name, ifExists: ifExists, options, text)
        case .copy:
            throw SQLError(
                .featureNotSupported, "COPY cannot be used here",
                hint: "Send it as a statement of its own.")
        case .createSource(let source): return try await createSource(source, text)
        case .createView(let view): return try await createView(view, text)
        case .createTopic(let topic): return try await createTopic(topic)
        case .drop(let drop): return try await self.drop(drop, text)
        case .begin(let modes, let tag): return try beginStatement(modes, tag)
        case .commit(_, let chains): return try await commitStatement(chains: chains)
        case .rollback(_, let chains): return try rollbackStatement(chains: chains)
        case .setTransaction(let modes, let isSession):
            return try setTransaction(modes, isSession: isSession)
        case .set(let name, let value, let isLocal):
            return try setStatement(name, value, isLocal: isLocal)
        case .show(let name): return try show(name)
        case .reset(let name): return try reset(name)
        case .explainView(let name): return try await explainView(name)
        case .explain(let inner, let isAnalyze):
            return try await explain(inner, isAnalyze, text, parameters)
        case .prepare(let name, let types, let inner):
            return try prepare(name, types, inner, text)
        case .execute(let name, let values, _):
            return try await executePrepared(name, values, text)
        case .deallocate(let name): return try deallocate(name)
        case .discard(let kind): return try discard(kind)
        case .unsupported(let what, let at): throw SQLError.unsupported(what, at: at)
        }
    }

    // MARK: - Queries

    private func select(_ query: Query, _ text: String, _ parameters: Parameters)
        async throws(SQLError)
        -> StatementResult
    {
        let (bound, binder) = try await binding(text, parameters) { (binder) throws(SQLError) in
            try binder.bind(query)
        }
        let batches = try await run(Optimizer.optimized(bound), reading: binder.references)
        return StatementResult(columns: columns(bound), batches: batches)
    }

    /// Runs a plan on a query thread, at one epoch.
    func run(_ plan: LogicalPlan, reading references: Set<Int32>) async throws(SQLError) -> [Batch]
    {
        try await cancelable { (token) throws(SQLError) in
            try await self.run(plan, reading: references, token)
        }
    }

    private func run(_ plan: LogicalPlan, reading references: Set<Int32>, _ token: CancelToken)
        async throws(SQLError) -> [Batch]
    {
        let relations = Set(plan.relations.map(\.oid)).sorted()
        let ticket = try await ticket(relations, token)
        let runner = QueryRunner(
            ticket: ticket, catalog: database.catalogStore.catalog,
            reading: SystemReading(context()), sources: database.readers.withLock { $0 },
            overlay: pending,
            indexes: database.indexes, cancel: token, memory: database.queryMemory.grant())
        memory = runner.memory
        return try await onQueryThread { () throws(SQLError) in try runner.run(plan) }
    }

    /// The right to read these at the newest epoch, or at the one that the transaction has read first.
    private func ticket(_ relations: [Int32], _ token: CancelToken) async throws(SQLError)
        -> ReadTicket
    {
        guard readsOneState, !readsNewest else {
            return try await database.ticket(relations, token)
        }
        let published = database.engine.published
        let ticket = snapshot ?? published.ticketOfAll()
        snapshot = ticket
        if let newer = relations.first(where: {
            ticket.snapshots[$0] == nil && published.hasStore($0)
        }) {
            let name = database.catalogStore.catalog.objects[newer]?.name ?? ""
            throw SQLError(
                .serializationFailure, "could not serialize access to relation \"\(name)\"",
                detail: "It could not be read when the transaction began to read.",
                hint: "Try the transaction again.")
        }
        return ticket
    }

    /// What takes its time, away from the loop's thread.
    func onQueryThread<Value: Sendable>(_ body: @escaping @Sendable () throws(SQLError) -> Value)
        async throws(SQLError) -> Value
    {
        let result: Result<Value, SQLError> = await withCheckedContinuation { continuation in
            database.queries.submit {
                continuation.resume(returning: Result { () throws(SQLError) in try body() })
            }
        }
        return try result.get()
    }

    /// Runs a statement, or a part of one that runs already, so that a cancel request and
    /// statement_timeout reach it. Outside of a transaction nothing stays locked, however it ends.
    func cancelable<Result>(_ body: (CancelToken) async throws(SQLError) -> Result)
        async throws(SQLError) -> Result
    {
        if let running { return try await body(running) }
        let token = CancelToken()
        running = token
        database.backends.withLock { $0[backendID]?.cancel = token }
        if let timeout = settings.milliseconds("statement_timeout") {
            watchdog.watch(token, milliseconds: timeout, .statementTimeout, database.loop)
        }
        defer {
            running = nil
            watchdog.end()
            memory = nil
            heldMemory = []
            if state == .idle { database.locks.release(backendID) }
            database.backends.withLock { $0[backendID]?.cancel = nil }
        }
        return try await body(token)
    }

    // MARK: - Transactions

    private func beginStatement(_ modes: TransactionModes, _ tag: String) throws(SQLError)
        -> StatementResult
    {
        var result = StatementResult(tag: tag)
        if state == .open, !isImplicit {
            result.notices.append(
                SQLError(.activeTransaction, "there is already a transaction in progress"))
        }
        if let isolation = modes.isolation { _ = try SessionSettings.isolation(isolation) }
        begin()
        try apply(modes)
        isImplicit = false
        return result
    }

    /// SET TRANSACTION, or SET SESSION CHARACTERISTICS for those to come.
    private func setTransaction(_ modes: TransactionModes, isSession: Bool) throws(SQLError)
        -> StatementResult
    {
        var result = StatementResult(tag: "SET")
        if isSession {
            if let isolation = modes.isolation {
                try settings.set("default_transaction_isolation", isolation)
            }
            if let isReadOnly = modes.isReadOnly {
                try settings.set("default_transaction_read_only", isReadOnly ? "on" : "off")
            }
            return result
        }
        if state == .idle {
            result.notices.append(
                SQLError(
                    .noActiveTransaction, "SET TRANSACTION can only be used in transaction blocks"))
        }
        if modes.isolation != nil, snapshot != nil {
            throw SQLError(
                .activeTransaction,
                "SET TRANSACTION ISOLATION LEVEL must be called before any query")
        }
        if state != .idle { try apply(modes) }
        return result
    }

    /// AND CHAIN: a transaction begins with the modes of the one that has ended.
    private func chain(_ before: [String: String]) throws(SQLError) {
        var modes = TransactionModes()
        modes.isolation = before["transaction_isolation"]
        modes.isReadOnly = before["transaction_read_only"] == "on"
        begin()
        try apply(modes)
    }

    private func commitStatement(chains: Bool) async throws(SQLError) -> StatementResult {
        if chains { try checkInTransaction("COMMIT AND CHAIN") }
        if state == .failed { return try rollbackStatement(chains: chains) }
        var result = StatementResult(tag: "COMMIT")
        if state == .idle || isImplicit {
            result.notices.append(
                SQLError(.noActiveTransaction, "there is no transaction in progress"))
        }
        let before = settings.values
        try await commit()
        if chains { try chain(before) }
        return result
    }

    private func rollbackStatement(chains: Bool) throws(SQLError) -> StatementResult {
        if chains { try checkInTransaction("ROLLBACK AND CHAIN") }
        var result = StatementResult(tag: "ROLLBACK")
        if state == .idle || isImplicit {
            result.notices.append(
                SQLError(.noActiveTransaction, "there is no transaction in progress"))
        }
        let before = settings.values
        rollback()
        if chains { try chain(before) }
        return result
    }

    /// - Throws: 25P01 outside of a transaction block.
    private func checkInTransaction(_ what: String) throws(SQLError) {
        guard state != .idle, !isImplicit else {
            throw SQLError(
                .noActiveTransaction, "\(what) can only be used in transaction blocks")
        }
    }

    private func savepoint(_ name: String) throws(SQLError) -> StatementResult {
        try checkInTransaction("SAVEPOINT")
        savepoints.append(
            Savepoint(
                name: name, changes: pending.count, restartedSequences: restartedSequences.count,
                locks: database.locks.count(of: backendID), settings: settings))
        return StatementResult(tag: "SAVEPOINT")
    }

    private func savepointIndex(_ name: String) throws(SQLError) -> Int {
        guard let index = savepoints.lastIndex(where: { $0.name == name }) else {
            throw SQLError(.invalidSavepoint, "savepoint \"\(name)\" does not exist")
        }
        return index
    }

    private func releaseSavepoint(_ name: String) throws(SQLError) -> StatementResult {
        try checkInTransaction("RELEASE SAVEPOINT")
        savepoints.removeSubrange(try savepointIndex(name)...)
        return StatementResult(tag: "RELEASE")
    }

    private func rollbackTo(_ name: String) throws(SQLError) -> StatementResult {
        try checkInTransaction("ROLLBACK TO SAVEPOINT")
        let index = try savepointIndex(name)
        let point = savepoints[index]
        pending.removeSubrange(point.changes...)
        undoRestarts(keeping: point.restartedSequences)
        database.locks.release(backendID, keeping: point.locks)
        settings = point.settings
        savepoints.removeSubrange((index + 1)...)
        state = .open
        return StatementResult(tag: "ROLLBACK")
    }

    // MARK: - Settings

    private func setStatement(_ name: String, _ value: String?, isLocal: Bool) throws(SQLError)
        -> StatementResult
    {
        var result = StatementResult(tag: "SET")
        try set(name, value, isLocal: isLocal)
        if isLocal, state == .idle || isImplicit {
            result.notices.append(
                SQLError(
                    .noActiveTransaction, "SET LOCAL can only be used in transaction blocks"))
        }
        return result
    }

    /// A local value is gone when the transaction ends; outside of one it is gone at once.
    private func set(_ name: String, _ value: String?, isLocal: Bool) throws(SQLError) {
        let key = name.lowercased()
        let before = settings
        try settings.set(name, value)
        if isLocal {
            if state == .idle {
                settings = before
                return
            }
            if localSettings[key] == nil { localSettings[key] = before.values[key] ?? "" }
        } else {
            localSettings[key] = nil
        }
    }

    private func reset(_ name: String?) throws(SQLError) -> StatementResult {
        if let name { try settings.set(name, nil) } else { settings.reset() }
        return StatementResult(tag: "RESET")
    }

    private func show(_ name: String) throws(SQLError) -> StatementResult {
        if name == "all" {
            let rows = settings.values.sorted { $0.key < $1.key }.map {
                [Value.string($0.key), .string($0.value), .string("")]
            }
            let columns = ["name", "setting", "description"].map {
                ResultColumn(name: $0, type: .text)
            }
            return StatementResult(
                columns: columns, batches: [Batch(rows: rows, types: [.text, .text, .text])],
                tag: "SHOW")
        }
        if let kind = Session.shownKinds[name] { return showObjects(name, kind) }
        if name == "topics" {
            return StatementResult.lines("name", database.topics.names, tag: "SHOW")
        }
        let title = SessionSettings.reported.first { $0.lowercased() == name } ?? name
        return StatementResult.lines(title, [try settings.value(name)], tag: "SHOW")
    }

    private static let shownKinds: [String: CatalogObject.Kind] = [
        "tables": .table, "sources": .source, "views": .view,
    ]

    private func showObjects(_ name: String, _ kind: CatalogObject.Kind) -> StatementResult {
        let objects = database.catalogStore.catalog.userObjects.filter { $0.kind == kind }
        return StatementResult.lines("name", objects.map(\.name), tag: "SHOW")
    }

    private func discard(_ kind: DiscardKind) throws(SQLError) -> StatementResult {
        switch kind {
        case .all:
            guard state == .idle else {
                throw SQLError(
                    .activeTransaction, "DISCARD ALL cannot run inside a transaction block")
            }
            prepared.removeAll()
            portals.removeAll()
            settings.reset()
            sequences.forget()
        case .sequences: sequences.forget()
        // There are no temporary tables, and plans are not kept.
        case .plans, .temporary: break
        }
        return StatementResult(tag: "DISCARD \(kind.rawValue)")
    }

    // MARK: - EXPLAIN

    /// What each operator of a materialized view has received, and what it holds.
    private func explainView(_ name: QualifiedName) async throws(SQLError) -> StatementResult {
        let view = try context().catalog.resolve(name, position: name.at)
        guard view.kind == .materializedView else {
            throw SQLError(.wrongObjectType, "\"\(view.name)\" is not a materialized view")
        }
        let lines: [String] = try await database.ask { .describe(view.oid, $0) }
        return StatementResult.lines("QUERY PLAN", lines, tag: "EXPLAIN")
    }

    private func isQuery(_ statement: Statement.Statement2) -> Bool {
        if case .query = statement { true } else { false }
    }

    private func explain(
        _ inner: Statement.Statement2, _ isAnalyze: Bool, _ text: String, _ parameters: Parameters
    ) async throws(SQLError) -> StatementResult {
        let binder = Binder(context: context(), text: text, parameters: parameters)
        let plan: LogicalPlan
        var head: [String] = []
        switch inner {
        case .query(let query): plan = try binder.bind(query)
        case .createView(let view):
            plan = try binder.bind(view).plan
            head = ["Materialize \(view.name.last)"]
        case .insert(let insert):
            let bound = try binder.bind(insert)
            plan = bound.plan
            head = ["Insert into \(bound.table.name)"]
        case .update(let update):
            let bound = try binder.bind(update)
            plan = bound.plan
            head = ["Update \(bound.table.name)"]
        case .delete(let delete):
            let bound = try binder.bind(delete)
            plan = bound.plan
            head = ["Delete from \(bound.table.name)"]
        }
        let catalog = database.catalogStore.catalog
        let isRead = if case .createView = inner { false } else { true }
        var lines =
            head
            + Explain.lines(
                Optimizer.optimized(plan), indent: head.isEmpty ? 0 : 1,
                indexes: { isRead ? catalog.indexes(of: $0) : [] },
                counts: { database.engine.published.rowCount(of: $0).map(Double.init) })
        if isAnalyze, !isQuery(inner) {
            throw SQLError.unsupported("EXPLAIN ANALYZE of a statement that is no query")
        }
        if isAnalyze, case .query = inner {
            let batches = try await run(Optimizer.optimized(plan), reading: binder.references)
            lines.append("Rows: \(batches.reduce(0) { $0 + $1.totalWeight })")
        }
        return StatementResult.lines("QUERY PLAN", lines, tag: "EXPLAIN")
    }
}
