import Dataflow
import Testing
import Types

/// A collection as a dictionary of rows to weights: what operators are compared with.
struct NaiveRelation: Equatable {
    var rows: [[Value]: Int64] = [:]

    init() {}

    init(_ batches: [Batch]) {
        for batch in batches { add(batch) }
    }

    mutating func add(_ row: [Value], _ weight: Int64) {
        let sum = (rows[row] ?? 0) + weight
        rows[row] = sum == 0 ? nil : sum
    }

    mutating func add(_ batch: Batch) {
        for row in 0..<batch.count { add(batch.row(row), batch.weight(row)) }
    }

    mutating func add(_ other: NaiveRelation) {
        for (row, weight) in other.rows { add(row, weight) }
    }

    func map(_ body: ([Value]) -> [Value]?) -> NaiveRelation {
        var result = NaiveRelation()
        for (row, weight) in rows {
            if let image = body(row) { result.add(image, weight) }
        }
        return result
    }

    /// Pairs of rows with equal values in the given columns; NULL equals nothing.
    func joined(_ other: NaiveRelation, on columns: (left: Int, right: Int)) -> NaiveRelation {
        var result = NaiveRelation()
        for (left, weight) in rows where left[columns.left] != .null {
            for (right, otherWeight) in other.rows where right[columns.right] == left[columns.left]
            {
                result.add(left + right, weight * otherWeight)
            }
        }
        return result
    }

    var distinct: NaiveRelation {
        var result = NaiveRelation()
        for (row, weight) in rows where weight > 0 { result.add(row, 1) }
        return result
    }

    /// Groups by the first column.
    func grouped(_ body: ([(row: [Value], weight: Int64)]) -> [Value]) -> NaiveRelation {
        var groups: [Value: [(row: [Value], weight: Int64)]] = [:]
        for (row, weight) in rows { groups[row[0], default: []].append((row, weight)) }
        var result = NaiveRelation()
        for (key, members) in groups { result.add([key] + body(members), 1) }
        return result
    }
}

/// splitmix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A circuit of inputs, the operator under test, and a collector; keeps what has come out so far.
final class Rig {
    let circuit: Circuit
    private let node: Int
    private let collector = CollectOperator()
    private var seen = 0
    /// The sum of all output.
    private(set) var output = NaiveRelation()

    init(_ body: any Operator, inputs: Int = 1, failsFast: Bool = false) {
        circuit = Circuit(failsFast: failsFast)
        for number in 0..<inputs { _ = circuit.add("input\(number)", InputOperator(), inputs: []) }
        node = circuit.add("tested", body, inputs: Array(0..<inputs))
        _ = circuit.add("collect", collector, inputs: [node])
    }

    /// One step: chunks with their ports. - Returns: what came out, as it came.
    @discardableResult
    func step(_ chunks: [(port: Int, batch: Batch)]) throws(SQLError) -> [Batch] {
        for chunk in chunks { try circuit.push(chunk.batch, into: chunk.port) }
        try circuit.finish()
        let new = Array(collector.batches[seen...])
        seen = collector.batches.count
        for batch in new { output.add(batch) }
        return new
    }

    @discardableResult
    func step(_ batch: Batch) throws(SQLError) -> [Batch] { try step([(0, batch)]) }

    /// Rows that have come out of the operator.
    var rowsOut: Int64 { circuit.operators.last?.rows ?? 0 }

    /// All state to another rig of the same shape.
    func restore(into other: Rig) throws(SQLError) {
        for (from, to) in zip(circuit.stateful, other.circuit.stateful) {
            precondition(from.name == to.name, "state \(from.name) and \(to.name)")
            try to.state.restore(from.state.capture())
        }
        other.output = output
    }
}

extension Batch {
    /// Chunks of 1, 7 and 1024 rows, at random.
    func cut(_ random: inout SeededGenerator) -> [Batch] {
        var (chunks, from): ([Batch], Int) = ([], 0)
        while from < count {
            let size = [1, 7, 1024].randomElement(using: &random) ?? 1
            chunks.append(slice(from, min(from + size, count)))
            from += size
        }
        return chunks
    }
}

/// Random changes that keep every weight of the sum at zero or above, in any order within a step.
struct RandomChanges {
    var random: SeededGenerator
    let types: [DataType.Physical]
    private(set) var content = NaiveRelation()

    init(seed: UInt64, types: [DataType.Physical]) {
        random = SeededGenerator(seed)
        self.types = types
    }

    private mutating func value(_ type: DataType.Physical, domain: Int64) -> Value {
        if Int.random(in: 0..<8, using: &random) == 0 { return .null }
        let number = Int64.random(in: 0..<domain, using: &random)
        switch type {
        case .int64: return .int(number)
        case .double: return .double(Double(number) / 8 - 1)
        case .bool: return .bool(number % 2 == 0)
        case .numeric: return .numeric(Numeric(coefficient: Int128(number), scale: Int(number % 3)))
        case .interval: return .interval(Interval(days: Int32(number)))
        case .text, .json: return .string("t\(number)")
        }
    }

    /// The next change; rows leave and come back within it, negative before positive too.
    mutating func next(rows count: Int, domain: Int64 = 8) -> Batch {
        var changes: [(row: [Value], weight: Int64)] = []
        for _ in 0..<count {
            let row = types.map { value($0, domain: domain) }
            changes.append((row, Int64.random(in: 1...2, using: &random)))
        }
        for (row, weight) in content.rows.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: changes.append((row, -weight))
            case 1:
                // Out and back.
                changes.append((row, -weight))
                changes.append((row, weight))
            default: break
            }
        }
        changes.shuffle(using: &random)
        let batch = Batch(rows: changes.map(\.row), types: types, weights: changes.map(\.weight))
        content.add(batch)
        return batch
    }
}
