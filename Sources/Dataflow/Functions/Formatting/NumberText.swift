package import Types

/// Numbers as texts, by a template: to_char(integer | bigint | numeric | real | double precision,
/// text). An empty template gives an empty text.
package enum NumberText {
    /// to_char(integer, text). - Throws: 22003, 22P02.
    package static func text(_ value: Int32, _ template: NumberTemplate) throws(SQLError)
        -> [UInt8]
    {
        try integer(Int64(value), template, limits: Int64(Int32.min)...Int64(Int32.max), "integer")
    }

    /// to_char(bigint, text). - Throws: 22003, 22P02.
    package static func text(_ value: Int64, _ template: NumberTemplate) throws(SQLError)
        -> [UInt8]
    {
        try integer(value, template, limits: Int64.min...Int64.max, "bigint")
    }

    private static func integer(
        _ value: Int64, _ template: NumberTemplate, limits: ClosedRange<Int64>, _ type: String
    ) throws(SQLError) -> [UInt8] {
        if template.isEmpty { return [] }
        if template.features.contains(.roman) {
            guard let number = Int32(exactly: value) else { throw outOfRange("integer") }
            return try NumberLayout.roman(Int(number), template)
        }
        let numeric = Numeric(value)
        if template.features.contains(.scientific) {
            // An integer goes through a double, a bigint through a numeric.
            return scientific(
                DecimalExpansion(numeric), isNegative: value < 0, template,
                type == "integer" ? .halfToEven : .halfAwayFromZero)
        }
        guard template.multiplierDigits <= 18,
            let power = Numeric.powerOfTen(template.multiplierDigits).map({ Int64($0) }),
            limits.contains(power),
            case let (product, overflow) = value.multipliedReportingOverflow(by: power), !overflow,
            limits.contains(product)
        else { throw outOfRange(type) }
        return try NumberLayout.text(
            DecimalExpansion(Numeric(product)).rounded(
                to: template.fractionDigits, .halfAwayFromZero
            ).text, isNegative: product < 0, template)
    }

    /// to_char(numeric, text). - Throws: 22003, 22P02, 0A000.
    package static func text(_ value: Numeric, _ template: NumberTemplate) throws(SQLError)
        -> [UInt8]
    {
        if template.isEmpty { return [] }
        let isNegative = value.signum < 0
        if template.features.contains(.roman) {
            return try NumberLayout.roman(Int(integer(value)), template)
        }
        guard value.isFinite else {
            if template.features.contains(.scientific) { return NumberLayout.blot(template) }
            let name = value.form == .nan ? "NaN" : "Infinity"
            return try NumberLayout.text(Array(name.utf8), isNegative: isNegative, template)
        }
        var expansion = DecimalExpansion(value)
        if template.features.contains(.scientific) {
            return scientific(expansion, isNegative: isNegative, template, .halfAwayFromZero)
        }
        expansion.shift(by: template.multiplierDigits)
        let rounded = expansion.rounded(to: template.fractionDigits, .halfAwayFromZero)
        return try NumberLayout.text(
            rounded.text, isNegative: isNegative && !rounded.digits.allSatisfy { $0 == 0 },
            template)
    }

    private static func integer(_ value: Numeric) throws(SQLError) -> Int32 {
        guard value.isFinite else {
            throw SQLError(
                .featureNotSupported,
                "cannot convert \(value.form == .nan ? "NaN" : "infinity") to integer")
        }
        guard let number = value.roundedInt64.flatMap({ Int32(exactly: $0) }) else {
            throw outOfRange("integer")
        }
        return number
    }

    /// to_char(double precision, text). - Throws: 22P02.
    package static func text(_ value: Double, _ template: NumberTemplate) throws(SQLError)
        -> [UInt8]
    {
        let scale = template.multiplierDigits
        let factor = scale == 0 ? 1 : Double("1e\(scale)") ?? .infinity
        return try float(value, multiplied: value * factor, precision: 15, template)
    }

    /// to_char(real, text). - Throws: 22P02.
    package static func text(_ value: Float, _ template: NumberTemplate) throws(SQLError)
        -> [UInt8]
    {
        let scale = template.multiplierDigits
        let factor = scale == 0 ? 1 : Float(Double("1e\(scale)") ?? .infinity)
        return try float(Double(value), multiplied: Double(value * factor), precision: 6, template)
    }

    /// `precision`: the digits that are certain; what the template asks for beyond them is left off.
    private static func float(
        _ value: Double, multiplied: Double, precision: Int, _ template: NumberTemplate
    ) throws(SQLError) -> [UInt8] {
        if template.isEmpty { return [] }
        if template.features.contains(.roman) {
            let number = Int32(exactly: value.rounded(.toNearestOrEven)) ?? 0
            return try NumberLayout.roman(Int(number), template)
        }
        if template.features.contains(.scientific) {
            guard value.isFinite else { return NumberLayout.blot(template) }
            return scientific(
                DecimalExpansion(value), isNegative: value.sign == .minus, template, .halfToEven)
        }
        let isNegative = multiplied.sign == .minus && !multiplied.isNaN
        guard multiplied.isFinite else {
            let name = multiplied.isNaN ? "NaN" : "Infinity"
            let digits = max(0, min(template.fractionDigits, precision - name.utf8.count))
            return try NumberLayout.text(
                Array(name.utf8), isNegative: isNegative, template, fractionDigits: digits)
        }
        let expansion = DecimalExpansion(multiplied)
        let wholeDigits = expansion.rounded(to: 0, .halfToEven).text.count
        let digits = max(0, min(template.fractionDigits, precision - wholeDigits))
        return try NumberLayout.text(
            expansion.rounded(to: digits, .halfToEven).text, isNegative: isNegative, template,
            fractionDigits: digits)
    }

    // MARK: - Common

    private static func outOfRange(_ type: String) -> SQLError {
        SQLError(.numericValueOutOfRange, "\(type) out of range")
    }

    /// EEEE: the number alone, whatever else the template has.
    private static func scientific(
        _ expansion: DecimalExpansion, isNegative: Bool, _ template: NumberTemplate,
        _ rounding: DecimalExpansion.Rounding
    ) -> [UInt8] {
        [isNegative ? 45 : 32] + expansion.scientificText(template.fractionDigits, rounding)
    }
}
