package import Types

/// Timestamps and intervals.
package enum DateTimeFunctions {
    static let all: [ScalarFunction] = arithmetic + fields + windows

    private static var arithmetic: [ScalarFunction] {
        [
            ScalarFunction("+", [.timestamp, .interval], .timestamp, canFail: true) { e, c in
                shift(e, c, c[0].int64s, c[1].intervals, 1)
            },
            ScalarFunction("+", [.interval, .timestamp], .timestamp, canFail: true) { e, c in
                shift(e, c, c[1].int64s, c[0].intervals, 1)
            },
            ScalarFunction("-", [.timestamp, .interval], .timestamp, canFail: true) { e, c in
                shift(e, c, c[0].int64s, c[1].intervals, -1)
            },
            ScalarFunction("-", [.timestamp, .timestamp], .interval, canFail: true) { e, c in
                let (a, b) = (c[0].int64s, c[1].int64s)
                return RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    try CalendarFunctions.difference(a.cells[row], b.cells[row])
                }
            },
            combine("+", 1), combine("-", -1),
            ScalarFunction("-", [.interval], .interval, canFail: true) { e, c in
                let cells = c[0].intervals
                return RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    try Interval.negate(cells.cells[row])
                }
            },
            ScalarFunction("*", [.interval, .float8], .interval, canFail: true) { e, c in
                let (a, b) = (c[0].intervals, c[1].doubles)
                return RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    try Interval.multiply(a.cells[row], b.cells[row])
                }
            },
            ScalarFunction("*", [.float8, .interval], .interval, canFail: true) { e, c in
                let (a, b) = (c[1].intervals, c[0].doubles)
                return RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    try Interval.multiply(a.cells[row], b.cells[row])
                }
            },
        ]
    }

    private static func combine(_ symbol: String, _ sign: Int32) -> ScalarFunction {
        ScalarFunction(symbol, [.interval, .interval], .interval, canFail: true) { e, c in
            let (a, b) = (c[0].intervals, c[1].intervals)
            return RowKernels.intervals(e, c) { (row) throws(SQLError) in
                let other = b.cells[row]
                return try Interval.add(
                    a.cells[row], sign < 0 ? try Interval.negate(other) : other)
            }
        }
    }

    private static func shift(
        _ e: Evaluation, _ c: [Column], _ times: Storage<Int64>, _ intervals: Storage<Interval>,
        _ sign: Int
    ) -> Column {
        RowKernels.ints(e, c) { (row) throws(SQLError) in
            let interval = intervals.cells[row]
            return try Timestamp.add(
                times.cells[row], sign < 0 ? try Interval.negate(interval) : interval)
        }
    }

    // MARK: - Fields

    private static var fields: [ScalarFunction] {
        [
            ScalarFunction("date_trunc", [.text, .timestamp], .timestamp, canFail: true) { e, c in
                let times = c[1].int64s
                return RowKernels.ints(e, c) { (row) throws(SQLError) in
                    try truncated(times.cells[row], c[0].textBytes(row))
                }
            },
            ScalarFunction("extract", [.text, .timestamp], .numeric, canFail: true) { e, c in
                let times = c[1].int64s
                return RowKernels.optionalNumerics(e, c) { (row) throws(SQLError) in
                    try field(c[0].textBytes(row), times.cells[row])
                }
            },
            ScalarFunction("date_part", [.text, .timestamp], .float8, canFail: true) { e, c in
                let times = c[1].int64s
                return RowKernels.optionalDoubles(e, c) { (row) throws(SQLError) in
                    try field(c[0].textBytes(row), times.cells[row])?.double
                }
            },
            ScalarFunction(
                "date_bin", [.interval, .timestamp, .timestamp], .timestamp, canFail: true
            ) {
                e, c in
                let (strides, times, origins) = (c[0].intervals, c[1].int64s, c[2].int64s)
                return RowKernels.ints(e, c) { (row) throws(SQLError) in
                    let stride = try fixedWidth(strides.cells[row])
                    return floorTo(times.cells[row], stride, origins.cells[row])
                }
            },
        ]
    }

    /// What is thrown for a unit that a type does not have: 0A000 when the word is one, else 22023.
    static func missingUnit(_ bytes: [UInt8], _ type: String, isUnit: Bool) -> SQLError {
        let name = lowered(bytes)
        return isUnit
            ? SQLError(
                .featureNotSupported, "unit \"\(name)\" not supported for type \(type)")
            : SQLError(
                .invalidParameterValue, "unit \"\(name)\" not recognized for type \(type)")
    }

    /// The same for extract; of a date or moment it also knows the words that stand for one.
    static func missingField(_ bytes: [UInt8], _ type: String, isMoment: Bool) -> SQLError {
        let name = lowered(bytes)
        let isUnit =
            TimeWords.field(name) != nil || (isMoment && TimeWords.isReserved(name))
        return missingUnit(bytes, type, isUnit: isUnit)
    }

    private static func lowered(_ bytes: [UInt8]) -> String {
        String(decoding: TextFunctions.lowered(bytes), as: UTF8.self)
    }

    /// The unit that date_trunc is given; nil when there is none such.
    static func unit(_ bytes: [UInt8]) -> TimeWords.Unit? { TimeWords.unit(lowered(bytes)) }

    /// The field that extract is given; nil when there is none such.
    static func fieldName(_ bytes: [UInt8]) -> TimeWords.Unit? { TimeWords.field(lowered(bytes)) }

    static func truncated(
        _ value: Int64, _ bytes: [UInt8], typeName: String = "timestamp without time zone"
    ) throws(SQLError) -> Int64 {
        guard Timestamp.isFinite(value) else { return value }
        var f = Timestamp.fields(value)
        let day = Timestamp.split(value).day
        switch unit(bytes) {
        case .microsecond: return value
        case .millisecond: return floorTo(value, 1000, 0)
        case .second: return floorTo(value, 1_000_000, 0)
        case .minute: return floorTo(value, 60_000_000, 0)
        case .hour: return floorTo(value, 3_600_000_000, 0)
        case .day: return day * Timestamp.microsecondsPerDay
        case .week:
            // 2000-01-01 was a Saturday; weeks begin on Monday.
            return (day - floorModulo(day + 5, 7)) * Timestamp.microsecondsPerDay
        case .month: f = Timestamp.Fields(year: f.year, month: f.month, day: 1)
        case .quarter: f = Timestamp.Fields(year: f.year, month: (f.month - 1) / 3 * 3 + 1, day: 1)
        case .year: f = Timestamp.Fields(year: f.year, month: 1, day: 1)
        case .decade:
            f = Timestamp.Fields(year: Int(floorTo(Int64(f.year), 10, 0)), month: 1, day: 1)
        case .century:
            f = Timestamp.Fields(
                year: Int(floorTo(Int64(f.year - 1), 100, 0)) + 1, month: 1, day: 1)
        case .millennium:
            f = Timestamp.Fields(
                year: Int(floorTo(Int64(f.year - 1), 1000, 0)) + 1, month: 1, day: 1)
        case let other: throw missingUnit(bytes, typeName, isUnit: other != nil)
        }
        return Timestamp.value(f)
    }

    private static func floorModulo(_ a: Int64, _ b: Int64) -> Int64 {
        let rest = a % b
        return rest < 0 ? rest + b : rest
    }

    static func floorTo(_ value: Int64, _ stride: Int64, _ origin: Int64) -> Int64 {
        // Each on its own: the difference of far ends does not fit.
        let rest = floorModulo(value, stride) &- floorModulo(origin, stride)
        return value &- (rest < 0 ? rest &+ stride : rest)
    }

    /// What only grows with time has an infinity; anything else has no value there: nil.
    static func infiniteField(_ name: TimeWords.Unit?, isPositive: Bool) -> Numeric? {
        switch name {
        case .year, .decade, .century, .millennium, .isoyear, .epoch, .julian:
            isPositive ? .infinity : .negativeInfinity
        default: nil
        }
    }

    /// extract(): nil for a field that an infinity does not have.
    static func field(
        _ bytes: [UInt8], _ value: Int64, typeName: String = "timestamp without time zone"
    ) throws(SQLError) -> Numeric? {
        if !Timestamp.isFinite(value) {
            let name = fieldName(bytes)
            switch name {
            case .timezone, .timezoneHour, .timezoneMinute: break
            // A unit that there is not is an error for these as well.
            default: _ = try field(bytes, 0, typeName: typeName)
            }
            return infiniteField(name, isPositive: value > 0)
        }
        let f = Timestamp.fields(value)
        let day = Timestamp.split(value).day
        let inMinute = Int64(f.second) * 1_000_000 + Int64(f.microsecond)
        switch fieldName(bytes) {
        case .microsecond: return Numeric(inMinute)
        case .millisecond: return Numeric(coefficient: Int128(inMinute), scale: 3)
        case .second: return Numeric(coefficient: Int128(inMinute), scale: 6)
        case .minute: return Numeric(Int64(f.minute))
        case .hour: return Numeric(Int64(f.hour))
        case .day: return Numeric(Int64(f.day))
        case .month: return Numeric(Int64(f.month))
        case .quarter: return Numeric(Int64((f.month - 1) / 3 + 1))
        case .year: return Numeric(Int64(f.year > 0 ? f.year : f.year - 1))
        case .decade: return Numeric(floorTo(Int64(f.year), 10, 0) / 10)
        case .century:
            return Numeric(Int64(f.year > 0 ? (f.year + 99) / 100 : -((99 - (f.year - 1)) / 100)))
        case .millennium:
            return Numeric(
                Int64(f.year > 0 ? (f.year + 999) / 1000 : -((999 - (f.year - 1)) / 1000)))
        case .dow: return Numeric(floorModulo(day + 6, 7))
        case .isodow: return Numeric(floorModulo(day + 5, 7) + 1)
        case .doy: return Numeric(day - Timestamp.days(year: f.year, month: 1, day: 1) + 1)
        case .week, .isoyear: return isoWeek(day, wantsYear: fieldName(bytes) == .isoyear)
        case .julian:
            let time = Timestamp.split(value).time
            return try Numeric.add(
                Numeric(day + 2_451_545),
                try Numeric.divide(
                    Numeric(time), Numeric(Timestamp.microsecondsPerDay),
                    scale: julianScale(time)))
        case .epoch:
            return Numeric(coefficient: Int128(value) + Int128(Timestamp.unixEpochOffset), scale: 6)
        default: throw missingField(bytes, typeName, isMoment: true)
        }
    }

    /// The digits that PostgreSQL's numeric division gives a part of a day: sixteen that count, in
    /// groups of four.
    private static func julianScale(_ time: Int64) -> Int {
        switch time {
        case ...864: 28
        case ...8_649_999: 24
        default: 20
        }
    }

    /// ISO 8601: the week that holds the day's Thursday.
    private static func isoWeek(_ day: Int64, wantsYear: Bool) -> Numeric {
        let thursday = day - floorModulo(day + 5, 7) + 3
        let year = Timestamp.date(ofDay: thursday).year
        if wantsYear { return Numeric(Int64(year > 0 ? year : year - 1)) }
        return Numeric((thursday - Timestamp.days(year: year, month: 1, day: 1)) / 7 + 1)
    }

    // MARK: - Windows

    /// The width of a window: days are 24 hours, months have none.
    package static func fixedWidth(_ interval: Interval) throws(SQLError) -> Int64 {
        let width = try fixedLength(interval)
        guard width > 0 else {
            throw SQLError(.datetimeFieldOverflow, "stride must be greater than zero")
        }
        return width
    }

    /// The same, of what may be 0 or less: a window's offset.
    package static func fixedLength(_ interval: Interval) throws(SQLError) -> Int64 {
        guard interval.months == 0 else {
            throw SQLError(
                .featureNotSupported,
                "timestamps cannot be binned into intervals containing months or years")
        }
        let (days, daysOverflow) = Int64(interval.days).multipliedReportingOverflow(
            by: Timestamp.microsecondsPerDay)
        let (width, overflow) = days.addingReportingOverflow(interval.microseconds)
        if daysOverflow || overflow { throw Interval.outOfRange }
        return width
    }

    private static var windows: [ScalarFunction] {
        [
            paneStart(hasOffset: false), paneStart(hasOffset: true),
            tumbleStart(hasOffset: false), tumbleStart(hasOffset: true),
        ]
    }

    /// The piece of time of so many microseconds that a row lies in; NULL where there is none.
    private static func paneStart(hasOffset: Bool) -> ScalarFunction {
        let types = [DataType.timestamp, .int8] + (hasOffset ? [.int8] : [])
        return ScalarFunction("pane_start@", types, .timestamp) { e, c in
            let (times, units) = (c[0].int64s, c[1].int64s)
            let offsets = hasOffset ? c[2].int64s : nil
            let builder = ColumnBuilder(.int64, capacity: e.count)
            for row in 0..<e.count {
                guard !c[0].isNull(row), Timestamp.isFinite(times.cells[row]) else {
                    builder.appendNull()
                    continue
                }
                let offset = offsets?.cells[row] ?? 0
                builder.append(
                    floorTo(
                        times.cells[row], units.cells[row], offset - Timestamp.unixEpochOffset))
            }
            return builder.column()
        }
    }

    private static func tumbleStart(hasOffset: Bool) -> ScalarFunction {
        let types = [DataType.timestamp, .interval] + (hasOffset ? [.interval] : [])
        return ScalarFunction("tumble_start", types, .timestamp, canFail: true) { e, c in
            let (times, widths) = (c[0].int64s, c[1].intervals)
            let offsets = hasOffset ? c[2].intervals : nil
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                guard Timestamp.isFinite(times.cells[row]) else { return times.cells[row] }
                // Aligned to the Unix epoch, as RisingWave and Flink do. The offset may be of any length.
                let width = try fixedWidth(widths.cells[row])
                var offset: Int64 = 0
                if let offsets { offset = try fixedLength(offsets.cells[row]) % width }
                return floorTo(
                    times.cells[row], width, offset - Timestamp.unixEpochOffset)
            }
        }
    }
}
