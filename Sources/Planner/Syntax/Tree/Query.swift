/// A query as written: WITH, a body, ORDER BY, LIMIT.
package struct Query: Sendable {
    package struct CommonTable: Sendable {
        package var name: String
        package var columns: [String]
        package var query: Query
        package var at: Int
    }

    package var with: [CommonTable] = []
    package var isRecursive = false
    package var body: QueryBody
    package var orderBy: [OrderItem] = []
    package var limit: Expression?
    package var offset: Expression?
    package var at: Int
}

package indirect enum QueryBody: Sendable {
    package enum SetOperation: String, Sendable { case union, intersect, except }

    case select(Select)
    case values([[Expression]], at: Int)
    case operation(SetOperation, isAll: Bool, Query, Query, at: Int)
}

/// SELECT … FROM … WHERE … GROUP BY … HAVING
package struct Select: Sendable {
    package enum Distinct: Sendable { case none, all, on([Expression]) }

    package struct Item: Sendable {
        package var expression: Expression
        package var alias: String?
    }

    package var distinct: Distinct = .none
    package var items: [Item] = []
    package var from: [TableReference] = []
    package var condition: Expression?
    package var groupBy: [Expression] = []
    package var having: Expression?
    package var at: Int
}

package indirect enum TableReference: Sendable {
    package enum JoinKind: String, Sendable { case inner, left, right, full, cross }

    package enum JoinCondition: Sendable {
        case none
        case on(Expression)
        case using([String])
        case natural
    }

    case table([String], alias: TableAlias?, at: Int)
    case subquery(Query, alias: TableAlias?, isLateral: Bool, at: Int)
    case function(FunctionCall, alias: TableAlias?, withOrdinality: Bool)
    case join(JoinKind, TableReference, TableReference, JoinCondition, at: Int)
}

/// AS name (columns)
package struct TableAlias: Sendable {
    package var name: String
    package var columns: [String]
}
