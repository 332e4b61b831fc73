extension Timestamp {
    /// Reads ISO 8601 and PostgreSQL's usual spellings: date, optional time, optional zone (which
    /// `timestamp without time zone` ignores), `epoch`, `infinity`.
    /// - Returns: nil when the text is no timestamp.
    /// - Throws: 22008 when a field is out of range.
    package static func parse(_ text: some Collection<UInt8>) throws(SQLError) -> Int64? {
        let bytes = TextScan.trimmed(text)
        let word = String(decoding: bytes, as: UTF8.self).lowercased()
        switch word {
        case "infinity": return infinity
        case "-infinity": return negativeInfinity
        case "epoch": return -unixEpochOffset
        default: break
        }
        var scanner = DigitScanner(bytes: bytes)
        guard var fields = parseDate(&scanner) else { return nil }
        if scanner.skip(84) || scanner.skip(116) || scanner.skipSpaces() {
            if !scanner.isAtEnd, !scanner.isAtZone, !scanner.isAtWord("bc") {
                guard try parseTime(&scanner, &fields, word) else { return nil }
            }
        }
        _ = scanner.skipSpaces()
        guard scanner.skipZone() else { return nil }
        _ = scanner.skipSpaces()
        if scanner.skipWord("bc") { fields.year = 1 - fields.year }
        guard scanner.isAtEnd else { return nil }
        // The days of a month depend on the year, which BC has just changed.
        fields = try checked(fields, word)
        guard yearRange.contains(fields.year) else {
            throw SQLError(.datetimeFieldOverflow, "timestamp out of range: \"\(word)\"")
        }
        let result = value(fields)
        guard inRange(result) else {
            throw SQLError(.datetimeFieldOverflow, "timestamp out of range: \"\(word)\"")
        }
        return result
    }

    private static func outOfRange(_ text: String) -> SQLError {
        SQLError(.datetimeFieldOverflow, "date/time field value out of range: \"\(text)\"")
    }

    private static func parseDate(_ scanner: inout DigitScanner) -> Fields? {
        guard let first = scanner.number(maxDigits: 6) else { return nil }
        if first.digits == 8 {
            // 20150715
            return Fields(
                year: first.value / 10000, month: first.value / 100 % 100,
                day: first.value % 100)
        }
        let separator = scanner.peek
        guard separator == 45 || separator == 47, scanner.skip(separator ?? 0),
            let second = scanner.number(maxDigits: 2), scanner.skip(separator ?? 0),
            let third = scanner.number(maxDigits: 6)
        else { return nil }
        if first.digits >= 3 {
            guard third.digits <= 2 else { return nil }
            return Fields(year: first.value, month: second.value, day: third.value)
        }
        // 7/15/2015: month, day, year (DateStyle ISO, MDY)
        let year = third.digits <= 2 ? (third.value < 70 ? 2000 : 1900) + third.value : third.value
        return Fields(year: year, month: first.value, day: second.value)
    }

    private static func checked(_ fields: Fields, _ text: String) throws(SQLError) -> Fields {
        guard fields.month >= 1, fields.month <= 12, fields.day >= 1,
            fields.day <= daysInMonth(year: fields.year, month: fields.month)
        else { throw outOfRange(text) }
        return fields
    }

    private static func parseTime(
        _ scanner: inout DigitScanner, _ fields: inout Fields, _ text: String
    ) throws(SQLError) -> Bool {
        if let compact = scanner.sixDigits() {
            fields.hour = compact / 10000
            fields.minute = compact / 100 % 100
            fields.second = compact % 100
            if scanner.skip(46) { fields.microsecond = scanner.fraction() }
            guard fields.hour < 24, fields.minute < 60, fields.second <= 60 else {
                throw outOfRange(text)
            }
            return true
        }
        guard let hour = scanner.number(maxDigits: 2), scanner.skip(58),
            let minute = scanner.number(maxDigits: 2)
        else { return false }
        fields.hour = hour.value
        fields.minute = minute.value
        if scanner.skip(58) {
            guard let second = scanner.number(maxDigits: 2) else { return false }
            fields.second = second.value
            if scanner.skip(46) { fields.microsecond = scanner.fraction() }
        }
        _ = scanner.skipSpaces()
        let isPM = scanner.skipWord("pm")
        if isPM || scanner.skipWord("am") {
            guard fields.hour >= 1, fields.hour <= 12 else { throw outOfRange(text) }
            fields.hour = fields.hour % 12 + (isPM ? 12 : 0)
        }
        let isMidnight = fields.hour == 24 && fields.minute == 0 && fields.second == 0
        guard fields.hour < 24 || isMidnight, fields.minute < 60, fields.second <= 60 else {
            throw outOfRange(text)
        }
        return true
    }
}

/// Walks over a short text of digits and separators.
struct DigitScanner {
    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { index >= bytes.count }
    var peek: UInt8? { index < bytes.count ? bytes[index] : nil }
    var isAtZone: Bool { peek == 43 || peek == 45 || peek == 90 || peek == 122 }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    mutating func skipSpaces() -> Bool {
        let start = index
        while let byte = peek, TextScan.isSpace(byte) { index += 1 }
        return index > start
    }

    func isAtWord(_ word: String) -> Bool {
        var copy = self
        return copy.skipWord(word)
    }

    mutating func skipWord(_ word: String) -> Bool {
        let end = index + word.utf8.count
        guard end <= bytes.count,
            String(decoding: bytes[index..<end], as: UTF8.self).lowercased() == word
        else { return false }
        index = end
        return true
    }

    /// A run of digits; at most 8 of them when the run may be a whole date.
    mutating func number(maxDigits: Int) -> (value: Int, digits: Int)? {
        let start = index
        var value = 0
        while let byte = peek, byte >= 48, byte <= 57, index - start < 8 {
            value = value * 10 + Int(byte - 48)
            index += 1
        }
        let digits = index - start
        guard digits > 0, digits <= maxDigits || digits == 8 else { return nil }
        return (value, digits)
    }

    /// HHMMSS, or nothing.
    mutating func sixDigits() -> Int? {
        let end = index + 6
        guard end <= bytes.count, bytes[index..<end].allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
            return nil
        }
        let value = bytes[index..<end].reduce(0) { $0 * 10 + Int($1 - 48) }
        index = end
        return value
    }

    /// Digits after the point, as microseconds, rounded.
    mutating func fraction() -> Int {
        let start = index
        while let byte = peek, byte >= 48, byte <= 57 { index += 1 }
        if index - start <= 6 {
            var value = bytes[start..<index].reduce(0) { $0 * 10 + Int($1 - 48) }
            for _ in 0..<(6 - (index - start)) { value *= 10 }
            return value
        }
        // As PostgreSQL: the fraction as a double, rounded to even.
        let text = "0." + String(decoding: bytes[start..<index], as: UTF8.self)
        return Int(((Double(text) ?? 0) * 1_000_000).rounded(.toNearestOrEven))
    }

    /// `Z`, `UTC`, `+02`, `-05:30`; true when there is none either.
    mutating func skipZone() -> Bool {
        if skip(90) || skip(122) || skipWord("utc") || skipWord("gmt") { return true }
        guard peek == 43 || peek == 45 else { return true }
        index += 1
        guard number(maxDigits: 4) != nil else { return false }
        if skip(58) { return number(maxDigits: 2) != nil }
        return true
    }
}
