import CLinux
import Glibc
import Synchronization

/// One thread that waits for sockets and timers and runs the tasks of sessions.
///
/// It is a `TaskExecutor`: a task started with it runs on the loop's thread only, so what belongs
/// to the loop needs no lock. Other threads reach it by resuming a continuation or by `perform`.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
    // `handlers`, `timers` and `nextToken` are touched by the loop's thread only; `jobs` has a lock.
    private let epoll: Int32
    private let wakeup: Int32
    private let jobs = Mutex<[UnownedJob]>([])
    private let calls = Mutex<[@Sendable () -> Void]>([])
    private var handlers: [UInt64: (UInt32) -> Void] = [:]
    private var timers = TimerQueue()
    private var nextToken: UInt64 = 1
    private static let wakeupToken: UInt64 = 0

    /// Starts the loop's thread under a name of at most 15 characters.
    package init(name: String) throws(SystemError) {
        epoll = Int32(
            try retrying("epoll_create1", name) { Int(epoll_create1(Int32(EPOLL_CLOEXEC))) })
        wakeup = Int32(
            try retrying("eventfd", name) {
                Int(eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)))
            })
        _ = clinux_epoll_set(epoll, EPOLL_CTL_ADD, wakeup, EPOLLIN.rawValue, EventLoop.wakeupToken)
        Worker.start(name) { [self] in run() }
    }

    /// Queues a job of a task; from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let wasEmpty = jobs.withLock { jobs in
            jobs.append(unowned)
            return jobs.count == 1
        }
        if wasEmpty { wake() }
    }

    /// Runs a closure on the loop's thread.
    package func perform(_ call: @escaping @Sendable () -> Void) {
        calls.withLock { $0.append(call) }
        wake()
    }

    /// Starts a task whose code runs on this loop.
    @discardableResult
    package func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task.detached(executorPreference: self) { await body() }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = unsafe Glibc.write(wakeup, &one, 8)
    }

    // MARK: - The loop

    private func run() {
        let events = UnsafeMutablePointer<UInt32>.allocate(capacity: 128)
        let tokens = UnsafeMutablePointer<UInt64>.allocate(capacity: 128)
        while true {
            runJobs()
            let now = MonotonicTime.now
            // Taken out before it is called: an action may set timers.
            while let action = timers.takeDue(now) { action() }
            let timeout = timers.wait(now)
            if !jobs.withLock({ $0.isEmpty }) { continue }
            let count = unsafe clinux_epoll_wait(epoll, events, tokens, 128, timeout)
            guard count > 0 else { continue }
            for index in 0..<Int(count) {
                let (token, mask) = unsafe (tokens[index], events[index])
                if token == EventLoop.wakeupToken {
                    var value: UInt64 = 0
                    _ = unsafe Glibc.read(wakeup, &value, 8)
                    let pending = calls.withLock { calls in
                        let taken = calls
                        calls = []
                        return taken
                    }
                    for call in pending { call() }
                } else {
                    handlers[token]?(mask)
                }
            }
        }
    }

    private func runJobs() {
        while true {
            let batch = jobs.withLock { jobs in
                let taken = jobs
                jobs = []
                return taken
            }
            if batch.isEmpty { return }
            for job in batch { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    // MARK: - Descriptors (loop's thread only)

    /// Watches a descriptor, edge-triggered for both directions. - Returns: its token.
    func watch(_ descriptor: Int32, _ handler: @escaping (UInt32) -> Void) -> UInt64 {
        let token = nextToken
        nextToken += 1
        handlers[token] = handler
        let mask = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        _ = clinux_epoll_set(epoll, EPOLL_CTL_ADD, descriptor, mask, token)
        return token
    }

    func unwatch(_ descriptor: Int32, _ token: UInt64) {
        handlers[token] = nil
        _ = clinux_epoll_set(epoll, EPOLL_CTL_DEL, descriptor, 0, token)
    }

    // MARK: - Timers (loop's thread only)

    /// Calls back once, not before `deadline`.
    package func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) {
        timers.add(deadline, action)
    }

    /// Waits for a duration; from a task of this loop.
    package func sleep(milliseconds: Int64) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let deadline = MonotonicTime.now.advanced(milliseconds: milliseconds)
            schedule(at: deadline) { continuation.resume() }
        }
    }
}

/// Pending timers, earliest first: a binary heap.
private struct TimerQueue {
    private var heap: [(deadline: MonotonicTime, action: () -> Void)] = []

    mutating func add(_ deadline: MonotonicTime, _ action: @escaping () -> Void) {
        heap.append((deadline, action))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].deadline <= heap[child].deadline { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    /// Takes out one that is due, if there is one.
    mutating func takeDue(_ now: MonotonicTime) -> (() -> Void)? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        removeFirst()
        return first.action
    }

    /// Milliseconds until the next one, -1 for none.
    func wait(_ now: MonotonicTime) -> Int32 {
        guard let first = heap.first else { return -1 }
        let wait = (first.deadline.nanoseconds - now.nanoseconds + 999_999) / 1_000_000
        return Int32(min(wait, 60_000))
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].deadline < heap[smallest].deadline { smallest = child }
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}

/// Lets tasks of a loop wait for something with a deadline. Loop's thread only.
package final class LoopSignal: @unchecked Sendable {
    // Confined to the loop's thread.
    private let loop: EventLoop
    private var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
    private var nextID: UInt64 = 0

    package init(_ loop: EventLoop) { self.loop = loop }

    /// - Returns: true when notified, false when `deadline` passed first.
    package func wait(until deadline: MonotonicTime) async -> Bool {
        let id = nextID
        nextID += 1
        return await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            waiters[id] = continuation
            if deadline != .distantFuture {
                loop.schedule(at: deadline) { [weak self] in
                    if let waiter = self?.waiters.removeValue(forKey: id) {
                        waiter.resume(returning: false)
                    }
                }
            }
        }
    }

    /// Lets all who wait go on.
    package func notifyAll() {
        // Who has waited longest goes first.
        let woken = waiters.sorted { $0.key < $1.key }
        waiters = [:]
        for (_, waiter) in woken { waiter.resume(returning: true) }
    }
}
