import State
import Types

/// How often each value of each group is there, for the DISTINCT aggregates over one argument: they
/// share one table, with a count for each of their filters.
final class SeenValues {
    /// Which of the operator's accumulators these are.
    let accumulators: [Int]
    /// By the group's key and the value: a count for each accumulator.
    let table: GroupTable

    private init(_ accumulators: [Int], _ types: [DataType.Physical]) {
        self.accumulators = accumulators
        table = GroupTable(types, width: accumulators.count)
    }

    /// One for each argument of the accumulators that need it.
    static func tables(_ all: [Accumulator], _ keyTypes: [DataType.Physical]) -> [SeenValues] {
        var members: [(text: String, type: DataType.Physical, indices: [Int])] = []
        for (index, accumulator) in all.enumerated() where accumulator.needsDeduplication {
            guard let argument = accumulator.aggregate.argument else { continue }
            let text = argument.fingerprint
            if let found = members.firstIndex(where: { $0.text == text }) {
                members[found].indices.append(index)
            } else {
                members.append((text, argument.type.physical, [index]))
            }
        }
        return members.map { SeenValues($0.indices, keyTypes + [$0.type]) }
    }

    /// The value as it was when its entry was made: one of the equal ones.
    func value(of entry: UInt32) -> Column {
        let columns = table.keys([entry])
        return columns[columns.count - 1]
    }

    /// Keys, value and counts of what has changed since the last call.
    func take() -> Batch? {
        let rows = table.takeChanged()
        if rows.isEmpty { return nil }
        let counts = accumulators.indices.map { place in
            Column(.int64(Storage(rows.map { table.words(of: $0)[place] })))
        }
        return Batch(columns: table.keys(rows) + counts, count: rows.count)
    }

    func restore(_ batch: Batch) {
        let width = accumulators.count
        let numbers = table.findOrInsert(Array(batch.columns.dropLast(width)), count: batch.count)
        for (place, column) in batch.columns.suffix(width).enumerated() {
            guard case .int64(let counts) = column.data else { continue }
            for row in 0..<batch.count {
                table.words(of: numbers[row])[place] = counts.cells[row]
            }
        }
    }
}

/// Checkpoints the values of the DISTINCT aggregates over one argument.
final class DistinctState: Checkpointable {
    private let values: SeenValues
    private let keyCount: Int

    init(_ values: SeenValues, keyCount: Int) {
        self.values = values
        self.keyCount = keyCount
    }

    var traceKind: TraceKind { .newest(keyColumns: keyCount + 1) }

    var partitionColumns: [Int]? { Array(0..<keyCount) }

    func capture() -> [Batch] { values.take().map { [$0] } ?? [] }

    func restore(_ rows: [Batch]) throws(SQLError) { for batch in rows { values.restore(batch) } }

    var byteCount: Int { values.table.byteCount }
}
