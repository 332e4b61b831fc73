import State
package import Types

/// Joins on equal keys, with an optional further condition. Result: left columns, then right.
///
/// Each chunk is joined with the other side as it is now and then stored: over a step this adds up
/// to ΔA⋈B + A⋈ΔB + ΔA⋈ΔB, however the chunks interleave. NULL keys match nothing unless
/// `nullsMatch`. Of a side that is kept, rows without a match come out at the end of the step, padded
/// with NULLs: each row counts its matches, and what has come out padded is remembered beside it. Pairs on
/// which the condition fails do not come out, but nobody knows that they are no match: they are counted.
package final class JoinOperator: Operator {
    private let sides: [JoinState]
    private let types: [[DataType.Physical]]
    private let keys: [[Int]]
    private let condition: Expr?
    private let keeps: [Bool]
    /// Slots whose padded row may have to change.
    private var touched: [[UInt32]] = [[], []]
    private var hasRestored = false
    private static let chunkRows = 16384

    /// `keys`: for each side the key's columns, pairwise of one type. Without keys it is a cross
    /// join. `keepsLeft`, `keepsRight`: rows of that side without a match come out padded.
    /// `appendOnly`: for each side whether no weight is ever negative.
    package init(
        left: [DataType.Physical], right: [DataType.Physical], keys: [(left: Int, right: Int)],
        condition: Expr?, keepsLeft: Bool = false, keepsRight: Bool = false,
        nullsMatch: Bool = false, appendOnly: (left: Bool, right: Bool) = (false, false)
    ) {
        let leftKey = keys.map(\.left)
        let rightKey = keys.map(\.right)
        types = [left, right]
        self.keys = [leftKey, rightKey]
        keeps = [keepsLeft, keepsRight]
        sides = [
            JoinState(
                left, key: leftKey, isAppendOnly: appendOnly.left, isKept: keepsLeft,
                nullsMatch: nullsMatch),
            JoinState(
                right, key: rightKey, isAppendOnly: appendOnly.right, isKept: keepsRight,
                nullsMatch: nullsMatch),
        ]
        self.condition = condition
    }

    // MARK: - Matches

    /// Pairs of a chunk with the other side that meet the condition.
    private struct Pairs {
        var mine: [UInt32] = []
        var theirs: [UInt32] = []
        /// The other side's weights.
        var weights: [Int64] = []

        /// Those of these numbers.
        func chosen(_ numbers: some Sequence<Int>) -> Pairs {
            var result = Pairs()
            for pair in numbers {
                result.mine.append(mine[pair])
                result.theirs.append(theirs[pair])
                result.weights.append(weights[pair])
            }
            return result
        }

        mutating func removeAll() {
            mine.removeAll(keepingCapacity: true)
            theirs.removeAll(keepingCapacity: true)
            weights.removeAll(keepingCapacity: true)
        }
    }

    /// Calls `body` with up to `chunkRows` pairs at a time and the joined rows, or nil for pairs on which the
    /// condition fails.
    /// - Parameter out: where pairs go on which the condition fails; nil when they have gone there before.
    private func match(
        _ own: Batch, _ port: Int, _ out: Output?,
        _ body: (Pairs, Batch?) throws(SQLError) -> Void
    ) throws(SQLError) {
        var pairs = Pairs()
        let other = sides[1 - port]
        try other.probe(own, key: keys[port]) { (row, slot, weight) throws(SQLError) in
            pairs.mine.append(UInt32(row))
            pairs.theirs.append(slot)
            pairs.weights.append(weight)
            if pairs.mine.count == JoinOperator.chunkRows {
                try meet(own, other, port, pairs, out, body)
                pairs.removeAll()
            }
        }
        try meet(own, other, port, pairs, out, body)
    }

    private func meet(
        _ own: Batch, _ other: JoinState, _ port: Int, _ pairs: Pairs, _ out: Output?,
        _ body: (Pairs, Batch?) throws(SQLError) -> Void
    ) throws(SQLError) {
        if pairs.mine.isEmpty { return }
        let numbers = Storage(pairs.mine)
        let ownColumns = own.columns.map { $0.gathered(numbers.cells) }
        let otherColumns = other.gather(pairs.theirs)
        var weights: [Int64] = []
        weights.reserveCapacity(pairs.mine.count)
        for (row, weight) in zip(pairs.mine, pairs.weights) {
            let (product, overflow) = own.weight(Int(row)).multipliedReportingOverflow(by: weight)
            guard !overflow else {
                throw SQLError(.programLimitExceeded, "a join gives one row more than 2^63 times")
            }
            weights.append(product)
        }
        let joined = Batch(
            columns: port == 0 ? ownColumns + otherColumns : otherColumns + ownColumns,
            count: pairs.mine.count,
            weights: weights.allSatisfy { $0 == 1 } ? nil : Storage(weights))
        guard let condition else { return try body(pairs, joined) }
        // It may let none of many pairs pass.
        try out?.ask(joined)
        let (rows, count, failures) = try FilterOperator.select(condition, joined, out)
        if count == joined.count { return try body(pairs, joined) }
        if !failures.isEmpty { try body(pairs.chosen(failures.map(\.row)), nil) }
        if count == 0 { return }
        let kept = unsafe Cells(rows.cells.unsafePointer, count: count)
        try withExtendedLifetime(rows) { () throws(SQLError) in
            try body(pairs.chosen((0..<count).lazy.map { Int(kept[$0]) }), joined.gathered(kept))
        }
    }

    // MARK: - Steps

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        try countRestored()
        let own = sides[port].relevant(chunk)
        guard own.count > 0 else { return }
        let other = sides[1 - port]
        var degrees = keeps[port] ? [Int64](repeating: 0, count: own.count) : []
        try match(own, port, out) { (pairs, joined) throws(SQLError) in
            if let joined { try out.emit(joined) }
            for index in pairs.mine.indices {
                let row = Int(pairs.mine[index])
                if keeps[port] { degrees[row] &+= pairs.weights[index] }
                if keeps[1 - port] {
                    other.addDegree(pairs.theirs[index], own.weight(row))
                    touched[1 - port].append(pairs.theirs[index])
                }
            }
        }
        let side = sides[port]
        guard keeps[port] else { return side.add(own, forCapture: !out.runsOnce) }
        side.add(own, forCapture: !out.runsOnce) { row, slot, isNew in
            if isNew { side.setDegree(slot, degrees[row]) }
            touched[port].append(slot)
        }
    }

    package func finish(out: Output) throws(SQLError) {
        try countRestored()
        for port in 0...1 where keeps[port] && !touched[port].isEmpty {
            let slots = Set(touched[port]).sorted()
            touched[port].removeAll(keepingCapacity: true)
            var changed: [UInt32] = []
            var weights: [Int64] = []
            for slot in slots {
                let change = sides[port].takePadding(slot)
                if change == 0 { continue }
                changed.append(slot)
                weights.append(change)
            }
            for from in stride(from: 0, to: changed.count, by: JoinOperator.chunkRows) {
                let to = min(from + JoinOperator.chunkRows, changed.count)
                let part = Array(changed[from..<to])
                let padding = types[1 - port].map { Column.constant(.null, $0, count: part.count) }
                let rows = sides[port].gather(part)
                let signs = weights[from..<to]
                try out.emit(
                    Batch(
                        columns: port == 0 ? rows + padding : padding + rows, count: part.count,
                        weights: signs.allSatisfy { $0 == 1 } ? nil : Storage(Array(signs))))
            }
        }
        for side in sides { side.compactIfWorthwhile() }
    }

    /// After a restart: counts the matches of every row that is kept.
    private func countRestored() throws(SQLError) {
        guard hasRestored else { return }
        hasRestored = false
        for port in 0...1 where keeps[port] {
            let side = sides[port]
            try side.all { (slots, rows) throws(SQLError) in
                var degrees = [Int64](repeating: 0, count: slots.count)
                try match(rows, port, nil) { (pairs, _) throws(SQLError) in
                    for index in pairs.mine.indices {
                        degrees[Int(pairs.mine[index])] &+= pairs.weights[index]
                    }
                }
                for (index, slot) in slots.enumerated() {
                    side.setDegree(slot, degrees[index])
                    _ = side.takePadding(slot)
                }
            }
        }
    }

    // MARK: - Checkpoints

    /// The state of the two sides, for checkpoints.
    package var sideStates: [any Checkpointable] {
        sides.map { side in SideState(side) { self.hasRestored = true } }
    }

    private final class SideState: Checkpointable {
        private let side: JoinState
        private let onRestore: () -> Void

        init(_ side: JoinState, onRestore: @escaping () -> Void) {
            self.side = side
            self.onRestore = onRestore
        }

        var traceKind: TraceKind { .sum }

        var partitionColumns: [Int]? { side.keyColumns }

        func capture() -> [Batch] { side.capture() }

        func restore(_ rows: [Batch]) throws(SQLError) {
            for batch in rows { side.add(batch, forCapture: false) }
            onRestore()
        }

        var byteCount: Int { side.byteCount }
    }
}
