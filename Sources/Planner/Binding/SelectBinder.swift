import Dataflow
import Types

/// Binds one SELECT: FROM, WHERE, GROUP BY, HAVING, the list, DISTINCT, ORDER BY, LIMIT.
struct SelectBinder {
    private let binder: Binder
    private let select: Select
    private let query: Query

    init(_ binder: Binder, _ select: Select, _ query: Query) {
        self.binder = binder
        self.select = select
        self.query = query
    }

    struct Bound {
        let plan: LogicalPlan
        /// The columns of the tables that were asked for.
        let kept: [Range<Int>]
        /// Whether a function of the list gives several rows.
        let returnsSets: Bool
    }

    private struct Output {
        var expression: Expr
        var name: String
        var at: Int
    }

    func bind() throws(SQLError) -> LogicalPlan { try bind(beside: []).plan }

    /// As `bind()`, with all columns of tables of FROM behind those of the list, for who locks their rows;
    /// the query has neither groups nor DISTINCT then.
    /// - Parameter tables: names as qualified as the columns' names need to be.
    func bind(beside tables: [[String]]) throws(SQLError) -> Bound {
        var (plan, scope) = try FromBinder(binder).bind(select.from)
        let rowOrder = self.rowOrder(&plan, &scope)
        let wasEmpty = binder.isOverNothing
        if plan.isAlwaysEmpty { binder.isOverNothing = true }
        defer { binder.isOverNothing = wasEmpty }
        (plan, scope) = try filtered(plan, scope)
        let items = try expandedItems(scope)
        let kept = tables.map { scope.star($0).map { Expr.column($0, scope.entries[$0].type) } }
        let hasAggregates =
            !select.groupBy.isEmpty || select.having != nil
            || items.contains { Grouping.hasAggregate($0.expression) }
            || query.orderBy.contains { Grouping.hasAggregate($0.expression) }
        var expressions = ExpressionBinder(binder: binder, scope: scope, forbidsAggregates: nil)
        let windows = Windows(named: select.windows)
        expressions.windows = windows
        let setCalls = SetFunctionCalls()
        expressions.setCalls = setCalls
        let grouping = hasAggregates ? try self.grouping(items, &plan, scope, rowOrder) : nil
        expressions.grouping = grouping
        if grouping == nil { expressions.forbidsAggregates = "this place" }
        let subqueries = Subqueries(
            binder, outer: grouping?.outputScope ?? scope, firstColumn: SelectBinder.firstSubquery)
        expressions.subqueries = subqueries
        var outputs = try self.outputs(items, expressions)
        let having = (try self.having(expressions)).map(PredicatePushdown.conjuncts) ?? []
        let (keys, extra) = try sortKeys(outputs, expressions)
        let distinctOn = try distinctExpressions(outputs, expressions)
        if let grouping { plan = try aggregated(plan, grouping) }
        // No subquery is asked for groups that are gone.
        let plain = having.filter { !subqueries.isRead(by: $0) }
        if let first = PredicatePushdown.conjunction(plain) { plan = .filter(plan, first) }
        let width = plan.fields.count
        plan = try subqueries.applied(to: plan)
        let wide = plan.fields.count
        func placed(_ expression: Expr) -> Expr {
            expression.remapped { index in
                if OuterReference.isOuter(index) || index >= SetFunctionCalls.firstColumn {
                    return index
                }
                if index >= Windows.firstColumn { return index - Windows.firstColumn + wide }
                if index >= SelectBinder.firstSubquery {
                    return index - SelectBinder.firstSubquery + width
                }
                return index
            }
        }
        let asking = having.filter(subqueries.isRead)
        if let rest = PredicatePushdown.conjunction(asking) { plan = .filter(plan, placed(rest)) }
        plan = windows.applied(to: plan, placed)
        if !setCalls.isEmpty { plan = setCalls.applied(to: plan, placed) }
        func shown(_ expression: Expr) -> Expr { setCalls.placed(placed(expression)) }
        for index in outputs.indices {
            outputs[index].expression = shown(outputs[index].expression)
        }
        let (moved, ranges) = add(kept.map { $0.map(shown) }, to: &outputs, keys)
        let result = try finished(
            plan, outputs, moved, extra.map(shown), distinctOn.map { $0.map(shown) })
        return Bound(plan: result, kept: ranges, returnsSets: !setCalls.isEmpty)
    }

