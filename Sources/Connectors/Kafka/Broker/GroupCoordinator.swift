import Platform

/// Consumer groups, the classic protocol: members join, a leader assigns, all learn, heartbeats keep
/// them in. One node coordinates every group. Loop's thread only.
final class GroupCoordinator: @unchecked Sendable {
    // Confined to the loop's thread.

    struct JoinRequest {
        var group: String
        var memberID: String
        var instanceID: String?
        var clientID: String
        var sessionTimeout: Int32
        var rebalanceTimeout: Int32
        var protocolType: String
        var protocols: [(name: String, metadata: [UInt8])]
        /// From version 4 on a new member is given its id first.
        var mustKnowID: Bool
    }

    struct JoinResponse {
        var error = KafkaError.none
        var generation: Int32 = -1
        var protocolType: String?
        var protocolName: String?
        var leader = ""
        var memberID = ""
        var members: [(id: String, instanceID: String?, metadata: [UInt8])] = []
    }

    private final class Member {
        let id: String
        var instanceID: String?
        var protocols: [(name: String, metadata: [UInt8])]
        var sessionTimeout: Int64
        var rebalanceTimeout: Int64
        var deadline: MonotonicTime
        var hasJoined = true
        var assignment: [UInt8] = []

        init(_ id: String, _ request: JoinRequest) {
            self.id = id
            instanceID = request.instanceID
            protocols = request.protocols
            sessionTimeout = Int64(request.sessionTimeout)
            rebalanceTimeout = Int64(request.rebalanceTimeout)
            deadline = MonotonicTime.now.advanced(milliseconds: Int64(request.sessionTimeout))
        }
    }

    private enum Phase { case empty, joining, syncing, stable }

    private final class Group: @unchecked Sendable {
        // Confined to the loop's thread.
        var phase = Phase.empty
        var generation: Int32 = 0
        var members: [String: Member] = [:]
        var order: [String] = []
        var leader = ""
        var protocolType = ""
        var protocolName = ""
        /// Ids handed out to members that have not come back with them.
        var expected: Set<String> = []
        let changed: LoopSignal

        init(_ loop: EventLoop) { changed = LoopSignal(loop) }
    }

    private let loop: EventLoop
    private var groups: [String: Group] = [:]
    private static let maximumMembers = 10_000

    init(loop: EventLoop) { self.loop = loop }

    private func group(_ id: String) -> Group {
        if let found = groups[id] { return found }
        let made = Group(loop)
        groups[id] = made
        return made
    }

    // MARK: - Joining

    func join(_ request: JoinRequest) async -> JoinResponse {
        var response = JoinResponse(memberID: request.memberID)
        guard !request.group.isEmpty else {
            response.error = .invalidGroupID
            return response
        }
        guard request.sessionTimeout >= 1, request.sessionTimeout <= 1_800_000 else {
            response.error = .invalidSessionTimeout
            return response
        }
        let group = group(request.group)
        guard accepts(group, request) else {
            response.error = .inconsistentGroupProtocol
            return response
        }
        var id = request.memberID
        if id.isEmpty {
            if let instance = request.instanceID,
                let old = group.members.values.first(where: { $0.instanceID == instance })
            {
                // A static member that came back takes the place of the one it was.
                remove(old.id, from: group)
            }
            id =
                "\(request.clientID)-\(String(SecureRandom.uint64(), radix: 16))\(String(SecureRandom.uint64(), radix: 16))"
            if request.mustKnowID, request.instanceID == nil {
                if group.expected.count < GroupCoordinator.maximumMembers {
                    group.expected.insert(id)
                }
                response.error = .memberIDRequired
                response.memberID = id
                return response
            }
        } else if group.members[id] == nil, group.expected.remove(id) == nil {
            response.error = .unknownMemberID
            return response
        }
        response.memberID = id
        admit(id, request, group)
        return await complete(id, group, response)
    }

    private func accepts(_ group: Group, _ request: JoinRequest) -> Bool {
        if request.protocols.isEmpty || request.protocolType.isEmpty { return false }
        let others = group.members.values.filter { $0.id != request.memberID }
        if others.isEmpty { return true }
        if group.protocolType != request.protocolType { return false }
        return request.protocols.contains { mine in
            others.allSatisfy { $0.protocols.contains { $0.name == mine.name } }
        }
    }

    private func admit(_ id: String, _ request: JoinRequest, _ group: Group) {
        let now = MonotonicTime.now
        group.protocolType = request.protocolType
        if let member = group.members[id] {
            member.protocols = request.protocols
            member.hasJoined = true
            member.deadline = now.advanced(milliseconds: member.sessionTimeout)
        } else {
            group.members[id] = Member(id, request)
            group.order.append(id)
            watch(id, group)
        }
        if group.phase != .joining { startRebalance(group, joined: id) }
        group.changed.notifyAll()
    }

    private func startRebalance(_ group: Group, joined: String?) {
        group.phase = .joining
        for member in group.members.values where member.id != joined { member.hasJoined = false }
        group.changed.notifyAll()
        let timeout = group.members.values.map(\.rebalanceTimeout).max() ?? 0
        let generation = group.generation
        loop.start { [self] in
            await loop.sleep(milliseconds: timeout)
            guard group.phase == .joining, group.generation == generation else { return }
            for member in group.members.values where !member.hasJoined {
                remove(member.id, from: group)
            }
            group.changed.notifyAll()
        }
    }

