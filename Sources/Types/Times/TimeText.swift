/// Reads the texts of dates, times of day and moments, in the forms that PostgreSQL reads.
package enum TimeText {
    /// What a word such as `now` stands for.
    package struct Present: Sendable {
        /// Microseconds since 2000-01-01 UTC.
        package let instant: Int64
        /// What clocks show then in the session's zone.
        package let local: Int64

        package init(instant: Int64, zone: TimeZoneRules) {
            self.instant = instant
            local = zone.local(instant)
        }
    }

    /// What is wrong with a text.
    enum Failure: Error {
        case badFormat
        case fieldOverflow
        /// Perhaps day and month are the other way round.
        case monthOrDayOverflow
        case zoneOverflow
        case unknownZone(String)
        /// A word whose meaning changes with the time, where that has none.
        case noPresent(String)

        func error(_ text: [UInt8], _ typeName: String) -> SQLError {
            let shown = String(decoding: text, as: UTF8.self)
            switch self {
            case .badFormat:
                return SQLError(
                    .invalidDatetimeFormat,
                    "invalid input syntax for type \(typeName): \"\(shown)\"")
            case .fieldOverflow, .monthOrDayOverflow:
                var error = SQLError(
                    .datetimeFieldOverflow, "date/time field value out of range: \"\(shown)\"")
                if case .monthOrDayOverflow = self {
                    error.hint = "Perhaps you need a different \"datestyle\" setting."
                }
                return error
            case .zoneOverflow:
                return SQLError(
                    .invalidTimeZoneDisplacement,
                    "time zone displacement out of range: \"\(shown)\"")
            case .unknownZone(let name):
                return SQLError(.invalidParameterValue, "time zone \"\(name)\" not recognized")
            case .noPresent(let word): return SQLError.unsupported("\"\(word)\" in this place")
            }
        }
    }

    /// A zone that a text has.
    enum Zone {
        /// Seconds east of Greenwich.
        case offset(Int)
        case rules(TimeZoneRules)
        case abbreviation(String, TimeZoneRules)

        /// Seconds east of Greenwich when clocks show `local`.
        func offset(atLocal local: Int64) -> Int {
            switch self {
            case .offset(let seconds): return seconds
            case .rules(let rules): return Int((local &- rules.instant(ofLocal: local)) / 1_000_000)
            case .abbreviation(let name, let rules):
                let instant = rules.instant(ofLocal: local)
                return rules.offset(named: name, around: instant)
                    ?? Int((local &- instant) / 1_000_000)
            }
        }
    }

    /// What a text says.
    struct Parsed {
        enum Special { case infinity, negativeInfinity, epoch }

        var special: Special?
        var fields = Timestamp.Fields(year: 2000, month: 1, day: 1)
        var zone: Zone?
        /// `now` and the like with the zone that it is shown in: it needs none.
        var instant: Int64?
    }

    // MARK: - Values

    /// A timestamp without time zone; a zone in the text is checked and does not count.
    package static func timestamp(
        _ text: [UInt8], _ order: DateOrder = .monthFirst, now: Present? = nil
    ) throws(SQLError) -> Int64 {
        let parsed = try moment(text, order, now, "timestamp")
        if let special = parsed.special { return value(special) }
        return try local(parsed, text)
    }

    /// An instant; a text without a zone is meant in `zone`.
    package static func instant(
        _ text: [UInt8], in zone: TimeZoneRules, _ order: DateOrder = .monthFirst,
        now: Present? = nil
    ) throws(SQLError) -> Int64 {
        let parsed = try moment(text, order, now, "timestamp with time zone")
        if let special = parsed.special { return value(special) }
        if let instant = parsed.instant { return instant }
        // What clocks show may be beyond the range where the instant is not.
        let local = try value(ofClock: parsed, text)
        let offset = (parsed.zone ?? .rules(zone)).offset(atLocal: local)
        let (instant, overflow) = local.subtractingReportingOverflow(Int64(offset) * 1_000_000)
        guard !overflow, Timestamp.inRange(instant) else { throw outOfRange("timestamp", text) }
        return instant
    }

    /// A date in days since 2000-01-01; a time and a zone behind it do not count.
    package static func date(
        _ text: [UInt8], _ order: DateOrder = .monthFirst, now: Present? = nil
    ) throws(SQLError) -> Int64 {
        let parsed = try moment(text, order, now, "date")
        switch parsed.special {
        case .infinity: return CalendarDate.infinity
        case .negativeInfinity: return CalendarDate.negativeInfinity
        case .epoch: return -Timestamp.epochDays
        case nil: break
        }
        guard CalendarDate.yearRange.contains(parsed.fields.year) else {
            throw outOfRange("date", text)
        }
        let day = Timestamp.days(
            year: parsed.fields.year, month: parsed.fields.month, day: parsed.fields.day)
        guard CalendarDate.inRange(day) else { throw outOfRange("date", text) }
        return day
    }

    /// A time of day in microseconds, alone or behind a date; a zone does not count.
    package static func time(
        _ text: [UInt8], _ order: DateOrder = .monthFirst, now: Present? = nil
    ) throws(SQLError) -> Int64 {
        do throws(Failure) {
            var decoder = MomentDecoder(order: order, now: now, wantsTime: true)
            return microseconds(try decoder.decode(text).fields)
        } catch {
            throw error.error(text, "time")
        }
    }

    private static func moment(
        _ text: [UInt8], _ order: DateOrder, _ now: Present?, _ typeName: String
    ) throws(SQLError) -> Parsed {
        do throws(Failure) {
            var decoder = MomentDecoder(order: order, now: now, wantsTime: false)
            return try decoder.decode(text)
        } catch {
            throw error.error(text, typeName)
        }
    }

    private static func value(_ special: Parsed.Special) -> Int64 {
        switch special {
        case .infinity: Timestamp.infinity
        case .negativeInfinity: Timestamp.negativeInfinity
        case .epoch: -Timestamp.unixEpochOffset
        }
    }

    /// Up to a day beyond the range on either side.
    private static func value(ofClock parsed: Parsed, _ text: [UInt8]) throws(SQLError) -> Int64 {
        let fields = parsed.fields
        guard Timestamp.yearRange.contains(fields.year),
            fields.year < 294_277
                || (fields.year == 294_277 && fields.month == 1 && fields.day == 1)
        else { throw outOfRange("timestamp", text) }
        return Timestamp.value(fields)
    }

    private static func local(_ parsed: Parsed, _ text: [UInt8]) throws(SQLError) -> Int64 {
        let value = try value(ofClock: parsed, text)
        guard Timestamp.inRange(value) else { throw outOfRange("timestamp", text) }
        return value
    }

    private static func outOfRange(_ what: String, _ text: [UInt8]) -> SQLError {
        SQLError(
            .datetimeFieldOverflow,
            "\(what) out of range: \"\(String(decoding: text, as: UTF8.self))\"")
    }

    static func microseconds(_ fields: Timestamp.Fields) -> Int64 {
        Int64(fields.hour * 3600 + fields.minute * 60 + fields.second) * 1_000_000
            + Int64(fields.microsecond)
    }

    // MARK: - Precision

    /// A time rounded to so many digits of its seconds; infinities stay.
    package static func rounded(_ value: Int64, toDigits digits: Int32) -> Int64 {
        guard digits >= 0, digits < 6, Timestamp.isFinite(value) else { return value }
        let unit = units[Int(digits)]
        let (sum, overflow) = Int64(clamping: value.magnitude).addingReportingOverflow(unit / 2)
        guard !overflow else { return value }
        let whole = sum / unit * unit
        return value < 0 ? -whole : whole
    }

    private static let units: [Int64] = [1_000_000, 100_000, 10_000, 1000, 100, 10]
}
