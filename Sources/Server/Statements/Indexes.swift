import Planner
import Types

/// CREATE INDEX. Readers make the index itself (docs/design/0009); here it gets its name.
extension Session {
    func createIndex(_ statement: CreateIndex) async throws(SQLError) -> StatementResult {
        try await defining { () throws(SQLError) in
            var result = StatementResult(tag: "CREATE INDEX")
            let catalog = context().catalog
            let relation = try catalog.resolve(statement.relation, position: statement.relation.at)
            guard relation.kind == .table || relation.kind == .materializedView || relation.isFed
            else {
                throw SQLError(
                    .wrongObjectType,
                    "cannot create index on \(relation.kindName) \"\(relation.name)\"",
                    hint: "Indexes are for tables and materialized views.")
            }
            var positions: [Int] = []
            for (name, _) in statement.columns {
                guard let index = relation.columns.firstIndex(where: { $0.name == name }) else {
                    throw SQLError(.undefinedColumn, "column \"\(name)\" does not exist")
                }
                if !positions.contains(index) { positions.append(index) }
            }
            let given = statement.name ?? freeName(relation, positions, "idx")
            guard
                let (_, name) = try newName(
                    QualifiedName(parts: [relation.schema, given], at: statement.relation.at),
                    ifNotExists: statement.ifNotExists, &result)
            else { return result }
            var object = CatalogObject(
                oid: database.catalogStore.newOID(), schema: relation.schema, name: name,
                kind: .index, columns: positions.map { relation.columns[$0] })
            object.primaryKey = positions
            object.ownerOID = relation.oid
            guard statement.isUnique else {
                await database.metadataDurable(database.catalogStore.add(object))
                return result
            }
            object.isUniqueIndex = true
            let table = try await demanding(name, positions, of: relation)
            await database.metadataDurable(database.catalogStore.add(table, object))
            return result
        }
    }

    /// From now on the table's rows are unique by these columns. - Throws: 23505 when they are not now.
    private func demanding(_ index: String, _ columns: [Int], of relation: CatalogObject)
        async throws(SQLError) -> CatalogObject
    {
        guard relation.kind == .table, !relation.isFed else {
            throw SQLError.unsupported("a unique index on what SQL cannot insert into")
        }
        var table = relation
        table.addUniqueIndex(index, columns)
        let changed = table
        let _: Void = try await database.ask { .changeUniques(changed, $0) }
        return changed
    }

    /// Tables as they are without the unique indexes that are dropped, as far as they stay themselves.
    func released(by dropped: [Int32], _ catalog: Catalog) -> [CatalogObject] {
        var tables: [Int32: CatalogObject] = [:]
        for oid in dropped {
            guard let index = catalog.objects[oid], index.isUniqueIndex,
                !dropped.contains(index.ownerOID),
                var table = tables[index.ownerOID] ?? catalog.objects[index.ownerOID]
            else { continue }
            table.removeUniqueIndex(index.name)
            tables[table.oid] = table
        }
        return tables.values.sorted { $0.oid < $1.oid }
    }

    /// relation_column_…_suffix, with a number when that is taken.
    func freeName(_ relation: CatalogObject, _ positions: [Int], _ suffix: String) -> String {
        let names = [relation.name] + positions.map { relation.columns[$0].name } + [suffix]
        let base = names.joined(separator: "_")
        var (name, number) = (base, 0)
        while database.catalogStore.catalog.isTaken(schema: relation.schema, name: name) {
            number += 1
            name = base + String(number)
        }
        return name
    }
}
