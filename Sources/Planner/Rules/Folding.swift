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

    /// The value of an expression without columns. - Throws: 0A000 when it has some.
    static func value(of expression: Expr) throws(SQLError) -> Value {
        guard expression.columns.isEmpty else {
            throw SQLError.unsupported("a value that depends on a row, in this place")
        }
        let evaluation = Evaluation(Batch(columns: [], count: 1))
        let column = evaluation.evaluate(expression)
        if let failure = evaluation.failures.first { throw failure.error }
        return column.value(0)
    }

    /// Applies to every expression of a plan.
    static func folded(_ plan: LogicalPlan) -> LogicalPlan {
        plan.withInputs(plan.inputs.map(folded)).mappingExpressions(folded)
    }
}
