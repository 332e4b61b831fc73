import Dataflow
import Types

/// Moves conditions towards the scans and turns equalities over a join into its keys.
///
/// A condition that can fail goes below a join when it reads one side only, as in PostgreSQL: the join
/// might make any number of pairs for it to throw away. It stays above whatever else it might see too
/// many rows of.
enum PredicatePushdown {
    static func applied(_ plan: LogicalPlan) -> LogicalPlan { push([], into: plan) }

    static func conjuncts(_ expression: Expr) -> [Expr] {
        if case .and(let left, let right) = expression { return conjuncts(left) + conjuncts(right) }
        if case .or = expression, let factored = factored(expression) { return conjuncts(factored) }
        return [expression]
    }

    private static func alternatives(_ expression: Expr) -> [Expr] {
        if case .or(let left, let right) = expression {
            return alternatives(left) + alternatives(right)
        }
        return [expression]
    }

    /// (a AND b) OR (a AND c) as a AND (b OR c): a may be what a join needs. nil when nothing is in all
    /// alternatives.
    private static func factored(_ expression: Expr) -> Expr? {
        let arms = alternatives(expression).map { arm in
            conjuncts(arm).map { (text: $0.fingerprint, expression: $0) }
        }
        let common = arms[0].filter { part in
            part.expression.isStable
                && arms.dropFirst().allSatisfy { arm in arm.contains { $0.text == part.text } }
        }
        guard var result = common.first?.expression else { return nil }
        for part in common.dropFirst() { result = .and(result, part.expression) }
        let texts = Set(common.map(\.text))
        var rest: Expr?
        for arm in arms {
            let own = arm.filter { !texts.contains($0.text) }.map(\.expression)
            // An alternative with nothing of its own is what they have in common.
            guard let whole = conjunction(own) else { return result }
            rest = rest.map { .or($0, whole) } ?? whole
        }
        return rest.map { .and(result, $0) }
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
            // The order is kept when something can fail: an earlier conjunct guards a later one. A join
            // keeps it for each side.
            let isJoin = if case .join = input { true } else { false }
            if !isJoin, (own + predicates).contains(where: \.canFail) {
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
        case .hop(let input, let time, let windows):
            let (safe, rest) = aboutInput(predicates, input.fields.count)
            return filtered(.hop(push(safe, into: input), time: time, windows), rest)
        case .unnest(let input, let arrays, let fields):
            let (below, rest) = aboutInput(predicates, input.fields.count)
            return filtered(.unnest(push(below, into: input), arrays, fields), rest)
        case .series(let input, let arguments, let field):
            let (below, rest) = aboutInput(predicates, input.fields.count)
            return filtered(.series(push(below, into: input), arguments, field), rest)
        case .setOperation(let kind, let isAll, let left, let right):
            let (safe, rest) = partition(predicates) { !$0.canFail }
            return filtered(
                .setOperation(
                    kind, isAll: isAll, push(safe, into: left), push(safe, into: right)), rest)
        case .expand(let input, let sets):
            let width = input.fields.count
            let (safe, rest) = partition(predicates) { predicate in
                !predicate.canFail && predicate.columns.allSatisfy { $0 < width }
            }
            return filtered(.expand(push(safe, into: input), sets: sets), rest)
        case .rank(let input, let rank): return pushRank(predicates, input, rank)
        case .scan, .values, .literal: return filtered(plan, predicates)
        }
    }

    /// Conditions on the partition's columns alone move below; a bound on one of the functions makes
    /// it the first rows of each partition.
    private static func pushRank(
        _ predicates: [Expr], _ input: LogicalPlan, _ rank: LogicalPlan.Rank
    ) -> LogicalPlan {
        let (below, above) = partition(predicates) { predicate in
            !predicate.canFail && !predicate.columns.isEmpty
                && predicate.columns.allSatisfy { rank.partition.contains($0) }
        }
        var (bounded, rest) = (rank, [Expr]())
        for predicate in above {
            if bounded.bound == nil, let bound = upperBound(predicate, input.fields.count, rank) {
                bounded.bound = bound
                // x = 1 and x <= n for the first rows are the bound itself; x = 3 is more than that.
                if case .call(let function, _, _) = predicate, function.name == "=",
                    bound.limit != 1
                {
                    rest.append(predicate)
                }
            } else {
                rest.append(predicate)
            }
        }
        return filtered(.rank(push(below, into: input), bounded), rest)
    }

