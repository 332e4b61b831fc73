import Platform
import Types

/// Ends a connection whose client keeps the session waiting longer than idle_session_timeout or
/// idle_in_transaction_session_timeout allow: from ReadyForQuery to the next whole message. Loop's thread only.
final class IdleWatch {
    private let channel: Channel
    private let loop: EventLoop
    private let watchdog = StatementWatchdog()
    private var token: CancelToken?

    init(_ channel: Channel, _ loop: EventLoop) {
        self.channel = channel
        self.loop = loop
    }

    /// The session waits.
    func begin(_ session: Session) {
        let isIdle = session.state == .idle
        let name = isIdle ? "idle_session_timeout" : "idle_in_transaction_session_timeout"
        guard let timeout = session.settings.milliseconds(name) else { return }
        let token = CancelToken()
        token.onCancel { [channel] _ in channel.endReading() }
        watchdog.watch(
            token, milliseconds: timeout, isIdle ? .idle : .idleInTransaction, loop)
        self.token = token
    }

    /// A message has come, or the end of the stream. - Throws: 57P05 or 25P03 when that was too late.
    func end() throws(SQLError) {
        guard let token else { return }
        self.token = nil
        watchdog.end()
        try token.check()
    }
}
