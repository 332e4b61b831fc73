import Types

/// Functions of bytea, and those between bytes and text.
enum ByteFunctions {
    static let all: [ScalarFunction] = measures + codecs + hexadecimal

    private static func bytes(
        _ name: String, _ arguments: [DataType], _ result: DataType = .bytea,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> [UInt8]
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, result, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    private static func int(
        _ name: String, _ arguments: [DataType],
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> Int64
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, .int4, canFail: true) { e, c in
            RowKernels.ints(e, c) { (row) throws(SQLError) in try f(c, row) }
        }
    }

    private static func number(_ c: [Column], _ index: Int, _ row: Int) -> Int {
        Int(truncatingIfNeeded: c[index].int64s.cells[row])
    }

    private static func part(_ bytes: [UInt8], from: Int, count: Int?) throws(SQLError) -> [UInt8] {
        if let count, count < 0 {
            throw SQLError(.substringError, "negative substring length not allowed")
        }
        let end = count.map { from.addingReportingOverflow($0).partialValue } ?? Int.max
        let (first, last) = (max(from, 1) - 1, min(max(end - 1, 0), bytes.count))
        return first < last ? Array(bytes[first..<last]) : []
    }

    private static func index(_ c: [Column], _ row: Int) throws(SQLError) -> ([UInt8], Int) {
        let (bytes, at) = (c[0].textBytes(row), number(c, 1, row))
        guard bytes.indices.contains(at) else {
            throw SQLError(
                SQLState.external("2202E"),
                "index \(at) out of valid range, 0..\(bytes.count - 1)")
        }
        return (bytes, at)
    }

    private static var measures: [ScalarFunction] {
        [
            int("length", [.bytea]) { c, row in Int64(c[0].textBytes(row).count) },
            int("octet_length", [.bytea]) { c, row in Int64(c[0].textBytes(row).count) },
            int("bit_length", [.bytea]) { c, row in Int64(c[0].textBytes(row).count * 8) },
            int("strpos", [.bytea, .bytea]) { c, row in
                Int64((TextPieces.find(TextRows(c[1])[row], in: TextRows(c[0])[row]) ?? -1) + 1)
            },
            int("get_byte", [.bytea, .int4]) { (c, row) throws(SQLError) in
                let (bytes, at) = try index(c, row)
                return Int64(bytes[at])
            },
            bytes("set_byte", [.bytea, .int4, .int4]) { (c, row) throws(SQLError) in
                var (bytes, at) = try index(c, row)
                bytes[at] = UInt8(truncatingIfNeeded: number(c, 2, row))
                return bytes
            },
            bytes("||", [.bytea, .bytea]) { c, row in c[0].textBytes(row) + c[1].textBytes(row) },
            bytes("reverse", [.bytea]) { c, row in c[0].textBytes(row).reversed() },
        ]
            + ["substring", "substr"].flatMap { name in
                [
                    bytes(name, [.bytea, .int4]) { (c, row) throws(SQLError) in
                        try part(c[0].textBytes(row), from: number(c, 1, row), count: nil)
                    },
                    bytes(name, [.bytea, .int4, .int4]) { (c, row) throws(SQLError) in
                        try part(
                            c[0].textBytes(row), from: number(c, 1, row), count: number(c, 2, row))
                    },
                ]
            }
            + bits
            + ["btrim", "ltrim", "rtrim"].map { name in
                bytes(name, [.bytea, .bytea]) { c, row in
                    let set = Set(c[1].textBytes(row))
                    var rest = c[0].textBytes(row)[...]
                    if name != "rtrim" { rest = rest.drop { set.contains($0) } }
                    if name != "ltrim" {
                        while let last = rest.last, set.contains(last) { rest.removeLast() }
                    }
                    return Array(rest)
                }
            }
    }

    /// Single bits, counted from the lowest of the first byte; and overlay.
    private static var bits: [ScalarFunction] {
        @Sendable func place(_ c: [Column], _ row: Int) throws(SQLError) -> ([UInt8], Int) {
            let (bytes, at) = (c[0].textBytes(row), number(c, 1, row))
            guard at >= 0, at / 8 < bytes.count else {
                throw SQLError(
                    SQLState.external("2202E"),
                    "index \(at) out of valid range, 0..\(bytes.count * 8 - 1)")
            }
            return (bytes, at)
        }
        func overlay(_ arguments: [DataType]) -> ScalarFunction {
            bytes("overlay", arguments) { (c, row) throws(SQLError) in
                let (value, piece) = (c[0].textBytes(row), c[1].textBytes(row))
                let from = number(c, 2, row)
                let count = c.count > 3 ? number(c, 3, row) : piece.count
                guard from >= 1 else {
                    throw SQLError(.substringError, "negative substring length not allowed")
                }
                guard Int(Int32.min)...Int(Int32.max) ~= from + count else {
                    throw SQLError(.numericValueOutOfRange, "integer out of range")
                }
                return try part(value, from: 1, count: from - 1) + piece
                    + (try part(value, from: from + count, count: nil))
            }
        }
        return [
            int("get_bit", [.bytea, .int8]) { (c, row) throws(SQLError) in
                let (bytes, at) = try place(c, row)
                return Int64(bytes[at / 8] >> UInt8(at % 8) & 1)
            },
            bytes("set_bit", [.bytea, .int8, .int4]) { (c, row) throws(SQLError) in
                var (bytes, at) = try place(c, row)
                let bit = number(c, 2, row)
                guard bit == 0 || bit == 1 else {
                    throw SQLError(.invalidParameterValue, "new bit must be 0 or 1")
                }
                let mask = UInt8(1) << UInt8(at % 8)
                bytes[at / 8] = bit == 1 ? bytes[at / 8] | mask : bytes[at / 8] & ~mask
                return bytes
            },
            ScalarFunction("bit_count", [.bytea], .int8) { e, c in
                RowKernels.ints(e, c) { row in
                    c[0].textBytes(row).reduce(Int64(0)) { $0 + Int64($1.nonzeroBitCount) }
                }
            },
            overlay([.bytea, .bytea, .int4]), overlay([.bytea, .bytea, .int4, .int4]),
        ]
    }

