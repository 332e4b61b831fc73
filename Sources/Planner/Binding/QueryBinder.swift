import Dataflow
package import Types

extension Binder {
    /// A whole query. Its fields are what the client sees.
    package func bind(_ query: Query) throws(SQLError) -> LogicalPlan {
        if !query.locking.isEmpty { return try bindLocking(query) }
        if query.isRecursive, !query.with.isEmpty {
            throw SQLError.unsupported("WITH RECURSIVE", at: position(query.at))
        }
        return try binding(query.with) { () throws(SQLError) in
            switch query.body {
            case .select(let select): return try SelectBinder(self, select, query).bind()
            case .values(let rows, let at): return try ordered(try values(rows, at), query)
            case .operation(let operation, let isAll, let left, let right, let at):
                return try ordered(try setOperation(operation, isAll, left, right, at), query)
            }
        }
    }

    /// The plan with other column names. - Throws: 42P10 for too many of them.
    func renamed(_ plan: LogicalPlan, _ names: [String], _ table: String, at: Int) throws(SQLError)
        -> LogicalPlan
    {
        if names.isEmpty { return plan }
        var fields = plan.fields
        guard names.count <= fields.count else {
            throw SQLError(
                .invalidColumnReference,
                "table \"\(table)\" has \(fields.count) columns available but \(names.count) columns "
                    + "specified", position: position(at))
        }
        for (index, name) in names.enumerated() { fields[index].name = name }
        let list = fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
        return .project(plan, list, fields)
    }

    /// - Throws: 42P10 for too many names.
    package func renamed(_ plan: LogicalPlan, _ names: [String]) throws(SQLError) -> LogicalPlan {
        try renamed(plan, names, "AS", at: 0)
    }

    private func values(_ rows: [[Expression]], _ at: Int) throws(SQLError) -> LogicalPlan {
        let binder = ExpressionBinder(binder: self, scope: Scope(), forbidsAggregates: "VALUES")
        var bound: [[(Expr, Int)]] = []
        var subqueries: [Subqueries] = []
        for row in rows {
            var own = binder
            let found = Subqueries(self, outer: Scope())
            own.subqueries = found
            subqueries.append(found)
            bound.append(try own.bindAll(row))
            guard row.count == rows[0].count else {
                throw SQLError(
                    .syntaxError, "VALUES lists must all be the same length", position: position(at)
                )
            }
        }
        var columns: [[Expr]] = []
        var fields: [Field] = []
        for index in rows[0].indices {
            let (list, type) = try binder.unify(bound.map { $0[index] }, "VALUES")
            columns.append(list)
            fields.append(Field("column\(index + 1)", type))
        }
        let list = rows.indices.map { row in columns.map { $0[row] } }
        if subqueries.allSatisfy(\.isEmpty) { return .values(list, fields) }
        var parts: [LogicalPlan] = []
        for (row, found) in zip(list, subqueries) {
            parts.append(.project(try found.applied(to: .unit), row, fields))
        }
        return parts.count == 1 ? parts[0] : .union(parts)
    }

    private func setOperation(
        _ operation: QueryBody.SetOperation, _ isAll: Bool, _ left: Query, _ right: Query, _ at: Int
    ) throws(SQLError) -> LogicalPlan {
        if let clause = left.locking.first ?? right.locking.first {
            throw notAllowed(clause, "with UNION/INTERSECT/EXCEPT")
        }
        let (a, b) = (try bind(left), try bind(right))
        guard a.fields.count == b.fields.count else {
            throw SQLError(
                .syntaxError,
                "each \(operation.rawValue.uppercased()) query must have the same number of columns",
                position: position(at))
        }
        let binder = ExpressionBinder(binder: self, scope: Scope())
        var (lefts, rights): ([Expr], [Expr]) = ([], [])
        var fields: [Field] = []
        for index in a.fields.indices {
            let (list, type) = try binder.unify(
                [(literal(a, index), at), (literal(b, index), at)],
                operation.rawValue.uppercased())
            lefts.append(list[0])
            rights.append(list[1])
            fields.append(Field(a.fields[index].name, type))
        }
        let (first, second) = (
            LogicalPlan.project(a, lefts, fields), LogicalPlan.project(b, rights, fields)
        )
        switch operation {
        case .union: break
        case .intersect: return .setOperation(.intersect, isAll: isAll, first, second)
        case .except: return .setOperation(.except, isAll: isAll, first, second)
        }
        let plan = LogicalPlan.union([first, second])
        return isAll ? plan : .distinct(plan)
    }

