/// A column of a schema.
package struct Field: Hashable, Sendable {
    package var name: String
    package var type: DataType

    package init(_ name: String, _ type: DataType) {
        self.name = name
        self.type = type
    }
}

/// A change, or part of one: columns of equal length and a weight for each row.
///
/// Immutable and cheap to copy. `weights` nil: every row has weight +1 (the append-only fast path).
package struct Batch: Sendable {
    package let columns: [Column]
    package let count: Int
    package let weights: Storage<Int64>?

    package init(columns: [Column], count: Int, weights: Storage<Int64>? = nil) {
        for column in columns { assert(column.count == count, "column of another length") }
        self.columns = columns
        self.count = count
        self.weights = weights
    }

    /// No rows of the given shape.
    package static func empty(_ types: [DataType.Physical]) -> Batch {
        Batch(columns: types.map { ColumnBuilder($0).column() }, count: 0)
    }

    /// Rows from values, for literals and tests.
    package init(rows: [[Value]], types: [DataType.Physical], weights: [Int64]? = nil) {
        let builders = types.map { ColumnBuilder($0, capacity: rows.count) }
        for row in rows {
            for (builder, value) in zip(builders, row) { builder.append(value) }
        }
        self.init(
            columns: builders.map { $0.column() }, count: rows.count,
            weights: weights.map { Storage($0) })
    }

    /// The memory that the rows take.
    package var byteCount: Int {
        columns.reduce(weights == nil ? 0 : count * 8) { $0 + $1.byteCount }
    }

    /// How often the row is there, or by how much that changes.
    package func weight(_ row: Int) -> Int64 { weights?.cells[row] ?? 1 }

    /// The values of one row, for edges and tests.
    package func row(_ index: Int) -> [Value] { columns.map { $0.value(index) } }

    /// The rows named, in that order.
    package func gathered(_ rows: Cells<UInt32>) -> Batch {
        let picked = weights.map { Column(.int64($0)).gathered(rows) }
        var weightStorage: Storage<Int64>?
        if case .int64(let storage)? = picked?.data { weightStorage = storage }
        return Batch(
            columns: columns.map { $0.gathered(rows) }, count: rows.count, weights: weightStorage)
    }

    /// The rows `from..<to`.
    package func slice(_ from: Int, _ to: Int) -> Batch {
        if from == 0, to == count { return self }
        let rows = Storage<UInt32>(uninitialized: to - from)
        let cells = rows.cells
        for index in 0..<cells.count { cells[index] = UInt32(from + index) }
        return gathered(cells)
    }

    /// Each row as often as it is there; none that is there less than once.
    package var expanded: Batch {
        guard let weights else { return self }
        var rows: [UInt32] = []
        for row in 0..<count where weights.cells[row] > 0 {
            rows += repeatElement(UInt32(row), count: Int(weights.cells[row]))
        }
        let places = Storage(rows)
        return Batch(columns: columns, count: count).gathered(places.cells)
    }

    /// The columns named, in that order.
    package func projected(_ indices: [Int]) -> Batch {
        Batch(columns: indices.map { columns[$0] }, count: count, weights: weights)
    }

    /// The same rows with the opposite weights.
    package var negated: Batch {
        let result = Storage<Int64>(uninitialized: count)
        let cells = result.cells
        for row in 0..<count { cells[row] = 0 &- weight(row) }
        return Batch(columns: columns, count: count, weights: result)
    }

    /// All rows of all batches; the batches have the same shape.
    package static func concatenated(_ batches: [Batch], types: [DataType.Physical]) -> Batch {
        let filled = batches.filter { $0.count > 0 }
        if filled.count == 1 { return filled[0] }
        let total = filled.reduce(0) { $0 + $1.count }
        let builders = types.map { ColumnBuilder($0, capacity: total) }
        for batch in filled {
            for (builder, column) in zip(builders, batch.columns) {
                let view = column.view
                for row in 0..<batch.count { builder.append(view, row: row) }
            }
        }
        var weights: Storage<Int64>?
        if filled.contains(where: { $0.weights != nil }) {
            let storage = Storage<Int64>(uninitialized: total)
            let cells = storage.cells
            var next = 0
            for batch in filled {
                for row in 0..<batch.count {
                    cells[next] = batch.weight(row)
                    next += 1
                }
            }
            weights = storage
        }
        return Batch(columns: builders.map { $0.column() }, count: total, weights: weights)
    }
}
