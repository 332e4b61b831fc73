import Types

/// pg_class, pg_attribute and what else says which relations there are.
extension SystemRelation {
    /// pg_class.relkind; a source is shown as a view: it can be read, not written.
    static func relationKind(_ object: CatalogObject) -> String {
        switch object.kind {
        case .table: "r"
        case .source, .view: "v"
        case .materializedView: "m"
        case .sequence: "S"
        case .index: "i"
        case .system: object.isSystemView ? "v" : "r"
        }
    }

    private static let builtIn = Set(all.map(\.oid))

    /// Relations that come and go, and those of the engine.
    static func changing(_ catalog: Catalog) -> [CatalogObject] {
        catalog.allObjects.filter { !builtIn.contains($0.oid) }
            + catalog.keyIndexes.values.sorted { $0.oid < $1.oid }
    }

    // MARK: - pg_class

    @Sendable static func classes(_ reading: SystemReading) -> [Row] {
        let indexed = Set(
            reading.catalog.userRelations.filter { $0.kind == .index }.map(\.ownerOID))
        return builtInClasses
            + changing(reading.catalog).map { object in
                var row = classRow(object, reading.catalog.schemaOID(object.schema))
                row["relhasindex"] = .bool(indexed.contains(object.oid))
                if let count = reading.rowCount(object.oid) {
                    row["reltuples"] = .double(Double(count))
                    row["relpages"] = .int(RelationSize.pages(of: object, rows: count))
                }
                return row
            }
    }

    private static let builtInClasses: [Row] = all.map { object in
        classRow(object, Catalog().schemaOID(object.schema))
    }

    private static func classRow(_ object: CatalogObject, _ schema: Int32) -> Row {
        let kind = relationKind(object)
        let isStored = kind == "r" || kind == "m"
        let columns = object.kind == .sequence ? sequenceColumns.count : object.columns.count
        return [
            "oid": oid(object.oid), "relname": .string(object.name), "relnamespace": oid(schema),
            "relowner": .int(SystemReading.ownerOID),
            "relam": .int(isStored ? 2 : (kind == "i" ? 403 : 0)),
            "relfilenode": kind == "v" ? .int(0) : oid(object.oid),
            "reltuples": .double(isStored || kind == "i" ? -1 : 0),
            "relpersistence": .string("p"), "relkind": .string(kind), "relnatts": int(columns),
            "relchecks": int(object.checks.count), "relhasrules": .bool(kind == "v" || kind == "m"),
            "relispopulated": .bool(true),
            "relreplident": .string(isStored && object.kind != .system ? "d" : "n"),
        ]
    }

    // MARK: - pg_attribute

    /// The columns that a sequence is read by.
    private static let sequenceColumns = [
        CatalogColumn("last_value", .int8, isNotNull: true),
        CatalogColumn("log_cnt", .int8, isNotNull: true),
        CatalogColumn("is_called", .boolean, isNotNull: true),
    ]

    @Sendable static func attributes(_ reading: SystemReading) -> [Row] {
        builtInAttributes + changing(reading.catalog).flatMap(attributeRows)
    }

    private static let builtInAttributes: [Row] = all.flatMap(attributeRows)

    private static func attributeRows(_ object: CatalogObject) -> [Row] {
        let columns = object.kind == .sequence ? sequenceColumns : object.columns
        // A key's index repeats its columns, but not what they must meet.
        let isIndex = object.kind == .index
        return columns.enumerated().map { index, column in
            let facts = TypeFacts.withOID(column.type.oid)
            let generated = column.generatedText != nil
            let identity: [ColumnDefinition.Identity: String] = [.always: "a", .byDefault: "d"]
            return [
                "attrelid": oid(object.oid), "attname": .string(column.name),
                "atttypid": oid(column.type.oid), "attstattarget": .int(-1),
                "attlen": .int(Int64(column.type.wireLength)), "attnum": int(index + 1),
                "attndims": .int(column.type.kind == .array ? 1 : 0), "attcacheoff": .int(-1),
                "atttypmod": .int(Int64(column.type.modifier)),
                "attbyval": .bool(facts?.isByValue ?? false),
                "attalign": .string(facts?.alignment ?? "i"),
                "attstorage": .string(facts?.storage ?? "p"),
                "attnotnull": .bool(column.isNotNull && !isIndex),
                "atthasdef": .bool(column.expressionText != nil && !isIndex),
                "attidentity": .string(isIndex ? "" : identity[column.identity] ?? ""),
                "attgenerated": .string(generated && !isIndex ? "s" : ""),
                "attislocal": .bool(true), "attcollation": .int(facts?.collation ?? 0),
            ]
        }
    }

