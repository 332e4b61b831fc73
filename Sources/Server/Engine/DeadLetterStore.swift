import Connectors
import Dataflow
import Planner
import State
import Types

/// `streamhouse.dead_letters`: what could not be decoded or computed, with the reason.
///
/// A Z-set like any other: retracting a row that failed in a view retracts its entry.
final class DeadLetterStore {
    static let relation: CatalogObject = {
        var object = CatalogObject(
            oid: 13100, schema: "streamhouse", name: "dead_letters", kind: .system,
            columns: [
                CatalogColumn("source", .text), CatalogColumn("topic", .text),
                CatalogColumn("partition", .int4), CatalogColumn("offset", .int8),
                CatalogColumn("raw", .bytea), CatalogColumn("reason", .text),
                CatalogColumn("relation", .oid),
            ])
        return object
    }()

    let store = RowStore(types: relation.types)
    private var rows: [[Value]] = []
    private var weights: [Int64] = []
    private var pending: [Batch] = []

    private static let nameColumn = 0
    private static let relationColumn = relation.columns.count - 1

    init() { store.publish() }

    func add(_ records: [(source: CatalogObject, record: RejectedRecord)]) {
        for (source, record) in records {
            rows.append([
                .string(source.name), .string(record.topic), .int(Int64(record.partition)),
                .int(record.offset), .text(record.raw), .string(record.reason),
                .int(Int64(source.oid)),
            ])
            weights.append(1)
        }
    }

    /// Rows of a view whose expressions failed; `raw` is the row as text.
    func add(_ failed: [FailedRows], view: CatalogObject) {
        for failure in failed {
            for (row, error) in failure.errors.enumerated() {
                let values = failure.rows.row(row).map { value -> String in
                    switch value {
                    case .null: "null"
                    case .int(let int): String(int)
                    case .double(let double): String(double)
                    case .bool(let bool): String(bool)
                    case .numeric(let numeric): numeric.text
                    case .text(let bytes): String(decoding: bytes, as: UTF8.self)
                    case .interval(let interval):
                        "\(interval.months) mons \(interval.days) days \(interval.microseconds) us"
                    }
                }
                rows.append([
                    .string(view.name), .null, .null, .null,
                    .string("(\(values.joined(separator: ",")))"),
                    .string("\(error.state.code): \(error.message)"), .int(Int64(view.oid)),
                ])
                weights.append(failure.rows.weight(row))
            }
        }
    }

    /// Takes back all that a relation has: it is gone, or computes its rows anew.
    func forget(_ relation: Int32, at epoch: Epoch) {
        for (row, weight) in letters(of: relation, at: epoch) {
            rows.append(row)
            weights.append(-weight)
        }
    }

    /// A relation has another name.
    func rename(_ relation: CatalogObject, at epoch: Epoch) {
        let name = Value.string(relation.name)
        for (row, weight) in letters(of: relation.oid, at: epoch)
        where row[DeadLetterStore.nameColumn] != name {
            var renamed = row
            renamed[DeadLetterStore.nameColumn] = name
            rows += [row, renamed]
            weights += [-weight, weight]
        }
    }

    /// What a relation has, with what waits to become visible.
    private func letters(of relation: Int32, at epoch: Epoch) -> [(row: [Value], weight: Int64)] {
        let wanted = Value.int(Int64(relation))
        var found: [[Value]: Int64] = [:]
        let snapshot = store.snapshot()
        for number in 0..<snapshot.pageCount {
            let page = snapshot.scan(
                page: number, at: epoch, columns: Array(DeadLetterStore.relation.columns.indices))
            for row in 0..<page.count
            where page.columns[DeadLetterStore.relationColumn].value(row) == wanted {
                found[page.row(row), default: 0] += page.weight(row)
            }
        }
        for (row, weight) in zip(rows, weights)
        where row[DeadLetterStore.relationColumn] == wanted {
            found[row, default: 0] += weight
        }
        return found.filter { $0.value != 0 }.map { ($0.key, $0.value) }
    }

    /// Whether something was added that is not visible yet.
    var hasWaiting: Bool { !rows.isEmpty }

    /// Makes what was added visible at `epoch`.
    /// - Throws: the first of the letters that could not be taken back; all others are done.
    func flush(at epoch: Epoch) throws(SQLError) {
        if rows.isEmpty { return }
        let batch = Batch(rows: rows, types: store.types, weights: weights).consolidated()
        rows = []
        weights = []
        var failure: SQLError?
        let all = 0..<UInt32(batch.count)
        let added = Storage(all.filter { batch.weight(Int($0)) > 0 })
        let parts =
            [added] + all.filter { batch.weight(Int($0)) < 0 }.map { Storage([$0]) }
        for part in parts where part.count > 0 {
            let change = batch.gathered(part.cells)
            do throws(SQLError) {
                try store.apply(change, at: epoch)
                pending.append(change)
            } catch {
                failure = failure ?? error
            }
        }
        store.publish()
        if let failure { throw failure }
    }

    func capture() -> [Batch] {
        let taken = pending
        pending = []
        return taken
    }

    func restore(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        var batch = batch
        if batch.columns.count < store.types.count {
            // Written before letters knew their relation.
            let none = Column.constant(.int(0), .int64, count: batch.count)
            batch = Batch(
                columns: batch.columns + [none], count: batch.count, weights: batch.weights)
        }
        try store.apply(batch, at: epoch)
        store.publish()
    }
}
