import CPure
import Glibc

/// Shortest text of a double, in PostgreSQL's layout (extra_float_digits = 1).
package enum FloatText {
    /// The shortest decimal digits that read back as `value` (as a float when `single`), and the exponent
    /// of the first digit.
    ///
    /// They lie between the middles to the neighbors of the value, and on neither: where the shortest ones
    /// that read back are such a middle, which rounds to even, one more digit is needed (PostgreSQL's
    /// d2s.c; Swift's own text takes the middle).
    static func shortestDigits(_ value: Double, single: Bool = false) -> (
        digits: [UInt8], exponent: Int
    ) {
        let shortest =
            single ? Float(value).magnitude.description : value.magnitude.description
        let found = digits(of: shortest)
        // Only these have middles of so few digits.
        let range = single ? 2_097_152.0...1e21 : 0x1p52...1e40
        guard range.contains(value.magnitude), isMiddle(found, value.magnitude, single) else {
            return found
        }
        for count in (found.digits.count + 1)...17 {
            let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) {
                buffer in
                guard let start = buffer.baseAddress else { return "" }
                unsafe cpure_print_double(value.magnitude, Int32(count), start, buffer.count)
                return unsafe String(cString: start)
            }
            let longer = digits(of: text)
            let isSame =
                single ? Float(text) == Float(value.magnitude) : Double(text) == value.magnitude
            if isSame, !isMiddle(longer, value.magnitude, single) { return longer }
        }
        return found
    }

    /// Whether digits are exactly half way from a number to one of its neighbors, in 64 bits.
    private static func isMiddle(
        _ found: (digits: [UInt8], exponent: Int), _ value: Double, _ single: Bool
    ) -> Bool {
        let digits = String(decoding: found.digits.map { $0 + 48 }, as: UTF8.self)
        guard let exact = Float80("\(digits)e\(found.exponent - found.digits.count + 1)") else {
            return false
        }
        let neighbors =
            single
            ? [Float80(Float(value).nextUp), Float80(Float(value).nextDown)]
            : [Float80(value.nextUp), Float80(value.nextDown)]
        return neighbors.contains { ($0 + Float80(value)) / 2 == exact }
    }

    private static func digits(of shortest: String) -> (digits: [UInt8], exponent: Int) {
        let text = Array(shortest.utf8)
        var digits: [UInt8] = []
        var exponent = 0
        var pointAt: Int?
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == 101 || byte == 69 {
                exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
                break
            }
            if byte == 46 { pointAt = digits.count } else { digits.append(byte - 48) }
            index += 1
        }
        exponent += (pointAt ?? digits.count) - 1
        let zeros = digits.prefix(while: { $0 == 0 }).count
        if zeros == digits.count { return ([0], 0) }
        digits.removeFirst(zeros)
        exponent -= zeros
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        return (digits, exponent)
    }

    /// At most `limit` digits, rounded half up on the decimal digits of the shortest form.
    static func significantDigits(_ value: Double, limit: Int) -> (digits: [UInt8], exponent: Int) {
        var (digits, exponent) = shortestDigits(value)
        guard digits.count > limit else { return (digits, exponent) }
        let up = digits[limit] >= 5
        digits = Array(digits[0..<limit])
        if up {
            var index = limit - 1
            while index >= 0, digits[index] == 9 {
                digits[index] = 0
                index -= 1
            }
            if index >= 0 {
                digits[index] += 1
            } else {
                digits.insert(1, at: 0)
                digits.removeLast()
                exponent += 1
            }
        }
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        return (digits, exponent)
    }

    /// Appends the text of a double, or of a real when `single`. `digits` is extra_float_digits: up to
    /// 0, as many less than the digits that every number of the type keeps.
    package static func append(
        _ value: Double, single: Bool = false, digits extra: Int8 = 1, to output: inout [UInt8]
    ) {
        if value.isNaN { return output.append(contentsOf: "NaN".utf8) }
        if value.isInfinite {
            return output.append(contentsOf: (value < 0 ? "-Infinity" : "Infinity").utf8)
        }
        if extra <= 0 {
            return append(value, significant: max(1, (single ? 6 : 15) + Int(extra)), to: &output)
        }
        if value.sign == .minus { output.append(45) }
        let (digits, exponent) = shortestDigits(value, single: single)
        let upper = single ? 6 : 15
        if exponent < -4 || exponent >= upper {
            output.append(48 + digits[0])
            if digits.count > 1 {
                output.append(46)
                for digit in digits.dropFirst() { output.append(48 + digit) }
            }
            output.append(101)
            output.append(exponent < 0 ? 45 : 43)
            let magnitude = abs(exponent)
            if magnitude < 10 { output.append(48) }
            output.append(contentsOf: String(magnitude).utf8)
            return
        }
        if exponent < 0 {
            output.append(contentsOf: "0.".utf8)
            for _ in 0..<(-exponent - 1) { output.append(48) }
            for digit in digits { output.append(48 + digit) }
            return
        }
        for index in 0..<max(digits.count, exponent + 1) {
            if index == exponent + 1 { output.append(46) }
            output.append(index < digits.count ? 48 + digits[index] : 48)
        }
    }

    /// Appends so many significant digits, without zeros at the end (%.*g).
    private static func append(_ value: Double, significant: Int, to output: inout [UInt8]) {
        var buffer = [CChar](repeating: 0, count: 64)
        let length = unsafe withVaList([Int32(significant), value]) { arguments in
            unsafe vsnprintf(&buffer, buffer.count, "%.*g", arguments)
        }
        for byte in buffer.prefix(Int(length)) { output.append(UInt8(bitPattern: byte)) }
    }

    /// NaN and the infinities, however PostgreSQL reads them.
    private static func special(_ word: String) -> Double? {
        let lowered = word.lowercased()
        let isNegative = lowered.hasPrefix("-")
        let name = isNegative || lowered.hasPrefix("+") ? lowered.dropFirst() : lowered[...]
        switch name {
        case "nan": return .nan
        case "infinity", "inf": return isNegative ? -.infinity : .infinity
        default: break
        }
        guard name.hasPrefix("nan("), name.hasSuffix(")") else { return nil }
        let inner = name.dropFirst(4).dropLast().utf8
        return inner.allSatisfy { $0 == 95 || 48...57 ~= $0 || 97...122 ~= $0 } ? .nan : nil
    }

    /// 0x1f, 0x1.8p3; nil for anything else.
    private static func hexadecimal(_ word: String) -> Double? {
        let digits = word.lowercased().drop { $0 == "-" || $0 == "+" }
        guard digits.hasPrefix("0x"), word.count - digits.count <= 1 else { return nil }
        return Double(word)
    }

    /// Reads a double: PostgreSQL's spellings of NaN and Infinity included.
    /// - Throws: 22003 when a finite literal overflows or underflows.
    package static func parse(_ text: some Collection<UInt8>) throws(SQLError) -> Double? {
        let bytes = TextScan.trimmed(text)
        guard !bytes.isEmpty else { return nil }
        let word = String(decoding: bytes, as: UTF8.self)
        if let value = special(word) ?? hexadecimal(word) { return value }
        for byte in bytes {
            let known =
                (byte >= 48 && byte <= 57) || byte == 43 || byte == 45 || byte == 46
                || byte == 69 || byte == 101
            if !known { return nil }
        }
        guard bytes.contains(where: { 48...57 ~= $0 }) else { return nil }
        let normalized = word.hasPrefix(".") ? "0" + word : word
        guard let value = Double(normalized.hasSuffix(".") ? normalized + "0" : normalized) else {
            return nil
        }
        let isZeroLiteral = !bytes.prefix(while: { $0 != 101 && $0 != 69 }).contains {
            $0 >= 49 && $0 <= 57
        }
        if value.isInfinite || (value == 0 && !isZeroLiteral) {
            throw SQLError(
                .numericValueOutOfRange, "\"\(word)\" is out of range for type double precision")
        }
        return value
    }
}