    /// Waits until every member has joined, then answers with the generation that begins.
    private func complete(_ id: String, _ group: Group, _ start: JoinResponse) async -> JoinResponse
    {
        var response = start
        let generation = group.generation
        while group.generation == generation {
            if group.members[id] == nil {
                response.error = .unknownMemberID
                return response
            }
            if group.phase == .joining, group.members.values.allSatisfy(\.hasJoined) {
                beginGeneration(group)
                break
            }
            _ = await group.changed.wait(until: .distantFuture)
        }
        guard let member = group.members[id] else {
            response.error = .unknownMemberID
            return response
        }
        member.deadline = MonotonicTime.now.advanced(milliseconds: member.sessionTimeout)
        response.generation = group.generation
        response.protocolType = group.protocolType
        response.protocolName = group.protocolName
        response.leader = group.leader
        if group.leader == id {
            response.members = group.order.compactMap { group.members[$0] }.map { member in
                let chosen = member.protocols.first { $0.name == group.protocolName }
                return (member.id, member.instanceID, chosen?.metadata ?? [])
            }
        }
        return response
    }

    private func beginGeneration(_ group: Group) {
        group.generation += 1
        group.phase = .syncing
        if group.members[group.leader] == nil { group.leader = group.order.first ?? "" }
        let members = group.order.compactMap { group.members[$0] }
        // The leader's first choice that everybody knows.
        let preferences = group.members[group.leader]?.protocols ?? []
        group.protocolName =
            preferences.first { choice in
                members.allSatisfy { $0.protocols.contains { $0.name == choice.name } }
            }?.name ?? ""
        for member in members { member.assignment = [] }
        group.changed.notifyAll()
    }

    // MARK: - Sync, heartbeat, leave

    private func check(_ group: Group?, _ member: String, _ generation: Int32) -> KafkaError {
        guard let group, group.members[member] != nil else { return .unknownMemberID }
        return group.generation == generation ? .none : .illegalGeneration
    }

    func sync(
        group id: String, generation: Int32, member: String,
        assignments: [(member: String, assignment: [UInt8])]
    ) async -> (
        error: KafkaError, protocolType: String?, protocolName: String?, assignment: [UInt8]
    ) {
        let group = groups[id]
        let error = check(group, member, generation)
        guard let group, error == .none else { return (error, nil, nil, []) }
        if group.phase == .joining { return (.rebalanceInProgress, nil, nil, []) }
        if group.phase == .syncing, member == group.leader {
            for (target, assignment) in assignments {
                group.members[target]?.assignment = assignment
            }
            group.phase = .stable
            group.changed.notifyAll()
        }
        while group.phase == .syncing, group.generation == generation {
            _ = await group.changed.wait(until: .distantFuture)
        }
        guard group.generation == generation, group.phase == .stable,
            let found = group.members[member]
        else {
            return (
                group.members[member] == nil ? .unknownMemberID : .rebalanceInProgress, nil, nil, []
            )
        }
        found.deadline = MonotonicTime.now.advanced(milliseconds: found.sessionTimeout)
        return (.none, group.protocolType, group.protocolName, found.assignment)
    }

    func heartbeat(group id: String, generation: Int32, member: String) -> KafkaError {
        let group = groups[id]
        let error = check(group, member, generation)
        guard let group, error == .none, let found = group.members[member] else { return error }
        found.deadline = MonotonicTime.now.advanced(milliseconds: found.sessionTimeout)
        return group.phase == .joining ? .rebalanceInProgress : .none
    }

    func leave(group id: String, member: String, instanceID: String?) -> KafkaError {
        guard let group = groups[id] else { return .unknownMemberID }
        let found =
            member.isEmpty
            ? group.members.values.first { $0.instanceID != nil && $0.instanceID == instanceID }?.id
            : member
        guard let found, group.members[found] != nil else { return .unknownMemberID }
        removeAndRebalance(found, group)
        return .none
    }

    /// Whether an offset may be committed by this member.
    func mayCommit(group id: String, generation: Int32, member: String) -> KafkaError {
        let group = groups[id]
        if generation < 0, member.isEmpty {
            return group?.members.isEmpty ?? true ? .none : .unknownMemberID
        }
        let error = check(group, member, generation)
        if error == .none, group?.phase == .syncing { return .rebalanceInProgress }
        return error
    }

    private func remove(_ id: String, from group: Group) {
        group.members[id] = nil
        group.order.removeAll { $0 == id }
        if group.leader == id { group.leader = group.order.first ?? "" }
    }

    private func removeAndRebalance(_ id: String, _ group: Group) {
        remove(id, from: group)
        if group.members.isEmpty {
            group.phase = .empty
            group.generation += 1
        } else if group.phase != .joining {
            startRebalance(group, joined: nil)
        }
        group.changed.notifyAll()
    }

    /// Puts a member out when its session has ended.
    private func watch(_ id: String, _ group: Group) {
        loop.start { [self] in
            while let member = group.members[id] {
                let left = member.deadline.milliseconds(since: .now)
                // A member whose join is being held cannot send heartbeats.
                if left <= 0, !(group.phase == .joining && member.hasJoined) {
                    removeAndRebalance(id, group)
                    return
                }
                await loop.sleep(milliseconds: max(left, 100) + 1)
            }
        }
    }
}