    @Sendable static func attributeDefaults(_ reading: SystemReading) -> [Row] {
        reading.catalog.userObjects.filter { $0.kind != .index }.flatMap { object in
            object.columns.enumerated().compactMap { index, column -> Row? in
                guard let text = column.displayedExpression(reading.catalog) else { return nil }
                return [
                    "oid": oid(DerivedIdentifier.expression(object.oid, column: index)),
                    "adrelid": oid(object.oid), "adnum": int(index + 1), "adbin": .string(text),
                ]
            }
        }
    }

    // MARK: - Constraints and indexes

    @Sendable static func constraints(_ reading: SystemReading) -> [Row] {
        reading.catalog.userObjects.flatMap { object in
            object.constraints.map { constraint -> Row in
                let columns = constraint.columns.map { int($0 + 1) }
                return [
                    "oid": oid(constraint.oid), "conname": .string(constraint.name),
                    "connamespace": oid(reading.catalog.schemaOID(object.schema)),
                    "contype": .string(constraint.kind.rawValue), "convalidated": .bool(true),
                    "conrelid": oid(object.oid), "conindid": oid(constraint.index),
                    "confupdtype": .string(" "), "confdeltype": .string(" "),
                    "confmatchtype": .string(" "), "conislocal": .bool(true),
                    "connoinherit": .bool(constraint.kind != .check),
                    "conkey": columns.isEmpty ? .null : array(columns, .int2),
                    "conbin": constraint.kind == .check ? .string(constraint.text) : .null,
                ]
            }
        }
    }

    /// The operator class of each type's own order.
    private static let classOfType: [Int64: Int] = {
        var found: [Int64: Int] = [:]
        for row in operatorClasses where row["opcdefault"] == .bool(true) {
            if let type = row["opcintype"]?.int, let oid = row["oid"]?.int {
                found[type] = Int(oid)
            }
        }
        found[1043] = found[25]
        return found
    }()

    private static func operatorClass(_ type: DataType) -> Int {
        let arrays: Int64 = 2277
        return classOfType[type.kind == .array ? arrays : Int64(type.oid)] ?? 0
    }

    @Sendable static func indexes(_ reading: SystemReading) -> [Row] {
        reading.catalog.userRelations.filter { $0.kind == .index }.map { index in
            let isKey = index.indexedConstraint != nil || index.isUniqueIndex
            let collations = index.columns.map {
                Int(TypeFacts.withOID($0.type.oid)?.collation ?? 0)
            }
            let none = index.columns.map { _ in 0 }
            return [
                "indexrelid": oid(index.oid), "indrelid": oid(index.ownerOID),
                "indnatts": int(index.columns.count), "indnkeyatts": int(index.columns.count),
                "indisunique": .bool(isKey),
                "indisprimary": .bool(index.indexedConstraint == .primaryKey),
                "indimmediate": .bool(true), "indisvalid": .bool(true),
                "indisready": .bool(true), "indislive": .bool(true),
                "indkey": vector(index.indexed.map { $0 + 1 }, .int2),
                "indcollation": vector(collations, .oid),
                "indclass": vector(index.columns.map { operatorClass($0.type) }, .oid),
                "indoption": vector(none, .int2),
            ]
        }
    }

    @Sendable static func indexList(_ reading: SystemReading) -> [Row] {
        reading.catalog.userRelations.filter { $0.kind == .index }.compactMap { index in
            guard let table = reading.catalog.objects[index.ownerOID] else { return nil }
            return [
                "schemaname": .string(table.schema), "tablename": .string(table.name),
                "indexname": .string(index.name),
                "indexdef": .string(DefinitionText.index(index, reading.catalog)),
            ]
        }
    }

    // MARK: - Views, sequences

    @Sendable static func rules(_ reading: SystemReading) -> [Row] {
        reading.catalog.userObjects.filter { ["v", "m"].contains(relationKind($0)) }.map {
            [
                "oid": oid(DerivedIdentifier.rule($0.oid)), "rulename": .string("_RETURN"),
                "ev_class": oid($0.oid), "ev_type": .string("1"), "ev_enabled": .string("O"),
                "is_instead": .bool(true),
            ]
        }
    }

    @Sendable static func sequences(_ reading: SystemReading) -> [Row] {
        reading.catalog.userObjects.filter { $0.kind == .sequence }.map { object in
            let definition = SequenceDefinition(of: object)
            return [
                "seqrelid": oid(object.oid), "seqtypid": oid(DataType(definition.type).oid),
                "seqstart": .int(definition.start), "seqincrement": .int(definition.increment),
                "seqmax": .int(definition.maximum), "seqmin": .int(definition.minimum),
                "seqcache": .int(1), "seqcycle": .bool(definition.cycles),
            ]
        }
    }

    @Sendable static func sequenceList(_ reading: SystemReading) -> [Row] {
        reading.catalog.userObjects.filter { $0.kind == .sequence }.map { object in
            let definition = SequenceDefinition(of: object)
            return [
                "schemaname": .string(object.schema), "sequencename": .string(object.name),
                "sequenceowner": .string(SystemReading.owner),
                "data_type": oid(DataType(definition.type).oid),
                "start_value": .int(definition.start), "min_value": .int(definition.minimum),
                "max_value": .int(definition.maximum), "increment_by": .int(definition.increment),
                "cycle": .bool(definition.cycles), "cache_size": .int(1),
            ]
        }
    }

