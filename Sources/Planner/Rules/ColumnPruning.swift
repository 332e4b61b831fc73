import Dataflow
import Types

/// Drops columns that nothing above reads, down to the scans.
enum ColumnPruning {
    static func applied(_ plan: LogicalPlan) -> LogicalPlan {
        prune(plan, Array(plan.fields.indices)).plan
    }

    /// The plan with at least the `wanted` columns. - Returns: where each old column is now.
    private static func prune(_ plan: LogicalPlan, _ wanted: [Int]) -> (
        plan: LogicalPlan, place: [Int: Int]
    ) {
        let columns = Array(Set(wanted)).sorted()
        switch plan {
        case .scan(let object, let all):
            return (.scan(object, columns: columns.map { all[$0] }), places(columns))
        case .values(let rows, let fields):
            return (
                .values(rows.map { row in columns.map { row[$0] } }, columns.map { fields[$0] }),
                places(columns)
            )
        case .literal(let batch, let fields):
            return (.literal(batch.projected(columns), columns.map { fields[$0] }), places(columns))
        case .filter(let input, let predicate):
            let (pruned, place) = prune(input, columns + predicate.columns)
            return (.filter(pruned, remap(predicate, place)), place)
        case .project(let input, let list, let fields):
            let kept = columns.map { list[$0] }
            let (pruned, place) = prune(input, kept.flatMap(\.columns))
            return (
                .project(pruned, kept.map { remap($0, place) }, columns.map { fields[$0] }),
                places(columns)
            )
        case .join(let join): return pruneJoin(join, columns)
        case .aggregate(let input, let keys, let aggregates, let fields):
            return pruneAggregate(input, keys, aggregates, fields, columns)
        case .distinct(let input):
            let (pruned, place) = prune(input, Array(input.fields.indices))
            return (.distinct(pruned), place)
        case .union(let inputs):
            let pruned = inputs.map { exact($0, columns) }
            return (.union(pruned), places(columns))
        case .setOperation(let kind, let isAll, let left, let right):
            let all = Array(left.fields.indices)
            return (
                .setOperation(kind, isAll: isAll, exact(left, all), exact(right, all)), places(all)
            )
        case .expand(let input, let sets):
            let width = input.fields.count
            var (pruned, place) = prune(input, columns.filter { $0 < width })
            place[width] = pruned.fields.count
            return (.expand(pruned, sets: sets), place)
        case .rank(let input, let rank):
            return pruneRank(input, rank, columns)
        case .sort(let input, let keys, let limit, let offset):
            // With a limit, ties are broken by the whole row.
            let needed = limit == nil && offset == 0 ? columns : Array(input.fields.indices)
            let (pruned, place) = prune(input, needed + keys.map(\.column))
            let moved = keys.map { key in
                var copy = key
                copy.column = place[key.column] ?? key.column
                return copy
            }
            return (.sort(pruned, moved, limit: limit, offset: offset), place)
        case .hop(let input, let time, let windows):
            let width = input.fields.count
            var (pruned, place) = prune(input, columns.filter { $0 < width } + time.columns)
            let moved = remap(time, place)
            for index in 0...1 { place[width + index] = pruned.fields.count + index }
            return (.hop(pruned, time: moved, windows), place)
        case .unnest(let input, let arrays, let fields):
            let width = input.fields.count
            let below = columns.filter { $0 < width } + arrays.flatMap(\.columns)
            var (pruned, place) = prune(input, below)
            let moved = arrays.map { remap($0, place) }
            for index in fields.indices { place[width + index] = pruned.fields.count + index }
            return (.unnest(pruned, moved, fields), place)
        case .series(let input, let arguments, let field):
            let width = input.fields.count
            let below = columns.filter { $0 < width } + arguments.flatMap(\.columns)
            var (pruned, place) = prune(input, below)
            let moved = arguments.map { remap($0, place) }
            place[width] = pruned.fields.count
            return (.series(pruned, moved, field), place)
        }
    }

