/// The words that dates, times and intervals are written with. Words count by their first ten
/// characters, as PostgreSQL's do.
package enum TimeWords {
    /// A piece of time, as interval units, extract and date_trunc name it.
    package enum Unit: String, Sendable {
        case microsecond, millisecond, second, minute, hour, day, week, month, quarter, year
        case decade, century, millennium
        case dow, isodow, doy, isoyear, julian, epoch
        case timezone
        case timezoneHour = "timezone_hour"
        case timezoneMinute = "timezone_minute"
    }

    /// What a word says within an interval.
    enum SpanWord { case unit(Unit), ago }

    /// What a word says within a date or time.
    enum Word: Equatable {
        case month(Int), weekday(Int)
        case meridiem(isPM: Bool), era(isBC: Bool)
        /// Names the number behind it.
        case label(Unit)
        /// `t`: a time follows.
        case timeMark
        /// `dst` behind the name of a zone.
        case summer
        case ignored
        case infinity, negativeInfinity, epoch, now, today, tomorrow, yesterday, midnight
    }

    private static let spanNames: [Unit: String] = [
        .microsecond: "us usec usecs useconds microsecon", .second: "s sec secs second seconds",
        .millisecond: "ms msec msecs mseconds millisecon", .minute: "m min mins minute minutes",
        .hour: "h hr hrs hour hours", .day: "d day days", .week: "w week weeks",
        .month: "mon mons month months", .quarter: "qtr quarter",
        .year: "y yr yrs year years", .decade: "dec decs decade decades",
        .century: "c cent century centuries", .millennium: "mil mils millennium millennia",
        .timezone: "timezone", .timezoneHour: "timezone_h", .timezoneMinute: "timezone_m",
    ]

    private static let units: [String: Unit] = {
        var units: [String: Unit] = [:]
        for (unit, names) in spanNames {
            for name in names.split(separator: " ") { units[String(name)] = unit }
        }
        return units
    }()

    private static let labels: [String: Unit] = [
        "y": .year, "m": .month, "d": .day, "h": .hour, "mm": .minute, "s": .second,
        "j": .julian, "jd": .julian, "julian": .julian, "dow": .dow, "isodow": .isodow,
        "doy": .doy, "isoyear": .isoyear,
    ]

    private static let words: [String: Word] = {
        var words: [String: Word] = [
            "am": .meridiem(isPM: false), "pm": .meridiem(isPM: true), "ad": .era(isBC: false),
            "bc": .era(isBC: true), "t": .timeMark, "dst": .summer, "at": .ignored,
            "on": .ignored, "infinity": .infinity, "-infinity": .negativeInfinity,
            "epoch": .epoch, "now": .now, "today": .today, "tomorrow": .tomorrow,
            "yesterday": .yesterday, "allballs": .midnight, "sept": .month(9),
            "tues": .weekday(2), "weds": .weekday(3), "thur": .weekday(4), "thurs": .weekday(4),
        ]
        let months = [
            "january", "february", "march", "april", "may", "june", "july", "august",
            "september", "october", "november", "december",
        ]
        let weekdays = [
            "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
        ]
        for (index, name) in months.enumerated() {
            words[name] = .month(index + 1)
            words[String(name.prefix(3))] = .month(index + 1)
        }
        for (index, name) in weekdays.enumerated() {
            words[name] = .weekday(index)
            words[String(name.prefix(3))] = .weekday(index)
        }
        for (name, unit) in labels { words[name] = .label(unit) }
        return words
    }()

    private static func key(_ word: String) -> String { String(word.prefix(10)) }

    /// The unit that a lower-case word names where intervals and date_trunc are meant.
    package static func unit(_ word: String) -> Unit? { units[key(word)] }

    /// The field that a lower-case word names for extract.
    package static func field(_ word: String) -> Unit? {
        if let unit = unit(word) { return unit }
        if case .label(let unit)? = self.word(word) { return unit }
        return self.word(word) == .epoch ? .epoch : nil
    }

    /// Whether a lower-case word says something within dates that extract has no field for.
    package static func isReserved(_ word: String) -> Bool {
        switch self.word(word) {
        case .infinity, .negativeInfinity, .now, .today, .tomorrow, .yesterday, .midnight: true
        default: false
        }
    }

    static func spanWord(_ word: String) -> SpanWord? {
        if word == "ago" { return .ago }
        return unit(word).map { .unit($0) }
    }

    static func word(_ word: String) -> Word? { words[key(word)] }
}
