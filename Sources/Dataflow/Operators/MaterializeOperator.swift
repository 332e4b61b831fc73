package import State
package import Types

/// Keeps a collection's rows for readers. Its input is net (behind a `ConsolidateOperator`).
package final class MaterializeOperator: Operator, Checkpointable {
    package let store: RowStore
    /// The epoch that the step in progress leads to; set by whoever drives the circuit.
    package var epoch = Epoch.zero
    private var pending: [Batch] = []
    /// Rows written in the step in progress.
    package private(set) var rowsWritten = 0

    package init(store: RowStore) { self.store = store }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        try store.apply(chunk, at: epoch)
        pending.append(chunk)
        rowsWritten += chunk.count
    }

    package var traceKind: TraceKind { .sum }

    package var partitionColumns: [Int]? { nil }

    package func capture() -> [Batch] {
        let batches = pending
        pending = []
        return batches
    }

    package func restore(_ rows: [Batch]) throws(SQLError) {
        for batch in rows { try store.apply(batch, at: epoch) }
    }

    package var byteCount: Int { store.byteCount }
}
