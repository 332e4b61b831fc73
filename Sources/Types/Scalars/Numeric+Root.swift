extension Numeric {
    /// The square root with so many digits behind the point, rounded; the value is finite and not
    /// negative. - Throws: 22003.
    package func squareRoot(scale: Int) throws(SQLError) -> Numeric {
        guard coefficient != 0 else { return Numeric(coefficient: 0, scale: scale) }
        // One digit more than is shown, and all there are of the value: what the floor leaves out is
        // below half of the last digit or above, never in doubt.
        let digits = max(scale + 1, (Int(self.scale) + 1) / 2)
        let radicand = magnitude * Natural.powerOfTen(2 * digits - Int(self.scale))
        let root = try Numeric(isNegative: false, radicand.squareRoot, scale: digits)
        return try root.rounded(to: scale)
    }
}
