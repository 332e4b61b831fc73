import State
import Types

/// Rows with weights in groups, each group in an order: what top-N and ranking are computed from.
///
/// Blocks of at most 256 entries by (group, order key, image): finding is two binary searches,
/// inserting moves at most one block's entries.
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
    }

    private var rows: RowPages
    private var imageIndex = HashIndex()
    private var weights: [Int64] = []
    private var nextOfImage: [UInt32] = []
    private var blocks: [[Entry]] = []
    private let allColumns: [Int]
    private let types: [DataType.Physical]
    private let keys: [SortKey]
    private(set) var dead = 0
    private(set) var live = 0
    private static let blockSize = 256

    init(_ types: [DataType.Physical], keys: [SortKey]) {
        self.types = types
        self.keys = keys
        rows = RowPages(types)
        allColumns = Array(types.indices)
    }

    // MARK: - Changes

    /// Adds a change; `groups` are the groups of its rows.
    func add(_ batch: Batch, groups: [UInt32]) {
        let views = batch.columns.map(\.view)
        for row in 0..<batch.count {
            let hash = hashRow(views, row, seed: rowHashSeed, image: true)
            if let slot = find(hash, views, row) {
                change(slot, groups[row], batch.weight(row))
            } else {
                insert(batch, views, row, groups[row], hash)
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
    ) {
        let one = Storage<UInt32>([UInt32(row)])
        for run in rows.append(batch.gathered(one.cells)) {
            let slot = run.first
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
    private func locate(_ group: UInt32, _ key: [UInt8]) -> (block: Int, at: Int) {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            let last = blocks[middle][blocks[middle].count - 1]
            if OrderedRows.precedes(last, group, key) { low = middle + 1 } else { high = middle }
        }
        guard low < blocks.count else { return (low, 0) }
        let block = low
        (low, high) = (0, blocks[block].count)
        while low < high {
            let middle = (low + high) / 2
            if OrderedRows.precedes(blocks[block][middle], group, key) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return (block, low)
    }

    private func place(_ entry: Entry) {
        var (block, at) = locate(entry.group, entry.key)
        if block == blocks.count {
            if blocks.isEmpty { blocks.append([]) }
            block = blocks.count - 1
            at = blocks[block].count
        }
        blocks[block].insert(entry, at: at)
        if blocks[block].count > OrderedRows.blockSize {
            let half = blocks[block].count / 2
            blocks.insert(Array(blocks[block][half...]), at: block + 1)
            blocks[block].removeSubrange(half...)
        }
    }

    private func remove(_ entry: Entry) {
        let (block, at) = locate(entry.group, entry.key)
        guard block < blocks.count, at < blocks[block].count, blocks[block][at].slot == entry.slot
        else { return }
        blocks[block].remove(at: at)
        if blocks[block].isEmpty { blocks.remove(at: block) }
    }

    /// Walks a group in order until `visit` returns false. Weights may be negative within a step.
    func walk(_ group: UInt32, _ visit: (Entry, Int64) -> Bool) {
        var (block, at) = locate(group, [])
        while block < blocks.count {
            while at < blocks[block].count {
                let entry = blocks[block][at]
                if entry.group != group { return }
                if !visit(entry, weights[Int(entry.slot)]) { return }
                at += 1
            }
            block += 1
            at = 0
        }
    }

    func gather(_ slots: [UInt32]) -> [Column] { rows.gather(slots, columns: allColumns) }

    // MARK: - Upkeep

    /// Whether so much is dead that making everything anew pays.
    var isWorthCompacting: Bool { dead > 8192 && dead > live }

    /// Makes everything anew. - Returns: where the slots of living rows are now.
    func compact() -> [UInt32: UInt32] {
        let entries = blocks.flatMap { $0 }
        let slots = entries.map(\.slot)
        let kept = Batch(
            columns: gather(slots), count: slots.count,
            weights: Storage(slots.map { weights[Int($0)] }))
        rows = RowPages(types)
        imageIndex = HashIndex()
        weights = []
        nextOfImage = []
        blocks = []
        (live, dead) = (0, 0)
        add(kept, groups: entries.map(\.group))
        var moved: [UInt32: UInt32] = [:]
        let now = blocks.flatMap { $0 }
        for (old, new) in zip(entries, now) { moved[old.slot] = new.slot }
        return moved
    }

    var byteCount: Int { rows.byteCount + imageIndex.byteCount + live * 96 + weights.count * 12 }
}
