import CPure
import Synchronization
package import Types

/// Finds rows of a store by some columns, for readers: docs/design/0009.
///
/// Readers extend it under a lock of their own, which the store's owner never takes.
package final class ReadIndex: Sendable {
    package let columns: [Int]
    private let state = Mutex(State())

    private struct KnownPage {
        let id: UInt32
        let page: RowPage
        var count: Int
    }

    private struct State {
        /// Of the newest snapshot seen.
        var generation: UInt64 = 0
        var pages: [ObjectIdentifier: KnownPage] = [:]
        var runs: [SortedRun] = []
        var nextID: UInt32 = 0
    }

    package init(columns: [Int]) { self.columns = columns }

    /// The rows visible at `epoch` whose keys are in one of the ranges, and perhaps others; nil when a
    /// scan would be the better way.
    package func rows(
        in snapshot: RowStore.Snapshot, at epoch: Epoch, ranges: [KeyRange], columns wanted: [Int]
    ) -> Batch? {
        let (known, runs) = state.withLock { state in
            extend(&state, snapshot)
            return (state.pages, state.runs)
        }
        var places: [UInt32: Int] = [:]
        var unknown: [(place: Int, from: Int)] = []
        var total = 0
        for (place, entry) in snapshot.pages.enumerated() {
            total += entry.count
            let found = known[ObjectIdentifier(entry.page)]
            if let found { places[found.id] = place }
            let count = found?.count ?? 0
            if count < entry.count { unknown.append((place, count)) }
        }
        var found: [[Int]] = Array(repeating: [], count: snapshot.pages.count)
        var count = 0
        for run in runs {
            for range in ranges {
                let bounds = run.bounds(range)
                count += bounds.count
                if count > 1024, count * 4 > total { return nil }
                for index in bounds {
                    let row = run.row(index)
                    guard let place = places[UInt32(truncatingIfNeeded: row >> 12)] else {
                        continue
                    }
                    let offset = Int(row & 4095)
                    // What the index learnt from a newer snapshot does not exist in this one.
                    if offset < snapshot.pages[place].count { found[place].append(offset) }
                }
            }
        }
        for (place, from) in unknown { found[place] += from..<snapshot.pages[place].count }
        return snapshot.rows(found, at: epoch, columns: wanted)
    }

    /// Learns the rows of a snapshot without a read, so that the first read is a quick one.
    package func extend(to snapshot: RowStore.Snapshot) {
        state.withLock { extend(&$0, snapshot) }
    }

    private func extend(_ state: inout State, _ snapshot: RowStore.Snapshot) {
        guard snapshot.generation > state.generation else { return }
        state.generation = snapshot.generation
        var pages: [ObjectIdentifier: KnownPage] = [:]
        pages.reserveCapacity(snapshot.pages.count)
        var keys = KeyCollector()
        for entry in snapshot.pages {
            let identifier = ObjectIdentifier(entry.page)
            var known =
                state.pages[identifier]
                ?? KnownPage(id: state.nextID, page: entry.page, count: 0)
            if known.id == state.nextID { state.nextID += 1 }
            if known.count < entry.count {
                keys.add(entry.page, columns, known.count..<entry.count, snapshot.types, known.id)
                known.count = entry.count
            }
            pages[identifier] = known
        }
        state.pages = pages
        guard keys.count > 0 else { return }
        var run = keys.sorted()
        let living = Set(pages.values.map(\.id))
        while let last = state.runs.last, last.count <= run.count * 2 {
            run = SortedRun.merged(last, run) {
                living.contains(UInt32(truncatingIfNeeded: $0 >> 12))
            }
            state.runs.removeLast()
        }
        state.runs.append(run)
    }
}

extension RowStore.Snapshot {
    /// The rows named, by page, as far as they are visible at `epoch`.
    func rows(_ offsets: [[Int]], at epoch: Epoch, columns: [Int]) -> Batch {
        let builders = columns.map { ColumnBuilder(types[$0]) }
        var weights: [Int64] = []
        for (entry, rows) in zip(pages, offsets) where !rows.isEmpty {
            let (begins, ends) = (entry.versions.begins.cells, entry.versions.ends.cells)
            // Ranges may overlap, and a moved row may be known twice.
            var last = -1
            for row in rows.sorted() where row != last {
                last = row
                let end = unsafe cpure_load_u32(ends.unsafePointer + row)
                guard begins[row] <= epoch.number, epoch.number < end else { continue }
                for (builder, column) in zip(builders, columns) {
                    entry.page.append(column, row, to: builder)
                }
                weights.append(entry.versions.weights.cells[row])
            }
        }
        let isPlain = weights.allSatisfy { $0 == 1 }
        return Batch(
            columns: builders.map { $0.column() }, count: weights.count,
            weights: isPlain ? nil : Storage(weights))
    }
}
