import Dataflow
import Planner
import State
import Synchronization
import Types
import Wire

/// INSERT, UPDATE, DELETE, TRUNCATE: rows to change are read at the newest epoch and locked; the
/// engine refuses the change when one of them is no longer what was read, and then it is made anew.
extension Session {
    /// What one attempt wants to change.
    private struct Attempt {
        var changes: [TableChange] = []
        /// Of the rows that are there, and of those that will be: taken in this order, as whoever waits
        /// for a row has not written its new version yet.
        var locks: Set<RowLocks.Key> = []
        var newLocks: Set<RowLocks.Key> = []
        var count: Int64 = 0
        /// The rows that RETURNING looks at.
        var returned: [Batch] = []
        var returnedFields: [Field] = []
        /// What RETURNING gives.
        var results: [Batch] = []
    }

    static let maximumAttempts = 1000

    // MARK: - Attempts

    /// Locks, checks and carries out what `plan` wants, again when others were faster. RETURNING comes
    /// before anything is done: when it fails, nothing is.
    private func apply(
        _ returning: BoundReturning?, _ plan: () async throws(SQLError) -> Attempt
    ) async throws(SQLError) -> Attempt {
        for _ in 0..<Session.maximumAttempts {
            var attempt = try await plan()
            if try await lock(attempt.locks), !readsOneState { continue }
            if try await lock(attempt.newLocks), !readsOneState { continue }
            attempt.results = try await results(attempt, returning)
            if attempt.changes.isEmpty { return attempt }
            if try await carryOut(attempt.changes) { return attempt }
            if readsOneState { break }
        }
        throw Session.tooManyAttempts
    }

    static var tooManyAttempts: SQLError {
        SQLError(
            .serializationFailure, "could not serialize access due to concurrent update",
            hint: "Try the statement again.")
    }

    /// - Returns: whether it had to wait.
    func lock(_ keys: Set<RowLocks.Key>) async throws(SQLError) -> Bool {
        if keys.isEmpty { return false }
        let timeout = settings.milliseconds("lock_timeout")
        return try await cancelable { (token) throws(SQLError) in
            try await self.database.locks.acquire(
                keys, for: self.backendID, token, milliseconds: timeout)
        }
    }

    /// - Returns: false when rows have changed since they were read.
    private func carryOut(_ changes: [TableChange]) async throws(SQLError) -> Bool {
        do throws(SQLError) {
            if state == .open {
                let all = pending + changes
                if all.contains(where: { needsCheck($0) }) {
                    let _: Void = try await database.ask { .check(all, $0) }
                }
                pending += changes
            } else {
                let _: Void = try await database.ask { .commit(changes, $0) }
            }
            return true
        } catch {
            if error.state == .serializationFailure { return false }
            throw error
        }
    }

    private func needsCheck(_ change: TableChange) -> Bool {
        if change.batch.weights != nil { return true }
        guard let table = database.catalogStore.catalog.objects[change.table] else { return true }
        return !table.keys.isEmpty
    }

    private static func locks(_ table: CatalogObject, _ batch: Batch, areNew: Bool = false)
        -> Set<RowLocks.Key>
    {
        Set(RowLocks.keys(of: table, batch, areNew: areNew).keys)
    }

    // MARK: - INSERT

    func insert(_ insert: Insert, _ text: String, _ parameters: Parameters)
        async throws(SQLError) -> StatementResult
    {
        let (bound, binder) = try await binding(text, parameters) { (binder) throws(SQLError) in
            try binder.bind(insert)
        }
        let attempt = try await carryOut(bound, binder)
        return result("INSERT 0 \(attempt.count)", attempt, bound.returning)
    }

    /// Inserts what COPY FROM has read, as one epoch. - Returns: how many rows.
    func insertCopied(_ rows: Batch, _ table: CatalogObject, _ columns: [Int])
        async throws(SQLError) -> Int64
    {
        let binder = Binder(context: context(), text: "")
        let bound = try binder.bindCopied(rows, table, columns)
        return try await cancelable { (_) throws(SQLError) in
            try await self.carryOut(bound, binder).count
        }
    }

