extension Numeric {
    /// The square root with so many digits behind the point, rounded; the value is finite and not
    /// negative. - Throws: 22003 when the digits do not fit.
    package func squareRoot(scale: Int) throws(SQLError) -> Numeric {
        guard coefficient != 0 else { return Numeric(coefficient: 0, scale: scale) }
        let shift = 2 * scale - Int(self.scale)
        var product = coefficient.magnitude
        if shift >= 0 {
            guard let power = Numeric.powerOfTen(shift) else { throw Numeric.overflowed }
            let (shifted, overflow) = product.multipliedReportingOverflow(by: power.magnitude)
            if overflow { throw Numeric.overflowed }
            product = shifted
        } else if let power = Numeric.powerOfTen(-shift) {
            product /= power.magnitude
        }
        // Newton's iteration from a first guess in floating point.
        var root = UInt128(Double(product).squareRoot())
        for _ in 0..<8 {
            let next = (root + product / max(root, 1)) / 2
            if next == root { break }
            root = next
        }
        while root > 0, root > product / root { root -= 1 }
        if product - root * root > root { root += 1 }
        return Numeric(coefficient: Int128(root), scale: scale)
    }
}
