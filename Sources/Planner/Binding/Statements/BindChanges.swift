package import Dataflow
package import Types

/// An UPDATE or a DELETE, ready to run.
package struct BoundChange: Sendable {
    package let table: CatalogObject
    /// For each row to change: the old row, how often it is there, for UPDATE the new row, then the
    /// columns of FROM or USING. A row that is matched more than once counts once.
    package let plan: LogicalPlan
    package let isUpdate: Bool
    /// Whether a row may be matched more than once; otherwise its weight says how often it is there.
    package let isJoined: Bool
    /// Over the plan's columns.
    package let returning: BoundReturning?
}

extension CatalogObject {
    /// The primary key and the unique constraints, by name.
    package var keys: [Unique] {
        (primaryKey.isEmpty ? [] : [Unique(name: primaryKeyName, columns: primaryKey)]) + uniques
    }
}

extension Binder {
    /// The table that a statement changes. - Throws: 42P01, 42809.
    func target(_ name: QualifiedName, _ verb: String) throws(SQLError) -> CatalogObject {
        let table = try catalog.resolve(name, position: position(name.at))
        guard table.kind == .table else {
            throw SQLError(
                .wrongObjectType, "cannot \(verb) \(table.kindName) \"\(table.name)\"",
                position: position(name.at))
        }
        references.insert(table.oid)
        return table
    }

    func targetScope(_ table: CatalogObject, _ alias: String?) -> Scope {
        Scope(
            entries: table.columns.map {
                .init(
                    table: alias ?? table.name, name: $0.name, type: $0.type,
                    schema: alias == nil ? table.schema : nil)
            })
    }

    func targetColumn(_ name: String, _ table: CatalogObject, _ at: Int) throws(SQLError) -> Int {
        guard let index = table.columns.firstIndex(where: { $0.name == name }) else {
            throw SQLError(
                .undefinedColumn,
                "column \"\(name)\" of relation \"\(table.name)\" does not exist",
                position: position(at))
        }
        return index
    }

    func assigned(
        _ expression: Expr, to column: CatalogColumn, at: Int, isDefault: Bool = false
    ) throws(SQLError) -> Expr {
        try convert(expression, to: column.type, .assignment, at: at) {
            let what = isDefault ? "default expression" : "expression"
            return SQLError(
                .datatypeMismatch,
                "column \"\(column.name)\" is of type \(column.type.base.name) but \(what) is of type "
                    + expression.type.base.name,
                hint: "You will need to rewrite or cast the expression.", position: position(at))
        }
    }

    /// What stands in for a value that is not given.
    func defaultValue(of column: CatalogColumn) throws(SQLError) -> Expr {
        guard let text = column.defaultText, column.generatedText == nil else {
            return .constant(.null, column.type)
        }
        viewDepth += 1
        defer { viewDepth -= 1 }
        let expressions = ExpressionBinder(
            binder: self, scope: Scope(), forbidsAggregates: "DEFAULT expressions")
        return try assigned(
            try expressions.bind(try Parser.expression(text)), to: column, at: 0)
    }

    /// Computes the generated columns of a plan whose columns are the table's.
    func withGenerated(_ plan: LogicalPlan, _ table: CatalogObject) throws(SQLError) -> LogicalPlan
    {
        guard table.columns.contains(where: { $0.generatedText != nil }) else { return plan }
        return .project(plan, try generatedRow(table, at: 0), table.fields)
    }

    /// The table's columns at `offset`, the generated ones computed from the others.
    func generatedRow(_ table: CatalogObject, at offset: Int) throws(SQLError) -> [Expr] {
        viewDepth += 1
        defer { viewDepth -= 1 }
        let expressions = ExpressionBinder(
            binder: self, scope: targetScope(table, nil),
            forbidsAggregates: "column generation expressions")
        var list: [Expr] = []
        for (index, column) in table.columns.enumerated() {
            guard let text = column.generatedText else {
                list.append(.column(offset + index, column.type))
                continue
            }
            let bound = try assigned(
                try expressions.bind(try Parser.expression(text)), to: column, at: 0)
            list.append(bound.remapped { $0 + offset })
        }
        return list
    }

