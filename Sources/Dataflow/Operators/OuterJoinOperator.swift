package import Types

/// Left, right and full join of a query that runs once: holds both sides until the end.
package final class OuterJoinOperator: Operator {
    private let types: [[DataType.Physical]]
    private let keys: [[Int]]
    private let condition: Expr?
    private let keeps: [Bool]
    private let isSingle: Bool
    private var held: [[Batch]] = [[], []]

    /// `keepsLeft`, `keepsRight`: rows of that side without a match come out padded with NULLs.
    package init(
        left: [DataType.Physical], right: [DataType.Physical], keys: [(left: Int, right: Int)],
        condition: Expr?, keepsLeft: Bool, keepsRight: Bool,
        isSingle: Bool = false
    ) {
        self.isSingle = isSingle
        types = [left, right]
        self.keys = [keys.map(\.left), keys.map(\.right)]
        self.condition = condition
        keeps = [keepsLeft, keepsRight]
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        held[port].append(chunk)
    }

    package func finish(out: Output) throws(SQLError) {
        let left = Batch.concatenated(held[0], types: types[0])
        let right = Batch.concatenated(held[1], types: types[1])
        held = [[], []]
        var matched = [Set<UInt32>(), Set<UInt32>()]
        if left.count > 0, right.count > 0 {
            let (pairs, joined) = try matches(left, right, out)
            try out.emit(joined)
            if isSingle, Set(pairs.map(\.0)).count < pairs.count {
                throw SQLError(
                    .cardinalityViolation,
                    "more than one row returned by a subquery used as an expression")
            }
            for (a, b) in pairs {
                matched[0].insert(a)
                matched[1].insert(b)
            }
        }
        for (side, batch) in [left, right].enumerated() where keeps[side] && batch.count > 0 {
            let rest = Storage((0..<UInt32(batch.count)).filter { !matched[side].contains($0) })
            let kept = batch.gathered(rest.cells)
            let padding = types[1 - side].map { Column.constant(.null, $0, count: kept.count) }
            try out.emit(
                Batch(
                    columns: side == 0 ? kept.columns + padding : padding + kept.columns,
                    count: kept.count, weights: kept.weights))
        }
    }

    private func matches(_ left: Batch, _ right: Batch, _ out: Output) throws(SQLError)
        -> ([(UInt32, UInt32)], Batch)
    {
        let state = JoinState(types[1] + [.int64], key: keys[1])
        let numbers = Storage((0..<Int64(right.count)).map { $0 })
        let numbered = Batch(
            columns: right.columns + [Column(.int64(numbers))], count: right.count,
            weights: right.weights)
        state.insert(numbered, forCapture: false)
        var mine: [UInt32] = []
        var theirs: [UInt32] = []
        var weights: [Int64] = []
        let hasNull = keys[0].map { left.columns[$0] }
        try state.probe(left, key: keys[0]) { (row, match, weight) throws(SQLError) in
            if hasNull.contains(where: { $0.isNull(row) }) { return }
            mine.append(UInt32(row))
            theirs.append(match)
            weights.append(left.weight(row) * weight)
        }
        let rows = Storage(mine)
        var columns = left.columns.map { $0.gathered(rows.cells) } + state.gather(theirs)
        let origin = columns.removeLast()
        var joined = Batch(columns: columns, count: mine.count, weights: Storage(weights))
        var pairs: [(UInt32, UInt32)] = mine.indices.map { index in
            (mine[index], UInt32(truncatingIfNeeded: origin.value(index).int ?? 0))
        }
        if let condition {
            let (kept, count) = try FilterOperator.select(condition, joined, out)
            let chosen = kept.prefix(count)
            joined = joined.gathered(chosen.cells)
            let all = pairs
            pairs = (0..<count).map { all[Int(chosen.cells[$0])] }
        }
        return (pairs, joined)
    }
}
