import Dataflow
import Planner
import State
import Synchronization
import Types
import Wire

/// COPY: rows in or out over the connection.
extension ConnectionDriver {
    /// The most bytes that one COPY FROM may bring: its rows are one epoch.
    private static let maximumCopyBytes = 1 << 30

    func copy(_ session: Session, _ copy: Copy, _ text: String) async throws {
        if session.state == .failed {
            throw SQLError(
                .failedTransaction,
                "current transaction is aborted, commands ignored until end of transaction block")
        }
        try session.checkWritable(.copy(copy))
        if copy.isFrom {
            try await copyIn(session, copy, text)
        } else {
            try await copyOut(session, copy, text)
        }
    }

    // MARK: - FROM STDIN

    private func copyIn(_ session: Session, _ copy: Copy, _ text: String) async throws {
        guard case .table(let name, let names) = copy.subject else { return }
        let binder = Binder(context: session.context(), text: text)
        let (table, columns) = try binder.bindCopy(name, names)
        var reader = CopyReader(
            copy.format, table: table.name,
            columns: columns.map {
                (table.columns[$0].name, session.shown(table.columns[$0].type))
            })
        encoder.copyResponse(
            isIn: true, isBinary: copy.format.kind == .binary, columns: columns.count)
        try await flush()
        var received = 0
        let token = CancelToken()
        session.database.backends.withLock { $0[session.backendID]?.cancel = token }
        defer { session.database.backends.withLock { $0[session.backendID]?.cancel = nil } }
        while true {
            guard let message = try decoder.next() else {
                guard try await receive() else { throw MalformedBytes("connection closed in COPY") }
                continue
            }
            switch message {
            case .copyData(let bytes):
                // An error ends the COPY at once; what still comes of it is passed over.
                try token.check()
                received += bytes.count
                if received > ConnectionDriver.maximumCopyBytes {
                    throw SQLError(
                        .programLimitExceeded,
                        "COPY of more than \(ConnectionDriver.maximumCopyBytes) bytes",
                        hint: "Copy the rows in several parts: each is one transaction.")
                }
                try reader.add(bytes)
            case .copyDone:
                try token.check()
                let rows = try reader.finish()
                let count = try await session.insertCopied(rows, table, columns)
                return encoder.commandComplete("COPY \(count)")
            case .copyFail(let reason):
                throw SQLError(.queryCanceled, "COPY from stdin failed: \(reason)")
            case .flush, .sync: continue
            case .terminate: throw MalformedBytes("connection closed in COPY")
            default:
                throw SQLError(
                    .protocolViolation, "unexpected message during COPY from stdin")
            }
        }
    }

    // MARK: - TO STDOUT

    private func copyOut(_ session: Session, _ copy: Copy, _ text: String) async throws {
        let binder = Binder(context: session.context(), text: text)
        var query: Query
        switch copy.subject {
        case .query(let inner): query = inner
        case .table(let name, let columns):
            let items = columns.map {
                Select.Item(column: $0.name, at: $0.at)
            }
            query = Query(copying: name, items)
            let table = try binder.bindCopySource(name)
            if columns.isEmpty {
                query = Query(
                    copying: name,
                    table.columns.filter { $0.generatedText == nil }.map {
                        Select.Item(column: $0.name, at: name.at)
                    })
            }
        }
        let wanted = query
        let (bound, rows, memory) = try await session.cancelable {
            (_) throws(SQLError) -> (LogicalPlan, [Batch], MemoryGrant?) in
            let (bound, reading) = try await session.binding(text, Parameters()) {
                (binder) throws(SQLError) in try binder.bind(wanted)
            }
            let plan = Optimizer.optimized(bound)
            let rows = try await session.run(plan, reading: reading.references)
            return (bound, rows, session.memory)
        }
        let fieldTypes = bound.fields.map { session.shown($0.type) }
        let names = bound.fields.map(\.name)
        var format = copy.format
        for name in copy.forcedQuotes {
            if let index = names.firstIndex(of: name) { format.forcesQuotes.insert(index) }
        }
        let (batches, types) =
            format.kind == .binary ? (rows, fieldTypes) : session.named(rows, fieldTypes)
        encoder.copyResponse(
            isIn: false, isBinary: format.kind == .binary, columns: types.count)
        let header = format.header(names)
        if !header.isEmpty { encoder.copyData(header) }
        var count: Int64 = 0
        for batch in batches {
            let views = batch.columns.map(\.view)
            for row in 0..<batch.count {
                let bytes = format.row(views, row, types)
                for _ in 0..<max(0, batch.weight(row)) {
                    encoder.copyData(bytes)
                    count += 1
                }
                if encoder.count >= ConnectionDriver.flushAt { try await flush() }
            }
        }
        if !format.trailer.isEmpty { encoder.copyData(format.trailer) }
        encoder.copyDone()
        withExtendedLifetime(memory) {}
        encoder.commandComplete("COPY \(count)")
    }
}
