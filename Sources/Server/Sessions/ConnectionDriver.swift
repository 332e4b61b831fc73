import Platform
import Planner
import Synchronization
import Types
import Wire

/// Carries out what the protocol's machines decide, for one connection.
final class ConnectionDriver {
    private let database: Database
    private let channel: Channel
    var decoder = FrontendDecoder()
    var encoder = BackendEncoder()
    static let flushAt = 64 << 10
    /// What the client knows of the settings that are reported, and how old that is.
    private var told: [String: String] = [:]
    private var toldAt: Int?
    private let idleness: IdleWatch

    init(_ database: Database, _ channel: Channel) {
        self.database = database
        self.channel = channel
        idleness = IdleWatch(channel, database.loop)
    }

    /// Serves the connection until it ends.
    func run() async {
        do {
            guard let session = try await start() else { return }
            defer {
                session.rollback()
                database.backends.withLock { $0[session.backendID] = nil }
            }
            try await serve(session)
        } catch let error as MalformedBytes {
            encoder.error(SQLError(.protocolViolation, error.reason), severity: "FATAL")
            try? await flush()
        } catch let error as SQLError {
            encoder.error(error, severity: "FATAL")
            try? await flush()
        } catch {
            // The peer is gone; there is nobody to tell.
            database.messages.debug("connection ended", ["reason": "\(error)"])
        }
    }

    func flush() async throws {
        if encoder.count > 0 { try await channel.write(encoder.take()) }
    }

    func receive() async throws -> Bool {
        let bytes = try await channel.read()
        decoder.feed(bytes)
        return !bytes.isEmpty
    }

    /// ReadyForQuery, behind the reported settings that have changed since the client was told.
    private func ready(_ session: Session) {
        report(session)
        encoder.readyForQuery(session.statusCharacter)
        idleness.begin(session)
    }

    private func report(_ session: Session) {
        guard toldAt != session.settingsVersion else { return }
        toldAt = session.settingsVersion
        for name in SessionSettings.reported {
            let value = session.settings.values[name.lowercased()] ?? ""
            if told[name] == value { continue }
            told[name] = value
            encoder.parameterStatus(name, value)
        }
    }

    // MARK: - Start-up

    private func start() async throws -> Session? {
        var machine = StartupStateMachine()
        while true {
            guard let message = try decoder.nextStartup() else {
                guard try await receive() else { return nil }
                continue
            }
            switch machine.received(message) {
            case .refuseEncryption: try await channel.write([UInt8(ascii: "N")])
            case .cancel(let process, let secret):
                database.backends.withLock { backends in
                    if let backend = backends[process], backend.secret == secret {
                        backend.cancel?.cancel(.request)
                    }
                }
                return nil
            case .close(let reason): throw MalformedBytes(reason)
            case .start(let parameters, let unknown, let minor):
                return try await begin(parameters, unknown, minor)
            }
        }
    }

    private func begin(_ parameters: [String: String], _ unknown: [String], _ minor: Int)
        async throws -> Session?
    {
        guard let user = parameters["user"], !user.isEmpty else {
            encoder.error(
                SQLError(
                    .invalidAuthorization, "no PostgreSQL user name specified in startup packet"),
                severity: "FATAL")
            try await flush()
            return nil
        }
        let name = parameters["database"] ?? user
        guard name == "streamhouse" || parameters["database"] == nil else {
            encoder.error(
                SQLError(.invalidCatalogName, "database \"\(name)\" does not exist"),
                severity: "FATAL")
            try await flush()
            return nil
        }
        let secret = Int32(truncatingIfNeeded: SecureRandom.uint64())
        let id = database.backends.withLock { backends in
            var id = Int32(truncatingIfNeeded: SecureRandom.uint64() & 0x3FFF_FFFF) + 1
            while backends[id] != nil { id += 1 }
            backends[id] = Database.Backend(secret: secret, cancel: nil)
            return id
        }
        var options = parameters
        for (key, value) in ConnectionDriver.commandLineOptions(parameters["options"] ?? "") {
            options[key] = value
        }
        let session: Session
        do throws(SQLError) {
            session = try Session(database, user: user, options: options, backendID: id)
        } catch {
            encoder.error(error, severity: "FATAL")
            try await flush()
            return nil
        }
        if minor > 0 || !unknown.isEmpty {
            encoder.negotiateProtocolVersion(unknownOptions: unknown)
        }
        encoder.authenticationOk()
        report(session)
        encoder.backendKeyData(processID: id, secret: secret)
        encoder.readyForQuery("I")
        idleness.begin(session)
        try await flush()
        return session
    }

