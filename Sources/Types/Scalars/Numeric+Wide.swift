/// What `Numeric` does when 128 bits are not enough; all operands are finite.
extension Numeric {
    /// The magnitude when written with `target` digits after the point (target ≥ scale).
    private func magnitude(at target: Int) -> Natural {
        target == Int(scale) ? magnitude : magnitude * Natural.powerOfTen(target - Int(scale))
    }

    static func remainderWide(_ left: Numeric, _ right: Numeric, _ scale: Int) throws(SQLError)
        -> Numeric
    {
        let rest = left.magnitude(at: scale).divided(by: right.magnitude(at: scale)).remainder
        return try Numeric(isNegative: left.coefficient < 0, rest, scale: scale)
    }

    /// Without `drop` digits at the end, rounded; `digits` below zero are zeros before the point.
    func roundedWide(dropping drop: Int, _ digits: Int, _ truncating: Bool) throws(SQLError)
        -> Numeric
    {
        var kept =
            truncating
            ? magnitude.divided(by: Natural.powerOfTen(drop)).quotient
            : magnitude.roundedQuotient(by: Natural.powerOfTen(drop))
        if digits < 0 { kept = kept * Natural.powerOfTen(-digits) }
        return try Numeric(isNegative: coefficient < 0, kept, scale: max(digits, 0))
    }

    /// Without zeros behind the point at the end.
    var canonicalWide: Numeric {
        let zeros = magnitude.digits.reversed().prefix { $0 == 0 }.count
        let drop = min(zeros, Int(scale))
        if drop == 0 { return self }
        let kept = magnitude.divided(by: Natural.powerOfTen(drop)).quotient
        // Equal numbers have to be told to be equal, whether there is room in the table or not.
        return Numeric(isNegative: coefficient < 0, derived: kept, scale: Int(scale) - drop)
    }

    /// The greatest common divisor, at the larger scale; NaN of what is not finite.
    package static func greatestCommonDivisor(_ left: Numeric, _ right: Numeric) throws(SQLError)
        -> Numeric
    {
        guard left.isFinite, right.isFinite else { return .nan }
        let scale = max(Int(left.scale), Int(right.scale))
        var (a, b) = (left.magnitude(at: scale), right.magnitude(at: scale))
        while !b.isZero { (a, b) = (b, a.divided(by: b).remainder) }
        return try Numeric(isNegative: false, a, scale: scale)
    }

    /// The least common multiple, at the larger scale; NaN of what is not finite.
    package static func leastCommonMultiple(_ left: Numeric, _ right: Numeric) throws(SQLError)
        -> Numeric
    {
        guard left.isFinite, right.isFinite else { return .nan }
        let scale = max(Int(left.scale), Int(right.scale))
        if left.coefficient == 0 || right.coefficient == 0 {
            return Numeric(coefficient: 0, scale: scale)
        }
        let divisor = try greatestCommonDivisor(left, right).magnitude
        let product =
            left.magnitude(at: scale).divided(by: divisor).quotient * right.magnitude(at: scale)
        return try Numeric(isNegative: false, product, scale: scale)
    }

    static func compareWide(_ left: Numeric, _ right: Numeric) -> Int {
        if left.signum != right.signum { return left.signum < right.signum ? -1 : 1 }
        let scale = max(Int(left.scale), Int(right.scale))
        let order = Natural.compare(left.magnitude(at: scale), right.magnitude(at: scale))
        return left.signum < 0 ? -order : order
    }
}
