import Platform

/// One thread that makes logs durable: whatever has been appended meanwhile shares one sync.
///
/// The logs are synced in the order given, so a record in a later log may rely on records that were
/// appended to an earlier one before it.
package final class GroupCommitter: Sendable {
    private let logs: [DurableLog]
    private let mailbox = Mailbox<Void>()
    private let onFailure: @Sendable (StorageError) -> Void

    /// `onFailure` must end the process: after a failed sync nobody knows what is on disk.
    package init(logs: [DurableLog], onFailure: @escaping @Sendable (StorageError) -> Void) {
        self.logs = logs
        self.onFailure = onFailure
        Worker.start("commit") { [self] in run() }
    }

    /// Says that something was appended.
    package func wake() { mailbox.post(()) }

    private func run() {
        while true {
            _ = mailbox.take(until: .distantFuture)
            do {
                // Taken from the last log to the first, written from the first to the last: a record
                // never reaches the disk before what it refers to in an earlier log.
                let taken = logs.reversed().map { ($0, $0.takePending()) }.reversed()
                for (log, pending) in taken where !pending.frames.isEmpty {
                    try log.commit(pending)
                }
                for (log, pending) in taken where !pending.frames.isEmpty { log.publish() }
            } catch {
                onFailure(error)
                return
            }
        }
    }
}