    /// What goes with what: views with what they read, sequences with their columns, constraints
    /// and indexes with their relations.
    @Sendable static func dependencies(_ reading: SystemReading) -> [Row] {
        func row(
            _ classOID: Int64, _ object: Int32, _ relation: Int32, column: Int = 0, _ kind: String
        ) -> Row {
            [
                "classid": .int(classOID), "objid": oid(object), "refclassid": .int(1259),
                "refobjid": oid(relation), "refobjsubid": int(column), "deptype": .string(kind),
            ]
        }
        var rows: [Row] = []
        for object in reading.catalog.userRelations {
            for read in object.dependsOn {
                rows.append(row(2618, DerivedIdentifier.rule(object.oid), read, "n"))
            }
            if object.kind == .sequence, object.ownerOID != 0 {
                let owner = DefinitionText.owner(of: object, reading.catalog)
                rows.append(
                    row(
                        1259, object.oid, object.ownerOID, column: owner?.column ?? 0,
                        owner?.isIdentity == true ? "i" : "a"))
            }
            if object.kind == .index, object.indexedConstraint == nil {
                for column in object.indexed {
                    rows.append(row(1259, object.oid, object.ownerOID, column: column + 1, "a"))
                }
            }
            for constraint in object.constraints {
                for column in constraint.columns {
                    rows.append(row(2606, constraint.oid, object.oid, column: column + 1, "a"))
                }
            }
        }
        return rows
    }

    // MARK: - pg_tables and its kin

    private static func listed(
        _ reading: SystemReading, _ kind: String, _ name: String, _ owner: String
    ) -> [(CatalogObject, Row)] {
        let all = reading.catalog.allObjects.filter { relationKind($0) == kind }
        return all.map { object in
            (
                object,
                [
                    "schemaname": .string(object.schema), name: .string(object.name),
                    owner: .string(SystemReading.owner),
                    "hasindexes": .bool(!reading.catalog.indexes(of: object.oid).isEmpty),
                ]
            )
        }
    }

    @Sendable static func tableList(_ reading: SystemReading) -> [Row] {
        listed(reading, "r", "tablename", "tableowner").map { _, row in
            let facts = ["hasrules", "hastriggers", "rowsecurity"].map { ($0, Value.bool(false)) }
            return row.merging(facts) { _, new in new }
        }
    }

    @Sendable static func viewList(_ reading: SystemReading) -> [Row] {
        listed(reading, "v", "viewname", "viewowner").map { object, row in
            row.merging(["definition": .string(DefinitionText.view(object))]) { _, new in new }
        }
    }

    @Sendable static func materializedViews(_ reading: SystemReading) -> [Row] {
        listed(reading, "m", "matviewname", "matviewowner").map { object, row in
            row.merging([
                "definition": .string(DefinitionText.view(object)), "ispopulated": .bool(true),
            ]) { _, new in new }
        }
    }

    @Sendable static func tableStatistics(_ reading: SystemReading) -> [Row] {
        let counters = [
            "seq_scan", "seq_tup_read", "n_tup_ins", "n_tup_upd", "n_tup_del", "n_tup_hot_upd",
            "n_dead_tup", "n_mod_since_analyze", "n_ins_since_vacuum", "vacuum_count",
            "autovacuum_count", "analyze_count", "autoanalyze_count",
        ]
        return reading.catalog.userObjects.filter { ["r", "m"].contains(relationKind($0)) }.map {
            var row: Row = [
                "relid": oid($0.oid), "schemaname": .string($0.schema), "relname": .string($0.name),
                "n_live_tup": int(reading.rowCount($0.oid) ?? 0),
            ]
            for name in counters { row[name] = .int(0) }
            return row
        }
    }

    @Sendable static func descriptions(_ reading: SystemReading) -> [Row] {
        func row(_ object: Int32, _ catalog: Int64, _ number: Int32, _ text: String) -> Row {
            [
                "objoid": oid(object), "classoid": .int(catalog), "objsubid": oid(number),
                "description": .string(text),
            ]
        }
        let written = reading.catalog.userObjects.flatMap { object in
            object.comments.sorted { $0.key < $1.key }.map { row(object.oid, 1259, $0, $1) }
        }
        let schemas = Catalog.schemaComments.sorted { $0.key < $1.key }.map {
            row($0.key, 2615, 0, $0.value)
        }
        return written + schemas + functionDescriptions
    }
}

extension Catalog {
    /// What PostgreSQL says of the schemas that are there from the start.
    static let schemaComments: [Int32: String] = [
        11: "system catalog schema", 2200: "standard public schema",
    ]
}
