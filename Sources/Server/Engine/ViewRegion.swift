import Connectors
import Dataflow
import Platform
import Planner
import State
import Types

extension WorkerGang: ShardExecutor {}

/// The operators of one materialized view, stepped together, with a frontier of their own.
///
/// A step leads from the frontier to a later epoch, however far away; it is a list of chunks that can
/// be worked off in slices. Views share only versioned things (row stores, logs), so that a slow one
/// holds up nobody. Engine's thread only.
final class ViewRegion {
    enum State { case backfilling, live, failed(SQLError) }

    /// Where a step's input chunks come from.
    private enum WorkItem {
        case changes(node: Int, columns: [Int], [Batch])
        case page(node: Int, columns: [Int], RowStore.Snapshot, number: Int, Epoch)
        case split(SourceRegistry.Part, node: Int)
        case constant(node: Int, Batch)
    }

    /// Its names may change, nothing else.
    var object: CatalogObject
    /// Where its inputs go in; the same nodes in every shard.
    let plan: LoweredPlan
    let circuit: ShardedCircuit
    let store: RowStore
    let materialize: MaterializeOperator
    let bounds: StepBounds
    /// What its state is written for: another number for another plan, or other operators.
    let layout: Int64
    private(set) var frontier = Epoch.zero
    /// How far each (source, split) has been read.
    private(set) var positions: [String: Int64] = [:]
    var state = State.backfilling
    private var work: [WorkItem] = []
    private var nextWork = 0
    /// Chunks on their way, by their place in `work`.
    private var ahead: [Int: DecodeAhead] = [:]
    private var target: Epoch?
    /// Whether a step has ended since the process began.
    private var hasStepped = false

    /// - Parameter stop: canceled when the server stops: no view goes on catching up then.
    /// - Parameter cancel: ends the view while it catches up.
    init(
        _ object: CatalogObject, _ plan: LogicalPlan, workers: WorkerGang,
        limits: StepBounds.Limits, stop: CancelToken, cancel: CancelToken?
    ) throws(SQLError) {
        self.object = object
        bounds = StepBounds(limits, stop: stop)
        let shards = workers.threads
        var copies: [LoweredPlan] = []
        for shard in 0..<shards {
            copies.append(try Lowering.lower(plan, forView: true, shard: shard, of: shards))
        }
        let lowered = copies[0]
        self.plan = lowered
        circuit = ShardedCircuit(copies.map(\.circuit), executor: workers)
        store = RowStore(types: object.types, isIndexed: !plan.isAppendOnly)
        materialize = MaterializeOperator(store: store)
        let net = lowered.circuit.add(
            "consolidate", ConsolidateOperator(object.types), inputs: [lowered.output])
        _ = lowered.circuit.add("materialize", materialize, inputs: [net])
        let names = circuit.traces.map(\.name).sorted().joined(separator: ",")
        layout = ViewRegion.number(of: "\(ViewRegion.answers) " + plan.layout + names)
        let tokens = [stop] + (cancel.map { [$0] } ?? [])
        circuit.setInterruption { bounds.question(for: $0, tokens) }
    }

    /// One more with every build in which a function gives another answer than before: a row that went in with
    /// the old one would come out as another.
    private static let answers = 2

