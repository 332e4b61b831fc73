extension Numeric {
    /// The square root with so many digits behind the point, rounded; the value is finite and not
    /// negative. Digit by digit, as on paper: only the root has to fit, not its square.
    /// - Throws: 22003 when the root has too many digits.
    package func squareRoot(scale: Int) throws(SQLError) -> Numeric {
        guard coefficient != 0 else { return Numeric(coefficient: 0, scale: scale) }
        var digits: [UInt8] = []
        var rest = coefficient.magnitude
        while rest > 0 {
            digits.append(UInt8(rest % 10))
            rest /= 10
        }
        digits.reverse()
        // The point stands behind an even number of digits on its left.
        let whole = digits.count - Int(self.scale)
        if whole < 0 { digits.insert(contentsOf: [UInt8](repeating: 0, count: -whole), at: 0) }
        let left = max(whole, 0)
        if left % 2 == 1 { digits.insert(0, at: 0) }
        let pairs = (left + 1) / 2 + scale
        var (root, remainder): (UInt128, UInt128) = (0, 0)
        let limit = UInt128(1) << 121
        for pair in 0..<pairs {
            let high = pair * 2 < digits.count ? digits[pair * 2] : 0
            let low = pair * 2 + 1 < digits.count ? digits[pair * 2 + 1] : 0
            guard root < limit else { throw Numeric.overflowed }
            remainder = remainder * 100 + UInt128(high) * 10 + UInt128(low)
            var digit: UInt128 = 9
            while digit > 0, (root * 20 + digit) * digit > remainder { digit -= 1 }
            remainder -= (root * 20 + digit) * digit
            root = root * 10 + digit
        }
        if remainder > root { root += 1 }
        return Numeric(coefficient: Int128(root), scale: scale)
    }
}