    /// Puts columns behind the list. - Returns: the keys, of which those behind the list have moved, and
    /// where the columns of each table are.
    private func add(_ tables: [[Expr]], to outputs: inout [Output], _ keys: [SortKey]) -> (
        [SortKey], [Range<Int>]
    ) {
        let width = outputs.count
        var ranges: [Range<Int>] = []
        for columns in tables {
            ranges.append(outputs.count..<(outputs.count + columns.count))
            outputs += columns.map { Output(expression: $0, name: "", at: select.at) }
        }
        let moved = keys.map { key in
            var key = key
            if key.column >= width { key.column += outputs.count - width }
            return key
        }
        return (moved, ranges)
    }

    /// The order in which rows come, when that shows in an aggregate; its columns are added to the plan.
    private func rowOrder(_ plan: inout LogicalPlan, _ scope: inout Scope) -> [Aggregate.Order] {
        let nodes = select.items.map(\.expression) + query.orderBy.map(\.expression)
        guard select.from.count == 1,
            (nodes + [select.having].compactMap { $0 }).contains(where: RowOrder.isAsked),
            let found = RowOrder(of: plan)
        else { return [] }
        plan = found.plan
        scope = found.extended(scope)
        return found.order
    }

    /// The aggregation; set-returning functions among its keys become columns of the plan.
    private func grouping(
        _ items: [Select.Item], _ plan: inout LogicalPlan, _ scope: Scope,
        _ rowOrder: [Aggregate.Order]
    ) throws(SQLError) -> Grouping {
        let calls = SetFunctionCalls()
        var literals: [Int: Int] = [:]
        var (keys, sets) = try groupKeys(items, scope, calls, &literals)
        if sets == nil {
            let nodes = items.map(\.expression) + query.orderBy.map(\.expression)
            keys += Grouping.dependents(of: keys, nodes + [select.having].compactMap { $0 }, scope)
        }
        if !calls.isEmpty { plan = calls.applied(to: plan) }
        let grouping = Grouping(
            input: calls.extended(scope), keys: keys.map(calls.placed), sets: sets,
            subqueries: Subqueries(binder, outer: calls.extended(scope)), setCalls: calls,
            rowOrder: rowOrder)
        grouping.literalKeys = literals
        return grouping
    }

    private func having(_ expressions: ExpressionBinder) throws(SQLError) -> Expr? {
        guard let condition = select.having else { return nil }
        var conditions = expressions
        conditions.isCondition = true
        conditions.windows = nil
        conditions.setCalls = nil
        conditions.forbidsAggregates = "HAVING"
        return try binder.condition(try conditions.bind(condition), "HAVING", at: condition.at)
    }

    private func outputs(_ items: [Select.Item], _ expressions: ExpressionBinder) throws(SQLError)
        -> [Output]
    {
        var outputs: [Output] = []
        for (index, item) in items.enumerated() {
            let expression: Expr
            if let key = expressions.grouping?.literalKey(index) {
                expression = key
            } else {
                expression = try expressions.bind(item.expression)
            }
            outputs.append(
                Output(
                    expression: expression,
                    name: item.alias ?? SelectBinder.name(of: item.expression),
                    at: item.expression.at))
        }
        return outputs
    }

    /// WHERE.
    private func filtered(_ plan: LogicalPlan, _ scope: Scope) throws(SQLError) -> (
        LogicalPlan, Scope
    ) {
        guard let condition = select.condition else { return (plan, scope) }
        let found = Subqueries(binder, outer: scope)
        let expressions = ExpressionBinder(
            binder: binder, scope: scope, forbidsAggregates: "WHERE", subqueries: found,
            isCondition: true)
        let predicate = try binder.condition(
            try expressions.bind(condition), "WHERE", at: condition.at)
        return (try found.filtered(plan, by: predicate), found.extended(scope))
    }

    /// Columns of subqueries are numbered from here until the width of what they join is known.
    private static let firstSubquery = 500_000

