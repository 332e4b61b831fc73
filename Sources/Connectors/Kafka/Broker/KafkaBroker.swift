package import Platform
package import State
import Types

/// The Kafka protocol on a connection: cuts frames, carries out requests, answers in order.
///
/// Requests start in order of arrival and may wait together (a fetch for records, a produce for the
/// disk); answers go out in the same order. One broker serves all connections of one loop.
package final class KafkaBroker: @unchecked Sendable {
    // Confined to the loop's thread, but for `topics`, which is safe from any.
    let topics: TopicStore
    let metadata: MetadataStore
    let metadataLog: DurableLog
    let committer: GroupCommitter
    let loop: EventLoop
    let host: String
    let port: Int32
    let groups: GroupCoordinator
    /// Notified when records have become durable.
    let arrived: LoopSignal
    /// What reads a topic, when something does: such a topic is not deleted.
    let readerOfTopic: @Sendable (String) -> String?
    private static let maximumFrame = 100 << 20
    private static let maximumInFlight = 64

    package init(
        topics: TopicStore, metadata: MetadataStore, metadataLog: DurableLog,
        committer: GroupCommitter,
        loop: EventLoop, host: String, port: Int32,
        readerOfTopic: @escaping @Sendable (String) -> String?
    ) {
        self.readerOfTopic = readerOfTopic
        self.topics = topics
        self.metadata = metadata
        self.metadataLog = metadataLog
        self.committer = committer
        self.loop = loop
        self.host = host
        self.port = port
        arrived = LoopSignal(loop)
        groups = GroupCoordinator(loop: loop)
    }

    /// Answers waiting to be sent on one connection.
    private final class Outbox: @unchecked Sendable {
        // Confined to the loop's thread.
        var tasks: [Task<[UInt8]?, any Error>] = []
        var isClosed = false
        let changed: LoopSignal

        init(_ loop: EventLoop) { changed = LoopSignal(loop) }
    }

    /// Serves one connection until it ends.
    package func serve(_ channel: Channel) async {
        let outbox = Outbox(loop)
        let writer = Task(executorPreference: loop) { await self.send(outbox, channel) }
        var buffer: [UInt8] = []
        var position = 0
        reading: while true {
            guard let bytes = try? await channel.read(limit: 256 << 10), !bytes.isEmpty else {
                break
            }
            if position == buffer.count {
                buffer = bytes
                position = 0
            } else {
                if position > 1 << 20 {
                    buffer.removeFirst(position)
                    position = 0
                }
                buffer += bytes
            }
            while buffer.count - position >= 4 {
                let size = buffer[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
                guard size > 0, size <= KafkaBroker.maximumFrame else { break reading }
                guard buffer.count - position - 4 >= size else { break }
                let frame = Array(buffer[(position + 4)..<(position + 4 + size)])
                position += 4 + size
                outbox.tasks.append(Task(executorPreference: loop) { try await self.answer(frame) })
                outbox.changed.notifyAll()
                while outbox.tasks.count >= KafkaBroker.maximumInFlight, !outbox.isClosed {
                    _ = await outbox.changed.wait(until: .distantFuture)
                }
                if outbox.isClosed { break reading }
            }
        }
        outbox.isClosed = true
        outbox.changed.notifyAll()
        _ = await writer.value
    }

    private func send(_ outbox: Outbox, _ channel: Channel) async {
        while true {
            guard let next = outbox.tasks.first else {
                if outbox.isClosed { return }
                _ = await outbox.changed.wait(until: .distantFuture)
                continue
            }
            do {
                if let response = try await next.value { try await channel.write(response) }
                outbox.tasks.removeFirst()
                outbox.changed.notifyAll()
            } catch {
                // A request that cannot be understood, or a peer that is gone: the connection ends.
                outbox.isClosed = true
                outbox.tasks = []
                channel.close()
                outbox.changed.notifyAll()
                return
            }
        }
    }

    // MARK: - Requests

    /// One request's frame to one response's frame; nil when none is wanted.
    private func answer(_ frame: [UInt8]) async throws -> [UInt8]? {
        var reader = KafkaReader(frame)
        let key = try reader.int16()
        let version = try reader.int16()
        let correlation = try reader.int32()
        guard let api = KafkaAPI(rawValue: key) else { throw MalformedBytes("unknown API \(key)") }
        let clientID = try reader.legacyNullableString() ?? ""
        if api == .apiVersions, !api.versions.contains(version) {
            var body = KafkaWriter(isFlexible: false)
            ApiVersionsCodec.write(&body, version: 0, error: .unsupportedVersion)
            return KafkaBroker.frame(correlation, body, flexibleHeader: false)
        }
        guard api.versions.contains(version) else {
            throw MalformedBytes("\(api) version \(version)")
        }
        let isFlexible = version >= api.firstFlexible
        reader.isFlexible = isFlexible
        try reader.tags()
        var body = KafkaWriter(isFlexible: isFlexible)
        let isAnswered = try await handle(api, version, clientID, &reader, &body)
        guard isAnswered else { return nil }
        // The answer to ApiVersions never has a flexible header, so that any client can read it.
        return KafkaBroker.frame(
            correlation, body, flexibleHeader: isFlexible && api != .apiVersions)
    }

    private static func frame(_ correlation: Int32, _ body: KafkaWriter, flexibleHeader: Bool)
        -> [UInt8]
    {
        var frame = ByteWriter(reserving: body.bytes.count + 9)
        frame.write(Int32(body.bytes.count + 4 + (flexibleHeader ? 1 : 0)))
        frame.write(correlation)
        if flexibleHeader { frame.write(UInt8(0)) }
        frame.write(contentsOf: body.bytes)
        return frame.bytes
    }

    private func handle(
        _ api: KafkaAPI, _ version: Int16, _ clientID: String, _ reader: inout KafkaReader,
        _ body: inout KafkaWriter
    ) async throws -> Bool {
        switch api {
        case .apiVersions: ApiVersionsCodec.write(&body, version: version, error: .none)
        case .metadata: try await metadata(version, &reader, &body)
        case .produce: return try await produce(version, &reader, &body)
        case .fetch: try await fetch(version, &reader, &body)
        case .listOffsets: try listOffsets(version, &reader, &body)
        case .createTopics: try await createTopics(version, &reader, &body)
        case .deleteTopics: try await deleteTopics(version, &reader, &body)
        case .findCoordinator: try findCoordinator(version, &reader, &body)
        case .joinGroup: try await joinGroup(version, clientID, &reader, &body)
        case .syncGroup: try await syncGroup(version, &reader, &body)
        case .heartbeat: try heartbeat(version, &reader, &body)
        case .leaveGroup: try leaveGroup(version, &reader, &body)
        case .offsetCommit: try await offsetCommit(version, &reader, &body)
        case .offsetFetch: try offsetFetch(version, &reader, &body)
        case .initProducerID: try await initProducerID(version, &reader, &body)
        }
        return true
    }

    /// Waits until a position of the metadata log is on disk.
    func metadataDurable(_ end: Int64) async {
        committer.wake()
        await withCheckedContinuation { continuation in
            metadataLog.whenDurable(end) { continuation.resume() }
        }
    }
}

/// The requests that are served, with their versions.
enum KafkaAPI: Int16, CaseIterable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
    case apiVersions = 18
    case createTopics = 19
    case deleteTopics = 20
    case initProducerID = 22

    /// What is carried out.
    var versions: ClosedRange<Int16> {
        switch self {
        case .produce: 3...9
        case .fetch: 4...12
        case .listOffsets: 1...7
        case .metadata: 0...12
        case .offsetCommit: 2...8
        case .offsetFetch: 1...8
        case .findCoordinator: 0...4
        case .joinGroup: 0...9
        case .heartbeat: 0...4
        case .leaveGroup: 0...5
        case .syncGroup: 0...5
        case .apiVersions: 0...3
        case .createTopics: 2...7
        case .deleteTopics: 1...6
        case .initProducerID: 0...4
        }
    }

    /// What is advertised: librdkafka before 2.11 compresses only when it sees Produce from 0 on.
    var advertised: ClosedRange<Int16> { self == .produce ? 0...9 : versions }

    /// The first version with compact types and tagged fields.
    var firstFlexible: Int16 {
        switch self {
        case .produce: 9
        case .fetch: 12
        case .listOffsets: 6
        case .metadata: 9
        case .offsetCommit: 8
        case .offsetFetch: 6
        case .findCoordinator: 3
        case .joinGroup: 6
        case .heartbeat: 4
        case .leaveGroup: 4
        case .syncGroup: 4
        case .apiVersions: 3
        case .createTopics: 5
        case .deleteTopics: 4
        case .initProducerID: 2
        }
    }
}

enum ApiVersionsCodec {
    static func write(_ body: inout KafkaWriter, version: Int16, error: KafkaError) {
        body.error(error)
        let list = error == .none ? KafkaAPI.allCases : [.apiVersions]
        body.array(list) { body, api in
            body.int16(api.rawValue)
            body.int16(api.advertised.lowerBound)
            body.int16(api.advertised.upperBound)
            body.tags()
        }
        if version >= 1 { body.int32(0) }
        body.tags()
    }
}
