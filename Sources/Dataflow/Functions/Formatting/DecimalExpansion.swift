import Types

/// The decimal digits of a number, all of them: `digits` × 10^-scale.
struct DecimalExpansion {
    /// 0 to 9 each; no zeros in front.
    private(set) var digits: [UInt8]
    private(set) var scale: Int

    /// What to do with a number half way between two.
    enum Rounding { case halfAwayFromZero, halfToEven }

    /// A magnitude; the sign is left out.
    init(_ value: Numeric) {
        digits = value.magnitude.digits
        scale = Int(value.scale)
    }

    /// The exact value of a finite double; the sign is left out.
    init(_ value: Double) {
        let magnitude = value.magnitude
        let isSubnormal = magnitude.exponentBitPattern == 0
        let hidden: UInt64 = isSubnormal ? 0 : 1 << 52
        var significand = magnitude.significandBitPattern | hidden
        var exponent = Int(isSubnormal ? 1 : magnitude.exponentBitPattern) - 1075
        while exponent < 0, significand & 1 == 0, significand != 0 {
            significand >>= 1
            exponent += 1
        }
        if significand == 0 { exponent = 0 }
        // s / 2^n is s × 5^n / 10^n.
        var product = WideProduct(significand)
        product.multiply(by: exponent < 0 ? 5 : 2, times: abs(exponent))
        digits = product.digits
        scale = max(0, -exponent)
    }

    /// Multiplies by a power of ten.
    mutating func shift(by places: Int) {
        scale -= places
        if scale < 0 {
            if !digits.isEmpty { digits.append(contentsOf: repeatElement(0, count: -scale)) }
            scale = 0
        }
    }

    /// With `target` digits behind the point.
    func rounded(to target: Int, _ rounding: Rounding) -> DecimalExpansion {
        var result = self
        result.scale = target
        if target >= scale {
            if !digits.isEmpty {
                result.digits.append(contentsOf: repeatElement(0, count: target - scale))
            }
            return result
        }
        let kept = digits.count - (scale - target)
        guard kept >= 0 else {
            result.digits = []
            return result
        }
        result.digits.removeSubrange(kept...)
        let isTie = digits[kept] == 5 && digits[(kept + 1)...].allSatisfy { $0 == 0 }
        let goesUp =
            if isTie, rounding == .halfToEven {
                (result.digits.last ?? 0) % 2 == 1
            } else {
                digits[kept] >= 5
            }
        if goesUp { result.increment() }
        return result
    }

    private mutating func increment() {
        var index = digits.count - 1
        while index >= 0, digits[index] == 9 {
            digits[index] = 0
            index -= 1
        }
        if index >= 0 { digits[index] += 1 } else { digits.insert(1, at: 0) }
    }

    /// 12.50: all digits of the scale, and one before the point at least.
    var text: [UInt8] {
        var padded = digits
        if padded.count <= scale {
            padded.insert(contentsOf: repeatElement(0, count: scale + 1 - padded.count), at: 0)
        }
        var text = padded.map { $0 + 48 }
        if scale > 0 { text.insert(46, at: text.count - scale) }
        return text
    }

    /// 1.25e+01 with `target` digits behind the point. Of numerics, PostgreSQL rounds the significand
    /// only, so that 9.99 may become 10.0e+00; of doubles it does so correctly.
    func scientificText(_ target: Int, _ rounding: Rounding) -> [UInt8] {
        var exponent = digits.isEmpty ? 0 : digits.count - scale - 1
        var significand = self
        significand.scale = max(0, digits.count - 1)
        significand = significand.rounded(to: target, rounding)
        if rounding == .halfToEven, significand.digits.count > target + 1 {
            significand.digits.removeLast()
            exponent += 1
        }
        let sign: UInt8 = exponent < 0 ? 45 : 43
        var text = significand.text + [101, sign]
        Timestamp.appendPadded(abs(exponent), width: 2, to: &text)
        return text
    }
}

/// A natural number of any size, as large as the digits of a double need.
private struct WideProduct {
    private static let base: UInt64 = 1_000_000_000
    /// Least significant first, nine digits each.
    private var limbs: [UInt64]

    init(_ value: UInt64) {
        limbs = []
        var rest = value
        while rest > 0 {
            limbs.append(rest % WideProduct.base)
            rest /= WideProduct.base
        }
    }

    /// Multiplies by `factor` to the power of `times`; the factor is 2 or 5.
    mutating func multiply(by factor: UInt64, times: Int) {
        // 5^13 and 2^13 still fit beside a limb.
        var rest = times
        while rest > 0 {
            let step = min(rest, 13)
            var power: UInt64 = 1
            for _ in 0..<step { power *= factor }
            multiply(by: power)
            rest -= step
        }
    }

    private mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = limbs[index] * factor + carry
            limbs[index] = product % WideProduct.base
            carry = product / WideProduct.base
        }
        while carry > 0 {
            limbs.append(carry % WideProduct.base)
            carry /= WideProduct.base
        }
    }

    /// 0 to 9 each, without zeros in front.
    var digits: [UInt8] {
        var reversed: [UInt8] = []
        for limb in limbs {
            var rest = limb
            for _ in 0..<9 {
                reversed.append(UInt8(rest % 10))
                rest /= 10
            }
        }
        while reversed.last == 0 { reversed.removeLast() }
        return reversed.reversed()
    }
}
