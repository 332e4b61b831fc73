import Planner
import State
import Types

/// A table's rows, and the checks that its writer makes. Engine's thread only.
final class TableState {
    /// Its names and what is unique in it may change, nothing else.
    var object: CatalogObject
    let store: RowStore
    /// The values of each unique constraint, beside the primary key.
    private var uniques: [(key: CatalogObject.Unique, values: RowStore)]
    /// Changes since the last checkpoint.
    private var pending: [Batch] = []

    init(_ object: CatalogObject) {
        self.object = object
        store = RowStore(
            types: object.types, key: object.primaryKey.isEmpty ? nil : object.primaryKey)
        uniques = object.uniques.map { ($0, TableState.values(of: $0, object)) }
    }

    private static func values(of unique: CatalogObject.Unique, _ object: CatalogObject) -> RowStore
    {
        let types = unique.columns.map { object.types[$0] }
        return RowStore(types: types, key: Array(types.indices))
    }

    // MARK: - Unique indexes

    /// Takes over the table's object with a unique constraint or index more or less.
    /// - Throws: 23505 when rows that are there already are not unique; nothing has changed then.
    func changeUniques(_ object: CatalogObject, at epoch: Epoch) throws(SQLError) {
        var list: [(key: CatalogObject.Unique, values: RowStore)] = []
        for unique in object.uniques {
            // One that is gone has another name now when the columns are the same.
            let known =
                uniques.first { $0.key == unique }
                ?? uniques.first {
                    $0.key.columns == unique.columns && !object.uniques.contains($0.key)
                }
            if let known {
                list.append((unique, known.values))
            } else {
                list.append((unique, try indexed(unique, at: epoch)))
            }
        }
        uniques = list
        self.object = object
    }

    /// The values of all rows that there are now, those of the epoch to come with them.
    private func indexed(_ unique: CatalogObject.Unique, at epoch: Epoch) throws(SQLError)
        -> RowStore
    {
        let values = TableState.values(of: unique, object)
        store.publish()
        let snapshot = store.snapshot()
        let every = Array(unique.columns.indices)
        for page in 0..<snapshot.pageCount {
            let batch = snapshot.scan(page: page, at: epoch, columns: unique.columns)
            let views = batch.columns.map(\.view)
            var added: Set<[Value]> = []
            var kept: [UInt32] = []
            for row in 0..<batch.count {
                guard let key = keyValues(batch, row, every) else { continue }
                let isThere = withExtendedLifetime(batch) {
                    values.currentRow(key: views, row) != nil
                }
                guard batch.weight(row) == 1, !isThere, added.insert(key).inserted else {
                    throw duplicate(
                        batch, row, unique, places: every,
                        "could not create unique index \"\(unique.name)\"", "is duplicated")
                }
                kept.append(UInt32(row))
            }
            let rows = Storage(kept)
            try values.apply(batch.gathered(rows.cells), at: epoch)
        }
        return values
    }

    // MARK: - Checks

    /// Whether the changes, one after the other, could be applied now.
    /// - Throws: 23505 for a key that is there already; 40001 when a row to take away is not there
    ///   any more: it was read before somebody else changed it.
    func check(_ batches: [Batch]) throws(SQLError) {
        var added: [[Value]: Int64] = [:]
        var counts: [[[Value]: Int]] = object.keys.map { _ in [:] }
        for batch in batches {
            for row in 0..<batch.count where batch.weight(row) < 0 {
                try take(batch, row, &added)
                for (index, key) in object.keys.enumerated() {
                    guard let values = keyValues(batch, row, key.columns) else { continue }
                    counts[index][values, default: 0] += Int(batch.weight(row))
                }
            }
            // Who only inserts is not remembered: only what the transaction itself takes back is.
            let remembers = batches.count > 1
            for row in 0..<batch.count where batch.weight(row) > 0 {
                if remembers { added[batch.row(row), default: 0] += batch.weight(row) }
                for (index, key) in object.keys.enumerated() {
                    guard let values = keyValues(batch, row, key.columns) else { continue }
                    let count = counts[index][values, default: 0] + Int(batch.weight(row))
                    counts[index][values] = count
                    if count + (isThere(index, batch, row, key.columns) ? 1 : 0) > 1 {
                        throw duplicate(
                            batch, row, key, places: key.columns,
                            "duplicate key value violates unique constraint \"\(key.name)\"",
                            "already exists")
                    }
                }
            }
        }
    }

    private func take(_ batch: Batch, _ row: Int, _ added: inout [[Value]: Int64])
        throws(SQLError)
    {
        let values = batch.row(row)
        let left = added[values, default: 0] + batch.weight(row)
        added[values] = left
        guard left < 0 else { return }
        let views = batch.columns.map(\.view)
        let held = withExtendedLifetime(batch) { store.currentWeight(image: views, row) }
        guard held + left >= 0 else {
            throw SQLError(
                .serializationFailure, "could not serialize access due to concurrent update")
        }
    }

    /// Equal keys have equal values; nil when one of them is NULL.
    private func keyValues(_ batch: Batch, _ row: Int, _ columns: [Int]) -> [Value]? {
        let values = columns.map { batch.columns[$0].canonicalValue(row) }
        return values.contains(.null) ? nil : values
    }

    private func isThere(_ index: Int, _ batch: Batch, _ row: Int, _ columns: [Int]) -> Bool {
        let views = columns.map { batch.columns[$0].view }
        return withExtendedLifetime(batch) {
            let isPrimary = !object.primaryKey.isEmpty && index == 0
            let values =
                isPrimary ? store : uniques[index - (object.primaryKey.isEmpty ? 0 : 1)].values
            return values.currentRow(key: views, row) != nil
        }
    }

    /// `places` are the key's columns in the batch.
    private func duplicate(
        _ batch: Batch, _ row: Int, _ key: CatalogObject.Unique, places: [Int], _ message: String,
        _ what: String
    ) -> SQLError {
        let names = key.columns.map { object.columns[$0].name }.joined(separator: ", ")
        let values = zip(key.columns, places).map { index, place in
            let text = TextEncoding.text(
                batch.columns[place].value(row), object.columns[index].type)
            return String(decoding: text ?? Array("null".utf8), as: UTF8.self)
        }.joined(separator: ", ")
        var error = SQLError(
            .uniqueViolation, message, detail: "Key (\(names))=(\(values)) \(what).")
        error.table = object.name
        error.constraint = key.name
        return error
    }

    // MARK: - Changes

    func apply(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        try restore(batch, at: epoch)
        pending.append(batch)
    }

    func restore(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        try store.apply(batch, at: epoch)
        for (key, values) in uniques {
            let parts = batch.projected(key.columns)
            let filled = (0..<UInt32(parts.count)).filter { row in
                !parts.columns.contains { $0.isNull(Int(row)) }
            }
            let rows = Storage(filled)
            try values.apply(parts.gathered(rows.cells), at: epoch)
        }
    }

    /// Frees what nobody reads any more.
    func reclaim(since: Epoch, tip: Epoch) {
        store.reclaim(since: since)
        for (_, values) in uniques { values.reclaim(since: tip) }
    }

    func capture() -> [Batch] {
        let taken = pending
        pending = []
        return taken
    }
}
