import Planner
import Types

/// SELECT … FOR UPDATE: its rows are read, locked, and read again until all rows that come back were
/// the transaction's own before they were read.
extension Session {
    /// Binds a statement; its queries with FOR UPDATE run first, and it is bound over their rows.
    func binding<Bound>(
        _ text: String, _ parameters: Parameters, _ bind: (Binder) throws(SQLError) -> Bound
    ) async throws(SQLError) -> (bound: Bound, binder: Binder) {
        var rows: [Int: LogicalPlan] = [:]
        while true {
            let binder = Binder(context: context(), text: text, parameters: parameters)
            binder.lockedRows = rows
            let bound = try bind(binder)
            // One at a time: those behind it may read what it gives.
            guard let query = binder.lockingQueries.first else { return (bound, binder) }
            rows[query.at] = .literal(try await locking(query, binder.references), query.fields)
        }
    }

    /// The rows of a query, locked. - Throws: 40P01, 55P03, 57014.
    private func locking(_ query: LockingQuery, _ references: Set<Int32>) async throws(SQLError)
        -> Batch
    {
        let plan = Optimizer.optimized(limited(query))
        for _ in 0..<Session.maximumAttempts {
            let batches = try await run(plan, reading: references)
            let all = Batch.concatenated(batches, types: plan.types)
            let (rows, keys) = try lockable(all, query)
            if database.locks.hasAll(keys, backendID) {
                return rows.projected(Array(query.fields.indices))
            }
            _ = try await lock(keys)
        }
        throw Session.tooManyAttempts
    }

    /// The plan with its LIMIT. No more rows can be passed over than others have locked.
    private func limited(_ query: LockingQuery) -> LogicalPlan {
        guard query.limit != nil || query.offset > 0 else { return query.plan }
        if query.wait == .skipLocked {
            guard let limit = query.limit else { return query.plan }
            let passed = database.locks.count(heldByOthersThan: backendID)
            let (sum, overflow) = limit.addingReportingOverflow(query.offset + passed)
            return .sort(query.plan, [], limit: overflow ? nil : sum, offset: 0)
        }
        return .sort(query.plan, [], limit: query.limit, offset: query.offset)
    }

    /// The rows to give and their keys. - Throws: 55P03 under NOWAIT.
    private func lockable(_ all: Batch, _ query: LockingQuery) throws(SQLError) -> (
        Batch, Set<RowLocks.Key>
    ) {
        func keys(_ rows: Batch) -> Set<RowLocks.Key> {
            query.locked.reduce(into: []) { keys, locked in
                keys.formUnion(
                    Session.locks(locked.table, rows.projected(Array(locked.columns))))
            }
        }
        func isBusy(_ key: RowLocks.Key) -> Bool {
            database.locks.isHeld(key, byAnotherThan: backendID)
        }
        switch query.wait {
        case .block: return (all, keys(all))
        case .noWait:
            let wanted = keys(all)
            if let busy = wanted.first(where: isBusy) {
                let name = query.locked.first { $0.table.oid == busy.table }?.table.name ?? ""
                throw SQLError(
                    .lockNotAvailable, "could not obtain lock on row in relation \"\(name)\"")
            }
            return (all, wanted)
        case .skipLocked:
            var (picked, wanted): ([UInt32], Set<RowLocks.Key>) = ([], [])
            var passed = 0
            for row in 0..<all.count where picked.count < query.limit ?? Int.max {
                let own = keys(all.slice(row, row + 1))
                if own.contains(where: isBusy) { continue }
                if passed < query.offset {
                    passed += 1
                    continue
                }
                picked.append(UInt32(row))
                wanted.formUnion(own)
            }
            let rows = Storage(picked)
            return (all.gathered(rows.cells), wanted)
        }
    }
}
