/// Intervals as ISO 8601 writes them: P1Y2M3DT4H5M6.7S, P0001-02-03T04:05:06, P00010203T040506.
struct ISOInterval {
    typealias Failure = IntervalDecoder.Failure

    private let text: [UInt8]
    private var index = 1
    private var sum = IntervalSum()
    /// Behind the T.
    private var isTime = false
    /// Whether this part has had a field with a unit, behind which the other forms are none.
    private var hasUnit = false

    private struct Number {
        let whole: Int64
        let fraction: Double
        /// How many digits it begins with.
        let digits: Int
    }

    static func decode(_ text: [UInt8]) throws(Failure) -> IntervalSum {
        guard text.count >= 2, text.count <= 256, text[0] == 80 else { throw .badFormat }
        var decoder = ISOInterval(text: text)
        while decoder.index < text.count {
            if decoder.skip(84) {
                decoder.isTime = true
                decoder.hasUnit = false
                continue
            }
            let isDone = decoder.isTime ? try decoder.timeField() : try decoder.dateField()
            if isDone { return decoder.sum }
        }
        return decoder.sum
    }

    private init(text: [UInt8]) { self.text = text }

    private var peek: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    /// A decimal number, also with an exponent.
    private mutating func number() throws(Failure) -> Number {
        let start = index
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 48 && $0 <= 57 } ?? false }
        guard let first = peek, isDigit(first) || first == 45 || first == 46 else {
            throw .badFormat
        }
        _ = skip(45)
        let from = index
        while isDigit(peek) { index += 1 }
        let digits = index - from
        if peek == 46 {
            index += 1
            while isDigit(peek) { index += 1 }
        }
        if let mark = peek, mark | 32 == 101 {
            let sign = index + 1 < text.count && [43, 45].contains(text[index + 1]) ? 1 : 0
            let exponent = index + 1 + sign
            if exponent < text.count, isDigit(text[exponent]) {
                index = exponent
                while isDigit(peek) { index += 1 }
            }
        }
        guard let value = Double(String(decoding: text[start..<index], as: UTF8.self)) else {
            throw .badFormat
        }
        // Beyond, a double has no fraction to speak of.
        guard abs(value) <= 1e15 else { throw .overflow }
        let whole = value.rounded(.towardZero)
        return Number(whole: Int64(whole), fraction: value - whole, digits: digits)
    }

    /// - Returns: whether the text is read to its end.
    private mutating func dateField() throws(Failure) -> Bool {
        let number = try number()
        let unit = peek
        if unit != nil { index += 1 }
        switch unit {
        case 89: try sum.addYears(number.whole, number.fraction, each: 1)
        case 77: try sum.addMonths(number.whole, number.fraction)
        case 87: try sum.addDays(number.whole, number.fraction, each: 7)
        case 68: try sum.addDays(number.whole, number.fraction, each: 1)
        case nil, 84, 45: return try alternativeDate(number, unit)
        default: throw .badFormat
        }
        hasUnit = true
        return false
    }

    /// yyyymmdd or yyyy-mm-dd, to the end or a T.
    private mutating func alternativeDate(_ number: Number, _ mark: UInt8?) throws(Failure) -> Bool
    {
        guard !hasUnit else { throw .badFormat }
        if mark != 45, number.digits == 8 {
            let value = number.whole
            try sum.addYears(value / 10000, 0, each: 1)
            try sum.addMonths(value / 100 % 100, 0)
            try sum.addDays(value % 100, number.fraction, each: 1)
            return endsDate(mark)
        }
        try sum.addYears(number.whole, number.fraction, each: 1)
        if mark != 45 { return endsDate(mark) }
        let month = try self.number()
        try sum.addMonths(month.whole, month.fraction)
        if peek == nil { return true }
        if skip(84) { return endsDate(84) }
        guard skip(45) else { throw .badFormat }
        let day = try self.number()
        try sum.addDays(day.whole, day.fraction, each: 1)
        if peek == nil { return true }
        guard skip(84) else { throw .badFormat }
        return endsDate(84)
    }

    private mutating func endsDate(_ mark: UInt8?) -> Bool {
        guard mark != nil else { return true }
        isTime = true
        hasUnit = false
        return false
    }

    /// - Returns: whether the text is read to its end.
    private mutating func timeField() throws(Failure) -> Bool {
        let number = try number()
        let unit = peek
        if unit != nil { index += 1 }
        switch unit {
        case 72: try add(number, 3_600_000_000)
        case 77: try add(number, 60_000_000)
        case 83: try add(number, 1_000_000)
        case nil, 58:
            try alternativeTime(number, unit)
            return true
        default: throw .badFormat
        }
        hasUnit = true
        return false
    }

    private mutating func add(_ number: Number, _ each: Int64) throws(Failure) {
        try sum.add(number.whole, number.fraction, microsecondsEach: each)
    }

    /// hhmmss or hh:mm:ss, to the end.
    private mutating func alternativeTime(_ number: Number, _ mark: UInt8?) throws(Failure) {
        guard !hasUnit else { throw .badFormat }
        if mark == nil, number.digits == 6 {
            let value = number.whole
            try sum.add(value / 10000, 0, microsecondsEach: 3_600_000_000)
            try sum.add(value / 100 % 100, 0, microsecondsEach: 60_000_000)
            try sum.add(value % 100, 0, microsecondsEach: 1_000_000)
            return try sum.add(0, number.fraction, microsecondsEach: 1)
        }
        try add(number, 3_600_000_000)
        guard mark != nil else { return }
        try add(try self.number(), 60_000_000)
        guard peek != nil else { return }
        guard skip(58) else { throw .badFormat }
        try add(try self.number(), 1_000_000)
        guard peek == nil else { throw .badFormat }
    }
}
