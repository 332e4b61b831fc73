import Dataflow
import Types

/// The aggregation of one SELECT: its keys, and the aggregates found while binding what is behind.
///
/// Behind it, columns are the keys, then the aggregates.
final class Grouping {
    let input: Scope
    let keys: [Expr]
    /// Which keys each grouping set has; nil when there is but one, with all of them.
    let sets: [[Int]]?
    /// The keys that are literals of the select list, named by their position or alias: NULL in sets
    /// without them, as nothing but the naming tells them from other literals.
    var literalKeys: [Int: Int] = [:]
    /// The order of the input's rows, for aggregates that say nothing about it; empty when it has none.
    private let rowOrder: [Aggregate.Order]
    private let keyTexts: [String]
    private(set) var aggregates: [Aggregate] = []
    private var aggregateTexts: [String] = []

    /// Those within the aggregates' arguments; they are joined to the input.
    let subqueries: Subqueries

    /// Those within the keys, which are computed before the grouping.
    private let setCalls: SetFunctionCalls

    init(
        input: Scope, keys: [Expr], sets: [[Int]]? = nil, subqueries: Subqueries,
        setCalls: SetFunctionCalls, rowOrder: [Aggregate.Order] = []
    ) {
        self.rowOrder = rowOrder
        self.setCalls = setCalls
        self.subqueries = subqueries
        self.input = input
        self.keys = keys
        self.sets = sets
        keyTexts = keys.map { $0.fingerprint }
    }

    /// The column of an aggregate; equal ones are computed once.
    func add(_ aggregate: Aggregate) -> Expr {
        var aggregate = Grouping.guarded(aggregate)
        if aggregate.isCollecting, !aggregate.isDistinct, aggregate.order.isEmpty {
            aggregate.order = rowOrder
        }
        let text =
            aggregate.function.rawValue + (aggregate.argument.map { $0.fingerprint } ?? "")
            + "|" + (aggregate.filter.map { $0.fingerprint } ?? "")
            + "|\(aggregate.isDistinct)|" + (aggregate.second.map { $0.fingerprint } ?? "")
            + aggregate.order.map {
                "|\($0.expression.fingerprint) \($0.descending) \($0.nullsFirst)"
            }.joined()
        if let index = aggregateTexts.firstIndex(of: text) {
            return .column(keyWidth + index, aggregate.result)
        }
        aggregates.append(aggregate)
        aggregateTexts.append(text)
        return .column(keyWidth + aggregates.count - 1, aggregate.result)
    }

    /// The key that an item of the select list is when it is a literal.
    func literalKey(_ item: Int) -> Expr? {
        sets == nil ? nil : literalKeys[item].map { .column($0, keys[$0].type) }
    }

    /// What the aggregate takes, computed only for rows that pass its FILTER when it can fail.
    private static func guarded(_ aggregate: Aggregate) -> Aggregate {
        guard let filter = aggregate.filter else { return aggregate }
        func guarded(_ expression: Expr) -> Expr {
            guard expression.canFail else { return expression }
            let type = expression.type
            return .cases(
                [(when: filter, then: expression)], otherwise: .constant(.null, type), type)
        }
        var copy = aggregate
        copy.argument = aggregate.argument.map(guarded)
        copy.second = aggregate.second.map(guarded)
        for index in copy.order.indices {
            copy.order[index].expression = guarded(copy.order[index].expression)
        }
        return copy
    }

    /// Columns before the aggregates: the keys, and the number of the grouping set.
    var keyWidth: Int { keys.count + (sets == nil ? 0 : 1) }

    /// What the queries within the select list and HAVING can see: the keys by their names.
    var outputScope: Scope {
        Scope(
            entries: keys.map { key in
                if case .column(let index, _) = key, !OuterReference.isOuter(index) {
                    return input.entries[index]
                }
                return .init(table: "", name: "", type: key.type, isHidden: true)
            })
    }

