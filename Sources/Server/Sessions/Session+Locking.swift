import Planner
import Types

/// SELECT … FOR UPDATE: its rows are read, locked, and read again until all rows that come back were
/// the transaction's own before they were read.
extension Session {
    /// Binds a statement; its queries with FOR UPDATE run first, and those of WITH whose rows are read in
    /// several places though they would be others each time; the statement is bound over their rows.
    func binding<Bound>(
        _ text: String, _ parameters: Parameters, _ bind: (Binder) throws(SQLError) -> Bound
    ) async throws(SQLError) -> (bound: Bound, binder: Binder) {
        var rows: [Int: LogicalPlan] = [:]
        while true {
            let binder = Binder(context: context(), text: text, parameters: parameters)
            binder.lockedRows = rows
            let bound = try bind(binder)
            // One at a time: those behind it may read what it gives.
            if let query = binder.lockingQueries.first {
                rows[query.at] = .literal(try await locking(query, binder.references), query.fields)
            } else if let table = binder.volatileTables.first {
                let plan = Optimizer.optimized(table.plan)
                let batches = try await run(plan, reading: binder.references)
                let types = plan.types
                let whole = try await onQueryThread { () throws(SQLError) in
                    Batch.concatenated(batches, types: types)
                }
                rows[table.at] = .literal(whole, plan.fields)
            } else {
                return (bound, binder)
            }
            if let memory { heldMemory.append(memory) }
        }
    }

    /// The rows of a query, locked. - Throws: 40P01, 55P03, 57014.
    private func locking(_ query: LockingQuery, _ references: Set<Int32>) async throws(SQLError)
        -> Batch
    {
        let passes = query.locked.contains { $0.wait == .skipLocked }
        // Rows passed over are read beyond the limit: as many more as it takes.
        var extra = 0
        for _ in 0..<Session.maximumAttempts {
            let wanted = query.limit.map { $0.clampedSum(query.offset).clampedSum(extra) }
            let plan = Optimizer.optimized(
                passes
                    ? query.plan(limit: wanted, offset: 0)
                    : query.plan(limit: query.limit, offset: query.offset))
            let batches = try await run(plan, reading: references)
            let types = plan.types
            let found = try await onQueryThread { () throws(SQLError) in
                LockableRows(Batch.concatenated(batches, types: types).expanded, query)
            }
            guard passes else {
                if try await lockAll(found) {
                    if readsOneState { try await checkUnchanged(batches, plan, references) }
                    return found.shown
                }
                continue
            }
            let picked = pick(found, query)
            let isShort = picked.count < query.limit ?? 0
            if isShort, let wanted, found.count >= wanted {
                extra = extra.clampedSum(extra).clampedSum(64)
                continue
            }
            let chosen = found.rows(picked)
            if try await lockAll(chosen) { return chosen.shown }
        }
        throw Session.tooManyAttempts
    }

    /// - Throws: 40001 when locked rows are no longer what the transaction sees.
    private func checkUnchanged(
        _ seen: [Batch], _ plan: LogicalPlan, _ references: Set<Int32>
    ) async throws(SQLError) {
        readsNewest = true
        defer { readsNewest = false }
        let now = try await run(plan, reading: references)
        func counted(_ batches: [Batch]) -> [[Value]: Int64] {
            var counts: [[Value]: Int64] = [:]
            for batch in batches {
                for row in 0..<batch.count {
                    counts[batch.row(row), default: 0] += batch.weight(row)
                }
            }
            return counts
        }
        guard counted(seen) == counted(now) else { throw Session.tooManyAttempts }
    }

    /// Takes the locks of the rows. - Returns: whether all of them were held before they were read.
    /// - Throws: 55P03 under NOWAIT.
    private func lockAll(_ rows: LockableRows) async throws(SQLError) -> Bool {
        if database.locks.hasAll(rows.all, backendID) { return true }
        let busy = rows.unwaited.first { database.locks.isHeld($0, byAnotherThan: backendID) }
        if let busy {
            let name = database.catalogStore.catalog.objects[busy.table]?.name ?? ""
            throw SQLError(
                .lockNotAvailable, "could not obtain lock on row in relation \"\(name)\"")
        }
        _ = try await lock(rows.all)
        return false
    }

    /// Up to the limit, the rows that nobody else has.
    private func pick(_ rows: LockableRows, _ query: LockingQuery) -> [UInt32] {
        var (picked, passed): ([UInt32], Int) = ([], 0)
        for row in 0..<rows.count where picked.count < query.limit ?? Int.max {
            let isBusy = rows.passable(row).contains {
                database.locks.isHeld($0, byAnotherThan: backendID)
            }
            if isBusy { continue }
            if passed < query.offset {
                passed += 1
                continue
            }
            picked.append(UInt32(row))
        }
        return picked
    }
}

/// Rows of a query with FOR UPDATE, and the locks that they need.
private struct LockableRows: Sendable {
    private let query: LockingQuery
    private let batch: Batch
    /// For each locked table the keys of its rows: those of row n are `ends[n]..<ends[n + 1]`.
    private let keys: [(keys: [RowLocks.Key], ends: [Int])]
    /// All locks, and those that are not waited for.
    let all: Set<RowLocks.Key>
    let unwaited: Set<RowLocks.Key>

    init(_ batch: Batch, _ query: LockingQuery) {
        self.init(
            batch, query,
            query.locked.map {
                RowLocks.keys(of: $0.table, batch.projected(Array($0.columns)))
            })
    }

    private init(
        _ batch: Batch, _ query: LockingQuery, _ keys: [(keys: [RowLocks.Key], ends: [Int])]
    ) {
        self.batch = batch
        self.query = query
        self.keys = keys
        all = Set(keys.flatMap(\.keys))
        unwaited = Set(
            zip(query.locked, keys).filter { $0.0.wait == .noWait }.flatMap { $0.1.keys })
    }

    var count: Int { batch.count }

    /// The query's own columns.
    var shown: Batch { batch.projected(Array(query.fields.indices)) }

    /// The keys of a row that are passed over when another has them.
    func passable(_ row: Int) -> [RowLocks.Key] {
        zip(query.locked, keys).filter { $0.0.wait == .skipLocked }.flatMap {
            $0.1.keys[$0.1.ends[row]..<$0.1.ends[row + 1]]
        }
    }

    func rows(_ chosen: [UInt32]) -> LockableRows {
        if chosen.count == batch.count { return self }
        let rows = Storage(chosen)
        return LockableRows(batch.gathered(rows.cells), query)
    }
}
