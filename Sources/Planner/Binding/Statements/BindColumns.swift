package import Dataflow
package import Types

/// A table, ready for the catalog; identifiers are still to be given.
package struct BoundTable: Sendable {
    package var columns: [CatalogColumn]
    package var primaryKey: [Int]
    package var primaryKeyName: String?
    package var uniques: [CatalogObject.Unique]
    package var checks: [CatalogObject.Check]
    /// Columns that take their values from a sequence of their own.
    package var sequenceColumns: [Int] = []
    /// What these columns' sequences count.
    package var sequences: [SequenceDefinition] = []

    /// A table without constraints.
    package init(columns: [CatalogColumn]) {
        self.columns = columns
        primaryKey = []
        uniques = []
        checks = []
    }
}

extension Binder {
    private static let serials: [String: DataType] = [
        "serial": .int4, "serial4": .int4, "bigserial": .int8, "serial8": .int8,
        "smallserial": .int2, "serial2": .int2,
    ]

    /// What stands between the parentheses of CREATE TABLE or CREATE SOURCE.
    /// - Throws: 42701, 42703, 42P16, 42704.
    package func bind(_ elements: TableElements, table: String) throws(SQLError) -> BoundTable {
        var bound = BoundTable(columns: [])
        for definition in elements.columns {
            try add(definition, hasTableKey: !elements.primaryKey.isEmpty, to: &bound)
        }
        bound.primaryKey += try positions(
            elements.primaryKey, bound.columns, "primary key constraint")
        bound.primaryKeyName =
            elements.primaryKeyName
            ?? elements.columns.lazy.compactMap(\.primaryKeyName).first
        for position in bound.primaryKey { bound.columns[position].isNotNull = true }
        for (index, definition) in elements.columns.enumerated() where definition.isUnique {
            bound.uniques.append(
                .init(
                    name: definition.uniqueName ?? MadeName.of(table, definition.name, "key"),
                    columns: [index]))
        }
        for unique in elements.uniques {
            bound.uniques.append(try bind(unique, bound.columns, table: table))
        }
        try addChecks(elements, table, to: &bound)
        return bound
    }

    /// - Throws: 42703, 42701.
    package func bind(_ unique: UniqueConstraint, _ columns: [CatalogColumn], table: String)
        throws(SQLError) -> CatalogObject.Unique
    {
        let places = try positions(unique.columns, columns, "unique constraint")
        let names = places.map { columns[$0].name }.joined(separator: "_")
        return .init(name: unique.name ?? MadeName.of(table, names, "key"), columns: places)
    }

    /// WATERMARK FOR column AS expression: over the relation's columns, of the column's type. Both are
    /// texts in the object's options.
    /// - Throws: 42703, 42804.
    package func watermark(of object: CatalogObject) throws(SQLError) -> Expr {
        typealias Key = CatalogObject.ConnectorKey
        let name = object.options[Key.watermarkColumn] ?? ""
        let expression = try Parser.expression(object.options[Key.watermarkText] ?? "")
        guard let column = object.columns.first(where: { $0.name == name }) else {
            throw SQLError(.undefinedColumn, "column \"\(name)\" of the watermark does not exist")
        }
        guard [.timestamp, .timestamptz].contains(column.type.kind) else {
            throw SQLError(
                .datatypeMismatch,
                "the watermark's column \"\(name)\" has type \(column.type.name)",
                hint: "Watermarks are for timestamp and timestamptz.")
        }
        let scope = Scope(
            entries: object.columns.map { .init(table: object.name, name: $0.name, type: $0.type) })
        let expressions = ExpressionBinder(
            binder: self, scope: scope, forbidsAggregates: "watermark expressions")
        let bound = try expressions.bind(expression)
        guard bound.type.kind == column.type.kind else {
            throw SQLError(
                .datatypeMismatch,
                "the watermark of column \"\(name)\" is of type \(column.type.name) but expression is of type \(bound.type.name)"
            )
        }
        return bound
    }

