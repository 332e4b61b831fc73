package import Types

extension Binder {
    /// Column definitions of a table or a source, and the positions of the primary key.
    /// - Throws: 42701, 42703, 42P16, 42704.
    package func bind(_ definitions: [ColumnDefinition], key: [(name: String, at: Int)] = [])
        throws(SQLError) -> (columns: [CatalogColumn], primaryKey: [Int])
    {
        var columns: [CatalogColumn] = []
        var primaryKey: [Int] = []
        for definition in definitions {
            if columns.contains(where: { $0.name == definition.name }) {
                throw SQLError(
                    .duplicateColumn, "column \"\(definition.name)\" specified more than once")
            }
            if definition.isPrimaryKey {
                guard primaryKey.isEmpty, key.isEmpty else {
                    throw SQLError(
                        .invalidTableDefinition, "multiple primary keys for table are not allowed",
                        position: position(definition.at))
                }
                primaryKey = [columns.count]
            }
            columns.append(
                CatalogColumn(
                    definition.name, try type(definition.type),
                    isNotNull: definition.isNotNull || definition.isPrimaryKey))
        }
        for (name, at) in key {
            guard let index = columns.firstIndex(where: { $0.name == name }) else {
                throw SQLError(
                    .undefinedColumn, "column \"\(name)\" named in key does not exist",
                    position: position(at))
            }
            guard !primaryKey.contains(index) else {
                throw SQLError(
                    .duplicateColumn, "column \"\(name)\" appears twice in primary key constraint",
                    position: position(at))
            }
            primaryKey.append(index)
            columns[index].isNotNull = true
        }
        return (columns, primaryKey)
    }
}
