package import Types

/// Numbers out of texts, by a template: to_number(text, text).
package enum NumberReading {
    /// The number that a text is; nil, which is NULL, for an empty template.
    /// - Throws: 22P02 when there is no number, 22003 when it has too many digits, 0A000.
    package static func number(_ text: [UInt8], _ template: NumberTemplate) throws(SQLError)
        -> Numeric?
    {
        if template.isEmpty { return nil }
        for (feature, name) in [(NumberTemplate.Features.scientific, "EEEE"), (.roman, "RN")]
        where template.features.contains(feature) {
            throw SQLError(.featureNotSupported, "\"\(name)\" not supported for input")
        }
        var scanner = NumberScanner(text, template)
        scanner.run()
        guard let number = try Numeric.parse(scanner.number) else {
            throw SQLError(
                .invalidTextRepresentation,
                "invalid input syntax for type numeric: "
                    + "\"\(String(decoding: scanner.number, as: UTF8.self))\"")
        }
        let precision = template.wholeDigits + template.multiplierDigits + scanner.fractionDigits
        // No number has more digits than that.
        let modifier = Int32(min(precision, 1000)) << 16 | Int32(min(scanner.fractionDigits, 1000))
        let checked = try number.applying(modifier: modifier + 4)
        guard template.features.contains(.multiplier) else { return checked }
        return try divided(checked, template.multiplierDigits)
    }

    /// Over a power of ten; PostgreSQL's has 16 digits behind the point.
    private static func divided(_ value: Numeric, _ digits: Int) throws(SQLError) -> Numeric {
        let power = digits > 16 ? 0 : Numeric.powerOfTen(16 - digits) ?? 0
        return try Numeric.multiply(value, Numeric(coefficient: power, scale: 16))
    }
}

/// Walks over a text beside a number template and collects the digits.
private struct NumberScanner {
    private let text: [UInt8]
    private let template: NumberTemplate
    private let features: NumberTemplate.Features
    private var index = 0
    /// A blank as long as no sign was read.
    private var sign: UInt8 = 32
    private var digits: [UInt8] = []
    private var wholeDigits = 0
    private(set) var fractionDigits = 0
    private var hasPoint = false

    init(_ text: [UInt8], _ template: NumberTemplate) {
        self.text = text
        self.template = template
        features = template.features
    }

    /// What was read, as a literal.
    var number: [UInt8] { [sign] + (digits.last == 46 ? digits.dropLast() : digits[...]) }

    private var isAtEnd: Bool { index >= text.count }

    private func isAt(_ byte: UInt8) -> Bool { index < text.count && text[index] == byte }

    mutating func run() {
        for element in template.elements {
            if isAtEnd { return }
            switch element {
            case .nine, .zero, .point:
                readDigit(isPoint: element == .point)
                index += 1
            case .comma, .group:
                if !features.contains(.fill), isAt(44) { index += 1 }
            case .currency: skipForeign(1)
            case .ordinal: if !features.contains(.point) { skipForeign(2) }
            case .minus: readLooseSign([45])
            case .plus: readLooseSign([43])
            case .sign: readLooseSign([45, 43])
            case .mode, .roman: break
            case .character:
                index += TemplateCharacters.length(ofCharacterAt: text[index])
            }
        }
    }

    /// Steps over characters that belong to no number.
    private mutating func skipForeign(_ count: Int) {
        for _ in 0..<count {
            guard !isAtEnd, !TemplateCharacters.isDigit(text[index]),
                ![46, 44, 43, 45].contains(text[index])
            else { return }
            index += TemplateCharacters.length(ofCharacterAt: text[index])
        }
    }

    private mutating func readLooseSign(_ signs: [UInt8]) {
        if signs.contains(text[index]) {
            sign = text[index]
            index += 1
        } else {
            skipForeign(1)
        }
    }

    // MARK: - Digits

    private mutating func readDigit(isPoint: Bool) {
        if isAt(32) { index += 1 }
        if isAtEnd { return }
        if sign == 32, !isPoint, wholeDigits + fractionDigits == 0 { readLeadingSign() }
        if isAtEnd { return }
        var isRead = false
        if TemplateCharacters.isDigit(text[index]) {
            if hasPoint, fractionDigits == template.fractionDigits { return }
            digits.append(text[index])
            if hasPoint { fractionDigits += 1 } else { wholeDigits += 1 }
            isRead = true
        } else if features.contains(.point), !hasPoint, isAt(46) {
            digits.append(46)
            hasPoint = true
            isRead = true
        }
        if sign == 32, wholeDigits + fractionDigits > 0 { readTrailingSign(isRead) }
    }

    private mutating func readLeadingSign() {
        if features.contains(.anchoredSign), template.anchoredSign == .before {
            if isAt(45) || isAt(43) {
                sign = text[index]
                index += 1
            }
        } else if isAt(45) || (features.contains(.bracket) && isAt(60)) {
            sign = 45
            index += 1
        } else if isAt(43) {
            sign = 43
            index += 1
        }
    }

    /// A sign behind the digit that was just read, or in the place of one that is not there.
    private mutating func readTrailingSign(_ isRead: Bool) {
        if features.contains(.anchoredSign) {
            guard isRead, index + 1 < text.count else { return }
            let following = text[index + 1]
            guard following == 45 || following == 43 else { return }
            sign = following
            index += 1
        } else if !isRead, !features.isDisjoint(with: .looseSign), isAt(45) || isAt(43) {
            sign = text[index]
        }
    }
}
