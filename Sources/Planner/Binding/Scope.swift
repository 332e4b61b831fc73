import Types

/// The columns that names can stand for at one place of a query.
struct Scope {
    struct Entry {
        var table: String
        var name: String
        var type: DataType
        /// Merged away by USING: reachable only through its table.
        var isHidden = false
        /// Its place among the columns of its table, for `t.*`.
        var position = 0
    }

    var entries: [Entry] = []

    /// Positions that a name may mean.
    func matches(_ parts: [String]) -> [Int] {
        let name = parts[parts.count - 1]
        return entries.indices.filter { index in
            let entry = entries[index]
            guard entry.name == name else { return false }
            return parts.count == 1 ? !entry.isHidden : entry.table == parts[parts.count - 2]
        }
    }

    /// Positions that `*` or `t.*` stands for.
    func star(_ parts: [String]) -> [Int] {
        if parts.isEmpty { return entries.indices.filter { !entries[$0].isHidden } }
        return entries.indices.filter { entries[$0].table == parts[parts.count - 1] }
            .sorted { entries[$0].position < entries[$1].position }
    }

    func hasTable(_ name: String) -> Bool { entries.contains { $0.table == name } }
}
