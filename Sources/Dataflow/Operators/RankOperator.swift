import State
package import Types

/// row_number, rank and dense_rank over partitions, and the first rows of each: top-N, DISTINCT ON.
///
/// Result: the input's columns, then one bigint for each function. Ties are broken by the rows'
/// images, so that the answer is a function of the content. Of each touched partition the window is
/// computed anew at the end of the step and compared with what was out.
package final class RankOperator: Operator, Checkpointable {
    /// The functions that there are.
    package enum Function: String, Sendable {
        case rowNumber = "row_number"
        case rank
        case denseRank = "dense_rank"
    }

    /// Which rows come out: those whose `function` is above `offset`, and not above offset + limit.
    package struct Bound: Sendable {
        package var function: Function
        package var offset: Int
        package var limit: Int?

        package init(_ function: Function, offset: Int = 0, limit: Int?) {
            self.function = function
            self.offset = offset
            self.limit = limit
        }

        fileprivate var last: Int64 {
            guard let limit else { return Int64.max }
            let (sum, overflow) = Int64(offset).addingReportingOverflow(Int64(limit))
            return overflow ? Int64.max : sum
        }
    }

    private struct Place: Hashable {
        var slot: UInt32
        /// Values of the functions; zeros beyond their number.
        var first: Int64 = 0
        var second: Int64 = 0
        var third: Int64 = 0
    }

    /// One place of a partition's window, with its weight.
    private struct Shown {
        var place: Place
        var weight: Int64
    }

    private let partition: [Int]
    private let functions: [Function]
    private let bound: Bound?
    private let groups: GroupTable
    private let rows: OrderedRows
    /// Instead of `rows`, where the input only grows and few of its rows matter.
    private let best: BestRows?
    private var touched: Set<UInt32> = []
    /// What is out, by partition.
    private var windows: [[Shown]] = []
    private var pending: [Batch] = []
    private var hasRestored = false

    /// Rows by which `best` is worth having.
    private static let fewRows = 1000

    /// At most three functions. `appendOnly`: no weight is ever negative; peers are then told apart by
    /// their arrival, the latest first with `latestFirst`.
    package init(
        _ types: [DataType.Physical], partition: [Int], order: [SortKey], functions: [Function],
        bound: Bound?, appendOnly: Bool = false, latestFirst: Bool = false
    ) {
        precondition(functions.count <= 3, "more than three ranking functions")
        if appendOnly, let bound, bound.function == .rowNumber, bound.last <= RankOperator.fewRows,
            bound.last > 0
        {
            best = BestRows(
                types, keys: order, capacity: Int(bound.last), latestFirst: latestFirst)
        } else {
            best = nil
        }
        self.partition = partition
        self.functions = functions
        self.bound = bound
        groups = GroupTable(partition.map { types[$0] }, width: 1)
        rows = OrderedRows(types, keys: order)
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        restoreWindows()
        add(chunk, isCaptured: !out.runsOnce)
    }

    private func add(_ chunk: Batch, isRestoring: Bool = false, isCaptured: Bool = true) {
        let numbers = groups.findOrInsert(partition.map { chunk.columns[$0] }, count: chunk.count)
        guard let best else {
            if !isRestoring, isCaptured { pending.append(chunk) }
            rows.add(chunk, groups: numbers)
            return touched.formUnion(numbers)
        }
        let data =
            isRestoring
            ? chunk.projected(Array(0..<(chunk.columns.count - 1))) : chunk
        let kept = best.add(
            data, groups: numbers, arrivals: isRestoring ? chunk.columns.last : nil)
        for row in kept.rows { touched.insert(numbers[Int(row)]) }
        if isRestoring || !isCaptured || kept.rows.isEmpty { return }
        let places = Storage(kept.rows)
        let added = data.gathered(places.cells)
        pending.append(
            Batch(
                columns: added.columns + [Column(.int64(Storage(kept.arrivals)))],
                count: added.count))
    }

    /// The places of a partition that are to be out now.
    private func window(_ group: UInt32) -> [Shown] {
        var window: [Shown] = []
        var (number, rank, dense): (Int64, Int64, Int64) = (0, 0, 0)
        if let best {
            best.walk(group) { slot, isPeer in
                if !isPeer {
                    rank = number + 1
                    dense += 1
                }
                return add(slot, 1, &number, rank, dense, to: &window)
            }
            return window
        }
        var previous: OrderedRows.Entry?
        rows.walk(group) { entry, weight in
            guard weight > 0 else { return true }
            if previous.map({ !entry.isPeer(of: $0) }) ?? true {
                rank = number + 1
                dense += 1
            }
            previous = entry
            return add(entry.slot, weight, &number, rank, dense, to: &window)
        }
        return window
    }

    /// - Returns: false when nothing behind this entry can be in the window.
    private func add(
        _ slot: UInt32, _ weight: Int64, _ number: inout Int64, _ rank: Int64,
        _ dense: Int64, to window: inout [Shown]
    ) -> Bool {
        let numbersMatter = functions.contains(.rowNumber)
        guard let bound else {
            put(slot, numbersMatter, weight, number + 1, rank, dense, &window)
            number += weight
            return true
        }
        switch bound.function {
        case .rowNumber:
            let first = max(number + 1, Int64(bound.offset) + 1)
            let last = min(number + weight, bound.last)
            if first <= last {
                put(slot, numbersMatter, last - first + 1, first, rank, dense, &window)
            }
            number += weight
            return number < bound.last
        case .rank, .denseRank:
            let value = bound.function == .rank ? rank : dense
            if value > bound.last { return false }
            if value > Int64(bound.offset) {
                put(slot, numbersMatter, weight, number + 1, rank, dense, &window)
            }
            number += weight
            return true
        }
    }

    private func put(
        _ slot: UInt32, _ numbersMatter: Bool, _ weight: Int64, _ firstNumber: Int64,
        _ rank: Int64, _ dense: Int64, _ window: inout [Shown]
    ) {
        for copy in 0..<(numbersMatter ? weight : 1) {
            var values: [Int64] = []
            for function in functions {
                switch function {
                case .rowNumber: values.append(firstNumber + copy)
                case .rank: values.append(rank)
                case .denseRank: values.append(dense)
                }
            }
            var place = Place(slot: slot)
            if values.count > 0 { place.first = values[0] }
            if values.count > 1 { place.second = values[1] }
            if values.count > 2 { place.third = values[2] }
            window.append(Shown(place: place, weight: numbersMatter ? 1 : weight))
        }
    }

    package func finish(out: Output) throws(SQLError) {
        restoreWindows()
        if touched.isEmpty { return }
        var places: [Place] = []
        var weights: [Int64] = []
        for group in touched.sorted() {
            let new = window(group)
            while windows.count <= Int(group) { windows.append([]) }
            RankOperator.difference(windows[Int(group)], new, &places, &weights)
            windows[Int(group)] = new
        }
        touched.removeAll(keepingCapacity: true)
        try emit(places, weights, out)
        if let best {
            if best.isWorthCompacting { moveSlots(best.compact()) }
        } else if rows.isWorthCompacting {
            moveSlots(rows.compact())
        }
    }

    /// What leads from one window to another.
    private static func difference(
        _ old: [Shown], _ new: [Shown], _ places: inout [Place], _ weights: inout [Int64]
    ) {
        if old.isEmpty {
            for shown in new {
                places.append(shown.place)
                weights.append(shown.weight)
            }
            return
        }
        var change: [Place: Int64] = [:]
        for shown in old { change[shown.place, default: 0] -= shown.weight }
        for shown in new { change[shown.place, default: 0] += shown.weight }
        for (place, weight) in change where weight != 0 {
            places.append(place)
            weights.append(weight)
        }
    }

    private func emit(_ places: [Place], _ weights: [Int64], _ out: Output) throws(SQLError) {
        if places.isEmpty { return }
        let slots = places.map(\.slot)
        var columns = best?.gather(slots) ?? rows.gather(slots)
        for index in functions.indices {
            let values = places.map { index == 0 ? $0.first : (index == 1 ? $0.second : $0.third) }
            columns.append(Column(.int64(Storage(values))))
        }
        try out.emit(
            Batch(
                columns: columns, count: places.count,
                weights: weights.allSatisfy { $0 == 1 } ? nil : Storage(weights)))
    }

    private func moveSlots(_ moved: [UInt32: UInt32]) {
        for group in windows.indices {
            for index in windows[group].indices {
                let slot = windows[group][index].place.slot
                windows[group][index].place.slot = moved[slot] ?? slot
            }
        }
    }

    // MARK: - Checkpoints

    package var traceKind: TraceKind { .sum }

    package var partitionColumns: [Int]? { partition }

    package func capture() -> [Batch] {
        let taken = pending
        pending = []
        return taken
    }

    package func restore(_ batches: [Batch]) throws(SQLError) {
        for batch in batches { add(batch, isRestoring: true) }
        hasRestored = true
    }

    private func restoreWindows() {
        guard hasRestored else { return }
        hasRestored = false
        for group in touched {
            while windows.count <= Int(group) { windows.append([]) }
            windows[Int(group)] = window(group)
        }
        touched.removeAll(keepingCapacity: true)
    }

    package var byteCount: Int { rows.byteCount + (best?.byteCount ?? 0) + groups.byteCount }
}