    /// `-c name=value` and `--name=value` of the start-up packet's options.
    private static func commandLineOptions(_ text: String) -> [(String, String)] {
        var result: [(String, String)] = []
        var words = text.split(separator: " ")[...]
        while let word = words.popFirst() {
            var item = word
            if word == "-c", let next = words.popFirst() {
                item = next
            } else if word.hasPrefix("-c") || word.hasPrefix("--") {
                item = word.dropFirst(2)
            } else {
                continue
            }
            let parts = item.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { result.append((String(parts[0]), String(parts[1]))) }
        }
        return result
    }

    // MARK: - Messages

    private func serve(_ session: Session) async throws {
        var machine = QueryStateMachine()
        while true {
            guard let message = try decoder.next() else {
                guard try await receive() else { return try idleness.end() }
                continue
            }
            try idleness.end()
            switch machine.received(message) {
            case .runQuery(let text):
                try await simpleQuery(session, text)
                ready(session)
                try await flush()
            case .run(let message):
                do {
                    try await extended(session, message)
                } catch let error as SQLError {
                    try await fail(session, error)
                    machine.failed()
                }
            case .fail(let error):
                try await fail(session, error)
                machine.failed()
            case .flush: try await flush()
            case .ready:
                await finishImplicit(session)
                ready(session)
                try await flush()
            case .ignore: break
            case .close: return
            case .refuse(let error):
                session.statementFailed()
                encoder.error(error)
                ready(session)
                try await flush()
            }
        }
    }

    /// An error of the extended protocol: told at once, as no Sync may come before the client has seen it.
    private func fail(_ session: Session, _ error: SQLError) async throws {
        session.statementFailed()
        encoder.error(error)
        try await flush()
    }

    /// Sync ends a transaction that nobody began by name; portals end with it.
    private func finishImplicit(_ session: Session) async {
        if session.state == .open, session.isImplicit {
            do throws(SQLError) {
                try await session.commit()
            } catch {
                encoder.error(error)
            }
        }
        if session.state == .idle { session.portals.removeAll() }
    }

    // MARK: - Simple protocol

    private func simpleQuery(_ session: Session, _ text: String) async throws {
        session.prepared[""] = nil
        do {
            let statements = try Parser.statements(text)
            if statements.isEmpty { return encoder.emptyQueryResponse() }
            for (statement, _) in statements {
                if statements.count > 1, session.state == .idle {
                    session.begin()
                    session.isImplicit = true
                }
                if case .copy(let copy) = statement {
                    try await self.copy(session, copy, text)
                    continue
                }
                let result = try await session.execute(
                    statement, text: text, parameters: Parameters(values: []))
                try await send(result)
            }
            if session.isImplicit { try await session.commit() }
        } catch let error as SQLError {
            session.statementFailed()
            encoder.error(error)
        }
    }

    private func send(_ result: StatementResult) async throws {
        sendNotices(result)
        guard let rows = result.rows else { return encoder.commandComplete(result.tag) }
        encoder.rowDescription(rows.columns)
        var portal = Session.PortalRows(rows.batches, result.memory)
        _ = try await send(&portal, rows.columns, limit: Int.max)
        encoder.commandComplete(result.tag == "SELECT" ? "SELECT \(portal.sent)" : result.tag)
    }

    private func sendNotices(_ result: StatementResult) {
        for notice in result.notices {
            encoder.notice(
                notice,
                severity: notice.state == .activeTransaction || notice.state == .noActiveTransaction
                    ? "WARNING" : "NOTICE")
        }
    }

