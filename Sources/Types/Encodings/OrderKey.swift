/// Values as bytes whose order is the values' order in SQL: what sorted state compares.
///
/// A byte for NULL or not, then the value: integers big-endian with the sign flipped, floats in
/// PostgreSQL's total order (NaN last, -0 = 0), text with its zeros escaped and a terminator, numerics
/// as sign, exponent and digits. Descending keys are the same bytes inverted.
package enum OrderKey {
    /// Appends one column of a row.
    package static func append(
        _ view: ColumnView, _ row: Int, descending: Bool = false, nullsFirst: Bool = false,
        to output: inout [UInt8]
    ) {
        if view.isNull(row) { return output.append(nullsFirst ? 0 : 2) }
        output.append(1)
        let start = output.count
        switch view.kind {
        case .int64: append(view.int64(row), to: &output)
        case .bool: output.append(view.bool(row))
        case .double: append(view.double(row), to: &output)
        case .numeric: append(view.numeric(row), to: &output)
        case .interval: append(view.interval(row).normalized, to: &output)
        case .text: unsafe append(text: view.text(row), to: &output)
        case .json: unsafe JSONOrder.appendKey(view.text(row), to: &output)
        }
        if descending { for index in start..<output.count { output[index] = ~output[index] } }
    }

    /// Appends what tells rows of different images apart, in some order that never changes.
    package static func appendImage(_ views: [ColumnView], _ row: Int, to output: inout [UInt8]) {
        for view in views {
            append(view, row, to: &output)
            if view.isNull(row) { continue }
            switch view.kind {
            case .double: append(Int64(bitPattern: view.double(row).bitPattern), to: &output)
            case .numeric: append(Int64(view.numeric(row).scale), to: &output)
            case .interval:
                append(Int64(view.interval(row).months), to: &output)
                append(Int64(view.interval(row).days), to: &output)
            case .json: unsafe append(text: view.text(row), to: &output)
            case .int64, .bool, .text: break
            }
        }
    }

    /// Zeros are escaped; two of them end it.
    static func append(text: some Collection<UInt8>, to output: inout [UInt8]) {
        for byte in text {
            output.append(byte)
            if byte == 0 { output.append(255) }
        }
        output.append(0)
        output.append(0)
    }

    package static func append(_ value: Int64, to output: inout [UInt8]) {
        let bits = UInt64(bitPattern: value) ^ (1 << 63)
        for shift in stride(from: 56, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
    }

    /// The integer that an ascending key begins with; nil when that is NULL.
    package static func int64(_ key: [UInt8]) -> Int64? {
        guard key.count >= 9, key[0] == 1 else { return nil }
        var bits: UInt64 = 0
        for index in 1..<9 { bits = bits << 8 | UInt64(key[index]) }
        return Int64(bitPattern: bits ^ (1 << 63))
    }

    private static func append(_ value: Int128, to output: inout [UInt8]) {
        append(Int64(truncatingIfNeeded: value >> 64), to: &output)
        let low = UInt64(truncatingIfNeeded: value)
        for shift in stride(from: 56, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
        }
    }

    package static func append(_ value: Double, to output: inout [UInt8]) {
        let bits = value.isNaN ? Double.nan.bitPattern : (value == 0 ? 0 : value.bitPattern)
        // Negative numbers have all bits inverted, the others the sign alone.
        let ordered = bits >> 63 == 1 ? ~bits : bits | (1 << 63)
        for shift in stride(from: 56, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: ordered >> UInt64(shift)))
        }
    }

    package static func append(_ value: Numeric, to output: inout [UInt8]) {
        switch value.form {
        case .negativeInfinity: return output.append(0)
        case .infinity: return output.append(4)
        case .nan: return output.append(5)
        case .finite, .wide: break
        }
        if value.coefficient == 0 { return output.append(2) }
        let isNegative = value.coefficient < 0
        var digits: [UInt8] = []
        if value.isWide {
            digits = value.magnitude.digits.reversed()
        } else {
            var rest = value.coefficient.magnitude
            while rest > 0 {
                digits.append(UInt8(rest % 10))
                rest /= 10
            }
        }
        // The first digit stands at 10^(count - scale - 1).
        let exponent = digits.count - Int(value.scale) + 32768
        while digits.first == 0 { digits.removeFirst() }
        output.append(isNegative ? 1 : 3)
        let start = output.count
        if exponent >= 65535 {
            // Longer than two bytes say: marked by the largest of them, in three more.
            output += [255, 255, UInt8(truncatingIfNeeded: exponent >> 16)]
        }
        output.append(UInt8(truncatingIfNeeded: exponent >> 8))
        output.append(UInt8(truncatingIfNeeded: exponent))
        for digit in digits.reversed() { output.append(digit + 1) }
        output.append(0)
        if isNegative { for index in start..<output.count { output[index] = ~output[index] } }
    }
}
