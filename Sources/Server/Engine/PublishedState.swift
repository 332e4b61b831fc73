import State
import Synchronization
import Types

/// What readers on other threads may know of the engine: how far everything is complete.
final class PublishedState: Sendable {
    private struct Contents {
        var epoch = Epoch.zero
        var positions: [String: Int64] = [:]
        var stores: [Int32: RowStore] = [:]
        /// Relations that are not complete through `epoch`.
        var notReadable: Set<Int32> = []
        var holds: [UInt32: Int] = [:]
        /// What ends the step of each view.
        var dropped: [Int32: CancelToken] = [:]
    }

    private let contents = Mutex(Contents())

    /// Moves the read epoch forward.
    func publish(_ epoch: Epoch, positions: [String: Int64]) {
        contents.withLock { contents in
            contents.epoch = epoch
            contents.positions = positions
        }
    }

    func setStore(_ store: RowStore?, for relation: Int32) {
        contents.withLock { $0.stores[relation] = store }
    }

    func setReadable(_ isReadable: Bool, _ relation: Int32) {
        contents.withLock { contents in
            if isReadable {
                contents.notReadable.remove(relation)
            } else {
                contents.notReadable.insert(relation)
            }
        }
    }

    func setDropped(_ token: CancelToken?, for view: Int32) {
        contents.withLock { $0.dropped[view] = token }
    }

    /// Ends the steps of views that the catalog no longer has, one that is under way included.
    func endSteps(of views: [Int32]) {
        let tokens = contents.withLock { contents in views.compactMap { contents.dropped[$0] } }
        for token in tokens { token.cancel(.request) }
    }

    /// About how many rows a relation holds, dead versions included.
    func rowCount(of relation: Int32) -> Int? {
        contents.withLock { $0.stores[relation] }?.snapshot().rowCount
    }

    var epoch: Epoch { contents.withLock { $0.epoch } }

    /// The oldest epoch that anybody still reads.
    var oldestHeld: Epoch {
        contents.withLock { contents in
            contents.holds.keys.min().map { min(Epoch($0), contents.epoch) } ?? contents.epoch
        }
    }

    /// A consistent view of these relations at the newest epoch; nil while one of them is catching up.
    func ticket(_ relations: [Int32]) -> ReadTicket? {
        contents.withLock { contents in
            if relations.contains(where: { contents.notReadable.contains($0) }) { return nil }
            contents.holds[contents.epoch.number, default: 0] += 1
            var snapshots: [Int32: RowStore.Snapshot] = [:]
            for relation in relations {
                snapshots[relation] = contents.stores[relation]?.snapshot()
            }
            return ReadTicket(
                owner: self, epoch: contents.epoch, positions: contents.positions,
                snapshots: snapshots)
        }
    }

    /// A view of all that can be read at the newest epoch.
    func ticketOfAll() -> ReadTicket {
        contents.withLock { contents in
            contents.holds[contents.epoch.number, default: 0] += 1
            let readable = contents.stores.filter { !contents.notReadable.contains($0.key) }
            return ReadTicket(
                owner: self, epoch: contents.epoch, positions: contents.positions,
                snapshots: readable.mapValues { $0.snapshot() })
        }
    }

    /// Whether a relation keeps its rows.
    func hasStore(_ relation: Int32) -> Bool {
        contents.withLock { $0.stores[relation] != nil }
    }

    fileprivate func release(_ epoch: Epoch) {
        contents.withLock { contents in
            let left = (contents.holds[epoch.number] ?? 1) - 1
            contents.holds[epoch.number] = left > 0 ? left : nil
        }
    }
}

/// The right to read at one epoch; what it needs is kept until the ticket is gone.
final class ReadTicket: Sendable {
    private let owner: PublishedState
    let epoch: Epoch
    /// How far each split is part of the epoch.
    let positions: [String: Int64]
    let snapshots: [Int32: RowStore.Snapshot]

    init(
        owner: PublishedState, epoch: Epoch, positions: [String: Int64],
        snapshots: [Int32: RowStore.Snapshot]
    ) {
        self.owner = owner
        self.epoch = epoch
        self.positions = positions
        self.snapshots = snapshots
    }

    deinit { owner.release(epoch) }
}