    /// DISTINCT ON (…), nil without.
    private func distinctExpressions(_ outputs: [Output], _ expressions: ExpressionBinder)
        throws(SQLError) -> [Expr]?
    {
        guard case .on(let nodes) = select.distinct else { return nil }
        let fields = outputs.map { Field($0.name, $0.expression.type) }
        var list: [Expr] = []
        for node in nodes {
            let item = OrderItem(expression: node, descending: false, nullsFirst: nil)
            if let key = try binder.outputKey(item, fields, orThrow: false) {
                list.append(outputs[key.column].expression)
            } else {
                list.append(try binder.resolved(try expressions.bind(node), at: node.at))
            }
        }
        let named = Set(list.map(\.fingerprint))
        let isLeft = outputs.contains { output in
            output.expression.columns.contains(where: SetFunctionCalls.isCall)
                && !named.contains(output.expression.fingerprint)
        }
        if isLeft {
            // PostgreSQL calls it for the rows that DISTINCT ON leaves.
            throw SQLError.unsupported(
                "a set-returning function beside DISTINCT ON", at: binder.position(select.at))
        }
        return list
    }

    /// The select list with every star replaced by its columns.
    private func expandedItems(_ scope: Scope) throws(SQLError) -> [Select.Item] {
        var items: [Select.Item] = []
        for item in select.items {
            guard case .star(let parts, let at) = item.expression else {
                items.append(item)
                continue
            }
            if select.from.isEmpty {
                throw SQLError(
                    .syntaxError, "SELECT * with no tables specified is not valid",
                    position: binder.position(at))
            }
            if !parts.isEmpty, !scope.hasTable(parts[...]) {
                throw SQLError(
                    .undefinedTable,
                    "missing FROM-clause entry for table \"\(parts[parts.count - 1])\"",
                    position: binder.position(at))
            }
            for index in scope.star(parts) {
                let entry = scope.entries[index]
                let name = [entry.schema, entry.table, entry.name].compactMap { $0 }
                items.append(
                    Select.Item(
                        expression: scope.matches(name) == [index]
                            ? .column(name, at: at) : .place(index, at: at),
                        alias: entry.name))
            }
        }
        return items
    }

    /// PostgreSQL's name for an output column without an alias (FigureColname).
    static func name(of node: Expression) -> String { figured(node)?.name ?? "?column?" }

    /// A weak name gives way to a cast's or CASE's; nil when there is none.
    private static func figured(_ node: Expression) -> (name: String, isWeak: Bool)? {
        switch node {
        case .column(let parts, _): return (parts[parts.count - 1], false)
        case .call(let call):
            let name = call.name[call.name.count - 1]
            // trim() is called by its mode.
            if name == "trim", case .literal(.string(let mode), _)? = call.arguments.first {
                return (mode, false)
            }
            return (name, false)
        case .cast(let inner, let type, _):
            if let found = figured(inner), !found.isWeak { return found }
            return (DataType.named(type.name)?.catalogName ?? type.name, true)
        case .cases(_, _, let otherwise, _):
            if let found = otherwise.flatMap(figured), !found.isWeak { return found }
            return ("case", true)
        case .subscript_(let value, _, _): return figured(value)
        case .subquery(let query, _):
            switch query.body {
            case .select(let select):
                return select.items.first.map { ($0.alias ?? name(of: $0.expression), false) }
            case .values: return ("column1", false)
            case .operation: return nil
            }
        case .exists: return ("exists", false)
        case .arrayQuery, .array: return ("array", false)
        case .row: return ("row", false)
        default: return nil
        }
    }

    // MARK: - Grouping

    /// The keys, and which of them each grouping set has; `literals` are those that are literal items.
    private func groupKeys(
        _ items: [Select.Item], _ scope: Scope, _ setCalls: SetFunctionCalls,
        _ literals: inout [Int: Int]
    ) throws(SQLError) -> ([Expr], [[Int]]?) {
        var keys: [Expr] = []
        var texts: [String] = []
        func key(_ node: Expression) throws(SQLError) -> Int {
            let item = try namedItem(node, items, scope)
            let bound = try groupKey(item.map { items[$0].expression } ?? node, scope, setCalls)
            let text = bound.fingerprint
            let number = texts.firstIndex(of: text) ?? keys.count
            if number == keys.count {
                keys.append(bound)
                texts.append(text)
            }
            if let item, case .literal = items[item].expression { literals[item] = number }
            return number
        }
        func list(_ nodes: [Expression]) throws(SQLError) -> [Int] {
            var numbers: [Int] = []
            for node in nodes { numbers.append(try key(node)) }
            return numbers
        }
        func sets(of item: GroupItem) throws(SQLError) -> [[Int]] {
            switch item {
            case .expression(let node): return [try list([node])]
            case .list(let nodes): return [try list(nodes)]
            case .rollup(let lists):
                var parts: [[Int]] = []
                for nodes in lists { parts.append(try list(nodes)) }
                return (0...parts.count).reversed().map { parts.prefix($0).flatMap { $0 } }
            case .cube(let lists):
                guard lists.count <= 12 else {
                    throw SQLError(
                        .programLimitExceeded, "CUBE is limited to 12 elements",
                        position: binder.position(select.at))
                }
                var parts: [[Int]] = []
                for nodes in lists { parts.append(try list(nodes)) }
                return (0..<(1 << parts.count)).reversed().map { mask in
                    parts.indices.filter { mask >> (parts.count - 1 - $0) & 1 == 1 }.flatMap {
                        parts[$0]
                    }
                }
            case .sets(let inner):
                var all: [[Int]] = []
                for item in inner { all += try sets(of: item) }
                return all
            }
        }
        var all: [[Int]] = [[]]
        var isPlain = true
        for item in select.groupBy {
            if case .expression = item {} else { isPlain = false }
            let next = try sets(of: item)
            all = all.flatMap { left in next.map { left + $0 } }
            guard all.count <= 4096 else {
                throw SQLError(
                    .programLimitExceeded, "too many grouping sets present (maximum 4096)")
            }
        }
        return (keys, isPlain ? nil : all.map { Array(Set($0)).sorted() })
    }

