import Dataflow
import Types

/// The calls of set-returning functions in one select list: each becomes a column behind what the SELECT
/// computes from, and their rows stand side by side. Arguments that are such calls themselves are
/// computed a stage before.
final class SetFunctionCalls {
    private struct Item {
        let array: Expr
        let field: Field
        let stage: Int
        let text: String
    }

    private var items: [Item] = []
    /// Where the columns are, once it is known.
    private var base: Int?
    /// The number of the first column until then.
    static let firstColumn = 700_000

    var isEmpty: Bool { items.isEmpty }

    /// The column of a call's values; equal calls have one.
    func add(_ call: FunctionCall, _ binder: ExpressionBinder) throws(SQLError) -> Expr {
        guard let rows = try SetFunctions.arrays(binder, call), let first = rows.first,
            rows.count == 1
        else {
            let name = call.name[call.name.count - 1]
            throw SQLError.unsupported(
                "\(name) in the select list", at: binder.binder.position(call.at))
        }
        let text = first.array.fingerprint
        let column: Int
        if let known = items.firstIndex(where: { $0.text == text }) {
            column = known
        } else if base == nil {
            let below = first.array.columns.filter(SetFunctionCalls.isCall)
            let stage = below.map { items[$0 - SetFunctionCalls.firstColumn].stage + 1 }.max()
            items.append(
                Item(array: first.array, field: first.field, stage: stage ?? 0, text: text))
            column = items.count - 1
        } else {
            throw SQLError(
                .groupingError,
                "set-returning functions that are not keys cannot be computed before the grouping",
                position: binder.binder.position(call.at))
        }
        return placed(.column(SetFunctionCalls.firstColumn + column, first.field.type))
    }

    /// Whether a column is what a call gives.
    static func isCall(_ index: Int) -> Bool {
        index >= firstColumn && !OuterReference.isOuter(index)
    }

    /// The plan with a column behind its own for each call. `placed` puts expressions over the plan's
    /// columns.
    func applied(to plan: LogicalPlan, _ placed: (Expr) -> Expr = { $0 }) -> LogicalPlan {
        base = plan.fields.count
        var result = plan
        for stage in 0...(items.map(\.stage).max() ?? 0) {
            let calls = items.filter { $0.stage == stage }
            let arrays = calls.map { self.placed(placed($0.array)) }
            if calls.isEmpty { continue }
            if calls.count == 1, let bounds = SetFunctions.bounds(ofSeries: arrays[0]) {
                result = .series(result, bounds, calls[0].field)
            } else {
                result = .unnest(result, arrays, calls.map(\.field))
            }
        }
        return result
    }

    /// The expression over the columns of what `applied` has given.
    func placed(_ expression: Expr) -> Expr {
        guard let base else { return expression }
        let order = items.indices.sorted { (items[$0].stage, $0) < (items[$1].stage, $1) }
        return expression.remapped { index in
            guard SetFunctionCalls.isCall(index) else { return index }
            let item = index - SetFunctionCalls.firstColumn
            return base + (order.firstIndex(of: item) ?? item)
        }
    }

    /// Entries that nobody can name, for the columns that were added.
    func extended(_ scope: Scope) -> Scope {
        var copy = scope
        for item in items.sorted(by: { $0.stage < $1.stage }) {
            copy.entries.append(.init(table: "", name: "", type: item.field.type, isHidden: true))
        }
        return copy
    }
}
