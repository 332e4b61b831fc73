import Platform

/// Named immutable blobs. Names are slash-separated paths of letters, digits, `-`, `_`, `.`.
///
/// An object appears whole or not at all, and is durable when `put` returns.
package protocol ObjectStore: Sendable {
    func put(_ name: String, _ bytes: [UInt8]) throws(StorageError)
    /// - Throws: `.missing` when there is no such object.
    func get(_ name: String) throws(StorageError) -> [UInt8]
    /// Names that start with `prefix`, sorted; the prefix ends with a slash.
    func list(_ prefix: String) throws(StorageError) -> [String]
    /// Removing what is not there is no error.
    func delete(_ name: String) throws(StorageError)
}

/// Objects as files below one directory.
package final class LocalObjectStore: ObjectStore {
    private let root: String

    package init(root: String) throws(StorageError) {
        self.root = root
        try storing { () throws(SystemError) in try Disk.createDirectory(root) }
    }

    package func put(_ name: String, _ bytes: [UInt8]) throws(StorageError) {
        let path = root + "/" + name
        try storing { () throws(SystemError) in
            try Disk.createDirectory(Disk.parent(of: path))
            try Disk.writeAtomically(bytes, to: path)
        }
    }

    package func get(_ name: String) throws(StorageError) -> [UInt8] {
        let path = root + "/" + name
        guard Disk.exists(path) else { throw .missing(object: name) }
        return try storing { () throws(SystemError) in try Disk.readAll(path) }
    }

    package func list(_ prefix: String) throws(StorageError) -> [String] {
        let path = root + "/" + prefix
        guard Disk.exists(path) else { return [] }
        let names = try storing { () throws(SystemError) in try Disk.list(path) }
        return names.filter { !$0.hasSuffix(".tmp") }.map { prefix + $0 }
    }

    package func delete(_ name: String) throws(StorageError) {
        try storing { () throws(SystemError) in try Disk.remove(root + "/" + name) }
    }
}