    private func carryOut(_ bound: BoundInsert, _ binder: Binder) async throws(SQLError) -> Attempt
    {
        let checks = try binder.checks(of: bound.table)
        let plan = Optimizer.optimized(bound.plan)
        let references = binder.references
        // Computed once: what it draws from sequences is not drawn again.
        let rows = Batch.concatenated(
            try await run(plan, reading: references), types: bound.table.types)
        return try await apply(bound.returning) { () throws(SQLError) in
            var attempt = Attempt()
            var inserted = rows
            if rows.count > 0 {
                // Before conflicts are looked for, as PostgreSQL does.
                try Session.checkNulls(rows, bound.table)
                try await self.check(checks, bound.table, rows)
            }
            if let conflict = bound.conflict, rows.count > 0 {
                // Nobody changes the rows that they meet from here on.
                let met = RowLocks.keys(of: bound.table, rows, areNew: true, only: conflict.keys)
                _ = try await self.lock(Set(met.keys))
                inserted = try await self.resolve(conflict, bound.table, rows, checks, &attempt)
            }
            if inserted.count > 0 {
                if !bound.table.keys.isEmpty {
                    attempt.newLocks.formUnion(
                        Session.locks(bound.table, inserted, areNew: true))
                }
                attempt.changes.append(TableChange(table: bound.table.oid, batch: inserted))
                attempt.returned.append(inserted)
            }
            attempt.count += inserted.totalWeight
            attempt.returnedFields = bound.table.fields
            return attempt
        }
    }

    /// Splits the rows to insert into those that are new (returned) and those that meet one that is
    /// there, which are left out or become updates.
    private func resolve(
        _ conflict: BoundInsert.Conflict, _ table: CatalogObject, _ rows: Batch,
        _ checks: [(name: String, condition: Expr)], _ attempt: inout Attempt
    ) async throws(SQLError) -> Batch {
        let width = table.columns.count
        let numbers = Storage((0..<Int64(rows.count)).map { $0 })
        let numbered = Batch(
            columns: rows.columns + [Column(.int64(numbers))], count: rows.count)
        let proposed = LogicalPlan.literal(numbered, table.fields + [Field("?row?", .int8)])
        var meets: [Int64: Batch] = [:]
        for key in conflict.keys {
            let join = LogicalPlan.join(
                .init(
                    kind: .inner, left: proposed, right: Session.rows(of: table, like: rows, key),
                    keys: key.map { ($0, $0) }))
            for batch in try await run(join, reading: [table.oid]) {
                for row in 0..<batch.count {
                    guard let number = batch.columns[width].value(row).int else { continue }
                    if meets[number] == nil { meets[number] = batch.slice(row, row + 1) }
                }
            }
        }
        let changed = try await changing(meets, conflict, table)
        var seen: [Set<[Value]>] = conflict.keys.map { _ in [] }
        var fresh: [UInt32] = []
        var matched: [Batch] = []
        for row in 0..<rows.count {
            let other = meets[Int64(row)]
            // A row that is there and stays as it is may be met again.
            let isUntouched = other != nil && !changed.contains(Int64(row))
            var isTwice = false
            for (index, key) in conflict.keys.enumerated() {
                let values = key.map { rows.columns[$0].canonicalValue(row) }
                if values.contains(.null) { continue }
                let isNew =
                    isUntouched
                    ? !seen[index].contains(values) : seen[index].insert(values).inserted
                if !isNew { isTwice = true }
            }
            if isTwice {
                guard conflict.newRow != nil else { continue }
                throw SQLError(
                    .cardinalityViolation,
                    "ON CONFLICT DO UPDATE command cannot affect row a second time",
                    hint: "Ensure that no rows proposed for insertion within the same command have "
                        + "duplicate constrained values.")
            }
            if let other {
                if !isUntouched { matched.append(other) }
            } else {
                fresh.append(UInt32(row))
            }
        }
        if conflict.newRow != nil, !matched.isEmpty {
            try await update(conflict, table, matched, checks, &attempt)
        }
        let kept = Storage(fresh)
        return rows.gathered(kept.cells)
    }

    /// The numbers of the proposed rows that change the row they meet: for which DO UPDATE's WHERE is
    /// true.
    private func changing(
        _ meets: [Int64: Batch], _ conflict: BoundInsert.Conflict, _ table: CatalogObject
    ) async throws(SQLError) -> Set<Int64> {
        guard conflict.newRow != nil, let condition = conflict.condition, !meets.isEmpty else {
            return Set(meets.keys)
        }
        let pairs = Session.pairs(Array(meets.values), table.columns.count)
        let plan = LogicalPlan.filter(
            .literal(pairs, table.fields + table.fields + [Field("?row?", .int8)]), condition)
        var numbers: Set<Int64> = []
        for batch in try await run(plan, reading: []) {
            for row in 0..<batch.count {
                if let number = batch.columns[batch.columns.count - 1].value(row).int {
                    numbers.insert(number)
                }
            }
        }
        return numbers
    }

    /// Proposed rows, the rows that they meet, and the numbers of the former.
    private static func pairs(_ matched: [Batch], _ width: Int) -> Batch {
        let all = Batch.concatenated(matched, types: matched[0].columns.map(\.physical))
        return all.projected(Array(0..<width) + Array((width + 1)..<(2 * width + 1)) + [width])
    }