    /// FNV-1a: the same in every process.
    private static func number(of text: String) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }

    /// The epoch at which it had caught up: from then on it can be read.
    var liveSince = Epoch.zero

    var hasFailed: Bool { if case .failed = state { true } else { false } }

    var isLive: Bool { if case .live = state { true } else { false } }

    var isBackfilling: Bool { if case .backfilling = state { true } else { false } }

    var isStepping: Bool { target != nil }

    /// The epoch that must stay readable in what this view reads.
    var needs: Epoch { target.map { min($0, frontier == .zero ? $0 : frontier) } ?? frontier }

    /// Plans the step to `epoch`; `inputs` finds the stores of relations that are read.
    func begin(
        to epoch: Epoch, positions ends: [String: Int64], sources: SourceRegistry,
        inputs: (Int32) -> RowStore?
    ) {
        target = epoch
        work = []
        nextWork = 0
        let isFirst = frontier == .zero
        if isFirst { work += plan.constants.map { .constant(node: $0.node, $0.batch) } }
        for scan in plan.scans {
            if let entry = sources.entries[scan.relation.oid], !entry.object.isFed {
                for split in entry.reader.splits {
                    let key = "\(scan.relation.oid)/\(split)/\(scan.node)"
                    let from = positions[key] ?? entry.reader.start(of: split)
                    let to = max(ends[split] ?? from, from)
                    positions[key] = to
                    for piece in SourceRegistry.pieces(entry.reader, split, from: from, to: to) {
                        let part = SourceRegistry.Part(
                            source: scan.relation.oid, split: split, columns: scan.columns,
                            from: piece.lowerBound, to: piece.upperBound)
                        work.append(.split(part, node: scan.node))
                    }
                }
            } else if let input = inputs(scan.relation.oid) {
                if isFirst {
                    let snapshot = input.snapshot()
                    for number in 0..<snapshot.pageCount {
                        work.append(
                            .page(
                                node: scan.node, columns: scan.columns, snapshot, number: number,
                                epoch))
                    }
                } else {
                    let batches = input.changes(after: frontier, through: epoch)
                    if !batches.isEmpty {
                        work.append(.changes(node: scan.node, columns: scan.columns, batches))
                    }
                }
            }
        }
        materialize.epoch = epoch
    }

    /// Works until the step is done or `deadline` has passed. - Returns: whether it is done.
    func run(until deadline: MonotonicTime, sources: SourceRegistry) throws(SQLError) -> Bool {
        guard let target else { return true }
        bounds.begin()
        while nextWork < work.count {
            // One chunk for each shard.
            let end = min(nextWork + circuit.shards.count, work.count)
            lookAhead(from: nextWork, sources)
            var round: [(node: Int, batch: Batch)] = []
            for index in nextWork..<end { try load(index, into: &round, sources) }
            lookAhead(from: end, sources)
            nextWork = end
            try circuit.push(round)
            if MonotonicTime.now >= deadline, nextWork < work.count { return false }
        }
        // Where nothing came, operators have nothing to say; only the first step may speak of nothing.
        if !work.isEmpty || !hasStepped {
            try circuit.finish()
            store.publish()
            hasStepped = true
        }
        work = []
        ahead = [:]
        frontier = target
        self.target = nil
        return true
    }

    /// Starts to decode what comes next on other threads; a single chunk is not worth it.
    private func lookAhead(from first: Int, _ sources: SourceRegistry) {
        guard work.count > 1 else { return }
        for index in first..<min(first + circuit.shards.count, work.count)
        where ahead[index] == nil {
            guard case .split(let part, _) = work[index] else { continue }
            ahead[index] = sources.ahead(part, isShared: isLive)
        }
    }

    private func load(
        _ index: Int, into round: inout [(node: Int, batch: Batch)], _ sources: SourceRegistry
    ) throws(SQLError) {
        switch work[index] {
        case .constant(let node, let batch): round.append((node, batch))
        case .changes(let node, let columns, let batches):
            round += batches.map { (node, $0.projected(columns)) }
        case .page(let node, let columns, let snapshot, let number, let epoch):
            round.append((node, snapshot.scan(page: number, at: epoch, columns: columns)))
        case .split(let part, let node):
            let waiting = ahead.removeValue(forKey: index)
            let batch = try sources.take(part, waiting, isShared: isLive)
            round.append((node, batch))
        }
    }

    /// It has caught up, and is stepped with every epoch from now on.
    func goLive() {
        state = .live
        liveSince = frontier
        circuit.setInterruption { bounds.question(for: $0, []) }
    }

    /// Takes the state of a checkpoint.
    func restored(frontier: Epoch, positions: [String: Int64]) {
        self.frontier = frontier
        self.positions = positions
        materialize.epoch = frontier
        goLive()
        store.publish()
    }
}
