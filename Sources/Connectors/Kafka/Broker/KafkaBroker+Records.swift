import Platform
import State
import Types

/// Produce, Fetch, ListOffsets.
extension KafkaBroker {
    private struct Produced {
        var partition: Int32
        var error: KafkaError
        var offset: Int64
    }

    /// - Returns: false when the producer wants no answer (acks = 0).
    func produce(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws -> Bool
    {
        let transactional = try reader.nullableString()
        let acks = try reader.int16()
        _ = try reader.int32()
        var end: Int64 = 0
        let results =
            try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> (String, [Produced]) in
                let topic = try reader.string()
                let partitions = try reader.array {
                    (reader: inout KafkaReader) throws(MalformedBytes) -> Produced in
                    let partition = try reader.int32()
                    let records = try reader.nullableBytes() ?? []
                    try reader.tags()
                    var result = Produced(partition: partition, error: .none, offset: -1)
                    do throws(KafkaError) {
                        if transactional != nil { throw .transactionalIDAuthorizationFailed }
                        if acks < -1 || acks > 1 { throw .invalidRequiredAcks }
                        let appended = try append(topic, partition, records, version)
                        result.offset = appended.offset
                        end = max(end, appended.end)
                    } catch {
                        result.error = error
                    }
                    return result
                }
                try reader.tags()
                return (topic, partitions ?? [])
            } ?? []
        if end > 0 {
            let loop = loop
            let arrived = arrived
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                topics.whenDurable(end) {
                    loop.perform {
                        arrived.notifyAll()
                        continuation.resume()
                    }
                }
            }
        }
        guard acks != 0 else {
            if results.contains(where: { $0.1.contains { $0.error != .none } }) {
                throw MalformedBytes("a record without acknowledgement was refused")
            }
            return false
        }
        body.array(results) { body, topic in
            body.string(topic.0)
            body.array(topic.1) { body, result in
                body.int32(result.partition)
                body.error(result.error)
                body.int64(result.offset)
                body.int64(-1)
                if version >= 5 { body.int64(result.error == .none ? 0 : -1) }
                if version >= 8 {
                    body.array([Int]()) { _, _ in }
                    body.string(nil)
                }
                body.tags()
            }
            body.tags()
        }
        body.int32(0)
        body.tags()
        return true
    }

    /// Appends each batch of a partition's records.
    private func append(_ topic: String, _ partition: Int32, _ records: [UInt8], _ version: Int16)
        throws(KafkaError) -> (offset: Int64, end: Int64)
    {
        var at = 0
        var first: Int64?
        var end: Int64 = 0
        while at < records.count {
            guard let header = try? RecordBatchHeader(records, at: at) else {
                throw .corruptMessage
            }
            if header.codec == 4, version < 7 { throw .unsupportedCompression }
            let appended = try topics.append(
                topic: topic, partition: partition, Array(records[at..<(at + header.length)]))
            first = first ?? appended.offset
            end = appended.end
            at += header.length
        }
        guard let first else { throw .invalidRecord }
        return (first, end)
    }

    // MARK: - Fetch

    private struct FetchPartition {
        var topic: String
        var partition: Int32
        var offset: Int64
        var maximumBytes: Int32
    }

    private struct Fetched {
        var partition: Int32
        var error = KafkaError.none
        var highWatermark: Int64 = -1
        var start: Int64 = -1
        var batches: [[UInt8]] = []
    }

    func fetch(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws
    {
        _ = try reader.int32()
        let maximumWait = try reader.int32()
        let minimumBytes = try reader.int32()
        let maximumBytes = try reader.int32()
        let isolation = try reader.int8()
        let session = version >= 7 ? try reader.int32() : 0
        if version >= 7 { _ = try reader.int32() }
        let wanted = try fetchTopics(version, &reader)
        if version >= 7, session != 0 {
            body.int32(0)
            body.error(.fetchSessionNotFound)
            body.int32(0)
            body.array([Int]()) { _, _ in }
            body.tags()
            return
        }
        let deadline = MonotonicTime.now.advanced(milliseconds: Int64(max(0, maximumWait)))
        var results = try collect(wanted, maximumBytes)
        while !KafkaBroker.isEnough(results, minimumBytes), MonotonicTime.now < deadline {
            if await !arrived.wait(until: deadline) { break }
            results = try collect(wanted, maximumBytes)
        }
        body.int32(0)
        if version >= 7 {
            body.error(.none)
            body.int32(0)
        }
        body.array(results) { body, topic in
            body.string(topic.0)
            body.array(topic.1) { body, result in write(&body, version, isolation, result) }
            body.tags()
        }
        body.tags()
    }

    private func fetchTopics(_ version: Int16, _ reader: inout KafkaReader) throws(MalformedBytes)
        -> [(String, [FetchPartition])]
    {
        try reader.array {
            (reader: inout KafkaReader) throws(MalformedBytes) -> (String, [FetchPartition]) in
            let topic = try reader.string()
            let partitions = try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> FetchPartition in
                let partition = try reader.int32()
                if version >= 9 { _ = try reader.int32() }
                let offset = try reader.int64()
                if version >= 12 { _ = try reader.int32() }
                if version >= 5 { _ = try reader.int64() }
                let bytes = try reader.int32()
                try reader.tags()
                return FetchPartition(
                    topic: topic, partition: partition, offset: offset, maximumBytes: bytes)
            }
            try reader.tags()
            return (topic, partitions ?? [])
        } ?? []
    }

    private func collect(_ wanted: [(String, [FetchPartition])], _ maximumBytes: Int32) throws -> [(
        String, [Fetched]
    )] {
        // Kafka's fetch.max.bytes: one response must not take the server's memory.
        var left = min(Int(max(0, maximumBytes)), 50 << 20)
        var results: [(String, [Fetched])] = []
        for (topic, partitions) in wanted {
            var list: [Fetched] = []
            for partition in partitions {
                let result = try collect(partition, left)
                left -= result.batches.reduce(0) { $0 + $1.count }
                list.append(result)
            }
            results.append((topic, list))
        }
        return results
    }

    private func collect(_ wanted: FetchPartition, _ left: Int) throws -> Fetched {
        var result = Fetched(partition: wanted.partition)
        guard let high = topics.highWatermark(topic: wanted.topic, partition: wanted.partition)
        else {
            result.error = .unknownTopicOrPartition
            return result
        }
        let start = topics.startOffset(topic: wanted.topic, partition: wanted.partition)
        result.highWatermark = high
        result.start = start
        guard wanted.offset >= start, wanted.offset <= high else {
            result.error = .offsetOutOfRange
            return result
        }
        guard wanted.offset < high, left > 0 else { return result }
        result.batches = try topics.read(
            topic: wanted.topic, partition: wanted.partition, from: wanted.offset, below: high,
            maximumBytes: min(left, Int(max(0, wanted.maximumBytes))))
        return result
    }

    /// Whether an answer is due now: enough bytes, or an error that should not wait.
    private static func isEnough(_ results: [(String, [Fetched])], _ minimumBytes: Int32) -> Bool {
        var total = 0
        for result in results.flatMap(\.1) {
            if result.error != .none { return true }
            total += result.batches.reduce(0) { $0 + $1.count }
        }
        return total >= Int(max(0, minimumBytes))
    }

    private func write(
        _ body: inout KafkaWriter, _ version: Int16, _ isolation: Int8, _ result: Fetched
    ) {
        body.int32(result.partition)
        body.error(result.error)
        body.int64(result.highWatermark)
        body.int64(result.highWatermark)
        if version >= 5 { body.int64(result.start) }
        if isolation == 0 { body.nullArray() } else { body.array([Int]()) { _, _ in } }
        if version >= 11 { body.int32(-1) }
        body.records(result.batches)
        body.tags()
    }

    // MARK: - ListOffsets

    func listOffsets(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        throws
    {
        _ = try reader.int32()
        if version >= 2 { _ = try reader.int8() }
        let wanted =
            try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> (String, [(Int32, Int64)]) in
                let topic = try reader.string()
                let partitions = try reader.array {
                    (reader: inout KafkaReader) throws(MalformedBytes) -> (Int32, Int64) in
                    let partition = try reader.int32()
                    if version >= 4 { _ = try reader.int32() }
                    let timestamp = try reader.int64()
                    try reader.tags()
                    return (partition, timestamp)
                }
                try reader.tags()
                return (topic, partitions ?? [])
            } ?? []
        if version >= 2 { body.int32(0) }
        body.array(wanted) { body, topic in
            body.string(topic.0)
            body.array(topic.1) { body, asked in
                let (error, offset, timestamp) = find(topic.0, asked.0, asked.1)
                body.int32(asked.0)
                body.error(error)
                body.int64(timestamp)
                body.int64(offset)
                if version >= 4 { body.int32(error == .none && offset >= 0 ? 0 : -1) }
                body.tags()
            }
            body.tags()
        }
        body.tags()
    }

    private func find(_ topic: String, _ partition: Int32, _ timestamp: Int64) -> (
        KafkaError, Int64, Int64
    ) {
        guard let high = topics.highWatermark(topic: topic, partition: partition) else {
            return (.unknownTopicOrPartition, -1, -1)
        }
        switch timestamp {
        case -1: return (.none, high, -1)
        case -2: return (.none, topics.startOffset(topic: topic, partition: partition), -1)
        case -3:
            let found = topics.latestTimestamp(topic: topic, partition: partition)
            return (.none, found?.0 ?? -1, found?.1 ?? -1)
        default:
            let found = topics.offset(topic: topic, partition: partition, atOrAfter: timestamp)
            guard let found, found.0 < high else { return (.none, -1, -1) }
            return (.none, found.0, found.1)
        }
    }
}