    /// The table's rows that may have a key of `rows`: found by an index when there are few of them.
    private static func rows(of table: CatalogObject, like rows: Batch, _ key: [Int]) -> LogicalPlan
    {
        let scan = LogicalPlan.scan(table, columns: Array(table.columns.indices))
        let type = table.columns[key[0]].type
        guard rows.count <= 500, let equal = FunctionRegistry.exact("=", [type, type]) else {
            return scan
        }
        let values = Set((0..<rows.count).map { rows.columns[key[0]].value($0) })
        let wanted = values.filter { !$0.isNull }.map { value in
            Expr.call(equal, [.column(key[0], type), .constant(value, type)], .boolean)
        }
        guard var any = wanted.first else { return scan }
        for next in wanted.dropFirst() { any = .or(any, next) }
        return .filter(scan, any)
    }

    /// DO UPDATE: `matched` has the proposed row, its number, and the row that is there and changes.
    private func update(
        _ conflict: BoundInsert.Conflict, _ table: CatalogObject, _ matched: [Batch],
        _ checks: [(name: String, condition: Expr)], _ attempt: inout Attempt
    ) async throws(SQLError) {
        let width = table.columns.count
        let pairs = Session.pairs(matched, width)
        var plan = LogicalPlan.literal(pairs, table.fields + table.fields + [Field("?row?", .int8)])
        let old = table.fields.enumerated().map {
            Expr.column(width + $0.offset, $0.element.type)
        }
        plan = .project(plan, old + (conflict.newRow ?? []), table.fields + table.fields)
        for batch in try await run(plan, reading: []) where batch.count > 0 {
            let before = batch.projected(Array(0..<width))
            let after = batch.projected(Array(width..<(2 * width)))
            try Session.checkNulls(after, table)
            try await check(checks, table, after)
            attempt.locks.formUnion(Session.locks(table, before))
            attempt.newLocks.formUnion(Session.locks(table, after, areNew: true))
            attempt.changes.append(
                TableChange(
                    table: table.oid,
                    batch: Batch.concatenated([before.negated, after], types: table.types)))
            attempt.returned.append(after)
            attempt.count += Int64(after.count)
        }
    }

    // MARK: - UPDATE and DELETE

    func change(_ statement: Statement, _ text: String, _ parameters: Parameters)
        async throws(SQLError) -> StatementResult
    {
        let (bound, binder) = try await binding(text, parameters) {
            (binder) throws(SQLError) -> BoundChange in
            switch statement {
            case .update(let update): try binder.bind(update)
            case .delete(let delete): try binder.bind(delete)
            default: throw .internalFault("not a change of rows")
            }
        }
        let checks = bound.isUpdate ? try binder.checks(of: bound.table) : []
        let plan = Optimizer.optimized(bound.plan)
        let references = binder.references
        let attempt = try await apply(bound.returning) { () throws(SQLError) in
            let batches = try await self.run(plan, reading: references)
            var attempt = try Session.attempt(bound, batches)
            if bound.isUpdate {
                let width = bound.table.columns.count
                for batch in attempt.returned {
                    let rows = batch.projected(Array((width + 1)..<(2 * width + 1)))
                    try Session.checkNulls(rows, bound.table)
                    try await self.check(checks, bound.table, rows)
                }
            }
            attempt.returnedFields = bound.plan.fields
            return attempt
        }
        let verb = bound.isUpdate ? "UPDATE" : "DELETE"
        return result("\(verb) \(attempt.count)", attempt, bound.returning)
    }

