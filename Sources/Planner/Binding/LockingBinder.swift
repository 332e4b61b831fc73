import Dataflow
package import Types

/// A query with FOR UPDATE: rows of tables that are the transaction's until its end.
package struct LockingQuery: Sendable {
    /// The rows of one table among the columns of the plan.
    package struct Locked: Sendable {
        package let table: CatalogObject
        package let columns: Range<Int>
    }

    /// Where the query stands in the statement.
    package let at: Int
    /// The query's own columns, then those of the locked tables; all rows, whatever the limit.
    package let plan: LogicalPlan
    package let fields: [Field]
    package let locked: [Locked]
    package let wait: RowLocking.Wait
    package let limit: Int?
    package let offset: Int
}

extension Binder {
    /// A query that has FOR UPDATE. Its rows have to be read and locked before the statement can run:
    /// the first binding only names such queries (`lockingQueries`), the next one finds their rows in
    /// `lockedRows`.
    /// - Throws: 0A000 where no row of a table stands behind a row of the query, 42809, 42P01.
    func bindLocking(_ query: Query) throws(SQLError) -> LogicalPlan {
        let clause = query.locking[0]
        if isForView || viewDepth > 0 {
            throw SQLError.unsupported("\(clause.name) in a view", at: position(clause.at))
        }
        if let rows = lockedRows[query.at] { return rows }
        let select: Select
        switch query.body {
        case .select(let body): select = body
        case .values: throw inapplicable(clause, "VALUES")
        case .operation: throw notAllowed(clause, "with UNION/INTERSECT/EXCEPT")
        }
        try checkRowsAreKnown(select, query, clause)
        let tables = try lockedTables(select, query)
        var (widened, hidden) = (select, 0)
        var ranges: [LockingQuery.Locked] = []
        for (table, name, columns) in tables {
            let start = hidden
            for (index, column) in table.columns.enumerated() {
                widened.items.append(
                    Select.Item(
                        expression: .column(
                            [name, index < columns.count ? columns[index] : column.name],
                            at: clause.at),
                        alias: "?locked?"))
                hidden += 1
            }
            ranges.append(.init(table: table, columns: start..<hidden))
        }
        var whole = query
        whole.locking = []
        whole.limit = nil
        whole.offset = nil
        whole.body = .select(widened)
        let plan = try withKnownTypes(try bind(whole), at: query.at)
        guard !Binder.isCorrelated(plan, outerScopes.count) else {
            throw SQLError.unsupported(
                "\(clause.name) in a query that refers to the one around it",
                at: position(clause.at))
        }
        let width = plan.fields.count - hidden
        let fields = Array(plan.fields.prefix(width))
        lockingQueries.append(
            LockingQuery(
                at: query.at, plan: plan, fields: fields,
                locked: ranges.map {
                    .init(
                        table: $0.table,
                        columns: ($0.columns.lowerBound + width)..<($0.columns.upperBound + width))
                },
                wait: query.locking.map(\.wait).max() ?? .block,
                limit: try rowBound(query.limit, "LIMIT", .invalidLimit),
                offset: try rowBound(query.offset, "OFFSET", .invalidOffset) ?? 0))
        return .project(
            plan, fields.enumerated().map { .column($0.offset, $0.element.type) }, fields)
    }

    private static func isCorrelated(_ plan: LogicalPlan, _ levels: Int) -> Bool {
        (0...levels).contains { !OuterReference.columns(of: plan, level: $0).isEmpty }
    }

    private func inapplicable(_ clause: RowLocking, _ what: String) -> SQLError {
        SQLError(
            .featureNotSupported, "\(clause.name) cannot be applied to \(what)",
            position: position(clause.at))
    }

    private func notAllowed(_ clause: RowLocking, _ with: String) -> SQLError {
        SQLError(
            .featureNotSupported, "\(clause.name) is not allowed \(with)",
            position: position(clause.at))
    }

