import Types

/// The rows of information_schema, made as PostgreSQL's views make them.
extension SystemRelation {
    static let informationRows: [String: @Sendable (SystemReading) -> [Row]] = [
        "character_sets": characterSets, "check_constraints": checkConstraints,
        "columns": columns, "constraint_column_usage": constraintColumns,
        "constraint_table_usage": constraintTables, "enabled_roles": enabledRoles,
        "information_schema_catalog_name": { [["catalog_name": .string($0.database)]] },
        "key_column_usage": keyColumns, "role_table_grants": tablePrivileges,
        "routines": routines, "schemata": schemata, "sequences": informationSequences,
        "table_constraints": tableConstraints, "table_privileges": tablePrivileges,
        "tables": informationTables, "view_table_usage": viewTables, "views": informationViews,
    ]

    private static func yes(_ value: Bool) -> Value { .string(value ? "YES" : "NO") }

    private static func number(_ value: Int64) -> Value { .string(String(value)) }

    /// What the standard calls tables: materialized views are none.
    private static func tablesAndViews(_ reading: SystemReading) -> [CatalogObject] {
        reading.catalog.allObjects.filter { ["r", "v"].contains(relationKind($0)) }
    }

    private static func named(_ reading: SystemReading, _ object: CatalogObject) -> Row {
        [
            "table_catalog": .string(reading.database), "table_schema": .string(object.schema),
            "table_name": .string(object.name),
        ]
    }

    @Sendable private static func informationTables(_ reading: SystemReading) -> [Row] {
        tablesAndViews(reading).map { object in
            let isTable = relationKind(object) == "r"
            var row = named(reading, object)
            row["table_type"] = .string(isTable ? "BASE TABLE" : "VIEW")
            row["is_insertable_into"] = yes(object.kind == .table)
            row["is_typed"] = yes(false)
            return row
        }
    }

    @Sendable private static func informationViews(_ reading: SystemReading) -> [Row] {
        tablesAndViews(reading).filter { relationKind($0) == "v" }.map { object in
            var row = named(reading, object)
            row["view_definition"] = .string(DefinitionText.view(object))
            row["check_option"] = .string("NONE")
            for name in [
                "is_updatable", "is_insertable_into", "is_trigger_updatable",
                "is_trigger_deletable", "is_trigger_insertable_into",
            ] { row[name] = yes(false) }
            return row
        }
    }

    @Sendable private static func viewTables(_ reading: SystemReading) -> [Row] {
        reading.catalog.userObjects.filter { $0.kind == .view }.flatMap { view in
            view.dependsOn.compactMap { reading.catalog.objects[$0] }.map { table in
                named(reading, table).merging([
                    "view_catalog": .string(reading.database), "view_schema": .string(view.schema),
                    "view_name": .string(view.name),
                ]) { $1 }
            }
        }
    }

    @Sendable private static func schemata(_ reading: SystemReading) -> [Row] {
        reading.catalog.schemas.map {
            [
                "catalog_name": .string(reading.database), "schema_name": .string($0.name),
                "schema_owner": .string(
                    $0.name == "public" ? "pg_database_owner" : SystemReading.owner),
            ]
        }
    }

    @Sendable private static func characterSets(_ reading: SystemReading) -> [Row] {
        [
            [
                "character_set_name": .string("UTF8"), "character_repertoire": .string("UCS"),
                "form_of_use": .string("UTF8"),
                "default_collate_catalog": .string(reading.database),
                "default_collate_schema": .string("pg_catalog"),
                "default_collate_name": .string("C"),
            ]
        ]
    }

    @Sendable private static func enabledRoles(_ reading: SystemReading) -> [Row] {
        reading.roles.map { ["role_name": .string($0.name)] }
    }

    @Sendable private static func tablePrivileges(_ reading: SystemReading) -> [Row] {
        let rights = [
            "INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER",
        ]
        return tablesAndViews(reading).filter { $0.kind != .system }.flatMap { object in
            rights.map { right in
                named(reading, object).merging([
                    "grantor": .string(SystemReading.owner),
                    "grantee": .string(SystemReading.owner), "privilege_type": .string(right),
                    "is_grantable": yes(true), "with_hierarchy": yes(right == "SELECT"),
                ]) { $1 }
            }
        }
    }

    @Sendable private static func informationSequences(_ reading: SystemReading) -> [Row] {
        reading.catalog.userObjects.filter { $0.kind == .sequence }.compactMap { object in
            // That of an identity column is the column's.
            if DefinitionText.owner(of: object, reading.catalog)?.isIdentity == true { return nil }
            let definition = SequenceDefinition(of: object)
            let bits: [DataType.Kind: Int64] = [.int2: 16, .int4: 32, .int8: 64]
            return [
                "sequence_catalog": .string(reading.database),
                "sequence_schema": .string(object.schema), "sequence_name": .string(object.name),
                "data_type": .string(DataType(definition.type).name),
                "numeric_precision": .int(bits[definition.type] ?? 64),
                "numeric_precision_radix": .int(2), "numeric_scale": .int(0),
                "start_value": number(definition.start),
                "minimum_value": number(definition.minimum),
                "maximum_value": number(definition.maximum),
                "increment": number(definition.increment),
                "cycle_option": yes(definition.cycles),
            ]
        }
    }

