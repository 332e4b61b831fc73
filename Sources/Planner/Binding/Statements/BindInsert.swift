package import Dataflow
package import Types

/// An INSERT, ready to run.
package struct BoundInsert: Sendable {
    /// What happens to rows whose key is there already.
    package struct Conflict: Sendable {
        /// The keys that are looked at, by columns; the first that is there decides.
        package let keys: [[Int]]
        /// Over the proposed row, then the one that is there; nil: DO NOTHING.
        package let newRow: [Expr]?
        package let condition: Expr?
    }

    package let table: CatalogObject
    /// Its columns are the table's.
    package let plan: LogicalPlan
    package let conflict: Conflict?
    package let returning: BoundReturning?
}

/// A RETURNING list over the changed rows.
package struct BoundReturning: Sendable {
    package let list: [Expr]
    package let fields: [Field]
}

extension Binder {
    /// - Throws: 42P01, 42809, 42703, 42601, 42804 as PostgreSQL does.
    package func bind(_ insert: Insert) throws(SQLError) -> BoundInsert {
        beginCommonTables()
        defer { endCommonTables() }
        try bindCommonTables(insert.with)
        let table = try target(insert.table, "insert into")
        let at = insert.table.at
        let columns = try insertColumns(insert, table)
        let plan: LogicalPlan
        if let query = insert.query {
            plan = try insertPlan(query, insert, table, columns, at)
        } else {
            plan = .values([try table.columns.map(defaultValue)], table.fields)
        }
        return BoundInsert(
            table: table, plan: try withGenerated(plan, table),
            conflict: try bindConflict(insert, table),
            returning: try bindReturning(
                insert.returning, scope: targetScope(table, insert.alias)))
    }

    /// The columns that COPY FROM fills, in the order of the data.
    /// - Throws: 42P01, 42809, 42703, 42701.
    package func bindCopy(_ name: QualifiedName, _ columns: [(name: String, at: Int)])
        throws(SQLError) -> (table: CatalogObject, columns: [Int])
    {
        let table = try target(name, "copy to")
        let insert = Insert(table: name, columns: columns, returning: [])
        let named = try insertColumns(insert, table)
        for index in named where table.columns[index].generatedText != nil {
            throw SQLError(
                .invalidColumnReference,
                "column \"\(table.columns[index].name)\" is a generated column",
                detail: "Generated columns cannot be used in COPY.")
        }
        if !columns.isEmpty { return (table, named) }
        return (table, table.columns.indices.filter { table.columns[$0].generatedText == nil })
    }

    /// What COPY TO reads. - Throws: 42P01, 42809.
    package func bindCopySource(_ name: QualifiedName) throws(SQLError) -> CatalogObject {
        let object = try catalog.resolve(name, position: position(name.at))
        guard object.kind != .view, object.kind != .sequence, object.kind != .index else {
            throw SQLError(
                .wrongObjectType, "cannot copy from \(object.kindName) \"\(object.name)\"",
                hint: "Try the COPY (SELECT ...) TO variant.")
        }
        return object
    }

    /// What COPY FROM has read, as an insert.
    package func bindCopied(_ rows: Batch, _ table: CatalogObject, _ columns: [Int])
        throws(SQLError) -> BoundInsert
    {
        var list: [Expr] = []
        for (index, column) in table.columns.enumerated() {
            if let place = columns.firstIndex(of: index) {
                list.append(.column(place, column.type))
            } else {
                list.append(try defaultValue(of: column))
            }
        }
        let fields = columns.map { Field(table.columns[$0].name, table.columns[$0].type) }
        let plan = LogicalPlan.project(.literal(rows, fields), list, table.fields)
        return BoundInsert(
            table: table, plan: try withGenerated(plan, table), conflict: nil, returning: nil)
    }

    private func insertColumns(_ insert: Insert, _ table: CatalogObject) throws(SQLError) -> [Int] {
        var targets: [Int] = []
        for (name, at) in insert.columns {
            let index = try targetColumn(name, table, at)
            if targets.contains(index) {
                throw SQLError(
                    .duplicateColumn, "column \"\(name)\" specified more than once",
                    position: position(at))
            }
            targets.append(index)
        }
        return targets
    }

    private func insertPlan(
        _ query: Query, _ insert: Insert, _ table: CatalogObject, _ columns: [Int], _ at: Int
    ) throws(SQLError) -> LogicalPlan {
        var targets = columns
        let source = try insertSource(query, insert, table, targets)
        let fields = source.fields
        if targets.isEmpty { targets = Array(table.columns.indices.prefix(fields.count)) }
        guard fields.count <= targets.count, fields.count <= table.columns.count else {
            throw SQLError(
                .syntaxError, "INSERT has more expressions than target columns",
                position: position(query.at))
        }
        guard fields.count == targets.count else {
            throw SQLError(
                .syntaxError, "INSERT has more target columns than expressions",
                position: position(at))
        }
        var list: [Expr] = []
        for column in table.columns { list.append(try defaultValue(of: column)) }
        for (index, target) in targets.enumerated() {
            let column = table.columns[target]
            // OVERRIDING USER VALUE: the sequence's, whatever is given.
            if insert.overridesUserValue, column.identity != .none { continue }
            let value = literalColumn(source, index)
            // VALUES has looked at its rows one by one.
            if case .values = source {} else { try refuseGenerated(column, insert, at: at) }
            list[target] = try assigned(value, to: column, at: query.at)
        }
        return .project(source, list, table.fields)
    }