    private static func places(_ columns: [Int]) -> [Int: Int] {
        Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($0.element, $0.offset) })
    }

    private static func remap(_ expression: Expr, _ place: [Int: Int]) -> Expr {
        expression.remapped { place[$0] ?? $0 }
    }

    /// The plan with exactly these columns, in this order.
    private static func exact(_ plan: LogicalPlan, _ columns: [Int]) -> LogicalPlan {
        let (pruned, place) = prune(plan, columns)
        let positions = columns.map { place[$0] ?? 0 }
        if positions == Array(pruned.fields.indices) { return pruned }
        let fields = positions.map { pruned.fields[$0] }
        return .project(pruned, zip(positions, fields).map { .column($0.0, $0.1.type) }, fields)
    }

    private static func pruneJoin(_ join: LogicalPlan.Join, _ columns: [Int]) -> (
        LogicalPlan, [Int: Int]
    ) {
        let width = join.left.fields.count
        let needed = columns + (join.condition.map { Array($0.columns) } ?? [])
        let (left, leftPlace) = prune(
            join.left, needed.filter { $0 < width } + join.keys.map(\.left))
        let (right, rightPlace) = prune(
            join.right, needed.filter { $0 >= width }.map { $0 - width } + join.keys.map(\.right))
        var place = leftPlace
        let newWidth = left.fields.count
        for (old, new) in rightPlace { place[old + width] = new + newWidth }
        var result = join
        result.left = left
        result.right = right
        result.keys = join.keys.map {
            (left: leftPlace[$0.left] ?? 0, right: rightPlace[$0.right] ?? 0)
        }
        result.condition = join.condition.map { remap($0, place) }
        return (.join(result), place)
    }

    private static func pruneRank(
        _ input: LogicalPlan, _ rank: LogicalPlan.Rank, _ columns: [Int]
    ) -> (LogicalPlan, [Int: Int]) {
        let width = input.fields.count
        let added = rank.session == nil ? rank.functions.count : 2
        // Ties are broken by the whole row where it can be taken back: every column matters then.
        let isFree = input.isAppendOnly && rank.bound?.function == .rowNumber || rank.session != nil
        let needed =
            isFree
            ? columns.filter { $0 < width } + rank.partition + rank.order.map(\.column)
                + (rank.session.map { [$0.timeColumn] } ?? [])
            : Array(0..<width)
        var (pruned, place) = prune(input, needed)
        var moved = rank
        moved.partition = rank.partition.map { place[$0] ?? $0 }
        moved.order = rank.order.map { key in
            var copy = key
            copy.column = place[key.column] ?? key.column
            return copy
        }
        if let session = rank.session {
            moved.session = .init(
                timeColumn: place[session.timeColumn] ?? session.timeColumn, gap: session.gap)
        }
        for index in 0..<added { place[width + index] = pruned.fields.count + index }
        return (.rank(pruned, moved), place)
    }

    private static func pruneAggregate(
        _ input: LogicalPlan, _ keys: [Expr], _ aggregates: [Aggregate], _ fields: [Field],
        _ columns: [Int]
    ) -> (LogicalPlan, [Int: Int]) {
        let kept = columns.filter { $0 >= keys.count }.map { $0 - keys.count }
        let chosen = kept.map { aggregates[$0] }
        let needed =
            keys.flatMap(\.columns) + chosen.flatMap { $0.expressions.flatMap(\.columns) }
        let (pruned, place) = prune(input, needed)
        let moved = chosen.map { aggregate in aggregate.mapped { remap($0, place) } }
        var result = places(Array(keys.indices))
        for (offset, index) in kept.enumerated() {
            result[keys.count + index] = keys.count + offset
        }
        let newFields = Array(fields.prefix(keys.count)) + kept.map { fields[keys.count + $0] }
        return (
            .aggregate(pruned, keys: keys.map { remap($0, place) }, moved, newFields), result
        )
    }
}
