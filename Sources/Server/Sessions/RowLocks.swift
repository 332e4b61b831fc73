import Planner
import Platform
import State
import Types

/// Which transaction may change which rows; the others wait for its end, as in PostgreSQL under READ
/// COMMITTED. A row is known by the hash of its key: two keys of one hash share a lock, which costs a
/// wait and nothing else. Loop's thread only.
final class RowLocks: @unchecked Sendable {
    // Confined to the loop's thread.

    /// A row of a table, by one of the table's keys.
    struct Key: Hashable, Comparable {
        let table: Int32
        /// Its place among the table's keys; behind them all for a whole row.
        let constraint: Int
        let hash: UInt64

        static func < (a: Key, b: Key) -> Bool {
            (a.table, a.hash, a.constraint) < (b.table, b.hash, b.constraint)
        }
    }

    private var holders: [Key: Int32] = [:]
    private var held: [Int32: [Key]] = [:]
    /// Whom a waiting transaction waits for.
    private var waitsFor: [Int32: Int32] = [:]
    private let released: LoopSignal
    private let loop: EventLoop

    init(_ loop: EventLoop) {
        self.loop = loop
        released = LoopSignal(loop)
    }

    /// The keys of a table's rows: of each of its unique keys that has a value, or of the whole row
    /// where there is none. Those of row n are `ends[n]..<ends[n + 1]`.
    /// - Parameter areNew: rows that nobody can have seen, which need no lock without a unique key.
    /// - Parameter only: the columns of the keys that count; all of the table's when nil.
    static func keys(
        of table: CatalogObject, _ batch: Batch, areNew: Bool = false, only: [[Int]]? = nil
    ) -> (keys: [Key], ends: [Int]) {
        let whole = batch.columns.map(\.view)
        let unique = table.keys.map { key in key.columns.map { whole[$0] } }
        let counts = table.keys.map { only?.contains($0.columns) ?? true }
        var (keys, ends): ([Key], [Int]) = ([], [0])
        for row in 0..<batch.count {
            for (number, views) in unique.enumerated()
            where counts[number] && !views.contains(where: { $0.isNull(row) }) {
                let hash = hashRow(views, row, seed: rowHashSeed, image: false)
                keys.append(Key(table: table.oid, constraint: number, hash: hash))
            }
            if keys.count == ends[row], !areNew {
                let hash = hashRow(whole, row, seed: rowHashSeed, image: false)
                keys.append(Key(table: table.oid, constraint: unique.count, hash: hash))
            }
            ends.append(keys.count)
        }
        return withExtendedLifetime(batch) { (keys, ends) }
    }

    /// Takes all keys for `owner`, waiting where another has one, for a key at most so long.
    ///
    /// Keys are taken in one order by all, so that no two statements over the same rows wait for each
    /// other.
    /// - Returns: whether it had to wait: what it saw of the rows may be old then.
    /// - Throws: 40P01 when waiting would never end, 57014 when the statement is canceled, 55P03.
    func acquire(
        _ keys: Set<Key>, for owner: Int32, _ cancel: CancelToken, milliseconds: Int64? = nil
    ) async throws(SQLError) -> Bool {
        let blocked = keys.filter { isHeld($0, byAnotherThan: owner) }
        if blocked.isEmpty {
            for key in keys { take(key, owner) }
            return false
        }
        cancel.onCancel { [released] _ in released.notifyAll() }
        for key in keys.sorted() {
            var deadline: MonotonicTime?
            while let other = holders[key], other != owner {
                try cancel.check()
                try checkDeadlock(owner, waitingFor: other)
                if let milliseconds, deadline == nil {
                    let end = MonotonicTime.now.advanced(milliseconds: milliseconds)
                    loop.schedule(at: end) { [released] in released.notifyAll() }
                    deadline = end
                }
                waitsFor[owner] = other
                _ = await released.wait(until: .distantFuture)
                waitsFor[owner] = nil
                try cancel.check()
                if let deadline, holders[key] != nil, MonotonicTime.now >= deadline {
                    throw CancelToken.Reason.lockTimeout.error
                }
            }
            take(key, owner)
        }
        return true
    }

    private func take(_ key: Key, _ owner: Int32) {
        guard holders[key] == nil else { return }
        holders[key] = owner
        held[owner, default: []].append(key)
    }

    func isHeld(_ key: Key, byAnotherThan owner: Int32) -> Bool {
        holders[key].map { $0 != owner } ?? false
    }

    /// Whether nobody but `owner` can have changed these since it took them.
    func hasAll(_ keys: Set<Key>, _ owner: Int32) -> Bool {
        keys.allSatisfy { holders[$0] == owner }
    }

    private func checkDeadlock(_ owner: Int32, waitingFor other: Int32) throws(SQLError) {
        var next: Int32? = other
        while let current = next {
            if current == owner {
                throw SQLError(
                    .deadlockDetected, "deadlock detected",
                    detail: "Process \(owner) waits for process \(other), which waits for it.",
                    hint: "Try the transaction again.")
            }
            next = waitsFor[current]
        }
    }

    /// How many keys `owner` has: for `release`.
    func count(of owner: Int32) -> Int { held[owner]?.count ?? 0 }

    /// Gives back what `owner` has, but for the first `kept` keys that it took.
    func release(_ owner: Int32, keeping kept: Int = 0) {
        guard let keys = held[owner], keys.count > kept else { return }
        for key in keys[kept...] { holders[key] = nil }
        held[owner] = kept == 0 ? nil : Array(keys[..<kept])
        released.notifyAll()
    }
}