    /// The conditions of CHECK over a plan whose columns are the table's, with their names.
    package func checks(of table: CatalogObject) throws(SQLError) -> [(
        name: String, condition: Expr
    )] {
        viewDepth += 1
        defer { viewDepth -= 1 }
        let expressions = ExpressionBinder(
            binder: self, scope: targetScope(table, nil), forbidsAggregates: "check constraints")
        var list: [(name: String, condition: Expr)] = []
        for check in table.checks {
            let bound = try expressions.bind(try Parser.expression(check.text))
            list.append((check.name, try condition(bound, "CHECK", at: 0)))
        }
        return list
    }

    /// The row after SET; columns that are not named keep the value at `currentAt`.
    func newValues(
        _ assignments: [Assignment], _ table: CatalogObject, _ expressions: ExpressionBinder,
        currentAt: Int
    ) throws(SQLError) -> [Expr] {
        var row = table.columns.enumerated().map {
            Expr.column(currentAt + $0.offset, $0.element.type)
        }
        var named: Set<Int> = []
        for assignment in assignments {
            let index = try targetColumn(assignment.column, table, assignment.at)
            guard named.insert(index).inserted else {
                throw SQLError(
                    .syntaxError,
                    "multiple assignments to same column \"\(assignment.column)\"",
                    position: position(assignment.at))
            }
            let column = table.columns[index]
            guard let node = assignment.value else {
                row[index] = try defaultValue(of: column)
                continue
            }
            if column.generatedText != nil || column.identity == .always {
                throw SQLError(
                    .generatedAlways, "column \"\(column.name)\" can only be updated to DEFAULT",
                    detail: column.generatedText != nil
                        ? "Column \"\(column.name)\" is a generated column."
                        : "Column \"\(column.name)\" is an identity column defined as GENERATED ALWAYS.",
                    position: position(assignment.at))
            }
            row[index] = try assigned(try expressions.bind(node), to: column, at: node.at)
        }
        return row
    }

    // MARK: - RETURNING

    func bindReturning(_ items: [Select.Item], scope: Scope) throws(SQLError) -> BoundReturning? {
        if items.isEmpty { return nil }
        let expressions = ExpressionBinder(
            binder: self, scope: scope, forbidsAggregates: "RETURNING")
        var list: [Expr] = []
        var fields: [Field] = []
        for item in items {
            if case .star(let parts, let at) = item.expression {
                if !parts.isEmpty, !scope.hasTable(parts[...]) {
                    throw SQLError(
                        .undefinedTable,
                        "missing FROM-clause entry for table \"\(parts[parts.count - 1])\"",
                        position: position(at))
                }
                for index in scope.star(parts) {
                    list.append(.column(index, scope.entries[index].type))
                    fields.append(Field(scope.entries[index].name, scope.entries[index].type))
                }
                continue
            }
            let bound = try resolved(
                try expressions.bind(item.expression), at: item.expression.at)
            list.append(bound)
            fields.append(
                Field(item.alias ?? SelectBinder.name(of: item.expression), bound.type))
        }
        return BoundReturning(list: list, fields: fields)
    }

    // MARK: - UPDATE and DELETE

    /// The target's rows with how often each is there, joined with FROM, narrowed by WHERE.
    private func changed(
        _ table: CatalogObject, _ alias: String?, _ from: [TableReference],
        _ condition: Expression?
    ) throws(SQLError) -> (plan: LogicalPlan, scope: Scope) {
        let scan = LogicalPlan.scan(table, columns: Array(table.columns.indices))
        let columns = table.fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
        let fields = table.fields + [Field("?count?", .int8)]
        var plan: LogicalPlan
        if table.primaryKey.isEmpty, !from.isEmpty {
            plan = try countedImages(of: scan, columns, fields)
        } else {
            plan = .project(scan, columns + [.constant(.int(1), .int8)], fields)
        }
        var scope = targetScope(table, alias)
        scope.entries.append(.init(table: "", name: "", type: .int8, isHidden: true))
        if !from.isEmpty {
            let right = try FromBinder(self).bind(from)
            if let twice = right.scope.entries.first(where: {
                $0.table == (alias ?? table.name) && !$0.table.isEmpty
            }) {
                throw SQLError(
                    .duplicateAlias, "table name \"\(twice.table)\" specified more than once")
            }
            plan = .join(.init(kind: .inner, left: plan, right: right.plan, keys: []))
            scope.entries += right.scope.entries
        }
        if let condition {
            let found = Subqueries(self, outer: scope)
            let expressions = ExpressionBinder(
                binder: self, scope: scope, forbidsAggregates: "WHERE", subqueries: found)
            let predicate = try self.condition(
                try expressions.bind(condition), "WHERE", at: condition.at)
            let width = plan.fields.count
            plan = try found.filtered(plan, by: predicate)
            if plan.fields.count > width {
                let kept = plan.fields.prefix(width)
                plan = .project(
                    plan, kept.enumerated().map { .column($0.offset, $0.element.type) }, Array(kept)
                )
            }
        }
        return (plan, scope)
    }

