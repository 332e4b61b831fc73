import Dataflow
import Types

/// Scalar subqueries of one clause: each becomes a column of a join behind the clause's own columns.
///
/// A correlated one may refer to the outer columns in its WHERE; every condition that does becomes a
/// condition of the join.
final class Subqueries {
    private let binder: Binder
    private let outer: Scope
    private(set) var joins: [LogicalPlan.Join] = []
    private var width: Int

    init(_ binder: Binder, outer: Scope) {
        self.binder = binder
        self.outer = outer
        width = outer.entries.count
    }

    var isEmpty: Bool { joins.isEmpty }

    /// The plan with a column more for each subquery.
    func applied(to plan: LogicalPlan) -> LogicalPlan {
        joins.reduce(plan) { plan, join in
            var copy = join
            copy.left = plan
            return .join(copy)
        }
    }

    /// Entries that nobody can name, for the columns that were added.
    func extended(_ scope: Scope) -> Scope {
        var copy = scope
        for join in joins {
            for field in join.right.fields {
                copy.entries.append(.init(table: "", name: "", type: field.type, isHidden: true))
            }
        }
        return copy
    }

    func scalar(_ query: Query, at: Int) throws(SQLError) -> Expr {
        if binder.isForView {
            throw SQLError.unsupported(
                "a subquery in an expression of a materialized view", at: binder.position(at))
        }
        let (plan, condition) = try bind(query, at)
        guard let field = plan.fields.first, plan.fields.count - hiddenColumns(plan, condition) == 1
        else {
            throw SQLError(
                .syntaxError, "subquery must return only one column", position: binder.position(at))
        }
        joins.append(
            .init(kind: .single, left: .unit, right: plan, keys: [], condition: condition))
        defer { width += plan.fields.count }
        return .column(width, field.type)
    }

    private func hiddenColumns(_ plan: LogicalPlan, _ condition: Expr?) -> Int {
        condition == nil ? 0 : plan.fields.count - 1
    }

    /// The inner plan, and the join condition over outer columns followed by the plan's.
    private func bind(_ query: Query, _ at: Int) throws(SQLError) -> (LogicalPlan, Expr?) {
        do {
            return (try binder.bind(query), nil)
        } catch {
            guard error.state == .undefinedColumn || error.state == .undefinedTable,
                case .select(let select) = query.body, query.with.isEmpty, query.orderBy.isEmpty,
                query.limit == nil, query.offset == nil, select.groupBy.isEmpty,
                select.having == nil,
                select.items.count == 1, !Grouping.hasAggregate(select.items[0].expression)
            else { throw error }
            return try correlated(select, at)
        }
    }

    private func correlated(_ select: Select, _ at: Int) throws(SQLError) -> (LogicalPlan, Expr?) {
        let (plan, scope) = try FromBinder(binder).bind(select.from)
        // Outer columns first, as the join has them; an inner name hides an outer one.
        let inner = Set(scope.entries.map(\.name))
        var visible = outer
        for index in visible.entries.indices where inner.contains(visible.entries[index].name) {
            visible.entries[index].isHidden = true
        }
        // The inner relation stands behind what has been joined already.
        for _ in outer.entries.count..<width {
            visible.entries.append(.init(table: "", name: "", type: .text, isHidden: true))
        }
        let both = Scope(entries: visible.entries + scope.entries)
        let expressions = ExpressionBinder(
            binder: binder, scope: both, forbidsAggregates: "subqueries")
        var condition: Expr = .constant(.bool(true), .boolean)
        if let node = select.condition {
            condition = try binder.condition(try expressions.bind(node), "WHERE", at: node.at)
        }
        let value = try ExpressionBinder(
            binder: binder, scope: scope, forbidsAggregates: "subqueries"
        )
        .bind(select.items[0].expression)
        // The value first, then the columns that the condition looks at, one further back.
        let list =
            [value] + plan.fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
        let fields = [Field("?column?", value.type)] + plan.fields
        let moved = condition.remapped { $0 >= self.width ? $0 + 1 : $0 }
        return (.project(plan, list, fields), moved)
    }
}
