import Platform
import State
import Testing
import Types

@Suite struct DurableLogTests {
    /// A directory of one test; removed with all files when the test ends.
    private final class Scratch {
        let path: String

        init() throws {
            path = "/tmp/streamhouse-log-\(String(SecureRandom.uint64(), radix: 16))"
            try Disk.createDirectory(path)
        }

        func copy(of other: Scratch) throws {
            for name in try Disk.list(other.path) {
                try Disk.writeAtomically(
                    Disk.readAll(other.path + "/" + name), to: path + "/" + name)
            }
        }

        deinit {
            for name in (try? Disk.list(path)) ?? [] { try? Disk.remove(path + "/" + name) }
            try? Disk.remove(path)
        }
    }

    /// Writes records and waits until they are durable; one sync each when `apart`.
    private static func write(
        _ payloads: [[UInt8]], to log: DurableLog, apart: Bool = false
    ) async -> [Int64] {
        let committer = GroupCommitter(logs: [log]) { error in
            Issue.record("commit failed: \(error)")
        }
        var positions: [Int64] = []
        for payload in payloads {
            positions.append(log.append(payload).lsn)
            if apart { await durable(log, committer) }
        }
        await durable(log, committer)
        return positions
    }

    private static func durable(_ log: DurableLog, _ committer: GroupCommitter) async {
        let end = log.end
        await withCheckedContinuation { continuation in
            log.whenDurable(end) { continuation.resume() }
            committer.wake()
        }
    }

