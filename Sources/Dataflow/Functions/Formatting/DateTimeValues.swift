import Types

/// What a text says about a date and time, field by field, before it is put together. Zero is what
/// was not said; sums wrap around at 32 bits, as PostgreSQL's do.
struct DateTimeValues {
    var convention: DateTimeField.Convention?
    var hour: Int32 = 0
    var minute: Int32 = 0
    var second: Int32 = 0
    var secondOfDay: Int32 = 0
    var millisecond: Int32 = 0
    var microsecond: Int32 = 0
    /// 1 is PM.
    var meridiem: Int32 = 0
    var hasTwelveHourClock = false
    /// Digits of FF1 to FF6.
    var fractionDigits: Int?

    var year: Int32 = 0
    /// Digits of the pattern that gave the year.
    var yearDigits = 0
    var century: Int32 = 0
    /// 1 is BC.
    var era: Int32 = 0
    var month: Int32 = 0
    var week: Int32 = 0
    var weekOfMonth: Int32 = 0
    var dayOfYear: Int32 = 0
    var day: Int32 = 0
    /// 1 is Sunday.
    var weekday: Int32 = 0
    var julianDay: Int32 = 0

    /// -1 or 1 once a zone was given.
    var zoneSign: Int32 = 0
    var zoneHours: Int32 = 0
    var zoneMinutes: Int32 = 0
}

/// A date and time that was put together, checked field by field.
struct AssembledTime {
    var year: Int32 = 0
    var month: Int32 = 1
    var day: Int32 = 1
    /// Microseconds since midnight.
    var time: Int64 = 0
    /// Seconds east of Greenwich, if the text gave them.
    var zoneOffset: Int?

    /// Days since 2000-01-01; nil where PostgreSQL's calendar ends.
    var dayNumber: Int64? {
        let isAfterStart = year > -4713 || (year == -4713 && month >= 11)
        let isBeforeEnd = year < 5_874_898 || (year == 5_874_898 && month < 6)
        guard isAfterStart, isBeforeEnd else { return nil }
        return Timestamp.days(year: Int(year), month: Int(month), day: Int(day))
    }
}

extension DateTimeValues {
    /// Puts the fields together. `text` is what they were read from, for the messages.
    func assembled(_ text: [UInt8]) throws(SQLError) -> AssembledTime {
        var values = self
        var result = AssembledTime()
        let time = try values.time(text)
        guard try values.fillDate(&result), let micros = time else { throw outOfRange(text) }
        result.time = micros
        if zoneSign != 0 {
            guard (0...15).contains(zoneHours), (0..<60).contains(zoneMinutes) else {
                throw SQLError(
                    .external("22009"),
                    "time zone displacement out of range: \"\(String(decoding: text, as: UTF8.self))\""
                )
            }
            result.zoneOffset = Int(zoneSign * (zoneHours * 3600 + zoneMinutes * 60))
        }
        return result
    }

    private func outOfRange(_ text: [UInt8]) -> SQLError {
        SQLError(
            .datetimeFieldOverflow,
            "date/time field value out of range: \"\(String(decoding: text, as: UTF8.self))\"")
    }

    // MARK: - Time

    /// Microseconds since midnight; nil when a field is out of range.
    private func time(_ text: [UInt8]) throws(SQLError) -> Int64? {
        var hours = hour != 0 ? hour : secondOfDay / 3600
        let minutes = minute != 0 ? minute : secondOfDay % 3600 / 60
        let seconds = second != 0 ? second : secondOfDay % 60
        if hasTwelveHourClock {
            guard (1...12).contains(hours) else {
                throw SQLError(
                    .invalidDatetimeFormat, "hour \"\(hours)\" is invalid for the 12-hour clock",
                    hint: "Use the 24-hour clock, or give an hour between 1 and 12.")
            }
            hours = hours % 12 + (meridiem != 0 ? 12 : 0)
        }
        let fraction = millisecond &* 1000 &+ microsecond
        guard (0..<24).contains(hours), (0..<60).contains(minutes), (0..<60).contains(seconds),
            (0..<1_000_000).contains(fraction)
        else { return nil }
        return Int64(hours * 3600 + minutes * 60 + seconds) * 1_000_000 + Int64(fraction)
    }

