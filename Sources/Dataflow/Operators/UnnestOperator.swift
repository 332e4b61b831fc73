package import Types

/// A row for every element of one or more arrays, which stand side by side: the input's columns, then
/// an element of each, NULL where one is shorter, then with `ordinality` the element's number.
package final class UnnestOperator: Operator {
    private let arrays: [Expr]
    private let hasOrdinality: Bool
    private static let chunkRows = 16384

    package init(_ arrays: [Expr], ordinality: Bool) {
        self.arrays = arrays
        hasOrdinality = ordinality
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let evaluation = Evaluation(chunk)
        let columns = arrays.map { evaluation.evaluate($0) }
        if let kept = try out.divert(evaluation, chunk) {
            return try receive(chunk.gathered(kept), port: port, out: out)
        }
        var rows: [UInt32] = []
        var numbers: [Int64] = []
        var builders = makeBuilders()
        for row in 0..<chunk.count {
            let values = zip(columns, arrays).map { column, array in
                column.isNull(row)
                    ? [] : ArrayValue(decoding: column.textBytes(row), array.type.element).elements
            }
            for index in 0..<(values.map(\.count).max() ?? 0) {
                rows.append(UInt32(row))
                numbers.append(Int64(index + 1))
                for (builder, list) in zip(builders, values) {
                    builder.append(index < list.count ? list[index] : .null)
                }
                if rows.count == UnnestOperator.chunkRows {
                    try emit(chunk, rows, numbers, builders, out)
                    rows.removeAll(keepingCapacity: true)
                    numbers.removeAll(keepingCapacity: true)
                    builders = makeBuilders()
                }
            }
        }
        try emit(chunk, rows, numbers, builders, out)
    }

    private func makeBuilders() -> [ColumnBuilder] {
        arrays.map { ColumnBuilder($0.type.elementType.physical) }
    }

    private func emit(
        _ chunk: Batch, _ rows: [UInt32], _ numbers: [Int64], _ builders: [ColumnBuilder],
        _ out: Output
    ) throws(SQLError) {
        if rows.isEmpty { return }
        let places = Storage(rows)
        let base = chunk.gathered(places.cells)
        var columns = base.columns + builders.map { $0.column() }
        if hasOrdinality { columns.append(Column(.int64(Storage(numbers)))) }
        try out.emit(Batch(columns: columns, count: rows.count, weights: base.weights))
    }
}
