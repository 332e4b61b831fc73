/// Gives the fields of an interval's text their meaning, from right to left: a unit stands behind
/// its number.
struct IntervalDecoder {
    enum Failure: Error { case badFormat, overflow }

    /// The units that have been found; none may come twice.
    private struct Parts: OptionSet {
        let rawValue: UInt32

        static let time = Parts([.hour, .minute, .second, .millisecond, .microsecond])
        static let seconds = Parts([.second, .millisecond, .microsecond])
        static let hour = Parts(rawValue: 1)
        static let minute = Parts(rawValue: 2)
        static let second = Parts(rawValue: 4)
        static let millisecond = Parts(rawValue: 8)
        static let microsecond = Parts(rawValue: 16)
        static let day = Parts(rawValue: 32)
        static let week = Parts(rawValue: 64)
        static let month = Parts(rawValue: 128)
        static let year = Parts(rawValue: 256)
        static let decade = Parts(rawValue: 512)
        static let century = Parts(rawValue: 1024)
        static let millennium = Parts(rawValue: 2048)
    }

    /// What the next number counts.
    private enum NextUnit {
        case unknown
        case unit(TimeWords.Unit)
        /// Behind `ago` a number needs a unit.
        case missing
    }

    private let fields: IntervalFields
    private let style: IntervalStyle
    private var sum = IntervalSum()
    private var found: Parts = []
    private var next = NextUnit.unknown
    /// The standard's leading minus, which is for all fields.
    private var isNegative = false
    private var isAgo = false

    private init(_ fields: IntervalFields, _ style: IntervalStyle) {
        self.fields = fields
        self.style = style
    }

    /// - Throws: 22007, 22008 or 22015.
    static func decode(_ text: [UInt8], _ fields: IntervalFields, _ style: IntervalStyle)
        throws(SQLError) -> Interval
    {
        let shown = String(decoding: text, as: UTF8.self)
        let sum: IntervalSum
        do throws(Failure) {
            sum = try read(text, fields, style)
        } catch {
            switch error {
            case .badFormat:
                throw SQLError(
                    .invalidDatetimeFormat, "invalid input syntax for type interval: \"\(shown)\"")
            case .overflow:
                throw SQLError(
                    .intervalFieldOverflow, "interval field value out of range: \"\(shown)\"")
            }
        }
        return fields.applied(to: try sum.interval())
    }

    private static func read(_ text: [UInt8], _ fields: IntervalFields, _ style: IntervalStyle)
        throws(Failure) -> IntervalSum
    {
        do throws(Failure) {
            var decoder = IntervalDecoder(fields, style)
            return try decoder.decode(text)
        } catch {
            guard error == .badFormat else { throw error }
            return try ISOInterval.decode(text)
        }
    }

    private mutating func decode(_ text: [UInt8]) throws(Failure) -> IntervalSum {
        guard let list = TimeField.split(text) else { throw .badFormat }
        let isSigned = list.map { $0.text.first == 45 || $0.text.first == 43 }
        isNegative =
            style == .sqlStandard && list.first?.text.first == 45
            && !isSigned.dropFirst().contains(true)
        for field in list.reversed() {
            let parts = try decode(field)
            guard found.isDisjoint(with: parts) else { throw .badFormat }
            found.formUnion(parts)
        }
        guard !found.isEmpty else { throw .badFormat }
        if isAgo { try sum.negate() }
        return sum
    }

    private mutating func decode(_ field: TimeField) throws(Failure) -> Parts {
        switch field.form {
        case .time:
            try clock(field.text[...], isNegative: isNegative)
            return .time
        case .signed:
            let rest = field.text.dropFirst()
            let isMinutes = fields.isMinuteToSecond
            if rest.contains(58), (try? ClockTime(rest, isMinutes: isMinutes)) != nil {
                try clock(rest, isNegative: field.text.first == 45)
                return .time
            }
            return try number(field.text)
        case .date, .number: return try number(field.text)
        case .word, .special:
            switch TimeWords.spanWord(field.word) {
            case .unit(let unit)?: next = .unit(unit)
            case .ago?:
                isAgo = true
                next = .missing
            case nil: throw .badFormat
            }
            return []
        }
    }

    /// hh:mm[:ss]; a number before it counts days.
    private mutating func clock(_ text: ArraySlice<UInt8>, isNegative: Bool) throws(Failure) {
        let clock: ClockTime?
        do {
            clock = try ClockTime(text, isMinutes: fields.isMinuteToSecond)
        } catch {
            throw .overflow
        }
        guard let clock else { throw .badFormat }
        var time = IntervalSum()
        try time.add(clock.hours, 0, microsecondsEach: 3_600_000_000)
        try time.add(
            Int64(clock.minutes * 60 + clock.seconds) * 1_000_000 + clock.microseconds, 0,
            microsecondsEach: 1)
        sum.microseconds = isNegative ? -time.microseconds : time.microseconds
        next = .unit(.day)
    }

