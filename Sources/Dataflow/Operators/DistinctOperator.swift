import State
package import Types

/// DISTINCT: a row is there while the sum of its weights is positive.
package final class DistinctOperator: Operator, Checkpointable {
    private let groups: GroupTable
    private let allColumns: [Int]
    private var touched: [UInt32: Int64] = [:]
    private var dirty: Set<UInt32> = []

    package init(_ types: [DataType.Physical]) {
        groups = GroupTable(types, width: 1)
        allColumns = Array(types.indices)
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let numbers = groups.findOrInsert(chunk.columns, count: chunk.count)
        for row in 0..<chunk.count {
            let group = numbers[row]
            let before = groups.words(of: group)[0]
            if touched[group] == nil { touched[group] = before }
            groups.words(of: group)[0] = before + chunk.weight(row)
        }
    }

    package func finish(out: Output) throws(SQLError) {
        if touched.isEmpty { return }
        var rows: [UInt32] = []
        var weights: [Int64] = []
        for group in touched.keys.sorted() {
            let (before, after) = (touched[group] ?? 0, groups.words(of: group)[0])
            if before != after, !out.runsOnce { dirty.insert(group) }
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
        let rows = dirty.sorted()
        dirty = []
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
