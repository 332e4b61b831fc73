import Types

/// The second argument of to_char, to_date and to_timestamp, taken apart. Any text is a template.
package struct DateTimeTemplate: Sendable {
    /// FM, TM, TH and th around a pattern; SP is accepted and means nothing.
    struct Modifiers: Sendable {
        /// Without FM, which drops blanks and zeros; on input it takes as many digits as there are.
        var isPadded = true
        /// TM: names of the locale, which are never padded.
        var isTranslated = false
        var ordinal: OrdinalSuffix?
    }

    /// A piece of a template; of text, one character.
    enum Element: Sendable {
        case field(DateTimePattern, Modifiers)
        /// White space or a separator: matches its like in input, if there is any.
        case gap([UInt8])
        case character([UInt8])
    }

    let elements: [Element]
    /// The empty template, of which to_char makes NULL.
    let isEmpty: Bool
    /// Whether to_char(timestamp) gives one text for all times of a day.
    package let isSameAllDay: Bool
    /// Whether to_char(interval) refuses it.
    let needsDate: Bool

    /// Parses a template.
    package init(_ format: [UInt8]) {
        var elements: [Element] = []
        var index = 0
        while index < format.count {
            var modifiers = Modifiers()
            DateTimeTemplate.takePrefix(format, &index, &modifiers)
            if let pattern = DateTimePattern.first(in: format[index...]) {
                index += pattern.name.count
                DateTimeTemplate.takeSuffix(format, &index, &modifiers)
                elements.append(.field(pattern, modifiers))
            } else if index < format.count {
                TemplateCharacters.takeLiteral(format, &index) { bytes, isQuoted in
                    let isGap =
                        TemplateCharacters.isSeparator(bytes[0]) || TextScan.isSpace(bytes[0])
                    elements.append(isGap && !isQuoted ? .gap(bytes) : .character(bytes))
                }
            }
        }
        self.elements = elements
        isEmpty = format.isEmpty
        let fields = elements.compactMap { element -> DateTimeField? in
            if case .field(let pattern, _) = element { pattern.field } else { nil }
        }
        isSameAllDay = fields.allSatisfy(\.isDate)
        needsDate = fields.contains(where: \.needsDate)
    }

    private static func take(_ word: String, _ format: [UInt8], _ index: inout Int) -> Bool {
        guard format[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }

    private static func takePrefix(
        _ format: [UInt8], _ index: inout Int, _ modifiers: inout Modifiers
    ) {
        if take("FM", format, &index) || take("fm", format, &index) {
            modifiers.isPadded = false
        } else if take("TM", format, &index) || take("tm", format, &index) {
            modifiers.isTranslated = true
        }
    }

    private static func takeSuffix(
        _ format: [UInt8], _ index: inout Int, _ modifiers: inout Modifiers
    ) {
        if take("TH", format, &index) {
            modifiers.ordinal = .upper
        } else if take("th", format, &index) {
            modifiers.ordinal = .lower
        } else {
            _ = take("SP", format, &index)
        }
    }

    /// Whether a number before the element at `index` may be read up to its last digit.
    func endsNumber(at index: Int) -> Bool {
        guard index < elements.count else { return true }
        switch elements[index] {
        case .field(let pattern, _): return !pattern.field.isNumeric
        case .gap: return true
        case .character(let bytes): return !TemplateCharacters.isDigit(bytes[0])
        }
    }
}
