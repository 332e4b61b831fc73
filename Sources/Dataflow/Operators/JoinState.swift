import State
import Types

/// One side of a join: rows with weights, found by the hash of their join key.
///
/// A row that is taken back stays as a dead one with weight 0 until half of them are dead, and is
/// revived when the same image comes again. Rows with the same image share a slot.
final class JoinState {
    private var rows: RowPages
    /// By the hash of the key.
    private var keyIndex = HashIndex()
    /// By the hash of the whole row; only where rows can be taken back.
    private var imageIndex = HashIndex()
    private var pages: [Page?] = []
    let keyColumns: [Int]
    private let allColumns: [Int]
    private let types: [DataType.Physical]
    private let isAppendOnly: Bool
    /// Whether a row comes out by itself while it has no match: rows with NULL keys are kept then.
    private let isKept: Bool
    private let nullsMatch: Bool
    /// Changes since the last capture.
    private var pending: [Batch] = []
    private var (live, dead) = (0, 0)

    /// What stands beside one page's rows.
    private final class Page {
        let weights: Storage<Int64>
        let nextOfKey: Storage<UInt32>
        let nextOfImage: Storage<UInt32>
        /// Weights of the rows on the other side that match.
        let degrees: Storage<Int64>
        /// The weight with which the row has come out padded.
        let emitted: Storage<Int64>

        init(capacity: Int, isKept: Bool, isAppendOnly: Bool) {
            weights = Storage(uninitialized: capacity)
            nextOfKey = Storage(uninitialized: capacity)
            nextOfImage = Storage(uninitialized: isAppendOnly ? 0 : capacity)
            degrees = Storage(repeating: 0, count: isKept ? capacity : 0)
            emitted = Storage(repeating: 0, count: isKept ? capacity : 0)
        }
    }

    init(
        _ types: [DataType.Physical], key: [Int], isAppendOnly: Bool, isKept: Bool = false,
        nullsMatch: Bool = false
    ) {
        self.types = types
        rows = RowPages(types)
        keyColumns = key
        allColumns = Array(types.indices)
        self.isAppendOnly = isAppendOnly
        self.isKept = isKept
        self.nullsMatch = nullsMatch
    }

    /// The rows that can match anything, or have to be kept.
    func relevant(_ batch: Batch) -> Batch {
        isKept || nullsMatch ? batch : JoinState.withoutNullKeys(batch, keyColumns)
    }

    private static func withoutNullKeys(_ batch: Batch, _ key: [Int]) -> Batch {
        guard key.contains(where: { batch.columns[$0].validity != nil }) else { return batch }
        let kept = (0..<UInt32(batch.count)).filter { row in
            !key.contains { batch.columns[$0].isNull(Int(row)) }
        }
        if kept.count == batch.count { return batch }
        let numbers = Storage(kept)
        return batch.gathered(numbers.cells)
    }

    private func hasNullKey(_ keys: [ColumnView], _ row: Int) -> Bool {
        !nullsMatch && keys.contains { $0.isNull(row) }
    }

    // MARK: - Changes

    /// Adds a change of `relevant` rows. `visit` is told each row's slot and whether it was not there
    /// before.
    func add(
        _ batch: Batch, forCapture: Bool = true,
        _ visit: (Int, UInt32, Bool) -> Void = { _, _, _ in }
    ) {
        guard batch.count > 0 else { return }
        if forCapture { pending.append(batch) }
        if isAppendOnly { return append(batch, visit) }
        let views = batch.columns.map(\.view)
        var fresh: [UInt32] = []
        var hashes: [UInt64] = []
        for row in 0..<batch.count {
            let hash = hashRow(views, row, seed: rowHashSeed, image: true)
            if let slot = find(image: hash, views, row) {
                merge(slot, batch, row, row, visit)
            } else {
                fresh.append(UInt32(row))
                hashes.append(hash)
            }
        }
        if !fresh.isEmpty { insert(batch, fresh, hashes, visit) }
        withExtendedLifetime(batch) {}
    }