    // MARK: - Date

    /// Which of year, month and day are known.
    private struct Known: OptionSet {
        let rawValue: Int
        static let year = Known(rawValue: 1)
        static let month = Known(rawValue: 2)
        static let day = Known(rawValue: 4)
        static let all: Known = [.year, .month, .day]
    }

    /// - Returns: false when month or day are out of range.
    private mutating func fillDate(_ result: inout AssembledTime) throws(SQLError) -> Bool {
        var known: Known = []
        if year != 0 || century != 0 {
            result.year = signedYear()
            known.insert(.year)
        }
        func set(_ date: (year: Int32, month: Int32, day: Int32)) {
            (result.year, result.month, result.day) = date
            known = .all
        }
        if julianDay != 0 { set(JulianDay.date(julianDay)) }
        if week != 0 {
            if convention == .isoWeek {
                let monday = JulianDay.isoWeekStart(year: result.year, week: week)
                // Weekdays count from Sunday, which ends an ISO week.
                let later = weekday == 0 ? 0 : weekday > 1 ? weekday - 2 : 6
                set(JulianDay.date(monday &+ later))
            } else {
                dayOfYear = (week &- 1) &* 7 &+ 1
            }
        }
        if weekOfMonth != 0 { day = (weekOfMonth &- 1) &* 7 &+ 1 }
        if day != 0 {
            result.day = day
            known.insert(.day)
        }
        if month != 0 {
            result.month = month
            known.insert(.month)
        }
        if dayOfYear != 0, result.month <= 1 || result.day <= 1 {
            try fillDayOfYear(&result)
            known = convention == .isoWeek ? .all : known.union([.month, .day])
        }
        return isValid(result, known)
    }

    private func isValid(_ date: AssembledTime, _ known: Known) -> Bool {
        if known.contains(.month), !(1...12).contains(date.month) { return false }
        if known.contains(.day), !(1...31).contains(date.day) { return false }
        let lengthOfMonth = Timestamp.daysInMonth(year: Int(date.year), month: Int(date.month))
        return known != .all || Int(date.day) <= lengthOfMonth
    }

    /// The year, 0 being 1 BC.
    private func signedYear() -> Int32 {
        let signedCentury = era != 0 ? 0 &- century : century
        if year == 0 {
            return signedCentury >= 0
                ? (signedCentury &- 1) &* 100 &+ 1 : signedCentury &* 100 &+ 1
        }
        if century != 0, yearDigits <= 2 {
            let inCentury = year % 100
            if inCentury == 0 { return signedCentury &* 100 &+ (signedCentury >= 0 ? 0 : 1) }
            return signedCentury >= 0
                ? (signedCentury &- 1) &* 100 &+ inCentury
                : (signedCentury &+ 1) &* 100 &- inCentury &+ 1
        }
        let signed = era != 0 ? 0 &- year : year
        return signed < 0 ? signed &+ 1 : signed
    }

    private func fillDayOfYear(_ result: inout AssembledTime) throws(SQLError) {
        if result.year == 0, era == 0 {
            throw SQLError(
                .invalidDatetimeFormat,
                "cannot calculate day of year without year information")
        }
        if convention == .isoWeek {
            let start = JulianDay.isoWeekStart(year: result.year, week: 1)
            (result.year, result.month, result.day) = JulianDay.date(start &- 1 &+ dayOfYear)
            return
        }
        var month: Int32 = 1
        var rest = dayOfYear
        while month <= 12 {
            let length = Int32(Timestamp.daysInMonth(year: Int(result.year), month: Int(month)))
            if rest <= length { break }
            rest -= length
            month += 1
        }
        if result.month <= 1 { result.month = month }
        if result.day <= 1 { result.day = rest }
    }
}