    @Sendable private static func routines(_ reading: SystemReading) -> [Row] {
        FunctionCatalog.entries.map { entry in
            let isArray = entry.result.type?.kind == .array
            return [
                "specific_catalog": .string(reading.database),
                "specific_schema": .string("pg_catalog"),
                "specific_name": .string("\(entry.name)_\(entry.oid)"),
                "routine_catalog": .string(reading.database),
                "routine_schema": .string("pg_catalog"), "routine_name": .string(entry.name),
                "routine_type": entry.declaration.kind == .function ? .string("FUNCTION") : .null,
                "data_type": .string(isArray ? "ARRAY" : entry.result.name),
                "type_udt_catalog": .string(reading.database),
                "type_udt_schema": .string("pg_catalog"),
                "type_udt_name": .string(entry.result.catalogName),
                "routine_body": .string("EXTERNAL"), "external_name": .string(entry.name),
                "external_language": .string("INTERNAL"), "parameter_style": .string("GENERAL"),
                "is_deterministic": yes(entry.volatility == .immutable),
                "is_null_call": yes(entry.isStrict), "security_type": .string("INVOKER"),
            ]
        }
    }

    // MARK: - Constraints

    private static func constraintsOfTables(_ reading: SystemReading) -> [(
        table: CatalogObject, constraint: CatalogConstraint
    )] {
        reading.catalog.userObjects.flatMap { table in table.constraints.map { (table, $0) } }
    }

    private static func named(
        _ reading: SystemReading, _ table: CatalogObject, constraint: String
    ) -> Row {
        [
            "constraint_catalog": .string(reading.database),
            "constraint_schema": .string(table.schema), "constraint_name": .string(constraint),
        ]
    }

    /// The standard has NOT NULL as a check without a name.
    private static func notNulls(_ reading: SystemReading) -> [(
        table: CatalogObject, name: String, column: CatalogColumn
    )] {
        reading.catalog.userObjects.filter { $0.kind == .table }.flatMap { table in
            table.columns.enumerated().filter { $0.element.isNotNull }.map { index, column in
                let schema = reading.catalog.schemaOID(table.schema)
                return (table, "\(schema)_\(table.oid)_\(index + 1)_not_null", column)
            }
        }
    }

    @Sendable private static func tableConstraints(_ reading: SystemReading) -> [Row] {
        let kinds: [CatalogConstraint.Kind: String] = [
            .primaryKey: "PRIMARY KEY", .unique: "UNIQUE", .check: "CHECK",
        ]
        func row(_ table: CatalogObject, _ name: String, _ kind: String, _ isUnique: Bool) -> Row {
            var row = named(reading, table)
            row.merge(named(reading, table, constraint: name)) { $1 }
            row["constraint_type"] = .string(kind)
            row["is_deferrable"] = yes(false)
            row["initially_deferred"] = yes(false)
            row["enforced"] = yes(true)
            if isUnique { row["nulls_distinct"] = yes(true) }
            return row
        }
        return constraintsOfTables(reading).map {
            row(
                $0.table, $0.constraint.name, kinds[$0.constraint.kind] ?? "",
                $0.constraint.kind == .unique)
        } + notNulls(reading).map { row($0.table, $0.name, "CHECK", false) }
    }

    @Sendable private static func checkConstraints(_ reading: SystemReading) -> [Row] {
        let checks = constraintsOfTables(reading).filter { $0.constraint.kind == .check }.map {
            named(reading, $0.table, constraint: $0.constraint.name).merging([
                "check_clause": .string("((\($0.constraint.text)))")
            ]) { $1 }
        }
        let filled = notNulls(reading).map {
            named(reading, $0.table, constraint: $0.name).merging([
                "check_clause": .string("\($0.column.name) IS NOT NULL")
            ]) { $1 }
        }
        return checks + filled
    }

    @Sendable private static func keyColumns(_ reading: SystemReading) -> [Row] {
        constraintsOfTables(reading).filter { $0.constraint.kind != .check }.flatMap { entry in
            entry.constraint.columns.enumerated().map { place, column in
                var row = named(reading, entry.table)
                row.merge(named(reading, entry.table, constraint: entry.constraint.name)) { $1 }
                row["column_name"] = .string(entry.table.columns[column].name)
                row["ordinal_position"] = int(place + 1)
                return row
            }
        }
    }

