/// An expression as written: names and operators are not resolved yet.
package indirect enum Expression: Sendable {
    /// A constant as written.
    package enum Literal: Sendable {
        case null
        case bool(Bool)
        case integer(String)
        case decimal(String)
        case string(String)
    }

    /// What IS asks.
    package enum Test: Sendable { case null, isTrue, isFalse, unknown }

    case literal(Literal, at: Int)
    case parameter(Int, at: Int)
    /// A name of one to three parts.
    case column([String], at: Int)
    /// A column by its number: what `*` becomes where two columns have one name.
    case place(Int, at: Int)
    /// `*` or `t.*`
    case star([String], at: Int)
    case call(FunctionCall)
    case unary(String, Expression, at: Int)
    case binary(String, Expression, Expression, at: Int)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case not(Expression, at: Int)
    case cast(Expression, TypeName, at: Int)
    case cases(
        operand: Expression?, arms: [(when: Expression, then: Expression)], otherwise: Expression?,
        at: Int)
    case test(Expression, Test, negated: Bool, at: Int)
    case distinct(Expression, Expression, negated: Bool, at: Int)
    case between(
        Expression, low: Expression, high: Expression, negated: Bool, symmetric: Bool, at: Int)
    case inList(Expression, [Expression], negated: Bool, at: Int)
    case inQuery(Expression, Query, negated: Bool, at: Int)
    case like(String, Expression, pattern: Expression, escape: Expression?, at: Int)
    case subquery(Query, at: Int)
    case exists(Query, at: Int)
    case arrayQuery(Query, at: Int)
    case array([Expression], at: Int)
    case row([Expression], at: Int)
    /// `left op ANY (array)`, ALL likewise.
    case quantified(String, Expression, Expression, isAll: Bool, at: Int)
    case subscript_(Expression, [Subscript], at: Int)
    /// `left op ANY (SELECT …)`, ALL likewise.
    case comparedQuery(String, Expression, Query, isAll: Bool, at: Int)
    /// `name => value`: an argument that says which it is.
    case named(String, Expression, at: Int)

    /// Byte offset of the token that errors point at.
    package var at: Int {
        switch self {
        case .literal(_, let at), .parameter(_, let at), .column(_, let at), .place(_, let at),
            .star(_, let at),
            .unary(_, _, let at), .binary(_, _, _, let at), .not(_, let at), .cast(_, _, let at),
            .cases(_, _, _, let at), .test(_, _, _, let at), .distinct(_, _, _, let at),
            .between(_, _, _, _, _, let at), .inList(_, _, _, let at), .inQuery(_, _, _, let at),
            .like(_, _, _, _, let at), .subquery(_, let at), .exists(_, let at),
            .arrayQuery(_, let at), .array(_, let at), .row(_, let at),
            .quantified(_, _, _, _, let at), .subscript_(_, _, let at),
            .comparedQuery(_, _, _, _, let at), .named(_, _, let at):
            at
        case .call(let call): call.at
        case .and(let left, _), .or(let left, _): left.at
        }
    }
}

extension Expression {
    /// What it is put together of, queries aside.
    var children: [Expression] {
        switch self {
        case .literal, .parameter, .column, .place, .star, .subquery, .exists, .arrayQuery: []
        case .call(let call):
            call.arguments + (call.over?.partition ?? [])
                + (call.over?.order.map(\.expression) ?? [])
        case .unary(_, let a, _), .not(let a, _), .cast(let a, _, _), .test(let a, _, _, _),
            .inQuery(let a, _, _, _), .comparedQuery(_, let a, _, _, _), .named(_, let a, _):
            [a]
        case .binary(_, let a, let b, _), .and(let a, let b), .or(let a, let b),
            .distinct(let a, let b, _, _), .quantified(_, let a, let b, _, _):
            [a, b]
        case .cases(let operand, let arms, let otherwise, _):
            [operand, otherwise].compactMap { $0 } + arms.flatMap { [$0.when, $0.then] }
        case .between(let a, let b, let c, _, _, _): [a, b, c]
        case .inList(let a, let list, _, _): [a] + list
        case .like(_, let a, let b, let c, _): [a, b] + (c.map { [$0] } ?? [])
        case .array(let list, _), .row(let list, _): list
        case .subscript_(let a, let list, _):
            [a] + list.flatMap { [$0.lower, $0.upper].compactMap { $0 } }
        }
    }
}

/// A type as written.
package struct TypeName: Sendable {
    package var name: String
    package var modifiers: [Int]
    /// Of an interval: `day to second` and the like.
    package var fields: String?
    package var isArray: Bool
    package var at: Int

    /// A type without modifiers, as if it had been written at `at`.
    package init(_ name: String, at: Int) {
        self.init(name: name, modifiers: [], isArray: false, at: at)
    }

    init(name: String, modifiers: [Int], fields: String? = nil, isArray: Bool, at: Int) {
        self.name = name
        self.fields = fields
        self.modifiers = modifiers
        self.isArray = isArray
        self.at = at
    }
}

/// `name(arguments)`, with what aggregates and windows add.
package struct FunctionCall: Sendable {
    package var name: [String]
    package var arguments: [Expression]
    package var isStar = false
    package var isDistinct = false
    /// The last argument is VARIADIC: an array of arguments.
    package var isVariadic = false
    package var orderBy: [OrderItem] = []
    package var filter: Expression?
    /// OVER (…): it is a window function.
    package var over: WindowDefinition?
    package var at: Int
}

/// One item of ORDER BY.
package struct OrderItem: Sendable {
    package var expression: Expression
    package var descending: Bool
    package var nullsFirst: Bool?
}

/// OVER (…) as written.
package struct WindowDefinition: Sendable {
    /// OVER name, or the name that a definition begins with.
    package var name: String?
    package var partition: [Expression] = []
    package var order: [OrderItem] = []
    package var hasFrame = false
}

/// One item of GROUP BY.
package indirect enum GroupItem: Sendable {
    case expression(Expression)
    /// Lists of expressions that come and go together.
    case rollup([[Expression]])
    case cube([[Expression]])
    case sets([GroupItem])
    /// A list in parentheses within GROUPING SETS.
    case list([Expression])
}

/// [index] or [lower:upper].
package struct Subscript: Sendable {
    package var lower: Expression?
    package var upper: Expression?
    package var isSlice: Bool
}
