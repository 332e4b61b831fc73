/// PostgreSQL's text form of values, both ways.
package enum TextEncoding {
    /// Appends the text of a row that is not NULL.
    package static func append(
        _ view: ColumnView, _ row: Int, _ type: DataType, to output: inout [UInt8]
    ) {
        switch type.physical {
        case .int64:
            let value = view.int64(row)
            if type.kind == .timestamp {
                Timestamp.append(value, to: &output)
            } else {
                append(integer: value, to: &output)
            }
        case .double: FloatText.append(view.double(row), single: type.kind == .float4, to: &output)
        case .bool: output.append(view.bool(row) != 0 ? 116 : 102)
        case .numeric: view.numeric(row).appendText(to: &output)
        case .interval: view.interval(row).appendText(to: &output)
        case .text:
            let bytes = unsafe view.text(row)
            if type.kind == .bytea {
                output.append(contentsOf: [92, 120])
                for index in 0..<bytes.count {
                    let byte = unsafe bytes[index]
                    output.append(hexDigits[Int(byte >> 4)])
                    output.append(hexDigits[Int(byte & 15)])
                }
            } else {
                unsafe output.append(contentsOf: bytes)
            }
        }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Appends decimal digits.
    package static func append(integer value: Int64, to output: inout [UInt8]) {
        var magnitude = value.magnitude
        if value < 0 { output.append(45) }
        let start = output.count
        repeat {
            output.append(UInt8(48 + magnitude % 10))
            magnitude /= 10
        } while magnitude > 0
        output[start...].reverse()
    }

    /// The text of one value, as a cast to text gives it; nil for NULL.
    package static func text(_ value: Value, _ type: DataType) -> [UInt8]? {
        if value.isNull { return nil }
        var output: [UInt8] = []
        let column = Column.constant(value, type.physical, count: 1)
        append(column.view, 0, type, to: &output)
        return output
    }

    /// Reads a value of `type` from its text form.
    /// - Throws: 22P02, 22003, 22007 or 22008 as PostgreSQL's input functions do.
    package static func parse(_ text: [UInt8], _ type: DataType) throws(SQLError) -> Value {
        switch type.kind {
        case .boolean:
            guard let value = parseBool(text) else { throw invalid(text, type) }
            return .bool(value)
        case .int2, .int4, .int8, .oid, .regclass, .regproc, .regtype:
            return .int(try parseInteger(text, type))
        case .float8, .float4:
            guard let value = try FloatText.parse(text) else { throw invalid(text, type) }
            return .double(value)
        case .numeric:
            guard let value = try Numeric.parse(text) else { throw invalid(text, type) }
            return .numeric(try value.applying(modifier: type.modifier))
        case .timestamp:
            guard let value = try Timestamp.parse(text) else {
                throw SQLError(
                    .invalidDatetimeFormat,
                    "invalid input syntax for type timestamp: \"\(String(decoding: text, as: UTF8.self))\""
                )
            }
            return .int(value)
        case .interval:
            guard let value = Interval.parse(text) else {
                throw SQLError(
                    .invalidDatetimeFormat,
                    "invalid input syntax for type interval: \"\(String(decoding: text, as: UTF8.self))\""
                )
            }
            return .interval(value)
        case .text, .unknown, .void, .name, .char, .varchar, .int2vector, .textArray, .bytea:
            return .text(text)
        }
    }

    static func invalid(_ text: [UInt8], _ type: DataType) -> SQLError {
        SQLError(
            .invalidTextRepresentation,
            "invalid input syntax for type \(type.base.name): \"\(String(decoding: text, as: UTF8.self))\""
        )
    }

    /// PostgreSQL's spellings of true and false; nil for anything else.
    package static func parseBool(_ text: [UInt8]) -> Bool? {
        let word = String(decoding: TextScan.trimmed(text), as: UTF8.self).lowercased()
        guard !word.isEmpty else { return nil }
        switch word {
        case "on", "1": return true
        case "of", "off", "0": return false
        default: break
        }
        if "true".hasPrefix(word) || "yes".hasPrefix(word) { return true }
        if "false".hasPrefix(word) || "no".hasPrefix(word) { return false }
        return nil
    }

    /// The range of an integer type.
    package static func range(_ kind: DataType.Kind) -> ClosedRange<Int64> {
        switch kind {
        case .int2: -32768...32767
        case .int4: -2_147_483_648...2_147_483_647
        case .oid, .regclass, .regproc, .regtype: 0...4_294_967_295
        default: Int64.min...Int64.max
        }
    }

    private static func parseInteger(_ text: [UInt8], _ type: DataType) throws(SQLError) -> Int64 {
        let bytes = TextScan.trimmed(text)
        var index = 0
        var negative = false
        if index < bytes.count, bytes[index] == 45 || bytes[index] == 43 {
            negative = bytes[index] == 45
            index += 1
        }
        guard index < bytes.count else { throw invalid(text, type) }
        var value: Int64 = 0
        var overflowed = false
        while index < bytes.count {
            let byte = bytes[index]
            guard byte >= 48, byte <= 57 else { throw invalid(text, type) }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - 48)
            let (sum, overflow2) = product.addingReportingOverflow(negative ? -digit : digit)
            overflowed = overflowed || overflow || overflow2
            value = sum
            index += 1
        }
        guard !overflowed, range(type.kind).contains(value) else {
            throw SQLError(
                .numericValueOutOfRange,
                "value \"\(String(decoding: text, as: UTF8.self))\" is out of range for type \(type.name)"
            )
        }
        return value
    }
}
