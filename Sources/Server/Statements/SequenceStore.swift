import Planner
import Platform
import State
import Synchronization
import Types

/// The values of all sequences. Some are reserved ahead in the metadata store, so that a crash skips
/// values and never gives one twice. Safe from any thread.
final class SequenceStore: Sendable {
    private struct State {
        var next: Int64
        /// Values below this are safe to give once the log is durable up to `end`.
        var reserved: Int64
        var end: Int64 = 0
    }

    private let metadata: MetadataStore
    private let log: DurableLog
    private let committer: GroupCommitter
    private let states = Mutex<[Int32: State]>([:])
    /// As PostgreSQL's SEQ_LOG_VALS.
    private static let ahead: Int64 = 32
    private static let prefix = "sequence/"

    init(_ metadata: MetadataStore, log: DurableLog, _ committer: GroupCommitter) {
        self.metadata = metadata
        self.log = log
        self.committer = committer
    }

    private func state(_ oid: Int32) -> State {
        let stored = metadata.value(SequenceStore.prefix + String(oid)).flatMap {
            Int64(String(decoding: $0, as: UTF8.self))
        }
        return State(next: stored ?? 1, reserved: stored ?? 1)
    }

    /// The next value. - Throws: 2200H at the end of the range.
    func next(_ oid: Int32) throws(SQLError) -> Int64 {
        let (value, end) = states.withLock { states -> (Int64?, Int64) in
            var state = states[oid] ?? self.state(oid)
            let (after, overflow) = state.next.addingReportingOverflow(1)
            if overflow { return (nil, 0) }
            let value = state.next
            state.next = after
            if value >= state.reserved {
                state.reserved = value.addingReportingOverflow(SequenceStore.ahead).partialValue
                state.end = write(oid, state.reserved)
            }
            states[oid] = state
            // Whoever made the reservation: a value is given when it is on disk.
            return (value, state.end)
        }
        guard let value else {
            throw SQLError(
                .sequenceLimitExceeded,
                "nextval: reached maximum value of sequence (9223372036854775807)")
        }
        if log.durableEnd < end { waitUntilDurable(end) }
        return value
    }

    /// Makes `value` the last one given, or the next one when not `isCalled`.
    func set(_ oid: Int32, _ value: Int64, isCalled: Bool) throws(SQLError) {
        let next = isCalled ? value.addingReportingOverflow(1).partialValue : value
        let end = states.withLock { states in
            let end = write(oid, next)
            states[oid] = State(next: next, reserved: next, end: end)
            return end
        }
        waitUntilDurable(end)
    }

    func remove(_ oid: Int32) {
        states.withLock { states in
            states[oid] = nil
            _ = metadata.write([(SequenceStore.prefix + String(oid), nil)])
        }
    }

    private func write(_ oid: Int32, _ value: Int64) -> Int64 {
        metadata.write([(SequenceStore.prefix + String(oid), Array(String(value).utf8))])
    }

    private func waitUntilDurable(_ end: Int64) {
        let done = Mailbox<Void>()
        log.whenDurable(end) { done.post(()) }
        committer.wake()
        _ = done.take(until: .distantFuture)
    }
}

/// One session's view of the sequences: it remembers what it was given.
final class SessionSequences: SequenceSource {
    private let store: SequenceStore
    private struct Given {
        var values: [Int32: Int64] = [:]
        var last: Int64?
    }

    private let given = Mutex(Given())

    init(_ store: SequenceStore) { self.store = store }

    func next(_ sequence: Int32) throws(SQLError) -> Int64 {
        let value = try store.next(sequence)
        given.withLock { given in
            given.values[sequence] = value
            given.last = value
        }
        return value
    }

    func current(_ sequence: Int32) -> Int64? { given.withLock { $0.values[sequence] } }

    var last: Int64? { given.withLock { $0.last } }

    func set(_ sequence: Int32, _ value: Int64, isCalled: Bool) throws(SQLError) {
        try store.set(sequence, value, isCalled: isCalled)
        if isCalled { given.withLock { $0.values[sequence] = value } }
    }
}
