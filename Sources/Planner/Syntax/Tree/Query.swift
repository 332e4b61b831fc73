/// A query as written: WITH, a body, ORDER BY, LIMIT.
package struct Query: Sendable {
    /// One table of WITH.
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
    /// WITH TIES: also the rows that are equal to the last one in the order; where it stands.
    package var tiesAt: Int?
    package var offset: Expression?
    package var locking: [RowLocking] = []
    package var at: Int
}

/// FOR UPDATE and its kin: all of them lock alike.
package struct RowLocking: Sendable {
    /// What happens at a row that another transaction has; the strictest of several counts.
    package enum Wait: Int, Sendable, Comparable {
        case block, skipLocked, noWait

        package static func < (a: Wait, b: Wait) -> Bool { a.rawValue < b.rawValue }
    }

    /// As written: "FOR UPDATE".
    package var name: String
    /// OF …; all tables when empty.
    package var tables: [(name: String, at: Int)]
    package var wait: Wait
    package var at: Int
}

/// A SELECT, VALUES, or two queries put together.
package indirect enum QueryBody: Sendable {
    /// UNION, INTERSECT, EXCEPT.
    package enum SetOperation: String, Sendable { case union, intersect, except }

    case select(Select)
    case values([[Expression]], at: Int)
    case operation(SetOperation, isAll: Bool, Query, Query, at: Int)
}

/// SELECT … FROM … WHERE … GROUP BY … HAVING
package struct Select: Sendable {
    /// DISTINCT and DISTINCT ON.
    package enum Distinct: Sendable { case none, all, on([Expression]) }

    /// One item of the select list.
    package struct Item: Sendable {
        package var expression: Expression
        package var alias: String?
    }

    package var distinct: Distinct = .none
    package var items: [Item] = []
    package var from: [TableReference] = []
    package var condition: Expression?
    package var groupBy: [GroupItem] = []
    /// WINDOW name AS (…)
    package var windows: [String: WindowDefinition] = [:]
    package var having: Expression?
    package var at: Int
}

/// One item of FROM.
package indirect enum TableReference: Sendable {
    /// The kinds of joins.
    package enum JoinKind: String, Sendable { case inner, left, right, full, cross }

    /// ON, USING or NATURAL.
    package enum JoinCondition: Sendable {
        case none
        case on(Expression)
        /// The alias is that of a table of the merged columns.
        case using([String], alias: String?)
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

extension Select.Item {
    /// Whether it is `*` or `t.*`.
    var isStar: Bool {
        if case .star = expression { return true }
        return false
    }

    /// A column by its name.
    package init(column: String, at: Int) {
        self.init(expression: .column([column], at: at), alias: nil)
    }
}

extension Query {
    /// SELECT * FROM table
    package init(selectingFrom table: TableReference, at: Int) {
        let star = Select.Item(expression: .star([], at: at), alias: nil)
        self.init(body: .select(Select(items: [star], from: [table], at: at)), at: at)
    }

    /// SELECT … FROM table, for COPY.
    package init(copying table: QualifiedName, _ items: [Select.Item]) {
        let select = Select(
            items: items, from: [.table(table.parts, alias: nil, at: table.at)], at: table.at)
        self.init(body: .select(select), at: table.at)
    }
}