    // MARK: - encode and decode

    private static let hexDigits = Array("0123456789abcdef".utf8)
    private static let base64Digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func unknownEncoding(_ name: [UInt8]) -> SQLError {
        SQLError(
            .invalidParameterValue,
            "unrecognized encoding: \"\(String(decoding: name, as: UTF8.self))\"")
    }

    private static func encoded(_ bytes: [UInt8], _ name: [UInt8]) throws(SQLError) -> [UInt8] {
        switch String(decoding: name, as: UTF8.self).lowercased() {
        case "hex": return bytes.flatMap { [hexDigits[Int($0 >> 4)], hexDigits[Int($0 & 15)]] }
        case "escape":
            return bytes.flatMap { byte -> [UInt8] in
                if byte == 92 { return [92, 92] }
                if byte == 0 || byte >= 128 {
                    return [92, 48 + byte >> 6, 48 + byte >> 3 & 7, 48 + byte & 7]
                }
                return [byte]
            }
        case "base64":
            var output: [UInt8] = []
            var line = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let group = bytes[start..<min(start + 3, bytes.count)]
                var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                bits <<= UInt32(8 * (3 - group.count))
                if line == 76 {
                    output.append(10)
                    line = 0
                }
                for index in 0..<4 {
                    let digit = base64Digits[Int(bits >> UInt32(18 - 6 * index) & 63)]
                    output.append(index <= group.count ? digit : 61)
                }
                line += 4
            }
            return output
        default: throw unknownEncoding(name)
        }
    }

    private static func decoded(_ text: [UInt8], _ name: [UInt8]) throws(SQLError) -> [UInt8] {
        switch String(decoding: name, as: UTF8.self).lowercased() {
        case "hex":
            guard case .text(let bytes) = try TextEncoding.parse([92, 120] + text, .bytea) else {
                return []
            }
            return bytes
        case "escape":
            guard case .text(let bytes) = try TextEncoding.parse(text, .bytea) else { return [] }
            return bytes
        case "base64":
            var output: [UInt8] = []
            var (bits, count, padding) = (UInt32(0), 0, 0)
            for byte in text where ![9, 10, 13, 32].contains(byte) {
                if byte == 61 {
                    padding += 1
                    bits <<= 6
                    count += 1
                } else if let digit = base64Digits.firstIndex(of: byte), padding == 0 {
                    bits = bits << 6 | UInt32(digit)
                    count += 1
                } else {
                    throw SQLError(
                        .invalidParameterValue,
                        "invalid symbol \"\(String(decoding: [byte], as: UTF8.self))\" found while decoding base64 sequence"
                    )
                }
                if count == 4 {
                    let three = [
                        UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255),
                    ]
                    output += three.prefix(3 - min(padding, 2))
                    (bits, count) = (0, 0)
                }
            }
            guard count == 0 else {
                throw SQLError(
                    .invalidParameterValue, "invalid base64 end sequence",
                    hint: "Input data is missing padding, is truncated, or is otherwise corrupted.")
            }
            return output
        default: throw unknownEncoding(name)
        }
    }

    private static func checkUTF8(_ name: [UInt8]) throws(SQLError) {
        let plain = String(decoding: name, as: UTF8.self).lowercased().filter { $0 != "-" }
        guard plain == "utf8" || plain == "unicode" else {
            throw SQLError.unsupported("encoding \(String(decoding: name, as: UTF8.self))")
        }
    }

    private static var codecs: [ScalarFunction] {
        [
            bytes("encode", [.bytea, .text], .text) { (c, row) throws(SQLError) in
                try encoded(c[0].textBytes(row), c[1].textBytes(row))
            },
            bytes("decode", [.text, .text]) { (c, row) throws(SQLError) in
                try decoded(c[0].textBytes(row), c[1].textBytes(row))
            },
            bytes("convert_to", [.text, .text]) { (c, row) throws(SQLError) in
                try checkUTF8(c[1].textBytes(row))
                return c[0].textBytes(row)
            },
            bytes("convert_from", [.bytea, .text], .text) { (c, row) throws(SQLError) in
                try characters(c, row)
            },
            ScalarFunction("length", [.bytea, .name], .int4, canFail: true) { e, c in
                RowKernels.ints(e, c) { (row) throws(SQLError) in
                    Int64(TextEncoding.characterCount(try characters(c, row)))
                }
            },
        ]
    }

    /// The first argument as text in the encoding that the second names.
    private static func characters(_ c: [Column], _ row: Int) throws(SQLError) -> [UInt8] {
        try checkUTF8(c[1].textBytes(row))
        let bytes = c[0].textBytes(row)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw SQLError(
                .characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
        }
        return bytes
    }

    private static var hexadecimal: [ScalarFunction] {
        [DataType.int4, .int8].map { type in
            bytes("to_hex", [type], .text) { c, row in
                let value = c[0].int64s.cells[row]
                let bits =
                    type.kind == .int4
                    ? UInt64(UInt32(bitPattern: Int32(truncatingIfNeeded: value)))
                    : UInt64(bitPattern: value)
                return Array(String(bits, radix: 16).utf8)
            }
        }
    }
}