    /// - Throws: 0A000 for a query whose rows are not made of one row of each table.
    private func checkRowsAreKnown(_ select: Select, _ query: Query, _ clause: RowLocking)
        throws(SQLError)
    {
        if case .none = select.distinct {
        } else {
            throw notAllowed(clause, "with DISTINCT clause")
        }
        if !select.groupBy.isEmpty { throw notAllowed(clause, "with GROUP BY clause") }
        if select.having != nil { throw notAllowed(clause, "with HAVING clause") }
        let nodes = select.items.map(\.expression) + query.orderBy.map(\.expression)
        if nodes.contains(where: Grouping.hasAggregate) {
            throw notAllowed(clause, "with aggregate functions")
        }
        if nodes.contains(where: Binder.hasWindow) {
            throw notAllowed(clause, "with window functions")
        }
    }

    private static func hasWindow(_ node: Expression) -> Bool {
        if case .call(let call) = node, call.over != nil { return true }
        return node.children.contains(where: hasWindow)
    }

    // MARK: - Tables

    private typealias NamedTable = (table: CatalogObject, name: String, columns: [String])

    /// One item of FROM.
    private struct Item {
        let name: String
        let columns: [String]
        let canBeMissing: Bool
        let reference: TableReference
    }

    private func lockedTables(_ select: Select, _ query: Query) throws(SQLError) -> [NamedTable] {
        let items = select.from.flatMap { Binder.items(of: $0, canBeMissing: false) }
        var found: [NamedTable] = []
        for clause in query.locking {
            if clause.tables.isEmpty {
                for item in items { found += try locked(item, clause, query, isNamed: false) }
            }
            for (name, at) in clause.tables {
                guard let item = items.first(where: { $0.name == name }) else {
                    throw SQLError(
                        .undefinedTable,
                        "relation \"\(name)\" in \(clause.name) clause not found in FROM clause",
                        position: position(at))
                }
                found += try locked(item, clause, query, isNamed: true)
            }
        }
        var names: Set<String> = []
        return found.filter { names.insert($0.name).inserted }
    }

    private static func items(of reference: TableReference, canBeMissing: Bool) -> [Item] {
        func item(_ name: String, _ columns: [String]) -> [Item] {
            [Item(name: name, columns: columns, canBeMissing: canBeMissing, reference: reference)]
        }
        switch reference {
        case .table(let parts, let alias, _):
            return item(alias?.name ?? parts[parts.count - 1], alias?.columns ?? [])
        case .subquery(_, let alias, _, _): return item(alias?.name ?? "", [])
        case .function(let call, let alias, _):
            return item(alias?.name ?? call.name[call.name.count - 1], [])
        case .join(let kind, let left, let right, _, _):
            return items(
                of: left, canBeMissing: canBeMissing || kind == .right || kind == .full)
                + items(of: right, canBeMissing: canBeMissing || kind == .left || kind == .full)
        }
    }

    private func locked(_ item: Item, _ clause: RowLocking, _ query: Query, isNamed: Bool)
        throws(SQLError) -> [NamedTable]
    {
        switch item.reference {
        case .join: return []
        case .function:
            if isNamed { throw inapplicable(clause, "a function") }
            return []
        case .subquery:
            throw SQLError.unsupported(
                "\(clause.name) of a subquery in FROM", at: position(clause.at))
        case .table(let parts, _, let at):
            if parts.count == 1, isCommonTable(parts[0], query) {
                if isNamed { throw inapplicable(clause, "a WITH query") }
                return []
            }
            let object = try relation(parts, at: at)
            switch object.kind {
            case .table: break
            case .system: return []
            case .view:
                throw SQLError.unsupported("\(clause.name) of a view", at: position(clause.at))
            default:
                throw SQLError(
                    .wrongObjectType,
                    "cannot lock rows in \(object.kindName) \"\(object.name)\"",
                    position: position(at))
            }
            if item.canBeMissing {
                throw inapplicable(clause, "the nullable side of an outer join")
            }
            return [(object, item.name, item.columns)]
        }
    }

    private func isCommonTable(_ name: String, _ query: Query) -> Bool {
        query.with.contains { $0.name == name } || commonTables.contains { $0[name] != nil }
    }
}
