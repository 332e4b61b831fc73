/// A magnitude × 10^-scale that keeps so many digits and no more: what powers are multiplied up in.
package struct ScaledNatural: Sendable {
    private var magnitude: Natural
    /// May be below zero.
    private var scale: Int

    /// Without the sign.
    package init(_ value: Numeric) {
        magnitude = value.magnitude
        scale = Int(value.scale)
    }

    private init(_ magnitude: Natural, _ scale: Int, digits: Int) {
        self.magnitude = magnitude
        self.scale = scale
        // A bit is 0.30103 digits.
        let excess = Int(Double(magnitude.bitCount) * 0.30103) - max(digits, 1)
        if excess > 0 {
            self.magnitude = magnitude.roundedQuotient(by: Natural.powerOfTen(excess))
            self.scale = scale - excess
        }
    }

    package func times(_ other: ScaledNatural, digits: Int) -> ScaledNatural {
        ScaledNatural(magnitude * other.magnitude, scale + other.scale, digits: digits)
    }

    /// 1 / this, which is not zero.
    package func inverse(digits: Int) -> ScaledNatural {
        // As many digits as asked for, whatever the length of the divisor.
        let length = Int(Double(magnitude.bitCount) * 0.30103) + 1 + max(digits, 1)
        let quotient = Natural.powerOfTen(length).divided(by: magnitude).quotient
        return ScaledNatural(quotient, length - scale, digits: digits)
    }

    /// Rounded half away from zero. - Throws: 22003, 53200.
    package func numeric(isNegative: Bool, scale target: Int) throws(SQLError) -> Numeric {
        if target >= scale {
            guard target - scale < 150_000 else { throw Numeric.overflow }
            return try Numeric(
                isNegative: isNegative, magnitude * Natural.powerOfTen(target - scale),
                scale: target)
        }
        return try Numeric(
            isNegative: isNegative,
            magnitude.roundedQuotient(by: Natural.powerOfTen(scale - target)), scale: target)
    }
}
