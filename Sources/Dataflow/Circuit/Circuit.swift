package import Types

/// A graph of operators that are stepped together, one thread at a time.
package final class Circuit: @unchecked Sendable {
    // Handed from thread to thread by its driver, which waits for each before it goes on.
    struct Target {
        var node: Int
        var port: Int
    }

    private struct Node {
        let name: String
        let body: any Operator
        let inputs: [Int]
        var targets: [Target] = []
        var rowsIn: Int64 = 0
        /// It takes in nothing more: it has enough, or nothing behind it wants any.
        var isFull = false
        /// Nothing behind it wants what it emits.
        var isUnwanted = false
    }

    private var nodes: [Node] = []
    /// The exchanges, in topological order.
    private(set) var exchanges: [(node: Int, body: ExchangeOperator)] = []
    /// Rows delivered since the step began: how much there is to do.
    var rowsInStep = 0
    /// An expression's failure ends the run (ad-hoc queries); otherwise the rows are set aside.
    package let failsFast: Bool
    /// Rows set aside in this step; whoever drives the circuit takes them.
    package var failed: [FailedRows] = []
    /// Asked before each chunk is handed on, with the chunk; throws to end the run.
    package var interruption: ((Batch) throws(SQLError) -> Void)?
    /// Keeps row numbers alive that `Output.divert` has handed out.
    var scratch: Storage<UInt32>?

    package init(failsFast: Bool) { self.failsFast = failsFast }

    /// Adds an operator behind those that feed it; nodes must be added in topological order.
    /// - Returns: its number.
    package func add(_ name: String, _ body: any Operator, inputs: [Int]) -> Int {
        let number = nodes.count
        for (port, input) in inputs.enumerated() {
            precondition(input < number, "node \(number) before its input \(input)")
            nodes[input].targets.append(Target(node: number, port: port))
        }
        nodes.append(Node(name: name, body: body, inputs: inputs))
        if let exchange = body as? ExchangeOperator { exchanges.append((number, exchange)) }
        return number
    }

    var nodeCount: Int { nodes.count }

    /// Sends a change on as if `node` had emitted it.
    func emit(_ batch: Batch, from node: Int) throws(SQLError) {
        try Output(circuit: self, node: node).emit(batch)
    }

    func targets(of node: Int) -> [Target] { nodes[node].targets }

    func deliver(_ batch: Batch, to node: Int, port: Int) throws(SQLError) {
        if nodes[node].isFull { return }
        try interruption?(batch)
        nodes[node].rowsIn += Int64(batch.count)
        rowsInStep += batch.count
        do throws(SQLError) {
            try nodes[node].body.receive(batch, port: port, out: Output(circuit: self, node: node))
        } catch {
            guard nodes[node].isUnwanted, error.state == .enough else { throw error }
        }
        if !nodes[node].body.wantsMore { noteFull(node) }
    }

    // MARK: - Enough

    /// Whether an input node takes in more: a query with LIMIT may have all that it wants.
    package func wants(_ node: Int) -> Bool { !nodes[node].isFull }

    /// Whether anything behind a node wants what it emits.
    func isUnwanted(_ node: Int) -> Bool { nodes[node].isUnwanted }

    /// Finds the operators that want nothing before anything is pushed: LIMIT 0.
    package func prepare() {
        for number in nodes.indices where !nodes[number].body.wantsMore { noteFull(number) }
    }

    private func noteFull(_ node: Int) {
        guard !nodes[node].isFull else { return }
        nodes[node].isFull = true
        for input in nodes[node].inputs
        where nodes[input].targets.allSatisfy({ nodes[$0.node].isFull }) {
            nodes[input].isUnwanted = true
            noteFull(input)
        }
    }

    /// An estimate of the bytes that its operators hold.
    package var heldBytes: Int {
        let batches = nodes.reduce(0) { $0 + (($1.body as? any BatchHolder)?.heldBytes ?? 0) }
        return stateful.reduce(batches) { $0 + $1.state.byteCount }
    }

    /// Pushes a change into an input node.
    package func push(_ batch: Batch, into node: Int) throws(SQLError) {
        guard batch.count > 0 else { return }
        try deliver(batch, to: node, port: 0)
    }

    /// Ends the step: everything that was held back comes out.
    package func finish() throws(SQLError) {
        try finish(nodes.indices)
        rowsInStep = 0
    }

    func finish(_ range: Range<Int>) throws(SQLError) {
        for number in range.clamped(to: nodes.indices) {
            if nodes[number].isUnwanted { continue }
            do throws(SQLError) {
                try nodes[number].body.finish(out: Output(circuit: self, node: number))
            } catch {
                guard nodes[number].isUnwanted, error.state == .enough else { throw error }
            }
        }
    }

    /// Operators with state, by a name that is the same whenever the same plan is lowered.
    package var stateful: [(name: String, state: any Checkpointable)] {
        var list: [(name: String, state: any Checkpointable)] = []
        for (number, node) in nodes.enumerated() {
            let name = "\(number)-\(node.name)"
            if let state = node.body as? any Checkpointable { list.append((name, state)) }
            if let aggregate = node.body as? AggregateOperator, let extremes = aggregate.extremes {
                list.append((name + "-extremes", extremes))
            }
            if let aggregate = node.body as? AggregateOperator {
                if let best = aggregate.bestState { list.append((name + "-best", best)) }
                for (index, state) in aggregate.distinctStates.enumerated() {
                    list.append((name + "-distinct\(index)", state))
                }
            }
            if let join = node.body as? JoinOperator {
                for (side, state) in join.sideStates.enumerated() {
                    list.append((name + "-side\(side)", state))
                }
            }
        }
        return list
    }

    /// Each operator's name, the numbers of those that feed it, and the rows that it has received
    /// since it was made, for EXPLAIN.
    package var operators: [(name: String, inputs: [Int], rows: Int64)] {
        nodes.map { ($0.name, $0.inputs, $0.rowsIn) }
    }
}
