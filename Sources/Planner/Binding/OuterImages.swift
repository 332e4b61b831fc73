import Dataflow
import Types

/// Outer values that are equal and yet not the same (1.0 and 1.00) do not stand for one another in D: what
/// a query shows of them is what its own row has. Beside each column that may have such values D has their text.
struct OuterImages {
    /// The outer plan, the texts behind its columns.
    let plan: LogicalPlan
    /// The columns of D: those that are referred to, then their texts.
    let columns: [Int]
    private let width: Int

    /// How many columns stand behind the outer plan's own.
    var count: Int { plan.fields.count - width }

    init(_ outer: LogicalPlan, _ referred: [Int]) {
        let fields = outer.fields
        width = fields.count
        let manifold = referred.filter { !PredicatePushdown.hasOneImage(fields[$0].type) }
        guard !manifold.isEmpty else {
            (plan, columns) = (outer, referred)
            return
        }
        let texts = manifold.map { column in
            let type = fields[column].type
            return Expr.call(CastFunctions.output(of: type.base), [.column(column, type)], .text)
        }
        plan = .project(
            outer, fields.enumerated().map { .column($0.offset, $0.element.type) } + texts,
            fields + texts.map { _ in Field("image", .text) })
        columns = referred + manifold.indices.map { fields.count + $0 }
    }

    /// A plan over the outer one, without the texts.
    func dropped(from result: LogicalPlan) -> LogicalPlan {
        if count == 0 { return result }
        let fields = result.fields
        let kept = fields.indices.filter { !(width..<(width + count)).contains($0) }
        return .project(
            result, kept.map { .column($0, fields[$0].type) }, kept.map { fields[$0] })
    }
}
