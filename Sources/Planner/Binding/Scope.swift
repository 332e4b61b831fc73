import Types

/// The columns that names can stand for at one place of a query.
struct Scope {
    struct Entry {
        var table: String
        var name: String
        var type: DataType
        /// Merged away by USING: reachable only through its table.
        var isHidden = false
        /// The schema of a relation without an alias: names may say it.
        var schema: String?
        /// Whether the schema is not known that names say: that of a relation which has moved since.
        var isOfAnySchema = false
        /// Its place among the columns of its table, for `t.*`.
        var position = 0
        /// Whether it is all that a function in FROM gives: the function's name means it too.
        var isWhole = false
        /// Whether it is of its table's primary key.
        var isKey = false
        /// Whether an outer join may fill its table with NULLs.
        var canBeMissing = false
        /// The relation that it is a column of, where it is read from one.
        var relation: Int32?
    }

    var entries: [Entry] = []

    /// Positions that a name may mean.
    func matches(_ parts: [String]) -> [Int] {
        let name = parts[parts.count - 1]
        let columns = entries.indices.filter { index in
            let entry = entries[index]
            guard entry.name == name else { return false }
            return parts.count == 1 ? !entry.isHidden : entry.isOf(parts.dropLast())
        }
        guard columns.isEmpty, parts.count == 1 else { return columns }
        return entries.indices.filter { entries[$0].isWhole && entries[$0].table == name }
    }

    /// The relation whose rows a name of `tableoid` is about; nil when there is none or several.
    func relation(of parts: [String]) -> Int32? {
        let found = Set(
            entries.filter { parts.count == 1 || $0.isOf(parts.dropLast()) }.map(\.relation))
        return found.count == 1 ? found.first ?? nil : nil
    }

    /// Positions that `*` or `t.*` stands for.
    func star(_ parts: [String]) -> [Int] {
        if parts.isEmpty { return entries.indices.filter { !entries[$0].isHidden } }
        return entries.indices.filter { entries[$0].isOf(parts[...]) }
            .sorted { entries[$0].position < entries[$1].position }
    }

    /// Whether there is such a table, of the schema if there is one before its name.
    func hasTable(_ parts: ArraySlice<String>) -> Bool { entries.contains { $0.isOf(parts) } }

    func hasTable(_ name: String) -> Bool { entries.contains { $0.table == name } }
}

extension Scope.Entry {
    /// Whether it is a column of the table that the name means: `table`, `schema.table`.
    func isOf(_ parts: ArraySlice<String>) -> Bool {
        guard let name = parts.last, table == name else { return false }
        guard parts.count > 1 else { return true }
        return isOfAnySchema || schema == parts[parts.endIndex - 2]
    }
}
