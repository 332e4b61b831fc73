import Types

/// Puts the digits of a number into the places of a template, from left to right.
struct NumberLayout {
    private let template: NumberTemplate
    private let features: NumberTemplate.Features
    /// The number without its sign; more places than digits give it blanks or zeros in front.
    private let number: [UInt8]
    /// + or -; 0 of Roman numerals, which have none.
    private let sign: UInt8
    private let missingDigits: Int
    /// Where S puts the sign.
    private let anchoredSign: NumberTemplate.AnchoredSign?
    /// With FM the last digit that counts; of none, the point.
    private let lastRelevant: Int?
    /// The place behind which the number has ended.
    private let lastPlace: Int

    private var isSignWritten = false
    /// The next digit or point of the number.
    private var next = 0
    /// Digits and points of the template that are done.
    private var place = 0
    /// Whether the last place showed a digit.
    private var isWithinNumber = false
    private var output: [UInt8] = []

    // MARK: - What is laid out

    /// A number by a template; what does not fit becomes `#`.
    /// - Parameter fractionDigits: fewer than the template's when the number has no more.
    static func text(
        _ number: [UInt8], isNegative: Bool, _ template: NumberTemplate, fractionDigits: Int? = nil
    ) throws(SQLError) -> [UInt8] {
        let fraction = fractionDigits ?? template.fractionDigits
        let places = template.wholeDigits + template.multiplierDigits
        let whole = number.firstIndex(of: 46) ?? number.count
        var shown = number
        if whole > places {
            shown =
                Array(repeating: 35, count: places) + [46]
                + Array(repeating: 35, count: fraction)
        }
        var layout = NumberLayout(
            shown, sign: isNegative ? 45 : 43, template, missing: max(0, places - whole),
            places: places + fraction)
        return try layout.run()
    }

