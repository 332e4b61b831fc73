import State
package import Types

/// Inner join on equal keys, with an optional further condition. Result: left columns, then right.
///
/// Each chunk is joined with the other side as it is now and then stored: over a step this adds up
/// to ΔA⋈B + A⋈ΔB + ΔA⋈ΔB, however the chunks interleave. NULL keys match nothing.
package final class JoinOperator: Operator {
    private let sides: [JoinState]
    private let keys: [[Int]]
    private let condition: Expr?
    private static let chunkRows = 16384

    /// `keys`: for each side the key's columns, pairwise of one type. Without keys it is a cross
    /// join.
    package init(
        left: [DataType.Physical], right: [DataType.Physical], keys: [(left: Int, right: Int)],
        condition: Expr?
    ) {
        let leftKey = keys.map(\.left)
        let rightKey = keys.map(\.right)
        self.keys = [leftKey, rightKey]
        sides = [JoinState(left, key: leftKey), JoinState(right, key: rightKey)]
        self.condition = condition
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let own = JoinState.withoutNullKeys(chunk, keys[port])
        guard own.count > 0 else { return }
        var mine: [UInt32] = []
        var theirs: [UInt32] = []
        var weights: [Int64] = []
        var isPlain = true
        let other = sides[1 - port]
        try other.probe(own, key: keys[port]) { (row, match, weight) throws(SQLError) in
            mine.append(UInt32(row))
            theirs.append(match)
            let product = own.weight(row) * weight
            weights.append(product)
            if product != 1 { isPlain = false }
            if mine.count == JoinOperator.chunkRows {
                try emit(own, other, port, mine, theirs, isPlain ? nil : weights, out)
                mine.removeAll(keepingCapacity: true)
                theirs.removeAll(keepingCapacity: true)
                weights.removeAll(keepingCapacity: true)
                isPlain = true
            }
        }
        try emit(own, other, port, mine, theirs, isPlain ? nil : weights, out)
        sides[port].insert(own)
    }

    private func emit(
        _ own: Batch, _ other: JoinState, _ port: Int, _ mine: [UInt32], _ theirs: [UInt32],
        _ weights: [Int64]?, _ out: Output
    ) throws(SQLError) {
        if mine.isEmpty { return }
        let numbers = Storage(mine)
        let ownColumns = own.columns.map { $0.gathered(numbers.cells) }
        let otherColumns = other.gather(theirs)
        let joined = Batch(
            columns: port == 0 ? ownColumns + otherColumns : otherColumns + ownColumns,
            count: mine.count, weights: weights.map { Storage($0) })
        guard let condition else { return try out.emit(joined) }
        let (rows, count) = try FilterOperator.select(condition, joined, out)
        if count == joined.count { return try out.emit(joined) }
        if count == 0 { return }
        try out.emit(joined.gathered(unsafe Cells(rows.cells.unsafePointer, count: count)))
    }

    /// The state of the two sides, for checkpoints.
    package var sideStates: [any Checkpointable] { sides.map { SideState($0) } }

    private final class SideState: Checkpointable {
        private let side: JoinState

        init(_ side: JoinState) { self.side = side }

        var traceKind: TraceKind { .sum }

        var partitionColumns: [Int]? { side.keyColumns }

        func capture() -> [Batch] { side.capture() }

        func restore(_ rows: [Batch]) throws(SQLError) {
            for batch in rows { side.insert(batch, forCapture: false) }
        }

        var byteCount: Int { side.byteCount }
    }
}