    private func merge(
        _ slot: UInt32, _ batch: Batch, _ row: Int, _ number: Int,
        _ visit: (Int, UInt32, Bool) -> Void
    ) {
        let (page, offset) = place(slot)
        let before = page.weights.cells[offset]
        let after = before + batch.weight(row)
        page.weights.cells[offset] = after
        if before == 0, after != 0 {
            dead -= 1
            live += 1
        } else if before != 0, after == 0 {
            dead += 1
            live -= 1
        }
        visit(number, slot, before == 0)
    }

    private func find(image hash: UInt64, _ views: [ColumnView], _ row: Int) -> UInt32? {
        var at = imageIndex.find(hash)
        while at != HashIndex.none {
            if rows.equals(at, allColumns, views, row, image: true) { return at }
            let (page, offset) = place(at)
            at = page.nextOfImage.cells[offset]
        }
        return nil
    }

    /// Adds rows whose images were not there; one image may come more than once.
    private func insert(
        _ batch: Batch, _ fresh: [UInt32], _ hashes: [UInt64],
        _ visit: (Int, UInt32, Bool) -> Void
    ) {
        let numbers = Storage(fresh)
        let added = fresh.count == batch.count ? batch : batch.gathered(numbers.cells)
        let views = added.columns.map(\.view)
        let keys = keyColumns.map { views[$0] }
        for run in rows.append(added) {
            for position in 0..<run.count {
                let (row, slot) = (run.batchRow + position, run.first + UInt32(position))
                let (page, offset) = made(slot)
                let hash = hashes[row]
                if let same = find(image: hash, views, row) {
                    page.weights.cells[offset] = 0
                    dead += 1
                    merge(same, added, row, Int(fresh[row]), visit)
                    continue
                }
                let weight = added.weight(row)
                page.weights.cells[offset] = weight
                page.nextOfImage.cells[offset] = imageIndex.find(hash)
                imageIndex.set(hash, slot)
                link(slot, page, offset, keys, row)
                live += weight == 0 ? 0 : 1
                dead += weight == 0 ? 1 : 0
                visit(Int(fresh[row]), slot, true)
            }
        }
        withExtendedLifetime(added) {}
    }

    private func link(
        _ slot: UInt32, _ page: Page, _ offset: Int, _ keys: [ColumnView], _ row: Int
    ) {
        if hasNullKey(keys, row) {
            page.nextOfKey.cells[offset] = HashIndex.none
            return
        }
        let hash = hashRow(keys, row, seed: rowHashSeed, image: false)
        page.nextOfKey.cells[offset] = keyIndex.find(hash)
        keyIndex.set(hash, slot)
    }

    private func append(_ batch: Batch, _ visit: (Int, UInt32, Bool) -> Void) {
        let keys = keyColumns.map { batch.columns[$0].view }
        for run in rows.append(batch) {
            for offset in 0..<run.count {
                let slot = run.first + UInt32(offset)
                let (page, at) = made(slot)
                page.weights.cells[at] = batch.weight(run.batchRow + offset)
                link(slot, page, at, keys, run.batchRow + offset)
                visit(run.batchRow + offset, slot, true)
            }
        }
        live += batch.count
        withExtendedLifetime(batch) {}
    }

    private func made(_ slot: UInt32) -> (Page, Int) {
        let number = Int(slot >> 12)
        while pages.count <= number {
            pages.append(
                Page(
                    capacity: rows.pages[pages.count]?.capacity ?? RowPage.maximumRows,
                    isKept: isKept, isAppendOnly: isAppendOnly))
        }
        return place(slot)
    }

    private func place(_ slot: UInt32) -> (Page, Int) {
        guard let page = pages[Int(slot >> 12)] else {
            preconditionFailure("a slot without a page")
        }
        return (page, Int(slot & 4095))
    }