    /// Each old row once, with the change that it makes.
    private static func attempt(_ bound: BoundChange, _ batches: [Batch]) throws(SQLError)
        -> Attempt
    {
        let width = bound.table.columns.count
        var attempt = Attempt()
        let all = Batch.concatenated(batches, types: bound.plan.types)
        if all.count == 0 { return attempt }
        let views = all.columns.prefix(width).map(\.view)
        guard case .int64(let given) = all.columns[width].data else {
            throw .internalFault("a change without counts")
        }
        // Places in `first` by the old row's hash.
        var seen: [UInt64: [Int]] = [:]
        var first: [UInt32] = []
        var copies: [Int64] = []
        for row in 0..<all.count {
            let hash = hashRow(views, row, seed: rowHashSeed, image: true)
            let place = seen[hash, default: []].first {
                rowsEqual(views, Int(first[$0]), views, row, image: true)
            }
            let count = bound.isJoined ? given.cells[row] : all.weight(row)
            if let place {
                if !bound.isJoined { copies[place] += count }
                continue
            }
            seen[hash, default: []].append(first.count)
            first.append(UInt32(row))
            copies.append(count)
        }
        let numbers = Storage(first)
        let rows = first.count == all.count ? all : all.gathered(numbers.cells)
        let counts = Storage(copies)
        let old = Batch(
            columns: Array(rows.columns.prefix(width)), count: rows.count, weights: counts)
        var change = old.negated
        attempt.locks = locks(bound.table, old)
        if bound.isUpdate {
            let new = Batch(
                columns: Array(rows.columns[(width + 1)..<(2 * width + 1)]), count: rows.count,
                weights: counts)
            attempt.newLocks = locks(bound.table, new, areNew: true)
            change = Batch.concatenated([change, new], types: bound.table.types)
        }
        attempt.count = old.totalWeight
        attempt.returned = [Batch(columns: rows.columns, count: rows.count, weights: counts)]
        attempt.changes = [TableChange(table: bound.table.oid, batch: change)]
        return attempt
    }

    func truncate(_ names: [QualifiedName], _ restarts: Bool, _ text: String)
        async throws(SQLError) -> StatementResult
    {
        // All of them are found before the first is emptied.
        let binder = Binder(context: context(), text: text)
        for name in names {
            _ = try binder.bind(Delete(all: name))
        }
        // All of them, or none, in one epoch.
        let isAlone = state == .idle
        begin()
        do throws(SQLError) {
            for name in names {
                _ = try await change(.delete(Delete(all: name)), text, Parameters())
                let table = try context().catalog.resolve(name, position: nil)
                for object in database.catalogStore.catalog.userObjects
                where restarts && object.kind == .sequence && object.ownerOID == table.oid {
                    restartedSequences.append(database.sequences.restart(object))
                }
            }
            if isAlone { try await commit() }
        } catch {
            if isAlone { rollback() }
            throw error
        }
        return StatementResult(tag: "TRUNCATE TABLE")
    }

    // MARK: - Constraints

    /// - Throws: 23514 for a row that a CHECK does not hold for.
    private func check(
        _ checks: [(name: String, condition: Expr)], _ table: CatalogObject, _ rows: Batch
    ) async throws(SQLError) {
        for check in checks {
            let failing = LogicalPlan.filter(
                .literal(rows, table.fields),
                .cases(
                    [(when: .isNull(check.condition), then: .constant(.bool(false), .boolean))],
                    otherwise: .not(check.condition), .boolean))
            guard let batch = try await run(failing, reading: []).first(where: { $0.count > 0 })
            else { continue }
            var error = SQLError(
                .checkViolation,
                "new row for relation \"\(table.name)\" violates check constraint \"\(check.name)\"",
                detail: Session.failingRow(batch, 0, table))
            error.table = table.name
            error.constraint = check.name
            throw error
        }
    }

    private static func failingRow(_ batch: Batch, _ row: Int, _ table: CatalogObject) -> String {
        let values = batch.row(row).enumerated().map { position, value in
            let bytes = TextEncoding.text(value, table.columns[position].type)
            return String(decoding: bytes ?? Array("null".utf8), as: UTF8.self)
        }
        return "Failing row contains (\(values.joined(separator: ", ")))."
    }

    /// - Throws: 23502 for a NULL in a column that has none.
    static func checkNulls(_ batch: Batch, _ table: CatalogObject) throws(SQLError) {
        for (index, column) in table.columns.enumerated()
        where column.isNotNull && batch.columns[index].validity != nil {
            guard let row = (0..<batch.count).first(where: { batch.columns[index].isNull($0) })
            else { continue }
            var error = SQLError(
                .notNullViolation,
                "null value in column \"\(column.name)\" of relation \"\(table.name)\" violates not-null constraint",
                detail: failingRow(batch, row, table))
            error.table = table.name
            error.column = column.name
            throw error
        }
    }

    // MARK: - Results

    private func results(_ attempt: Attempt, _ returning: BoundReturning?) async throws(SQLError)
        -> [Batch]
    {
        guard let returning else { return [] }
        var batches: [Batch] = []
        for rows in attempt.returned where rows.count > 0 {
            batches += try await run(
                .project(.literal(rows, attempt.returnedFields), returning.list, returning.fields),
                reading: [])
        }
        return batches
    }

    private func result(_ tag: String, _ attempt: Attempt, _ returning: BoundReturning?)
        -> StatementResult
    {
        guard let returning else { return StatementResult(tag: tag) }
        return StatementResult(
            columns: returning.fields.map { resultColumn($0) }, batches: attempt.results, tag: tag)
    }
}
