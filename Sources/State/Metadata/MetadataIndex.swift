import CSQLite
import Platform
import Synchronization

/// The SQLite file beside the metadata log: for people and tools to look at, and rebuilt from the
/// log whenever it is missing or damaged. Nothing reads it on a request's path.
@safe
final class MetadataIndex: @unchecked Sendable {
    // The connection is used under `lock` only.
    private let connection: OpaquePointer
    private let lock = Mutex<Void>(())

    init(path: String) throws(StorageError) {
        if let opened = unsafe MetadataIndex.open(path) {
            unsafe connection = opened
            return
        }
        // It is only an index: a damaged one is thrown away.
        try storing { () throws(SystemError) in try Disk.remove(path) }
        guard let opened = unsafe MetadataIndex.open(path) else {
            throw .index("cannot open \(path)")
        }
        unsafe connection = opened
    }

    deinit { unsafe sqlite3_close(connection) }

    private static func open(_ path: String) -> OpaquePointer? {
        var handle: OpaquePointer?
        guard unsafe sqlite3_open(path, &handle) == SQLITE_OK, let handle = unsafe handle else {
            return nil
        }
        let schema = """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
            CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY CHECK (id = 1), lsn INTEGER);
            """
        guard unsafe sqlite3_exec(handle, schema, nil, nil, nil) == SQLITE_OK else {
            unsafe sqlite3_close(handle)
            return nil
        }
        return unsafe handle
    }

    func replaceAll(_ entries: [String: [UInt8]], position: Int64) throws(StorageError) {
        lock.withLock { _ in
            run("BEGIN")
            run("DELETE FROM entry")
            for (key, value) in entries { put(key, value) }
            run("INSERT OR REPLACE INTO position VALUES (1, \(position))")
            run("COMMIT")
        }
    }

    func apply(_ changes: [(key: String, value: [UInt8]?)], position: Int64) {
        lock.withLock { _ in
            run("BEGIN")
            for change in changes { put(change.key, change.value) }
            run("INSERT OR REPLACE INTO position VALUES (1, \(position))")
            run("COMMIT")
        }
    }

    private func run(_ sql: String) {
        _ = unsafe sqlite3_exec(connection, sql, nil, nil, nil)
    }

    private func put(_ key: String, _ value: [UInt8]?) {
        let sql =
            value == nil
            ? "DELETE FROM entry WHERE key = ?1" : "INSERT OR REPLACE INTO entry VALUES (?1, ?2)"
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else {
            return
        }
        defer { unsafe sqlite3_finalize(statement) }
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        unsafe sqlite3_bind_text(statement, 1, key, -1, transient)
        if let value {
            _ = unsafe value.withUnsafeBytes {
                unsafe sqlite3_bind_blob(statement, 2, $0.baseAddress, Int32($0.count), transient)
            }
        }
        _ = unsafe sqlite3_step(statement)
    }
}
