import Synchronization
import Types

/// Set by a cancel request or a timeout; a statement looks at it between chunks and where it waits.
final class CancelToken: Sendable {
    /// Why a statement ends early.
    enum Reason: Sendable {
        case request
        case statementTimeout
        case lockTimeout
        /// Nothing runs: the session itself is canceled.
        case idleInTransaction
        case idle

        var error: SQLError {
            switch self {
            case .request:
                SQLError(.queryCanceled, "canceling statement due to user request")
            case .statementTimeout:
                SQLError(.queryCanceled, "canceling statement due to statement timeout")
            case .lockTimeout:
                SQLError(.lockNotAvailable, "canceling statement due to lock timeout")
            case .idleInTransaction:
                SQLError(
                    SQLState.external("25P03"),
                    "terminating connection due to idle-in-transaction timeout")
            case .idle:
                SQLError(
                    SQLState.external("57P05"),
                    "terminating connection due to idle-session timeout")
            }
        }
    }

    private struct State {
        var reason: Reason?
        var handlers: [@Sendable (SQLError) -> Void] = []
    }

    private let flag = Atomic<Bool>(false)
    private let state = Mutex(State())

    var isCanceled: Bool { flag.load(ordering: .acquiring) }

    /// The first reason stays.
    func cancel(_ reason: Reason) {
        let handlers = state.withLock { state in
            if state.reason != nil { return [@Sendable (SQLError) -> Void]() }
            state.reason = reason
            defer { state.handlers = [] }
            return state.handlers
        }
        flag.store(true, ordering: .releasing)
        for handler in handlers { handler(reason.error) }
    }

    /// - Throws: 57014, or 55P03 when it was a lock that took too long.
    func check() throws(SQLError) {
        guard isCanceled else { return }
        throw (state.withLock { $0.reason } ?? .request).error
    }

    /// Calls `handler` once, when the token is canceled; now when it has been.
    func onCancel(_ handler: @escaping @Sendable (SQLError) -> Void) {
        let reason = state.withLock { state in
            if state.reason == nil { state.handlers.append(handler) }
            return state.reason
        }
        if let reason { handler(reason.error) }
    }
}
