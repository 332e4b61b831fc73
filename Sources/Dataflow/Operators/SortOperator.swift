package import Types

/// ORDER BY, LIMIT and OFFSET of a query that runs once: emits everything at the end, in order.
///
/// Without an order it wants no more rows than the limit says; with one it keeps no more of them than
/// a few times that.
package final class SortOperator: Operator, BatchHolder {
    private let types: [DataType.Physical]
    private let keys: [SortKey]
    private let limit: Int?
    private let offset: Int
    private var held: [Batch] = []
    private(set) var heldBytes = 0
    /// Rows held, each as often as it is there.
    private var heldRows: Int64 = 0
    private var hasNegative = false
    /// Fewer rows are not worth a sort before the end.
    private static let rowsWorthSorting = 65_536

    /// Rows of weight n are n rows.
    package init(_ types: [DataType.Physical], keys: [SortKey], limit: Int?, offset: Int) {
        self.types = types
        self.keys = keys
        self.limit = limit
        self.offset = offset
    }

    /// How many rows from the front are enough; nil for all.
    private var enough: Int? {
        guard let limit, !hasNegative else { return nil }
        let (sum, overflow) = limit.addingReportingOverflow(offset)
        return overflow ? nil : sum
    }

    package var wantsMore: Bool {
        guard let enough else { return true }
        return limit != 0 && (!keys.isEmpty || heldRows < enough)
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        held.append(chunk)
        heldBytes += chunk.byteCount
        heldRows += chunk.totalWeight
        if let weights = chunk.weights?.cells {
            for row in 0..<chunk.count where weights[row] < 0 { hasNegative = true }
        }
        guard let enough, !keys.isEmpty, heldRows / 4 > enough,
            heldRows > SortOperator.rowsWorthSorting
        else { return }
        let front = sorted(from: 0, to: enough)
        held = [front]
        heldBytes = front.byteCount
        heldRows = Int64(front.count)
    }

    package func finish(out: Output) throws(SQLError) {
        let result = sorted(from: offset, to: enough)
        held = []
        heldBytes = 0
        try out.emit(result)
    }

    /// Those of the rows held that are in these places of the order, each with weight 1.
    private func sorted(from: Int, to: Int?) -> Batch {
        let all = Batch.concatenated(held, types: types).consolidated()
        held = []
        var order = keys.isEmpty ? (0..<UInt32(all.count)).map { $0 } : all.sortedRows(keys)
        if all.weights != nil {
            order = order.flatMap {
                [UInt32](repeating: $0, count: Int(max(0, all.weight(Int($0)))))
            }
        }
        let first = min(from, order.count)
        let end = max(first, min(to ?? order.count, order.count))
        let rows = Storage(Array(order[first..<end]))
        return Batch(columns: all.columns, count: all.count).gathered(rows.cells)
    }
}
