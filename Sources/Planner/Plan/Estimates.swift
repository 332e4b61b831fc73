import Dataflow
import Types

extension LogicalPlan {
    /// About how many rows come out, from the relations' row counts. Rules of thumb: nothing is known
    /// about the values.
    package func estimatedRows(_ count: (Int32) -> Double?) -> Double {
        func rows(_ plan: LogicalPlan) -> Double { plan.estimatedRows(count) }
        switch self {
        case .scan(let object, _): return count(object.oid) ?? 1000
        case .values(let rows, _): return Double(rows.count)
        case .literal(let batch, _): return Double(batch.count)
        case .filter(let input, let predicate):
            let share = PredicatePushdown.conjuncts(predicate).reduce(1.0) {
                $0 * LogicalPlan.share($1)
            }
            return max(1, rows(input) * share)
        case .project(let input, _, _): return rows(input)
        case .join(let join):
            let (left, right) = (rows(join.left), rows(join.right))
            // A key of one side is taken for a key of the other's rows.
            let pairs = join.keys.isEmpty ? left * right : max(left, right)
            let met = join.condition.map { _ in pairs / 3 } ?? pairs
            switch join.kind {
            case .inner: return max(1, met)
            case .left: return max(left, met)
            case .right: return max(right, met)
            case .full: return max(left + right, met)
            }
        case .aggregate(let input, let keys, _, _):
            return keys.isEmpty ? 1 : max(1, rows(input) / 10)
        case .distinct(let input): return max(1, rows(input) / 10)
        case .union(let inputs): return inputs.reduce(0) { $0 + rows($1) }
        case .setOperation(_, _, let left, _): return rows(left)
        case .expand(let input, let sets): return rows(input) * Double(sets)
        case .rank(let input, let rank):
            let limit = rank.bound?.limit.map(Double.init) ?? .infinity
            let all = rows(input)
            return rank.partition.isEmpty ? min(all, limit) : min(all, max(1, all / 10) * limit)
        case .hop(let input, _, let windows):
            return rows(input) * Double(max(1, windows.size / max(1, windows.slide)))
        case .sort(let input, _, let limit, _):
            return min(rows(input), limit.map(Double.init) ?? .infinity)
        case .series(let input, _, _): return rows(input) * 1000
        case .unnest(let input, _, _): return rows(input) * 10
        }
    }

    /// The share of rows that meets a condition.
    private static func share(_ condition: Expr) -> Double {
        switch condition {
        case .call(let function, _, _):
            switch function.name {
            case "=": 0.01
            case "<", "<=", ">", ">=": 1.0 / 3
            default: 0.5
            }
        case .or(let left, let right): min(1, share(left) + share(right))
        case .not(let inner): 1 - share(inner)
        case .isNull: 0.1
        default: 0.5
        }
    }
}
