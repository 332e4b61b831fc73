package import Types

/// The second argument of to_char and to_number of numbers, taken apart.
package struct NumberTemplate: Sendable {
    /// A piece of a template; of text, one character.
    enum Element: Sendable, Equatable {
        case nine, zero, point, comma, group, currency, minus, plus, sign
        case roman(isLower: Bool), ordinal(OrdinalSuffix)
        /// What changes how the number looks but has no place of its own.
        case mode
        case character([UInt8])
    }

    /// What patterns a template has.
    struct Features: OptionSet, Sendable {
        let rawValue: Int
        static let point = Features(rawValue: 1 << 0)
        static let zero = Features(rawValue: 1 << 1)
        /// FM: no blanks and no zeros at the end.
        static let fill = Features(rawValue: 1 << 2)
        /// S: the sign stands at the number.
        static let anchoredSign = Features(rawValue: 1 << 3)
        static let bracket = Features(rawValue: 1 << 4)
        static let minus = Features(rawValue: 1 << 5)
        static let plus = Features(rawValue: 1 << 6)
        static let roman = Features(rawValue: 1 << 7)
        static let multiplier = Features(rawValue: 1 << 8)
        static let scientific = Features(rawValue: 1 << 9)
        static let blank = Features(rawValue: 1 << 10)

        /// Patterns that write the sign in a place of their own.
        static let looseSign: Features = [.minus, .plus]
    }

    /// Where S puts the sign.
    enum AnchoredSign: Sendable { case before, after }

    private(set) var elements: [Element] = []
    private(set) var features: Features = []
    /// Digits before the point.
    private(set) var wholeDigits = 0
    private(set) var fractionDigits = 0
    /// Digits behind V, by which the number is multiplied.
    private(set) var multiplierDigits = 0
    /// The place of the first 0, among digits and points.
    private(set) var firstZero = 0
    /// The number of digits up to the last 0.
    private(set) var lastZero = 0
    private(set) var anchoredSign: AnchoredSign?
    /// Digits before S.
    private(set) var digitsBeforeSign = 0
    /// The empty template, of which to_char makes an empty text and to_number NULL.
    let isEmpty: Bool

    /// Parses a template. - Throws: 42601 when its patterns contradict each other.
    package init(_ format: [UInt8]) throws(SQLError) {
        isEmpty = format.isEmpty
        var index = 0
        while index < format.count {
            if let pattern = NumberPattern.first(in: format[index...]) {
                index += pattern.name.count
                try take(pattern.kind)
            } else {
                TemplateCharacters.takeLiteral(format, &index) { bytes, _ in
                    elements.append(.character(bytes))
                }
            }
        }
    }

    private static func contradiction(_ message: String, detail: String? = nil) -> SQLError {
        SQLError(.syntaxError, message, detail: detail)
    }

    private mutating func take(_ kind: NumberPattern.Kind) throws(SQLError) {
        if features.contains(.scientific), kind != .scientific {
            throw NumberTemplate.contradiction("\"EEEE\" must be the last pattern used")
        }
        elements.append(kind.element)
        switch kind {
        case .nine, .zero: try takeDigit(isZero: kind == .zero)
        case .point: try takePoint()
        case .anchoredSign: try takeAnchoredSign()
        case .minus: try takeLooseSign("MI", .minus)
        case .plus: try takeLooseSign("PL", .plus)
        case .sign: try takeLooseSign("SG", .looseSign)
        case .bracket:
            if features.contains(.anchoredSign) || !features.isDisjoint(with: .looseSign) {
                throw NumberTemplate.contradiction(
                    "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
            }
            features.insert(.bracket)
        case .multiplier:
            if features.contains(.point) { throw NumberTemplate.pointWithMultiplier }
            features.insert(.multiplier)
        case .scientific: try takeScientific()
        case .fill: features.insert(.fill)
        case .roman: features.insert(.roman)
        case .blank:
            if wholeDigits == 0, fractionDigits == 0, !features.contains(.zero) {
                features.insert(.blank)
            }
        case .comma, .group, .currency, .ordinal, .unused: break
        }
    }

    private static let pointWithMultiplier = contradiction(
        "cannot use \"V\" and decimal point together")

    private mutating func takeDigit(isZero: Bool) throws(SQLError) {
        if features.contains(.bracket) {
            throw NumberTemplate.contradiction(
                "\"\(isZero ? "0" : "9")\" must be ahead of \"PR\"")
        }
        let isFraction = features.contains(.point)
        if isZero {
            if !features.contains(.zero), !isFraction {
                features.insert(.zero)
                firstZero = wholeDigits
            }
        } else if features.contains(.multiplier) {
            multiplierDigits += 1
            return
        }
        if isFraction { fractionDigits += 1 } else { wholeDigits += 1 }
        if isZero { lastZero = wholeDigits + fractionDigits }
    }

    private mutating func takePoint() throws(SQLError) {
        if features.contains(.point) {
            throw NumberTemplate.contradiction("multiple decimal points")
        }
        if features.contains(.multiplier) { throw NumberTemplate.pointWithMultiplier }
        features.insert(.point)
    }

    private mutating func takeAnchoredSign() throws(SQLError) {
        if features.contains(.anchoredSign) {
            throw NumberTemplate.contradiction("cannot use \"S\" twice")
        }
        if features.contains(.bracket) || !features.isDisjoint(with: .looseSign) {
            throw NumberTemplate.contradiction(
                "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
        }
        features.insert(.anchoredSign)
        anchoredSign = features.contains(.point) ? .after : .before
        digitsBeforeSign = wholeDigits
    }

    private mutating func takeLooseSign(_ name: String, _ feature: Features) throws(SQLError) {
        if features.contains(.anchoredSign) {
            throw NumberTemplate.contradiction("cannot use \"S\" and \"\(name)\" together")
        }
        features.insert(feature)
    }

    private mutating func takeScientific() throws(SQLError) {
        if features.contains(.scientific) {
            throw NumberTemplate.contradiction("cannot use \"EEEE\" twice")
        }
        let others: Features = [
            .blank, .fill, .anchoredSign, .bracket, .minus, .plus, .roman, .multiplier,
        ]
        if !features.isDisjoint(with: others) {
            throw NumberTemplate.contradiction(
                "\"EEEE\" is incompatible with other formats",
                detail: "\"EEEE\" may only be used together with digit and decimal point "
                    + "patterns.")
        }
        features.insert(.scientific)
    }
}
