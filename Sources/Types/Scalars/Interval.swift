/// PostgreSQL's interval: months, days and microseconds are kept apart.
@frozen @usableFromInline
package struct Interval: BitwiseCopyable, Sendable, Hashable {
    package var microseconds: Int64
    package var days: Int32
    package var months: Int32

    package init(months: Int32 = 0, days: Int32 = 0, microseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.microseconds = microseconds
    }

    /// What comparison looks at: a month counts as 30 days, a day as 24 hours.
    package var normalized: Int128 {
        (Int128(months) * 30 + Int128(days)) * 86_400_000_000 + Int128(microseconds)
    }

    @usableFromInline
    package static func == (left: Interval, right: Interval) -> Bool {
        left.months == right.months && left.days == right.days
            && left.microseconds == right.microseconds
    }
}
