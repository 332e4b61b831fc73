import State
package import Types
import Synchronization

/// A built-in topic as a source: the dataflow reads the bytes that a consumer would fetch.
package final class TopicSource: SourceReader {
    private let topics: TopicStore
    private let topic: String
    private let columns: [(name: String, type: DataType)]
    private let starts: [Int64]
    /// The topic that `starts` are of; one made again under its name is read from its beginning.
    private let startsID: Int32?
    private let decoders = Mutex<[DecoderBox]>([])

    /// One decoder, used by one thread at a time.
    private final class DecoderBox: @unchecked Sendable {
        // Handed from thread to thread under the lock of `decoders`.
        let decoder: RecordDecoder

        init(_ decoder: RecordDecoder) { self.decoder = decoder }
    }

    private static let known: Set<String> = [
        "connector", "topic", "scan.startup.mode", "scan.startup.offsets", "scan.startup.topic",
        "watermark",
    ]
    private let format: RecordFormat

    /// `mustExist` false: a topic that was deleted behind the source's back reads as empty.
    /// - Throws: 22023 for unknown or missing options, 42704 when there is no such topic.
    package init(
        topics: TopicStore, options: [String: String], columns: [(String, DataType)],
        format: RecordFormat = RecordFormat(), mustExist: Bool = true
    )
        throws(SQLError)
    {
        for name in options.keys.sorted()
        where !TopicSource.known.contains(name) && !name.hasPrefix("@") {
            if name == "properties.bootstrap.server" {
                throw SQLError.unsupported("a source over an external Kafka cluster")
            }
            throw SQLError(
                .invalidParameterValue, "unrecognized source option \"\(name)\"",
                hint: "Known options: connector, topic, scan.startup.mode.")
        }
        guard let topic = options["topic"] else {
            throw SQLError(.invalidParameterValue, "option \"topic\" is missing")
        }
        let mode = options["scan.startup.mode"] ?? "earliest"
        guard mode == "earliest" || mode == "latest" else {
            throw SQLError(
                .invalidParameterValue, "invalid scan.startup.mode \"\(mode)\"",
                hint: "Use 'earliest' or 'latest'.")
        }
        guard !mustExist || topics.partitionCount(topic) != nil else {
            throw SQLError(
                .undefinedObject, "topic \"\(topic)\" does not exist",
                hint: "Create it with CREATE TOPIC, or with a Kafka client.")
        }
        self.topics = topics
        self.topic = topic
        self.format = format
        self.columns = columns.map { (name: $0.0, type: $0.1) }
        startsID = options["scan.startup.topic"].flatMap { Int32($0) }
        starts = (options["scan.startup.offsets"] ?? "").split(separator: ",").compactMap {
            Int64($0)
        }
    }

    /// A topic that was deleted and made again has other splits: its offsets start over.
    package var splits: [String] {
        guard let id = topics.id(topic) else { return [] }
        return (0..<(topics.partitionCount(topic) ?? 0)).map { "\(topic)#\(id)/\($0)" }
    }

    /// Whether a split belongs to the topic that has the name now.
    private func isCurrent(_ split: String) -> Bool {
        topics.id(topic).map { split.hasPrefix("\(topic)#\($0)/") } ?? false
    }

    private func partition(_ split: String) -> Int32 {
        split.lastIndex(of: "/").flatMap { Int32(split[split.index(after: $0)...]) } ?? 0
    }

    package func start(of split: String) -> Int64 {
        let partition = Int(partition(split))
        let isFirst = startsID.map { split.hasPrefix("\(topic)#\($0)/") } ?? true
        return isFirst && partition < starts.count ? starts[partition] : 0
    }

    package func end(of split: String) -> Int64 {
        guard isCurrent(split) else { return 0 }
        let (offsets, number) = (topics.endOffsets(topic), Int(partition(split)))
        return number < offsets.count ? offsets[number] : 0
    }

    package func cut(_ split: String, from: Int64, to: Int64, maximumBytes: Int) -> Int64 {
        guard isCurrent(split) else { return to }
        return topics.cut(
            topic: topic, partition: partition(split), from: from, to: to,
            maximumBytes: maximumBytes)
    }

    package func read(
        _ split: String, from: Int64, to: Int64, columns wanted: [Int], maximumRows: Int
    )
        throws(SQLError) -> SourceChunk
    {
        let number = partition(split)
        let box = decoders.withLock { $0.popLast() } ?? DecoderBox(RecordDecoder(columns, format))
        var rejected: [RejectedRecord] = []
        var next = from
        while next < to, box.decoder.count < maximumRows {
            guard isCurrent(split) else {
                // The topic is gone: nothing more will come.
                next = to
                break
            }
            let batches: [[UInt8]]
            do {
                batches = try topics.read(
                    topic: topic, partition: number, from: next, below: to, maximumBytes: 4 << 20)
            } catch {
                throw SQLError(.ioError, "cannot read topic \"\(topic)\": \(error)")
            }
            if batches.isEmpty {
                // The topic is gone: nothing more will come.
                next = to
                break
            }
            for batch in batches where next < to {
                next = decode(batch, number, next..<to, box.decoder, &rejected)
                if box.decoder.count >= maximumRows { break }
            }
        }
        let batch = box.decoder.take(wanted)
        decoders.withLock { $0.append(box) }
        return SourceChunk(batch: batch, next: next, rejected: rejected)
    }

    /// Decodes the records of one batch whose offsets are in `range`. - Returns: the next offset.
    private func decode(
        _ batch: [UInt8], _ partition: Int32, _ range: Range<Int64>, _ decoder: RecordDecoder,
        _ rejected: inout [RejectedRecord]
    ) -> Int64 {
        guard let header = try? RecordBatchHeader(batch) else { return range.upperBound }
        func reject(_ offset: Int64, _ raw: [UInt8], _ reason: String) {
            rejected.append(
                RejectedRecord(
                    topic: topic, partition: partition, offset: offset, raw: raw, reason: reason))
        }
        do throws(MalformedBytes) {
            var records = try RecordIterator(batch, header)
            let bytes = records.bytes
            while let record = try records.next() {
                guard range.contains(record.offset) else { continue }
                if let reason = decoder.append(record, bytes, partition: partition) {
                    reject(record.offset, record.value.map { Array(bytes[$0]) } ?? [], reason)
                }
            }
        } catch {
            reject(max(header.baseOffset, range.lowerBound), [], "record batch: \(error.reason)")
        }
        return min(header.nextOffset, range.upperBound)
    }
}
