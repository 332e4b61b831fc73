import Glibc

/// A moment at which waiting ends.
struct Deadline {
    private let end: ContinuousClock.Instant

    init(seconds: Int) { end = ContinuousClock.now.advanced(by: .seconds(seconds)) }

    /// What is left, as poll(2) takes it; 0 when it is over.
    private var milliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: end).components
        let total = left.seconds * 1_000 + left.attoseconds / 1_000_000_000_000_000
        return Int32(clamping: max(total, 0))
    }

    /// Waits for a descriptor to have bytes or to be closed by its peer.
    /// - Returns: false when the deadline came first.
    func waitUntilReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = unsafe poll(&entry, 1, milliseconds)
            if ready > 0 { return true }
            if ready == 0 || errno != EINTR { return false }
        }
    }
}
