import Dataflow
import Types

/// Constant folding: whatever depends on nothing is computed now. What fails stays as it is, and
/// fails when (and if) it is evaluated.
enum Folding {
    static func folded(_ expression: Expr) -> Expr {
        expression.mapped { node in
            switch node {
            case .column, .constant: return node
            default: break
            }
            // Bottom up: what is below has been folded already, so one look at it is enough.
            let isReady = node.children.allSatisfy { child in
                if case .constant = child { true } else { false }
            }
            guard isReady, !isDecidedLater(node) else { return node }
            guard let value = try? value(of: node) else { return node }
            return .constant(value, node.type)
        }
    }

    /// Volatile functions and parameters.
    private static func isDecidedLater(_ node: Expr) -> Bool {
        guard case .call(let function, _, _) = node else { return false }
        return function.isVolatile || function.name.hasPrefix("$")
    }

    /// The value of an expression without columns.
    static func value(of expression: Expr) throws(SQLError) -> Value {
        let evaluation = Evaluation(Batch(columns: [], count: 1))
        let column = evaluation.evaluate(expression)
        if let failure = evaluation.failures.first { throw failure.error }
        return column.value(0)
    }

    /// Applies to every expression of a plan.
    static func folded(_ plan: LogicalPlan) -> LogicalPlan {
        switch plan {
        case .scan, .literal: return plan
        case .values(let rows, let fields): return .values(rows.map { $0.map(folded) }, fields)
        case .filter(let input, let predicate): return .filter(folded(input), folded(predicate))
        case .project(let input, let list, let fields):
            return .project(folded(input), list.map(folded), fields)
        case .join(var join):
            join.left = folded(join.left)
            join.right = folded(join.right)
            join.condition = join.condition.map(folded)
            return .join(join)
        case .aggregate(let input, let keys, let aggregates, let fields):
            return .aggregate(folded(input), keys: keys.map(folded), aggregates, fields)
        case .distinct(let input): return .distinct(folded(input))
        case .union(let inputs): return .union(inputs.map(folded))
        case .sort(let input, let keys, let limit, let offset):
            return .sort(folded(input), keys, limit: limit, offset: offset)
        case .series(let input, let arguments, let field):
            return .series(folded(input), arguments.map(folded), field)
        }
    }
}
