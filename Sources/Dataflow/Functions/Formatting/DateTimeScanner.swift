import Types

/// Walks over a text beside a date/time template and collects what its fields say.
struct DateTimeScanner {
    let template: DateTimeTemplate
    private let text: [UInt8]
    private var index = 0
    private var values = DateTimeValues()
    /// Blanks and separators skipped beyond those that the template has.
    private var surplus = 0
    /// After FX.
    private var isFixed = false

    private init(_ text: [UInt8], _ template: DateTimeTemplate) {
        self.text = text
        self.template = template
    }

    /// What a text says, read by a template. - Throws: 22007, 22008, 0A000.
    static func scan(_ text: [UInt8], _ template: DateTimeTemplate) throws(SQLError)
        -> DateTimeValues
    {
        var scanner = DateTimeScanner(text, template)
        try scanner.run()
        return scanner.values
    }

    private var isAtEnd: Bool { index >= text.count }
    private var byte: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skipSpaces() {
        while let byte, TextScan.isSpace(byte) {
            index += 1
            surplus += 1
        }
    }

    private mutating func skipCharacter() {
        guard let byte else { return }
        index = min(text.count, index + TemplateCharacters.length(ofCharacterAt: byte))
    }

    private mutating func run() throws(SQLError) {
        for (place, element) in template.elements.enumerated() {
            if isAtEnd { return }
            switch element {
            case .gap:
                if !isFixed, place == 0 { skipSpaces() }
                matchGap()
            case .character:
                if !isFixed, place == 0 { skipSpaces() }
                matchCharacter()
            case .field(let pattern, let modifiers):
                if pattern.field == .fixedFormat {
                    isFixed = true
                    continue
                }
                if !isFixed { skipSpaces() }
                try setConvention(pattern)
                try read(Slot(pattern: pattern, modifiers: modifiers, place: place))
                if !isFixed {
                    surplus = 0
                    skipSpaces()
                }
            }
        }
    }

    /// A blank or separator of the template: any one in the text, or none.
    private mutating func matchGap() {
        if isFixed { return skipCharacter() }
        if let byte, TextScan.isSpace(byte) || TemplateCharacters.isSeparator(byte) {
            index += 1
        } else {
            surplus -= 1
        }
    }

    /// A character of the template: any one in the text, unless more than enough were skipped.
    private mutating func matchCharacter() {
        if !isFixed, surplus > 0 { surplus -= 1 } else { skipCharacter() }
    }

    private mutating func setConvention(_ pattern: DateTimePattern) throws(SQLError) {
        guard let convention = pattern.field.convention else { return }
        if let present = values.convention, present != convention {
            throw SQLError(
                .invalidDatetimeFormat, "invalid combination of date conventions",
                hint: "Do not mix Gregorian and ISO week date conventions in a formatting "
                    + "template.")
        }
        values.convention = convention
    }

    // MARK: - Fields

    /// A field and where it stands in the template.
    private struct Slot {
        let pattern: DateTimePattern
        let modifiers: DateTimeTemplate.Modifiers
        let place: Int

        var name: String { String(decoding: pattern.name, as: UTF8.self) }
    }

    private mutating func read(_ slot: Slot) throws(SQLError) {
        if try readTime(slot) { return }
        if try readYear(slot) { return }
        if try readWord(slot) { return }
        try readDate(slot)
    }

    private func assign(_ value: Int32, to field: inout Int32, _ slot: Slot) throws(SQLError) {
        if field != 0, field != value {
            throw SQLError(
                .invalidDatetimeFormat,
                "conflicting values for \"\(slot.name)\" field in formatting string",
                detail: "This value contradicts a previous setting for the same field type.")
        }
        field = value
    }

    /// Steps over the two letters of an ordinal, whatever they are.
    private mutating func skipOrdinal(_ slot: Slot) {
        guard slot.modifiers.ordinal != nil else { return }
        skipCharacter()
        skipCharacter()
    }

    private mutating func readTime(_ slot: Slot) throws(SQLError) -> Bool {
        switch slot.pattern.field {
        case .hour12:
            try assign(try number(slot, 2).value, to: &values.hour, slot)
            values.hasTwelveHourClock = true
        case .hour24: try assign(try number(slot, 2).value, to: &values.hour, slot)
        case .minute: try assign(try number(slot).value, to: &values.minute, slot)
        case .second: try assign(try number(slot).value, to: &values.second, slot)
        case .secondOfDay: try assign(try number(slot).value, to: &values.secondOfDay, slot)
        case .millisecond:
            let (value, length) = try number(slot, 3)
            try assign(value, to: &values.millisecond, slot)
            for _ in min(length, 3)..<3 { values.millisecond &*= 10 }
        case .microsecond: try readFraction(slot, 6)
        case .fraction(let digits):
            values.fractionDigits = digits
            try readFraction(slot, digits)
        case .zoneHours:
            readZoneSign()
            try assign(try number(slot, 2).value, to: &values.zoneHours, slot)
            return true
        case .zoneMinutes:
            if values.zoneSign == 0 { values.zoneSign = 1 }
            try assign(try number(slot, 2).value, to: &values.zoneMinutes, slot)
            return true
        case .zoneAbbreviation, .zoneOffset:
            throw SQLError(
                .featureNotSupported,
                "formatting field \"\(slot.name)\" is only supported in to_char")
        default: return false
        }
        skipOrdinal(slot)
        return true
    }

