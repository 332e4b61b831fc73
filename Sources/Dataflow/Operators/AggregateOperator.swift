import State
package import Types

/// GROUP BY: keys, then one column for each aggregate.
///
/// Each group has words: the weight of its rows, the step that touched it last, then those of its
/// accumulators. The first touch of
/// a group in a step saves the old result; `finish` retracts it and emits the new one.
package final class AggregateOperator: Operator, Checkpointable {
    private let keys: [Expr]
    private let accumulators: [Accumulator]
    private let offsets: [Int]
    private let groups: GroupTable
    private let hasKeys: Bool
    private let keyTypes: [DataType.Physical]
    private var touched: [UInt32] = []
    private var oldRows: [[Value]?] = []
    /// Number of the step in progress; the stamp of the groups that it has touched.
    private var step: Int64 = 1
    private var dirty: Set<UInt32> = []
    private var pendingExtremes: [Batch] = []
    private var hasEmittedEmpty = false
    private let ownsEmptyGroup: Bool
    private let hasTrees: Bool
    private let extremeTypes: [DataType.Physical]

    /// `appendOnly`: no weight is ever negative. `ownsEmptyGroup`: without keys there is one group
    /// from the start; of several shards only one has it.
    package init(
        keys: [Expr], aggregates: [Aggregate], appendOnly: Bool = false,
        ownsEmptyGroup: Bool = true
    ) {
        self.ownsEmptyGroup = ownsEmptyGroup
        self.keys = keys
        hasKeys = !keys.isEmpty
        keyTypes = keys.map(\.type.physical)
        accumulators = aggregates.map { Accumulator($0, appendOnly: appendOnly) }
        var next = 2
        var offsets: [Int] = []
        for accumulator in accumulators {
            offsets.append(next)
            next += accumulator.width
        }
        self.offsets = offsets
        groups = GroupTable(keyTypes, width: next)
        hasTrees = accumulators.contains { $0.tree != nil }
        extremeTypes =
            keyTypes
            + accumulators.filter { $0.tree != nil }.map {
                $0.aggregate.argument?.type.physical ?? .int64
            }
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let evaluation = Evaluation(chunk)
        let keyColumns = keys.map { evaluation.evaluate($0) }
        let arguments = accumulators.map { $0.aggregate.argument.map { evaluation.evaluate($0) } }
        let filters = accumulators.map { $0.aggregate.filter.map { evaluation.evaluate($0) } }
        if let kept = try out.divert(evaluation, chunk) {
            // Evaluated again without the failed rows: rare, and keeps the loop below simple.
            return try receive(chunk.gathered(kept), port: port, out: out)
        }
        let numbers = groups.findOrInsert(keyColumns, count: chunk.count)
        for row in 0..<chunk.count { try touch(numbers[row]) }
        for row in 0..<chunk.count { groups.words(of: numbers[row])[0] &+= chunk.weight(row) }
        for index in accumulators.indices {
            try add(index, arguments[index], filters[index], numbers, chunk)
        }
        if hasTrees { keepForCapture(chunk, keyColumns, arguments, filters) }
    }

    private func touch(_ group: UInt32) throws(SQLError) {
        let words = groups.words(of: group)
        if words[1] == step { return }
        words[1] = step
        touched.append(group)
        oldRows.append(try result(group))
    }

    private func add(
        _ index: Int, _ argument: Column?, _ filter: Column?, _ numbers: [UInt32], _ chunk: Batch
    ) throws(SQLError) {
        let (accumulator, at) = (accumulators[index], offsets[index])
        let view = argument?.view
        let filterView = filter?.view
        for row in 0..<chunk.count {
            if let filterView, filterView.isNull(row) || filterView.bool(row) == 0 { continue }
            let words = groups.words(of: numbers[row])
            guard let view else {
                accumulator.addCountAll(chunk.weight(row), words, at)
                continue
            }
            if view.isNull(row) { continue }
            try accumulator.add(
                view, row, weight: chunk.weight(row), group: numbers[row], words: words, at)
        }
        withExtendedLifetime((argument, filter)) {}
    }

    /// The group's aggregate values; nil when it has no rows.
    private func result(_ group: UInt32) throws(SQLError) -> [Value]? {
        let words = groups.words(of: group)
        if words[0] <= 0, hasKeys { return nil }
        if !hasKeys, !hasEmittedEmpty { return nil }
        return try values(group, words)
    }

    private func values(_ group: UInt32, _ words: Cells<Int64>) throws(SQLError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(accumulators.count)
        for index in accumulators.indices {
            values.append(try accumulators[index].value(words, offsets[index], group: group))
        }
        return values
    }

    package func finish(out: Output) throws(SQLError) {
        if !hasKeys, !hasEmittedEmpty, ownsEmptyGroup {
            // Without GROUP BY the one group is there from the start.
            _ = groups.findOrInsert([], count: 1)
            try touch(0)
            hasEmittedEmpty = true
        }
        if touched.isEmpty { return }
        var numbers: [UInt32] = []
        var rows: [[Value]] = []
        var weights: [Int64] = []
        for (index, group) in touched.enumerated() {
            dirty.insert(group)
            let (old, new) = (oldRows[index], try result(group))
            if old == new { continue }
            if let old {
                numbers.append(group)
                rows.append(old)
                weights.append(-1)
            }
            if let new {
                numbers.append(group)
                rows.append(new)
                weights.append(1)
            }
        }
        touched.removeAll(keepingCapacity: true)
        oldRows.removeAll(keepingCapacity: true)
        step += 1
        let results = Batch(
            rows: rows, types: accumulators.map { $0.aggregate.result.physical })
        try out.emit(
            Batch(
                columns: groups.keys(numbers) + results.columns, count: numbers.count,
                weights: weights.allSatisfy { $0 == 1 } ? nil : Storage(weights)))
    }

    // MARK: - Checkpoints

    package var traceKind: TraceKind { .newest(keyColumns: keys.count) }

    package var partitionColumns: [Int]? { Array(keys.indices) }

    /// First the groups that changed (keys, words as a text column); extremes are sums of their own
    /// and come from `capture` of `ExtremesState`.
    package func capture() -> [Batch] {
        let numbers = dirty.sorted()
        dirty = []
        if numbers.isEmpty { return [] }
        let builder = ColumnBuilder(.text, capacity: numbers.count)
        for number in numbers {
            let words = groups.words(of: number)
            var writer = ByteWriter(reserving: groups.width * 8)
            // The stamp means nothing after a restart.
            for index in 0..<groups.width { writer.write(index == 1 ? 0 : words[index]) }
            builder.append(text: writer.bytes)
        }
        return [Batch(columns: groups.keys(numbers) + [builder.column()], count: numbers.count)]
    }

    package func restore(_ rows: [Batch]) throws(SQLError) {
        for batch in rows {
            let numbers = groups.findOrInsert(Array(batch.columns.dropLast()), count: batch.count)
            guard let last = batch.columns.last else { continue }
            for row in 0..<batch.count {
                var reader = ByteReader(last.textBytes(row))
                let words = groups.words(of: numbers[row])
                for index in 0..<groups.width {
                    do throws(MalformedBytes) {
                        words[index] = try reader.readInt64()
                    } catch {
                        throw .internalFault("state of an aggregate: \(error.reason)")
                    }
                }
            }
            if !hasKeys { hasEmittedEmpty = true }
        }
    }

    package var byteCount: Int { groups.byteCount }

    /// The rows that min and max have to remember, as a Z-set of (keys, arguments).
    package var extremes: ExtremesState? { hasTrees ? ExtremesState(self) : nil }

    private func keepForCapture(
        _ chunk: Batch, _ keyColumns: [Column], _ arguments: [Column?], _ filters: [Column?]
    ) {
        var columns = keyColumns
        for index in accumulators.indices where accumulators[index].tree != nil {
            guard let argument = arguments[index] else { continue }
            guard let filter = filters[index] else {
                columns.append(argument)
                continue
            }
            // What the filter leaves out is NULL, which min and max ignore.
            let builder = ColumnBuilder(argument.physical, capacity: chunk.count)
            let (view, keep) = (argument.view, filter.view)
            for row in 0..<chunk.count {
                if keep.isNull(row) || keep.bool(row) == 0 {
                    builder.appendNull()
                } else {
                    builder.append(view, row: row)
                }
            }
            columns.append(builder.column())
        }
        pendingExtremes.append(Batch(columns: columns, count: chunk.count, weights: chunk.weights))
    }

    /// Checkpoints the trees of an aggregate operator.
    package final class ExtremesState: Checkpointable {
        private let owner: AggregateOperator

        init(_ owner: AggregateOperator) { self.owner = owner }

        package var traceKind: TraceKind { .sum }

        package var partitionColumns: [Int]? { owner.partitionColumns }

        package func capture() -> [Batch] {
            let batches = owner.pendingExtremes
            owner.pendingExtremes = []
            return batches
        }

        package func restore(_ rows: [Batch]) throws(SQLError) {
            let keyCount = owner.keys.count
            for batch in rows {
                let numbers = owner.groups.findOrInsert(
                    Array(batch.columns.prefix(keyCount)), count: batch.count)
                let trees = owner.accumulators.compactMap(\.tree)
                for (index, tree) in trees.enumerated() {
                    let column = batch.columns[keyCount + index]
                    let view = column.view
                    for row in 0..<batch.count where !view.isNull(row) {
                        tree.add(numbers[row], ExtremeTree.key(view, row), batch.weight(row))
                    }
                    withExtendedLifetime(column) {}
                }
            }
        }

        package var byteCount: Int {
            owner.accumulators.reduce(0) { $0 + ($1.tree?.entryCount ?? 0) * 64 }
        }
    }
}
