import Dataflow
import Types

/// Moves conditions towards the scans and turns equalities over a join into its keys.
///
/// A condition that can fail stays where the user put it: below a join it would see rows that the
/// query never pairs.
enum PredicatePushdown {
    static func applied(_ plan: LogicalPlan) -> LogicalPlan { push([], into: plan) }

    static func conjuncts(_ expression: Expr) -> [Expr] {
        if case .and(let left, let right) = expression { return conjuncts(left) + conjuncts(right) }
        return [expression]
    }

    private static func filtered(_ plan: LogicalPlan, _ predicates: [Expr]) -> LogicalPlan {
        guard var all = predicates.first else { return plan }
        for next in predicates.dropFirst() { all = .and(all, next) }
        return .filter(plan, all)
    }

    private static func push(_ predicates: [Expr], into plan: LogicalPlan) -> LogicalPlan {
        switch plan {
        case .filter(let input, let predicate):
            let own = conjuncts(predicate)
            // The order is kept when something can fail: an earlier conjunct guards a later one.
            if (own + predicates).contains(where: \.canFail) {
                let (safe, _) = split(own)
                return filtered(push(safe, into: input), own.dropFirst(safe.count) + predicates)
            }
            return push(own + predicates, into: input)
        case .project(let input, let list, let fields):
            let (safe, rest) = partition(predicates) { predicate in
                !predicate.canFail
                    && predicate.columns.allSatisfy { !list[$0].canFail && list[$0].isStable }
            }
            let moved = safe.map { substitute($0, list) }
            return filtered(.project(push(moved, into: input), list, fields), rest)
        case .join(let join): return pushJoin(predicates, join)
        case .aggregate(let input, let keys, let aggregates, let fields):
            let (safe, rest) = partition(predicates) { predicate in
                !predicate.canFail && !keys.isEmpty && !predicate.columns.isEmpty
                    && predicate.columns.allSatisfy { $0 < keys.count && !keys[$0].canFail }
            }
            let moved = safe.map { substitute($0, keys) }
            return filtered(
                .aggregate(push(moved, into: input), keys: keys, aggregates, fields), rest)
        case .union(let inputs):
            let (safe, rest) = partition(predicates) { !$0.canFail }
            return filtered(.union(inputs.map { push(safe, into: $0) }), rest)
        case .distinct(let input):
            let (safe, rest) = partition(predicates) { !$0.canFail }
            return filtered(.distinct(push(safe, into: input)), rest)
        case .sort(let input, let keys, let limit, let offset):
            return filtered(
                .sort(push([], into: input), keys, limit: limit, offset: offset), predicates)
        case .series(let input, let arguments, let field):
            return filtered(.series(push([], into: input), arguments, field), predicates)
        case .scan, .values, .literal: return filtered(plan, predicates)
        }
    }

    /// The leading conjuncts that cannot fail.
    private static func split(_ list: [Expr]) -> ([Expr], [Expr]) {
        let safe = Array(list.prefix { !$0.canFail })
        return (safe, Array(list.dropFirst(safe.count)))
    }

    private static func partition(_ list: [Expr], _ holds: (Expr) -> Bool) -> ([Expr], [Expr]) {
        (list.filter(holds), list.filter { !holds($0) })
    }

    private static func substitute(_ predicate: Expr, _ list: [Expr]) -> Expr {
        predicate.mapped { node in
            guard case .column(let index, _) = node else { return node }
            return list[index]
        }
    }

    private static func pushJoin(_ predicates: [Expr], _ original: LogicalPlan.Join) -> LogicalPlan
    {
        var join = original
        let width = join.left.fields.count
        guard join.kind == .inner else {
            // Conditions of an outer join decide about matches, those above it about rows.
            let (keys, rest) = extractKeys(join.condition.map(conjuncts) ?? [], width)
            join.keys += keys
            join.condition = conjunction(rest)
            join.left = push([], into: join.left)
            join.right = push([], into: join.right)
            return filtered(.join(join), predicates)
        }
        let all = (join.condition.map(conjuncts) ?? []) + predicates
        var (left, right, both, above): ([Expr], [Expr], [Expr], [Expr]) = ([], [], [], [])
        for predicate in all {
            let columns = predicate.columns
            if predicate.canFail {
                if above.isEmpty, join.condition != nil {
                    both.append(predicate)
                } else {
                    above.append(predicate)
                }
            } else if !columns.isEmpty, columns.allSatisfy({ $0 < width }) {
                left.append(predicate)
            } else if !columns.isEmpty, columns.allSatisfy({ $0 >= width }) {
                right.append(predicate.remapped { $0 - width })
            } else {
                both.append(predicate)
            }
        }
        let (keys, rest) = extractKeys(both, width)
        join.keys += keys
        join.condition = conjunction(rest)
        join.left = push(left, into: join.left)
        join.right = push(right, into: join.right)
        return filtered(.join(join), above)
    }

    private static func conjunction(_ list: [Expr]) -> Expr? {
        guard var all = list.first else { return nil }
        for next in list.dropFirst() { all = .and(all, next) }
        return all
    }

    /// Equalities between a column of each side, of one type.
    private static func extractKeys(_ list: [Expr], _ width: Int) -> (
        [(left: Int, right: Int)], [Expr]
    ) {
        var keys: [(left: Int, right: Int)] = []
        var rest: [Expr] = []
        for predicate in list {
            if case .call(let function, let arguments, _) = predicate, function.name == "=",
                case .column(let a, let aType) = arguments[0],
                case .column(let b, let bType) = arguments[1],
                aType.physical == bType.physical, (a < width) != (b < width)
            {
                keys.append((left: min(a, b), right: max(a, b) - width))
            } else {
                rest.append(predicate)
            }
        }
        return (keys, rest)
    }
}
