import Types

/// The columns that names can stand for at one place of a query.
struct Scope {
    struct Entry {
        var table: String
        var name: String
        var type: DataType
        /// Merged away by USING: reachable only through its table.
        var isHidden = false
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
        entries.indices.filter { index in
            parts.isEmpty
                ? !entries[index].isHidden : entries[index].table == parts[parts.count - 1]
        }
    }

    func hasTable(_ name: String) -> Bool { entries.contains { $0.table == name } }
}
