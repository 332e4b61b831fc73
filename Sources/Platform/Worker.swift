import CLinux
import Glibc

/// A plain thread of ours, with a name that tools show.
package enum Worker {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread with a stack of 256 MiB, of which only what is touched is memory:
    /// deep expressions are walked by recursion.
    package static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
        let body = unsafe Unmanaged.passRetained(Body(run))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, 256 << 20)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                if let argument = unsafe argument {
                    let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                    body.run()
                }
                return nil
            }, body.toOpaque())
        precondition(result == 0, "thread \(name) did not start: \(result)")
        unsafe clinux_name_thread(thread, name)
        unsafe pthread_attr_destroy(&attributes)
    }
}

/// Work for one thread: anybody posts, the owner takes all that is there. Bounded by its users.
@safe
package final class Mailbox<Element: Sendable>: @unchecked Sendable {
    // Guarded by `mutex`, which also serves `condition`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var items: [Element] = []

    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds an item and wakes the owner.
    package func post(_ item: Element) {
        unsafe pthread_mutex_lock(mutex)
        let wasEmpty = items.isEmpty
        items.append(item)
        unsafe pthread_mutex_unlock(mutex)
        if wasEmpty { unsafe pthread_cond_signal(condition) }
    }

    /// Everything posted so far; waits until there is something or `deadline` has passed.
    package func take(until deadline: MonotonicTime) -> [Element] {
        unsafe pthread_mutex_lock(mutex)
        while items.isEmpty {
            if deadline == .distantFuture {
                unsafe pthread_cond_wait(condition, mutex)
            } else {
                var time = timespec(
                    tv_sec: Int(deadline.nanoseconds / 1_000_000_000),
                    tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
                if unsafe pthread_cond_timedwait(condition, mutex, &time) != 0 { break }
            }
        }
        let taken = items
        items = []
        unsafe pthread_mutex_unlock(mutex)
        return taken
    }

    /// The first item; waits until there is one.
    package func takeOne() -> Element {
        unsafe pthread_mutex_lock(mutex)
        while items.isEmpty { unsafe pthread_cond_wait(condition, mutex) }
        let item = items.removeFirst()
        let hasMore = !items.isEmpty
        unsafe pthread_mutex_unlock(mutex)
        // Posting wakes one thread, and only when the box was empty: the next one is woken here.
        if hasMore { unsafe pthread_cond_signal(condition) }
        return item
    }

    package var isEmpty: Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return items.isEmpty
    }
}

/// A few threads that run closures in order of arrival.
package final class WorkerPool: Sendable {
    private let mailbox = Mailbox<@Sendable () -> Void>()

    package init(name: String, threads: Int) {
        for index in 0..<threads {
            Worker.start("\(name)-\(index)") { [self] in
                while true { mailbox.takeOne()() }
            }
        }
    }

    /// Queues a closure.
    package func submit(_ job: @escaping @Sendable () -> Void) { mailbox.post(job) }
}

/// Threads that work on one thing together with the thread that calls them.
package final class WorkerGang: Sendable {
    private let boxes: [Mailbox<@Sendable () -> Void>]

    /// - Parameter threads: how many work at a time, the caller included.
    package init(name: String, threads: Int) {
        boxes = (1..<max(threads, 1)).map { _ in Mailbox() }
        for (index, box) in boxes.enumerated() {
            Worker.start("\(name)-\(index + 1)") {
                while true { box.takeOne()() }
            }
        }
    }

    /// How many work at a time, the caller included.
    package var threads: Int { boxes.count + 1 }

    /// Calls `body` with 0..<count, spread over the threads; returns when all calls have ended.
    package func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let done = Mailbox<Void>()
        let width = threads
        let helpers = min(width, count) - 1
        for helper in 0..<max(helpers, 0) {
            boxes[helper].post {
                for index in stride(from: helper + 1, to: count, by: width) { body(index) }
                done.post(())
            }
        }
        for index in stride(from: 0, to: count, by: width) { body(index) }
        var ended = 0
        while ended < helpers { ended += done.take(until: .distantFuture).count }
    }
}
