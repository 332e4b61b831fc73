import Dataflow
import Types

/// The order in which rows come from a FROM that is one ordered query, one list of values or one function.
///
/// SQL gives rows no order, but PostgreSQL hands these on as they come, and queries rely on it: `array_agg(x)
/// FROM (SELECT … ORDER BY …)`. So aggregates that show the order of their rows and have no ORDER BY of their
/// own take this one, and so does ARRAY(SELECT …). PostgreSQL's documentation of aggregate functions has the same
/// example.
struct RowOrder {
    /// The plan without a sorting at its end, with all columns that `keys` name.
    let plan: LogicalPlan
    private let keys: [SortKey]

    /// The same as an aggregate over the plan has it.
    var order: [Aggregate.Order] {
        keys.map { key in
            Aggregate.Order(
                .column(key.column, plan.fields[key.column].type), descending: key.descending,
                nullsFirst: key.nullsFirst)
        }
    }

    /// With the columns that were added, which nobody can name.
    func extended(_ scope: Scope) -> Scope {
        var wide = scope
        for field in plan.fields.dropFirst(scope.entries.count) {
            wide.entries.append(.init(table: "", name: "", type: field.type, isHidden: true))
        }
        return wide
    }

    /// - Returns: nil when rows come in no order that can be told.
    init?(of plan: LogicalPlan) {
        guard let (plan, keys) = RowOrder.ordered(plan) else { return nil }
        self.plan = plan
        self.keys = keys
    }

    private static func ordered(_ plan: LogicalPlan) -> (LogicalPlan, [SortKey])? {
        switch plan {
        case .sort(let input, let keys, let limit, let offset):
            return (limit == nil && offset == 0 ? input : plan, keys)
        case .project(let input, var list, var fields):
            guard let (below, keys) = ordered(input) else { return nil }
            var moved = keys
            for index in moved.indices {
                moved[index].column = place(moved[index].column, below, &list, &fields)
            }
            return (.project(below, list, fields), moved)
        case .values(let rows, let fields):
            let numbered = rows.enumerated().map { number, row in
                row + [.constant(.int(Int64(number)), .int8)]
            }
            return (.values(numbered, fields + [number]), [SortKey(column: fields.count)])
        case .unnest(let input, let arrays, var fields) where input.fields.isEmpty:
            if fields.count == arrays.count { fields.append(number) }
            return (.unnest(input, arrays, fields), [SortKey(column: arrays.count)])
        case .series(let input, let arguments, _) where input.fields.isEmpty:
            guard let isDescending = descends(arguments) else { return nil }
            return (plan, [SortKey(column: 0, descending: isDescending)])
        default: return nil
        }
    }

    private static let number = Field("", .int8)

    /// Where a column of the plan below is in a list, to which it is added if need be.
    private static func place(
        _ column: Int, _ below: LogicalPlan, _ list: inout [Expr], _ fields: inout [Field]
    ) -> Int {
        let found = list.firstIndex { item in
            if case .column(column, _) = item { return true }
            return false
        }
        if let found { return found }
        let type = below.fields[column].type
        list.append(.column(column, type))
        fields.append(Field("", type))
        return list.count - 1
    }

    /// Whether a series runs down; nil when its step is not known.
    private static func descends(_ arguments: [Expr]) -> Bool? {
        // The first may be a time zone's.
        guard arguments.count > 2 else { return false }
        guard let step = try? Folding.value(of: arguments[2]) else { return nil }
        switch step {
        case .int(let value): return value < 0
        case .numeric(let value): return value.signum < 0
        case .interval(let value):
            return value.months < 0 || value.days < 0 || value.microseconds < 0
        default: return nil
        }
    }

    // MARK: - Who asks

    /// Whether an aggregate in the expression, subqueries aside, shows the order of its rows and says nothing
    /// about it.
    static func isAsked(by node: Expression) -> Bool {
        if case .call(let call) = node, call.over == nil, call.orderBy.isEmpty, !call.isDistinct,
            let function = ExpressionBinder.aggregateNames[call.name[call.name.count - 1]],
            Aggregate.isCollecting(function)
        {
            return true
        }
        return node.children.contains(where: isAsked)
    }
}
