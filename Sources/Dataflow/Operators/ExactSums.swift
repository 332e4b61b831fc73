import Types

/// A sum of numerics that retraction leaves exact, display scale included: PostgreSQL shows the
/// largest scale among the rows that are there. The rows of each scale are counted and summed by
/// themselves, so that no sum has to be aligned before it is read.
enum NumericSum {
    static let scales = 40
    /// count, NaN, +Infinity, -Infinity, then for each scale its rows and their sum (2).
    static let width = 4 + scales * 3

    /// Which sum of which group; `wide` has what the words do not hold.
    struct Target {
        let words: Cells<Int64>
        let at: Int
        let wide: WideSums
        let group: UInt32
        var part = 0
    }

    static func add(_ value: Numeric, _ weight: Int64, _ target: Target) {
        let (words, at) = (target.words, target.at)
        words[at] &+= weight
        switch value.form {
        case .nan: return words[at + 1] &+= weight
        case .infinity: return words[at + 2] &+= weight
        case .negativeInfinity: return words[at + 3] &+= weight
        case .finite, .wide: break
        }
        let scale = Int(value.scale)
        let isCounted = scale < scales
        let place = at + 4 + scale * 3
        if isCounted { words[place] &+= weight }
        if isCounted, !value.isWide {
            let (product, overflow) = value.coefficient.multipliedReportingOverflow(
                by: Int128(weight))
            let (sum, overflow2) = Accumulator.int128(words, place + 1).addingReportingOverflow(
                product)
            if !overflow, !overflow2 { return Accumulator.store(sum, words, place + 1) }
        }
        target.wide.add(
            ExactDecimal(value), weight, target.group, part: target.part, countsRows: !isCounted)
    }

    /// Adds the square of a value.
    static func addSquare(_ value: Numeric, _ weight: Int64, _ target: Target) {
        if !value.isFinite {
            return add(value.form == .nan ? .nan : .infinity, weight, target)
        }
        if let square = Numeric.narrowProduct(value, value) { return add(square, weight, target) }
        let square = ExactDecimal(value) * ExactDecimal(value)
        target.words[target.at] &+= weight
        let isCounted = square.scale < scales
        if isCounted { target.words[target.at + 4 + square.scale * 3] &+= weight }
        target.wide.add(square, weight, target.group, part: target.part, countsRows: !isCounted)
    }

    static func value(_ target: Target, isAverage: Bool) throws(SQLError) -> Value {
        let count = target.words[target.at]
        if count == 0 { return .null }
        if let special = special(target) { return .numeric(special) }
        if target.wide.isEmpty {
            let sum = try narrow(target)
            return .numeric(isAverage ? try Numeric.divide(sum, Numeric(count)) : sum)
        }
        let sum = exact(target)
        return .numeric(
            isAverage ? try sum.divided(by: ExactDecimal(count)) : try sum.numeric())
    }

    /// What NaN and the infinities among the values make of the sum; nil without them.
    static func special(_ target: Target) -> Numeric? {
        let (words, at) = (target.words, target.at)
        if words[at + 1] > 0 || (words[at + 2] > 0 && words[at + 3] > 0) { return .nan }
        if words[at + 2] > 0 { return .infinity }
        return words[at + 3] > 0 ? .negativeInfinity : nil
    }

    private static func part(_ target: Target, _ scale: Int) -> Int128 {
        Accumulator.int128(target.words, target.at + 4 + scale * 3 + 1)
    }

    /// The sum where all of it is in the words.
    private static func narrow(_ target: Target) throws(SQLError) -> Numeric {
        var sum = Numeric.zero
        for scale in 0..<scales where target.words[target.at + 4 + scale * 3] > 0 {
            sum = try Numeric.add(sum, Numeric(coefficient: part(target, scale), scale: scale))
        }
        return sum
    }

    /// The sum of the finite values, at the largest scale among the rows that are there. A scale's rows
    /// may all have gone while what they left in the words and beside them cancels out.
    static func exact(_ target: Target) -> ExactDecimal {
        var sum = ExactDecimal(.zero, scale: 0)
        var largest = 0
        for scale in 0..<scales {
            let part = part(target, scale)
            if part != 0 { sum = sum + ExactDecimal(SignedNatural(part), scale: scale) }
            if target.words[target.at + 4 + scale * 3] > 0 { largest = scale }
        }
        for (rows, part) in target.wide.sums(target.group, part: target.part) {
            sum = sum + part
            if rows > 0 { largest = max(largest, part.scale) }
        }
        return sum.rounded(to: largest)
    }
}

/// An exact sum of doubles: every finite double is an integer multiple of 2^-1074, so the sum is
/// kept as one wide integer in limbs of 32 bits and rounded once, when it is read. Order does not
/// matter and retraction leaves no trace.
enum FloatSum {
    private static let limbs = 68
    /// count, NaN, +Infinity, -Infinity, then the limbs, least first, each a signed 64-bit word.
    static let width = 4 + limbs