    private mutating func readFraction(_ slot: Slot, _ digits: Int) throws(SQLError) {
        let (value, length) = try number(slot, digits)
        try assign(value, to: &values.microsecond, slot)
        for _ in min(length, 6)..<6 { values.microsecond &*= 10 }
    }

    /// A minus sign may have been skipped as a separator.
    private mutating func readZoneSign() {
        if let byte, byte == 43 || byte == 45 || byte == 32 {
            values.zoneSign = byte == 45 ? -1 : 1
            index += 1
        } else {
            values.zoneSign = surplus > 0 && text[index - 1] == 45 ? -1 : 1
        }
    }

    private mutating func readYear(_ slot: Slot) throws(SQLError) -> Bool {
        switch slot.pattern.field {
        case .groupedYear:
            try assign(try groupedYear(), to: &values.year, slot)
            values.yearDigits = 4
        case .year(let digits), .isoYear(let digits):
            let (value, length) = try number(slot)
            try assign(value, to: &values.year, slot)
            if digits < 4, length < 4 { values.year = Self.nearestTo2020(values.year) }
            values.yearDigits = digits
        case .century: try assign(try number(slot).value, to: &values.century, slot)
        default: return false
        }
        skipOrdinal(slot)
        return true
    }

    /// The full year of one that was written with fewer than four digits.
    private static func nearestTo2020(_ year: Int32) -> Int32 {
        switch year {
        case ..<70: year &+ 2000
        case ..<100: year &+ 1900
        case ..<520: year &+ 2000
        case ..<1000: year &+ 1000
        default: year
        }
    }

    private mutating func readDate(_ slot: Slot) throws(SQLError) {
        switch slot.pattern.field {
        case .month: try assign(try number(slot).value, to: &values.month, slot)
        case .weekOfYear, .isoWeek: try assign(try number(slot).value, to: &values.week, slot)
        case .weekOfMonth: try assign(try number(slot).value, to: &values.weekOfMonth, slot)
        case .dayOfYear: try assign(try number(slot).value, to: &values.dayOfYear, slot)
        case .isoDayOfYear: try assign(try number(slot, 3).value, to: &values.dayOfYear, slot)
        case .dayOfMonth: try assign(try number(slot).value, to: &values.day, slot)
        case .dayOfWeek: try assign(try number(slot).value, to: &values.weekday, slot)
        case .isoDayOfWeek:
            try assign(try number(slot, 1).value, to: &values.weekday, slot)
            values.weekday = values.weekday >= 7 ? 1 : values.weekday + 1
        case .julianDay: try assign(try number(slot).value, to: &values.julianDay, slot)
        // A quarter is not a date: it is read and forgotten.
        case .quarter: _ = try number(slot)
        default: return
        }
        skipOrdinal(slot)
    }

    private mutating func readWord(_ slot: Slot) throws(SQLError) -> Bool {
        switch slot.pattern.field {
        case .meridiem:
            let number = try word(CalendarNames.meridiems, slot)
            try assign(number, to: &values.meridiem, slot)
            values.hasTwelveHourClock = true
        case .era:
            let number = try word(CalendarNames.eras, slot)
            try assign(number, to: &values.era, slot)
        case .monthName:
            let number = try word(CalendarNames.months, slot)
            try assign(number + 1, to: &values.month, slot)
        case .monthAbbreviation:
            let number = try word(CalendarNames.months, slot, length: 3)
            try assign(number + 1, to: &values.month, slot)
        case .romanMonth:
            let number = try word(CalendarNames.romanMonths, slot)
            try assign(number + 1, to: &values.month, slot)
        case .dayName:
            let number = try word(CalendarNames.days, slot)
            try assign(number, to: &values.weekday, slot)
            values.weekday += 1
        case .dayAbbreviation:
            let number = try word(CalendarNames.days, slot, length: 3)
            try assign(number, to: &values.weekday, slot)
            values.weekday += 1
        default: return false
        }
        return true
    }

    // MARK: - Tokens

