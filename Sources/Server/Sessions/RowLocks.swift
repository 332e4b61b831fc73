import Platform
import Types

/// Which transaction may change which rows; the others wait for its end, as in PostgreSQL under READ
/// COMMITTED. A row is known by the hash of its key: two keys of one hash share a lock, which costs a
/// wait and nothing else. Loop's thread only.
final class RowLocks: @unchecked Sendable {
    // Confined to the loop's thread.

    /// A row of a table.
    struct Key: Hashable {
        let table: Int32
        let hash: UInt64
    }

    private var holders: [Key: Int32] = [:]
    private var held: [Int32: [Key]] = [:]
    /// Whom a waiting transaction waits for.
    private var waitsFor: [Int32: Int32] = [:]
    private let released: LoopSignal

    init(_ loop: EventLoop) { released = LoopSignal(loop) }

    /// Takes all keys for `owner`, waiting where another has one.
    /// - Returns: whether it had to wait: what it saw of the rows may be old then.
    /// - Throws: 40P01 when waiting would never end, 57014 when the statement is cancelled.
    func acquire(_ keys: Set<Key>, for owner: Int32, _ cancel: CancelToken) async throws(SQLError)
        -> Bool
    {
        var hasWaited = false
        for key in keys {
            while let other = holders[key], other != owner {
                try checkDeadlock(owner, waitingFor: other)
                waitsFor[owner] = other
                hasWaited = true
                _ = await released.wait(until: .distantFuture)
                waitsFor[owner] = nil
                try cancel.check()
            }
            if holders[key] == nil {
                holders[key] = owner
                held[owner, default: []].append(key)
            }
        }
        return hasWaited
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

    /// Gives back everything that `owner` has.
    func release(_ owner: Int32) {
        guard let keys = held.removeValue(forKey: owner) else { return }
        for key in keys { holders[key] = nil }
        released.notifyAll()
    }

    /// Lets waiting statements look whether they have been cancelled.
    func wake() { released.notifyAll() }
}