    private func groupKey(_ node: Expression, _ scope: Scope, _ setCalls: SetFunctionCalls)
        throws(SQLError) -> Expr
    {
        var plain = ExpressionBinder(binder: binder, scope: scope, forbidsAggregates: "GROUP BY")
        plain.setCalls = setCalls
        return try binder.resolved(try plain.bind(node), at: node.at)
    }

    /// The item of the select list that GROUP BY names by its position or its alias.
    private func namedItem(_ node: Expression, _ items: [Select.Item], _ scope: Scope)
        throws(SQLError) -> Int?
    {
        switch node {
        case .literal(.integer(let text), let at):
            guard let number = Int(text), number >= 1, number <= items.count else {
                throw SQLError(
                    .invalidColumnReference, "GROUP BY position \(text) is not in select list",
                    position: binder.position(at))
            }
            let target = items[number - 1].expression
            if Grouping.hasAggregate(target) {
                throw SQLError(
                    .groupingError, "aggregate functions are not allowed in GROUP BY",
                    position: binder.position(target.at))
            }
            return number - 1
        case .literal(.string, let at), .literal(.decimal, let at):
            throw SQLError(
                .syntaxError, "non-integer constant in GROUP BY", position: binder.position(at))
        case .column(let parts, let at) where parts.count == 1 && scope.matches(parts).isEmpty:
            // An input column wins over an output name, as in PostgreSQL.
            let named = items.indices.filter {
                (items[$0].alias ?? SelectBinder.name(of: items[$0].expression)) == parts[0]
            }
            if named.count > 1 {
                throw SQLError(
                    .ambiguousColumn, "GROUP BY \"\(parts[0])\" is ambiguous",
                    position: binder.position(at))
            }
            return named.first
        default: return nil
        }
    }

    private func keyFields(_ grouping: Grouping) -> [Field] {
        grouping.keys.enumerated().map { index, key in
            var name = "key\(index + 1)"
            if case .column(let column, _) = key, column < grouping.input.entries.count {
                name = grouping.input.entries[column].name
            }
            return Field(name, key.type)
        }
    }

    private func aggregated(_ input: LogicalPlan, _ grouping: Grouping) throws(SQLError)
        -> LogicalPlan
    {
        let plan = try grouping.subqueries.applied(to: input)
        let results = grouping.aggregates.map { Field($0.function.rawValue, $0.result) }
        let fields = keyFields(grouping)
        guard let sets = grouping.sets else {
            return .aggregate(plan, keys: grouping.keys, grouping.aggregates, fields + results)
        }
        let all = fields + [Field("set", .int4)] + results
        var parts: [LogicalPlan] = []
        let filled = sets.indices.filter { !sets[$0].isEmpty }
        if !filled.isEmpty {
            let width = plan.fields.count
            var keys: [Expr] = []
            for (index, key) in grouping.keys.enumerated() {
                keys.append(
                    try Grouping.choice(
                        width,
                        filled.map { sets[$0].contains(index) ? key : .constant(.null, key.type) },
                        key.type))
            }
            // The number of the set among all of them.
            keys.append(
                try Grouping.choice(
                    width, filled.map { .constant(.int(Int64($0)), .int4) }, .int4))
            parts.append(
                .aggregate(
                    .expand(plan, sets: filled.count), keys: keys, grouping.aggregates, all))
        }
        // The empty set has its row even when there is nothing to group.
        for number in sets.indices where sets[number].isEmpty {
            let total = LogicalPlan.aggregate(plan, keys: [], grouping.aggregates, results)
            let list =
                fields.map { Expr.constant(.null, $0.type) }
                + [.constant(.int(Int64(number)), .int4)]
                + results.enumerated().map { .column($0.offset, $0.element.type) }
            parts.append(.project(total, list, all))
        }
        return parts.count == 1 ? parts[0] : .union(parts)
    }

