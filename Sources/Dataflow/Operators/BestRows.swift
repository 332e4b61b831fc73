import State
import Types

/// The first rows of each group of an input that only grows: what falls behind them is forgotten.
///
/// Peers are kept in their order of arrival, the latest first when the last order key is a descending
/// time: arrival refines time.
final class BestRows {
    private struct Entry {
        /// While a chunk is being added: the row's place among those that are kept, with a mark.
        var slot: UInt32
        let key: [UInt8]
        let arrival: Int64
    }

    private let types: [DataType.Physical]
    private let allColumns: [Int]
    private let keys: [SortKey]
    private let capacity: Int
    private let latestFirst: Bool
    private var rows: RowPages
    private var groups: [[Entry]] = []
    private var arrivals: Int64 = 0
    private var (live, placed) = (0, 0)

    init(_ types: [DataType.Physical], keys: [SortKey], capacity: Int, latestFirst: Bool) {
        self.types = types
        self.keys = keys
        self.capacity = capacity
        self.latestFirst = latestFirst
        allColumns = Array(types.indices)
        rows = RowPages(types)
    }

    private func precedes(_ a: Entry, _ key: [UInt8], _ arrival: Int64) -> Bool {
        if a.key.lexicographicallyPrecedes(key) { return true }
        if a.key != key { return false }
        return latestFirst ? a.arrival > arrival : a.arrival < arrival
    }

    /// Adds rows with their arrival numbers (nil: they arrive now). - Returns: the rows that are kept,
    /// with their numbers.
    func add(_ batch: Batch, groups numbers: [UInt32], arrivals given: Column? = nil) -> (
        rows: [UInt32], arrivals: [Int64]
    ) {
        let views = batch.columns.map(\.view)
        var kept: [UInt32] = []
        var keptArrivals: [Int64] = []
        var key: [UInt8] = []
        var changed: [Int] = []
        for row in 0..<batch.count where batch.weight(row) > 0 {
            let arrival = given.map { $0.value(row).int ?? 0 } ?? arrivals
            arrivals = max(arrivals, arrival) + 1
            key.removeAll(keepingCapacity: true)
            for sort in keys {
                OrderKey.append(
                    views[sort.column], row, descending: sort.descending,
                    nullsFirst: sort.nullsFirst, to: &key)
            }
            let group = Int(numbers[row])
            while groups.count <= group { groups.append([]) }
            if groups[group].count >= capacity, let last = groups[group].last,
                precedes(last, key, arrival)
            {
                continue
            }
            insert(
                group, Entry(slot: BestRows.mark | UInt32(kept.count), key: key, arrival: arrival))
            kept.append(UInt32(row))
            keptArrivals.append(arrival)
            changed.append(group)
        }
        place(batch, kept, changed)
        withExtendedLifetime(batch) {}
        return (kept, keptArrivals)
    }

    private static let mark: UInt32 = 1 << 31

    /// Stores the rows that are kept, all at once, and tells their entries where they are.
    private func place(_ batch: Batch, _ kept: [UInt32], _ changed: [Int]) {
        if kept.isEmpty { return }
        let numbers = Storage(kept)
        var slots: [UInt32] = []
        slots.reserveCapacity(kept.count)
        for run in rows.append(batch.gathered(numbers.cells)) {
            for offset in 0..<run.count { slots.append(run.first + UInt32(offset)) }
        }
        placed += kept.count
        for group in changed {
            for index in groups[group].indices where groups[group][index].slot & BestRows.mark != 0
            {
                groups[group][index].slot = slots[Int(groups[group][index].slot & ~BestRows.mark)]
            }
        }
    }

    private func insert(_ group: Int, _ entry: Entry) {
        live += 1
        var (low, high) = (0, groups[group].count)
        while low < high {
            let middle = (low + high) / 2
            if precedes(groups[group][middle], entry.key, entry.arrival) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        groups[group].insert(entry, at: low)
        if groups[group].count > capacity {
            groups[group].removeLast()
            live -= 1
        }
    }

    /// Walks a group in order until `visit` (slot, whether it is a peer of the one before) returns
    /// false.
    func walk(_ group: UInt32, _ visit: (UInt32, Bool) -> Bool) {
        guard Int(group) < groups.count else { return }
        var previous: [UInt8]?
        for entry in groups[Int(group)] {
            if !visit(entry.slot, previous == entry.key) { return }
            previous = entry.key
        }
    }

    func gather(_ slots: [UInt32]) -> [Column] { rows.gather(slots, columns: allColumns) }

    var isWorthCompacting: Bool { placed > 16384 && placed > live * 3 }

    /// Drops what has fallen out. - Returns: where the slots of the rows that are left are now.
    func compact() -> [UInt32: UInt32] {
        var old: [UInt32] = []
        for group in groups { old += group.map(\.slot) }
        let kept = Batch(columns: gather(old), count: old.count)
        rows = RowPages(types)
        var moved: [UInt32: UInt32] = [:]
        for run in rows.append(kept) {
            for offset in 0..<run.count {
                moved[old[run.batchRow + offset]] = run.first + UInt32(offset)
            }
        }
        groups = groups.map { group in
            group.map { entry in
                Entry(
                    slot: moved[entry.slot] ?? entry.slot, key: entry.key, arrival: entry.arrival)
            }
        }
        (live, placed) = (old.count, old.count)
        return moved
    }

    var byteCount: Int { rows.byteCount + live * 96 }
}
