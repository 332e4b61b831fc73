import Types

/// e^x and the natural logarithm to any number of digits.
enum NumericSeries {
    /// e^x, right to `digits` behind the point but for the last one or two; |x| below 7,000.
    static func exponential(_ x: Numeric, digits: Int) -> FixedPoint {
        exponential(FixedPoint(x, digits: max(digits, Int(x.scale))), of: x.double, digits: digits)
    }

    /// The same of a number with all its digits; `estimate` is about it.
    static func exponential(_ x: FixedPoint, of estimate: Double, digits: Int) -> FixedPoint {
        // Halved until the series converges fast; squaring as often doubles the relative error.
        let size = abs(estimate)
        var halvings = 8
        while halvings < 24, size > Double(1 << (halvings - 8)) { halvings += 1 }
        let whole = Int(size * 0.4343) + 1
        let precision = digits + whole + halvings / 3 + 8
        var reduced = x.with(digits: precision)
        let isNegative = reduced.isNegative
        if isNegative { reduced = reduced.negated }
        for _ in 0..<halvings { reduced = reduced / 2 }
        let one = FixedPoint(1, digits: precision)
        var (sum, term, n) = (one, one, 1)
        while !term.isZero {
            term = term * reduced / n
            sum = sum + term
            n += 1
        }
        for _ in 0..<halvings { sum = sum * sum }
        return isNegative ? one / sum : sum
    }

    /// ln x of a positive number, right to `digits` behind the point but for the last one or two.
    static func logarithm(_ x: Numeric, digits: Int) -> FixedPoint {
        // x = m × 10^exponent with m near 1; what m loses of its digits is nothing to its logarithm.
        let exponent = x.decimalExponent
        let isNearOne = exponent >= -1 && exponent <= 1
        let shift = isNearOne ? 0 : exponent
        let precision = digits + 12
        let mantissa = FixedPoint(x, shift: -shift, digits: precision)
        let part = nearOne(mantissa)
        if shift == 0 { return part }
        let ten = nearOne(FixedPoint(10, digits: precision))
        return part + ten * shift
    }

    /// 2 × artanh((x - 1) / (x + 1)) after square roots have brought x close to 1.
    private static func nearOne(_ value: FixedPoint) -> FixedPoint {
        // Each root doubles the error of what it leaves.
        var x = value.with(digits: value.digits + 6)
        let one = FixedPoint(1, digits: x.digits)
        let (low, high) = (one - one / 64, one + one / 64)
        var roots = 0
        while x < low || high < x {
            x = x.squareRoot
            roots += 1
        }
        let ratio = (x - one) / (x + one)
        let square = ratio * ratio
        var (sum, power, n) = (ratio, ratio, 3)
        while !power.isZero {
            power = power * square
            sum = sum + power / n
            n += 2
        }
        return (sum * (1 << (roots + 1))).with(digits: value.digits)
    }
}
