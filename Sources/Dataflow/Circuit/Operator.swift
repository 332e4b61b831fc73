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
    /// Whether what still comes can change what it emits; false for good, once it is.
    var wantsMore: Bool { get }
}

extension Operator {
    package func finish(out: Output) throws(SQLError) {}
    package var wantsMore: Bool { true }
}

/// An operator that holds rows back until the end of a step.
protocol BatchHolder: AnyObject {
    var heldBytes: Int { get }
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
    /// - Throws: what an operator behind throws; `enough` when none of them wants more, for the circuit,
    ///   so that whoever emits in a loop stops.
    package func emit(_ batch: Batch) throws(SQLError) {
        guard batch.count > 0 else { return }
        for target in circuit.targets(of: node) {
            try circuit.deliver(batch, to: target.node, port: target.port)
        }
        if circuit.isUnwanted(node) { throw SQLError(.enough, "enough") }
    }

    /// Asks whether to go on, where nothing may come out for long. - Throws: what ends the run.
    func ask(_ batch: Batch) throws(SQLError) { try circuit.interruption?(batch) }

    /// Whether it is a query that runs once: a row that fails ends it, and no state is captured. In a
    /// view the row is put aside.
    var runsOnce: Bool { circuit.failsFast }

    /// Handles rows that an operator could not compute: as below.
    func divert(_ rows: Batch, _ errors: [SQLError]) throws(SQLError) {
        if circuit.failsFast {
            for (row, error) in errors.enumerated() where rows.weight(row) > 0 { throw error }
            return
        }
        try throwShortage(errors)
        circuit.failed.append(FailedRows(rows: rows, errors: errors))
    }

    /// What memory is too short for today may succeed tomorrow, and its retraction with it: that is no
    /// property of the row, and ends the view. - Throws: 53200.
    private func throwShortage(_ errors: [SQLError]) throws(SQLError) {
        if let shortage = errors.first(where: { $0.state == .outOfMemory }) { throw shortage }
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
        try throwShortage(failures.map(\.error))
        let rows = Storage(failures.map { UInt32($0.row) })
        circuit.failed.append(
            FailedRows(rows: batch.gathered(rows.cells), errors: failures.map(\.error)))
        let kept = Storage((0..<UInt32(batch.count)).filter { !evaluation.hasFailed(Int($0)) })
        circuit.scratch = kept
        return kept.cells
    }
}
