import State
package import Types

/// INTERSECT and EXCEPT, with and without ALL: how often a row is on either side decides how often it
/// comes out. What comes out is computed at the end of a step, from the net change.
package final class SetOperator: Operator, Checkpointable {
    /// Which of the two.
    package enum Kind: String, Sendable { case intersect, except }

    private let groups: GroupTable
    private let kind: Kind
    private let isAll: Bool
    private let allColumns: [Int]
    /// Groups of this step, and how often each was out before it.
    private var touched: [(group: UInt32, before: Int64)] = []

    package init(_ kind: Kind, isAll: Bool, types: [DataType.Physical]) {
        self.kind = kind
        self.isAll = isAll
        // How often the row is on either side, and whether it is in `touched`.
        groups = GroupTable(types, width: 3)
        allColumns = Array(types.indices)
    }

    private func output(_ group: UInt32) -> Int64 {
        let words = groups.words(of: group)
        let (left, right) = (max(words[0], 0), max(words[1], 0))
        switch (kind, isAll) {
        case (.intersect, true): return min(left, right)
        case (.intersect, false): return left > 0 && right > 0 ? 1 : 0
        case (.except, true): return max(left - right, 0)
        case (.except, false): return left > 0 && right == 0 ? 1 : 0
        }
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let numbers = groups.findOrInsert(chunk.columns, count: chunk.count)
        for row in 0..<chunk.count {
            let words = groups.words(of: numbers[row])
            if words[2] == 0 {
                touched.append((numbers[row], output(numbers[row])))
                words[2] = 1
            }
            words[port] += chunk.weight(row)
        }
    }

    package func finish(out: Output) throws(SQLError) {
        if touched.isEmpty { return }
        var rows: [UInt32] = []
        var weights: [Int64] = []
        for (group, before) in touched {
            groups.words(of: group)[2] = 0
            if !out.runsOnce { groups.mark(group) }
            let change = output(group) - before
            if change == 0 { continue }
            rows.append(group)
            weights.append(change)
        }
        touched.removeAll(keepingCapacity: true)
        try out.emit(
            Batch(columns: groups.keys(rows), count: rows.count, weights: Storage(weights)))
    }

    // MARK: - Checkpoints

    package var traceKind: TraceKind { .newest(keyColumns: allColumns.count) }

    package var partitionColumns: [Int]? { allColumns }

    package func capture() -> [Batch] {
        let rows = groups.takeChanged()
        if rows.isEmpty { return [] }
        let counts = (0...1).map { side in
            Column(.int64(Storage(rows.map { groups.words(of: $0)[side] })))
        }
        return [Batch(columns: groups.keys(rows) + counts, count: rows.count)]
    }

    package func restore(_ rows: [Batch]) throws(SQLError) {
        for batch in rows {
            let counts = batch.columns.suffix(2).map(\.view)
            let numbers = groups.findOrInsert(Array(batch.columns.dropLast(2)), count: batch.count)
            for row in 0..<batch.count {
                for side in 0...1 { groups.words(of: numbers[row])[side] = counts[side].int64(row) }
            }
            withExtendedLifetime(batch) {}
        }
    }

    package var byteCount: Int { groups.byteCount }
}

/// Gives every row once for each of so many sets, with the set's number behind its columns.
package final class ExpandOperator: Operator {
    private let sets: Int

    package init(sets: Int) { self.sets = sets }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        for set in 0..<sets {
            let number = Column.constant(.int(Int64(set)), .int64, count: chunk.count)
            try out.emit(
                Batch(
                    columns: chunk.columns + [number], count: chunk.count, weights: chunk.weights))
        }
    }
}
