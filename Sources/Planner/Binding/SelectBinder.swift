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

    private struct Output {
        var expression: Expr
        var name: String
        var at: Int
    }

    func bind() throws(SQLError) -> LogicalPlan {
        var (plan, scope) = try FromBinder(binder).bind(select.from)
        let wasEmpty = binder.isOverNothing
        if plan.isAlwaysEmpty { binder.isOverNothing = true }
        defer { binder.isOverNothing = wasEmpty }
        if let condition = select.condition {
            let found = Subqueries(binder, outer: scope)
            let where_ = ExpressionBinder(
                binder: binder, scope: scope, forbidsAggregates: "WHERE", subqueries: found)
            let predicate = try binder.condition(
                try where_.bind(condition), "WHERE", at: condition.at)
            plan = .filter(found.applied(to: plan), predicate)
            scope = found.extended(scope)
        }
        let items = try expandedItems(scope)
        let hasAggregates =
            !select.groupBy.isEmpty || select.having != nil
            || items.contains { Grouping.hasAggregate($0.expression) }
            || query.orderBy.contains { Grouping.hasAggregate($0.expression) }
        var expressions = ExpressionBinder(binder: binder, scope: scope, forbidsAggregates: nil)
        var grouping: Grouping?
        if hasAggregates {
            let made = Grouping(input: scope, keys: try groupKeys(items, scope))
            grouping = made
            expressions.grouping = made
        } else {
            expressions.forbidsAggregates = "this place"
            expressions.subqueries = Subqueries(binder, outer: scope)
        }
        var outputs: [Output] = []
        for item in items {
            let bound = try expressions.bind(item.expression)
            outputs.append(
                Output(
                    expression: bound, name: item.alias ?? SelectBinder.name(of: item.expression),
                    at: item.expression.at))
        }
        var having: Expr?
        if let condition = select.having {
            having = try binder.condition(
                try expressions.bind(condition), "HAVING", at: condition.at)
        }
        let (keys, extra) = try sortKeys(outputs, expressions)
        if let subqueries = expressions.subqueries { plan = subqueries.applied(to: plan) }
        if let grouping {
            plan = aggregated(plan, grouping)
            if let having { plan = .filter(plan, having) }
        }
        return try finished(plan, outputs, keys, extra)
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
            if !parts.isEmpty, !scope.hasTable(parts[parts.count - 1]) {
                throw SQLError(
                    .undefinedTable,
                    "missing FROM-clause entry for table \"\(parts[parts.count - 1])\"",
                    position: binder.position(at))
            }
            for index in scope.star(parts) {
                let entry = scope.entries[index]
                items.append(
                    Select.Item(
                        expression: .column([entry.table, entry.name], at: at), alias: entry.name))
            }
        }
        return items
    }

    /// PostgreSQL's name for an output column without an alias (FigureColname).
    static func name(of node: Expression) -> String {
        switch node {
        case .column(let parts, _): return parts[parts.count - 1]
        case .call(let call): return call.name[call.name.count - 1]
        case .cast(let inner, let type, _):
            let name = name(of: inner)
            return name == "?column?" ? DataType.named(type.name)?.catalogName ?? type.name : name
        case .cases(_, _, let otherwise, _):
            let name = otherwise.map(name) ?? "case"
            return name == "?column?" ? "case" : name
        case .literal(.bool, _): return "bool"
        case .exists: return "exists"
        case .arrayQuery, .array: return "array"
        case .row: return "row"
        default: return "?column?"
        }
    }

    // MARK: - Grouping

    private func groupKeys(_ items: [Select.Item], _ scope: Scope) throws(SQLError) -> [Expr] {
        let plain = ExpressionBinder(binder: binder, scope: scope, forbidsAggregates: "GROUP BY")
        var keys: [Expr] = []
        for node in select.groupBy {
            var target = node
            switch node {
            case .literal(.integer(let text), let at):
                guard let number = Int(text), number >= 1, number <= items.count else {
                    throw SQLError(
                        .invalidColumnReference, "GROUP BY position \(text) is not in select list",
                        position: binder.position(at))
                }
                target = items[number - 1].expression
            case .column(let parts, _) where parts.count == 1 && scope.matches(parts).isEmpty:
                // An input column wins over an output name, as in PostgreSQL.
                let named = items.filter {
                    ($0.alias ?? SelectBinder.name(of: $0.expression)) == parts[0]
                }
                if let first = named.first { target = first.expression }
            default: break
            }
            keys.append(try binder.resolved(try plain.bind(target), at: target.at))
        }
        return keys
    }

    private func aggregated(_ plan: LogicalPlan, _ grouping: Grouping) -> LogicalPlan {
        var fields: [Field] = []
        for (index, key) in grouping.keys.enumerated() {
            var name = "key\(index + 1)"
            if case .column(let column, _) = key { name = grouping.input.entries[column].name }
            fields.append(Field(name, key.type))
        }
        for aggregate in grouping.aggregates {
            fields.append(Field(aggregate.function.rawValue, aggregate.result))
        }
        return .aggregate(plan, keys: grouping.keys, grouping.aggregates, fields)
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
                    Explain.text($0.expression)
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
            let text = Explain.text(bound)
            let column: Int
            if let found = outputs.firstIndex(where: { Explain.text($0.expression) == text }) {
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
        _ input: LogicalPlan, _ outputs: [Output], _ keys: [SortKey], _ extra: [Expr]
    )
        throws(SQLError) -> LogicalPlan
    {
        var list: [Expr] = []
        for output in outputs { list.append(output.expression) }
        let fields = zip(list, outputs).map { Field($0.1.name, $0.0.type) }
        let all = list + extra
        let wide = fields + extra.map { Field("?sort?", $0.type) }
        var plan = LogicalPlan.project(input, all, wide)
        switch select.distinct {
        case .none: break
        case .all: plan = .distinct(try typed(plan))
        case .on:
            throw SQLError.unsupported("DISTINCT ON", at: binder.position(select.at))
        }
        plan = try binder.limited(plan, keys, query)
        if !extra.isEmpty {
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