    /// Column `index` of a plan, or the literal that it is, so that NULL and 'x' take any type.
    private func literal(_ plan: LogicalPlan, _ index: Int) -> Expr {
        if case .project(_, let list, _) = plan, case .constant(_, let type) = list[index],
            type.kind == .unknown
        {
            return list[index]
        }
        return .column(index, plan.fields[index].type)
    }

    /// ORDER BY, LIMIT and OFFSET over a plan's own columns.
    private func ordered(_ plan: LogicalPlan, _ query: Query) throws(SQLError) -> LogicalPlan {
        var keys: [SortKey] = []
        for item in query.orderBy {
            keys.append(try outputKey(item, plan.fields, orThrow: true) ?? SortKey(column: 0))
        }
        return try limited(plan, keys, query)
    }

    func limited(_ plan: LogicalPlan, _ keys: [SortKey], _ query: Query) throws(SQLError)
        -> LogicalPlan
    {
        let limit = try rowBound(query.limit, "LIMIT", .invalidLimit)
        let offset = try rowBound(query.offset, "OFFSET", .invalidOffset) ?? 0
        if keys.isEmpty, limit == nil, offset == 0 { return plan }
        if let at = query.tiesAt, let limit, limit > 0 {
            guard !keys.isEmpty else {
                throw SQLError(
                    .syntaxError, "WITH TIES cannot be specified without ORDER BY clause",
                    position: position(at))
            }
            if let clause = query.locking.first(where: { $0.wait == .skipLocked }) {
                throw SQLError(
                    .featureNotSupported,
                    "SKIP LOCKED and WITH TIES options cannot be used together",
                    position: position(clause.at))
            }
            let first = LogicalPlan.Rank(
                partition: [], order: keys, functions: [],
                bound: .init(.rank, limit: limit.clampedSum(offset)))
            return .sort(.rank(plan, first), keys, limit: nil, offset: offset)
        }
        return .sort(plan, keys, limit: limit, offset: offset)
    }

    /// The number of LIMIT or OFFSET; nil for none.
    func rowBound(_ node: Expression?, _ clause: String, _ state: SQLState) throws(SQLError)
        -> Int?
    {
        guard let node else { return nil }
        let binder = ExpressionBinder(binder: self, scope: Scope(), forbidsAggregates: clause)
        let expression = try convert(try binder.bind(node), to: .int8, .assignment, at: node.at) {
            SQLError(
                .datatypeMismatch, "argument of \(clause) must be type bigint",
                position: position(node.at))
        }
        guard expression.columns.isEmpty else {
            throw SQLError.unsupported("\(clause) that depends on a row", at: position(node.at))
        }
        guard parameterValues != nil || !Binder.hasPlaceholder(expression) else { return 0 }
        guard let value = try Folding.value(of: expression).int else { return nil }
        guard value >= 0 else {
            throw SQLError(state, "\(clause) must not be negative")
        }
        return Int(value)
    }

    static func hasPlaceholder(_ expression: Expr) -> Bool {
        if case .call(let function, _, _) = expression, function.name.hasPrefix("$") { return true }
        return expression.children.contains(where: hasPlaceholder)
    }

    /// A sort key that is a position or an output name; nil when it is another expression.
    func outputKey(_ item: OrderItem, _ fields: [Field], orThrow: Bool) throws(SQLError) -> SortKey?
    {
        func key(_ column: Int) -> SortKey {
            SortKey(column: column, descending: item.descending, nullsFirst: item.nullsFirst)
        }
        switch item.expression {
        case .literal(.integer(let text), let at):
            guard let number = Int(text), number >= 1, number <= fields.count else {
                throw SQLError(
                    .invalidColumnReference, "ORDER BY position \(text) is not in select list",
                    position: position(at))
            }
            return key(number - 1)
        case .column(let parts, let at) where parts.count == 1:
            let found = fields.indices.filter { fields[$0].name == parts[0] }
            if found.count == 1 { return key(found[0]) }
            if found.count > 1, orThrow {
                throw SQLError(
                    .ambiguousColumn, "ORDER BY \"\(parts[0])\" is ambiguous",
                    position: position(at))
            }
            if orThrow {
                throw SQLError(
                    .undefinedColumn, "column \"\(parts[0])\" does not exist",
                    position: position(at))
            }
            return found.first.map(key)
        default:
            if orThrow {
                throw SQLError(
                    .featureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
                    detail: "Only result column names can be used, not expressions or functions.",
                    position: position(item.expression.at))
            }
            return nil
        }
    }
}
