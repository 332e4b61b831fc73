import Platform
package import State
import Synchronization
import Types

/// All topics: their names in the metadata store, their record batches in the topic log as they came.
///
/// Safe from any thread. The index from offsets to log positions is in memory and made again from the
/// log at start.
package final class TopicStore: Sendable {
    struct StoredBatch: Sendable {
        var baseOffset: Int64
        var nextOffset: Int64
        var lsn: Int64
        var logEnd: Int64
        var length: Int
        var maxTimestamp: Int64
        /// The bytes while they are recent.
        var cached: [UInt8]?
    }

    private struct ProducerState {
        var epoch: Int16
        /// (first sequence, last sequence, base offset) of the last five batches.
        var recent: [(first: Int32, last: Int32, offset: Int64)]
    }

    private struct Partition {
        var batches: [StoredBatch] = []
        var nextOffset: Int64 = 0
        var producers: [Int64: ProducerState] = [:]
    }

    private struct Topic {
        var id: Int32
        var name: String
        var uuid: [UInt8]
        var partitions: [Partition]
    }

    private struct Contents {
        var topics: [String: Topic] = [:]
        var names: [Int32: String] = [:]
        var nextID: Int32 = 1
        var nextProducer: Int64 = 1
        /// (topic, partition, batch index) of cached batches, oldest first.
        var cacheOrder: [(Int32, Int, Int)] = []
        var cacheStart = 0
        var cachedBytes = 0
    }

    private let log: DurableLog
    private let metadata: MetadataStore
    private let committer: GroupCommitter
    private let onAppend: @Sendable () -> Void
    private let contents = Mutex(Contents())
    private static let recordHeader = 9
    /// Recent batches kept in memory, 256 MiB.
    private static let cacheLimit = 256 << 20
    /// Kafka's message.max.bytes, as generous as its clients' maximum.
    package static let maximumBatch = 64 << 20

    /// Reads the topics' names and walks the log. `onAppend` is told of every append.
    package init(
        log: DurableLog, metadata: MetadataStore, committer: GroupCommitter,
        onAppend: @escaping @Sendable () -> Void
    ) throws(StorageError) {
        self.log = log
        self.metadata = metadata
        self.committer = committer
        self.onAppend = onAppend
        try loadNames()
        try log.replay(from: log.start) { (lsn, payload) throws(StorageError) in
            try index(lsn, payload)
        }
    }

    private func loadNames() throws(StorageError) {
        for (key, value) in metadata.entries(prefix: "topic/") {
            do throws(MalformedBytes) {
                var reader = ByteReader(value)
                let id = try reader.readInt32()
                let count = Int(try reader.readInt32())
                let uuid = try reader.readBytes(16)
                let name = String(key.dropFirst(6))
                contents.withLock { contents in
                    contents.topics[name] = Topic(
                        id: id, name: name, uuid: uuid,
                        partitions: Array(repeating: Partition(), count: count))
                    contents.names[id] = name
                    contents.nextID = max(contents.nextID, id + 1)
                }
            } catch {
                throw .corrupt(file: "metadata", reason: "topic \(key): \(error.reason)")
            }
        }
        if let value = metadata.value("next-topic"),
            let id = Int32(String(decoding: value, as: UTF8.self))
        {
            contents.withLock { $0.nextID = max($0.nextID, id) }
        }
        if let value = metadata.value("next-producer"),
            let id = Int64(String(decoding: value, as: UTF8.self))
        {
            contents.withLock { $0.nextProducer = id }
        }
    }

    private func index(_ lsn: Int64, _ payload: [UInt8]) throws(StorageError) {
        do throws(MalformedBytes) {
            var reader = ByteReader(payload)
            guard try reader.readUInt8() == 1 else { throw MalformedBytes("record kind") }
            let id = try reader.readInt32()
            let partition = Int(try reader.readInt32())
            let header = try RecordBatchHeader(payload, at: TopicStore.recordHeader)
            contents.withLock { contents in
                // The identifier of a topic whose creation was lost in a crash is not given again.
                contents.nextID = max(contents.nextID, id + 1)
                guard let name = contents.names[id],
                    partition < contents.topics[name]?.partitions.count ?? 0
                else { return }
                let stored = StoredBatch(
                    baseOffset: header.baseOffset, nextOffset: header.nextOffset, lsn: lsn,
                    logEnd: lsn + Int64(payload.count + 8), length: header.length,
                    maxTimestamp: header.maxTimestamp, cached: nil)
                contents.topics[name]?.partitions[partition].batches.append(stored)
                contents.topics[name]?.partitions[partition].nextOffset = header.nextOffset
                TopicStore.remember(header, name, partition, &contents)
            }
        } catch {
            throw .corrupt(file: log.directory, reason: "topic record \(lsn): \(error.reason)")
        }
    }

    // MARK: - Names

    package static func isValidName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 249 && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90)
                    || (byte >= 48 && byte <= 57)
                    || byte == 46 || byte == 95 || byte == 45
            }
    }

    package var names: [String] { contents.withLock { $0.topics.keys.sorted() } }

    /// - Returns: the metadata position that must become durable; nil when the topic exists.
    package func create(_ name: String, partitions: Int32) -> Int64? {
        let entry = contents.withLock { contents -> (Int32, [UInt8])? in
            guard contents.topics[name] == nil else { return nil }
            let id = contents.nextID
            contents.nextID += 1
            var uuid: [UInt8] = []
            for _ in 0..<16 { uuid.append(UInt8(truncatingIfNeeded: SecureRandom.uint64() | 1)) }
            contents.topics[name] = Topic(
                id: id, name: name, uuid: uuid,
                partitions: Array(repeating: Partition(), count: Int(partitions)))
            contents.names[id] = name
            return (id, uuid)
        }
        guard let (id, uuid) = entry else { return nil }
        var writer = ByteWriter()
        writer.write(id)
        writer.write(partitions)
        writer.write(contentsOf: uuid)
        return metadata.write([
            ("topic/" + name, writer.bytes), ("next-topic", Array(String(id + 1).utf8)),
        ])
    }

    /// - Returns: the metadata position that must become durable; nil when there is no such topic.
    package func delete(_ name: String) -> Int64? {
        let existed = contents.withLock { contents -> Bool in
            guard let topic = contents.topics.removeValue(forKey: name) else { return false }
            contents.names[topic.id] = nil
            return true
        }
        guard existed else { return nil }
        // What groups have committed meant the records that are gone.
        let offsets = metadata.entries(prefix: "offset/").map(\.key).filter {
            $0.contains("\u{0}\(name)\u{0}")
        }
        return metadata.write([("topic/" + name, nil)] + offsets.map { ($0, nil) })
    }

    package func partitionCount(_ name: String) -> Int32? {
        contents.withLock { contents in contents.topics[name].map { Int32($0.partitions.count) } }
    }

    /// Tells a topic from others that had or will have its name.
    package func id(_ name: String) -> Int32? { contents.withLock { $0.topics[name]?.id } }

    package func uuid(_ name: String) -> [UInt8]? { contents.withLock { $0.topics[name]?.uuid } }

    package func name(uuid: [UInt8]) -> String? {
        contents.withLock { contents in contents.topics.values.first { $0.uuid == uuid }?.name }
    }

    /// Where each partition ends now.
    package func endOffsets(_ name: String) -> [Int64] {
        contents.withLock { contents in contents.topics[name]?.partitions.map(\.nextOffset) ?? [] }
    }

    /// A fresh producer id, and the metadata position that must become durable.
    package func newProducer() -> (id: Int64, end: Int64) {
        let id = contents.withLock { contents -> Int64 in
            contents.nextProducer += 1
            return contents.nextProducer - 1
        }
        return (id, metadata.write([("next-producer", Array(String(id + 1).utf8))]))
    }

    // MARK: - Appending

    /// Stores one batch. - Returns: its base offset and the log position that must become durable.
    package func append(topic: String, partition: Int32, _ batch: [UInt8]) throws(KafkaError) -> (
        offset: Int64, end: Int64
    ) {
        guard batch.count <= TopicStore.maximumBatch else { throw .messageTooLarge }
        guard let header = try? RecordBatchHeader(batch), header.length == batch.count else {
            throw .corruptMessage
        }
        try header.validate(batch)
        let result = contents.withLock {
            contents -> Result<(offset: Int64, end: Int64), KafkaError> in
            guard partition >= 0, partition < contents.topics[topic]?.partitions.count ?? 0 else {
                return .failure(.unknownTopicOrPartition)
            }
            return Result { () throws(KafkaError) in
                try append(header, batch, topic, Int(partition), &contents)
            }
        }
        let appended = try result.get()
        committer.wake()
        onAppend()
        return appended
    }

    private func append(
        _ header: RecordBatchHeader, _ batch: [UInt8], _ topic: String, _ partition: Int,
        _ contents: inout Contents
    ) throws(KafkaError) -> (offset: Int64, end: Int64) {
        guard let id = contents.topics[topic]?.id,
            let producers = contents.topics[topic]?.partitions[partition].producers,
            let base = contents.topics[topic]?.partitions[partition].nextOffset
        else { throw .unknownTopicOrPartition }
        if let original = try TopicStore.checkSequence(header, producers) {
            return (original, log.end)
        }
        var payload = ByteWriter(reserving: batch.count + TopicStore.recordHeader)
        payload.write(UInt8(1))
        payload.write(id)
        payload.write(Int32(partition))
        payload.write(base)
        payload.write(contentsOf: batch[8..<12])
        payload.write(Int32(0))
        payload.write(contentsOf: batch[16...])
        let (lsn, end) = log.append(payload.bytes)
        var placed = header
        placed.baseOffset = base
        let stored = StoredBatch(
            baseOffset: base, nextOffset: placed.nextOffset, lsn: lsn, logEnd: end,
            length: batch.count,
            maxTimestamp: header.maxTimestamp,
            cached: Array(payload.bytes[TopicStore.recordHeader...]))
        contents.topics[topic]?.partitions[partition].batches.append(stored)
        contents.topics[topic]?.partitions[partition].nextOffset = placed.nextOffset
        if header.producerID >= 0 {
            TopicStore.remember(placed, topic, partition, &contents)
        }
        let index = (contents.topics[topic]?.partitions[partition].batches.count ?? 1) - 1
        contents.cacheOrder.append((id, partition, index))
        contents.cachedBytes += batch.count
        evict(&contents)
        return (base, end)
    }

    private func evict(_ contents: inout Contents) {
        while contents.cachedBytes > TopicStore.cacheLimit,
            contents.cacheStart < contents.cacheOrder.count
        {
            let (id, partition, index) = contents.cacheOrder[contents.cacheStart]
            contents.cacheStart += 1
            guard let name = contents.names[id],
                let stored = contents.topics[name]?.partitions[partition].batches[index]
            else { continue }
            // What is not on disk yet can only be read from here.
            if stored.logEnd > log.durableEnd {
                contents.cacheStart -= 1
                break
            }
            contents.cachedBytes -= stored.length
            contents.topics[name]?.partitions[partition].batches[index].cached = nil
        }
        if contents.cacheStart > 65536 {
            contents.cacheOrder.removeFirst(contents.cacheStart)
            contents.cacheStart = 0
        }
    }

    /// - Returns: the original offset of a batch that is there already.
    private static func checkSequence(
        _ header: RecordBatchHeader, _ producers: [Int64: ProducerState]
    )
        throws(KafkaError) -> Int64?
    {
        guard header.producerID >= 0, let state = producers[header.producerID] else { return nil }
        if header.producerEpoch < state.epoch { throw .invalidProducerEpoch }
        if header.producerEpoch > state.epoch {
            guard header.baseSequence == 0 else { throw .outOfOrderSequence }
            return nil
        }
        let last = lastSequence(header)
        if let same = state.recent.first(where: {
            $0.first == header.baseSequence && $0.last == last
        }) {
            return same.offset
        }
        guard let newest = state.recent.last else { return nil }
        let expected = newest.last == Int32.max ? 0 : newest.last + 1
        if header.baseSequence == expected { return nil }
        throw header.baseSequence < expected ? .duplicateSequence : .outOfOrderSequence
    }

    private static func lastSequence(_ header: RecordBatchHeader) -> Int32 {
        let sum = Int64(header.baseSequence) + Int64(header.lastOffsetDelta)
        return Int32(truncatingIfNeeded: sum > Int64(Int32.max) ? sum - Int64(Int32.max) - 1 : sum)
    }

    private static func remember(
        _ header: RecordBatchHeader, _ topic: String, _ partition: Int, _ contents: inout Contents
    ) {
        guard header.producerID >= 0 else { return }
        let known = contents.topics[topic]?.partitions[partition].producers[header.producerID]
        var state = known ?? ProducerState(epoch: header.producerEpoch, recent: [])
        if header.producerEpoch > state.epoch {
            state = ProducerState(epoch: header.producerEpoch, recent: [])
        }
        state.recent.append((header.baseSequence, lastSequence(header), header.baseOffset))
        if state.recent.count > 5 { state.recent.removeFirst() }
        contents.topics[topic]?.partitions[partition].producers[header.producerID] = state
    }

    /// Calls back once everything before a log position is durable.
    package func whenDurable(_ end: Int64, _ action: @escaping @Sendable () -> Void) {
        log.whenDurable(end, action)
    }

    /// Bytes that producers have sent and the disk has not got yet.
    package var pendingBytes: Int { log.pendingBytes }

    // MARK: - Reading

    /// Behind the last record that survives a crash; consumers see no further.
    package func highWatermark(topic: String, partition: Int32) -> Int64? {
        let durable = log.durableEnd
        return contents.withLock { contents in
            guard let topic = contents.topics[topic], partition >= 0,
                partition < topic.partitions.count
            else {
                return nil
            }
            let batches = topic.partitions[Int(partition)].batches
            return batches.last { $0.logEnd <= durable }?.nextOffset ?? batches.first?.baseOffset
                ?? 0
        }
    }

    /// The oldest offset that can be read.
    package func startOffset(topic: String, partition: Int32) -> Int64 {
        contents.withLock { contents in
            contents.topics[topic]?.partitions[Int(partition)].batches.first?.baseOffset ?? 0
        }
    }

    /// The first (offset, timestamp) batch whose newest record is not older than `timestamp`.
    package func offset(topic: String, partition: Int32, atOrAfter timestamp: Int64) -> (
        Int64, Int64
    )? {
        let found = contents.withLock { contents in
            contents.topics[topic]?.partitions[Int(partition)].batches.first {
                $0.maxTimestamp >= timestamp
            }
        }
        guard let found, let bytes = try? bytes(found), let header = try? RecordBatchHeader(bytes),
            var records = try? RecordIterator(bytes, header)
        else { return nil }
        while let record = try? records.next() {
            if record.timestamp >= timestamp { return (record.offset, record.timestamp) }
        }
        return nil
    }

    /// The offset and time of the newest timestamp.
    package func latestTimestamp(topic: String, partition: Int32) -> (Int64, Int64)? {
        contents.withLock { contents in
            guard let batches = contents.topics[topic]?.partitions[Int(partition)].batches,
                let newest = batches.max(by: { $0.maxTimestamp < $1.maxTimestamp })
            else { return nil }
            return (newest.nextOffset - 1, newest.maxTimestamp)
        }
    }

    /// Whole batches from the one that holds `offset`, below `limit`, until `maximumBytes` are
    /// reached; the first one always.
    package func read(
        topic: String, partition: Int32, from offset: Int64, below limit: Int64, maximumBytes: Int
    )
        throws(StorageError) -> [[UInt8]]
    {
        let chosen = contents.withLock { contents -> [StoredBatch] in
            guard let topic = contents.topics[topic], partition >= 0,
                partition < topic.partitions.count
            else {
                return []
            }
            let batches = topic.partitions[Int(partition)].batches
            var low = TopicStore.first(of: batches, from: offset)
            var list: [StoredBatch] = []
            var total = 0
            while low < batches.count, batches[low].baseOffset < limit,
                list.isEmpty || total + batches[low].length <= maximumBytes
            {
                list.append(batches[low])
                total += batches[low].length
                low += 1
            }
            return list
        }
        var result: [[UInt8]] = []
        for batch in chosen { result.append(try bytes(batch)) }
        return result
    }

    /// The first batch that has records at or behind an offset.
    private static func first(of batches: [StoredBatch], from offset: Int64) -> Int {
        var (low, high) = (0, batches.count)
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].nextOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The offset, at most `to`, before which there are no more stored bytes from `from` on than
    /// `maximumBytes`, or those of one batch.
    package func cut(
        topic: String, partition: Int32, from: Int64, to: Int64, maximumBytes: Int
    ) -> Int64 {
        contents.withLock { contents in
            guard let topic = contents.topics[topic], partition >= 0,
                partition < topic.partitions.count
            else { return to }
            let batches = topic.partitions[Int(partition)].batches
            var at = TopicStore.first(of: batches, from: from)
            var total = 0
            while at < batches.count, batches[at].baseOffset < to {
                total += batches[at].length
                if total >= maximumBytes { return min(to, batches[at].nextOffset) }
                at += 1
            }
            return to
        }
    }

    private func bytes(_ batch: StoredBatch) throws(StorageError) -> [UInt8] {
        if let cached = batch.cached { return cached }
        return try log.read(lsn: batch.lsn, offset: TopicStore.recordHeader, count: batch.length)
    }
}