    private mutating func number(_ text: [UInt8]) throws(Failure) -> Parts {
        if case .unknown = next { next = .unit(fields.unitOfBareNumber) }
        var scanner = FieldScanner(text)
        let isMinus = text.first == 45
        var (whole, fraction): (Int64, Double) = (0, 0)
        do throws(FieldScanner.Overflow) {
            whole = try scanner.integer()
            if scanner.skip(45) {
                // years-months
                let months = Int64(try scanner.int32())
                guard (0..<12).contains(months) else { throw FieldScanner.Overflow() }
                let (product, overflow) = whole.multipliedReportingOverflow(by: 12)
                let (sum, more) = product.addingReportingOverflow(isMinus ? -months : months)
                guard !overflow, !more else { throw FieldScanner.Overflow() }
                whole = sum
                next = .unit(.month)
            }
        } catch {
            throw .overflow
        }
        if !scanner.isAtEnd {
            guard case let digits? = scanner.fraction() else { throw .badFormat }
            fraction = isMinus ? -digits : digits
        }
        if isNegative {
            whole = whole > 0 ? -whole : whole
            fraction = fraction > 0 ? -fraction : fraction
        }
        guard case .unit(let unit) = next else { throw .badFormat }
        let parts = try add(whole, fraction, unit)
        // A number before the hours counts days.
        if unit == .hour { next = .unit(.day) }
        return parts
    }

    private mutating func add(_ whole: Int64, _ fraction: Double, _ unit: TimeWords.Unit)
        throws(Failure) -> Parts
    {
        switch unit {
        case .microsecond:
            try sum.add(whole, fraction, microsecondsEach: 1)
            return .microsecond
        case .millisecond:
            try sum.add(whole, fraction, microsecondsEach: 1000)
            return .millisecond
        case .second:
            try sum.add(whole, fraction, microsecondsEach: 1_000_000)
            return fraction == 0 ? .second : .seconds
        case .minute:
            try sum.add(whole, fraction, microsecondsEach: 60_000_000)
            return .minute
        case .hour:
            try sum.add(whole, fraction, microsecondsEach: 3_600_000_000)
            return .hour
        case .day:
            try sum.addDays(whole, fraction, each: 1)
            return .day
        case .week:
            try sum.addDays(whole, fraction, each: 7)
            return .week
        case .month:
            try sum.addMonths(whole, fraction)
            return .month
        case .year:
            try sum.addYears(whole, fraction, each: 1)
            return .year
        case .decade:
            try sum.addYears(whole, fraction, each: 10)
            return .decade
        case .century:
            try sum.addYears(whole, fraction, each: 100)
            return .century
        case .millennium:
            try sum.addYears(whole, fraction, each: 1000)
            return .millennium
        default: throw .badFormat
        }
    }
}

/// An interval as it is added up. What is left over of a unit goes to the next one, as it does in
/// PostgreSQL: of years to months, of months and weeks to days, of days to the time.
struct IntervalSum {
    typealias Failure = IntervalDecoder.Failure

    private var years: Int32 = 0
    private var months: Int32 = 0
    private var days: Int32 = 0
    var microseconds: Int64 = 0

    private mutating func addMicroseconds(_ fraction: Double, each: Int64) throws(Failure) {
        guard fraction != 0 else { return }
        let value = fraction * Double(each)
        var whole = Int64(value)
        let rest = value - Double(whole)
        if rest > 0.5 { whole += 1 } else if rest < -0.5 { whole -= 1 }
        let (sum, overflow) = microseconds.addingReportingOverflow(whole)
        guard !overflow else { throw .overflow }
        microseconds = sum
    }

    mutating func add(_ whole: Int64, _ fraction: Double, microsecondsEach each: Int64)
        throws(Failure)
    {
        let (product, overflow) = whole.multipliedReportingOverflow(by: each)
        let (sum, more) = microseconds.addingReportingOverflow(product)
        guard !overflow, !more else { throw .overflow }
        microseconds = sum
        try addMicroseconds(fraction, each: each)
    }

    mutating func addDays(_ whole: Int64, _ fraction: Double, each: Int32) throws(Failure) {
        days = try IntervalSum.sum(days, whole, each)
        if each == 1 {
            try addMicroseconds(fraction, each: Timestamp.microsecondsPerDay)
        } else {
            try addDays(fraction, each: each)
        }
    }

    private mutating func addDays(_ fraction: Double, each: Int32) throws(Failure) {
        let value = fraction * Double(each)
        let whole = value.rounded(.towardZero)
        days = try IntervalSum.sum(days, Int64(whole), 1)
        try addMicroseconds(value - whole, each: Timestamp.microsecondsPerDay)
    }

    mutating func addMonths(_ whole: Int64, _ fraction: Double) throws(Failure) {
        months = try IntervalSum.sum(months, whole, 1)
        try addDays(fraction, each: 30)
    }

    mutating func addYears(_ whole: Int64, _ fraction: Double, each: Int32) throws(Failure) {
        years = try IntervalSum.sum(years, whole, each)
        let more = (fraction * Double(each) * 12).rounded(.toNearestOrEven)
        months = try IntervalSum.sum(months, Int64(more), 1)
    }

    private static func sum(_ value: Int32, _ whole: Int64, _ each: Int32) throws(Failure) -> Int32
    {
        guard let count = Int32(exactly: whole) else { throw .overflow }
        let (product, overflow) = count.multipliedReportingOverflow(by: each)
        let (sum, more) = value.addingReportingOverflow(product)
        guard !overflow, !more else { throw .overflow }
        return sum
    }

    mutating func negate() throws(Failure) {
        guard years != .min, months != .min, days != .min, microseconds != .min else {
            throw .overflow
        }
        (years, months, days, microseconds) = (-years, -months, -days, -microseconds)
    }

    /// - Throws: 22008 when years and months together do not fit.
    func interval() throws(SQLError) -> Interval {
        guard let all = Int32(exactly: Int64(years) * 12 + Int64(months)) else {
            throw Interval.outOfRange
        }
        return Interval(months: all, days: days, microseconds: microseconds)
    }
}
