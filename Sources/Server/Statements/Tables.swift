import Dataflow
import Planner
import State
import Types
import Wire

/// CREATE TABLE, CREATE TABLE AS, CREATE SEQUENCE.
extension Session {
    func createTable(_ statement: CreateTable, _ text: String, _ parameters: Parameters)
        async throws(SQLError) -> StatementResult
    {
        if statement.connector.options.contains(where: { $0.name == "connector" }) {
            return try await createFed(
                .table, statement.name, ifNotExists: statement.ifNotExists, statement.elements,
                statement.connector, text)
        }
        try Session.checkUnfed(statement)
        if let source = statement.source {
            return try await createTable(statement, as: source, text, parameters)
        }
        return try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "CREATE TABLE")
            guard
                let (schema, name) = try newName(
                    statement.name, ifNotExists: statement.ifNotExists, &result)
            else { return result }
            let binder = Binder(context: context(), text: text)
            var bound = try binder.bind(statement.elements, table: name)
            let oid = database.catalogStore.newOID()
            for (index, definition) in zip(bound.sequenceColumns, bound.sequences) {
                let sequence = try await addSequence(
                    MadeName.of(name, bound.columns[index].name, "seq"), schema, owner: oid,
                    definition)
                let quoted = sequence.replacing("'", with: "''").replacing("\"", with: "\"\"")
                bound.columns[index].defaultText = "nextval('\"\(quoted)\"'::regclass)"
            }
            try await add(bound, oid, schema, name)
            return result
        }
    }

    /// What only a connector gives a meaning to.
    private static func checkUnfed(_ statement: CreateTable) throws(SQLError) {
        if let option = statement.connector.options.first {
            throw SQLError(
                .invalidParameterValue, "unrecognized table option \"\(option.name)\"",
                hint: "A table that is fed has the option connector.", position: option.at)
        }
        if let (policy, at) = statement.connector.conflict {
            throw SQLError.unsupported(
                "ON CONFLICT \(policy.uppercased()) of a table without a connector", at: at)
        }
        if statement.connector.format != nil || statement.connector.encode != nil {
            throw SQLError(
                .invalidTableDefinition, "FORMAT and ENCODE need WITH (connector = …)")
        }
        if let include = statement.connector.includes.first {
            throw SQLError(
                .invalidTableDefinition, "INCLUDE needs WITH (connector = …)",
                position: include.at)
        }
    }

    /// - Parameter rows: are in the table when others see it, and after a crash when it is there.
    private func add(
        _ bound: BoundTable, _ oid: Int32, _ schema: String, _ name: String,
        rows: [TableChange] = []
    ) async throws(SQLError) {
        var object = CatalogObject(
            oid: oid, schema: schema, name: name, kind: .table, columns: bound.columns)
        object.primaryKey = bound.primaryKey
        if !bound.primaryKey.isEmpty {
            object.primaryKeyName = bound.primaryKeyName ?? MadeName.of(name, nil, "pkey")
        }
        object.uniques = bound.uniques
        object.checks = bound.checks
        let created = object
        if !rows.isEmpty { await database.metadataDurable(database.catalogStore.keepOIDs()) }
        let _: Void = try await database.ask { .addTable(created, $0) }
        if !rows.isEmpty {
            do throws(SQLError) {
                let _: Void = try await database.ask { .commit(rows, $0) }
            } catch {
                let _: Void = try await database.ask { .drop([oid], $0) }
                throw error
            }
        }
        await database.metadataDurable(database.catalogStore.add(created))
    }

    private func createTable(
        _ statement: CreateTable, as source: (query: Query, columns: [String], withData: Bool),
        _ text: String, _ parameters: Parameters
    ) async throws(SQLError) -> StatementResult {
        var result = StatementResult(tag: "CREATE TABLE AS")
        let (plan, binder) = try await binding(text, parameters) { (binder) throws(SQLError) in
            try binder.renamed(try binder.bind(source.query), source.columns)
        }
        let batches =
            source.withData
            ? try await run(Optimizer.optimized(plan), reading: binder.references) : []
        let oid = database.catalogStore.newOID()
        let rows = batches.filter { $0.count > 0 }.map { TableChange(table: oid, batch: $0) }
        try await defining { () throws(SQLError) in
            guard
                let (schema, name) = try newName(
                    statement.name, ifNotExists: statement.ifNotExists, &result)
            else { return }
            var columns: [CatalogColumn] = []
            for field in plan.fields {
                if columns.contains(where: { $0.name == field.name }) {
                    throw SQLError(
                        .duplicateColumn, "column \"\(field.name)\" specified more than once")
                }
                columns.append(
                    CatalogColumn(field.name, field.type.kind == .unknown ? .text : field.type))
            }
            try await add(BoundTable(columns: columns), oid, schema, name, rows: rows)
            let count = rows.reduce(0) { $0 + $1.batch.totalWeight }
            if source.withData { result.tag = "SELECT \(count)" }
        }
        return result
    }

    /// - Returns: the name that was free.
    private func addSequence(
        _ wanted: String, _ schema: String, owner: Int32, _ definition: SequenceDefinition
    ) async throws(SQLError) -> String {
        var (name, number) = (wanted, 0)
        while database.catalogStore.catalog.find(schema: schema, name: name) != nil {
            number += 1
            name = wanted + String(number)
        }
        var object = CatalogObject(
            oid: database.catalogStore.newOID(), schema: schema, name: name, kind: .sequence,
            columns: [])
        object.ownerOID = owner
        object.options = definition.options
        await database.metadataDurable(database.catalogStore.add(object))
        return name
    }
}
