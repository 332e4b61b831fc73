import Platform

/// The system's time zone files, found without regard to case as PostgreSQL finds them.
enum ZoneFiles {
    private static let root = "/usr/share/zoneinfo"

    /// The file of a zone; who asks has checked the name. - Returns: nil when there is none.
    static func read(_ name: String) -> [UInt8]? {
        if let exact = try? Disk.readAll("\(root)/\(name)") { return exact }
        var path = root
        for part in name.split(separator: "/", omittingEmptySubsequences: false) {
            let wanted = part.lowercased()
            guard let names = try? Disk.list(path),
                let found = names.sorted().first(where: { $0.lowercased() == wanted })
            else { return nil }
            path += "/" + found
        }
        return try? Disk.readAll(path)
    }
}
