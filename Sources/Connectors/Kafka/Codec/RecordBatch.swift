package import Types
import Platform

/// Kafka's error codes, those that we answer with.
package enum KafkaError: Int16, Error, Sendable {
    case unknownServerError = -1
    case none = 0
    case offsetOutOfRange = 1
    case corruptMessage = 2
    case unknownTopicOrPartition = 3
    case messageTooLarge = 10
    case notCoordinator = 16
    case invalidTopic = 17
    case invalidRequiredAcks = 21
    case illegalGeneration = 22
    case inconsistentGroupProtocol = 23
    case invalidGroupID = 24
    case unknownMemberID = 25
    case invalidSessionTimeout = 26
    case rebalanceInProgress = 27
    case unsupportedVersion = 35
    case topicAlreadyExists = 36
    case invalidPartitions = 37
    case invalidReplicationFactor = 38
    case invalidRequest = 42
    case policyViolation = 44
    case outOfOrderSequence = 45
    case duplicateSequence = 46
    case invalidProducerEpoch = 47
    case transactionalIDAuthorizationFailed = 53
    case fetchSessionNotFound = 70
    case unsupportedCompression = 76
    case memberIDRequired = 79
    case fencedInstanceID = 82
    case invalidRecord = 87
    case unknownTopicID = 100
}

/// The header of a record batch, magic 2 (Kafka's protocol guide, "Record Batch").
package struct RecordBatchHeader: Hashable, Sendable {
    package static let size = 61

    package var baseOffset: Int64
    /// Bytes of the whole batch, header included.
    package var length: Int
    package var attributes: Int16
    package var lastOffsetDelta: Int32
    package var baseTimestamp: Int64
    package var maxTimestamp: Int64
    package var producerID: Int64
    package var producerEpoch: Int16
    package var baseSequence: Int32
    package var recordCount: Int32

    package var codec: Int { Int(attributes & 7) }
    package var nextOffset: Int64 { baseOffset + Int64(lastOffsetDelta) + 1 }

    /// Reads the header at `at` without looking at the records.
    package init(_ bytes: [UInt8], at start: Int = 0) throws(MalformedBytes) {
        var reader = ByteReader(bytes, from: start)
        baseOffset = try reader.readInt64()
        let rest = Int(try reader.readInt32())
        guard rest >= 49, rest <= bytes.count - start - 12 else {
            throw MalformedBytes("batch length \(rest)")
        }
        length = rest + 12
        _ = try reader.readInt32()
        guard try reader.readUInt8() == 2 else { throw MalformedBytes("record batch magic") }
        _ = try reader.readInt32()
        attributes = try reader.readInt16()
        lastOffsetDelta = try reader.readInt32()
        baseTimestamp = try reader.readInt64()
        maxTimestamp = try reader.readInt64()
        producerID = try reader.readInt64()
        producerEpoch = try reader.readInt16()
        baseSequence = try reader.readInt32()
        recordCount = try reader.readInt32()
    }

    /// What a broker checks before it stores a batch; `bytes` are exactly one batch.
    package func validate(_ bytes: [UInt8]) throws(KafkaError) {
        let stored = bytes[17..<21].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard crc32c(bytes, from: 21) == stored else { throw .corruptMessage }
        guard recordCount > 0, Int64(recordCount) == Int64(lastOffsetDelta) + 1 else {
            throw .invalidRecord
        }
        guard attributes & 0x30 == 0 else { throw .invalidRecord }
        guard codec <= 4 else { throw .unsupportedCompression }
        guard producerID < 0 || baseSequence >= 0 else { throw .invalidRecord }
    }
}

/// The records of a batch, decompressed.
package struct RecordIterator {
    /// One record; its key and value as places in `bytes`.
    package struct Record {
        package var offset: Int64
        package var timestamp: Int64
        /// Ranges in `bytes`; nil for null.
        package var key: Range<Int>?
        package var value: Range<Int>?
    }

    /// The decompressed records, with spare capacity behind them for simdjson.
    package let bytes: [UInt8]
    private var reader: ByteReader
    private let header: RecordBatchHeader
    private var left: Int32
    private static let maximumBatch = 512 << 20

    package init(_ batch: [UInt8], _ header: RecordBatchHeader) throws(MalformedBytes) {
        self.header = header
        let packed = Array(batch[RecordBatchHeader.size..<header.length])
        var records: [UInt8]
        do throws(CompressionError) {
            switch header.codec {
            case 0: records = packed
            case 1: records = try Compression.gunzip(packed, limit: RecordIterator.maximumBatch)
            case 2: records = try Compression.unsnappy(packed, limit: RecordIterator.maximumBatch)
            case 3: records = try Compression.unlz4(packed, limit: RecordIterator.maximumBatch)
            case 4: records = try Compression.unzstd(packed, limit: RecordIterator.maximumBatch)
            default: throw CompressionError(reason: "codec \(header.codec)")
            }
        } catch {
            throw MalformedBytes(error.reason)
        }
        let count = records.count
        records.append(contentsOf: [UInt8](repeating: 32, count: 64))
        bytes = records
        reader = ByteReader(records, from: 0, to: count)
        left = header.recordCount
    }

    package mutating func next() throws(MalformedBytes) -> Record? {
        guard left > 0 else { return nil }
        left -= 1
        let length = Int(try reader.readVarint())
        try reader.require(length)
        let end = reader.position + length
        _ = try reader.readInt8()
        let timestampDelta = try reader.readVarint()
        let offsetDelta = try reader.readVarint()
        let key = try readRange()
        let value = try readRange()
        guard reader.position <= end else { throw MalformedBytes("record longer than its length") }
        try reader.skip(end - reader.position)
        return Record(
            offset: header.baseOffset &+ offsetDelta,
            timestamp: header.baseTimestamp &+ timestampDelta,
            key: key, value: value)
    }

    private mutating func readRange() throws(MalformedBytes) -> Range<Int>? {
        let length = Int(try reader.readVarint())
        if length < 0 { return nil }
        let start = reader.position
        try reader.skip(length)
        return start..<start + length
    }
}
