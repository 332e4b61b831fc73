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
    }

    /// The group of each row; new ones are made with zero words.
    func findOrInsert(_ keys: [Column], count: Int) -> [UInt32] {
        if keys.isEmpty {
            if self.count == 0 {
                _ = insert([Column(.bool(Storage(repeating: 0, count: 1)))], 0, hash: 0)
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
        for row in 0..<count {
            let hash = cells[row]
            let head = index.find(hash)
            var at = head
            while at != HashIndex.none, !rows.equals(at, allColumns, views, row, image: false) {
                at = nextPages[Int(at >> 12)].cells[Int(at & 4095)]
            }
            result.append(at != HashIndex.none ? at : insert(keys, row, hash: hash))
        }
        return withExtendedLifetime(keys) { result }
    }

    private func insert(_ keys: [Column], _ row: Int, hash: UInt64) -> UInt32 {
        let one = Storage<UInt32>([UInt32(row)])
        let key = Batch(columns: keys, count: keys[0].count).gathered(one.cells)
        var number: UInt32 = 0
        for run in rows.append(key) { number = run.first }
        let page = Int(number >> 12)
        while wordPages.count <= page {
            let capacity = rows.pages[wordPages.count]?.capacity ?? RowPage.maximumRows
            let words = Storage<Int64>(repeating: 0, count: capacity * width)
            wordPages.append(words)
            wordCells.append(words.cells)
            nextPages.append(Storage(repeating: HashIndex.none, count: capacity))
        }
        nextPages[page].cells[Int(number & 4095)] = index.find(hash)
        index.set(hash, number)
        count += 1
        return number
    }

    /// The words of a group; valid until the table is gone.
    func words(of group: UInt32) -> Cells<Int64> {
        let page = wordCells[Int(group >> 12)]
        return unsafe Cells(page.unsafePointer + Int(group & 4095) * width, count: width)
    }

    /// The key columns of groups.
    func keys(_ groups: [UInt32]) -> [Column] { rows.gather(groups, columns: allColumns) }

    var byteCount: Int {
        rows.byteCount + index.byteCount + wordPages.reduce(0) { $0 + $1.count * 8 }
    }
}
