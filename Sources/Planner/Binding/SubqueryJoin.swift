import Dataflow
import Types

/// A join whose condition has subqueries: the pairs that meet it, and for an outer join the rows of a
/// side that are in no pair, with NULLs beside them.
struct SubqueryJoin {
    let left: LogicalPlan
    let right: LogicalPlan
    /// The columns of both, left first.
    let matching: LogicalPlan

    func plan(_ kind: LogicalPlan.JoinKind) -> LogicalPlan {
        let width = left.fields.count
        let all = width + right.fields.count
        var parts = [matching]
        if kind == .left || kind == .full {
            parts.append(
                padded(SubqueryJoin.lonely(left, matching, 0..<width), isLeft: true))
        }
        if kind == .right || kind == .full {
            parts.append(
                padded(SubqueryJoin.lonely(right, matching, width..<all), isLeft: false))
        }
        return parts.count == 1 ? matching : .union(parts)
    }

    /// Some columns of a plan.
    static func kept(_ plan: LogicalPlan, _ columns: Range<Int>) -> LogicalPlan {
        let fields = plan.fields
        return .project(
            plan, columns.map { .column($0, fields[$0].type) }, columns.map { fields[$0] })
    }

    /// The rows of a side that are not among the `columns` of the matching pairs.
    private static func lonely(
        _ side: LogicalPlan, _ matching: LogicalPlan, _ columns: Range<Int>
    ) -> LogicalPlan {
        let width = columns.count
        let fields = side.fields
        let found = LogicalPlan.distinct(kept(matching, columns))
        let marked = LogicalPlan.project(
            found,
            fields.enumerated().map { .column($0.offset, $0.element.type) }
                + [.constant(.bool(true), .boolean)], fields + [Field("mark", .boolean)])
        var join = LogicalPlan.Join(
            kind: .left, left: side, right: marked, keys: (0..<width).map { ($0, $0) })
        join.nullsMatch = true
        let rest = LogicalPlan.filter(.join(join), .isNull(.column(2 * width, .boolean)))
        return kept(rest, 0..<width)
    }

    /// The rows with NULLs in the place of the other side.
    private func padded(_ rows: LogicalPlan, isLeft: Bool) -> LogicalPlan {
        let other = isLeft ? right.fields : left.fields
        let own = rows.fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
        let nulls = other.map { Expr.constant(.null, $0.type) }
        return .project(
            rows, isLeft ? own + nulls : nulls + own,
            isLeft ? rows.fields + other : other + rows.fields)
    }
}
