import State
package import Types

/// DISTINCT: a row is there while the sum of its weights is positive.
package final class DistinctOperator: Operator, Checkpointable {
    private let groups: GroupTable
    private let allColumns: [Int]
    /// Groups of this step, and how often each was there before it.
    private var touched: [(group: UInt32, before: Int64)] = []

    package init(_ types: [DataType.Physical]) {
        // How often the row is there, and whether it is in `touched`.
        groups = GroupTable(types, width: 2)
        allColumns = Array(types.indices)
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let numbers = groups.findOrInsert(chunk.columns, count: chunk.count)
        for row in 0..<chunk.count {
            let words = groups.words(of: numbers[row])
            if words[1] == 0 {
                touched.append((numbers[row], words[0]))
                words[1] = 1
            }
            words[0] += chunk.weight(row)
        }
    }

    package func finish(out: Output) throws(SQLError) {
        if touched.isEmpty { return }
        var rows: [UInt32] = []
        var weights: [Int64] = []
        for (group, before) in touched {
            let words = groups.words(of: group)
            let after = words[0]
            words[1] = 0
            if before != after, !out.runsOnce { groups.mark(group) }
            if (before > 0) == (after > 0) { continue }
            rows.append(group)
            weights.append(after > 0 ? 1 : -1)
        }
        touched.removeAll(keepingCapacity: true)
        try out.emit(
            Batch(columns: groups.keys(rows), count: rows.count, weights: Storage(weights)))
    }

    package var traceKind: TraceKind { .newest(keyColumns: allColumns.count) }

    package var partitionColumns: [Int]? { allColumns }

    package func capture() -> [Batch] {
        let rows = groups.takeChanged()
        if rows.isEmpty { return [] }
        let counts = Storage(rows.map { groups.words(of: $0)[0] })
        return [Batch(columns: groups.keys(rows) + [Column(.int64(counts))], count: rows.count)]
    }

    package func restore(_ rows: [Batch]) throws(SQLError) {
        for batch in rows {
            guard case .int64(let counts)? = batch.columns.last?.data else { continue }
            let numbers = groups.findOrInsert(Array(batch.columns.dropLast()), count: batch.count)
            for row in 0..<batch.count { groups.words(of: numbers[row])[0] = counts.cells[row] }
        }
    }

    package var byteCount: Int { groups.byteCount }
}