    /// Sends up to `limit` rows. - Returns: whether there were fewer than that: PostgreSQL does not look
    /// whether another comes behind the last one that was asked for.
    private func send(_ rows: inout Session.PortalRows, _ columns: [ResultColumn], limit: Int)
        async throws -> Bool
    {
        var left = limit
        while rows.batch < rows.batches.count {
            let batch = rows.batches[rows.batch]
            let views = batch.columns.map(\.view)
            while rows.row < batch.count {
                let copies = max(0, batch.weight(rows.row))
                while rows.copies < copies {
                    if left == 0 { return false }
                    encoder.dataRow(views, rows.row, columns)
                    rows.sent += 1
                    rows.copies += 1
                    left -= 1
                    if encoder.count >= ConnectionDriver.flushAt { try await flush() }
                }
                rows.row += 1
                rows.copies = 0
            }
            rows.batch += 1
            rows.row = 0
        }
        return left > 0
    }

    // MARK: - Extended protocol

    private func extended(_ session: Session, _ message: FrontendMessage) async throws {
        switch message {
        case .parse(let name, let text, let types):
            if name.isEmpty { session.prepared[""] = nil }
            try session.parse(name: name, text: text, types: types)
            encoder.parseComplete()
        case .bind(let bind):
            if bind.portal.isEmpty { session.portals[""] = nil }
            try session.bind(bind)
            encoder.bindComplete()
        case .describe(.statement, let name):
            guard let statement = session.prepared[name] else {
                throw SQLError(
                    .invalidStatementName, "prepared statement \"\(name)\" does not exist")
            }
            let columns = try session.describe(statement, nil)
            encoder.parameterDescription(statement.types)
            if let columns { encoder.rowDescription(columns) } else { encoder.noData() }
        case .describe(.portal, let name):
            let portal = try portal(session, name)
            if let columns = try session.describe(portal.prepared, portal.parameters) {
                encoder.rowDescription(try Session.formatted(columns, portal.formats))
            } else {
                encoder.noData()
            }
        case .execute(let name, let limit):
            try await execute(session, try portal(session, name), limit)
        case .close(.statement, let name):
            session.prepared[name] = nil
            encoder.closeComplete()
        case .close(.portal, let name):
            session.portals[name] = nil
            encoder.closeComplete()
        case .query, .flush, .sync, .terminate, .password, .copyData, .copyDone, .copyFail,
            .functionCall, .malformed:
            throw SQLError.internalFault("message out of place")
        }
    }

    private func portal(_ session: Session, _ name: String) throws(SQLError) -> Session.Portal {
        guard let portal = session.portals[name] else {
            throw SQLError(.invalidCursorName, "portal \"\(name)\" does not exist")
        }
        return portal
    }

    private func execute(_ session: Session, _ portal: Session.Portal, _ limit: Int32) async throws
    {
        guard let statement = portal.prepared.statement else { return encoder.emptyQueryResponse() }
        if portal.isDone, portal.rows == nil {
            throw SQLError(.objectNotInPrerequisiteState, "portal cannot be run")
        }
        if portal.rows == nil {
            // What stands before a Sync is one transaction; alone it commits at once.
            if session.state == .idle, !decoder.isNextSync, statement.isChange {
                session.begin()
                session.isImplicit = true
            }
            if case .copy(let copy) = statement {
                portal.isDone = true
                return try await self.copy(session, copy, portal.prepared.text)
            }
            let result = try await session.execute(
                statement, text: portal.prepared.text,
                parameters: Parameters(types: portal.prepared.types, values: portal.parameters))
            sendNotices(result)
            guard let rows = result.rows else {
                portal.isDone = true
                return encoder.commandComplete(result.tag)
            }
            portal.columns = try Session.formatted(rows.columns, portal.formats)
            portal.rows = Session.PortalRows(rows.batches, result.memory)
            portal.tag = result.tag
        }
        guard var rows = portal.rows, let columns = portal.columns else { return }
        let before = rows.sent
        let isAll = try await send(&rows, columns, limit: limit > 0 ? Int(limit) : Int.max)
        portal.rows = rows
        if isAll {
            encoder.commandComplete(
                portal.tag == "SELECT" ? "SELECT \(rows.sent - before)" : portal.tag)
        } else {
            encoder.portalSuspended()
        }
    }
}
