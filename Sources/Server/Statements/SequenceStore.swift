import Planner
import Platform
import State
import Synchronization
import Types

/// The values of all sequences. Some are reserved ahead in the metadata store, so that a crash skips
/// values and never gives one twice. Safe from any thread.
final class SequenceStore: Sendable {
    fileprivate struct State {
        /// The value to give next; nil behind the last one.
        var next: Int64?
        /// How many may be given once the log is durable up to `end`.
        var reserved = 0
        var end: Int64 = 0
    }

    private let metadata: MetadataStore
    private let log: DurableLog
    private let committer: GroupCommitter
    private let states = Mutex<[Int32: State]>([:])
    /// As PostgreSQL's SEQ_LOG_VALS.
    private static let ahead = 32
    private static let prefix = "sequence/"
    /// Stored for a sequence that has given its last value.
    private static let ended = "ended"

    init(_ metadata: MetadataStore, log: DurableLog, _ committer: GroupCommitter) {
        self.metadata = metadata
        self.log = log
        self.committer = committer
    }

    private func state(_ sequence: CatalogObject) -> State {
        let stored = metadata.value(SequenceStore.prefix + String(sequence.oid)).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let stored else { return State(next: SequenceDefinition(of: sequence).start) }
        return State(next: stored == SequenceStore.ended ? nil : Int64(stored))
    }

    /// The next value. - Throws: 2200H behind the last one.
    func next(_ sequence: CatalogObject) throws(SQLError) -> Int64 {
        let definition = SequenceDefinition(of: sequence)
        let (value, end) = states.withLock { states -> (Int64?, Int64) in
            var state = states[sequence.oid] ?? self.state(sequence)
            if state.next == nil, definition.cycles {
                state = State(next: definition.beginning)
            }
            guard let value = state.next else { return (nil, 0) }
            if state.reserved == 0 {
                var behind: Int64? = value
                while state.reserved < SequenceStore.ahead, let each = behind {
                    behind = definition.next(each)
                    state.reserved += 1
                }
                state.end = write(sequence.oid, behind)
            }
            state.next = definition.next(value)
            state.reserved -= 1
            states[sequence.oid] = state
            // Whoever made the reservation: a value is given when it is on disk.
            return (value, state.end)
        }
        guard let value else {
            let isDescending = definition.increment < 0
            throw SQLError(
                .sequenceLimitExceeded,
                "nextval: reached \(isDescending ? "minimum" : "maximum") value of sequence "
                    + "\"\(sequence.name)\" "
                    + "(\(isDescending ? definition.minimum : definition.maximum))")
        }
        if log.durableEnd < end { waitUntilDurable(end) }
        return value
    }

    /// Makes `value` the last one given, or the next one when not `isCalled`.
    func set(_ sequence: CatalogObject, _ value: Int64, isCalled: Bool) throws(SQLError) {
        let next = isCalled ? SequenceDefinition(of: sequence).next(value) : value
        let end = states.withLock { states in
            let end = write(sequence.oid, next)
            states[sequence.oid] = State(next: next, end: end)
            return end
        }
        waitUntilDurable(end)
    }

    /// A sequence that a transaction has begun anew, and what it was before.
    struct Restart {
        let sequence: Int32
        fileprivate let before: State?
    }

    /// Begins anew, until the transaction ends in memory only: `keep` or `undo` follows.
    func restart(_ sequence: CatalogObject) -> Restart {
        states.withLock { states in
            let restart = Restart(sequence: sequence.oid, before: states[sequence.oid])
            let start = SequenceDefinition(of: sequence).start
            // Nothing is reserved: a crash takes the transaction back, and this with it.
            states[sequence.oid] = State(next: start, reserved: Int.max)
            return restart
        }
    }

    /// The transaction has been committed.
    func keep(_ restart: Restart) {
        let end = states.withLock { states -> Int64 in
            guard let state = states[restart.sequence] else { return 0 }
            let end = write(restart.sequence, state.next)
            states[restart.sequence] = State(next: state.next, end: end)
            return end
        }
        if end > 0 { waitUntilDurable(end) }
    }

    /// The transaction, or the part of it, has been rolled back.
    func undo(_ restart: Restart) {
        states.withLock { $0[restart.sequence] = restart.before }
    }

    /// Goes on behind the last value given as the sequence is now, which was `old` until now.
    func redefine(_ old: CatalogObject, _ new: CatalogObject) throws(SQLError) {
        let (before, after) = (SequenceDefinition(of: old), SequenceDefinition(of: new))
        let next = states.withLock { $0[old.oid] ?? state(old) }.next
        if next == before.start, metadata.value(SequenceStore.prefix + String(old.oid)) == nil {
            return
        }
        let given = next.map { $0.subtractingReportingOverflow(before.increment) }
        let last =
            given.map(\.partialValue) ?? (before.increment > 0 ? before.maximum : before.minimum)
        let isWithin = last >= after.minimum && last <= after.maximum
        guard isWithin || next.map({ $0 >= after.minimum && $0 <= after.maximum }) == true else {
            throw SQLError(
                .invalidParameterValue,
                last > after.maximum
                    ? "RESTART value (\(last)) cannot be greater than MAXVALUE (\(after.maximum))"
                    : "RESTART value (\(last)) cannot be less than MINVALUE (\(after.minimum))")
        }
        if isWithin {
            try set(new, last, isCalled: true)
        } else if let next {
            try set(new, next, isCalled: false)
        }
    }

    func remove(_ oid: Int32) {
        states.withLock { states in
            states[oid] = nil
            _ = metadata.write([(SequenceStore.prefix + String(oid), nil)])
        }
    }

    private func write(_ oid: Int32, _ next: Int64?) -> Int64 {
        let text = next.map { String($0) } ?? SequenceStore.ended
        return metadata.write([(SequenceStore.prefix + String(oid), Array(text.utf8))])
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

    func next(_ sequence: CatalogObject) throws(SQLError) -> Int64 {
        let value = try store.next(sequence)
        given.withLock { given in
            given.values[sequence.oid] = value
            given.last = value
        }
        return value
    }

    func current(_ sequence: Int32) -> Int64? { given.withLock { $0.values[sequence] } }

    var last: Int64? { given.withLock { $0.last } }

    /// DISCARD SEQUENCES: nothing has been drawn.
    func forget() { given.withLock { $0 = Given() } }

    func set(_ sequence: CatalogObject, _ value: Int64, isCalled: Bool) throws(SQLError) {
        try store.set(sequence, value, isCalled: isCalled)
        if isCalled { given.withLock { $0.values[sequence.oid] = value } }
    }
}