    /// A number from 1 to 3999 in Roman numerals; of all others, `#`.
    static func roman(_ number: Int, _ template: NumberTemplate) throws(SQLError) -> [UInt8] {
        let digits: [(Int, String)] = [
            (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
            (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
        ]
        var text: [UInt8] = []
        if (1...3999).contains(number) {
            var rest = number
            for (value, letters) in digits {
                while rest >= value {
                    text.append(contentsOf: letters.utf8)
                    rest -= value
                }
            }
        } else {
            text = Array(repeating: 35, count: 15)
        }
        var layout = NumberLayout(text, sign: 0, template, missing: 0, places: 0)
        return try layout.run()
    }

    /// What EEEE makes of NaN and Infinity.
    static func blot(_ template: NumberTemplate) -> [UInt8] {
        let (whole, fraction) = (template.wholeDigits, template.fractionDigits)
        var text: [UInt8] = Array(repeating: 35, count: whole + fraction + 6)
        text[0] = 32
        text[whole + 1] = 46
        return text
    }

    // MARK: - Preparing

    private init(
        _ number: [UInt8], sign: UInt8, _ template: NumberTemplate, missing: Int, places: Int
    ) {
        self.template = template
        self.number = number
        self.sign = sign
        missingDigits = missing
        var features = template.features
        if features.contains(.roman) { features.formIntersection([.roman, .fill]) }
        let isFilled = features.contains(.fill)
        var anchoredSign = features.contains(.roman) ? nil : template.anchoredSign
        if !features.isDisjoint(with: .looseSign) {
            isSignWritten = features.contains(.minus)
        } else {
            if sign != 45, isFilled { features.remove(.bracket) }
            isSignWritten = sign == 43 && isFilled && !features.contains(.anchoredSign)
            if anchoredSign == .before, template.wholeDigits == template.digitsBeforeSign,
                template.multiplierDigits == 0
            {
                anchoredSign = .after
            }
        }
        self.anchoredSign = anchoredSign
        let hasPoint = features.contains(.point)
        lastRelevant =
            isFilled && hasPoint
            ? NumberLayout.lastRelevant(number, lastZero: template.lastZero, missing) : nil
        lastPlace =
            places - 1 + (!isSignWritten && missing == 0 ? 1 : 0) + (missing > 0 ? 1 : 0)
            + (hasPoint ? 1 : 0)
        self.features = features
    }

    /// The last digit behind the point that is no zero, or that a 0 of the template asks for.
    private static func lastRelevant(_ number: [UInt8], lastZero: Int, _ missing: Int) -> Int? {
        guard let point = number.firstIndex(of: 46) else { return nil }
        let last = number.lastIndex { $0 != 48 } ?? point
        let relevant = max(last, point)
        guard lastZero > missing else { return relevant }
        return max(relevant, min(number.count - 1, lastZero - missing))
    }

    // MARK: - Running

    private mutating func run() throws(SQLError) -> [UInt8] {
        for element in template.elements {
            switch element {
            case .nine, .zero, .point: putDigit(isZero: element == .zero)
            case .comma, .group: putUnlessFilled(isWithinNumber, 44)
            case .currency: output.append(32)
            case .minus: putUnlessFilled(sign == 45, 45)
            case .plus: putUnlessFilled(sign == 43, 43)
            case .sign: output.append(sign)
            case .roman(let isLower): putRoman(isLower)
            case .ordinal(let suffix): try putOrdinal(suffix)
            case .mode: break
            case .character(let bytes): output.append(contentsOf: bytes)
            }
        }
        // PostgreSQL's text ends where the number has no digits left for the places.
        return Array(output.prefix { $0 != 0 })
    }

    /// A character or a blank in its place, which FM leaves off.
    private mutating func putUnlessFilled(_ isShown: Bool, _ byte: UInt8) {
        if isShown {
            output.append(byte)
        } else if !features.contains(.fill) {
            output.append(32)
        }
    }

    private mutating func putRoman(_ isLower: Bool) {
        if !features.contains(.fill) {
            output.append(contentsOf: repeatElement(32, count: 15 - number.count))
        }
        let isLetter = number.first != 35
        output.append(contentsOf: number.map { isLower && isLetter ? $0 | 32 : $0 })
    }

    private mutating func putOrdinal(_ suffix: OrdinalSuffix) throws(SQLError) {
        if features.contains(.roman) || features.contains(.point) || sign == 45
            || number.first == 35
        {
            return
        }
        guard let last = number.last, TemplateCharacters.isDigit(last) else {
            throw SQLError(
                .invalidTextRepresentation,
                "\"\(String(decoding: number, as: UTF8.self))\" is not a number")
        }
        output.append(contentsOf: suffix.text(after: number))
    }

    // MARK: - Digits

    private var isLastRelevantPoint: Bool { lastRelevant.map { number[$0] == 46 } ?? false }

    /// Whether the zero before the point is left off: ` .1` rather than `0.1`.
    private var isLeadingZero: Bool {
        next == 0 && number.first == 48 && !features.contains(.zero) && number.contains(46)
    }

    private mutating func putDigit(isZero: Bool) {
        if features.contains(.roman) { return }
        isWithinNumber = false
        let isFirstZero = features.contains(.zero) && template.firstZero == place
        if !isSignWritten, place >= missingDigits || isFirstZero,
            !isLeadingZero || isLastRelevantPoint
        {
            putSign()
        }
        let isFilled = features.contains(.fill)
        if place < missingDigits {
            if features.contains(.zero), template.firstZero <= place {
                output.append(48)
                isWithinNumber = true
            } else if !isFilled {
                output.append(32)
            }
        } else {
            putNext(isZero: isZero, isFilled: isFilled)
        }
        let end = lastRelevant == next ? place : lastPlace
        if place + 1 == end { putClosingSign() }
        place += 1
    }

    private mutating func putNext(isZero: Bool, isFilled: Bool) {
        let byte = next < number.count ? number[next] : 0
        let isBeyond = lastRelevant.map { next > $0 } ?? false
        if byte == 46 {
            if !isLastRelevantPoint || isFilled { output.append(46) }
        } else if isBeyond, !isZero {
            // FM: zeros at the end.
        } else if isLeadingZero {
            if !isFilled {
                output.append(32)
            } else if isLastRelevantPoint {
                output.append(48)
            }
        } else {
            output.append(byte)
            isWithinNumber = true
        }
        if next < number.count { next += 1 }
    }

    private mutating func putSign() {
        if features.contains(.anchoredSign) {
            guard anchoredSign == .before else { return }
            output.append(sign)
        } else if features.contains(.bracket) {
            output.append(sign == 43 ? 32 : 60)
        } else if sign == 45 {
            output.append(45)
        } else if !features.contains(.fill) {
            output.append(32)
        }
        isSignWritten = true
    }

    private mutating func putClosingSign() {
        if isSignWritten, features.contains(.bracket) {
            output.append(sign == 43 ? 32 : 62)
        } else if features.contains(.anchoredSign), anchoredSign == .after {
            output.append(sign)
        }
    }
}
