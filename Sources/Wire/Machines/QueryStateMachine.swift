package import Types

/// Decides which messages of a started connection are carried out.
///
/// After an error in the extended protocol everything up to the next Sync is passed over; a simple
/// query ends with ReadyForQuery whatever happens. The driver carries out the returned action and
/// says how it went.
package struct QueryStateMachine: ~Copyable {
    /// What the driver is to do.
    package enum Action: Equatable, Sendable {
        /// Run it, then answer ReadyForQuery.
        case runQuery(String)
        /// Run it; only an error is answered at once.
        case run(FrontendMessage)
        /// Send what is buffered.
        case flush
        /// Answer ReadyForQuery and send what is buffered.
        case ready
        case ignore
        case close
        /// Answer the error and ReadyForQuery.
        case refuse(SQLError)
        /// Answer the error; it ends what stands before the next Sync.
        case fail(SQLError)
    }

    private enum Phase { case idle, skippingToSync, closed }

    private var phase = Phase.idle

    package init() {}

    /// What a message of the client leads to.
    package mutating func received(_ message: FrontendMessage) -> Action {
        switch phase {
        case .closed: return .ignore
        case .skippingToSync:
            switch message {
            case .sync:
                phase = .idle
                return .ready
            case .terminate:
                phase = .closed
                return .close
            case .query, .parse, .bind, .describe, .execute, .close, .flush, .password, .copyData,
                .copyDone, .copyFail, .functionCall, .malformed:
                return .ignore
            }
        case .idle: return idle(message)
        }
    }

    private mutating func idle(_ message: FrontendMessage) -> Action {
        switch message {
        case .query(let text): return .runQuery(text)
        case .parse, .bind, .describe, .execute, .close: return .run(message)
        case .flush: return .flush
        case .sync: return .ready
        case .terminate:
            phase = .closed
            return .close
        // Left over from a COPY that has ended already.
        case .copyData, .copyDone, .copyFail: return .ignore
        case .password:
            return .refuse(SQLError(.protocolViolation, "unexpected password message"))
        case .functionCall:
            return .refuse(SQLError(.featureNotSupported, "function calls are not supported"))
        case .malformed(let error, let isQuery): return isQuery ? .refuse(error) : .fail(error)
        }
    }

    /// An extended-protocol message has failed, and its error is in the buffer.
    package mutating func failed() {
        switch phase {
        case .idle: phase = .skippingToSync
        case .skippingToSync, .closed: break
        }
    }
}
