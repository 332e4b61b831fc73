import Planner
import State
import Types

/// A table's rows, and the checks that its writer makes. Engine's thread only.
final class TableState {
    let object: CatalogObject
    let store: RowStore
    /// Changes since the last checkpoint.
    private var pending: [Batch] = []

    init(_ object: CatalogObject) {
        self.object = object
        store = RowStore(
            types: object.types, key: object.primaryKey.isEmpty ? nil : object.primaryKey)
    }

    /// - Throws: 23505 when a key is there already or twice in the batches.
    func checkKeys(_ batches: [Batch]) throws(SQLError) {
        guard !object.primaryKey.isEmpty else { return }
        let key = object.primaryKey
        let own = RowStore(types: object.types, key: key)
        for batch in batches {
            let views = key.map { batch.columns[$0].view }
            for row in 0..<batch.count {
                if store.currentRow(key: views, row) != nil
                    || own.currentRow(key: views, row) != nil
                {
                    throw duplicate(batch, row)
                }
                try own.apply(batch.slice(row, row + 1), at: Epoch(1))
            }
        }
    }

    private func duplicate(_ batch: Batch, _ row: Int) -> SQLError {
        let names = object.primaryKey.map { object.columns[$0].name }.joined(separator: ", ")
        let values = object.primaryKey.map { index in
            let text = TextEncoding.text(
                batch.columns[index].value(row), object.columns[index].type)
            return String(decoding: text ?? Array("null".utf8), as: UTF8.self)
        }.joined(separator: ", ")
        var error = SQLError(
            .uniqueViolation,
            "duplicate key value violates unique constraint \"\(object.name)_pkey\"",
            detail: "Key (\(names))=(\(values)) already exists.")
        error.table = object.name
        error.constraint = "\(object.name)_pkey"
        return error
    }

    func apply(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        try store.apply(batch, at: epoch)
        pending.append(batch)
    }

    func restore(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        try store.apply(batch, at: epoch)
    }

    func capture() -> [Batch] {
        let taken = pending
        pending = []
        return taken
    }
}