    static func add(_ value: Double, _ weight: Int64, _ words: Cells<Int64>, _ at: Int) {
        words[at] &+= weight
        if value.isNaN { return words[at + 1] &+= weight }
        if value.isInfinite { return words[at + (value > 0 ? 2 : 3)] &+= weight }
        if value == 0 { return }
        let exponent = value.exponentBitPattern
        let mantissa = value.significandBitPattern | (exponent == 0 ? 0 : 1 << 52)
        let shift = exponent == 0 ? 0 : Int(exponent) - 1
        // mantissa × 2^shift in units of 2^-1074, times the weight, over up to four limbs.
        let sign: Int128 = value.sign == .minus ? -1 : 1
        var product = Int128(mantissa) * sign * Int128(weight)
        let limb = shift / 32
        let low = UInt64(shift % 32)
        // The lowest limb takes the bits that the shift leaves below a limb's boundary.
        var carry: Int64 = 0
        var index = limb
        var first = true
        while product != 0 || carry != 0 {
            let part: Int128
            if first {
                let mask = (Int128(1) << Int128(32 - low)) - 1
                part = (product & mask) << Int128(low)
                product >>= Int128(32 - low)
                first = false
            } else {
                part = product & 0xFFFF_FFFF
                product >>= 32
            }
            let sum = words[at + 4 + index] + Int64(part) + carry
            if index == limbs - 1 {
                words[at + 4 + index] = sum + Int64(truncatingIfNeeded: product << 32)
                return
            }
            words[at + 4 + index] = sum & 0xFFFF_FFFF
            carry = sum >> 32
            index += 1
            if product == -1 {
                // A negative rest: borrow through the limbs above.
                borrow(words, at, from: index, carry: carry - 1)
                return
            }
        }
    }

    /// Adds `carry` to limb `from` and lets it ripple up to the signed top limb.
    private static func borrow(_ words: Cells<Int64>, _ at: Int, from: Int, carry: Int64) {
        var rest = carry
        var index = from
        while rest != 0 {
            let sum = words[at + 4 + index] + rest
            if index == limbs - 1 {
                words[at + 4 + index] = sum
                return
            }
            words[at + 4 + index] = sum & 0xFFFF_FFFF
            rest = sum >> 32
            index += 1
        }
    }

    static func value(_ words: Cells<Int64>, _ at: Int, isAverage: Bool) throws(SQLError) -> Value {
        let count = words[at]
        if count == 0 { return .null }
        if words[at + 1] > 0 || (words[at + 2] > 0 && words[at + 3] > 0) { return .double(.nan) }
        if words[at + 2] > 0 { return .double(.infinity) }
        if words[at + 3] > 0 { return .double(-.infinity) }
        let sum = rounded(words, at)
        if sum.isInfinite {
            throw SQLError(.numericValueOutOfRange, "value out of range: overflow")
        }
        return .double(isAverage ? sum / Double(count) : sum)
    }

    /// The sum as a double and what it leaves out; nil when it is not finite.
    static func parts(_ words: Cells<Int64>, _ at: Int) -> (high: Double, low: Double)? {
        if words[at + 1] > 0 || words[at + 2] > 0 || words[at + 3] > 0 { return nil }
        let high = rounded(words, at)
        if high.isInfinite { return nil }
        let copy = Storage<Int64>(uninitialized: width)
        let cells = copy.cells
        for index in 0..<width { cells[index] = words[at + index] }
        add(-high, 1, cells, 0)
        return (high, rounded(cells, 0))
    }

    /// The nearest double, ties to even.
    private static func rounded(_ words: Cells<Int64>, _ at: Int) -> Double {
        var digits = (0..<limbs).map { words[at + 4 + $0] }
        let isNegative = digits[limbs - 1] < 0
        if isNegative {
            var carry: Int64 = 1
            for index in 0..<limbs {
                let sum =
                    (index == limbs - 1 ? ~digits[index] : (~digits[index] & 0xFFFF_FFFF)) + carry
                digits[index] = index == limbs - 1 ? sum : sum & 0xFFFF_FFFF
                carry = index == limbs - 1 ? 0 : sum >> 32
            }
        }
        guard let top = digits.lastIndex(where: { $0 != 0 }) else { return 0 }
        // 128 bits from the top, with a sticky bit for what lies below.
        var head: UInt128 = 0
        for index in stride(from: top, through: max(top - 3, 0), by: -1) {
            head = head << 32 | UInt128(UInt64(bitPattern: digits[index]) & 0xFFFF_FFFF)
        }
        if top >= 4, digits[0..<(top - 3)].contains(where: { $0 != 0 }) { head |= 1 }
        let unit = max(top - 3, 0) * 32 - 1074
        let magnitude = scaled(head, unit)
        return isNegative ? -magnitude : magnitude
    }

    /// head × 2^unit, rounded once even when the result is subnormal.
    private static func scaled(_ head: UInt128, _ unit: Int) -> Double {
        let bits = 128 - head.leadingZeroBitCount
        // Bits that a double can hold here: 53, fewer below 2^-1022.
        let drop = max(bits - 53, -1074 - unit, 0)
        var kept = drop >= 128 ? 0 : head >> UInt128(drop)
        if drop > 0, drop <= 128 {
            let rest = drop == 128 ? head : head & ((UInt128(1) << UInt128(drop)) - 1)
            let half = UInt128(1) << UInt128(drop - 1)
            if rest > half || (rest == half && kept & 1 == 1) { kept += 1 }
        }
        return Double(sign: .plus, exponent: unit + drop, significand: Double(UInt64(kept)))
    }
}
