package import Types

/// Functions and operators of date, time and timestamp with time zone. Those whose answer depends on
/// the session's time zone go by their name and `@zone`, and take its name as a last argument.
package enum CalendarFunctions {
    static let all: [ScalarFunction] = arithmetic + fields + zones + makers + tests

    private static let day = Timestamp.microsecondsPerDay

    private static func int(
        _ name: String, _ arguments: [DataType], _ result: DataType,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> Int64
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, result, canFail: true) { e, c in
            RowKernels.ints(e, c) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    private static func cell(_ column: Column, _ row: Int) -> Int64 { column.int64s.cells[row] }

    private static func shifted(_ date: Int64, by days: Int64) throws(SQLError) -> Int64 {
        guard CalendarDate.isFinite(date) else { return date }
        let sum = date + days
        guard CalendarDate.inRange(sum) else {
            throw SQLError(.datetimeFieldOverflow, "date out of range")
        }
        return sum
    }

    private static func wrapped(_ time: Int64) -> Int64 { ((time % day) + day) % day }

    /// The zone that an argument names. - Throws: 22023.
    static func zone(_ column: Column, _ row: Int) throws(SQLError) -> TimeZoneRules {
        let name = String(decoding: column.textBytes(row), as: UTF8.self)
        guard let rules = TimeZones.rules(named: name) else {
            throw SQLError(.invalidParameterValue, "time zone \"\(name)\" not recognized")
        }
        return rules
    }

    /// The zone that the user names, perhaps by an abbreviation. - Throws: 22023.
    private static func namedZone(_ column: Column, _ row: Int, eastward: Bool = false)
        throws(SQLError) -> NamedZone
    {
        let name = String(decoding: column.textBytes(row), as: UTF8.self)
        if eastward, let first = name.utf8.first, (48...57).contains(first) {
            throw SQLError(
                .invalidParameterValue,
                "invalid input syntax for type numeric time zone: \"\(name)\"",
                hint: "Numeric time zones must have \"-\" or \"+\" as first character.")
        }
        if eastward, Double(name) != nil, TimeZones.offset(name) == nil {
            throw SQLError(
                .invalidParameterValue, "numeric time zone \"\(name)\" out of range")
        }
        guard let zone = NamedZone(name, eastward: eastward) else {
            throw SQLError(.invalidParameterValue, "time zone \"\(name)\" not recognized")
        }
        return zone
    }

    private static var arithmetic: [ScalarFunction] {
        [
            int("+", [.date, .int4], .date) { (c, row) throws(SQLError) in
                try shifted(cell(c[0], row), by: cell(c[1], row))
            },
            int("+", [.int4, .date], .date) { (c, row) throws(SQLError) in
                try shifted(cell(c[1], row), by: cell(c[0], row))
            },
            int("-", [.date, .int4], .date) { (c, row) throws(SQLError) in
                try shifted(cell(c[0], row), by: 0 - cell(c[1], row))
            },
            int("-", [.date, .date], .int4) { (c, row) throws(SQLError) in
                let (a, b) = (cell(c[0], row), cell(c[1], row))
                guard CalendarDate.isFinite(a), CalendarDate.isFinite(b) else {
                    throw SQLError(.datetimeFieldOverflow, "cannot subtract infinite dates")
                }
                return a - b
            },
            int("+", [.date, .time], .timestamp) { (c, row) throws(SQLError) in
                try Timestamp.checked(
                    try CalendarDate.timestamp(cell(c[0], row)) &+ cell(c[1], row))
            },
            int("+", [.time, .date], .timestamp) { (c, row) throws(SQLError) in
                try Timestamp.checked(
                    try CalendarDate.timestamp(cell(c[1], row)) &+ cell(c[0], row))
            },
            int("+", [.date, .interval], .timestamp) { (c, row) throws(SQLError) in
                try Timestamp.add(
                    try CalendarDate.timestamp(cell(c[0], row)), c[1].intervals.cells[row])
            },
            int("+", [.interval, .date], .timestamp) { (c, row) throws(SQLError) in
                try Timestamp.add(
                    try CalendarDate.timestamp(cell(c[1], row)), c[0].intervals.cells[row])
            },
            int("-", [.date, .interval], .timestamp) { (c, row) throws(SQLError) in
                try Timestamp.add(
                    try CalendarDate.timestamp(cell(c[0], row)),
                    try Interval.negate(c[1].intervals.cells[row]))
            },
        ] + shifts
    }

    /// Times of day and instants by intervals.
    private static var shifts: [ScalarFunction] {
        [
            int("+", [.time, .interval], .time) { c, row in
                wrapped(cell(c[0], row) &+ c[1].intervals.cells[row].microseconds % day)
            },
            int("+", [.interval, .time], .time) { c, row in
                wrapped(cell(c[1], row) &+ c[0].intervals.cells[row].microseconds % day)
            },
            int("-", [.time, .interval], .time) { c, row in
                wrapped(cell(c[0], row) &- c[1].intervals.cells[row].microseconds % day)
            },
            ScalarFunction("-", [.time, .time], .interval) { e, c in
                RowKernels.intervals(e, c) {
                    Interval(months: 0, days: 0, microseconds: cell(c[0], $0) - cell(c[1], $0))
                }
            },
            ScalarFunction("-", [.timestamptz, .timestamptz], .interval, canFail: true) { e, c in
                RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    try difference(cell(c[0], row), cell(c[1], row))
                }
            },
            int("+@zone", [.timestamptz, .interval, .text], .timestamptz) {
                (c, row) throws(SQLError) in
                try add(cell(c[0], row), c[1].intervals.cells[row], try zone(c[2], row))
            },
            int("+@zone", [.interval, .timestamptz, .text], .timestamptz) {
                (c, row) throws(SQLError) in
                try add(cell(c[1], row), c[0].intervals.cells[row], try zone(c[2], row))
            },
            int("-@zone", [.timestamptz, .interval, .text], .timestamptz) {
                (c, row) throws(SQLError) in
                try add(
                    cell(c[0], row), try Interval.negate(c[1].intervals.cells[row]),
                    try zone(c[2], row))
            },
        ]
    }

    /// Whole days, then time: what PostgreSQL's timestamp_mi gives.
    static func difference(_ a: Int64, _ b: Int64) throws(SQLError) -> Interval {
        guard Timestamp.isFinite(a), Timestamp.isFinite(b) else {
            throw SQLError(.datetimeFieldOverflow, "cannot subtract infinite timestamps")
        }
        // Wraps like PostgreSQL's: no interval holds the whole range.
        let micros = a &- b
        return Interval(months: 0, days: Int32(micros / day), microseconds: micros % day)
    }

    /// What a date is compared with a time stamp as; dates beyond the range of those are behind them all.
    package static func midnight(as type: DataType) -> ScalarFunction {
        let zone = type.kind == .timestamptz ? TimeZones.rules(type.style.zone) : TimeZones.utc
        return ScalarFunction("midnight", [.date], type) { e, c in
            let cells = c[0].int64s.cells
            return RowKernels.ints(e, c) { row in
                let local = CalendarDate.comparable(cells[row])
                guard Timestamp.inRange(local) else { return local }
                let instant = zone.instant(ofLocal: local)
                return max(Timestamp.beforeAll, min(instant, Timestamp.behindAll))
            }
        }
    }

    /// Months and days on the local calendar, the rest on the clock.
    static func add(_ instant: Int64, _ interval: Interval, _ zone: TimeZoneRules)
        throws(SQLError) -> Int64
    {
        guard Timestamp.isFinite(instant) else { return instant }
        var result = instant
        if interval.months != 0 || interval.days != 0 {
            let calendar = Interval(months: interval.months, days: interval.days, microseconds: 0)
            result = zone.instant(ofLocal: try Timestamp.add(zone.local(instant), calendar))
        }
        return try Timestamp.add(
            result, Interval(months: 0, days: 0, microseconds: interval.microseconds))
    }

    // MARK: - Fields

    private static func fieldName(_ column: Column, _ row: Int) -> TimeWords.Unit? {
        DateTimeFunctions.fieldName(column.textBytes(row))
    }

    private static func field(_ c: [Column], _ row: Int, _ value: Int64, _ type: String)
        throws(SQLError) -> Numeric?
    {
        try DateTimeFunctions.field(c[0].textBytes(row), value, typeName: type)
    }

    private static func zonedField(_ c: [Column], _ row: Int) throws(SQLError) -> Numeric? {
        let (instant, rules) = (cell(c[1], row), try zone(c[2], row))
        if !Timestamp.isFinite(instant) {
            return try field(c, row, instant, "timestamp with time zone")
        }
        let offset = rules.offset(at: instant)
        switch fieldName(c[0], row) {
        case .epoch:
            return Numeric(
                coefficient: Int128(instant) + Int128(Timestamp.unixEpochOffset), scale: 6)
        case .timezone: return Numeric(Int64(offset))
        case .timezoneHour: return Numeric(Int64(offset / 3600))
        case .timezoneMinute: return Numeric(Int64(offset / 60 % 60))
        default:
            return try field(c, row, rules.local(instant), "timestamp with time zone")
        }
    }

    private static func dateField(_ c: [Column], _ row: Int) throws(SQLError) -> Numeric? {
        let name = fieldName(c[0], row)
        switch name {
        case .hour, .minute, .second, .millisecond, .microsecond, .timezone, .timezoneHour,
            .timezoneMinute:
            throw DateTimeFunctions.missingField(c[0].textBytes(row), "date", isMoment: true)
        case .julian where CalendarDate.isFinite(cell(c[1], row)):
            return Numeric(cell(c[1], row) + 2_451_545)
        default: break
        }
        let value = try CalendarDate.timestamp(cell(c[1], row))
        if name == .epoch, Timestamp.isFinite(value) {
            return Numeric((cell(c[1], row) + Timestamp.epochDays) * 86400)
        }
        return try field(c, row, value, "date")
    }

    private static func timeField(_ c: [Column], _ row: Int) throws(SQLError) -> Numeric? {
        let name = fieldName(c[0], row)
        switch name {
        case .epoch: return Numeric(coefficient: Int128(cell(c[1], row)), scale: 6)
        // The end of the day is its 24th hour.
        case .hour: return Numeric(cell(c[1], row) / 3_600_000_000)
        case .minute, .second, .millisecond, .microsecond:
            return try field(c, row, cell(c[1], row), "time without time zone")
        default:
            throw DateTimeFunctions.missingField(
                c[0].textBytes(row), "time without time zone", isMoment: false)
        }
    }

    private static func intervalField(_ c: [Column], _ row: Int) throws(SQLError) -> Numeric? {
        let value = c[1].intervals.cells[row]
        let name = fieldName(c[0], row)
        let inMinute = value.microseconds % 60_000_000
        switch name {
        case .microsecond: return Numeric(inMinute)
        case .millisecond: return Numeric(coefficient: Int128(inMinute), scale: 3)
        case .second: return Numeric(coefficient: Int128(inMinute), scale: 6)
        case .minute: return Numeric(value.microseconds / 60_000_000 % 60)
        case .hour: return Numeric(value.microseconds / 3_600_000_000)
        case .day: return Numeric(Int64(value.days))
        case .month: return Numeric(Int64(value.months % 12))
        case .quarter: return Numeric(Int64(value.months % 12 / 3 + 1))
        case .year: return Numeric(Int64(value.months / 12))
        case .decade: return Numeric(Int64(value.months / 120))
        case .century: return Numeric(Int64(value.months / 1200))
        case .millennium: return Numeric(Int64(value.months / 12000))
        case .epoch:
            // A year is 365.25 days, what is left of it months of 30.
            let years = Int128(value.months / 12) * 31_557_600_000_000
            let months = Int128(value.months % 12) * 30 * Int128(day)
            let days = Int128(value.days) * Int128(day)
            return Numeric(
                coefficient: years + months + days + Int128(value.microseconds), scale: 6)
        default:
            throw DateTimeFunctions.missingField(
                c[0].textBytes(row), "interval", isMoment: false)
        }
    }

    private static func extracting(
        _ name: String, _ type: DataType, zoned: Bool = false,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> Numeric?
    ) -> [ScalarFunction] {
        let arguments: [DataType] = [.text, type] + (zoned ? [.text] : [])
        let suffix = zoned ? "@zone" : ""
        return [
            ScalarFunction("extract" + suffix, arguments, .numeric, canFail: true) { e, c in
                RowKernels.optionalNumerics(e, c) { (row) throws(SQLError) in try f(c, row) }
            },
            ScalarFunction("date_part" + suffix, arguments, .float8, canFail: true) { e, c in
                RowKernels.optionalDoubles(e, c) { (row) throws(SQLError) in
                    try f(c, row)?.double
                }
            },
        ]
    }

    private static var fields: [ScalarFunction] {
        extracting("extract", .timestamptz, zoned: true, zonedField)
            + [
                // date_part of a date is that of its midnight, and knows the time.
                ScalarFunction("extract", [.text, .date], .numeric, canFail: true) { e, c in
                    RowKernels.optionalNumerics(e, c) { (row) throws(SQLError) in
                        try dateField(c, row)
                    }
                },
                ScalarFunction("date_part", [.text, .date], .float8, canFail: true) { e, c in
                    RowKernels.optionalDoubles(e, c) { (row) throws(SQLError) in
                        try field(
                            c, row, try CalendarDate.timestamp(cell(c[1], row)),
                            "timestamp without time zone")?.double
                    }
                },
            ] + extracting("extract", .time, timeField)
            + extracting("extract", .interval, intervalField) + [
                int("date_trunc@zone", [.text, .timestamptz, .text], .timestamptz) {
                    (c, row) throws(SQLError) in
                    try truncated(cell(c[1], row), c[0].textBytes(row), try zone(c[2], row))
                },
                int("date_trunc", [.text, .timestamptz, .text], .timestamptz) {
                    (c, row) throws(SQLError) in
                    try truncated(
                        cell(c[1], row), c[0].textBytes(row), try namedZone(c[2], row).rules)
                },
                ScalarFunction("date_trunc", [.text, .interval], .interval, canFail: true) { e, c in
                    RowKernels.intervals(e, c) { (row) throws(SQLError) in
                        try truncated(c[1].intervals.cells[row], c[0].textBytes(row))
                    }
                },
                int("date_bin", [.interval, .timestamptz, .timestamptz], .timestamptz) {
                    (c, row) throws(SQLError) in
                    let stride = try DateTimeFunctions.fixedWidth(c[0].intervals.cells[row])
                    return DateTimeFunctions.floorTo(cell(c[1], row), stride, cell(c[2], row))
                },
                ScalarFunction("age", [.timestamp, .timestamp], .interval, canFail: true) { e, c in
                    RowKernels.intervals(e, c) { (row) throws(SQLError) in
                        try age(cell(c[0], row), cell(c[1], row))
                    }
                },
                ScalarFunction(
                    "age@zone", [.timestamptz, .timestamptz, .text], .interval, canFail: true
                ) { e, c in
                    RowKernels.intervals(e, c) { (row) throws(SQLError) in
                        let rules = try zone(c[2], row)
                        return try age(
                            rules.local(cell(c[0], row)), rules.local(cell(c[1], row)))
                    }
                },
            ]
    }

    private static func truncated(_ instant: Int64, _ unit: [UInt8], _ zone: TimeZoneRules)
        throws(SQLError) -> Int64
    {
        guard Timestamp.isFinite(instant) else { return instant }
        let local = try DateTimeFunctions.truncated(
            zone.local(instant), unit, typeName: "timestamp with time zone")
        // Within an hour the offset is what it was: a repeated hour stays the one it is.
        switch DateTimeFunctions.unit(unit) {
        case .microsecond, .millisecond, .second, .minute, .hour:
            return local &- Int64(zone.offset(at: instant)) * 1_000_000
        default: return zone.instant(ofLocal: local)
        }
    }

    private static func truncated(_ value: Interval, _ unit: [UInt8]) throws(SQLError) -> Interval {
        var result = value
        func months(_ step: Int32) -> Interval {
            Interval(months: value.months / step * step, days: 0, microseconds: 0)
        }
        switch DateTimeFunctions.unit(unit) {
        case .microsecond: return value
        case .millisecond: result.microseconds -= value.microseconds % 1000
        case .second: result.microseconds -= value.microseconds % 1_000_000
        case .minute: result.microseconds -= value.microseconds % 60_000_000
        case .hour: result.microseconds -= value.microseconds % 3_600_000_000
        case .day: result.microseconds = 0
        case .month: return months(1)
        case .quarter: return months(3)
        case .year: return months(12)
        case .decade: return months(120)
        case .century: return months(1200)
        case .millennium: return months(12000)
        case .week:
            throw SQLError(
                .featureNotSupported, "unit \"week\" not supported for type interval",
                detail: "Months usually have fractional weeks.")
        case let other:
            throw DateTimeFunctions.missingUnit(unit, "interval", isUnit: other != nil)
        }
        return result
    }

    /// Years, months, days and time between two moments on the calendar (timestamp_age).
    static func age(_ a: Int64, _ b: Int64) throws(SQLError) -> Interval {
        guard Timestamp.isFinite(a), Timestamp.isFinite(b) else {
            throw SQLError(.datetimeFieldOverflow, "cannot subtract infinite timestamps")
        }
        let (later, earlier) = a >= b ? (a, b) : (b, a)
        let (x, y) = (Timestamp.fields(later), Timestamp.fields(earlier))
        var months = (x.year - y.year) * 12 + x.month - y.month
        var days = x.day - y.day
        var time = Timestamp.split(later).time - Timestamp.split(earlier).time
        if time < 0 {
            time += day
            days -= 1
        }
        if days < 0 {
            // The month that is borrowed is the earlier moment's.
            days += Timestamp.daysInMonth(year: y.year, month: y.month)
            months -= 1
        }
        let result = Interval(months: Int32(months), days: Int32(days), microseconds: time)
        return a >= b ? result : try Interval.negate(result)
    }

    // MARK: - Zones

    private static var zones: [ScalarFunction] {
        [
            int("timezone", [.text, .timestamp], .timestamptz) { (c, row) throws(SQLError) in
                try Timestamp.checked(try namedZone(c[0], row).instant(ofLocal: cell(c[1], row)))
            },
            int("timezone", [.text, .timestamptz], .timestamp) { (c, row) throws(SQLError) in
                try Timestamp.checked(try namedZone(c[0], row).local(cell(c[1], row)))
            },
            int("timezone", [.interval, .timestamp], .timestamptz) { (c, row) throws(SQLError) in
                try moved(cell(c[1], row), by: c[0].intervals.cells[row], sign: -1)
            },
            int("timezone", [.interval, .timestamptz], .timestamp) { (c, row) throws(SQLError) in
                try moved(cell(c[1], row), by: c[0].intervals.cells[row], sign: 1)
            },
            int("to_timestamp", [.float8], .timestamptz) { (c, row) throws(SQLError) in
                let seconds = c[0].doubles.cells[row]
                if seconds.isNaN {
                    throw SQLError(.datetimeFieldOverflow, "timestamp cannot be NaN")
                }
                if seconds.isInfinite {
                    return seconds > 0 ? Timestamp.infinity : Timestamp.negativeInfinity
                }
                let micros = (seconds * 1e6).rounded(.toNearestOrEven)
                guard let whole = Int64(exactly: micros),
                    case let (value, overflow) = whole.subtractingReportingOverflow(
                        Timestamp.unixEpochOffset), !overflow, Timestamp.inRange(value)
                else {
                    throw SQLError(
                        .datetimeFieldOverflow, "timestamp out of range: \"\(seconds)\"")
                }
                return value
            },
        ]
    }

    /// A time moved by the whole seconds of an interval that stands for a zone.
    private static func moved(_ value: Int64, by zone: Interval, sign: Int64) throws(SQLError)
        -> Int64
    {
        guard Timestamp.isFinite(value) else { return value }
        guard zone.months == 0, zone.days == 0 else {
            var text: [UInt8] = []
            zone.appendText(to: &text)
            throw SQLError(
                .invalidParameterValue,
                "interval time zone \"\(String(decoding: text, as: UTF8.self))\" must not include "
                    + "months or days")
        }
        let seconds = zone.microseconds / 1_000_000 * 1_000_000
        let (result, overflow) = value.addingReportingOverflow(sign * seconds)
        guard !overflow else { throw SQLError(.datetimeFieldOverflow, "timestamp out of range") }
        return try Timestamp.checked(result)
    }

    // MARK: - Making

    private static func checkedDay(_ year: Int64, _ month: Int64, _ date: Int64) throws(SQLError)
        -> Int64
    {
        let isBC = year < 0
        let actual = isBC ? year + 1 : year
        guard year != 0, abs(actual) < 300_000, (1...12).contains(month), date >= 1,
            date <= Int64(Timestamp.daysInMonth(year: Int(actual), month: Int(month)))
        else {
            throw SQLError(
                .datetimeFieldOverflow,
                "date field value out of range: \(year)-\(padded(month))-\(padded(date))")
        }
        return Timestamp.days(year: Int(actual), month: Int(month), day: Int(date))
    }

    private static func padded(_ value: Int64) -> String {
        value >= 0 && value < 10 ? "0\(value)" : "\(value)"
    }

    private static func checkedTime(_ hour: Int64, _ minute: Int64, _ second: Double)
        throws(SQLError) -> Int64
    {
        let isMidnight = hour == 24 && minute == 0 && second == 0
        guard (0...23).contains(hour) || isMidnight, (0...59).contains(minute), second >= 0,
            second <= 60
        else {
            throw SQLError(
                .datetimeFieldOverflow,
                "time field value out of range: \(hour):\(padded(minute)):\(second)")
        }
        return (hour * 3600 + minute * 60) * 1_000_000
            + Int64((second * 1e6).rounded(.toNearestOrEven))
    }

    private static var makers: [ScalarFunction] {
        let moment: [DataType] = [.int4, .int4, .int4, .int4, .int4, .float8]
        @Sendable func local(_ c: [Column], _ row: Int) throws(SQLError) -> Int64 {
            let days = try checkedDay(cell(c[0], row), cell(c[1], row), cell(c[2], row))
            let time = try checkedTime(
                cell(c[3], row), cell(c[4], row), c[5].doubles.cells[row])
            return try CalendarDate.timestamp(days) + time
        }
        return [
            int("make_date", [.int4, .int4, .int4], .date) { (c, row) throws(SQLError) in
                try checkedDay(cell(c[0], row), cell(c[1], row), cell(c[2], row))
            },
            int("make_time", [.int4, .int4, .float8], .time) { (c, row) throws(SQLError) in
                try checkedTime(cell(c[0], row), cell(c[1], row), c[2].doubles.cells[row])
            },
            int("make_timestamp", moment, .timestamp, local),
            int("make_timestamptz@zone", moment + [.text], .timestamptz) {
                (c, row) throws(SQLError) in
                try Timestamp.checked(
                    try zone(c[6], row).instant(ofLocal: try local(c, row)))
            },
            int("make_timestamptz", moment + [.text], .timestamptz) { (c, row) throws(SQLError) in
                try Timestamp.checked(
                    try namedZone(c[6], row, eastward: true).instant(ofLocal: try local(c, row)))
            },
            ScalarFunction(
                "make_interval",
                [.int4, .int4, .int4, .int4, .int4, .int4, .float8], .interval, canFail: true
            ) { e, c in
                RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    let v = (0..<6).map { cell(c[$0], row) }
                    let seconds = c[6].doubles.cells[row] * 1e6
                    guard let months = Int32(exactly: v[0] * 12 + v[1]),
                        let days = Int32(exactly: v[2] * 7 + v[3]),
                        let micros = Int64(exactly: seconds.rounded(.toNearestOrEven))
                    else { throw SQLError(.datetimeFieldOverflow, "interval out of range") }
                    let (time, overflow) = micros.addingReportingOverflow(
                        (v[4] * 3600 + v[5] * 60) * 1_000_000)
                    if overflow { throw Interval.outOfRange }
                    return Interval(months: months, days: days, microseconds: time)
                }
            },
        ]
    }

    private static var tests: [ScalarFunction] {
        [
            ScalarFunction("isfinite", [.date], .boolean) { e, c in
                RowKernels.bools(e, c) { CalendarDate.isFinite(cell(c[0], $0)) }
            },
            ScalarFunction("isfinite", [.timestamp], .boolean) { e, c in
                RowKernels.bools(e, c) { Timestamp.isFinite(cell(c[0], $0)) }
            },
            ScalarFunction("isfinite", [.timestamptz], .boolean) { e, c in
                RowKernels.bools(e, c) { Timestamp.isFinite(cell(c[0], $0)) }
            },
            ScalarFunction("isfinite", [.interval], .boolean) { e, c in
                RowKernels.bools(e, c) { _ in true }
            },
        ] + justified
    }

    private static var justified: [ScalarFunction] {
        [
            ("justify_hours", Interval.justifyHours), ("justify_days", Interval.justifyDays),
            ("justify_interval", Interval.justify),
        ].map { (name: String, f: @escaping @Sendable (Interval) throws(SQLError) -> Interval) in
            ScalarFunction(name, [.interval], .interval, canFail: true) { e, c in
                let cells = c[0].intervals
                return RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    try f(cells.cells[row])
                }
            }
        }
    }
}
