import State
import Types

/// Rows with weights in groups, each group in an order: what top-N and ranking are computed from.
/// The entries are ordered by (group, order key, image).
final class OrderedRows {
    struct Entry {
        let group: UInt32
        let slot: UInt32
        /// The order key, then the image; the first `orderLength` bytes decide about peers.
        let key: [UInt8]
        let orderLength: Int

        func isPeer(of other: Entry) -> Bool {
            orderLength == other.orderLength
                && key.prefix(orderLength).elementsEqual(other.key.prefix(orderLength))
        }

        /// Where the first order key is an ascending 64-bit integer: its value, unless it is NULL.
        var time: Int64? { OrderKey.int64(key) }
    }

    private var rows: RowPages
    private var imageIndex = HashIndex()
    private var weights: [Int64] = []
    private var nextOfImage: [UInt32] = []
    private(set) var entries = OrderedBlocks<Entry>()
    private let allColumns: [Int]
    private let types: [DataType.Physical]
    private let keys: [SortKey]
    private(set) var dead = 0
    private(set) var live = 0

    init(_ types: [DataType.Physical], keys: [SortKey]) {
        self.types = types
        self.keys = keys
        rows = RowPages(types)
        allColumns = Array(types.indices)
    }

    // MARK: - Changes

    /// Adds a change; `groups` are the groups of its rows. Of each row `noting` is told its slot and what
    /// its weight was.
    func add(
        _ batch: Batch, groups: [UInt32],
        noting: (_ row: Int, _ slot: UInt32, _ before: Int64) -> Void = { _, _, _ in }
    ) {
        let views = batch.columns.map(\.view)
        for row in 0..<batch.count {
            let hash = hashRow(views, row, seed: rowHashSeed, image: true)
            if let slot = find(hash, views, row) {
                noting(row, slot, weights[Int(slot)])
                change(slot, groups[row], batch.weight(row))
            } else {
                noting(row, insert(batch, views, row, groups[row], hash), 0)
            }
        }
        withExtendedLifetime(batch) {}
    }

    private func find(_ hash: UInt64, _ views: [ColumnView], _ row: Int) -> UInt32? {
        var at = imageIndex.find(hash)
        while at != HashIndex.none {
            if rows.equals(at, allColumns, views, row, image: true) { return at }
            at = nextOfImage[Int(at)]
        }
        return nil
    }

    private func change(_ slot: UInt32, _ group: UInt32, _ weight: Int64) {
        let before = weights[Int(slot)]
        let after = before + weight
        weights[Int(slot)] = after
        if before == 0, after != 0 {
            dead -= 1
            live += 1
            place(entry(slot, group))
        } else if before != 0, after == 0 {
            dead += 1
            live -= 1
            remove(entry(slot, group))
        }
    }

    private func insert(
        _ batch: Batch, _ views: [ColumnView], _ row: Int, _ group: UInt32, _ hash: UInt64
    ) -> UInt32 {
        let one = Storage<UInt32>([UInt32(row)])
        var placed: UInt32 = 0
        for run in rows.append(batch.gathered(one.cells)) {
            let slot = run.first
            placed = slot
            while weights.count <= Int(slot) {
                weights.append(0)
                nextOfImage.append(HashIndex.none)
            }
            weights[Int(slot)] = batch.weight(row)
            nextOfImage[Int(slot)] = imageIndex.find(hash)
            imageIndex.set(hash, slot)
            if batch.weight(row) == 0 {
                dead += 1
            } else {
                live += 1
                place(entry(views, row, slot, group))
            }
        }
        return placed
    }

    // MARK: - Order

    private func entry(_ views: [ColumnView], _ row: Int, _ slot: UInt32, _ group: UInt32) -> Entry
    {
        var key: [UInt8] = []
        for sort in keys {
            OrderKey.append(
                views[sort.column], row, descending: sort.descending,
                nullsFirst: sort.nullsFirst, to: &key)
        }
        let length = key.count
        OrderKey.appendImage(views, row, to: &key)
        return Entry(group: group, slot: slot, key: key, orderLength: length)
    }

