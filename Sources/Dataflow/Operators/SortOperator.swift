package import Types

/// ORDER BY, LIMIT and OFFSET of a query that runs once: emits everything at the end, in order.
package final class SortOperator: Operator {
    private let types: [DataType.Physical]
    private let keys: [SortKey]
    private let limit: Int?
    private let offset: Int
    private var held: [Batch] = []

    /// Rows of weight n are n rows.
    package init(_ types: [DataType.Physical], keys: [SortKey], limit: Int?, offset: Int) {
        self.types = types
        self.keys = keys
        self.limit = limit
        self.offset = offset
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        held.append(chunk)
    }

    package func finish(out: Output) throws(SQLError) {
        let all = Batch.concatenated(held, types: types).consolidated()
        held = []
        guard all.count > 0 else { return }
        var order = keys.isEmpty ? (0..<UInt32(all.count)).map { $0 } : all.sortedRows(keys)
        if all.weights != nil {
            order = order.flatMap {
                [UInt32](repeating: $0, count: Int(max(0, all.weight(Int($0)))))
            }
        }
        let from = min(offset, order.count)
        let to = limit.map { from + min($0, order.count - from) } ?? order.count
        let rows = Storage(Array(order[from..<to]))
        let sorted = Batch(columns: all.columns, count: all.count).gathered(rows.cells)
        try out.emit(sorted)
    }
}
