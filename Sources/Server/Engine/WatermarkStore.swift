import Dataflow
import Planner
import State
import Types

/// `streamhouse.watermarks`: how far event time has come in each split of each source that has a
/// WATERMARK. A watermark never goes back.
final class WatermarkStore {
    static let relation = CatalogObject(
        oid: 13101, schema: "streamhouse", name: "watermarks", kind: .system,
        columns: [
            CatalogColumn("source", .text), CatalogColumn("split", .text),
            CatalogColumn("watermark", .timestamp),
        ])

    let store = RowStore(types: relation.types)
    /// By source and split; microseconds since 2000.
    private(set) var marks: [Key: Int64] = [:]
    private var shown: [Key: [Value]] = [:]
    private var moved: Set<Key> = []

    struct Key: Hashable, Comparable {
        let source: Int32
        let split: String

        static func < (left: Key, right: Key) -> Bool {
            (left.source, left.split) < (right.source, right.split)
        }
    }

    init() { store.publish() }

    /// Takes in rows of a split; rows whose watermark fails or is NULL do not count.
    func observe(_ batch: Batch, _ watermark: Expr, _ key: Key) {
        let evaluation = Evaluation(batch)
        let column = evaluation.evaluate(watermark)
        let view = column.view
        var highest = marks[key]
        withExtendedLifetime(column) {
            for row in 0..<batch.count where !view.isNull(row) && !evaluation.hasFailed(row) {
                highest = max(highest ?? .min, view.int64(row))
            }
        }
        if let highest { move(key, to: highest) }
    }

    func move(_ key: Key, to mark: Int64) {
        if let known = marks[key], known >= mark { return }
        marks[key] = mark
        moved.insert(key)
    }

    func remove(_ source: Int32) {
        for key in marks.keys where key.source == source {
            marks[key] = nil
            moved.insert(key)
        }
    }

    /// Shows where the watermarks are, from `epoch` on.
    func flush(at epoch: Epoch, name: (Int32) -> String?) throws(SQLError) {
        if moved.isEmpty { return }
        var rows: [[Value]] = []
        var weights: [Int64] = []
        for key in moved.sorted() {
            if let old = shown.removeValue(forKey: key) {
                rows.append(old)
                weights.append(-1)
            }
            guard let mark = marks[key], let source = name(key.source) else { continue }
            let row: [Value] = [.string(source), .string(key.split), .int(mark)]
            shown[key] = row
            rows.append(row)
            weights.append(1)
        }
        moved = []
        try store.apply(Batch(rows: rows, types: store.types, weights: weights), at: epoch)
        store.publish()
    }
}
