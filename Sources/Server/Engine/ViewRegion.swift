import Connectors
import Dataflow
import Platform
import Planner
import State
import Types

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
        case split(node: Int, source: Int32, columns: [Int], String, from: Int64, to: Int64)
        case constant(node: Int, Batch)
    }

    let object: CatalogObject
    let plan: LoweredPlan
    let store: RowStore
    let materialize: MaterializeOperator
    private(set) var frontier = Epoch.zero
    /// How far each (source, split) has been read.
    private(set) var positions: [String: Int64] = [:]
    var state = State.backfilling
    /// Answered when the view becomes live.
    var waiting: [EngineReply<Void>] = []
    private var work: [WorkItem] = []
    private var nextWork = 0
    /// The next chunk of the split that is being read, on its way.
    private var ahead: DecodeAhead?
    private var target: Epoch?
    private static let chunkRows = 16384

    init(_ object: CatalogObject, _ plan: LogicalPlan) throws(SQLError) {
        self.object = object
        let lowered = try Lowering.lower(plan, forView: true)
        self.plan = lowered
        store = RowStore(types: object.types, isIndexed: !plan.isAppendOnly)
        materialize = MaterializeOperator(store: store)
        let net = lowered.circuit.add(
            "consolidate", ConsolidateOperator(object.types), inputs: [lowered.output])
        _ = lowered.circuit.add("materialize", materialize, inputs: [net])
    }

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
            if let entry = sources.entries[scan.relation.oid] {
                for split in entry.reader.splits {
                    let key = "\(scan.relation.oid)/\(split)/\(scan.node)"
                    let from = positions[key] ?? entry.reader.start(of: split)
                    let to = max(ends[split] ?? from, from)
                    positions[key] = to
                    if from < to {
                        work.append(
                            .split(
                                node: scan.node, source: scan.relation.oid, columns: scan.columns,
                                split,
                                from: from, to: to))
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
        while nextWork < work.count {
            let isShared = isLive
            switch work[nextWork] {
            case .constant(let node, let batch): try plan.circuit.push(batch, into: node)
            case .changes(let node, let columns, let batches):
                for batch in batches { try plan.circuit.push(batch.projected(columns), into: node) }
            case .page(let node, let columns, let snapshot, let number, let epoch):
                try plan.circuit.push(
                    snapshot.scan(page: number, at: epoch, columns: columns), into: node)
            case .split(let node, let source, let columns, let split, let from, let to):
                let chunk: SourceChunk
                if isShared {
                    chunk = try sources.shared(
                        source, split, from: from, to: to, columns: columns,
                        rows: ViewRegion.chunkRows)
                } else {
                    if let waiting = ahead, waiting.from == from {
                        chunk = try sources.take(waiting, source, split)
                    } else {
                        chunk = try sources.alone(
                            source, split, from: from, to: to, columns: columns,
                            rows: ViewRegion.chunkRows)
                    }
                    ahead = sources.ahead(
                        source, split, from: chunk.next, to: to, columns: columns,
                        rows: ViewRegion.chunkRows)
                }
                try plan.circuit.push(chunk.batch, into: node)
                if chunk.next < to {
                    work[nextWork] = .split(
                        node: node, source: source, columns: columns, split, from: chunk.next,
                        to: to)
                    nextWork -= 1
                }
            }
            nextWork += 1
            if MonotonicTime.now >= deadline, nextWork < work.count { return false }
        }
        try plan.circuit.finish()
        work = []
        ahead = nil
        frontier = target
        self.target = nil
        store.publish()
        return true
    }

    /// Takes the state of a checkpoint.
    func restored(frontier: Epoch, positions: [String: Int64]) {
        self.frontier = frontier
        self.positions = positions
        materialize.epoch = frontier
        state = .live
        store.publish()
    }

    /// Whether anything that it reads has changed behind its frontier.
    func hasWork(positions ends: [String: Int64], sources: SourceRegistry) -> Bool {
        frontier == .zero
    }
}
