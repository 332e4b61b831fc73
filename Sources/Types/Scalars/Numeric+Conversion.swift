import Glibc

extension Numeric {
    /// The nearest integer, half away from zero; nil when it does not fit or is special.
    package var roundedInt64: Int64? {
        guard isFinite, let whole = try? rounded(to: 0), !whole.isWide else { return nil }
        return Int64(exactly: whole.coefficient)
    }

    package var double: Double {
        switch form {
        case .nan: return .nan
        case .infinity: return .infinity
        case .negativeInfinity: return -.infinity
        case .finite, .wide:
            if scale == 0, !isWide { return Double(coefficient) }
            // Through decimal text, so that the result is the nearest double.
            return Double(text) ?? .nan
        }
    }

    /// The natural logarithm of the magnitude, however large it is; of zero -infinity.
    package var naturalLogarithm: Double {
        if coefficient == 0 { return -.infinity }
        let digits = magnitude.digits
        let head = digits.prefix(17).reduce(0.0) { $0 * 10 + Double($1) }
        return log(head)
            + Double(digits.count - min(digits.count, 17) - Int(scale)) * 2.302585092994046
    }

    /// PostgreSQL's float8 → numeric: 15 significant digits.
    package init(_ value: Double) throws(SQLError) {
        if value.isNaN {
            self = .nan
            return
        }
        if value.isInfinite {
            self = value < 0 ? .negativeInfinity : .infinity
            return
        }
        let digits = FloatText.significantDigits(value, limit: 15)
        // value = 0.d1d2d3… × 10^(exponent + 1)
        try self.init(
            isNegative: value < 0, digits: digits.digits,
            scale: digits.digits.count - 1 - digits.exponent)
    }

    /// ± the digits (0 to 9 each) × 10^-scale; a scale below zero becomes zeros before the point.
    package init(isNegative: Bool, digits: [UInt8], scale: Int) throws(SQLError) {
        guard digits.count - scale <= 131_072 || digits.allSatisfy({ $0 == 0 }),
            scale <= Numeric.maximalScale
        else { throw Numeric.overflow }
        if digits.count - min(scale, 0) <= 38 {
            var coefficient: Int128 = 0
            for digit in digits { coefficient = coefficient * 10 + Int128(digit) }
            for _ in 0..<max(-scale, 0) { coefficient *= 10 }
            self.init(coefficient: isNegative ? -coefficient : coefficient, scale: max(scale, 0))
            return
        }
        var magnitude = Natural(digits: digits)
        if scale < 0, !magnitude.isZero { magnitude = magnitude * Natural.powerOfTen(-scale) }
        try self.init(isNegative: isNegative, magnitude, scale: max(scale, 0))
    }

    /// Text as PostgreSQL prints it, with all digits of the scale.
    package var text: String {
        var bytes: [UInt8] = []
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends `text`.
    package func appendText(to output: inout [UInt8]) {
        switch form {
        case .nan: output.append(contentsOf: "NaN".utf8)
        case .infinity: output.append(contentsOf: "Infinity".utf8)
        case .negativeInfinity: output.append(contentsOf: "-Infinity".utf8)
        case .wide:
            let digits = magnitude.digits
            if coefficient < 0 { output.append(45) }
            let whole = max(digits.count - Int(scale), 0)
            if whole == 0 { output.append(48) }
            for digit in digits.prefix(whole) { output.append(48 + digit) }
            if scale == 0 { return }
            output.append(46)
            for _ in 0..<max(Int(scale) - digits.count, 0) { output.append(48) }
            for digit in digits.dropFirst(whole) { output.append(48 + digit) }
        case .finite:
            var digits: [UInt8] = []
            var rest = coefficient.magnitude
            while rest > UInt128(UInt64.max) {
                var (quotient, low) = rest.quotientAndRemainder(
                    dividingBy: 1_000_000_000_000_000_000)
                for _ in 0..<18 {
                    digits.append(UInt8(48 + low % 10))
                    low /= 10
                }
                swap(&quotient, &rest)
            }
            var small = UInt64(rest)
            repeat {
                digits.append(UInt8(48 + small % 10))
                small /= 10
            } while small > 0
            while digits.count <= Int(scale) { digits.append(48) }
            if coefficient < 0 { output.append(45) }
            var index = digits.count - 1
            while index >= 0 {
                output.append(digits[index])
                if index == Int(scale), scale > 0 { output.append(46) }
                index -= 1
            }
        }
    }

    /// Reads a decimal literal: sign, digits, point, exponent, NaN, Infinity; blanks around it.
    /// - Returns: nil when the text is no number.
    /// - Throws: 22003 beyond PostgreSQL's limits.
    package static func parse(_ text: some Collection<UInt8>) throws(SQLError) -> Numeric? {
        let trimmed = TextScan.trimmed(text)
        var index = 0
        var negative = false
        if index < trimmed.count, trimmed[index] == 43 || trimmed[index] == 45 {
            negative = trimmed[index] == 45
            index += 1
        }
        let word = String(decoding: trimmed[index...], as: UTF8.self).lowercased()
        if word == "nan" { return index == 0 ? .nan : nil }
        if word == "infinity" || word == "inf" { return negative ? .negativeInfinity : .infinity }
        var digits: [UInt8] = []
        var scale = 0
        var sawDigit = false
        var afterPoint = false
        while index < trimmed.count {
            let byte = trimmed[index]
            if byte >= 48, byte <= 57 {
                sawDigit = true
                // Zeros in front say nothing.
                if !digits.isEmpty || byte != 48 { digits.append(byte - 48) }
                if afterPoint { scale += 1 }
            } else if byte == 46, !afterPoint {
                afterPoint = true
            } else {
                break
            }
            index += 1
        }
        guard sawDigit else { return nil }
        if index < trimmed.count {
            guard let exponent = parseExponent(trimmed, from: index) else { return nil }
            scale -= exponent
        }
        return try Numeric(isNegative: negative, digits: digits, scale: scale)
    }

    private static func parseExponent(_ text: [UInt8], from start: Int) -> Int? {
        guard text[start] == 101 || text[start] == 69 else { return nil }
        return Int(String(decoding: text[(start + 1)...], as: UTF8.self)).map {
            // Beyond any limit is beyond it.
            max(-1_000_000, min(1_000_000, $0))
        }
    }
}

/// Small helpers for reading the text forms of scalars.
package enum TextScan {
    /// Without blanks at either end, as PostgreSQL's input functions ignore them.
    package static func trimmed(_ text: some Collection<UInt8>) -> [UInt8] {
        var bytes = Array(text)
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }) else { return [] }
        return first == 0 ? bytes : Array(bytes[first...])
    }

    /// Space, tab, line breaks.
    package static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
}
