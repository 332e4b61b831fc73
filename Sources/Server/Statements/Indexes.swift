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
            let given = statement.name ?? freeName(relation, positions)
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
            await database.metadataDurable(database.catalogStore.add(object))
            return result
        }
    }

    /// relation_column_…_idx, with a number when that is taken.
    private func freeName(_ relation: CatalogObject, _ positions: [Int]) -> String {
        let names = [relation.name] + positions.map { relation.columns[$0].name } + ["idx"]
        let base = names.joined(separator: "_")
        var (name, number) = (base, 0)
        while database.catalogStore.catalog.find(schema: relation.schema, name: name) != nil {
            number += 1
            name = base + String(number)
        }
        return name
    }
}
