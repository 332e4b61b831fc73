import Types

/// sqrt, exp, ln, log, power, gcd and lcm of numerics, with the scales that PostgreSQL's numeric.c chooses: at
/// least 16 significant digits, at least the arguments' scales, at most 1000.
enum NumericPowers {
    static let all: [ScalarFunction] =
        ["power", "pow", "^"].map { binary($0, power) } + [
            unary("sqrt", squareRoot), unary("exp", exponential),
            unary("ln") { (x) throws(SQLError) in try logarithm(x) },
            unary("log") { (x) throws(SQLError) in try logarithm(ofBase: ten, x) },
            unary("log10") { (x) throws(SQLError) in try logarithm(ofBase: ten, x) },
            binary("gcd", Numeric.greatestCommonDivisor),
            binary("lcm", Numeric.leastCommonMultiple),
            binary("log") { (base, x) throws(SQLError) in try logarithm(ofBase: base, x) },
        ]

    private static let ten = Numeric(10 as Int64)
    private static let one = Numeric(1 as Int64)
    private static let significantDigits = 16
    private static let maximalScale = 1000

    private static func unary(
        _ name: String, _ f: @escaping @Sendable (Numeric) throws(SQLError) -> Numeric
    ) -> ScalarFunction {
        ScalarFunction(name, [.numeric], .numeric, canFail: true) { e, c in
            let cells = c[0].numerics.cells
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in try f(cells[row]) }
        }
    }

    private static func binary(
        _ name: String, _ f: @escaping @Sendable (Numeric, Numeric) throws(SQLError) -> Numeric
    ) -> ScalarFunction {
        ScalarFunction(name, [.numeric, .numeric], .numeric, canFail: true) { e, c in
            let (a, b) = (c[0].numerics.cells, c[1].numerics.cells)
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in try f(a[row], b[row]) }
        }
    }

    /// The scale of a result of about 10^weight.
    private static func scale(_ weight: Int, _ arguments: Numeric...) -> Int {
        let least = arguments.reduce(max(significantDigits - weight, 0)) { max($0, Int($1.scale)) }
        return min(least, maximalScale)
    }

    // MARK: - Roots and e^x

    private static func squareRoot(_ x: Numeric) throws(SQLError) -> Numeric {
        if x.signum < 0 {
            throw SQLError(
                .invalidArgumentForPower, "cannot take square root of a negative number")
        }
        guard x.isFinite else { return x }
        return try x.squareRoot(scale: scale((x.base10000Weight + 1) * 2 - 1, x))
    }

    private static func exponential(_ x: Numeric) throws(SQLError) -> Numeric {
        guard x.isFinite else { return x.form == .negativeInfinity ? .zero : x }
        let weight = Int(max(-2000, min(2000, x.double * 0.434294481903252)))
        return try exponential(x, scale: scale(weight, x))
    }

    /// e^x rounded to a scale.
    private static func exponential(_ x: Numeric, scale: Int) throws(SQLError) -> Numeric {
        // numeric.c's bounds: 3 × 2000.
        let size = x.double
        if abs(size) >= 6000 {
            if size > 0 { throw Numeric.overflowed }
            return try Numeric.zero.rounded(to: scale)
        }
        return try NumericSeries.exponential(x, digits: scale + 4).numeric(scale: scale)
    }

    // MARK: - Logarithms

    /// numeric.c's guess of the decimal weight of ln x; x is positive.
    private static func logarithmWeight(_ x: Numeric) throws(SQLError) -> Int {
        let rest = try Numeric.subtract(x, one)
        if Numeric.compare(x, Numeric(coefficient: 9, scale: 1)) >= 0,
            Numeric.compare(x, Numeric(coefficient: 11, scale: 1)) <= 0
        {
            let (weight, digit) = rest.leadingDigit
            return digit == 0 ? 0 : weight * 4 + Int(Libm.log10(Double(digit)))
        }
        let log = x.naturalLogarithm
        return log == 0 ? 0 : Int(Libm.log10(abs(log)))
    }

    private static func check(_ x: Numeric) throws(SQLError) {
        if x.form == .negativeInfinity || x.signum < 0 {
            throw SQLError(
                .invalidArgumentForLogarithm, "cannot take logarithm of a negative number")
        }
        if x.signum == 0, x.form != .nan {
            throw SQLError(.invalidArgumentForLogarithm, "cannot take logarithm of zero")
        }
    }

    private static func logarithm(_ x: Numeric) throws(SQLError) -> Numeric {
        if x.form == .nan { return x }
        try check(x)
        guard x.isFinite else { return x }
        let scale = scale(try logarithmWeight(x), x)
        return try NumericSeries.logarithm(x, digits: scale + 4).numeric(scale: scale)
    }

    private static func logarithm(ofBase base: Numeric, _ x: Numeric) throws(SQLError) -> Numeric {
        if base.form == .nan || x.form == .nan { return .nan }
        try check(base)
        try check(x)
        if !base.isFinite { return x.isFinite ? .zero : .nan }
        if !x.isFinite { return x }
        let weight = try logarithmWeight(x) - logarithmWeight(base)
        let scale = scale(weight, base, x)
        let baseWeight = try logarithmWeight(base)
        // Enough for the quotient even when the divisor is close to zero.
        let digits = scale + max(weight, 0) + 2 * abs(baseWeight) + 8
        let divisor = NumericSeries.logarithm(base, digits: digits)
        if divisor.isZero { throw ArithmeticFunctions.divisionByZero }
        return try (NumericSeries.logarithm(x, digits: digits) / divisor).numeric(scale: scale)
    }

    // MARK: - Powers

    private static func power(_ base: Numeric, _ exponent: Numeric) throws(SQLError) -> Numeric {
        if base.form == .nan { return exponent.isFinite && exponent.signum == 0 ? one : .nan }
        if exponent.form == .nan {
            return base.isFinite && Numeric.compare(base, one) == 0 ? one : .nan
        }
        if base.signum == 0, exponent.signum < 0 {
            throw SQLError(.invalidArgumentForPower, "zero raised to a negative power is undefined")
        }
        let isInteger = !exponent.isFinite || exponent.canonical.scale == 0
        if base.signum < 0, !isInteger {
            throw SQLError(
                .invalidArgumentForPower,
                "a negative number raised to a non-integer power yields a complex result")
        }
        if !base.isFinite || !exponent.isFinite { return try specialPower(base, exponent) }
        if isInteger, let count = exponent.roundedInt64, let small = Int32(exactly: count) {
            return try integerPower(base, Int(small))
        }
        if base.signum == 0 { return try Numeric.zero.rounded(to: significantDigits) }
        return try realPower(base, exponent)
    }

    /// Where one of them is infinite.
    private static func specialPower(_ base: Numeric, _ exponent: Numeric) throws(SQLError)
        -> Numeric
    {
        if base.isFinite, Numeric.compare(base, one) == 0 { return one }
        if exponent.signum == 0 { return one }
        if base.signum == 0 { return .zero }
        if !exponent.isFinite {
            if base.isFinite, Numeric.compare(base, one.negated) == 0 { return one }
            let size = base.signum < 0 ? base.negated : base
            let isLarge = Numeric.compare(size, one) > 0
            return isLarge == (exponent.signum > 0) ? .infinity : .zero
        }
        if exponent.signum < 0 { return .zero }
        let isOdd = try Numeric.remainder(exponent, Numeric(2 as Int64)).signum != 0
        return base.signum < 0 && isOdd ? .negativeInfinity : .infinity
    }

    private static func integerPower(_ base: Numeric, _ exponent: Int) throws(SQLError) -> Numeric {
        let scale = scale(0, base)
        switch exponent {
        case 0: return try one.rounded(to: scale)
        case 1: return try base.rounded(to: scale)
        case -1: return try Numeric.divide(one, base, scale: scale)
        default: break
        }
        if base.signum == 0 { return try Numeric.zero.rounded(to: scale) }
        let weight = Double(exponent) * base.naturalLogarithm * 0.4342944819032518
        if weight > 393_204 { throw Numeric.overflowed }
        if weight + 1 < Double(-scale) || weight + 1 < -2000 {
            return try Numeric.zero.rounded(to: scale)
        }
        let guarded = 1 + scale + Int(weight) + Int(Libm.log10(Double(abs(exponent)))) + 12
        var result = ScaledNatural(one)
        var square = ScaledNatural(base)
        var rest = exponent.magnitude
        while rest > 0 {
            if rest & 1 == 1 { result = result.times(square, digits: guarded) }
            rest >>= 1
            if rest > 0 { square = square.times(square, digits: guarded) }
        }
        let isNegative = base.signum < 0 && exponent & 1 == 1
        let power = exponent < 0 ? result.inverse(digits: guarded) : result
        return try power.numeric(isNegative: isNegative, scale: scale)
    }

    /// exponent × ln base, about. A double says it unless the base is close to 1 or the exponent beyond
    /// doubles: the logarithm is then near 0 and takes as many digits as there are zeros in front of it.
    private static func logarithmOfPower(_ base: Numeric, _ exponent: Numeric) throws(SQLError)
        -> Double
    {
        let weight = try logarithmWeight(base)
        if weight > -8, exponent.double.isFinite { return exponent.double * base.naturalLogarithm }
        let logarithm = NumericSeries.logarithm(base, digits: 16 - weight)
        let product = logarithm * FixedPoint(exponent, digits: logarithm.digits)
        let bound = FixedPoint(10_000, digits: logarithm.digits)
        if bound < product { return .infinity }
        if product < bound.negated { return -.infinity }
        return try product.numeric(scale: 16).double
    }

    /// e^(exponent × ln base), of a base that may be negative when the exponent is a huge integer.
    private static func realPower(_ base: Numeric, _ exponent: Numeric) throws(SQLError) -> Numeric
    {
        let size = base.signum < 0 ? base.negated : base
        let isOdd = try Numeric.remainder(exponent, Numeric(2 as Int64)).signum != 0
        let isNegative = base.signum < 0 && isOdd
        let estimate = try logarithmOfPower(size, exponent)
        if abs(estimate) > 6020 {
            if estimate > 0 { throw Numeric.overflowed }
            return try Numeric.zero.rounded(to: maximalScale)
        }
        let weight = Int(estimate * 0.434294481903252)
        let scale = scale(weight, base, exponent)
        // The error of the logarithm is multiplied by the exponent, and is relative in the result.
        let digits = scale + max(weight, 0) + max(exponent.decimalExponent, 0) + 12
        let logarithm = NumericSeries.logarithm(size, digits: digits)
        let product = logarithm * FixedPoint(exponent, digits: logarithm.digits)
        let result = NumericSeries.exponential(product, of: estimate, digits: scale + 4)
        return try (isNegative ? result.negated : result).numeric(scale: scale)
    }
}
