import Synchronization
import Types

/// An answer that either of two may give; the second is dropped.
final class FirstReply<Success: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Result<Success, SQLError>, Never>?>

    init(_ continuation: CheckedContinuation<Result<Success, SQLError>, Never>) {
        self.continuation = Mutex(continuation)
    }

    func give(_ result: Result<Success, SQLError>) {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: result)
    }
}
