import Platform
import Types

/// Metadata, CreateTopics, DeleteTopics, FindCoordinator, InitProducerId.
extension KafkaBroker {
    private struct TopicRequest {
        var name: String?
        var uuid: [UInt8]?
    }

    func metadata(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws
    {
        let asked = try reader.array {
            (reader: inout KafkaReader) throws(MalformedBytes) -> TopicRequest in
            var topic = TopicRequest()
            if version >= 10 { topic.uuid = try reader.uuid() }
            topic.name = version >= 10 ? try reader.nullableString() : try reader.string()
            try reader.tags()
            return topic
        }
        let mayCreate = version >= 4 ? try reader.bool() : true
        var list = asked ?? []
        if asked == nil || (version == 0 && list.isEmpty) {
            list = topics.names.map { TopicRequest(name: $0) }
        }
        if mayCreate { try await createMissing(list.compactMap(\.name)) }
        if version >= 3 { body.int32(0) }
        body.array([0]) { body, _ in
            body.int32(1)
            body.string(host)
            body.int32(port)
            if version >= 1 { body.string(nil) }
            body.tags()
        }
        if version >= 2 { body.string("streamhouse") }
        if version >= 1 { body.int32(1) }
        body.array(list) { body, topic in describe(topic, version, &body) }
        if version >= 8, version <= 10 { body.int32(Int32.min) }
        body.tags()
    }

    /// Topics that a producer names are made at first use, with one partition, as Kafka does by default.
    private func createMissing(_ names: [String]) async throws {
        for name in names where topics.partitionCount(name) == nil && TopicStore.isValidName(name) {
            if let end = topics.create(name, partitions: 1) { await metadataDurable(end) }
        }
    }

    private func describe(_ topic: TopicRequest, _ version: Int16, _ body: inout KafkaWriter) {
        let name = topic.name ?? topic.uuid.flatMap { topics.name(uuid: $0) }
        let count = name.flatMap { topics.partitionCount($0) }
        let isInvalid = name.map { !TopicStore.isValidName($0) } ?? false
        body.error(
            count != nil
                ? .none
                : (isInvalid
                    ? .invalidTopic : (name == nil ? .unknownTopicID : .unknownTopicOrPartition)))
        body.string(version >= 12 ? name : name ?? "")
        if version >= 10 {
            body.raw(name.flatMap { topics.uuid($0) } ?? [UInt8](repeating: 0, count: 16))
        }
        if version >= 1 { body.bool(false) }
        body.array(Array(0..<(count ?? 0))) { body, partition in
            body.error(.none)
            body.int32(partition)
            body.int32(1)
            if version >= 7 { body.int32(0) }
            body.array([Int32(1)]) { $0.int32($1) }
            body.array([Int32(1)]) { $0.int32($1) }
            if version >= 5 { body.array([Int32]()) { $0.int32($1) } }
            body.tags()
        }
        if version >= 8 { body.int32(Int32.min) }
        body.tags()
    }

    private struct NewTopic {
        var name: String
        var partitions: Int32
        var replication: Int16
        var assignments: Int

        /// What was asked for, with the default filled in.
        var partitionCount: Int32 {
            assignments > 0 ? Int32(assignments) : (partitions == -1 ? 1 : partitions)
        }
    }

    private func newTopics(_ reader: inout KafkaReader) throws(MalformedBytes) -> [NewTopic] {
        try reader.array { (reader: inout KafkaReader) throws(MalformedBytes) -> NewTopic in
            let name = try reader.string()
            let partitions = try reader.int32()
            let replication = try reader.int16()
            let assignments = try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> Int32 in
                let partition = try reader.int32()
                _ = try reader.array { (reader: inout KafkaReader) throws(MalformedBytes) in
                    try reader.int32()
                }
                try reader.tags()
                return partition
            }
            _ = try reader.array { (reader: inout KafkaReader) throws(MalformedBytes) in
                _ = try reader.string()
                _ = try reader.nullableString()
                try reader.tags()
            }
            try reader.tags()
            return NewTopic(
                name: name, partitions: partitions, replication: replication,
                assignments: assignments?.count ?? 0)
        } ?? []
    }

