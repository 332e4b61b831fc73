/// A whole number of any size.
package struct SignedNatural: Hashable, Sendable {
    /// Never of zero.
    package let isNegative: Bool
    package let magnitude: Natural

    package init(isNegative: Bool, _ magnitude: Natural) {
        self.isNegative = isNegative && !magnitude.isZero
        self.magnitude = magnitude
    }

    package init(_ value: Int128) {
        self.init(isNegative: value < 0, Natural(value.magnitude))
    }

    package static let zero = SignedNatural(isNegative: false, .zero)

    package var isZero: Bool { magnitude.isZero }

    package var negated: SignedNatural { SignedNatural(isNegative: !isNegative, magnitude) }

    package static func + (left: SignedNatural, right: SignedNatural) -> SignedNatural {
        let (a, b) = (left.magnitude, right.magnitude)
        if left.isNegative == right.isNegative {
            return SignedNatural(isNegative: left.isNegative, a + b)
        }
        return a < b
            ? SignedNatural(isNegative: right.isNegative, b - a)
            : SignedNatural(isNegative: left.isNegative, a - b)
    }

    package static func * (left: SignedNatural, right: SignedNatural) -> SignedNatural {
        SignedNatural(
            isNegative: left.isNegative != right.isNegative, left.magnitude * right.magnitude)
    }
}
