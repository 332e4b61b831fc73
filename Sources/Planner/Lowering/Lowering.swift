package import Dataflow
package import Types

/// Where a circuit takes in the rows of a relation.
package struct ScanInput: Sendable {
    package let relation: CatalogObject
    /// The relation's columns that the circuit wants, in its order.
    package let columns: [Int]
    package let node: Int
    /// How to find the rows that matter, when an index helps; any others do no harm.
    package var access: IndexAccess?
}

/// A plan as a circuit, and what has to be fed into it.
package struct LoweredPlan {
    package let circuit: Circuit
    package let scans: [ScanInput]
    /// Constant rows, to be pushed once before anything else.
    package let constants: [(node: Int, batch: Batch)]
    /// The node whose output is the plan's result.
    package let output: Int
}

/// Builds operators for plan nodes.
package enum Lowering {
    /// `forView`: the circuit is kept and stepped; rows that fail are set aside. Otherwise it runs
    /// once and the first failure ends it.
    ///
    /// `shard` of `shards`: which of several copies this is; rows change shards at exchanges, and the
    /// last one brings the result together in the first shard.
    /// `indexes`: the columns of each index that a relation has.
    package static func lower(
        _ plan: LogicalPlan, forView: Bool, shard: Int = 0, of shards: Int = 1,
        indexes: @escaping (Int32) -> [[Int]] = { _ in [] }
    ) throws(SQLError) -> LoweredPlan {
        var builder = Builder(forView: forView, shard: shard, shards: shards)
        builder.indexes = indexes
        var output = try builder.lower(plan)
        if forView { output = builder.exchange(output, by: []) }
        return LoweredPlan(
            circuit: builder.circuit, scans: builder.scans, constants: builder.constants,
            output: output)
    }

    private struct Builder {
        let forView: Bool
        let shard: Int
        let shards: Int
        let circuit: Circuit
        var scans: [ScanInput] = []
        var constants: [(node: Int, batch: Batch)] = []
        /// What has been built, by the plan's fingerprint.
        private var nodes: [String: Int] = [:]
        var indexes: (Int32) -> [[Int]] = { _ in [] }

        init(forView: Bool, shard: Int, shards: Int) {
            self.forView = forView
            self.shard = shard
            self.shards = shards
            circuit = Circuit(failsFast: !forView)
        }

        /// Lets rows with equal keys meet in one shard. A view has the node whatever the number of
        /// shards, so that names of state do not depend on it.
        func exchange(_ input: Int, by keys: [Expr]) -> Int {
            guard forView else { return input }
            return circuit.add(
                "exchange", ExchangeOperator(keys: keys, shards: shards), inputs: [input])
        }

        /// Whether the last order key is a descending time.
        static func isLatestFirst(_ order: [SortKey], _ input: LogicalPlan) -> Bool {
            guard let last = order.last, last.descending else { return false }
            switch input.fields[last.column].type.kind {
            case .timestamp, .timestamptz, .date, .time: return true
            default: return false
            }
        }

        /// The columns of a plan as keys.
        func columns(_ numbers: [Int], of plan: LogicalPlan) -> [Expr] {
            numbers.map { .column($0, plan.fields[$0].type) }
        }

        /// The node of a plan; equal plans share one.
        mutating func lower(_ plan: LogicalPlan) throws(SQLError) -> Int {
            guard let key = plan.fingerprint else { return try build(plan) }
            if let made = nodes[key] { return made }
            let node = try build(plan)
            nodes[key] = node
            return node
        }

        private mutating func build(_ plan: LogicalPlan) throws(SQLError) -> Int {
            switch plan {
            case .scan(let object, let columns):
                let node = circuit.add("scan-\(object.name)", InputOperator(), inputs: [])
                scans.append(ScanInput(relation: object, columns: columns, node: node))
                return node
            case .values(let rows, let fields): return try values(rows, fields)
            case .literal(let batch, _):
                let input = circuit.add("rows", InputOperator(), inputs: [])
                constants.append((input, batch))
                return input
            case .filter(.scan(let object, let columns), let predicate):
                return try filter(object, columns, predicate)
            case .filter(let input, let predicate):
                return circuit.add("filter", FilterOperator(predicate), inputs: [try lower(input)])
            case .project(let input, let list, _):
                return circuit.add("map", MapOperator(list), inputs: [try lower(input)])
            case .join(let join): return try lower(join)
            case .aggregate(let input, let keys, let aggregates, _):
                let body = AggregateOperator(
                    keys: keys, aggregates: aggregates, appendOnly: !forView || input.isAppendOnly,
                    ownsEmptyGroup: shard == 0)
                let meeting = exchange(try lower(input), by: keys)
                return circuit.add("aggregate", body, inputs: [meeting])
            case .distinct(let input):
                let all = columns(Array(input.fields.indices), of: input)
                let meeting = exchange(try lower(input), by: all)
                return circuit.add("distinct", DistinctOperator(input.types), inputs: [meeting])
            case .union(let inputs):
                var nodes: [Int] = []
                for input in inputs { nodes.append(try lower(input)) }
                return circuit.add("union", UnionOperator(), inputs: nodes)
            case .setOperation(let kind, let isAll, let left, let right):
                let all = columns(Array(left.fields.indices), of: left)
                let inputs = [
                    exchange(try lower(left), by: all), exchange(try lower(right), by: all),
                ]
                let body = SetOperator(kind, isAll: isAll, types: left.types)
                return circuit.add(kind.rawValue, body, inputs: inputs)
            case .expand(let input, let sets):
                return circuit.add("expand", ExpandOperator(sets: sets), inputs: [try lower(input)])
            case .rank(let input, let rank):
                let meeting = exchange(try lower(input), by: columns(rank.partition, of: input))
                if let session = rank.session {
                    let body = SessionOperator(
                        input.types, partition: rank.partition, session: session)
                    return circuit.add("session", body, inputs: [meeting])
                }
                let body = RankOperator(
                    input.types, partition: rank.partition, order: rank.order,
                    functions: rank.functions, bound: rank.bound,
                    appendOnly: input.isAppendOnly,
                    latestFirst: Builder.isLatestFirst(rank.order, input))
                return circuit.add("rank", body, inputs: [meeting])
            case .sort(let input, let keys, let limit, let offset):
                if forView {
                    // A view has no order; without a limit its rows are the same.
                    if limit == nil, offset == 0 { return try lower(input) }
                    let body = RankOperator(
                        input.types, partition: [], order: keys, functions: [],
                        bound: .init(.rowNumber, offset: offset, limit: limit),
                        appendOnly: input.isAppendOnly,
                        latestFirst: Builder.isLatestFirst(keys, input))
                    let meeting = exchange(try lower(input), by: [])
                    return circuit.add("top", body, inputs: [meeting])
                }
                let body = SortOperator(input.types, keys: keys, limit: limit, offset: offset)
                return circuit.add("sort", body, inputs: [try lower(input)])
            case .hop(let input, let time, let windows):
                return circuit.add(
                    "hop", HopOperator(time: time, windows), inputs: [try lower(input)])
            case .unnest(let input, let arrays, let fields):
                let body = UnnestOperator(arrays, ordinality: fields.count > arrays.count)
                return circuit.add("unnest", body, inputs: [try lower(input)])
            case .series(let input, let arguments, let field):
                return circuit.add(
                    "series", SeriesOperator(arguments, field.type), inputs: [try lower(input)])
            }
        }

        /// Some rows of a relation, by an index when one helps.
        private mutating func filter(_ object: CatalogObject, _ columns: [Int], _ predicate: Expr)
            throws(SQLError) -> Int
        {
            let access = IndexRanges.access(
                object, scanned: columns, predicate, indexes: indexes(object.oid))
            guard let access else {
                let scan = try lower(.scan(object, columns: columns))
                return circuit.add("filter", FilterOperator(predicate), inputs: [scan])
            }
            // A scan of its own: others may want other rows.
            let node = circuit.add("lookup-\(object.name)", InputOperator(), inputs: [])
            scans.append(ScanInput(relation: object, columns: columns, node: node, access: access))
            return circuit.add("filter", FilterOperator(predicate), inputs: [node])
        }

        /// Rows of constants, computed by a map over one row without columns.
        private mutating func values(_ rows: [[Expr]], _ fields: [Field]) throws(SQLError) -> Int {
            let input = circuit.add("values", InputOperator(), inputs: [])
            constants.append((input, Batch(columns: [], count: 1)))
            if fields.isEmpty, rows.count == 1 { return input }
            let maps = rows.map { circuit.add("row", MapOperator($0), inputs: [input]) }
            return maps.count == 1 ? maps[0] : circuit.add("rows", UnionOperator(), inputs: maps)
        }

        private mutating func lower(_ join: LogicalPlan.Join) throws(SQLError) -> Int {
            let inputs = [
                exchange(
                    try lower(join.left), by: columns(join.keys.map(\.left), of: join.left)),
                exchange(
                    try lower(join.right), by: columns(join.keys.map(\.right), of: join.right)),
            ]
            let isOnce = !forView
            let body = JoinOperator(
                left: join.left.types, right: join.right.types, keys: join.keys,
                condition: join.condition,
                keepsLeft: join.kind == .left || join.kind == .full,
                keepsRight: join.kind == .right || join.kind == .full,
                nullsMatch: join.nullsMatch,
                appendOnly: (isOnce || join.left.isAppendOnly, isOnce || join.right.isAppendOnly))
            return circuit.add("join", body, inputs: inputs)
        }
    }
}