    /// GROUPING(a, b): a bit for each argument, 1 where the set does not have it.
    func groupingCall(_ call: FunctionCall, _ binder: ExpressionBinder) throws(SQLError) -> Expr {
        let plain = ExpressionBinder(
            binder: binder.binder, scope: input, forbidsAggregates: "GROUPING")
        var positions: [Int] = []
        for node in call.arguments {
            let text = try plain.bind(node).fingerprint
            guard let key = keyTexts.firstIndex(of: text) else {
                throw SQLError(
                    .groupingError,
                    "arguments to GROUPING must be grouping expressions of the associated query level",
                    position: binder.binder.position(node.at))
            }
            positions.append(key)
        }
        guard let sets else { return .constant(.int(0), .int4) }
        let values = sets.map { set in
            positions.reduce(Int64(0)) { $0 << 1 | (set.contains($1) ? 0 : 1) }
        }
        return try Grouping.choice(keys.count, values.map { .constant(.int($0), .int4) }, .int4)
    }

    /// CASE over the number of the set, which is column `index`.
    static func choice(_ index: Int, _ values: [Expr], _ type: DataType) throws(SQLError) -> Expr {
        guard let equal = FunctionRegistry.exact("=", [.int4, .int4]) else {
            throw .internalFault("no equality of integers")
        }
        var arms: [(when: Expr, then: Expr)] = []
        for (number, value) in values.enumerated() {
            let isSet = Expr.call(
                equal, [.column(index, .int4), .constant(.int(Int64(number)), .int4)], .boolean)
            arms.append((when: isSet, then: value))
        }
        return .cases(arms, otherwise: .constant(.null, type), type)
    }

    /// `node` as a column when it is one of the keys.
    /// - Throws: 42803 for a column that is neither grouped nor aggregated.
    func match(_ node: Expression, _ binder: ExpressionBinder) throws(SQLError) -> Expr? {
        switch node {
        case .literal, .parameter, .star: return nil
        default: break
        }
        if Grouping.hasAggregate(node) { return nil }
        var plain = ExpressionBinder(
            binder: binder.binder, scope: input, forbidsAggregates: binder.forbidsAggregates)
        if !setCalls.isEmpty { plain.setCalls = setCalls }
        let at = node.at
        switch node {
        case .column, .place: break
        default:
            guard let bound = try? plain.bind(node) else { return nil }
            return keyColumn(bound)
        }
        // As the keys were bound: a literal in a view's column has a type there.
        let named = try plain.bind(node)
        let key = try binder.binder.resolved(named, at: at)
        if let column = keyColumn(key) { return column }
        guard case .column(let index, _) = named else { return nil }
        if OuterReference.isOuter(index) { return key }
        let entry = input.entries[index]
        throw SQLError(
            .groupingError,
            "column \"\(entry.table).\(entry.name)\" must appear in the GROUP BY clause or be used in an "
                + "aggregate function", position: binder.binder.position(at))
    }

    private func keyColumn(_ bound: Expr) -> Expr? {
        let text = bound.fingerprint
        return keyTexts.firstIndex(of: text).map { .column($0, keys[$0].type) }
    }

    /// Whether an aggregate call occurs in the expression, subqueries aside.
    static func hasAggregate(_ node: Expression) -> Bool {
        if case .call(let call) = node, call.over == nil,
            ExpressionBinder.aggregateNames[call.name[call.name.count - 1]] != nil
        {
            return true
        }
        return node.children.contains(where: hasAggregate)
    }

    /// Whether a window function is called in the expression, subqueries aside.
    static func hasWindow(_ node: Expression) -> Bool {
        if case .call(let call) = node, call.over != nil { return true }
        return node.children.contains(where: hasWindow)
    }

    /// Columns of tables whose primary keys are among the keys: each group has one value of them. Those
    /// of `nodes` alone, which are not keys themselves.
    static func dependents(of keys: [Expr], _ nodes: [Expression], _ scope: Scope) -> [Expr] {
        var columns: Set<Int> = []
        for case .column(let index, _) in keys { columns.insert(index) }
        var named: Set<Int> = []
        func collect(_ node: Expression) {
            switch node {
            case .column(let parts, _): named.formUnion(scope.matches(parts))
            case .place(let index, _): named.insert(index)
            default: node.children.forEach(collect)
            }
        }
        nodes.forEach(collect)
        return named.subtracting(columns).sorted().filter { index in
            let entry = scope.entries[index]
            let parts = scope.entries.indices.filter {
                let other = scope.entries[$0]
                return other.isKey && other.table == entry.table && other.schema == entry.schema
            }
            return !entry.table.isEmpty && !parts.isEmpty && parts.allSatisfy(columns.contains)
        }.map { .column($0, scope.entries[$0].type) }
    }
}