    private static func records(_ log: DurableLog, from lsn: Int64? = nil) throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        try log.replay(from: lsn ?? log.start) { (_, payload) throws(StorageError) in
            found.append(payload)
        }
        return found
    }

    private static let payloads: [[UInt8]] = (1...9).map {
        [UInt8](repeating: UInt8($0), count: $0 * 5)
    }

    @Test func whatIsDurableIsThereAfterReopening() async throws {
        let scratch = try Scratch()
        let positions: [Int64]
        do {
            let log = try DurableLog(directory: scratch.path)
            #expect(log.end == 0 && log.start == 0)
            positions = await Self.write(Self.payloads, to: log)
            #expect(log.durableEnd == log.end)
            #expect(try Self.records(log) == Self.payloads)
        }
        let again = try DurableLog(directory: scratch.path)
        #expect(try Self.records(again) == Self.payloads)
        #expect(try Self.records(again, from: positions[4]) == Array(Self.payloads[4...]))
        #expect(
            try again.read(lsn: positions[3], offset: 2, count: 10)
                == [UInt8](repeating: 4, count: 10))
        let more = await Self.write([[42]], to: again)
        #expect(more == [positions[8] + 8 + 45])
        #expect(try Self.records(again) == Self.payloads + [[42]])
    }

    @Test func nothingIsDurableBeforeItsCommit() throws {
        let scratch = try Scratch()
        let log = try DurableLog(directory: scratch.path)
        _ = log.append([1, 2, 3])
        #expect(log.end == 11 && log.durableEnd == 0 && log.pendingBytes == 11)
        #expect(try Self.records(DurableLog(directory: scratch.path)) == [])
    }

    @Test func aTornTailIsCutOffWhereverItIsTorn() async throws {
        let scratch = try Scratch()
        let kept = Array(Self.payloads[..<3])
        let ends: (before: Int64, after: Int64)
        do {
            let log = try DurableLog(directory: scratch.path)
            _ = await Self.write(kept, to: log)
            let before = log.end
            _ = await Self.write([Self.payloads[8]], to: log)
            ends = (before, log.end)
        }
        for length in ends.before..<ends.after {
            let torn = try Scratch()
            try torn.copy(of: scratch)
            let name = try #require(try Disk.list(torn.path).first)
            do {
                let file = try File(torn.path + "/" + name, .readWrite)
                try file.truncate(to: 32 + length)
            }
            let log = try DurableLog(directory: torn.path)
            #expect(log.end == ends.before, "torn at \(length)")
            #expect(try Self.records(log) == kept, "torn at \(length)")
            // What comes next does not join with what was there.
            _ = await Self.write([[7]], to: log)
            #expect(
                try Self.records(DurableLog(directory: torn.path)) == kept + [[7]],
                "torn at \(length)")
        }
    }

    @Test func aDamagedByteOfTheLastRecordCutsItOff() async throws {
        let scratch = try Scratch()
        let kept = Array(Self.payloads[..<3])
        let (before, after): (Int64, Int64)
        do {
            let log = try DurableLog(directory: scratch.path)
            _ = await Self.write(kept, to: log)
            before = log.end
            _ = await Self.write([Self.payloads[4]], to: log)
            after = log.end
        }
        for position in before..<after {
            let damaged = try Scratch()
            try damaged.copy(of: scratch)
            let name = try #require(try Disk.list(damaged.path).first)
            do {
                let file = try File(damaged.path + "/" + name, .readWrite)
                let byte = try file.read(at: 32 + position, count: 1)
                try file.write([byte[0] ^ 0x41], at: 32 + position)
            }
            #expect(
                try Self.records(DurableLog(directory: damaged.path)) == kept, "byte \(position)")
        }
    }

    // MARK: - Segments

    @Test func recordsOverManySegmentsReadAsOneLog() async throws {
        let scratch = try Scratch()
        let log = try DurableLog(directory: scratch.path, segmentBytes: 40)
        let positions = await Self.write(Self.payloads, to: log, apart: true)
        let segments = try Disk.list(scratch.path)
        #expect(segments.count > 2)
        #expect(try Self.records(log) == Self.payloads)
        let again = try DurableLog(directory: scratch.path, segmentBytes: 40)
        for (index, lsn) in positions.enumerated() {
            #expect(try Self.records(again, from: lsn) == Array(Self.payloads[index...]))
            #expect(
                try again.read(lsn: lsn, offset: 0, count: 5)
                    == [UInt8](repeating: UInt8(index + 1), count: 5))
        }
    }

    @Test func truncationRemovesWholeSegmentsOnly() async throws {
        let scratch = try Scratch()
        let log = try DurableLog(directory: scratch.path, segmentBytes: 40)
        let positions = await Self.write(Self.payloads, to: log, apart: true)
        let before = try Disk.list(scratch.path).count
        try log.truncate(before: positions[5])
        #expect(try Disk.list(scratch.path).count < before)
        #expect(log.start <= positions[5] && log.start > 0)
        #expect(try Self.records(log, from: positions[5]) == Array(Self.payloads[5...]))
        let again = try DurableLog(directory: scratch.path, segmentBytes: 40)
        #expect(again.start == log.start && again.end == log.end)
        #expect(try Self.records(again, from: positions[5]) == Array(Self.payloads[5...]))
        // The newest segment stays, whatever is asked.
        try again.truncate(before: Int64.max)
        #expect(try Disk.list(scratch.path).count == 1)
        #expect(again.end == log.end)
    }

    @Test func damageInAnEarlierSegmentIsReported() async throws {
        let scratch = try Scratch()
        do {
            let log = try DurableLog(directory: scratch.path, segmentBytes: 40)
            _ = await Self.write(Self.payloads, to: log, apart: true)
        }
        let name = try #require(try Disk.list(scratch.path).sorted().first)
        // The first record's checksum and payload, and the segment's header.
        for position in [37, 41, 4, 31] as [Int64] {
            let damaged = try Scratch()
            try damaged.copy(of: scratch)
            do {
                let file = try File(damaged.path + "/" + name, .readWrite)
                let byte = try file.read(at: position, count: 1)
                try file.write([byte[0] ^ 1], at: position)
            }
            do {
                let log = try DurableLog(directory: damaged.path, segmentBytes: 40)
                let found = try Self.records(log)
                Issue.record("damage at \(position) was read over: \(found.count) records")
            } catch StorageError.corrupt {
                continue
            }
        }
    }
}
