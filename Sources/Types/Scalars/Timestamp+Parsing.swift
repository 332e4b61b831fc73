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
        guard let found = try parseFields(bytes) else { return nil }
        // The zone does not count here, but there has to be such a one.
        if case .name(let name) = found.zone, TimeZones.number(named: name) == nil { return nil }
        return try checkedValue(found.fields, word)
    }

    /// Reads a timestamp with time zone: text without a zone is meant in `zone`.
    /// - Returns: nil when the text is none. - Throws: 22008, 22023 for an unknown zone.
    package static func parse(_ text: [UInt8], in zone: TimeZoneRules) throws(SQLError) -> Int64? {
        let bytes = TextScan.trimmed(text)
        let word = String(decoding: bytes, as: UTF8.self).lowercased()
        switch word {
        case "infinity": return infinity
        case "-infinity": return negativeInfinity
        case "epoch": return -unixEpochOffset
        default: break
        }
        guard let found = try parseFields(bytes) else { return nil }
        let local = try checkedValue(found.fields, word)
        switch found.zone {
        case .none: return try checked(zone.instant(ofLocal: local))
        case .offset(let seconds): return try checked(local &- Int64(seconds) * 1_000_000)
        case .name(let name):
            guard let rules = TimeZones.rules(named: name) else {
                throw SQLError(
                    .invalidParameterValue, "time zone \"\(name)\" not recognized")
            }
            return try checked(rules.instant(ofLocal: local))
        }
    }

    private static func checkedValue(_ fields: Fields, _ word: String) throws(SQLError) -> Int64 {
        guard yearRange.contains(fields.year) else {
            throw SQLError(.datetimeFieldOverflow, "timestamp out of range: \"\(word)\"")
        }
        let result = value(fields)
        guard inRange(result) else {
            throw SQLError(.datetimeFieldOverflow, "timestamp out of range: \"\(word)\"")
        }
        return result
    }

    /// What a text says about a moment.
    struct Parsed {
        enum Zone { case none, offset(Int), name(String) }

        var fields: Fields
        var hasTime = false
        var zone = Zone.none
    }

    /// The calendar fields of a text, checked. - Returns: nil when it is no date.
    static func parseFields(_ text: some Collection<UInt8>) throws(SQLError) -> Parsed? {
        let bytes = TextScan.trimmed(text)
        let word = String(decoding: bytes, as: UTF8.self).lowercased()
        var scanner = DigitScanner(bytes: Array(bytes))
        guard let date = parseDate(&scanner) ?? parseNamedDate(&scanner) else { return nil }
        var parsed = Parsed(fields: date)
        if scanner.skip(84) || scanner.skip(116) || scanner.skipSpaces() {
            if let byte = scanner.peek, byte >= 48, byte <= 57 {
                guard try parseTime(&scanner, &parsed.fields, word) else { return nil }
                parsed.hasTime = true
            }
        }
        _ = scanner.skipSpaces()
        guard let zone = scanner.zone() else { return nil }
        parsed.zone = zone
        _ = scanner.skipSpaces()
        if scanner.skipWord("bc") {
            parsed.fields.year = 1 - parsed.fields.year
        } else {
            _ = scanner.skipWord("ad")
        }
        guard scanner.isAtEnd else { return nil }
        // The days of a month depend on the year, which BC has just changed.
        parsed.fields = try checked(parsed.fields, word)
        return parsed
    }

    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// January 8, 1999; 8-Jan-1999; 1999-Jan-08.
    private static func parseNamedDate(_ scanner: inout DigitScanner) -> Fields? {
        scanner.index = 0
        var month: Int?
        var numbers: [(value: Int, digits: Int)] = []
        while month == nil || numbers.count < 2 {
            while let byte = scanner.peek, byte == 45 || byte == 44 || TextScan.isSpace(byte) {
                scanner.index += 1
            }
            if let number = scanner.number(maxDigits: 6) {
                numbers.append(number)
                if numbers.count > 2 { return nil }
            } else {
                let word = scanner.letters()
                guard word.count >= 3, month == nil,
                    let index = monthNames.firstIndex(of: String(word.prefix(3)))
                else { return nil }
                month = index + 1
            }
        }
        guard let month, numbers.count == 2 else { return nil }
        let (year, day) =
            numbers[0].digits >= 3 ? (numbers[0], numbers[1]) : (numbers[1], numbers[0])
        let full = year.digits <= 2 ? (year.value < 70 ? 2000 : 1900) + year.value : year.value
        return Fields(year: full, month: month, day: day.value)
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

    static func parseTime(
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
        let mark = scanner.index
        let isPM = scanner.skipWord("pm")
        let isMarked = isPM || scanner.skipWord("am")
        // Not the beginning of America/….
        let isWhole = scanner.peek.map { !($0 | 32 >= 97 && $0 | 32 <= 122) } ?? true
        if isMarked, !isWhole { scanner.index = mark }
        if isMarked, isWhole {
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
    mutating func skipZone() -> Bool { zone() != nil }

    /// Z, +02, -05:30, +0530, or a name; none when there is nothing of the kind.
    mutating func zone() -> Timestamp.Parsed.Zone? {
        if let sign = peek, sign == 43 || sign == 45 {
            index += 1
            guard let first = number(maxDigits: 6) else { return nil }
            var (hours, minutes, seconds) = (first.value, 0, 0)
            if first.digits > 4 {
                (hours, minutes, seconds) = (
                    first.value / 10000, first.value / 100 % 100, first.value % 100
                )
            } else if first.digits > 2 {
                (hours, minutes) = (first.value / 100, first.value % 100)
            }
            if skip(58) {
                guard let part = number(maxDigits: 2) else { return nil }
                minutes = part.value
                if skip(58) {
                    guard let last = number(maxDigits: 2) else { return nil }
                    seconds = last.value
                }
            }
            guard hours <= 15, minutes < 60, seconds < 60 else { return nil }
            let offset = hours * 3600 + minutes * 60 + seconds
            return .offset(sign == 45 ? -offset : offset)
        }
        if isAtWord("bc") || isAtWord("ad") { return Timestamp.Parsed.Zone.none }
        let start = index
        while let byte = peek,
            (byte | 32 >= 97 && byte | 32 <= 122) || byte == 47 || byte == 95
                || (index > start && (byte >= 48 && byte <= 57 || byte == 45 || byte == 43))
        {
            index += 1
        }
        if index == start { return Timestamp.Parsed.Zone.none }
        let name = String(decoding: bytes[start..<index], as: UTF8.self)
        switch name.lowercased() {
        case "z", "utc", "gmt", "zulu": return .offset(0)
        default: return .name(name)
        }
    }

    /// A run of letters, lower case.
    mutating func letters() -> String {
        let start = index
        while let byte = peek, byte | 32 >= 97, byte | 32 <= 122 { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
    }
}
