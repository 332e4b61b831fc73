/// A decimal number: coefficient × 10^-scale, or one of PostgreSQL's special values.
///
/// The scale is the display scale and part of the value's image: 1.0 and 1.00 are equal in SQL
/// but are different rows. A coefficient that does not fit 128 bits is one of `WideMagnitudes`: the
/// form says so, and `coefficient` is then its number plus one, with the sign.
@frozen @usableFromInline
package struct Numeric: BitwiseCopyable, Sendable, Hashable {
    /// Finite, one of the special values, or finite with a coefficient that is elsewhere.
    @frozen @usableFromInline
    package enum Form: UInt8, BitwiseCopyable, Sendable {
        case finite, negativeInfinity, infinity, nan, wide
    }

    /// Of a wide number only its sign means something.
    package private(set) var coefficient: Int128
    /// Digits after the point, 0 to 16383.
    package private(set) var scale: Int16
    package private(set) var form: Form

    package init(coefficient: Int128, scale: Int) {
        self.coefficient = coefficient
        self.scale = Int16(scale)
        form = .finite
    }

    package init(_ value: Int64) { self.init(coefficient: Int128(value), scale: 0) }

    private init(form: Form) {
        coefficient = 0
        scale = 0
        self.form = form
    }

    /// ±magnitude × 10^-scale. - Throws: 22003 beyond PostgreSQL's limits, 53200.
    package init(isNegative: Bool, _ magnitude: Natural, scale: Int) throws(SQLError) {
        if let narrow = magnitude.narrow, narrow <= Int128.max.magnitude, scale <= 16383 {
            self.init(coefficient: isNegative ? -Int128(narrow) : Int128(narrow), scale: scale)
            return
        }
        // 131,072 digits before the point; a bit is 0.30103 digits.
        guard scale <= 16383, Double(magnitude.bitCount) * 0.30103 - Double(scale) < 131_073 else {
            throw Numeric.overflow
        }
        let number = Int128(try WideMagnitudes.number(of: magnitude)) + 1
        self.init(coefficient: isNegative ? -number : number, scale: scale)
        form = .wide
    }

    /// What was stored; nil when it is beyond PostgreSQL's limits. It was within the table's limit once.
    package init?(stored magnitude: Natural, isNegative: Bool, scale: Int) {
        guard scale >= 0, scale <= Numeric.maximalScale else { return nil }
        self.init(isNegative: isNegative, derived: magnitude, scale: scale)
    }

    /// As above with a magnitude that is derived from one that is there: within the limits, and with
    /// room whatever the table's limit says.
    init(isNegative: Bool, derived magnitude: Natural, scale: Int) {
        if let narrow = magnitude.narrow, narrow <= Int128.max.magnitude {
            self.init(coefficient: isNegative ? -Int128(narrow) : Int128(narrow), scale: scale)
            return
        }
        let number = Int128(WideMagnitudes.numberAnyway(of: magnitude)) + 1
        self.init(coefficient: isNegative ? -number : number, scale: scale)
        form = .wide
    }

    /// One of the special values, as it is stored; nil for another form.
    package init?(special form: Form) {
        switch form {
        case .finite, .wide: return nil
        case .negativeInfinity, .infinity, .nan: self.init(form: form)
        }
    }

    package static let nan = Numeric(form: .nan)
    package static let infinity = Numeric(form: .infinity)
    package static let negativeInfinity = Numeric(form: .negativeInfinity)
    package static let zero = Numeric(coefficient: 0, scale: 0)

    package var isFinite: Bool { form == .finite || form == .wide }

    package var isWide: Bool { form == .wide }

    /// The coefficient without its sign, of a finite number.
    package var magnitude: Natural {
        isWide
            ? WideMagnitudes.magnitude(Int(coefficient.magnitude) - 1)
            : Natural(coefficient.magnitude)
    }

    @usableFromInline
    package static func == (left: Numeric, right: Numeric) -> Bool {
        left.coefficient == right.coefficient && left.scale == right.scale
            && left.form == right.form
    }

    /// What every operation throws whose result has too many digits.
    package static var overflowed: SQLError { overflow }

    static let overflow = SQLError(.numericValueOutOfRange, "value overflows numeric format")

    /// PostgreSQL's limit of digits behind the point.
    package static let maximalScale = 16383

    /// 10^exponent for 0...38.
    package static func powerOfTen(_ exponent: Int) -> Int128? {
        guard exponent >= 0, exponent <= 38 else { return nil }
        return powers[exponent]
    }

    private static let powers: [Int128] = {
        var list: [Int128] = [1]
        for index in 0..<38 { list.append(list[index] &* 10) }
        return list
    }()

    /// The number of decimal digits of the coefficient; 1 for zero.
    var digitCount: Int {
        isWide ? magnitude.digits.count : Numeric.digitCount(coefficient)
    }

    private static func digitCount(_ value: Int128) -> Int {
        let magnitude = value.magnitude
        var count = 1
        while count < 39, magnitude >= powers[min(count, 38)].magnitude {
            count += 1
            if count == 39 { break }
        }
        return count
    }

    // MARK: - Arithmetic

    /// The coefficient when written with `target` digits after the point (target ≥ scale); nil when it
    /// does not fit.
    private func widened(to target: Int) -> Int128? {
        guard form == .finite else { return nil }
        let shift = target - Int(scale)
        if shift == 0 || coefficient == 0 { return coefficient }
        guard let power = Numeric.powerOfTen(shift) else { return nil }
        let (product, overflow) = coefficient.multipliedReportingOverflow(by: power)
        return overflow ? nil : product
    }

    /// left + right, exact, at the larger scale.
    package static func add(_ left: Numeric, _ right: Numeric) throws(SQLError) -> Numeric {
        if !left.isFinite || !right.isFinite {
            if left.form == .nan || right.form == .nan { return .nan }
            if left.isFinite { return right }
            if right.isFinite { return left }
            return left.form == right.form ? left : .nan
        }
        let scale = max(Int(left.scale), Int(right.scale))
        if let a = left.widened(to: scale), let b = right.widened(to: scale) {
            let (sum, overflow) = a.addingReportingOverflow(b)
            if !overflow { return Numeric(coefficient: sum, scale: scale) }
        }
        return try (ExactDecimal(left) + ExactDecimal(right)).numeric()
    }

    package var negated: Numeric {
        switch form {
        case .finite, .wide:
            var copy = self
            copy.coefficient = 0 &- coefficient
            return copy
        case .infinity: return .negativeInfinity
        case .negativeInfinity: return .infinity
        case .nan: return .nan
        }
    }

    /// left - right, exact.
    package static func subtract(_ left: Numeric, _ right: Numeric) throws(SQLError) -> Numeric {
        try add(left, right.negated)
    }

    /// -1, 0, 1; infinities have their sign.
    package var signum: Int {
        switch form {
        case .finite, .wide: coefficient == 0 ? 0 : (coefficient < 0 ? -1 : 1)
        case .infinity: 1
        case .negativeInfinity: -1
        case .nan: 0
        }
    }

    private static func infinity(signedLike sign: Int) -> Numeric {
        sign == 0 ? .nan : (sign < 0 ? .negativeInfinity : .infinity)
    }

    /// left × right where 128 bits are enough; both finite.
    package static func narrowProduct(_ left: Numeric, _ right: Numeric) -> Numeric? {
        let scale = Int(left.scale) + Int(right.scale)
        guard left.form == .finite, right.form == .finite, scale <= maximalScale else { return nil }
        let (product, overflow) = left.coefficient.multipliedReportingOverflow(
            by: right.coefficient)
        return overflow ? nil : Numeric(coefficient: product, scale: scale)
    }

    /// left × right, exact; the scales add up.
    package static func multiply(_ left: Numeric, _ right: Numeric) throws(SQLError) -> Numeric {
        if !left.isFinite || !right.isFinite {
            if left.form == .nan || right.form == .nan { return .nan }
            return infinity(signedLike: left.signum * right.signum)
        }
        if let product = narrowProduct(left, right) { return product }
        return try (ExactDecimal(left) * ExactDecimal(right)).numeric()
    }

    /// The weight of the leading base-10000 digit, which PostgreSQL's choices of scale go by.
    package var base10000Weight: Int { leadingDigit.weight }

    /// Weight and value of the leading base-10000 digit, as PostgreSQL's numeric.c counts them.
    package var leadingDigit: (weight: Int, digit: Int128) {
        if coefficient == 0 { return (0, 0) }
        if isWide { return ExactDecimal(self).leadingDigit }
        let exponent = Numeric.digitCount(coefficient) - 1 - Int(scale)
        let weight = exponent >= 0 ? exponent / 4 : -((-exponent + 3) / 4)
        let shift = -Int(scale) - 4 * weight
        let magnitude = coefficient < 0 ? 0 &- coefficient : coefficient
        if shift >= 0 { return (weight, magnitude * (Numeric.powerOfTen(shift) ?? 1)) }
        return (weight, Numeric.powerOfTen(-shift).map { magnitude / $0 } ?? 0)
    }

    /// The power of ten of the first digit: 2 for 123.4. 0 for zero.
    package var decimalExponent: Int { coefficient == 0 ? 0 : digitCount - 1 - Int(scale) }

    /// The scale of a quotient: select_div_scale() of PostgreSQL's numeric.c.
    static func quotientScale(
        _ left: (leading: (weight: Int, digit: Int128), scale: Int),
        _ right: (leading: (weight: Int, digit: Int128), scale: Int)
    ) -> Int {
        let less = left.leading.digit <= right.leading.digit ? 1 : 0
        let quotientWeight = left.leading.weight - right.leading.weight - less
        return min(1000, max(16 - quotientWeight * 4, left.scale, right.scale, 0))
    }

    /// left / right at PostgreSQL's scale. - Throws: 22012, 22003.
    package static func divide(_ left: Numeric, _ right: Numeric) throws(SQLError) -> Numeric {
        if left.form == .nan || right.form == .nan { return .nan }
        if right.isFinite, right.coefficient == 0 {
            throw SQLError(.divisionByZero, "division by zero")
        }
        if !left.isFinite {
            return right.isFinite ? infinity(signedLike: left.signum * right.signum) : .nan
        }
        if !right.isFinite { return .zero }
        let scale = quotientScale(
            (left.leadingDigit, Int(left.scale)), (right.leadingDigit, Int(right.scale)))
        return try divide(left, right, scale: scale)
    }

    /// left / right with `scale` digits, rounded half away from zero; both finite, right not zero.
    package static func divide(_ left: Numeric, _ right: Numeric, scale: Int) throws(SQLError)
        -> Numeric
    {
        if left.form == .finite, right.form == .finite,
            let quotient = divideNarrow(left, right, scale)
        {
            return quotient
        }
        return try ExactDecimal(left).divided(by: ExactDecimal(right), scale: scale)
    }

    /// nil when it does not fit.
    private static func divideNarrow(_ left: Numeric, _ right: Numeric, _ scale: Int) -> Numeric? {
        let negative = (left.coefficient < 0) != (right.coefficient < 0)
        let divisor = right.coefficient.magnitude
        var (quotient, remainder) = left.coefficient.magnitude.quotientAndRemainder(
            dividingBy: divisor)
        // quotient + remainder/divisor is left/right × 10^(left.scale - right.scale)
        var digits = scale - Int(left.scale) + Int(right.scale)
        while digits > 0 {
            let (shifted, overflow) = quotient.multipliedReportingOverflow(by: 10)
            let (next, overflow2) = remainder.multipliedReportingOverflow(by: 10)
            if overflow || overflow2 { return nil }
            let (digit, rest) = next.quotientAndRemainder(dividingBy: divisor)
            let (sum, overflow3) = shifted.addingReportingOverflow(digit)
            if overflow3 { return nil }
            quotient = sum
            remainder = rest
            digits -= 1
        }
        guard quotient < Int128.max.magnitude else { return nil }
        var result = Int128(quotient)
        if digits < 0 {
            guard digits >= -38 else { return Numeric(coefficient: 0, scale: scale) }
            result = roundedQuotient(result, dividedBy: -digits, sticky: remainder != 0)
        } else if remainder >= divisor - remainder {
            result += 1
        }
        return Numeric(coefficient: negative ? -result : result, scale: scale)
    }

    /// value / 10^digits, half away from zero; value ≥ 0. `sticky`: there is more below.
    private static func roundedQuotient(_ value: Int128, dividedBy digits: Int, sticky: Bool)
        -> Int128
    {
        guard let power = powerOfTen(digits) else { return 0 }
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: power)
        return rest >= power - rest ? quotient + 1 : quotient
    }

    /// The remainder of truncating division. - Throws: 22012.
    package static func remainder(_ left: Numeric, _ right: Numeric) throws(SQLError) -> Numeric {
        if left.form == .nan || right.form == .nan { return .nan }
        if right.isFinite, right.coefficient == 0 {
            throw SQLError(.divisionByZero, "division by zero")
        }
        if !left.isFinite { return .nan }
        if !right.isFinite { return left }
        let scale = max(Int(left.scale), Int(right.scale))
        if let a = left.widened(to: scale), let b = right.widened(to: scale) {
            return Numeric(coefficient: b == -1 ? 0 : a % b, scale: scale)
        }
        return try remainderWide(left, right, scale)
    }

    // MARK: - Scale

    /// Rounded (half away from zero) or padded to `scale` digits after the point; a negative
    /// `digits` rounds before the point, with scale 0.
    package func rounded(to digits: Int, truncating: Bool = false) throws(SQLError) -> Numeric {
        guard isFinite else { return self }
        let target = max(digits, 0)
        if digits >= Int(scale) {
            if let widened = widened(to: target) {
                return Numeric(coefficient: widened, scale: target)
            }
            return try Numeric(
                isNegative: coefficient < 0,
                magnitude * Natural.powerOfTen(target - Int(scale)), scale: target)
        }
        if digits < 0, -digits > decimalExponent + 1 { return Numeric(coefficient: 0, scale: 0) }
        let drop = Int(scale) - digits
        guard form == .finite, digits > -38 else {
            return try roundedWide(dropping: drop, digits, truncating)
        }
        let magnitude = coefficient < 0 ? 0 &- coefficient : coefficient
        guard let power = Numeric.powerOfTen(drop) else {
            return Numeric(coefficient: 0, scale: target)
        }
        var (quotient, rest) = magnitude.quotientAndRemainder(dividingBy: power)
        if !truncating, rest >= power - rest { quotient += 1 }
        if digits < 0 {
            let back = Numeric.powerOfTen(-digits) ?? 1
            let (product, overflow) = quotient.multipliedReportingOverflow(by: back)
            if overflow { return try roundedWide(dropping: drop, digits, truncating) }
            quotient = product
        }
        return Numeric(coefficient: coefficient < 0 ? -quotient : quotient, scale: target)
    }

    /// The value as numeric(precision, scale) stores it. - Throws: 22003 when it does not fit.
    package func applying(modifier: Int32) throws(SQLError) -> Numeric {
        guard modifier >= 4, form != .nan else { return self }
        let precision = Int((modifier - 4) >> 16)
        let scale = DataType.scale(ofModifier: modifier)
        let failure = SQLError(
            .numericValueOutOfRange, "numeric field overflow",
            detail: "A field with precision \(precision), scale \(scale) must round to an absolute "
                + "value less than \(precision - scale > 0 ? "10^\(precision - scale)" : "1").")
        guard isFinite else {
            throw SQLError(
                .numericValueOutOfRange, "numeric field overflow",
                detail: "A field with precision \(precision), scale \(scale) cannot hold an "
                    + "infinite value.")
        }
        let result = try rounded(to: scale)
        let digits = precision + max(0, -scale)
        if result.coefficient != 0, result.digitCount > digits {
            throw failure
        }
        return result
    }

    /// The same number with the fewest digits: equal numbers have equal canonical forms.
    package var canonical: Numeric {
        guard isFinite else { return self }
        if coefficient == 0 { return .zero }
        if scale == 0 { return self }
        if isWide { return canonicalWide }
        var copy = self
        if let small = Int64(exactly: coefficient) {
            var value = small
            while copy.scale > 0 {
                let (quotient, rest) = value.quotientAndRemainder(dividingBy: 10)
                if rest != 0 { break }
                value = quotient
                copy.scale -= 1
            }
            copy.coefficient = Int128(value)
            return copy
        }
        while copy.scale > 0 {
            let (quotient, rest) = copy.coefficient.quotientAndRemainder(dividingBy: 10)
            if rest != 0 { break }
            copy.coefficient = quotient
            copy.scale -= 1
        }
        return copy
    }

    // MARK: - Comparison

    /// -1, 0 or 1 in PostgreSQL's order: -Infinity < finite < Infinity < NaN.
    package static func compare(_ left: Numeric, _ right: Numeric) -> Int {
        if left.form != .finite || right.form != .finite {
            if left.isFinite, right.isFinite { return compareWide(left, right) }
            let ranks = (rank(left.form), rank(right.form))
            return ranks.0 < ranks.1 ? -1 : (ranks.0 > ranks.1 ? 1 : 0)
        }
        if left.scale == right.scale { return order(left.coefficient, right.coefficient) }
        if left.signum != right.signum { return left.signum < right.signum ? -1 : 1 }
        let (a, b) = (left.canonical, right.canonical)
        if a.scale == b.scale { return order(a.coefficient, b.coefficient) }
        // Widen the one with fewer digits; overflow means that it is the larger magnitude.
        if a.scale < b.scale {
            guard let wide = a.widened(to: Int(b.scale)) else { return a.signum }
            return order(wide, b.coefficient)
        }
        guard let wide = b.widened(to: Int(a.scale)) else { return -b.signum }
        return order(a.coefficient, wide)
    }

    private static func rank(_ form: Form) -> Int {
        switch form {
        case .negativeInfinity: -1
        case .finite, .wide: 0
        case .infinity: 1
        case .nan: 2
        }
    }

    private static func order(_ left: Int128, _ right: Int128) -> Int {
        left < right ? -1 : (left > right ? 1 : 0)
    }
}
