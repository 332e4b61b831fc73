import Platform
import Synchronization
import Types

/// An append-only sequence of checksummed records in segment files.
///
/// A record's name is its LSN: the byte position of its frame since the log began, over all
/// segments. What has been appended is in memory until a `GroupCommitter` has written and synced
/// it; `durableEnd` says how far that is. The frame is laid out in docs/formats/log.md.
package final class DurableLog: Sendable {
    private struct SegmentFile: Sendable {
        let base: Int64
        let file: File
    }

    private struct Shared {
        var segments: [SegmentFile] = []
        /// Frames not handed to the committer yet.
        var pending: [[UInt8]] = []
        var pendingBytes = 0
        var end: Int64 = 0
        var written: Int64 = 0
        var waiters: [(end: Int64, action: @Sendable () -> Void)] = []
    }

    package let directory: String
    private let segmentBytes: Int64
    private let shared = Mutex(Shared())
    private let durable = Atomic<Int64>(0)
    static let frameHeader = 8
    static let segmentHeader: Int64 = 32
    static let magic: [UInt8] = Array("SHLG".utf8)
    /// The largest payload of one record, 1 GiB.
    package static let maximumPayload = 1 << 30

    /// Opens or creates the log and finds its end; a torn tail is cut off.
    package init(directory: String, segmentBytes: Int64 = 64 << 20) throws(StorageError) {
        self.directory = directory
        self.segmentBytes = segmentBytes
        try storing { () throws(SystemError) in try Disk.createDirectory(directory) }
        let names = try storing { () throws(SystemError) in try Disk.list(directory) }
        var segments: [SegmentFile] = []
        for name in names where name.hasSuffix(".seg") {
            guard let base = Int64(name.dropLast(4), radix: 16) else {
                throw .corrupt(file: "\(directory)/\(name)", reason: "name is no position")
            }
            let path = "\(directory)/\(name)"
            let file = try storing { () throws(SystemError) in try File(path, .readWrite) }
            segments.append(SegmentFile(base: base, file: file))
        }
        if let last = segments.last, try !DurableLog.hasHeader(last.file, base: last.base) {
            // Created but never written to: nothing in it was acknowledged.
            try storing { () throws(SystemError) in try Disk.remove(last.file.path) }
            segments.removeLast()
        }
        for segment in segments.dropLast()
        where try !DurableLog.hasHeader(segment.file, base: segment.base) {
            throw .corrupt(file: segment.file.path, reason: "segment header")
        }
        if segments.isEmpty { segments.append(try createSegment(base: 0)) }
        let found = segments
        shared.withLock { $0.segments = found }
        try findEnd()
    }

    private static func hasHeader(_ file: File, base: Int64) throws(StorageError) -> Bool {
        let header = try storing { () throws(SystemError) in
            try file.read(at: 0, count: Int(segmentHeader))
        }
        return header == makeHeader(base: base)
    }

    private static func makeHeader(base: Int64) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(contentsOf: magic)
        writer.write(UInt32(1))
        writer.write(base)
        writer.write(contentsOf: [UInt8](repeating: 0, count: 12))
        writer.write(crc32c(writer.bytes))
        return writer.bytes
    }

    private func createSegment(base: Int64) throws(StorageError) -> SegmentFile {
        let hex = String(base, radix: 16)
        let path = "\(directory)/\(String(repeating: "0", count: 16 - hex.count))\(hex).seg"
        return try storing { () throws(SystemError) in
            let file = try File(path, .createNew)
            try file.write(DurableLog.makeHeader(base: base), at: 0)
            try file.sync()
            try Disk.syncDirectory(directory)
            return SegmentFile(base: base, file: file)
        }
    }

    private func findEnd() throws(StorageError) {
        guard let last = shared.withLock({ $0.segments.last }) else { return }
        var end = last.base
        try scan(last, from: last.base, isLast: true) { (lsn, payload) throws(StorageError) in
            end = lsn + Int64(DurableLog.frameHeader + payload.count)
        }
        let position = end - last.base + DurableLog.segmentHeader
        try storing { () throws(SystemError) in
            // What lies behind the end must not come back when new records reach it.
            try last.file.truncate(to: position)
            try last.file.sync()
        }
        let final = end
        shared.withLock {
            $0.end = final
            $0.written = final
        }
        durable.store(final, ordering: .releasing)
    }

    // MARK: - Reading

    /// The position of the oldest record still kept.
    package var start: Int64 { shared.withLock { $0.segments.first?.base ?? 0 } }

    /// Behind the last record appended.
    package var end: Int64 { shared.withLock { $0.end } }

    /// Everything before this position survives a crash.
    package var durableEnd: Int64 { durable.load(ordering: .acquiring) }

    /// Visits all durable records from `lsn` on, in order.
    package func replay(
        from lsn: Int64, _ visit: (Int64, [UInt8]) throws(StorageError) -> Void
    ) throws(StorageError) {
        let segments = shared.withLock { $0.segments }
        for (index, segment) in segments.enumerated() {
            let next = index + 1 < segments.count ? segments[index + 1].base : Int64.max
            if next <= lsn { continue }
            let isLast = index == segments.count - 1
            var end = max(lsn, segment.base)
            try scan(segment, from: end, isLast: isLast) { (lsn, payload) throws(StorageError) in
                end = lsn + Int64(DurableLog.frameHeader + payload.count)
                try visit(lsn, payload)
            }
            guard isLast || end == next else {
                throw .corrupt(
                    file: segment.file.path, reason: "records end at LSN \(end), not at \(next)")
            }
        }
    }

    private func scan(
        _ segment: SegmentFile, from: Int64, isLast: Bool,
        _ visit: (Int64, [UInt8]) throws(StorageError) -> Void
    ) throws(StorageError) {
        let file = segment.file
        let size = try storing { () throws(SystemError) in try file.size() }
        var position = from - segment.base + DurableLog.segmentHeader
        while position < size {
            let window = try storing { () throws(SystemError) in
                try file.read(at: position, count: Int(min(size - position, 4 << 20)))
            }
            var at = 0
            var needsMore = 0
            while at + DurableLog.frameHeader <= window.count {
                let length = DurableLog.readUInt32(window, at)
                if length == 0 { return }
                let total = DurableLog.frameHeader + Int(length)
                guard Int(length) <= DurableLog.maximumPayload, position + Int64(at + total) <= size
                else {
                    if isLast { return }
                    throw .corrupt(
                        file: file.path, reason: "record at \(position + Int64(at)) is cut short")
                }
                if at + total > window.count {
                    needsMore = total
                    break
                }
                let lsn = position + Int64(at) - DurableLog.segmentHeader + segment.base
                let payload = Array(window[(at + 8)..<(at + total)])
                guard
                    DurableLog.checksum(payload, lsn: lsn) == DurableLog.readUInt32(window, at + 4)
                else {
                    if isLast { return }
                    throw .corrupt(file: file.path, reason: "checksum of record at LSN \(lsn)")
                }
                try visit(lsn, payload)
                at += total
            }
            if needsMore > 4 << 20, at == 0 {
                guard
                    try visitLarge(
                        segment, position: position, total: needsMore, isLast: isLast, visit)
                else { return }
                at = needsMore
            }
            if at == 0 { return }
            position += Int64(at)
        }
    }

    /// A record larger than the reading window. - Returns: false when the log ends before it.
    private func visitLarge(
        _ segment: SegmentFile, position: Int64, total: Int, isLast: Bool,
        _ visit: (Int64, [UInt8]) throws(StorageError) -> Void
    ) throws(StorageError) -> Bool {
        let frame = try storing { () throws(SystemError) in
            try segment.file.read(at: position, count: total)
        }
        let lsn = position - DurableLog.segmentHeader + segment.base
        let payload = Array(frame.dropFirst(8))
        guard DurableLog.checksum(payload, lsn: lsn) == DurableLog.readUInt32(frame, 4) else {
            if isLast { return false }
            throw .corrupt(file: segment.file.path, reason: "checksum of record at LSN \(lsn)")
        }
        try visit(lsn, payload)
        return true
    }

    /// `count` bytes of a payload, from `offset` within it. The record must be durable and kept.
    package func read(lsn: Int64, offset: Int, count: Int) throws(StorageError) -> [UInt8] {
        let segment = shared.withLock { shared in
            shared.segments.last { $0.base <= lsn }
        }
        guard let segment else { throw .missing(object: "log record \(lsn)") }
        let position =
            lsn - segment.base + DurableLog.segmentHeader + Int64(DurableLog.frameHeader + offset)
        let bytes = try storing { () throws(SystemError) in
            try segment.file.read(at: position, count: count)
        }
        guard bytes.count == count else {
            throw .corrupt(file: segment.file.path, reason: "record at LSN \(lsn) is cut short")
        }
        return bytes
    }

    // MARK: - Appending

    /// Queues a record. - Returns: its LSN and the position behind it.
    package func append(_ payload: [UInt8]) -> (lsn: Int64, end: Int64) {
        precondition(!payload.isEmpty && payload.count <= DurableLog.maximumPayload, "record size")
        return shared.withLock { shared in
            let lsn = shared.end
            var frame = ByteWriter(reserving: payload.count + DurableLog.frameHeader)
            frame.write(UInt32(payload.count))
            frame.write(DurableLog.checksum(payload, lsn: lsn))
            frame.write(contentsOf: payload)
            shared.end += Int64(frame.count)
            shared.pendingBytes += frame.count
            shared.pending.append(frame.bytes)
            return (lsn, shared.end)
        }
    }

    /// Bytes waiting for the committer.
    package var pendingBytes: Int { shared.withLock { $0.pendingBytes } }

    /// Calls back on the committer's thread once everything before `end` is durable; at once when
    /// it is already.
    package func whenDurable(_ end: Int64, _ action: @escaping @Sendable () -> Void) {
        let isDone = shared.withLock { shared in
            if durable.load(ordering: .acquiring) >= end { return true }
            shared.waiters.append((end, action))
            return false
        }
        if isDone { action() }
    }

    /// Frames taken from the queue, and where they go.
    struct Pending {
        var frames: [[UInt8]]
        var from: Int64
        var to: Int64
    }

    /// Takes what is queued. Committer's thread only.
    func takePending() -> Pending {
        shared.withLock { shared in
            let taken = Pending(frames: shared.pending, from: shared.written, to: shared.end)
            shared.pending = []
            shared.pendingBytes = 0
            shared.written = shared.end
            return taken
        }
    }

    /// Writes and syncs what was taken. Committer's thread only.
    func commit(_ pending: Pending) throws(StorageError) {
        guard var segment = shared.withLock({ $0.segments.last }) else { return }
        if pending.from - segment.base >= segmentBytes {
            segment = try createSegment(base: pending.from)
            let created = segment
            shared.withLock { $0.segments.append(created) }
        }
        let position = pending.from - segment.base + DurableLog.segmentHeader
        let file = segment.file
        var joined: [UInt8] = []
        joined.reserveCapacity(Int(pending.to - pending.from))
        for frame in pending.frames { joined.append(contentsOf: frame) }
        let bytes = joined
        try storing { () throws(SystemError) in
            try file.write(bytes, at: position)
            try file.sync()
        }
    }

    /// Publishes what `commit` has synced and runs the callbacks that waited for it.
    func publish() {
        let ready = shared.withLock { shared in
            let end = shared.written
            durable.store(end, ordering: .releasing)
            var ready: [@Sendable () -> Void] = []
            shared.waiters.removeAll { waiter in
                guard waiter.end <= end else { return false }
                ready.append(waiter.action)
                return true
            }
            return ready
        }
        for action in ready { action() }
    }

    /// Removes segments whose records all lie before `lsn`.
    package func truncate(before lsn: Int64) throws(StorageError) {
        let removed = shared.withLock { shared in
            var removed: [SegmentFile] = []
            while shared.segments.count > 1, shared.segments[1].base <= lsn {
                removed.append(shared.segments.removeFirst())
            }
            return removed
        }
        for segment in removed {
            try storing { () throws(SystemError) in try Disk.remove(segment.file.path) }
        }
    }

    /// The base position of the segment that holds `lsn`.
    package func segmentBase(of lsn: Int64) -> Int64 {
        shared.withLock { shared in shared.segments.last { $0.base <= lsn }?.base ?? 0 }
    }

    private static func checksum(_ payload: [UInt8], lsn: Int64) -> UInt32 {
        crc32c(payload) ^ UInt32(truncatingIfNeeded: lsn &* (0x9E37_79B9 >> 7))
    }

    private static func readUInt32(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8
            | UInt32(bytes[at + 3])
    }
}
