import Types

/// What the fields of a template show: the parts of a date and time, or of an interval.
struct DateTimeParts {
    let isInterval: Bool
    /// 0 is 1 BC; of an interval, whole years.
    var year = 0
    var month = 0
    var day = 0
    var hour = 0
    var minute = 0
    var second = 0
    var microsecond = 0
    /// 0 is Sunday.
    var weekday = 0
    /// Of an interval all its days, months of 30.
    var dayOfYear = 0
    /// Seconds east of Greenwich.
    var offset = 0
    var abbreviation: String?

    /// A finite local time and the zone it is told in.
    init(local: Int64, offset: Int, abbreviation: String?) {
        isInterval = false
        let fields = Timestamp.fields(local)
        (year, month, day) = (fields.year, fields.month, fields.day)
        (hour, minute, second) = (fields.hour, fields.minute, fields.second)
        microsecond = fields.microsecond
        let number = Timestamp.split(local).day
        weekday = Int(((number + 6) % 7 + 7) % 7)
        dayOfYear = Int(number - Timestamp.days(year: year, month: 1, day: 1)) + 1
        self.offset = offset
        self.abbreviation = abbreviation
    }

    /// The parts of an interval, each with the sign of its unit.
    init(_ interval: Interval) {
        isInterval = true
        year = Int(interval.months / 12)
        month = Int(interval.months % 12)
        day = Int(interval.days)
        let seconds = interval.microseconds / 1_000_000
        hour = Int(seconds / 3600)
        minute = Int(seconds / 60 % 60)
        second = Int(seconds % 60)
        microsecond = Int(interval.microseconds % 1_000_000)
        dayOfYear = Int(interval.months &* 30 &+ interval.days)
    }

    /// The number of a year as it is written: there is no year 0, and the era has a field of its own.
    func displayed(_ year: Int) -> Int { !isInterval && year <= 0 ? 1 - year : year }

    var isAfternoon: Bool { hour % 24 >= 12 }

    var iso: (year: Int32, week: Int32, dayOfYear: Int32) {
        JulianDay.isoDate(year: Int32(year), month: Int32(month), day: Int32(day))
    }

    var julianDay: Int32 {
        JulianDay.number(year: Int32(year), month: Int32(month), day: Int32(day))
    }

    /// The month in Roman numerals: of negative intervals counted from the end of the year, of
    /// whole years their last month; nil for an interval without months.
    var romanMonth: String? {
        if year == 0, month == 0 { return nil }
        if month > 0 { return CalendarNames.romanMonths[month - 1] }
        if month < 0 { return CalendarNames.romanMonths[12 + month] }
        return year >= 0 ? "XII" : "I"
    }
}
