import State
import Types

/// One side of a join: rows with weights, found by the hash of their join key.
final class JoinState {
    private var rows: RowPages
    private var index = HashIndex()
    private var weightPages: [Storage<Int64>] = []
    private var nextPages: [Storage<UInt32>] = []
    let keyColumns: [Int]
    private let allColumns: [Int]
    /// Changes since the last capture.
    private var pending: [Batch] = []
    private var deadRows = 0

    init(_ types: [DataType.Physical], key: [Int]) {
        rows = RowPages(types)
        keyColumns = key
        allColumns = Array(types.indices)
    }

    /// Adds a change. Rows with a NULL in the key are not stored unless `keepsNulls`.
    func insert(_ batch: Batch, keepsNulls: Bool = false, forCapture: Bool = true) {
        let keyed = keepsNulls ? batch : JoinState.withoutNullKeys(batch, keyColumns)
        guard keyed.count > 0 else { return }
        if forCapture { pending.append(keyed) }
        let views = keyed.columns.map(\.view)
        let keys = keyColumns.map { views[$0] }
        guard keyed.weights != nil else { return append(keyed, keys) }
        var added: [UInt32] = []
        for row in 0..<keyed.count {
            let weight = keyed.weight(row)
            if weight < 0, retract(views, keys, row, -weight) { continue }
            if weight != 0 { added.append(UInt32(row)) }
        }
        if added.isEmpty { return }
        let numbers = Storage(added)
        let rest = keyed.gathered(numbers.cells)
        append(rest, keyColumns.map { rest.columns[$0].view })
    }

    static func withoutNullKeys(_ batch: Batch, _ key: [Int]) -> Batch {
        guard key.contains(where: { batch.columns[$0].validity != nil }) else { return batch }
        let kept = (0..<UInt32(batch.count)).filter { row in
            !key.contains { batch.columns[$0].isNull(Int(row)) }
        }
        if kept.count == batch.count { return batch }
        let numbers = Storage(kept)
        return batch.gathered(numbers.cells)
    }

    private func append(_ batch: Batch, _ keys: [ColumnView]) {
        for run in rows.append(batch) {
            let (first, from, count) = (run.first, run.batchRow, run.count)
            let page = Int(first >> 12)
            while weightPages.count <= page {
                let capacity = rows.pages[weightPages.count]?.capacity ?? RowPage.maximumRows
                weightPages.append(Storage(uninitialized: capacity))
                nextPages.append(Storage(uninitialized: capacity))
            }
            let (weights, next) = (weightPages[page].cells, nextPages[page].cells)
            for offset in 0..<count {
                let at = Int(first & 4095) + offset
                let hash = hashRow(keys, from + offset, seed: rowHashSeed, image: false)
                weights[at] = batch.weight(from + offset)
                next[at] = index.find(hash)
                index.set(hash, first + UInt32(offset))
            }
        }
    }

    /// Takes `weight` from rows with this image. - Returns: false when not all of it was there; what
    /// is missing must then be stored as a debt by the caller.
    private func retract(_ views: [ColumnView], _ keys: [ColumnView], _ row: Int, _ weight: Int64)
        -> Bool
    {
        let hash = hashRow(keys, row, seed: rowHashSeed, image: false)
        var at = index.find(hash)
        var previous = HashIndex.none
        while at != HashIndex.none {
            let (page, offset) = (Int(at >> 12), Int(at & 4095))
            let held = weightPages[page].cells[offset]
            let next = nextPages[page].cells[offset]
            if held >= weight, rows.equals(at, allColumns, views, row, image: true) {
                weightPages[page].cells[offset] = held - weight
                if held == weight {
                    deadRows += 1
                    if previous == HashIndex.none {
                        index.set(hash, next)
                    } else {
                        nextPages[Int(previous >> 12)].cells[Int(previous & 4095)] = next
                    }
                }
                return true
            }
            previous = at
            at = next
        }
        return false
    }

    /// Pairs of (row of `batch`, row here) with equal keys; the batch's rows have no NULL key.
    func probe(
        _ batch: Batch, key: [Int], _ visit: (Int, UInt32, Int64) throws(SQLError) -> Void
    ) throws(SQLError) {
        if rows.pages.isEmpty { return }
        let keyViews = key.map { batch.columns[$0].view }
        let hashes = Storage<UInt64>(uninitialized: batch.count)
        let cells = hashes.cells
        for row in 0..<batch.count {
            let hash = hashRow(keyViews, row, seed: rowHashSeed, image: false)
            cells[row] = hash
            index.prefetch(hash)
        }
        for row in 0..<batch.count {
            var at = index.find(cells[row])
            while at != HashIndex.none {
                let (page, offset) = (Int(at >> 12), Int(at & 4095))
                if rows.equals(at, keyColumns, keyViews, row, image: false) {
                    try visit(row, at, weightPages[page].cells[offset])
                }
                at = nextPages[page].cells[offset]
            }
        }
    }

    /// The sum of weights of rows matching one key.
    func gather(_ numbers: [UInt32]) -> [Column] { rows.gather(numbers, columns: allColumns) }

    func capture() -> [Batch] {
        let batches = pending
        pending = []
        return batches
    }

    var byteCount: Int {
        rows.byteCount + index.byteCount + weightPages.reduce(0) { $0 + $1.count * 12 }
    }
}