    private func entry(_ slot: UInt32, _ group: UInt32) -> Entry {
        let columns = rows.gather([slot], columns: allColumns)
        return withExtendedLifetime(columns) { entry(columns.map(\.view), 0, slot, group) }
    }

    private static func precedes(_ a: Entry, _ group: UInt32, _ key: [UInt8]) -> Bool {
        a.group != group ? a.group < group : a.key.lexicographicallyPrecedes(key)
    }

    /// The first place that is not before (group, key).
    func locate(_ group: UInt32, _ key: [UInt8]) -> OrderedBlocks<Entry>.Place {
        entries.locate { OrderedRows.precedes($0, group, key) }
    }

    private func place(_ entry: Entry) {
        entries.insert(entry, at: locate(entry.group, entry.key))
    }

    private func remove(_ entry: Entry) {
        let place = locate(entry.group, entry.key)
        if entries.element(at: place)?.slot == entry.slot { entries.remove(at: place) }
    }

    /// Walks a group in order until `visit` returns false, from the first key on that is not below
    /// `key`. Weights may be negative within a step.
    func walk(_ group: UInt32, from key: [UInt8] = [], _ visit: (Entry, Int64) -> Bool) {
        entries.walk(from: locate(group, key)) { entry in
            entry.group == group && visit(entry, weights[Int(entry.slot)])
        }
    }

    /// The key from which on entries have a time that is not below `time`, by an ascending order key.
    static func key(of time: Int64) -> [UInt8] {
        var key: [UInt8] = [1]
        OrderKey.append(time, to: &key)
        return key
    }

    /// Where the order is by time: the nearest finite times of a group's rows before and behind a time,
    /// and whether there is a row at it.
    func neighbours(_ group: UInt32, _ time: Int64) -> (
        previous: Int64?, isThere: Bool, next: Int64?
    ) {
        let start = locate(group, OrderedRows.key(of: time))
        var (previous, isThere, next): (Int64?, Bool, Int64?) = (nil, false, nil)
        var end = start
        while previous == nil, let place = entries.previous(end) {
            let entry = entries[place]
            guard entry.group == group, let before = entry.time, Timestamp.isFinite(before) else {
                break
            }
            if weights[Int(entry.slot)] > 0 { previous = before }
            end = place
        }
        entries.walk(from: start) { entry in
            guard entry.group == group, let behind = entry.time, Timestamp.isFinite(behind) else {
                return false
            }
            if weights[Int(entry.slot)] > 0 {
                if behind == time { isThere = true } else { next = behind }
            }
            return next == nil
        }
        return (previous, isThere, next)
    }

    func weight(_ slot: UInt32) -> Int64 { weights[Int(slot)] }

    func gather(_ slots: [UInt32]) -> [Column] { rows.gather(slots, columns: allColumns) }

    // MARK: - Upkeep

    /// Whether so much is dead that making everything anew pays.
    var isWorthCompacting: Bool { dead > 8192 && dead > live }

    /// Makes everything anew. - Returns: where the slots of living rows are now.
    func compact() -> [UInt32: UInt32] {
        let old = entries.elements
        let slots = old.map(\.slot)
        let kept = Batch(
            columns: gather(slots), count: slots.count,
            weights: Storage(slots.map { weights[Int($0)] }))
        rows = RowPages(types)
        imageIndex = HashIndex()
        weights = []
        nextOfImage = []
        entries = OrderedBlocks()
        (live, dead) = (0, 0)
        add(kept, groups: old.map(\.group))
        var moved: [UInt32: UInt32] = [:]
        for (entry, new) in zip(old, entries.elements) { moved[entry.slot] = new.slot }
        return moved
    }

    var byteCount: Int { rows.byteCount + imageIndex.byteCount + live * 96 + weights.count * 12 }
}