    /// - Throws: 428C9 for a value given to a column that makes its own.
    private func refuseGenerated(_ column: CatalogColumn, _ insert: Insert, at: Int)
        throws(SQLError)
    {
        if column.generatedText != nil {
            throw SQLError(
                .generatedAlways,
                "cannot insert a non-DEFAULT value into column \"\(column.name)\"",
                detail: "Column \"\(column.name)\" is a generated column.")
        }
        if column.identity == .always, !insert.overridesSystemValue, !insert.overridesUserValue {
            throw SQLError(
                .generatedAlways,
                "cannot insert a non-DEFAULT value into column \"\(column.name)\"",
                detail:
                    "Column \"\(column.name)\" is an identity column defined as GENERATED ALWAYS.",
                hint: "Use OVERRIDING SYSTEM VALUE to override.")
        }
    }

    /// VALUES rows take the table's types one by one, so that '1' is an integer where one is wanted.
    private func insertSource(
        _ query: Query, _ insert: Insert, _ table: CatalogObject, _ targets: [Int]
    ) throws(SQLError) -> LogicalPlan {
        guard case .values(let rows, let at) = query.body, query.with.isEmpty,
            query.orderBy.isEmpty, query.limit == nil, query.offset == nil
        else { return try bind(query) }
        let columns = targets.isEmpty ? table.columns : targets.map { table.columns[$0] }
        let found = Subqueries(self, outer: Scope())
        let binder = ExpressionBinder(
            binder: self, scope: Scope(), forbidsAggregates: "VALUES", subqueries: found)
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
                    list.append(try defaultValue(of: columns[index]))
                } else {
                    try refuseGenerated(columns[index], insert, at: node.at)
                    list.append(
                        try assigned(try binder.bind(node), to: columns[index], at: node.at))
                }
            }
            bound.append(list)
        }
        let fields = columns.prefix(rows[0].count).map { Field($0.name, $0.type) }
        guard found.isEmpty else {
            // Subqueries in VALUES: each row is a query of its own.
            let base = try found.applied(to: .unit)
            let plans = bound.map { row in LogicalPlan.project(base, row, fields) }
            return plans.count == 1 ? plans[0] : .union(plans)
        }
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

    // MARK: - ON CONFLICT

    private func bindConflict(_ insert: Insert, _ table: CatalogObject) throws(SQLError)
        -> BoundInsert.Conflict?
    {
        guard let clause = insert.onConflict else { return nil }
        let all = table.keys
        var keys = all.map(\.columns)
        if let name = clause.constraint {
            guard let key = all.first(where: { $0.name == name }) else {
                throw SQLError(
                    .undefinedObject,
                    "constraint \"\(name)\" for table \"\(table.name)\" does not exist",
                    position: position(clause.at))
            }
            keys = [key.columns]
        } else if !clause.target.isEmpty {
            var wanted: Set<Int> = []
            for (name, at) in clause.target { wanted.insert(try targetColumn(name, table, at)) }
            keys = keys.filter { Set($0) == wanted }
            if keys.isEmpty {
                throw SQLError(
                    .invalidColumnReference,
                    "there is no unique or exclusion constraint matching the ON CONFLICT specification"
                )
            }
        } else if clause.assignments != nil {
            throw SQLError(
                .syntaxError,
                "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                hint: "For example, ON CONFLICT (column_name).", position: position(clause.at))
        }
        guard let assignments = clause.assignments else {
            return .init(keys: keys, newRow: nil, condition: nil)
        }
        let excluded = table.columns.map {
            Scope.Entry(table: "excluded", name: $0.name, type: $0.type)
        }
        let scope = Scope(entries: excluded + targetScope(table, insert.alias).entries)
        let expressions = ExpressionBinder(
            binder: self, scope: scope, forbidsAggregates: "ON CONFLICT")
        let width = table.columns.count
        let set = try newValues(assignments, table, expressions, currentAt: width)
        let newRow = try generatedRow(table, at: 0).map { expression in
            expression.mapped { node in
                guard case .column(let index, _) = node else { return node }
                return set[index]
            }
        }
        var filter: Expr?
        if let node = clause.condition {
            filter = try condition(try expressions.bind(node), "WHERE", at: node.at)
        }
        return .init(keys: keys, newRow: newRow, condition: filter)
    }
}
