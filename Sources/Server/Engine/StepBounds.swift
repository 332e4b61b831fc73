import Dataflow
import Platform
import Synchronization
import Types

/// What the steps of one view may take: time, memory, and the view's own life.
/// See docs/design/0012-steps-that-end.md.
final class StepBounds: Sendable {
    struct Limits: Sendable {
        /// Of one step, or of one slice while the view catches up.
        var milliseconds: Int64
        /// What the view's operators may hold, with what waits in them for the end of a step.
        var bytes: Int
    }

    private let limits: Limits
    /// Nanoseconds of `MonotonicTime`.
    private let deadline = Atomic<Int64>(Int64.max)
    /// Canceled when the server stops; a step has a little time left then.
    private let stop: CancelToken
    private let end = Atomic<Int64>(Int64.max)
    private static let millisecondsWhenStopping: Int64 = 3000
    /// Of all shards, as each of them said last.
    private let held = Atomic<Int>(0)
    /// Canceled when the view has been dropped.
    let dropped = CancelToken()
    /// So many bytes go through a shard before time and memory are looked at.
    private static let bytesBetweenLooks = 4 << 20

    init(_ limits: Limits, stop: CancelToken) {
        self.limits = limits
        self.stop = stop
    }

    /// A step begins, or a slice of one.
    func begin() {
        let end = MonotonicTime.now.advanced(milliseconds: limits.milliseconds)
        deadline.store(end.nanoseconds, ordering: .relaxed)
    }

    /// What a shard's circuit is to ask before each chunk is handed on; with tokens that end the step too.
    func question(for circuit: Circuit, _ tokens: [CancelToken])
        -> (Batch) throws(SQLError) -> Void
    {
        var (passed, counted) = (0, 0)
        return { [unowned circuit, self] batch throws(SQLError) in
            try dropped.check()
            for token in tokens { try token.check() }
            passed += batch.byteCount
            if passed < StepBounds.bytesBetweenLooks { return }
            passed = 0
            try checkTime()
            let bytes = circuit.heldBytes + batch.byteCount
            let total = held.add(bytes - counted, ordering: .relaxed).newValue
            counted = bytes
            try check(total)
        }
    }

    private func checkTime() throws(SQLError) {
        let now = MonotonicTime.now
        if stop.isCanceled {
            let last = now.advanced(milliseconds: StepBounds.millisecondsWhenStopping).nanoseconds
            let (isFirst, since) = end.compareExchange(
                expected: Int64.max, desired: last, ordering: .relaxed)
            if !isFirst, now.nanoseconds > since {
                throw SQLError(.adminShutdown, "the server is stopping")
            }
        }
        guard now.nanoseconds > deadline.load(ordering: .relaxed) else { return }
        throw SQLError(
            .queryCanceled,
            "a step of the view took longer than \(limits.milliseconds / 1000) s",
            hint: "Narrow its joins, or start the server with more --view-step-seconds.")
    }

    private func check(_ bytes: Int) throws(SQLError) {
        guard bytes > limits.bytes else { return }
        throw SQLError(
            .outOfMemory, "the view needs more than \(limits.bytes) bytes",
            hint: "Narrow its joins, or start the server with more --view-memory-bytes.")
    }
}
