/// A signed number with a fixed count of decimal digits behind the point: what series are computed in.
///
/// Nothing of it is kept in the table of wide numerics; results are rounded into a `Numeric` at the end.
package struct FixedPoint: Sendable {
    private let value: SignedNatural
    /// Digits behind the point.
    package let digits: Int

    private init(_ isNegative: Bool, _ magnitude: Natural, _ digits: Int) {
        self.init(SignedNatural(isNegative: isNegative, magnitude), digits)
    }

    private init(_ value: SignedNatural, _ digits: Int) {
        self.value = value
        self.digits = digits
    }

    package var isNegative: Bool { value.isNegative }

    private var magnitude: Natural { value.magnitude }

    package init(_ value: Int, digits: Int) {
        self.init(
            value < 0, Natural(UInt128(value.magnitude)) * Natural.powerOfTen(digits), digits)
    }

    /// A finite numeric × 10^shift; digits beyond are cut off.
    package init(_ value: Numeric, shift: Int = 0, digits: Int) {
        let places = digits - Int(value.scale) + shift
        let magnitude =
            places >= 0
            ? value.magnitude * Natural.powerOfTen(places)
            : value.magnitude.divided(by: Natural.powerOfTen(-places)).quotient
        self.init(value.signum < 0, magnitude, digits)
    }

    /// The same with more or fewer digits.
    package func with(digits other: Int) -> FixedPoint {
        other >= digits
            ? FixedPoint(isNegative, magnitude * Natural.powerOfTen(other - digits), other)
            : FixedPoint(
                isNegative, magnitude.divided(by: Natural.powerOfTen(digits - other)).quotient,
                other)
    }

    /// Rounded half away from zero. - Throws: 22003, 53200.
    package func numeric(scale: Int) throws(SQLError) -> Numeric {
        try ExactDecimal(value, scale: digits).rounded(to: scale).numeric()
    }

    package var isZero: Bool { magnitude.isZero }

    package var negated: FixedPoint { FixedPoint(value.negated, digits) }

    package static func + (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        FixedPoint(left.value + right.value, left.digits)
    }

    package static func - (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        left + right.negated
    }

    package static func * (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        let product = left.magnitude * right.magnitude
        return FixedPoint(
            left.isNegative != right.isNegative,
            product.divided(by: Natural.powerOfTen(left.digits)).quotient, left.digits)
    }

    package static func * (left: FixedPoint, right: Int) -> FixedPoint {
        FixedPoint(
            left.isNegative != (right < 0), left.magnitude * Natural(UInt128(right.magnitude)),
            left.digits)
    }

    /// The divisor is not zero.
    package static func / (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        let shifted = left.magnitude * Natural.powerOfTen(left.digits)
        return FixedPoint(
            left.isNegative != right.isNegative, shifted.divided(by: right.magnitude).quotient,
            left.digits)
    }

    package static func / (left: FixedPoint, right: Int) -> FixedPoint {
        FixedPoint(
            left.isNegative != (right < 0),
            left.magnitude.divided(by: Natural(UInt128(right.magnitude))).quotient, left.digits)
    }

    /// Of a number that is not negative.
    package var squareRoot: FixedPoint {
        FixedPoint(false, (magnitude * Natural.powerOfTen(digits)).squareRoot, digits)
    }

    package static func < (left: FixedPoint, right: FixedPoint) -> Bool {
        (left - right).isNegative
    }
}
