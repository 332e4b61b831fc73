package import Types

/// One node of a circuit: takes changes, gives changes.
///
/// In a step, chunks arrive by `receive` in any order and cut anyhow; then `finish` is called once,
/// after the operators before it have finished. Linear operators emit in `receive`; those with a
/// threshold (aggregates, distinct, the padded side of outer joins) only update there and emit in
/// `finish` from the net change per key, so that the order within a step never shows.
package protocol Operator: AnyObject {
    func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError)
    func finish(out: Output) throws(SQLError)
}

extension Operator {
    package func finish(out: Output) throws(SQLError) {}
}

/// What an operator remembers between steps, for checkpoints.
package protocol Checkpointable: AnyObject {
    /// How runs of this state add up to the whole.
    var traceKind: TraceKind { get }
    /// The columns of captured rows whose SQL-equality hash says which shard owns a row; nil when
    /// the first shard owns all.
    var partitionColumns: [Int]? { get }
    /// The change since the last capture; at a step's end only. Batches are immutable, so that a
    /// background thread can write them.
    func capture() -> [Batch]
    /// Adds the rows of one run; runs come oldest first, before any step.
    func restore(_ rows: [Batch]) throws(SQLError)
    /// An estimate of the memory held.
    var byteCount: Int { get }
}

/// How runs of a trace add up.
package enum TraceKind: Hashable, Sendable {
    /// Weights of equal rows add up.
    case sum
    /// The newest row of a key wins; keys are the first columns.
    case newest(keyColumns: Int)
}

/// A row that left the dataflow because an expression failed on it.
package struct FailedRows: Sendable {
    package let rows: Batch
    package let errors: [SQLError]
}

/// Where an operator's results go: the ports of the operators after it.
package struct Output {
    unowned let circuit: Circuit
    let node: Int

    /// Sends a change on; empty ones are dropped.
    package func emit(_ batch: Batch) throws(SQLError) {
        guard batch.count > 0 else { return }
        for target in circuit.targets(of: node) {
            try circuit.deliver(batch, to: target.node, port: target.port)
        }
    }

    /// Whether a row that fails ends it all, as in an ad-hoc query, or is put aside, as in a view.
    var endsWithFirstError: Bool { circuit.failsFast }

    /// Handles rows that an operator could not compute: as below.
    func divert(_ rows: Batch, _ errors: [SQLError]) throws(SQLError) {
        if circuit.failsFast {
            for (row, error) in errors.enumerated() where rows.weight(row) > 0 { throw error }
            return
        }
        circuit.failed.append(FailedRows(rows: rows, errors: errors))
    }

    /// Handles rows whose expressions failed: ends an ad-hoc query with the first error, sends them
    /// to the dead letters of a view. - Returns: the rows that are left.
    package func divert(_ evaluation: Evaluation, _ batch: Batch) throws(SQLError) -> Cells<UInt32>?
    {
        if evaluation.failures.isEmpty { return nil }
        if circuit.failsFast {
            let first = evaluation.failures.min { $0.row < $1.row }
            if let first { throw first.error }
        }
        let failures = evaluation.failures.sorted { $0.row < $1.row }
        let rows = Storage(failures.map { UInt32($0.row) })
        circuit.failed.append(
            FailedRows(rows: batch.gathered(rows.cells), errors: failures.map(\.error)))
        let kept = Storage((0..<UInt32(batch.count)).filter { !evaluation.hasFailed(Int($0)) })
        circuit.scratch = kept
        return kept.cells
    }
}
