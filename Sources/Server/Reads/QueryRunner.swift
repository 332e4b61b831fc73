import Connectors
import Dataflow
import Planner
import State
import Types

/// Runs a plan once, over what a ticket lets it read.
struct QueryRunner {
    let ticket: ReadTicket
    let catalog: Catalog
    /// What system relations are made from.
    let reading: SystemReading
    let sources: [Int32: any SourceReader]
    /// Rows that the transaction has inserted and not committed.
    let overlay: [TableChange]
    let indexes: IndexRegistry
    let cancel: CancelToken
    let memory: MemoryGrant
    /// So many bytes go through a circuit before it is asked what it holds.
    private static let bytesBetweenCounts = 4 << 20
    /// Rows of a result that are kept in memory; more is 53200.
    static let maximumResultRows = 20_000_000

    /// The result's rows, in order where the plan asks for one.
    func run(_ plan: LogicalPlan) throws(SQLError) -> [Batch] {
        let lowered = try Lowering.lower(plan, forView: false) { catalog.indexes(of: $0) }
        let collect = CollectOperator(maximumRows: QueryRunner.maximumResultRows)
        let circuit = lowered.circuit
        _ = circuit.add("collect", collect, inputs: [lowered.output])
        watch(circuit)
        circuit.prepare()
        for constant in lowered.constants {
            try circuit.push(constant.batch, into: constant.node)
        }
        for scan in lowered.scans where circuit.wants(scan.node) { try feed(scan, into: circuit) }
        try circuit.finish()
        try memory.set(collect.heldBytes)
        return collect.batches
    }

    /// Ends the run when it is canceled or holds too much.
    private func watch(_ circuit: Circuit) {
        var bytes = 0
        circuit.interruption = { [unowned circuit, cancel, memory] batch throws(SQLError) in
            try cancel.check()
            bytes += batch.byteCount
            if bytes < QueryRunner.bytesBetweenCounts { return }
            bytes = 0
            try memory.set(circuit.heldBytes + batch.byteCount)
        }
    }

    private func feed(_ scan: ScanInput, into circuit: Circuit) throws(SQLError) {
        if let rows = scan.relation.systemRows {
            let batch = Batch(rows: rows(reading), types: scan.relation.types)
            return try circuit.push(batch.projected(scan.columns), into: scan.node)
        }
        if let reader = sources[scan.relation.oid] { return try feed(scan, reader, into: circuit) }
        guard let snapshot = ticket.snapshots[scan.relation.oid] else {
            throw SQLError(.undefinedTable, "relation \"\(scan.relation.name)\" does not exist")
        }
        let own = overlay.filter { $0.table == scan.relation.oid }.map(\.batch)
        if let found = lookUp(scan, snapshot) {
            let batches = [found] + own
            let net =
                own.isEmpty
                ? found
                : Batch.concatenated(batches, types: scan.relation.types).consolidated()
            return try circuit.push(
                own.isEmpty ? net : net.projected(scan.columns), into: scan.node)
        }
        if own.contains(where: { $0.weights != nil }) {
            return try circuit.push(try merged(snapshot, own, scan), into: scan.node)
        }
        for page in 0..<snapshot.pageCount where circuit.wants(scan.node) {
            try cancel.check()
            try circuit.push(
                snapshot.scan(page: page, at: ticket.epoch, columns: scan.columns), into: scan.node)
        }
        for batch in own { try circuit.push(batch.projected(scan.columns), into: scan.node) }
    }

    /// The rows that the scan's index finds: the wanted columns, or all of them when the transaction's
    /// own changes have to be put on top.
    private func lookUp(_ scan: ScanInput, _ snapshot: RowStore.Snapshot) -> Batch? {
        guard let access = scan.access else { return nil }
        let hasOwn = overlay.contains { $0.table == scan.relation.oid }
        let all = Array(scan.relation.columns.indices)
        return indexes.index(scan.relation.oid, access.columns).rows(
            in: snapshot, at: ticket.epoch, ranges: access.ranges,
            columns: hasOwn ? all : scan.columns)
    }

    /// The table as the transaction sees it, when it has taken rows away: no weight is negative.
    private func merged(_ snapshot: RowStore.Snapshot, _ own: [Batch], _ scan: ScanInput)
        throws(SQLError) -> Batch
    {
        let all = Array(scan.relation.columns.indices)
        var batches: [Batch] = []
        for page in 0..<snapshot.pageCount {
            try cancel.check()
            batches.append(snapshot.scan(page: page, at: ticket.epoch, columns: all))
        }
        let net = Batch.concatenated(batches + own, types: scan.relation.types).consolidated()
        return net.projected(scan.columns)
    }

    private func feed(_ scan: ScanInput, _ reader: any SourceReader, into circuit: Circuit)
        throws(SQLError)
    {
        for split in reader.splits {
            let start = reader.start(of: split)
            let end = ticket.positions[split] ?? start
            for piece in SourceRegistry.pieces(reader, split, from: start, to: end) {
                guard circuit.wants(scan.node) else { return }
                try cancel.check()
                let part = SourceRegistry.Part(
                    source: scan.relation.oid, split: split, columns: scan.columns,
                    from: piece.lowerBound, to: piece.upperBound)
                try circuit.push(try part.read(reader).batch, into: scan.node)
            }
        }
    }
}