    @Sendable private static func constraintColumns(_ reading: SystemReading) -> [Row] {
        constraintsOfTables(reading).flatMap { entry in
            entry.constraint.columns.map { column in
                var row = named(reading, entry.table)
                row.merge(named(reading, entry.table, constraint: entry.constraint.name)) { $1 }
                row["column_name"] = .string(entry.table.columns[column].name)
                return row
            }
        }
    }

    @Sendable private static func constraintTables(_ reading: SystemReading) -> [Row] {
        constraintsOfTables(reading).filter { $0.constraint.kind != .check }.map {
            named(reading, $0.table).merging(
                named(reading, $0.table, constraint: $0.constraint.name)
            ) { $1 }
        }
    }

    // MARK: - Columns

    @Sendable private static func columns(_ reading: SystemReading) -> [Row] {
        tablesAndViews(reading).flatMap { object in
            object.columns.enumerated().map { index, column in
                var row = named(reading, object)
                row["column_name"] = .string(column.name)
                row["ordinal_position"] = int(index + 1)
                row["dtd_identifier"] = .string(String(index + 1))
                row["is_nullable"] = yes(!column.isNotNull)
                row["udt_catalog"] = .string(reading.database)
                row["is_updatable"] = yes(object.kind == .table)
                row["is_self_referencing"] = yes(false)
                row.merge(typeFacts(column.type)) { $1 }
                row.merge(values(of: column, object, reading)) { $1 }
                return row
            }
        }
    }

    /// Defaults, identity and generation.
    private static func values(
        of column: CatalogColumn, _ object: CatalogObject, _ reading: SystemReading
    ) -> Row {
        let isGenerated = column.generatedText != nil
        var row: Row = [
            "is_generated": .string(isGenerated ? "ALWAYS" : "NEVER"),
            "is_identity": yes(column.identity != .none), "identity_cycle": yes(false),
        ]
        if let text = column.displayedExpression(reading.catalog) {
            row[isGenerated ? "generation_expression" : "column_default"] = .string(text)
        }
        guard column.identity != .none else { return row }
        row["identity_generation"] = .string(
            column.identity == .always ? "ALWAYS" : "BY DEFAULT")
        let name = CatalogColumn.sequenceName(column.defaultText ?? "") ?? ""
        guard let sequence = reading.catalog.find(schema: object.schema, name: name) else {
            return row
        }
        let definition = SequenceDefinition(of: sequence)
        row["identity_start"] = number(definition.start)
        row["identity_increment"] = number(definition.increment)
        row["identity_maximum"] = number(definition.maximum)
        row["identity_minimum"] = number(definition.minimum)
        row["identity_cycle"] = yes(definition.cycles)
        return row
    }

    /// What the standard wants to know of a type.
    private static func typeFacts(_ type: DataType) -> Row {
        var row: Row = [
            "data_type": .string(type.kind == .array ? "ARRAY" : type.base.name),
            "udt_schema": .string("pg_catalog"), "udt_name": .string(type.catalogName),
        ]
        func numeric(_ precision: Int64, _ radix: Int64, scale: Int64?) {
            row["numeric_precision"] = .int(precision)
            row["numeric_precision_radix"] = .int(radix)
            row["numeric_scale"] = scale.map { .int($0) } ?? .null
        }
        let modifier = Int64(type.modifier)
        switch type.kind {
        case .int2: numeric(16, 2, scale: 0)
        case .int4: numeric(32, 2, scale: 0)
        case .int8: numeric(64, 2, scale: 0)
        case .float4: numeric(24, 2, scale: nil)
        case .float8: numeric(53, 2, scale: nil)
        case .numeric:
            row["numeric_precision_radix"] = .int(10)
            if modifier >= 4 {
                numeric(
                    (modifier - 4) >> 16, 10,
                    scale: Int64(DataType.scale(ofModifier: type.modifier)))
            }
        case .text: row["character_octet_length"] = .int(1 << 30)
        case .varchar, .bpchar:
            row["character_maximum_length"] = modifier >= 4 ? .int(modifier - 4) : .null
            row["character_octet_length"] = .int(modifier >= 4 ? (modifier - 4) * 4 : 1 << 30)
        case .date: row["datetime_precision"] = .int(0)
        case .time, .timestamp, .timestamptz:
            row["datetime_precision"] = .int(modifier >= 0 ? modifier : 6)
        case .interval:
            let digits = modifier & 0xFFFF
            row["datetime_precision"] = .int(modifier < 0 || digits == 0xFFFF ? 6 : digits)
        default: break
        }
        if type.kind == .name {
            row["collation_catalog"] = .string(SystemReading.owner)
            row["collation_schema"] = .string("pg_catalog")
            row["collation_name"] = .string("C")
        }
        return row
    }
}
