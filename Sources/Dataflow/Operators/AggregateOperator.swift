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
    private var oldRows: [GroupResult] = []
    /// How often each value of each group is there, for the DISTINCT accumulators over one argument.
    private let seen: [SeenValues]
    private let appendOnly: Bool
    /// Number of the step in progress; the stamp of the groups that it has touched.
    private var step: Int64 = 1
    private var pendingExtremes: [Batch] = []
    private var dirtyBest: [UInt32] = []
    private let hasBest: Bool
    private var hasEmittedEmpty = false
    private let ownsEmptyGroup: Bool
    private let hasTrees: Bool

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
        self.appendOnly = appendOnly
        seen = SeenValues.tables(accumulators, keyTypes)
        hasTrees = accumulators.contains { $0.remembersRows }
        hasBest = accumulators.contains { $0.keepsBest }
    }

    /// What a group comes out as.
    private enum GroupResult {
        case none
        case row([Value])
        /// An aggregate of it cannot be computed: the group is a dead letter.
        case failure(SQLError)
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        let evaluation = Evaluation(chunk)
        let keyColumns = keys.map { evaluation.evaluate($0) }
        let arguments = accumulators.map { $0.aggregate.argument.map { evaluation.evaluate($0) } }
        let filters = accumulators.map { $0.aggregate.filter.map { evaluation.evaluate($0) } }
        let collected = accumulators.map { CollectedColumns($0.aggregate, evaluation) }
        if let kept = try out.divert(evaluation, chunk) {
            // Evaluated again without the failed rows: rare, and keeps the loop below simple.
            return try receive(chunk.gathered(kept), port: port, out: out)
        }
        let numbers = groups.findOrInsert(keyColumns, count: chunk.count)
        for row in 0..<chunk.count { try touch(numbers[row]) }
        for row in 0..<chunk.count { groups.words(of: numbers[row])[0] &+= chunk.weight(row) }
        for index in accumulators.indices {
            if accumulators[index].collected != nil {
                addCollected(
                    index, arguments[index], collected[index], filters[index], numbers, chunk)
            }
            if accumulators[index].needsDeduplication { continue }
            try add(index, arguments[index], filters[index], numbers, chunk)
        }
        for values in seen {
            guard let argument = arguments[values.accumulators[0]] else { continue }
            try addDistinct(
                values, keyColumns, argument, filters, numbers, chunk, isCaptured: !out.runsOnce)
        }
        if hasTrees, !out.runsOnce {
            keepForCapture(chunk, keyColumns, arguments, collected, filters)
        }
    }

    /// Only the first of equal values counts, and the last to go.
    private func addDistinct(
        _ values: SeenValues, _ keyColumns: [Column], _ argument: Column, _ filters: [Column?],
        _ numbers: [UInt32], _ chunk: Batch, isCaptured: Bool
    ) throws(SQLError) {
        let view = argument.view
        let entries = values.table.findOrInsert(keyColumns + [argument], count: chunk.count)
        for (place, index) in values.accumulators.enumerated() {
            let (accumulator, at) = (accumulators[index], offsets[index])
            let keep = filters[index]?.view
            for row in 0..<chunk.count {
                if let keep, keep.isNull(row) || keep.bool(row) == 0 { continue }
                if view.isNull(row) { continue }
                let counts = values.table.words(of: entries[row])
                let before = counts[place]
                // Of an input that only grows, the first is all that matters.
                if appendOnly, before > 0 { continue }
                let after = before &+ chunk.weight(row)
                counts[place] = after
                if isCaptured { values.table.mark(entries[row]) }
                if (before > 0) == (after > 0) { continue }
                let (weight, words) = (
                    after > 0 ? Int64(1) : -1, groups.words(of: numbers[row])
                )
                guard accumulator.dependsOnImage else {
                    try accumulator.add(
                        view, row, weight: weight, group: numbers[row], words: words, at)
                    continue
                }
                // 1.0 and 1.00 are one value: what came must be what goes.
                let kept = values.value(of: entries[row])
                let image = kept.view
                try accumulator.add(
                    image, 0, weight: weight, group: numbers[row], words: words, at)
                withExtendedLifetime(kept) {}
            }
        }
        withExtendedLifetime((argument, filters)) {}
    }

    private func addCollected(
        _ index: Int, _ argument: Column?, _ collected: CollectedColumns, _ filter: Column?,
        _ numbers: [UInt32], _ chunk: Batch
    ) {
        guard let argument, let values = accumulators[index].collected else { return }
        let (accumulator, keep) = (accumulators[index], filter?.view)
        for row in 0..<chunk.count {
            if let keep, keep.isNull(row) || keep.bool(row) == 0 { continue }
            if argument.isNull(row), !accumulator.takesNulls { continue }
            values.add(
                numbers[row], key: collected.key(argument, row), argument.value(row),
                collected.second?.value(row) ?? .null, chunk.weight(row))
        }
    }

    private func touch(_ group: UInt32) throws(SQLError) {
        let words = groups.words(of: group)
        if words[1] == step { return }
        words[1] = step
        touched.append(group)
        oldRows.append(result(group))
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
            if view.isNull(row), !accumulator.takesNulls { continue }
            try accumulator.add(
                view, row, weight: chunk.weight(row), group: numbers[row], words: words, at)
        }
        withExtendedLifetime((argument, filter)) {}
    }

    /// The group's aggregate values; none when it has no rows.
    private func result(_ group: UInt32) -> GroupResult {
        let words = groups.words(of: group)
        if words[0] <= 0, hasKeys { return .none }
        if !hasKeys, !hasEmittedEmpty { return .none }
        var values: [Value] = []
        values.reserveCapacity(accumulators.count)
        do throws(SQLError) {
            for index in accumulators.indices {
                values.append(try accumulators[index].value(words, offsets[index], group: group))
            }
        } catch {
            return .failure(error)
        }
        return .row(values)
    }

    package func finish(out: Output) throws(SQLError) {
        if !hasKeys, !hasEmittedEmpty, ownsEmptyGroup {
            // Without GROUP BY the one group is there from the start.
            _ = groups.findOrInsert([], count: 1)
            try touch(0)
            hasEmittedEmpty = true
        }
        if touched.isEmpty { return }
        var changes = Changes()
        for (index, group) in touched.enumerated() {
            if !out.runsOnce, groups.mark(group), hasBest { dirtyBest.append(group) }
            let (old, new) = (oldRows[index], result(group))
            if case .row(let before) = old, case .row(let after) = new, before == after { continue }
            changes.add(group, old, -1)
            changes.add(group, new, 1)
        }
        touched.removeAll(keepingCapacity: true)
        oldRows.removeAll(keepingCapacity: true)
        step += 1
        if !changes.failed.isEmpty {
            let failed = changes.failed
            try out.divert(
                Batch(
                    columns: groups.keys(failed.map(\.group)), count: failed.count,
                    weights: Storage(failed.map(\.weight))), failed.map(\.error))
        }
        let results = Batch(
            rows: changes.rows, types: accumulators.map { $0.aggregate.result.physical })
        try out.emit(
            Batch(
                columns: groups.keys(changes.groups) + results.columns, count: changes.groups.count,
                weights: changes.weights.allSatisfy { $0 == 1 } ? nil : Storage(changes.weights)))
    }

    /// What a step changes in the results.
    private struct Changes {
        var groups: [UInt32] = []
        var rows: [[Value]] = []
        var weights: [Int64] = []
        var failed: [(group: UInt32, weight: Int64, error: SQLError)] = []

        mutating func add(_ group: UInt32, _ result: GroupResult, _ weight: Int64) {
            switch result {
            case .none: break
            case .row(let values):
                groups.append(group)
                rows.append(values)
                weights.append(weight)
            case .failure(let error): failed.append((group, weight, error))
            }
        }
    }

    // MARK: - Checkpoints

    package var traceKind: TraceKind { .newest(keyColumns: keys.count) }

    package var partitionColumns: [Int]? { Array(keys.indices) }

    /// First the groups that changed (keys, words as a text column); extremes are sums of their own
    /// and come from `capture` of `ExtremesState`.
    package func capture() -> [Batch] {
        let numbers = groups.takeChanged()
        if numbers.isEmpty { return [] }
        let builder = ColumnBuilder(.text, capacity: numbers.count)
        for number in numbers {
            let words = groups.words(of: number)
            var writer = ByteWriter(reserving: groups.width * 8)
            // The stamp means nothing after a restart.
            for index in 0..<groups.width { writer.write(index == 1 ? 0 : words[index]) }
            if accumulators.contains(where: { !$0.wideSums.isEmpty }) {
                for accumulator in accumulators where accumulator.hasWideSums {
                    accumulator.wideSums.write(number, to: &writer)
                }
            }
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
                do throws(MalformedBytes) {
                    for index in 0..<groups.width { words[index] = try reader.readInt64() }
                    for accumulator in accumulators where accumulator.hasWideSums {
                        try accumulator.wideSums.read(numbers[row], from: &reader)
                    }
                } catch {
                    throw .internalFault("state of an aggregate: \(error.reason)")
                }
            }
            if !hasKeys { hasEmittedEmpty = true }
        }
    }

    package var byteCount: Int {
        accumulators.reduce(groups.byteCount) { $0 + $1.wideSums.byteCount }
    }

    /// The rows that min, max and the collecting aggregates have to remember, as a Z-set.
    package var extremes: ExtremesState? { hasTrees ? ExtremesState(self) : nil }

    /// The values of DISTINCT aggregates, one trace each.
    package var distinctStates: [any Checkpointable] {
        seen.map { DistinctState($0, keyCount: keys.count) }
    }

    /// The best values so far of min and max over inputs that only grow.
    package var bestState: (any Checkpointable)? {
        accumulators.contains { $0.keepsBest } ? BestState(self) : nil
    }

    /// Columns of one remembered accumulator: argument, separator, order.
    private func remembered(_ accumulator: Accumulator) -> [DataType.Physical] {
        let argument = accumulator.aggregate.argument?.type.physical ?? .int64
        return accumulator.collected == nil ? [argument, .bool] : [argument, .bool, .text, .text]
    }

    /// Keys, then for each remembered accumulator its argument, whether the row counts for it, and for
    /// collections the separator and the order key.
    private func keepForCapture(
        _ chunk: Batch, _ keyColumns: [Column], _ arguments: [Column?],
        _ collected: [CollectedColumns], _ filters: [Column?]
    ) {
        var columns = keyColumns
        for index in accumulators.indices where accumulators[index].remembersRows {
            guard let argument = arguments[index] else { continue }
            columns.append(argument)
            let keep = filters[index]?.view
            let counts = Storage<UInt8>(uninitialized: chunk.count)
            for row in 0..<chunk.count {
                let isKept = keep.map { !$0.isNull(row) && $0.bool(row) != 0 } ?? true
                counts.cells[row] = isKept ? 1 : 0
            }
            columns.append(Column(.bool(counts)))
            guard accumulators[index].collected != nil else { continue }
            let keys = ColumnBuilder(.text, capacity: chunk.count)
            for row in 0..<chunk.count { keys.append(text: collected[index].key(argument, row)) }
            columns.append(
                collected[index].second ?? .constant(.null, .text, count: chunk.count))
            columns.append(keys.column())
        }
        withExtendedLifetime(filters) {}
        pendingExtremes.append(Batch(columns: columns, count: chunk.count, weights: chunk.weights))
    }

    /// Checkpoints the remembered rows of an aggregate operator.
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
                var next = keyCount
                for accumulator in owner.accumulators where accumulator.remembersRows {
                    let width = owner.remembered(accumulator).count
                    let columns = Array(batch.columns[next..<(next + width)])
                    next += width
                    for row in 0..<batch.count where columns[1].bools.cells[row] != 0 {
                        accumulator.restore(columns, row, numbers[row], batch.weight(row))
                    }
                }
            }
        }

        package var byteCount: Int {
            owner.accumulators.reduce(0) {
                $0 + ($1.tree?.entryCount ?? 0) * 64 + ($1.collected?.byteCount ?? 0)
            }
        }
    }

    /// Checkpoints the best values of groups that have changed: keys, then a value for each.
    private final class BestState: Checkpointable {
        private let owner: AggregateOperator

        init(_ owner: AggregateOperator) { self.owner = owner }

        var traceKind: TraceKind { .newest(keyColumns: owner.keys.count) }

        var partitionColumns: [Int]? { owner.partitionColumns }

        private var keepers: [Accumulator] { owner.accumulators.filter(\.keepsBest) }

        func capture() -> [Batch] {
            let changed = owner.dirtyBest.sorted()
            owner.dirtyBest = []
            if changed.isEmpty { return [] }
            let values = keepers.map { keeper in
                let builder = ColumnBuilder(keeper.argumentPhysical, capacity: changed.count)
                for group in changed { builder.append(keeper.best(group) ?? .null) }
                return builder.column()
            }
            return [Batch(columns: owner.groups.keys(changed) + values, count: changed.count)]
        }

        func restore(_ rows: [Batch]) throws(SQLError) {
            let keyCount = owner.keys.count
            for batch in rows {
                let numbers = owner.groups.findOrInsert(
                    Array(batch.columns.prefix(keyCount)), count: batch.count)
                for (index, keeper) in keepers.enumerated() {
                    for row in 0..<batch.count {
                        keeper.setBest(numbers[row], batch.columns[keyCount + index].value(row))
                    }
                }
            }
        }

        var byteCount: Int { owner.groups.count * 24 * keepers.count }
    }
}

/// What a collecting aggregate computes for a chunk beside its argument.
struct CollectedColumns {
    let second: Column?
    private let order: [(column: Column, order: Aggregate.Order)]

    init(_ aggregate: Aggregate, _ evaluation: Evaluation) {
        guard aggregate.isCollecting else {
            second = nil
            order = []
            return
        }
        second = aggregate.second.map { evaluation.evaluate($0) }
        order = aggregate.order.map { (evaluation.evaluate($0.expression), $0) }
    }

    /// The place of a row's value: its order, then the value and the separator.
    func key(_ argument: Column, _ row: Int) -> [UInt8] {
        var key: [UInt8] = []
        for (column, order) in order {
            OrderKey.append(
                column.view, row, descending: order.descending, nullsFirst: order.nullsFirst,
                to: &key)
        }
        var views = [argument.view]
        if let second { views.append(second.view) }
        OrderKey.appendImage(views, row, to: &key)
        return withExtendedLifetime((argument, second, order)) { key }
    }
}
