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
    /// What every operation throws whose months, days or microseconds do not fit.
    package static var outOfRange: SQLError {
        SQLError(.datetimeFieldOverflow, "interval out of range")
    }

    /// - Throws: 22008.
    package static func add(_ x: Interval, _ y: Interval) throws(SQLError) -> Interval {
        let (months, monthsOverflow) = x.months.addingReportingOverflow(y.months)
        let (days, daysOverflow) = x.days.addingReportingOverflow(y.days)
        let (time, timeOverflow) = x.microseconds.addingReportingOverflow(y.microseconds)
        if monthsOverflow || daysOverflow || timeOverflow { throw outOfRange }
        return Interval(months: months, days: days, microseconds: time)
    }

    /// - Throws: 22008.
    package static func negate(_ x: Interval) throws(SQLError) -> Interval {
        guard x.months != .min, x.days != .min, x.microseconds != .min else { throw outOfRange }
        return Interval(months: -x.months, days: -x.days, microseconds: -x.microseconds)
    }

    /// Whole days out of hours (interval_justify_hours). - Throws: 22008.
    package static func justifyHours(_ value: Interval) throws(SQLError) -> Interval {
        let day = Timestamp.microsecondsPerDay
        let more = Interval(days: Int32(value.microseconds / day))
        var result = try add(
            Interval(
                months: value.months, days: value.days, microseconds: value.microseconds % day),
            more)
        if result.days > 0, result.microseconds < 0 {
            result.microseconds += day
            result.days -= 1
        } else if result.days < 0, result.microseconds > 0 {
            result.microseconds -= day
            result.days += 1
        }
        return result
    }

    /// Months of 30 days out of days (interval_justify_days). - Throws: 22008.
    package static func justifyDays(_ value: Interval) throws(SQLError) -> Interval {
        var result = try add(
            Interval(
                months: value.months, days: value.days % 30, microseconds: value.microseconds),
            Interval(months: value.days / 30))
        if result.months > 0, result.days < 0 {
            result.days += 30
            result.months -= 1
        } else if result.months < 0, result.days > 0 {
            result.days -= 30
            result.months += 1
        }
        return result
    }

    /// Both at once, with signs that agree (interval_justify_interval). - Throws: 22008.
    package static func justify(_ value: Interval) throws(SQLError) -> Interval {
        let day = Timestamp.microsecondsPerDay
        // In 64 bits: days and hours together may be more than 32 hold before months are taken out.
        var days = Int64(value.days) + value.microseconds / day
        var time = value.microseconds % day
        var months = Int64(value.months) + days / 30
        days %= 30
        if months > 0, days < 0 || (days == 0 && time < 0) {
            days += 30
            months -= 1
        } else if months < 0, days > 0 || (days == 0 && time > 0) {
            days -= 30
            months += 1
        }
        if days > 0, time < 0 {
            time += day
            days -= 1
        } else if days < 0, time > 0 {
            time -= day
            days += 1
        }
        guard let whole = Int32(exactly: months) else { throw outOfRange }
        return Interval(months: whole, days: Int32(days), microseconds: time)
    }

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
        // Beyond the range by a fraction is beyond it.
        let range = Double(Int32.min)...Double(Int32.max)
        guard range.contains(months), range.contains(days),
            let wholeMonths = Int32(exactly: months.rounded(.towardZero)),
            var wholeDays = Int32(exactly: days.rounded(.towardZero))
        else { throw outOfRange }
        let monthDays = rounded((months - Double(wholeMonths)) * 30)
        let extraDays = monthDays.rounded(.towardZero)
        var seconds = rounded((days - Double(wholeDays) + monthDays - extraDays) * 86400)
        if abs(seconds) >= 86400 {
            let more = (seconds / 86400).rounded(.towardZero)
            let (sum, overflow) = wholeDays.addingReportingOverflow(Int32(exactly: more) ?? .max)
            guard !overflow, abs(more) < Double(Int32.max) else { throw outOfRange }
            wholeDays = sum
            seconds -= more * 86400
        }
        let micros = (scale(Double(value.microseconds)) + seconds * 1e6).rounded(.toNearestOrEven)
        let (total, overflow) = wholeDays.addingReportingOverflow(Int32(extraDays))
        guard let time = Int64(exactly: micros), !overflow else {
            throw outOfRange
        }
        return Interval(months: wholeMonths, days: total, microseconds: time)
    }
}