    /// Each different row with how often it is there: 1.0 and 1.00 are equal, and two rows.
    private func countedImages(of scan: LogicalPlan, _ columns: [Expr], _ fields: [Field])
        throws(SQLError) -> LogicalPlan
    {
        var keys = columns
        for column in columns {
            switch column.type.physical {
            case .numeric, .double, .interval, .json:
                keys.append(
                    try convert(column, to: .text, .explicit, at: 0) {
                        SQLError.internalFault("no text of \(column.type.name)")
                    })
            case .int64, .bool, .text: break
            }
        }
        let count = Aggregate(.countAll, argument: nil, filter: nil, result: .int8)
        let texts = keys.dropFirst(columns.count).map { Field("?image?", $0.type) }
        let grouped = LogicalPlan.aggregate(
            scan, keys: keys, [count], fields.dropLast() + texts + fields.suffix(1))
        return .project(grouped, columns + [.column(keys.count, .int8)], fields)
    }

    /// - Throws: as `bind(_: Insert)`.
    package func bind(_ update: Update) throws(SQLError) -> BoundChange {
        beginCommonTables()
        defer { endCommonTables() }
        try bindCommonTables(update.with)
        let table = try target(update.table, "update")
        let width = table.columns.count
        let (input, scope) = try changed(table, update.alias, update.from, update.condition)
        let found = Subqueries(self, outer: scope)
        let expressions = ExpressionBinder(
            binder: self, scope: scope, forbidsAggregates: "UPDATE", subqueries: found)
        let newRow = try newValues(update.assignments, table, expressions, currentAt: 0)
        var plan = try found.applied(to: input)
        let extra = input.fields.enumerated().dropFirst(width + 1)
        let list =
            input.fields.prefix(width + 1).enumerated().map {
                Expr.column($0.offset, $0.element.type)
            } + newRow + extra.map { .column($0.offset, $0.element.type) }
        let fields = Array(input.fields.prefix(width + 1)) + table.fields + extra.map(\.element)
        plan = .project(plan, list, fields)
        if table.columns.contains(where: { $0.generatedText != nil }) {
            var all = fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
            all.replaceSubrange(
                (width + 1)..<(2 * width + 1), with: try generatedRow(table, at: width + 1))
            plan = .project(plan, all, fields)
        }
        // Behind the change, the target's columns are the new ones.
        let hidden = (0...width).map { _ in
            Scope.Entry(table: "", name: "", type: .int8, isHidden: true)
        }
        let visible = targetScope(table, update.alias).entries
        let shown = Scope(entries: hidden + visible + scope.entries.dropFirst(width + 1))
        return BoundChange(
            table: table, plan: plan, isUpdate: true, isJoined: !update.from.isEmpty,
            returning: try bindReturning(update.returning, scope: shown))
    }

    /// - Throws: as `bind(_: Insert)`.
    package func bind(_ delete: Delete) throws(SQLError) -> BoundChange {
        beginCommonTables()
        defer { endCommonTables() }
        try bindCommonTables(delete.with)
        let table = try target(delete.table, "delete from")
        let (plan, scope) = try changed(table, delete.alias, delete.using, delete.condition)
        return BoundChange(
            table: table, plan: plan, isUpdate: false, isJoined: !delete.using.isEmpty,
            returning: try bindReturning(delete.returning, scope: scope))
    }
}
