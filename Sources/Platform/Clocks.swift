import Glibc

/// Time that only goes forward; for durations and deadlines.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The time so many milliseconds later.
    package func advanced(milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds &+ milliseconds &* 1_000_000)
    }

    /// Whole milliseconds from `other` to here.
    package func milliseconds(since other: MonotonicTime) -> Int64 {
        (nanoseconds - other.nanoseconds) / 1_000_000
    }

    package static let distantFuture = MonotonicTime(nanoseconds: Int64.max)
}

/// The time of day, for records and logs.
package enum WallClock {
    /// Microseconds since 1970-01-01 UTC.
    package static var unixMicroseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

/// Bytes that nobody can guess, from the kernel.
package enum SecureRandom {
    /// 64 random bits.
    package static func uint64() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
