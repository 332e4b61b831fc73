/// Civil-date arithmetic and the text of timestamps: microseconds since 2000-01-01 00:00:00.
package enum Timestamp {
    package static let infinity = Int64.max
    package static let negativeInfinity = Int64.min
    package static let microsecondsPerDay: Int64 = 86_400_000_000
    /// Days from 1970-01-01 to 2000-01-01.
    package static let epochDays: Int64 = 10_957
    /// Microseconds from the Unix epoch to PostgreSQL's.
    package static let unixEpochOffset: Int64 = 946_684_800_000_000

    /// Neither infinity.
    package static func isFinite(_ value: Int64) -> Bool {
        value != infinity && value != negativeInfinity
    }

    /// A calendar date and time of day.
    package struct Fields: Hashable, Sendable {
        package var year: Int
        package var month: Int
        package var day: Int
        package var hour = 0
        package var minute = 0
        package var second = 0
        package var microsecond = 0

        package init(
            year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
            microsecond: Int = 0
        ) {
            self.year = year
            self.month = month
            self.day = day
            self.hour = hour
            self.minute = minute
            self.second = second
            self.microsecond = microsecond
        }
    }

    /// Days since 2000-01-01 of a proleptic Gregorian date (Howard Hinnant's days_from_civil).
    package static func days(year: Int, month: Int, day: Int) -> Int64 {
        let y = Int64(month <= 2 ? year - 1 : year)
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let shifted = Int64(month + (month > 2 ? -3 : 9))
        let dayOfYear = (153 * shifted + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468 - epochDays
    }

    /// The date of a day number; the inverse of `days(year:month:day:)`.
    package static func date(ofDay day: Int64) -> (year: Int, month: Int, day: Int) {
        let z = day + epochDays + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = Int(mp < 10 ? mp + 3 : mp - 9)
        let year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        return (year, month, Int(dayOfYear - (153 * mp + 2) / 5 + 1))
    }

    /// Day number and microseconds within the day; floors for times before 2000.
    @inlinable
    package static func split(_ value: Int64) -> (day: Int64, time: Int64) {
        var day = value / 86_400_000_000
        var time = value % 86_400_000_000
        if time < 0 {
            day -= 1
            time += 86_400_000_000
        }
        return (day, time)
    }

    /// The calendar fields of a finite timestamp.
    package static func fields(_ value: Int64) -> Fields {
        let (day, time) = split(value)
        let date = date(ofDay: day)
        let seconds = Int(time / 1_000_000)
        return Fields(
            year: date.year, month: date.month, day: date.day, hour: seconds / 3600,
            minute: seconds / 60 % 60, second: seconds % 60, microsecond: Int(time % 1_000_000))
    }

    /// The timestamp of calendar fields; outside of the range, some number that `inRange` refuses
    /// as long as the year is in `yearRange`.
    package static func value(_ fields: Fields) -> Int64 {
        let seconds = Int64(fields.hour * 3600 + fields.minute * 60 + fields.second)
        return days(year: fields.year, month: fields.month, day: fields.day) &* microsecondsPerDay
            &+ seconds &* 1_000_000 &+ Int64(fields.microsecond)
    }

    /// - Throws: 22008 outside PostgreSQL's range; infinities are in it.
    package static func checked(_ value: Int64) throws(SQLError) -> Int64 {
        guard inRange(value) || !isFinite(value) else {
            throw SQLError(.datetimeFieldOverflow, "timestamp out of range")
        }
        return value
    }

    /// 28 to 31.
    package static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// value + interval: months first (clamped to the month's last day), then days, then time.
    /// - Throws: 22008 outside PostgreSQL's range.
    package static func add(_ value: Int64, _ interval: Interval) throws(SQLError) -> Int64 {
        guard isFinite(value) else { return value }
        var result = value
        if interval.months != 0 {
            let (day, time) = split(value)
            let date = date(ofDay: day)
            let total = date.year * 12 + date.month - 1 + Int(interval.months)
            let year = total >= 0 ? total / 12 : (total - 11) / 12
            guard yearRange.contains(year) else {
                throw SQLError(.datetimeFieldOverflow, "timestamp out of range")
            }
            let month = total - year * 12 + 1
            let clamped = min(date.day, daysInMonth(year: year, month: month))
            result = days(year: year, month: month, day: clamped) &* microsecondsPerDay &+ time
            guard inRange(result) else {
                throw SQLError(.datetimeFieldOverflow, "timestamp out of range")
            }
        }
        if interval.days != 0 {
            // By days, as the microseconds of so many may not fit where the sum does.
            let (day, time) = split(result)
            let (midnight, overflow) = (day + Int64(interval.days)).multipliedReportingOverflow(
                by: microsecondsPerDay)
            guard !overflow, inRange(midnight) else {
                throw SQLError(.datetimeFieldOverflow, "timestamp out of range")
            }
            result = midnight + time
        }
        let (sum, overflow) = result.addingReportingOverflow(interval.microseconds)
        guard !overflow, inRange(sum) else {
            throw SQLError(.datetimeFieldOverflow, "timestamp out of range")
        }
        return sum
    }

    /// Years whose timestamps fit, roughly; the arithmetic below does not overflow within them.
    static let yearRange = -4800...294_300

    /// 4713 BC to 294276 AD, as PostgreSQL.
    package static func inRange(_ value: Int64) -> Bool { value > beforeAll && value < behindAll }

    /// Between the infinities and all other timestamps.
    package static let beforeAll: Int64 = -211_813_488_000_000_001
    package static let behindAll: Int64 = 9_223_371_331_200_000_000

    // MARK: - Text

    /// Appends ISO text: `2015-07-15 00:00:00.123`, without trailing zeros of the fraction.
    package static func append(_ value: Int64, to output: inout [UInt8]) {
        if value == infinity { return output.append(contentsOf: "infinity".utf8) }
        if value == negativeInfinity { return output.append(contentsOf: "-infinity".utf8) }
        let fields = fields(value)
        let bc = fields.year <= 0
        appendPadded(bc ? 1 - fields.year : fields.year, width: 4, to: &output)
        output.append(45)
        appendPadded(fields.month, width: 2, to: &output)
        output.append(45)
        appendPadded(fields.day, width: 2, to: &output)
        output.append(32)
        appendTime(fields, to: &output)
        if bc { output.append(contentsOf: " BC".utf8) }
    }

    static func appendTime(_ fields: Fields, to output: inout [UInt8]) {
        appendPadded(fields.hour, width: 2, to: &output)
        output.append(58)
        appendPadded(fields.minute, width: 2, to: &output)
        output.append(58)
        appendPadded(fields.second, width: 2, to: &output)
        appendFraction(fields.microsecond, to: &output)
    }

    /// `.5`, `.000001`; nothing for 0.
    static func appendFraction(_ microsecond: Int, to output: inout [UInt8]) {
        guard microsecond != 0 else { return }
        output.append(46)
        var rest = microsecond
        var width = 6
        while rest % 10 == 0 {
            rest /= 10
            width -= 1
        }
        appendPadded(rest, width: width, to: &output)
    }

    /// Appends an integer with leading zeros.
    package static func appendPadded(_ value: Int, width: Int, to output: inout [UInt8]) {
        var digits: [UInt8] = []
        var rest = value.magnitude
        repeat {
            digits.append(UInt8(48 + rest % 10))
            rest /= 10
        } while rest > 0
        if value < 0 { output.append(45) }
        for _ in 0..<max(0, width - digits.count) { output.append(48) }
        output.append(contentsOf: digits.reversed())
    }
}
