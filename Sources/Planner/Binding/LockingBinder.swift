import Dataflow
package import Types

/// A query with FOR UPDATE: rows of tables that are the transaction's until its end.
package struct LockingQuery: Sendable {
    /// The rows of one table among the columns of the plan.
    package struct Locked: Sendable {
        package let table: CatalogObject
        package let columns: Range<Int>
        package let wait: RowLocking.Wait
    }

    /// Where the query stands in the statement.
    package let at: Int
    /// The query's own columns, then those of the locked tables; all rows, whatever the limit.
    package let plan: LogicalPlan
    package let fields: [Field]
    package let locked: [Locked]
    package let limit: Int?
    package let offset: Int

    /// The plan for so many rows only.
    package func plan(limit: Int?, offset: Int) -> LogicalPlan {
        if limit == nil, offset == 0 { return plan }
        return LockingQuery.limited(plan, limit, offset)
    }

    /// The limit goes where the order is made, so that no more rows are kept than needed.
    private static func limited(_ plan: LogicalPlan, _ limit: Int?, _ offset: Int) -> LogicalPlan {
        switch plan {
        case .project(let input, let list, let fields):
            return .project(limited(input, limit, offset), list, fields)
        case .sort(let input, let keys, limit: nil, offset: 0):
            return .sort(input, keys, limit: limit, offset: offset)
        default: return .sort(plan, [], limit: limit, offset: offset)
        }
    }
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
        if let at = query.tiesAt {
            throw SQLError.unsupported("WITH TIES with \(clause.name)", at: position(at))
        }
        let select: Select
        switch query.body {
        case .select(let body): select = body
        case .values: throw inapplicable(clause, "VALUES")
        case .operation: throw notAllowed(clause, "with UNION/INTERSECT/EXCEPT")
        }
        try checkRowsAreKnown(select, query, clause)
        let tables = try lockedTables(select, query)
        var whole = query
        whole.locking = []
        whole.limit = nil
        whole.offset = nil
        let bound = try binding(query.with) { () throws(SQLError) in
            try SelectBinder(self, select, whole).bind(beside: tables.map(\.name))
        }
        if bound.returnsSets {
            throw notAllowed(clause, "with set-returning functions in the target list")
        }
        let plan = try withKnownTypes(bound.plan, at: query.at)
        guard !Binder.isCorrelated(plan, outerScopes.count) else {
            throw SQLError.unsupported(
                "\(clause.name) in a query that refers to the one around it",
                at: position(clause.at))
        }
        let width = bound.kept.first?.lowerBound ?? plan.fields.count
        let fields = Array(plan.fields.prefix(width))
        lockingQueries.append(
            LockingQuery(
                at: query.at, plan: plan, fields: fields,
                locked: zip(tables, bound.kept).map {
                    .init(table: $0.table, columns: $1, wait: $0.wait)
                },
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

    func notAllowed(_ clause: RowLocking, _ with: String) -> SQLError {
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
        if nodes.contains(where: Grouping.hasWindow) {
            throw notAllowed(clause, "with window functions")
        }
    }

    // MARK: - Tables

    private typealias NamedTable = (
        table: CatalogObject, name: [String], wait: RowLocking.Wait
    )

    /// One item of FROM.
    private struct Item {
        let name: String
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
        // Of several clauses for one table the strictest counts.
        var strictest: [NamedTable] = []
        for table in found {
            if let index = strictest.firstIndex(where: { $0.name == table.name }) {
                strictest[index].wait = max(strictest[index].wait, table.wait)
            } else {
                strictest.append(table)
            }
        }
        return strictest
    }

    private static func items(of reference: TableReference, canBeMissing: Bool) -> [Item] {
        func item(_ name: String) -> [Item] {
            [Item(name: name, canBeMissing: canBeMissing, reference: reference)]
        }
        switch reference {
        case .table(let parts, let alias, _):
            return item(alias?.name ?? parts[parts.count - 1])
        case .subquery(_, let alias, _, _): return item(alias?.name ?? "")
        case .function(let call, let alias, _):
            return item(alias?.name ?? call.name[call.name.count - 1])
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
        case .subquery(let inner, _, _, _):
            if case .values = inner.body { return [] }
            throw SQLError.unsupported(
                "\(clause.name) of a subquery in FROM", at: position(clause.at))
        case .table(let parts, let alias, let at):
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
            let name = alias == nil ? [object.schema, object.name] : [item.name]
            return [(object, name, clause.wait)]
        }
    }

    private func isCommonTable(_ name: String, _ query: Query) -> Bool {
        query.with.contains { $0.name == name } || commonTables.contains { $0[name] != nil }
    }
}
