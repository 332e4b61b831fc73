/// What a pattern of a date/time template stands for.
enum DateTimeField: Hashable, Sendable {
    case meridiem, era, century
    case year(digits: Int), isoYear(digits: Int), groupedYear
    case quarter, month, monthName, monthAbbreviation, romanMonth
    case weekOfYear, isoWeek, weekOfMonth
    case dayOfYear, isoDayOfYear, dayOfMonth, dayOfWeek, isoDayOfWeek, julianDay
    case dayName, dayAbbreviation
    case hour12, hour24, minute, second, secondOfDay
    case fraction(digits: Int), millisecond, microsecond
    case zoneAbbreviation, zoneHours, zoneMinutes, zoneOffset
    /// FX: what follows is read without leeway.
    case fixedFormat

    /// How the date is divided into years, weeks and days; a template must not mix two of them.
    enum Convention: Sendable { case gregorian, isoWeek }

    var convention: Convention? {
        switch self {
        case .isoYear, .isoWeek, .isoDayOfYear, .isoDayOfWeek: .isoWeek
        case .year, .groupedYear, .month, .monthName, .monthAbbreviation, .romanMonth, .weekOfYear,
            .weekOfMonth, .dayOfYear, .dayOfMonth, .dayOfWeek:
            .gregorian
        default: nil
        }
    }

    /// Whether the text of the field begins with a digit, so that a number before it ends where
    /// its width says.
    var isNumeric: Bool {
        switch self {
        case .meridiem, .era, .monthName, .monthAbbreviation, .romanMonth, .dayName,
            .dayAbbreviation, .zoneAbbreviation, .zoneHours, .zoneOffset, .fixedFormat:
            false
        default: true
        }
    }

    /// Whether the field is the same all day long in a zone with one offset.
    var isDate: Bool {
        switch self {
        case .meridiem, .hour12, .hour24, .minute, .second, .secondOfDay, .fraction, .millisecond,
            .microsecond, .zoneAbbreviation, .zoneHours, .zoneMinutes, .zoneOffset:
            false
        default: true
        }
    }

    /// What an interval, which lies at no date, has not.
    var needsDate: Bool {
        switch self {
        case .era, .monthName, .monthAbbreviation, .dayName, .dayAbbreviation, .dayOfWeek,
            .isoDayOfWeek, .zoneAbbreviation, .zoneHours, .zoneMinutes, .zoneOffset:
            true
        default: false
        }
    }
}

/// A word of the template language, such as `HH24` or `Month`.
struct DateTimePattern: Sendable {
    /// How letters that the pattern gives are written.
    enum LetterCase: Sendable { case upper, capitalized, lower }

    let name: [UInt8]
    let field: DateTimeField
    let letterCase: LetterCase

    private init(_ name: String, _ field: DateTimeField, _ letterCase: LetterCase) {
        self.name = Array(name.utf8)
        self.field = field
        self.letterCase = letterCase
    }

    /// A.M. and the like.
    var hasPeriods: Bool { name.contains(46) }

    /// The longest pattern at the beginning of a text.
    static func first(in text: ArraySlice<UInt8>) -> DateTimePattern? {
        guard let byte = text.first else { return nil }
        return byFirstByte[byte]?.first { text.starts(with: $0.name) }
    }

    private static let byFirstByte: [UInt8: [DateTimePattern]] = {
        var all: [DateTimePattern] = []
        for (name, field) in names {
            all.append(DateTimePattern(name, field, .upper))
            all.append(DateTimePattern(name.lowercased(), field, .lower))
        }
        all.append(DateTimePattern("Month", .monthName, .capitalized))
        all.append(DateTimePattern("Mon", .monthAbbreviation, .capitalized))
        all.append(DateTimePattern("Day", .dayName, .capitalized))
        all.append(DateTimePattern("Dy", .dayAbbreviation, .capitalized))
        all.sort { $0.name.count > $1.name.count }
        return Dictionary(grouping: all) { $0.name.first ?? 0 }
    }()

    private static let names: [(String, DateTimeField)] = [
        ("A.D.", .era), ("B.C.", .era), ("AD", .era), ("BC", .era),
        ("A.M.", .meridiem), ("P.M.", .meridiem), ("AM", .meridiem), ("PM", .meridiem),
        ("CC", .century), ("Q", .quarter), ("Y,YYY", .groupedYear),
        ("YYYY", .year(digits: 4)), ("YYY", .year(digits: 3)), ("YY", .year(digits: 2)),
        ("Y", .year(digits: 1)), ("IYYY", .isoYear(digits: 4)), ("IYY", .isoYear(digits: 3)),
        ("IY", .isoYear(digits: 2)), ("I", .isoYear(digits: 1)),
        ("MM", .month), ("MONTH", .monthName), ("MON", .monthAbbreviation), ("RM", .romanMonth),
        ("WW", .weekOfYear), ("IW", .isoWeek), ("W", .weekOfMonth),
        ("DDD", .dayOfYear), ("IDDD", .isoDayOfYear), ("DD", .dayOfMonth), ("D", .dayOfWeek),
        ("ID", .isoDayOfWeek), ("J", .julianDay), ("DAY", .dayName), ("DY", .dayAbbreviation),
        ("HH24", .hour24), ("HH12", .hour12), ("HH", .hour12), ("MI", .minute), ("SS", .second),
        ("SSSSS", .secondOfDay), ("SSSS", .secondOfDay), ("MS", .millisecond),
        ("US", .microsecond), ("FF1", .fraction(digits: 1)), ("FF2", .fraction(digits: 2)),
        ("FF3", .fraction(digits: 3)), ("FF4", .fraction(digits: 4)),
        ("FF5", .fraction(digits: 5)), ("FF6", .fraction(digits: 6)),
        ("TZ", .zoneAbbreviation), ("TZH", .zoneHours), ("TZM", .zoneMinutes),
        ("OF", .zoneOffset), ("FX", .fixedFormat),
    ]
}
