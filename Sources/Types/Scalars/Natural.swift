import CGmp

/// A natural number of any size, over GMP's mpn functions.
package struct Natural: Hashable, Sendable {
    /// 64 bits each, the least first; the last is not zero.
    package private(set) var limbs: [UInt]

    package static let zero = Natural(limbs: [])

    /// Zeros at the end are dropped.
    package init(limbs: [UInt]) {
        self.limbs = limbs
        while self.limbs.last == 0 { self.limbs.removeLast() }
    }

    package init(_ value: UInt128) {
        self.init(limbs: [UInt(truncatingIfNeeded: value), UInt(value >> 64)])
    }

    package var isZero: Bool { limbs.isEmpty }

    /// The number, when it has at most 128 bits.
    package var narrow: UInt128? {
        if limbs.count > 2 { return nil }
        var value: UInt128 = 0
        for limb in limbs.reversed() { value = value << 64 | UInt128(limb) }
        return value
    }

    /// Number of bits; 0 for zero.
    package var bitCount: Int {
        limbs.last.map { limbs.count * 64 - $0.leadingZeroBitCount } ?? 0
    }

    package static func < (left: Natural, right: Natural) -> Bool { compare(left, right) < 0 }

    /// -1, 0, 1
    package static func compare(_ left: Natural, _ right: Natural) -> Int {
        if left.limbs.count != right.limbs.count {
            return left.limbs.count < right.limbs.count ? -1 : 1
        }
        for index in left.limbs.indices.reversed() where left.limbs[index] != right.limbs[index] {
            return left.limbs[index] < right.limbs[index] ? -1 : 1
        }
        return 0
    }

    // MARK: - Arithmetic

    package static func + (left: Natural, right: Natural) -> Natural {
        let (a, b) = left.limbs.count >= right.limbs.count ? (left, right) : (right, left)
        if b.isZero { return a }
        var sum = [UInt](repeating: 0, count: a.limbs.count + 1)
        sum[a.limbs.count] = unsafe __gmpn_add(
            &sum, a.limbs, a.limbs.count, b.limbs, b.limbs.count)
        return Natural(limbs: sum)
    }

    /// left - right, which is not the larger one.
    package static func - (left: Natural, right: Natural) -> Natural {
        precondition(compare(left, right) >= 0, "a natural number below zero")
        if right.isZero { return left }
        var rest = [UInt](repeating: 0, count: left.limbs.count)
        _ = unsafe __gmpn_sub(
            &rest, left.limbs, left.limbs.count, right.limbs, right.limbs.count)
        return Natural(limbs: rest)
    }

    package static func * (left: Natural, right: Natural) -> Natural {
        if left.isZero || right.isZero { return .zero }
        let (a, b) = left.limbs.count >= right.limbs.count ? (left, right) : (right, left)
        var product = [UInt](repeating: 0, count: a.limbs.count + b.limbs.count)
        _ = unsafe __gmpn_mul(&product, a.limbs, a.limbs.count, b.limbs, b.limbs.count)
        return Natural(limbs: product)
    }

    /// Quotient and remainder; the divisor is not zero.
    package func divided(by divisor: Natural) -> (quotient: Natural, remainder: Natural) {
        precondition(!divisor.isZero, "division of a natural number by zero")
        if Natural.compare(self, divisor) < 0 { return (.zero, self) }
        let width = limbs.count - divisor.limbs.count + 1
        var quotient = [UInt](repeating: 0, count: width)
        var remainder = [UInt](repeating: 0, count: divisor.limbs.count)
        unsafe __gmpn_tdiv_qr(
            &quotient, &remainder, 0, limbs, limbs.count, divisor.limbs, divisor.limbs.count)
        return (Natural(limbs: quotient), Natural(limbs: remainder))
    }

    /// The quotient, rounded half up; the divisor is not zero.
    package func roundedQuotient(by divisor: Natural) -> Natural {
        let (quotient, rest) = divided(by: divisor)
        return rest + rest < divisor ? quotient : quotient + Natural(1)
    }

    /// The largest number whose square is not above this one.
    package var squareRoot: Natural {
        if isZero { return self }
        var root = [UInt](repeating: 0, count: (limbs.count + 1) / 2)
        _ = unsafe __gmpn_sqrtrem(&root, nil, limbs, limbs.count)
        return Natural(limbs: root)
    }

    /// 10^exponent
    package static func powerOfTen(_ exponent: Int) -> Natural {
        if exponent < smallPowers.count { return smallPowers[max(exponent, 0)] }
        let half = powerOfTen(exponent / 2)
        return exponent % 2 == 0 ? half * half : half * half * Natural(10)
    }

    private static let smallPowers: [Natural] = {
        var list = [Natural(1)]
        for _ in 0..<128 { list.append(list[list.count - 1] * Natural(10)) }
        return list
    }()

    // MARK: - Decimal digits

    /// The digits, 0 to 9 each, the first not 0; none for zero.
    package var digits: [UInt8] {
        if isZero { return [] }
        var text = [UInt8](repeating: 0, count: limbs.count * 20 + 2)
        // The function destroys its input.
        var copy = limbs
        let count = unsafe Int(__gmpn_get_str(&text, 10, &copy, copy.count))
        let first = text.prefix(count).firstIndex { $0 != 0 } ?? count
        return Array(text[first..<count])
    }

    /// From digits, 0 to 9 each.
    package init(digits: some Collection<UInt8>) {
        let list = Array(digits.drop { $0 == 0 })
        guard !list.isEmpty else {
            self = .zero
            return
        }
        var words = [UInt](repeating: 0, count: list.count / 19 + 2)
        let count = unsafe Int(__gmpn_set_str(&words, list, list.count, 10))
        self.init(limbs: Array(words.prefix(count)))
    }
}