    // MARK: - Matches

    /// Pairs of (row of `batch`, slot here) with equal keys, and the slot's weight.
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
            keyIndex.prefetch(hash)
        }
        for row in 0..<batch.count where !hasNullKey(keyViews, row) {
            var at = keyIndex.find(cells[row])
            while at != HashIndex.none {
                let (page, offset) = place(at)
                let weight = page.weights.cells[offset]
                if weight != 0, rows.equals(at, keyColumns, keyViews, row, image: false) {
                    try visit(row, at, weight)
                }
                at = page.nextOfKey.cells[offset]
            }
        }
        withExtendedLifetime(batch) {}
    }

    func gather(_ slots: [UInt32]) -> [Column] { rows.gather(slots, columns: allColumns) }

    // MARK: - Rows without a match

    func setDegree(_ slot: UInt32, _ degree: Int64) {
        let (page, offset) = place(slot)
        page.degrees.cells[offset] = degree
    }

    func addDegree(_ slot: UInt32, _ weight: Int64) {
        let (page, offset) = place(slot)
        page.degrees.cells[offset] &+= weight
    }

    /// What is to come out padded for a slot, beside what has come out; it counts as come out then.
    func takePadding(_ slot: UInt32) -> Int64 {
        let (page, offset) = place(slot)
        let wanted = page.degrees.cells[offset] == 0 ? page.weights.cells[offset] : 0
        let change = wanted - page.emitted.cells[offset]
        page.emitted.cells[offset] = wanted
        return change
    }

    /// Every living slot, in pieces, with its rows.
    func all(_ visit: ([UInt32], Batch) throws(SQLError) -> Void) throws(SQLError) {
        for (number, page) in pages.enumerated() {
            guard let page, let cells = rows.pages[number] else { continue }
            let slots = (0..<cells.count).filter { page.weights.cells[$0] != 0 }.map {
                UInt32(number * RowPage.maximumRows + $0)
            }
            if slots.isEmpty { continue }
            let weights = Storage(slots.map { page.weights.cells[Int($0 & 4095)] })
            try visit(slots, Batch(columns: gather(slots), count: slots.count, weights: weights))
        }
    }

    // MARK: - Upkeep

    /// Makes the state anew when half of it is dead. At the end of a step only: slots change.
    func compactIfWorthwhile() {
        guard dead > 8192, dead > live else { return }
        var kept: [(rows: Batch, degrees: [Int64], emitted: [Int64])] = []
        for (number, page) in pages.enumerated() {
            guard let page, let cells = rows.pages[number] else { continue }
            let offsets = (0..<cells.count).filter { page.weights.cells[$0] != 0 }
            if offsets.isEmpty { continue }
            let slots = offsets.map { UInt32(number * RowPage.maximumRows + $0) }
            let weights = Storage(offsets.map { page.weights.cells[$0] })
            kept.append(
                (
                    Batch(columns: gather(slots), count: slots.count, weights: weights),
                    isKept ? offsets.map { page.degrees.cells[$0] } : [],
                    isKept ? offsets.map { page.emitted.cells[$0] } : []
                ))
        }
        rows = RowPages(types)
        pages = []
        keyIndex = HashIndex()
        imageIndex = HashIndex()
        (live, dead) = (0, 0)
        for part in kept {
            add(part.rows, forCapture: false) { row, slot, _ in
                guard isKept else { return }
                let (page, offset) = place(slot)
                page.degrees.cells[offset] = part.degrees[row]
                page.emitted.cells[offset] = part.emitted[row]
            }
        }
    }

    func capture() -> [Batch] {
        let batches = pending
        pending = []
        return batches
    }

    var byteCount: Int {
        rows.byteCount + keyIndex.byteCount + imageIndex.byteCount
            + (live + dead) * (16 + (isKept ? 16 : 0))
    }
}
