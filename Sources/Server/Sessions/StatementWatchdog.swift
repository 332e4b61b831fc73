import Platform

/// Cancels a statement that runs longer than it may, or a session that waits longer. One timer, however many
/// statements there are. Loop's thread only.
final class StatementWatchdog {
    private var watched: (token: CancelToken, reason: CancelToken.Reason, deadline: MonotonicTime)?
    /// When the timer that is set goes off next.
    private var wakes: MonotonicTime?

    /// Cancels `token` after so many milliseconds unless `end` has been called by then.
    func watch(
        _ token: CancelToken, milliseconds: Int64,
        _ reason: CancelToken.Reason, _ loop: EventLoop
    ) {
        let deadline = MonotonicTime.now.advanced(milliseconds: milliseconds)
        watched = (token, reason, deadline)
        if let wakes, wakes <= deadline { return }
        set(deadline, loop)
    }

    func end() { watched = nil }

    private func set(_ deadline: MonotonicTime, _ loop: EventLoop) {
        wakes = deadline
        loop.schedule(at: deadline) { [weak self] in self?.wake(deadline, loop) }
    }

    private func wake(_ time: MonotonicTime, _ loop: EventLoop) {
        // A timer for an earlier time has taken over.
        guard time == wakes else { return }
        wakes = nil
        guard let (token, reason, deadline) = watched else { return }
        if deadline > MonotonicTime.now { return set(deadline, loop) }
        watched = nil
        token.cancel(reason)
    }
}
