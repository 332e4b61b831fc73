import CPure
package import Types
import Synchronization

/// The rows of one collection with the epochs in which they are visible: begin ≤ T < end.
///
/// Rows are appended and ended, never changed. One thread writes; readers take a `Snapshot` and
/// need no lock afterwards: what they race with is outside their epoch either way.
@safe
package final class RowStore: @unchecked Sendable {
    // Written by its owner's thread only; `published` hands pages to readers under its lock.

    /// The versions beside one page's rows.
    final class Versions: @unchecked Sendable {
        // `begins`, `weights` are constant below a published count; `ends` are atomic words.
        let begins: Storage<UInt32>
        let ends: Storage<UInt32>
        let weights: Storage<Int64>
        let hashes: Storage<UInt64>
        let next: Storage<UInt32>
        var liveCount = 0

        init(capacity: Int) {
            begins = Storage(uninitialized: capacity)
            ends = Storage(uninitialized: capacity)
            weights = Storage(uninitialized: capacity)
            hashes = Storage(uninitialized: capacity)
            next = Storage(uninitialized: capacity)
        }
    }

    static let alive = UInt32.max
    package let types: [DataType.Physical]
    private let allColumns: [Int]
    private var rows: RowPages
    private var versions: [Versions?] = []
    private var index = HashIndex()
    /// Columns by which rows are found; all of them when rows are found by image.
    private let keyColumns: [Int]
    private let keyIsImage: Bool
    private let isIndexed: Bool
    /// Runs of rows begun, oldest first, for `changes`.
    private var begunLog: [(epoch: UInt32, first: UInt32, count: Int)] = []
    /// Rows ended, oldest first, for `changes`.
    private var endedLog: [(epoch: UInt32, row: UInt32)] = []
    private var dropQueue: [Int] = []
    private var generation: UInt64 = 0
    /// Rows visible at the newest epoch, counted with their weights.
    package private(set) var liveWeight: Int64 = 0
    private let published = Mutex<Snapshot>(Snapshot(pages: [], types: [], generation: 0))

    /// `key`: the columns of the primary key, or nil to find rows by their whole image.
    /// `isIndexed` false: nothing is ever retracted, and rows are not looked up.
    package init(types: [DataType.Physical], key: [Int]? = nil, isIndexed: Bool = true) {
        self.types = types
        allColumns = Array(types.indices)
        rows = RowPages(types)
        keyColumns = key ?? Array(types.indices)
        keyIsImage = key == nil
        self.isIndexed = isIndexed
    }

    // MARK: - Writing (owner's thread)

    /// Applies a net change: what it retracts becomes invisible at `epoch`, what it inserts visible.
    /// - Throws: XX000 when a retracted row is not there (I5 of the engine's invariants).
    package func apply(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        guard batch.count > 0 else { return }
        let views = batch.columns.map(\.view)
        guard batch.weights != nil else { return insert(batch, views, at: epoch) }
        var inserted: [UInt32] = []
        for row in 0..<batch.count {
            let weight = batch.weight(row)
            if weight > 0 { inserted.append(UInt32(row)) }
            if weight < 0 { try retract(batch, views, row, by: -weight, at: epoch) }
        }
        if inserted.count == batch.count { return insert(batch, views, at: epoch) }
        if !inserted.isEmpty {
            let rows = Storage(inserted)
            let change = batch.gathered(rows.cells)
            insert(change, change.columns.map(\.view), at: epoch)
        }
    }

    private func insert(_ batch: Batch, _ views: [ColumnView], at epoch: Epoch) {
        let keyViews = keyColumns.map { views[$0] }
        for run in rows.append(batch) {
            let (first, from, count) = (run.first, run.batchRow, run.count)
            let versions = versionsOfPage(Int(first >> 12))
            let (begins, ends, weights) = (
                versions.begins.cells, versions.ends.cells, versions.weights.cells
            )
            for offset in 0..<count {
                let at = Int(first & 4095) + offset
                begins[at] = epoch.number
                ends[at] = RowStore.alive
                let weight = batch.weight(from + offset)
                weights[at] = weight
                liveWeight += weight
                if isIndexed {
                    let hash = hashRow(
                        keyViews, from + offset, seed: rowHashSeed, image: keyIsImage)
                    link(first + UInt32(offset), hash, versions, at)
                }
            }
            versions.liveCount += count
            begunLog.append((epoch.number, first, count))
        }
    }

    private func versionsOfPage(_ number: Int) -> Versions {
        while versions.count <= number { versions.append(nil) }
        if let found = versions[number] { return found }
        let made = Versions(capacity: rows.pages[number]?.capacity ?? RowPage.maximumRows)
        versions[number] = made
        return made
    }

    private func link(_ row: UInt32, _ hash: UInt64, _ versions: Versions, _ at: Int) {
        versions.hashes.cells[at] = hash
        versions.next.cells[at] = index.find(hash)
        index.set(hash, row)
    }

    /// Takes all rows of a page out of their chains, walking each chain once.
    private func unlink(page number: Int, _ page: Versions, count: Int) {
        guard isIndexed else { return }
        var hashes = Set<UInt64>()
        for offset in 0..<count { hashes.insert(page.hashes.cells[offset]) }
        for hash in hashes {
            var at = index.find(hash)
            var last: UInt32?
            while at != HashIndex.none, let versions = versions[Int(at >> 12)] {
                let next = versions.next.cells[Int(at & 4095)]
                if Int(at >> 12) != number {
                    if let last {
                        self.versions[Int(last >> 12)]?.next.cells[Int(last & 4095)] = at
                    }
                    if last == nil { index.set(hash, at) }
                    last = at
                }
                at = next
            }
            if let last {
                versions[Int(last >> 12)]?.next.cells[Int(last & 4095)] = HashIndex.none
            } else {
                index.set(hash, HashIndex.none)
            }
        }
    }

    private func retract(
        _ batch: Batch, _ views: [ColumnView], _ row: Int, by weight: Int64, at epoch: Epoch
    )
        throws(SQLError)
    {
        let keyViews = keyColumns.map { views[$0] }
        let hash = hashRow(keyViews, row, seed: rowHashSeed, image: keyIsImage)
        var missing = weight
        var at = index.find(hash)
        var remainder: (row: UInt32, weight: Int64)?
        while at != HashIndex.none, missing > 0, let page = versions[Int(at >> 12)] {
            let offset = Int(at & 4095)
            if unsafe cpure_load_u32(page.ends.cells.unsafePointer + offset) == RowStore.alive,
                page.hashes.cells[offset] == hash,
                rows.equals(at, allColumns, views, row, image: true)
            {
                let held = page.weights.cells[offset]
                end(at, page, offset, at: epoch)
                if held > missing { remainder = (at, held - missing) }
                missing -= min(held, missing)
            }
            at = page.next.cells[offset]
        }
        guard missing == 0 else {
            throw .internalFault("retraction of a row that is not there")
        }
        if let remainder {
            let rest = Batch(
                columns: rows.gather([remainder.row], columns: Array(types.indices)), count: 1,
                weights: Storage([remainder.weight]))
            insert(rest, rest.columns.map(\.view), at: epoch)
        }
    }

    private func end(_ row: UInt32, _ page: Versions, _ offset: Int, at epoch: Epoch) {
        unsafe cpure_store_u32(page.ends.cells.unsafePointer + offset, epoch.number)
        liveWeight -= page.weights.cells[offset]
        page.liveCount -= 1
        endedLog.append((epoch.number, row))
        if page.liveCount * 2 < (rows.pages[Int(row >> 12)]?.count ?? 0) {
            dropQueue.append(Int(row >> 12))
        }
    }

    /// The weight with which rows of this key are present now (0 when absent); the key's columns are
    /// `views`, row `row`.
    package func currentRow(key views: [ColumnView], _ row: Int) -> UInt32? {
        let hash = hashRow(views, row, seed: rowHashSeed, image: keyIsImage)
        var at = index.find(hash)
        while at != HashIndex.none, let page = versions[Int(at >> 12)] {
            let offset = Int(at & 4095)
            if page.ends.cells[offset] == RowStore.alive, page.hashes.cells[offset] == hash,
                rows.equals(at, keyColumns, views, row, image: keyIsImage)
            {
                return at
            }
            at = page.next.cells[offset]
        }
        return nil
    }

    /// How often a row of this image is present now. Owner's thread.
    package func currentWeight(image views: [ColumnView], _ row: Int) -> Int64 {
        let hash = hashRow(keyColumns.map { views[$0] }, row, seed: rowHashSeed, image: keyIsImage)
        var weight: Int64 = 0
        var at = index.find(hash)
        while at != HashIndex.none, let page = versions[Int(at >> 12)] {
            let offset = Int(at & 4095)
            if page.ends.cells[offset] == RowStore.alive, page.hashes.cells[offset] == hash,
                rows.equals(at, allColumns, views, row, image: true)
            {
                weight += page.weights.cells[offset]
            }
            at = page.next.cells[offset]
        }
        return weight
    }

    /// Whole rows by number, for the owner's thread.
    package func rows(_ numbers: [UInt32]) -> Batch {
        Batch(columns: rows.gather(numbers, columns: allColumns), count: numbers.count)
    }

    // MARK: - Reclaiming (owner's thread)

    /// Frees what no reader at `since` or later can see. Call now and then, with the lowest epoch
    /// that is still wanted by readers and by consumers of changes.
    package func reclaim(since: Epoch) {
        var begun = 0
        while begun < begunLog.count, begunLog[begun].epoch <= since.number { begun += 1 }
        if begun * 2 > begunLog.count || begun > 4096 { begunLog.removeFirst(begun) }
        var forgotten = 0
        while forgotten < endedLog.count, endedLog[forgotten].epoch <= since.number {
            forgotten += 1
        }
        if forgotten > 0, forgotten * 2 > endedLog.count || forgotten > 4096 {
            endedLog.removeFirst(forgotten)
        }
        let candidates = Set(dropQueue)
        dropQueue = []
        for number in candidates.sorted() {
            if !compact(number, since: since) { dropQueue.append(number) }
        }
    }

    /// Moves the living rows of a mostly dead page elsewhere. - Returns: false when it is too early.
    private func compact(_ number: Int, since: Epoch) -> Bool {
        guard number < versions.count, let page = versions[number], let cells = rows.pages[number]
        else {
            return true
        }
        if page.liveCount * 2 >= cells.count { return true }
        var living: [UInt32] = []
        for offset in 0..<cells.count {
            let row = UInt32(number * RowPage.maximumRows + offset)
            if page.begins.cells[offset] > since.number { return false }
            let end = page.ends.cells[offset]
            if end == RowStore.alive {
                living.append(row)
            } else if end > since.number {
                return false
            }
        }
        unlink(page: number, page, count: cells.count)
        let kept = Batch(
            columns: rows.gather(living, columns: allColumns), count: living.count,
            weights: Storage(living.map { page.weights.cells[Int($0 & 4095)] }))
        let begins = living.map { page.begins.cells[Int($0 & 4095)] }
        rows.drop(number)
        versions[number] = nil
        for row in living { liveWeight -= page.weights.cells[Int(row & 4095)] }
        reinsert(kept, begins: begins)
        return true
    }

    private func reinsert(_ batch: Batch, begins: [UInt32]) {
        let views = batch.columns.map(\.view)
        let keyViews = keyColumns.map { views[$0] }
        for run in rows.append(batch) {
            let (first, from, count) = (run.first, run.batchRow, run.count)
            let versions = versionsOfPage(Int(first >> 12))
            for offset in 0..<count {
                let at = Int(first & 4095) + offset
                versions.begins.cells[at] = begins[from + offset]
                versions.ends.cells[at] = RowStore.alive
                let weight = batch.weight(from + offset)
                versions.weights.cells[at] = weight
                liveWeight += weight
                let hash = hashRow(keyViews, from + offset, seed: rowHashSeed, image: keyIsImage)
                link(first + UInt32(offset), hash, versions, at)
            }
            versions.liveCount += count
        }
    }

    /// Makes what has been written readable for other threads.
    package func publish() {
        var list: [Snapshot.Page] = []
        list.reserveCapacity(rows.pages.count)
        for (number, page) in rows.pages.enumerated() {
            if let page, let versions = versions[number] {
                list.append(Snapshot.Page(page: page, versions: versions, count: page.count))
            }
        }
        generation += 1
        let snapshot = Snapshot(pages: list, types: types, generation: generation)
        published.withLock { $0 = snapshot }
    }

    // MARK: - Reading (any thread)

    package func snapshot() -> Snapshot { published.withLock { $0 } }

    /// The change in (`after`, `through`], not consolidated. Owner's thread.
    package func changes(after: Epoch, through: Epoch) -> [Batch] {
        var numbers: [UInt32] = []
        var weights: [Int64] = []
        for run in begunLog.reversed() {
            if run.epoch <= after.number { break }
            if run.epoch > through.number { continue }
            guard let versions = versions[Int(run.first >> 12)] else { continue }
            let cells = versions.weights.cells
            for offset in 0..<run.count {
                let row = run.first + UInt32(offset)
                numbers.append(row)
                weights.append(cells[Int(row & 4095)])
            }
        }
        for entry in endedLog.reversed() {
            if entry.epoch <= after.number { break }
            if entry.epoch > through.number { continue }
            guard let versions = versions[Int(entry.row >> 12)] else { continue }
            let offset = Int(entry.row & 4095)
            // Rows that began within the interval as well cancel below, at consolidation.
            numbers.append(entry.row)
            weights.append(-versions.weights.cells[offset])
        }
        if numbers.isEmpty { return [] }
        return [
            Batch(
                columns: rows.gather(numbers, columns: allColumns), count: numbers.count,
                weights: Storage(weights))
        ]
    }

    package var byteCount: Int {
        rows.byteCount + index.byteCount + versions.reduce(0) { $0 + ($1?.begins.count ?? 0) * 28 }
    }

    /// A list of pages that readers scan without a lock.
    package struct Snapshot: Sendable {
        struct Page: Sendable {
            let page: RowPage
            let versions: Versions
            let count: Int
        }

        let pages: [Page]
        package let types: [DataType.Physical]
        /// Later snapshots of a store have greater ones.
        let generation: UInt64

        package var pageCount: Int { pages.count }

        /// Rows in all pages, visible or not.
        package var rowCount: Int { pages.reduce(0) { $0 + $1.count } }

        /// The rows of one page that are visible at `epoch`, with their weights.
        package func scan(page number: Int, at epoch: Epoch, columns: [Int]) -> Batch {
            let entry = pages[number]
            let (begins, ends, weights) = (
                entry.versions.begins.cells, entry.versions.ends.cells, entry.versions.weights.cells
            )
            var visible: [Int] = []
            visible.reserveCapacity(entry.count)
            var isPlain = true
            for row in 0..<entry.count {
                let end = unsafe cpure_load_u32(ends.unsafePointer + row)
                if begins[row] <= epoch.number, epoch.number < end {
                    visible.append(row)
                    if weights[row] != 1 { isPlain = false }
                }
            }
            let picked = columns.map { column in
                let builder = ColumnBuilder(types[column], capacity: visible.count)
                for row in visible { entry.page.append(column, row, to: builder) }
                return builder.column()
            }
            let storage = isPlain ? nil : Storage(visible.map { weights[$0] })
            return Batch(columns: picked, count: visible.count, weights: storage)
        }
    }
}
