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

extension Interval {
    /// The interval over a number, with what months and days leave over passed on to the next unit
    /// (PostgreSQL's interval_div). - Throws: 22012.
    package static func divide(_ value: Interval, _ divisor: Double) throws(SQLError) -> Interval {
        guard divisor != 0 else { throw SQLError(.divisionByZero, "division by zero") }
        return try scaled(value, by: { $0 / divisor })
    }

    /// The interval times a number (interval_mul).
    package static func multiply(_ value: Interval, _ factor: Double) throws(SQLError) -> Interval {
        try scaled(value, by: { $0 * factor })
    }

    private static func scaled(_ value: Interval, by scale: (Double) -> Double) throws(SQLError)
        -> Interval
    {
        func rounded(_ x: Double) -> Double { (x * 1e6).rounded(.toNearestOrEven) / 1e6 }
        let (months, days) = (scale(Double(value.months)), scale(Double(value.days)))
        guard let wholeMonths = Int32(exactly: months.rounded(.towardZero)),
            var wholeDays = Int32(exactly: days.rounded(.towardZero))
        else { throw SQLError(.datetimeFieldOverflow, "interval out of range") }
        let monthDays = rounded((months - Double(wholeMonths)) * 30)
        let extraDays = monthDays.rounded(.towardZero)
        var seconds = rounded((days - Double(wholeDays) + monthDays - extraDays) * 86400)
        if abs(seconds) >= 86400 {
            let more = (seconds / 86400).rounded(.towardZero)
            wholeDays += Int32(more)
            seconds -= more * 86400
        }
        let micros = (scale(Double(value.microseconds)) + seconds * 1e6).rounded(.toNearestOrEven)
        let (total, overflow) = wholeDays.addingReportingOverflow(Int32(extraDays))
        guard let time = Int64(exactly: micros), !overflow else {
            throw SQLError(.datetimeFieldOverflow, "interval out of range")
        }
        return Interval(months: wholeMonths, days: total, microseconds: time)
    }
}
