package import Types

/// Dates and times as texts, by a template: to_char(timestamp | timestamptz | interval, text).
package enum DateTimeText {
    /// The text of a timestamp, or, with a zone, of what its clocks show at an instant.
    /// - Returns: nil, which is NULL, for an empty template and for an infinite timestamp.
    package static func text(
        timestamp: Int64, zone: TimeZoneRules? = nil, _ template: DateTimeTemplate
    ) -> [UInt8]? {
        guard !template.isEmpty, Timestamp.isFinite(timestamp) else { return nil }
        let offset = zone?.offset(at: timestamp) ?? 0
        let parts = DateTimeParts(
            local: timestamp &+ Int64(offset) * 1_000_000, offset: offset,
            abbreviation: zone?.abbreviation(at: timestamp))
        return text(parts, template)
    }

    /// The text of an interval; also of a time of day, which PostgreSQL makes an interval first.
    /// - Returns: nil, which is NULL, for an empty template.
    /// - Throws: 22007 when the template has a pattern that needs a date.
    package static func text(interval: Interval, _ template: DateTimeTemplate) throws(SQLError)
        -> [UInt8]?
    {
        guard !template.isEmpty else { return nil }
        if template.needsDate {
            throw SQLError(
                .invalidDatetimeFormat, "invalid format specification for an interval value",
                hint: "Intervals are not tied to specific calendar dates.")
        }
        return text(DateTimeParts(interval), template)
    }

    private static func text(_ parts: DateTimeParts, _ template: DateTimeTemplate) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(3 * template.elements.count)
        for element in template.elements {
            switch element {
            case .gap(let bytes), .character(let bytes): output.append(contentsOf: bytes)
            case .field(let pattern, let modifiers):
                if let number = number(pattern.field, parts) {
                    append(number, modifiers, to: &output)
                } else {
                    appendWord(pattern, modifiers, parts, to: &output)
                }
            }
        }
        return output
    }

    // MARK: - Numbers

    private struct Number {
        let value: Int
        /// The least number of characters, a minus sign included.
        let width: Int
        /// Whether FM sets the width to nothing.
        var isFillable = true
    }

    private static func append(
        _ number: Number, _ modifiers: DateTimeTemplate.Modifiers, to output: inout [UInt8]
    ) {
        let isWide = modifiers.isPadded || !number.isFillable
        let start = output.count
        appendPadded(number.value, isWide ? number.width : 0, to: &output)
        if let ordinal = modifiers.ordinal {
            output.append(contentsOf: ordinal.text(after: output[start...]))
        }
    }

    /// An integer with zeros before it up to a width that counts the minus sign.
    private static func appendPadded(_ value: Int, _ width: Int, to output: inout [UInt8]) {
        let magnitude = value.magnitude
        var (unit, digits): (UInt, Int) = (1, value < 0 ? 2 : 1)
        while magnitude / unit >= 10 {
            unit *= 10
            digits += 1
        }
        if value < 0 { output.append(45) }
        while digits < width {
            output.append(48)
            digits += 1
        }
        while unit > 0 {
            output.append(UInt8(48 + magnitude / unit % 10))
            unit /= 10
        }
    }

    /// The number that a field is; nil for fields that are words, or that are left out.
    private static func number(_ field: DateTimeField, _ parts: DateTimeParts) -> Number? {
        clockNumber(field, parts) ?? yearNumber(field, parts) ?? dateNumber(field, parts)
    }

    private static func clockNumber(_ field: DateTimeField, _ parts: DateTimeParts) -> Number? {
        func twoDigits(_ value: Int) -> Number { Number(value: value, width: value < 0 ? 3 : 2) }
        switch field {
        case .hour24: return twoDigits(parts.hour)
        case .hour12:
            let hour = parts.hour % 12
            return Number(value: hour == 0 ? 12 : hour, width: parts.hour < 0 ? 3 : 2)
        case .minute: return twoDigits(parts.minute)
        case .second: return twoDigits(parts.second)
        case .secondOfDay:
            return Number(value: parts.hour * 3600 + parts.minute * 60 + parts.second, width: 0)
        case .fraction(let digits): return fraction(parts, digits)
        case .millisecond: return fraction(parts, 3)
        case .microsecond: return fraction(parts, 6)
        default: return nil
        }
    }

    private static func fraction(_ parts: DateTimeParts, _ digits: Int) -> Number {
        var value = parts.microsecond
        for _ in digits..<6 { value /= 10 }
        return Number(value: value, width: digits, isFillable: false)
    }

    private static func yearNumber(_ field: DateTimeField, _ parts: DateTimeParts) -> Number? {
        func year(_ value: Int, _ digits: Int) -> Number {
            let shown =
                switch digits {
                case 1: value % 10
                case 2: value % 100
                case 3: value % 1000
                default: value
                }
            let isNegative = parts.displayed(parts.year) < 0
            return Number(value: shown, width: isNegative && digits > 1 ? digits + 1 : digits)
        }
        switch field {
        case .year(let digits): return year(parts.displayed(parts.year), digits)
        case .isoYear(let digits): return year(parts.displayed(Int(parts.iso.year)), digits)
        case .century:
            let century =
                if parts.isInterval {
                    parts.year / 100
                } else if parts.year > 0 {
                    (parts.year - 1) / 100 + 1
                } else {
                    parts.year / 100 - 1
                }
            return Number(value: century, width: century < 0 ? 3 : 2)
        default: return nil
        }
    }

    private static func dateNumber(_ field: DateTimeField, _ parts: DateTimeParts) -> Number? {
        switch field {
        case .month: return Number(value: parts.month, width: parts.month < 0 ? 3 : 2)
        case .quarter:
            return parts.month == 0 ? nil : Number(value: (parts.month - 1) / 3 + 1, width: 0)
        case .dayOfYear: return Number(value: parts.dayOfYear, width: 3)
        case .isoDayOfYear: return Number(value: Int(parts.iso.dayOfYear), width: 3)
        case .dayOfMonth: return Number(value: parts.day, width: 2)
        case .dayOfWeek: return Number(value: parts.weekday + 1, width: 0)
        case .isoDayOfWeek: return Number(value: parts.weekday == 0 ? 7 : parts.weekday, width: 0)
        case .weekOfYear: return Number(value: week(ofDay: parts.dayOfYear), width: 2)
        case .isoWeek: return Number(value: Int(parts.iso.week), width: 2)
        case .weekOfMonth: return Number(value: week(ofDay: parts.day), width: 0)
        case .julianDay: return Number(value: Int(parts.julianDay), width: 0)
        default: return nil
        }
    }

    /// Weeks of seven days each; the days of an interval wrap around.
    private static func week(ofDay day: Int) -> Int {
        Int(Int32(truncatingIfNeeded: day - 1)) / 7 + 1
    }

    // MARK: - Words

    private static func appendWord(
        _ pattern: DateTimePattern, _ modifiers: DateTimeTemplate.Modifiers, _ parts: DateTimeParts,
        to output: inout [UInt8]
    ) {
        func word(_ text: String, width: Int = 0) {
            let isPadded = modifiers.isPadded && !modifiers.isTranslated
            let cased = pattern.cased(text)
            output.append(contentsOf: cased)
            for _ in 0..<max(0, isPadded ? width - cased.count : 0) { output.append(32) }
        }
        let isWide = modifiers.isPadded
        switch pattern.field {
        case .meridiem: word(CalendarNames.meridiems[parts.isAfternoon ? 1 : 0])
        case .era: word(CalendarNames.eras[parts.year <= 0 ? 1 : 0])
        case .monthName: word(CalendarNames.months[parts.month - 1], width: 9)
        case .monthAbbreviation: word(String(CalendarNames.months[parts.month - 1].prefix(3)))
        case .dayName: word(CalendarNames.days[parts.weekday], width: 9)
        case .dayAbbreviation: word(String(CalendarNames.days[parts.weekday].prefix(3)))
        case .romanMonth:
            if let name = parts.romanMonth {
                output.append(contentsOf: pattern.cased(name))
                for _ in 0..<(isWide ? 4 - name.utf8.count : 0) { output.append(32) }
            }
        case .groupedYear:
            let year = parts.displayed(parts.year)
            let start = output.count
            appendPadded(year / 1000, 0, to: &output)
            output.append(44)
            appendPadded(year % 1000, 3, to: &output)
            if let ordinal = modifiers.ordinal {
                output.append(contentsOf: ordinal.text(after: output[start...]))
            }
        case .zoneAbbreviation: word(parts.abbreviation ?? "")
        case .zoneHours: appendZoneHours(parts, 2, to: &output)
        case .zoneMinutes: appendPadded(abs(parts.offset) / 60 % 60, 2, to: &output)
        case .zoneOffset:
            appendZoneHours(parts, isWide ? 2 : 0, to: &output)
            if parts.offset % 3600 != 0 {
                output.append(58)
                appendPadded(abs(parts.offset) / 60 % 60, 2, to: &output)
            }
        default: break
        }
    }

    private static func appendZoneHours(
        _ parts: DateTimeParts, _ width: Int, to output: inout [UInt8]
    ) {
        output.append(parts.offset < 0 ? 45 : 43)
        appendPadded(abs(parts.offset) / 3600, width, to: &output)
    }
}

extension DateTimePattern {
    /// A word in the pattern's letters, with its periods; the name of a zone stays as it is.
    fileprivate func cased(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        switch letterCase {
        case .upper where field != .zoneAbbreviation: bytes = Array(text.uppercased().utf8)
        case .lower: bytes = Array(text.lowercased().utf8)
        default: break
        }
        return hasPeriods ? bytes.flatMap { [$0, 46] } : bytes
    }
}
