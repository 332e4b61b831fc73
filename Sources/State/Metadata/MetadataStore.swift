import Platform
import Synchronization
import Types

/// Small named facts that must last: catalog, topics, offsets, producer ids.
///
/// The truth is a log of (key, value or removal); memory holds the newest value of each key, and
/// SQLite is an index of it on disk that can be thrown away. The log is compacted by writing all
/// live entries again and dropping what lies before.
package final class MetadataStore: Sendable {
    private let log: DurableLog
    private let index: MetadataIndex
    private let entries = Mutex<[String: [UInt8]]>([:])
    /// The index is written by a thread of its own: nobody waits for it.
    private let background = WorkerPool(name: "metadata", threads: 1)
    private let compactAt = Mutex<Int64>(0)

    /// Replays the log. `indexPath`: the SQLite file.
    package init(log: DurableLog, indexPath: String) throws(StorageError) {
        self.log = log
        var found: [String: [UInt8]] = [:]
        try log.replay(from: log.start) { (lsn, payload) throws(StorageError) in
            do throws(MalformedBytes) {
                for (key, value) in try MetadataStore.decode(payload) { found[key] = value }
            } catch {
                throw .corrupt(
                    file: log.directory, reason: "metadata record \(lsn): \(error.reason)")
            }
        }
        let loaded = found
        entries.withLock { $0 = loaded }
        index = try MetadataIndex(path: indexPath)
        try index.replaceAll(loaded, position: log.durableEnd)
        compactAt.withLock { $0 = log.end + 4 << 20 }
    }

    package func value(_ key: String) -> [UInt8]? { entries.withLock { $0[key] } }

    /// Keys with this prefix and their values, sorted by key.
    package func entries(prefix: String) -> [(key: String, value: [UInt8])] {
        entries.withLock { entries in
            entries.filter { $0.key.hasPrefix(prefix) }.map { ($0.key, $0.value) }
        }.sorted { $0.0 < $1.0 }
    }

    /// Changes entries together (nil removes); readable at once, durable when `whenDurable` of the
    /// log says so for the returned position. The caller wakes the committer.
    package func write(_ changes: [(key: String, value: [UInt8]?)]) -> Int64 {
        entries.withLock { entries in
            for change in changes { entries[change.key] = change.value }
            let payload = MetadataStore.encode(changes)
            let end = log.append(payload).end
            log.whenDurable(end) { [index, background] in
                background.submit { index.apply(changes, position: end) }
            }
            return end
        }
    }

    /// Rewrites the log when it has grown well past what is live. Call from a background thread.
    package func compactIfWorthwhile() {
        let (live, shouldCompact) = entries.withLock { entries in
            (entries, log.end > compactAt.withLock { $0 })
        }
        guard shouldCompact else { return }
        let size = live.reduce(0) { $0 + $1.key.utf8.count + $1.value.count + 16 }
        guard log.end - log.start > Int64(size * 4) else {
            compactAt.withLock { $0 = log.end + Int64(size * 4) }
            return
        }
        let (lsn, end) = entries.withLock { entries in
            log.append(MetadataStore.encode(entries.map { ($0.key, $0.value) }))
        }
        compactAt.withLock { $0 = end + max(4 << 20, Int64(size * 4)) }
        log.whenDurable(end) { [log] in
            // A failure here leaves old segments behind; the next compaction removes them.
            try? log.truncate(before: lsn)
        }
    }

    private static func encode(_ changes: [(key: String, value: [UInt8]?)]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(Int32(changes.count))
        for change in changes {
            writer.writeText(change.key)
            writer.write(change.value != nil)
            if let value = change.value {
                writer.write(Int32(value.count))
                writer.write(contentsOf: value)
            }
        }
        return writer.bytes
    }

    private static func decode(_ payload: [UInt8]) throws(MalformedBytes) -> [(String, [UInt8]?)] {
        var reader = ByteReader(payload)
        guard try reader.readUInt8() == 1 else { throw MalformedBytes("record version") }
        var changes: [(String, [UInt8]?)] = []
        for _ in 0..<(try reader.readCount(bytesEach: 5)) {
            let key = try reader.readText()
            var value: [UInt8]?
            if try reader.readUInt8() != 0 { value = try reader.readBytes(try reader.readCount()) }
            changes.append((key, value))
        }
        return changes
    }
}
