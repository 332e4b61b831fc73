import Synchronization
import Types

/// The memory that queries may hold together. See docs/design/0011-query-memory.md.
final class MemoryBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    /// - Parameter limit: bytes.
    init(limit: Int) { self.limit = limit }

    /// The part of one query; empty at first.
    func grant() -> MemoryGrant { MemoryGrant(self) }

    /// - Returns: false, and nothing is taken, when there is less.
    fileprivate func take(_ bytes: Int) -> Bool {
        var current = used.load(ordering: .relaxed)
        while bytes <= 0 || current + bytes <= limit {
            let (exchanged, found) = used.compareExchange(
                expected: current, desired: current + bytes, ordering: .relaxed)
            if exchanged { return true }
            current = found
        }
        return false
    }

    fileprivate var error: SQLError {
        SQLError(
            .outOfMemory, "the query needs more memory than there is for queries",
            detail: "All queries together may hold \(limit) bytes.",
            hint: "Ask for less at a time, or start the server with more --query-memory-bytes.")
    }
}

/// What one query holds of the budget, given back when nobody has its rows any more.
final class MemoryGrant: Sendable {
    private let budget: MemoryBudget
    private let held = Atomic<Int>(0)

    fileprivate init(_ budget: MemoryBudget) { self.budget = budget }

    deinit { _ = budget.take(-held.load(ordering: .relaxed)) }

    /// The query holds so many bytes now; one thread at a time. - Throws: 53200.
    func set(_ bytes: Int) throws(SQLError) {
        guard budget.take(bytes - held.load(ordering: .relaxed)) else { throw budget.error }
        held.store(bytes, ordering: .relaxed)
    }
}
