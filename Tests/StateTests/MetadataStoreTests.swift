import Platform
import State
import Testing
import Types

@Suite struct MetadataStoreTests {
    /// A directory of one test; removed with all files when the test ends.
    private final class Scratch {
        let path: String
        var logPath: String { path + "/log" }
        var indexPath: String { path + "/metadata.sqlite" }

        init() throws {
            path = "/tmp/streamhouse-metadata-\(String(SecureRandom.uint64(), radix: 16))"
            try Disk.createDirectory(path)
        }

        deinit {
            for folder in [logPath, path] {
                for name in (try? Disk.list(folder)) ?? [] { try? Disk.remove(folder + "/" + name) }
                try? Disk.remove(folder)
            }
        }
    }

    private static func durable(_ log: DurableLog, _ committer: GroupCommitter) async {
        let end = log.end
        await withCheckedContinuation { continuation in
            log.whenDurable(end) { continuation.resume() }
            committer.wake()
        }
    }

    private static func committer(_ log: DurableLog) -> GroupCommitter {
        GroupCommitter(logs: [log]) { error in Issue.record("commit failed: \(error)") }
    }

    @Test func writesAreReadableAtOnceAndAfterReopening() async throws {
        let scratch = try Scratch()
        do {
            let log = try DurableLog(directory: scratch.logPath)
            let store = try MetadataStore(log: log, indexPath: scratch.indexPath)
            let committer = Self.committer(log)
            _ = store.write([("topic/a", [1]), ("topic/b", [2]), ("offset/a", [])])
            #expect(store.value("topic/b") == [2])
            _ = store.write([("topic/b", [3]), ("topic/a", nil)])
            #expect(store.value("topic/a") == nil)
            await Self.durable(log, committer)
        }
        let log = try DurableLog(directory: scratch.logPath)
        let again = try MetadataStore(log: log, indexPath: scratch.indexPath)
        #expect(again.value("topic/a") == nil)
        #expect(again.value("topic/b") == [3])
        #expect(again.value("offset/a") == [])
        #expect(again.entries(prefix: "topic/").map(\.key) == ["topic/b"])
        #expect(again.entries(prefix: "").map(\.key) == ["offset/a", "topic/b"])
    }

    @Test func aDamagedIndexIsRebuilt() async throws {
        let scratch = try Scratch()
        do {
            let log = try DurableLog(directory: scratch.logPath)
            let store = try MetadataStore(log: log, indexPath: scratch.indexPath)
            _ = store.write([("a", [1])])
            await Self.durable(log, Self.committer(log))
        }
        let damaged = try Scratch()
        try Disk.writeAtomically([UInt8](repeating: 42, count: 8192), to: damaged.indexPath)
        let log = try DurableLog(directory: scratch.logPath)
        let again = try MetadataStore(log: log, indexPath: damaged.indexPath)
        #expect(again.value("a") == [1])
    }

    @Test func compactionKeepsTheNewestValuesAndShortensTheLog() async throws {
        let scratch = try Scratch()
        let log = try DurableLog(directory: scratch.logPath, segmentBytes: 1 << 20)
        let store = try MetadataStore(log: log, indexPath: scratch.indexPath)
        let committer = Self.committer(log)
        _ = store.write([("kept", [9])])
        for number in 0..<96 {
            _ = store.write([("counter", [UInt8](repeating: UInt8(number), count: 64 << 10))])
            await Self.durable(log, committer)
        }
        #expect(log.start == 0)
        store.compactIfWorthwhile()
        await Self.durable(log, committer)
        // Behind this write everything that waited for the compaction has been done.
        _ = store.write([("after", [1])])
        await Self.durable(log, committer)
        #expect(log.start > 0)
        let again = try MetadataStore(
            log: DurableLog(directory: scratch.logPath, segmentBytes: 1 << 20),
            indexPath: scratch.indexPath)
        #expect(again.value("kept") == [9])
        #expect(again.value("counter") == [UInt8](repeating: 95, count: 64 << 10))
        #expect(again.value("after") == [1])
    }
}