    // MARK: - Order

    /// Sort keys over the outputs followed by `extra` expressions that only sorting needs.
    private func sortKeys(_ outputs: [Output], _ expressions: ExpressionBinder) throws(SQLError)
        -> (
            [SortKey], [Expr]
        )
    {
        let fields = outputs.map { Field($0.name, $0.expression.type) }
        var keys: [SortKey] = []
        var extra: [Expr] = []
        for item in query.orderBy {
            if case .column(let parts, let at) = item.expression, parts.count == 1 {
                let same = outputs.filter { $0.name == parts[0] }.map {
                    $0.expression.fingerprint
                }
                if Set(same).count > 1 {
                    throw SQLError(
                        .ambiguousColumn, "ORDER BY \"\(parts[0])\" is ambiguous",
                        position: binder.position(at))
                }
                if same.count > 1, let first = outputs.firstIndex(where: { $0.name == parts[0] }) {
                    keys.append(
                        SortKey(
                            column: first, descending: item.descending, nullsFirst: item.nullsFirst)
                    )
                    continue
                }
            }
            if let key = try binder.outputKey(item, fields, orThrow: false) {
                keys.append(key)
                continue
            }
            let bound = try binder.resolved(
                try expressions.bind(item.expression), at: item.expression.at)
            let text = bound.fingerprint
            let column: Int
            if let found = outputs.firstIndex(where: { $0.expression.fingerprint == text }) {
                column = found
            } else {
                if case .all = select.distinct {
                    throw SQLError(
                        .invalidColumnReference,
                        "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                        position: binder.position(item.expression.at))
                }
                column = outputs.count + extra.count
                extra.append(bound)
            }
            keys.append(
                SortKey(column: column, descending: item.descending, nullsFirst: item.nullsFirst))
        }
        return (keys, extra)
    }

    private func finished(
        _ input: LogicalPlan, _ outputs: [Output], _ keys: [SortKey], _ extra: [Expr],
        _ distinctOn: [Expr]?
    ) throws(SQLError) -> LogicalPlan {
        var list: [Expr] = []
        for output in outputs { list.append(output.expression) }
        let fields = zip(list, outputs).map { Field($0.1.name, $0.0.type) }
        var all = list + extra
        var places: [Int] = []
        for expression in distinctOn ?? [] {
            let text = expression.fingerprint
            if let found = all.firstIndex(where: { $0.fingerprint == text }) {
                places.append(found)
            } else {
                places.append(all.count)
                all.append(expression)
            }
        }
        let wide = fields + all.dropFirst(fields.count).map { Field("?sort?", $0.type) }
        var plan = LogicalPlan.project(input, all, wide)
        switch select.distinct {
        case .none: break
        case .all: plan = .distinct(try typed(plan))
        case .on:
            if keys.prefix(Set(places).count).contains(where: { !places.contains($0.column) }) {
                throw SQLError(
                    .invalidColumnReference,
                    "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                    position: binder.position(select.at))
            }
            plan = .rank(
                try typed(plan),
                .init(
                    partition: places, order: keys, functions: [],
                    bound: .init(.rowNumber, limit: 1)))
        }
        plan = try binder.limited(plan, keys, query)
        if all.count > fields.count {
            let kept = fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
            plan = .project(plan, kept, fields)
        }
        return plan
    }

    /// Literals of unknown type as text, where rows are compared.
    private func typed(_ plan: LogicalPlan) throws(SQLError) -> LogicalPlan {
        guard case .project(let input, let list, let fields) = plan else { return plan }
        var typed: [Expr] = []
        for expression in list { typed.append(try binder.resolved(expression, at: select.at)) }
        return .project(input, typed, zip(fields, typed).map { Field($0.0.name, $0.1.type) })
    }
}
