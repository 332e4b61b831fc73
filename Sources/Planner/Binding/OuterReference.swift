import Dataflow
import Types

/// A column of a query around a subquery, while both are being bound.
///
/// It stands in expressions as a column with a number that no input has; `Decorrelation` replaces it
/// when the subquery is joined to the query that it refers to. Levels count from the outermost query.
enum OuterReference {
    private static let span = 1_000_000

    static func index(level: Int, column: Int) -> Int { (level + 1) * span + column }

    static func isOuter(_ index: Int) -> Bool { index >= span }

    /// The column, when the reference is to this level.
    static func column(_ index: Int, level: Int) -> Int? {
        index / span == level + 1 ? index % span : nil
    }

    /// The columns of a level that a plan refers to, ascending.
    static func columns(of plan: LogicalPlan, level: Int) -> [Int] {
        var found: Set<Int> = []
        collect(plan, level, &found)
        return found.sorted()
    }

    private static func collect(_ plan: LogicalPlan, _ level: Int, _ found: inout Set<Int>) {
        for expression in plan.expressions {
            for index in expression.columns {
                if let column = column(index, level: level) { found.insert(column) }
            }
        }
        for input in plan.inputs { collect(input, level, &found) }
    }
}