    private func add(_ definition: ColumnDefinition, hasTableKey: Bool, to bound: inout BoundTable)
        throws(SQLError)
    {
        if bound.columns.contains(where: { $0.name == definition.name }) {
            throw SQLError(
                .duplicateColumn, "column \"\(definition.name)\" specified more than once")
        }
        if definition.isPrimaryKey {
            guard bound.primaryKey.isEmpty, !hasTableKey else {
                throw SQLError(
                    .invalidTableDefinition, "multiple primary keys for table are not allowed",
                    position: position(definition.at))
            }
            bound.primaryKey = [bound.columns.count]
        }
        let serial = definition.type.isArray ? nil : Binder.serials[definition.type.name]
        let declared: DataType
        if let serial { declared = serial } else { declared = try type(definition.type) }
        var column = CatalogColumn(
            definition.name, declared,
            isNotNull: definition.isNotNull || definition.isPrimaryKey || serial != nil)
        column.defaultText = definition.defaultValue?.text
        column.generatedText = definition.generated?.text
        column.identity = definition.identity
        if serial != nil || definition.identity != .none {
            bound.sequenceColumns.append(bound.columns.count)
            bound.sequences.append(
                try SequenceDefinition(declared.kind).with(
                    definition.sequence, type: declared, isNew: true))
        }
        if let value = definition.defaultValue {
            let expressions = ExpressionBinder(
                binder: self, scope: Scope(), forbidsAggregates: "DEFAULT expressions")
            guard case .column = value.expression else {
                _ = try assigned(
                    try expressions.bind(value.expression), to: column, at: value.expression.at,
                    isDefault: true)
                bound.columns.append(column)
                return
            }
            throw SQLError(
                .featureNotSupported, "cannot use column reference in DEFAULT expression",
                position: position(value.expression.at))
        }
        bound.columns.append(column)
    }

    private func positions(
        _ names: [(name: String, at: Int)], _ columns: [CatalogColumn], _ what: String
    ) throws(SQLError) -> [Int] {
        var list: [Int] = []
        for (name, at) in names {
            guard let index = columns.firstIndex(where: { $0.name == name }) else {
                throw SQLError(
                    .undefinedColumn, "column \"\(name)\" named in key does not exist",
                    position: position(at))
            }
            guard !list.contains(index) else {
                throw SQLError(
                    .duplicateColumn, "column \"\(name)\" appears twice in \(what)",
                    position: position(at))
            }
            list.append(index)
        }
        return list
    }

    private func addChecks(_ elements: TableElements, _ table: String, to bound: inout BoundTable)
        throws(SQLError)
    {
        let scope = Scope(
            entries: bound.columns.map { .init(table: table, name: $0.name, type: $0.type) })
        for definition in elements.columns {
            if let generated = definition.generated {
                let expressions = ExpressionBinder(
                    binder: self, scope: scope,
                    forbidsAggregates: "column generation expressions")
                guard let index = bound.columns.firstIndex(where: { $0.name == definition.name })
                else { continue }
                let value = try expressions.bind(generated.expression)
                if let other = value.columns.map({ bound.columns[$0] }).first(where: {
                    $0.generatedText != nil
                }) {
                    throw SQLError(
                        .invalidObjectDefinition,
                        "cannot use generated column \"\(other.name)\" in column generation expression",
                        detail: "A generated column cannot reference another generated column.",
                        position: position(generated.expression.at))
                }
                guard value.isStable else {
                    throw SQLError(
                        .invalidObjectDefinition, "generation expression is not immutable",
                        position: position(generated.expression.at))
                }
                _ = try assigned(value, to: bound.columns[index], at: generated.expression.at)
            }
        }
        let byColumn = elements.columns.flatMap { column in column.checks.map { (column.name, $0) }
        }
        let byTable = elements.checks.map { (String?.none, $0) }
        for (column, check) in byColumn.map({ (Optional($0.0), $0.1) }) + byTable {
            let expressions = ExpressionBinder(
                binder: self, scope: scope, forbidsAggregates: "check constraints")
            let predicate = try condition(
                try expressions.bind(check.condition.expression), "CHECK",
                at: check.condition.expression.at)
            // Named after its column when it has but one, as PostgreSQL does.
            let used = Array(predicate.columns)
            let only = used.count == 1 ? bound.columns[used[0]].name : column
            if let given = check.name, bound.checks.contains(where: { $0.name == given }) {
                throw SQLError(
                    .duplicateObject,
                    "constraint \"\(given)\" for relation \"\(table)\" already exists")
            }
            var name = check.name ?? MadeName.of(table, only, "check")
            let base = name
            var number = 0
            while bound.checks.contains(where: { $0.name == name }) {
                number += 1
                name = base + String(number)
            }
            bound.checks.append(.init(name: name, text: check.condition.text))
        }
    }
}
