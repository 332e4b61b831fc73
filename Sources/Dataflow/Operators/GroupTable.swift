import State
import Types

/// Keys with a fixed number of 64-bit words each: what aggregates remember.
///
/// Keys are found by SQL equality (NULL is a key like any other); the image first seen is kept. A
/// group's number never changes and is never given to another key.
final class GroupTable {
    private var rows: RowPages
    private var index = HashIndex()
    private let allColumns: [Int]
    let width: Int
    /// Words of a group in memory: its own, and the stamp of its last mark.
    private let stride: Int
    private var changed: [UInt32] = []
    /// The stamp of groups that are in `changed`.
    private var generation: Int64 = 1
    private var wordPages: [Storage<Int64>] = []
    /// The same memory, reachable without a reference count.
    private var wordCells: [Cells<Int64>] = []
    private var nextPages: [Storage<UInt32>] = []
    private(set) var count = 0

    /// `width`: words of each group, zero at first.
    init(_ keyTypes: [DataType.Physical], width: Int) {
        // Without key columns there is one group; a constant column stands for its key.
        rows = RowPages(keyTypes.isEmpty ? [.bool] : keyTypes)
        allColumns = Array(keyTypes.indices)
        self.width = width
        stride = width + 1
    }

    /// The group of each row; new ones are made with zero words.
    func findOrInsert(_ keys: [Column], count: Int) -> [UInt32] {
        if keys.isEmpty {
            if self.count == 0 {
                let constant = Column(.bool(Storage(repeating: 0, count: 1)))
                _ = insert(Batch(columns: [constant], count: 1), [0])
            }
            return [UInt32](repeating: 0, count: count)
        }
        let views = keys.map(\.view)
        let hashes = Storage<UInt64>(uninitialized: count)
        let cells = hashes.cells
        for row in 0..<count {
            let hash = hashRow(views, row, seed: rowHashSeed, image: false)
            cells[row] = hash
            index.prefetch(hash)
        }
        var result: [UInt32] = []
        result.reserveCapacity(count)
        var fresh: [UInt32] = []
        for row in 0..<count {
            var at = index.find(cells[row])
            while at != HashIndex.none, !rows.equals(at, allColumns, views, row, image: false) {
                at = nextPages[Int(at >> 12)].cells[Int(at & 4095)]
            }
            result.append(at)
            if at == HashIndex.none { fresh.append(UInt32(row)) }
        }
        if !fresh.isEmpty { insert(keys, views, cells, fresh, &result) }
        return withExtendedLifetime((keys, hashes)) { result }
    }

    /// Makes groups of rows that have none: together, because each append costs much more than a row.
    private func insert(
        _ keys: [Column], _ views: [ColumnView], _ hashes: Cells<UInt64>, _ fresh: [UInt32],
        _ result: inout [UInt32]
    ) {
        let (first, places) = GroupTable.distinct(views, hashes, fresh)
        let batch = Batch(columns: keys, count: keys[0].count)
        let chosen = Storage(first)
        let numbers = insert(batch.gathered(chosen.cells), first.map { hashes[Int($0)] })
        for (row, place) in zip(fresh, places) { result[Int(row)] = numbers[Int(place)] }
    }

    /// The first row of each key among `rows`, and for each of `rows` which of those it is.
    private static func distinct(
        _ views: [ColumnView], _ hashes: Cells<UInt64>, _ rows: [UInt32]
    ) -> (first: [UInt32], places: [UInt32]) {
        if rows.count == 1 { return (rows, [0]) }
        var capacity = 16
        while capacity < rows.count * 2 { capacity *= 2 }
        // Open addressing over `first`.
        let slots = Storage<UInt32>(repeating: HashIndex.none, count: capacity)
        let cells = slots.cells
        var (first, places): ([UInt32], [UInt32]) = ([], [])
        places.reserveCapacity(rows.count)
        for row in rows {
            let hash = hashes[Int(row)]
            var at = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while cells[at] != HashIndex.none {
                let other = Int(first[Int(cells[at])])
                if hashes[other] == hash,
                    views.allSatisfy({ $0.equals(Int(row), $0, other, image: false) })
                {
                    break
                }
                at = (at + 1) & (capacity - 1)
            }
            if cells[at] == HashIndex.none {
                cells[at] = UInt32(first.count)
                first.append(row)
            }
            places.append(cells[at])
        }
        return withExtendedLifetime(slots) { (first, places) }
    }

    /// Adds keys that are not there. - Returns: their groups.
    private func insert(_ keys: Batch, _ hashes: [UInt64]) -> [UInt32] {
        var numbers: [UInt32] = []
        numbers.reserveCapacity(keys.count)
        for run in rows.append(keys) {
            for offset in 0..<UInt32(run.count) { numbers.append(run.first + offset) }
        }
        while wordPages.count < rows.pages.count {
            let capacity = rows.pages[wordPages.count]?.capacity ?? RowPage.maximumRows
            let words = Storage<Int64>(repeating: 0, count: capacity * stride)
            wordPages.append(words)
            wordCells.append(words.cells)
            nextPages.append(Storage(repeating: HashIndex.none, count: capacity))
        }
        for (number, hash) in zip(numbers, hashes) {
            nextPages[Int(number >> 12)].cells[Int(number & 4095)] = index.find(hash)
            index.set(hash, number)
        }
        count += numbers.count
        return numbers
    }

    /// The words of a group; valid until the table is gone.
    func words(of group: UInt32) -> Cells<Int64> {
        let page = wordCells[Int(group >> 12)]
        return unsafe Cells(page.unsafePointer + Int(group & 4095) * stride, count: width)
    }

    // MARK: - Changes

    /// Notes that a group has changed. - Returns: whether it had not been noted yet.
    @discardableResult
    func mark(_ group: UInt32) -> Bool {
        let page = wordCells[Int(group >> 12)]
        let at = Int(group & 4095) * stride + width
        if page[at] == generation { return false }
        page[at] = generation
        changed.append(group)
        return true
    }

    /// The groups marked since the last call, ascending.
    func takeChanged() -> [UInt32] {
        defer {
            changed = []
            generation += 1
        }
        return changed.sorted()
    }

    /// The key columns of groups.
    func keys(_ groups: [UInt32]) -> [Column] { rows.gather(groups, columns: allColumns) }

    var byteCount: Int {
        rows.byteCount + index.byteCount + wordPages.reduce(0) { $0 + $1.count * 8 }
    }
}