    /// The place in a list of the longest of its words that the text goes on with.
    private mutating func word(_ words: [String], _ slot: Slot, length: Int = .max)
        throws(SQLError) -> Int32
    {
        let rest = text[index...]
        var found: (place: Int, count: Int) = (0, 0)
        for (place, word) in words.enumerated() {
            var bytes = Array(word.utf8.prefix(length))
            if slot.pattern.hasPeriods { bytes = bytes.flatMap { [$0, 46] } }
            if bytes.count > found.count, Self.starts(rest, with: bytes) {
                found = (place, bytes.count)
            }
        }
        guard found.count > 0 else {
            let shown = rest.prefix { !TextScan.isSpace($0) || $0 == 11 }
            throw invalid(Array(shown), slot)
                .with(
                    detail: "The given value did not match any of the allowed values for this "
                        + "field.")
        }
        index += found.count
        return Int32(found.place)
    }

    /// Whether a text begins with a word; upper and lower case of ASCII are the same.
    private static func starts(_ text: ArraySlice<UInt8>, with word: [UInt8]) -> Bool {
        func lowered(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }
        return text.count >= word.count && zip(text, word).allSatisfy { lowered($0) == lowered($1) }
    }

    private func invalid(_ value: [UInt8], _ slot: Slot) -> SQLError {
        SQLError(
            .invalidDatetimeFormat,
            "invalid value \"\(String(decoding: value, as: UTF8.self))\" for \"\(slot.name)\"")
    }

    /// Reads the number of a field: up to its last digit where FM or what follows in the template
    /// allows that, else `width` characters, by default as many as the pattern has.
    /// - Returns: the number, and the characters that were read, blanks included.
    private mutating func number(_ slot: Slot, _ width: Int? = nil) throws(SQLError) -> (
        value: Int32, length: Int
    ) {
        let start = index
        while let byte, TextScan.isSpace(byte) { index += 1 }
        let width = width ?? slot.pattern.name.count
        let field = Array(text[index..<min(text.count, index + width)])
        let isOpen =
            !slot.modifiers.isPadded || slot.modifiers.ordinal != nil
            || template.endsNumber(at: slot.place + 1)
        var result: Int64 = 0
        if isOpen {
            let found = DecimalInteger.scan(text[start...])
            index = found?.end ?? start
            result = found?.value ?? 0
        } else {
            result = try fixedNumber(field, width, slot)
        }
        if index == start {
            throw invalid(field, slot).with(detail: "Value must be an integer.")
        }
        guard let value = Int32(exactly: result) else {
            throw SQLError(
                .datetimeFieldOverflow,
                "value for \"\(slot.name)\" in source string is out of range",
                detail: "Value must be in the range \(Int32.min) to \(Int32.max).")
        }
        return (value, index - start)
    }

    private mutating func fixedNumber(_ field: [UInt8], _ width: Int, _ slot: Slot)
        throws(SQLError) -> Int64
    {
        let hint =
            "If your source string is not fixed-width, try using the \"FM\" modifier."
        guard field.count == width else {
            throw SQLError(
                .invalidDatetimeFormat,
                "source string too short for \"\(slot.name)\" formatting field",
                detail: "Field requires \(width) characters, but only \(field.count) remain.",
                hint: hint)
        }
        guard let found = DecimalInteger.scan(field[...]) else { return 0 }
        guard found.end == width else {
            throw invalid(field, slot).with(
                detail: "Field requires \(width) characters, but only \(found.end) could be "
                    + "parsed.",
                hint: hint)
        }
        index += width
        return found.value
    }

    /// A year with a comma behind its thousands: 2,024.
    private mutating func groupedYear() throws(SQLError) -> Int32 {
        guard let thousands = DecimalInteger.scan(text[index...]),
            thousands.end < text.count, text[thousands.end] == 44,
            let rest = DecimalInteger.scan(text[(thousands.end + 1)...], limit: 3)
        else {
            throw SQLError(.invalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
        }
        index = rest.end
        return Int32(truncatingIfNeeded: thousands.value) &* 1000
            &+ Int32(truncatingIfNeeded: rest.value)
    }
}

/// Integers in the midst of a text.
private enum DecimalInteger {
    /// Blanks, a sign and digits; `limit` characters at most, blanks not counted. What does not
    /// fit is the greatest or least Int64. - Returns: nil when there is no digit.
    static func scan(_ text: ArraySlice<UInt8>, limit: Int = .max) -> (value: Int64, end: Int)? {
        var index = text.startIndex
        while index < text.endIndex, TextScan.isSpace(text[index]) { index += 1 }
        let end = limit < text.endIndex - index ? index + limit : text.endIndex
        var isNegative = false
        if index < end, text[index] == 43 || text[index] == 45 {
            isNegative = text[index] == 45
            index += 1
        }
        let start = index
        var value: Int64 = 0
        while index < end, TemplateCharacters.isDigit(text[index]) {
            let digit = Int64(text[index] - 48)
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(isNegative ? -digit : digit)
            value = overflow || overflow2 ? (isNegative ? .min : .max) : sum
            index += 1
        }
        return index > start ? (value, index) : nil
    }
}

extension SQLError {
    fileprivate func with(detail: String, hint: String? = nil) -> SQLError {
        SQLError(state, message, detail: detail, hint: hint)
    }
}
