/// A number of any size × 10^-scale: what is on its way to a `Numeric`. Nothing of it is kept in the table
/// of wide numerics.
package struct ExactDecimal: Sendable {
    package let value: SignedNatural
    /// Digits behind the point; not below 0.
    package let scale: Int

    package init(_ value: SignedNatural, scale: Int) {
        self.value = value
        self.scale = scale
    }

    /// Of a finite number.
    package init(_ number: Numeric) {
        value = SignedNatural(isNegative: number.signum < 0, number.magnitude)
        scale = Int(number.scale)
    }

    package init(_ value: Int64) { self.init(SignedNatural(Int128(value)), scale: 0) }

    package var negated: ExactDecimal { ExactDecimal(value.negated, scale: scale) }

    /// The value when written with `target` digits after the point (target ≥ scale).
    private func value(at target: Int) -> SignedNatural {
        target == scale
            ? value
            : SignedNatural(
                isNegative: value.isNegative,
                value.magnitude * Natural.powerOfTen(target - scale))
    }

    package static func + (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal {
        let scale = max(left.scale, right.scale)
        return ExactDecimal(left.value(at: scale) + right.value(at: scale), scale: scale)
    }

    package static func * (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal {
        ExactDecimal(left.value * right.value, scale: left.scale + right.scale)
    }

    /// With so many digits behind the point, rounded half away from zero.
    package func rounded(to target: Int) -> ExactDecimal {
        if target >= scale { return ExactDecimal(value(at: target), scale: target) }
        let kept = value.magnitude.roundedQuotient(by: Natural.powerOfTen(scale - target))
        return ExactDecimal(SignedNatural(isNegative: value.isNegative, kept), scale: target)
    }

    /// The number; digits behind PostgreSQL's largest scale are rounded away. - Throws: 22003, 53200.
    package func numeric() throws(SQLError) -> Numeric {
        let kept = scale > Numeric.maximalScale ? rounded(to: Numeric.maximalScale) : self
        return try Numeric(
            isNegative: kept.value.isNegative, kept.value.magnitude, scale: kept.scale)
    }

    /// The quotient at PostgreSQL's scale; the divisor is not zero. - Throws: 22003, 53200.
    package func divided(by divisor: ExactDecimal) throws(SQLError) -> Numeric {
        let scale = Numeric.quotientScale(
            (leadingDigit, self.scale), (divisor.leadingDigit, divisor.scale))
        return try divided(by: divisor, scale: scale)
    }

    /// The quotient with so many digits, rounded; the divisor is not zero. - Throws: 22003, 53200.
    func divided(by divisor: ExactDecimal, scale target: Int) throws(SQLError) -> Numeric {
        let shift = target - scale + divisor.scale
        let power = Natural.powerOfTen(abs(shift))
        let (above, below) = (value.magnitude, divisor.value.magnitude)
        let quotient =
            shift >= 0
            ? (above * power).roundedQuotient(by: below)
            : above.roundedQuotient(by: below * power)
        return try Numeric(
            isNegative: value.isNegative != divisor.value.isNegative, quotient, scale: target)
    }

    /// Weight and value of the leading base-10000 digit, as PostgreSQL's numeric.c counts them.
    var leadingDigit: (weight: Int, digit: Int128) {
        let digits = value.magnitude.digits
        if digits.isEmpty { return (0, 0) }
        let exponent = digits.count - 1 - scale
        let weight = exponent >= 0 ? exponent / 4 : -((-exponent + 3) / 4)
        let width = exponent - 4 * weight + 1
        let head = digits.prefix(width).reduce(0) { $0 * 10 + Int128($1) }
        // A number shorter than its leading digit ends in zeros.
        return (
            weight, (digits.count..<max(width, digits.count)).reduce(head) { sum, _ in sum * 10 }
        )
    }
}