    /// function <= n, function < n, function = n, and the same turned around.
    private static func upperBound(_ predicate: Expr, _ width: Int, _ rank: LogicalPlan.Rank)
        -> RankOperator.Bound?
    {
        guard case .call(let function, let arguments, _) = predicate, arguments.count == 2 else {
            return nil
        }
        var (column, constant, name) = (arguments[0], arguments[1], function.name)
        if case .constant = column {
            swap(&column, &constant)
            name = [">=": "<=", ">": "<", "=": "="][name] ?? ""
        }
        guard case .column(let index, _) = column, index >= width,
            rank.functions.indices.contains(index - width),
            case .constant(let value, _) = constant, let number = value.int
        else { return nil }
        let limit: Int64
        switch name {
        case "<=", "=": limit = number
        case "<": limit = number &- 1
        default: return nil
        }
        guard limit >= 0, limit <= 1 << 40 else { return nil }
        return RankOperator.Bound(rank.functions[index - width], limit: Int(limit))
    }

    /// The leading conjuncts that cannot fail.
    private static func split(_ list: [Expr]) -> ([Expr], [Expr]) {
        let safe = Array(list.prefix { !$0.canFail })
        return (safe, Array(list.dropFirst(safe.count)))
    }

    private static func partition(_ list: [Expr], _ holds: (Expr) -> Bool) -> ([Expr], [Expr]) {
        (list.filter(holds), list.filter { !holds($0) })
    }

    /// Those that ask for the first `width` columns alone and cannot fail; and the others.
    private static func aboutInput(_ list: [Expr], _ width: Int) -> ([Expr], [Expr]) {
        partition(list) { predicate in
            !predicate.canFail && !predicate.columns.isEmpty
                && predicate.columns.allSatisfy { $0 < width }
        }
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
        guard join.kind == .inner, !join.nullsMatch else {
            // Conditions of an outer join decide about matches, those above it about rows.
            if !join.nullsMatch {
                let (keys, rest) = extractKeys(join.condition.map(conjuncts) ?? [], width)
                join.keys += keys
                join.condition = conjunction(rest)
            }
            // A row of the side that is kept is there or not whatever it matches.
            let keepsSide = { (columns: Set<Int>, isLeft: Bool) in
                !columns.isEmpty && columns.allSatisfy { ($0 < width) == isLeft }
            }
            var (left, right, above): ([Expr], [Expr], [Expr]) = ([], [], [])
            for predicate in predicates {
                if join.kind == .left || join.kind == .inner,
                    keepsSide(predicate.columns, true)
                {
                    left.append(predicate)
                } else if join.kind == .right || join.kind == .inner,
                    keepsSide(predicate.columns, false)
                {
                    right.append(predicate.remapped { $0 - width })
                } else {
                    above.append(predicate)
                }
            }
            if join.nullsMatch { right += copies(left, join) }
            join.left = push(left, into: join.left)
            join.right = push(right, into: join.right)
            return filtered(.join(join), above)
        }
        let all = (join.condition.map(conjuncts) ?? []) + predicates
        var (left, right, both, above): ([Expr], [Expr], [Expr], [Expr]) = ([], [], [], [])
        for predicate in all {
            let columns = predicate.columns
            if !columns.isEmpty, columns.allSatisfy({ $0 < width }) {
                left.append(predicate)
            } else if !columns.isEmpty, columns.allSatisfy({ $0 >= width }) {
                right.append(predicate.remapped { $0 - width })
            } else if predicate.canFail, !above.isEmpty || join.condition == nil {
                above.append(predicate)
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

    /// Conditions on the left keys of a join with the values that its right side depends on: the right
    /// side need not be computed for the others either.
    private static func copies(_ left: [Expr], _ join: LogicalPlan.Join) -> [Expr] {
        let keys = Dictionary(join.keys.map { ($0.left, $0.right) }) { first, _ in first }
        let fields = join.left.fields
        return left.filter { predicate in
            !predicate.canFail
                && predicate.columns.allSatisfy {
                    keys[$0] != nil && hasOneImage(fields[$0].type)
                }
        }.map { $0.remapped { keys[$0] ?? $0 } }
    }

    /// Whether equal values are the same in every respect.
    static func hasOneImage(_ type: DataType) -> Bool {
        switch type.kind {
        case .boolean, .int2, .int4, .int8, .text, .varchar, .name, .date, .time, .timestamp,
            .timestamptz, .uuid, .bytea, .oid:
            true
        default: false
        }
    }

    static func conjunction(_ list: [Expr]) -> Expr? {
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
