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
        guard let limit else { return nil }
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
        heldRows = heldRows.clampedSum(chunk.totalWeight)
        guard let enough, !keys.isEmpty, heldRows / 4 > enough,
            heldRows > SortOperator.rowsWorthSorting
        else { return }
        let front = sorted(from: 0, to: enough)
        held = [front]
        heldBytes = front.byteCount
        heldRows = front.totalWeight
    }

    package func finish(out: Output) throws(SQLError) {
        let result = sorted(from: offset, to: enough)
        held = []
        heldBytes = 0
        try out.emit(result)
    }

    /// Those of the rows held that are in these places of the order. No weight is negative here.
    private func sorted(from: Int, to: Int?) -> Batch {
        let all = Batch.concatenated(held, types: types).consolidated()
        held = []
        let order = keys.isEmpty ? (0..<UInt32(all.count)).map { $0 } : all.sortedRows(keys)
        var (rows, weights): ([UInt32], [Int64]) = ([], [])
        var (place, isPlain) = (Int64(0), true)
        let (first, end) = (Int64(from), Int64(to ?? Int.max))
        for row in order {
            let next = place.clampedSum(max(0, all.weight(Int(row))))
            let count = min(next, end) - max(place, first)
            place = next
            if count <= 0 { continue }
            rows.append(row)
            weights.append(count)
            if count != 1 { isPlain = false }
            if next >= end { break }
        }
        let chosen = Storage(rows)
        let batch = Batch(columns: all.columns, count: all.count).gathered(chosen.cells)
        return Batch(
            columns: batch.columns, count: batch.count, weights: isPlain ? nil : Storage(weights))
    }
}
