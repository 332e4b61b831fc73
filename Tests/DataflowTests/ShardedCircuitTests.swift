import Dataflow
import Foundation
import Testing
import Types

/// Runs the bodies of a sharded circuit on real threads.
private struct Threads: ShardExecutor {
    func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }
}

@Suite struct ShardedCircuitTests {
    private static let types: [DataType.Physical] = [.int64, .text]

    /// A join on the first column, then count(*) by the join's second column, then by nothing.
    private final class Pipeline {
        let circuit: ShardedCircuit
        let collector = Collector()
        let total = Collector()

        final class Collector: Operator {
            var rows = NaiveRelation([])
            func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
                rows.add(chunk)
            }
        }

        init(shards: Int) {
            let count = Aggregate(.countAll, argument: nil, filter: nil, result: .int8)
            var copies: [Circuit] = []
            for shard in 0..<shards {
                let circuit = Circuit(failsFast: false)
                func exchange(_ input: Int, _ keys: [Expr]) -> Int {
                    circuit.add(
                        "exchange", ExchangeOperator(keys: keys, shards: shards), inputs: [input])
                }
                let left = circuit.add("left", InputOperator(), inputs: [])
                let right = circuit.add("right", InputOperator(), inputs: [])
                let sides = [
                    exchange(left, [.column(0, .int8)]), exchange(right, [.column(0, .int8)]),
                ]
                let join = JoinOperator(
                    left: types, right: types, keys: [(left: 0, right: 0)], condition: nil)
                let joined = circuit.add("join", join, inputs: sides)
                let keys: [Expr] = [.column(1, .text)]
                let groups = circuit.add(
                    "aggregate", AggregateOperator(keys: keys, aggregates: [count]),
                    inputs: [exchange(joined, keys)])
                let one = circuit.add(
                    "total",
                    AggregateOperator(
                        keys: [], aggregates: [count], ownsEmptyGroup: shard == 0),
                    inputs: [exchange(groups, [])])
                let (all, last) = (exchange(groups, []), exchange(one, []))
                if shard == 0 {
                    _ = circuit.add("collect", collector, inputs: [all])
                    _ = circuit.add("collect total", total, inputs: [last])
                }
                copies.append(circuit)
            }
            circuit = ShardedCircuit(copies, executor: Threads())
        }

        func step(_ chunks: [(node: Int, batch: Batch)]) throws {
            // Some at a time, as an engine does.
            for from in stride(from: 0, to: chunks.count, by: 3) {
                try circuit.push(Array(chunks[from..<min(from + 3, chunks.count)]))
            }
            try circuit.finish()
        }
    }

    private static func chunks(
        _ left: inout RandomChanges, _ right: inout RandomChanges, _ rows: Int
    )
        -> [(node: Int, batch: Batch)]
    {
        var chunks = left.next(rows: rows).cut(&left.random).map { (node: 0, batch: $0) }
        chunks += right.next(rows: rows).cut(&right.random).map { (node: 1, batch: $0) }
        return chunks
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func theAnswerDoesNotDependOnTheNumberOfShards(seed: UInt64) throws {
        var left = RandomChanges(seed: seed, types: Self.types)
        var right = RandomChanges(seed: seed &+ 1000, types: Self.types)
        let pipelines = [1, 2, 5].map { Pipeline(shards: $0) }
        for step in 0..<6 {
            // Large enough now and then for real threads.
            let input = Self.chunks(&left, &right, step % 3 == 2 ? 300 : 12)
            for pipeline in pipelines { try pipeline.step(input) }
            for pipeline in pipelines {
                #expect(
                    pipeline.collector.rows == pipelines[0].collector.rows,
                    "seed \(seed), step \(step)"
                )
                #expect(
                    pipeline.total.rows == pipelines[0].total.rows, "seed \(seed), step \(step)")
                #expect(pipeline.total.rows.rows.count == 1)
            }
        }
    }

    @Test(arguments: [2, 3, 5])
    func everyShardGetsItsShare(shards: Int) {
        let rows = (0..<10_000).map { [Value.int(Int64($0)), .string("k\($0)")] }
        let batch = Batch(rows: rows, types: Self.types)
        for column in 0...1 {
            let parts = Partition.split(batch, by: [batch.columns[column]], shards: shards)
            #expect(parts.count == shards)
            for part in parts { #expect(abs(part.count * shards - 10_000) < 2_000) }
        }
    }

    @Test(arguments: [7, 8, 9] as [UInt64])
    func aCheckpointCanBeRestoredIntoAnotherNumberOfShards(seed: UInt64) throws {
        var left = RandomChanges(seed: seed, types: Self.types)
        var right = RandomChanges(seed: seed &+ 1000, types: Self.types)
        let (first, second) = (Pipeline(shards: 2), Pipeline(shards: 5))
        let reference = Pipeline(shards: 1)
        for _ in 0..<3 {
            let input = Self.chunks(&left, &right, 30)
            try first.step(input)
            try reference.step(input)
        }
        for (from, to) in zip(first.circuit.traces, second.circuit.traces) {
            #expect(from.name == to.name)
            try to.restore(from.capture())
        }
        second.collector.rows = first.collector.rows
        second.total.rows = first.total.rows
        for step in 0..<4 {
            let input = Self.chunks(&left, &right, 30)
            try second.step(input)
            try reference.step(input)
            #expect(second.collector.rows == reference.collector.rows, "seed \(seed), step \(step)")
            #expect(second.total.rows == reference.total.rows, "seed \(seed), step \(step)")
        }
    }
}