    func createTopics(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws
    {
        let list = try newTopics(&reader)
        _ = try reader.int32()
        let onlyValidates = try reader.bool()
        body.int32(0)
        var results: [(NewTopic, KafkaError)] = []
        for request in list {
            let error = try await create(request, onlyValidates: onlyValidates)
            results.append((request, error))
        }
        body.array(results) { body, result in
            body.string(result.0.name)
            if version >= 7 {
                body.raw(topics.uuid(result.0.name) ?? [UInt8](repeating: 0, count: 16))
            }
            body.error(result.1)
            body.string(result.1 == .none ? nil : "\(result.1)")
            if version >= 5 {
                body.int32(topics.partitionCount(result.0.name) ?? -1)
                body.int16(result.1 == .none ? 1 : -1)
                body.array([Int]()) { _, _ in }
            }
            body.tags()
        }
        body.tags()
    }

    private func create(_ topic: NewTopic, onlyValidates: Bool) async throws -> KafkaError {
        guard TopicStore.isValidName(topic.name) else { return .invalidTopic }
        if topics.partitionCount(topic.name) != nil { return .topicAlreadyExists }
        guard (1...10_000).contains(topic.partitionCount) else { return .invalidPartitions }
        if topic.replication > 1 || topic.replication == 0 { return .invalidReplicationFactor }
        if onlyValidates { return .none }
        guard let end = topics.create(topic.name, partitions: topic.partitionCount) else {
            return .topicAlreadyExists
        }
        await metadataDurable(end)
        return .none
    }

    func deleteTopics(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws
    {
        let list =
            try reader.array { (reader: inout KafkaReader) throws(MalformedBytes) -> TopicRequest in
                guard version >= 6 else { return TopicRequest(name: try reader.string()) }
                let name = try reader.nullableString()
                let uuid = try reader.uuid()
                try reader.tags()
                return TopicRequest(name: name, uuid: uuid)
            } ?? []
        _ = try reader.int32()
        var results: [(TopicRequest, KafkaError)] = []
        var refusals: [String: String] = [:]
        for topic in list {
            let name = topic.name ?? topic.uuid.flatMap { topics.name(uuid: $0) }
            if let name, let reader = readerOfTopic(name) {
                results.append((TopicRequest(name: name, uuid: topic.uuid), .policyViolation))
                refusals[name] = "\(reader) reads it: drop that first"
            } else if let name, let end = topics.delete(name) {
                await metadataDurable(end)
                results.append((TopicRequest(name: name, uuid: topic.uuid), .none))
            } else {
                results.append((topic, .unknownTopicOrPartition))
            }
        }
        body.int32(0)
        body.array(results) { body, result in
            body.string(version >= 6 ? result.0.name : result.0.name ?? "")
            if version >= 6 { body.raw(result.0.uuid ?? [UInt8](repeating: 0, count: 16)) }
            body.error(result.1)
            if version >= 5 {
                let refusal = result.0.name.flatMap { refusals[$0] }
                body.string(result.1 == .none ? nil : refusal ?? "\(result.1)")
            }
            body.tags()
        }
        body.tags()
    }

    func findCoordinator(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        throws
    {
        var keys: [String] = []
        if version <= 3 { keys = [try reader.string()] }
        let kind = version >= 1 ? try reader.int8() : 0
        if version >= 4 {
            keys =
                try reader.array { (reader: inout KafkaReader) throws(MalformedBytes) in
                    try reader.string()
                } ?? []
        }
        // Transactions are not served yet.
        let error: KafkaError = kind == 0 ? .none : .transactionalIDAuthorizationFailed
        if version >= 1 { body.int32(0) }
        func node(_ body: inout KafkaWriter) {
            body.int32(error == .none ? 1 : -1)
            body.string(error == .none ? host : "")
            body.int32(error == .none ? port : -1)
        }
        if version <= 3 {
            body.error(error)
            if version >= 1 {
                body.string(error == .none ? nil : "transactions are not supported yet")
            }
            node(&body)
        } else {
            body.array(keys) { body, key in
                body.string(key)
                node(&body)
                body.error(error)
                body.string(error == .none ? nil : "transactions are not supported yet")
                body.tags()
            }
        }
        body.tags()
    }

    func initProducerID(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws
    {
        let transactional = try reader.nullableString()
        _ = try reader.int32()
        body.int32(0)
        if transactional != nil {
            body.error(.transactionalIDAuthorizationFailed)
            body.int64(-1)
            body.int16(-1)
        } else {
            let (id, end) = topics.newProducer()
            await metadataDurable(end)
            body.error(.none)
            body.int64(id)
            body.int16(0)
        }
        body.tags()
    }
}
