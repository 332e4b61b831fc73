import State
import Types

/// JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch.
extension KafkaBroker {
    func joinGroup(
        _ version: Int16, _ clientID: String, _ reader: inout KafkaReader, _ body: inout KafkaWriter
    ) async throws {
        let group = try reader.string()
        let session = try reader.int32()
        let rebalance = version >= 1 ? try reader.int32() : session
        let member = try reader.string()
        let instance = version >= 5 ? try reader.nullableString() : nil
        let type = try reader.string()
        let protocols =
            try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> (
                    name: String, metadata: [UInt8]
                ) in
                let name = try reader.string()
                let metadata = try reader.bytes()
                try reader.tags()
                return (name, metadata)
            } ?? []
        let response = await groups.join(
            GroupCoordinator.JoinRequest(
                group: group, memberID: member, instanceID: instance, clientID: clientID,
                sessionTimeout: session, rebalanceTimeout: rebalance, protocolType: type,
                protocols: protocols, mustKnowID: version >= 4))
        if version >= 2 { body.int32(0) }
        body.error(response.error)
        body.int32(response.generation)
        if version >= 7 { body.string(response.protocolType) }
        body.string(version >= 7 ? response.protocolName : response.protocolName ?? "")
        body.string(response.leader)
        if version >= 9 { body.bool(false) }
        body.string(response.memberID)
        body.array(response.members) { body, member in
            body.string(member.id)
            if version >= 5 { body.string(member.instanceID) }
            body.bytes(member.metadata)
            body.tags()
        }
        body.tags()
    }

    func syncGroup(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws
    {
        let group = try reader.string()
        let generation = try reader.int32()
        let member = try reader.string()
        if version >= 3 { _ = try reader.nullableString() }
        if version >= 5 {
            _ = try reader.nullableString()
            _ = try reader.nullableString()
        }
        let assignments =
            try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> (
                    member: String, assignment: [UInt8]
                ) in
                let member = try reader.string()
                let assignment = try reader.bytes()
                try reader.tags()
                return (member, assignment)
            } ?? []
        let result = await groups.sync(
            group: group, generation: generation, member: member, assignments: assignments)
        if version >= 1 { body.int32(0) }
        body.error(result.error)
        if version >= 5 {
            body.string(result.protocolType)
            body.string(result.protocolName)
        }
        body.bytes(result.assignment)
        body.tags()
    }

    func heartbeat(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter) throws
    {
        let group = try reader.string()
        let generation = try reader.int32()
        let member = try reader.string()
        if version >= 1 { body.int32(0) }
        body.error(groups.heartbeat(group: group, generation: generation, member: member))
        body.tags()
    }

    func leaveGroup(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter) throws
    {
        let group = try reader.string()
        if version >= 1 { body.int32(0) }
        if version <= 2 {
            body.error(groups.leave(group: group, member: try reader.string(), instanceID: nil))
            body.tags()
            return
        }
        let members =
            try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> (String, String?) in
                let member = try reader.string()
                let instance = try reader.nullableString()
                if version >= 5 { _ = try reader.nullableString() }
                try reader.tags()
                return (member, instance)
            } ?? []
        body.error(.none)
        body.array(members) { body, member in
            body.string(member.0)
            body.string(member.1)
            body.error(groups.leave(group: group, member: member.0, instanceID: member.1))
            body.tags()
        }
        body.tags()
    }

    // MARK: - Offsets

    private static func key(_ group: String, _ topic: String, _ partition: Int32) -> String {
        "offset/\(group)\u{0}\(topic)\u{0}\(partition)"
    }

    func offsetCommit(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        async throws
    {
        struct Commit {
            var partition: Int32
            var offset: Int64
            var metadata: String?
        }
        let group = try reader.string()
        let generation = try reader.int32()
        let member = try reader.string()
        if version >= 7 { _ = try reader.nullableString() }
        if version <= 4 { _ = try reader.int64() }
        let list =
            try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> (String, [Commit]) in
                let topic = try reader.string()
                let partitions = try reader.array {
                    (reader: inout KafkaReader) throws(MalformedBytes) -> Commit in
                    let partition = try reader.int32()
                    let offset = try reader.int64()
                    if version >= 6 { _ = try reader.int32() }
                    let metadata = try reader.nullableString()
                    try reader.tags()
                    return Commit(partition: partition, offset: offset, metadata: metadata)
                }
                try reader.tags()
                return (topic, partitions ?? [])
            } ?? []
        let error = groups.mayCommit(group: group, generation: generation, member: member)
        if error == .none {
            var changes: [(key: String, value: [UInt8]?)] = []
            for (topic, commits) in list {
                for commit in commits {
                    var value = ByteWriter()
                    value.write(commit.offset)
                    value.writeText(commit.metadata ?? "")
                    changes.append((KafkaBroker.key(group, topic, commit.partition), value.bytes))
                }
            }
            if !changes.isEmpty { await metadataDurable(metadata.write(changes)) }
        }
        if version >= 3 { body.int32(0) }
        body.array(list) { body, topic in
            body.string(topic.0)
            body.array(topic.1) { body, commit in
                body.int32(commit.partition)
                body.error(error)
                body.tags()
            }
            body.tags()
        }
        body.tags()
    }

    func offsetFetch(_ version: Int16, _ reader: inout KafkaReader, _ body: inout KafkaWriter)
        throws
    {
        func topicList(_ reader: inout KafkaReader) throws(MalformedBytes) -> [(String, [Int32])]? {
            try reader.array {
                (reader: inout KafkaReader) throws(MalformedBytes) -> (String, [Int32]) in
                let topic = try reader.string()
                let partitions = try reader.array {
                    (reader: inout KafkaReader) throws(MalformedBytes) in try reader.int32()
                }
                try reader.tags()
                return (topic, partitions ?? [])
            }
        }
        if version <= 7 {
            let group = try reader.string()
            let list = try topicList(&reader) ?? committedPartitions(group)
            if version >= 3 { body.int32(0) }
            writeOffsets(group, list, version, &body)
            if version >= 2 { body.error(.none) }
        } else {
            let asked =
                try reader.array {
                    (reader: inout KafkaReader) throws(MalformedBytes) -> (
                        String, [(String, [Int32])]?
                    ) in
                    let group = try reader.string()
                    let list = try topicList(&reader)
                    try reader.tags()
                    return (group, list)
                } ?? []
            body.int32(0)
            body.array(asked) { body, group in
                body.string(group.0)
                writeOffsets(group.0, group.1 ?? committedPartitions(group.0), version, &body)
                body.error(.none)
                body.tags()
            }
        }
        body.tags()
    }

    private func committedPartitions(_ group: String) -> [(String, [Int32])] {
        var found: [String: [Int32]] = [:]
        for (key, _) in metadata.entries(prefix: "offset/\(group)\u{0}") {
            let parts = key.split(separator: "\u{0}", omittingEmptySubsequences: false)
            if parts.count == 3, let partition = Int32(parts[2]) {
                found[String(parts[1]), default: []].append(partition)
            }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    private func writeOffsets(
        _ group: String, _ list: [(String, [Int32])], _ version: Int16, _ body: inout KafkaWriter
    ) {
        body.array(list) { body, topic in
            body.string(topic.0)
            body.array(topic.1) { body, partition in
                var offset: Int64 = -1
                var note = ""
                if let value = metadata.value(KafkaBroker.key(group, topic.0, partition)) {
                    var reader = ByteReader(value)
                    offset = (try? reader.readInt64()) ?? -1
                    note = (try? reader.readText()) ?? ""
                }
                body.int32(partition)
                body.int64(offset)
                if version >= 5 { body.int32(-1) }
                body.string(note)
                body.error(.none)
                body.tags()
            }
            body.tags()
        }
    }
}
