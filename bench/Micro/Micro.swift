import Connectors
import Dataflow
import Planner
import Platform
import State
import Types

/// Kernels and codecs: nanoseconds a row, beside a copy of the same cells in the same run.
@main
struct Micro {
    private static let rows = 16_384
    private static let rounds = 400

    static func main() throws {
        let batch = sample()
        let copied = measure { _ = batch.columns[0].gathered(identity.cells) }
        HostProcess.writeStandardOutput("rows a batch: \(rows), rounds: \(rounds)\n")
        report("gather of int64 (reference)", copied, copied)
        for (name, text) in [
            ("a + b", "a + b"), ("a * 3 + b > 100 AND a < b", "a * 3 + b > 100 AND a < b"),
            ("0.908 * a", "0.908 * a"), ("a % 123 = 0", "a % 123 = 0"),
            ("t LIKE '%7%'", "t LIKE '%7%'"), ("t ~ '7$'", "t ~ '7$'"),
            ("split_part(t, '-', 2)", "split_part(t, '-', 2)"),
        ] {
            let expression = try bound(text)
            report(name, measure { _ = Evaluation(batch).evaluate(expression) }, copied)
        }
        report("consolidate, half cancels", measure { _ = half.consolidated() }, copied)
        report("group by 1,000 keys, count and sum", try aggregate(batch), copied)
        var bytes = ByteWriter()
        BatchCodec.encode(batch, to: &bytes)
        let encoded = bytes.bytes
        report(
            "encode batch",
            measure {
                var writer = ByteWriter(reserving: encoded.count)
                BatchCodec.encode(batch, to: &writer)
            }, copied)
        report(
            "decode batch",
            measure {
                var reader = ByteReader(encoded)
                _ = try? BatchCodec.decode(&reader)
            }, copied)
        report("crc32c", measure { _ = crc32c(encoded) }, copied)
        report("zstd level 1", measure(rounds: 40) { _ = Compression.zstd(encoded) }, copied)
    }

    private static let identity = Storage<UInt32>((0..<UInt32(rows)).map { $0 })

    private static func sample() -> Batch {
        let a = Storage((0..<rows).map { Int64($0 % 1000) })
        let b = Storage((0..<rows).map { Int64($0 * 7 % 911) })
        let text = ColumnBuilder(.text, capacity: rows)
        for row in 0..<rows { text.append(text: Array("item-\(row % 1000)".utf8)) }
        return Batch(
            columns: [Column(.int64(a)), Column(.int64(b)), text.column()], count: rows)
    }

    /// Every second row takes the one before it back.
    private static let half: Batch = {
        let values = Storage((0..<rows).map { Int64($0 / 2) })
        let weights = Storage((0..<rows).map { $0 % 4 == 1 ? -1 : 1 as Int64 })
        return Batch(columns: [Column(.int64(values))], count: rows, weights: weights)
    }()

    private static func bound(_ text: String) throws -> Expr {
        var object = CatalogObject(
            oid: 20000, schema: "public", name: "r", kind: .source,
            columns: [
                CatalogColumn("a", .int8), CatalogColumn("b", .int8), CatalogColumn("t", .text),
            ])
        object.primaryKey = []
        var catalog = Catalog()
        catalog.put(object)
        let context = SessionContext(
            user: "bench", database: "bench", catalog: catalog, settings: [:], now: 0, backendID: 0)
        let query = "SELECT \(text) FROM r"
        let plan = try Binder(context: context, text: query).bind(try Parser.query(query))
        guard case .project(_, let list, _) = plan else { return .column(0, .int8) }
        return list[0]
    }

    private static func aggregate(_ batch: Batch) throws -> Double {
        let circuit = Circuit(failsFast: true)
        let input = circuit.add("input", InputOperator(), inputs: [])
        let count = Aggregate(.countAll, argument: nil, filter: nil, result: .int8)
        let sum = Aggregate(.sum, argument: .column(1, .int8), filter: nil, result: .numeric)
        let body = AggregateOperator(
            keys: [.column(0, .int8)], aggregates: [count, sum], appendOnly: true)
        _ = circuit.add("aggregate", body, inputs: [input])
        var failure: (any Error)?
        let time = measure(rounds: 100) {
            do {
                try circuit.push(batch, into: input)
                try circuit.finish()
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return time
    }

    /// Nanoseconds a row, the best of three.
    private static func measure(rounds: Int = Micro.rounds, _ body: () -> Void) -> Double {
        var best = Double.infinity
        for _ in 0..<3 {
            let start = MonotonicTime.now
            for _ in 0..<rounds { body() }
            let nanoseconds = MonotonicTime.now.nanoseconds - start.nanoseconds
            best = min(best, Double(nanoseconds) / Double(rounds * rows))
        }
        return best
    }

    private static func report(_ name: String, _ time: Double, _ reference: Double) {
        let padded = name + String(repeating: " ", count: max(1, 40 - name.count))
        let hundredths = Int((time * 100).rounded())
        let ratio = Int((time / reference * 10).rounded())
        HostProcess.writeStandardOutput(
            "\(padded)\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) ns/row"
                + "   \(ratio / 10).\(ratio % 10) x reference\n")
    }
}
