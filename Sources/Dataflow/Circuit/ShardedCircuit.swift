import State
package import Types

/// Runs a body once for each shard, on as many threads as there are.
package protocol ShardExecutor: Sendable {
    /// Calls `body` with 0..<count and returns when all calls have ended.
    func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void)
}

/// Hash-partitioned copies of one circuit, stepped together.
///
/// Each copy (shard) has its own operators and state and is touched by one thread at a time. Between
/// the copies stand the exchanges: whatever a shard sends through one waits there until all shards
/// have done what comes before it, and is then handed to its owners. Work on few rows is done by the
/// calling thread alone: waking others would cost more than it saves.
package final class ShardedCircuit {
    /// The copies; all have the same nodes.
    package let shards: [Circuit]
    private let executor: any ShardExecutor
    private let exchanges: [Int]
    /// Below this many rows nobody else is woken.
    private static let rowsWorthWaking = 2000

    package init(_ shards: [Circuit], executor: any ShardExecutor) {
        precondition(!shards.isEmpty, "a circuit without a shard")
        self.shards = shards
        self.executor = executor
        exchanges = shards[0].exchanges.map(\.node)
    }

    /// Sets what each shard asks before it hands a chunk on.
    package func setInterruption(_ question: (Circuit) -> (Batch) throws(SQLError) -> Void) {
        for circuit in shards { circuit.interruption = question(circuit) }
    }

    /// Pushes changes into input nodes, dealt out to the shards in turn, and carries them through
    /// all exchanges.
    package func push(_ batches: [(node: Int, batch: Batch)]) throws(SQLError) {
        if shards.count == 1 {
            for (node, batch) in batches { try shards[0].push(batch, into: node) }
            return
        }
        var parts = Array(repeating: [(node: Int, batch: Batch)](), count: shards.count)
        for (number, part) in batches.enumerated() { parts[number % shards.count].append(part) }
        let dealt = parts
        try onAll(rows: batches.reduce(0) { $0 + $1.batch.count }) {
            (shard, circuit) throws(SQLError) in
            for (node, batch) in dealt[shard] { try circuit.push(batch, into: node) }
        }
        for index in exchanges.indices { try hand(over: index) }
    }

    /// Ends the step: operators finish in topological order, and what they emit is carried on.
    package func finish() throws(SQLError) {
        var from = 0
        for (index, exchange) in exchanges.enumerated() where shards.count > 1 {
            let range = from..<exchange
            try onAll(rows: touchedRows) { (_, circuit) throws(SQLError) in
                try circuit.finish(range)
            }
            try hand(over: index)
            from = exchange
        }
        let range = from..<shards[0].nodeCount
        try onAll(rows: touchedRows) { (_, circuit) throws(SQLError) in try circuit.finish(range) }
        for circuit in shards { circuit.rowsInStep = 0 }
    }

    private var touchedRows: Int { shards.reduce(0) { $0 + $1.rowsInStep } }

    /// Gives what waits at one exchange, in all shards, to its owners.
    private func hand(over index: Int) throws(SQLError) {
        var inboxes: [[Batch]] = []
        var rows = 0
        for shard in shards.indices {
            let inbox = shards.flatMap { $0.exchanges[index].body.take(for: shard) }
            rows += inbox.reduce(0) { $0 + $1.count }
            inboxes.append(inbox)
        }
        if rows == 0 { return }
        let (node, dealt) = (exchanges[index], inboxes)
        try onAll(rows: rows) { (shard, circuit) throws(SQLError) in
            for batch in dealt[shard] { try circuit.emit(batch, from: node) }
        }
    }

    /// What one shard did, for the calling thread.
    private final class Outcomes: @unchecked Sendable {
        // Each cell is written by one thread, and read after `run` has returned.
        let circuits: [Circuit]
        private let thrown: [Cell]

        private final class Cell { var error: SQLError? }

        init(_ circuits: [Circuit]) {
            self.circuits = circuits
            thrown = circuits.map { _ in Cell() }
        }

        func set(_ error: SQLError, _ shard: Int) { thrown[shard].error = error }

        var first: SQLError? { thrown.lazy.compactMap(\.error).first }
    }

    private func onAll(
        rows: Int, _ body: @escaping @Sendable (Int, Circuit) throws(SQLError) -> Void
    ) throws(SQLError) {
        if shards.count == 1 || rows < ShardedCircuit.rowsWorthWaking {
            for (number, circuit) in shards.enumerated() { try body(number, circuit) }
            return
        }
        let outcomes = Outcomes(shards)
        executor.run(shards.count) { shard in
            do throws(SQLError) {
                try body(shard, outcomes.circuits[shard])
            } catch {
                outcomes.set(error, shard)
            }
        }
        if let error = outcomes.first { throw error }
    }

    /// Takes the rows set aside since the last call.
    package func takeFailed() -> [FailedRows] {
        shards.flatMap { circuit in
            let taken = circuit.failed
            circuit.failed = []
            return taken
        }
    }

    /// A line for each operator: what feeds it, the rows it has received in all shards since it was
    /// made, and an estimate of the memory that its state holds.
    package var report: [String] {
        var bytes: [Int: Int] = [:]
        for trace in traces {
            let number = Int(trace.name.prefix { $0.isNumber }) ?? 0
            bytes[number, default: 0] += trace.byteCount
        }
        let lists = shards.map(\.operators)
        // The first shard has them all; what brings the shards together is only there.
        return lists[0].indices.map { number in
            let (name, inputs, _) = lists[0][number]
            let rows = lists.reduce(Int64(0)) { $0 + ($1.count > number ? $1[number].rows : 0) }
            let from =
                inputs.isEmpty ? "" : " <- " + inputs.map(String.init).joined(separator: ", ")
            let state = bytes[number].map { ", state \($0) bytes" } ?? ""
            return "\(number) \(name)\(from)  (rows \(rows)\(state))"
        }
    }

    // MARK: - Checkpoints

    /// The state of all shards under each trace's name.
    package var traces: [ShardedTrace] {
        let lists = shards.map(\.stateful)
        return lists[0].indices.map { index -> ShardedTrace in
            // What only the first shard has (the view's rows) comes last.
            let owners = lists.filter { index < $0.count }
            return ShardedTrace(name: lists[0][index].name, parts: owners.map { $0[index].state })
        }
    }
}

/// One trace, spread over the shards.
package struct ShardedTrace {
    package let name: String
    let parts: [any Checkpointable]

    package var kind: TraceKind { parts[0].traceKind }

    /// The change since the last capture, of all shards.
    package func capture() -> [Batch] { parts.flatMap { $0.capture() } }

    /// Gives the rows of one run to the shards that own them.
    package func restore(_ rows: [Batch]) throws(SQLError) {
        for batch in rows {
            guard parts.count > 1, let key = parts[0].partitionColumns, !key.isEmpty else {
                try parts[0].restore([batch])
                continue
            }
            let split = Partition.split(
                batch, by: key.map { batch.columns[$0] }, shards: parts.count)
            for (part, own) in zip(parts, split) where own.count > 0 { try part.restore([own]) }
        }
    }

    /// An estimate of the memory held.
    package var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }
}
