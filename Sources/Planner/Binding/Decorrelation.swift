import Dataflow
import Types

/// Turns a subquery that refers to the query around it into a plan of its own, for all values of the
/// outer columns at once (Neumann and Kemper, Unnesting Arbitrary Queries, BTW 2015).
///
/// D is the set of the outer columns' values. It is pushed down through the subquery until nothing
/// refers outside any more; every result then carries its values of D behind its own columns, and is
/// joined with the outer query on them, NULL matching NULL.
struct Decorrelation {
    /// The distinct values of the outer columns, in the order of `columns`.
    let domain: LogicalPlan
    let columns: [Int]
    let level: Int

    init(outer: LogicalPlan, columns: [Int], level: Int) {
        let fields = columns.map { outer.fields[$0] }
        let list = zip(columns, fields).map { Expr.column($0.0, $0.1.type) }
        domain = .distinct(.project(outer, list, fields))
        self.columns = columns
        self.level = level
    }

    private var width: Int { columns.count }

    private func refers(_ plan: LogicalPlan) -> Bool {
        !OuterReference.columns(of: plan, level: level).isEmpty
    }

    /// The expression with its outer references replaced by D's columns, which begin at `offset`; its
    /// own columns moved by `move`.
    private func bound(_ expression: Expr, at offset: Int, _ move: (Int) -> Int = { $0 }) -> Expr {
        expression.remapped { index in
            if let column = OuterReference.column(index, level: level) {
                return offset + (columns.firstIndex(of: column) ?? 0)
            }
            return OuterReference.isOuter(index) ? index : move(index)
        }
    }

    private func domainColumns(at offset: Int) -> [Expr] {
        domain.fields.enumerated().map { .column(offset + $0.offset, $0.element.type) }
    }

    private static func columns(_ range: Range<Int>, _ fields: [Field]) -> [Expr] {
        range.map { .column($0, fields[$0].type) }
    }

    /// The plan with D's columns behind its own.
    func depending(_ plan: LogicalPlan) throws(SQLError) -> LogicalPlan {
        guard refers(plan) else {
            return .join(.init(kind: .inner, left: plan, right: domain, keys: []))
        }
        let own = plan.fields.count
        switch plan {
        case .scan, .literal: return plan
        case .values(let rows, let fields):
            let parts = rows.map { row in
                LogicalPlan.project(
                    domain, row.map { bound($0, at: 0) } + domainColumns(at: 0),
                    fields + domain.fields)
            }
            return parts.count == 1 ? parts[0] : .union(parts)
        case .filter(let input, let predicate):
            return .filter(try depending(input), bound(predicate, at: own))
        case .project(let input, let list, let fields):
            let offset = input.fields.count
            return .project(
                try depending(input),
                list.map { bound($0, at: offset) } + domainColumns(at: offset),
                fields + domain.fields)
        case .join(let join): return try depending(join)
        case .aggregate(let input, let keys, let aggregates, let fields):
            return try depending(input, keys, aggregates, fields)
        case .distinct(let input): return .distinct(try depending(input))
        case .union(let inputs):
            var parts: [LogicalPlan] = []
            for input in inputs { parts.append(try depending(input)) }
            return .union(parts)
        case .setOperation(let kind, let isAll, let left, let right):
            return .setOperation(kind, isAll: isAll, try depending(left), try depending(right))
        case .expand(let input, let sets):
            return movedBack(
                .expand(try depending(input), sets: sets), input.fields.count, own)
        case .series(let input, let arguments, let field):
            let offset = input.fields.count
            return movedBack(
                .series(
                    try depending(input), arguments.map { bound($0, at: offset) }, field), offset,
                own)
        case .hop(let input, let time, let windows):
            let offset = input.fields.count
            return movedBack(
                .hop(try depending(input), time: bound(time, at: offset), windows), offset, own)
        case .unnest(let input, let arrays, let fields):
            let offset = input.fields.count
            return movedBack(
                .unnest(try depending(input), arrays.map { bound($0, at: offset) }, fields), offset,
                own)
        case .rank(let input, var rank):
            let offset = input.fields.count
            rank.partition += Array(offset..<(offset + width))
            return movedBack(.rank(try depending(input), rank), offset, own)
        case .sort(let input, let keys, let limit, let offset):
            let below = try depending(input)
            if limit == nil, offset == 0 { return below }
            return .rank(
                below,
                .init(
                    partition: Array(own..<(own + width)), order: keys, functions: [],
                    bound: .init(.rowNumber, offset: offset, limit: limit)))
        }
    }

    /// Columns that a node put behind D come before it again. `input`: columns before D.
    private func movedBack(_ plan: LogicalPlan, _ input: Int, _ own: Int) -> LogicalPlan {
        let fields = plan.fields
        let order =
            Array(0..<input) + Array((input + width)..<(own + width))
            + Array(input..<(input + width))
        return .project(
            plan, order.map { .column($0, fields[$0].type) }, order.map { fields[$0] })
    }

