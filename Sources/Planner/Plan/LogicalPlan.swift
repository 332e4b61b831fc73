package import Dataflow
package import Types

/// What is asked: relational algebra over columns by position.
package indirect enum LogicalPlan: Sendable {
    /// Which rows without a match come out.
    package enum JoinKind: String, Sendable {
        case inner, left, right, full
    }

    /// row_number, rank, dense_rank, and the first rows by one of them.
    package struct Rank: Sendable {
        package var partition: [Int]
        package var order: [SortKey]
        /// Columns behind the input's, one each.
        package var functions: [RankOperator.Function]
        package var bound: RankOperator.Bound?
        /// Sessions instead of functions: window_start and window_end behind the input's columns.
        package var session: SessionOperator.Specification?

        package init(
            partition: [Int], order: [SortKey], functions: [RankOperator.Function],
            bound: RankOperator.Bound? = nil
        ) {
            self.partition = partition
            self.order = order
            self.functions = functions
            self.bound = bound
        }
    }

    /// A join and its condition.
    package struct Join: Sendable {
        package var kind: JoinKind
        package var left: LogicalPlan
        package var right: LogicalPlan
        /// Equal columns: of the left input, of the right input.
        package var keys: [(left: Int, right: Int)]
        /// Over the columns of both, left first.
        package var condition: Expr?
        /// NULL keys match each other.
        package var nullsMatch = false

        package init(
            kind: JoinKind, left: LogicalPlan, right: LogicalPlan, keys: [(left: Int, right: Int)],
            condition: Expr? = nil
        ) {
            self.kind = kind
            self.left = left
            self.right = right
            self.keys = keys
            self.condition = condition
        }
    }

    /// Some columns of a relation.
    case scan(CatalogObject, columns: [Int])
    /// Rows of expressions without columns.
    case values([[Expr]], [Field])
    /// Rows that are there already.
    case literal(Batch, [Field])
    case filter(LogicalPlan, Expr)
    case project(LogicalPlan, [Expr], [Field])
    case join(Join)
    /// The keys, then the aggregates.
    case aggregate(LogicalPlan, keys: [Expr], [Aggregate], [Field])
    case distinct(LogicalPlan)
    case union([LogicalPlan])
    case setOperation(SetOperator.Kind, isAll: Bool, LogicalPlan, LogicalPlan)
    /// Every row once for each of so many sets, with the set's number (integer) behind.
    case expand(LogicalPlan, sets: Int)
    case rank(LogicalPlan, Rank)
    /// The input's columns, and the bounds of a window: each row once for every window that it is in.
    case hop(LogicalPlan, time: Expr, HopWindows)
    case sort(LogicalPlan, [SortKey], limit: Int?, offset: Int)
    /// generate_series: the input's columns and the value.
    case series(LogicalPlan, [Expr], Field)
    /// The input's columns, an element of each array, and with a field more the element's number.
    case unnest(LogicalPlan, [Expr], [Field])

    package var fields: [Field] {
        switch self {
        case .scan(let object, let columns): columns.map { object.fields[$0] }
        case .values(_, let fields), .literal(_, let fields), .project(_, _, let fields),
            .aggregate(_, _, _, let fields):
            fields
        case .filter(let input, _), .distinct(let input), .sort(let input, _, _, _): input.fields
        case .join(let join): join.left.fields + join.right.fields
        case .union(let inputs): inputs.first?.fields ?? []
        case .setOperation(_, _, let left, _): left.fields
        case .expand(let input, _): input.fields + [Field("set", .int4)]
        case .rank(let input, let rank):
            input.fields
                + (rank.session == nil
                    ? rank.functions.map { Field($0.rawValue, .int8) }
                    : LogicalPlan.windowFields(
                        rank.session.map { input.fields[$0.timeColumn].type } ?? .timestamp))
        case .hop(let input, let time, _): input.fields + LogicalPlan.windowFields(time.type)
        case .series(let input, _, let field): input.fields + [field]
        case .unnest(let input, _, let fields): input.fields + fields
        }
    }

    package var types: [DataType.Physical] { fields.map(\.type.physical) }

    package var inputs: [LogicalPlan] {
        switch self {
        case .scan, .values, .literal: []
        case .filter(let input, _), .project(let input, _, _), .aggregate(let input, _, _, _),
            .distinct(let input), .sort(let input, _, _, _), .series(let input, _, _),
            .expand(let input, _), .rank(let input, _), .unnest(let input, _, _),
            .hop(let input, _, _):
            [input]
        case .join(let join): [join.left, join.right]
        case .setOperation(_, _, let left, let right): [left, right]
        case .union(let inputs): inputs
        }
    }

    /// Relations that are read.
    package var relations: [CatalogObject] {
        if case .scan(let object, _) = self { return [object] }
        return inputs.flatMap(\.relations)
    }

    /// Whether it reads, through inner joins alone, a relation that never has rows.
    package var isAlwaysEmpty: Bool {
        switch self {
        case .scan(let object, _): object.isAlwaysEmpty
        case .filter(let input, _), .project(let input, _, _), .distinct(let input),
            .sort(let input, _, _, _), .series(let input, _, _), .expand(let input, _),
            .rank(let input, _), .unnest(let input, _, _),
            .hop(let input, _, _):
            input.isAlwaysEmpty
        case .join(let join):
            join.left.isAlwaysEmpty && join.kind != .right && join.kind != .full
                || join.right.isAlwaysEmpty && (join.kind == .inner || join.kind == .right)
        case .values, .literal, .aggregate, .union, .setOperation: false
        }
    }

    /// Whether its changes never have negative weights, whatever its inputs do.
    package var isAppendOnly: Bool {
        switch self {
        case .scan(let object, _): object.kind == .source && !object.isFed
        case .values, .literal: true
        case .filter(let input, _), .project(let input, _, _), .series(let input, _, _),
            .expand(let input, _), .unnest(let input, _, _), .hop(let input, _, _):
            input.isAppendOnly
        case .join(let join):
            join.kind == .inner && join.left.isAppendOnly && join.right.isAppendOnly
        case .union(let inputs): inputs.allSatisfy(\.isAppendOnly)
        case .aggregate, .distinct, .sort, .setOperation, .rank: false
        }
    }

    /// A window's bounds, of the type of the time.
    private static func windowFields(_ type: DataType) -> [Field] {
        ["window_start", "window_end"].map { Field($0, DataType(type.kind)) }
    }

    /// The one constant row without columns.
    package static let unit = LogicalPlan.values([[]], [])

    /// The same node over other inputs, in the order of `inputs`.
    package func withInputs(_ new: [LogicalPlan]) -> LogicalPlan {
        switch self {
        case .scan, .values, .literal: return self
        case .filter(_, let predicate): return .filter(new[0], predicate)
        case .project(_, let list, let fields): return .project(new[0], list, fields)
        case .join(var join):
            join.left = new[0]
            join.right = new[1]
            return .join(join)
        case .aggregate(_, let keys, let aggregates, let fields):
            return .aggregate(new[0], keys: keys, aggregates, fields)
        case .distinct: return .distinct(new[0])
        case .union: return .union(new)
        case .setOperation(let kind, let isAll, _, _):
            return .setOperation(kind, isAll: isAll, new[0], new[1])
        case .expand(_, let sets): return .expand(new[0], sets: sets)
        case .rank(_, let rank): return .rank(new[0], rank)
        case .hop(_, let time, let windows): return .hop(new[0], time: time, windows)
        case .sort(_, let keys, let limit, let offset):
            return .sort(new[0], keys, limit: limit, offset: offset)
        case .series(_, let arguments, let field): return .series(new[0], arguments, field)
        case .unnest(_, let arrays, let fields): return .unnest(new[0], arrays, fields)
        }
    }

    /// The same plan with every expression of this node (not of its inputs) replaced.
    package func mappingExpressions(_ transform: (Expr) -> Expr) -> LogicalPlan {
        switch self {
        case .scan, .literal, .distinct, .union, .setOperation, .expand, .rank, .sort: return self
        case .values(let rows, let fields): return .values(rows.map { $0.map(transform) }, fields)
        case .filter(let input, let predicate): return .filter(input, transform(predicate))
        case .project(let input, let list, let fields):
            return .project(input, list.map(transform), fields)
        case .join(var join):
            join.condition = join.condition.map(transform)
            return .join(join)
        case .aggregate(let input, let keys, let aggregates, let fields):
            return .aggregate(
                input, keys: keys.map(transform), aggregates.map { $0.mapped(transform) }, fields)
        case .series(let input, let arguments, let field):
            return .series(input, arguments.map(transform), field)
        case .unnest(let input, let arrays, let fields):
            return .unnest(input, arrays.map(transform), fields)
        case .hop(let input, let time, let windows):
            return .hop(input, time: transform(time), windows)
        }
    }

    /// Every expression of this node, not of its inputs.
    package var expressions: [Expr] {
        switch self {
        case .scan, .literal, .distinct, .union, .setOperation, .expand, .rank, .sort: []
        case .values(let rows, _): rows.flatMap { $0 }
        case .filter(_, let predicate), .hop(_, let predicate, _): [predicate]
        case .project(_, let list, _), .series(_, let list, _), .unnest(_, let list, _): list
        case .join(let join): [join.condition].compactMap { $0 }
        case .aggregate(_, let keys, let aggregates, _): keys + aggregates.flatMap(\.expressions)
        }
    }

    /// Whether something in it can fail on a row.
    package var canFail: Bool {
        expressions.contains(where: \.canFail) || failsItself || inputs.contains(where: \.canFail)
    }

    private var failsItself: Bool {
        switch self {
        case .series, .hop: true
        case .aggregate(_, _, let aggregates, _):
            aggregates.contains { aggregate in
                switch aggregate.function {
                case .countAll, .count, .min, .max, .boolAnd, .boolOr, .single: false
                default: true
                }
            }
        default: false
        }
    }
}
