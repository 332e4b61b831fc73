import Dataflow
package import Types

/// An INSERT, ready to run: a query whose columns are the table's.
package struct BoundInsert: Sendable {
    package let table: CatalogObject
    package let plan: LogicalPlan
}

extension Binder {
    /// - Throws: 42P01, 42809, 42703, 42601, 42804 as PostgreSQL does.
    package func bind(_ insert: Insert) throws(SQLError) -> BoundInsert {
        let at = insert.table.at
        let table = try catalog.resolve(insert.table, position: position(at))
        guard table.kind == .table else {
            throw SQLError(
                .wrongObjectType, "cannot insert into \(table.kindName) \"\(table.name)\"",
                position: position(at))
        }
        if insert.hasReturning { throw SQLError.unsupported("RETURNING", at: position(at)) }
        if insert.hasOnConflict { throw SQLError.unsupported("ON CONFLICT", at: position(at)) }
        references.insert(table.oid)
        var targets: [Int] = []
        for (name, at) in insert.columns {
            guard let index = table.columns.firstIndex(where: { $0.name == name }) else {
                throw SQLError(
                    .undefinedColumn,
                    "column \"\(name)\" of relation \"\(table.name)\" does not exist",
                    position: position(at))
            }
            if targets.contains(index) {
                throw SQLError(
                    .duplicateColumn, "column \"\(name)\" specified more than once",
                    position: position(at))
            }
            targets.append(index)
        }
        let source = try insertSource(insert, table, targets)
        let fields = source.fields
        if targets.isEmpty { targets = Array(table.columns.indices.prefix(fields.count)) }
        guard fields.count <= targets.count, fields.count <= table.columns.count else {
            throw SQLError(
                .syntaxError, "INSERT has more expressions than target columns",
                position: position(insert.query.at))
        }
        guard fields.count == targets.count else {
            throw SQLError(
                .syntaxError, "INSERT has more target columns than expressions",
                position: position(at))
        }
        var list = table.columns.map { Expr.constant(.null, $0.type) }
        for (index, target) in targets.enumerated() {
            let column = table.columns[target]
            list[target] = try assigned(
                literalColumn(source, index), to: column, at: insert.query.at)
        }
        return BoundInsert(table: table, plan: .project(source, list, table.fields))
    }

    /// VALUES rows take the table's types one by one, so that '1' is an integer where one is wanted.
    private func insertSource(_ insert: Insert, _ table: CatalogObject, _ targets: [Int])
        throws(SQLError)
        -> LogicalPlan
    {
        guard case .values(let rows, let at) = insert.query.body, insert.query.with.isEmpty,
            insert.query.orderBy.isEmpty, insert.query.limit == nil
        else { return try bind(insert.query) }
        let columns = targets.isEmpty ? table.columns : targets.map { table.columns[$0] }
        let binder = ExpressionBinder(binder: self, scope: Scope(), forbidsAggregates: "VALUES")
        var bound: [[Expr]] = []
        for row in rows {
            guard row.count == rows[0].count else {
                throw SQLError(
                    .syntaxError, "VALUES lists must all be the same length", position: position(at)
                )
            }
            guard row.count <= columns.count else {
                throw SQLError(
                    .syntaxError, "INSERT has more expressions than target columns",
                    position: position(row[columns.count].at))
            }
            var list: [Expr] = []
            for (index, node) in row.enumerated() {
                if case .column(["default"], _) = node {
                    list.append(.constant(.null, columns[index].type))
                } else {
                    list.append(
                        try assigned(try binder.bind(node), to: columns[index], at: node.at))
                }
            }
            bound.append(list)
        }
        let fields = columns.prefix(rows[0].count).map { Field($0.name, $0.type) }
        return .values(bound, fields)
    }

    private func literalColumn(_ plan: LogicalPlan, _ index: Int) -> Expr {
        if case .project(_, let list, _) = plan, case .constant(_, let type) = list[index],
            type.kind == .unknown
        {
            return list[index]
        }
        // A parameter alone takes the column's type.
        if case .project(_, let list, _) = plan, case .call(let function, _, _) = list[index],
            function.name.hasPrefix("$"), list[index].type.kind == .unknown
        {
            return list[index]
        }
        return .column(index, plan.fields[index].type)
    }

    private func assigned(_ expression: Expr, to column: CatalogColumn, at: Int) throws(SQLError)
        -> Expr
    {
        try convert(expression, to: column.type, .assignment, at: at) {
            SQLError(
                .datatypeMismatch,
                "column \"\(column.name)\" is of type \(column.type.base.name) but expression is of type "
                    + expression.type.base.name,
                hint: "You will need to rewrite or cast the expression.", position: position(at))
        }
    }
}
