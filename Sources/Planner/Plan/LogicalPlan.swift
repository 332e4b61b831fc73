package import Dataflow
package import Types

/// What is asked: relational algebra over columns by position.
package indirect enum LogicalPlan: Sendable {
    /// Which rows without a match come out.
    package enum JoinKind: String, Sendable {
        case inner, left, right, full
        /// A left join that fails (21000) when a row has more than one match.
        case single
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
    case sort(LogicalPlan, [SortKey], limit: Int?, offset: Int)
    /// generate_series: the input's columns and the value.
    case series(LogicalPlan, [Expr], Field)

    package var fields: [Field] {
        switch self {
        case .scan(let object, let columns): columns.map { object.fields[$0] }
        case .values(_, let fields), .literal(_, let fields), .project(_, _, let fields),
            .aggregate(_, _, _, let fields):
            fields
        case .filter(let input, _), .distinct(let input), .sort(let input, _, _, _): input.fields
        case .join(let join): join.left.fields + join.right.fields
        case .union(let inputs): inputs.first?.fields ?? []
        case .series(let input, _, let field): input.fields + [field]
        }
    }

    package var types: [DataType.Physical] { fields.map(\.type.physical) }

    package var inputs: [LogicalPlan] {
        switch self {
        case .scan, .values, .literal: []
        case .filter(let input, _), .project(let input, _, _), .aggregate(let input, _, _, _),
            .distinct(let input), .sort(let input, _, _, _), .series(let input, _, _):
            [input]
        case .join(let join): [join.left, join.right]
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
            .sort(let input, _, _, _),
            .series(let input, _, _):
            input.isAlwaysEmpty
        case .join(let join):
            join.left.isAlwaysEmpty && join.kind != .right && join.kind != .full
                || join.right.isAlwaysEmpty && (join.kind == .inner || join.kind == .right)
        case .values, .literal, .aggregate, .union: false
        }
    }

    /// Whether its changes never have negative weights, whatever its inputs do.
    package var isAppendOnly: Bool {
        switch self {
        case .scan(let object, _): object.kind == .source
        case .values, .literal: true
        case .filter(let input, _), .project(let input, _, _), .series(let input, _, _):
            input.isAppendOnly
        case .join(let join):
            join.kind == .inner && join.left.isAppendOnly && join.right.isAppendOnly
        case .union(let inputs): inputs.allSatisfy(\.isAppendOnly)
        case .aggregate, .distinct, .sort: false
        }
    }

    /// The one constant row without columns.
    package static let unit = LogicalPlan.values([[]], [])
}
