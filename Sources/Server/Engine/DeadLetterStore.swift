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
            ])
        return object
    }()

    let store = RowStore(types: relation.types)
    private var rows: [[Value]] = []
    private var weights: [Int64] = []
    private var pending: [Batch] = []

    init() { store.publish() }

    func add(_ records: [(source: String, record: RejectedRecord)]) {
        for (source, record) in records {
            rows.append([
                .string(source), .string(record.topic), .int(Int64(record.partition)),
                .int(record.offset),
                .text(record.raw), .string(record.reason),
            ])
            weights.append(1)
        }
    }

    /// Rows of a view whose expressions failed; `raw` is the row as text.
    func add(_ failed: [FailedRows], view: String) {
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
                    .string(view), .null, .null, .null,
                    .string("(\(values.joined(separator: ",")))"),
                    .string("\(error.state.code): \(error.message)"),
                ])
                weights.append(failure.rows.weight(row))
            }
        }
    }

    /// Whether something was added that is not visible yet.
    var hasWaiting: Bool { !rows.isEmpty }

    /// Makes what was added visible at `epoch`.
    func flush(at epoch: Epoch) throws(SQLError) {
        if rows.isEmpty { return }
        let batch = Batch(rows: rows, types: store.types, weights: weights).consolidated()
        rows = []
        weights = []
        try store.apply(batch, at: epoch)
        store.publish()
        pending.append(batch)
    }

    func capture() -> [Batch] {
        let taken = pending
        pending = []
        return taken
    }

    func restore(_ batch: Batch, at epoch: Epoch) throws(SQLError) {
        try store.apply(batch, at: epoch)
        store.publish()
    }
}
