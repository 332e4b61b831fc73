package import Types

/// A bound, typed, name-free scalar expression over the columns of one input.
package indirect enum Expr: Sendable {
    case column(Int, DataType)
    case constant(Value, DataType)
    case call(ScalarFunction, [Expr], DataType)
    /// Three-valued; the second is evaluated only where the first leaves the answer open.
    case and(Expr, Expr)
    case or(Expr, Expr)
    case not(Expr)
    case isNull(Expr)
    /// Searched CASE: conditions with results, in order.
    case cases([(when: Expr, then: Expr)], otherwise: Expr, DataType)
    case coalesce([Expr], DataType)
    /// Whether a condition is true: not where it is NULL or fails.
    case holds(Expr)

    package var type: DataType {
        switch self {
        case .column(_, let type), .constant(_, let type), .call(_, _, let type),
            .cases(_, _, let type), .coalesce(_, let type):
            type
        case .and, .or, .not, .isNull, .holds: .boolean
        }
    }

    /// Whether evaluating it can fail for some row.
    package var canFail: Bool {
        switch self {
        case .column, .constant, .holds: false
        case .call(let function, let arguments, _):
            function.canFail || arguments.contains { $0.canFail }
        case .and(let left, let right), .or(let left, let right): left.canFail || right.canFail
        case .not(let inner), .isNull(let inner): inner.canFail
        case .cases(let arms, let otherwise, _):
            otherwise.canFail || arms.contains { $0.when.canFail || $0.then.canFail }
        case .coalesce(let inputs, _): inputs.contains { $0.canFail }
        }
    }

    /// Whether a condition is false or NULL.
    package static func isNotTrue(_ condition: Expr) -> Expr {
        .not(.coalesce([condition, .constant(.bool(false), .boolean)], .boolean))
    }

    /// Whether a condition is true or NULL.
    package static func isNotFalse(_ condition: Expr) -> Expr {
        .coalesce([condition, .constant(.bool(true), .boolean)], .boolean)
    }

    /// Expressions directly below.
    package var children: [Expr] {
        switch self {
        case .column, .constant: []
        case .call(_, let arguments, _): arguments
        case .and(let left, let right), .or(let left, let right): [left, right]
        case .not(let inner), .isNull(let inner), .holds(let inner): [inner]
        case .cases(let arms, let otherwise, _): arms.flatMap { [$0.when, $0.then] } + [otherwise]
        case .coalesce(let inputs, _): inputs
        }
    }

    /// The same with every node below replaced, bottom up.
    package func mapped(_ transform: (Expr) -> Expr) -> Expr {
        let copy: Expr =
            switch self {
            case .column, .constant: self
            case .call(let function, let arguments, let type):
                .call(function, arguments.map { $0.mapped(transform) }, type)
            case .and(let left, let right): .and(left.mapped(transform), right.mapped(transform))
            case .or(let left, let right): .or(left.mapped(transform), right.mapped(transform))
            case .not(let inner): .not(inner.mapped(transform))
            case .isNull(let inner): .isNull(inner.mapped(transform))
            case .holds(let inner): .holds(inner.mapped(transform))
            case .cases(let arms, let otherwise, let type):
                .cases(
                    arms.map { ($0.when.mapped(transform), $0.then.mapped(transform)) },
                    otherwise: otherwise.mapped(transform), type)
            case .coalesce(let inputs, let type):
                .coalesce(inputs.map { $0.mapped(transform) }, type)
            }
        return transform(copy)
    }

    /// Columns that are read.
    package var columns: Set<Int> {
        if case .column(let index, _) = self { return [index] }
        return children.reduce(into: []) { $0.formUnion($1.columns) }
    }

    /// The same expression over an input whose columns have moved.
    package func remapped(_ position: (Int) -> Int) -> Expr {
        mapped { node in
            guard case .column(let index, let type) = node else { return node }
            return .column(position(index), type)
        }
    }

    /// A text that only the same expression has: functions with their types, constants with theirs.
    package var fingerprint: String {
        switch self {
        case .column(let index, let type):
            return "#\(index):\(type.kind.rawValue).\(type.element.rawValue)"
        case .constant(let value, let type):
            let bytes = TextEncoding.text(value, type) ?? [0]
            return
                "'\(String(decoding: bytes, as: UTF8.self).count):\(String(decoding: bytes, as: UTF8.self))'"
                + "\(type.kind.rawValue).\(type.modifier).\(type.element.rawValue)"
                + type.style.fingerprint
        case .call(let function, let arguments, let type):
            let list = arguments.map(\.fingerprint).joined(separator: ",")
            return "\(function.signature)[\(list)]\(type.kind.rawValue).\(type.modifier)"
                + ".\(type.element.rawValue)"
        case .and(let left, let right): return "and[\(left.fingerprint),\(right.fingerprint)]"
        case .or(let left, let right): return "or[\(left.fingerprint),\(right.fingerprint)]"
        case .not(let inner): return "not[\(inner.fingerprint)]"
        case .isNull(let inner): return "null[\(inner.fingerprint)]"
        case .holds(let inner): return "holds[\(inner.fingerprint)]"
        case .cases(let arms, let otherwise, _):
            let list = arms.map { "\($0.when.fingerprint)>\($0.then.fingerprint)" }
            return "case[\(list.joined(separator: ";")),\(otherwise.fingerprint)]"
        case .coalesce(let inputs, _):
            return "coalesce[\(inputs.map(\.fingerprint).joined(separator: ","))]"
        }
    }

    /// Whether its value depends on its arguments alone.
    package var isStable: Bool {
        if case .call(let function, _, _) = self, function.isVolatile { return false }
        return children.allSatisfy(\.isStable)
    }
}

/// A function over columns, with the types it is declared for.
package final class ScalarFunction: Sendable {
    package typealias Body = @Sendable (Evaluation, [Column]) -> Column

    package let name: String
    package let arguments: [DataType]
    package let result: DataType
    /// The last argument's type may repeat any number of times.
    package let isVariadic: Bool
    /// NULL in any argument gives NULL.
    package let isStrict: Bool
    package let canFail: Bool
    package let isVolatile: Bool
    let body: Body

    init(
        _ name: String, _ arguments: [DataType], _ result: DataType, variadic: Bool = false,
        strict: Bool = true, canFail: Bool = false, volatile: Bool = false,
        _ body: @escaping Body
    ) {
        self.name = name
        self.arguments = arguments
        self.result = result
        isVariadic = variadic
        isStrict = strict
        self.canFail = canFail
        isVolatile = volatile
        self.body = body
    }

    /// How plans and fingerprints name it.
    package var signature: String {
        "\(name)(\(arguments.map(\.name).joined(separator: ",")))"
    }
}