    private func depending(_ join: LogicalPlan.Join) throws(SQLError) -> LogicalPlan {
        let (left, right) = (join.left.fields.count, join.right.fields.count)
        if join.kind == .right { return try depending(Decorrelation.turned(join)) }
        var result = join
        if refers(join.right) || join.kind == .full {
            result.right = try depending(join.right)
            if join.kind == .inner, !refers(join.left) {
                result.condition = join.condition.map { bound($0, at: left + right) }
                return .join(result)
            }
            // Both sides carry D: they meet on it, and the join's own keys become conditions.
            result.left = try depending(join.left)
            var condition = join.condition.map {
                bound($0, at: left) { $0 < left ? $0 : $0 + width }
            }
            for key in join.keys {
                let equal = try equality(
                    .column(key.left, join.left.fields[key.left].type),
                    .column(left + width + key.right, join.right.fields[key.right].type),
                    nullsMatch: join.nullsMatch)
                condition = condition.map { .and($0, equal) } ?? equal
            }
            result.condition = condition
            result.keys = (0..<width).map { (left: left + $0, right: right + $0) }
            result.nullsMatch = true
            let fields = LogicalPlan.join(result).fields
            let order =
                Array(0..<left) + Array((left + width)..<(left + width + right))
                + Array(left..<(left + width))
            var list = order.map { Expr.column($0, fields[$0].type) }
            if join.kind == .full {
                // A row of the right side alone has its D there.
                for (index, column) in domainColumns(at: left + width + right).enumerated() {
                    list[left + right + index] = .coalesce(
                        [list[left + right + index], column], column.type)
                }
            }
            return .project(.join(result), list, order.map { fields[$0] })
        }
        result.left = try depending(join.left)
        result.condition = join.condition.map {
            bound($0, at: left) { $0 < left ? $0 : $0 + width }
        }
        return movedBack(.join(result), left, left + right)
    }

    /// A right join as the left join that it is the other way round.
    private static func turned(_ join: LogicalPlan.Join) -> LogicalPlan {
        let (left, right) = (join.left.fields.count, join.right.fields.count)
        var result = LogicalPlan.Join(
            kind: .left, left: join.right, right: join.left,
            keys: join.keys.map { (left: $0.right, right: $0.left) },
            condition: join.condition?.remapped { index in
                if OuterReference.isOuter(index) { return index }
                return index < left ? index + right : index - left
            })
        result.nullsMatch = join.nullsMatch
        let fields = LogicalPlan.join(result).fields
        let order = Array(right..<(right + left)) + Array(0..<right)
        return .project(
            .join(result), order.map { .column($0, fields[$0].type) }, order.map { fields[$0] })
    }

    private func equality(_ left: Expr, _ right: Expr, nullsMatch: Bool) throws(SQLError) -> Expr {
        let name = nullsMatch ? "is not distinct from" : "="
        let (a, b) = (left.type.base, right.type.base)
        // Keys of two kinds are stored alike: smallint and bigint are compared as either.
        let pairs = a.physical == b.physical ? [[a, b], [a, a], [b, b]] : [[a, b]]
        let found = pairs.lazy.compactMap { FunctionRegistry.exact(name, $0) }.first
        guard let function = found else {
            throw .internalFault("no equality of \(a.name) and \(b.name)")
        }
        return .call(function, [left, right], .boolean)
    }

    private func depending(
        _ input: LogicalPlan, _ keys: [Expr], _ aggregates: [Aggregate], _ fields: [Field]
    ) throws(SQLError) -> LogicalPlan {
        let offset = input.fields.count
        let below = try depending(input)
        let allKeys = keys.map { bound($0, at: offset) } + domainColumns(at: offset)
        let bounded = aggregates.map { $0.mapped { bound($0, at: offset) } }
        let named = Array(fields.prefix(keys.count)) + domain.fields + fields.dropFirst(keys.count)
        let grouped = LogicalPlan.aggregate(below, keys: allKeys, bounded, named)
        guard keys.isEmpty else { return movedBack(grouped, keys.count, fields.count) }
        // Without keys there is a row for every value of D, the one of no rows included.
        let joined = LogicalPlan.join(
            {
                var join = LogicalPlan.Join(
                    kind: .left, left: domain, right: grouped,
                    keys: (0..<width).map { (left: $0, right: $0) })
                join.nullsMatch = true
                return join
            }())
        var list: [Expr] = []
        for (index, aggregate) in aggregates.enumerated() {
            let value = Expr.column(2 * width + index, aggregate.result)
            switch aggregate.function {
            case .count, .countAll:
                list.append(.coalesce([value, .constant(.int(0), .int8)], .int8))
            default: list.append(value)
            }
        }
        return .project(joined, list + domainColumns(at: 0), fields + domain.fields)
    }
}
